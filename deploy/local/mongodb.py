"""A real MongoDB for a stack: the mongod of a Python wheel, as a replica set of one member, with users."""

import importlib.util
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local import ports as local_ports
from deploy.local.credentials import MONGODB_ADMIN, read_or_make
from deploy.local.failure import LocalStackError
from deploy.local.processes import ServerProcess

REPLICA_SET = "houniao"
DEMO_DISTRICTS = ("320507", "320812")
OPTIONS = f"replicaSet={REPLICA_SET}&authSource=admin&w=majority&journal=true&retryWrites=true"
REFUSED_TO_STRANGERS, USER_EXISTS = 13, 51003

Client = MongoClient[dict[str, Any]]


class MongoDB:
    """One mongod with its data and log in one folder."""

    def __init__(
        self, folder: Path, ports: Mapping[str, int], passwords: Mapping[str, str], replica_set_key: str
    ) -> None:
        self._folder = folder
        self._port = ports["mongodb"]
        self._passwords = passwords
        self._replica_set_key = replica_set_key
        self._process = ServerProcess("mongodb", folder)

    @property
    def pid(self) -> int | None:
        """Return the pid of mongod; None if it is not running."""
        return self._process.pid

    def url(self, user: str | None = None) -> str:
        """Return the URL to connect with as a user, by default the administrator."""
        name = user or MONGODB_ADMIN
        return f"mongodb://{name}:{self._passwords[name]}@127.0.0.1:{self._port}/?{OPTIONS}"

    def start(self) -> None:
        """Start mongod on its data and wait until it is primary and has its users."""
        if self.pid is None:
            binary = mongod()
            (self._folder / "data").mkdir(parents=True, exist_ok=True)
            read_or_make(self._folder / "keyfile", lambda: self._replica_set_key)
            local_ports.refuse_taken({"mongodb": self._port})
            self._process.spawn([binary, *self._arguments()], {"PATH": os.environ["PATH"]}, self._folder)
        with self._direct() as client:
            self._process.wait_until(lambda: is_primary(client, f"127.0.0.1:{self._port}"), 60)
            self._ensure_admin(client)
        with MongoClient[dict[str, Any]](self.url()) as admin:
            ensure_users(admin, self._passwords)

    def stop(self) -> None:
        """Stop mongod."""
        self._process.stop(60)

    def kill(self) -> None:
        """Kill mongod as a power failure would."""
        self._process.kill()

    def tail(self) -> str:
        """Return the last lines of the server's log."""
        return self._process.tail()

    def _arguments(self) -> list[str]:
        return [
            *("--dbpath", str(self._folder / "data")),
            *("--port", str(self._port)),
            *("--bind_ip", "127.0.0.1"),
            "--nounixsocket",
            "--quiet",
            *("--replSet", REPLICA_SET),
            *("--keyFile", str(self._folder / "keyfile")),
            *("--wiredTigerCacheSizeGB", f"{_cache_gib():.2f}"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--setParameter", "minSnapshotHistoryWindowInSeconds=0"),
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
        ]

    def _direct(self) -> Client:
        return MongoClient("127.0.0.1", self._port, directConnection=True, serverSelectionTimeoutMS=500)

    def _ensure_admin(self, client: Client) -> None:
        """Make the administrator, which MongoDB allows on loopback without a login only while there is no user."""
        try:
            client.admin.command("createUser", MONGODB_ADMIN, pwd=self._passwords[MONGODB_ADMIN], roles=["root"])
        except OperationFailure as refusal:
            if refusal.code not in (REFUSED_TO_STRANGERS, USER_EXISTS):
                raise


def _cache_gib() -> float:
    """Return the cache size in GiB: a quarter of the memory, since writes get slower when data outgrow the cache."""
    return max(0.25, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 4 / 2**30)


def mongod() -> Path:
    """Return the mongod of the development requirements; raise LocalStackError if it is not installed."""
    package = importlib.util.find_spec("fiftyone")
    folders = (package and package.submodule_search_locations) or ["/missing"]
    binary = Path(folders[0]) / "db" / "bin" / "mongod"
    if not binary.exists():
        raise LocalStackError(
            "mongod is not installed. On Linux x86-64 run `make setup`; elsewhere use Docker: `docker compose up`, "
            "or set MONGODB_URL to a MongoDB that you run."
        )
    return binary


def ensure_users(admin: Client, passwords: Mapping[str, str], districts: Iterable[str] = DEMO_DISTRICTS) -> None:
    """Make a user for every service, for its own databases: the main one and those of instances for one district."""
    there = {user["user"] for user in admin.admin.command("usersInfo")["users"]}
    for service, password in passwords.items():
        if service not in there:
            databases = [f"houniao_{service}", *(f"houniao_{service}_{district}" for district in districts)]
            roles = [{"role": "readWrite", "db": database} for database in databases]
            admin.admin.command("createUser", service, pwd=password, roles=roles)


def is_primary(client: Client, host: str) -> bool:
    """Return whether the node is primary; initiate the replica set the first time."""
    try:
        hello = client.admin.command("hello")
        if "setName" not in hello and hello.get("isreplicaset"):
            initiate(client, host)
        return bool(hello.get("isWritablePrimary"))
    except PyMongoError:
        return False


def initiate(client: Client, host: str) -> None:
    """Make a new node a replica set of one member."""
    client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": host}]})
