"""RabbitMQ's definitions: exchanges, the services' queues, and a user with keys of its own per service and office."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from contracts.facts import ALL_FACTS, HEARD_BY

VHOST = "houniao"
ADMIN = "houniao-admin"
SERVICES = ("registration", "archives", "outreach", "reporting", "feeds")
SPEAKERS = tuple(service for service in SERVICES if any(fact.TYPE.startswith(f"{service}.") for fact in ALL_FACTS))
"""The services that say facts."""
EVENTS, OFFICES, DEAD = "events", "offices", "dead"
EXCHANGES = {EVENTS: "topic", OFFICES: "topic", DEAD: "direct"}
"""The exchanges and their types; nobody but the operator declares one, or binds a queue to `dead`."""
REPORTS = ("arrival", "departure", "answer")
DEMO_DISTRICTS = ("320507", "320812")
DEMO_OFFICES = (
    *(f"320507{street:03}" for street in range(1, 8)),
    *(f"320812{street:03}" for street in range(1, 15)),
)
OFFICE_LIMITS = {"max-connections": 8, "max-channels": 32}
"""What RabbitMQ can limit of a user; it can't count a user's messages, but what waits in the queue of all offices."""
WAITING_REPORTS = 512 * 1024 * 1024
"""Bytes of reports that may wait for registration; then offices' messages are not confirmed until it has caught up."""
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""The size of a message above which RabbitMQ closes the publisher's channel."""

Permission = dict[str, str]
Definition = dict[str, Any]


def office_user(street: str) -> str:
    """Return the name of a street office's RabbitMQ user."""
    return f"office-{street}"


def users(offices: Iterable[str] = DEMO_OFFICES) -> tuple[str, ...]:
    """Return the names of all users of a deployment with these offices."""
    return (ADMIN, *SERVICES, *map(office_user, offices))


def queues(suffix: str = "") -> tuple[str, ...]:
    """Return the queues of all services of a deployment, or of the instance with a suffix (`320507`)."""
    names = (*SERVICES, f"registration.{OFFICES}")
    return tuple(f"{name}.{suffix}" for name in names) if suffix else names


def dead_letters_of(queue: str) -> str:
    """Return the name of the queue of what could neither be handled nor parked."""
    return f"{queue}.dead"


def queue_arguments(queue: str) -> dict[str, Any]:
    """Return the arguments of a durable queue that loses no message, for RabbitMQ 3.10 and 4 alike."""
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": 1000,
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-routing-key": dead_letters_of(queue),
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


DEAD_LETTERS_ARGUMENTS: dict[str, Any] = {"x-queue-type": "quorum"}


def configuration(definitions_file: str) -> str:
    """Return the lines of `rabbitmq.conf` that import the definitions and limit the size of a message."""
    return f"load_definitions = {definitions_file}\nmax_message_size = {MAX_MESSAGE_BYTES}\n"


def definitions(
    passwords: Mapping[str, str],
    offices: Iterable[str] = DEMO_OFFICES,
    instances: Iterable[str] = ("", *DEMO_DISTRICTS),
) -> Definition:
    """Return the definitions that RabbitMQ imports at boot, with the given passwords by user name."""
    streets = tuple(offices)
    named = [queue for suffix in instances for queue in queues(suffix)]
    return {
        "vhosts": [{"name": VHOST}],
        "users": [_user(name, passwords[name]) for name in users(streets)],
        "permissions": permissions(streets),
        "topic_permissions": topic_permissions(streets),
        "policies": [_limit_on_reports()],
        "exchanges": [_in_vhost(name, type=kind, durable=True, internal=False) for name, kind in EXCHANGES.items()],
        "queues": [_in_vhost(name, durable=True, arguments=told) for name, told in _all_queues(named)],
        "bindings": [_dead_letter_binding(queue) for queue in named],
    }


