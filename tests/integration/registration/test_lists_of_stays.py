"""Lists of stays: filtered, sorted, counted and as a workbook; by an index, so that no other stay is fetched."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio
from python_calamine import CalamineWorkbook

from contracts.reference.divisions import Area
from contracts.reference.identity import Sex
from contracts.registration.stays import Stay, StayState
from deploy.local.stack import Stack
from services.registration.api import stay_lists
from services.registration.domain.arrivals import Dwelling, Purpose
from services.registration.views.rows import STAYS, stay_row
from services.registration.views.stays import Order, Wanted
from services.runtime.mongo import write_rows
from tests.support.facts import make_stay
from tests.support.instance import Instance, running_instance

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREETS = ("320507001", "320507002", "320507003", "320812008")
DISTRICT = "320507"

COMMUNITIES = ("东门社区", "西村", None)
ORIGINS = ("341200", "341282", "410000", None)
HOUSEHOLD = "a" * 32


def population() -> list[Stay]:
    """Make stays that differ in all that lists are filtered by, and share days."""
    return [
        make_stay(
            f"{number:032x}",
            STREETS[number % 4],
            number * 7 % 60,
            state=(StayState.OPEN, StayState.OPEN, StayState.RETRACTED)[number % 3],
            community=COMMUNITIES[number // 4 % 3],
            origin=ORIGINS[number // 5 % 4],
            birth=date(1980, 1, 1) if number % 2 else None,
            sex=Sex.FEMALE,
            purpose=Purpose.LABOUR,
            dwelling=Dwelling.RENTED,
            household_id=HOUSEHOLD if number in {40, 44, 48} else None,
        )
        for number in range(480)
    ]


EVERYBODY = population()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def registration(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["registration"]) as instance:
        await write_rows(instance.database("registration"), [stay_row(stay, 1) for stay in EVERYBODY])
        yield instance


async def ask(registration: Instance, path: str, scope: str = DISTRICT, **query: Any) -> Any:
    async with registration.client("registration", "district", scope) as client:
        return await client.get(path, params={"division": scope, **query})


async def read_all(registration: Instance, limit: int, **query: Any) -> list[str]:
    """Read a list to its end; return the ids of its stays."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await ask(registration, "/stays", limit=limit, cursor=cursor, **query)
        assert page.status_code == 200, page.text
        found += [stay["stay_id"] for stay in page.json()["stays"]]
        cursor = page.json()["cursor"]
    return found


FILTERS: list[tuple[dict[str, str], Callable[[Stay], bool]]] = [
    ({}, lambda _: True),
    ({"state": "open"}, lambda stay: stay.state is StayState.OPEN),
    ({"community": "东门社区"}, lambda stay: stay.community == "东门社区"),
    ({"community": " 西村 "}, lambda stay: stay.community == "西村"),
    ({"origin": "34"}, lambda stay: str(stay.origin).startswith("34")),
    ({"origin": "341282"}, lambda stay: stay.origin == "341282"),
    ({"origin": "410000"}, lambda stay: stay.origin == "410000"),
    ({"since": "2026-02-01"}, lambda stay: stay.started_on >= date(2026, 2, 1)),
    ({"until": "2026-01-20"}, lambda stay: stay.started_on <= date(2026, 1, 20)),
    (
        {"since": "2026-01-10", "until": "2026-01-20", "community": "西村", "state": "retracted"},
        lambda stay: (
            date(2026, 1, 10) <= stay.started_on <= date(2026, 1, 20)
            and stay.community == "西村"
            and stay.state is StayState.RETRACTED
        ),
    ),
    ({"household": HOUSEHOLD}, lambda stay: stay.household_id == HOUSEHOLD),
    ({"community": "南门"}, lambda _: False),
]
ORDERS: dict[Order, Callable[[Stay], tuple[Any, ...]]] = {
    "street": lambda stay: (stay.street, stay.stay_id),
    "oldest": lambda stay: (stay.started_on, stay.stay_id),
    "newest": lambda stay: (stay.started_on, stay.stay_id),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("query", "fits"), FILTERS)
async def test_a_list_has_what_fits_in_order_and_the_total(
    registration: Instance, order: Order, query: dict[str, str], fits: Callable[[Stay], bool]
) -> None:
    here = [stay for stay in EVERYBODY if stay.street.startswith(DISTRICT) and fits(stay)]
    expected = [stay.stay_id for stay in sorted(here, key=ORDERS[order], reverse=order == "newest")]

    found = await read_all(registration, 37, sort=order, **query)
    page = await ask(registration, "/stays", limit=1, sort=order, total=True, **query)

    assert found == expected
    assert page.json()["total"] == len(expected)


