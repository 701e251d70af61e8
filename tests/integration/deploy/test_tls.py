"""Connections to RabbitMQ and MongoDB by TLS, as the two addresses are set for it: verified, and refused otherwise."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aio_pika
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pymongo import MongoClient
from pymongo.errors import ServerSelectionTimeoutError

from deploy.local.mongodb import MongoDB
from deploy.local.ports import free_port
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.stack import Stack
from deploy.local.temporary import temporary_stack
from services.runtime.inbox import Listener
from services.runtime.mongo import connect
from services.runtime.parked import Parked
from tests.conftest import LOCAL
from tests.support.instance import eventually, running_instance
from tests.support.offices import make_arrival

STREET = "320507001"


class Authority:
    """Somebody who signs certificates for servers, made for this test."""

    def __init__(self, folder: Path, name: str) -> None:
        self.file = folder / f"{name}.pem"
        self._folder, self._name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file.write_bytes(self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None)))

    def issue(self, address: str) -> tuple[Path, Path]:
        """Return the files of a certificate for an address, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        certificate, private = self._folder / "server.pem", self._folder / "server.key"
        certificate.write_bytes(self._sign(subject, key, names))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, private

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> bytes:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        return builder.add_extension(extension, critical=False).sign(self._key, SHA256()).public_bytes(Encoding.PEM)


class RabbitMQByTls(RabbitMQ):
    """RabbitMQ to which services come by TLS alone; the administrator of the test does not."""

    def __init__(self, authority: Authority, certificate: tuple[Path, Path], *arguments: Any) -> None:
        super().__init__(*arguments)
        self._authority, self._certificate, self.port = authority, certificate, free_port()

    def url(self, user: str | None = None) -> str:
        if user is None:
            return super().url()
        plain = (
            super().url(user).replace("amqp://", "amqps://").replace(f":{self._ports['rabbitmq']}/", f":{self.port}/")
        )
        return f"{plain}?cafile={self._authority.file}"

    def _configuration(self) -> str:
        certificate, key = self._certificate
        return (
            f"{super()._configuration()}listeners.ssl.local = 127.0.0.1:{self.port}\n"
            f"ssl_options.cacertfile = {self._authority.file}\nssl_options.certfile = {certificate}\n"
            f"ssl_options.keyfile = {key}\nssl_options.versions.1 = tlsv1.3\nssl_options.versions.2 = tlsv1.2\n"
        )


class MongoDBByTls(MongoDB):
    """A MongoDB to which everybody comes by TLS but whoever starts it."""

    def __init__(self, authority: Authority, certificate: tuple[Path, Path], folder: Path, *arguments: Any) -> None:
        super().__init__(folder, *arguments)
        self._authority = authority
        self._both = folder / "server-with-key.pem"
        folder.mkdir(parents=True, exist_ok=True)
        self._both.write_bytes(b"".join(file.read_bytes() for file in certificate))

    def url(self, user: str | None = None) -> str:
        return f"{super().url(user)}&tls=true&tlsCAFile={self._authority.file}"

    def _arguments(self) -> list[str]:
        return [
            *super()._arguments(),
            *("--tlsMode", "preferTLS", "--tlsDisabledProtocols", "TLS1_0,TLS1_1"),
            *("--tlsCertificateKeyFile", str(self._both), "--tlsCAFile", str(self._authority.file)),
            "--tlsAllowConnectionsWithoutCertificates",
        ]


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    folder = tmp_path_factory.mktemp("certificates")
    return Authority(folder, "ours"), Authority(folder, "theirs")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def by_tls(authorities: tuple[Authority, Authority]) -> AsyncIterator[Stack]:
    """Run servers of their own for this file."""
    ours, _ = authorities
    certificate = ours.issue("127.0.0.1")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RABBITMQ_URL", raising=False)
        patch.delenv("MONGODB_URL", raising=False)
        patch.setattr("deploy.local.stack.RabbitMQ", partial(RabbitMQByTls, ours, certificate))
        patch.setattr("deploy.local.stack.MongoDB", partial(MongoDBByTls, ours, certificate))
        with temporary_stack(LOCAL) as stack:
            yield stack


