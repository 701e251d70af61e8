"""The registration service as its commands use it: the shared service, the vault, the access log, the rules."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from contracts.reference.calendar import day_of
from contracts.reference.divisions import district_of
from services.registration.deadlines import Policy
from services.registration.domain.settling import Now, Rules
from services.registration.vault import Vault
from services.registration.views import people
from services.registration.views.people import KnownPerson
from services.runtime.access_log.log import AccessLog
from services.runtime.service import Service


@dataclass
class Registration:
    """The registration service as its commands use it."""

    service: Service
    vault: Vault
    access_log: AccessLog = field(init=False)

    def __post_init__(self) -> None:
        self.access_log = AccessLog(self.service.database, self.service.clock, self.vault.access_log_keys)

    @cached_property
    def rules(self) -> Rules:
        """Return the rules of settling, loaded on first use; the calendar of working days takes a second."""
        deadlines, divisions = Policy.load(self.service.settings.deadlines), self.service.divisions
        return Rules(
            deadlines, lambda code: divisions.has(district_of(self.current_division(code))), self.service.serves
        )

    def current_division(self, code: str) -> str:
        """Return the division that a code stands for today, after mergers and renamings."""
        return self.service.divisions.successor(code, self.service.today)

    async def find_known_people(self, person_ids: Iterable[str]) -> list[KnownPerson]:
        """Return everything known about people, each person once."""
        return await people.find_known_people(self.service.database, person_ids, self.current_division)

    async def find_known_person(self, person_id: str) -> KnownPerson:
        """Return everything known about a person; empty if nothing is."""
        found = await self.find_known_people([person_id])
        return next(known for known in found if person_id in known.ids)

    def now(self) -> Now:
        """Return the present moment and day."""
        moment = self.service.clock()
        return Now(moment, day_of(moment))
