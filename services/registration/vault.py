"""The identity vault: seals names and numbers under rotating keys, derives person ids, and lets people be found.

Whoever is sealed is found by keyed digests that stand beside (a blind index): of the name, of birth and the end of the
phone, of the number. Their key is derived from the key that seals, so that it is replaced together with it.
"""

import hmac
from base64 import urlsafe_b64decode
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography.fernet import Fernet, MultiFernet
from pydantic import SecretStr
from pydantic_core import from_json
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.reference.identity import DocumentType, Sex, household_id, likeness, person_id, plain_name
from services.registration.domain.identities import Identity
from services.registration.domain.searches import findable_by
from services.runtime.settings import HexKey


class VaultSettings(BaseSettings):
    """The keys that registration alone holds."""

    model_config = SettingsConfigDict(env_prefix="HOUNIAO_", extra="ignore", frozen=True, hide_input_in_errors=True)

    person_key: HexKey
    """Hexadecimal key that turns a document into a person_id; every district has the same one."""
    sealing_keys: SecretStr
    """Fernet keys, separated by commas: the first seals, all of them open."""
    access_log_keys: SecretStr
    """Hexadecimal keys of 32 bytes, separated by commas: the first seals the access log's entries, all verify them."""


class Sealed(NamedTuple):
    """Sealed bytes and the fingerprint of the sealing key, which a Fernet token does not carry."""

    content: bytes
    sealed_with: str


class SealedIdentity(NamedTuple):
    """A sealed identity, the fingerprint of the sealing key, and the digests by which the person is found."""

    content: bytes
    sealed_with: str
    found_by: tuple[str, ...]


class Vault:
    """Seals and opens identities, and derives the ids of people and households by keyed hashes."""

    def __init__(self, settings: VaultSettings) -> None:
        keys = [key.strip() for key in settings.sealing_keys.get_secret_value().split(",")]
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self.sealing_key = fingerprint(keys[0])
        """The fingerprint of the first key."""
        self.access_log_keys = settings.access_log_keys.get_secret_value()
        self._search_keys = [hmac.digest(urlsafe_b64decode(key), b"houniao search", "sha256") for key in keys]
        self._person_key = bytes.fromhex(settings.person_key.get_secret_value())

    def person_id_of(self, document_type: DocumentType, number: str, apart: str = "") -> str:
        """Return the person_id of a document."""
        return person_id(self._person_key, document_type, number, apart)

    def household_id_of(self, head: str, street: str) -> str:
        """Return the id of the household of a head (a person_id) in a street."""
        return household_id(self._person_key, head, street)

    def likeness(self, name: str, birth: date, sex: Sex, hukou_division: str | None) -> str:
        """Return the digest that two ids share if they may be one person: same name, birth, sex and hukou."""
        return likeness(self._person_key, name, birth, sex, hukou_division)

    def name_digest(self, name: str) -> str:
        """Return the keyed digest of a name (32 hexadecimal digits), the same however the name is typed."""
        return hmac.digest(self._person_key, f"name:{plain_name(name)}".encode(), "sha256").hex()[:32]

    def seal(self, identity: Identity) -> SealedIdentity:
        """Return an identity sealed (Fernet: AES-128-CBC with HMAC-SHA256)."""
        sealed = self.seal_bytes(identity.model_dump_json().encode())
        return SealedIdentity(*sealed, self._digests_of(identity))

    def open(self, sealed: bytes) -> Identity:
        """Return a sealed identity opened; raise InvalidToken if none of the keys opens it."""
        return Identity.model_validate(self._open_json(sealed))

    def seal_bytes(self, content: bytes) -> Sealed:
        """Return bytes that hold identities, such as an uploaded register, sealed."""
        return Sealed(self._fernet.encrypt(content), self.sealing_key)

    def open_bytes(self, sealed: bytes) -> bytes:
        """Return sealed bytes opened; raise InvalidToken if none of the keys opens them."""
        return self._fernet.decrypt(sealed)

    def reseal(self, sealed: bytes) -> Sealed:
        """Return sealed bytes sealed again with the first key; raise InvalidToken if none of the keys opens them."""
        return Sealed(self._fernet.rotate(sealed), self.sealing_key)

    def reseal_identity(self, sealed: bytes) -> SealedIdentity:
        """Return a sealed identity sealed again with the first key; raise InvalidToken if none opens it."""
        return SealedIdentity(*self.reseal(sealed), self._digests_of(self.open(sealed)))

    def digests(self, sought: str) -> list[str]:
        """Return the digests by which somebody is found by something (see `findable_by`), one for each key."""
        return [_digest(key, sought) for key in self._search_keys]

    def _digests_of(self, identity: Identity) -> tuple[str, ...]:
        return tuple(_digest(self._search_keys[0], text) for text in findable_by(identity))

    def _open_json(self, sealed: bytes) -> Any:
        return from_json(self.open_bytes(sealed))


def fingerprint(key: str) -> str:
    """Return the fingerprint of a sealing key (16 hex digits); the key is random, so its hash reveals nothing."""
    return sha256(b"houniao sealing key " + urlsafe_b64decode(key)).hexdigest()[:16]


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()[:32]
