"""Every page in both sizes: nothing that axe finds, nothing the browser complains of, no sideways scrolling."""

import pytest
from playwright.sync_api import Browser

from tests.support.browser import DESK, ENLARGED, PHONE, Deployment, at_the_console
from tests.support.pages import PAGES, look_around


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("account", PAGES)
def test_pages_keep_nobody_out(houniao: Deployment, chromium: Browser, account: str, size: dict[str, int]) -> None:
    found = {}
    with at_the_console(houniao, chromium, account, size) as person:
        for path in PAGES[account]:
            person.look_at(path)
            too_wide = person.page.evaluate("document.documentElement.scrollWidth > innerWidth")
            found[path] = [*person.find_barriers(), *(["too wide"] if too_wide else []), *person.complaints]
            person.complaints.clear()

    assert {path: told for path, told in found.items() if told} == {}


def test_pages_of_a_clerk_and_of_one_person_are_whole_at_200_percent(houniao: Deployment, chromium: Browser) -> None:
    account, found = "clerk-demo.clerk", {}
    with at_the_console(houniao, chromium, account) as person:
        for path in look_around(person, account):
            person.page.set_viewport_size(ENLARGED)  # type: ignore[arg-type]  # width and height
            found[path] = person.find_cut_off()
            person.page.set_viewport_size(DESK)  # type: ignore[arg-type]  # width and height

    assert {path: told for path, told in found.items() if told} == {}


def test_the_page_before_signing_in_keeps_nobody_out(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium) as person:
        person.open("/")
        person.page.get_by_role("button", name="登录").wait_for()

        assert person.find_barriers() == []
