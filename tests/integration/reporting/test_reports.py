"""Reports on a real MongoDB, over HTTP: drafted, signed in a chain, sealed for good, restated with who makes it so."""

import csv
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.outreach.activities import ActivityHeld, ActivityKind
from contracts.registration.notices import AnswerState, NoticeConfirmed, NoticeReceived, NoticeSent
from contracts.registration.stays import Ending, StayEnded, StayStarted, StayState
from deploy.local.stack import Stack
from services.reporting.commands.reports import draft_due, sweep
from services.reporting.views.files import FILES, store
from tests.support.facts import envelop, make_answer, make_notice, make_stay
from tests.support.samples import sample_of
from tests.support.sealing import DISTRICT, HERE, MARCH, NEAR, Office, arrived, opened

ELSEWHERE = "320812"


@pytest.fixture
async def office(stack: Stack) -> AsyncIterator[Office]:
    async with opened(stack) as office:
        yield office


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def cells(office: Office, report: Mapping[str, Any], edition: int = 1) -> dict[str, list[Any]]:
    path = f"/reports/{report['report_id']}/editions/{edition}/content"
    content = (await office.ask("district", "GET", path)).raise_for_status().json()
    return {line["division"]: line["cells"][:4] for line in content["tables"][0]["lines"]}


async def scores(office: Office, report: Mapping[str, Any], edition: int) -> dict[str, float]:
    path = f"/reports/{report['report_id']}/editions/{edition}/content"
    content = (await office.ask("district", "GET", path)).raise_for_status().json()
    return {line["division"]: line["cells"][0] for line in content["scores"]["lines"]}


async def test_a_report_is_drafted_reviewed_approved_and_sealed_each_by_somebody_else(office: Office) -> None:
    report = await office.draft()
    assert await cells(office, report) == {HERE: [8, 8, 0, 0], NEAR: [1, 1, 0, 0], DISTRICT: [9, 9, 0, 0]}

    assert code_of(await office.sign(report, "seal", "district")) == (409, "out_of_order")
    assert code_of(await office.sign(report, "review", "clerk")) == (403, "not_your_role")
    assert code_of(await office.sign(report, "review", "supervisor", "clerk-1")) == (409, "signed_already")
    sealed = await office.seal(report)

    steps = [(one["state"], one["by"]) for one in sealed["editions"][0]["signatures"]]
    assert steps == [
        ("drafted", "clerk-1"), ("reviewed", "supervisor-1"), ("approved", "leader"), ("sealed", "office"),
    ]  # fmt: skip
    assert code_of(await office.sign(report, "seal", "district", "another")) == (409, "report_sealed")
    assert code_of(await office.ask("clerk", "POST", "/reports", json=MARCH)) == (409, "report_sealed")
    withdrawal = await office.ask("clerk", "POST", f"/reports/{report['report_id']}/withdrawal")
    assert code_of(withdrawal) == (409, "report_sealed")


async def test_whoever_looked_at_another_draft_signs_nothing(office: Office) -> None:
    old = await office.draft()
    await office.hear(arrived(20))
    office.later(minutes=1)

    await office.draft()

    assert code_of(await office.sign(old, "review", "supervisor")) == (409, "other_content")


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ({"template": "weekly"}, (422, "unknown_template")),
        ({"period": "2026Q1"}, (422, "wrong_period")),
        ({"period": "2026-13"}, (422, "wrong_period")),
        ({"period": "2026-04"}, (422, "period_not_over")),
        ({"division": "320507999"}, (422, "unknown_division")),
        ({"division": ELSEWHERE}, (403, "outside_your_division")),
    ],
)
async def test_a_report_that_can_not_be_is_refused(
    office: Office, asked: Mapping[str, str], refused: tuple[int, str]
) -> None:
    assert code_of(await office.ask("clerk", "POST", "/reports", json={**MARCH, **asked})) == refused


@pytest.mark.parametrize("city", ["3205", "320500"])
async def test_a_city_has_no_reports_of_its_own(office: Office, city: str) -> None:
    answer = await office.ask("clerk", "POST", "/reports", division="3205", json={**MARCH, "division": city})

    assert code_of(answer) == (422, "unknown_division")


