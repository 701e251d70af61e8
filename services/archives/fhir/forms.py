"""A form's answers as the items of a QuestionnaireResponse, and back; an empty text is an item without an answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from services.archives.fhir.elements import Resource, is_many, model_in, system, typed


def write_items(form: BaseModel) -> Iterator[Resource]:
    """Return the answers as items; each of several answers of one question is an item of its own."""
    for name in type(form).model_fields:
        value = getattr(form, name)
        for answer in value if isinstance(value, tuple) else () if value is None else (value,):
            yield {"linkId": name, **_answer(name, answer)}


def read_items(items: Sequence[Resource], form: type[BaseModel]) -> dict[str, Any]:
    """Return the answers that items hold, by the name of the form's field."""
    answers: dict[str, Any] = {}
    for name, info in form.model_fields.items():
        model = model_in(info.annotation)
        values = [_value(item, model) for item in items if item["linkId"] == name]
        if values:
            answers[name] = values if is_many(info.annotation) else values[0]
    return answers


def _answer(name: str, value: Any) -> Resource:
    if isinstance(value, BaseModel):
        return {"item": list(write_items(value))}
    if value == "":
        return {}
    kind, plain = typed(value)
    if kind == "Code":
        return {"answer": [{"valueCoding": {"system": system(name), "code": plain}}]}
    return {"answer": [{f"value{kind}": plain}]}


def _value(item: Mapping[str, Any], model: type[BaseModel] | None) -> Any:
    if model:
        return read_items(item["item"], model)
    if "answer" not in item:
        return ""
    ((_, value),) = item["answer"][0].items()
    return value["code"] if isinstance(value, dict) else value
