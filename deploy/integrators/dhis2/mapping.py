"""What things are called in a DHIS2: codes in place of ours, read from a file."""

from collections.abc import Mapping as Table
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Codes = Table[str, str | None]
"""Codes of DHIS2 by ours: what is not named has ours, what has none (null) is left out."""


class Mapping(BaseModel):
    """The codes of a DHIS2, and its event program.

    An event occurred on the first of the days `occurredOn` that was told exactly, else on the day on which it was told;
    its kind is the value of the data element `kindElement`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    program: str = ""
    program_stage: str = ""
    kind_element: str = ""
    occurred_on: tuple[str, ...] = ("ended_on", "started_on")
    org_units: Codes = {}
    data_elements: Codes = {}
    data_sets: Codes = {}


def read_mapping(file: Path) -> Mapping:
    """Return the mapping of a file."""
    return Mapping.model_validate_json(file.read_bytes())


def code_of(codes: Codes, ours: str) -> str | None:
    """Return what something is called in DHIS2; None if it is left out."""
    return codes.get(ours, ours)
