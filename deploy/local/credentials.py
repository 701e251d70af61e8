"""The secrets of a local stack: random, made once, kept in its folder and readable only by its owner."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from cryptography.fernet import Fernet
from joserfc.jwk import ECKey, KeySet

from deploy.rabbitmq.definitions import users

MONGODB_ADMIN = "houniao-admin"
SERVICE_TOKEN_DAYS = 31
"""For so long a local stack's outreach is admitted; each start writes a new token."""
WITH_ACCESS_LOG = ("registration", "archives", "reporting")


@dataclass(frozen=True)
class Credentials:
    """Passwords of RabbitMQ and MongoDB by user name, and the keys with which services seal and hash."""

    rabbitmq: dict[str, str]
    mongodb: dict[str, str]
    replica_set_key: str
    person_key: str
    sealing_keys: str
    pseudonym_key: str
    webhook_keys: str
    code_key: str
    access_log_keys: dict[str, str]
    session_keys: str
    client_secret: str
    """By which the provider knows the console."""

    def own_keys(self, service: str) -> dict[str, str]:
        """Return the keys that only this service has, as environment variables."""
        keys: dict[str, str] = {}
        if service in self.access_log_keys:
            keys["HOUNIAO_ACCESS_LOG_KEYS"] = self.access_log_keys[service]
        if service == "registration":
            keys |= {"HOUNIAO_PERSON_KEY": self.person_key, "HOUNIAO_SEALING_KEYS": self.sealing_keys}
        if service == "feeds":
            keys |= {"HOUNIAO_PSEUDONYM_KEY": self.pseudonym_key, "HOUNIAO_WEBHOOK_KEYS": self.webhook_keys}
        if service == "outreach":
            keys["HOUNIAO_CODE_KEY"] = self.code_key
        if service in {"console", "issuer"}:
            keys["HOUNIAO_CLIENT_SECRET"] = self.client_secret
        if service == "console":
            keys["HOUNIAO_SESSION_KEYS"] = self.session_keys
        return keys


def load(folder: Path) -> Credentials:
    """Return the stack's credentials; make them the first time, and add any that an earlier version did not have."""
    file = folder / "credentials.json"
    known = json.loads(read_or_make(file, lambda: _as_json(_make())))
    credentials = Credentials(**{**asdict(_make()), **known})
    if asdict(credentials) != known:
        write_secret(file, _as_json(credentials))
    return credentials


class KeyStep(StrEnum):
    """The steps of rotating the sealing keys, each followed by a restart; `rotate-keys` comes before the last."""

    ADD = "add"
    FIRST = "first"
    DROP = "drop"


def change_sealing_keys(folder: Path, step: KeyStep) -> int:
    """Append a new key, move the last one to the front, or drop all but the first; return how many there are now."""
    credentials = load(folder)
    keys = credentials.sealing_keys.split(",")
    match step:
        case KeyStep.ADD:
            keys = [*keys, Fernet.generate_key().decode()]
        case KeyStep.FIRST:
            keys = [keys[-1], *keys[:-1]]
        case KeyStep.DROP:
            keys = keys[:1]
    write_secret(folder / "credentials.json", _as_json(replace(credentials, sealing_keys=",".join(keys))))
    return len(keys)


def issuer_jwk(folder: Path) -> str:
    """Return the private key (JWK) with which the local issuer signs tokens; make it the first time."""
    return read_or_make(folder / "issuer.jwk.json", _make_issuer_jwk)


def public_keys(private_jwk: str) -> str:
    """Return the public key set (JWKS) that verifies tokens signed with a private key."""
    key = ECKey.import_key(json.loads(private_jwk))
    return json.dumps(KeySet([key]).as_dict(private=False))


def service_token(private_jwk: str, division: str) -> str:
    """Return the token by which registration admits outreach as a service, for a district or the whole country."""
    from services.runtime.access import issue  # noqa: PLC0415  # a stack without services starts without it

    return issue(
        private_jwk,
        services=("registration",),
        subject="outreach",
        role="service",
        division=division,
        lifetime=SERVICE_TOKEN_DAYS * 86400,
    )


def read_or_make(file: Path, make: Callable[[], str]) -> str:
    """Return the text of a secret file; make it the first time, with mode 600."""
    if not file.exists():
        write_secret(file, make())
    return file.read_text()


def write_secret(file: Path, text: str) -> None:
    """Write a secret file, with mode 600."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)


def _as_json(credentials: Credentials) -> str:
    return json.dumps(asdict(credentials), indent=1)


def _make() -> Credentials:
    names = users()
    services = (name for name in names if not name.startswith("office-") and name != MONGODB_ADMIN)
    return Credentials(
        rabbitmq={name: secrets.token_urlsafe(24) for name in names},
        mongodb={name: secrets.token_urlsafe(24) for name in (MONGODB_ADMIN, *services)},
        replica_set_key=secrets.token_hex(48),
        person_key=secrets.token_hex(32),
        sealing_keys=Fernet.generate_key().decode(),
        pseudonym_key=secrets.token_hex(32),
        webhook_keys=Fernet.generate_key().decode(),
        code_key=secrets.token_hex(32),
        access_log_keys={service: secrets.token_hex(32) for service in WITH_ACCESS_LOG},
        session_keys=secrets.token_hex(32),
        client_secret=secrets.token_urlsafe(32),
    )


def _make_issuer_jwk() -> str:
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)
    return json.dumps(key.as_dict(private=True))
