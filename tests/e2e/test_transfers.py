"""The cases of a move between districts, each told through the public interfaces."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.clerks import ELSEWHERE, A, B, C, Clerks, Somebody, clerks_at_work

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIVED_SINCE, MOVED = "2026-03-01", "2026-06-15"
TOLD_ON = date(2026, 9, 1)
ANSWER_DUE = TOLD_ON + timedelta(days=30)
COMPLETES_ON = ANSWER_DUE + timedelta(days=15)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Clerks]:
    async with clerks_at_work(stack) as clerks:
        yield clerks


@pytest.fixture
def clerks(houniao: Clerks) -> Clerks:
    """Return the clerks, on the day on which every story of this file begins."""
    houniao.day.on = TOLD_ON
    houniao.about.clear()
    return houniao


async def test_arrival_before_the_departure_is_known_contests_and_is_confirmed(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    before = await clerks.residents(A)

    new = await clerks.arrive(somebody, B, MOVED)

    assert await clerks.state(old, new) == ["contested", "open"]
    assert await clerks.residents(A) == before - 1, "who is contested is no resident"
    unmatched = await clerks.transfer(somebody)
    assert (unmatched["state"], unmatched["due"]) == ("arrived_unmatched", ANSWER_DUE.isoformat())
    assert await clerks.tasks(somebody, A) == ["check_stay", "receive_notice"]
    notice = await clerks.notice(somebody, A)
    assert (notice["notice"]["kind"], notice["notice"]["urgency"], notice["answer"]) == ("arrival", "ordinary", None)

    confirmed = await clerks.say(A, f"/stays/{old}/confirmation")

    assert (confirmed["state"], confirmed["ending"], confirmed["ended_on"]) == ("ended", "confirmed", MOVED)
    assert (await clerks.transfer(somebody))["state"] == "completed"
    assert (await clerks.notice(somebody, B, "sent"))["answer"]["state"] == "confirmed"
    assert await clerks.tasks(somebody, A) == []


async def test_arrival_before_the_departure_is_known_is_completed_by_default_at_the_deadline(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    new = await clerks.arrive(somebody, B, MOVED)

    await clerks.pass_to(ANSWER_DUE - timedelta(days=7))
    reminded = await clerks.notice(somebody, A)
    await clerks.pass_to(ANSWER_DUE)
    in_time = (await clerks.transfer(somebody))["state"]
    await clerks.pass_to(ANSWER_DUE + timedelta(days=1))
    late = await clerks.transfer(somebody)

    assert (reminded["notice"]["reminded"], reminded["notice"]["escalated"]) == (True, False)
    assert (in_time, late["state"]) == ("arrived_unmatched", "overdue")
    assert await clerks.tasks(somebody, A[:6], level="district") == ["urge_office"]
    listed = await clerks.get(A, "/transfers", division=A, overdue=True, direction="leaving")
    assert somebody.person_id in {one["person_id"] for one in listed["transfers"]}

    await clerks.pass_to(COMPLETES_ON)
    assert await clerks.state(old) == ["contested"], "the last day is still in time"
    await clerks.pass_to(COMPLETES_ON + timedelta(days=1))

    ended = await clerks.stay(old)
    assert (ended["state"], ended["ending"], ended["ended_on"]) == ("ended", "by_default", MOVED)
    assert await clerks.state(new) == ["open"]
    assert (await clerks.transfer(somebody))["state"] == "completed_by_default"


async def test_departure_before_arrival_leaves_the_person_in_transit(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)

    await clerks.leave(somebody, A, MOVED, "江苏省淮安市清江浦区")

    assert await clerks.state(old) == ["ended"]
    under_way = await clerks.transfer(somebody)
    assert (under_way["state"], under_way["since"], under_way["reached_stay"]) == ("departed_open", MOVED, None)
    assert await clerks.tasks(somebody, B[:6]) == ["expect_arrival"]

    new = await clerks.arrive(somebody, B, "2026-06-20")

    matched = await clerks.transfer(somebody)
    assert (matched["state"], matched["redirected"], matched["since"]) == ("matched", False, MOVED)
    assert await clerks.tasks(somebody, B[:6]) == ["receive_notice"], "who was expected is there"
    assert (await clerks.notice(somebody, B[:6]))["notice"]["state"] == "sent", "met, not released"
    notice = await clerks.notice(somebody, A)
    await clerks.say(A, f"/notices/{notice['notice']['notice_id']}/answer", {"state": "received"})
    assert (await clerks.transfer(somebody))["state"] == "completed"
    assert await clerks.state(old, new) == ["ended", "open"]
    assert (await clerks.stay(old))["ended_on"] == MOVED, "what was declared stands"


async def test_departure_with_no_arrival_in_time_is_lost_and_found_again(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    await clerks.leave(somebody, A, "2026-08-31", "江苏省淮安市清江浦区")

    await clerks.pass_to(date(2026, 11, 29))
    under_way = (await clerks.transfer(somebody))["state"]
    await clerks.pass_to(date(2026, 11, 30))

    assert (under_way, (await clerks.transfer(somebody))["state"]) == ("departed_open", "lost")
    assert (await clerks.stay(old))["trace_lost_on"] == "2026-11-30"
    assert "trace_person" in await clerks.tasks(somebody, A)

    await clerks.arrive(somebody, B, "2026-11-30")

    assert (await clerks.stay(old))["trace_lost_on"] is None
    assert (await clerks.transfer(somebody))["state"] == "matched"
    assert "trace_person" not in await clerks.tasks(somebody, A)


async def double_arrival(clerks: Clerks, somebody: Somebody) -> tuple[str, str, str]:
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    one = await clerks.arrive(somebody, B, "2026-06-15")
    other = await clerks.arrive(somebody, ELSEWHERE, "2026-06-16")
    return old, one, other


async def test_double_arrival_is_raised_to_both_urgently_and_the_loser_is_retracted(clerks: Clerks) -> None:
    somebody = Somebody()
    _, loser, current = await double_arrival(clerks, somebody)

    raised = [await clerks.conflicts(somebody, street) for street in (B, ELSEWHERE)]

    assert [[one["kind"] for one in found] for found in raised] == [["double_arrival"]] * 2
    assert await clerks.state(loser, current) == ["contested", "open"]
    assert (await clerks.notice(somebody, B))["notice"]["urgency"] == "urgent"
    assert "resolve_conflict" in await clerks.tasks(somebody, B)
    assert "resolve_conflict" in await clerks.tasks(somebody, ELSEWHERE)

    name = raised[0][0]["conflict_id"]
    retracted = await clerks.say(B, f"/conflicts/{name}/resolution", {"action": "retract", "stay_id": loser})

    assert retracted["state"] == "retracted"
    assert [await clerks.conflicts(somebody, street) for street in (B, ELSEWHERE)] == [[], []]
    assert await clerks.state(current) == ["open"]
    assert "resolve_conflict" not in await clerks.tasks(somebody, ELSEWHERE)


async def test_double_arrival_whose_loser_becomes_a_past_stay(clerks: Clerks) -> None:
    somebody = Somebody()
    _, loser, current = await double_arrival(clerks, somebody)
    (conflict,) = await clerks.conflicts(somebody, B)

    ended = await clerks.say(B, f"/conflicts/{conflict['conflict_id']}/resolution", {"action": "end", "stay_id": loser})

    assert (ended["state"], ended["ended_on"], ended["destination"]) == ("ended", "2026-06-16", ELSEWHERE)
    assert await clerks.conflicts(somebody, ELSEWHERE) == []
    assert await clerks.state(current) == ["open"]


async def test_declared_for_b_but_arrives_at_c_is_redirected_and_bs_expectation_released(clerks: Clerks) -> None:
    somebody = Somebody()
    await clerks.arrive(somebody, A, LIVED_SINCE)
    await clerks.leave(somebody, A, MOVED, "江苏省淮安市清江浦区")
    expected = await clerks.tasks(somebody, B[:6])

    await clerks.arrive(somebody, ELSEWHERE, "2026-06-20")

    assert expected == ["expect_arrival"]
    assert (await clerks.notice(somebody, B[:6]))["notice"]["state"] == "withdrawn"
    assert await clerks.tasks(somebody, B[:6]) == []
    redirected = await clerks.transfer(somebody)
    assert (redirected["state"], redirected["redirected"]) == ("matched", True)


async def test_return_to_a_is_an_ordinary_transfer_that_links_back(clerks: Clerks) -> None:
    somebody = Somebody()
    first = await clerks.arrive(somebody, A, LIVED_SINCE)
    away = await clerks.arrive(somebody, B, MOVED)
    await clerks.say(A, f"/stays/{first}/confirmation")

    back = await clerks.arrive(somebody, A, "2026-08-01")
    await clerks.say(B, f"/stays/{away}/confirmation")

    assert await clerks.state(first, away, back) == ["ended", "ended", "open"]
    moves = [(one["left_stay"], one["reached_stay"], one["returning"]) for one in await clerks.transfers(somebody)]
    assert moves == [(first, away, False), (away, back, True)]
    assert {one["state"] for one in await clerks.transfers(somebody)} == {"completed"}


async def test_move_inside_one_street_is_no_transfer_and_community_counts_move(clerks: Clerks) -> None:
    somebody = Somebody()
    stay = await clerks.arrive(somebody, C, LIVED_SINCE, community="东村")
    residents = await clerks.residents(C)

    await clerks.say(C, f"/stays/{stay}/relocation", {"community": "西村", "dwelling": "rented"})

    assert (await clerks.stay(stay))["community"] == "西村"
    assert await clerks.residents(C) == residents
    counted = {one["community"]: one["residents"] for one in await clerks.get(C, "/communities", street=C)}
    assert (counted.get("东村", 0), counted["西村"]) == (0, 1)
    assert await clerks.transfers(somebody) == []
    timeline = await clerks.get(C, f"/people/{somebody.person_id}/timeline")
    assert [(one["what"], one["detail"]) for one in timeline if one["what"] == "relocated"] == [("relocated", "西村")]


async def test_correction_of_dates_is_a_correcting_fact_and_everything_follows(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    new = await clerks.arrive(somebody, B, MOVED)
    await clerks.say(A, f"/stays/{old}/confirmation")

    corrected = await clerks.say(B, f"/stays/{new}/correction", {"started_on": "2026-02-01"})

    assert corrected["started_on"] == "2026-02-01"
    assert corrected["stay_id"] == new, "a corrected day keeps the stay"
    assert corrected["state"] == "contested", "now A is the later one"
    assert (await clerks.stay(old))["ended_on"] == MOVED, "what A said stands until A corrects it"


async def test_correction_of_the_first_day_is_what_the_left_side_confirms_without_naming_a_day(clerks: Clerks) -> None:
    by_stay, by_notice = Somebody(), Somebody()
    for somebody in (by_stay, by_notice):
        old = await clerks.arrive(somebody, A, LIVED_SINCE)
        new = await clerks.arrive(somebody, B, MOVED)
        await clerks.say(B, f"/stays/{new}/correction", {"started_on": "2026-06-12"})
        notice = (await clerks.transfer(somebody))["notice_id"]
        assert (await clerks.get(A, f"/notices/{notice}"))["notice"]["started_on"] == "2026-06-12"

        if somebody is by_stay:
            await clerks.say(A, f"/stays/{old}/confirmation")
        else:
            await clerks.say(A, f"/notices/{notice}/answer", {"state": "confirmed"})

        assert (await clerks.stay(old))["ended_on"] == "2026-06-12"
        assert (await clerks.transfer(somebody))["state"] == "completed"


async def test_correction_of_the_place_is_a_retraction_and_an_arrival_there(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    wrong = await clerks.arrive(somebody, B, MOVED)

    await clerks.say(B, f"/stays/{wrong}/retraction")
    right = await clerks.arrive(somebody, C, MOVED)

    assert await clerks.state(old, wrong, right) == ["contested", "retracted", "open"]
    assert sorted(one["state"] for one in await clerks.transfers(somebody)) == ["arrived_unmatched", "void"]


async def test_correction_of_a_declared_departure_redirects_it(clerks: Clerks) -> None:
    somebody = Somebody()
    stay = await clerks.arrive(somebody, A, LIVED_SINCE)
    await clerks.leave(somebody, A, MOVED)
    unknown = (await clerks.stay(stay))["destination_kind"]

    await clerks.say(A, f"/stays/{stay}/correction", {"ended_on": "2026-06-10", "destination": B})

    told = await clerks.stay(stay)
    assert (unknown, told["destination_kind"], told["destination"]) == ("unknown", "division", B)
    assert (await clerks.transfer(somebody))["since"] == "2026-06-10"
    assert await clerks.tasks(somebody, B) == ["expect_arrival"]


async def test_duplicate_persons_are_merged_answered_as_aliases_everywhere_and_unmerged(clerks: Clerks) -> None:
    alias, survivor = Somebody(), Somebody()
    old = await clerks.arrive(alias, A, LIVED_SINCE)
    new = await clerks.arrive(survivor, A, MOVED)
    elsewhere = await clerks.arrive(survivor, B, "2026-07-20")

    await clerks.say(A, f"/people/{alias.person_id}/merge", {"into": survivor.person_id})

    files = [await clerks.get(A, f"/people/{one.person_id}") for one in (alias, survivor)]
    assert files[0] == files[1], "an alias is answered like its survivor"
    assert (files[0]["person_id"], files[0]["aliases"]) == (survivor.person_id, [alias.person_id])
    assert {stay["stay_id"] for stay in files[0]["stays"]} == {old, new, elsewhere}
    assert await clerks.state(old, elsewhere) == ["ended", "open"]
    through_alias = await clerks.transfers(alias)
    assert through_alias == await clerks.transfers(survivor)
    assert len(through_alias) == 2

    await clerks.say(A, f"/people/{alias.person_id}/unmerge")

    assert (await clerks.get(A, f"/people/{alias.person_id}"))["person_id"] == alias.person_id
    assert await clerks.state(old, elsewhere) == ["open", "open"]
    assert await clerks.transfers(alias) == []


async def test_duplicate_persons_with_open_stays_in_two_streets_are_a_conflict(clerks: Clerks) -> None:
    alias, survivor = Somebody(), Somebody()
    old = await clerks.arrive(alias, A, LIVED_SINCE)
    new = await clerks.arrive(survivor, B, MOVED)
    async with clerks.instance.client("registration", "clerk", "32") as clerk:
        merged = await clerk.post(f"/people/{alias.person_id}/merge", json={"into": survivor.person_id})
    await clerks.whole()

    assert merged.status_code == 200, merged.text
    assert await clerks.state(old, new) == ["contested", "open"]
    raised = await clerks.get("32", "/conflicts", division="32")
    about = [one for one in raised["conflicts"] if {old, new} == set(one["stays"])]
    assert [one["kind"] for one in about] == ["double_arrival"]


async def test_death_ends_every_stay_voids_open_transfers_and_can_be_retracted(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    new = await clerks.arrive(somebody, B, MOVED)

    await clerks.say(B, f"/people/{somebody.person_id}/death", {"died_on": "2026-08-01"})

    told = [await clerks.stay(stay) for stay in (old, new)]
    assert [(stay["state"], stay["ending"], stay["ended_on"]) for stay in told] == [
        ("ended", "by_default", MOVED),
        ("ended", "died", "2026-08-01"),
    ]
    assert (await clerks.transfer(somebody))["state"] == "void"
    assert await clerks.tasks(somebody, A) == []

    await clerks.say(B, f"/people/{somebody.person_id}/death/retraction")

    assert await clerks.state(old, new) == ["contested", "open"]
    assert (await clerks.transfer(somebody))["state"] == "arrived_unmatched"
    assert await clerks.tasks(somebody, A) == ["check_stay", "receive_notice"]


async def test_death_voids_who_is_under_way(clerks: Clerks) -> None:
    somebody = Somebody()
    await clerks.arrive(somebody, A, LIVED_SINCE)
    await clerks.leave(somebody, A, MOVED, "江苏省淮安市清江浦区")

    await clerks.say(A, f"/people/{somebody.person_id}/death", {"died_on": "2026-06-18"})

    assert (await clerks.transfer(somebody))["state"] == "void"
    assert await clerks.tasks(somebody, B[:6]) == []


async def test_death_then_an_arrival_after_it_is_a_conflict(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    await clerks.say(A, f"/people/{somebody.person_id}/death", {"died_on": "2026-06-01"})

    after = await clerks.arrive(somebody, B, MOVED)

    assert (await clerks.stay(old))["ended_on"] == "2026-06-01"
    assert (await clerks.stay(after))["contest"] == "died"
    (conflict,) = await clerks.conflicts(somebody, B)
    assert conflict["kind"] == "stay_after_death"
    resolution = {"action": "retract", "stay_id": after}
    await clerks.say(B, f"/conflicts/{conflict['conflict_id']}/resolution", resolution)
    assert await clerks.conflicts(somebody, B) == []


@pytest.mark.parametrize(("destination", "state"), [("境外", "external_closed"), ("老家", "departed_open")])
async def test_destination_outside_is_closed_and_unknown_stays_open(
    clerks: Clerks, destination: str, state: str
) -> None:
    somebody = Somebody()
    stay = await clerks.arrive(somebody, A, LIVED_SINCE)

    await clerks.leave(somebody, A, MOVED, destination)

    assert (await clerks.stay(stay))["destination"] is None
    assert (await clerks.transfer(somebody))["state"] == state
    assert await clerks.notices(somebody, A, "sent") == []


@pytest.mark.parametrize("reason", ["still_here", "not_ours", "no_such_person", "wrong_street", "not_here"])
async def test_a_rejects_and_b_is_told_the_reason_while_a_is_unaffected(clerks: Clerks, reason: str) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    new = await clerks.arrive(somebody, B, MOVED)
    notice = (await clerks.notice(somebody, A))["notice"]["notice_id"]

    await clerks.say(A, f"/notices/{notice}/answer", {"state": "rejected", "reason": reason})

    assert await clerks.state(old, new) == ["open", "open"]
    assert (await clerks.transfer(somebody))["state"] == "disputed"
    told = await clerks.notice(somebody, B, "sent")
    assert (told["answer"]["state"], told["answer"]["reason"]) == ("rejected", reason)
    inquiry = await clerks.notice(somebody, B)
    assert (inquiry["notice"]["kind"], inquiry["notice"]["urgency"]) == ("inquiry", "urgent")
    assert [one["kind"] for one in await clerks.conflicts(somebody, B)] == ["disputed"]


async def test_a_rejects_then_b_retracts_and_the_dispute_is_over(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    new = await clerks.arrive(somebody, B, MOVED)
    notice = (await clerks.notice(somebody, A))["notice"]["notice_id"]
    await clerks.say(A, f"/notices/{notice}/answer", {"state": "rejected", "reason": "still_here"})

    (conflict,) = await clerks.conflicts(somebody, B)
    await clerks.say(B, f"/conflicts/{conflict['conflict_id']}/resolution", {"action": "retract", "stay_id": new})

    assert await clerks.state(old, new) == ["open", "retracted"]
    assert await clerks.conflicts(somebody, B) == []
    assert (await clerks.transfer(somebody))["state"] == "cancelled"
    assert (await clerks.notice(somebody, B))["notice"]["state"] == "withdrawn"


async def test_a_rejects_then_declares_the_departure_after_all(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    await clerks.arrive(somebody, B, MOVED)
    notice = (await clerks.notice(somebody, A))["notice"]["notice_id"]
    await clerks.say(A, f"/notices/{notice}/answer", {"state": "rejected", "reason": "still_here"})

    await clerks.leave(somebody, A, MOVED, "江苏省淮安市清江浦区")

    assert await clerks.state(old) == ["ended"]
    assert await clerks.conflicts(somebody, B) == []
    assert (await clerks.transfer(somebody))["state"] == "completed"


async def test_revoke_after_accept_is_refused_with_the_current_version(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    new = await clerks.arrive(somebody, B, MOVED)
    await clerks.say(A, f"/stays/{old}/confirmation")

    answer = await clerks.post(B, f"/stays/{new}/retraction")

    assert (answer.status_code, answer.json()["code"]) == (409, "accepted_already")
    assert answer.json()["version"] == (await clerks.get(B, f"/stays/{new}"))["version"]
    assert await clerks.state(old, new) == ["ended", "open"]


async def test_household_moves_in_one_report_and_each_member_has_an_own_transfer(clerks: Clerks) -> None:
    head, wife = Somebody(), Somebody()
    wife_typed = {name: wife.typed[name] for name in ("name", "sex", "document_type", "document_number", "birth")}
    members = [{**wife_typed, "relationship": "配偶"}]
    for street, on in ((A, LIVED_SINCE), (B, MOVED)):
        arrived = await clerks.done(
            street, "/arrivals", {**head.typed, "arrived_on": on, "street": street, "members": members}
        )
        head.person_id, wife.person_id = arrived["person_id"], arrived["members"][0]["person_id"]
        clerks.about |= {head.person_id, wife.person_id}
        await clerks.whole()

    assert [(await clerks.transfer(one))["state"] for one in (head, wife)] == ["arrived_unmatched"] * 2

    left = await clerks.leave(head, B, "2026-08-01", "境外", household=True)

    assert [one["person_id"] for one in left["members"]] == [wife.person_id]
    for one in (head, wife):
        assert [move["state"] for move in await clerks.transfers(one)][-1] == "external_closed"


async def test_replay_and_duplicate_have_no_effect_twice(clerks: Clerks) -> None:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    await clerks.arrive(somebody, B, MOVED)
    first = await clerks.say(A, f"/stays/{old}/confirmation")
    journal = clerks.instance.database("registration")["journal"]
    before = await journal.count_documents({"person_id": somebody.person_id})

    again = await clerks.refused(A, f"/stays/{old}/confirmation")
    arrived = await clerks.post(B, "/arrivals", {**somebody.typed, "arrived_on": MOVED, "street": B})
    left = [await clerks.leave(somebody, A, "2026-06-10") for _ in range(2)]
    await clerks.whole()

    assert first["ended_on"] == MOVED
    assert again == (409, "not_contested")
    assert (arrived.status_code, arrived.json()["outcome"]) == (200, "duplicate")
    assert left[0] == left[1]
    assert left[0]["ending"] == "departed", "what the office declares is better than what it confirmed"
    assert await journal.count_documents({"person_id": somebody.person_id}) == before + 1


async def test_late_message_takes_its_place_by_effective_date(clerks: Clerks) -> None:
    somebody = Somebody()
    now = await clerks.arrive(somebody, B, MOVED)

    before = await clerks.arrive(somebody, A, LIVED_SINCE)
    between = await clerks.arrive(somebody, C, "2026-05-01")

    assert await clerks.state(before, between, now) == ["contested", "contested", "open"]
    moves = [(one["left_stay"], one["reached_stay"]) for one in await clerks.transfers(somebody)]
    assert (before, between) in moves
    assert (between, now) in moves


async def test_short_stay_is_registered_but_usual_only_after_half_a_year(clerks: Clerks) -> None:
    somebody = Somebody()
    stay = await clerks.arrive(somebody, A, "2026-08-31")

    file = await clerks.get(A, f"/stays/{stay}")

    assert file["stay"]["state"] == "open"
    assert file["usual_resident_from"] == "2027-02-28"
