"""The one-shot containers of `docker compose up`: `settings` before the servers, `databases` before the services."""

import sys
import time
from pathlib import Path
from typing import Any

import typer
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.docker.settings import write_settings
from deploy.local import credentials
from deploy.local.credentials import MONGODB_ADMIN
from deploy.local.mongodb import Client, ensure_users, is_primary
from deploy.local.stack import SERVICE_PORTS
from services.runtime.access import issue

FOLDER = Path("/settings")
TIMEOUT = 120
"""Seconds that MongoDB has to become primary."""

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@cli.command()
def settings() -> None:
    """Write every container's settings and secrets, once."""
    write_settings(FOLDER)


@cli.command()
def databases() -> None:
    """Make MongoDB a replica set and give every service its user."""
    passwords = credentials.load(FOLDER / "settings").mongodb
    with MongoClient[dict[str, Any]](
        "mongodb",
        username=MONGODB_ADMIN,
        password=passwords[MONGODB_ADMIN],
        directConnection=True,
        serverSelectionTimeoutMS=1000,
    ) as admin:
        deadline = time.monotonic() + TIMEOUT
        while not is_primary(admin, "mongodb:27017"):
            if time.monotonic() > deadline:
                raise SystemExit(f"MongoDB is not primary after {TIMEOUT} s: {_why_not(admin)}")
            time.sleep(0.5)
        ensure_users(admin, passwords)


@cli.command()
def token(role: str, division: str, subject: str = "demo") -> None:
    """Print a bearer token: docker compose run --rm token clerk 320507001."""
    key = credentials.issuer_jwk(FOLDER / "settings")
    sys.stdout.write(issue(key, services=SERVICE_PORTS, subject=subject, role=role, division=division) + "\n")


def _why_not(admin: Client) -> str:
    try:
        return str(admin.admin.command("hello").get("info", "no election yet"))
    except PyMongoError as error:
        return str(error)


if __name__ == "__main__":
    cli()
