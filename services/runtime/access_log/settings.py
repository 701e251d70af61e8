"""The keys of a service's access log, and the log that they seal."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.runtime.access_log.log import AccessLog
from services.runtime.service import Service


class AccessLogSettings(BaseSettings):
    """The keys that seal the log of who saw what."""

    model_config = SettingsConfigDict(env_prefix="HOUNIAO_", extra="ignore", frozen=True, hide_input_in_errors=True)

    access_log_keys: SecretStr
    """Hexadecimal keys of 32 bytes, separated by commas: the first seals the access log's entries, all verify them."""


def open_access_log(service: Service, settings: AccessLogSettings) -> AccessLog:
    """Return the service's log of who saw what."""
    return AccessLog(service.database, service.clock, settings.access_log_keys.get_secret_value())
