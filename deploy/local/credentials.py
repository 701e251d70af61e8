"""The secrets of one local stack: made at random once, kept in its folder, readable by its owner alone."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.fernet import Fernet
from joserfc.jwk import ECKey, KeySet

from deploy.rabbitmq.definitions import users

MONGODB_ADMIN = "houniao-admin"


@dataclass(frozen=True)
class Credentials:
    """Passwords by user name, of RabbitMQ and of MongoDB, and the keys that services seal and hash with."""

    rabbitmq: dict[str, str]
    mongodb: dict[str, str]
    replica_set_key: str
    person_key: str
    sealing_keys: str
    pseudonym_key: str

    def own_keys(self, service: str) -> dict[str, str]:
        """Give the keys that one service has and the others have not, as environment variables."""
        match service:
            case "registration":
                return {"HOUNIAO_PERSON_KEY": self.person_key, "HOUNIAO_SEALING_KEYS": self.sealing_keys}
            case "feeds":
                return {"HOUNIAO_PSEUDONYM_KEY": self.pseudonym_key}
        return {}


def load(folder: Path) -> Credentials:
    """Read the stack's credentials, making them the first time."""
    return Credentials(**json.loads(kept(folder / "credentials.json", lambda: json.dumps(asdict(_make()), indent=1))))


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
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(make())
        draft.replace(file)
    return file.read_text()


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
    )


def _make_issuer_jwk() -> str:
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)
    return json.dumps(key.as_dict(private=True))
