"""What may not be true in an archive: each rule with the case that it is for, and one beside it that is in order."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.archives.archives import Archive
from contracts.archives.contents import AnyContent, Vaccination
from contracts.archives.entries import Entry, EntryState
from contracts.archives.follow_ups import BloodPressure, HypertensionFollowUp
from contracts.archives.forms import Mode
from contracts.reference.vaccines import Vaccine
from contracts.registration.stays import Stay, StayState
from services.archives.domain.quality import FindingKind, QualityPolicy, Reviewed, Severity, find_findings, marks

PERSON = "0123456789abcdef0123456789abcdef"
HOME, NEXT_DOOR, AWAY = "320507001", "320507002", "320812008"
ARCHIVE = Archive(
    person_id=PERSON,
    district="320507",
    street=HOME,
    opened_at=datetime(2026, 1, 5, tzinfo=UTC),
    birth=date(1970, 5, 1),
)


def enter(day: str, content: AnyContent | None = None, *, street: str = HOME, late: int = 0, **more: Any) -> Entry:
    at = datetime.fromisoformat(f"{day}T02:00:00Z")
    told = {"recorded_by": "worker-1", "recorded_at": at + timedelta(days=late), **more}
    return Entry(
        entry_id=f"{day}-{street}-{more.get('recorded_by', '')}",
        person_id=PERSON,
        street=street,
        measured_at=at,
        content=content or visit(),
        **told,
    )


def visit(systolic: int = 132, diastolic: int = 80, **more: Any) -> HypertensionFollowUp:
    told: dict[str, Any] = {"mode": Mode.FACE_TO_FACE, **more}
    return HypertensionFollowUp(systolic=systolic, diastolic=diastolic, **told)


def live(street: str, started_on: str, ended_on: str | None = None) -> Stay:
    return Stay(
        stay_id=f"{street}-{started_on}",
        person_id=PERSON,
        street=street,
        started_on=date.fromisoformat(started_on),
        ended_on=date.fromisoformat(ended_on) if ended_on else None,
        recorded_at=datetime(2026, 1, 5, tzinfo=UTC),
        state=StayState.ENDED if ended_on else StayState.OPEN,
    )


def find(*entries: Entry, stays: tuple[Stay, ...] = (), died_on: date | None = None, **policy: Any) -> list[Any]:
    found = find_findings(Reviewed(ARCHIVE, entries, stays, died_on), QualityPolicy(**policy))
    return [(one.kind.value, one.severity.value, one.values) for one in found]


@pytest.mark.parametrize(("late", "found"), [(3, None), (4, "notice"), (30, "notice"), (31, "serious")])
def test_an_entry_typed_in_long_after_is_late(late: int, found: str | None) -> None:
    assert find(enter("2026-03-01", late=late)) == ([("late_entry", found, {"days": late})] if found else [])


def test_a_dose_copied_from_a_card_is_not_late() -> None:
    from_card = Vaccination(vaccine=Vaccine.MMR, dose=1, from_card=True)

    assert find(enter("2026-03-01", from_card, late=300)) == []


def test_a_correction_does_not_make_an_entry_late() -> None:
    entry = enter("2026-03-01")
    corrected = entry.model_copy(
        update={
            "earlier": (entry.as_earlier(),),
            "state": EntryState.CORRECTED,
            "recorded_at": entry.measured_at + timedelta(days=90),
        }
    )

    assert find(corrected) == []


def test_the_same_reading_three_times_running_by_one_worker_is_copied() -> None:
    months = ["2026-01-10", "2026-02-10", "2026-03-10"]

    same = find(*(enter(day) for day in months))
    one_differs = find(enter(months[0]), enter(months[1], visit(133)), enter(months[2]))
    two_workers = find(enter(months[0]), enter(months[1], recorded_by="worker-2"), enter(months[2]))

    assert same == [("copied_values", "notice", {"systolic": 132, "diastolic": 80, "times": 3})]
    assert one_differs == two_workers == []


def test_the_evidence_of_a_copied_reading_is_every_entry_of_the_run() -> None:
    entries = [enter(day) for day in ("2026-01-10", "2026-02-10", "2026-03-10", "2026-04-10", "2026-05-10")]

    (finding,) = find_findings(Reviewed(ARCHIVE, entries))

    assert finding.entry_ids == tuple(entry.entry_id for entry in entries)
    assert (finding.severity, finding.on, finding.street) == (Severity.SERIOUS, date(2026, 5, 10), HOME)


def test_nobody_is_seen_in_two_streets_on_one_day() -> None:
    reading = BloodPressure(systolic=120, diastolic=70, mode=Mode.FACE_TO_FACE)
    called = BloodPressure(systolic=120, diastolic=70, mode=Mode.PHONE)
    here = enter("2026-03-01")

    near = find(here, enter("2026-03-01", reading, street=NEXT_DOOR))
    far = find(here, enter("2026-03-01", reading, street=AWAY))
    by_phone = find(here, enter("2026-03-01", called, street=AWAY))

    assert near == [("two_towns", "notice", {"streets": [HOME, NEXT_DOOR]})] * 2
    assert far == [("two_towns", "serious", {"streets": [HOME, AWAY]})]
    assert by_phone == []


@pytest.mark.parametrize(
    ("stays", "day", "found"),
    [
        ((live(HOME, "2026-01-05", "2026-04-01"),), "2026-05-01", "2026-04-01"),
        ((live(HOME, "2026-01-05", "2026-04-01"),), "2026-03-31", None),
        ((live(HOME, "2026-01-05", "2026-04-01"),), "2026-04-01", None),
        ((live(HOME, "2026-01-05"), live(AWAY, "2026-04-01")), "2026-05-01", "2026-04-01"),
        ((live(HOME, "2026-01-05", "2026-04-01"), live(HOME, "2026-06-01")), "2026-07-01", None),
        ((live(HOME, "2026-01-05", "2026-04-01"), live(HOME, "2026-06-01")), "2026-06-01", None),
        ((live(AWAY, "2026-01-05"),), "2026-05-01", None),
    ],
)
def test_service_after_moving_out_is_found(stays: tuple[Stay, ...], day: str, found: str | None) -> None:
    expected = [("after_moving_out", "serious", {"left_on": found})] if found else []

    assert find(enter(day), stays=stays) == expected


def test_a_call_after_moving_out_only_asks_for_a_look() -> None:
    called = find(enter("2026-05-01", visit(mode=Mode.PHONE)), stays=(live(HOME, "2026-01-05", "2026-04-01"),))

    assert [severity for _, severity, _ in called] == ["notice"]


def test_service_after_death_is_found() -> None:
    died_on = date(2026, 3, 1)

    assert find(enter("2026-03-01"), died_on=died_on) == []
    assert find(enter("2026-03-02"), died_on=died_on) == [("after_death", "serious", {"died_on": "2026-03-01"})]


@pytest.mark.parametrize(
    ("content", "strange"),
    [
        (visit(132, 80), None),
        (visit(251, 80), {"systolic": 251}),
        (visit(120, 39), {"diastolic": 39}),
        (visit(95, 90), {"systolic": 95, "diastolic": 90}),
        (visit(132, 80, weight_kg=25), {"weight_kg": 25}),
    ],
)
def test_values_that_may_be_entered_but_are_hardly_true_are_found(
    content: AnyContent, strange: dict[str, float] | None
) -> None:
    assert find(enter("2026-03-01", content)) == ([("out_of_range", "serious", strange)] if strange else [])


@pytest.mark.parametrize(
    ("first", "days", "found"),
    [
        (visit(132), 19, True),
        (visit(132), 20, False),
        (visit(160), 14, False),
        (visit(160), 4, True),
        (visit(132, next_on=date(2026, 3, 8)), 7, False),
        (visit(132, mode=Mode.PHONE), 2, False),
    ],
)
def test_meetings_without_a_reason_to_be_so_close_are_bunched(first: AnyContent, days: int, found: bool) -> None:
    later = (date(2026, 3, 1) + timedelta(days=days)).isoformat()

    bunched = find(enter("2026-03-01", first), enter(later, visit(135)))

    assert bunched == ([("bunched", "notice", {"days": days})] if found else [])


def test_thresholds_are_data() -> None:
    assert find(enter("2026-03-01", late=4), late_days=5) == []
    assert find(enter("2026-03-01", visit(245)), plausible={"systolic": (70, 240)}) == [
        ("out_of_range", "serious", {"systolic": 245})
    ]


def test_what_was_voided_says_nothing() -> None:
    assert find(enter("2026-03-01", visit(251), late=90, state=EntryState.VOIDED)) == []


def test_a_finding_is_put_to_the_district_that_made_the_entry_alone() -> None:
    assert find(enter("2026-03-01", visit(251), street=AWAY)) == []


def test_findings_are_listed_by_street_and_district_with_and_without_their_kind() -> None:
    found = find_findings(Reviewed(ARCHIVE, [enter("2026-03-01", late=9)]))

    assert marks(found) == ["320507001|", "320507001|late_entry", "320507|", "320507|late_entry"]


CONTENTS = st.sampled_from([visit(132), visit(251), visit(160, mode=Mode.PHONE), visit(132, 125)])
ANY_DAY = st.dates(date(2026, 1, 1), date(2026, 2, 15)).map(date.isoformat)
ENTRIES = st.lists(
    st.builds(enter, ANY_DAY, CONTENTS, street=st.sampled_from([HOME, NEXT_DOOR, AWAY]), late=st.integers(0, 40)),
    unique_by=lambda entry: entry.entry_id,
    max_size=8,
)
STAY = st.builds(live, st.sampled_from([HOME, AWAY]), ANY_DAY)
STAYS = st.lists(STAY, unique_by=lambda stay: stay.stay_id, max_size=3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ENTRIES, STAYS, st.randoms())
def test_the_order_in_which_things_are_heard_does_not_matter(entries: Any, stays: Any, chance: Any) -> None:
    found = find_findings(Reviewed(ARCHIVE, entries, stays))
    chance.shuffle(entries)
    chance.shuffle(stays)

    again = find_findings(Reviewed(ARCHIVE, entries, stays))

    assert again == found
    assert {one.kind for one in found} <= set(FindingKind)
    made_here = {entry.entry_id for entry in entries if entry.district == ARCHIVE.district}
    assert {one.entry_ids[-1] for one in found} <= made_here
