"""Health education of outreach as entries of archives: a pure decision which entry a district owes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Literal

from contracts.archives.archives import Archive
from contracts.archives.contents import EducationReceived
from contracts.archives.custody import Custody
from contracts.archives.entries import Entry, EntryFact, EntryRecorded
from contracts.outreach.activities import ActivityKind
from contracts.outreach.prescriptions import Prescription
from contracts.outreach.sign_ins import SignIn
from contracts.reference.calendar import SHANGHAI
from services.archives.domain.entries import void_entry

Form = Literal["prescription", "handbook", "lecture", "talk", "activity"]
Kept = tuple[Archive, Custody | None]
"""An archive of a district, and its custody if anything is recorded of it."""

BY = "outreach"
"""By whom an entry is made of which outreach does not tell who gave the education."""
WITHDRAWN = "健康教育处方已撤销 prescription withdrawn"

_FORMS: Mapping[ActivityKind, Form] = {
    ActivityKind.LECTURE: "lecture",
    ActivityKind.CONSULTATION: "talk",
    ActivityKind.FREE_CLINIC: "talk",
    ActivityKind.HOME_VISIT: "talk",
}
_LONG = re.compile(r"[0-9]{7,}")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Education:
    """Health education that a person received in a street, as outreach told of it; `withdrawn` ones never were."""

    education_id: str
    person_id: str
    street: str
    received_on: date
    form: Form
    topic: str
    given_by: str
    prescription_id: str | None = None
    withdrawn: bool = False

    @property
    def district(self) -> str:
        """Return the district of the street."""
        return self.street[:6]

    @property
    def entry_id(self) -> str:
        """Return the id of its entry, the same in every district (32 hexadecimal digits)."""
        return sha256(f"education|{self.education_id}".encode()).hexdigest()[:32]


def attended(person_id: str, sign_in: SignIn) -> Education:
    """Return what a person learnt at an activity."""
    return Education(
        education_id=sign_in.sign_in_id,
        person_id=person_id,
        street=sign_in.street,
        received_on=sign_in.signed_on,
        form=_FORMS.get(sign_in.kind, "activity"),
        topic=_without_long_numbers(sign_in.topic),
        given_by=BY,
    )


def prescribed(prescription: Prescription) -> Education:
    """Return what somebody was given in writing."""
    return Education(
        education_id=prescription.prescription_id,
        person_id=prescription.person_id,
        street=prescription.street,
        received_on=prescription.given_on,
        form="prescription",
        topic=_without_long_numbers(prescription.topic),
        given_by=prescription.given_by,
        prescription_id=prescription.prescription_id,
        withdrawn=prescription.withdrawn is not None,
    )


def owe(education: Education, known: Entry | None, kept: Mapping[str, Kept], now: datetime) -> EntryFact | None:
    """Return what is still to be recorded of some education; None if nothing is, or no archive was opened yet.

    `known` is its entry if there is one, `kept` the person's archives by own district. The entry is made by the
    district of the street, also after it handed the archive over, or else where the person's archive is kept. What
    contradicts something else that is known of the person is recorded all the same: it becomes a finding.
    """
    if education.withdrawn:
        return void_entry(known, BY, WITHDRAWN, now) if known and known.stands else None
    where = _find_district(education, kept)
    if known or where is None:
        return None
    archive, custody = kept[where]
    return EntryRecorded(
        entry=Entry(
            entry_id=education.entry_id,
            person_id=education.person_id,
            street=education.street if where == education.district else archive.street,
            measured_at=min(datetime.combine(education.received_on, time(12), SHANGHAI).astimezone(UTC), now),
            recorded_by=education.given_by,
            recorded_at=now,
            content=EducationReceived(
                form=education.form, topic=education.topic, prescription_id=education.prescription_id
            ),
            out_of_custody=custody is not None and not custody.holds,
            source="outreach",
        )
    )


def _find_district(education: Education, kept: Mapping[str, Kept]) -> str | None:
    if education.district in kept:
        return education.district
    holding = (where for where, (_, custody) in kept.items() if custody is None or custody.holds)
    return min(holding, default=min(kept, default=None))


def _without_long_numbers(topic: str) -> str:
    """Return a topic as an entry may have it: a day that is written as one number is left out."""
    return _LONG.sub("…", topic)[:_LONGEST]
