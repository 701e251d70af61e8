"""Logs: whatever is put into a line, no name and no number of a person comes out."""

import asyncio
import gc
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from services.runtime.logs import ALLOWED, configure_logs, get_log

NAME = "李小满"
NUMBER = "11010519491231002X"


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """Leave the process's logging as it was."""
    before, root = structlog.get_config(), (logging.root.handlers, logging.root.level, logging.raiseExceptions)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning)
    structlog.contextvars.clear_contextvars()
    yield
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)
    logging.root.handlers, logging.root.level, logging.raiseExceptions = root
    sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = hooks


def logged(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def log_line(capsys: pytest.CaptureFixture[str], event: str, **values: Any) -> dict[str, Any]:
    configure_logs("json", "registration")
    get_log().warning(event, **values)
    line: dict[str, Any] = json.loads(logged(capsys))
    return line


def test_a_line_says_what_happened_where_and_when(capsys: pytest.CaptureFixture[str]) -> None:
    line = log_line(capsys, "parked", queue="registration", count=3)

    assert (line["event"], line["service"], line["queue"], line["count"]) == (
        "parked",
        "registration",
        "registration",
        3,
    )
    assert line["level"] == "warning"
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("key", ["name", "document_number", "phone", "address", "body", "report", "user", "birth", "x"])
def test_a_key_that_is_not_on_the_list_is_withheld_and_the_slip_is_seen(
    key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = log_line(capsys, "arrival", **{key: f"{NAME} {NUMBER}"})

    assert NAME not in str(line)
    assert NUMBER not in str(line)
    assert key in line["reason"]


@pytest.mark.parametrize("shape", ["json", "pretty"])
def test_an_exception_gives_its_class_and_never_its_text(shape: Any, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(shape, "registration")

    try:
        raise ValueError(f"{NAME} {NUMBER}")
    except ValueError as error:
        get_log().error("stumbled", error=error)
        get_log().exception("stumbled")
        get_log().error("stumbled", exc_info=error)

    out = logged(capsys)
    assert "ValueError" in out
    assert "test_logs.py" in out, "where it happened may be told"
    assert NAME not in out
    assert NUMBER not in out


def test_the_text_of_an_exception_is_withheld_also_when_it_comes_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    line = log_line(capsys, "stumbled", error=str(ValueError(f"bad number {NUMBER}")))

    assert NUMBER not in str(line)


def test_an_exception_that_is_expected_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = log_line(capsys, "mongodb away", error=ConnectionError("10.0.0.1"))

    assert line["error"] == "ConnectionError"
    assert "exception" not in line


def test_what_is_bound_to_the_context_passes_the_list_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "registration")
    structlog.contextvars.bind_contextvars(name=NAME, import_id="42")

    get_log().info("import done")

    line = json.loads(logged(capsys))
    assert line["import_id"] == "42"
    assert NAME not in str(line)


def test_a_logger_with_bound_values_passes_the_list_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "registration")

    get_log().bind(phone="13812345678").info("called")

    assert "13812345678" not in logged(capsys)


def test_the_list_names_nothing_that_says_who_a_person_is() -> None:
    telling = {"name", "phone", "address", "document_number", "birth", "body", "text", "value", "input", "row"}

    assert telling.isdisjoint(ALLOWED)


def test_a_text_that_may_say_who_somebody_is_is_withheld_under_any_key(capsys: pytest.CaptureFixture[str]) -> None:
    line = log_line(
        capsys, "parked", reason=f"malformed: {NAME}", path=f"/people/{NUMBER}", queue="registration.320507"
    )

    assert (line["reason"], line["path"], line["queue"]) == ("withheld", "withheld", "registration.320507")


# Lines of others


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    told = capsys.readouterr()
    assert told.err == ""
    assert NAME not in told.out
    assert NUMBER not in told.out
    return [json.loads(line) for line in told.out.splitlines()]


def test_a_librarys_line_says_where_it_comes_from_and_nothing_that_it_quotes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("json", "registration")

    logging.getLogger("python_multipart.multipart").warning("Found invalid character in %s", NAME)
    logging.getLogger("some.library").error("%s %s", NAME, NUMBER, exc_info=ValueError(NUMBER))
    logging.getLogger("some.library").info("as usual")

    one, other = lines(capsys)
    assert (one["event"], one["level"], one["logger"]) == ("library", "warning", "python_multipart.multipart")
    assert "test_logs.py:" in one["source"]
    assert (other["level"], other["error"]) == ("error", "ValueError")


def test_a_text_of_a_library_that_quotes_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "registration")

    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")

    assert [line["reason"] for line in lines(capsys)] == ["Invalid HTTP request received."]


def test_a_logger_with_a_handler_of_its_own_writes_nothing_past_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    own = logging.getLogger("own.handler")
    own.addHandler(logging.StreamHandler(sys.stderr))
    own.propagate = False
    configure_logs("json", "registration")

    own.warning(NAME)

    assert [line["logger"] for line in lines(capsys)] == ["own.handler"]


def test_warnings_and_what_nobody_caught_are_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "registration")

    def stumble() -> None:
        raise ValueError(NUMBER)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure_logs("json", "registration")
        warnings.warn(NAME, DeprecationWarning, stacklevel=1)
    thread = threading.Thread(target=stumble)
    thread.start()
    thread.join()
    try:
        stumble()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    sys.unraisablehook(type("Unraisable", (), {"exc_type": KeyError, "exc_value": KeyError(NAME)})())

    told = lines(capsys)
    assert [line["error"] for line in told] == ["DeprecationWarning", "ValueError", "ValueError", "KeyError"]
    assert "stumble" in told[2]["exception"]


def test_a_task_that_nobody_awaited_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "registration")

    async def fail() -> None:
        raise ValueError(NAME)

    async def forget() -> None:
        task = asyncio.create_task(fail(), name=NAME)
        await asyncio.wait([task])
        del task
        gc.collect()

    asyncio.run(forget())

    assert [(line["logger"], line["error"]) for line in lines(capsys)] == [("asyncio", "ValueError")]
