"""Each channel against a real server that answers as gateways do: what each answer, and each silence, means."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from contracts.outreach.messages import Filled
from services.outreach.channels.mail import Mail, MailServer
from services.outreach.channels.sms import SmsGateway
from services.outreach.channels.wechat import WechatAccount
from services.outreach.domain.letters import Letter
from services.outreach.domain.messages import Answer, NotTaken, Refused, Taken, Unsure
from services.runtime.clock import system_clock

LETTER = Letter("5" * 32, "320507001", "请来随访。", "随访提醒", "tpl-1", (Filled(field="thing1", text="随访"),))
SECRET = SecretStr("secret")
NOWHERE = "http://127.0.0.1:9"

Reply = Callable[[str, Any], tuple[int, bytes, str]]


@asynccontextmanager
async def http_server(reply: Reply) -> AsyncIterator[str]:
    """Answer each request as told: by path and body, with a status, a body and further header lines."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line[16:]) for line in head.lower().split("\r\n") if line.startswith("content-length: ")), 0)
        sent = await reader.readexactly(length)
        status, body, more = reply(head.split(" ")[1], json.loads(sent or b"null"))
        if status:
            lines = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
            writer.write(lines.encode() + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize(
    ("status", "body", "more", "answer"),
    [
        (202, b'{"id": "g-1"}', "", Taken("g-1")),
        (200, b'{"code": 7}', "", Unsure("odd_answer")),
        (200, b"<html>", "", Unsure("odd_answer")),
        (200, b"x" * 20_000, "", Unsure("odd_answer")),
        (302, b"", "Location: http://elsewhere\r\n", Unsure("odd_answer")),
        (400, b"{}", "", Refused()),
        (401, b"{}", "", NotTaken("gateway_bars_us")),
        (409, b"{}", "", Unsure("odd_answer")),
        (429, b"{}", "Retry-After: 30\r\n", NotTaken("gateway_busy", 30.0)),
        (429, b"{}", "Retry-After: tomorrow\r\n", NotTaken("gateway_busy", 0.0)),
        (500, b"{}", "", Unsure("odd_answer")),
        (503, b"{}", "", Unsure("odd_answer")),
        (0, b"", "", Unsure("no_answer")),
    ],
)
async def test_what_a_gateway_for_text_messages_answers(status: int, body: bytes, more: str, answer: Answer) -> None:
    async with http_server(lambda _, __: (status, body, more)) as url:
        sms = SmsGateway(url, SECRET, keys=None, tells=True, timeout=1.0)

        assert await sms.send(LETTER, "13812345678") == answer

        await sms.close()


@pytest.mark.parametrize(
    ("status", "answer"), [(200, Taken("g-1")), (404, NotTaken("unknown_key")), (500, Unsure("odd_answer"))]
)
async def test_what_a_gateway_tells_by_a_key(status: int, answer: Answer) -> None:
    asked = []

    def reply(path: str, _: Any) -> tuple[int, bytes, str]:
        asked.append(path)
        return status, b'{"id": "g-1"}', ""

    async with http_server(reply) as url:
        sms = SmsGateway(url, SECRET, keys=None, tells=True, timeout=1.0)

        assert await sms.find(LETTER.message_id) == answer

        await sms.close()
    assert asked == [f"/messages/{LETTER.message_id}"]


async def test_a_gateway_that_was_never_reached_took_nothing_and_tells_nothing() -> None:
    sms = SmsGateway(NOWHERE, SECRET, keys=timedelta(hours=1), tells=True, timeout=1.0)

    assert await sms.send(LETTER, "13812345678") == NotTaken("gateway_away")
    assert await sms.find(LETTER.message_id) == Unsure("gateway_away")

    await sms.close()


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ({"errcode": 0, "msgid": 200}, Taken("200")),
        ({"errcode": -1}, Unsure("odd_answer")),
        ({}, Unsure("odd_answer")),
        ({"errcode": 40003}, Refused("address_refused")),
        ({"errcode": 43004}, Refused("address_refused")),
        ({"errcode": 45009}, NotTaken("gateway_busy")),
        ({"errcode": 42001}, NotTaken("gateway_bars_us")),
    ],
)
async def test_what_the_official_account_answers(told: Mapping[str, Any], answer: Answer) -> None:
    sent = []

    def reply(path: str, body: Any) -> tuple[int, bytes, str]:
        if path.startswith("/cgi-bin/stable_token"):
            return 200, b'{"access_token": "t-1", "expires_in": 7200}', ""
        sent.append((path, body))
        return 200, json.dumps(told).encode(), ""

    async with http_server(reply) as url:
        account = WechatAccount(url, "app", SECRET, system_clock)

        assert await account.send(LETTER, "oX1") == answer

        await account.close()
    ((path, body),) = sent
    assert path == "/cgi-bin/message/template/send?access_token=t-1"
    assert (body["touser"], body["client_msg_id"]) == ("oX1", LETTER.message_id)
    assert body["data"] == {"thing1": {"value": "随访"}}


