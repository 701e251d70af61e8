"""One event of each fact, as the committed samples have it."""

from typing import Any

from pydantic_core import from_json

from contracts.envelope import Event, Fact, unwrap
from contracts.facts import by_type
from contracts.schemas import SAMPLES


def sample_of(kind: type[Fact]) -> Event[Any]:
    """Return the committed sample of a fact."""
    text = (SAMPLES / f"{kind.TYPE}.json").read_text(encoding="utf-8")
    return unwrap(from_json(text), by_type([kind]))
