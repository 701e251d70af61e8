"""An operator's day: services that stop, a message that was not understood, facts and queues, who looked at whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, expect
from pymongo import MongoClient

from tests.support.browser import Deployment, Person, at_the_console
from tests.support.offices import make_arrival

OPERATOR, STREET = "admin-demo.admin", "320507001"


def register(houniao: Deployment, order: int) -> str:
    """Register somebody's arrival; return the id of the person."""
    person = {**make_arrival(order), "street": STREET}
    return str(houniao.post("registration", "/arrivals", "clerk", STREET, person)["person_id"])


def row_of(operator: Person, service: str) -> Locator:
    return operator.page.get_by_role("table").first.get_by_role("row").filter(has_text=service)


def test_a_service_that_stops_is_seen_and_comes_back_by_itself(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium, OPERATOR) as operator:
        operator.open("/operations")
        for service in ("登记", "健康档案", "健康教育", "统计", "数据订阅"):
            expect(row_of(operator, service)).to_contain_text("正常")
        with houniao.away("outreach"):
            expect(row_of(operator, "健康教育")).to_contain_text("无法连接")
            expect(row_of(operator, "登记")).to_contain_text("正常")

        expect(row_of(operator, "健康教育")).to_contain_text("正常")
        operator.complaints.clear()  # of requests while it was away


@contextmanager
def mistaken_rule(houniao: Deployment) -> Iterator[None]:
    """Have the database of reporting take no stay, by a rule that somebody set by mistake."""
    client: MongoClient[dict[str, Any]] = MongoClient(houniao.stack.mongodb_url())
    with client:
        rules = client["houniao_reporting"]
        rules.command("collMod", "stays", validator={"_id": "nothing"})
        try:
            yield
        finally:
            rules.command("collMod", "stays", validator={})


def test_what_was_parked_is_replayed_once_its_cause_is_mended(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium, OPERATOR) as operator:
        operator.open("/operations")
        with mistaken_rule(houniao):
            register(houniao, 8100)
            row_of(operator, "统计").get_by_role("link", name="1").click()
            expect(row_of(operator, "统计")).to_contain_text("could not be applied")
            operator.page.get_by_role("button", name="重新处理").click()
            expect(operator.page.get_by_text("仍未读懂")).to_be_visible()

        operator.page.get_by_role("button", name="重新处理").click()

        expect(operator.page.get_by_text("没有搁置的消息。")).to_be_visible()


def test_facts_are_seen_as_they_happen_and_queues_with_who_takes_from_them(
    houniao: Deployment, chromium: Browser
) -> None:
    with at_the_console(houniao, chromium, OPERATOR) as operator:
        with operator.page.expect_response("**/facts/tail"):
            operator.open("/operations/tail")
        expect(operator.page.get_by_text("等待事件")).to_be_visible()

        register(houniao, 8101)

        seen = operator.page.get_by_role("row").filter(has_text="stay_started")
        expect(seen).to_contain_text("元和街道")
        expect(operator.page.get_by_text("李小满")).to_have_count(0)
        operator.page.get_by_role("link", name="队列与延迟").click()
        queues = operator.page.get_by_role("table", name="消息队列")
        expect(queues.get_by_role("row", name="登记 registration 0 1", exact=True)).to_be_visible()
        expect(queues.get_by_role("row", name="登记 registration.dead 死信 0 —", exact=True)).to_be_visible()


def test_who_looked_at_whom_is_in_the_access_log(houniao: Deployment, chromium: Browser) -> None:
    looked_at = {"people": [register(houniao, 8102)], "reason": "核对门牌"}
    houniao.post("registration", "/identities", "clerk", STREET, looked_at)
    with at_the_console(houniao, chromium, OPERATOR) as operator:
        operator.open("/operations")

        operator.page.get_by_role("link", name="查阅日志").click()

        seen = operator.page.get_by_role("row").filter(has_text="核对门牌").first
        expect(seen).to_contain_text("beside")
