"""Record who joined and left the educators of a street, and their training."""

from datetime import date

from contracts.outreach.educators import Educator, EducatorFact, Training, TrainingFact
from contracts.refusals import RefusedError
from services.outreach.domain import educators, trainings
from services.outreach.views.educators import find_active
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownEducatorError(RefusedError):
    """There is no such educator in the division."""

    code = "not_found"
    advice = "没有该讲师、志愿者或工作人员。No such educator in your division."
    status = 404


class UnknownTrainingError(RefusedError):
    """There is no such training in the division."""

    code = "not_found"
    advice = "没有该次培训。No such training in your division."
    status = 404


async def join(service: Service, educator: Educator, cause: str) -> Educator:
    """Record that somebody became an educator, once, and return the educator with all terms."""

    def decide(known: EducatorFact | None) -> EducatorFact | None:
        return educators.join(known.educator if known else None, educator, service.today)

    return _known(await record_decision(service, f"educator/{educator.educator_id}", EducatorFact, decide, cause))


async def release(service: Service, educator_id: str, left_on: date, cause: str) -> Educator:
    """Record that somebody is no educator any more, once, and return the educator."""

    def decide(known: EducatorFact | None) -> EducatorFact | None:
        return educators.release(_known(known), left_on, service.today)

    return _known(await record_decision(service, f"educator/{educator_id}", EducatorFact, decide, cause))


async def hold_training(service: Service, training: Training, cause: str) -> Training:
    """Record a training, once however often it is asked for, and return it."""
    active = await find_active(service.database, training.street, training.participants, training.held_on)
    fact = trainings.hold(training, active, service.today)
    await service.journal.record([service.journal.commit(fact, causation=cause)])
    return training


async def withdraw_training(service: Service, training_id: str, cause: str) -> Training:
    """Record that a training had been recorded by mistake, and return it."""

    def decide(known: TrainingFact | None) -> TrainingFact | None:
        return trainings.withdraw(_known_training(known))

    return _known_training(await record_decision(service, f"training/{training_id}", TrainingFact, decide, cause))


async def find_training(service: Service, training_id: str) -> Training | None:
    """Return a training from the journal; None if there is no such training."""
    event = await service.journal.load(f"training/{training_id}", TrainingFact)
    return event.data.training if event else None


async def find_educator(service: Service, educator_id: str) -> Educator | None:
    """Return an educator from the journal; None if there is no such educator."""
    event = await service.journal.load(f"educator/{educator_id}", EducatorFact)
    return event.data.educator if event else None


def _known_training(fact: TrainingFact | None) -> Training:
    if fact is None:
        raise UnknownTrainingError
    return fact.training


def _known(fact: EducatorFact | None) -> Educator:
    if fact is None:
        raise UnknownEducatorError
    return fact.educator
