"""An archive's entries as resources: what was done, its numbers and medicines, and a Provenance for each version."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from contracts.archives.contents import CONTENTS, measures
from contracts.archives.entries import Earlier, Entry, EntryState
from contracts.archives.follow_ups import FollowUp, Medication
from contracts.archives.forms import Content, Finding, Result, Strip
from contracts.archives.measures import Measured
from contracts.envelope import render_time
from services.archives.fhir.codes import (
    ABSENT,
    ENCOUNTER,
    LOINC,
    MEDICATION_PLACES,
    OPERATIONS,
    PRESSURE_PANEL,
    PROVENANCE_PLACES,
    SHAPES,
    STRIP_TESTS,
    TERMS,
    UCUM,
    VITAL_SIGNS,
    Shape,
)
from services.archives.fhir.elements import (
    Resource,
    address,
    coded,
    get,
    link,
    make_id,
    read_fields,
    system,
    write_fields,
)

WORKER, ENTRY, KIND, MEASURE = "worker", "entry", "entry-kind", "measure"
_TIMES = ("dosage", 0, "timing", "repeat", "frequency")
_FINDINGS = (Finding, Strip, Result)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an entry on its way into resources: its number from 1, what it was, and whose archive it is in."""

    entry: Entry
    number: int
    snapshot: Earlier
    person_id: str
    subject: Mapping[str, str]

    @property
    def counts(self) -> bool:
        """Return whether this is the newest version of an entry that is not voided."""
        return self.number == self.entry.version and self.entry.stands

    @property
    def shape(self) -> Shape:
        """Return the shape of the entry's kind."""
        return shape_of(self.snapshot.content.kind)

    def make(self, resource_type: str, *what: object) -> Resource:
        """Return a resource of this version with type and id only."""
        return {"resourceType": resource_type, "id": make_id(resource_type, self.entry.entry_id, self.number, *what)}


def shape_of(kind: str) -> Shape:
    """Return the shape of a kind of entry; most are encounters."""
    return SHAPES.get(kind, ENCOUNTER)


def write_entry(entry: Entry, subject: Resource, places: Mapping[str, Resource]) -> list[Resource]:
    """Return the resources of an entry with all its versions, oldest first; `places` are the organizations by code."""
    resources: list[Resource] = []
    before: Resource | None = None
    for number, snapshot in enumerate([*entry.earlier, entry.as_earlier()], start=1):
        version = Version(entry, number, snapshot, subject["id"], link(subject))
        primary = _primary(version)
        resources += [primary, *_observations(version, primary), *_medications(version, primary)]
        resources.append(_provenance(version, primary, before, places[entry.street]))
        before = primary
    return resources


def _primary(version: Version) -> Resource:
    """Return the resource of the service itself: an encounter, or what the kind's shape asks for."""
    content, shape = version.snapshot.content, version.shape
    primary = version.make(shape.resource)
    primary |= {
        "meta": {"versionId": str(version.number)},
        "identifier": [{"system": system(ENTRY), "value": version.entry.entry_id}],
        "status": shape.done if version.counts else "entered-in-error",
        shape.subject: version.subject,
        **shape.fixed,
    }
    at = render_time(version.snapshot.measured_at)
    primary[shape.when] = {"start": at, "end": at} if shape is ENCOUNTER else at
    if shape is ENCOUNTER:
        primary["type"] = [coded(KIND, content.kind)]
        apart = getattr(content, "mode", None) in ("phone", "video")
        primary["class"] = {"system": f"{TERMS}/v3-ActCode", "code": "VR" if apart else "AMB"}
    else:
        primary["extension"] = [{"url": system(KIND), "valueCode": content.kind}]
    write_fields(primary, content, shape.places, without=("kind", "medications", *_observed(type(content))))
    return primary


