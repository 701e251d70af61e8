"""JSON Schemas (2020-12) of models, in the words of that language alone."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

Json = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IN_ITSELF = "#/$defs/{model}"
"""Where a document that stands alone keeps the schemas of the models within."""


class _Plain(GenerateJsonSchema):
    """Makes schemas without words of OpenAPI, and without the titles that repeat the name of their property."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # pydantic's signature
        return False

    def tagged_union_schema(self, schema: Any) -> Json:
        """Return alternatives without `discriminator`, which AsyncAPI and strict readers refuse."""
        made = super().tagged_union_schema(schema)
        made.pop("discriminator", None)
        return made


def describe(model: type[BaseModel], references: str) -> Json:
    """Return the JSON Schema of a model, with references to the models within as `references` says."""
    return model.model_json_schema(ref_template=references, schema_generator=_Plain)
