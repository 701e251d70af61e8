"""Pure decisions on announcements: of what will soon be due, a follow-up or a vaccination on a day is told once."""

from collections.abc import Iterable, Iterator
from datetime import date

from contracts.archives.announcements import Announcement, DueKind, DutyAnnounced, announcement_id
from contracts.archives.enrolments import Duty, DutyKind


def announce(person_id: str, street: str, duties: Iterable[Duty], since: date, until: date) -> Iterator[DutyAnnounced]:
    """Yield an announcement for each kind and day on which something is due to a person in a period."""
    due = {
        (duty.due_on, DueKind.VACCINATION if duty.kind is DutyKind.VACCINATION else DueKind.FOLLOW_UP)
        for duty in duties
        if since <= duty.due_on <= until
    }
    for due_on, kind in sorted(due):
        named = announcement_id(person_id, street, kind, due_on)
        told = {"person_id": person_id, "street": street, "kind": kind, "due_on": due_on}
        yield DutyAnnounced(announcement=Announcement(announcement_id=named, **told))
