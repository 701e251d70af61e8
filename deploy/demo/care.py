"""Those who teach and those who are cared for in the demo: educators and training, care, exposures, counselling.

One educator missed a training, one case was not visited and one worker not trained, so that there is something to find.
"""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from deploy.demo.client import must_succeed
from deploy.demo.outreach import Street

EDUCATORS = (("lecturer", "edu-001"), ("lecturer", "edu-002"), ("staff", "edu-003"), ("volunteer", "v-001"))
NEEDS = ("hardship", "left_behind_elderly", "disabled")
HAZARDS = ("dust", "noise", "chemicals")
NOT_HERE, KNOWN = 404, 409


async def care(street: Street, residents: list[str], known: Mapping[str, str]) -> None:
    """Let a street and its institutions, by kind, train educators and workers and care for residents."""
    await _train_educators(street)
    for need, person in zip(NEEDS, residents, strict=False):
        await _care_for(street, need, person, visited=need != NEEDS[-1])
    for hazard, person in zip(HAZARDS, reversed(residents), strict=False):
        await _train_worker(street, hazard, (person, known["enterprise"]), trained=hazard != HAZARDS[-1])
    opened = {"institution_id": known["school"], "opened_on": f"{street.begins.year - 2}-09-01", "hours_per_week": 10}
    room = await _ask(street, "/counselling-rooms", opened)
    if room:
        counted = {"month": f"{street.begins:%Y-%m}", "sessions": 14}
        await _ask(street, f"/counselling-rooms/{room['room_id']}/sessions", counted)


async def _train_educators(street: Street) -> None:
    joined_on = date(street.begins.year - 1, 3, 1).isoformat()
    for kind, staff in EDUCATORS:
        await _ask(street, "/educators", {"street": street.code, "kind": kind, "staff": staff, "joined_on": joined_on})
    await _are_known(street)
    session = {"street": street.code, "kind": "in_service", "topic": "健康素养66条", "hours": 2.5}
    for number, who in enumerate((EDUCATORS, EDUCATORS[1:])):
        held_on = (street.begins + timedelta(days=14 * number + 14)).isoformat()
        told = {**session, "held_on": held_on, "participants": [staff for _, staff in who]}
        await _ask(street, "/trainings", told, f"training {number}")


async def _are_known(street: Street) -> None:
    """Wait until outreach shows the educators, of whom alone it takes that they were trained."""
    for _ in range(100):
        found = await street.client.get("outreach", "/educators", "health_worker", street.code, division=street.code)
        if len(found["educators"]) >= len(EDUCATORS):
            return
        await asyncio.sleep(0.1)


async def _care_for(street: Street, need: str, person: str, *, visited: bool) -> None:
    opened_on = street.begins.isoformat()
    case = await _ask(
        street, "/care-cases", {"street": street.code, "person_id": person, "need": need, "opened_on": opened_on}
    )
    if not case or not visited:
        return
    at = f"/care-cases/{case['case']['case_id']}"
    day = (street.as_of - timedelta(days=20)).isoformat()
    given = [{"kind": "money", "quantity": 50_000}, {"kind": "goods", "quantity": 1}]
    await _ask(street, f"{at}/visits", {"visited_on": day, "visited_by": "v-001", "help": given}, f"visit {need}")
    await _ask(street, f"{at}/pairing", {"paired_on": opened_on, "staff": "v-001"})


async def _train_worker(street: Street, hazard: str, who: tuple[str, str], *, trained: bool) -> None:
    person, institution = who
    works = {"person_id": person, "hazard": hazard, "since": street.begins.isoformat(), "institution_id": institution}
    exposure = await _ask(street, "/exposures", {"street": street.code, **works})
    if exposure and trained:
        held = {"kind": "pre_job", "held_on": street.begins.isoformat(), "hours": 4}
        await _ask(street, f"/exposures/{exposure['exposure_id']}/trainings", held, f"trained {hazard}")


async def _ask(street: Street, path: str, body: Mapping[str, Any], key: str = "") -> dict[str, Any]:
    """Ask for something as a health worker of the street; nothing comes of it if somebody left, or it was made so."""
    named = f"demo/{street.code}/{key}" if key else ""
    answer = await street.client.post("outreach", path, "health_worker", street.code, body, named)
    made: dict[str, Any] = must_succeed(answer, NOT_HERE, KNOWN).json()
    return made if answer.is_success else {}
