"""Where it goes: into files of a folder, or to a DHIS2, which may be given the same as often as it takes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

Json = dict[str, Any]

IMPORT: Mapping[str, str] = {"async": "false", "importStrategy": "CREATE_AND_UPDATE", "idScheme": "CODE"}
"""Done before it is answered; what is there already is written once more; all codes are codes."""
SCHEMES = ("dataElementIdScheme", "orgUnitIdScheme", "dataSetIdScheme")


class NotTakenError(Exception):
    """DHIS2 did not take all of it; the message is what it said."""


class Destination(Protocol):
    """What takes events and data values."""

    def put_events(self, payload: Json, name: str) -> None:
        """Put what is for `/api/tracker`."""

    def put_values(self, payload: Json, name: str) -> None:
        """Put what is for `/api/dataValueSets`."""


@dataclass(frozen=True)
class Folder:
    """Files, each of which is one request's body."""

    path: Path

    def put_events(self, payload: Json, name: str) -> None:
        """Write a file; the same name is the same content."""
        self._write(payload, name)

    def put_values(self, payload: Json, name: str) -> None:
        """Write a file; the same name is the same content."""
        self._write(payload, name)

    def _write(self, payload: Json, name: str) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / f"{name}.json").write_text(json.dumps(payload, ensure_ascii=False, indent=1), encoding="utf-8")


@dataclass(frozen=True)
class Dhis2:
    """A DHIS2, from 2.40 on, to which one signs in with a personal access token."""

    client: httpx.Client

    def put_events(self, payload: Json, name: str) -> None:
        """Import events, all of them or none; raise NotTakenError if it is none."""
        answer = self.client.post("/api/tracker", params={**IMPORT, "atomicMode": "ALL"}, json=payload)
        if not answer.is_success or answer.json()["status"] == "ERROR":
            raise NotTakenError(f"{name}: {answer.status_code} {answer.text}")

    def put_values(self, payload: Json, name: str) -> None:
        """Import data values; raise NotTakenError if one of them was ignored."""
        schemes = dict.fromkeys(SCHEMES, "CODE")
        answer = self.client.post("/api/dataValueSets", params={**IMPORT, **schemes}, json=payload)
        summary = answer.json().get("response", answer.json()) if answer.is_success else {}
        if summary.get("importCount", {"ignored": 1})["ignored"]:
            raise NotTakenError(f"{name}: {answer.status_code} {answer.text}")


def connect(to: str, token_file: Path | None) -> Destination:
    """Return where it goes: a URL is a DHIS2, anything else a folder."""
    if not to.startswith(("https://", "http://")):
        return Folder(Path(to))
    assert token_file is not None, "DHIS2_TOKEN_FILE has the personal access token"
    signed = {"Authorization": f"ApiToken {token_file.read_text(encoding='ascii').strip()}"}
    return Dhis2(httpx.Client(base_url=to, headers=signed, timeout=120))
