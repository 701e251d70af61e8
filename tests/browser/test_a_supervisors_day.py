"""A supervisor's day: a report is reviewed, a number explained, two registrations become one, a visit is told."""

from datetime import date

import pytest
from playwright.sync_api import Browser, expect

from contracts.reference.calendar import day_of
from services.runtime.clock import system_clock
from tests.support.browser import Deployment, at_the_console
from tests.support.registers import id_number

SUPERVISOR, DISTRICT = "supervisor-demo.supervisor", "320507"
STREET, NEXT = "320507003", "320507004"
BORN = date(1958, 7, 6)


def today() -> date:
    return day_of(system_clock())


def register(houniao: Deployment, street: str, document_type: str, number: str) -> None:
    """Register somebody of one name, birth, sex and household registration under a document."""
    told = {
        "street": street,
        "name": "冯重名",
        "sex": "男",
        "birth": BORN.isoformat(),
        "hukou_division": "320812",
        "document_type": document_type,
        "document_number": number,
        "arrived_on": "2026-02-03",
    }
    houniao.post("registration", "/arrivals", "clerk", street, told)


@pytest.fixture(scope="module")
def waiting(houniao: Deployment) -> None:
    """Have a draft wait for review, one person be registered under two documents, and two visits be recorded."""
    asked = {"template": "monthly_flow", "division": DISTRICT, "period": "2026-02"}
    houniao.post("reporting", "/reports", "clerk", DISTRICT, asked)
    for kind, found in (("monthly", [{"text": "宣传栏过期", "due_on": today().isoformat()}]), ("quarterly", [])):
        visit = {"street": STREET, "visited_on": today().isoformat(), "supervised_by": ["D07"], "findings": found}
        houniao.post("reporting", "/supervisions", "supervisor", DISTRICT, {**visit, "kind": kind})
    register(houniao, STREET, "居民身份证", id_number("320812", BORN, 21))
    register(houniao, NEXT, "护照", "E98100077")


def test_what_waits_for_the_supervisor_is_reviewed_from_the_first_screen(
    houniao: Deployment, chromium: Browser, waiting: None
) -> None:
    with at_the_console(houniao, chromium, SUPERVISOR) as supervisor:
        page = supervisor.page
        page.get_by_role("row").filter(has_text="2026-02").get_by_role("link", name="流动人口月报").click()
        page.get_by_role("button", name="审核通过").click()

        expect(page.get_by_role("listitem").filter(has_text="科长审核")).to_contain_text("陈主管")
        expect(page.get_by_role("button", name="审核通过")).to_have_count(0)
        page.get_by_role("link", name="今日待办").click()
        expect(page.get_by_role("heading", name="今日待办")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text="2026-02")).to_have_count(0)


def test_a_number_is_explained_by_the_people_behind_it(houniao: Deployment, chromium: Browser, waiting: None) -> None:
    with at_the_console(houniao, chromium, SUPERVISOR) as supervisor:
        page = supervisor.page
        page.get_by_role("link", name="全区总览").click()
        street = page.get_by_role("table", name="各街道（乡镇）").get_by_role("row").filter(has_text="黄桥街道")
        street.get_by_role("link", name="1", exact=True).first.click()

        expect(page.get_by_role("heading", name="在住人口 黄桥街道")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text="冯*名")).to_be_visible()
        page.get_by_text("条记录").first.click()
        expect(page.get_by_text("居住登记").first).to_be_visible()
        page.get_by_role("link", name="返回").click()
        expect(page.get_by_role("heading", name="全区总览")).to_be_visible()


def test_two_registrations_of_one_person_become_one(houniao: Deployment, chromium: Browser, waiting: None) -> None:
    with at_the_console(houniao, chromium, SUPERVISOR) as supervisor:
        page = supervisor.page
        page.get_by_role("link", name="人员", exact=True).click()
        page.get_by_role("link", name="疑似重复").click()
        pair = page.get_by_role("row").filter(has_text="冯*名")
        expect(pair.get_by_role("link", name="冯*名 · 男 · 1958年生")).to_have_count(2)
        expect(pair).to_contain_text("姓名")
        pair.get_by_role("button", name="合并").click()
        pair.get_by_role("button", name="保留").first.click()

        expect(page.get_by_role("status").filter(has_text="已合并")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text="冯*名")).to_have_count(0)


def test_a_visit_is_circulated_and_one_by_mistake_is_withdrawn(
    houniao: Deployment, chromium: Browser, waiting: None
) -> None:
    with at_the_console(houniao, chromium, SUPERVISOR) as supervisor:
        page = supervisor.page
        page.get_by_role("link", name="报表", exact=True).click()
        page.get_by_role("link", name="督导", exact=True).click()
        visits = page.get_by_role("table", name="督导记录").get_by_role("row")
        told, wrong = visits.filter(has_text="月查"), visits.filter(has_text="季查")
        told.get_by_role("button", name="通报全区").click()
        page.get_by_role("dialog").get_by_role("button", name="提交").click()
        expect(told).to_contain_text("已通报")

        wrong.get_by_role("button", name="撤销记录").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("季查")
        dialog.get_by_role("button", name="撤销记录").click()

        expect(wrong).to_contain_text("已撤销")
        expect(wrong.get_by_role("button")).to_have_count(0)
        expect(told).not_to_contain_text("已撤销")
