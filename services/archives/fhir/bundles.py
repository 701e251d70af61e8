"""A person's whole archive as a FHIR document bundle, and back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from fhir.resources.R4B.bundle import Bundle
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from contracts.archives.archives import Alias, Archive, BasicInformation
from contracts.archives.custody import Custody
from contracts.archives.enrolments import Duty, Enrolment, EnrolmentEnding
from contracts.archives.entries import Entry
from contracts.envelope import Moment, PersonId, render_time
from contracts.reference.identity import Sex
from services.archives.fhir.codes import (
    ALIAS_PLACES,
    DISEASES,
    DUTY_PLACES,
    ENROLMENT_PLACES,
    EPISODE_PLACES,
    GB_SEX,
    GENDERS,
    KEPT_PLACES,
    LOINC,
    RELATIVES,
    SEX_CODES,
    SNOMED,
    TERMS,
)
from services.archives.fhir.elements import Resource, address, coded, link, make_id, read_fields, system, write_fields
from services.archives.fhir.entries import WORKER, read_entries, write_entry
from services.archives.fhir.forms import read_items, write_items

PERSON, ARCHIVE_CODE, DIVISION, FORM = "person", "archive-code", "division", "basic-information"
CONDITION, PROBLEM = "managed-condition", "past-disease"
_AT_PATIENT = ("person_id", "birth", "sex", "code", "aliases")
_ELSEWHERE = (*_AT_PATIENT, "district", "street", "basic")
_CLINICAL: Mapping[EnrolmentEnding | None, str] = {None: "active", EnrolmentEnding.CURED: "resolved"}


class Kept(BaseModel):
    """For how long a district kept the archive (active), or had handed it over (finished)."""

    model_config = ConfigDict(frozen=True)

    status: Literal["active", "finished"]
    since: Moment
    until: Moment | None = None


class PortableArchive(BaseModel):
    """Everything of an archive that goes into a bundle and comes out of it, as one district knows it."""

    model_config = ConfigDict(frozen=True)

    archive: Archive
    entries: tuple[Entry, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    duties: tuple[Duty, ...] = ()
    kept: tuple[Kept, ...] = ()
    died_on: date | None = None
    replaced_by: PersonId | None = None
    replaces: tuple[PersonId, ...] = ()


class BundleRefusedError(Exception):
    """A bundle that is not taken: a stable code, and the path of what is wrong in it."""

    def __init__(self, code: Literal["not_fhir", "not_ours", "altered"], path: str) -> None:
        super().__init__(f"{code}: {path}")
        self.code = code
        self.path = path


ADVICE: Mapping[str, str] = {
    "not_fhir": "不是有效的 FHIR R4 文档包。This is no valid FHIR R4 document bundle; mend what the path names.",
    "not_ours": "不是由本系统导出的健康档案。This is no archive that was exported here: the path says what is missing.",
    "altered": "内容与导出时不一致。It says something that was not exported so, or not alike in all places.",
}
"""What to do, by code."""


def kept_by(archive: Archive, custody: Custody | None) -> tuple[Kept, ...]:
    """Say when a district kept an archive and when it had handed it over, oldest first."""
    turns = [(archive.opened_at, "active")]
    if custody:
        turns += [(one.answered_at, "active") for one in custody.receipts if one.accepted]
        turns += [(custody.filed.answered_at, "finished")] if custody.filed else []
    turns.sort()
    changed = [turn for index, turn in enumerate(turns) if not index or turns[index - 1][1] != turn[1]]
    ends = [*(since for since, _ in changed[1:]), None]
    return tuple(
        Kept.model_validate({"status": status, "since": since, "until": until})
        for (since, status), until in zip(changed, ends, strict=True)
    )


# --- out


def write_bundle(told: PortableArchive, as_of: datetime) -> Resource:
    """Write an archive as a document bundle as of a moment."""
    archive = told.archive
    places = {code: _organization(code) for code in _codes(told)}
    for code, place in places.items():
        if len(code) > 6 and code[:6] in places:
            place["partOf"] = link(places[code[:6]])
    patient = _patient(told, places)
    sections = {
        "基本信息 Basic information": list(_basic(archive, patient)),
        "慢病管理 Conditions": [_condition(one, patient) for one in told.enrolments],
        "档案条目 Entries": [part for entry in told.entries for part in write_entry(entry, patient, places)],
        "随访任务 Duties": list(_care_plan(told, patient)),
        "档案管理 Custody": [_episode(told, patient, places[archive.district])],
    }
    written = [resource for part in sections.values() for resource in part]
    composition = _composition(told, as_of, (patient, places[archive.district]), sections)
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [system("archive/1")]},
        "identifier": {"system": system("bundle"), "value": make_id("Bundle", archive.person_id, archive.district)},
        "type": "document",
        "timestamp": render_time(as_of),
        "entry": [
            {"fullUrl": address(one), "resource": one} for one in (composition, patient, *places.values(), *written)
        ],
    }


def _codes(told: PortableArchive) -> list[str]:
    streets = {told.archive.street, *(entry.street for entry in told.entries)}
    return sorted({told.archive.district, *streets, *(street[:6] for street in streets)})


def _organization(code: str) -> Resource:
    return {
        "resourceType": "Organization",
        "id": make_id("Organization", code),
        "identifier": [{"system": system(DIVISION), "value": code}],
    }


def _composition(
    told: PortableArchive,
    as_of: datetime,
    about: tuple[Resource, Resource],
    sections: Mapping[str, Sequence[Resource]],
) -> Resource:
    patient, custodian = about
    return {
        "resourceType": "Composition",
        "id": make_id("Composition", told.archive.person_id, told.archive.district),
        "status": "final",
        "type": {"coding": [{"system": LOINC, "code": "11503-0", "display": "Medical records"}]},
        "subject": link(patient),
        "date": render_time(as_of),
        "author": [link(custodian)],
        "title": "居民健康档案 Health archive",
        "custodian": link(custodian),
        "section": [{"title": title, "entry": [link(one) for one in part]} for title, part in sections.items() if part],
    }


def _patient(told: PortableArchive, places: Mapping[str, Resource]) -> Resource:
    """Say who, without saying who: ids, the archive's codes, sex, birth, death."""
    archive = told.archive
    patient: Resource = {
        "resourceType": "Patient",
        "id": archive.person_id,
        "extension": [{"url": system(GB_SEX), "valueCode": SEX_CODES[archive.sex]}],
        "identifier": [
            {"use": "official", "system": system(PERSON), "value": archive.person_id},
            *_archive_codes(archive),
        ],
        "gender": GENDERS[archive.sex],
        "managingOrganization": link(places[archive.street]),
    }
    if archive.birth:
        patient["birthDate"] = archive.birth.isoformat()
    if told.died_on:
        patient["deceasedDateTime"] = told.died_on.isoformat()
    links = [("replaced-by", told.replaced_by)] if told.replaced_by else []
    links += [("replaces", one) for one in told.replaces]
    if links:
        patient["link"] = [
            {"other": {"identifier": {"system": system(PERSON), "value": other}}, "type": kind} for kind, other in links
        ]
    return patient


