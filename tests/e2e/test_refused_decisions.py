"""Every refusal of a decision is reached through HTTP, says its code and the current version, and records nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
import pytest_asyncio

from contracts.refusals import RefusedError
from deploy.local.stack import Stack
from services.registration.domain.errors import (
    AcceptedAlreadyError,
    AlreadyDeadError,
    AnsweredAlreadyError,
    CorrectedAlreadyError,
    DiedBeforeBirthError,
    FutureDayError,
    LeftBeforeArrivingError,
    NamesPersonError,
    NotAskedError,
    NotContestedError,
    NotDeadError,
    NotEndedError,
    NotFoundError,
    NothingToCorrectError,
    NotInConflictError,
    NotLivingHereError,
    NotMergedError,
    NotRegisteredError,
    ResolvedAlreadyError,
    RetractedError,
    SamePersonError,
    StaleError,
    TooManyStaysError,
    WithdrawnError,
)
from services.runtime.requests import IdempotencyMismatchError
from tests.support.clerks import ELSEWHERE, A, B, C, Clerks, Somebody, clerks_at_work
from tests.support.refusals import errors_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIVED_SINCE, MOVED = "2026-03-01", "2026-06-15"
NOBODY = "0" * 32


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Clerks]:
    async with clerks_at_work(stack) as clerks:
        yield clerks


@pytest.fixture
def clerks(houniao: Clerks) -> Clerks:
    houniao.about.clear()
    return houniao


class Asked(NamedTuple):
    """A request that is to be refused."""

    division: str
    path: str
    body: Any = None
    key: str | None = None


class Moved(NamedTuple):
    """Somebody who lived at A and arrived at B: A's stay is contested, and A has a notice."""

    somebody: Somebody
    old: str
    new: str
    notice: str


async def moved(clerks: Clerks, on: str = MOVED) -> Moved:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    new = await clerks.arrive(somebody, B, on)
    return Moved(somebody, old, new, (await clerks.notice(somebody, A))["notice"]["notice_id"])


async def living(clerks: Clerks, street: str = A) -> tuple[Somebody, str]:
    somebody = Somebody()
    return somebody, await clerks.arrive(somebody, street, LIVED_SINCE)


async def retracted(clerks: Clerks) -> str:
    _, stay = await living(clerks)
    await clerks.say(A, f"/stays/{stay}/retraction")
    return stay


async def doubled(clerks: Clerks) -> tuple[Somebody, str, str, str]:
    somebody = Somebody()
    one = await clerks.arrive(somebody, B, "2026-06-15")
    other = await clerks.arrive(somebody, ELSEWHERE, "2026-06-16")
    (conflict,) = await clerks.conflicts(somebody, B)
    return somebody, one, other, conflict["conflict_id"]


async def nothing_there(clerks: Clerks) -> Asked:
    return Asked(A, f"/stays/{NOBODY}/retraction")


async def nobody_registered(clerks: Clerks) -> Asked:
    somebody, _ = await living(clerks)
    typed = {name: somebody.typed[name] for name in ("document_type", "document_number")}
    return Asked(C, "/departures", {**typed, "left_on": "2026-06-01", "street": C})


async def left_before_arriving(clerks: Clerks) -> Asked:
    story = await moved(clerks)
    return Asked(A, f"/stays/{story.old}/confirmation", {"left_on": "2026-02-28"})


async def a_day_to_come(clerks: Clerks) -> Asked:
    story = await moved(clerks)
    return Asked(A, f"/notices/{story.notice}/answer", {"state": "confirmed", "left_on": "2026-09-02"})


async def living_there_no_more(clerks: Clerks) -> Asked:
    somebody, stay = await living(clerks)
    await clerks.leave(somebody, A, MOVED)
    return Asked(A, f"/stays/{stay}/relocation", {"community": "西村"})


