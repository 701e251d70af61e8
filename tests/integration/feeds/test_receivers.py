"""Real receivers on loopback: what is sent is what they get, and nobody is led inside by a name or an answer."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.feeds.channels.receivers import Receivers
from services.feeds.domain.addresses import OUTSIDE, Reach, read_url
from services.feeds.domain.webhooks import Answer, Outcome, sign
from tests.support.receivers import Receiver, receiving

LOOPBACK = Reach((ip_network("127.0.0.0/8"),), plain=True)
BODY = '[{"position":1,"data":{"purpose":"务工"}}]'.encode()
SECRET = "whsec_bmV3bmV3bmV3bmV3bmV3bmV3"
NAME = "hooks.example.org"


@pytest.fixture
def outside() -> Iterator[Receivers]:
    """Yield the way to receivers that may be on loopback."""
    found = Receivers(LOOPBACK, timeout=1.0)
    yield found
    found.close()


async def deliver(receivers: Receivers, url: str, reach: Reach = LOOPBACK) -> Answer:
    return await receivers.deliver(read_url(url, reach), sign([SECRET], "0199-a", datetime.now(UTC), BODY), BODY)


async def test_what_is_sent_is_what_is_got(outside: Receivers) -> None:
    async with receiving(Receiver()) as receiver:
        answer = await deliver(outside, f"{receiver.url}?k=v")

    assert answer == Answer(outcome=Outcome.DELIVERED, status=204)
    (got,) = receiver.got
    assert (got.target, got.body) == ("/hook?k=v", BODY)
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/cloudevents-batch+json"
    assert got.headers.keys() == {
        "host",
        "content-type",
        "content-length",
        "connection",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }


async def test_a_redirect_is_followed_by_nobody(outside: Receivers) -> None:
    async with receiving(Receiver()) as inside:
        elsewhere = Receiver(status=302, headers={"Location": inside.url})
        async with receiving(elsewhere):
            answer = await deliver(outside, elsewhere.url)

    assert answer == Answer(outcome=Outcome.REDIRECTED, status=302)
    assert inside.got == []


async def test_a_proxy_of_the_environment_is_not_used(outside: Receivers, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving(Receiver()) as proxy, receiving(Receiver()) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        answer = await deliver(outside, receiver.url)

    assert answer.outcome is Outcome.DELIVERED
    assert (len(proxy.got), len(receiver.got)) == (0, 1)


async def test_a_receiver_that_hangs_is_left_in_time(outside: Receivers) -> None:
    async with receiving(Receiver(hangs=True)) as receiver:
        begun = time.monotonic()
        answer = await deliver(outside, receiver.url)
        taken = time.monotonic() - begun

    assert answer == Answer(outcome=Outcome.NO_ANSWER)
    assert 1.0 <= taken < 5.0


async def test_an_answer_without_end_is_not_read_to_its_end(outside: Receivers) -> None:
    async with receiving(Receiver(status=200, content=b"x" * 50_000_000)) as receiver:
        answer = await deliver(outside, receiver.url)

    assert answer == Answer(outcome=Outcome.DELIVERED, status=200)


async def test_who_is_not_there_is_not_reached(outside: Receivers) -> None:
    async with receiving(Receiver()) as receiver:
        pass

    assert await deliver(outside, receiver.url) == Answer(outcome=Outcome.NOT_REACHED)


async def test_what_is_no_http_is_no_answer(outside: Receivers) -> None:
    async def mumble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(mumble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    assert await deliver(outside, f"http://127.0.0.1:{port}/") == Answer(outcome=Outcome.NO_ANSWER)
    server.close()


async def test_a_receiver_may_say_when_it_wants_to_be_asked_again(outside: Receivers) -> None:
    async with receiving(Receiver(status=429, headers={"Retry-After": "90"})) as receiver:
        answer = await deliver(outside, receiver.url)

    assert answer == Answer(outcome=Outcome.REFUSED, status=429, retry_after=90)


def lead(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names lead to some addresses, each time they are resolved to the next ones; return the names asked for."""
    asked: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        kinds = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in found]
        return [(kind, socket.SOCK_STREAM, 6, "", (one, port)) for kind, one in zip(kinds, found, strict=True)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the addresses that are connected to, of which none is there."""
    found: list[str] = []

    async def connect(_: Any, host: str, *__: Any) -> Any:
        found.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    return found


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a00:1"],
        ["1.1.1.1", "127.0.0.1"],
        ["2606:4700::1111", "1.1.1.1", "fd00::1"],
    ],
)
async def test_a_name_that_leads_inside_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, connected: list[str], addresses: list[str]
) -> None:
    lead(monkeypatch, addresses)

    assert await deliver(Receivers(), f"https://{NAME}/", OUTSIDE) == Answer(outcome=Outcome.NOT_ALLOWED)
    assert connected == []


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0177.0.0.1", "0x7f000001", "localhost"])
async def test_other_ways_to_write_loopback_lead_inside_too(connected: list[str], host: str) -> None:
    assert await deliver(Receivers(), f"https://{host}/", OUTSIDE) == Answer(outcome=Outcome.NOT_ALLOWED)
    assert connected == []


async def test_a_name_is_resolved_once_and_connected_to_where_it_led(
    monkeypatch: pytest.MonkeyPatch, connected: list[str]
) -> None:
    asked = lead(monkeypatch, ["1.1.1.1", "2606:4700::1111"], ["127.0.0.1"])

    first = await deliver(Receivers(), f"https://{NAME}/", OUTSIDE)
    second = await deliver(Receivers(), f"https://{NAME}/", OUTSIDE)

    assert (first.outcome, second.outcome) == (Outcome.NOT_REACHED, Outcome.NOT_ALLOWED)
    assert asked == [NAME, NAME]
    assert connected == ["1.1.1.1", "2606:4700::1111"]


async def test_a_name_that_is_not_there_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    lead(monkeypatch, [])

    assert await deliver(Receivers(), f"https://{NAME}/", OUTSIDE) == Answer(outcome=Outcome.NOT_REACHED)


def certify(folder: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """Return what a server of a name needs for TLS, and the file of the certificate that signs itself."""
    key, named = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(file, key_file)
    return served, str(file)


@pytest.mark.parametrize(
    ("certified", "outcome"), [(NAME, Outcome.DELIVERED), ("other.example.org", Outcome.NOT_REACHED)]
)
async def test_tls_and_host_go_by_the_name_and_the_connection_by_the_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, certified: str, outcome: Outcome
) -> None:
    served, certificate = certify(tmp_path, certified)
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    lead(monkeypatch, ["127.0.0.1"])

    async with receiving(Receiver(), served) as receiver:
        answer = await deliver(Receivers(LOOPBACK), f"https://{NAME}:{receiver.port}/hook")

    assert answer.outcome is outcome
    assert [got.headers["host"] for got in receiver.got] == [f"{NAME}:{receiver.port}"] * (certified == NAME)
