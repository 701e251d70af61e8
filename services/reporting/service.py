"""What reporting has of its own beside the runtime: the layout of what is uploaded to a provincial system."""

from pathlib import Path

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.reporting.exports.uploads import OURS, Mapped, read_mapping


class ReportSettings(BaseSettings):
    """The settings of reports."""

    model_config = SettingsConfigDict(env_prefix="HOUNIAO_", extra="ignore", frozen=True, hide_input_in_errors=True)

    upload_layout: Path | None = None
    """A mapping file in place of the one that comes with reporting."""

    @field_validator("upload_layout", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        return value or None

    def layout(self) -> Mapped:
        """Return the layout; raise MappingError if the file is none."""
        return read_mapping(self.upload_layout) if self.upload_layout else OURS
