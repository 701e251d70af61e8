"""Whoever types the address of a page that is not for the role is told so in words, and nothing of it is opened."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import Deployment, at_the_console

OF_CLERKS = ("/today", "/register", "/register/imports", "/people", f"/people/{'0' * 32}")
OF_OFFICES = ("/archives", "/outreach/care", "/district", "/reports", "/accesses")
OF_OPERATORS = ("/operations", "/operations/waiting", "/operations/parked", "/operations/tail")
OF_FEEDS = ("/feeds", "/feeds/new", f"/feeds/{'0' * 32}")
CLOSED = {
    "integrator-demo.integrator": ("数据对接方", (*OF_CLERKS, *OF_OFFICES, *OF_OPERATORS), "数据订阅"),
    "clerk-demo.clerk": ("登记员", (*OF_FEEDS, *OF_OPERATORS, "/archives", "/accesses"), "今日待办"),
    "district-demo.district": ("区级管理员", (*OF_OPERATORS, "/register", "/feeds/new"), "今日待办"),
}
REFUSED = {
    "integrator-demo.integrator": "/api/registration/stays?division=320507",
    "clerk-demo.clerk": "/api/feeds/parked",
    "district-demo.district": "/api/registration/parked",
}


@pytest.mark.parametrize("account", CLOSED)
def test_an_address_that_is_not_for_a_role_is_refused_with_words(
    houniao: Deployment, chromium: Browser, account: str
) -> None:
    role, addresses, first = CLOSED[account]
    with at_the_console(houniao, chromium, account) as person:
        person.look_at("/")  # what the first page asks for is no part of this
        asked: list[str] = []
        person.page.on("request", lambda request: asked.append(request.url.removeprefix(houniao.url)))
        for address in addresses:
            person.open(address)
            expect(person.page.get_by_role("heading", name="此页不对当前岗位开放")).to_be_visible()
            expect(person.page.get_by_role("main")).to_contain_text(f"不属于{role}的工作范围")
        opened = [path for path in asked if path.startswith("/api/")]
        person.page.get_by_role("link", name=f"去“{first}”").click()
        expect(person.page.get_by_role("heading", level=1)).to_have_text(first)
        behind = person.page.evaluate("async path => (await fetch(path)).status", REFUSED[account])

        assert opened == []
        assert behind == 403
        person.complaints.clear()  # a refusal over HTTP is one for Chromium
