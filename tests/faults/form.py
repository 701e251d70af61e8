"""How hard the faults hit: shortly in `make test`, over and over in `make faults` (`HOUNIAO_FAULTS=long`)."""

import os
from typing import TypeVar

Choice = TypeVar("Choice")

LONG = os.environ.get("HOUNIAO_FAULTS") == "long"


def in_form(*, short: Choice, long: Choice) -> Choice:
    """Choose what fits the form that was asked for."""
    return long if LONG else short


SEED = 20261122
WHOLE_WITHIN = in_form(short=120.0, long=600.0)
"""Seconds after a fault within which everything that was accepted must be visible everywhere."""
