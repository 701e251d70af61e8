"""Workers: what they return or raise comes back, what they may not take they do not take."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from services.archives.fhir.reading import BundleRefusedError, validate_bundle
from services.registration.intake.registers import read_register
from services.runtime import workers as of_runtime
from services.runtime.forking import Limits
from services.runtime.sheets.files import SheetError
from services.runtime.workers import BusyError, TooCostlyError, Workers
from tests.support.instance import eventually


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    """Run workers for one test."""
    workers = Workers()
    yield workers
    workers.close()


async def test_what_a_function_returns_or_raises_comes_back(workers: Workers) -> None:
    register = await workers.run(read_register, "姓名,证件号码,来本地日期\n".encode(), "a.csv")
    assert register == read_register("姓名,证件号码,来本地日期\n".encode(), "a.csv")

    with pytest.raises(SheetError) as sheet:
        await workers.run(read_register, b"hello", "a.csv")
    with pytest.raises(BundleRefusedError) as bundle:
        await workers.run(validate_bundle, b"{}")

    assert sheet.value.code == "no_header_row"
    assert (bundle.value.code, bundle.value.path) == ("not_fhir", "Bundle.type")


async def test_too_much_memory_time_or_a_crash_is_refused_and_the_next_job_is_done(workers: Workers) -> None:
    little = Limits(seconds=1, megabytes=200)

    costly: list[tuple[Callable[..., Any], tuple[int, ...]]]
    costly = [(bytes, (300 << 20,)), (pow, (10, 10**9)), (time.sleep, (60,)), (os._exit, (0,)), (os.abort, ())]

    for function, arguments in costly:
        with pytest.raises(TooCostlyError):
            await workers.run(function, *arguments, limits=little)
        assert await workers.run(len, b"abc", limits=little) == 3


async def test_a_process_of_workers_that_was_killed_is_started_again(workers: Workers) -> None:
    before = await workers.run(os.getppid)
    os.kill(before, 9)
    assert workers._nursery is not None
    await asyncio.to_thread(workers._nursery.wait)

    assert await workers.run(os.getppid) != before


async def test_workers_hold_no_keys(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUNIAO_SEALING_KEYS", "secret")
    monkeypatch.setenv("MONGODB_URL", "mongodb://secret")

    assert await workers.run(os.getenv, "HOUNIAO_SEALING_KEYS") is None
    assert await workers.run(os.getenv, "MONGODB_URL") is None
    assert await workers.run(os.getenv, "PATH")


async def test_only_so_many_jobs_wait(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_runtime, "AT_MOST", 3)
    jobs = [asyncio.create_task(workers.run(time.sleep, 60)) for _ in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(BusyError):
        await workers.run(len, b"abc")

    workers.close()
    await asyncio.gather(*jobs, return_exceptions=True)


async def test_nothing_runs_on_when_the_workers_are_closed(workers: Workers) -> None:
    nursery = await workers.run(os.getppid)
    job = asyncio.create_task(workers.run(time.sleep, 60))

    async def running(count: int) -> bool:
        return await asyncio.to_thread(_count_members, nursery) == count

    await eventually(lambda: running(2))
    workers.close()

    with pytest.raises(TooCostlyError):
        await job
    await eventually(lambda: running(0))


def _count_members(group: int) -> int:
    return [_group_of(status) for status in Path("/proc").glob("[0-9]*/stat")].count(group)


def _group_of(status: Path) -> int | None:
    """Return the group of a process that runs; None if it has ended."""
    try:
        state, _, group, *_ = status.read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else int(group)
