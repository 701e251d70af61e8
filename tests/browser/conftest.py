"""The console as people use it: a whole deployment, and Debian's Chromium."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from services.console.page import BUILT
from tests.support.browser import CHROMIUM, LAUNCHED_WITH, Deployment, whole_deployment

needs_browser = [
    pytest.mark.skipif(shutil.which(CHROMIUM) is None, reason="Chromium is not here"),
    pytest.mark.skipif(not (BUILT / "index.html").exists(), reason="the page is not built here: make setup"),
]


expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser and the built page where one of them is missing."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            for mark in needs_browser:
                item.add_marker(mark)


@pytest.fixture(scope="package")
def houniao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Run a whole deployment for the stories of this folder."""
    with whole_deployment(tmp_path_factory.mktemp("console") / "stack") as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium, which looks for nothing outside this machine.

    It drives its own event loop in this thread, which must be over before a test of another file wants one.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM), args=LAUNCHED_WITH)
        yield browser
        browser.close()
