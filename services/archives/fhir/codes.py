"""What ours is in FHIR: the codes of other systems, and the place of every field that FHIR has a place for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.archives.enrolments import Condition
from contracts.reference.identity import Sex
from services.archives.fhir.elements import Places

LOINC, UCUM, SNOMED = "http://loinc.org", "http://unitsofmeasure.org", "http://snomed.info/sct"
TERMS = "http://terminology.hl7.org/CodeSystem"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
GB_SEX = "gb-t-2261.1-sex"
PERSON, ARCHIVE_CODE, DIVISION, FORM = "person", "archive-code", "division", "basic-information"
CONDITION, PROBLEM = "managed-condition", "past-disease"
"""Names of our own identifier and code systems."""

SEX_CODES: Mapping[Sex, str] = {Sex.UNKNOWN: "0", Sex.MALE: "1", Sex.FEMALE: "2", Sex.UNSPECIFIED: "9"}
"""GB/T 2261.1: FHIR has no place for the difference between unknown and unspecified."""
GENDERS: Mapping[Sex, str] = {
    Sex.MALE: "male",
    Sex.FEMALE: "female",
    Sex.UNKNOWN: "unknown",
    Sex.UNSPECIFIED: "unknown",
}

PRESSURE_PANEL = "85354-9"
STRIP_TESTS: Mapping[str, str] = {"urine_protein": "20454-5", "urine_glucose": "25428-4"}
VITAL_SIGNS = frozenset(
    {"systolic", "diastolic", "heart_rate", "breathing_rate", "temperature", "weight_kg", "height_cm"}
)
DISEASES: Mapping[str, str] = {
    Condition.HYPERTENSION: "38341003",
    Condition.DIABETES_2: "44054006",
    Condition.TUBERCULOSIS: "56717001",
}
"""The SNOMED CT codes of the conditions that people are managed for."""
RELATIVES: Mapping[str, str] = {"father": "FTH", "mother": "MTH", "sibling": "SIB", "child": "CHILD"}


@dataclass(frozen=True, slots=True)
class Shape:
    """The resource that a kind of entry becomes.

    `when` is the element of its time and `subject` that of the person, `places` are those of the content's fields,
    `done` is its status, `fixed` what every such resource has.
    """

    resource: str
    when: str
    places: Places = field(default_factory=dict)
    done: str = "completed"
    subject: str = "subject"
    fixed: Mapping[str, Any] = field(default_factory=dict)


ENCOUNTER = Shape("Encounter", "period", done="finished")
COUNSELLED = {"category": {"coding": [{"system": SNOMED, "code": "409063005", "display": "Counseling"}]}}
SHAPES: Mapping[str, Shape] = {
    "vaccination": Shape(
        "Immunization",
        "occurrenceDateTime",
        subject="patient",
        places={
            "vaccine": ("vaccineCode", "coding", 0, "code"),
            "dose": ("protocolApplied", 0, "doseNumberPositiveInt"),
            "batch": ("lotNumber",),
            "site": ("site", "coding", 0, "code"),
        },
    ),
    "counselling": Shape(
        "Procedure",
        "performedDateTime",
        places={"topic": ("code", "coding", 0, "code"), "advice": ("note", 0, "text")},
        fixed=COUNSELLED,
    ),
    "disability_rehabilitation": Shape(
        "Procedure",
        "performedDateTime",
        places={
            "service": ("code", "coding", 0, "code"),
            "impairment": ("reasonCode", 0, "coding", 0, "code"),
            "progress": ("outcome", "text"),
        },
    ),
    "education_received": Shape(
        "Communication",
        "sent",
        places={"form": ("category", 0, "coding", 0, "code"), "topic": ("topic", "text")},
    ),
    "referral": Shape(
        "ServiceRequest",
        "authoredOn",
        done="active",
        places={"reason": ("reasonCode", 0, "text"), "to": ("performerType", "coding", 0, "code")},
        fixed={"intent": "order"},
    ),
}
"""The shapes of the kinds of entries that are no encounters."""

MEDICATION_PLACES: Places = {
    "drug": ("medicationCodeableConcept", "text"),
    "dose": ("dosage", 0, "text"),
}
PROVENANCE_PLACES: Places = {
    "measured_at": ("occurredDateTime",),
    "recorded_at": ("recorded",),
    "recorded_by": ("agent", 0, "who", "identifier", "value"),
    "state": ("activity", "coding", 0, "code"),
    "reason": ("reason", 0, "text"),
}
OPERATIONS: Mapping[str, str] = {"recorded": "CREATE", "corrected": "UPDATE", "voided": "NULLIFY"}
ENROLMENT_PLACES: Places = {
    "condition": ("code", "coding", 0, "code"),
    "enrolled_on": ("recordedDate",),
    "diagnosed_on": ("onsetDateTime",),
    "recorded_by": ("recorder", "identifier", "value"),
}
DUTY_PLACES: Places = {
    "kind": ("detail", "code", "coding", 0, "code"),
    "reason": ("detail", "reasonCode", 0, "coding", 0, "code"),
    "opens_on": ("detail", "scheduledPeriod", "start"),
    "due_on": ("detail", "scheduledPeriod", "end"),
}
KEPT_PLACES: Places = {"status": ("status",), "since": ("period", "start"), "until": ("period", "end")}
EPISODE_PLACES: Places = {"opened_at": ("period", "start")}
AT_OTHER_RESOURCES = ("person_id", "birth", "sex", "code", "aliases", "district", "street", "basic")
"""The fields of an archive that stand at other resources than its episode of care."""
ALIAS_PLACES: Places = {"code": ("value",), "valid_from": ("period", "start"), "valid_to": ("period", "end")}
