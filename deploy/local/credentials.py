"""The secrets of one local stack: made at random once, kept in its folder, readable by its owner alone."""

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
KEEP_AN_ACCESS_LOG = ("registration", "archives")


@dataclass(frozen=True)
class Credentials:
    """Passwords by user name, of RabbitMQ and of MongoDB, and the keys that services seal and hash with."""

    rabbitmq: dict[str, str]
    mongodb: dict[str, str]
    replica_set_key: str
    person_key: str
    sealing_keys: str
    pseudonym_key: str
    access_log_keys: dict[str, str]

    def own_keys(self, service: str) -> dict[str, str]:
        """Give the keys that one service has and the others have not, as environment variables."""
        keys: dict[str, str] = {}
        if service in self.access_log_keys:
            keys["HOUNIAO_ACCESS_LOG_KEYS"] = self.access_log_keys[service]
        if service == "registration":
            keys |= {"HOUNIAO_PERSON_KEY": self.person_key, "HOUNIAO_SEALING_KEYS": self.sealing_keys}
        if service == "feeds":
            keys["HOUNIAO_PSEUDONYM_KEY"] = self.pseudonym_key
        return keys


def load(folder: Path) -> Credentials:
    """Read the stack's credentials, making them the first time, and those that an earlier version did not know."""
    file = folder / "credentials.json"
    known = json.loads(kept(file, lambda: _written(_make())))
    credentials = Credentials(**{**asdict(_make()), **known})
    if asdict(credentials) != known:
        _write(file, _written(credentials))
    return credentials


class KeyStep(StrEnum):
    """The steps of rotating the sealing keys, each followed by a restart; `rotate-keys` comes before the last."""

    ADD = "add"
    FIRST = "first"
    DROP = "drop"


def change_sealing_keys(folder: Path, step: KeyStep) -> int:
    """Add a new key at the end, put the last one first, or drop all but the first; give how many there are now."""
    credentials = load(folder)
    keys = credentials.sealing_keys.split(",")
    match step:
        case KeyStep.ADD:
            keys = [*keys, Fernet.generate_key().decode()]
        case KeyStep.FIRST:
            keys = [keys[-1], *keys[:-1]]
        case KeyStep.DROP:
            keys = keys[:1]
    _write(folder / "credentials.json", _written(replace(credentials, sealing_keys=",".join(keys))))
    return len(keys)


def issuer_jwk(folder: Path) -> str:
    """Read the private key (JWK) that the local issuer signs tokens with, making it the first time."""
    return kept(folder / "issuer.jwk.json", _make_issuer_jwk)


def public_keys(private_jwk: str) -> str:
    """Make the public key set that verifies what a private key signs."""
    key = ECKey.import_key(json.loads(private_jwk))
    return json.dumps(KeySet([key]).as_dict(private=False))


def kept(file: Path, make: Callable[[], str]) -> str:
    """Read a secret file, making it the first time with mode 600."""
    if not file.exists():
        _write(file, make())
    return file.read_text()


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)


def _written(credentials: Credentials) -> str:
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
        access_log_keys={service: secrets.token_hex(32) for service in KEEP_AN_ACCESS_LOG},
    )


def _make_issuer_jwk() -> str:
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)
    return json.dumps(key.as_dict(private=True))
