"""How a mutant is tried: in a fork of a process that has collected the tests, so that it takes as long as they do."""

import functools
import gc
import importlib.abc
import importlib.machinery
import importlib.metadata
import os
import pickle
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import CodeType, FrameType, FunctionType

import pytest
from hypothesis import Phase, settings

from tests.mutants.drawing import ROOT, Mutant

AT_ONCE = 2
"""Processes that try mutants at the same time."""
DIED, LIVED, ENDLESS = "died", "lived", "endless"
CPU_SECONDS, CHOSEN_SECONDS, MEMORY = 20, 6.0, 4 * 2**30
"""The processor's time for a mutant until it counts as endless; that of the tests chosen for it; bytes it may take."""
WATCHED_CALLS = 100_000
"""Calls of a test that are watched: what it calls shows in the first of them, and watching is slow."""

Outcome = tuple[Mutant, str, float]
Called = dict[tuple[str, int], list[str]]
"""Tests by the function that they call: its file and first line."""


def prepare() -> None:
    """Import what every try needs, and have Hypothesis draw alike each time and stop at the first thing it finds."""
    settings.register_profile(
        "mutants", derandomize=True, database=None, deadline=None, phases=(Phase.explicit, Phase.generate)
    )
    settings.load_profile("mutants")
    os.environ.pop("CI", None)
    for plugin in importlib.metadata.entry_points(group="pytest11"):
        plugin.load()


def try_mutants(area: str, mutants: Sequence[Mutant], tests: Sequence[Path], until: float) -> Iterator[Outcome]:
    """Yield what becomes of each mutant, until the time is up."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.close(reading)
        with os.fdopen(writing, "wb", buffering=0) as told:
            plugin = _Session([mutant for mutant in mutants if mutant.inside], until, told.write)
            status = pytest.main([*_arguments(), *map(str, tests)], plugins=[plugin])
        os._exit(status)
    os.close(writing)
    called: Called = {}
    with os.fdopen(reading, "rb") as heard:
        while True:
            try:
                news = pickle.load(heard)  # noqa: S301  # from our own child
            except EOFError:
                break
            if isinstance(news, dict):
                called = news
            else:
                yield news
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise SystemExit(f"the unit tests of {area} do not pass as they are")
    outside = [mutant for mutant in mutants if not mutant.inside]
    yield from _in_forks(outside, until, lambda mutant: _import_anew(mutant, _files(mutant, called, tests)))


def _arguments() -> list[str]:
    return ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--no-summary"]


def _in_forks(mutants: Iterable[Mutant], until: float, run: Callable[[Mutant], None]) -> Iterator[Outcome]:
    """Yield the outcomes of mutants that are tried in forks, a few at once."""
    running: dict[int, tuple[Mutant, float]] = {}
    waiting = iter(mutants)
    while True:
        while len(running) < AT_ONCE and time.monotonic() < until and (mutant := next(waiting, None)):
            if not (child := os.fork()):
                _become_small()
                try:
                    run(mutant)
                except BaseException:  # whatever a mutant does wrong, it was noticed
                    os._exit(1)
                os._exit(0)
            running[child] = mutant, time.monotonic()
        if not running:
            return
        child, status = os.wait()
        tried, since = running.pop(child)
        outcome = ENDLESS if os.WIFSIGNALED(status) else DIED if status else LIVED
        yield tried, outcome, time.monotonic() - since


def _become_small() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nowhere, each)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class _Session:
    """A plugin of pytest: once tests are collected, it finds out which call what, then tries mutants by them."""

    def __init__(self, mutants: Sequence[Mutant], until: float, write: Callable[[bytes], object]) -> None:
        self.mutants, self.until, self.write = mutants, until, write

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run no test in this process, so that each fork starts from the same."""
        items = {item.nodeid: item for item in session.items if "stack" not in getattr(item, "fixturenames", ())}
        self.functions = _functions()
        gc.freeze()
        called, seconds = _watch_calls(list(items.values()))
        self.write(pickle.dumps(called))

        def run(mutant: Mutant) -> None:
            self.swap(mutant)
            _run_items([items[name] for name in _choose(mutant, called, seconds)])

        for outcome in _in_forks(self.mutants, self.until, run):
            self.write(pickle.dumps(outcome))
        return True

    def swap(self, mutant: Mutant) -> None:
        """Give every function of the mutant's module the code that the mutant has for it."""
        codes = dict(_codes(compile(mutant.source, str(mutant.path), "exec", dont_inherit=True)))
        for function in self.functions[str(mutant.path)]:
            code = function.__code__
            if (code.co_qualname, code.co_firstlineno) in codes:
                function.__code__ = codes[code.co_qualname, code.co_firstlineno]
        gc.unfreeze()
        for each in gc.get_objects():
            if isinstance(each, functools._lru_cache_wrapper):
                each.cache_clear()


