"""Findings on data quality 数据质量: entries that are late, copied, impossible or made up, each with its evidence.

A pure function of what is known of a person, so that the order in which facts are heard does not matter. A finding is
a question to the street that made the entry, never a verdict.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import groupby, pairwise
from math import inf
from typing import Any

from pydantic import BaseModel, ConfigDict

from contracts.archives.archives import Archive
from contracts.archives.contents import (
    ChildVisit,
    InfectiousScreening,
    MaternalVisit,
    PhysicalExam,
    PrePregnancyCheck,
    TuberculosisScreening,
    Vaccination,
    measures_of,
)
from contracts.archives.entries import Entry
from contracts.archives.follow_ups import BloodPressure, FollowUp, TuberculosisFollowUp
from contracts.archives.forms import Content, Mode
from contracts.reference.calendar import age_on, day_of
from contracts.registration.stays import Stay, StayState
from services.archives.domain.follow_ups import Control, judge


class FindingKind(StrEnum):
    """What is found: 录入滞后, 重复数值, 一日两地, 迁出后服务, 死亡后服务, 数值异常, 随访扎堆, 多人雷同."""

    LATE_ENTRY = "late_entry"
    COPIED_VALUES = "copied_values"
    TWO_TOWNS = "two_towns"
    AFTER_MOVING_OUT = "after_moving_out"
    AFTER_DEATH = "after_death"
    OUT_OF_RANGE = "out_of_range"
    BUNCHED = "bunched"
    SAME_FOR_MANY = "same_for_many"


class Severity(StrEnum):
    """How much a finding asks for: a look, or an explanation."""

    NOTICE = "notice"
    SERIOUS = "serious"


class QualityFinding(BaseModel):
    """One finding: what, where, on which day, and the entries and values that show it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: FindingKind
    severity: Severity
    street: str
    on: date
    entry_ids: tuple[str, ...]
    values: dict[str, Any] = {}

    @property
    def finding_id(self) -> str:
        """Return an id made of the evidence: with one more entry it is another finding, to be explained anew."""
        evidence = "|".join((self.kind, self.street, self.on.isoformat(), *self.entry_ids))
        return sha256(evidence.encode()).hexdigest()[:32]


Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class QualityPolicy:
    """The thresholds, which no standard sets: entries beyond them are worth a second look.

    `plausible` ranges are narrower than what may be entered; those of `adult` hold from 18 years on.
    """

    late_days: int = 3
    very_late_days: int = 30
    copied_times: int = 3
    copied_seriously: int = 5
    bunched_days: int = 20
    bunched_days_uncontrolled: int = 5
    plausible: Mapping[str, Range] = field(
        default_factory=lambda: {
            "systolic": (70, 250),
            "diastolic": (40, 150),
            "heart_rate": (35, 180),
            "temperature": (34, 42),
            "fasting_glucose": (2, 33),
            "glycated_haemoglobin": (3, 18),
            "haemoglobin": (40, 220),
            "cholesterol": (1.5, 20),
        }
    )
    adult: Mapping[str, Range] = field(
        default_factory=lambda: {"weight_kg": (30, 200), "height_cm": (120, 220), "waist_cm": (45, 170)}
    )
    least_pulse_pressure: int = 10


QUALITY = QualityPolicy()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What findings are made from: an archive, the entries that stand, where the person lived, and a death."""

    archive: Archive
    entries: Sequence[Entry]
    stays: Sequence[Stay] = ()
    died_on: date | None = None


def find_findings(known: Reviewed, policy: QualityPolicy = QUALITY) -> list[QualityFinding]:
    """Return the findings about entries that the archive's own district made, ordered by day."""
    ordered = sorted((entry for entry in known.entries if entry.stands), key=_by_time)
    whole = Reviewed(known.archive, ordered, known.stays, known.died_on)
    own = {entry.entry_id for entry in ordered if entry.district == known.archive.district}
    found = (finding for rule in RULES for finding in rule(whole, policy))
    return sorted((finding for finding in found if finding.entry_ids[-1] in own), key=_by_day)


def marks(findings: Iterable[QualityFinding]) -> list[str]:
    """Return the marks by which findings are listed: `<street or district>|<kind>`, and the same without the kind."""
    places = {(place, finding.kind.value) for finding in findings for place in (finding.street, finding.street[:6])}
    return sorted({f"{place}|{mark}" for place, kind in places for mark in (kind, "")})


def _by_time(entry: Entry) -> tuple[Any, str]:
    return entry.measured_at, entry.entry_id


