"""What the console is told: where it and the services are, who signs people in, what seals their sessions."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from services.runtime.settings import SHORTEST_KEY, WebSettings

SERVICES = ("registration", "archives", "outreach", "reporting", "feeds")


def _must_open_a256gcm(keys: SecretStr) -> SecretStr:
    if any(len(bytes.fromhex(key)) != SHORTEST_KEY for key in keys.get_secret_value().split(",")):
        raise ValueError(f"each key has {SHORTEST_KEY} bytes, in hexadecimal")
    return keys


Address = Annotated[str, Field(pattern=r"^https?://[^/?#@\s]+$")]


class ConsoleSettings(WebSettings):
    """The settings of the console."""

    console_url: Address = "http://127.0.0.1:8000"
    """Where browsers find the console: scheme, host and port."""
    provider: str = Field(pattern=r"^https?://[^?#@\s]+[^/?#@\s]$")
    """The OpenID Connect provider by which people sign in, as it names itself (`issuer`)."""
    provider_address: str = ""
    """Where the console reaches the provider, if not at its own name."""
    client_id: str = "houniao-console"
    client_secret: SecretStr
    scopes: str = "openid profile"
    """What is asked of the provider; some give refresh tokens for `offline_access` alone."""
    session_keys: Annotated[SecretStr, AfterValidator(_must_open_a256gcm)]
    """Keys of 32 bytes in hexadecimal, separated by commas: the first seals sessions, all open them."""
    session_hours: float = Field(default=12, gt=0, le=24)
    """After so many hours people sign in anew, whatever they did meanwhile."""
    services: Annotated[Mapping[str, Address], NoDecode]
    """Where the services are: `registration=http://127.0.0.1:8001,archives=…`."""

    @field_validator("services", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else ()
        return {name.strip(): address.strip() for name, _, address in (part.partition("=") for part in parts)} or value

    @model_validator(mode="after")
    def _must_be_whole(self) -> Self:
        if set(self.services) != set(SERVICES):
            raise ValueError(f"HOUNIAO_SERVICES names {', '.join(SERVICES)}")
        if self.env == "production" and not self.secure:
            raise ValueError("HOUNIAO_CONSOLE_URL begins with https where HOUNIAO_ENV=production")
        return self

    @property
    def secure(self) -> bool:
        """Return whether browsers reach the console by TLS."""
        return self.console_url.startswith("https:")