async def test_a_report_of_another_district_is_not_found(office: Office) -> None:
    report = await office.seal(await office.draft())

    for path in ("", "/editions/1/content", "/editions/1/files/pdf", "/editions/1/published/pdf"):
        answer = await office.ask("district", "GET", f"/reports/{report['report_id']}{path}", division=ELSEWHERE)
        assert code_of(answer) == (404, "not_found")


async def test_a_late_fact_changes_no_sealed_byte_and_the_restatement_names_exactly_that_person(office: Office) -> None:
    sealed = await office.seal(await office.draft())
    before = await office.download(sealed, "xlsx"), await office.download(sealed, "pdf")
    office.later(days=1)
    await office.hear(arrived(77))  # who came in March, and was registered in April
    await office.hear(arrived(78, on=date(2026, 4, 3)))  # who came in April is none of March's business
    office.later(minutes=1)

    asked = f"/reports/{sealed['report_id']}/restatement"
    restated = (await office.ask("clerk", "POST", asked, json={"reason": "补报迟到的登记"})).raise_for_status().json()

    assert (await office.download(sealed, "xlsx"), await office.download(sealed, "pdf")) == before
    assert await cells(office, sealed, 2) == {HERE: [9, 9, 0, 0], NEAR: [1, 1, 0, 0], DISTRICT: [10, 10, 0, 0]}
    differs = f"/reports/{sealed['report_id']}/editions/2/differences"
    found = (await office.ask("supervisor", "GET", differs)).raise_for_status().json()
    assert found["complete"]
    assert {one["subject"] for one in found["subjects"]} == {f"{77:032x}"}
    assert {one["measure"]: (one["before"], one["after"]) for one in found["subjects"]}["flow.in+"] == (0, 1)
    assert {fact["stream"] for one in found["subjects"] for fact in one["facts"]} == {f"stay/{77:032x}"}

    again = await office.seal(restated)
    assert [edition["edition"] for edition in again["editions"]] == [1, 2]
    assert again["editions"][0] == sealed["editions"][0]
    assert await office.download(sealed, "xlsx") == before[0] != await office.download(sealed, "xlsx", 2)


async def test_a_late_fact_after_a_sealed_quarter_is_named_be_it_about_a_person_or_an_activity(office: Office) -> None:
    sealed = await office.seal(await office.draft(template="quarterly_assessment", period="2026Q1"))
    before = await office.download(sealed, "docx")
    office.later(days=1)
    await office.hear(arrived(77))
    held = sample_of(ActivityHeld).data.activity
    here = {"street": HERE, "held_on": date(2026, 3, 20), "attendance": 30}
    await office.apply(envelop([ActivityHeld(activity=held.model_copy(update=here))], "outreach"))
    office.later(minutes=1)

    asked = f"/reports/{sealed['report_id']}/restatement"
    (await office.ask("clerk", "POST", asked, json={"reason": "补报活动和登记"})).raise_for_status()

    differs = f"/reports/{sealed['report_id']}/editions/2/differences"
    found = (await office.ask("supervisor", "GET", differs)).raise_for_status().json()
    told = {(one["subject"], one["measure"]): one["after"] - one["before"] for one in found["subjects"]}
    activity = f"activities/{held.activity_id}"
    assert {subject for subject, _ in told} == {f"{77:032x}", activity}
    assert (told[f"{77:032x}", "resident"], told[activity, "activity.participants+"]) == (1, 30)
    assert found["complete"]
    assert await office.download(sealed, "docx") == before


