"""Archives of any content, with all that goes along when one is carried from system to system."""

from hypothesis import strategies as st

from contracts.archives.archives import Archive
from contracts.archives.contents import CONTENTS
from contracts.archives.enrolments import Duty, Enrolment
from contracts.archives.entries import Earlier, Entry, EntryState
from contracts.archives.follow_ups import BloodPressure
from services.archives.fhir.portable import Kept, PortableArchive
from tests.support.models import DAYS, any_of

PERSON = "0123456789abcdef0123456789abcdef"
STREETS = ("320507001", "320507002", "320812008")


STREET = st.sampled_from(STREETS)
CONTENT = {kind: any_of(model) for kind, model in CONTENTS.items()}
READING = BloodPressure(systolic=132, diastolic=80)
SAID = {"content": st.just(READING), "recorded_by": st.sampled_from(("worker-1", "护士-2", ""))}
BEFORE = any_of(Earlier, state=st.sampled_from([EntryState.RECORDED, EntryState.CORRECTED]), **SAID)
PEOPLE = st.sampled_from((PERSON, "e" * 32))
NOW = any_of(Entry, **SAID, entry_id=st.just(""), person_id=PEOPLE, street=STREET, earlier=st.just(()))
OWN = {"person_id": st.just(PERSON), "district": st.just("320507"), "street": STREET}
ARCHIVE = any_of(Archive, **OWN, code=st.none() | st.just("32050700100100001"))
ENROLMENTS = st.lists(any_of(Enrolment, **OWN), max_size=2, unique_by=lambda one: one.condition)
DUTIES = st.lists(any_of(Duty).filter(lambda duty: not duty.opens_on or duty.opens_on <= duty.due_on), max_size=2)
KEPT = st.lists(any_of(Kept), max_size=2)


@st.composite
def entries(draw: st.DrawFn, number: int = 0, kind: str | None = None) -> Entry:
    """Return an entry with what it said before, of the same kind in each version."""
    content = CONTENT[kind or draw(st.sampled_from(sorted(CONTENTS)))]
    before = [said.model_copy(update={"content": draw(content)}) for said in draw(st.lists(BEFORE, max_size=2))]
    told = {"entry_id": f"entry-{number}", "content": draw(content), "earlier": tuple(before)}
    made: Entry = draw(NOW).model_copy(update=told)
    return made


@st.composite
def portable_archives(draw: st.DrawFn, most: int = 3) -> PortableArchive:
    """Return an archive with entries of any kind, enrolments, duties, and a history of who kept it."""
    return PortableArchive(
        archive=draw(ARCHIVE),
        entries=tuple(draw(entries(number)) for number in range(draw(st.integers(0, most)))),
        enrolments=tuple(draw(ENROLMENTS)),
        duties=tuple(draw(DUTIES)),
        kept=tuple(draw(KEPT)),
        died_on=draw(st.none() | DAYS),
        replaced_by=draw(st.none() | st.just("f" * 32)),
        replaces=tuple(draw(st.lists(st.just("e" * 32), max_size=1))),
    )
