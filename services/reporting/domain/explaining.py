"""Why somebody counts in a number, or does not: the facts that decide it, and what is missing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum

from contracts.archives.enrolments import Condition
from services.reporting.domain.archives import holdings_of
from services.reporting.domain.chronic import KINDS
from services.reporting.domain.counting import family
from services.reporting.domain.days import day_from, read_moment
from services.reporting.domain.person import STREAMS, Person, RowDocument, standing, versions

HEALTH = frozenset({*map(str, Condition), "archive", "child", "vaccine", "birth", "educated"})
"""The families of measures that tell something of somebody's health."""
_HEALTH_TOO = frozenset({"usual.65.managed"})


class Missing(StrEnum):
    """What keeps somebody from counting."""

    NO_ARCHIVE = "no_archive"
    NOT_COMPLETED = "archive_not_completed"
    NO_RECORD = "no_record_within_a_year"
    TOO_FEW_VISITS = "too_few_visits"
    NO_EXAM = "no_exam_this_year"
    EXAM_INCOMPLETE = "exam_incomplete"
    NO_FOLLOW_UP = "no_follow_up_within_a_year"
    ABOVE_TARGET = "above_target"
    NO_VISIT = "no_visit_this_year"
    NO_EDUCATION = "no_education_within_a_year"
    NOT_GIVEN = "dose_not_given"
    OTHERWISE = "does_not_count"


def is_about_health(measure: str) -> bool:
    """Return whether to know that somebody counts in a measure is to know something of their health."""
    return family(measure) in HEALTH or measure in _HEALTH_TOO


COLLECTIONS: Mapping[str, Sequence[str]] = {
    "notice": ("notices", "answers"),
    "archive": ("archives", "entries"),
    "child": ("stays", "entries"),
    "vaccine": ("stays", "entries"),
    "birth": ("entries",),
    "educated": ("stays", "entries"),
    "filled": ("stays", "entries"),
    **{str(condition): ("enrolments", "entries") for condition in Condition},
}
"""The rows that decide a family of measures; for all others these are stays, with archives where it is about those."""


def facts_of(measure: str, person: Person) -> Iterator[tuple[str, int, str]]:
    """Yield the facts that decide whether somebody counts: stream, sequence, and when it was said (RFC 3339)."""
    for name, row in _deciding(measure, person):
        yield f"{STREAMS[name]}/{row['_id']}", row["sequence"], row["said_at"]


def facts_since(measure: str, person: Person, since: str, moment: str) -> Iterator[tuple[str, int, str]]:
    """Yield those of these facts, and merges and deaths, that were said, or heard, after a moment."""
    for name, row in (*_deciding(measure, person), *(("people", row) for row in person.rows.people)):
        for version in versions(row):
            if version[moment] > since:
                yield f"{STREAMS[name]}/{row['_id']}", version["sequence"], version["said_at"]


def _deciding(measure: str, person: Person) -> Iterator[tuple[str, RowDocument]]:
    with_archives = measure.endswith((".archived", ".built"))
    with_exams = measure in _HEALTH_TOO
    names = COLLECTIONS.get(family(measure))
    names = names or ("stays", *(["archives"] if with_archives else []), *(["entries"] if with_exams else []))
    for name in names:
        for row in getattr(person.rows, name):
            if name != "entries" or _decides(measure, row):
                yield name, row


def _decides(measure: str, entry: RowDocument) -> bool:
    kinds = {
        **{str(condition): (*kinds, "physical_exam") for condition, kinds in KINDS.items()},
        "usual": ("physical_exam",),
        "child": ("child_visit",),
        "vaccine": ("vaccination",),
        "birth": ("maternal_visit", "child_visit"),
        "educated": ("education_received",),
    }.get(family(measure))
    return kinds is None or entry["kind"] in kinds


def find_missing(measure: str, person: Person, on: int) -> Missing:
    """Return what keeps somebody from counting in a measure on a day."""
    parts = (measure, measure.rpartition(".")[2], family(measure))
    found = next((_FOUND_OUT[part] for part in parts if part in _FOUND_OUT), None)
    if found is not None:
        return found(measure, person, on)
    return next((_ALWAYS[part] for part in parts if part in _ALWAYS), Missing.OTHERWISE)


def _why_not_built(_: str, person: Person, on: int) -> Missing:
    held = any(since <= on < until for each in holdings_of(person) for since, until in each.open)
    return Missing.NOT_COMPLETED if held else Missing.NO_ARCHIVE


def _why_not_standard(_: str, person: Person, on: int) -> Missing:
    return Missing.TOO_FEW_VISITS if _exams(person, on) else Missing.NO_EXAM


def _why_not_managed(_: str, person: Person, on: int) -> Missing:
    return Missing.EXAM_INCOMPLETE if _exams(person, on) else Missing.NO_EXAM


def _why_not_controlled(measure: str, person: Person, on: int) -> Missing:
    kinds = KINDS[Condition(family(measure))]
    days = [read_moment(row["measured_at"]) for row in standing(person.rows.entries) if row["kind"] in kinds]
    return Missing.ABOVE_TARGET if any(on - 365 < day <= on for day in days) else Missing.NO_FOLLOW_UP


def _exams(person: Person, on: int) -> list[int]:
    """Return the days of the exams in a day's year, up to that day."""
    days = (read_moment(row["measured_at"]) for row in standing(person.rows.entries) if row["kind"] == "physical_exam")
    return [day for day in days if day <= on and day_from(day).year == day_from(on).year]


_FOUND_OUT: Mapping[str, Callable[[str, Person, int], Missing]] = {
    "built": _why_not_built,
    "standard": _why_not_standard,
    "controlled": _why_not_controlled,
    "usual.65.managed": _why_not_managed,
}
_ALWAYS: Mapping[str, Missing] = {
    "archived": Missing.NO_ARCHIVE,
    "archive.used": Missing.NO_RECORD,
    "four_visits": Missing.TOO_FEW_VISITS,
    "child.visited": Missing.NO_VISIT,
    "educated": Missing.NO_EDUCATION,
    "vaccine": Missing.NOT_GIVEN,
}
