"""Numbers worked out day by day from facts and definitions, for comparison: slow, plain, and sharing no code.

Each function answers for one day whether, or how often, somebody counts. A life is the facts of each stream about a
person in the order of their sequence, with the day on which each was said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.support.oracle_of_notices import count_notices, is_noticed_elsewhere

ONE = timedelta(days=1)
HOME = 6
"""Digits of a code that name the district."""
ENTRY_DAYS = 3
"""Days within which an entry is made in time."""


@dataclass
class Life:
    """All streams about one person: each a list of the models said, oldest first, beside the day they were said."""

    stays: list[list[tuple[date, Any]]] = field(default_factory=list)
    archives: list[list[tuple[date, Any]]] = field(default_factory=list)
    enrolments: list[list[tuple[date, Any]]] = field(default_factory=list)
    entries: list[list[tuple[date, Any]]] = field(default_factory=list)
    notices: list[list[tuple[date, Any]]] = field(default_factory=list)
    answers: list[list[tuple[date, Any]]] = field(default_factory=list)
    died_on: date | None = field(default=None, kw_only=True)

    def until(self, day: date) -> "Life":
        """Return what had been said of the life by the end of a day."""

        def said(streams: list[list[tuple[date, Any]]]) -> list[list[tuple[date, Any]]]:
            cut = [[(on, model) for on, model in stream if on <= day] for stream in streams]
            return [stream for stream in cut if stream]

        told = (self.stays, self.archives, self.enrolments, self.entries, self.notices, self.answers)
        return Life(*map(said, told), died_on=self.died_on)


def newest(streams: Sequence[Sequence[tuple[date, Any]]]) -> list[Any]:
    """Return what was said last of each stream."""
    return [stream[-1][1] for stream in streams]


def numbers(life: Life, day: date, today: date) -> dict[tuple[str, str], int]:
    """Return every number that is not 0 at the end of a day, by measure and division, as notices stand today."""
    found: dict[tuple[str, str], int] = {}
    notices = count_notices(newest(life.notices), newest(life.answers), newest(life.stays), day, today)
    for measure, division in (*_counts(life, day), *notices):
        found[measure, division] = found.get((measure, division), 0) + 1
    return found


def _counts(life: Life, day: date) -> Iterator[tuple[str, str]]:
    yield from _stays(life, day)
    yield from _archives(life, day)
    yield from _managed(life, day)
    yield from _births(life, day)
    yield from _newborns(life, day)
    yield from _filled(life, day)


# where somebody lives


def _stays(life: Life, day: date) -> Iterator[tuple[str, str]]:
    stays = [stay for stay in newest(life.stays) if stay.state != "retracted"]
    for stay in stays:
        yield from ((measure, stay.street) for measure in _moved(stay, day))
        yield from ((measure, stay.street) for measure in _missing(stay, stays, life, day))
        if not _lives(stay, day):
            continue
        if stay.state == "contested":
            yield "resident.contested", stay.street
            continue
        yield from ((measure, stay.street) for measure in _resides(stay, stays, life, day))


def _lives(stay: Any, day: date) -> bool:
    return stay.started_on <= day and (stay.ended_on is None or day < stay.ended_on)


def _moved(stay: Any, day: date) -> Iterator[str]:
    if stay.started_on <= day:
        yield "flow.in"
        if stay.purpose:
            yield f"flow.in.{stay.purpose}"
        for category in stay.categories:
            yield f"flow.in.{category}"
        if stay.origin:
            yield f"origin.{stay.origin[:HOME]}"
    if stay.ended_on is not None and stay.ended_on <= day:
        if stay.ending == "died":
            yield "flow.deaths"
        else:
            yield "flow.out"
            if stay.ending == "by_default":
                yield "flow.by_default"
            if stay.destination:
                yield f"destination.{stay.destination[:HOME]}"


def _missing(stay: Any, stays: Sequence[Any], life: Life, day: date) -> Iterator[str]:
    if stay.ended_on is None or day < stay.ended_on or stay.ending == "died":
        return
    if stay.state != "ended" or stay.ending not in {None, "departed"}:
        yield "flow.out.found"
        return
    if stay.destination_kind == "external":
        yield "flow.out.abroad"
        return

    def place(one: Any) -> tuple[Any, ...]:
        return one.started_on, one.recorded_at, one.stay_id

    known = any(place(other) > place(stay) and other.started_on <= day for other in stays)
    known = known or is_noticed_elsewhere(stay, newest(life.notices), newest(life.answers), newest(life.stays), day)
    if known or (life.died_on is not None and life.died_on <= day):
        yield "flow.out.found"
        return
    yield "resident.lost" if stay.trace_lost_on is not None and stay.trace_lost_on <= day else "resident.in_transit"


def _resides(stay: Any, stays: Sequence[Any], life: Life, day: date) -> Iterator[str]:
    age = _age(_birth(life), day)
    usual = _since_half_a_year(stay, stays, day)
    archived = any(_is_open(stream, life, day) for stream in life.archives if _home(stream) == stay.street[:HOME])
    built = any(_is_built(stream, life, day) for stream in life.archives if _home(stream) == stay.street[:HOME])
    yield "resident"
    yield from _lives_in_community(stay, life, day)
    yield from (f"resident.{category}" for category in stay.categories)
    if archived:
        yield "resident.archived"
    if _done_within(life, day, 365, "education_received"):
        yield "educated"
    if usual:
        yield "usual"
        if archived:
            yield "usual.archived"
        if built:
            yield "usual.built"
    if age is not None:
        yield from _aged(age, stay, usual, life, day)


COMMUNITIES = {"元和社区": "community.%E5%85%83%E5%92%8C%E7%A4%BE%E5%8C%BA", "3.1-2": "community.3%2E1%2D2"}
"""The measures of the communities that are drawn."""


def _lives_in_community(stay: Any, life: Life, day: date) -> Iterator[str]:
    """Walk through what was said of a stay by a day; what was said first holds for all the time before."""
    stream = next(stream for stream in life.stays if stream[-1][1].stay_id == stay.stay_id)
    community = stream[0][1].community
    for said, told in stream[1:]:
        if said <= day:
            community = told.community
    if community:
        yield COMMUNITIES[community]


def _aged(age: int, stay: Any, usual: bool, life: Life, day: date) -> Iterator[str]:
    if age < 7:
        yield "resident.0_6"
        if usual:
            yield "usual.0_6"
        if _done_this_year(life, day, "child_visit"):
            yield "child.visited"
        yield from _doses(life, day)
    if age >= 65:
        yield "resident.65"
        if usual:
            yield "usual.65"
            complete = [entry for entry in _done(life, "physical_exam") if _is_complete(entry.content)]
            if any(_on(entry).year == day.year and _on(entry) <= day for entry in complete):
                yield "usual.65.managed"
    if 15 <= age < 50 and stay.sex == "female":
        yield "resident.15_49"
    low = min(age // 5 * 5, 85)
    yield "age.85" if low == 85 else f"age.{low}_{low + 4}"


def _since_half_a_year(stay: Any, stays: Sequence[Any], day: date) -> bool:
    """Walk back day by day for as long as the person lived in the district."""
    here = [other for other in stays if other.state != "contested" and other.street[:HOME] == stay.street[:HOME]]
    first = day
    while any(_lives(other, first - ONE) for other in here):
        first -= ONE
    return day >= _months_after(first, 6)


def _months_after(first: date, months: int) -> date:
    month = first.month - 1 + months
    year, month = first.year + month // 12, month % 12 + 1
    last = [31, 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return date(year, month, min(first.day, last[month - 1]))


def _birth(life: Life) -> date | None:
    stays = sorted(newest(life.stays), key=lambda stay: (stay.started_on, stay.stay_id))
    archives = sorted(newest(life.archives), key=lambda archive: f"{archive.person_id}@{archive.district}")
    described = stays or archives
    return described[-1].birth if described else None


def _age(birth: date | None, day: date) -> int | None:
    if birth is None or day < birth:
        return None
    had = (day.month, day.day) >= (birth.month, birth.day)
    return day.year - birth.year - (0 if had else 1)


# vaccinations


DOSES = {
    "HepB": (0, 1, 6),
    "BCG": (0,),
    "IPV": (2, 3),
    "bOPV": (4, 48),
    "MMR": (8, 18),
    "JE-L": (8, 24),
    "MPSV-A": (6, 9),
    "MPSV-AC": (36, 72),
    "HepA-L": (18,),
}
"""Months of age at which each dose of the national programme is due."""
DTAP_BEFORE_2025 = {"DTaP": (3, 4, 5, 18), "DT": (72,)}
DTAP_SINCE_2025 = {"DTaP": (2, 4, 6, 18, 72)}
GIVEN_UNTIL = {"BCG": 48, "MPSV-A": 24}
"""Months of age from which on a vaccine is no longer given, where that is sooner than seven years."""


def _doses(life: Life, day: date) -> Iterator[str]:
    birth = _birth(life)
    if birth is None:
        return
    dtap = DTAP_SINCE_2025 if birth >= date(2025, 1, 1) else DTAP_BEFORE_2025
    given = {(each.content.vaccine, each.content.dose) for each in _done(life, "vaccination") if _on(each) <= day}
    for vaccine, due in {**DOSES, **dtap}.items():
        if day >= _months_after(birth, GIVEN_UNTIL.get(vaccine, 84)):
            continue
        for number, months in enumerate(due, start=1):
            if day >= _months_after(birth, months):
                yield f"vaccine.due.{vaccine}"
                if (vaccine, number) in given:
                    yield f"vaccine.done.{vaccine}"


# archives and what was done


def _home(stream: Sequence[tuple[date, Any]]) -> str:
    district: str = stream[-1][1].district
    return district


def _is_open(stream: Sequence[tuple[date, Any]], life: Life, day: date) -> bool:
    """Follow what was said of an archive up to the last time that it was opened or closed by a day."""
    if life.died_on is not None and life.died_on <= day:
        return False
    is_open = False
    for number, (said, archive) in enumerate(stream):
        if number == 0:
            is_open = _china(archive.opened_at) <= day
        if archive.state == "closed":
            is_open = is_open and archive.closing.closed_on > day
        elif number and stream[number - 1][1].state == "closed":
            is_open = is_open or said <= day
    return is_open


def _is_built(stream: Sequence[tuple[date, Any]], life: Life, day: date) -> bool:
    completed = [_china(archive.completed_at) for _, archive in stream if archive.completed_at is not None]
    return _is_open(stream, life, day) and bool(completed) and min(completed) <= day


def _archives(life: Life, day: date) -> Iterator[tuple[str, str]]:
    for stream in life.archives:
        if _is_open(stream, life, day):
            yield "archive", stream[-1][1].street
            if any(_on(entry) <= day < _on(entry) + timedelta(days=365) for entry in _done(life)):
                yield "archive.used", stream[-1][1].street


def _china(moment: Any) -> date:
    found: date = (moment + timedelta(hours=8)).date()
    return found


def _on(entry: Any) -> date:
    return _china(entry.measured_at)


def _done(life: Life, *kinds: str) -> list[Any]:
    entries = sorted(newest(life.entries), key=lambda entry: (entry.measured_at, entry.entry_id))
    return [each for each in entries if each.state != "voided" and (not kinds or each.content.kind in kinds)]


def _done_this_year(life: Life, day: date, *kinds: str) -> bool:
    return any(_on(entry) <= day and _on(entry).year == day.year for entry in _done(life, *kinds))


def _done_within(life: Life, day: date, days: int, *kinds: str) -> bool:
    return any(_on(entry) <= day < _on(entry) + timedelta(days=days) for entry in _done(life, *kinds))


def _is_complete(exam: Any) -> bool:
    wanted = (
        *("haemoglobin", "white_cells", "platelets", "urine_protein", "urine_glucose", "alt", "ast", "bilirubin"),
        *("creatinine", "urea", "fasting_glucose", "cholesterol", "triglycerides", "low_density_cholesterol"),
        *("high_density_cholesterol", "electrocardiogram", "abdominal_ultrasound"),
    )
    return exam.guidance_given and all(getattr(exam, test) is not None for test in wanted)


# chronic disease


FOLLOW_UPS = {
    "hypertension": ("hypertension_follow_up", "blood_pressure"),
    "diabetes_2": ("diabetes_follow_up",),
    "tuberculosis": ("tuberculosis_follow_up",),
    "severe_mental_disorder": ("mental_health_follow_up",),
}


def _managed(life: Life, day: date) -> Iterator[tuple[str, str]]:
    for stream in life.enrolments:
        if (life.died_on is None or day < life.died_on) and _is_managed(stream, day):
            enrolment = stream[-1][1]
            for measure in _care(enrolment, life, day):
                yield f"{enrolment.condition}.{measure}", enrolment.street


def _is_managed(stream: Sequence[tuple[date, Any]], day: date) -> bool:
    """Return whether a day lies in one of the times between enrolling and its end; the lost count to the year's end."""
    managed, since, over = False, None, date.min
    for number, (said, enrolment) in enumerate(stream):
        if since is None and (number == 0 or enrolment.ended_on is None):
            since = max(over, said if enrolment.taken_over_from else enrolment.enrolled_on)
        if enrolment.ended_on is not None and since is not None:
            lost = enrolment.ending == "lost"
            over = enrolment.ended_on
            managed = managed or since <= day < (date(over.year + 1, 1, 1) if lost else over)
            since = None
    return managed or (since is not None and since <= day)