def _observed(kind: type[Content]) -> dict[str, Measured | None]:
    """Return the fields of a content that become observations; None beside those that are no numbers."""
    findings: dict[str, Measured | None] = {
        name: None for name, info in kind.model_fields.items() if _is_finding(info.annotation)
    }
    return {**measures(kind), **findings}


def _is_finding(annotation: Any) -> bool:
    return annotation in _FINDINGS or any(part in _FINDINGS for part in get_args(annotation))


def _observations(version: Version, primary: Resource) -> Iterator[Resource]:
    """Return numbers and findings as observations; both blood pressures together are one panel."""
    content = version.snapshot.content
    parts = {
        name: _measure(name, getattr(content, name), meaning)
        for name, meaning in _observed(type(content)).items()
        if getattr(content, name) is not None
    }
    if parts.keys() >= {"systolic", "diastolic"}:
        panel = {"code": coded(MEASURE, "blood_pressure", {"system": LOINC, "code": PRESSURE_PANEL})}
        panel["component"] = [parts.pop("systolic"), parts.pop("diastolic")]  # type: ignore[assignment]  # a JSON object has values of any type
        yield _observation(version, primary, "blood_pressure", panel)
    for name, part in parts.items():
        yield _observation(version, primary, name, part)


def _observation(version: Version, primary: Resource, name: str, part: Resource) -> Resource:
    corrected = version.snapshot.state is EntryState.CORRECTED
    vital = name in VITAL_SIGNS or name == "blood_pressure"
    category = {"system": f"{TERMS}/observation-category", "code": "vital-signs" if vital else "exam"}
    return {
        **version.make("Observation", name),
        "status": ("corrected" if corrected else "final") if version.counts else "entered-in-error",
        "category": [{"coding": [category]}],
        "subject": version.subject,
        "encounter": link(primary),
        "effectiveDateTime": render_time(version.snapshot.measured_at),
        **part,
    }


def _measure(name: str, value: Any, meaning: Measured | None) -> Resource:
    """Return the code and the value of an observation: a number with its unit, or a finding as a code."""
    loinc = meaning.loinc if meaning else STRIP_TESTS.get(name)
    code = coded(MEASURE, name, *([{"system": LOINC, "code": loinc}] if loinc else []))
    if meaning is None:
        return {"code": code, "valueCodeableConcept": coded(f"{MEASURE}/{name}", value.value)}
    quantity = {"value": value, "unit": meaning.unit, "system": UCUM, "code": meaning.unit}
    return {"code": code, "valueQuantity": quantity}


def _medications(version: Version, primary: Resource) -> Iterator[Resource]:
    content = version.snapshot.content
    for index, taken in enumerate(content.medications if isinstance(content, FollowUp) else ()):
        statement = version.make("MedicationStatement", index)
        statement |= {
            "status": "active" if version.counts else "entered-in-error",
            "subject": version.subject,
            "context": link(primary),
            "effectiveDateTime": render_time(version.snapshot.measured_at),
        }
        write_fields(statement, taken, MEDICATION_PLACES, without=("times_a_day",))
        if taken.times_a_day is not None:
            dosage = statement.setdefault("dosage", [{}])[0]
            dosage["timing"] = {"repeat": {"frequency": taken.times_a_day, "period": 1, "periodUnit": "d"}}
        statement.setdefault("medicationCodeableConcept", {"text": "-"})
        yield statement


def _provenance(version: Version, primary: Resource, before: Resource | None, street: Resource) -> Resource:
    """Return who entered this version, when, for which street, and why it was changed."""
    snapshot, entry = version.snapshot, version.entry
    provenance = version.make("Provenance")
    provenance |= {
        "target": [link(primary)],
        "agent": [{"who": {"identifier": {"system": system(WORKER)}}, "onBehalfOf": link(street)}],
    }
    write_fields(provenance, snapshot, PROVENANCE_PLACES, without=("content",))
    operation = {"system": f"{TERMS}/v3-DataOperation", "code": OPERATIONS[snapshot.state]}
    provenance["activity"]["coding"].append(operation)
    if "recorded" not in provenance:
        provenance["_recorded"] = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
    if version.number == entry.version:
        written = {"source", "out_of_custody"} | ({"person_id"} if entry.person_id != version.person_id else set())
        write_fields(provenance, entry, {}, without=Entry.model_fields.keys() - written)
    if before is not None:
        provenance["entity"] = [{"role": "revision", "what": link(before)}]
    return provenance


