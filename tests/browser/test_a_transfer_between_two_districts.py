"""Somebody moves to another district, with a clerk at a console in each: each sees by itself what the other did."""

from datetime import date

from playwright.sync_api import Browser, expect

from tests.support.browser import Deployment, Hands, Person, at_the_console
from tests.support.registers import id_number

HERE, THERE = "clerk-demo.clerk", "other-demo.clerk"
NUMBER, NAME = id_number("320812", date(1951, 2, 3), 13), "郑搬家"


def register(clerk: Person, arrived_on: str) -> None:
    clerk.open("/register")
    clerk.page.get_by_label("证件号码", exact=True).fill(NUMBER)
    clerk.page.get_by_label("姓名", exact=True).fill(NAME)
    clerk.page.get_by_label("来本地日期", exact=True).fill(arrived_on)
    clerk.page.get_by_role("button", name="提交").click()
    expect(clerk.page.get_by_role("status").filter(has_text=f"已登记 {NAME}")).to_be_visible()


def test_a_move_is_seen_and_answered_in_two_browsers_without_a_reload(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium, HERE) as here, at_the_console(houniao, chromium, THERE) as there:
        register(there, "2026-01-05")
        there.open("/today")
        expect(there.page.get_by_role("heading", name="今日待办")).to_be_visible()
        there.page.evaluate("window.neverReloaded = true")

        register(here, "2026-03-01")
        asked = there.page.get_by_role("row").filter(has_text="郑*家").filter(has_text="通报")
        expect(asked).to_be_visible()
        hands = Hands(there.page)
        hands.click(asked.get_by_role("link", name="办理"))
        expect(there.page.get_by_label("离开日期")).to_be_focused()
        expect(there.page.get_by_label("离开日期")).to_have_value("2026-03-01")
        hands.type("2.28")
        hands.press("Enter")

        expect(there.page.get_by_text("已反馈")).to_be_visible()
        there.page.get_by_role("link", name="今日待办").click()
        expect(there.page.get_by_role("heading", name="今日待办")).to_be_visible()
        expect(there.page.get_by_role("row").filter(has_text="郑*家")).to_have_count(0)
        assert there.page.evaluate("window.neverReloaded")
        assert (hands.clicks, hands.presses) == (1, len("2.28") + 1)
