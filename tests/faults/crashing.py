"""A service that kills itself at an exact point: `python -m tests.faults.crashing archives acknowledging 3`."""

import os
import runpy
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from importlib import import_module
from itertools import count
from typing import Any, Literal

SHORT_LEASE = timedelta(seconds=1)
"""How long a crashed importer or sender keeps its claim, and a crashed upload its file, which is longer otherwise."""


@dataclass(frozen=True)
class Point:
    """A moment in a service's work: just before or just after a call of one of its functions."""

    moment: Literal["before", "after"]
    module: str
    function: str


POINTS: Mapping[str, Point] = {
    # the relay: read -> publish -> confirmed -> mark
    "read, not published": Point("before", "services.runtime.relay", "Relay._publish"),
    "published, not confirmed to all": Point("after", "services.runtime.relay", "Relay._publish"),
    "published, not marked": Point("before", "services.runtime.relay", "mark_sent"),
    "marked": Point("after", "services.runtime.relay", "mark_sent"),
    # the inbox: take -> write -> settle -> record -> acknowledge
    "taken, not written": Point("before", "services.runtime.inbox", "Inbox.handle"),
    "written, not settled": Point("before", "services.archives.projector", "open_owed_archives"),
    "settled, not acknowledged": Point("after", "services.archives.projector", "open_owed_archives"),
    "written, people not settled": Point("before", "services.registration.projector", "settle_known"),
    "people settled, not acknowledged": Point("after", "services.registration.projector", "settle_known"),
    "appended, not acknowledged": Point("after", "services.{service}.projector", "append"),
    "written, not acknowledged": Point("before", "aio_pika.message", "IncomingMessage.ack"),
    "acknowledged": Point("after", "aio_pika.message", "IncomingMessage.ack"),
    # what was decided: seal the identity -> record -> answer
    "decided, not recorded": Point("before", "services.runtime.journal", "Journal.record"),
    "recorded, not answered": Point("after", "services.runtime.journal", "Journal.record"),
    "recorded, office not answered": Point("before", "services.runtime.inbox", "Listener.reply"),
    "office answered, not acknowledged": Point("after", "services.runtime.inbox", "Listener.reply"),
    # an import: claim -> record a batch -> save the progress
    "import claimed": Point("before", "services.registration.commands.imports", "_finish"),
    "batch recorded, progress not saved": Point("before", "services.registration.commands.imports", "save_import"),
    "progress saved": Point("after", "services.registration.commands.imports", "save_import"),
    # a file: note it -> store it -> record the fact that names it -> settle the note
    "noted, not stored": Point("before", "services.outreach.views.files", "_write"),
    "stored, not recorded": Point("after", "services.outreach.views.files", "store"),
    "named, not settled": Point("before", "services.outreach.commands.evidence", "settle"),
    # a queue of another system's: publish -> confirmed -> keep the position
    "confirmed, not kept": Point("before", "services.feeds.views.queues", "advance"),
    # a rotation of keys: read a batch -> seal it anew
    "batch sealed anew": Point("after", "services.registration.commands.rotation", "replace_seals"),
}


def crash_at(service: str, point: Point, call: int) -> None:
    """Make this process kill itself at the given call of a point."""
    *outer, name = point.function.split(".")
    owner: Any = reduce(getattr, outer, import_module(point.module.format(service=service)))
    original = getattr(owner, name)
    calls = count(1)

    def strike() -> None:
        if next(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)

    async def crashing(*arguments: Any, **named: Any) -> Any:
        if point.moment == "before":
            strike()
        result = await original(*arguments, **named)
        if point.moment == "after":
            strike()
        return result

    setattr(owner, name, crashing)


def main(service: str, point: str, call: str, *arguments: str) -> None:
    """Run a service, or a command of it, as its own `__main__` does, until it crashes."""
    crash_at(service, POINTS[point], int(call))
    if service == "registration":
        import_module("services.runtime.imports").__dict__["LEASE"] = SHORT_LEASE
    if service == "feeds":
        import_module("services.feeds.views.queues").__dict__["CLAIMED_FOR"] = SHORT_LEASE
    if service == "outreach":
        import_module("services.outreach.commands.files").__dict__.update(GIVEN_UP_AFTER=SHORT_LEASE, SWEEP_EVERY=0.5)
    sys.argv = [service, *arguments]
    runpy.run_module(f"services.{service}", run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