async def community_named_after_the_person(clerks: Clerks) -> Asked:
    somebody, stay = await living(clerks)
    return Asked(A, f"/stays/{stay}/relocation", {"community": f"{somebody.typed['name']}家"})


async def retracted_already(clerks: Clerks) -> Asked:
    return Asked(A, f"/stays/{await retracted(clerks)}/correction", {"started_on": "2026-03-02"})


async def nothing_to_correct(clerks: Clerks) -> Asked:
    _, stay = await living(clerks)
    return Asked(A, f"/stays/{stay}/correction", {"started_on": LIVED_SINCE})


async def never_left(clerks: Clerks) -> Asked:
    _, stay = await living(clerks)
    return Asked(A, f"/stays/{stay}/correction", {"destination": B})


async def never_contested(clerks: Clerks) -> Asked:
    _, stay = await living(clerks)
    return Asked(A, f"/stays/{stay}/confirmation")


async def accepted_by_the_other(clerks: Clerks) -> Asked:
    story = await moved(clerks)
    await clerks.done(A, f"/stays/{story.old}/confirmation")
    return Asked(B, f"/stays/{story.new}/retraction")


async def answered_already(clerks: Clerks) -> Asked:
    story = await moved(clerks)
    await clerks.say(A, f"/notices/{story.notice}/answer", {"state": "confirmed"})
    return Asked(A, f"/notices/{story.notice}/answer", {"state": "rejected", "reason": "still_here"})


async def withdrawn_by_the_sender(clerks: Clerks) -> Asked:
    story = await moved(clerks)
    await clerks.say(B, f"/stays/{story.new}/retraction")
    return Asked(A, f"/notices/{story.notice}/answer", {"state": "confirmed"})


async def asked_by_nobody(clerks: Clerks) -> Asked:
    story = await moved(clerks)
    return Asked(B, f"/inquiries/{story.notice}/withdrawal")


async def resolved_already(clerks: Clerks) -> Asked:
    _, one, other, name = await doubled(clerks)
    await clerks.say(B, f"/conflicts/{name}/resolution", {"action": "retract", "stay_id": one})
    return Asked(ELSEWHERE, f"/conflicts/{name}/resolution", {"action": "retract", "stay_id": other})


async def another_stay(clerks: Clerks) -> Asked:
    somebody, _, _, name = await doubled(clerks)
    earlier = await clerks.arrive(somebody, B, LIVED_SINCE)
    return Asked(B, f"/conflicts/{name}/resolution", {"action": "retract", "stay_id": earlier})


async def dead_already(clerks: Clerks) -> Asked:
    somebody, _ = await living(clerks)
    await clerks.say(A, f"/people/{somebody.person_id}/death", {"died_on": MOVED})
    return Asked(A, f"/people/{somebody.person_id}/death", {"died_on": "2026-06-16"})


async def alive(clerks: Clerks) -> Asked:
    somebody, _ = await living(clerks)
    return Asked(A, f"/people/{somebody.person_id}/death/retraction")


async def dead_before_birth(clerks: Clerks) -> Asked:
    somebody, _ = await living(clerks)
    return Asked(A, f"/people/{somebody.person_id}/death", {"died_on": "1950-01-01"})


async def merged_in_a_circle(clerks: Clerks) -> Asked:
    (one, _), (other, _) = await living(clerks), await living(clerks)
    await clerks.done(A, f"/people/{one.person_id}/merge", {"into": other.person_id})
    return Asked(A, f"/people/{other.person_id}/merge", {"into": one.person_id})


async def never_merged(clerks: Clerks) -> Asked:
    somebody, _ = await living(clerks)
    return Asked(A, f"/people/{somebody.person_id}/unmerge")


async def another_body_under_the_key(clerks: Clerks) -> Asked:
    _, stay = await living(clerks)
    key = uuid4().hex
    await clerks.done(A, f"/stays/{stay}/relocation", {"community": "西村"}, key)
    return Asked(A, f"/stays/{stay}/relocation", {"community": "东村"}, key)


