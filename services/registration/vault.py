"""The identity vault: the one place where names and numbers are, sealed under rotating keys."""

from datetime import date
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic_core import from_json
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.identity import DocumentType, Sex, household_id, likeness, person_id


class VaultSettings(BaseSettings):
    """The keys that registration alone holds."""

    model_config = SettingsConfigDict(env_prefix="HOUNIAO_", extra="ignore", frozen=True)

    person_key: SecretStr
    """Hexadecimal key that turns a document into a person_id; every district has the same one."""
    sealing_keys: SecretStr
    """Fernet keys, separated by commas: the first seals, all of them open."""


class Identity(BaseModel):
    """Who a person is, as last reported; never leaves registration.

    Of an unverified person it says who approved the number, and why.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    document_type: DocumentType
    document_number: str
    phone: str = ""
    address: str = ""
    hukou_address: str = ""
    employer: str = ""
    birth: date | None = None
    sex: Sex = Sex.UNKNOWN
    hukou_division: str | None = None
    override_reason: str = ""
    approved_by: str = ""


class Vault:
    """Seals and opens identities, and names people by their keyed hash."""

    def __init__(self, settings: VaultSettings) -> None:
        keys = settings.sealing_keys.get_secret_value().split(",")
        self._fernet = MultiFernet([Fernet(key.strip()) for key in keys])
        self._person_key = bytes.fromhex(settings.person_key.get_secret_value())

    def name(self, document_type: DocumentType, number: str, apart: str = "") -> str:
        """Give the person_id of a document."""
        return person_id(self._person_key, document_type, number, apart)

    def household(self, head: str, street: str) -> str:
        """Give the id of the household of a head (a person_id) in a street."""
        return household_id(self._person_key, head, street)

    def likeness(self, name: str, birth: date, sex: Sex, hukou_division: str | None) -> str:
        """Digest what people have in common who may be one person."""
        return likeness(self._person_key, name, birth, sex, hukou_division)

    def seal(self, identity: Identity) -> bytes:
        """Seal an identity (Fernet: AES-128-CBC with HMAC-SHA256)."""
        return self.seal_bytes(identity.model_dump_json().encode())

    def open(self, sealed: bytes) -> Identity:
        """Open a sealed identity."""
        return Identity.model_validate(self._open_json(sealed))

    def seal_bytes(self, content: bytes) -> bytes:
        """Seal any bytes that hold identities, such as an uploaded register."""
        return self._fernet.encrypt(content)

    def open_bytes(self, sealed: bytes) -> bytes:
        """Open sealed bytes."""
        return self._fernet.decrypt(sealed)

    def _open_json(self, sealed: bytes) -> Any:
        return from_json(self.open_bytes(sealed))