def _archive_codes(archive: Archive) -> Iterator[Resource]:
    if archive.code:
        yield {"use": "usual", "system": system(ARCHIVE_CODE), "value": archive.code}
    for alias in archive.aliases:
        identifier: Resource = {"use": "old", "system": system(ARCHIVE_CODE)}
        write_fields(identifier, alias, ALIAS_PLACES)
        yield identifier


def _basic(archive: Archive, patient: Resource) -> Iterator[Resource]:
    """Write the form as it was filled in, and what it says of allergies and diseases where others look for it."""
    if archive.basic is None:
        return
    basic, whose = archive.basic, archive.person_id
    yield {
        "resourceType": "QuestionnaireResponse",
        "id": make_id("QuestionnaireResponse", whose, archive.district),
        "questionnaire": system(FORM),
        "status": "completed",
        "subject": link(patient),
        "item": list(write_items(basic)),
    }
    for index, allergy in enumerate(basic.allergies):
        yield {
            "resourceType": "AllergyIntolerance",
            "id": make_id("AllergyIntolerance", whose, index),
            "clinicalStatus": {"coding": [{"system": f"{TERMS}/allergyintolerance-clinical", "code": "active"}]},
            "code": coded("allergy", allergy.value),
            "patient": link(patient),
        }
    for index, past in enumerate(basic.past_diseases):
        yield {
            "resourceType": "Condition",
            "id": make_id(PROBLEM, whose, index),
            "clinicalStatus": {"coding": [{"system": f"{TERMS}/condition-clinical", "code": "active"}]},
            "category": [{"coding": [{"system": f"{TERMS}/condition-category", "code": "problem-list-item"}]}],
            "code": coded(PROBLEM, past.disease.value),
            "subject": link(patient),
            **({"onsetDateTime": past.since.isoformat()} if past.since else {}),
        }
    for index, family in enumerate(basic.family_diseases):
        relative = {"system": f"{TERMS}/v3-RoleCode", "code": RELATIVES[family.relation]}
        yield {
            "resourceType": "FamilyMemberHistory",
            "id": make_id("FamilyMemberHistory", whose, index),
            "status": "completed",
            "patient": link(patient),
            "relationship": {"coding": [relative]},
            "condition": [{"code": coded(PROBLEM, family.disease.value)}],
        }