async def a_stale_form(clerks: Clerks) -> Asked:
    story = await moved(clerks)
    return Asked(A, f"/stays/{story.old}/relocation", {"community": "西村", "version": 1})


STATUSES = {"not_found": 404, "future_date": 422, "names_person": 422, "idempotency_mismatch": 422}

SCENARIOS: Mapping[type[RefusedError], Callable[[Clerks], Awaitable[Asked]]] = {
    NotFoundError: nothing_there,
    NotRegisteredError: nobody_registered,
    LeftBeforeArrivingError: left_before_arriving,
    FutureDayError: a_day_to_come,
    NotLivingHereError: living_there_no_more,
    RetractedError: retracted_already,
    NothingToCorrectError: nothing_to_correct,
    NamesPersonError: community_named_after_the_person,
    NotEndedError: never_left,
    NotContestedError: never_contested,
    AcceptedAlreadyError: accepted_by_the_other,
    AnsweredAlreadyError: answered_already,
    WithdrawnError: withdrawn_by_the_sender,
    NotAskedError: asked_by_nobody,
    ResolvedAlreadyError: resolved_already,
    NotInConflictError: another_stay,
    AlreadyDeadError: dead_already,
    NotDeadError: alive,
    DiedBeforeBirthError: dead_before_birth,
    SamePersonError: merged_in_a_circle,
    NotMergedError: never_merged,
    IdempotencyMismatchError: another_body_under_the_key,
    StaleError: a_stale_form,
}


OF_SHEETS = {CorrectedAlreadyError, TooManyStaysError}
"""What is no decision about anybody, and tried where it arises: test_refused_rows.py, test_lists_of_stays.py."""
DECISIONS = [error for error in errors_of("registration") if error not in OF_SHEETS]


@pytest.mark.parametrize("refusal", [*DECISIONS, IdempotencyMismatchError], ids=lambda refusal: str(refusal.code))
async def test_every_refused_decision_says_its_code_and_records_nothing(
    clerks: Clerks, refusal: type[RefusedError]
) -> None:
    asked = await SCENARIOS[refusal](clerks)
    await clerks.whole()
    journal = clerks.instance.database("registration")["journal"]
    before = await journal.count_documents({})

    answer = await clerks.post(*asked)

    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert (answer.status_code, answer.json()["code"]) == (STATUSES.get(refusal.code, 409), refusal.code)
    assert answer.json()["detail"], "a refusal says what to do"
    assert await journal.count_documents({}) == before


async def test_a_stale_form_is_told_the_current_version_and_goes_through_with_it(clerks: Clerks) -> None:
    asked = await a_stale_form(clerks)

    stale = await clerks.post(*asked)
    again = await clerks.post(asked.division, asked.path, {**asked.body, "version": stale.json()["version"]})

    assert (stale.status_code, stale.json()["code"], stale.json()["version"]) == (409, "stale", 2)
    assert again.status_code == 200, again.text


async def test_a_stale_answer_is_told_the_current_version(clerks: Clerks) -> None:
    story = await moved(clerks)
    path = f"/notices/{story.notice}/answer"
    received = await clerks.done(A, path, {"state": "received", "version": 0})

    stale = await clerks.post(A, path, {"state": "confirmed", "version": 0})

    assert received["version"] == 1
    assert (stale.status_code, stale.json()["code"], stale.json()["version"]) == (409, "stale", 1)
    assert (await clerks.get(A, f"/notices/{story.notice}"))["answer"]["state"] == "received"


