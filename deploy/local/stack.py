"""One RabbitMQ and one MongoDB in a folder, and the settings with which each service uses them."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from deploy.local import credentials
from deploy.local.failure import LocalStackError
from deploy.local.mongodb import MongoDB
from deploy.local.ports import Choice, free_port, server_ports
from deploy.local.rabbitmq import RabbitMQ
from deploy.rabbitmq.topology import declare_instance

SERVICE_PORTS = {"registration": 8001, "archives": 8002, "outreach": 8003, "reporting": 8004, "feeds": 8005}
FRONT_PORTS = {"issuer": 8009, "console": 8000}
"""What stands before the services and has neither a database nor a queue."""
AUDIENCES = (*SERVICE_PORTS, "console")
"""Whom the tokens of a person who signs in are for."""


class Server(Protocol):
    """A server that a stack runs, or that runs elsewhere."""

    @property
    def pid(self) -> int | None:
        """Return the pid of the server's process; None if it is not running."""

    def url(self, user: str | None = None) -> str:
        """Return the URL to connect with as a user, by default the administrator."""

    def start(self) -> None:
        """Start the server on its data and wait until it is ready."""

    def stop(self) -> None:
        """Stop the server."""

    def kill(self) -> None:
        """Kill the server's process (SIGKILL)."""

    def tail(self) -> str:
        """Return the last lines of the server's log."""


class ExternalServer:
    """A server that runs elsewhere, named by an environment variable; it is never started, stopped or killed."""

    pid = None

    def __init__(self, variable: str) -> None:
        self._variable = variable
        self._url = os.environ[variable]

    def url(self, user: str | None = None) -> str:  # noqa: ARG002  # the signature of a server that knows users
        """Return the given URL, the same for all users."""
        return self._url

    def start(self) -> None:
        """Leave the server alone."""

    def stop(self) -> None:
        """Leave the server alone."""

    def kill(self) -> None:
        """Raise LocalStackError: the server is not ours."""
        raise LocalStackError(
            f"{self._variable} names a server that this stack does not run. Unset it to run an own one."
        )

    def tail(self) -> str:
        """Return where to look instead."""
        return f"The log is where the server of {self._variable} runs."


