"""Structured logs with an allow-list of keys, so that nobody's name or number is ever written.

Every line of the process is one: those of libraries, warnings, and errors that nobody caught say where they come from
and which class of error it is, never their own text, which may quote what people sent.
"""

import asyncio
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog

from contracts.reference.telling import tells_number
from services.runtime.repeating import WINDOW, Repeating

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "service", "instance", "queue", "reason", "code", "stream", "type", "count",
        "seconds", "attempt", "position", "division", "district", "import_id", "stay_id", "person_id", "event_id",
        "parked_id", "port", "path", "method", "status", "error", "version", "exception",
        "hash", "host", "logger", "source", "subject", "subscription_id", "role",
    }
)  # fmt: skip
"""The keys that a log line may carry: ids, codes and numbers.

`subject`, `role` and `division` are a caller's, as the token says. `logger` and `source` (file and line of the code)
are of a library's line. `error` is an exception's class, never its
text; at level error, `exception` lists the lines of code of its traceback.
"""


def keep_allowed(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return a line without the keys that are not on the allow-list; list the dropped keys so that it is noticed."""
    dropped = [key for key in line if key not in ALLOWED]
    for key in dropped:
        del line[key]
    telling = [key for key, value in line.items() if isinstance(value, str) and not _may_be_told(key, value)]
    for key in telling:
        line[key] = "withheld"
    if dropped:
        line["reason"] = f"withheld: {', '.join(sorted(dropped))}"
    return line


IDS = frozenset(
    {
        "import_id",
        "stay_id",
        "person_id",
        "event_id",
        "parked_id",
        "hash",
        "timestamp",
        "division",
        "district",
        "queue",
        "subscription_id",
    }
)
"""The keys whose values have long numbers that are nobody's."""


def _may_be_told(key: str, value: str) -> bool:
    """Return whether a text may stand under a key: names are not written in ASCII, numbers of people are long."""
    return key == "exception" or (value.isascii() and (key in IDS or not tells_number(value)))


def processors(shape: Literal["json", "pretty"]) -> list[structlog.typing.Processor]:
    """Return what every line goes through: the allow-list, and then its shape."""
    shaped: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if shape == "json" else structlog.dev.ConsoleRenderer()
    )
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _error_class,
        keep_allowed,
        shaped,
    ]


def configure_logs(shape: Literal["json", "pretty"], service: str, to: TextIO | None = None) -> None:
    """Write every log line of this process through the allow-list to standard output, or to another stream."""
    structlog.configure(
        processors=processors(shape),
        logger_factory=structlog.PrintLoggerFactory(to),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    REPEATING.begin_anew()
    _take_in_libraries()


QUIET = ("aio_pika", "aiormq", "pymongo", "faststream")
"""Libraries that warn of servers which are away; the service says so itself."""
_TOLD = frozenset({"Invalid HTTP request received."})
"""Texts of libraries that quote nothing."""


class _Structured(logging.Handler):
    """Writes a library's line as one of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write where a line comes from, and its class of error if it tells of one."""
        error = record.exc_info[1] if record.exc_info else None
        told = {"reason": record.msg} if record.msg in _TOLD else {}
        source = f"{record.pathname}:{record.lineno}"
        REPEATING.tell("", record.levelno, "library", {"logger": record.name, "source": source, **told}, error)


def _take_in_libraries() -> None:
    """Let nothing but structured lines be written: by loggers of libraries, as warnings, or of what nobody caught."""
    logging.raiseExceptions = False  # else a handler that fails writes the line to standard error
    logging.root.handlers = [_Structured()]
    logging.root.setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.showwarning = _show_warning  # type: ignore[assignment]  # file and line are always given in place
    sys.excepthook = _tell_uncaught
    threading.excepthook = lambda uncaught: _tell_uncaught(uncaught.exc_type, uncaught.exc_value, None)
    sys.unraisablehook = lambda uncaught: _tell_uncaught(uncaught.exc_type, uncaught.exc_value, None)


def _show_warning(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any) -> None:
    told = message if isinstance(message, Warning) else category()
    get_log().warning("library", logger="warnings", source=f"{filename}:{lineno}", error=told)


def _tell_uncaught(kind: type[BaseException], error: BaseException | None, _: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        get_log().error("uncaught", error=error or kind())


def _error_class(_: Any, level: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its class, and at level error its traceback: its text may quote personal data."""
    error = line.pop("error", None)
    if isinstance(error, BaseException):
        line["error"] = type(error).__name__
        if level == "error":
            frames = traceback.extract_tb(error.__traceback__)
            line["exception"] = "\n".join(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    elif error is not None:
        line["error"] = "withheld: pass the exception itself"
    return line


def get_log() -> structlog.typing.FilteringBoundLogger:
    """Return the log of this process."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log


def _write(level: int, event: str, values: Mapping[str, Any]) -> None:
    get_log().log(level, event, **values)


REPEATING = Repeating(_write)
"""The lines of this process that others can cause."""


async def tell_what_repeats() -> None:
    """Write once in a while how often lines were repeated, as long as the process runs."""
    while True:
        await asyncio.sleep(WINDOW)
        REPEATING.tell_counts()
