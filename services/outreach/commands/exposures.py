"""Record who is exposed to which hazard at work, and who was trained for it."""

from collections.abc import Callable
from datetime import date

from contracts.outreach.exposures import ExposureFact, HazardExposure, HazardTraining
from contracts.refusals import RefusedError
from services.outreach.commands.residents import must_live_in
from services.outreach.domain import exposures
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownExposureError(RefusedError):
    """There is no such exposure in the division."""

    code = "not_found"
    advice = "没有该职业危害接触记录。No such exposure in your division."
    status = 404


async def record(service: Service, exposure: HazardExposure, cause: str) -> HazardExposure:
    """Record that somebody who lives in the street is exposed to a hazard, once, and return the exposure."""
    await must_live_in(service, exposure.street, [exposure.person_id])

    def decide(known: ExposureFact | None) -> ExposureFact | None:
        return exposures.record(known.exposure if known else None, exposure, service.today)

    return _known(await record_decision(service, f"exposure/{exposure.exposure_id}", ExposureFact, decide, cause))


async def end(service: Service, exposure_id: str, until: date, cause: str) -> HazardExposure:
    """Record that somebody is no longer exposed, and return the exposure."""
    return await _change(service, exposure_id, lambda known: exposures.end(known, until, service.today), cause)


async def train(service: Service, exposure_id: str, training: HazardTraining, cause: str) -> HazardExposure:
    """Record that somebody was trained for a hazard, once, and return the exposure."""
    return await _change(service, exposure_id, lambda known: exposures.train(known, training, service.today), cause)


async def withdraw(service: Service, exposure_id: str, training_id: str, cause: str) -> HazardExposure:
    """Record that a training had been recorded by mistake, and return the exposure."""
    return await _change(service, exposure_id, lambda known: exposures.withdraw(known, training_id), cause)


async def find_exposure(service: Service, exposure_id: str) -> HazardExposure | None:
    """Return an exposure from the journal; None if there is no such exposure."""
    event = await service.journal.load(f"exposure/{exposure_id}", ExposureFact)
    return event.data.exposure if event else None


async def _change(
    service: Service, exposure_id: str, decide: Callable[[HazardExposure], ExposureFact | None], cause: str
) -> HazardExposure:
    def decide_known(known: ExposureFact | None) -> ExposureFact | None:
        return decide(_known(known))

    return _known(await record_decision(service, f"exposure/{exposure_id}", ExposureFact, decide_known, cause))


def _known(fact: ExposureFact | None) -> HazardExposure:
    if fact is None:
        raise UnknownExposureError
    return fact.exposure
