"""What every command of registration works with: the service, the vault, the rules."""

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
    """The registration service as its commands see it."""

    service: Service
    vault: Vault
    access_log: AccessLog = field(init=False)

    def __post_init__(self) -> None:
        self.access_log = AccessLog(self.service.database, self.service.clock, self.vault.access_log_keys)

    @cached_property
    def rules(self) -> Rules:
        """Load what settling goes by; the calendar of working days takes a second."""
        deadlines, divisions = Policy.load(self.service.settings.deadlines), self.service.divisions
        return Rules(deadlines, lambda code: divisions.has(district_of(self.standing(code))), self.service.serves)

    def standing(self, code: str) -> str:
        """Give the division that stands in a code's place today."""
        return self.service.divisions.successor(code, self.service.today)

    async def find_known(self, person_ids: Iterable[str]) -> list[KnownPerson]:
        """Find everything known about people, each once."""
        return await people.find_known(self.service.database, person_ids, self.standing)

    def now(self) -> Now:
        """Give the present moment and day."""
        moment = self.service.clock()
        return Now(moment, day_of(moment))
