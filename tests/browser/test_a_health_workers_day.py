"""A health worker's day at the console: what is due, who came from elsewhere, and visits without a connection."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.support.browser import PHONE, Deployment, at_the_console
from tests.support.street import Street, day

HEALTH, SUPERVISOR = "health-demo.health_worker", "supervisor-demo.supervisor"
YUANHE, TAIPING, ELSEWHERE = "320507001", "320507002", "320812001"
LEAST = 10
"""One click on what is due, then keys alone: how (Space), on, 138, on, 86, and Enter."""


@pytest.fixture
def street(houniao: Deployment) -> Street:
    """Give the street of the health worker."""
    return Street(houniao, YUANHE)


def make_patient(street: Street, name: str, born: date, order: int) -> str:
    """Register somebody who is managed for a high blood pressure, and whose next follow-up is overdue."""
    person = street.register(name, born, order, arrived=300)
    street.manage(person, "hypertension", since=290)
    street.follow_up(person, 200, 158, 96)
    street.follow_up(person, 110, 146, 88)
    return person


def write(ago: int) -> str:
    """Write the day so many days ago as the page does."""
    on = day(ago)
    return f"{on.year}年{on.month}月{on.day}日"


def due_to(page: Page, name: str) -> Locator:
    """Return what leads from the first screen to the form of the follow-up that somebody is due."""
    return page.get_by_role("row").filter(has_text=name).get_by_role("link", name="高血压随访")


def type_pressure(page: Page, systolic: str, diastolic: str) -> None:
    """Type a follow-up face to face by keys alone, and send it."""
    expect(page.get_by_role("radio", name="面对面")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type(systolic)
    page.keyboard.press("Tab")
    page.keyboard.type(diastolic)
    page.keyboard.press("Enter")


def count_presses(page: Page) -> Callable[[], int]:
    """Count from now on each key and each click as the page hears of them."""
    page.evaluate("""() => {
        window.presses = 0;
        for (const kind of ['keydown', 'pointerdown']) addEventListener(kind, () => window.presses++, true);
    }""")
    return lambda: int(page.evaluate("window.presses"))


def test_a_follow_up_is_typed_from_what_is_due(houniao: Deployment, chromium: Browser, street: Street) -> None:
    person = make_patient(street, "林秀香", date(1948, 3, 4), 101)
    with at_the_console(houniao, chromium, HEALTH) as worker:
        page = worker.page
        expect(page.get_by_role("heading", name="今日待办")).to_be_visible()
        presses = count_presses(page)

        due_to(page, "林*香").click()
        expect(page.get_by_text(f"上次 146 mmHg · {write(110)}")).to_be_visible()
        expect(page.get_by_text(f"上次 88 mmHg · {write(110)}")).to_be_visible()
        type_pressure(page, "138", "86")

        expect(page.get_by_role("status").filter(has_text="已录入高血压随访")).to_be_visible()
        assert presses() == LEAST
        entered = page.get_by_role("table", name="档案条目").get_by_role("row")
        expect(entered.nth(1)).to_contain_text("138/86")
        expect(entered.nth(1)).to_contain_text(write(0))
        chart = page.get_by_role("figure", name="血压变化")
        expect(chart.locator("svg")).to_be_visible()
        chart.get_by_text("数值表").click()
        expect(chart.get_by_role("row").nth(1)).to_have_text(f"{write(0)}13886")
        expect(chart.get_by_role("row")).to_have_count(4)
        page.get_by_role("link", name="今日待办").click()
        expect(page.get_by_role("heading", name="应办理的随访")).to_be_visible()
        expect(due_to(page, "林*香")).to_have_count(0)
    assert len(street.entries(person)) == 3


def test_an_archive_is_taken_over_from_another_district(houniao: Deployment, chromium: Browser, street: Street) -> None:
    person = make_patient(Street(houniao, ELSEWHERE), "高远来", date(1951, 7, 8), 102)
    with at_the_console(houniao, chromium, HEALTH) as worker:
        expect(worker.page.get_by_role("heading", name="应办理的随访")).to_be_visible()
        worker.page.evaluate("window.neverReloaded = true")

        assert street.register("高远来", date(1951, 7, 8), 102, arrived=1) == person

        due = worker.page.get_by_role("row").filter(has_text="高*来")
        due.get_by_role("link", name="打开档案").click()
        expect(worker.page.get_by_text("由 清江浦区 移交，2 条内容已核对接收")).to_be_visible()
        expect(worker.page.get_by_text("由 清江浦区 转入")).to_be_visible()
        expect(worker.page.get_by_role("table", name="档案条目").get_by_role("row")).to_have_count(3)
        assert worker.page.evaluate("window.neverReloaded")
    with at_the_console(houniao, chromium, SUPERVISOR) as supervisor:
        supervisor.open("/archives/offers")
        receipt = supervisor.page.get_by_role("table", name="交接记录").get_by_role("row").filter(has_text="高*来")
        expect(receipt).to_contain_text("清江浦区")
        expect(receipt).to_contain_text("2 条内容")
        expect(receipt).to_contain_text("已接收")


def test_a_visit_without_a_connection_is_sent_later_and_once(
    houniao: Deployment, chromium: Browser, street: Street
) -> None:
    person = make_patient(street, "何山居", date(1950, 5, 6), 103)
    with at_the_console(houniao, chromium, HEALTH, PHONE) as worker:
        page = worker.page
        worker.work_without_connection("/today", due_to(page, "何*居"))
        due_to(page, "何*居").click()
        type_pressure(page, "152", "92")
        expect(page.get_by_text("没有网络：已加密保存在本机")).to_be_visible()
        kept = worker.read_device()
        page.reload()  # the page opens without a connection as well, in the field's words
        expect(page.get_by_role("heading", name="录入高血压随访")).to_be_visible()

        page.route(f"**/archives/{person}/entries", lose_the_answer, times=1)
        with page.expect_event("requestfailed", lambda request: request.url.endswith("/entries")):
            page.context.set_offline(False)
        expect(page.get_by_text("1 份内容已保存在本机")).to_be_visible()
        page.get_by_role("button", name="立即提交").click()

        expect(page.get_by_text("1 份内容已保存在本机")).to_have_count(0)
        assert person not in kept
        assert "systolic" not in kept
        worker.complaints.clear()  # of requests while there was no connection
    pressures = [(entry["content"]["systolic"], entry["content"]["diastolic"]) for entry in street.entries(person)]
    assert pressures == [(158, 96), (146, 88), (152, 92)]


def lose_the_answer(route: Route) -> None:
    """Let a request arrive, but not its answer."""
    route.fetch()
    route.abort()


def test_who_moved_away_meanwhile_is_told_of_when_it_is_sent(
    houniao: Deployment, chromium: Browser, street: Street
) -> None:
    person = make_patient(street, "苏迁移", date(1952, 8, 9), 104)
    moved_to = Street(houniao, TAIPING)
    with at_the_console(houniao, chromium, HEALTH, PHONE) as worker:
        page = worker.page
        worker.work_without_connection("/today", due_to(page, "苏*移"))
        due_to(page, "苏*移").click()
        type_pressure(page, "152", "92")
        expect(page.get_by_text("没有网络：已加密保存在本机")).to_be_visible()
        assert moved_to.register("苏迁移", date(1952, 8, 9), 104, arrived=1) == person

        page.context.set_offline(False)

        refused = page.get_by_role("listitem").filter(has_text="高血压随访")
        expect(refused).to_contain_text("您的辖区没有保管此人的档案")
        assert len(moved_to.entries(person)) == 2
        refused.get_by_role("button", name="更正").click()
        page.get_by_label("紧急调阅事由").fill("搬走当日上门随访")
        page.get_by_role("button", name="调阅").click()
        expect(page.get_by_label("收缩压")).to_have_value("152")
        expect(page.get_by_label("服务事由")).to_have_value("搬走当日上门随访")
        page.get_by_role("button", name="保存").click()
        expect(page.get_by_role("status").filter(has_text="已录入高血压随访")).to_be_visible()
        worker.complaints.clear()  # of requests while there was no connection, and of the refusal
    assert [entry["content"]["systolic"] for entry in moved_to.entries(person)] == [158, 146, 152]
