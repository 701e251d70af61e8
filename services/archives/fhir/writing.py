"""Writing: a person's whole archive as a FHIR document bundle."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from contracts.archives.archives import Archive, BasicInformation
from contracts.archives.enrolments import Enrolment, EnrolmentEnding
from contracts.envelope import render_time
from services.archives.fhir.codes import (
    ALIAS_PLACES,
    ARCHIVE_CODE,
    AT_OTHER_RESOURCES,
    CONDITION,
    DISEASES,
    DIVISION,
    DUTY_PLACES,
    ENROLMENT_PLACES,
    EPISODE_PLACES,
    FORM,
    GB_SEX,
    GENDERS,
    KEPT_PLACES,
    LOINC,
    PERSON,
    PROBLEM,
    RELATIVES,
    SEX_CODES,
    SNOMED,
    TERMS,
)
from services.archives.fhir.elements import Resource, address, coded, link, make_id, system, write_fields
from services.archives.fhir.entries import WORKER, write_entry
from services.archives.fhir.forms import write_items
from services.archives.fhir.portable import PortableArchive

_CLINICAL: Mapping[EnrolmentEnding | None, str] = {None: "active", EnrolmentEnding.CURED: "resolved"}


def write_bundle(portable: PortableArchive, as_of: datetime) -> Resource:
    """Return an archive as a document bundle as of a moment."""
    archive = portable.archive
    places = {code: _organization(code) for code in _codes(portable)}
    for code, place in places.items():
        if len(code) > 6 and code[:6] in places:
            place["partOf"] = link(places[code[:6]])
    patient = _patient(portable, places)
    sections = {
        "基本信息 Basic information": list(_basic(archive, patient)),
        "慢病管理 Conditions": [_condition(enrolment, patient) for enrolment in portable.enrolments],
        "档案条目 Entries": [part for entry in portable.entries for part in write_entry(entry, patient, places)],
        "随访任务 Duties": list(_care_plan(portable, patient)),
        "档案管理 Custody": [_episode(portable, patient, places[archive.district])],
    }
    written = [resource for part in sections.values() for resource in part]
    composition = _composition(portable, as_of, (patient, places[archive.district]), sections)
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [system("archive/1")]},
        "identifier": {"system": system("bundle"), "value": make_id("Bundle", archive.person_id, archive.district)},
        "type": "document",
        "timestamp": render_time(as_of),
        "entry": [
            {"fullUrl": address(resource), "resource": resource}
            for resource in (composition, patient, *places.values(), *written)
        ],
    }


def _codes(portable: PortableArchive) -> list[str]:
    """Return the codes of all streets and districts that the archive names, each district before its streets."""
    streets = {portable.archive.street, *(entry.street for entry in portable.entries)}
    return sorted({portable.archive.district, *streets, *(street[:6] for street in streets)})


def _organization(code: str) -> Resource:
    return {
        "resourceType": "Organization",
        "id": make_id("Organization", code),
        "identifier": [{"system": system(DIVISION), "value": code}],
    }


def _composition(
    portable: PortableArchive,
    as_of: datetime,
    about: tuple[Resource, Resource],
    sections: Mapping[str, Sequence[Resource]],
) -> Resource:
    patient, custodian = about
    return {
        "resourceType": "Composition",
        "id": make_id("Composition", portable.archive.person_id, portable.archive.district),
        "status": "final",
        "type": {"coding": [{"system": LOINC, "code": "11503-0", "display": "Medical records"}]},
        "subject": link(patient),
        "date": render_time(as_of),
        "author": [link(custodian)],
        "title": "居民健康档案 Health archive",
        "custodian": link(custodian),
        "section": [
            {"title": title, "entry": [link(resource) for resource in part]} for title, part in sections.items() if part
        ],
    }


def _patient(portable: PortableArchive, places: Mapping[str, Resource]) -> Resource:
    """Return the patient without name or document number: ids, the archive's codes, sex, birth, death."""
    archive = portable.archive
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
    if portable.died_on:
        patient["deceasedDateTime"] = portable.died_on.isoformat()
    links = [("replaced-by", portable.replaced_by)] if portable.replaced_by else []
    links += [("replaces", replaced) for replaced in portable.replaces]
    if links:
        patient["link"] = [
            {"other": {"identifier": {"system": system(PERSON), "value": other}}, "type": kind} for kind, other in links
        ]
    return patient


