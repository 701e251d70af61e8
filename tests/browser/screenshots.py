"""Pictures of every page of the console with the demo, in both sizes and languages: `make screenshots`."""

import re
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.progress import track

from deploy.demo.loading import load
from tests.support.browser import CHROMIUM, DESK, LAUNCHED_WITH, PHONE, Person, at_the_console, whole_deployment
from tests.support.pages import PAGES

FOLDER = Path("build/screenshots")


def take_pictures() -> None:
    """Write a picture of each page into build/screenshots/, by language, size, role and address."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    with whole_deployment(Path("build/screenshots-data")) as houniao, sync_playwright() as playwright:
        load(houniao.stack)
        chromium = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM), args=LAUNCHED_WITH)
        sizes = {"desk": DESK, "phone": PHONE}
        turns = [(account, size, language) for account in PAGES for size in sizes for language in ("zh", "en")]
        for account, size, language in track(turns, "Pictures"):
            with at_the_console(houniao, chromium, account, sizes[size]) as person:
                person.page.evaluate("language => localStorage.setItem('language', language)", language)
                for path in PAGES[account]:
                    _take(person, path, FOLDER / language / size / account.partition(".")[2])
    shutil.rmtree("build/screenshots-data")


def _take(person: Person, path: str, folder: Path) -> None:
    person.look_at(path)
    name = re.sub(r"\W+", "-", path).strip("-")
    person.page.screenshot(path=folder / f"{name}.png", full_page=True)


if __name__ == "__main__":
    take_pictures()