def _by_day(finding: QualityFinding) -> tuple[date, str, tuple[str, ...]]:
    return finding.on, finding.kind, finding.entry_ids


def _make(kind: FindingKind, serious: bool, entries: Sequence[Entry], **values: Any) -> QualityFinding:
    """Return a finding, which is put to the street of the last entry."""
    return QualityFinding(
        kind=kind,
        severity=Severity.SERIOUS if serious else Severity.NOTICE,
        street=entries[-1].street,
        on=day_of(entries[-1].measured_at),
        entry_ids=tuple(entry.entry_id for entry in entries),
        values=values,
    )


def _late(known: Reviewed, policy: QualityPolicy) -> Iterator[QualityFinding]:
    """Return entries that were first typed in long after the service."""
    for entry in known.entries:
        first = entry.earlier[0] if entry.earlier else entry
        if first.recorded_at is None or (isinstance(entry.content, Vaccination) and entry.content.from_card):
            continue
        days = (day_of(first.recorded_at) - day_of(first.measured_at)).days
        if days > policy.late_days:
            yield _make(FindingKind.LATE_ENTRY, days > policy.very_late_days, [entry], days=days)


def _copied(known: Reviewed, policy: QualityPolicy) -> Iterator[QualityFinding]:
    """Return runs of one kind with readings that are equal to the last digit, typed by the same worker."""
    by_kind: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in known.entries:
        if readings_of(entry.content):
            by_kind[entry.content.kind].append(entry)
    for entries in by_kind.values():
        for (readings, _), run in groupby(
            entries, key=lambda entry: (readings_of(entry.content), first_typed_by(entry))
        ):
            same = list(run)
            if len(same) >= policy.copied_times:
                serious = len(same) >= policy.copied_seriously
                yield _make(FindingKind.COPIED_VALUES, serious, same, **dict(readings), times=len(same))


def readings_of(content: Content) -> tuple[tuple[str, float], ...]:
    """Return the numbers of a content that vary from day to day, by field name."""
    return tuple((name, value) for name, value, _ in measures_of(content) if name != "height_cm")


def first_typed_by(entry: Entry) -> str:
    """Return who typed an entry in, whoever corrected it since."""
    return entry.earlier[0].recorded_by if entry.earlier else entry.recorded_by


def _two_towns(known: Reviewed, policy: QualityPolicy) -> Iterator[QualityFinding]:
    """Return entries of services in person in two streets on one day."""
    del policy
    seen = [entry for entry in known.entries if _in_person(entry.content)]
    for _, on_one_day in groupby(seen, key=lambda entry: day_of(entry.measured_at)):
        entries = list(on_one_day)
        streets = {entry.street for entry in entries}
        if len(streets) > 1:
            apart = len({entry.district for entry in entries}) > 1
            for street in sorted({entry.street for entry in entries if entry.district == known.archive.district}):
                own = [entry for entry in entries if entry.street == street]
                others = [entry for entry in entries if entry.street != street]
                yield _make(FindingKind.TWO_TOWNS, apart, [*others, *own], streets=sorted(streets))


def _in_person(content: Content) -> bool:
    """Return whether the person must have been there for the service."""
    match content:
        case FollowUp() | BloodPressure():
            return content.mode is Mode.FACE_TO_FACE
        case Vaccination():
            return not content.from_card
    return isinstance(
        content,
        PhysicalExam | ChildVisit | MaternalVisit | PrePregnancyCheck | TuberculosisScreening | InfectiousScreening,
    )


def _after_moving_out(known: Reviewed, policy: QualityPolicy) -> Iterator[QualityFinding]:
    """Return entries of a district that the person had left before that day, whether or not for a known address."""
    del policy
    claims = [stay for stay in known.stays if stay.state is not StayState.RETRACTED and not stay.unverified]
    for entry in known.entries:
        left_on = _left_on(claims, entry.district, day_of(entry.measured_at))
        if left_on:
            in_person = _in_person(entry.content)
            yield _make(FindingKind.AFTER_MOVING_OUT, in_person, [entry], left_on=left_on.isoformat())


def _left_on(claims: Iterable[Stay], district: str, on: date) -> date | None:
    """Return the day on which a person had left a district for good as of a day; None if they had not."""
    begun = [stay for stay in claims if stay.started_on < on]
    there = [stay for stay in begun if stay.district == district]
    if not there:
        return None
    last = max(there, key=lambda stay: (stay.started_on, stay.recorded_at, stay.stay_id))
    later = [stay.started_on for stay in begun if stay.district != district and stay.started_on > last.started_on]
    arrived = any(stay.district == district and stay.started_on == on for stay in claims)
    ends = [*later, *([last.ended_on] if last.ended_on else [])]
    left_on = min(ends, default=None)
    return left_on if left_on and left_on < on and not arrived else None


