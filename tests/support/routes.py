"""Requests for every route of an OpenAPI document: parameters and bodies are filled in by name from a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]
READING = {"kind": "blood_pressure", "systolic": 131, "diastolic": 82}
ITEM = {
    "code": "K1",
    "measure": "knowledge",
    "wording": [{"language": "zh", "text": "吸烟有害健康吗？"}],
    "choices": [
        {"code": code, "wording": [{"language": "zh", "text": text}]} for code, text in zip("AB", "是否", strict=True)
    ],
    "right": ["A"],
}
"""An item of a questionnaire."""
QUESTIONNAIRE = {
    "series": "residents",
    "edition": "2026",
    "wording": [{"language": "zh", "text": "居民健康问卷"}],
    "questions": [ITEM],
}
SURVEY = {"ways": ["paper", "phone"], "opened_on": "2026-01-05"}
"""A survey of whoever comes, but for where and by which questionnaire."""
VALUES: Mapping[str, Any] = {
    "day": "2026-11-01",
    "issued_on": "2026-11-01",
    "kind": "药具",
    "submitted_on": "2026-11-01",
    "unit": "盒",
    "area": 2.4,
    "changed_on": "2026-11-01",
    "edition": "street_2021",
    "handed_out_on": "2026-11-01",
    "installed_on": "2026-01-05",
    "joined_on": "2026-01-05",
    "issue": 9,
    "items": [],
    "minutes": 30,
    "measure": "resident.archived",
    "archives measure": "systolic",
    "on": "2026-11-01",
    "among": "resident",
    "month": "2026-10",
    "lunar_day": 9,
    "lunar_month": 9,
    "number": 1,
    "period": "2026-10",
    "place": "门口",
    "played_on": "2026-11-01",
    "quantity": 1,
    "rebuild_id": "2",
    "received_on": "2026-11-01",
    "removed_on": "2026-11-01",
    "theme": "结核病防治",
    "times": 2,
    "title": "采莲小学",
    "opened_on": "2019-09-01",
    "year": 2026,
    "addressee": "320812003",
    "asked": 10,
    "as_of": "2026-11-01T04:00:00Z",
    "awarded_on": "2026-10-01",
    "withdrawn_on": "2026-11-01",
    "attendance": 12,
    "basic": {},
    "channels": ["notice"],
    "closed_on": "2026-11-01",
    "committee": "003",
    "content": READING,
    "correction": {"origin": "320812"},
    "died_on": "2026-11-01",
    "document_type": "居民身份证",
    "ended_on": "2026-11-01",
    "evaluated_on": "2026-11-19",
    "enrolled_on": "2026-10-01",
    "file": b"a,b\n1,2\n",
    "from": "2026-01-01",
    "answered_on": "2026-10-01",
    "chosen": [{"item": "K1", "choices": ["A"]}],
    "respondent": "17",
    "series": "residents",
    "ways": ["paper"],
    "wording": [{"language": "zh", "text": "居民健康问卷"}],
    "questions": [ITEM],
    "from_month": "2026-01",
    "given": 1,
    "given_on": "2026-11-01",
    "held_on": "2026-11-20",
    "hazard": "dust",
    "indicator": "archive_rate",
    "circulated_on": "2026-11-01",
    "reviewed_on": "2026-11-01",
    "supervised_by": ["edu-014"],
    "origin": "统计年鉴",
    "plan": "街道2021",
    "value": 1,
    "hours": 1.5,
    "hours_per_week": 10,
    "sessions": 3,
    "occasion": "new_year_care",
    "paired_on": "2026-11-01",
    "visited_by": "edu-014",
    "visited_on": "2026-11-01",
    "left_on": "2026-11-01",
    "participants": ["edu-014"],
    "staff": "edu-014",
    "lines": [],
    "measured_at": "2026-11-01T02:00:00Z",
    "name": "王小明",
    "patients": 5,
    "planned_on": "2026-12-01",
    "publicised_on": "2026-11-19",
    "reason": "本人持身份证申请",
    "phone_key": "8" * 32,
    "reference": "柜3-12",
    "row": 2,
    "satisfied": 9,
    "facts": ["stay_started"],
    "after": 0,
    "url": "https://hooks.invalid/",
    "expires_on": "2027-06-30",
    "purpose": "门诊量预测",
    "organisation": "相城区人民医院",
    "basis": "基本医疗卫生与健康促进法第三十五条",
    "segment": {"youngest": 60},
    "signed_on": "2026-11-20",
    "sha256": "7" * 64,
    "since": "2026-01-01",
    "template": "monthly_flow",
    "to": "2026-11-01",
    "to_month": "2026-10",
    "reports": [{"key": "7" * 32, "status": "delivered"}],
    "texts": [{"language": "zh", "body": "请于{day}随访。"}],
    "topic": "高血压防治",
    "until": "2026-11-01",
}
"""What is neither the id of a thing nor a division, by the name of the parameter or field, of one service or any."""
SIGNED = frozenset({"/activities/{activity_id}/door", "/message-reports", "/surveys/{survey_id}/form"})
"""Where no token is asked for, but what is signed in the body: the code of a door or link, a gateway's report."""