def _condition(enrolment: Enrolment, patient: Resource) -> Resource:
    clinical = _CLINICAL.get(enrolment.ending, "inactive")
    refuted = enrolment.ending is EnrolmentEnding.MISDIAGNOSED
    condition: Resource = {
        "resourceType": "Condition",
        "id": make_id(CONDITION, enrolment.person_id, enrolment.condition, enrolment.district),
        "identifier": [{"system": system(CONDITION), "value": f"{enrolment.condition}@{enrolment.district}"}],
        "clinicalStatus": {"coding": [{"system": f"{TERMS}/condition-clinical", "code": clinical}]},
        "verificationStatus": {
            "coding": [{"system": f"{TERMS}/condition-ver-status", "code": "refuted" if refuted else "confirmed"}]
        },
        "subject": link(patient),
    }
    if enrolment.recorded_by:
        condition["recorder"] = {"identifier": {"system": system(WORKER)}}
    write_fields(condition, enrolment, ENROLMENT_PLACES, without=("person_id",))
    if snomed := DISEASES.get(enrolment.condition):
        condition["code"]["coding"].append({"system": SNOMED, "code": snomed})
    return condition


def _care_plan(told: PortableArchive, patient: Resource) -> Iterator[Resource]:
    if not told.duties:
        return
    activities: list[Resource] = []
    for duty in told.duties:
        activities.append({"detail": {"status": "not-started"}})
        write_fields(activities[-1], duty, DUTY_PLACES)
    yield {
        "resourceType": "CarePlan",
        "id": make_id("CarePlan", told.archive.person_id, told.archive.district),
        "status": "active",
        "intent": "plan",
        "subject": link(patient),
        "activity": activities,
    }


def _episode(told: PortableArchive, patient: Resource, district: Resource) -> Resource:
    """Say who keeps the archive and since when, and how the archive itself is."""
    held = not told.kept or told.kept[-1].status == "active"
    episode: Resource = {
        "resourceType": "EpisodeOfCare",
        "id": make_id("EpisodeOfCare", told.archive.person_id, told.archive.district),
        "status": "active" if held and told.archive.is_open else "finished",
        "patient": link(patient),
        "managingOrganization": link(district),
    }
    for kept in told.kept:
        history: Resource = {}
        write_fields(history, kept, KEPT_PLACES)
        episode.setdefault("statusHistory", []).append(history)
    write_fields(episode, told.archive, EPISODE_PLACES, without=_ELSEWHERE)
    return episode


# --- back


