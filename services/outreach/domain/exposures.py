"""Pure decisions on exposures to hazards at work, and when which training is due."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from contracts.outreach.exposures import (
    ExposureEnded,
    ExposureRecorded,
    HazardExposure,
    HazardTraining,
    HazardTrainingHeld,
    HazardTrainingKind,
    HazardTrainingWithdrawn,
    TrainingDue,
)
from contracts.reference.calendar import add_months
from contracts.refusals import RefusedError

MOST_TRAININGS = 100


class ExposureInFutureError(RefusedError):
    """A day of the exposure or of a training lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."


class UnknownHazardError(RefusedError):
    """There is no such hazard in the table."""

    code = "unknown_hazard"
    advice = "没有该职业危害因素，请从 GET /exposures/policy 中选取。No such hazard; take one of GET /exposures/policy."
    field = "hazard"
    status = 422


class ExposureKnownError(RefusedError):
    """The exposure is recorded already, since another day or at another institution."""

    code = "exposure_known"
    advice = "该人员此项接触已登记，内容不同；请先登记结束。It is recorded otherwise; record its end first."


class ExposureOverError(RefusedError):
    """The exposure is over since another day."""

    code = "exposure_over"
    advice = "该项接触已结束。The exposure is over; record it again if it began anew."


class NotExposedThenError(RefusedError):
    """The person was not exposed on that day, or was trained after it."""

    code = "not_exposed_then"
    advice = (
        "该日未接触此危害，或早于已登记的培训，请核对日期。The person was not exposed on that day; correct the day."
    )


class UnknownTrainingError(RefusedError):
    """The exposure has no such training."""

    code = "not_found"
    advice = "没有该次培训。The exposure has no such training."
    status = 404


class TooManyTrainingsError(RefusedError):
    """An exposure has no room for more trainings."""

    code = "too_many_trainings"
    advice = "一项接触最多登记100次培训。At most 100 trainings are kept with an exposure."


@dataclass(frozen=True, slots=True)
class TrainingPolicy:
    """When training is due, by the plan of an edition; the hazards by their words."""

    edition: str
    source: str
    target: float
    pre_job_days: int
    registered_days: int
    yearly_months: int
    hazards: Mapping[str, str]


def _read() -> TrainingPolicy:
    told = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return TrainingPolicy(
        edition=told["edition"],
        source=told["source"],
        target=told["pre_job"]["target"],
        pre_job_days=told["pre_job"]["within_days"],
        registered_days=told["pre_job"]["within_days_of_registration"],
        yearly_months=told["yearly"]["months"],
        hazards=told["hazards"],
    )


POLICY = _read()


def record(known: HazardExposure | None, exposure: HazardExposure, today: date) -> ExposureRecorded | None:
    """Return the fact that somebody is exposed to a hazard; None if the same is recorded already.

    Raise UnknownHazardError, ExposureInFutureError, ExposureKnownError or NotExposedThenError if that can't be.
    """
    if exposure.hazard not in POLICY.hazards:
        raise UnknownHazardError
    if exposure.since > today:
        raise ExposureInFutureError
    if known is None:
        return ExposureRecorded(exposure=_with_due(exposure))
    if known.until is None:
        if (known.since, known.institution_id) != (exposure.since, exposure.institution_id):
            raise ExposureKnownError
        return None
    if exposure.since < known.until:
        raise NotExposedThenError
    return ExposureRecorded(exposure=_with_due(exposure.model_copy(update={"trainings": known.trainings})))


def end(exposure: HazardExposure, until: date, today: date) -> ExposureEnded | None:
    """Return the fact that somebody is no longer exposed; None if it is recorded already.

    Raise ExposureOverError, ExposureInFutureError or NotExposedThenError if that can't be.
    """
    if exposure.until == until:
        return None
    if exposure.until is not None:
        raise ExposureOverError
    if until > today:
        raise ExposureInFutureError
    if until <= exposure.since or any(one.held_on > until for one in exposure.trainings if not one.withdrawn):
        raise NotExposedThenError
    return ExposureEnded(exposure=exposure.model_copy(update={"until": until, "due": None}))


def train(exposure: HazardExposure, training: HazardTraining, today: date) -> HazardTrainingHeld | None:
    """Return the fact that somebody was trained for a hazard; None if that training is recorded already.

    Training before the job may lie up to a year before it. Whether each came in time is worked out anew.
    Raise ExposureInFutureError, NotExposedThenError or TooManyTrainingsError if that can't be.
    """
    if any(one.training_id == training.training_id for one in exposure.trainings):
        return None
    if training.held_on > today:
        raise ExposureInFutureError
    pre_job = training.kind is HazardTrainingKind.PRE_JOB
    first = _counts_from(exposure.since) if pre_job else exposure.since
    if training.held_on < first or training.held_on > (exposure.until or today):
        raise NotExposedThenError
    if len(exposure.trainings) >= MOST_TRAININGS:
        raise TooManyTrainingsError
    held = sorted((*exposure.trainings, training), key=lambda one: (one.held_on, one.training_id))
    trained = exposure.model_copy(update={"trainings": tuple(_judge(exposure.since, held))})
    return HazardTrainingHeld(exposure=_with_due(trained))


