"""A real RabbitMQ for a stack: Debian's server, run as the current user on loopback with its own epmd."""

import asyncio
import json
import os
import shutil
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aio_pika

from deploy.local import ports as local_ports
from deploy.local.credentials import write_secret
from deploy.local.failure import LocalStackError
from deploy.local.processes import ServerProcess
from deploy.rabbitmq.definitions import ADMIN, VHOST, configuration, definitions

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
CONTROL = SERVER.with_name("rabbitmqctl")


class RabbitMQ:
    """One RabbitMQ node and its epmd, with their data and logs in one folder."""

    def __init__(self, folder: Path, ports: Mapping[str, int], passwords: Mapping[str, str]) -> None:
        self._folder = folder
        self._ports = {name: ports[name] for name in ("rabbitmq", "rabbitmq-distribution", "epmd")}
        self._passwords = passwords
        self._node = ServerProcess("rabbitmq", folder)
        self._epmd = ServerProcess("epmd", folder)

    @property
    def pid(self) -> int | None:
        """Return the pid of the broker's Erlang machine (beam.smp); None if it is not running."""
        return self._node.pid

    def url(self, user: str | None = None) -> str:
        """Return the URL to connect with as a user, by default the administrator."""
        name = user or ADMIN
        return f"amqp://{name}:{self._passwords[name]}@127.0.0.1:{self._ports['rabbitmq']}/{VHOST}"

    def start(self) -> None:
        """Start the broker on its data and wait until it accepts connections."""
        if self.pid is None:
            self._prepare()
            self._start_epmd()
            local_ports.refuse_taken({name: port for name, port in self._ports.items() if name != "epmd"})
            self._node.spawn([SERVER], self.environment(), self._folder)
        self._node.wait_until(self._is_ready, 120)

    def stop(self) -> None:
        """Stop the broker, then its epmd."""
        self._node.stop(60)
        self._epmd.stop()

    def kill(self) -> None:
        """Kill the broker as a power failure would; epmd stays.

        RabbitMQ 3.10 writes a new quorum queue's name down after three seconds: a queue younger than that
        comes back without a leader, for ever, and has to be deleted.
        """
        self._node.kill()

    def tail(self) -> str:
        """Return the last lines of the server's log."""
        return self._node.tail()

    def environment(self) -> dict[str, str]:
        """Return the environment variables of the server, and of rabbitmqctl that is to reach it."""
        folder = self._folder
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": str(folder / "home"),
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the broker, instead of minding it
            "ERL_EPMD_PORT": str(self._ports["epmd"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "houniao@localhost",
            "RABBITMQ_DIST_PORT": str(self._ports["rabbitmq-distribution"]),
            "RABBITMQ_CTL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "logs"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(folder / "data" / "plugins-expand"),
        }

    def _prepare(self) -> None:
        if not SERVER.exists():
            raise LocalStackError(
                "RabbitMQ is not installed. Run `apt-get install rabbitmq-server` as root (or `make setup`), "
                "or use Docker: `docker compose up`."
            )
        for name in ("home", "data", "logs"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        # Each time: who may do what may have changed with the version, and the import replaces permissions.
        write_secret(self._folder / "definitions.json", json.dumps(definitions(self._passwords), indent=1))
        (self._folder / "enabled_plugins").write_text("[].\n")
        (self._folder / "rabbitmq-env.conf").write_text("")
        (self._folder / "rabbitmq.conf").write_text(self._configuration())

    def _configuration(self) -> str:
        return (
            f"listeners.tcp.local = 127.0.0.1:{self._ports['rabbitmq']}\n"
            f"{configuration(str(self._folder / 'definitions.json'))}"
            "log.console = false\n"
            "log.file.level = info\n"
            "raft.wal_max_size_bytes = 67108864\n"
        )

    def _start_epmd(self) -> None:
        if self._epmd.pid is not None:
            return
        epmd = shutil.which("epmd") or "/usr/bin/epmd"
        port = self._ports["epmd"]
        local_ports.refuse_taken({"epmd": port})
        self._epmd.spawn(
            [epmd, "-port", str(port), "-address", "127.0.0.1"], {"PATH": os.environ["PATH"]}, self._folder
        )
        self._epmd.wait_until(lambda: not local_ports.is_free(port), 10)

    def _is_ready(self) -> bool:
        """Return whether the administrator can connect, which is possible once users and vhost exist."""
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self._ports["rabbitmq"])):
                return False
        with ThreadPoolExecutor(1) as thread:  # the caller's thread may already run an event loop
            return thread.submit(asyncio.run, self._connects()).result()

    async def _connects(self) -> bool:
        try:
            async with await aio_pika.connect(self.url(), timeout=10):
                return True
        except (OSError, aio_pika.exceptions.AMQPError):
            return False