async def test_what_is_not_the_callers_is_refused(clerks: Clerks) -> None:
    story = await moved(clerks)
    somebody, _, other, conflict = await doubled(clerks)
    answer = {"state": "confirmed"}
    resolution = {"action": "retract", "stay_id": other}

    refusals = {
        "answering a notice that one sent": await clerks.refused(B, f"/notices/{story.notice}/answer", answer),
        "answering a notice of others": await clerks.refused(C, f"/notices/{story.notice}/answer", answer),
        "answering for another street": await clerks.refused(ELSEWHERE, f"/notices/{story.notice}/answer", answer),
        "confirming for another street": await clerks.refused(B, f"/stays/{story.old}/confirmation"),
        "retracting another's stay": await clerks.refused(A, f"/stays/{story.new}/retraction"),
        "resolving with another's stay": await clerks.refused(B, f"/conflicts/{conflict}/resolution", resolution),
        "resolving a conflict of others": await clerks.refused(A, f"/conflicts/{conflict}/resolution", resolution),
        "a death of somebody else's": await clerks.refused(
            A, f"/people/{somebody.person_id}/death", {"died_on": MOVED}
        ),
        "merging somebody of others": await clerks.refused(
            A, f"/people/{story.somebody.person_id}/merge", {"into": somebody.person_id}
        ),
        "asking in another's name": await clerks.refused(
            C, "/inquiries", {"street": A, "addressee": B, "person_id": somebody.person_id}
        ),
        "withdrawing what others asked": await clerks.refused(C, f"/inquiries/{story.notice}/withdrawal"),
    }

    assert {what: status for what, (status, _) in refusals.items()} == {
        "answering a notice that one sent": 403,
        "answering a notice of others": 404,
        "answering for another street": 404,
        "confirming for another street": 404,
        "retracting another's stay": 404,
        "resolving with another's stay": 403,
        "resolving a conflict of others": 404,
        "a death of somebody else's": 404,
        "merging somebody of others": 404,
        "asking in another's name": 403,
        "withdrawing what others asked": 404,
    }
    assert await clerks.state(story.old, story.new) == ["contested", "open"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/stays/{old}/correction", {"started_on": None}),
        ("/stays/{old}/correction", {"ended_on": "2026-02-30"}),
        ("/stays/{old}/correction", {"destination": "nowhere"}),
        ("/notices/{notice}/answer", {"state": "rejected"}),
        ("/notices/{notice}/answer", {"state": "confirmed", "reason": "still_here"}),
        ("/notices/{notice}/answer", {"state": "perhaps"}),
        ("/conflicts/{notice}/resolution", {"action": "forget", "stay_id": NOBODY}),
    ],
)
async def test_what_is_malformed_is_refused_by_field(clerks: Clerks, path: str, body: dict[str, Any]) -> None:
    story = await moved(clerks)

    refusal = await clerks.refused(A, path.format(old=story.old, notice=story.notice), body)

    assert refusal == (422, "malformed")


Race = Callable[[Moved], list[Asked]]

RACES: Mapping[str, Race] = {
    "confirm twice": lambda story: [Asked(A, f"/stays/{story.old}/confirmation")] * 4,
    "confirm and reject": lambda story: [
        Asked(A, f"/notices/{story.notice}/answer", {"state": "confirmed"}),
        Asked(A, f"/notices/{story.notice}/answer", {"state": "rejected", "reason": "still_here"}),
    ],
    "retract twice": lambda story: [Asked(B, f"/stays/{story.new}/retraction")] * 4,
    "correct differently over one form": lambda story: [
        Asked(B, f"/stays/{story.new}/correction", {"version": 1, "started_on": f"2026-06-{day}"})
        for day in (16, 17, 18)
    ],
    "die on different days": lambda story: [
        Asked(B, f"/people/{story.somebody.person_id}/death", {"died_on": f"2026-08-{day}"}) for day in (10, 11, 12)
    ],
}


@pytest.mark.parametrize("race", RACES)
async def test_of_two_clerks_at_once_exactly_one_wins(clerks: Clerks, race: str) -> None:
    story = await moved(clerks)

    answers = await asyncio.gather(*(clerks.post(*asked) for asked in RACES[race](story)))

    await clerks.whole()
    won = [answer for answer in answers if answer.status_code < 300]
    assert len(won) == 1, [answer.text for answer in answers]
    assert {answer.status_code for answer in answers if answer not in won} == {409}


