"""The story of one arrival that is reported three times: over HTTP, over RabbitMQ and in a spreadsheet."""

import asyncio
from io import BytesIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from deploy.local.stack import Stack
from services.registration.intake.columns import COLUMNS
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival, office_at

STREET = "320507001"
ARRIVAL = make_arrival()


def workbook(*arrivals: dict[str, str]) -> bytes:
    """Make a register with the usual headings."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(COLUMNS.values()))
        for row, arrival in enumerate(arrivals, start=1):
            sheet.write_row(row, 0, [arrival.get(field, "") for field in COLUMNS])
    return file.getvalue()


async def by_http(houniao: Instance, **headers: str) -> tuple[int, dict[str, Any]]:
    async with houniao.client("registration", "clerk", STREET) as clerk:
        answer = await clerk.post("/arrivals", json={**ARRIVAL, "street": STREET}, headers=headers)
        return answer.status_code, answer.json()


async def by_spreadsheet(houniao: Instance, data: bytes) -> dict[str, Any]:
    async with houniao.client("registration", "clerk", STREET) as clerk:
        files = {"file": ("arrivals.xlsx", data)}
        handed_in = await clerk.post("/imports", data={"street": STREET}, files=files)
        assert handed_in.status_code == 202, handed_in.text

        async def done() -> Any:
            progress = (await clerk.get(f"/imports/{handed_in.json()['import_id']}")).json()
            return progress if progress["state"] == "done" else None

        progress: dict[str, Any] = await eventually(done)
        return progress


async def residents(houniao: Instance) -> int:
    async with houniao.client("registration", "clerk", STREET) as clerk:
        streets = (await clerk.get("/streets", params={"division": STREET})).json()
        return int(streets[0]["residents"])


async def stays(houniao: Instance) -> list[dict[str, Any]]:
    async with houniao.client("registration", "clerk", STREET) as clerk:
        found: list[dict[str, Any]] = (await clerk.get("/stays", params={"division": STREET})).json()["stays"]
        return found


async def test_the_same_arrival_by_three_doors_is_one_stay_and_one_resident(stack: Stack) -> None:
    async with running_instance(stack, ["registration"]) as houniao, office_at(stack, STREET) as office:
        status, first = await by_http(houniao)

        again_status, again = await by_http(houniao)
        over_amqp = await office.report("arrival", ARRIVAL)
        imported = await by_spreadsheet(houniao, workbook(ARRIVAL, ARRIVAL))

        assert (status, first["outcome"]) == (201, "accepted")
        assert (again_status, again["outcome"]) == (200, "duplicate")
        assert over_amqp["outcome"] == "duplicate"
        assert (imported["accepted"], imported["duplicate"], imported["refused"]) == (0, 2, 0)
        assert {first["stay_id"], again["stay_id"], over_amqp["stay_id"]} == {first["stay_id"]}
        assert {first["person_id"], over_amqp["person_id"]} == {first["person_id"]}

        async def one_resident() -> bool:
            return await residents(houniao) == 1

        await eventually(one_resident)
        assert [stay["stay_id"] for stay in await stays(houniao)] == [first["stay_id"]]


async def test_by_whichever_door_it_comes_first_the_others_are_duplicates(stack: Stack) -> None:
    async with running_instance(stack, ["registration"]) as houniao, office_at(stack, STREET) as office:
        over_amqp = await office.report("arrival", ARRIVAL)
        status, over_http = await by_http(houniao)
        imported = await by_spreadsheet(houniao, workbook(ARRIVAL))

        assert over_amqp["outcome"] == "accepted"
        assert (status, over_http["outcome"]) == (200, "duplicate")
        assert (imported["accepted"], imported["duplicate"]) == (0, 1)
        assert over_http["stay_id"] == over_amqp["stay_id"]


async def test_through_all_doors_at_once_exactly_one_is_accepted(stack: Stack) -> None:
    async with running_instance(stack, ["registration"]) as houniao, office_at(stack, STREET) as office:
        over_http, over_amqp, imported = await asyncio.gather(
            by_http(houniao), office.report("arrival", ARRIVAL), by_spreadsheet(houniao, workbook(ARRIVAL))
        )

        outcomes = [over_http[1]["outcome"], over_amqp["outcome"], "accepted" if imported["accepted"] else "duplicate"]
        assert sorted(outcomes) == ["accepted", "duplicate", "duplicate"]
        assert await houniao.database("registration")["journal"].count_documents({}) == 1


async def test_the_same_request_sent_again_gets_the_same_answer(stack: Stack) -> None:
    async with running_instance(stack, ["registration"]), office_at(stack, STREET) as office:
        first = await office.report("arrival", ARRIVAL, message_id="the-same")
        again = await office.report("arrival", ARRIVAL, message_id="the-same")
        other = await office.report("arrival", ARRIVAL, message_id="another")

        assert first["outcome"] == again["outcome"] == "accepted"
        assert other["outcome"] == "duplicate"


async def test_over_http_the_same_idempotency_key_gets_the_same_answer(stack: Stack) -> None:
    async with running_instance(stack, ["registration"]) as houniao:
        first = await by_http(houniao, **{"Idempotency-Key": "form-17"})
        again = await by_http(houniao, **{"Idempotency-Key": "form-17"})

        assert first == again
        assert first[0] == 201


async def test_an_arrival_typed_differently_is_the_same_arrival(stack: Stack) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in ARRIVAL["document_number"])
    retyped = {**ARRIVAL, "document_number": f" {wide} ", "document_type": "身份证", "arrived_on": "2026年3月1日"}

    async with running_instance(stack, ["registration"]) as houniao, office_at(stack, STREET) as office:
        _, first = await by_http(houniao)
        again = await office.report("arrival", retyped)

        assert (again["outcome"], again["stay_id"]) == ("duplicate", first["stay_id"])


async def test_an_office_hears_which_message_is_answered_and_what_was_left_open(stack: Stack) -> None:
    async with running_instance(stack, ["registration"]), office_at(stack, STREET) as office:
        await office.send("arrival", {**ARRIVAL, "phone": "12345"}, message_id="m-1", correlation_id="c-1")
        message = await office.hear_message()

        assert message.correlation_id == "c-1"
        assert message.content_type == "application/json"
        assert b'"message_id":"m-1"' in message.body
        assert b'"bad_phone"' in message.body