class Stack:
    """RabbitMQ and MongoDB with their data, users and secrets in a folder; `with Stack(folder):` runs them."""

    def __init__(self, folder: Path, ports: Choice = "free") -> None:
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._fixed = ports == "fixed"
        self._service_ports: dict[tuple[str, str], int] = {}
        self._credentials = credentials.load(self.folder)
        chosen = server_ports(self.folder, ports)
        self.rabbitmq: Server
        self.mongodb: Server
        if os.environ.get("RABBITMQ_URL"):
            self.rabbitmq = ExternalServer("RABBITMQ_URL")
        else:
            self.rabbitmq = RabbitMQ(self._subfolder("rabbitmq"), chosen, self._credentials.rabbitmq)
        if os.environ.get("MONGODB_URL"):
            self.mongodb = ExternalServer("MONGODB_URL")
        else:
            secrets = self._credentials
            self.mongodb = MongoDB(self._subfolder("mongodb"), chosen, secrets.mongodb, secrets.replica_set_key)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start both servers in parallel and wait until they are ready; stop both if one fails."""
        try:
            with ThreadPoolExecutor(2) as both:
                for started in [both.submit(self.rabbitmq.start), both.submit(self.mongodb.start)]:
                    started.result()
            if isinstance(self.rabbitmq, ExternalServer):  # it has not read our definitions
                self.declare_queues()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both servers in parallel."""
        with ThreadPoolExecutor(2) as both:
            for stopped in [both.submit(self.rabbitmq.stop), both.submit(self.mongodb.stop)]:
                stopped.result()

    def rabbitmq_url(self, user: str | None = None) -> str:
        """Return RabbitMQ's URL for a user: a service, `office-<street>`, or by default the administrator."""
        return self.rabbitmq.url(user)

    def declare_queues(self, instance: str = "") -> None:
        """Declare the queues of an instance's services, as an operator does."""
        with ThreadPoolExecutor(1) as thread:  # the caller's thread may already run an event loop
            thread.submit(asyncio.run, declare_instance(self.rabbitmq_url(), instance)).result()

    def mongodb_url(self, user: str | None = None) -> str:
        """Return MongoDB's URL for a user: a service, or by default the administrator."""
        return self.mongodb.url(user)

    def issuer_jwk(self) -> str:
        """Return the private key (JWK) that the local issuer signs tokens with; raise LocalStackError in production."""
        if os.environ.get("HOUNIAO_ENV") == "production":
            raise LocalStackError("The local issuer gives no tokens where HOUNIAO_ENV=production: people sign in.")
        return credentials.issuer_jwk(self.folder)

    def service_port(self, service: str, instance: str = "") -> int:
        """Return the port of a service's instance, always the same from one object."""
        if self._fixed and not instance:
            return {**SERVICE_PORTS, **FRONT_PORTS}[service]
        return self._service_ports.setdefault((service, instance), free_port())

    def service_environment(self, service: str, *, districts: str = "", instance: str = "") -> dict[str, str]:
        """Return the settings of a service's instance as environment variables, in addition to those of a process."""
        return {
            **self._web_environment(service, instance or districts),
            "MONGODB_URL": self.mongodb_url(service),
            "RABBITMQ_URL": self.rabbitmq_url(service),
            "HOUNIAO_DISTRICTS": districts,
            "HOUNIAO_INSTANCE": instance,
            "HOUNIAO_DEADLINES": os.environ.get("HOUNIAO_DEADLINES", ""),
            **self._ways(service, instance or districts, districts),
        }

    def front_environment(self, name: str, instance: str = "") -> dict[str, str]:
        """Return the settings of the console or the issuer before an instance's services."""
        addresses = [f"{service}=http://127.0.0.1:{self.service_port(service, instance)}" for service in SERVICE_PORTS]
        issuer, console = (f"http://127.0.0.1:{self.service_port(front, instance)}" for front in FRONT_PORTS)
        told = {
            "issuer": {"HOUNIAO_ISSUER_KEY": self.issuer_jwk(), "HOUNIAO_ISSUER_URL": issuer},
            "console": {"HOUNIAO_PROVIDER": issuer, "HOUNIAO_SERVICES": ",".join(addresses)},
        }
        return {**self._web_environment(name, instance), "HOUNIAO_CONSOLE_URL": console, **told[name]}

    def _web_environment(self, name: str, instance: str) -> dict[str, str]:
        """Return what is told to whatever is served over HTTP."""
        return {
            "HOUNIAO_ENV": "local",
            "HOUNIAO_PORT": str(self.service_port(name, instance)),
            "HOUNIAO_JWKS": credentials.public_keys(self.issuer_jwk()),
            "HOUNIAO_DIVISIONS": os.environ.get("HOUNIAO_DIVISIONS", ""),
            "HOUNIAO_LOG": os.environ.get("HOUNIAO_LOG", "json"),
            **self._credentials.own_keys(name),
        }

    def _ways(self, service: str, instance: str, districts: str) -> dict[str, str]:
        """Return where outreach asks for addresses, and the file with its token, which is written anew."""
        if service != "outreach":
            return {}
        token = self._subfolder("tokens") / f"outreach{instance and '-' + instance}"
        credentials.write_secret(
            token, credentials.service_token(self.issuer_jwk(), "" if "," in districts else districts)
        )
        return {
            "HOUNIAO_REGISTRATION_URL": f"http://127.0.0.1:{self.service_port('registration', instance)}",
            "HOUNIAO_REGISTRATION_TOKEN_FILE": str(token),
        }

    def write_environments(self) -> None:
        """Write every service's settings to `environment/<service>.env` (mode 600), for its commands."""
        for service in SERVICE_PORTS:
            lines = [f"{name}='{value}'\n" for name, value in self.service_environment(service).items()]
            file = self._subfolder("environment") / f"{service}.env"
            file.touch(mode=0o600)
            file.write_text("".join(lines))

    def _subfolder(self, name: str) -> Path:
        subfolder = self.folder / name
        subfolder.mkdir(exist_ok=True)
        return subfolder