def _care(enrolment: Any, life: Life, day: date) -> Iterator[str]:
    yield "managed"
    visits = [
        entry
        for entry in _done(life, *FOLLOW_UPS[enrolment.condition])
        if (entry.content.kind != "blood_pressure" or entry.content.mode is not None)
        and enrolment.enrolled_on <= _on(entry) <= day
    ]
    if enrolment.condition == "tuberculosis":
        by = enrolment.enrolled_on + timedelta(days=3)
        if any(visit.content.first_home_visit and _on(visit) <= by for visit in visits):
            yield "visited_in_time"
        return
    met = {_on(visit) for visit in visits if visit.content.mode == "face_to_face" and _on(visit).year == day.year}
    if len(met) >= 4:
        yield "four_visits"
    if enrolment.condition == "severe_mental_disorder":
        return
    exams = [_on(exam) for exam in _done(life, "physical_exam")]
    if len(met) >= 4 and any(exam.year == day.year and exam <= day for exam in exams):
        yield "standard"
    if visits and day < _on(visits[-1]) + timedelta(days=365):
        last = [visit for visit in visits if _on(visit) == _on(visits[-1])]
        if all(_reached(visit, life) for visit in last):
            yield "controlled"


def _reached(visit: Any, life: Life) -> bool:
    content = visit.content
    if content.kind == "diabetes_follow_up":
        return bool(content.fasting_glucose < 7)
    age = _age(_birth(life), _on(visit))
    return bool(content.systolic < (150 if age is not None and age >= 65 else 140) and content.diastolic < 90)