@pytest.mark.parametrize("limit", [1, 4, 90, 500])
async def test_pages_of_any_size_show_each_stay_of_a_day_once(registration: Instance, limit: int) -> None:
    found = await read_all(registration, limit, sort="newest", since="2026-02-20")

    assert found == await read_all(registration, 500, sort="newest", since="2026-02-20")
    assert len(found) == len(set(found)) > 10


async def test_the_total_is_told_only_where_it_is_asked_for(registration: Instance) -> None:
    assert (await ask(registration, "/stays")).json()["total"] is None


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "wanted",
    [
        {"state": StayState.OPEN},
        {"community": "东门社区"},
        {"origin": "34"},
        {"since": date(2026, 1, 20), "until": date(2026, 1, 25)},
        {"household_id": HOUSEHOLD},
    ],
    ids=str,
)
async def test_no_stay_is_fetched_that_is_not_shown(
    registration: Instance, order: Order, wanted: dict[str, Any]
) -> None:
    """Keys of the index are passed over, stays are not: a page of ten costs ten of them, whatever it is filtered by."""
    database = registration.database("registration")
    asked = Wanted((Area(DISTRICT),), **wanted)
    query, direction = asked.query(), -1 if order == "newest" else 1
    if order != "street":
        query["street"] = {"$in": await database[STAYS].distinct("street", {"street": query["street"]})}
    first = "street" if order == "street" else "started_on"

    plan = await database.command(
        "explain",
        {
            "find": STAYS,
            "filter": query,
            "hint": asked.index(order),
            "sort": {first: direction, "_id": direction},
            "limit": 10,
        },
        verbosity="executionStats",
    )

    told = plan["executionStats"]
    assert 0 < told["nReturned"] <= told["totalDocsExamined"] <= told["nReturned"] + len(STREETS)
    if "household_id" not in wanted:
        assert "'stage': 'SORT'" not in str(plan["queryPlanner"]["winningPlan"])


async def test_a_workbook_has_the_same_stays_in_words_and_nobody_by_name(registration: Instance) -> None:
    answer = await ask(registration, "/stays/workbook", community="东门社区", sort="newest")

    headings, *lines = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    column = {heading: [line[place] for line in lines] for place, heading in enumerate(headings)}
    assert column["居住编号 stay"] == await read_all(registration, 500, community="东门社区", sort="newest")
    assert set(column["居住事由 purpose"]) == {"务工"}
    assert set(column["社区 community"]) == {"东门社区"}
    assert set(column["出生年份 born"]) == {"1980", ""}
    assert all(str(later) >= str(earlier) for later, earlier in pairwise(column["来本地日期 arrived on"]))
    assert "attachment" in answer.headers["content-disposition"]


async def test_too_many_stays_for_a_workbook_are_refused(
    registration: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stay_lists, "MOST_IN_A_WORKBOOK", 100)

    answer = await ask(registration, "/stays/workbook")

    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_stays")
    assert (await ask(registration, "/stays/workbook", household=HOUSEHOLD)).status_code == 200


async def test_a_household_is_shown_where_it_lives_alone(registration: Instance) -> None:
    async with (
        registration.client("registration", "clerk", STREETS[0]) as here,
        registration.client("registration", "clerk", STREETS[1]) as next_door,
    ):
        shown, hidden = await here.get(f"/households/{HOUSEHOLD}"), await next_door.get(f"/households/{HOUSEHOLD}")
        unknown = await next_door.get(f"/households/{'b' * 32}")

    members = [stay.person_id for stay in EVERYBODY if stay.household_id == HOUSEHOLD]
    assert sorted(stay["person_id"] for stay in shown.json()["stays"]) == members
    assert (hidden.status_code, hidden.content) == (unknown.status_code, unknown.content)
    assert hidden.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "wrong", [{"sort": "name"}, {"since": "1.3.2026"}, {"origin": "3"}, {"household": "x"}, {"cursor": "x"}]
)
async def test_what_is_no_filter_is_refused(registration: Instance, wrong: dict[str, str]) -> None:
    answer = await ask(registration, "/stays", **wrong)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
