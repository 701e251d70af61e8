"""Archives of any content, made from the contracts themselves, so that a field added there is tested here."""

from datetime import UTC, date, datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from hypothesis import strategies as st
from pydantic import BaseModel, StringConstraints

from contracts.archives.archives import Archive
from contracts.archives.contents import CONTENTS
from contracts.archives.enrolments import Duty, Enrolment
from contracts.archives.entries import Earlier, Entry, EntryState
from contracts.archives.follow_ups import BloodPressure
from services.archives.fhir.bundles import Kept, PortableArchive

PERSON = "0123456789abcdef0123456789abcdef"
STREETS = ("320507001", "320507002", "320812008")
MOMENTS = st.datetimes(timezones=st.just(UTC))
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
LETTERS = st.characters(min_codepoint=32, max_codepoint=0x9FFF, exclude_categories=["N", "C"])
WORDS = st.text(LETTERS, max_size=12).map(str.strip)


def any_of(kind: type[BaseModel], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give models of a kind with any values that its fields allow."""
    fields = {
        name: fixed.get(name, _values(info.annotation, info.metadata)) for name, info in kind.model_fields.items()
    }
    return st.builds(kind, **fields)


@cache
def _any(kind: type[BaseModel]) -> st.SearchStrategy[Any]:
    return any_of(kind)


def _values(annotation: Any, metadata: Any = ()) -> st.SearchStrategy[Any]:
    parts = get_args(annotation)
    match get_origin(annotation):
        case origin if origin is Annotated:
            made = _values(parts[0], [*parts[1:], *metadata])
        case origin if origin in (Union, UnionType):
            made = st.one_of([_values(part, metadata) for part in parts])
        case origin if origin is tuple:
            made = st.lists(_values(parts[0]), max_size=2).map(tuple)
        case origin if origin is Literal:
            made = st.sampled_from(parts)
        case _ if annotation is type(None):
            made = st.none()
        case _ if issubclass(annotation, BaseModel):
            made = _any(annotation)
        case _:
            made = _scalars(annotation, list(_constraints(metadata)))
    return made


def _constraints(metadata: Any) -> Any:
    for one in metadata:
        yield from _constraints(getattr(one, "metadata", ())) if hasattr(one, "metadata") else (one,)


def _scalars(kind: Any, constraints: list[Any]) -> st.SearchStrategy[Any]:
    pattern = next((one.pattern for one in constraints if isinstance(one, StringConstraints) and one.pattern), None)
    if kind is str:
        return (
            st.from_regex(str(pattern).replace("$", r"\Z"), alphabet=st.characters(max_codepoint=127))
            if pattern
            else WORDS
        )
    least: Any = next((one.ge for one in constraints if isinstance(one, annotated_types.Ge)), 0)
    most: Any = next((one.le for one in constraints if isinstance(one, annotated_types.Le)), 10_000)
    numbers: dict[Any, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: st.integers(int(least), int(most)),
        float: st.floats(least, most, allow_nan=False).map(lambda number: max(least, min(most, round(number, 2)))),
        date: DAYS,
        datetime: MOMENTS,
    }
    return numbers[kind] if kind in numbers else st.from_type(kind)


STREET = st.sampled_from(STREETS)
CONTENT = {kind: any_of(model) for kind, model in CONTENTS.items()}
READING = BloodPressure(systolic=132, diastolic=80)
SAID = {"content": st.just(READING), "recorded_by": st.sampled_from(("worker-1", "护士-2", ""))}
BEFORE = any_of(Earlier, state=st.sampled_from([EntryState.RECORDED, EntryState.CORRECTED]), **SAID)
PEOPLE = st.sampled_from((PERSON, "e" * 32))
NOW = any_of(Entry, **SAID, entry_id=st.just(""), person_id=PEOPLE, street=STREET, earlier=st.just(()))
OWN = {"person_id": st.just(PERSON), "district": st.just("320507"), "street": STREET}
ARCHIVE = any_of(Archive, **OWN, code=st.none() | st.just("32050700100100001"))
ENROLMENTS = st.lists(any_of(Enrolment, **OWN), max_size=2, unique_by=lambda one: one.condition)
DUTIES = st.lists(any_of(Duty).filter(lambda duty: not duty.opens_on or duty.opens_on <= duty.due_on), max_size=2)
KEPT = st.lists(any_of(Kept), max_size=2)


@st.composite
def entries(draw: st.DrawFn, number: int = 0, kind: str | None = None) -> Entry:
    """Give an entry with what it said before, of the same kind in each version."""
    content = CONTENT[kind or draw(st.sampled_from(sorted(CONTENTS)))]
    before = [said.model_copy(update={"content": draw(content)}) for said in draw(st.lists(BEFORE, max_size=2))]
    told = {"entry_id": f"entry-{number}", "content": draw(content), "earlier": tuple(before)}
    made: Entry = draw(NOW).model_copy(update=told)
    return made


@st.composite
def portable_archives(draw: st.DrawFn, most: int = 3) -> PortableArchive:
    """Give an archive with entries of any kind, enrolments, duties, and a history of who kept it."""
    return PortableArchive(
        archive=draw(ARCHIVE),
        entries=tuple(draw(entries(number)) for number in range(draw(st.integers(0, most)))),
        enrolments=tuple(draw(ENROLMENTS)),
        duties=tuple(draw(DUTIES)),
        kept=tuple(draw(KEPT)),
        died_on=draw(st.none() | DAYS),
        replaced_by=draw(st.none() | st.just("f" * 32)),
        replaces=tuple(draw(st.lists(st.just("e" * 32), max_size=1))),
    )
