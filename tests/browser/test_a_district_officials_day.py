"""A district official's day: what the numbers are and why, whence people came, what is missed, a report is sealed."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from python_calamine import CalamineWorkbook

from contracts.reference.calendar import day_of
from services.runtime.clock import system_clock
from tests.support.browser import Deployment, Hands, at_the_console
from tests.support.registers import id_number

OFFICIAL, LEADER, SUPERVISOR = "district-demo.district", "leader-demo.district", "supervisor-demo.supervisor"
DISTRICT, STREET = "320507", "320507402"
LEAST = 1
"""A click on the number: one says at least which number is meant, and all of them stand on the first screen."""


@pytest.fixture(scope="module")
def lived(houniao: Deployment) -> None:
    """Have somebody live in a street that misses its target of archives that are built, and somebody come today."""
    today = day_of(system_clock())
    for order, name, arrived_on in ((31, "褚久住", today - timedelta(days=300)), (33, "卫远来", today)):
        told = {"street": STREET, "name": name, "document_type": "居民身份证", "origin": "510623"}
        told |= {"document_number": id_number("510623", date(1966, 5, 4), order), "arrived_on": arrived_on.isoformat()}
        houniao.post("registration", "/arrivals", "clerk", STREET, told)
    target = {"plan": "本年目标", "indicator": "archive_rate", "division": DISTRICT, "per": "street", "value": 0.85}
    houniao.post("reporting", "/targets", "district", DISTRICT, {**target, "since": f"{today.year}-01-01"})


@pytest.fixture(scope="module")
def drafted(houniao: Deployment) -> None:
    """Have a report be drafted."""
    asked = {"template": "monthly_flow", "division": DISTRICT, "period": "2026-01"}
    houniao.post("reporting", "/reports", "clerk", DISTRICT, asked)


def test_why_a_number_is_what_it_is_takes_one_click(houniao: Deployment, chromium: Browser, lived: None) -> None:
    with at_the_console(houniao, chromium, OFFICIAL) as official:
        page = official.page
        rate = page.get_by_role("link", name="建档率")
        expect(rate).to_be_visible()
        hands = Hands(page)
        hands.click(rate)

        expect(page.get_by_role("heading", name="在住且已建档 相城区")).to_be_visible()
        expect(page.get_by_text("未计入的人及原因")).to_be_visible()
        assert (hands.presses, hands.clicks) == (0, LEAST)


def test_moves_are_drawn_and_told(houniao: Deployment, chromium: Browser, lived: None) -> None:
    with at_the_console(houniao, chromium, OFFICIAL) as official:
        page = official.page
        page.get_by_role("link", name="全区总览").click()
        page.get_by_role("link", name="来源与去向").click()

        drawn = page.get_by_role("img", name="人口来源与去向的桑基图")
        expect(drawn).to_contain_text("德阳市")
        came = page.get_by_role("table", name="流入来源地").get_by_role("row").filter(has_text="德阳市")
        expect(came).to_contain_text("相城区")


def test_a_missed_target_leads_to_whom_it_lacks_and_why(houniao: Deployment, chromium: Browser, lived: None) -> None:
    with at_the_console(houniao, chromium, OFFICIAL) as official:
        page = official.page
        page.get_by_role("link", name="全区总览").click()
        page.get_by_role("link", name="指标", exact=True).click()
        street = page.get_by_role("table", name="目标达标情况").get_by_role("row").filter(has_text="苏州高铁新城")
        expect(street).to_contain_text("健康档案建档率")
        expect(street).to_contain_text("不低于 85.0%")
        street.get_by_role("link", name="0.0%").click()

        expect(page.get_by_role("row").filter(has_text="褚*住")).to_contain_text("档案未完善")
        expect(page.get_by_role("row").filter(has_text="卫*来")).to_have_count(0)
        page.get_by_role("link", name="全区总览").click()
        page.get_by_role("link", name="考核", exact=True).click()
        expect(page.get_by_role("table", name="街道考核").get_by_role("row").nth(1)).to_be_visible()


def test_a_report_is_reviewed_approved_sealed_by_another_and_exported(
    houniao: Deployment, chromium: Browser, drafted: None, tmp_path: Path
) -> None:
    with at_the_console(houniao, chromium, SUPERVISOR) as supervisor:
        supervisor.page.get_by_role("row").filter(has_text="2026-01").get_by_role("link", name="流动人口月报").click()
        supervisor.page.get_by_role("button", name="审核通过").click()
        expect(supervisor.page.get_by_role("button", name="审核通过")).to_have_count(0)
    with at_the_console(houniao, chromium, LEADER) as leader:
        leader.page.get_by_role("row").filter(has_text="2026-01").get_by_role("link", name="流动人口月报").click()
        leader.page.get_by_role("button", name="审批通过").click()
        expect(leader.page.get_by_text("您已在本版上签署，下一步须由他人办理。")).to_be_visible()
    with at_the_console(houniao, chromium, OFFICIAL) as official:
        page = official.page
        page.get_by_role("row").filter(has_text="2026-01").get_by_role("link", name="流动人口月报").click()
        page.get_by_role("button", name="加盖公章").click()
        page.get_by_role("dialog").get_by_role("button", name="我已核对，加盖公章").click()

        files = page.get_by_role("table", name="已盖章文件").first
        with page.expect_download() as told:
            files.get_by_role("link", name="工作簿").click()
        told.value.save_as(tmp_path / "report.xlsx")
        assert "相城区" in str(CalamineWorkbook.from_path(tmp_path / "report.xlsx").get_sheet_by_index(0).to_python())

        page.get_by_role("link", name="验证文件").click()
        page.get_by_label("选择文件").set_input_files(tmp_path / "report.xlsx")
        expect(page.get_by_text("是已盖章的报表文件")).to_be_visible()
