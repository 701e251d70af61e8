"""The ports of a local stack: fixed ones for `make run`, free ones for tests, remembered with the data."""

import json
import random
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from deploy.local.failure import LocalStackError

Choice = Literal["fixed", "free"]

FIXED = {"rabbitmq": 5772, "rabbitmq-distribution": 25772, "epmd": 4469, "mongodb": 27117}
LOWEST, HIGHEST = 11_000, 32_000
"""Free ports stay below 32768, where a reconnecting client could be given the server's own port by the kernel."""


def server_ports(folder: Path, choice: Choice) -> dict[str, int]:
    """Return the servers' ports: those remembered in the folder, else ports chosen now and remembered."""
    file = folder / "ports.json"
    if file.exists():
        ports: dict[str, int] = json.loads(file.read_text())
        return ports
    ports = FIXED if choice == "fixed" else {name: free_port() for name in FIXED}
    file.write_text(json.dumps(ports, indent=1) + "\n")
    return ports


def free_port() -> int:
    """Return a loopback port that nobody listens on; raise LocalStackError if there is none."""
    for port in random.SystemRandom().sample(range(LOWEST, HIGHEST), 1000):
        if is_free(port):
            return port
    raise LocalStackError(f"No free port between {LOWEST} and {HIGHEST}. Stop some servers and try again.")


def is_free(port: int) -> bool:
    """Return whether a server could listen on a loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def refuse_taken(ports: Mapping[str, int]) -> None:
    """Raise LocalStackError if another program uses one of the ports."""
    for name, port in ports.items():
        if not is_free(port):
            raise LocalStackError(
                f"Port {port} on 127.0.0.1, meant for {name}, is taken by another program. "
                f"Find it with `ss -ltnp 'sport = :{port}'`, stop it and try again."
            )
