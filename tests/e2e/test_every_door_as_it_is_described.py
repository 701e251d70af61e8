"""Every route of every service, tried by everyone with what its OpenAPI description allows and what it does not."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CheckContext, CheckFunction, not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.runtime.openapi import refusals_of
from services.runtime.problems import PROBLEM_JSON
from tests.support.doors import CALLERS, LONG, NOBODY, Doors, furnish
from tests.support.instance import SERVICES

SEED = 20261126
FITTING, UNFITTING = (40, 20) if LONG else (3, 1)
"""Requests of each caller at each route: those that fit its description, and those that do not."""


@pytest.fixture(scope="module")
def doors(request: pytest.FixtureRequest) -> Iterator[Doors]:
    """Yield the doors of a deployment where people are registered, and which nobody else needs; no stream is long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOUNIAO_STREAM_SECONDS", "0.1")
        yield asyncio.run(furnish(request.getfixturevalue("own_deployment")))


def refused_as_documented(_: CheckContext, answer: Response, case: Case) -> None:
    """Refuse an answer that refuses with a code which the route does not document for the status."""
    if answer.status_code < 400 or answer.headers["content-type"] != [PROBLEM_JSON]:
        return
    told, documented = answer.json(), refusals_of(case.operation.definition.raw).get(answer.status_code, ())
    if told["code"] not in documented:
        raise Failure(
            operation=case.operation.label,
            title="Undocumented code",
            message=f"{answer.status_code} {told['code']}, documented are {', '.join(documented) or 'none'}",
        )


CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    refused_as_documented,
]


@dataclass
class Visits:
    """Everybody's requests at a service's routes, and what was wrong with the answers."""

    doors: Doors
    service: str
    answers: Counter[tuple[str, str, int, str]] = field(default_factory=Counter)
    """How often a caller was answered at a route with a status, and with a code if it was refused."""
    wrong: dict[tuple[str, int, str], str] = field(default_factory=dict)
    """The first answer that was wrong at a route with a status and a code, and how to ask for it again."""

    def knock(self, operation: APIOperation, mode: GenerationMode, times: int) -> None:
        """Let everybody send the same requests to a route, which are made alike every time."""

        @seed(SEED)
        @settings(
            max_examples=times,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            for caller in CALLERS:
                self.ask(case, caller)

        ask()

    def ask(self, case: Case, caller: str) -> None:
        """Send a request as somebody, and note what is wrong with the answer."""
        headers = self.doors.headers(caller)
        told: dict[str, Any] = {"base_url": self.doors.url(self.service), "headers": headers}
        answer = case.call(**told)
        code = answer.json()["code"] if answer.headers["content-type"] == [PROBLEM_JSON] else ""
        self.answers[caller, case.operation.label, answer.status_code, code] += 1
        if caller in NOBODY and answer.status_code < 400 and case.operation.definition.raw.get("security"):
            self.wrong[case.operation.label, answer.status_code, caller] = (
                f"{caller} is let in: {case.as_curl_command()}"
            )
        try:
            case.validate_response(answer, CHECKS, headers=headers, transport_kwargs=told)
        except FailureGroup as failures:
            self.wrong.setdefault((case.operation.label, answer.status_code, code), f"{caller}: {failures}")

    @property
    def routes(self) -> set[str]:
        """Return where somebody knocked."""
        return {route for _, route, _, _ in self.answers}

    def opened_share(self) -> float:
        """Return the share of routes at which somebody was answered with success: where none is, little is tried."""
        return len({route for _, route, status, _ in self.answers if status < 300}) / len(self.routes)

    def summary(self) -> str:
        """Return what was asked and answered: requests by caller, answers by status and code."""
        callers, answered = Counter[str](), Counter[str]()
        for (caller, _, status, code), times in self.answers.items():
            callers[caller] += times
            answered[f"{status} {code}".strip()] += times
        asked = f"{self.service}: {callers.total()} requests at {len(self.routes)} routes"
        return f"{asked}, by caller {dict(callers)}, answered {dict(answered)}"


@pytest.mark.parametrize("service", SERVICES)
def test_every_door_answers_everybody_as_it_is_described(doors: Doors, service: str) -> None:
    visits = Visits(doors, service)

    for operation in operations_of(doors, service):
        visits.knock(operation, GenerationMode.POSITIVE, FITTING)
        with suppress(Unsatisfiable):  # where any text will do, nothing is unfitting
            visits.knock(operation, GenerationMode.NEGATIVE, UNFITTING)

    print(f"\n{visits.summary()}")  # noqa: T201  # the figures are what the long form is run for
    assert not visits.wrong, "\n\n".join(visits.wrong.values())
    assert visits.opened_share() > 0.5, visits.summary()


def operations_of(doors: Doors, service: str) -> Iterator[APIOperation]:
    """Yield the operations of a service's OpenAPI document."""
    for operation in doors.described(service).get_all_operations():
        assert isinstance(operation, Ok), operation
        yield operation.ok()