async def test_a_notice_that_became_overdue_after_sealing_is_named_though_nothing_was_heard(office: Office) -> None:
    arriving, other = (make_stay(person=f"{number:032x}", street="320812001") for number in (60, 61))
    due = {"sent_at": datetime(2026, 3, 30, 4, tzinfo=UTC), "receipt_due": date(2026, 4, 7), "completes_on": None}
    notice = make_notice(arriving, arrived(60).stay, **due, answer_due=date(2026, 4, 20))
    fed_back = make_notice(other, arrived(61).stay, **due, answer_due=date(2026, 4, 20))
    confirmed = make_answer(fed_back, AnswerState.CONFIRMED, answered_at=datetime(2026, 3, 31, 4, tzinfo=UTC))
    await office.hear(NoticeSent(notice=notice), NoticeReceived(answer=make_answer(notice)))
    await office.hear(NoticeSent(notice=fed_back), NoticeConfirmed(answer=confirmed))
    office.later(minutes=1)
    sealed = await office.seal(await office.draft(template="quarterly_assessment", period="2026Q1"))
    office.later(days=16)
    await office.state.counting.count_all_waiting()

    asked = f"/reports/{sealed['report_id']}/restatement"
    (await office.ask("clerk", "POST", asked, json={"reason": "通报逾期"})).raise_for_status()

    differs = f"/reports/{sealed['report_id']}/editions/2/differences"
    found = (await office.ask("supervisor", "GET", differs)).raise_for_status().json()
    assert found["complete"]
    told = {(one["subject"], one["measure"]): (one["before"], one["after"]) for one in found["subjects"]}
    assert {subject for subject, _ in told} == {notice.person_id}
    assert told[notice.person_id, "notice.addressee.overdue+"] == (0, 1)
    assert {fact for one in found["subjects"] for fact in one["facts"]} == set()


async def test_a_sealed_quarter_has_the_scores_of_its_streets_and_a_restatement_what_became_of_them(
    office: Office,
) -> None:
    sealed = await office.seal(await office.draft(template="quarterly_assessment", period="2026Q1"))
    office.later(days=1)
    held = sample_of(ActivityHeld).data.activity
    here = {"street": HERE, "kind": ActivityKind.LECTURE, "held_on": date(2026, 3, 20), "attendance": 30}
    await office.apply(envelop([ActivityHeld(activity=held.model_copy(update=here))], "outreach"))
    office.later(minutes=1)

    asked = f"/reports/{sealed['report_id']}/restatement"
    restated = (await office.ask("clerk", "POST", asked, json={"reason": "补报讲座"})).raise_for_status().json()

    told = (await office.ask("supervisor", "GET", "/assessments?division=320507&from=2026-01-01&to=2026-03-31")).json()
    await office.seal(restated)
    before, after = [await scores(office, sealed, edition) for edition in (1, 2)]
    assert after == {one["street"]: one["score"] for one in told["streets"]}
    assert after[HERE] > before[HERE]
    assert after[NEAR] == before[NEAR]


async def test_who_left_after_all_is_named_with_what_counts_no_more(office: Office) -> None:
    sealed = await office.seal(await office.draft())
    office.later(days=1)
    stay = arrived(3).stay
    gone = stay.model_copy(update={"state": StayState.ENDED, "ended_on": date(2026, 3, 20), "ending": Ending.DEPARTED})
    (_, ended) = envelop([StayStarted(stay=stay), StayEnded(stay=gone)], "registration")
    await office.apply([ended])
    office.later(minutes=1)

    asked = f"/reports/{sealed['report_id']}/restatement"
    (await office.ask("district", "POST", asked, json={"reason": "补报流出"})).raise_for_status()

    differs = f"/reports/{sealed['report_id']}/editions/2/differences"
    found = (await office.ask("district", "GET", differs)).raise_for_status().json()
    told = {one["measure"]: (one["subject"], one["before"], one["after"]) for one in found["subjects"]}
    assert told["resident"] == (f"{3:032x}", 1, 0)
    assert told["flow.out+"] == (f"{3:032x}", 0, 1)
    assert found["complete"]


async def test_nothing_new_is_no_restatement_and_what_is_not_sealed_is_not_restated(office: Office) -> None:
    draft = await office.draft()
    asked, body = f"/reports/{draft['report_id']}/restatement", {"reason": "再看一次"}
    assert code_of(await office.ask("clerk", "POST", asked, json=body)) == (409, "not_sealed")

    await office.seal(draft)

    assert code_of(await office.ask("clerk", "POST", asked, json=body)) == (409, "nothing_changed")


async def test_a_withdrawn_restatement_leaves_the_sealed_edition(office: Office) -> None:
    sealed = await office.seal(await office.draft())
    await office.hear(arrived(77))
    office.later(minutes=1)
    path = f"/reports/{sealed['report_id']}"
    await office.ask("clerk", "POST", f"{path}/restatement", json={"reason": "补报登记"})

    withdrawn = (await office.ask("clerk", "POST", f"{path}/withdrawal")).raise_for_status().json()

    assert (withdrawn["state"], withdrawn["editions"]) == ("sealed", sealed["editions"])