def _archive_codes(archive: Archive) -> Iterator[Resource]:
    """Return the archive's code and its aliases as identifiers."""
    if archive.code:
        yield {"use": "usual", "system": system(ARCHIVE_CODE), "value": archive.code}
    for alias in archive.aliases:
        identifier: Resource = {"use": "old", "system": system(ARCHIVE_CODE)}
        write_fields(identifier, alias, ALIAS_PLACES)
        yield identifier


def _basic(archive: Archive, patient: Resource) -> Iterator[Resource]:
    """Return the form as it was filled in, and resources of their own for its allergies and diseases."""
    if archive.basic is None:
        return
    yield {
        "resourceType": "QuestionnaireResponse",
        "id": make_id("QuestionnaireResponse", archive.person_id, archive.district),
        "questionnaire": system(FORM),
        "status": "completed",
        "subject": link(patient),
        "item": list(write_items(archive.basic)),
    }
    yield from _allergies(archive.basic, patient)
    yield from _past_diseases(archive.basic, patient)
    yield from _family_diseases(archive.basic, patient)


def _allergies(basic: BasicInformation, patient: Resource) -> Iterator[Resource]:
    for index, allergy in enumerate(basic.allergies):
        yield {
            "resourceType": "AllergyIntolerance",
            "id": make_id("AllergyIntolerance", patient["id"], index),
            "clinicalStatus": {"coding": [{"system": f"{TERMS}/allergyintolerance-clinical", "code": "active"}]},
            "code": coded("allergy", allergy.value),
            "patient": link(patient),
        }


def _past_diseases(basic: BasicInformation, patient: Resource) -> Iterator[Resource]:
    for index, past in enumerate(basic.past_diseases):
        yield {
            "resourceType": "Condition",
            "id": make_id(PROBLEM, patient["id"], index),
            "clinicalStatus": {"coding": [{"system": f"{TERMS}/condition-clinical", "code": "active"}]},
            "category": [{"coding": [{"system": f"{TERMS}/condition-category", "code": "problem-list-item"}]}],
            "code": coded(PROBLEM, past.disease.value),
            "subject": link(patient),
            **({"onsetDateTime": past.since.isoformat()} if past.since else {}),
        }


def _family_diseases(basic: BasicInformation, patient: Resource) -> Iterator[Resource]:
    for index, family in enumerate(basic.family_diseases):
        relative = {"system": f"{TERMS}/v3-RoleCode", "code": RELATIVES[family.relation]}
        yield {
            "resourceType": "FamilyMemberHistory",
            "id": make_id("FamilyMemberHistory", patient["id"], index),
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


def _care_plan(portable: PortableArchive, patient: Resource) -> Iterator[Resource]:
    if not portable.duties:
        return
    activities: list[Resource] = []
    for duty in portable.duties:
        activities.append({"detail": {"status": "not-started"}})
        write_fields(activities[-1], duty, DUTY_PLACES)
    yield {
        "resourceType": "CarePlan",
        "id": make_id("CarePlan", portable.archive.person_id, portable.archive.district),
        "status": "active",
        "intent": "plan",
        "subject": link(patient),
        "activity": activities,
    }


def _episode(portable: PortableArchive, patient: Resource, district: Resource) -> Resource:
    """Return when the district kept the archive, and the state of the archive itself."""
    held = not portable.kept or portable.kept[-1].status == "active"
    episode: Resource = {
        "resourceType": "EpisodeOfCare",
        "id": make_id("EpisodeOfCare", portable.archive.person_id, portable.archive.district),
        "status": "active" if held and portable.archive.is_open else "finished",
        "patient": link(patient),
        "managingOrganization": link(district),
    }
    for kept in portable.kept:
        history: Resource = {}
        write_fields(history, kept, KEPT_PLACES)
        episode.setdefault("statusHistory", []).append(history)
    write_fields(episode, portable.archive, EPISODE_PLACES, without=AT_OTHER_RESOURCES)
    return episode