def permissions(offices: Iterable[str] = DEMO_OFFICES) -> list[Permission]:
    """Return what each user may configure, write and read, as patterns of names of exchanges and queues."""
    return [
        _permission(ADMIN, configure=".*", write=".*", read=".*"),
        *map(_service_permission, SERVICES),
        *map(_office_permission, offices),
    ]


def topic_permissions(offices: Iterable[str] = DEMO_OFFICES) -> list[Permission]:
    """Return with which keys each user may publish on a topic exchange, and bind a queue to it."""
    return [
        *(_topic(service, EVENTS, write=_said(service), read=_heard(service)) for service in SERVICES),
        _topic("registration", OFFICES, write="^$", read=rf"^(\*|[0-9]{{9}})\.({'|'.join(REPORTS)})$"),
        *(_topic(office_user(street), OFFICES, write=_reported(street), read="^$") for street in offices),
    ]


def password_hash(password: str) -> str:
    """Return RabbitMQ's hash of a password: Base64 of four bytes of salt and the SHA-256 of salt and password.

    The salt is derived, so that the same passwords make the same file; they are random, so that nobody has a table.
    """
    salt = hashlib.sha256(b"salt" + password.encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _user(name: str, password: str) -> Definition:
    return {
        "name": name,
        "password_hash": password_hash(password),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        # An operator who puts a dead letter back must keep its `user_id`, which is another's.
        "tags": "administrator,impersonator" if name == ADMIN else "",
        "limits": OFFICE_LIMITS if name.startswith("office-") else {},
    }


def _service_permission(service: str) -> Permission:
    own = [rf"{service}(\..*)?"]
    spoken = [EVENTS] if service in SPEAKERS else []
    heard = [EVENTS]
    if service == "registration":
        spoken.append(r"amq\.default")  # answers to offices, on queues of their own
        heard.append(OFFICES)
    return _permission(service, configure="^$", write=_any_of(own + spoken), read=_any_of(own + heard))


def _office_permission(street: str) -> Permission:
    replies = rf"^office\.{re.escape(street)}$"
    return _permission(office_user(street), configure=replies, write=rf"^{OFFICES}$", read=replies)


def _said(service: str) -> str:
    return rf"^{service}\.[a-z_]+\.v[0-9]+\.[0-9]{{6}}$" if service in SPEAKERS else "^$"


def _heard(service: str) -> str:
    types = "|".join(re.escape(fact.TYPE) for fact in HEARD_BY[service])
    return rf"^({types})\.(\*|[0-9]{{6}})$"


def _reported(street: str) -> str:
    return rf"^{street}\.({'|'.join(REPORTS)})$"


def _any_of(patterns: Iterable[str]) -> str:
    return f"^({'|'.join(patterns)})$"


def _permission(user: str, *, configure: str, write: str, read: str) -> Permission:
    return {"user": user, "vhost": VHOST, "configure": configure, "write": write, "read": read}


def _topic(user: str, exchange: str, *, write: str, read: str) -> Permission:
    return {"user": user, "vhost": VHOST, "exchange": exchange, "write": write, "read": read}


def _limit_on_reports() -> Definition:
    return {
        "name": "waiting-reports",
        "vhost": VHOST,
        "pattern": rf"^registration\.{OFFICES}(?!(.*\.)?dead$)",
        "apply-to": "queues",
        "definition": {"max-length-bytes": WAITING_REPORTS},
        "priority": 0,
    }


def _all_queues(named: Iterable[str]) -> Iterable[tuple[str, dict[str, Any]]]:
    for queue in named:
        yield queue, queue_arguments(queue)
        yield dead_letters_of(queue), DEAD_LETTERS_ARGUMENTS


def _dead_letter_binding(queue: str) -> Definition:
    dead = dead_letters_of(queue)
    return {
        "source": DEAD,
        "vhost": VHOST,
        "destination": dead,
        "destination_type": "queue",
        "routing_key": dead,
        "arguments": {},
    }


def _in_vhost(name: str, **told: Any) -> Definition:
    return {"name": name, "vhost": VHOST, "auto_delete": False, "arguments": {}, **told}
