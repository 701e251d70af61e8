"""Custody: wherever a person moves, whoever refuses, however late districts hear of it, one keeps the whole archive."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.archives.archives import (
    Allergy,
    Archive,
    ArchiveCompleted,
    ArchiveFact,
    BasicInformation,
    ClosingReason,
    archive_code,
)
from contracts.archives.custody import Custody, CustodyFact, CustodyOffered, CustodyReturned, OfferState, ReturnReason
from contracts.archives.enrolments import ChronicEnrolled, Condition, Enrolment, EnrolmentEnding, EnrolmentFact
from contracts.archives.entries import Entry, EntryFact, EntryForwarded, EntryRecorded
from contracts.archives.follow_ups import HypertensionFollowUp
from contracts.archives.forms import Mode
from contracts.envelope import Fact
from contracts.registration.stays import Stay, StayFact, StayStarted, StayState
from services.archives.domain.archives import complete
from services.archives.domain.custody import may_be_refused, refuse, settle
from services.archives.domain.duties import find_duties
from services.archives.domain.entries import correct_entry, void_entry
from services.archives.domain.known import Known, begin_custody, find_home
from tests.support.facts import FIRST_DAY, FIRST_MOMENT, PEOPLE, make_stay

DISTRICTS = ("310110", "320507", "320812")
A, B, C = DISTRICTS
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOW = FIRST_MOMENT + timedelta(days=40)


@dataclass
class District:
    """A district as archives sees it: its own streams, and the newest that was heard of everybody's."""

    code: str
    archive: Archive | None = None
    custody: Custody | None = None
    others: dict[str, Custody] = field(default_factory=dict)
    stays: dict[str, Stay] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    enrolments: dict[str, Enrolment] = field(default_factory=dict)
    forwarded: dict[tuple[str, str], int] = field(default_factory=dict)
    handed: dict[str, Archive] = field(default_factory=dict)
    handed_enrolments: dict[tuple[str, str], Enrolment] = field(default_factory=dict)
    died_on: date | None = None

    def hear(self, fact: Fact, days: int = 0) -> list[Fact]:
        """Learn of a fact, then settle; give what is said."""
        self.learn(fact)
        return self.settle(days)

    def learn(self, fact: Fact) -> None:
        """Keep what is newest."""
        match fact:
            case StayFact(stay=stay):
                self.stays[stay.stay_id] = _newer(self.stays.get(stay.stay_id), stay)
                self._open_for(stay)
            case CustodyFact(custody=custody) if custody.district != self.code:
                known = self.others.get(custody.district)
                if known is None or known.turn < custody.turn:
                    self.others[custody.district] = custody
            case ArchiveFact(archive=archive) if archive.district != self.code:
                self.handed[archive.district] = archive
            case EnrolmentFact(enrolment=enrolment) if enrolment.district != self.code:
                self.handed_enrolments[enrolment.district, enrolment.condition] = enrolment
            case EntryForwarded(entry=entry) | EntryFact(entry=entry):
                known_entry = self.entries.get(entry.entry_id)
                if known_entry is None or known_entry.version < entry.version:
                    self.entries[entry.entry_id] = entry

    def settle(self, days: int = 0) -> list[Fact]:
        if self.archive is None:
            return []
        said = list(settle(self.known(), NOW + timedelta(days=days)))
        for fact in said:
            self.keep(fact)
        return said

    def known(self) -> Known:
        assert self.archive
        return Known(
            archive=self.archive,
            custody=self.custody or begin_custody(self.archive),
            stays=tuple(self.stays.values()),
            others=tuple(self.others.values()),
            handed=tuple(self.handed.values()),
            handed_enrolments=tuple(self.handed_enrolments.values()),
            entries=self.entries,
            enrolments=self.enrolments,
            forwarded=self.forwarded,
            died_on=self.died_on,
        )

    def keep(self, fact: Fact) -> None:
        match fact:
            case ArchiveFact(archive=archive):
                self.archive = archive
            case CustodyFact(custody=custody):
                assert custody.turn == (self.custody.turn if self.custody else 0) + 1
                self.custody = custody
            case EnrolmentFact(enrolment=enrolment):
                self.enrolments[enrolment.condition] = enrolment
            case EntryForwarded(entry=entry, to=to):
                self.forwarded[entry.entry_id, to] = entry.version
            case EntryFact(entry=entry):
                self.entries[entry.entry_id] = entry

    @property
    def holds(self) -> bool:
        return self.archive is not None and (self.custody is None or self.custody.holds)

    def _open_for(self, stay: Stay) -> None:
        if stay.district == self.code and self.archive is None:
            self.archive = Archive(
                person_id=stay.person_id, district=self.code, street=stay.street, opened_at=FIRST_MOMENT
            )