def _functions() -> Mapping[str, list[FunctionType]]:
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            found[each.__code__.co_filename].append(each)
    return found


def _codes(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield (each.co_qualname, each.co_firstlineno), each
            yield from _codes(each)


def _run_items(items: Sequence[pytest.Item]) -> None:
    """Run tests until the first that fails, which ends the process."""
    if not items:
        return
    items[0].config.pluginmanager.register(_Strict())
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


class _Strict:
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os._exit(1)


def _watch_calls(items: Sequence[pytest.Item]) -> tuple[Called, dict[str, float]]:
    """Return which tests call each function and how many seconds each takes; raise UsageError if any fails."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        watch = _Watch()
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 1)
        items[0].config.pluginmanager.register(watch)
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        with os.fdopen(writing, "wb") as told:
            pickle.dump((watch.called, watch.seconds, watch.failed), told)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as heard:
        called, seconds, failed = pickle.load(heard)  # noqa: S301  # from our own child
    os.waitpid(child, 0)
    if failed:
        raise pytest.UsageError(f"these fail as the code is: {sorted(failed)}")
    by_function: Called = defaultdict(list)
    for name, functions in called.items():
        for function in functions:
            by_function[function].append(name)
    return dict(by_function), seconds


class _Watch:
    """Notes which of our functions a test calls."""

    def __init__(self) -> None:
        self.called: dict[str, set[tuple[str, int]]] = {}
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()
        self.roots = (str(ROOT / "contracts"), str(ROOT / "services"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        mine = self.called[item.nodeid] = set()
        seen: set[CodeType] = set()
        calls = count()

        def note(frame: FrameType, event: str, argument: object) -> None:
            code = frame.f_code
            if code not in seen:
                seen.add(code)
                if code.co_filename.startswith(self.roots):
                    mine.add((code.co_filename, code.co_firstlineno))
            if next(calls) > WATCHED_CALLS:
                sys.settrace(None)

        begun = time.process_time()
        sys.settrace(note)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.seconds[item.nodeid] = time.process_time() - begun

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def _choose(mutant: Mutant, called: Called, seconds: Mapping[str, float]) -> list[str]:
    """Return the tests that call the mutant's function: those of its own file first, then the shortest."""
    spans = [line for path, line in called if path == str(mutant.path) and line <= mutant.line]
    tests = called[str(mutant.path), max(spans)] if spans else []
    ordered = sorted(tests, key=lambda name: (f"/test_{mutant.path.stem}.py" not in name, seconds[name], name))
    chosen: list[str] = []
    spent = 0.0
    for name in ordered:
        spent += seconds[name]
        if chosen and spent > CHOSEN_SECONDS:
            break
        chosen.append(name)
    return chosen


def _files(mutant: Mutant, called: Called, tests: Sequence[Path]) -> list[str]:
    """Return the files of tests that call a module's functions or name it, its own first."""
    calling = {name.split("::")[0] for (path, _), names in called.items() if path == str(mutant.path) for name in names}
    module = ".".join(mutant.path.relative_to(ROOT).with_suffix("").parts)
    every = [path for test in tests for path in ([test] if test.is_file() else sorted(test.rglob("test_*.py")))]
    naming = {str(path.relative_to(ROOT)) for path in every if module in path.read_text()}
    return sorted(calling | naming, key=lambda name: (not name.endswith(f"/test_{mutant.path.stem}.py"), name))


def _import_anew(mutant: Mutant, files: Sequence[str]) -> None:
    """Run files of tests with the mutant in its module's place."""
    sys.meta_path.insert(0, _Finder(mutant))
    if files:
        os._exit(pytest.main([*_arguments(), "-x", *files]))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self.name = ".".join(mutant.path.relative_to(ROOT).with_suffix("").parts)
        self.loader = _Loader(self.name, mutant)

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """Return the mutant's module under its name."""
        return importlib.machinery.ModuleSpec(name, self.loader, origin=self.loader.path) if name == self.name else None


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, mutant: Mutant) -> None:
        super().__init__(name, str(mutant.path))
        self.mutant = mutant

    def get_code(self, _: str) -> CodeType:
        """Return the mutant's code."""
        return compile(self.mutant.source, self.path, "exec", dont_inherit=True)