async def test_an_account_that_gets_no_token_sent_nothing() -> None:
    async with http_server(lambda _, __: (200, b'{"errcode": 40125}', "")) as url:
        account = WechatAccount(url, "app", SECRET, system_clock)

        assert await account.send(LETTER, "oX1") == NotTaken("gateway_bars_us")

        await account.close()


@asynccontextmanager
async def mail_server(replies: Mapping[str, str], received: list[str]) -> AsyncIterator[int]:
    """Speak SMTP, with another reply to some commands; an empty one hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        usual = {"EHLO": "250 here", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", "QUIT": "221 bye"}
        while line := (await reader.readline()).decode():
            command = line[:4].upper()
            reply = {**usual, **replies}.get(command, "502 what")
            if not reply:
                break
            writer.write(f"{reply}\r\n".encode())
            if reply.startswith("354"):
                received.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                if not (last := replies.get(".", "250 taken")):
                    break
                writer.write(f"{last}\r\n".encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.parametrize(
    ("replies", "answer"),
    [
        ({}, Taken()),
        ({"RCPT": "550 nobody"}, Refused("address_refused")),
        ({"RCPT": "451 later"}, NotTaken("gateway_busy")),
        ({"MAIL": "421 too many"}, NotTaken("gateway_busy")),
        ({".": "554 no"}, Refused("address_refused")),
        ({".": ""}, Unsure("no_answer")),
    ],
)
async def test_what_a_mail_server_answers(replies: Mapping[str, str], answer: Answer) -> None:
    received: list[str] = []
    async with mail_server(replies, received) as port:
        mail = Mail(MailServer("127.0.0.1", port, "office@example.cn", "", SecretStr(""), tls=False))

        assert await mail.send(LETTER, "a.b@example.cn") == answer

    if answer == Taken():
        assert f"Message-ID: <{LETTER.message_id}@example.cn>" in received[0]


async def test_a_mail_server_that_was_never_reached_took_nothing() -> None:
    mail = Mail(MailServer("127.0.0.1", 9, "office@example.cn", "", SecretStr(""), tls=False))

    assert await mail.send(LETTER, "a.b@example.cn") == NotTaken("gateway_away")


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("place", ["subject", "address"])
async def test_a_line_break_in_a_head_of_a_mail_sends_nothing(place: str, break_: str) -> None:
    slipped, received = f"a{break_}Bcc: other@example.cn", list[str]()
    letter = replace(LETTER, subject=slipped) if place == "subject" else LETTER
    address = f"{slipped}@example.cn" if place == "address" else "a.b@example.cn"
    async with mail_server({}, received) as port:
        mail = Mail(MailServer("127.0.0.1", port, "office@example.cn", "", SecretStr(""), tls=False))

        assert await mail.send(letter, address) == Refused("not_one_line")

    assert received == []


async def test_a_text_of_a_mail_can_not_end_it_and_say_more_to_the_server() -> None:
    received: list[str] = []
    text = "一\r\n.\r\nMAIL FROM:<other@example.cn>\r\n.\n.\r"
    async with mail_server({}, received) as port:
        mail = Mail(MailServer("127.0.0.1", port, "office@example.cn", "", SecretStr(""), tls=False))

        assert await mail.send(replace(LETTER, body=text), "a.b@example.cn") == Taken()

    [data] = received
    assert data.count("\r\n.\r\n") == 1
