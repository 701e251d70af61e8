"""A street puts up a board, changes it late, hands out handbooks, and is refused what can't be."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from contracts.outreach.materials import MaterialReceived
from deploy.local.stack import Stack
from services.outreach.views.residents import resident_row
from services.runtime.mongo import write_rows
from tests.support.asking import post
from tests.support.facts import make_stay
from tests.support.instance import Instance, eventually, running_instance
from tests.support.pictures import photo
from tests.support.samples import sample_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STREET, ELSEWHERE = "320507001", "320812008"
FAMILY, SINGLE, OTHERS = "f" * 32, "a" * 32, "e" * 32
BOARD = {"street": STREET, "place": "社区门口", "setting": "outdoors", "area": 2.4, "installed_on": "2026-01-05"}
HANDBOOK = {"street": STREET, "kind": "handbook", "topic": "核心信息19条", "edition": "2026"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ("outreach",), clock=lambda: NOW) as instance:
        stays = [
            make_stay("b" * 32, STREET, household_id=FAMILY),
            make_stay("c" * 32, STREET, household_id=FAMILY),
            make_stay(SINGLE, STREET),
            make_stay("d" * 32, ELSEWHERE, household_id=OTHERS),
        ]
        await write_rows(instance.database("outreach"), [resident_row(stay, 1) for stay in stays])
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("outreach", "health_worker", STREET) as client:
        yield client


async def listed(client: httpx.AsyncClient, **changes: Any) -> str:
    """List a handbook of five copies and return its id."""
    material = (await post(client, "/materials", **{**HANDBOOK, **changes}))["material"]["material_id"]
    await post(client, f"/materials/{material}/receipts", quantity=5, received_on="2026-02-01")
    return str(material)


async def test_a_board_that_is_not_changed_in_time_is_late(worker: httpx.AsyncClient) -> None:
    board = (await post(worker, "/boards", **BOARD))["board_id"]
    for issue, day in ((1, "2026-02-20"), (2, "2026-06-01")):
        posted = {"issue": issue, "theme": "结核病防治", "changed_on": day}
        again = [await post(worker, f"/boards/{board}/issues", **posted) for _ in range(2)]
        assert again[0] == again[1]

    async def shown() -> Any:
        history = (await worker.get(f"/boards/{board}")).json()
        return history if len(history["issues"]) == 2 else None

    history = await eventually(shown)
    page = (await worker.get("/boards", params={"division": STREET})).json()

    (listed_board,) = [one for one in page["boards"] if one["board"]["board_id"] == board]
    assert (listed_board["last_changed_on"], listed_board["due_on"], listed_board["late"]) == (
        "2026-06-01",
        "2026-08-01",
        True,
    )
    assert history["gaps"] == [
        {"since": "2026-02-20", "due_on": "2026-04-20", "until": "2026-06-01"},
        {"since": "2026-06-01", "due_on": "2026-08-01", "until": "2026-11-20"},
    ]


async def test_a_photo_shows_an_issue_and_what_is_none_is_refused(houniao: Instance, worker: httpx.AsyncClient) -> None:
    board = (await post(worker, "/boards", **{**BOARD, "place": "照相处"}))["board_id"]
    posted = {"issue": 1, "theme": "控烟", "changed_on": "2026-06-01"}
    shown_at = f"/board-issues/{(await post(worker, f'/boards/{board}/issues', **posted))['issue_id']}/photo"
    assert (await worker.get(shown_at)).status_code == 404

    refused = await worker.post(shown_at, files={"file": ("a.jpg", b"no picture")})
    kept = await worker.post(shown_at, files={"file": ("a.jpg", photo())})
    shown = await worker.get(shown_at)
    async with houniao.client("outreach", "health_worker", ELSEWHERE) as neighbour:
        others = [await neighbour.get(shown_at), await neighbour.post(shown_at, files={"file": ("a.jpg", photo())})]

    assert (refused.status_code, kept.status_code) == (422, 201)
    assert kept.json()["photo_id"]
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert b"SecretCamera" not in shown.content
    assert [one.status_code for one in others] == [404, 404]


async def test_a_unit_owes_articles_for_the_quarter(worker: httpx.AsyncClient) -> None:
    body = {"street": STREET, "topic": "秋冬季防病", "submitted_on": "2026-10-08"}
    again = [await post(worker, "/articles", **body) for _ in range(2)]
    assert again[0] == again[1]

    async def counted() -> bool:
        owed = (await worker.get("/articles/owed", params={"division": STREET, "day": "2026-11-20"})).json()
        return bool(owed["units"] == [{"unit": STREET, "articles": 1, "owed": 1}] and owed["wanted"] == 2)

    await eventually(counted)


async def test_supplies_are_counted_by_kind(worker: httpx.AsyncClient) -> None:
    for quantity in (20, 30):
        await post(
            worker, "/supplies", street=STREET, kind="药具", unit="盒", quantity=quantity, issued_on="2026-07-11"
        )

    async def counted() -> bool:
        asked = {"division": STREET, "since": "2026-07-01", "until": "2026-07-31"}
        totals = (await worker.get("/supplies", params=asked)).json()
        return bool(totals == [{"kind": "药具", "unit": "盒", "quantity": 50}])

    await eventually(counted)


async def test_a_board_that_was_taken_down_is_not_late(worker: httpx.AsyncClient) -> None:
    board = (await post(worker, "/boards", **{**BOARD, "place": "老菜场"}))["board_id"]

    await post(worker, f"/boards/{board}/removal", removed_on="2026-02-01")

    assert (await worker.get(f"/boards/{board}")).json()["late"] is False


async def test_every_household_gets_one_handbook(worker: httpx.AsyncClient) -> None:
    material = await listed(worker)
    without = "/households/without-handbook"
    asked = {"street": STREET, "material": material}
    before = (await worker.get(without, params=asked)).json()
    assert before == {"households": [SINGLE, FAMILY], "looked_at": 2, "cursor": None}

    key, copy = {"Idempotency-Key": "one"}, {"quantity": 1, "handed_out_on": "2026-03-01", "household_id": FAMILY}
    handed = [await worker.post(f"/materials/{material}/handouts", json=copy, headers=key) for _ in range(2)]
    twice = await worker.post(f"/materials/{material}/handouts", json=copy)

    assert [one.json()["stock"] for one in handed] == [4, 4], "the same request again hands out nothing"
    assert (twice.status_code, twice.json()["code"]) == (409, "household_has_one")

    async def left() -> bool:
        return bool((await worker.get(without, params=asked)).json()["households"] == [SINGLE])

    await eventually(left)


async def test_no_more_is_handed_out_than_there_is_however_many_do_it_at_once(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    material = await listed(worker, edition="急用")
    body = {"quantity": 1, "handed_out_on": "2026-03-01"}

    answers = await asyncio.gather(
        *(worker.post(f"/materials/{material}/handouts", json=body) for _ in range(12)),
    )

    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"out_of_stock"}
    movements = houniao.database("outreach")["movements"]
    await eventually(lambda: _are(movements, material, 6))


async def _are(movements: Any, material: str, expected: int) -> bool:
    return bool(await movements.count_documents({"material_id": material}) == expected)


async def test_a_movement_whose_writer_died_is_recorded_when_its_material_is_heard(houniao: Instance) -> None:
    journal = houniao.apps["outreach"].state.service.journal
    received = sample_of(MaterialReceived).data

    await journal.record_one(journal.commit(received, causation="a writer that died before it recorded the movement"))

    movements = houniao.database("outreach")["movements"]
    await eventually(lambda: _are(movements, received.material.material_id, 1))


async def test_a_play_is_listed_in_its_period(worker: httpx.AsyncClient) -> None:
    body = {"street": STREET, "kind": "video", "topic": "控烟", "played_on": "2026-05-31", "times": 3, "minutes": 45}
    play = await post(worker, "/plays", **body)

    async def found() -> bool:
        asked = {"division": STREET, "since": "2026-05-01", "until": "2026-05-31"}
        return bool((await worker.get("/plays", params=asked)).json() == [play])

    await eventually(found)


BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("/boards", {**BOARD, "area": 0}, 422, "malformed"),
    ("/boards", {**BOARD, "area": "两平方"}, 422, "malformed"),
    ("/boards", {**BOARD, "installed_on": "2026-11-21"}, 409, "future_date"),
    ("/boards", {**BOARD, "place": "北门", "edition": "2077"}, 422, "unknown_edition"),
    ("/boards", {**BOARD, "street": ELSEWHERE}, 403, "outside_your_division"),
    ("/boards", {**BOARD, "area": 9}, 409, "board_known"),
    ("/boards/{board}/correction", {"setting": "indoors", "area": -1, "installed_on": "2026-01-05"}, 422, "malformed"),
    ("/boards/{board}/issues", {"issue": 8, "theme": "控烟", "changed_on": "2026-01-04"}, 409, "no_board_then"),
    ("/boards/{board}/issues", {"issue": 8, "theme": "控烟", "changed_on": "2026-11-21"}, 409, "future_date"),
    ("/boards/{board}/issues", {"issue": 9, "theme": "电话13812345678", "changed_on": "2026-11-01"}, 422, "malformed"),
    ("/boards/{theirs}/issues", {"issue": 1, "theme": "控烟", "changed_on": "2026-11-01"}, 404, "not_found"),
    ("/boards/{theirs}/removal", {"removed_on": "2026-11-01"}, 404, "not_found"),
    ("/materials/{material}/handouts", {"quantity": 6, "handed_out_on": "2026-11-01"}, 409, "out_of_stock"),
    ("/materials/{material}/handouts", {"quantity": "五本", "handed_out_on": "2026-11-01"}, 422, "malformed"),
    ("/materials/{material}/handouts", {"quantity": 0, "handed_out_on": "2026-11-01"}, 422, "malformed"),
    ("/materials/{material}/handouts", {"quantity": 1, "handed_out_on": "2026-11-21"}, 409, "future_date"),
    (
        "/materials/{material}/handouts",
        {"quantity": 2, "handed_out_on": "2026-11-01", "household_id": FAMILY},
        422,
        "one_per_household",
    ),
    (
        "/materials/{material}/handouts",
        {"quantity": 1, "handed_out_on": "2026-11-01", "household_id": OTHERS},
        422,
        "unknown_household",
    ),
    ("/materials/{nothing}/receipts", {"quantity": 1, "received_on": "2026-11-01"}, 404, "not_found"),
    ("/articles", {"street": STREET, "topic": "控烟", "submitted_on": "2026-11-21"}, 409, "future_date"),
    (
        "/supplies",
        {"street": STREET, "kind": "药具", "unit": "盒", "quantity": 1, "issued_on": "2026-11-21"},
        409,
        "future_date",
    ),
    (
        "/plays",
        {"street": STREET, "kind": "video", "topic": "控烟", "played_on": "2026-11-21", "times": 1, "minutes": 5},
        409,
        "future_date",
    ),
]


async def test_bad_input_is_refused_with_its_code_and_nothing_is_applied(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    own = (await post(worker, "/boards", **BOARD))["board_id"]
    material = await listed(worker, edition="坏输入")
    async with houniao.client("outreach", "health_worker", ELSEWHERE) as neighbour:
        theirs = (await post(neighbour, "/boards", **{**BOARD, "street": ELSEWHERE}))["board_id"]
    ids = {"board": own, "theirs": theirs, "material": material, "nothing": "0" * 32}
    journal = houniao.database("outreach")["journal"]
    before = await journal.count_documents({})

    answers = [await worker.post(path.format(**ids), json=body) for path, body, *_ in BAD]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(status, code) for *_, status, code in BAD]
    assert all(one.json()["detail"] for one in answers)
    assert await journal.count_documents({}) == before


async def test_households_and_places_are_honoured_and_counted(worker: httpx.AsyncClient) -> None:
    school = {"street": STREET, "kind": "school", "title": "采莲小学", "opened_on": "2019-09-01"}
    named = (await post(worker, "/institutions", **school))["institution_id"]
    given = {"street": STREET, "awarded_on": "2026-03-01"}
    happy = await post(worker, "/honours", **given, kind="happy_family", household_id=FAMILY)
    again = await post(worker, "/honours", **given, kind="happy_family", household_id=FAMILY)
    promoting = await post(worker, "/honours", **given, kind="health_promoting_school", institution_id=named)
    refused = [
        (await worker.post("/honours", json={**given, **asked})).json()["code"]
        for asked in (
            {"kind": "happy_family", "institution_id": named},
            {"kind": "smoke_free"},
            {"kind": "happy_family", "household_id": OTHERS},
            {"kind": "smoke_free", "institution_id": "7" * 32},
        )
    ]
    await post(worker, f"/honours/{promoting['honour_id']}/withdrawal", withdrawn_on="2026-08-31")

    async def counted() -> Any:
        counts = (await worker.get("/honours/counts", params={"division": STREET})).json()
        return (counts["happy_family"], counts["health_promoting_school"]) == (1, 0)

    assert happy == again
    assert refused == ["not_for_such", "household_or_institution", "unknown_household", "unknown_institution"]
    assert await eventually(counted)
    listed = (await worker.get("/honours", params={"division": STREET})).json()["honours"]
    assert {one["kind"]: one["withdrawn_on"] for one in listed} == {
        "happy_family": None,
        "health_promoting_school": "2026-08-31",
    }
