"""HTTP in: what the text message gateway reports afterwards, signed by it."""

import hmac
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, Field, SecretStr

from services.outreach.api.dependencies import HexId, MessagingHere
from services.outreach.commands.reports import take_report
from services.outreach.domain.messages import Reported
from services.outreach.service import Messaging
from services.runtime.bodies import Body
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["messages"])

SIGNED_WITHIN = timedelta(minutes=5)


class ReportedAs(StrEnum):
    """What a gateway reports of a message: it arrived, it did not, or the person answered that no more is wanted."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNSUBSCRIBED = "unsubscribed"


class ReportRequest(Body):
    """What became of the message with a key of ours."""

    key: HexId
    status: ReportedAs


class ReportsRequest(Body):
    """Reports of a gateway."""

    reports: tuple[ReportRequest, ...] = Field(min_length=1, max_length=500)


class ReportsAnswer(BaseModel):
    """How many reports said something new; the rest was known, or is about nothing that was sent."""

    taken: int
    ignored: int


def sign(key: SecretStr, timestamp: str, content: bytes) -> str:
    """Return the signature of a report: HMAC-SHA256 over its timestamp, a full stop and its body, in hexadecimal."""
    return hmac.digest(key.get_secret_value().encode(), timestamp.encode() + b"." + content, "sha256").hex()


async def _must_be_signed(
    request: Request,
    messaging: MessagingHere,
    x_timestamp: Annotated[str, Header(pattern=r"^[0-9]{1,10}$")] = "0",
    x_signature: Annotated[str, Header(max_length=200)] = "",
) -> None:
    """Raise Problem (401) unless the body is signed with the gateway's key, a few minutes ago at most."""
    content = await request.body()
    if not _is_signed(messaging, x_timestamp, x_signature, content):
        raise Problem(401, "bad_signature", "签名无效。The report is not signed by the gateway, or too long ago.")


def _is_signed(messaging: Messaging, timestamp: str, signature: str, content: bytes) -> bool:
    if not messaging.report_key.get_secret_value():
        return False
    signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(messaging.service.clock() - signed_at) > SIGNED_WITHIN:
        return False
    right = sign(messaging.report_key, timestamp, content)
    return hmac.compare_digest(right.encode(), signature.encode())


@router.post(
    "/message-reports",
    summary="What became of messages, by their gateway",
    responses=refuses(bad_signature=401),
    dependencies=[Depends(_must_be_signed)],
)
async def post_reports(body: ReportsRequest, messaging: MessagingHere) -> ReportsAnswer:
    """Take in what a gateway reports; the same report again changes nothing, and one about an unknown key neither."""
    taken = 0
    for one in body.reports:
        if one.status is ReportedAs.UNSUBSCRIBED:
            taken += await take_report(messaging, one.key, None)
        else:
            taken += await take_report(messaging, one.key, Reported(one.status.value))
    return ReportsAnswer(taken=taken, ignored=len(body.reports) - taken)
