"""Lists of transfers, notices, tasks and conflicts on a real MongoDB: by index, in pages, while rows change."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.reference.divisions import Area
from contracts.registration.conflicts import Conflict, ConflictKind, conflict_id
from contracts.registration.notices import Answer, AnswerState, NoticeKind
from contracts.registration.stays import Contest, Stay, StayState
from services.registration.deadlines import Policy
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.listings import ListedKind, NoticeStage
from services.registration.domain.settling import NoticeOwed, Now, make_notice
from services.registration.domain.tasks import derive_tasks
from services.registration.domain.transfers import TransferState, derive_transfers
from services.registration.views.people import KnownPerson, mover_row
from services.registration.views.rows import ANSWERS, answer_row, conflict_row, notice_row, prepare, stay_row
from services.registration.views.transfers import (
    Wanted,
    count_tasks,
    list_conflicts,
    list_done,
    list_notices,
    list_tasks,
    list_transfers,
)
from services.runtime.mongo import Database, Row, write_rows
from tests.support.districts import noon
from tests.support.facts import make_stay

POLICY = Policy.load()
LEFT, REACHED = "320507001", "320812008"
TODAY = date(2026, 9, 1)
EVERY_STATE = tuple(TransferState)
PEOPLE = 47

Lists = Callable[[Database, str, int], Awaitable[tuple[list[Any], str | None]]]


def known(number: int, *, notices: bool = True) -> KnownPerson:
    """Make somebody who moved within three days, which is contested, notified and in conflict."""
    person = f"{number:032x}"
    new = make_stay(person, REACHED, day=2)
    old = make_stay(person, LEFT, day=0).model_copy(
        update={"state": StayState.CONTESTED, "contest": Contest.NEWER_STAY, "contested_by": new.stay_id}
    )
    sent_on = TODAY - timedelta(days=number)
    notice = make_notice(new, NoticeOwed(NoticeKind.ARRIVAL, LEFT, old.stay_id), POLICY, Now(noon(sent_on), sent_on))
    conflicts = tuple(conflict_of(old, new, district) for district in (LEFT[:6], REACHED[:6]))
    knowledge = Knowledge((old, new), (notice,) if notices else (), (), (), conflicts)
    return KnownPerson(person, (person,), knowledge, 4 if notices else 5)


def conflict_of(old: Stay, new: Stay, district: str) -> Conflict:
    ids = tuple(sorted((old.stay_id, new.stay_id)))
    return Conflict(
        conflict_id=conflict_id(ConflictKind.DOUBLE_ARRIVAL, ids),
        district=district,
        kind=ConflictKind.DOUBLE_ARRIVAL,
        person_id=old.person_id,
        stays=ids,
        streets=(LEFT, REACHED),
    )


async def write(database: Database, *people: KnownPerson) -> None:
    rows: list[Row] = []
    for one in people:
        told = one.knowledge
        rows += [stay_row(stay, 1) for stay in told.stays]
        rows += [notice_row(notice, 1) for notice in told.notices]
        rows += [conflict_row(conflict, 1) for conflict in told.conflicts]
        rows.append(mover_row(one.person_id, one, derive_transfers(told), derive_tasks(told), None))
    await write_rows(database, rows)


@pytest.fixture
async def filled(database: Database) -> Database:
    await prepare(database)
    await write(database, *map(known, range(PEOPLE)))
    return database


def transfers(*areas: Area, overdue_by: date | None = None) -> Lists:
    wanted = Wanted(areas, (ListedKind.LEAVING, ListedKind.REACHING), EVERY_STATE, overdue_by)
    return lambda database, cursor, limit: list_transfers(database, wanted, None, cursor, limit)


def notices(*areas: Area, overdue_by: date | None = None) -> Lists:
    wanted = Wanted(areas, (ListedKind.NOTICE_RECEIVED,), (NoticeStage.OPEN,), overdue_by)
    return lambda database, cursor, limit: list_notices(database, wanted, cursor, limit)


def conflicts(*areas: Area) -> Lists:
    return lambda database, cursor, limit: list_conflicts(database, areas, cursor, limit)


def tasks(*areas: Area) -> Lists:
    return lambda database, cursor, limit: list_tasks(database, areas, None, None, cursor, limit)


STREET, DISTRICT, PROVINCE = Area(LEFT), Area(LEFT[:6]), Area("32")
WITHOUT = Area(LEFT[:6], ("320507009",))
LISTS: Mapping[str, Lists] = {
    "transfers of a street": transfers(STREET),
    "transfers of a district": transfers(DISTRICT),
    "transfers of a province": transfers(PROVINCE),
    "transfers of what is left of a district": transfers(WITHOUT),
    "notices of a street": notices(STREET),
    "notices of a district": notices(DISTRICT),
    "conflicts of a street": conflicts(STREET),
    "conflicts of a district": conflicts(DISTRICT),
    "tasks of a street": tasks(STREET),
    "tasks of a district": tasks(DISTRICT),
}
IN_ORDER_OF_THE_INDEX = {
    "transfers of a street", "transfers of a district", "notices of a street", "notices of a district",
}  # fmt: skip


async def every_page(database: Database, listed: Lists, limit: int) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page, cursor = await listed(database, cursor, limit)
        assert len(page) <= limit
        assert page or cursor is None
        found += page
    return found


@pytest.mark.parametrize("name", LISTS)
async def test_every_list_is_read_by_an_index(filled: Database, name: str) -> None:
    await filled.command("profile", 2)

    page, _ = await LISTS[name](filled, "", 5)

    await filled.command("profile", 0)
    reads = [
        told
        async for told in filled["system.profile"].find({"op": {"$in": ["query", "command", "getmore"]}})
        if "planSummary" in told and told["ns"].endswith((".movers", ".conflicts", ".notices", ".answers"))
    ]
    assert page
    assert reads
    assert all("IXSCAN" in told["planSummary"] or "IDHACK" in told["planSummary"] for told in reads), reads
    if name in IN_ORDER_OF_THE_INDEX:
        assert not any(told.get("hasSortStage") for told in reads)


@pytest.mark.parametrize("limit", [1, 10])
@pytest.mark.parametrize("name", LISTS)
async def test_pages_have_everything_once(filled: Database, name: str, limit: int) -> None:
    whole, _ = await LISTS[name](filled, "", 500)

    paged = await every_page(filled, LISTS[name], limit)

    assert paged == whole
    assert len(whole) in {PEOPLE, 3 * PEOPLE}, "tasks: a notice, a stay, a conflict"


@pytest.mark.parametrize("name", LISTS)
async def test_pages_neither_lose_nor_repeat_what_stands_while_others_come_and_go(filled: Database, name: str) -> None:
    first, cursor = await LISTS[name](filled, "", 20)
    assert cursor is not None
    seen, gone = str(first), {0, 1, 2}
    await write(filled, *(known(number, notices=False) for number in gone), *map(known, range(PEOPLE, PEOPLE + 5)))

    rest: list[Any] = []
    following: str | None = cursor
    while following is not None:
        page, following = await LISTS[name](filled, following, 20)
        rest += page

    told = [str(one) for one in rest]
    assert not any(one in seen for one in told), "nothing is repeated"
    assert len(set(told)) == len(told)
    standing = {f"{number:032x}" for number in range(PEOPLE) if number not in gone}
    assert all(any(person in one for one in (seen, *told)) for person in standing), "nothing is lost"


async def test_what_is_past_its_day_is_listed_as_overdue(filled: Database) -> None:
    late = transfers(STREET, overdue_by=TODAY), notices(STREET, overdue_by=TODAY)

    found = [await every_page(filled, listed, 7) for listed in late]

    assert [len(one) for one in found] == [PEOPLE - 31] * 2
    assert all(transfer.due < TODAY for transfer in found[0])


async def test_tasks_are_counted_by_office_and_kind(filled: Database) -> None:
    counted = await count_tasks(filled, (DISTRICT,), TODAY)

    assert [(one["division"], one["kind"], one["tasks"]) for one in counted] == [
        (LEFT, kind, PEOPLE) for kind in ("check_stay", "receive_notice", "resolve_conflict")
    ]
    assert {one["kind"]: one["overdue"] for one in counted}["receive_notice"] == PEOPLE - 31
    assert {one["kind"]: one["urgent"] for one in counted}["resolve_conflict"] == PEOPLE


DONE_ON = date(2026, 9, 3)


def answer(number: int, at: datetime, by: str = LEFT) -> Answer:
    received_at, answered_at = (at, None) if number % 2 else (at - timedelta(days=4), at)
    return Answer(
        notice_id=f"{number:032x}",
        person_id=f"{number:032x}",
        answerer=by,
        sender=REACHED,
        state=AnswerState.RECEIVED if number % 2 else AnswerState.CONFIRMED,
        received_at=received_at,
        answered_at=answered_at,
    )


async def test_what_was_done_on_a_day_is_listed_in_pages_and_nothing_else_is_fetched(database: Database) -> None:
    await prepare(database)
    begins = datetime(2026, 9, 2, 16, tzinfo=UTC)
    of_the_day = [answer(number, begins + timedelta(minutes=110 * number)) for number in range(13)]
    just_outside = [
        answer(20, begins - timedelta(milliseconds=1)),
        answer(21, begins + timedelta(days=1)),
        answer(22, begins, by="320507002"),
    ]
    others = [answer(number, begins - timedelta(days=9)) for number in range(100, 400)]
    await write_rows(database, [answer_row(each, 1) for each in (*of_the_day, *just_outside, *others)])

    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page, cursor = await list_done(database, (STREET,), DONE_ON, cursor, 5)
        found += [task.notice_id for task in page]
    district, _ = await list_done(database, (DISTRICT,), DONE_ON, "", 100)

    assert found == [each.notice_id for each in of_the_day]
    assert {task.notice_id for task in district} == {*found, just_outside[2].notice_id}
    await database.command("profile", 2)
    await list_done(database, (STREET,), DONE_ON, "", 100)
    await database.command("profile", 0)
    [profiled] = [each async for each in database["system.profile"].find({"ns": {"$regex": f"{ANSWERS}$"}})]
    assert profiled["docsExamined"] <= len(of_the_day) + 1