DIVISIONS = frozenset({"division", "street", "district", "owner"})
"""The names under which a caller tells where; they are filled in even where a route does not ask for them."""


@dataclass(frozen=True)
class Things:
    """What there is in a place, or is not there: the ids, by the name of the parameter or field."""

    street: str
    ids: Mapping[str, Any]
    bundle: bytes = b"{}"


@dataclass(frozen=True)
class Route:
    """One route of a service."""

    service: str
    method: str
    path: str
    told: Json = field(repr=False)
    schemas: Json = field(repr=False)

    def __str__(self) -> str:
        return f"{self.service} {self.method.upper()} {self.path}"

    @property
    def guarded(self) -> bool:
        """Return whether the route asks for a token."""
        return bool(self.told.get("security"))

    def names_things(self, ids: Mapping[str, Any]) -> bool:
        """Return whether the route asks for the id of anything."""
        return bool(ids.keys() & set(self._asked()))

    def names_division(self) -> bool:
        """Return whether the caller tells a division."""
        return bool(DIVISIONS & set(self._asked()))

    def request(self, things: Things, division: str) -> Json:
        """Return the arguments of a request about things, with a division wherever the caller tells one."""
        path, query = self.path, {}
        for asked in self.told.get("parameters", ()):
            name, where = asked["name"], asked["in"]
            if where == "path":
                path = path.replace("{" + name + "}", str(self._fill(name, asked["schema"], things, division)))
            elif where == "query" and _is_asked(name, asked.get("required")):
                query[name] = self._fill(name, asked["schema"], things, division)
        return {"method": self.method, "url": path, "params": query, **self._body(things, division)}

    def _body(self, things: Things, division: str) -> Json:
        content = self.told.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            return {"json": self._object(content["application/json"]["schema"], things, division)}
        if "multipart/form-data" in content:
            fields = self._object(content["multipart/form-data"]["schema"], things, division)
            return {"files": {"file": ("a.csv", fields.pop("file"))}, "data": fields}
        if "application/fhir+json" in content:
            return {"content": things.bundle, "headers": {"Content-Type": "application/fhir+json"}}
        assert not content, f"{self}: teach tests/support/routes.py to send {sorted(content)}"
        return {}

    def _object(self, schema: Json, things: Things, division: str) -> Json:
        found = self._resolve(schema)
        return {name: self._fill(name, found["properties"][name], things, division) for name in _asked_in(found)}

    def _fill(self, name: str, schema: Json, things: Things, division: str) -> Any:
        shape = self._resolve(schema)
        if "const" in shape or "enum" in shape:
            return shape.get("const", shape.get("enum", [None])[0])
        if name in things.ids:
            return things.ids[name]
        if name in DIVISIONS:
            return division[:6] if "{9}" not in str(shape.get("pattern", "{9}")) else division
        for known in (f"{self.service} {name}", name):
            if known in VALUES:
                return VALUES[known]
        raise AssertionError(
            f"{self}: what is {name!r}? Add it to VALUES in tests/support/routes.py, "
            "or, if it is the id of something, to what is made in each place."
        )

    def _resolve(self, schema: Json) -> Json:
        """Return a schema without references and without alternatives: the first that is not null."""
        while "$ref" in schema or "anyOf" in schema or "oneOf" in schema:
            if "$ref" in schema:
                schema = self.schemas[schema["$ref"].rpartition("/")[2]]
            else:
                alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
                schema = next(one for one in alternatives if one.get("type") != "null")
        return schema

    def _asked(self) -> Iterator[str]:
        """Return the names of what a request fills in."""
        yield from (
            one["name"] for one in self.told.get("parameters", ()) if _is_asked(one["name"], one.get("required"))
        )
        for content in self.told.get("requestBody", {}).get("content", {}).values():
            yield from _asked_in(self._resolve(content["schema"]))


def _is_asked(name: str, required: bool | None) -> bool:
    return bool(required) or name in DIVISIONS


def _asked_in(schema: Json) -> list[str]:
    """Return the fields of a body that a request fills in: those that are required, divisions, and who is meant."""
    asked = {*schema.get("required", ()), "people", "person_id"}
    return sorted(name for name in schema.get("properties", ()) if _is_asked(name, name in asked))


def routes_of(service: str, described: Json) -> Sequence[Route]:
    """Return the routes of an OpenAPI document; those that only read come first, those of parts before their whole."""
    schemas = described.get("components", {}).get("schemas", {})
    routes = [
        Route(service, method, path, told, schemas)
        for path, methods in described["paths"].items()
        for method, told in methods.items()
    ]
    return sorted(routes, key=lambda route: (route.method == "get", route.path), reverse=True)


async def send(client: httpx.AsyncClient, asked: Json, token: str) -> httpx.Response:
    """Send a request with a token."""
    headers = {**asked.get("headers", {}), "Authorization": f"Bearer {token}"}
    return await client.request(**{**asked, "headers": headers})
