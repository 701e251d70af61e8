"""What browsers keep for us, sealed: nobody else reads it, changes it, or passes one kind off as another."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Literal

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import SecretStr

Kind = Literal["session", "sign-in"]
LONGEST = 4000
"""Bytes that a cookie may have: browsers drop one of more than 4096, its name and attributes included."""


class NotSealedError(Exception):
    """A text was not sealed by us as what it is taken for, or by a key that is gone."""


class Seal:
    """Seals with the first of its keys, and opens with all of them."""

    def __init__(self, keys: SecretStr) -> None:
        self._keys = [_key(each) for each in keys.get_secret_value().split(",")]

    def seal(self, kind: Kind, told: Mapping[str, Any]) -> str:
        """Return what is told, sealed (JWE, AES-256-GCM)."""
        return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM", "typ": kind}, json.dumps(told), self._keys[0])

    def open(self, kind: Kind, sealed: str) -> dict[str, Any]:
        """Return what was sealed as a kind; raise NotSealedError for anything else."""
        for key in self._keys:
            try:
                opened = jwe.decrypt_compact(sealed, key, algorithms=["dir", "A256GCM"])
                if opened.protected.get("typ") == kind and opened.plaintext:
                    told: dict[str, Any] = json.loads(opened.plaintext)
                    return told
            except (JoseError, ValueError):
                continue
        raise NotSealedError


def _key(hexadecimal: str) -> OctKey:
    return OctKey.import_key({"kty": "oct", "k": urlsafe_b64encode(bytes.fromhex(hexadecimal)).rstrip(b"=").decode()})
