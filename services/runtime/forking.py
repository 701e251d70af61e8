"""The process that workers are forked from: it imports what they need once, and never sees a foreign file itself.

It is told the module of a function and given one end of a socket pair for each job; the rest is between the worker and
whoever asked. `python -m services.runtime.forking DESCRIPTOR` is started by `workers`.
"""

import contextlib
import gc
import os
import pickle
import resource
import select
import signal
import socket
import sys
from importlib import import_module
from typing import NamedTuple

LONGEST_NAME = 256
"""Bytes of a module's name, padded with blanks."""
NICE = 5
"""Workers give way to the process that serves others."""


class Limits(NamedTuple):
    """What a worker may take: seconds of processor time, four times as many by the clock, and memory."""

    seconds: int = 30
    megabytes: int = 1024


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the other side ends it."""
    received = bytearray()
    while piece := connection.recv(1 << 20):
        received += piece
    return bytes(received)


def main() -> None:
    """Fork a worker for each job until whoever started this process is gone; then end with all workers."""
    control = socket.socket(fileno=int(sys.argv[1]))
    os.nice(NICE)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel forgets a worker that ended
    imported, importing = os.pipe2(os.O_NONBLOCK)
    while True:
        module, descriptors, *_ = socket.recv_fds(control, LONGEST_NAME, 1)
        if not module:
            break
        with contextlib.suppress(BlockingIOError):
            module += os.read(imported, select.PIPE_BUF)
        for name in module.decode().split():
            with contextlib.suppress(ImportError):  # the worker that needs it answers with it
                import_module(name)
        gc.freeze()
        if os.fork() == 0:
            control.close()
            _work(socket.socket(fileno=descriptors[0]), importing)
        os.close(descriptors[0])
    os.killpg(0, signal.SIGKILL)


def _work(asked: socket.socket, importing: int) -> None:
    """Do one job and end; a worker that runs out of memory or time ends without an answer.

    What had to be imported on the way is told, so that the next worker has it.
    """
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what a reader complains of may quote the file
        function, arguments, limits = pickle.loads(read_all(asked))  # noqa: S301 - from the process that started this
        _keep_within(limits)
        known = set(sys.modules)
        try:
            answer = True, function(*arguments)
        except MemoryError:
            return
        except Exception as error:
            answer = False, (type(error), error.args, vars(error))
        asked.sendall(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
        names = " ".join(sorted(sys.modules.keys() - known)).encode()
        os.write(importing, b" " + names[: select.PIPE_BUF - 2] + b" ")
        status = 0
    finally:
        os._exit(status)


def _keep_within(limits: Limits) -> None:
    gc.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.megabytes << 20,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 1))
    signal.alarm(4 * limits.seconds)


if __name__ == "__main__":
    main()
