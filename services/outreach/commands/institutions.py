"""Register, correct and close institutions."""

from datetime import date

from contracts.outreach.institutions import Institution, InstitutionFact
from contracts.refusals import RefusedError
from services.outreach.domain import institutions
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownInstitutionError(RefusedError):
    """There is no such institution in the division."""

    code = "not_found"
    advice = "没有该机构。No such institution in your division."
    status = 404


class NoInstitutionHereError(RefusedError):
    """There is no such institution in the street."""

    code = "unknown_institution"
    advice = "本街道没有该机构，请先登记。No such institution in the street; register it first, or check its id."
    field = "institution_id"
    status = 404


async def register(service: Service, institution: Institution, cause: str) -> Institution:
    """Record that an institution was registered, once, and return it."""

    def decide(known: InstitutionFact | None) -> InstitutionFact | None:
        return institutions.register(known.institution if known else None, institution, service.today)

    stream = f"institution/{institution.institution_id}"
    return _known(await record_decision(service, stream, InstitutionFact, decide, cause))


async def correct(service: Service, institution: Institution, cause: str) -> Institution:
    """Record what an institution is really like, and return it."""

    def decide(known: InstitutionFact | None) -> InstitutionFact | None:
        return institutions.correct(_known(known), institution, service.today)

    stream = f"institution/{institution.institution_id}"
    return _known(await record_decision(service, stream, InstitutionFact, decide, cause))


async def close(service: Service, institution_id: str, closed_on: date, cause: str) -> Institution:
    """Record that an institution was closed, and return it."""

    def decide(known: InstitutionFact | None) -> InstitutionFact | None:
        return institutions.close(_known(known), closed_on, service.today)

    return _known(await record_decision(service, f"institution/{institution_id}", InstitutionFact, decide, cause))


async def find_institution(service: Service, institution_id: str) -> Institution | None:
    """Return an institution from the journal; None if there is no such institution."""
    event = await service.journal.load(f"institution/{institution_id}", InstitutionFact)
    return event.data.institution if event else None


async def must_be_in(service: Service, division: str, institution_id: str | None) -> None:
    """Raise NoInstitutionHereError if an institution is named that a street, or a district, does not have."""
    if institution_id is not None:
        found = await find_institution(service, institution_id)
        if found is None or not service.divisions.covers(division, found.street, service.today):
            raise NoInstitutionHereError


def _known(fact: InstitutionFact | None) -> Institution:
    if fact is None:
        raise UnknownInstitutionError
    return fact.institution