def withdraw(exposure: HazardExposure, training_id: str) -> HazardTrainingWithdrawn | None:
    """Return the fact that a training had been recorded by mistake; None if it is withdrawn already.

    Raise UnknownTrainingError if there is no such training.
    """
    found = next((one for one in exposure.trainings if one.training_id == training_id), None)
    if found is None:
        raise UnknownTrainingError
    if found.withdrawn:
        return None
    withdrawn = found.model_copy(update={"withdrawn": True, "in_time": False})
    held = [withdrawn if one is found else one for one in exposure.trainings]
    mended = exposure.model_copy(update={"trainings": tuple(_judge(exposure.since, held))})
    return HazardTrainingWithdrawn(exposure=_with_due(mended))


def due_of(since: date, trainings: Iterable[HazardTraining]) -> TrainingDue:
    """Return what is due next for somebody who is exposed since a day: before the job first, then each year."""
    held = [one.held_on for one in trainings if _counts(one, since)]
    if not held:
        return TrainingDue(kind=HazardTrainingKind.PRE_JOB, due_on=since + timedelta(days=POLICY.pre_job_days))
    last = max(*held, since)
    return TrainingDue(kind=HazardTrainingKind.YEARLY, due_on=add_months(last, POLICY.yearly_months))


def registered_due(arrived_on: date) -> date:
    """Return until when somebody is to be trained of whom registration alone tells that there is a hazard."""
    return arrived_on + timedelta(days=POLICY.registered_days)


def prepared(exposure: HazardExposure) -> bool | None:
    """Return whether the first training for the present exposure came in time; None if there was none."""
    held = [one for one in exposure.trainings if _counts(one, exposure.since)]
    if not held:
        return None
    return held[0].held_on <= exposure.since + timedelta(days=POLICY.pre_job_days)


def _judge(since: date, held: Sequence[HazardTraining]) -> Iterator[HazardTraining]:
    """Yield trainings in order, those for the present exposure with whether each came in time by those before it."""
    for place, one in enumerate(held):
        if _counts(one, since):
            yield one.model_copy(update={"in_time": one.held_on <= due_of(since, held[:place]).due_on})
        else:
            yield one


def _counts(training: HazardTraining, since: date) -> bool:
    """Return whether a training counts for an exposure that began on a day."""
    return not training.withdrawn and training.held_on >= _counts_from(since)


def _counts_from(since: date) -> date:
    """Return the first day of a training that counts before a job."""
    return add_months(since, -POLICY.yearly_months)


def _with_due(exposure: HazardExposure) -> HazardExposure:
    due = None if exposure.until else due_of(exposure.since, exposure.trainings)
    return exposure.model_copy(update={"due": due})


class Preparation(StrEnum):
    """Of an exposure: whether the first training for it came in time, late, never, or is not due yet."""

    IN_TIME = "in_time"
    LATE = "late"
    MISSED = "missed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Begun:
    """An exposure as coverage looks at it: the hazard, its days, and whether the first training came in time."""

    hazard: str
    since: date
    until: date | None
    prepared: bool | None

    def preparation(self, today: date) -> Preparation:
        """Return how somebody was prepared for it by a day."""
        if self.prepared is not None:
            return Preparation.IN_TIME if self.prepared else Preparation.LATE
        due_on = self.since + timedelta(days=POLICY.pre_job_days)
        return Preparation.MISSED if due_on < min(today, self.until or today) else Preparation.OPEN


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of exposures to a hazard that began in a period: how many were trained in time, late, never, are not due yet.

    `unrecorded` are people of whom registration alone tells, who were due and of whom no training is known.
    """

    hazard: str
    counted: Mapping[Preparation, int]
    unrecorded: int

    @property
    def rate(self) -> float | None:
        """Return the share of those that were due who were trained in time; None if nobody was."""
        due = self.unrecorded + sum(count for how, count in self.counted.items() if how is not Preparation.OPEN)
        return self.counted[Preparation.IN_TIME] / due if due else None

    @property
    def met(self) -> bool | None:
        """Return whether the target is met; None if nobody was due."""
        return None if self.rate is None else self.rate >= POLICY.target


def cover(begun: Iterable[Begun], unrecorded: Iterable[str], today: date) -> list[Coverage]:
    """Return the coverage by hazard on a day: of exposures that begun in a period, and of hazards registered alone."""
    counted = Counter((one.hazard, one.preparation(today)) for one in begun)
    alone = Counter(unrecorded)
    found = [
        Coverage(hazard, {how: counted[hazard, how] for how in Preparation}, alone[hazard]) for hazard in POLICY.hazards
    ]
    return [one for one in found if one.unrecorded or any(one.counted.values())]
