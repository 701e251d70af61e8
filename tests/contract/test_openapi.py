"""The pages at /docs: every route that asks who is asking says so, so that a token can be pasted there."""

import pytest

from deploy.local.stack import Stack
from tests.instance import SERVICES, Instance

OPEN_TO_ALL = {"/health/live", "/health/ready", "/metrics"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_but_health_wants_a_token(stack: Stack, service: str) -> None:
    described = Instance(stack, "described").build(service).openapi()

    unguarded = {
        path for path, methods in described["paths"].items() for told in methods.values() if not told.get("security")
    }

    assert unguarded == OPEN_TO_ALL
