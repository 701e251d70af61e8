"""What the console costs: a load of Today, a thousand open pages, and how soon a page shows what happened.

`python -m tests.bench.console`, on a deployment of its own and Debian's Chromium. An open page is the stream that a
browser keeps to hear of changes, of a thousand people who are signed in; memory is what Linux says is the process's
own or its share (PSS). A page shows what happened when the list of residents counts one more, from the moment at which
registration accepted the arrival.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import quantiles

import httpx
from playwright.sync_api import Browser, CDPSession, sync_playwright
from pydantic import SecretStr
from rich.console import Console
from rich.progress import track

from services.console.sealing import Seal
from services.console.session import Session
from services.console.settings import SERVICES
from services.runtime.access import issue
from tests.bench.population import invent
from tests.support.browser import CHROMIUM, LAUNCHED_WITH, Deployment, at_the_console, whole_deployment

CLERK, STREET = "clerk-demo.clerk", "320507001"
PAGES, ARRIVALS = 1000, 100
OPENED_AT_A_TIME = 50
LOCAL = Path(".local")
COUNTED = "document.querySelector('.filters [role=status]')?.textContent.replace(/\\D/g, '')"
"""How many residents the page says there are."""
SEE_NEXT = f"""() => {{
    const before = {COUNTED}
    window.seen = new Promise(resolve => {{
        const look = () => {COUNTED} !== before && resolve(Date.now() / 1000)
        new MutationObserver(look).observe(document.body, {{ subtree: true, childList: true, characterData: true }})
    }})
}}"""
"""Have the page note the moment (seconds since 1970) at which it counts somebody more than now."""


def measure_loads(houniao: Deployment, chromium: Browser) -> dict[str, float]:
    """Return what Today takes in a browser that was never here, and in one that was."""
    figures = {}
    with at_the_console(houniao, chromium, CLERK) as person:
        signed_in = person.page.context.storage_state()
    context = chromium.new_context(storage_state=signed_in, locale="zh-CN")
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    for turn in ("cold", "warm"):
        bytes_told = _count_bytes(devtools)
        began = time.monotonic()
        page.goto(houniao.url + "/today")
        page.locator(".el-skeleton, [aria-busy=true]").first.wait_for(state="detached")
        page.get_by_role("heading", level=1).first.wait_for()
        figures[f"{turn} load, ms"] = 1000 * (time.monotonic() - began)
        page.wait_for_timeout(1000)  # what comes late is counted too
        figures[f"{turn} load, kB"] = sum(bytes_told) / 1000
        page.goto("about:blank")
    context.close()
    return figures


def _count_bytes(devtools: CDPSession) -> list[float]:
    told: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: told.append(event["encodedDataLength"]))
    return told


def measure_facts(houniao: Deployment, chromium: Browser, arrivals: int = ARRIVALS) -> dict[str, float]:
    """Return how long after an arrival was accepted an open page counts it."""
    people = [person.model_copy(update={"street": STREET}) for person in invent(0, arrivals)]
    token = issue(houniao.stack.issuer_jwk(), services=SERVICES, subject="bench", role="clerk", division=STREET)
    office = httpx.Client(base_url=houniao.processes["registration"].url, headers={"Authorization": f"Bearer {token}"})
    delays = []
    with office, at_the_console(houniao, chromium, CLERK) as person:
        person.look_at("/people")
        for arrival in track(people, "Facts"):
            person.page.evaluate(SEE_NEXT)
            office.post("/arrivals", json=arrival.model_dump(mode="json", exclude_none=True)).raise_for_status()
            accepted = time.time()
            delays.append(1000 * (person.page.evaluate("() => window.seen") - accepted))
    found = quantiles(delays, n=100)
    return {"fact to page, ms, p50": found[49], "fact to page, ms, p99": found[98]}


def measure_open_pages(houniao: Deployment, pages: int = PAGES) -> dict[str, float]:
    """Return what a thousand people's open pages take of each process's memory, in KiB a page."""
    with ThreadPoolExecutor() as apart:  # the browser's driver has its own loop in this thread
        return apart.submit(asyncio.run, _measure_open_pages(houniao, pages)).result()


async def _measure_open_pages(houniao: Deployment, pages: int) -> dict[str, float]:
    await asyncio.sleep(2)
    before = _memory(houniao)
    async with (
        AsyncExitStack() as open_,
        httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as client,
    ):
        gate = asyncio.Semaphore(OPENED_AT_A_TIME)

        async def look(number: int) -> None:
            headers = {"Cookie": f"houniao-session={_seal_session(houniao, number)}", "Sec-Fetch-Site": "same-origin"}
            async with gate:
                answer = await open_.enter_async_context(client.stream("GET", f"{houniao.url}/live", headers=headers))
                answer.raise_for_status()

        for opened in track(asyncio.as_completed([look(number) for number in range(pages)]), "Open pages", total=pages):
            await opened
        await asyncio.sleep(5)  # until the services hear of the last of them
        after = _memory(houniao)
    return {f"an open page, KiB of {name}": (after[name] - before[name]) / pages for name in after}


def _seal_session(houniao: Deployment, number: int) -> str:
    told = houniao.stack.front_environment("console")
    access = issue(
        houniao.stack.issuer_jwk(),
        services=("console", *SERVICES),
        subject=f"clerk-{number}",
        role="clerk",
        division=STREET,
    )
    return Seal(SecretStr(told["HOUNIAO_SESSION_KEYS"])).seal("session", asdict(Session(access, "", "", time.time())))


def _memory(houniao: Deployment) -> Mapping[str, float]:
    """Return the KiB that each of our processes takes."""
    return {name: _proportional_size(process.pid) for name, process in houniao.processes.items() if process.pid}


def _proportional_size(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("Pss:"))


def main() -> None:
    """Measure all of it, and print the figures."""
    folder = Path(tempfile.mkdtemp(prefix="console-", dir=LOCAL))
    with whole_deployment(folder) as houniao, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM), args=LAUNCHED_WITH)
        for measured in (measure_loads(houniao, chromium), measure_facts(houniao, chromium)):
            _show(measured)
        chromium.close()
        _show(measure_open_pages(houniao))
    shutil.rmtree(folder)


def _show(figures: Mapping[str, float]) -> None:
    for name, figure in figures.items():
        Console().print(f"{name}: {figure:,.1f}")


if __name__ == "__main__":
    main()
