"""HTTP in: what feeds tell, described for programs by AsyncAPI and JSON Schemas, which are shown where `/docs` is."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from contracts.feeds.asyncapi import asyncapi
from contracts.feeds.told import told_schemas
from contracts.json_schema import Json
from services.runtime.problems import Problem

router = APIRouter(include_in_schema=False)

Type = Annotated[str, Path(max_length=100)]


class AsyncApi(JSONResponse):
    """An AsyncAPI document."""

    media_type = "application/vnd.aai.asyncapi+json;version=3.0.0"


class Schema(JSONResponse):
    """A JSON Schema."""

    media_type = "application/schema+json"


@router.get("/asyncapi.json", response_class=AsyncApi)
async def get_asyncapi() -> Json:
    """Return the feeds as an AsyncAPI document."""
    return _asyncapi()


@router.get("/schemas/{name}.json", response_class=Schema)
async def get_schema(name: Type) -> Json:
    """Return the JSON Schema of a told event, by its type."""
    if name not in _schemas():
        raise Problem(
            404, "not_found", "没有该类型的事件。No event of that type is told; the AsyncAPI document names all."
        )
    return _schemas()[name]


@cache
def _asyncapi() -> Json:
    return asyncapi()


@cache
def _schemas() -> Mapping[str, Json]:
    return told_schemas()