# --- back


@dataclass(slots=True)
class Written:
    """A bundle's resources about entries, by the address of the primary resource that they belong to."""

    primaries: dict[str, Resource] = field(default_factory=dict)
    parts: defaultdict[str, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    provenances: dict[str, Resource] = field(default_factory=dict)


def read_entries(resources: Sequence[Resource], person_id: str, places: Mapping[str, str]) -> list[Entry]:
    """Return the entries that resources hold; `places` are the codes of organizations by their address."""
    written = _sort(resources)
    by_entry: defaultdict[str, list[Resource]] = defaultdict(list)
    for primary in written.primaries.values():
        by_entry[primary["identifier"][0]["value"]].append(primary)
    return [_read_entry(entry_id, versions, written, (person_id, places)) for entry_id, versions in by_entry.items()]


def _sort(resources: Sequence[Resource]) -> Written:
    written = Written()
    for resource in resources:
        about = get(resource, ("encounter", "reference")) or get(resource, ("context", "reference"))
        if resource["resourceType"] == "Provenance":
            written.provenances[resource["target"][0]["reference"]] = resource
        elif about:
            written.parts[about].append(resource)
        elif get(resource, ("identifier", 0, "system")) == system(ENTRY):
            written.primaries[address(resource)] = resource
    return written


def _read_entry(
    entry_id: str, versions: Sequence[Resource], written: Written, whose: tuple[str, Mapping[str, str]]
) -> Entry:
    *earlier, newest = (_read_version(primary, written) for primary in versions)
    last = written.provenances[address(versions[-1])]
    person_id, places = whose
    return Entry.model_validate(
        {
            "person_id": person_id,
            **read_fields(last, Entry, {}, without=("reason",)),
            "entry_id": entry_id,
            "street": places[last["agent"][0]["onBehalfOf"]["reference"]],
            "earlier": earlier,
            **newest,
        }
    )


def _read_version(primary: Resource, written: Written) -> dict[str, Any]:
    """Return the fields of one version."""
    provenance = written.provenances[address(primary)]
    snapshot = read_fields(provenance, Earlier, PROVENANCE_PLACES, without=("content",))
    return {**snapshot, "content": _read_content(primary, written.parts[address(primary)])}


def _read_content(primary: Resource, parts: Sequence[Resource]) -> dict[str, Any]:
    kind = get(primary, ("type", 0, "coding", 0, "code")) or _extension(primary, KIND)
    content = read_fields(primary, CONTENTS[kind], shape_of(kind).places, without=("kind", "medications"))
    medications = [_read_medication(part) for part in parts if part["resourceType"] == "MedicationStatement"]
    for part in parts:
        if part["resourceType"] == "Observation":
            content |= dict(_read_measure(one) for one in part.get("component", [part]))
    return {"kind": kind, **content, **({"medications": medications} if medications else {})}


def _read_measure(part: Resource) -> tuple[str, Any]:
    name = part["code"]["coding"][0]["code"]
    number = get(part, ("valueQuantity", "value"))
    return name, get(part, ("valueCodeableConcept", "coding", 0, "code")) if number is None else number


def _read_medication(statement: Resource) -> dict[str, Any]:
    taken = read_fields(statement, Medication, MEDICATION_PLACES)
    times = get(statement, _TIMES)
    return taken if times is None else {**taken, "times_a_day": times}


def _extension(resource: Resource, name: str) -> Any:
    return next((one.get("valueCode") for one in resource.get("extension", ()) if one["url"] == system(name)), None)
