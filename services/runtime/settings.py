"""The settings of a service, read from environment variables."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Shown = Literal["docs", "metrics"]

SHORTEST_KEY = 32
"""Bytes of a key that digests are made with (SHA-256)."""


def _must_be_long(key: SecretStr) -> SecretStr:
    if len(bytes.fromhex(key.get_secret_value())) < SHORTEST_KEY:
        raise ValueError(f"a key has at least {SHORTEST_KEY} bytes, in hexadecimal")
    return key


HexKey = Annotated[SecretStr, AfterValidator(_must_be_long)]
"""A key in hexadecimal that is long enough."""


class WebSettings(BaseSettings):
    """The settings of whatever is served over HTTP; all variables start with `HOUNIAO_`."""

    model_config = SettingsConfigDict(env_prefix="HOUNIAO_", extra="ignore", frozen=True, hide_input_in_errors=True)

    env: Literal["local", "production"] = "local"
    host: str = "127.0.0.1"
    port: int = 8000
    public: Annotated[frozenset[Shown] | None, NoDecode] = None
    """What is shown without a token beside the health; if it is not told, all of it locally, nothing in production."""
    jwks: str = '{"keys": []}'
    """The public keys (JWK set, RFC 7517) that bearer tokens are verified with."""
    issuer: str = "houniao-local"
    token_hours: float = Field(default=12, gt=0, le=24)
    """For how many hours a token may be issued at most; whoever has a longer one is not let in."""
    divisions: Path | None = None
    """A folder with provinces, cities, areas, streets and perhaps changes as .csv; none means the whole country's."""
    log: Literal["json", "pretty"] = "json"

    @field_validator("public", mode="before")
    @classmethod
    def _split_shown(cls, value: object) -> object:
        return _parts(value)

    @field_validator("divisions", mode="before")
    @classmethod
    def _own_or_the_country(cls, value: object) -> object:
        return value or None

    def shows(self, what: Shown) -> bool:
        """Return whether something is shown to whoever asks without a token."""
        return self.env == "local" if self.public is None else what in self.public


class Settings(WebSettings):
    """The settings of every service that has a database and a queue; their addresses have names without `HOUNIAO_`."""

    mongodb_url: SecretStr = Field(validation_alias="MONGODB_URL")
    rabbitmq_url: SecretStr = Field(validation_alias="RABBITMQ_URL")
    districts: Annotated[tuple[str, ...], NoDecode] = ()
    """The districts (6 digits) this instance serves; none means all."""
    instance: str = ""
    """The suffix of this instance's database and queues; by default its districts."""
    deadlines: Path | None = None
    """A table of deadlines in place of the one that comes with registration."""
    attempts_an_hour: int = Field(default=60, ge=1, le=10_000)
    """How often within an hour a caller may look people up by document, read in an emergency, or guess at messages."""
    stream_seconds: float = Field(default=300, gt=0, le=3600)
    """How long something is sent as it happens; then its reader comes again, with a token that is still good."""
    clamd: str = Field(default="", pattern=r"^([A-Za-z0-9.\-]+:[0-9]{1,5})?$")
    """Host and port of clamd, which looks at every file that is handed in; none means that nobody looks."""

    @field_validator("districts", mode="before")
    @classmethod
    def _split_districts(cls, value: object) -> object:
        return _parts(value)

    @field_validator("deadlines", mode="before")
    @classmethod
    def _own_or_ours(cls, value: object) -> object:
        return value or None

    @property
    def suffix(self) -> str:
        """Return the suffix that tells this instance from others: its name, else its districts, else ""."""
        return self.instance or "-".join(self.districts)

    def database_name(self, service: str) -> str:
        """Return the name of the service's database, e.g. `houniao_registration` or `houniao_registration_320507`."""
        return f"houniao_{service}_{self.suffix}" if self.suffix else f"houniao_{service}"

    def queue_name(self, service: str) -> str:
        """Return the name of the service's queue, e.g. `registration` or `registration.320507`."""
        return f"{service}.{self.suffix}" if self.suffix else service


def _parts(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def load_settings(service: str) -> Settings:
    """Return a service's settings from the environment, else from the file that a local stack left for it."""
    return Settings(_env_file=local_environment(service))


def local_environment(service: str) -> Path | None:
    """Return the file that `make run` leaves for a service's commands; None if there is none or it is not needed.

    It is not needed where the environment names the servers.
    """
    local = Path(".local/run/environment") / f"{service}.env"
    return None if "MONGODB_URL" in os.environ or not local.exists() else local
