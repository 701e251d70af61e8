"""The settings and secrets of each container, made once and written to a volume that only it mounts."""

import json
import os
import shlex
from pathlib import Path

from deploy.local import credentials
from deploy.local.credentials import MONGODB_ADMIN, Credentials
from deploy.local.mongodb import OPTIONS
from deploy.local.stack import FRONT_PORTS, SERVICE_PORTS
from deploy.rabbitmq.definitions import VHOST, configuration, definitions

SERVERS_UID = 999
"""The user id of the servers in the images of RabbitMQ and MongoDB."""
SERVICES_UID = 1000
"""The user id of the services in our own image."""


_TO_REGISTRATION = {
    "HOUNIAO_REGISTRATION_URL": f"http://registration:{SERVICE_PORTS['registration']}",
    "HOUNIAO_REGISTRATION_TOKEN_FILE": "/settings/registration-token",
}


def write_settings(folder: Path) -> None:
    """Write every container's settings below a folder; existing secrets are kept."""
    own = folder / "settings"
    secrets = credentials.load(own)
    issuer = credentials.issuer_jwk(own)
    rabbitmq = folder / "rabbitmq"
    _write_for(rabbitmq / "definitions.json", json.dumps(definitions(secrets.rabbitmq), indent=1), SERVERS_UID)
    _write_for(rabbitmq / "rabbitmq.conf", configuration("/settings/definitions.json"), SERVERS_UID)
    _write_for(folder / "mongodb" / "keyfile", secrets.replica_set_key, SERVERS_UID)
    _write_for(folder / "mongodb" / "password", secrets.mongodb[MONGODB_ADMIN], SERVERS_UID)
    for service in SERVICE_PORTS:
        if service == "outreach":
            token = credentials.service_token(issuer, "")
            _write_for(folder / service / "registration-token", token, SERVICES_UID)
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in environment(service, secrets, issuer).items()]
        _write_for(folder / service / "environment", "".join(lines), SERVICES_UID)
    for name in FRONT_PORTS:
        lines = [f"{key}={shlex.quote(value)}\n" for key, value in front_environment(name, secrets, issuer).items()]
        _write_for(folder / name / "environment", "".join(lines), SERVICES_UID)


def environment(service: str, secrets: Credentials, issuer: str) -> dict[str, str]:
    """Return a service's environment variables: its servers with its own credentials, and its own keys."""
    return {
        **_web_environment(service, SERVICE_PORTS[service], secrets, issuer),
        "MONGODB_URL": f"mongodb://{service}:{secrets.mongodb[service]}@mongodb:27017/?{OPTIONS}",
        "RABBITMQ_URL": f"amqp://{service}:{secrets.rabbitmq[service]}@rabbitmq:5672/{VHOST}",
        **(_TO_REGISTRATION if service == "outreach" else {}),
    }


def front_environment(name: str, secrets: Credentials, issuer: str) -> dict[str, str]:
    """Return the environment variables of the console or the issuer, which browsers reach on this machine."""
    provider, console = (f"http://127.0.0.1:{port}" for port in FRONT_PORTS.values())
    told = {
        "issuer": {"HOUNIAO_ISSUER_KEY": issuer, "HOUNIAO_ISSUER_URL": provider},
        "console": {
            "HOUNIAO_PROVIDER": provider,
            "HOUNIAO_PROVIDER_ADDRESS": f"http://issuer:{FRONT_PORTS['issuer']}",
            "HOUNIAO_SERVICES": ",".join(f"{each}=http://{each}:{port}" for each, port in SERVICE_PORTS.items()),
        },
    }
    web = _web_environment(name, FRONT_PORTS[name], secrets, issuer)
    return {**web, "HOUNIAO_CONSOLE_URL": console, **told[name]}


def _web_environment(name: str, port: int, secrets: Credentials, issuer: str) -> dict[str, str]:
    return {
        "HOUNIAO_ENV": "local",
        "HOUNIAO_HOST": "0.0.0.0",  # noqa: S104  # inside its container; compose publishes it on loopback only
        "HOUNIAO_PORT": str(port),
        "HOUNIAO_JWKS": credentials.public_keys(issuer),
        "HOUNIAO_LOG": "json",
        **secrets.own_keys(name),
    }


def _write_for(file: Path, text: str, owner: int) -> None:
    """Write a file that only its owner can read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)
    if os.geteuid() == 0:
        os.chown(file, owner, owner)
        os.chown(file.parent, owner, owner)
