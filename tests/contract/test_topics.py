"""What services tell of changes: every fact that is heard has its topics, every list that facts change is told of."""

from collections.abc import Iterable
from importlib import import_module

import pytest
from fastapi import FastAPI

from contracts.facts import HEARD_BY
from deploy.local.stack import Stack
from services.archives.commands.summaries import SUMMARISED
from services.registration.projector import FOLLOWING
from services.reporting.commands.counting import NUMBERS
from services.runtime.access import Role
from services.runtime.changes import Topics, topics_of
from services.runtime.imports import IMPORTS
from tests.support.instance import Instance

BESIDE_FACTS = {"registration": FOLLOWING, "archives": SUMMARISED, "reporting": NUMBERS}
"""The topics that a service tells of when it has worked out what follows from facts."""
STAYS_AS_IT_IS = {
    "feeds": {"feeds", "fhir", "schemas", "asyncapi.json"},
    "outreach": {"core-messages", "calendar.ics", "listings", "registers"},
    "registration": set[str](),
    "archives": set[str](),
    "reporting": {"measures", "report-templates", "sealed-files", "rebuilds", "moments"},
}
"""What no fact changes: rules, files, work that its owner watches; of feeds each audience hears in its own time."""
RUNTIME = {"changes", "parked", "access-log", "operations", "facts"}


@pytest.fixture(params=HEARD_BY)
def service(request: pytest.FixtureRequest) -> str:
    """Name each service in turn."""
    return str(request.param)


def topics_in(service: str) -> Topics:
    topics: Topics = import_module(f"services.{service}.projector").TOPICS
    return topics


def told_of(service: str) -> set[str]:
    """Return every topic that a service tells of."""
    return {topic for topics in topics_in(service).values() for topic in topics}.union(BESIDE_FACTS.get(service, ()))


def build(stack: Stack, service: str) -> FastAPI:
    return Instance(stack, "described").build(service)


def listed(app: FastAPI) -> set[str]:
    """Return the topics under which something is read by those who are signed in."""
    return {
        path.split("/")[1]
        for path, methods in app.openapi()["paths"].items()
        if "get" in methods and methods["get"].get("security")
    } - RUNTIME


def test_every_fact_that_is_heard_has_its_topics(service: str) -> None:
    found = topics_of(HEARD_BY[service], topics_in(service))

    assert found.keys() == set(HEARD_BY[service])


def test_no_topics_are_kept_of_what_is_not_heard(service: str) -> None:
    heard = HEARD_BY[service]

    assert {kind for kind in topics_in(service) if not any(issubclass(fact, kind) for fact in heard)} == set()


def test_every_topic_is_something_that_is_read(stack: Stack, service: str) -> None:
    assert told_of(service) <= listed(build(stack, service))


def test_every_list_that_facts_change_is_told_of(stack: Stack, service: str) -> None:
    untold = listed(build(stack, service)) - told_of(service) - STAYS_AS_IT_IS[service]

    assert untold - {IMPORTS} == set()


def roles_that_hear(app: FastAPI, topic: str) -> Iterable[Role]:
    return {role for role, topics in app.state.readable.items() if topic in topics}


def test_a_role_hears_only_of_what_it_may_read(stack: Stack) -> None:
    registration, feeds = build(stack, "registration"), build(stack, "feeds")

    assert roles_that_hear(registration, "stays") == {Role.CLERK, Role.SUPERVISOR, Role.DISTRICT, Role.ADMIN}
    assert registration.state.readable[Role.INTEGRATOR] == frozenset()
    assert feeds.state.readable[Role.CLERK] == {"subscriptions"}