def validate_bundle(body: bytes) -> Resource:
    """Check a body against FHIR R4 and give it decoded, or refuse it with the path."""
    try:
        Bundle.model_validate_json(body)
        decoded: Resource = from_json(body)
    except ValidationError as error:
        raise BundleRefusedError("not_fhir", _path(error.errors(include_input=False)[0]["loc"])) from error
    except (KeyError, ValueError, TypeError) as error:
        raise BundleRefusedError("not_fhir", "Bundle") from error
    return decoded


def read_bundle(bundle: Resource) -> PortableArchive:
    """Read an archive back from a bundle that was written here, or refuse what is not exactly one."""
    told = _read(bundle)
    try:
        again = write_bundle(told, datetime.fromisoformat(bundle["timestamp"]))
    except (LookupError, ValueError, TypeError) as error:
        raise BundleRefusedError("not_ours", "Bundle") from error
    if difference := _difference(bundle, again, "Bundle"):
        raise BundleRefusedError("altered", difference)
    return told


def _read(bundle: Resource) -> PortableArchive:
    try:
        resources = [entry["resource"] for entry in bundle["entry"]]
        places = {address(one): one["identifier"][0]["value"] for one in _of(resources, "Organization")}
        patient, episode = _of(resources, "Patient")[0], _of(resources, "EpisodeOfCare")[0]
        archive = _read_archive(patient, episode, resources, places)
        told = {
            "archive": archive,
            "entries": read_entries(resources, archive["person_id"], places),
            "enrolments": [
                _read_condition(one, archive["person_id"])
                for one in _of(resources, "Condition")
                if one.get("identifier")
            ],
            "duties": [
                read_fields(one, Duty, DUTY_PLACES) for plan in _of(resources, "CarePlan") for one in plan["activity"]
            ],
            "kept": [read_fields(one, Kept, KEPT_PLACES) for one in episode.get("statusHistory", ())],
            "died_on": patient.get("deceasedDateTime"),
            "replaced_by": next(iter(_linked(patient, "replaced-by")), None),
            "replaces": _linked(patient, "replaces"),
        }
        return PortableArchive.model_validate(told)
    except ValidationError as error:
        raise BundleRefusedError("not_ours", _path(error.errors(include_input=False)[0]["loc"])) from error
    except (LookupError, ValueError, TypeError) as error:
        raise BundleRefusedError("not_ours", "Bundle") from error


def _linked(patient: Resource, kind: str) -> list[str]:
    return [one["other"]["identifier"]["value"] for one in patient.get("link", ()) if one["type"] == kind]


def _of(resources: Iterable[Resource], kind: str) -> list[Resource]:
    return [one for one in resources if one["resourceType"] == kind]


def _read_archive(
    patient: Resource, episode: Resource, resources: Sequence[Resource], places: Mapping[str, str]
) -> dict[str, Any]:
    form = next(iter(_of(resources, "QuestionnaireResponse")), None)
    codes = [one for one in patient["identifier"] if one["system"] == system(ARCHIVE_CODE)]
    sexes = {code: sex for sex, code in SEX_CODES.items()}
    return {
        **read_fields(episode, Archive, EPISODE_PLACES, without=_ELSEWHERE),
        "person_id": patient["id"],
        "district": places[episode["managingOrganization"]["reference"]],
        "street": places[patient["managingOrganization"]["reference"]],
        "birth": patient.get("birthDate"),
        "sex": sexes.get(patient["extension"][0]["valueCode"], Sex.UNKNOWN),
        "code": next((one["value"] for one in codes if one["use"] == "usual"), None),
        "aliases": [read_fields(one, Alias, ALIAS_PLACES) for one in codes if one["use"] == "old"],
        "basic": read_items(form["item"], BasicInformation) if form else None,
    }


def _read_condition(condition: Resource, person_id: str) -> dict[str, Any]:
    return {**read_fields(condition, Enrolment, ENROLMENT_PLACES), "person_id": person_id}


def _path(location: Sequence[object]) -> str:
    return ".".join(["Bundle", *map(str, location)])


def _difference(one: Any, other: Any, path: str) -> str | None:
    """Find the path at which two JSON values differ, None where they are the same."""
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
