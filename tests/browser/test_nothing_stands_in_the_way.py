"""Every page in both sizes and at 200 %: nothing that axe finds or the browser complains of, nothing is cut off."""

import pytest
from playwright.sync_api import Browser

from tests.support.browser import DESK, ENLARGED, PHONE, Deployment, at_the_console
from tests.support.pages import PAGES, look_around


@pytest.mark.parametrize("account", PAGES)
def test_pages_keep_nobody_out(houniao: Deployment, chromium: Browser, account: str) -> None:
    found = {}
    with at_the_console(houniao, chromium, account) as person:
        for path in PAGES[account]:
            person.look_at(path)
            found[path] = person.find_barriers()
            person.resize(PHONE)
            found[path] += [*person.find_barriers(), *person.find_cut_off()]
            person.resize(ENLARGED)
            found[path] += [*person.find_cut_off(), *person.complaints]
            person.complaints.clear()
            person.resize(DESK)

    assert {path: told for path, told in found.items() if told} == {}


def test_pages_of_a_clerk_and_of_one_person_are_whole_at_200_percent(houniao: Deployment, chromium: Browser) -> None:
    account, found = "clerk-demo.clerk", {}
    with at_the_console(houniao, chromium, account) as person:
        for path in look_around(person, account):
            person.resize(ENLARGED)
            found[path] = person.find_cut_off()
            person.resize(DESK)

    assert {path: told for path, told in found.items() if told} == {}


def test_the_page_before_signing_in_keeps_nobody_out(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium) as person:
        person.open("/")
        person.page.get_by_role("button", name="登录").wait_for()

        assert person.find_barriers() == []
