"""What every refusal must be: clear to the caller, and without any trace of what was refused."""

from typing import Any

import httpx

from tests.support.instance import Instance


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that an answer is a refusal with a status, a code and advice; return it."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/problems/{code}")
    assert problem["title"]
    assert problem["detail"], "a refusal says what to do"
    return problem


async def assert_nothing_half_applied(houniao: Instance) -> None:
    """Assert that no fact and no identity came of what was refused, and clear what was parked."""
    left = {}
    for service, database in houniao.databases.items():
        left[service] = await database["journal"].count_documents({})
        await database["parked"].delete_many({})
    assert not any(left.values()), left
    assert await houniao.database("registration")["identities"].count_documents({}) == 0
    assert await houniao.database("registration")["imports"].count_documents({}) == 0
