"""How users and queues of a RabbitMQ that runs are changed: over its management API, or with rabbitmqctl."""

import json
import subprocess
from collections.abc import Iterable, Sequence
from typing import Protocol
from urllib.parse import quote

import httpx

from deploy.rabbitmq.definitions import VHOST, Definition


class Broker(Protocol):
    """A RabbitMQ whose users and queues an operator changes."""

    def list_users(self) -> set[str]:
        """Return the names of all users."""

    def give(self, definitions: Definition) -> None:
        """Make what definitions say; what is there already stays."""

    def take(self, user: str, queues: Iterable[str]) -> None:
        """Remove a user, which closes its connections, and then queues; what is gone already is no failure."""


class Management:
    """A RabbitMQ with its management plugin, at a URL with an administrator's name and password."""

    def __init__(self, url: str) -> None:
        told = httpx.URL(url)
        self._client = httpx.Client(
            base_url=told.copy_with(username=None, password=None),  # an error may quote it
            auth=(told.username, told.password),
            timeout=60,
            trust_env=False,
        )

    def list_users(self) -> set[str]:
        """Return the names of all users."""
        return {user["name"] for user in self._client.get("/api/users").raise_for_status().json()}

    def give(self, definitions: Definition) -> None:
        """Make what definitions say; what is there already stays."""
        self._client.post("/api/definitions", json=definitions).raise_for_status()

    def take(self, user: str, queues: Iterable[str]) -> None:
        """Remove a user, which closes its connections, and then queues; what is gone already is no failure."""
        for path in (f"/api/users/{quote(user)}", *(f"/api/queues/{VHOST}/{quote(queue)}" for queue in queues)):
            answer = self._client.delete(path)
            if answer.status_code != httpx.codes.NOT_FOUND:
                answer.raise_for_status()


class RabbitMQControl:
    """A RabbitMQ that `rabbitmqctl` reaches, run as the given words say, such as `docker compose exec -T …`."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    def list_users(self) -> set[str]:
        """Return the names of all users."""
        return {row["user"] for row in json.loads(self._run("list_users", "--silent", "--formatter", "json"))}

    def give(self, definitions: Definition) -> None:
        """Make what definitions say; what is there already stays."""
        self._run("import_definitions", "--format", "json", given=json.dumps(definitions))

    def take(self, user: str, queues: Iterable[str]) -> None:
        """Remove a user, which closes its connections, and then queues; what is gone already is no failure."""
        if user in self.list_users():
            self._run("delete_user", user)
        there = json.loads(self._run("list_queues", "--silent", "--formatter", "json", "-p", VHOST, "name"))
        for queue in queues:
            if {"name": queue} in there:
                self._run("delete_queue", "-p", VHOST, queue)

    def _run(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run(
            [*self._command, *arguments], input=given, check=True, text=True, stdout=subprocess.PIPE, timeout=120
        )
        return done.stdout
