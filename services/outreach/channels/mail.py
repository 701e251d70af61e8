"""E-mail over SMTP; a server's answer after the text is the last that is heard of it, and it knows no key of ours."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from pydantic import SecretStr

from contracts.outreach.messages import MessageChannel
from contracts.registration.contacts import ContactKind
from services.outreach.channels.gateways import TIMEOUT
from services.outreach.domain.letters import Letter
from services.outreach.domain.messages import Answer, NotTaken, Refused, Taken, Unsure


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes our mail, and whom it comes from."""

    host: str
    port: int
    sender: str
    user: str
    password: SecretStr
    tls: bool


class Mail:
    """Sends each letter over a connection of its own."""

    channel = MessageChannel.EMAIL
    address: ContactKind | None = ContactKind.EMAIL
    keys: timedelta | None = None
    tells = False

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, letter: Letter, address: str) -> Answer:
        """Ask the server to take a letter to an address."""
        try:
            mail = self._render(letter, address)
        except ValueError:  # a line break where a header would begin anew
            return Refused("not_one_line")
        smtp = self._client()
        try:
            async with asyncio.timeout(TIMEOUT):
                if (absent := await _sign_in(smtp)) is not None:
                    return absent
                await smtp.sendmail(self._server.sender, [address], mail)
                return Taken()
        except SMTPRecipientsRefused as error:
            return _read_code(error.recipients[0].code)
        except SMTPResponseException as error:
            return _read_code(error.code)
        except (SMTPException, OSError, TimeoutError, ValueError):
            return Unsure("no_answer")
        finally:
            smtp.close()

    async def find(self, message_id: str) -> Answer:  # noqa: ARG002  # SMTP has no such question
        """Return that nobody knows."""
        return Unsure("no_answer")

    async def close(self) -> None:
        """Leave nothing open: every letter closes its connection."""

    def _client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password.get_secret_value() or None,
            use_tls=server.tls,
            start_tls=False,
            timeout=TIMEOUT,
        )

    def _render(self, letter: Letter, address: str) -> bytes:
        mail = EmailMessage()
        mail["From"], mail["To"] = self._server.sender, address
        mail["Subject"] = letter.subject
        mail["Message-ID"] = f"<{letter.message_id}@{self._server.sender.rpartition('@')[2]}>"
        mail.set_content(letter.body)
        return mail.as_bytes()


async def _sign_in(smtp: SMTP) -> NotTaken | None:
    """Return why no letter can be handed over; None if one can."""
    try:
        await smtp.connect()
    except (SMTPAuthenticationError, SMTPHeloError):
        return NotTaken("gateway_bars_us")
    except (SMTPConnectError, OSError, SMTPException):
        return NotTaken("gateway_away")
    return None


def _read_code(code: int) -> Answer:
    """Return what an SMTP reply means: 4xx come again later, 5xx never (RFC 5321, 4.2.1)."""
    if code // 100 == 5:
        return Refused("address_refused")
    return NotTaken("gateway_busy") if code // 100 == 4 else Unsure("odd_answer")
