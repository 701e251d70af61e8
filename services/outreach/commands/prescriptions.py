"""Record prescriptions that people were given, those withdrawn, and how much institutions use them."""

from contracts.outreach.prescriptions import (
    Prescription,
    PrescriptionFact,
    PrescriptionUse,
    PrescriptionUseCounted,
    WithdrawalReason,
    prescription_id,
)
from contracts.refusals import RefusedError
from services.outreach.commands.residents import must_be_known
from services.outreach.domain import prescriptions
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownPrescriptionError(RefusedError):
    """There is no such prescription in the division."""

    code = "not_found"
    advice = "没有该处方。No such prescription in your division."
    status = 404


async def give(service: Service, prescription: Prescription, division: str, cause: str) -> Prescription:
    """Record that a person of a division was given a prescription, once, and return it; withdrawn ones do not count.

    Raise NotKnownHereError if nobody of that id lives in the division or lived there before.
    """
    await must_be_known(service, prescription.person_id, division)
    while (known := await find_prescription(service, prescription.prescription_id)) and known.withdrawn:
        prescription = _again(prescription)

    def decide(known: PrescriptionFact | None) -> PrescriptionFact | None:
        return prescriptions.give(known.prescription if known else None, prescription, service.today)

    stream = f"prescription/{prescription.prescription_id}"
    return _known(await record_decision(service, stream, PrescriptionFact, decide, cause))


async def withdraw(service: Service, known: str, reason: WithdrawalReason, cause: str) -> Prescription:
    """Record that a prescription was recorded by mistake, and return it."""

    def decide(fact: PrescriptionFact | None) -> PrescriptionFact | None:
        return prescriptions.withdraw(_known(fact), reason)

    return _known(await record_decision(service, f"prescription/{known}", PrescriptionFact, decide, cause))


async def count_use(service: Service, use: PrescriptionUse, cause: str) -> PrescriptionUse:
    """Record how many patients an institution had in a month and how many got a prescription, and return it."""

    def decide(known: PrescriptionUseCounted | None) -> PrescriptionUseCounted | None:
        return prescriptions.count_use(known.use if known else None, use, service.today)

    await record_decision(service, f"prescription_use/{use.use_id}", PrescriptionUseCounted, decide, cause)
    return use


async def find_prescription(service: Service, known: str) -> Prescription | None:
    """Return a prescription from the journal; None if there is no such prescription."""
    event = await service.journal.load(f"prescription/{known}", PrescriptionFact)
    return event.data.prescription if event else None


def _again(withdrawn: Prescription) -> Prescription:
    """Return the same prescription as one that was withdrawn, given anew."""
    giver, turn = withdrawn.institution_id or withdrawn.street, withdrawn.turn + 1
    known = prescription_id(giver, withdrawn.person_id, withdrawn.topic, withdrawn.given_on, turn)
    return withdrawn.model_copy(update={"prescription_id": known, "turn": turn})


def _known(fact: PrescriptionFact | None) -> Prescription:
    if fact is None:
        raise UnknownPrescriptionError
    return fact.prescription
