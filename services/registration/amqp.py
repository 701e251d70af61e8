"""AMQP in: offices publish reports to the exchange `offices` and are answered on their own queues."""

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
from services.registration.intake.documents import Typed
from services.registration.intake.refusals import ADVICE, Refusal, advise
from services.registration.intake.reports import DepartureReport, HouseholdReport, NoticeReply
from services.registration.service import Registration
from services.registration.views.transfers import find_notice
from services.runtime.bodies import find_repeated_key
from services.runtime.delivery import Delivery
from services.runtime.malformed import MOST_EXPLAINED, REPEATED, FieldError, explain, list_fields_to_keep

OFFICES = "offices"
PREFETCH = 64
LARGEST_REPORT = 1024 * 1024
"""Bytes of a report at most, as over HTTP."""
DIRECT_REPLY = "amq.rabbitmq.reply-to"


class NamedReply(NoticeReply):
    """An office's reply to a notice, with the id of the notice."""

    notice_id: str = Field(pattern=r"^[0-9a-f]{32}$")


class ArrivalMessage(HouseholdReport):
    """An arrival that an office reports; the street may be named as over HTTP, but the routing key has it already."""

    street: Typed = ""


class DepartureMessage(DepartureReport):
    """A departure that an office reports; the street may be named as over HTTP, but the routing key has it already."""

    street: Typed = ""


Report = ArrivalMessage | DepartureMessage | NamedReply
REPORTS: Mapping[str, type[Report]] = {"arrival": ArrivalMessage, "departure": DepartureMessage, "answer": NamedReply}
"""The types of report by the last word of the routing key."""


class OfficeAnswer(BaseModel):
    """The answer to an office's report: `accepted`, `duplicate`, `updated`, or `refused` with a stable code and advice.

    To an arrival it has also the fields `updated` by it and those in which it `differs` from what stays recorded; to a
    departure the stay as it is now; to a reply the state of the notice's answer; refused as stale, the current version.
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
    members: tuple["OfficeAnswer", ...] | None = None


def routing_keys(divisions: Divisions, districts: Sequence[str]) -> list[str]:
    """Return the routing keys of reports for the streets of districts and their former codes, or of all streets."""
    streets = [street for district in districts for street in divisions.streets(district)]
    predecessors = [old for street in streets for old in divisions.predecessors(street)]
    former = {old for old in predecessors if divisions.successor(old).startswith(tuple(districts))}
    codes = [*streets, *sorted(former.difference(streets))] if districts else ["*"]
    return [f"{code}.{kind}" for code in codes for kind in ("arrival", "departure", "answer")]


async def take_in(registration: Registration, arrivals: Arrivals, delivery: Delivery) -> str | None:
    """Take in a report and answer the office; return the reason to park the message too, None if there is none."""
    answer, reason = await _answer(registration, arrivals, delivery)
    if delivery.reply_to and _may_answer(delivery):
        body = answer.model_copy(update={"message_id": delivery.message_id}).model_dump_json(exclude_none=True)
        await registration.service.listener.reply(delivery.reply_to, body.encode(), delivery.correlation_id)
    return reason


async def _answer(
    registration: Registration, arrivals: Arrivals, delivery: Delivery
) -> tuple[OfficeAnswer, str | None]:
    """Return the answer to a report, and the reason to park its message too, None if there is none."""
    street, _, kind = delivery.routing_key.partition(".")
    refused = _check_sender(registration, delivery, street)
    if refused is not None:
        return refused, f"refused: {refused.code}"
    if len(delivery.body) > LARGEST_REPORT:
        return _refuse("too_large", "body"), "refused: too_large"
    report_type = REPORTS.get(kind)
    if report_type is None:
        return _refuse("unknown_report", "routing_key"), "unknown report"
    report = _read(report_type, delivery.body)
    if isinstance(report, list):
        return _malformed(report), f"malformed: {list_fields_to_keep(report)}"
    if not isinstance(report, NamedReply) and not _is_of(registration, street, report.street.strip()):
        return _refuse("not_your_street", "street"), "refused: not_your_street"
    return await _record_once(registration, arrivals, delivery, report), None


def _read(kind: type[Report], body: bytes) -> Report | list[FieldError]:
    """Return the report in a body, or what is wrong with it."""
    try:
        report = kind.model_validate_json(body)
    except ValidationError as error:
        return [explain(found, kind) for found in error.errors(include_input=False)[:MOST_EXPLAINED]]
    key = find_repeated_key(body)
    return report if key is None else [explain({"type": REPEATED, "loc": (key,)}, kind)]


async def _record_once(
    registration: Registration, arrivals: Arrivals, delivery: Delivery, report: Report
) -> OfficeAnswer:
    """Record a report, once for its `message_id`; refuse another report under the same id."""
    requests, named = registration.service.requests, None
    try:
        if delivery.message_id:
            body = f"{delivery.routing_key}\n".encode() + delivery.body
            named = await requests.begin(f"amqp/{delivery.user_id}", delivery.message_id, body)
        answer = await _record(registration, arrivals, delivery, report, named.cause if named else uuid7())
    except RefusedError as error:
        answer = OfficeAnswer(
            outcome="refused", code=error.code, advice=error.advice, field=error.field, version=error.version
        )
    if named:
        await (requests.refuse(named) if answer.outcome == "refused" else requests.answer(named))
    return answer


async def _record(
    registration: Registration, arrivals: Arrivals, delivery: Delivery, report: Report, cause: str
) -> OfficeAnswer:
    street = delivery.routing_key.partition(".")[0]
    match report:
        case HouseholdReport():
            return await _arrive(registration, arrivals, report, (street, cause, delivery.first_seen))
        case DepartureReport():
            return await _depart(registration, report, street, cause)
        case NamedReply():
            return await _reply(registration, report, street, cause)


async def _arrive(
    registration: Registration, arrivals: Arrivals, report: HouseholdReport, context: tuple[str, str, datetime | None]
) -> OfficeAnswer:
    """Register an arrival; `context` is the street, the causation, and when the report was first seen."""
    street, cause, first_seen = context
    checked = check_household(report, **_context(registration, street))
    if isinstance(checked, Refusal):
        return _refuse_report(checked)
    outcomes = await arrivals.register(checked, cause, first_seen)
    if isinstance(outcomes, Refusal):
        return _refuse_report(outcomes)
    head, *members = map(_arrived, outcomes)
    return head.model_copy(update={"members": tuple(members) or None})


def _arrived(outcome: Outcome) -> OfficeAnswer:
    return OfficeAnswer(
        outcome=outcome.kind,
        stay_id=outcome.stay_id,
        person_id=outcome.person_id,
        warnings=outcome.warnings,
        updated=outcome.updated,
        differs=outcome.differs,
    )


async def _depart(registration: Registration, report: DepartureReport, street: str, cause: str) -> OfficeAnswer:
    checked = check_departure(report, **_context(registration, street))
    if isinstance(checked, Refusal):
        return _refuse_report(checked)
    stay, *members = await record_departure(registration, checked, cause)
    along = tuple(_departed(member, ()) for member in members)
    return _departed(stay, checked.warnings).model_copy(update={"members": along or None})


def _departed(stay: Stay, warnings: tuple[str, ...]) -> OfficeAnswer:
    fields = {"stay_id", "person_id", "state", "ended_on", "destination", "destination_kind", "returning_on"}
    return OfficeAnswer(outcome="accepted", warnings=warnings, **stay.model_dump(include=fields))


async def _reply(registration: Registration, report: NamedReply, street: str, cause: str) -> OfficeAnswer:
    """Answer a notice that is addressed to the office's street."""
    notice = await find_notice(registration.service.database, report.notice_id)
    divisions, today = registration.service.divisions, registration.service.today
    if notice is None or not (divisions.covers(street, notice.addressee, today) or street == notice.sender):
        return _refuse("no_such_notice", "notice_id")
    if not divisions.covers(street, notice.addressee, today):
        return _refuse("not_yours", "notice_id")
    reply = Reply(report.state, report.left_on, report.reason)
    event = await answer_notice(registration, notice, reply, cause, report.version)
    answer = event.data.answer
    fields = {"notice_id": answer.notice_id, "state": answer.state, "person_id": answer.person_id}
    return OfficeAnswer(outcome="accepted", version=event.sequence, **fields)


