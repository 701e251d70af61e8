"""Pure decisions on the training of educators, and how many of those whom it is meant for took part."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from csv import DictReader
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from contracts.outreach.educators import Educator, EducatorKind, Training, TrainingHeld, TrainingKind, TrainingWithdrawn
from contracts.refusals import RefusedError


class TrainingInFutureError(RefusedError):
    """The training lies in the future."""

    code = "future_date"
    advice = "培训日期不能晚于今天。The day of a training must not lie in the future; correct it."
    field = "held_on"


class NotEducatorThenError(RefusedError):
    """Somebody who took part was no educator of the street on that day."""

    code = "not_an_educator_then"
    advice = (
        "有参训工号当日不在本街道讲师团、志愿者或工作人员名册上，请先登记或核对工号。"
        "One of the numbers was no educator of the street on that day; register it first, or check the number."
    )
    field = "participants"


class NamedTwiceError(RefusedError):
    """A staff number is named twice among those who took part."""

    code = "named_twice"
    advice = "参训工号重复，请只填一次。A number is named twice; name each once."
    field = "participants"
    status = 422


class UnknownEditionError(RefusedError):
    """There is no such edition of targets."""

    code = "unknown_edition"
    advice = "没有该版本的指标。No such edition of targets; take one that is named in the answer without edition."
    field = "edition"
    status = 422


@dataclass(frozen=True, slots=True)
class Target:
    """The share of educators that a plan wants to be trained, and its words."""

    edition: str
    kind: TrainingKind
    share: float
    source: str


def _read() -> Mapping[str, Mapping[TrainingKind, Target]]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        targets = [
            Target(row["edition"], TrainingKind(row["kind"]), float(row["target"]), row["source"])
            for row in DictReader(file)
        ]
    return {edition: {one.kind: one for one in targets if one.edition == edition} for edition in _editions(targets)}


def _editions(targets: Iterable[Target]) -> list[str]:
    return list(dict.fromkeys(one.edition for one in targets))


TARGETS = _read()
USUAL_EDITION = next(iter(TARGETS))


@dataclass(frozen=True, slots=True)
class Participation:
    """How many of a kind of educator were to be trained, and were; the rate is None of none.

    In service each educator counts once for each training; before the job once for each time of joining.
    """

    educators: EducatorKind
    kind: TrainingKind
    expected: int
    took_part: int
    target: float

    @property
    def rate(self) -> float | None:
        """Return the share of those who were to be trained and were."""
        return self.took_part / self.expected if self.expected else None

    @property
    def met(self) -> bool | None:
        """Return whether the target is met; None if nobody was to be trained."""
        return self.took_part >= self.target * self.expected if self.expected else None


def hold(training: Training, educators: Collection[str], today: date) -> TrainingHeld:
    """Return the fact that a training was held, given which numbers were educators of the street on that day.

    Who is trained before the job is no educator yet, so that those numbers are not compared.
    Raise TrainingInFutureError, NamedTwiceError or NotEducatorThenError if that can't be.
    """
    if training.held_on > today:
        raise TrainingInFutureError
    named = set(training.participants)
    if len(named) < len(training.participants):
        raise NamedTwiceError
    if training.kind is TrainingKind.IN_SERVICE and not named <= set(educators):
        raise NotEducatorThenError
    return TrainingHeld(training=training)


def withdraw(training: Training) -> TrainingWithdrawn | None:
    """Return the fact that a training had been recorded by mistake; None if it is withdrawn already."""
    if training.withdrawn:
        return None
    return TrainingWithdrawn(training=training.model_copy(update={"withdrawn": True}))


def targets_of(edition: str) -> Mapping[TrainingKind, Target]:
    """Return the targets of an edition; raise UnknownEditionError if there is none."""
    if edition not in TARGETS:
        raise UnknownEditionError
    return TARGETS[edition]


def participation(
    educators: Sequence[Educator],
    trainings: Sequence[Training],
    period: tuple[date, date],
    targets: Mapping[TrainingKind, Target],
) -> list[Participation]:
    """Return how many educators of each kind took part in what was meant for them in a period (both days included).

    `trainings` are those of the period, and every pre-job one of whoever joined in it; withdrawn ones do not count.
    """
    trainings = [one for one in trainings if not one.withdrawn]
    joined = {kind: list(_joined(educators, kind, period)) for kind in EducatorKind}
    found = []
    for kind in EducatorKind:
        mine = [one for one in educators if one.kind is kind]
        sessions = [(one, _meant(one, mine)) for one in trainings if _is_session(one, kind, period)]
        expected = sum(len(meant) for _, meant in sessions)
        took_part = sum(len(meant & set(one.participants)) for one, meant in sessions)
        found.append(_counted(kind, TrainingKind.IN_SERVICE, expected, took_part, targets))
        prepared = sum(_is_prepared(one, day, trainings) for one, day in joined[kind])
        found.append(_counted(kind, TrainingKind.PRE_JOB, len(joined[kind]), prepared, targets))
    return found


def _counted(
    educators: EducatorKind, kind: TrainingKind, expected: int, took_part: int, targets: Mapping[TrainingKind, Target]
) -> Participation:
    return Participation(educators, kind, expected, took_part, targets[kind].share)


def _is_session(training: Training, kind: EducatorKind, period: tuple[date, date]) -> bool:
    since, until = period
    in_service = training.kind is TrainingKind.IN_SERVICE
    return in_service and kind in training.meant_for and since <= training.held_on <= until


def _meant(training: Training, educators: Iterable[Educator]) -> set[str]:
    """Return the numbers of the educators whom a training was meant for: active on its day, where it was held."""
    return {one.staff for one in educators if one.street == training.street and _is_meant(training, one)}


def _is_meant(training: Training, educator: Educator) -> bool:
    term = educator.term_on(training.held_on)
    return term is not None and training.institution_id in (None, term.institution_id)


def _joined(
    educators: Iterable[Educator], kind: EducatorKind, period: tuple[date, date]
) -> Iterator[tuple[Educator, date]]:
    since, until = period
    for one in educators:
        if one.kind is kind:
            yield from ((one, term.joined_on) for term in one.terms if since <= term.joined_on <= until)


def _is_prepared(educator: Educator, joined_on: date, trainings: Iterable[Training]) -> bool:
    return any(
        one.kind is TrainingKind.PRE_JOB
        and one.street == educator.street
        and one.held_on <= joined_on
        and educator.staff in one.participants
        for one in trainings
    )
