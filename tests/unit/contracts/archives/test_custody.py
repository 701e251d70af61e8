"""The chain of a manifest: whoever changes, adds or leaves out an entry has another one."""

from contracts.archives.custody import chain
from contracts.archives.entries import Entry
from contracts.archives.follow_ups import BloodPressure
from tests.support.facts import FIRST_MOMENT, PEOPLE


def entry(systolic: int, entry_id: str) -> Entry:
    return Entry(
        entry_id=entry_id,
        person_id=PEOPLE[0],
        street="320507001",
        measured_at=FIRST_MOMENT,
        recorded_by="nurse",
        content=BloodPressure(systolic=systolic, diastolic=80),
    )


def corrected(standing: Entry, systolic: int) -> Entry:
    content = BloodPressure(systolic=systolic, diastolic=80)
    return standing.model_copy(update={"content": content, "earlier": (standing.as_earlier(),)})


def test_a_chain_notices_every_change() -> None:
    two = [(entry(120, "one"), 1), (entry(130, "two"), 1)]

    chains = {
        chain(two),
        chain(two[:1]),
        chain([two[0], (entry(131, "two"), 1)]),
        chain([two[0], (corrected(entry(130, "two"), 130), 2)]),
        chain([(entry(120, "one"), 1), (entry(130, "three"), 1)]),
    }

    assert len(chains) == 5
    assert chain(reversed(two)) == chain(two)
