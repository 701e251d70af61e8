"""An archive as a FHIR document bundle: valid, complete, and the same when it comes back."""

import json
import os
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.archives.archives import Alias, Archive
from contracts.archives.contents import CONTENTS, Vaccination
from contracts.archives.custody import Custody, Receipt
from contracts.archives.entries import Entry, EntryState
from contracts.archives.follow_ups import HypertensionFollowUp
from contracts.archives.forms import Content, Mode
from contracts.reference.identity import Sex
from contracts.reference.vaccines import Vaccine
from services.archives.domain.entries import correct_entry, void_entry
from services.archives.fhir.portable import Kept, PortableArchive, kept_by
from services.archives.fhir.reading import BundleRefusedError, read_bundle, validate_bundle
from services.archives.fhir.writing import write_bundle
from tests.support.archives import PERSON, entries, portable_archives

AS_OF = datetime(2026, 11, 20, 2, tzinfo=UTC)
THEN = datetime(2026, 11, 3, 1, 30, tzinfo=UTC)
EXAMPLES = int(os.environ.get("HOUNIAO_FHIR_EXAMPLES", "200"))
ANY = settings(deadline=None, suppress_health_check=list(HealthCheck))
PRESSURE = HypertensionFollowUp(mode=Mode.PHONE, systolic=150, diastolic=92, side_effects=True)


def make_entry(content: Content = PRESSURE, entry_id: str = "one") -> Entry:
    return Entry.model_validate(
        {
            "entry_id": entry_id,
            "person_id": PERSON,
            "street": "320507001",
            "measured_at": THEN,
            "recorded_at": THEN,
            "recorded_by": "worker-1",
            "content": content.model_dump(),
        }
    )


def make_portable(*told: Entry, **archive: Any) -> PortableArchive:
    opened = Archive(person_id=PERSON, district="320507", street="320507001", opened_at=THEN, **archive)
    return PortableArchive(archive=opened, entries=told)


