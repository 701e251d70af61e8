"""Pictures of every page of the console with the demo, in both sizes and languages: `make screenshots`.

Two of them are the README's as well; `docs/pictures/` has them smaller.
"""

import asyncio
import re
import shutil
import subprocess
from datetime import date
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.progress import track

from deploy.demo.client import must_succeed, open_client
from deploy.demo.loading import load
from deploy.local.stack import Stack
from tests.support.browser import CHROMIUM, DESK, LAUNCHED_WITH, PHONE, Person, at_the_console, whole_deployment
from tests.support.pages import PAGES, kind_of, look_around
from tests.support.registers import id_number

FOLDER = Path("build/screenshots")
README = Path("docs/pictures")
SHOWN = ("health_worker", "today")
"""The role and the page that the README shows."""
STREET = "320507001"


def take_pictures() -> None:
    """Write a picture of each page into build/screenshots/, by language, size, role and kind of page."""
    if not subprocess.run(["fc-list", ":lang=zh"], check=True, stdout=subprocess.PIPE).stdout:
        raise SystemExit("No font here has Chinese: apt-get install fonts-noto-cjk")
    shutil.rmtree(FOLDER, ignore_errors=True)
    with whole_deployment(Path("build/screenshots-data")) as houniao, sync_playwright() as playwright:
        load(houniao.stack)
        asyncio.run(_add_what_the_demo_lacks(houniao.stack))
        chromium = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM), args=LAUNCHED_WITH)
        sizes = {"desk": DESK, "phone": PHONE}
        for account, size, language in track([*product(PAGES, sizes, ("zh", "en"))], "Pictures"):
            with at_the_console(houniao, chromium, account, sizes[size]) as person:
                person.page.evaluate("language => localStorage.setItem('language', language)", language)
                for path in look_around(person, account):
                    _take(person, path, FOLDER / language / size / account.partition(".")[2])
    shutil.rmtree("build/screenshots-data")
    for language in ("zh", "en"):
        _show_in_readme(language)


async def _add_what_the_demo_lacks(stack: Stack) -> None:
    """Hand in a register of which rows are refused, and draft a report."""
    rows = ["证件类型,证件号码,姓名,来本地日期"]
    for sequence, name in ((1, ""), (3, "吴二行"), (5, "吴三行")):
        number = id_number("320812", date(1986, 4, 4), sequence)
        rows.append(f"居民身份证,{number[: 18 - (sequence == 3)]},{name},{'前年' if sequence == 5 else '2026-03-01'}")
    draft = {"template": "monthly_flow", "division": STREET[:6], "period": "2026-06"}
    async with open_client(stack) as client:
        await client.upload_register(STREET, "register.csv", "\n".join(rows).encode())
        must_succeed(await client.post("reporting", "/reports", "district", STREET[:6], draft))


def _take(person: Person, path: str, folder: Path) -> None:
    """Write a picture of the whole page, in a window as high as it is: the menu of a phone stands at its end."""
    size = person.page.viewport_size or DESK
    height: int = person.page.evaluate("document.documentElement.scrollHeight")
    person.page.set_viewport_size({"width": size["width"], "height": height})
    name = re.sub(r"\W+", "-", kind_of(path)).strip("-")
    person.page.screenshot(path=folder / f"{name}.png", full_page=True)
    person.page.set_viewport_size({"width": size["width"], "height": size["height"]})


def _show_in_readme(language: str) -> None:
    README.mkdir(exist_ok=True)
    with Image.open(FOLDER / language / "desk" / SHOWN[0] / f"{SHOWN[1]}.png") as taken:
        taken.crop((0, 0, DESK["width"], DESK["height"])).save(README / f"console.{language}.webp", quality=80)


if __name__ == "__main__":
    take_pictures()
