"""A street asks its people before and after what it did: a sample is drawn and answered, and what it says is told.

The rates are equal to a recomputation with scipy from the answers that were sent.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import httpx
import pytest
import pytest_asyncio
from python_calamine import CalamineWorkbook
from scipy.stats import binomtest

from contracts.outreach.questionnaires import Questionnaire
from contracts.reference.identity import Sex
from deploy.local.stack import Stack
from services.outreach.domain.survey_policy import POLICY
from services.outreach.intake.survey_sheets import columns_of
from services.outreach.views.residents import resident_row
from services.runtime.journal import JOURNAL
from services.runtime.mongo import write_rows
from services.runtime.registers import BATCHES
from services.runtime.sheets.registers import read_register
from tests.support.facts import make_stay
from tests.support.instance import Instance, eventually, running_instance
from tests.support.sheets import Page, write_pages
from tests.support.surveys import make_questionnaire

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STREET, DISTRICT, ELSEWHERE = "320507001", "320507", "320812008"
PEOPLE = [f"{number:032x}" for number in range(1, 41)]
OPENED, DAY = "2026-10-01", "2026-11-02"
FIELDS = ("owner", "series", "edition", "wording", "questions")
QUESTIONNAIRE = make_questionnaire(DISTRICT).model_dump(mode="json", include=set(FIELDS))
HEADINGS = ["样本序号", "调查日期", "K1", "K2", "K3", "B1", "B2", "S1"]
GOOD = {"K1": "A", "K2": "B", "K3": "AC", "B1": "A", "B2": "C", "S1": "A"}


def sheet(**choices: str) -> list[dict[str, Any]]:
    """Return answers as they are sent."""
    return [{"item": item, "choices": list(letters)} for item, letters in choices.items()]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ("outreach",), clock=lambda: NOW) as instance:
        stays = [
            make_stay(
                person,
                STREET,
                birth=date(1950 if number < 12 else 1990, 1, 1),
                sex=Sex.FEMALE if number % 2 else Sex.MALE,
                origin="341204" if number < 20 else "411525",
            )
            for number, person in enumerate(PEOPLE)
        ]
        await write_rows(instance.database("outreach"), [resident_row(stay, 1) for stay in stays])
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("outreach", "health_worker", STREET) as client:
        yield client


async def publish(houniao: Instance, edition: str, **more: Any) -> str:
    """Publish an edition of the questionnaire and return its id."""
    body = {**QUESTIONNAIRE, "edition": edition, **more}
    async with houniao.client("outreach", "supervisor", DISTRICT) as supervisor:
        answer = await supervisor.post("/questionnaires", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["questionnaire_id"])


async def open_survey(worker: httpx.AsyncClient, questionnaire: str, **more: Any) -> str:
    """Open a survey and return where it is."""
    body = {"street": STREET, "questionnaire_id": questionnaire, "ways": ["paper", "phone"], "opened_on": OPENED}
    answer = await worker.post("/surveys", json={**body, **more})
    assert answer.status_code == 201, answer.text
    return f"/surveys/{answer.json()['survey_id']}"


async def write_down(worker: httpx.AsyncClient, at: str, respondent: str, **choices: str) -> httpx.Response:
    """Type the answers of a sheet."""
    body = {"respondent": respondent, "way": "paper", "answered_on": DAY, "chosen": sheet(**choices)}
    return await worker.post(f"{at}/answers", json=body)


def visitor(houniao: Instance) -> httpx.AsyncClient:
    """Return a client without a token."""
    transport = httpx.ASGITransport(app=houniao.apps["outreach"])
    return httpx.AsyncClient(transport=transport, base_url="http://outreach")


async def results(worker: httpx.AsyncClient, at: str, persons: int) -> dict[str, Any]:
    """Return what a survey says once so many answers are in the view."""

    async def told() -> dict[str, Any] | None:
        found: dict[str, Any] = (await worker.get(f"{at}/results")).json()
        return found if found["persons"] == persons else None

    found: dict[str, Any] = await eventually(told)
    return found


def told_of(found: dict[str, Any], measure: str, method: str) -> Sequence[float]:
    rate = next(one for one in found["measures"] if one["measure"] == measure)[method]
    return [rate["count"], rate["of"], rate["rate"], rate["low"], rate["high"]]


def expected(count: int, of: int) -> Any:
    interval = binomtest(count, of).proportion_ci(0.95, method="wilson")
    return pytest.approx([count, of, count / of, interval.low, interval.high])


async def test_before_and_after_by_a_sample_and_the_rates_are_those_of_scipy(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    questionnaire = await publish(houniao, "2026")
    before = await open_survey(worker, questionnaire, round="before", sample={"size": 20})
    first = (await worker.post(f"{before}/sample", json={"seed": 7})).json()
    again = (await worker.post(f"{before}/sample", json={"seed": 7})).json()
    another = await worker.post(f"{before}/sample", json={"seed": 8})
    for place in range(1, 16):
        answer = await write_down(worker, before, str(place), **{**GOOD, **({} if place <= 5 else {"K3": "A"})})
        assert answer.status_code == 201, answer.text
    await results(worker, before, 15)
    waiting = (await worker.get(f"{before}/sample", params={"limit": 3})).json()
    await worker.post(f"{before}/closing", json={"closed_on": DAY})

    pair = {"round": "after", "before": before.rpartition("/")[2], "target": "street_2021"}
    after = await open_survey(worker, questionnaire, sample={"size": 30, "segment": {"youngest": 18}}, **pair)
    drawn = (await worker.post(f"{after}/sample", json={})).json()
    for person in drawn["people"][:20]:
        await write_down(worker, after, person, **GOOD)
    for person in drawn["people"][20:]:
        await write_down(worker, after, person, K1="A", B1="B")
    found = await results(worker, after, 30)
    table = await worker.get(f"{after}/results/table", params={"form": "csv"})

    assert (first, another.json()["code"]) == (again, "sample_drawn")
    assert (first["population"], len(first["people"]), set(first["people"]) <= set(PEOPLE)) == (40, 20, True)
    assert [one["place"] for one in waiting["members"]] == [16, 17, 18]
    assert (waiting["drawn"], waiting["after"]) == (20, 18)
    assert (found["drawn"], found["response"], found["threshold"]) == (30, 1.0, 80)
    assert told_of(found, "knowledge", "by_item") == expected(70, 70)
    assert told_of(found, "knowledge", "by_person") == expected(20, 30)
    assert told_of(found, "behaviour", "by_item") == expected(40, 50)
    assert told_of(found, "behaviour", "by_person") == expected(20, 30)
    knowledge = found["measures"][0]
    assert (knowledge["target"], knowledge["reached_by_item"], knowledge["reached_by_person"]) == (85, True, False)
    assert "全部,知晓率,按人,20,30,66.67," in table.content.decode("utf-8-sig")
    changes = {(one["measure"], one["method"]): one["change"] for one in found["changes"]}
    assert changes["knowledge", "by_person"]["difference"] == pytest.approx(20 / 30 - 5 / 15)
    assert changes["knowledge", "by_person"]["low"] < 1 / 3 < changes["knowledge", "by_person"]["high"]
    assert {one["trait"] for one in found["groups"]} >= {"sex", "age_band", "origin"}
    assert all(one["persons"] >= POLICY.least for one in found["groups"])


async def test_a_survey_answered_twice_late_or_out_of_range_is_refused_and_nothing_is_half_applied(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    questionnaire = await publish(houniao, "2027")
    at = await open_survey(worker, questionnaire, sample={"size": 3})
    early = await write_down(worker, at, "1", K1="A")
    people = (await worker.post(f"{at}/sample", json={})).json()["people"]
    outsider = next(person for person in PEOPLE if person not in people)
    recorded = await write_down(worker, at, people[0], K1="A")
    journal = houniao.database("outreach")[JOURNAL]
    before = await journal.count_documents({})

    body = {"respondent": "2", "way": "paper", "answered_on": DAY, "chosen": sheet(K1="A")}
    refused = [
        (await write_down(worker, at, "1", K1="A"), 409, "answered_already"),
        (await write_down(worker, at, people[0], K1="B"), 409, "answered_already"),
        (await write_down(worker, at, "2", K1="D"), 422, "no_such_choice"),
        (await write_down(worker, at, "2", K1="AB"), 422, "one_choice"),
        (await write_down(worker, at, "2", K9="A"), 422, "no_such_item"),
        (await write_down(worker, at, "4", K1="A"), 422, "not_in_sample"),
        (await write_down(worker, at, outsider, K1="A"), 422, "not_in_sample"),
        (await worker.post(f"{at}/answers", json={**body, "way": "interview"}), 422, "way_not_offered"),
        (await worker.post(f"{at}/answers", json={**body, "answered_on": "2026-09-30"}), 409, "before_opening"),
        (await worker.post(f"{at}/answers", json={**body, "answered_on": "2026-11-21"}), 409, "future_date"),
        (await worker.post(f"{at}/answers", json={**body, "chosen": []}), 422, "malformed"),
        (await worker.post(f"{at}/answers", json={**body, "respondent": "13966667777"}), 422, "malformed"),
    ]
    assert await journal.count_documents({}) == before
    await worker.post(f"{at}/closing", json={"closed_on": "2026-11-20"})
    refused.append((await write_down(worker, at, "2", K1="A"), 409, "survey_closed"))
    refused.append((await worker.post(f"{at}/closing", json={"closed_on": "2026-11-19"}), 409, "survey_closed"))

    assert (early.json()["code"], recorded.status_code) == ("sample_not_drawn", 201)
    told = [(answer.status_code, answer.json()["code"]) for answer, _, _ in refused]
    assert told == [(status, code) for _, status, code in refused]
    assert await journal.count_documents({}) == before + 1


async def test_a_request_that_is_sent_again_is_answered_alike_and_at_the_same_moment_one_of_two_counts(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    at = await open_survey(worker, await publish(houniao, "2028"))
    body = {"respondent": "001", "way": "paper", "answered_on": DAY, "chosen": sheet(K1="A")}
    key = {"Idempotency-Key": "sheet 1"}

    first, again = [await worker.post(f"{at}/answers", json=body, headers=key) for _ in range(2)]
    both = await asyncio.gather(*(write_down(worker, at, "002", K1="A") for _ in range(4)))

    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert sorted(answer.status_code for answer in both) == [201, 409, 409, 409]


async def test_phones_answer_by_a_signed_link_each_once_and_see_no_right_answer(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    at = await open_survey(worker, await publish(houniao, "2029", literacy=True))
    code = (await worker.get(f"{at}/link")).json()["code"]

    async with visitor(houniao) as phone:
        shown = await phone.get(f"{at}/form", headers={"Link-Code": code, "Link-Respondent": "1" * 32})
        sent = [
            await phone.post(f"{at}/form", json={"code": code, "respondent": one * 32, "chosen": sheet(**GOOD)})
            for one in "1234566"
        ]
        wrong = {"code": "A" * 26, "respondent": "7" * 32, "chosen": sheet(K1="A")}
        elsewhere = {**wrong, "code": code}
        guessed = ((at, wrong), (f"/surveys/{'7' * 32}", elsewhere))
        refused = [await phone.post(f"{path}/form", json=body) for path, body in guessed]
    found = await results(worker, at, 6)
    tests = (await worker.get("/surveys/literacy-tests", params={"division": STREET, "year": 2026})).json()

    assert [answer.status_code for answer in sent] == [*[201] * 6, 409]
    assert sent[-1].json()["code"] == "answered_already"
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(403, "wrong_link")] * 2
    assert shown.status_code == 200
    assert "right" not in shown.text
    assert (found["groups"], found["drawn"], found["response"]) == ([], None, None)
    assert tests["target"] == 1000
    assert tests["units"] == [{"street": STREET, "institution_id": None, "tests": 6, "owed": 994}]


async def test_no_key_and_no_code_lies_in_the_database(houniao: Instance, worker: httpx.AsyncClient) -> None:
    at = await open_survey(worker, await publish(houniao, "2033"), sample={"size": 1})
    await worker.post(f"{at}/sample", json={})
    [member] = (await worker.get(f"{at}/sample")).json()["members"]
    database, key = houniao.database("outreach"), houniao.apps["outreach"].state.code_key

    kept = [
        repr(document) for name in await database.list_collection_names() async for document in database[name].find()
    ]

    assert len(member["code"]) == 26
    assert len(key) == 32
    assert kept
    for text in kept:
        assert member["code"] not in text
        assert repr(key) not in text
        assert key.hex() not in text
        assert "'key': b" not in text


async def test_each_person_of_a_sample_has_a_link_that_is_good_for_nobody_else(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    at = await open_survey(worker, await publish(houniao, "2030"), sample={"size": 2})
    await worker.post(f"{at}/sample", json={})
    one, other = (await worker.get(f"{at}/sample")).json()["members"]
    nobody = await worker.get(f"{at}/link")
    taken = {"code": one["code"], "respondent": other["person_id"], "chosen": sheet(K1="A")}

    async with visitor(houniao) as phone:
        wrong = await phone.post(f"{at}/form", json=taken)
        right = await phone.post(f"{at}/form", json={**taken, "respondent": one["person_id"]})
    found = await results(worker, at, 1)

    assert (wrong.json()["code"], right.status_code, nobody.json()["code"]) == ("wrong_link", 201, "no_open_link")
    assert (found["measures"], found["items"], found["groups"]) == ([], [], []), "one person is too few to be told of"


async def test_a_link_is_answered_so_often_an_hour_and_no_more(houniao: Instance, worker: httpx.AsyncClient) -> None:
    at = await open_survey(worker, await publish(houniao, "2031"))
    code = (await worker.get(f"{at}/link")).json()["code"]
    asked = {"Link-Code": code, "Link-Respondent": "1" * 32}
    limits = houniao.database("outreach")["limits"]

    async with visitor(houniao) as phone:
        first = await phone.get(f"{at}/form", headers=asked)
        full = {"at": [NOW] * POLICY.answers_an_hour}
        await limits.update_many({"_id": {"$regex": "^survey/"}, "at": {"$size": 1}}, {"$set": full})
        after = await phone.get(f"{at}/form", headers=asked)

    assert (first.status_code, after.status_code, after.json()["code"]) == (200, 429, "too_many_requests")


async def test_what_others_ask_is_not_found_and_a_questionnaire_of_elsewhere_is_none(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    questionnaire = await publish(houniao, "2032")
    at = await open_survey(worker, questionnaire)
    mine = {"questionnaire_id": questionnaire, "ways": ["paper"], "opened_on": OPENED}

    async with houniao.client("outreach", "health_worker", ELSEWHERE) as stranger:
        looked = [await stranger.get(path) for path in (at, f"{at}/results", f"{at}/sample", f"{at}/link")]
        opened = await stranger.post("/surveys", json={**mine, "street": ELSEWHERE})
        shown = await stranger.get(f"/questionnaires/{questionnaire}")
    async with houniao.client("outreach", "health_worker", STREET) as own:
        read = await own.get(f"/questionnaires/{questionnaire}")
        published = await own.post("/questionnaires", json={**QUESTIONNAIRE, "owner": STREET})

    assert {(answer.status_code, answer.json()["code"]) for answer in looked} == {(404, "not_found")}
    assert {answer.json()["code"] for answer in (opened, shown)} == {"no_such_questionnaire"}
    assert (read.status_code, published.json()["code"]) == (200, "not_your_role")


async def hand_in(worker: httpx.AsyncClient, at: str, data: bytes, name: str = "a.xlsx") -> dict[str, Any]:
    """Hand a sheet of answers in and return how it was worked through."""
    answer = await worker.post(f"{at}/imports", files={"file": (name, data)})
    assert answer.status_code == 202, answer.text

    async def done() -> Any:
        progress = (await worker.get(f"/imports/{answer.json()['import_id']}")).json()
        return progress if progress["state"] == "done" else None

    progress: dict[str, Any] = await eventually(done)
    return progress


async def test_answers_on_paper_come_in_from_a_sheet_refused_rows_back_and_go_out_again(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    at = await open_survey(worker, await publish(houniao, "2033"), sample={"size": 6})
    await worker.post(f"{at}/sample", json={})
    lines: list[list[Any]] = [
        HEADINGS,
        *([place, DAY, "A", "B", "A、C", "A", "C", "A"] for place in range(1, 6)),
        [5, DAY, "B", "", "", "", "", ""],
        [7, DAY, "A", "", "", "", "", ""],
        [6, DAY, "E", "", "", "", "", ""],
        [6, "2026-09-01", "A", "", "", "", "", ""],
        [6, "2026-12-01", "A", "", "", "", "", ""],
    ]
    reasons = ("answered_already", "not_in_sample", "no_such_choice", "before_opening", "future_date")
    data = write_pages(Page(lines))

    first = await hand_in(worker, at, data)
    again = await hand_in(worker, at, data)
    workbook = await worker.get(f"/imports/{first['import_id']}/refused")
    found = await results(worker, at, 5)
    await worker.post(f"{at}/closing", json={"closed_on": "2026-11-20"})
    back = {}
    for form in ("csv", "xlsx"):
        exported = await worker.get(f"{at}/answers", params={"form": form})
        back[form] = await hand_in(worker, at, exported.content, f"a.{form}")
    late = await hand_in(worker, at, write_pages(Page([HEADINGS, [6, DAY, "A", "", "", "", "", ""]])))

    assert (first["accepted"], first["refused_by_reason"]) == (5, dict.fromkeys(reasons, 1))
    assert (again["accepted"], again["duplicate"], again["refused"]) == (0, 5, 5)
    rows = CalamineWorkbook.from_filelike(BytesIO(workbook.content)).get_sheet_by_index(0).to_python()
    assert [row[-1] for row in rows[1:]] == list(reasons)
    assert all(row[-2] and row[-3] for row in rows[1:])
    assert told_of(found, "knowledge", "by_person") == expected(5, 5)
    assert {(one["duplicate"], one["accepted"], one["refused"]) for one in back.values()} == {(5, 0, 0)}
    assert late["refused_by_reason"] == {"survey_closed": 1}


async def test_a_sheet_for_what_others_ask_is_not_found_and_one_without_an_item_is_refused(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    at = await open_survey(worker, await publish(houniao, "2034"))
    short = {"file": ("a.xlsx", write_pages(Page([HEADINGS[:-1], [1, DAY, "A", "", "", "", ""]])))}

    refused = await worker.post(f"{at}/imports", files=short)
    async with houniao.client("outreach", "health_worker", ELSEWHERE) as stranger:
        hidden = await stranger.post(f"{at}/imports", files=short)
        export = await stranger.get(f"{at}/answers")

    assert (refused.status_code, refused.json()["code"]) == (422, "missing_column")
    assert {(answer.status_code, answer.json()["code"]) for answer in (hidden, export)} == {(404, "not_found")}


async def test_an_import_that_a_crash_left_counts_what_was_recorded_as_accepted_though_the_survey_is_closed(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    questionnaire = await publish(houniao, "2035")
    at = await open_survey(worker, questionnaire)
    data = write_pages(Page([HEADINGS, *([f"00{number}", DAY, "A", "", "", "", "", ""] for number in range(1, 5))]))
    progress = await hand_in(worker, at, data)
    await results(worker, at, 4)
    closed = await worker.post(f"{at}/closing", json={"closed_on": DAY})
    database = houniao.database("outreach")
    journal = await database[JOURNAL].count_documents({})

    asked = Questionnaire.model_validate((await worker.get(f"/questionnaires/{questionnaire}")).json())
    kept = read_register(data, "a.xlsx", columns_of(asked))
    left = {"state": "waiting", "done": 0, "batches": 0, "accepted": 0}
    rows = [{"row": row.place, "repetition": row.repetition, "typed": dict(row.typed)} for row in kept.rows]
    await database[BATCHES].update_one({"_id": f"{progress['import_id']}/000000"}, {"$set": {"rows": rows}})
    await database["imports"].update_one({"_id": progress["import_id"]}, {"$set": {**left, "leased_until": NOW}})

    async def done() -> Any:
        found = (await worker.get(f"/imports/{progress['import_id']}")).json()
        return found if found["state"] == "done" else None

    again = await eventually(done)
    assert closed.status_code == 200
    assert (progress["accepted"], again["accepted"], again["duplicate"], again["refused"]) == (4, 4, 0, 0)
    assert await database[JOURNAL].count_documents({}) == journal
