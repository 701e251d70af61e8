"""Reading: an archive back from a FHIR document bundle that was written here, or why it is refused."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError
from pydantic_core import from_json

from contracts.archives.archives import Alias, Archive, BasicInformation
from contracts.archives.enrolments import Duty, Enrolment
from contracts.reference.identity import Sex
from services.archives.fhir.codes import (
    ALIAS_PLACES,
    ARCHIVE_CODE,
    AT_OTHER_RESOURCES,
    DUTY_PLACES,
    ENROLMENT_PLACES,
    EPISODE_PLACES,
    KEPT_PLACES,
    SEX_CODES,
)
from services.archives.fhir.elements import Resource, address, read_fields, system
from services.archives.fhir.entries import read_entries
from services.archives.fhir.forms import read_items
from services.archives.fhir.portable import Kept, PortableArchive
from services.archives.fhir.writing import write_bundle
from services.runtime.bodies import find_repeated_key
from services.runtime.workers import TooCostlyError

MOST_OBJECTS = 300_000
"""Objects in a bundle, of which an entry takes some thirty; to look at more takes too long."""


class BundleRefusedError(Exception):
    """A bundle is not taken in: a stable code, and the path of what is wrong in it."""

    def __init__(self, code: Literal["not_fhir", "not_ours", "altered", "long_number"], path: str) -> None:
        super().__init__(f"{code}: {path}")
        self.code = code
        self.path = path


ADVICE: Mapping[str, str] = {
    "not_fhir": "不是有效的 FHIR R4 文档包。This is no valid FHIR R4 document bundle; mend what the path names.",
    "not_ours": "不是由本系统导出的健康档案。This is no archive that was exported here: the path says what is missing.",
    "altered": "内容与导出时不一致。It says something that was not exported so, or not alike in all places.",
    "long_number": "文字中有电话、证件号码等长号码。A text in it has a long number, such as of a phone or a document.",
}
"""What is wrong, in Chinese and English, by code."""


def open_bundle(body: bytes) -> PortableArchive:
    """Return the archive in a body; raise BundleRefusedError if it is no bundle of ours."""
    return read_bundle(validate_bundle(body))


def validate_bundle(body: bytes) -> Resource:
    """Return a body decoded; raise BundleRefusedError (not_fhir) if it is no valid FHIR R4 bundle.

    Raise TooCostlyError if it has more objects than an archive can have.
    """
    if body.count(b"{") > MOST_OBJECTS:
        raise TooCostlyError
    try:
        Bundle.model_validate_json(body)
        decoded: Resource = from_json(body)
        if find_repeated_key(body) is not None:
            raise BundleRefusedError("not_fhir", "Bundle")
    except ValidationError as error:
        raise BundleRefusedError("not_fhir", _path(error.errors(include_input=False)[0]["loc"])) from error
    except (KeyError, ValueError, TypeError) as error:
        raise BundleRefusedError("not_fhir", "Bundle") from error
    return decoded


def read_bundle(bundle: Resource) -> PortableArchive:
    """Return the archive that a bundle of ours holds.

    Raise BundleRefusedError if it was not written here (not_ours), or if writing what was read gives another bundle
    (altered).
    """
    portable = _read(bundle)
    try:
        again = write_bundle(portable, datetime.fromisoformat(bundle["timestamp"]))
    except (LookupError, ValueError, TypeError) as error:
        raise BundleRefusedError("not_ours", "Bundle") from error
    if difference := _difference(bundle, again, "Bundle"):
        raise BundleRefusedError("altered", difference)
    return portable


def _read(bundle: Resource) -> PortableArchive:
    try:
        resources = [entry["resource"] for entry in bundle["entry"]]
        places = {address(place): place["identifier"][0]["value"] for place in _of(resources, "Organization")}
        patient, episode = _of(resources, "Patient")[0], _of(resources, "EpisodeOfCare")[0]
        archive = _read_archive(patient, episode, resources, places)
        fields = {
            "archive": archive,
            "entries": read_entries(resources, archive["person_id"], places),
            "enrolments": [
                _read_enrolment(condition, archive["person_id"])
                for condition in _of(resources, "Condition")
                if condition.get("identifier")
            ],
            "duties": [
                read_fields(activity, Duty, DUTY_PLACES)
                for plan in _of(resources, "CarePlan")
                for activity in plan["activity"]
            ],
            "kept": [read_fields(period, Kept, KEPT_PLACES) for period in episode.get("statusHistory", ())],
            "died_on": patient.get("deceasedDateTime"),
            "replaced_by": next(iter(_linked(patient, "replaced-by")), None),
            "replaces": _linked(patient, "replaces"),
        }
        return PortableArchive.model_validate(fields)
    except ValidationError as error:
        raise BundleRefusedError("not_ours", _path(error.errors(include_input=False)[0]["loc"])) from error
    except (LookupError, ValueError, TypeError) as error:
        raise BundleRefusedError("not_ours", "Bundle") from error


def _linked(patient: Resource, kind: str) -> list[str]:
    return [other["other"]["identifier"]["value"] for other in patient.get("link", ()) if other["type"] == kind]


def _of(resources: Iterable[Resource], kind: str) -> list[Resource]:
    return [resource for resource in resources if resource["resourceType"] == kind]


def _read_archive(
    patient: Resource, episode: Resource, resources: Sequence[Resource], places: Mapping[str, str]
) -> dict[str, Any]:
    form = next(iter(_of(resources, "QuestionnaireResponse")), None)
    codes = [code for code in patient["identifier"] if code["system"] == system(ARCHIVE_CODE)]
    sexes = {code: sex for sex, code in SEX_CODES.items()}
    return {
        **read_fields(episode, Archive, EPISODE_PLACES, without=AT_OTHER_RESOURCES),
        "person_id": patient["id"],
        "district": places[episode["managingOrganization"]["reference"]],
        "street": places[patient["managingOrganization"]["reference"]],
        "birth": patient.get("birthDate"),
        "sex": sexes.get(patient["extension"][0]["valueCode"], Sex.UNKNOWN),
        "code": next((code["value"] for code in codes if code["use"] == "usual"), None),
        "aliases": [read_fields(code, Alias, ALIAS_PLACES) for code in codes if code["use"] == "old"],
        "basic": read_items(form["item"], BasicInformation) if form else None,
    }


def _read_enrolment(condition: Resource, person_id: str) -> dict[str, Any]:
    return {**read_fields(condition, Enrolment, ENROLMENT_PLACES), "person_id": person_id}


def _path(location: Sequence[object]) -> str:
    return ".".join(["Bundle", *map(str, location)])


def _difference(one: Any, other: Any, path: str) -> str | None:
    """Return the path at which two JSON values differ first; None if they are the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted(one.keys() | other.keys())
        found = (_difference(one.get(name), other.get(name), f"{path}.{name}") for name in names)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        found = (
            _difference(left, right, f"{path}.{index}")
            for index, (left, right) in enumerate(zip(one, other, strict=True))
        )
    else:
        return None if one == other else path
    return next((difference for difference in found if difference), None)
