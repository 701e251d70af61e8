"""RabbitMQ's definitions: exchanges, queues, and what each service, office and subscriber may do there, as a user."""

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
EVENTS, OFFICES, DEAD, AUDIENCES = "events", "offices", "dead", "audiences"
EXCHANGES = {EVENTS: "topic", OFFICES: "topic", DEAD: "direct", AUDIENCES: "direct"}
"""The exchanges and their types; nobody but the operator declares one, or binds a queue to `dead`."""
REPORTS = ("arrival", "departure", "answer")
DEMO_DISTRICTS = ("320507", "320812")
DEMO_OFFICES = (
    *(f"320507{street:03}" for street in range(1, 8)),
    *(f"320812{street:03}" for street in range(1, 15)),
)
LIMITS = {"max-connections": 8, "max-channels": 32}
"""What RabbitMQ can limit of a user; it can't count a user's messages, but what waits in the queue of all offices."""
WAITING_REPORTS = 512 * 1024 * 1024
"""Bytes of reports that may wait for registration; then offices' messages are not confirmed until it has caught up."""
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""The size of a message above which RabbitMQ closes the publisher's channel."""
WAITING_EVENTS = 100_000
"""Events that wait for an audience; beyond that the oldest are dropped from its queue, and are read elsewhere."""
STREAM_BYTES, SEGMENT_BYTES = 1024 * 1024 * 1024, 32 * 1024 * 1024
"""The size of an audience's stream, and of the parts that are dropped as a whole beyond it, the oldest first."""

Permission = dict[str, str]
Definition = dict[str, Any]


def office_user(street: str) -> str:
    """Return the name of a street office's RabbitMQ user."""
    return f"office-{street}"


def integrator_user(audience: str) -> str:
    """Return the name of the RabbitMQ user of a subscription."""
    return f"integrator-{audience}"


def integrator_queue(audience: str) -> str:
    """Return the name of a subscription's queue, which keeps what was not acknowledged."""
    return f"integrator.{audience}"


def integrator_stream(audience: str) -> str:
    """Return the name of a subscription's stream, which is read from any offset on and keeps what was read."""
    return f"integrator.{audience}.stream"


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
INTEGRATOR_QUEUE_ARGUMENTS: dict[str, Any] = {
    "x-queue-type": "quorum",
    "x-delivery-limit": 1000,
    "x-max-length": WAITING_EVENTS,
    "x-overflow": "drop-head",
}
"""Whoever is not there holds up nobody: a queue that is full takes what comes, and drops what is oldest."""
INTEGRATOR_STREAM_ARGUMENTS: dict[str, Any] = {
    "x-queue-type": "stream",
    "x-max-length-bytes": STREAM_BYTES,
    "x-stream-max-segment-size-bytes": SEGMENT_BYTES,
}


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
        "exchanges": [_exchange(name) for name in EXCHANGES],
        "queues": [_in_vhost(name, durable=True, arguments=told) for name, told in _all_queues(named)],
        "bindings": [_binding(DEAD, dead, dead) for dead in map(dead_letters_of, named)],
    }


def integrator_definitions(passwords: Mapping[str, str]) -> Definition:
    """Return the definitions that give subscriptions, with a password for each, user, queue and stream.

    They are imported into a RabbitMQ that runs; what is there already stays. What feeds needs for it is in them too.
    """
    kinds = {integrator_queue: INTEGRATOR_QUEUE_ARGUMENTS, integrator_stream: INTEGRATOR_STREAM_ARGUMENTS}
    places = [(audience, name(audience), told) for audience in passwords for name, told in kinds.items()]
    return {
        "users": [_user(integrator_user(audience), password) for audience, password in passwords.items()],
        "permissions": [_service_permission("feeds"), *map(_integrator_permission, passwords)],
        "exchanges": [_exchange(AUDIENCES)],
        "queues": [_in_vhost(place, durable=True, arguments=told) for _, place, told in places],
        "bindings": [_binding(AUDIENCES, place, audience) for audience, place, _ in places],
    }


def permissions(offices: Iterable[str] = DEMO_OFFICES, audiences: Iterable[str] = ()) -> list[Permission]:
    """Return what each user may configure, write and read, as patterns of names of exchanges and queues."""
    return [
        _permission(ADMIN, configure=".*", write=".*", read=".*"),
        *map(_service_permission, SERVICES),
        *map(_office_permission, offices),
        *map(_integrator_permission, audiences),
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
        "limits": LIMITS if name.startswith(("office-", "integrator-")) else {},
    }


def _service_permission(service: str) -> Permission:
    own = [rf"{service}(\..*)?"]
    spoken = [EVENTS] if service in SPEAKERS else []
    heard = [EVENTS]
    if service == "registration":
        spoken.append(r"amq\.default")  # answers to offices, on queues of their own
        heard.append(OFFICES)
    if service == "feeds":
        spoken.append(AUDIENCES)
    return _permission(service, configure="^$", write=_any_of(own + spoken), read=_any_of(own + heard))


def _office_permission(street: str) -> Permission:
    replies = rf"^office\.{re.escape(street)}$"
    return _permission(office_user(street), configure=replies, write=rf"^{OFFICES}$", read=replies)


def _integrator_permission(audience: str) -> Permission:
    own = _any_of(map(re.escape, (integrator_queue(audience), integrator_stream(audience))))
    return _permission(integrator_user(audience), configure="^$", write="^$", read=own)


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


def _exchange(name: str) -> Definition:
    return _in_vhost(name, type=EXCHANGES[name], durable=True, internal=False)


def _binding(exchange: str, queue: str, key: str) -> Definition:
    return {
        "source": exchange,
        "vhost": VHOST,
        "destination": queue,
        "destination_type": "queue",
        "routing_key": key,
        "arguments": {},
    }


def _in_vhost(name: str, **told: Any) -> Definition:
    return {"name": name, "vhost": VHOST, "auto_delete": False, "arguments": {}, **told}
