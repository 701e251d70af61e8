"""Invented archives as a street's health station has them: elderly, children, chronic patients, and the healthy.

They are written by the service's own rows and summaries, past RabbitMQ, so that 100,000 of them stand within minutes.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from random import Random
from typing import Any

from contracts.archives.archives import Archive, ArchiveOpened
from contracts.archives.contents import PhysicalExam, Vaccination
from contracts.archives.enrolments import ChronicEnrolled, Condition, Enrolment
from contracts.archives.entries import Entry, EntryRecorded
from contracts.archives.follow_ups import BloodPressure, DiabetesFollowUp, HypertensionFollowUp
from contracts.archives.forms import Content, Finding, Mode
from contracts.envelope import Event, Fact
from contracts.reference.divisions import Divisions
from contracts.reference.vaccines import Vaccine
from contracts.registration.stays import Stay, StayStarted, stay_id
from services.archives import projector
from services.archives.commands.summaries import summarise
from services.archives.views import findings
from services.archives.views.rows import prepare
from services.runtime.mongo import write_rows
from services.runtime.service import Service
from services.runtime.settings import load_settings
from tests.bench.children import Start
from tests.bench.population import DISTRICTS

STREETS = {district: Divisions.load().streets(district)[:4] for district in DISTRICTS}
BATCH_SIZE = 500
FIRST_ARRIVAL = date(2024, 1, 1)
EXAM = {
    "systolic": 138,
    "diastolic": 82,
    "height_cm": 165,
    "weight_kg": 62.5,
    "haemoglobin": 132,
    "white_cells": 6.1,
    "platelets": 210,
    "alt": 22,
    "ast": 25,
    "bilirubin": 12,
    "creatinine": 78,
    "urea": 5.2,
    "fasting_glucose": 5.6,
}
INFANT_DOSES = (
    *(
        (Vaccine.HEPATITIS_B, 1, 0),
        (Vaccine.BCG, 1, 0),
        (Vaccine.HEPATITIS_B, 2, 30),
        (Vaccine.POLIO_INACTIVATED, 1, 61),
    ),
    *((Vaccine.POLIO_INACTIVATED, 2, 92), (Vaccine.DTAP, 1, 92), (Vaccine.DTAP, 2, 122), (Vaccine.HEPATITIS_B, 3, 183)),
)


async def hold_archives(start: Start, environment: Mapping[str, str], district: str, count: int, today: date) -> None:
    """Write so many archives with everything in them into a district's own database, summaries and indexes too."""
    os.environ.update(environment)
    service = Service("archives", load_settings("archives"))
    await prepare(service.database)
    await findings.prepare(service.database)
    await start()
    for first in range(0, count, BATCH_SIZE):
        numbers = range(first, min(first + BATCH_SIZE, count))
        facts = [fact for number in numbers for fact in invent_patient(district, number, today)]
        events: list[Event[Any]] = [
            event for fact in facts for event in service.journal.commit(fact, causation="bench").events
        ]
        await write_rows(service.database, [row for event in events for row in projector.changes(event)])
        await summarise(service, [person_of(number) for number in numbers])


def person_of(number: int) -> str:
    """Name a person by number, as evenly spread as keyed hashes are."""
    return blake2b(str(number).encode(), digest_size=16).hexdigest()


def invent_patient(district: str, number: int, today: date) -> Iterator[Fact]:
    """Invent what is known of a person: of ten two are elderly, one a child, two chronic patients, five neither."""
    dice = Random(number)
    person, streets = person_of(number), STREETS[district]
    street, of_ten = streets[number % len(streets)], number // len(streets) % 10
    age = dice.randint(*((65, 90), (65, 90), (0, 6), (40, 64), (40, 64))[of_ten] if of_ten < 5 else (18, 60))
    born = today - timedelta(days=365 * age + dice.randint(10, 360))
    arrived = max(born, FIRST_ARRIVAL + timedelta(days=dice.randint(0, 300)))
    at = datetime.combine(arrived, time(9), UTC)
    yield StayStarted(
        stay=Stay(
            stay_id=stay_id(person, street, arrived),
            person_id=person,
            street=street,
            started_on=arrived,
            recorded_at=at,
            birth=born,
        )
    )
    yield ArchiveOpened(
        archive=Archive(person_id=person, district=district, street=street, opened_at=at, birth=born, since=arrived)
    )
    conditions = _conditions(of_ten, dice)
    for condition in conditions:
        yield ChronicEnrolled(
            enrolment=Enrolment(
                person_id=person, condition=condition, district=district, street=street, enrolled_on=arrived
            )
        )
    for index, (day, content) in enumerate(_contents(of_ten, conditions, (born, arrived, today), dice)):
        at = datetime.combine(day, time(2, index % 60), UTC)
        yield EntryRecorded(
            entry=Entry(
                entry_id=f"{person[:20]}-{index}",
                person_id=person,
                street=street,
                measured_at=at,
                recorded_at=at + timedelta(hours=1),
                recorded_by=f"nurse-{number % 40}",
                content=content,
            )
        )


def _conditions(of_ten: int, dice: Random) -> list[Condition]:
    """Half of the elderly and all chronic patients have something to be followed up."""
    if of_ten > 4 or of_ten == 2 or (of_ten < 2 and dice.random() < 0.5):
        return []
    return [dice.choice((Condition.HYPERTENSION, Condition.HYPERTENSION, Condition.DIABETES_2))]


def _contents(
    of_ten: int, conditions: list[Condition], days: tuple[date, date, date], dice: Random
) -> Iterator[tuple[date, Content]]:
    born, arrived, today = days
    if of_ten == 2:
        for vaccine, dose, age in INFANT_DOSES:
            on = born + timedelta(days=age + dice.randint(0, 9))
            if on < today and dice.random() < 0.9:
                yield on, Vaccination(vaccine=vaccine, dose=dose, from_card=on < arrived)
        return
    if of_ten < 2:
        looked = dict.fromkeys(("electrocardiogram", "abdominal_ultrasound"), Finding.NORMAL)
        yield today - timedelta(days=dice.randint(30, 500)), PhysicalExam.model_validate({**EXAM, **looked})
    elif not conditions and dice.random() < 0.4:
        yield arrived, BloodPressure(systolic=dice.randint(105, 138), diastolic=dice.randint(65, 88))
    for condition in conditions:
        for back in range(dice.randint(2, 6)):
            on = today - timedelta(days=85 * back + dice.randint(20, 110))
            if on > arrived:
                yield on, _follow_up(condition, dice)


def _follow_up(condition: Condition, dice: Random) -> Content:
    pressure = {"systolic": dice.randint(118, 152), "diastolic": dice.randint(70, 92)}
    if condition is Condition.HYPERTENSION:
        return HypertensionFollowUp(mode=Mode.FACE_TO_FACE, **pressure, weight_kg=dice.randint(480, 900) / 10)
    return DiabetesFollowUp(mode=Mode.FACE_TO_FACE, fasting_glucose=dice.randint(50, 95) / 10, **pressure)
