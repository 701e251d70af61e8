"""The secrets of webhooks: made at random, and sealed under rotating keys."""

import secrets
from base64 import b64encode

from cryptography.fernet import Fernet, MultiFernet
from pydantic import SecretStr

SECRET_BYTES = 32


class Vault:
    """Makes, seals and opens the secrets that webhooks are signed with."""

    def __init__(self, keys: SecretStr) -> None:
        self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.get_secret_value().split(",")])

    def make(self) -> bytes:
        """Return a new secret, sealed."""
        secret = f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """Return a sealed secret opened; raise InvalidToken if none of the keys opens it."""
        return self._fernet.decrypt(sealed).decode()

    def reseal(self, sealed: bytes) -> bytes:
        """Return a sealed secret sealed with the first key; raise InvalidToken if none of the keys opens it."""
        return self._fernet.rotate(sealed)