def _after_death(known: Reviewed, policy: QualityPolicy) -> Iterator[QualityFinding]:
    """Return entries of services after the day of death."""
    del policy
    for entry in known.entries:
        if known.died_on and day_of(entry.measured_at) > known.died_on:
            yield _make(FindingKind.AFTER_DEATH, True, [entry], died_on=known.died_on.isoformat())


def _out_of_range(known: Reviewed, policy: QualityPolicy) -> Iterator[QualityFinding]:
    """Return entries with numbers that may be entered but are hardly ever true."""
    for entry in known.entries:
        ranges = _ranges(known.archive.birth, day_of(entry.measured_at), policy)
        numbers = {name: value for name, value, _ in measures_of(entry.content)}
        strange = {name: value for name, value in numbers.items() if _beyond(value, ranges.get(name))}
        if _pulse_pressure(numbers) < policy.least_pulse_pressure:
            strange |= {name: numbers[name] for name in ("systolic", "diastolic")}
        if strange:
            yield _make(FindingKind.OUT_OF_RANGE, True, [entry], **strange)


def _pulse_pressure(numbers: Mapping[str, float]) -> float:
    both = {"systolic", "diastolic"} <= numbers.keys()
    return numbers["systolic"] - numbers["diastolic"] if both else inf


def _ranges(birth: date | None, on: date, policy: QualityPolicy) -> Mapping[str, Range]:
    adult = birth is not None and age_on(birth, on) >= 18
    return {**policy.plausible, **policy.adult} if adult else policy.plausible


def _beyond(value: float, plausible: Range | None) -> bool:
    return plausible is not None and not plausible[0] <= value <= plausible[1]


def _bunched(known: Reviewed, policy: QualityPolicy) -> Iterator[QualityFinding]:
    """Return pairs of meetings of one kind that follow each other sooner than there was a reason for."""
    met: defaultdict[str, list[tuple[Entry, FollowUp]]] = defaultdict(list)
    for entry in known.entries:
        if isinstance(entry.content, FollowUp) and entry.content.mode is Mode.FACE_TO_FACE:
            met[entry.content.kind].append((entry, entry.content))
    for visits in met.values():
        for (before, content), (after, _) in pairwise(visits):
            on = day_of(before.measured_at)
            days = (day_of(after.measured_at) - on).days
            if days < _least_days(content, known.archive.birth, on, policy):
                yield _make(FindingKind.BUNCHED, False, [before, after], days=days)


def _least_days(content: FollowUp, birth: date | None, on: date, policy: QualityPolicy) -> int:
    """Return the days until the next meeting makes sense: few if the last went badly or an early one was agreed."""
    if judge(content, birth, on) is not Control.CONTROLLED or isinstance(content, TuberculosisFollowUp):
        return policy.bunched_days_uncontrolled
    if content.next_on and content.next_on < on + timedelta(days=policy.bunched_days):
        return policy.bunched_days_uncontrolled
    return policy.bunched_days


RULES: tuple[Callable[[Reviewed, QualityPolicy], Iterator[QualityFinding]], ...] = (
    _late,
    _copied,
    _two_towns,
    _after_moving_out,
    _after_death,
    _out_of_range,
    _bunched,
)

ADVICE: Mapping[FindingKind, str] = {
    FindingKind.LATE_ENTRY: "请说明为何延迟录入。Say why it was typed in so late.",
    FindingKind.COPIED_VALUES: "多次数值完全相同,请核对原始记录。The same values every time: compare with the records.",
    FindingKind.TWO_TOWNS: "同一天在两地接受服务,请核对。Seen in two places on one day: check day and person.",
    FindingKind.AFTER_MOVING_OUT: "此人当时已迁出,请核对。The person had moved away by then; check it.",
    FindingKind.AFTER_DEATH: "此人当时已死亡,请更正或作废。The person had died by then; correct or void the entry.",
    FindingKind.OUT_OF_RANGE: "数值不合常理,请核对后更正。The values are hardly possible; check and correct them.",
    FindingKind.BUNCHED: "随访间隔过短,请说明原因。The follow-ups are too close to each other; say why.",
    FindingKind.SAME_FOR_MANY: "同日多人数值完全相同,请逐人核对。The same for many people: check each of them.",
}
"""What to do about a finding, in Chinese and English."""