async def test_a_confirmation_and_a_retraction_at_once_end_in_one_mind(clerks: Clerks) -> None:
    story = await moved(clerks)

    confirmed, taken_back = await asyncio.gather(
        clerks.post(A, f"/stays/{story.old}/confirmation"), clerks.post(B, f"/stays/{story.new}/retraction")
    )

    await clerks.whole()
    assert {confirmed.status_code, taken_back.status_code} <= {200, 409}
    states = await clerks.state(story.old, story.new)
    both = confirmed.status_code == taken_back.status_code == 200
    only = ["ended", "open"] if confirmed.status_code == 200 else ["open", "retracted"]
    assert states == (["ended", "retracted"] if both else only)
    if both:
        assert "departed_open" in {one["state"] for one in await clerks.transfers(story.somebody)}, "A said who left"


async def test_the_same_request_at_once_gets_the_same_answer_and_is_recorded_once(clerks: Clerks) -> None:
    story = await moved(clerks)
    key = uuid4().hex

    answers = await asyncio.gather(*(clerks.post(A, f"/stays/{story.old}/confirmation", None, key) for _ in range(4)))

    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    assert len({answer.text for answer in answers}) == 1
    journal = clerks.instance.database("registration")["journal"]
    assert await journal.count_documents({"stream": f"answer/{story.notice}"}) == 1


async def with_key(clerks: Clerks) -> list[Asked]:
    """Return one request of every kind that records something, none of which hinders another."""
    story, (left, _), (dead, _) = await moved(clerks), await living(clerks), await living(clerks)
    (alias, _), (survivor, _) = await living(clerks), await living(clerks)
    other, _, (_, mistaken) = await moved(clerks), await living(clerks), await living(clerks)
    _, one, _, conflict = await doubled(clerks)
    document = {name: left.typed[name] for name in ("document_type", "document_number")}
    inquiry = {"street": B, "addressee": C, "person_id": other.somebody.person_id}
    return [
        Asked(A, "/departures", {**document, "street": A, "left_on": "2026-08-01"}),
        Asked(B, f"/stays/{other.new}/correction", {"purpose": "study"}),
        Asked(B, f"/stays/{other.new}/relocation", {"community": "西村"}),
        Asked(A, f"/stays/{mistaken}/retraction"),
        Asked(A, f"/stays/{story.old}/confirmation"),
        Asked(A, f"/notices/{other.notice}/answer", {"state": "received"}),
        Asked(B, "/inquiries", inquiry),
        Asked(A, f"/people/{dead.person_id}/death", {"died_on": "2026-08-01"}),
        Asked(A, f"/people/{dead.person_id}/death/retraction"),
        Asked(A, f"/people/{alias.person_id}/merge", {"into": survivor.person_id}),
        Asked(A, f"/people/{alias.person_id}/unmerge"),
        Asked(B, f"/conflicts/{conflict}/resolution", {"action": "retract", "stay_id": one}),
    ]


async def test_every_request_with_a_key_gets_the_same_answer_again_even_after_others_changed_it(
    clerks: Clerks,
) -> None:
    requests = [asked._replace(key=uuid4().hex) for asked in await with_key(clerks)]
    first = []
    for asked in requests:
        first.append(await clerks.post(*asked))
        await clerks.whole()
    journal = clerks.instance.database("registration")["journal"]
    before = await journal.count_documents({})

    again = [await clerks.post(*asked) for asked in requests]

    assert {answer.status_code for answer in first} <= {200, 201}, [answer.text for answer in first]
    for asked, one, other in zip(requests, first, again, strict=True):
        assert (other.status_code, other.json()) == (one.status_code, one.json()), asked.path
    assert await journal.count_documents({}) == before
