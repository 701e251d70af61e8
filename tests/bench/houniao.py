"""Houniao itself: its five services in processes of their own, arrivals going in, all five views watched."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pymongo import MongoClient

from contracts.reference.calendar import day_of
from deploy.local.services import ServiceProcess, all_services
from deploy.local.stack import SERVICE_PORTS, Stack
from services.registration.commands.arrivals import CheckedArrival, record_arrivals
from services.registration.commands.imports import BATCH_SIZE
from services.registration.intake.checks import check_arrival
from services.registration.intake.refusals import Refusal
from services.registration.service import Registration
from services.registration.vault import Vault, VaultSettings
from services.runtime.access import issue
from services.runtime.service import Service, at_the_command_line
from services.runtime.serving import keep_what_is_loaded
from services.runtime.settings import load_settings
from tests.bench.children import Start, children
from tests.bench.cpu import cpu_seconds, spent
from tests.bench.offices import keep_reporting
from tests.bench.population import invent
from tests.bench.visible import Views, feed_pages, uncounted

WARM_UP = 500


@dataclass(frozen=True)
class Measured:
    """Arrivals that became visible everywhere, in how many seconds, and the CPU seconds each process used for it."""

    arrivals: int
    seconds: float
    began: datetime
    cpu: Mapping[str, float]

    @property
    def per_second(self) -> float:
        """Return how many arrivals became visible per second."""
        return self.arrivals / self.seconds


@dataclass
class Houniao:
    """The running services with empty databases, and the number of the next person to arrive."""

    stack: Stack
    client: MongoClient[dict[str, Any]]
    services: list[ServiceProcess]
    arrived: int = 0
    views: Views = field(init=False)

    def __post_init__(self) -> None:
        self.views = Views(self.client, database_name, feed_pages, uncounted)

    def take_in(self, count: int) -> Measured:
        """Hand arrivals in through the bulk intake, in a process of its own as the command line does."""
        return self._measure("importer", import_people, (self.stack.service_environment("registration"),), count)

    def take_in_over_http(self, count: int, at_a_time: int) -> Measured:
        """Report arrivals one by one over HTTP."""
        return self._measure("offices", keep_reporting, (*self.door(), at_a_time), count)

    def door(self) -> tuple[int, str]:
        """Return the port of registration and a token that covers every street."""
        token = issue(self.stack.issuer_jwk(), services=["registration"], subject="bench", role="admin", division="")
        return self.stack.service_port("registration"), token

    def next_people(self, count: int) -> tuple[int, int]:
        """Take the numbers of the next people to arrive."""
        self.arrived += count
        return self.arrived - count, count

    def _measure(self, name: str, role: Any, arguments: tuple[Any, ...], count: int) -> Measured:
        with children({name: (role, (*arguments, *self.next_people(count)))}) as running:
            pids = {**self.pids(), name: running[name].pid}
            before, began = cpu_seconds(pids), datetime.now(UTC)
            running[name].start()
            last_visible = self.views.wait(self.arrived)
            after = cpu_seconds(pids)
            first_handed_in = running[name].result()
        return Measured(count, last_visible - first_handed_in, began, spent(before, after))

    def pids(self) -> dict[str, int | None]:
        """Return the pids of everything that works."""
        services = {service.name: service.pid for service in self.services}
        return {"mongod": self.stack.mongodb.pid, "rabbitmq": self.stack.rabbitmq.pid, **services}


@contextmanager
def running_houniao(stack: Stack, client: MongoClient[dict[str, Any]], warm_up: int = WARM_UP) -> Iterator[Houniao]:
    """Run the services on empty databases until the block ends; inside it they are ready and warm."""
    for name in SERVICE_PORTS:
        client.drop_database(database_name(name))
    with ExitStack() as running:
        services = all_services(stack)
        for service in services:
            running.callback(service.stop)
            service.start()
        for service in services:
            service.wait_ready()
        houniao = Houniao(stack, client, services)
        houniao.take_in(warm_up)
        yield houniao


def database_name(service: str) -> str:
    """Name a service's database."""
    return f"houniao_{service}"


async def import_people(start: Start, environment: Mapping[str, str], first: int, count: int) -> float:
    """Check and record people in batches, as the importer does; give the moment of the first (monotonic)."""
    os.environ.update(environment)
    registration = Registration(Service("registration", load_settings("registration")), Vault(VaultSettings()))
    service, people = registration.service, invent(first, count)
    today = day_of(service.clock())
    await service.client.admin.command("ping")
    keep_what_is_loaded()
    await start()
    began = time.monotonic()
    async with at_the_command_line(service):
        for offset in range(0, count, BATCH_SIZE):
            reports = []
            for index, person in enumerate(people[offset : offset + BATCH_SIZE], start=first + offset):
                checked = check_arrival(person, street=person.street, today=today, divisions=service.divisions)
                if isinstance(checked, Refusal):
                    raise ValueError(f"An invented arrival was refused: {checked}")
                reports.append(CheckedArrival(checked, f"import/bench/{index}"))
            await record_arrivals(registration, reports)
    return began
