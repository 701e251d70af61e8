"""RabbitMQ's definitions file: one user per service and street office, limited to its own keys and queues."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

VHOST = "houniao"
OFFICE_KEYS = r"(arrival|departure|answer)"
ADMIN = "houniao-admin"
SERVICES = ("registration", "archives", "outreach", "reporting", "feeds")
EXCHANGES = ("events", "dead")
DEMO_OFFICES = (
    *(f"320507{street:03}" for street in range(1, 8)),
    *(f"320812{street:03}" for street in range(1, 15)),
)

Permission = dict[str, str]


def office_user(street: str) -> str:
    """Return the name of a street office's RabbitMQ user."""
    return f"office-{street}"


def users(offices: Iterable[str] = DEMO_OFFICES) -> tuple[str, ...]:
    """Return the names of all users of a deployment with these offices."""
    return (ADMIN, *SERVICES, *map(office_user, offices))


def definitions(passwords: Mapping[str, str], offices: Iterable[str] = DEMO_OFFICES) -> dict[str, Any]:
    """Return the definitions that RabbitMQ imports at boot, with the given passwords by user name."""
    streets = tuple(offices)
    return {
        "vhosts": [{"name": VHOST}],
        "users": [_user(name, passwords[name]) for name in users(streets)],
        "permissions": [
            _permission(ADMIN, configure=".*", write=".*", read=".*"),
            *map(_service_permission, SERVICES),
            *map(_office_permission, streets),
        ],
        "topic_permissions": [
            *(_topic(service, "events", rf"^{service}\.") for service in SERVICES),
            *(_topic(office_user(street), "offices", rf"^{street}\.{OFFICE_KEYS}$", "^$") for street in streets),
        ],
    }


def password_hash(password: str) -> str:
    """Return RabbitMQ's hash of a password: Base64 of four bytes of salt and the SHA-256 of salt and password."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _user(name: str, password: str) -> dict[str, Any]:
    return {
        "name": name,
        "password_hash": password_hash(password),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": "administrator" if name == ADMIN else "",
    }


def _service_permission(service: str) -> Permission:
    exchanges = (*EXCHANGES, "offices") if service == "registration" else EXCHANGES
    own = rf"{'|'.join(exchanges)}|{service}(\..*)?"
    replies = r"|amq\.default" if service == "registration" else ""
    return _permission(service, configure=f"^({own})$", write=f"^({own}{replies})$", read=f"^({own})$")


def _office_permission(street: str) -> Permission:
    replies = rf"^office\.{re.escape(street)}$"
    return _permission(office_user(street), configure=replies, write="^offices$", read=replies)


def _permission(user: str, *, configure: str, write: str, read: str) -> Permission:
    return {"user": user, "vhost": VHOST, "configure": configure, "write": write, "read": read}


def _topic(user: str, exchange: str, write: str, read: str = ".*") -> Permission:
    return {"user": user, "vhost": VHOST, "exchange": exchange, "write": write, "read": read}
