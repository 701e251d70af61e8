"""What a clerk sees and settles in a day: tasks, a conflict's page, inquiries, a person's whole history."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.clerks import ELSEWHERE, A, B, Clerks, Somebody, clerks_at_work

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIVED_SINCE, MOVED = "2026-03-01", "2026-06-15"
TODAY = date(2026, 9, 1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Clerks]:
    async with clerks_at_work(stack) as clerks:
        yield clerks


@pytest.fixture
def clerks(houniao: Clerks) -> Clerks:
    houniao.day.on = TODAY
    houniao.about.clear()
    return houniao


async def doubled(clerks: Clerks, somebody: Somebody) -> tuple[str, str, str]:
    """Let somebody arrive in two places within a day; give the older stay, the current one, and the conflict."""
    one = await clerks.arrive(somebody, B, "2026-06-15")
    other = await clerks.arrive(somebody, ELSEWHERE, "2026-06-16")
    (conflict,) = await clerks.conflicts(somebody, B)
    return one, other, conflict["conflict_id"]


async def test_a_conflicts_page_shows_both_stays_and_which_is_the_callers(clerks: Clerks) -> None:
    one, other, name = await doubled(clerks, Somebody())

    pages = [await clerks.get(street, f"/conflicts/{name}") for street in (B, ELSEWHERE, "32")]

    assert [page["own"] for page in pages[:2]] == [[one], [other]]
    assert set(pages[2]["own"]) == {one, other}
    stays = {told["stay"]["stay_id"]: (told["stay"]["state"], told["version"]) for told in pages[0]["stays"]}
    assert stays == {one: ("contested", 2), other: ("open", 1)}


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ({"action": "retract"}, {"state": "retracted"}),
        ({"action": "end"}, {"state": "ended", "ending": "confirmed", "ended_on": "2026-06-16"}),
        (
            {"action": "end", "left_on": "2026-06-15"},
            {"state": "ended", "ending": "confirmed", "ended_on": "2026-06-15"},
        ),
        (
            {"action": "end", "left_on": "2026-06-15", "destination": ELSEWHERE},
            {"state": "ended", "ending": "departed", "destination": ELSEWHERE, "destination_kind": "division"},
        ),
        ({"action": "correct", "correction": {"started_on": "2026-05-01"}}, {"state": "contested"}),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else None,
)
async def test_a_conflict_is_resolved_by_one_command(
    clerks: Clerks, said: dict[str, object], becomes: dict[str, object]
) -> None:
    somebody = Somebody()
    one, other, name = await doubled(clerks, somebody)

    answered = await clerks.say(B, f"/conflicts/{name}/resolution", {**said, "stay_id": one, "version": 2})

    assert {key: answered[key] for key in becomes} == becomes
    assert [await clerks.conflicts(somebody, street) for street in (B, ELSEWHERE)] == [[], []]
    assert (await clerks.get(B, f"/conflicts/{name}"))["conflict"]["open"] is False
    assert await clerks.state(other) == ["open"]


async def test_standing_by_ones_stay_turns_a_double_arrival_into_a_dispute(clerks: Clerks) -> None:
    somebody = Somebody()
    one, other, name = await doubled(clerks, somebody)

    stood_by = await clerks.say(B, f"/conflicts/{name}/resolution", {"action": "still_here", "stay_id": one})

    assert stood_by["state"] == "open"
    assert await clerks.state(other) == ["open"]
    assert [conflict["kind"] for conflict in await clerks.conflicts(somebody, ELSEWHERE)] == ["disputed"]
    assert (await clerks.notice(somebody, ELSEWHERE, "sent"))["answer"]["reason"] == "still_here"


async def test_notices_are_listed_by_how_they_stand(clerks: Clerks) -> None:
    somebody = Somebody()
    await clerks.arrive(somebody, A, LIVED_SINCE)
    new = await clerks.arrive(somebody, B, MOVED)

    async def standing() -> list[str]:
        found = []
        for state in ("open", "overdue", "answered", "withdrawn"):
            listed = await clerks.get(A, "/notices", division=A, state=state)
            found += [state for one in listed["notices"] if one["notice"]["person_id"] == somebody.person_id]
        return found

    at_first = await standing()
    await clerks.pass_to(TODAY + timedelta(days=31))
    late = await standing()
    await clerks.say(B, f"/stays/{new}/retraction")

    assert (at_first, late, await standing()) == (["open"], ["open", "overdue"], ["withdrawn"])


async def test_tasks_are_summed_up_by_office_and_a_districts_own_are_apart(clerks: Clerks) -> None:
    somebody, street = Somebody(), "320507005"
    await clerks.arrive(somebody, street, LIVED_SINCE)
    await clerks.arrive(somebody, B, MOVED)
    await clerks.pass_to(TODAY + timedelta(days=31))

    summed = await clerks.get("320507", "/tasks/summary", division="320507")

    here = {
        one["kind"]: (one["tasks"], one["overdue"], one["escalated"]) for one in summed if one["division"] == street
    }
    assert here == {"check_stay": (1, 1, 0), "receive_notice": (1, 1, 1)}
    assert "urge_office" in {one["kind"] for one in summed if one["division"] == "320507"}
    assert await clerks.tasks(somebody, "320507", level="district") == ["urge_office"]
    assert await clerks.tasks(somebody, "320507", level="street") == ["check_stay", "receive_notice"]
    assert await clerks.tasks(somebody, street) == ["check_stay", "receive_notice"]


async def test_an_inquiry_is_asked_once_a_day_withdrawn_and_asked_again(clerks: Clerks) -> None:
    somebody = Somebody()
    await clerks.arrive(somebody, A, LIVED_SINCE)
    inquiry = {"street": A, "addressee": B, "person_id": somebody.person_id, "urgency": "critical"}

    asked = [await clerks.say(A, "/inquiries", inquiry) for _ in range(2)]
    withdrawn = await clerks.say(A, f"/inquiries/{asked[0]['notice_id']}/withdrawal")
    again = await clerks.say(A, "/inquiries", inquiry)

    assert asked[0] == asked[1]
    assert asked[0]["answer_due"] == (TODAY + timedelta(days=15)).isoformat()
    assert (withdrawn["state"], again["state"]) == ("withdrawn", "sent")
    assert again["notice_id"] == asked[0]["notice_id"]
    answered = await clerks.say(B, f"/notices/{again['notice_id']}/answer", {"state": "rejected", "reason": "not_here"})
    assert answered["answer"]["reason"] == "not_here"


async def test_a_timeline_tells_every_fact_in_order(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    await clerks.say(A, f"/stays/{old}/relocation", {"community": "西村"})
    await clerks.say(A, f"/stays/{old}/correction", {"purpose": "study"})
    await clerks.arrive(somebody, B, MOVED)
    await clerks.pass_to(TODAY + timedelta(days=23))
    await clerks.pass_to(TODAY + timedelta(days=31))
    await clerks.pass_to(TODAY + timedelta(days=32))
    notice = (await clerks.notice(somebody, A))["notice"]["notice_id"]
    await clerks.say(A, f"/notices/{notice}/answer", {"state": "received"})
    await clerks.say(A, f"/notices/{notice}/answer", {"state": "confirmed"})

    told = await clerks.get(A, f"/people/{somebody.person_id}/timeline")

    assert [one["on"] for one in told] == sorted(one["on"] for one in told)
    assert {(one["what"], one["detail"]) for one in told} >= {
        ("relocated", "西村"),
        ("corrected", "purpose"),
        ("contested", "newer_stay"),
        ("left", B),
    }
    assert [one["what"] for one in told if one["notice_id"]] == [
        "arrival_notice_sent",
        "arrival_notice_reminded",
        "arrival_notice_escalated",
        "notice_received",
        "notice_confirmed",
    ]
    assert all(one["recorded_at"] for one in told)
