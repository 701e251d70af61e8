"""Structured logs with an allow-list of keys, so that nobody's name or number is ever written."""

import logging
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "service", "instance", "queue", "reason", "code", "stream", "type", "count",
        "seconds", "attempt", "position", "division", "district", "import_id", "stay_id", "person_id", "event_id",
        "parked_id", "port", "path", "method", "status", "error", "version", "exception",
        "hash",
    }
)  # fmt: skip
"""The keys that a log line may carry: ids, codes and numbers.

`error` is an exception's class, never its text; at level error, `exception` lists the lines of code of its traceback.
"""


def keep_allowed(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return a line without the keys that are not on the allow-list; list the dropped keys so that it is noticed."""
    dropped = [key for key in line if key not in ALLOWED]
    for key in dropped:
        del line[key]
    if dropped:
        line["reason"] = f"withheld: {', '.join(sorted(dropped))}"
    return line


def configure_logs(shape: Literal["json", "pretty"], service: str, to: TextIO | None = None) -> None:
    """Write every log line of this process through the allow-list to standard output, or to another stream."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _error_class,
        keep_allowed,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if shape == "json" else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, last],
        logger_factory=structlog.PrintLoggerFactory(to),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    for noisy in (
        "aio_pika",
        "aiormq",
        "pymongo",
        "uvicorn",
        "uvicorn.access",
        "uvicorn.error",
        "faststream",
    ):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)


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
