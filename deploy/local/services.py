"""The services as processes of a local stack."""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from deploy.local import ports as local_ports
from deploy.local.failure import LocalStackError
from deploy.local.processes import ServerProcess
from deploy.local.stack import SERVICE_PORTS, Stack

REPOSITORY = Path(__file__).parent.parent.parent


class ServiceProcess:
    """A service, or an instance of it, in a process of its own, with a log in the stack's folder."""

    def __init__(self, stack: Stack, name: str, *, districts: str = "", instance: str = "") -> None:
        suffix = instance or districts
        self.name = f"{name}-{suffix}" if suffix else name
        self._stack, self._instance = stack, suffix
        self._module = f"services.{name}"
        self._environment = stack.service_environment(name, districts=districts, instance=instance)
        self._port = int(self._environment["HOUNIAO_PORT"])
        folder = stack.folder / "services"
        folder.mkdir(exist_ok=True)
        self._process = ServerProcess(self.name, folder)

    @property
    def pid(self) -> int | None:
        """Return the pid of the service's process; None if it is not running."""
        return self._process.pid

    @property
    def url(self) -> str:
        """Return the URL of its HTTP interface."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        """Return the path of its log."""
        return self._process.log

    def start(self) -> None:
        """Start the service; stop first the one that a killed run left behind."""
        self._process.stop()
        local_ports.refuse_taken({self.name: self._port})
        self._stack.declare_queues(self._instance)
        self._process.spawn([sys.executable, "-m", self._module], {**os.environ, **self._environment}, REPOSITORY)

    def wait_ready(self, seconds: float = 60) -> None:
        """Wait until the service is ready; raise LocalStackError if it ends or takes too long."""
        self._process.wait_until(self.is_ready, seconds)

    def is_ready(self) -> bool:
        """Return whether the service reports that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as answer:  # noqa: S310  # our own address on loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Stop the service gracefully."""
        self._process.stop()

    def kill(self) -> None:
        """Kill the service as a power failure would."""
        self._process.kill()

    def tail(self) -> str:
        """Return the last lines of its log."""
        return self._process.tail()


def all_services(stack: Stack) -> list[ServiceProcess]:
    """Return the five services; raise LocalStackError if one is missing in the clone."""
    missing = [name for name in SERVICE_PORTS if not (REPOSITORY / "services" / name / "__main__.py").exists()]
    if missing:
        raise LocalStackError(f"These services are not here: {', '.join(missing)}. Is this a whole clone?")
    return [ServiceProcess(stack, name) for name in SERVICE_PORTS]
