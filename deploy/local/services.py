"""The services as processes of a local stack."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from deploy.local import ports as local_ports
from deploy.local.failure import LocalStackError
from deploy.local.processes import ServerProcess
from deploy.local.stack import FRONT_PORTS, SERVICE_PORTS, Stack

REPOSITORY = Path(__file__).parent.parent.parent


class HttpProcess:
    """A process that serves HTTP, with a log in the stack's folder."""

    def __init__(self, stack: Stack, name: str, module: str, environment: Mapping[str, str]) -> None:
        self.name = name
        self._module = module
        self._environment = environment
        self._port = int(environment["HOUNIAO_PORT"])
        folder = stack.folder / "services"
        folder.mkdir(exist_ok=True)
        self._process = ServerProcess(name, folder)

    @property
    def pid(self) -> int | None:
        """Return its pid; None if it is not running."""
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
        """Start the process; stop first the one that a killed run left behind."""
        self._process.stop()
        local_ports.refuse_taken({self.name: self._port})
        self._process.spawn([sys.executable, "-m", self._module], {**os.environ, **self._environment}, REPOSITORY)

    def wait_ready(self, seconds: float = 60) -> None:
        """Wait until it is ready; raise LocalStackError if it ends or takes too long."""
        self._process.wait_until(self.is_ready, seconds)

    def is_ready(self) -> bool:
        """Return whether it reports that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as answer:  # noqa: S310  # our own address on loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Stop it gracefully."""
        self._process.stop()

    def kill(self) -> None:
        """Kill it as a power failure would."""
        self._process.kill()

    def tail(self) -> str:
        """Return the last lines of its log."""
        return self._process.tail()


class ServiceProcess(HttpProcess):
    """A service, or an instance of it, in a process of its own."""

    def __init__(self, stack: Stack, name: str, *, districts: str = "", instance: str = "") -> None:
        self._stack, self._instance = stack, instance or districts
        environment = stack.service_environment(name, districts=districts, instance=instance)
        suffix = f"-{self._instance}" if self._instance else ""
        super().__init__(stack, f"{name}{suffix}", f"services.{name}", environment)

    def start(self) -> None:
        """Start the service, whose queue is declared before."""
        self._stack.declare_queues(self._instance)
        super().start()


def all_services(stack: Stack) -> list[ServiceProcess]:
    """Return the five services; raise LocalStackError if one is missing in the clone."""
    missing = [name for name in SERVICE_PORTS if not (REPOSITORY / "services" / name / "__main__.py").exists()]
    if missing:
        raise LocalStackError(f"These services are not here: {', '.join(missing)}. Is this a whole clone?")
    return [ServiceProcess(stack, name) for name in SERVICE_PORTS]


def front(stack: Stack) -> list[HttpProcess]:
    """Return what stands before the services: the demo's provider, by which people sign in, and the console."""
    modules = {"issuer": "deploy.local.issuer", "console": "services.console"}
    return [HttpProcess(stack, name, modules[name], stack.front_environment(name)) for name in FRONT_PORTS]
