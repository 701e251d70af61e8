"""A street whose staff ask the services themselves: what a story at the console begins with, and what came of it."""

import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx

from contracts.reference.calendar import day_of
from services.runtime.access import issue
from services.runtime.clock import system_clock
from tests.support.browser import Deployment
from tests.support.registers import id_number

SECONDS = 60


def day(ago: int) -> date:
    """Return the statutory day so many days ago."""
    return day_of(system_clock()) - timedelta(days=ago)


@dataclass(frozen=True)
class Street:
    """A street of a running deployment."""

    houniao: Deployment
    code: str

    def register(self, name: str, born: date, order: int, *, arrived: int) -> str:
        """Register an arrival of so many days ago, and wait until the archive is there; return the person's id."""
        told = {
            "name": name,
            "street": self.code,
            "document_type": "居民身份证",
            "document_number": id_number("360981", born, order),
            "arrived_on": day(arrived).isoformat(),
        }
        person: str = self._ask("registration", "clerk", "POST", "/arrivals", told).json()["person_id"]
        patience = time.monotonic() + SECONDS
        while self._ask("archives", "health_worker", "GET", f"/archives/{person}", refused=404).status_code == 404:
            assert time.monotonic() < patience, f"{self.code} has no archive of {person}"
            time.sleep(0.1)  # between two looks: archives hears of the arrival in its own time
        return person

    def manage(self, person: str, condition: str, *, since: int) -> None:
        """Manage a person for a condition since so many days ago."""
        self._act(f"/archives/{person}/enrolments", condition=condition, enrolled_on=day(since).isoformat())

    def enter(self, person: str, ago: int, **content: Any) -> None:
        """Enter what was done so many days ago at noon."""
        self._act(f"/archives/{person}/entries", measured_at=f"{day(ago)}T12:00:00+08:00", content=content)

    def follow_up(self, person: str, ago: int, systolic: int, diastolic: int) -> None:
        """Enter a follow-up of somebody's blood pressure."""
        pressure = {"systolic": systolic, "diastolic": diastolic}
        self.enter(person, ago, kind="hypertension_follow_up", mode="face_to_face", **pressure)

    def entries(self, person: str) -> list[dict[str, Any]]:
        """Return what stands in somebody's archive, as the service tells it."""
        file = self._ask("archives", "health_worker", "GET", f"/archives/{person}").json()
        entries: list[dict[str, Any]] = file["entries"]
        return entries

    def _act(self, path: str, **body: Any) -> None:
        self._ask("archives", "health_worker", "POST", path, {"street": self.code, **body})

    def _ask(
        self, service: str, role: str, method: str, path: str, body: object = None, refused: int = 0
    ) -> httpx.Response:
        """Return an answer, which must be no refusal but the one that is named."""
        token = issue(
            self.houniao.stack.issuer_jwk(), services=[service], subject="staff", role=role, division=self.code
        )
        with httpx.Client(trust_env=False, timeout=SECONDS) as client:
            url = self.houniao.processes[service].url + path
            answer = client.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"})
        assert answer.is_success or answer.status_code == refused, answer.text
        return answer
