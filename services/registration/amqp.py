"""AMQP in: an office publishes a report to the exchange `offices` and is answered on its own queue."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from contracts.envelope import uuid7
from contracts.reference.divisions import Divisions
from contracts.refusals import RefusedError
from contracts.registration.stays import DestinationKind, Stay
from services.registration.commands.arrivals import Arrivals, Outcome
from services.registration.commands.departures import record_departure
from services.registration.commands.notices import Reply, answer_notice
from services.registration.intake.checks import check_departure, check_household
from services.registration.intake.refusals import ADVICE, Refusal, advise
from services.registration.intake.reports import DepartureReport, HouseholdReport, NoticeReply
from services.registration.service import Registration
from services.registration.views.transfers import find_notice
from services.runtime.delivery import Delivery
from services.runtime.malformed import MOST_TOLD, explain

OFFICES = "offices"
PREFETCH = 64
LARGEST_REPORT = 1024 * 1024
"""Bytes of a report at most, as over HTTP."""
DIRECT_REPLY = "amq.rabbitmq.reply-to"


class NamedReply(NoticeReply):
    """What an office says to the notice that it names."""

    notice_id: str = Field(pattern=r"^[0-9a-f]{32}$")


Report = HouseholdReport | DepartureReport | NamedReply
REPORTS: Mapping[str, type[Report]] = {"arrival": HouseholdReport, "departure": DepartureReport, "answer": NamedReply}
"""The kinds of report by the last word of their routing key."""


class Answer(BaseModel):
    """What an office hears back: `accepted`, `duplicate`, `updated` or `refused` with a stable code and what to do.

    Of an arrival also the fields `updated` by it and those in which it `differs` from what stays recorded. Of a
    departure also how the stay is now; of a notice how far its answer is; refused as stale, the current version.
    """

    outcome: str
    message_id: str | None = None
    code: str | None = None
    field: str | None = None
    advice: str | None = None
    stay_id: str | None = None
    person_id: str | None = None
    ended_on: date | None = None
    destination: str | None = None
    destination_kind: DestinationKind | None = None
    returning_on: date | None = None
    notice_id: str | None = None
    state: str | None = None
    version: int | None = None
    warnings: tuple[str, ...] = ()
    updated: tuple[str, ...] | None = None
    differs: tuple[str, ...] | None = None
    members: tuple["Answer", ...] | None = None


def keys(divisions: Divisions, districts: Sequence[str]) -> list[str]:
    """Give the routing keys of every street of the districts served and what went over to it, or of all streets."""
    streets = [street for district in districts for street in divisions.streets(district)]
    former = [old for street in streets for old in divisions.predecessors(street)]
    taken_over = {old for old in former if divisions.successor(old).startswith(tuple(districts))}
    codes = [*streets, *sorted(taken_over.difference(streets))] if districts else ["*"]
    return [f"{code}.{kind}" for code in codes for kind in ("arrival", "departure", "answer")]


async def take(registration: Registration, arrivals: Arrivals, delivery: Delivery) -> str | None:
    """Take in one report, answer the office, and give the reason if the message must be parked as well."""
    answer, reason = await _answer(registration, arrivals, delivery)
    if delivery.reply_to and _may_answer(delivery):
        body = answer.model_copy(update={"message_id": delivery.message_id}).model_dump_json(exclude_none=True)
        await registration.service.listener.reply(delivery.reply_to, body.encode(), delivery.correlation_id)
    return reason


async def _answer(registration: Registration, arrivals: Arrivals, delivery: Delivery) -> tuple[Answer, str | None]:
    """Return the answer to a report, and the reason if its message must be parked as well."""
    street, _, kind = delivery.routing_key.partition(".")
    refused = _check_sender(registration, delivery, street)
    if refused is not None:
        return refused, f"refused: {refused.code}"
    if len(delivery.body) > LARGEST_REPORT:
        return _refuse("too_large", "body"), "refused: too_large"
    report = REPORTS.get(kind)
    if report is None:
        return _refuse("unknown_report", "routing_key"), f"unknown report {kind[:40]!r}"
    try:
        asked = report.model_validate_json(delivery.body)
    except ValidationError as error:
        refused = _malformed(error, report)
        return refused, f"malformed: {refused.field}"
    return await _take_once(registration, arrivals, delivery, asked), None


async def _take_once(registration: Registration, arrivals: Arrivals, delivery: Delivery, asked: Report) -> Answer:
    """Do what a report asks, once under its `message_id`: another body under that name is refused."""
    requests, named = registration.service.requests, None
    try:
        if delivery.message_id:
            body = f"{delivery.routing_key}\n".encode() + delivery.body
            named = await requests.begin(f"amqp/{delivery.user_id}", delivery.message_id, body)
        answer = await _do(registration, arrivals, delivery, asked, named.cause if named else uuid7())
    except RefusedError as error:
        answer = Answer(
            outcome="refused", code=error.code, advice=error.advice, field=error.field, version=error.version
        )
    if named:
        await (requests.refuse(named) if answer.outcome == "refused" else requests.answer(named))
    return answer


async def _do(registration: Registration, arrivals: Arrivals, delivery: Delivery, asked: Report, cause: str) -> Answer:
    street = delivery.routing_key.partition(".")[0]
    match asked:
        case HouseholdReport():
            return await _arrive(registration, arrivals, asked, (street, cause, delivery.first_seen))
        case DepartureReport():
            return await _depart(registration, asked, street, cause)
        case NamedReply():
            return await _reply(registration, asked, street, cause)


async def _arrive(
    registration: Registration, arrivals: Arrivals, report: HouseholdReport, reported: tuple[str, str, datetime | None]
) -> Answer:
    """Register an arrival; `reported` is the street, the cause, and when the report was seen first."""
    street, cause, first_seen = reported
    checked = check_household(report, **_context(registration, street))
    if isinstance(checked, Refusal):
        return _refuse_report(checked)
    outcomes = await arrivals.register(checked, cause, first_seen)
    if isinstance(outcomes, Refusal):
        return _refuse_report(outcomes)
    head, *members = map(_told, outcomes)
    return head.model_copy(update={"members": tuple(members) or None})


def _told(outcome: Outcome) -> Answer:
    return Answer(
        outcome=outcome.told,
        stay_id=outcome.stay_id,
        person_id=outcome.person_id,
        warnings=outcome.warnings,
        updated=outcome.updated,
        differs=outcome.differs,
    )


async def _depart(registration: Registration, report: DepartureReport, street: str, cause: str) -> Answer:
    checked = check_departure(report, **_context(registration, street))
    if isinstance(checked, Refusal):
        return _refuse_report(checked)
    stay, *members = await record_departure(registration, checked, cause)
    along = tuple(_departed(one, ()) for one in members)
    return _departed(stay, checked.warnings).model_copy(update={"members": along or None})


def _departed(stay: Stay, warnings: tuple[str, ...]) -> Answer:
    told = {"stay_id", "person_id", "state", "ended_on", "destination", "destination_kind", "returning_on"}
    return Answer(outcome="accepted", warnings=warnings, **stay.model_dump(include=told))


async def _reply(registration: Registration, said: NamedReply, street: str, cause: str) -> Answer:
    """Answer a notice that is addressed to the office's street."""
    notice = await find_notice(registration.service.database, said.notice_id)
    divisions, today = registration.service.divisions, registration.service.today
    if notice is None or not (divisions.covers(street, notice.addressee, today) or street == notice.sender):
        return _refuse("no_such_notice", "notice_id")
    if not divisions.covers(street, notice.addressee, today):
        return _refuse("not_yours", "notice_id")
    reply = Reply(said.state, said.left_on, said.reason)
    event = await answer_notice(registration, notice, reply, cause, said.version)
    answer = event.data.answer
    told = {"notice_id": answer.notice_id, "state": answer.state, "person_id": answer.person_id}
    return Answer(outcome="accepted", version=event.sequence, **told)


