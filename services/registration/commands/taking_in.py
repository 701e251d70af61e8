"""Take in the identities that arrivals report: fold them into the recorded ones, and refuse one child for another.

Identities are read, folded and written in bulk. A write succeeds only if what was read is still recorded, so of two
concurrent reports, even to different instances, the second is folded into the first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from contracts.reference.identity import DocumentType
from services.registration.domain.arrivals import Arrival
from services.registration.domain.identities import Identity, TakenIn, is_another_child, take_in
from services.registration.intake.refusals import Refusal, RefusalCode
from services.registration.service import Registration
from services.registration.views import duplicates
from services.registration.views.name_differences import NameDifference, find_settled, raise_differences
from services.registration.views.sealed import (
    Insertion,
    Recorded,
    Replacement,
    find_erasures,
    find_recorded,
    insert_sealed,
    replace_sealed,
)


class ReportedIdentity(NamedTuple):
    """An arrival as a report of an identity, with the numbers of its request and of its place there, from 0.

    If one report of a request is refused, all of them are.
    """

    person_id: str
    stay_id: str
    arrival: Arrival
    causation: str
    request: int
    place: int


class IdentityOutcome(NamedTuple):
    """The fields of the recorded identity that a report updated, and those in which it differs from it."""

    updated: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    name_differs: bool = False


@dataclass(slots=True)
class IdentityOutcomes:
    """The outcomes of reported identities: by report in order, refusals by request, times of erasures by person."""

    by_report: list[IdentityOutcome]
    refusals: dict[int, Refusal] = field(default_factory=dict)
    erasures: dict[str, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class _Known:
    """The identity to record of a person, and the `recorded` one, sealed, if there is one.

    `updated` has the fields that each report updated, by its causation.
    """

    identity: Identity
    as_of: date
    recorded: Recorded | None = None
    updated: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def remembered(self) -> Mapping[str, tuple[str, ...]]:
        """Return the fields that each report updated, by its causation; empty if no report updated any."""
        return self.updated if any(self.updated.values()) else {}

    @property
    def changed(self) -> bool:
        """Return whether the identity differs from the recorded one."""
        return self.recorded is None or self.as_of != self.recorded.as_of or any(self.updated.values())

    def was_sent(self, cause: str) -> bool:
        """Return whether a report with this causation was taken in before."""
        return self.recorded is not None and cause in self.recorded.updated


class _Before(NamedTuple):
    """The state before a batch: reports already taken in (person, causation), and corrected names (person, digest)."""

    sent: Collection[tuple[str, str]]
    former_names: Collection[tuple[str, str]]


async def take_in_identities(registration: Registration, reports: Sequence[ReportedIdentity]) -> IdentityOutcomes:
    """Take in reported identities, in order; return the outcome of each and the refused requests.

    Children who may cause a household to be refused are written first. So nothing of a refused household is taken in,
    even if another instance registers the other child at this moment.
    """
    together = {report.request for report in reports if report.place}
    deciding = {report.person_id for report in reports if report.request in together and _is_guarded(report.arrival)}
    taking = _TakingIn(registration, reports)
    await taking.take_in(deciding)
    await taking.take_in({report.person_id for report in reports} - deciding)
    return await taking.finish()


async def take_in_restored(registration: Registration, reports: Sequence[ReportedIdentity]) -> list[IdentityOutcome]:
    """Take in reports about people whose identity one of these reports has just restored; return their outcomes."""
    taking = _TakingIn(registration, reports, recorded=True)
    await taking.take_in({report.person_id for report in reports})
    return (await taking.finish()).by_report


async def foresee_identities(registration: Registration, reports: Sequence[ReportedIdentity]) -> IdentityOutcomes:
    """Return what would come of reports of people who are taken in together; nothing is recorded."""
    return await _TakingIn(registration, reports).foresee()


class _TakingIn:
    """Takes in the reports of one batch.

    With `recorded` their stays are recorded already: none can be refused any more, and the name of another child
    becomes a task instead.
    """

    def __init__(
        self, registration: Registration, reports: Sequence[ReportedIdentity], *, recorded: bool = False
    ) -> None:
        self._registration = registration
        self._reports = reports
        self._recorded = recorded
        self._outcomes = IdentityOutcomes([IdentityOutcome()] * len(reports))
        self._likenesses: dict[str, Mapping[str, tuple[str, ...]]] = {}

    async def take_in(self, people: Collection[str]) -> None:
        """Take in the reports about some people; repeat for those whom another request changed meanwhile."""
        pending = set(people)
        while pending:
            about = [index for index, report in enumerate(self._reports) if report.person_id in pending]
            known = await self._read(pending)
            before = _Before(await self._find_sent(about, known), await self._find_former_names(about, known))
            self._fold(about, known, before)
            pending = await self._write(about, known)
            await self._raise_names([index for index in about if self._reports[index].person_id not in pending])

    async def foresee(self) -> IdentityOutcomes:
        """Fold the reports into what is recorded, and write none of it."""
        about = range(len(self._reports))
        known = await self._read({report.person_id for report in self._reports})
        self._fold(about, known, _Before((), await self._find_former_names(about, known)))
        return self._outcomes

    async def finish(self) -> IdentityOutcomes:
        """Record pairs of people who may be one person; return the outcomes of the reports."""
        await duplicates.raise_pairs(self._registration.service.database, self._likenesses)
        for index, report in enumerate(self._reports):
            if report.person_id in self._outcomes.erasures:
                self._outcomes.by_report[index] = IdentityOutcome()
        return self._outcomes

    async def _read(self, people: Collection[str]) -> dict[str, _Known]:
        found = await find_recorded(self._registration.service.database, people)
        opened = self._registration.vault.open
        return {person: _Known(opened(one.sealed), one.as_of, one) for person, one in found.items()}

    async def _find_former_names(self, about: Sequence[int], known: Mapping[str, _Known]) -> set[tuple[str, str]]:
        """Return the corrected names (person, digest) of children who are reported under another name."""
        reports = [self._reports[index] for index in about if self._reports[index].person_id in known]
        differing = {
            report.person_id
            for report in reports
            if is_another_child(known[report.person_id].identity, identity_of(report.arrival))
        }
        return await find_settled(self._registration.service.database, differing) if differing else set()

    async def _find_sent(self, about: Sequence[int], known: Mapping[str, _Known]) -> set[tuple[str, str]]:
        """Return the reports (person, causation) that led to facts already, because they were sent before.

        Search only for people of whom a report would change something.
        """
        reports = [self._reports[index] for index in about if self._reports[index].person_id in known]
        changing = {report.person_id for report in reports if _take_in(report, known).updated}
        if self._recorded or not changing:
            return set()
        history = await self._registration.service.journal.load_history_of(changing)
        return {(event.personid or "", event.causationid) for event in history}

    def _fold(self, about: Sequence[int], known: dict[str, _Known], before: _Before) -> None:
        """Fold reports into what is known, request by request; keep the outcomes and refusals."""
        requests: dict[int, list[int]] = {}
        for index in about:
            requests.setdefault(self._reports[index].request, []).append(index)
        for request, indexes in requests.items():
            refusal = self._outcomes.refusals.get(request)
            if refusal is None and not self._recorded:
                refusal = self._find_refusal([self._reports[index] for index in indexes], known, before)
            if refusal is not None:
                self._outcomes.refusals[request] = refusal
                continue
            for index in indexes:
                self._outcomes.by_report[index] = _fold_one(self._reports[index], known, before)

    def _find_refusal(
        self, reports: Iterable[ReportedIdentity], known: Mapping[str, _Known], before: _Before
    ) -> Refusal | None:
        """Return the refusal of a request that reports another child under a recorded number; None if it does not.

        A child under its former name, before a correction, is the same child.
        """
        for report in reports:
            one = known.get(report.person_id)
            if one is None or not is_another_child(one.identity, reported := identity_of(report.arrival)):
                continue
            digest = self._registration.vault.name_digest(reported.name)
            former = (report.person_id, digest) in before.former_names
            if not former or is_another_child(one.identity, reported.model_copy(update={"name": one.identity.name})):
                member = f"members.{report.place - 1}." if report.place else ""
                return Refusal(RefusalCode.NAMED_TWICE, f"{member}birth_order")
        return None

    async def _write(self, about: Sequence[int], known: Mapping[str, _Known]) -> set[str]:
        """Write the folded identities; return the people whose recorded identity changed since it was read."""
        database, vault = self._registration.service.database, self._registration.vault
        kept = [index for index in about if self._reports[index].request not in self._outcomes.refusals]
        reported = [(self._reports[index].person_id, self._reports[index].arrival) for index in kept]
        likenesses = duplicates.likenesses_of(vault, reported)
        new = {person: one for person, one in known.items() if one.recorded is None}
        inserts = [
            Insertion(person, vault.seal(one.identity), one.as_of, likenesses[person], one.remembered)
            for person, one in new.items()
        ]
        replacements = [
            Replacement(person, one.recorded.sealed, vault.seal(one.identity), one.as_of, one.remembered)
            for person, one in known.items()
            if one.recorded is not None and one.changed
        ]
        present = await insert_sealed(database, inserts)
        missed = await replace_sealed(database, replacements)
        erased = await find_erasures(database, present) if present else {}
        self._outcomes.erasures |= erased
        pending = {*present, *missed}.difference(erased)
        otherwise = {
            self._reports[index].person_id
            for index in kept
            if self._recorded or self._outcomes.by_report[index] != IdentityOutcome()
        }
        await duplicates.add_likenesses(
            database, {person: likenesses[person] for person in otherwise - pending - new.keys()}
        )
        self._likenesses |= {person: likenesses[person] for person in likenesses if person not in pending}
        return pending

    async def _raise_names(self, settled: Iterable[int]) -> None:
        """Record the names that differ, for the office to settle."""
        outcomes, today = self._outcomes, self._registration.service.today
        differing = [self._reports[index] for index in settled if outcomes.by_report[index].name_differs]
        differences = [
            NameDifference(
                report.person_id,
                self._registration.vault.name_digest(report.arrival.name),
                self._registration.vault.seal_bytes(report.arrival.name.encode()),
                report.arrival.street,
                report.stay_id,
                today,
                report.arrival.started_on,
            )
            for report in differing
            if report.request not in outcomes.refusals and report.person_id not in outcomes.erasures
        ]
        await raise_differences(self._registration.service.database, differences)


def _take_in(report: ReportedIdentity, known: Mapping[str, _Known]) -> TakenIn:
    before, arrival = known.get(report.person_id), report.arrival
    recorded, as_of = (before.identity, before.as_of) if before else (None, None)
    return take_in(recorded, as_of, identity_of(arrival), arrival.started_on)


def _fold_one(report: ReportedIdentity, known: dict[str, _Known], before: _Before) -> IdentityOutcome:
    """Fold a report into what is known of its person, once; return its outcome."""
    person, cause = report.person_id, report.causation
    taken, one = _take_in(report, known), known.get(person)
    if one and one.recorded and (one.was_sent(cause) or (person, cause) in before.sent):
        return IdentityOutcome(one.recorded.updated.get(cause, ()), taken.differs, taken.name_differs)
    if one and cause in one.updated:
        return IdentityOutcome(one.updated[cause], taken.differs, taken.name_differs)
    if one is None:
        one = known[person] = _Known(taken.identity, taken.as_of)
    one.identity, one.as_of = taken.identity, taken.as_of
    one.updated[cause] = taken.updated
    return IdentityOutcome(taken.updated, taken.differs, taken.name_differs)


def _is_guarded(arrival: Arrival) -> bool:
    return arrival.document_type is DocumentType.GUARDIAN


def identity_of(arrival: Arrival) -> Identity:
    """Return the identity that an arrival reports."""
    return Identity(
        name=arrival.name,
        document_type=arrival.document_type,
        document_number=arrival.document_number,
        phone=arrival.phone,
        address=arrival.address,
        hukou_address=arrival.hukou_address,
        employer=arrival.employer,
        birth=arrival.birth,
        sex=arrival.sex,
        hukou_division=arrival.hukou_division,
        override_reason=arrival.override_reason,
        approved_by=arrival.approved_by,
    )
