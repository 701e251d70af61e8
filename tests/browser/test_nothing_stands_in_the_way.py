"""Every page in both sizes: nothing that axe finds, nothing the browser complains of, no sideways scrolling."""

import pytest
from playwright.sync_api import Browser

from tests.support.browser import DESK, PHONE, Deployment, at_the_console

PAGES = {
    "clerk-demo.clerk": ("/today", "/register", "/register/departure", "/register/imports", "/people"),
    "district-demo.district": ("/today", "/people"),
}


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize(("account", "path"), [(account, path) for account, paths in PAGES.items() for path in paths])
def test_a_page_keeps_nobody_out(
    houniao: Deployment, chromium: Browser, account: str, path: str, size: dict[str, int]
) -> None:
    with at_the_console(houniao, chromium, account, size) as person:
        person.open(path)
        person.page.get_by_role("heading", level=1).wait_for()
        person.page.wait_for_load_state("load")

        assert person.find_barriers() == []
        assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_before_signing_in_keeps_nobody_out(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium) as person:
        person.open("/")
        person.page.get_by_role("button", name="登录").wait_for()

        assert person.find_barriers() == []