def _context(registration: Registration, street: str) -> dict[str, Any]:
    service = registration.service
    return {"street": street, "today": service.today, "divisions": service.divisions}


def _check_sender(registration: Registration, delivery: Delivery, street: str) -> Answer | None:
    """Refuse a sender whose verified user is not the street's office, and a street that is not known."""
    if delivery.user_id is None:
        return _refuse("user_id_missing", "user_id")
    code = delivery.user_id.removeprefix("office-")
    divisions, today = registration.service.divisions, registration.service.today
    if code == delivery.user_id or not code or not divisions.covers(code, street, today):
        return _refuse("not_your_street", "user_id")
    if not divisions.is_street(street):
        return _refuse("unknown_street", "routing_key")
    return None


def _may_answer(delivery: Delivery) -> bool:
    """Answer only on the office's own queue, so that nobody can make us write into another's."""
    reply_to = delivery.reply_to or ""
    own = (delivery.user_id or "").replace("office-", "office.", 1)
    return reply_to == own or reply_to.startswith(DIRECT_REPLY)


def _malformed(error: ValidationError, report: type[Report]) -> Answer:
    wrong = [explain(found, report) for found in error.errors(include_input=False)[:MOST_TOLD]]
    fields = ", ".join(dict.fromkeys(one.field for one in wrong))
    advice = " ".join(one.advice for one in wrong)
    return Answer(outcome="refused", code="malformed", field=fields, advice=advice)


def _refuse_report(refusal: Refusal) -> Answer:
    return Answer(outcome="refused", code=refusal.code, field=refusal.field, advice=advise(refusal))


def _refuse(code: str, field: str | None) -> Answer:
    return Answer(outcome="refused", code=code, field=field, advice=ADVICE[code])