def _context(registration: Registration, street: str) -> dict[str, Any]:
    service = registration.service
    return {"street": street, "today": service.today, "divisions": service.divisions}


def _check_sender(registration: Registration, delivery: Delivery, street: str) -> OfficeAnswer | None:
    """Return a refusal if the verified user is not the street's office, or the street is unknown; None if neither."""
    if delivery.user_id is None:
        return _refuse("user_id_missing", "user_id")
    code = delivery.user_id.removeprefix("office-")
    divisions, today = registration.service.divisions, registration.service.today
    if code == delivery.user_id or not code or not divisions.covers(code, street, today):
        return _refuse("not_your_street", "user_id")
    if not divisions.is_street(street):
        return _refuse("unknown_street", "routing_key")
    return None


def _is_of(registration: Registration, street: str, named: str) -> bool:
    """Return whether a report names its routing key's street, by whichever of its codes, or none."""
    divisions, today = registration.service.divisions, registration.service.today
    return named in ("", street) or divisions.covers(named, street, today)


def _may_answer(delivery: Delivery) -> bool:
    """Return whether the reply queue is the office's own; nobody can make us write into another's."""
    reply_to = delivery.reply_to or ""
    own = (delivery.user_id or "").replace("office-", "office.", 1)
    return reply_to == own or reply_to.startswith(DIRECT_REPLY)


def _malformed(errors: Sequence[FieldError]) -> OfficeAnswer:
    fields = ", ".join(dict.fromkeys(wrong.field for wrong in errors))
    advice = " ".join(wrong.advice for wrong in errors)
    return OfficeAnswer(outcome="refused", code="malformed", field=fields, advice=advice)


def _refuse_report(refusal: Refusal) -> OfficeAnswer:
    return OfficeAnswer(outcome="refused", code=refusal.code, field=refusal.field, advice=advise(refusal))


def _refuse(code: str, field: str | None) -> OfficeAnswer:
    return OfficeAnswer(outcome="refused", code=code, field=field, advice=ADVICE[code])