def find(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def through_json(told: PortableArchive) -> PortableArchive:
    return read_bundle(validate_bundle(json.dumps(write_bundle(told, AS_OF), ensure_ascii=False).encode()))


@settings(ANY, max_examples=EXAMPLES)
@given(portable_archives())
def test_any_archive_is_a_valid_bundle_and_comes_back_the_same(told: PortableArchive) -> None:
    assert through_json(told) == told


@pytest.mark.parametrize("kind", sorted(CONTENTS))
@settings(ANY, max_examples=5)
@given(data=st.data())
def test_every_kind_of_entry_comes_back_the_same(kind: str, data: st.DataObject) -> None:
    told = make_portable(data.draw(entries(kind=kind)))

    assert through_json(told) == told


def test_a_follow_up_is_an_encounter_with_a_blood_pressure_panel() -> None:
    bundle = write_bundle(make_portable(make_entry()), AS_OF)

    (encounter,), (pressure,) = find(bundle, "Encounter"), find(bundle, "Observation")
    assert (encounter["status"], encounter["class"]["code"]) == ("finished", "VR")
    assert pressure["code"]["coding"][1] == {"system": "http://loinc.org", "code": "85354-9"}
    loinc = [part["code"]["coding"][1]["code"] for part in pressure["component"]]
    assert loinc == ["8480-6", "8462-4"]
    assert [part["valueQuantity"]["value"] for part in pressure["component"]] == [150, 92]


def test_a_vaccination_is_an_immunization_with_its_dose_and_batch() -> None:
    given_dose = Vaccination(vaccine=Vaccine.MMR, dose=2, batch="A-77", site="left_arm")

    (immunization,) = find(write_bundle(make_portable(make_entry(given_dose)), AS_OF), "Immunization")

    assert immunization["vaccineCode"]["coding"][0]["code"] == "MMR"
    assert immunization["protocolApplied"] == [{"doseNumberPositiveInt": 2}]
    assert immunization["lotNumber"] == "A-77"


def test_corrections_and_voids_go_along_as_history_that_nobody_counts() -> None:
    corrected = correct_entry(
        make_entry(), PRESSURE.model_copy(update={"systolic": 130}), THEN, "worker-2", "typing error", AS_OF
    ).entry
    voided = void_entry(make_entry(entry_id="two"), "worker-2", "other person", AS_OF).entry

    bundle = write_bundle(make_portable(corrected, voided), AS_OF)

    statuses = [one["status"] for one in find(bundle, "Encounter")]
    assert statuses == ["entered-in-error", "finished", "entered-in-error", "entered-in-error"]
    seen = [one["status"] for one in find(bundle, "Observation")]
    assert seen == ["entered-in-error", "corrected", "entered-in-error", "entered-in-error"]
    operations = [one["activity"]["coding"][1]["code"] for one in find(bundle, "Provenance")]
    assert operations == ["CREATE", "UPDATE", "CREATE", "NULLIFY"]
    assert [entry.state for entry in through_json(make_portable(corrected, voided)).entries] == [
        EntryState.CORRECTED,
        EntryState.VOIDED,
    ]


def test_a_patient_has_ids_and_codes_but_no_name_and_no_number() -> None:
    alias = Alias(code="32081200800100002", valid_from=date(2024, 1, 1))
    told = make_portable(sex=Sex.UNSPECIFIED, birth=date(1950, 2, 3), code="32050700100100001", aliases=(alias,))

    (patient,) = find(write_bundle(told.model_copy(update={"died_on": date(2026, 11, 1)}), AS_OF), "Patient")

    assert [(one["use"], one["value"]) for one in patient["identifier"]] == [
        ("official", PERSON),
        ("usual", "32050700100100001"),
        ("old", "32081200800100002"),
    ]
    assert patient["gender"] == "unknown"
    assert patient["extension"] == [{"url": "urn:houniao:fhir/gb-t-2261.1-sex", "valueCode": "9"}]
    assert patient["deceasedDateTime"] == "2026-11-01"
    assert "name" not in patient


def test_custody_is_the_history_of_an_episode() -> None:
    archive = make_portable().archive
    receipt = Receipt(origin="320507", offer_turn=1, turn=1, accepted=True, answered_at=AS_OF, count=0, sha256="")
    custody = Custody(person_id=PERSON, district="320507", street="320507001", turn=1, released=1, filed=receipt)

    kept = kept_by(archive, custody)

    assert kept == (Kept(status="active", since=THEN, until=AS_OF), Kept(status="finished", since=AS_OF))


def test_everything_in_a_document_hangs_together() -> None:
    bundle = write_bundle(make_portable(make_entry()), AS_OF)

    addresses = [entry["fullUrl"] for entry in bundle["entry"]]
    referred = set(_references(bundle))
    composed = set(_references(find(bundle, "Composition")))

    assert bundle["entry"][0]["resource"]["resourceType"] == "Composition"
    assert len(set(addresses)) == len(addresses)
    assert referred <= set(addresses)
    assert {address for address in addresses[1:] if address not in composed} <= {
        entry["fullUrl"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Organization"
    }


def _references(element: Any) -> Any:
    if isinstance(element, dict):
        for name, value in element.items():
            yield from [value] if name == "reference" else _references(value)
    elif isinstance(element, list):
        for one in element:
            yield from _references(one)


@pytest.mark.parametrize(
    ("mend", "code", "path"),
    [
        (lambda bundle: bundle.update(type=3), "not_fhir", "Bundle.type"),
        (lambda bundle: bundle["meta"].update(profile=["urn:houniao:fhir/archive/2"]), "altered", "meta.profile.0"),
        (lambda bundle: bundle.update(colour="red"), "not_fhir", "Bundle.colour"),
        (lambda bundle: find(bundle, "Encounter")[0]["period"].update(start="soon"), "not_fhir", "period.start"),
        (lambda bundle: bundle["entry"][0]["resource"].update(resourceType="Nothing"), "not_fhir", "Bundle"),
        (lambda bundle: bundle["entry"].pop(1), "not_ours", "Bundle"),
        (lambda bundle: find(bundle, "Observation")[0]["component"][0]["valueQuantity"].update(value=999),
         "not_ours", "systolic"),
        (lambda bundle: find(bundle, "Observation")[0]["component"][0]["valueQuantity"].update(unit="kPa"),
         "altered", "component.0.valueQuantity.unit"),
        (lambda bundle: find(bundle, "Encounter")[0].update(status="planned"), "altered", "resource.status"),
        (lambda bundle: find(bundle, "Patient")[0].update(name=[{"text": "张三"}]), "altered", "resource.name"),
    ],
)  # fmt: skip
def test_a_bundle_that_is_not_exactly_ours_is_refused_with_the_path(mend: Any, code: str, path: str) -> None:
    bundle = write_bundle(make_portable(make_entry()), AS_OF)
    mend(bundle)

    with pytest.raises(BundleRefusedError) as refused:
        read_bundle(validate_bundle(json.dumps(bundle).encode()))

    assert refused.value.code == code
    assert path in refused.value.path


def test_a_bundle_that_says_something_twice_is_refused() -> None:
    body = json.dumps(write_bundle(make_portable(make_entry()), AS_OF)).encode()
    twice = body.replace(b'"type": "document"', b'"type": "document", "type": "document"', 1)

    validate_bundle(body)
    assert twice != body
    with pytest.raises(BundleRefusedError, match="not_fhir"):
        validate_bundle(twice)