def ping(url: str) -> None:
    with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=2000) as client:
        client.admin.command("ping")


@pytest.mark.asyncio(loop_scope="module")
async def test_services_speak_to_one_another_and_keep_what_they_know_by_tls_alone(by_tls: Stack) -> None:
    async with running_instance(by_tls, ["registration", "reporting"]) as houniao:
        assert houniao.settings("registration").rabbitmq_url.get_secret_value().startswith("amqps://")
        async with houniao.client("registration", "clerk", STREET) as clerk:
            answer = await clerk.post("/arrivals", json={**make_arrival(), "street": STREET})
        assert answer.status_code == 201, answer.text
        stay = {"_id": answer.json()["stay_id"]}
        await eventually(lambda: houniao.database("reporting")["stays"].find_one(stay))
        status = await houniao.database("reporting").client.admin.command("serverStatus")

    assert status["transportSecurity"]["1.3"] > 0
    assert {version: status["transportSecurity"][version] for version in ("1.0", "1.1", "unknown")} == {
        "1.0": 0, "1.1": 0, "unknown": 0
    }  # fmt: skip


@pytest.mark.asyncio(loop_scope="module")
async def test_a_server_that_another_authority_vouches_for_is_not_spoken_to(
    by_tls: Stack, authorities: tuple[Authority, Authority]
) -> None:
    ours, theirs = (str(one.file) for one in authorities)
    broker, mongodb = by_tls.rabbitmq_url("reporting"), by_tls.mongodb_url()
    listener = Listener(broker.replace(ours, theirs), Parked(connect(mongodb)["unused"], lambda: datetime.now(UTC)))

    with pytest.raises(aio_pika.exceptions.AMQPConnectionError) as by_relay:
        await aio_pika.connect(broker.replace(ours, theirs))
    with pytest.raises(aio_pika.exceptions.AMQPConnectionError) as by_listener:
        await listener.start()
    with pytest.raises(ServerSelectionTimeoutError, match="CERTIFICATE_VERIFY_FAILED"):
        ping(mongodb.replace(ours, theirs))

    for refused in (by_relay, by_listener):
        assert "CERTIFICATE_VERIFY_FAILED" in str(refused.value)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_certificate_for_another_address_and_one_that_nobody_named_are_refused(
    by_tls: Stack, authorities: tuple[Authority, Authority]
) -> None:
    ours = str(authorities[0].file)
    broker, mongodb = by_tls.rabbitmq_url("reporting"), by_tls.mongodb_url().replace("replicaSet=houniao&", "")
    changes = [
        (
            broker.replace("127.0.0.1", "localhost"),
            mongodb.replace("127.0.0.1", "localhost") + "&directConnection=true",
        ),
        (broker.replace(f"?cafile={ours}", ""), mongodb.replace(f"&tlsCAFile={ours}", "")),
    ]

    for false_broker, false_mongodb in changes:
        with pytest.raises(aio_pika.exceptions.AMQPConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            await aio_pika.connect(false_broker)
        with pytest.raises(ServerSelectionTimeoutError, match="CERTIFICATE_VERIFY_FAILED"):
            ping(false_mongodb)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.asyncio(loop_scope="module")
async def test_an_old_version_of_tls_and_no_tls_are_refused(
    by_tls: Stack, authorities: tuple[Authority, Authority]
) -> None:
    old = ssl.create_default_context(cafile=authorities[0].file)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    broker = by_tls.rabbitmq_url("reporting").partition("?")[0]

    with pytest.raises(aio_pika.exceptions.AMQPConnectionError):
        await aio_pika.connect(broker, ssl_context=old)
    with pytest.raises(aio_pika.exceptions.AMQPConnectionError):
        await aio_pika.connect(broker.replace("amqps://", "amqp://"), timeout=5)
