"""One RabbitMQ and one MongoDB in a folder, and what each service must be told to use them."""

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

SERVICE_PORTS = {"registration": 8001, "archives": 8002, "outreach": 8003, "reporting": 8004, "feeds": 8005}


class Server(Protocol):
    """A server that a stack runs, or that somebody else runs for it."""

    @property
    def pid(self) -> int | None:
        """Tell the pid of the server's real process."""

    def url(self, user: str | None = None) -> str:
        """Say where to connect, as a user (the administrator if none is named)."""

    def start(self) -> None:
        """Start the server on its data and wait until it is ready."""

    def stop(self) -> None:
        """Stop the server."""

    def kill(self) -> None:
        """Kill the server's process (SIGKILL)."""

    def tail(self) -> str:
        """Quote the last lines of the server's log."""


class ElsewhereServer:
    """A server that an environment variable names: used as it is, never started, stopped or killed."""

    pid = None

    def __init__(self, variable: str) -> None:
        self._variable = variable
        self._url = os.environ[variable]

    def url(self, user: str | None = None) -> str:  # noqa: ARG002
        """Say the address that was given; it is everybody's."""
        return self._url

    def start(self) -> None:
        """Leave the server alone."""

    def stop(self) -> None:
        """Leave the server alone."""

    def kill(self) -> None:
        """Refuse: it is not ours."""
        raise LocalStackError(
            f"{self._variable} names a server that this stack does not run. Unset it to run an own one."
        )

    def tail(self) -> str:
        """Say where to look instead."""
        return f"The log is where the server of {self._variable} runs."


class Stack:
    """RabbitMQ and MongoDB with their data, users and secrets in one folder; `with Stack(folder):` runs them."""

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
            self.rabbitmq = ElsewhereServer("RABBITMQ_URL")
        else:
            self.rabbitmq = RabbitMQ(self._room("rabbitmq"), chosen, self._credentials.rabbitmq)
        if os.environ.get("MONGODB_URL"):
            self.mongodb = ElsewhereServer("MONGODB_URL")
        else:
            secrets = self._credentials
            self.mongodb = MongoDB(self._room("mongodb"), chosen, secrets.mongodb, secrets.replica_set_key)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start both servers side by side and wait until they are ready; stop them again if one can't."""
        try:
            with ThreadPoolExecutor(2) as both:
                for started in [both.submit(self.rabbitmq.start), both.submit(self.mongodb.start)]:
                    started.result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both servers, side by side."""
        with ThreadPoolExecutor(2) as both:
            for stopped in [both.submit(self.rabbitmq.stop), both.submit(self.mongodb.stop)]:
                stopped.result()

    def rabbitmq_url(self, user: str | None = None) -> str:
        """Say where RabbitMQ is, for a user: a service, `office-<street>`, or the administrator if none is named."""
        return self.rabbitmq.url(user)

    def mongodb_url(self, user: str | None = None) -> str:
        """Say where MongoDB is, for a user: a service, or the administrator if none is named."""
        return self.mongodb.url(user)

    def issuer_jwk(self) -> str:
        """Give the private key (JWK) that the local issuer signs tokens with; there is none in production."""
        if os.environ.get("HOUNIAO_ENV") == "production":
            raise LocalStackError("The local issuer gives no tokens where HOUNIAO_ENV=production: people sign in.")
        return credentials.issuer_jwk(self.folder)

    def service_port(self, service: str, instance: str = "") -> int:
        """Say the port of a service's instance, the same as long as this object lives."""
        if self._fixed and not instance:
            return SERVICE_PORTS[service]
        return self._service_ports.setdefault((service, instance), free_port())

    def service_environment(self, service: str, *, districts: str = "", instance: str = "") -> dict[str, str]:
        """Tell a service's instance its settings: environment variables to add to the ones it needs as a process."""
        return {
            "MONGODB_URL": self.mongodb_url(service),
            "RABBITMQ_URL": self.rabbitmq_url(service),
            "HOUNIAO_ENV": "local",
            "HOUNIAO_PORT": str(self.service_port(service, instance or districts)),
            "HOUNIAO_DISTRICTS": districts,
            "HOUNIAO_INSTANCE": instance,
            "HOUNIAO_JWKS": credentials.public_keys(self.issuer_jwk()),
            "HOUNIAO_DIVISIONS": os.environ.get("HOUNIAO_DIVISIONS", ""),
            "HOUNIAO_DEADLINES": os.environ.get("HOUNIAO_DEADLINES", ""),
            "HOUNIAO_LOG": os.environ.get("HOUNIAO_LOG", "json"),
            **self._credentials.own_keys(service),
        }

    def leave_environments(self) -> None:
        """Leave every service's settings in `environment/<service>.env`, for its commands (mode 600)."""
        for service in SERVICE_PORTS:
            lines = [f"{name}='{value}'\n" for name, value in self.service_environment(service).items()]
            file = self._room("environment") / f"{service}.env"
            file.touch(mode=0o600)
            file.write_text("".join(lines))

    def _room(self, name: str) -> Path:
        room = self.folder / name
        room.mkdir(exist_ok=True)
        return room