def _newer(known: Stay | None, stay: Stay) -> Stay:
    """Stays only ever go on from open to ended or retracted here."""
    return known if known and known.state is not StayState.OPEN else stay


@dataclass
class World:
    """Districts that hear of one another through messages alone, in any order and any of them twice."""

    districts: dict[str, District] = field(default_factory=lambda: {code: District(code) for code in DISTRICTS})
    under_way: list[tuple[str, Fact]] = field(default_factory=list)
    reported: dict[str, Stay] = field(default_factory=dict)
    written: dict[str, Entry] = field(default_factory=dict)
    said: list[Fact] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    days: int = 0

    def say(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            self.said.append(fact)
            if isinstance(fact, EntryFact):
                self.written[fact.entry.entry_id] = fact.entry
            everywhere = isinstance(fact, StayFact)
            self.under_way += [(to, fact) for to in (DISTRICTS if everywhere else fact.addressees)]

    def report(self, stay: Stay) -> None:
        self.reported[stay.stay_id] = stay
        self.say([StayStarted(stay=stay)])

    def write(self, fact: Fact, code: str) -> None:
        """Let a health worker of a district record something."""
        self.districts[code].keep(fact)
        self.say([fact])

    def deliver(self, index: int, times: int = 1) -> None:
        code, fact = self.under_way.pop(index)
        for _ in range(times):
            self.say(self.districts[code].hear(fact, self.days))

    def drain(self) -> None:
        for _ in range(5000):
            if not self.under_way:
                return
            self.deliver(0)
        raise AssertionError("they never stop talking")

    def keepers(self) -> list[str]:
        return [code for code, district in self.districts.items() if district.holds]

    @property
    def home(self) -> str | None:
        """Name who should keep the archive: the district where the person lives, or whose offer it refused."""
        home = find_home(self.reported.values())
        return self.refused.get(home.stay_id, home.district) if home else None


def follow_up(number: int, code: str, systolic: int = 130) -> Entry:
    return Entry(
        entry_id=f"entry-{number}",
        person_id=PEOPLE[0],
        street=f"{code}001",
        measured_at=FIRST_MOMENT + timedelta(days=number),
        recorded_at=FIRST_MOMENT + timedelta(days=number, minutes=5),
        recorded_by="nurse",
        content=HypertensionFollowUp(mode=Mode.FACE_TO_FACE, systolic=systolic, diastolic=80),
    )


def enrolment(code: str) -> Enrolment:
    return Enrolment(
        person_id=PEOPLE[0],
        condition=Condition.HYPERTENSION,
        district=code,
        street=f"{code}001",
        enrolled_on=FIRST_DAY,
        turn=0,
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Live through moves, visits, corrections, mistakes and refusals while messages cross, and drain in the end."""
    world = World()
    steps = (
        _move,
        _move,
        _end_or_retract,
        _write,
        _write,
        _correct,
        _enrol,
        _complete,
        _deliver,
        _deliver,
        _refuse,
        _refuse,
    )
    for _ in range(draw(st.integers(4, 24))):
        draw(st.sampled_from(steps))(world, draw)
        world.days += draw(st.sampled_from((0, 0, 1, 40)))
    refuses = draw(st.booleans())
    while world.under_way:
        if refuses and draw(st.booleans()):
            _refuse(world, draw)
        if world.under_way:
            world.deliver(draw(st.integers(0, len(world.under_way) - 1)))
        assert len(world.said) < 3000, "they never stop talking"
    return world


def _move(world: World, draw: st.DrawFn) -> None:
    code, day = draw(st.sampled_from(DISTRICTS)), draw(st.integers(0, 30))
    stay = make_stay(street=f"{code}00{draw(st.integers(1, 2))}", day=day, recorded=len(world.said))
    if stay.stay_id not in world.reported:
        world.report(stay)


def _end_or_retract(world: World, draw: st.DrawFn) -> None:
    living = [stay for stay in world.reported.values() if stay.state is StayState.OPEN]
    if living:
        state = draw(st.sampled_from((StayState.ENDED, StayState.RETRACTED)))
        world.report(draw(st.sampled_from(living)).model_copy(update={"state": state}))


def _refuse(world: World, draw: st.DrawFn) -> None:
    """Let a district refuse what it is offered, as soon as it hears of it: the person is not theirs."""
    offers = [
        index
        for index, (to, fact) in enumerate(world.under_way)
        if isinstance(fact, CustodyOffered) and to != fact.custody.district and world.districts[to].archive
    ]
    if offers:
        code, fact = world.under_way.pop(draw(st.sampled_from(offers)))
        district = world.districts[code]
        district.learn(fact)
        for origin, offer in may_be_refused(district.known()):
            world.refused[offer.stay_id] = origin
            world.write(refuse(district.known().custody, origin, offer, NOW, reason="not ours"), code)
        world.say(district.settle(world.days))


def _write(world: World, draw: st.DrawFn) -> None:
    kept = [district for district in world.districts.values() if district.archive]
    if kept:
        code = draw(st.sampled_from(kept)).code
        world.write(EntryRecorded(entry=follow_up(len(world.written) + 1, code)), code)


def _correct(world: World, draw: st.DrawFn) -> None:
    standing = [entry for entry in world.written.values() if entry.stands]
    if standing:
        entry = draw(st.sampled_from(standing))
        if draw(st.booleans()):
            world.write(void_entry(entry, "nurse", "wrong person", NOW), entry.district)
        else:
            corrected = correct_entry(entry, entry.content, entry.measured_at, "nurse", "typo", NOW)
            world.write(corrected, entry.district)


def _enrol(world: World, draw: st.DrawFn) -> None:
    kept = [district for district in world.districts.values() if district.holds]
    if kept:
        code = draw(st.sampled_from(kept)).code
        if Condition.HYPERTENSION not in world.districts[code].enrolments:
            world.write(ChronicEnrolled(enrolment=enrolment(code)), code)


def _complete(world: World, draw: st.DrawFn) -> None:
    kept = [district for district in world.districts.values() if district.holds and district.archive]
    if kept:
        district = draw(st.sampled_from(kept))
        assert district.archive
        if district.archive.is_open:
            code = archive_code(f"{district.code}001", "001", 1)
            now = NOW + timedelta(hours=len(world.said))
            basic = BasicInformation(allergies=(Allergy.PENICILLIN,))
            world.write(complete(district.archive, basic, code, "nurse", now), district.code)


def _deliver(world: World, draw: st.DrawFn) -> None:
    for _ in range(draw(st.integers(1, 6))):
        if world.under_way:
            world.deliver(draw(st.integers(0, len(world.under_way) - 1)), draw(st.sampled_from((1, 1, 2))))


@PATIENT
@given(worlds())
def test_once_everything_is_heard_one_district_alone_keeps_the_archive_the_home_or_whose_offer_it_refused(
    world: World,
) -> None:
    if world.home:
        assert world.keepers() == [world.home]


@PATIENT
@given(worlds())
def test_no_entry_is_lost_and_none_is_doubled(world: World) -> None:
    if world.home:
        assert world.districts[world.home].entries == world.written


@PATIENT
@given(worlds())
def test_who_does_not_keep_the_archive_has_closed_it_and_manages_nobody(world: World) -> None:
    for code, district in world.districts.items():
        if district.archive and world.home:
            assert district.archive.is_open is (code == world.home)
            managed = [known for known in district.enrolments.values() if known.active]
            assert not managed or code == world.home


@PATIENT
@given(worlds())
def test_an_enrolment_goes_on_wherever_the_archive_goes(world: World) -> None:
    enrolled = any(isinstance(fact, ChronicEnrolled) for fact in world.said)
    if enrolled and world.home:
        assert world.districts[world.home].enrolments[Condition.HYPERTENSION].active


@PATIENT
@given(worlds())
def test_every_code_that_was_given_leads_to_the_archive_and_the_first_one_is_its_own(world: World) -> None:
    completed = [fact.archive for fact in world.said if isinstance(fact, ArchiveCompleted)]
    minted = {(archive.coded_on, archive.code) for archive in completed if archive.coded_on and archive.code}
    if minted and world.home:
        archive = world.districts[world.home].archive
        assert archive
        assert archive.code == min(minted)[1]
        assert {archive.code, *(alias.code for alias in archive.aliases)} == {code for _, code in minted}
        assert archive.basic


@PATIENT
@given(worlds())
def test_settling_again_adds_nothing(world: World) -> None:
    for district in world.districts.values():
        assert district.settle(world.days) == []


@PATIENT
@given(worlds())
def test_a_receipt_says_the_count_and_hash_of_its_offer(world: World) -> None:
    offers = {
        (fact.custody.district, fact.custody.turn): fact.custody.offer.manifest
        for fact in world.said
        if isinstance(fact, CustodyOffered) and fact.custody.offer
    }
    for district in world.districts.values():
        for receipt in district.custody.receipts if district.custody else ():
            manifest = offers[receipt.origin, receipt.offer_turn]
            assert (receipt.count, receipt.sha256) == (manifest.count, manifest.sha256)


# --- stories


def moved(*codes: str) -> Iterator[Stay]:
    for number, code in enumerate(codes):
        yield make_stay(street=f"{code}001", day=number * 10, recorded=number)


def test_a_person_who_moves_and_returns_keeps_code_entries_and_due_days() -> None:
    world = World()
    there, away, back = moved(A, B, A)
    world.report(there)
    world.drain()
    archive, code = world.districts[A].archive, archive_code(f"{A}001", "001", 1)
    assert archive
    world.write(complete(archive, BasicInformation(), code, "nurse", NOW), A)
    world.write(ChronicEnrolled(enrolment=enrolment(A)), A)
    world.write(EntryRecorded(entry=follow_up(1, A)), A)
    before = duties_at(world, A)

    world.report(away)
    world.drain()
    at_b, code_at_b = duties_at(world, B), world.districts[B].archive
    world.write(EntryRecorded(entry=follow_up(2, B)), B)
    world.report(back)
    world.drain()

    archive = world.districts[A].archive
    assert before == at_b
    assert code_at_b
    assert archive
    assert code_at_b.code == archive.code == code
    assert world.keepers() == [A]
    assert set(world.districts[A].entries) == {"entry-1", "entry-2"}
    copy = world.districts[B].archive
    assert copy
    closing = copy.closing
    assert closing
    assert (closing.reason, closing.to, closing.count) == (ClosingReason.MOVED, A, 2)


def duties_at(world: World, code: str) -> list[tuple[str, date]]:
    district = world.districts[code]
    assert district.archive
    found = find_duties(district.archive, district.enrolments.values(), district.entries.values(), FIRST_DAY)
    return [(duty.name, duty.due_on) for duty in found]


def test_an_offer_waits_until_every_entry_has_arrived() -> None:
    world = World()
    there, away = moved(A, B)
    world.report(there)
    world.drain()
    world.write(EntryRecorded(entry=follow_up(1, A)), A)
    world.report(away)

    held_back = []
    while world.under_way:
        index = next((n for n, (_, fact) in enumerate(world.under_way) if not isinstance(fact, EntryForwarded)), None)
        if index is None:
            held_back, world.under_way = world.under_way, []
            break
        world.deliver(index)
    waiting = world.districts[B].known()
    world.under_way = held_back
    world.drain()

    assert [other.district for other in waiting.others] == [A]
    assert world.districts[A].holds is False
    assert world.keepers() == [B]


def test_a_late_entry_of_the_origin_is_forwarded_to_the_keeper() -> None:
    world = World()
    for stay in moved(A, B):
        world.report(stay)
    world.drain()

    world.write(EntryRecorded(entry=follow_up(1, A)), A)
    world.drain()

    assert set(world.districts[B].entries) == {"entry-1"}


def test_an_offer_that_takes_too_long_returns_and_counts_all_the_same_when_it_is_accepted() -> None:
    world = World()
    there, away = moved(A, B)
    world.report(there)
    world.drain()
    world.report(away)
    for_b = [message for message in world.under_way if message[0] == B]
    world.under_way = [message for message in world.under_way if message[0] != B]
    world.deliver(0)
    for_b += [message for message in world.under_way if message[0] == B]
    world.under_way = []

    returned = world.districts[A].settle(days=31)
    meanwhile = world.districts[A].holds
    world.under_way = for_b
    world.say(returned)
    world.drain()

    assert [type(fact) for fact in returned] == [CustodyReturned]
    assert meanwhile is True
    assert world.keepers() == [B]


def refused_at_b(*, entries: int = 0) -> World:
    """Let a person move from A to B, where the archive is refused, and everything be heard."""
    world = World()
    there, away = moved(A, B)
    world.report(there)
    world.drain()
    world.report(away)
    world.say(world.districts[A].hear(StayStarted(stay=away)))
    receiver = world.districts[B]
    receiver.hear(StayStarted(stay=away))
    for number in range(entries):
        world.write(EntryRecorded(entry=follow_up(number + 1, B)), B)
    offered = next(fact for to, fact in world.under_way if to == B and isinstance(fact, CustodyOffered))
    receiver.learn(offered)
    [(origin, offer)] = may_be_refused(receiver.known())
    world.write(refuse(receiver.known().custody, origin, offer, NOW, reason="not ours", by="nurse"), B)
    world.drain()
    return world


def test_a_refused_archive_goes_back_to_the_origin_with_all_that_the_refusing_district_entered() -> None:
    world = refused_at_b(entries=2)

    custody = world.districts[A].custody
    assert custody
    assert custody.offer
    assert (custody.offer.state, custody.offer.returned) == (OfferState.RETURNED, ReturnReason.REFUSED)
    assert world.keepers() == [A]
    assert set(world.districts[A].entries) == {"entry-1", "entry-2"}
    copy = world.districts[B].archive
    assert copy
    assert copy.closing
    assert (copy.closing.reason, copy.closing.to, copy.closing.count) == (ClosingReason.MOVED, A, 2)


def test_what_comes_back_to_the_origin_may_not_be_refused() -> None:
    world = refused_at_b()

    assert may_be_refused(world.districts[A].known()) == []


def test_a_refused_archive_follows_the_person_again_once_the_person_is_registered_anew() -> None:
    world = refused_at_b(entries=1)

    world.report(make_stay(street=f"{B}002", day=20, recorded=20))
    world.drain()
    anew = world.keepers()
    world.report(make_stay(street=f"{C}001", day=30, recorded=30))
    world.drain()

    assert (anew, world.keepers()) == ([B], [C])
    assert set(world.districts[C].entries) == {"entry-1"}


def test_death_closes_the_archive_and_ends_what_was_managed_and_can_be_taken_back() -> None:
    world = World()
    world.report(next(moved(A)))
    world.drain()
    world.write(ChronicEnrolled(enrolment=enrolment(A)), A)
    district = world.districts[A]

    district.died_on = FIRST_DAY + timedelta(days=5)
    district.settle()
    archive, managed = district.archive, district.enrolments[Condition.HYPERTENSION]
    district.died_on = None
    district.settle()

    assert archive
    assert archive.closing
    assert (archive.closing.reason, archive.closing.closed_on) == (ClosingReason.DIED, date(2026, 1, 6))
    assert managed.ending is EnrolmentEnding.DIED
    assert district.archive
    assert district.archive.is_open
    assert district.enrolments[Condition.HYPERTENSION].active