def _births(life: Life, day: date) -> Iterator[tuple[str, str]]:
    visits = _done(life, "maternal_visit")
    for delivered in sorted({each.content.delivered_on for each in visits if each.content.delivered_on}):
        if delivered > day:
            continue
        street = next(each.street for each in visits if each.content.delivered_on == delivered)
        yield "birth", street
        early = [
            each
            for each in visits
            if each.content.stage == "early"
            and timedelta(0) < delivered - _on(each) <= timedelta(days=300)
            and (_weeks(each) is not None and _weeks(each) < 13)
        ]
        if early:
            yield "birth.early_booked", street
        if any(
            each.content.stage == "after_birth" and timedelta(0) <= _on(each) - delivered <= timedelta(days=28)
            for each in visits
        ):
            yield "birth.visited_after", street


def _newborns(life: Life, day: date) -> Iterator[tuple[str, str]]:
    birth, visits = _birth(life), [each for each in _done(life, "child_visit") if each.content.stage == "newborn_home"]
    if visits and birth is not None and birth <= day:
        yield "birth.newborn_visited", visits[0].street


def _weeks(visit: Any) -> Any:
    if visit.content.last_period_on is not None:
        return (_on(visit) - visit.content.last_period_on).days // 7
    return visit.content.weeks


# how it was filled in


def _filled(life: Life, day: date) -> Iterator[tuple[str, str]]:
    for stay in newest(life.stays):
        if stay.state != "retracted" and stay.started_on <= day:
            yield "filled.stays", stay.street
            if stay.birth and stay.hukou_division and stay.purpose and stay.sex in {"male", "female"}:
                yield "filled.stays.complete", stay.street
            if stay.registration_due is not None:
                yield "filled.stays.due", stay.street
                if _china(stay.recorded_at) <= stay.registration_due:
                    yield "filled.stays.in_time", stay.street
    for stream in life.entries:
        entry = stream[-1][1]
        if entry.state != "voided" and _on(entry) <= day:
            yield "filled.entries", entry.street
            first = min(_china(told.recorded_at) for _, told in stream)
            if first <= _on(entry) + timedelta(days=ENTRY_DAYS):
                yield "filled.entries.in_time", entry.street
