"""The pages of the console, an account of the demo for each, and how to come by those of one person or thing."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.browser import Person

ROUTER = Path("services/console/web/src/router.ts")
REGISTER = ("/register", "/register/departure", "/register/imports")
OUTREACH = (
    "/outreach",
    "/outreach/activities/new",
    "/outreach/boards",
    "/outreach/surveys",
    "/outreach/questionnaires",
    "/outreach/materials",
    "/outreach/institutions",
    "/outreach/year-plans",
    "/outreach/care",
    "/outreach/educators",
    "/outreach/messages",
    "/outreach/honours",
    "/outreach/records",
    "/outreach/registers",
)
DISTRICT = (
    "/district",
    "/district/moves",
    "/district/population",
    "/district/indicators",
    "/district/assessment",
    "/reports",
    "/reports/supervision",
    "/reports/verification",
)
OPERATIONS = ("/operations", "/operations/waiting", "/operations/parked", "/operations/tail")
PAGES = {
    "clerk-demo.clerk": ("/today", *REGISTER, "/people"),
    "health-demo.health_worker": ("/today", "/archives", "/archives/rounds", "/archives/findings", *OUTREACH),
    "supervisor-demo.supervisor": ("/today", "/people", "/people/duplicates", "/archives/offers", "/accesses"),
    "district-demo.district": ("/today", *DISTRICT, "/feeds"),
    "integrator-demo.integrator": ("/feeds", "/feeds/new", "/closed?page=people"),
    "admin-demo.admin": OPERATIONS,
}
"""The pages that have an address of their own."""


def look_around(person: Person, account: str) -> Iterator[str]:
    """Look at each page of an account, then at the first of each other kind that a link leads to; yield addresses."""
    waiting = list(PAGES[account])
    kinds = {"", *map(kind_of, waiting)}
    for path in waiting:
        person.look_at(path)
        for link in person.links():
            kind = kind_of(link)
            if kind not in kinds:
                kinds.add(kind)
                waiting.append(link)
        yield path


def kind_of(address: str) -> str:
    """Return the route that an address belongs to, such as /people/:person; '' if it is none of the console's pages."""
    path = re.split("[?#]", address)[0]
    return next((kind for kind, pattern in _routes().items() if pattern.fullmatch(path)), "")


@cache
def _routes() -> dict[str, re.Pattern[str]]:
    """Return the console's routes as patterns, in the order in which its router has them."""
    kinds = re.findall(r"path: '(/[^']*)', name: '(?!home|signed-in-again)", ROUTER.read_text(encoding="utf-8"))
    return {kind: re.compile(re.sub(r"/:\w+(\??)", r"(/[^/]+)\1", kind)) for kind in kinds}
