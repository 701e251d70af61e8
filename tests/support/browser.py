"""A person at the console: signs in, looks, types, and sees what the page complains of."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

from deploy.local.services import HttpProcess, all_services, front
from deploy.local.stack import Stack
from services.runtime.access import issue
from tests.support.node import install_packages

CHROMIUM = "chromium"
LAUNCHED_WITH = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
ENLARGED = {"width": 683, "height": 384}
"""What is left of DESK at 200 %."""
LOOPBACK = {"HOUNIAO_WEBHOOK_NETWORKS": "127.0.0.0/8"}
"""Webhooks of the stories lead to receivers on this machine."""
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


CUT_OFF = """() => {
    const found = document.documentElement.scrollWidth > innerWidth ? ['scrolls sideways'] : [];
    for (const each of document.querySelectorAll('body *')) {
        const { overflowX, overflowY, clipPath } = getComputedStyle(each);
        const hides = [overflowX, overflowY].some(way => way === 'hidden' || way === 'clip') && clipPath === 'none';
        if (!hides || each.closest('.el-skeleton, [aria-hidden=true], svg') || !each.textContent.trim()) continue;
        const wide = overflowX !== 'visible' && overflowX !== 'auto' && each.scrollWidth > each.clientWidth + 1;
        const high = overflowY !== 'visible' && overflowY !== 'auto' && each.scrollHeight > each.clientHeight + 1;
        const shown = each.clientWidth && each.clientHeight;
        if (shown && (wide || high)) found.push(`cut off: ${each.outerHTML.slice(0, 200)}`);
    }
    return found;
}"""


@dataclass
class Deployment:
    """A running Houniao: its servers, and its processes by name."""

    stack: Stack
    processes: Mapping[str, HttpProcess]

    @property
    def url(self) -> str:
        """Return where the console is."""
        return self.processes["console"].url

    def post(self, service: str, path: str, role: str, division: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a service answers to somebody who sends it something beside the console; raise if it refuses."""
        token = issue(self.stack.issuer_jwk(), services=[service], subject="beside", role=role, division=division)
        url = self.processes[service].url + path
        answer = httpx.post(url, json=body, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60)
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    @contextmanager
    def away(self, *names: str) -> Iterator[None]:
        """Have some processes stopped as long as the block runs."""
        for name in names:
            self.processes[name].stop()
        try:
            yield
        finally:
            for name in names:
                self.processes[name].start()
            for name in names:
                self.processes[name].wait_ready()


@dataclass
class Person:
    """Somebody at a browser of their own, and everything that the page complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to an address of the console."""
        self.page.goto(self.url + path)

    def sign_in(self, account: str) -> None:
        """Sign in by a demo account, from whatever page asks for it."""
        self.page.get_by_role("button", name="登录").click()
        self.page.locator(f"[value='{account}']").first.click()
        self.page.wait_for_url(self.url + "/**")

    def look_at(self, path: str) -> None:
        """Go to an address, and wait until all that was asked for is there."""
        with self.page.expect_request_finished(lambda request: request.url.endswith("/vocabulary")):
            self.open(path)
        self.page.get_by_role("heading", level=1).first.wait_for()
        self.page.locator(".el-skeleton, [aria-busy=true]").first.wait_for(state="detached")

    def links(self) -> list[str]:
        """Return where the links of the page lead to within the console, the menu's left out."""
        read = "all => all.map(each => each.getAttribute('href'))"
        found: list[str] = self.page.locator("main a[href^='/']").evaluate_all(read)
        return found

    def resize(self, size: Mapping[str, int]) -> None:
        """Look at the page in a window of another size."""
        self.page.set_viewport_size(dict(size))  # type: ignore[arg-type]  # width and height

    def find_cut_off(self) -> list[str]:
        """Return what of the page is cut off, or makes it scroll sideways."""
        found: list[str] = self.page.evaluate(CUT_OFF)
        return found

    def work_without_connection(self, path: str, needed: Locator) -> None:
        """Go to an address; lose the connection once what is needed, and what works without one, is there."""
        with self.page.expect_response("**/session/keys"):
            self.open(path)
        needed.wait_for()
        self.page.evaluate(_KEPT_BY_THE_WORKER)
        self.page.context.set_offline(True)

    def read_device(self) -> str:
        """Return everything that the page has kept on this device."""
        kept: str = self.page.evaluate(_EVERYTHING_KEPT)
        return kept

    def find_barriers(self) -> list[str]:
        """Return what axe finds on the page that keeps people from using it (WCAG 2.2, A and AA)."""
        self.page.evaluate(_axe())
        told = {"runOnly": {"type": "tag", "values": WCAG}}
        found: dict[str, Any] = self.page.evaluate(f"axe.run(document, {json.dumps(told)})")
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]


@dataclass
class Hands:
    """Two hands of a person, which count what they press and click; a character of Chinese counts as one press."""

    page: Page
    presses: int = 0
    clicks: int = 0

    def type(self, text: str) -> None:
        """Type a text wherever the cursor is."""
        self.page.keyboard.type(text)
        self.presses += len(text)

    def press(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)
        self.presses += 1

    def click(self, what: Locator) -> None:
        """Click on something."""
        what.click()
        self.clicks += 1


@contextmanager
def whole_deployment(folder: Path) -> Iterator[Deployment]:
    """Run every service, the console and the provider as `make run` does, on ports and data of their own."""
    with patch.dict(os.environ, LOOPBACK), Stack(folder) as stack, ExitStack() as running:
        processes = {each.name: each for each in (*all_services(stack), *front(stack))}
        for process in processes.values():
            running.callback(process.stop)
            process.start()
        for process in processes.values():
            process.wait_ready()
        yield Deployment(stack, processes)


@contextmanager
def at_the_console(
    houniao: Deployment, chromium: Browser, account: str = "", size: Mapping[str, int] = DESK
) -> Iterator[Person]:
    """Have a person sit down at the console, signed in if an account is named; complaints of the page fail the test."""
    context = chromium.new_context(viewport=dict(size), locale="zh-CN", timezone_id="Asia/Shanghai")  # type: ignore[arg-type]  # width and height
    context.set_default_timeout(60_000)
    page = context.new_page()
    person = Person(page, houniao.url)

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            person.complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: person.complaints.append(str(error)))
    try:
        if account:
            person.open("/")
            person.sign_in(account)
        yield person
        assert person.complaints == []
    finally:
        context.close()


_KEPT_BY_THE_WORKER = """async () => {
    if (!navigator.serviceWorker.controller) await new Promise(done =>
        navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }));
    const end = Date.now() + 60_000;
    while (!(await caches.match('/vocabulary'))) {
        if (Date.now() > end) throw new Error('the words are not kept');
        await new Promise(done => setTimeout(done, 50));
    }
}"""
_EVERYTHING_KEPT = """async () => {
    const told = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
    for (const { name, version } of await indexedDB.databases()) {
        const database = await new Promise(done => {
            const asked = indexedDB.open(name, version);
            asked.onsuccess = () => done(asked.result);
        });
        for (const store of database.objectStoreNames) {
            const rows = await new Promise(done => {
                const asked = database.transaction(store).objectStore(store).getAll();
                asked.onsuccess = () => done(asked.result);
            });
            told.push(JSON.stringify(rows, (_, value) => value instanceof ArrayBuffer
                ? new TextDecoder('latin1').decode(value) : value));
        }
        database.close();
    }
    return told.join(' ');
}"""


@cache
def _axe() -> str:
    return (install_packages() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
