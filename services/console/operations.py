"""Which operations the services have, by the OpenAPI documents that are committed."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

DOCUMENTS = Path(__file__).parents[2] / "docs" / "openapi"
_PARAMETER = re.compile(r"\{[^}]+\}")


@dataclass(frozen=True, slots=True)
class _Path:
    """A path as it is declared, and what may be asked of it."""

    shape: re.Pattern[str]
    methods: frozenset[str]


class Operations:
    """The operations of the services."""

    def __init__(self, documents: Mapping[str, dict[str, dict[str, object]]]) -> None:
        self._paths = {service: list(_paths(paths)) for service, paths in documents.items()}

    @classmethod
    def read(cls, services: tuple[str, ...], folder: Path = DOCUMENTS) -> "Operations":
        """Return the operations of services that their documents in a folder tell of."""
        return cls({service: json.loads((folder / f"{service}.json").read_text())["paths"] for service in services})

    def has(self, service: str, method: str, raw_path: str) -> bool:
        """Return whether a service has an operation at a path as it was sent, its characters encoded.

        A path that a server could take for another one, by dots or by slashes that are encoded, is none.
        """
        parts = [unquote(part) for part in raw_path.split("/")]
        if any(part in {".", ".."} or not part.isprintable() or "/" in part or "\\" in part for part in parts):
            return False
        path = "/".join(parts)
        return any(method in each.methods and each.shape.fullmatch(path) for each in self._paths.get(service, ()))


def _paths(paths: Mapping[str, dict[str, object]]) -> Iterator[_Path]:
    for path, operations in paths.items():
        literal = map(re.escape, _PARAMETER.split(path))
        yield _Path(re.compile("[^/]+".join(literal)), frozenset(method.upper() for method in operations))
