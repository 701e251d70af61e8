"""Ask a service over HTTP for what must be answered."""

from typing import Any

import httpx


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    """Return the answer to a request that is granted, with a JSON body."""
    answer = await client.post(path, json=body)
    assert answer.is_success, (path, answer.text)
    made: dict[str, Any] = answer.json()
    return made


async def get(client: httpx.AsyncClient, path: str, **asked: Any) -> Any:
    """Return what is shown."""
    answer = await client.get(path, params=asked)
    assert answer.is_success, (path, answer.text)
    return answer.json()