async def test_what_is_published_hides_small_counts_and_others_get_nothing_else(office: Office) -> None:
    sealed = await office.seal(await office.draft())

    told = await office.download(sealed, "csv", published=True, role="integrator")

    rows = [row for row in csv.reader(StringIO(told.decode("utf-8-sig"))) if len(row) > 6]
    lines = {row[0]: row for row in rows[:4]}
    assert lines[NEAR][2:4] == lines[HERE][2:4] == ["*", "*"]
    assert lines[DISTRICT][2:4] == ["9", "9"]
    refused = await office.ask("integrator", "GET", f"/reports/{sealed['report_id']}/editions/1/files/csv")
    assert code_of(refused) == (403, "not_your_role")


async def test_a_streets_own_report_is_not_published(office: Office) -> None:
    sealed = await office.seal(await office.draft(division=HERE))

    path = f"/reports/{sealed['report_id']}/editions/1"
    assert (await office.ask("district", "GET", f"{path}/files/pdf")).status_code == 200
    assert code_of(await office.ask("integrator", "GET", f"{path}/published/pdf")) == (404, "no_such_file")


async def test_a_sealed_file_is_verified_over_http_and_at_the_command_line(office: Office, tmp_path: Path) -> None:
    sealed = await office.seal(await office.draft())
    await office.hear_itself()
    content = await office.download(sealed, "docx")
    (whole := tmp_path / "report.docx").write_bytes(content)
    (changed := tmp_path / "changed.docx").write_bytes(content + b" ")

    answer = await office.ask("clerk", "GET", f"/sealed-files/{sha256(content).hexdigest()}")
    verified = await office.instance.command("reporting", "verify", str(whole))
    refused = await office.instance.command("reporting", "verify", str(changed))

    assert answer.json()["report_id"] == sealed["report_id"]
    assert (verified.returncode, "monthly_flow 320507 2026-03" in verified.stdout) == (0, True)
    assert (refused.returncode, "Not a sealed report" in refused.stdout) == (1, True)
    unknown = await office.ask("clerk", "GET", f"/sealed-files/{'0' * 64}")
    assert code_of(unknown) == (404, "not_sealed_here")
    elsewhere = await office.ask("clerk", "GET", f"/sealed-files/{sha256(content).hexdigest()}", division=ELSEWHERE)
    assert code_of(elsewhere) == (404, "not_sealed_here")


async def test_reports_that_are_due_are_drafted_by_themselves_once(office: Office) -> None:
    drafted = await draft_due(office.state.service, office.state.counting)

    assert drafted == 4
    assert await draft_due(office.state.service, office.state.counting) == 0
    await office.hear_itself()
    listed = await office.ask("district", "GET", "/reports", params={"division": DISTRICT})
    asked = {"division": DISTRICT, "state": "drafted", "template": "monthly_flow"}
    monthly = await office.ask("district", "GET", "/reports", params=asked)
    sealed = await office.ask("district", "GET", "/reports", params={"division": DISTRICT, "state": "sealed"})
    assert [one["period"] for one in monthly.json()] == ["2026-03"]
    assert sealed.json() == []
    periods = {(one["template"], one["period"]): one["editions"][0]["signatures"][0]["by"] for one in listed.json()}
    assert periods == {
        ("monthly_flow", "2026-03"): "schedule",
        ("quarterly_assessment", "2026Q1"): "schedule",
        ("annual_returns", "2025"): "schedule",
        ("work_summary", "2025"): "schedule",
    }


async def test_what_no_fact_names_is_removed_and_what_one_names_stays(office: Office) -> None:
    report = await office.draft()
    service = office.state.service
    stream = f"report/{report['report_id']}"
    await store(service.database, b"left behind by a crash", stream)
    service.clock = lambda: datetime.now(UTC) + timedelta(hours=2)

    await sweep(service)

    kept = [row["metadata"]["sha256"] async for row in service.database[f"{FILES}.files"].find()]
    assert kept == [report["editions"][0]["content"]]
