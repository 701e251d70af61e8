"""The page of security requirements: numbers that are numbers, tests that there are, and sums that are right."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import NamedTuple

import pytest

from tests.contract.test_readme import REPOSITORY, read

PAGE = read("docs/security.md")
HEAD = "| requirement | level | shown by |"
HEADING = re.compile(r"## (V[0-9]+ .+)")
ROW = re.compile(r"\| (V\S+) (.+) \| (\S+) \| (.+) \|")
SUM = re.compile(r"\| (V[0-9]+ .+|all) \| ([0-9]+) \| ([0-9]+) \| ([0-9]+) \|")
NUMBER = re.compile(r"V([1-9][0-9]?)\.([1-9][0-9]?)\.([1-9][0-9]?)")
TEST = re.compile(r"`(tests/[^`]*)`")
SHOWN = re.compile(r"`tests/[\w/]+\.py::test_\w+`(?:, `tests/[\w/]+\.py::test_\w+`)*(?: \([^)]+\))?")
NOT_YET = re.compile(r"not yet(?: \(.+\))?")


class Requirement(NamedTuple):
    """A row of the page, below the heading of its chapter."""

    chapter: str
    number: str
    words: str
    level: str
    shown_by: str

    @property
    def is_shown(self) -> bool:
        return not self.shown_by.startswith("not yet")


def requirements() -> Iterator[Requirement]:
    chapter = ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            heading = HEADING.fullmatch(line)
            chapter = heading[1] if heading else ""
        elif chapter and (row := ROW.fullmatch(line)):
            yield Requirement(chapter, *row.groups())


REQUIREMENTS = list(requirements())


@cache
def names_in(path: str) -> frozenset[str]:
    """Return the names of the tests in a file; none if there is no such file."""
    file = REPOSITORY / path
    parsed = ast.parse(file.read_text(encoding="utf-8")).body if file.is_file() else []
    return frozenset(each.name for each in parsed if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def sum_up(of: list[Requirement]) -> tuple[int, int, int]:
    shown = sum(each.is_shown for each in of)
    return len(of), shown, len(of) - shown


def test_every_line_of_a_chapter_is_a_requirement() -> None:
    chapters = PAGE[PAGE.index("\n## V") : PAGE.index("\n## What does not apply")]
    lines = [line for line in chapters.splitlines() if line.startswith("| ") and line != HEAD]

    assert len(lines) == len(REQUIREMENTS) > 100


def test_every_requirement_has_a_number_of_its_own_in_its_chapter_and_in_order() -> None:
    numbers = [NUMBER.fullmatch(each.number) for each in REQUIREMENTS]
    order = [tuple(map(int, number.groups())) for number in numbers if number]

    assert None not in numbers
    assert order == sorted(set(order))
    assert all(each.number.startswith(each.chapter.split(" ")[0] + ".") for each in REQUIREMENTS)
    assert {each.level for each in REQUIREMENTS} == {"1", "2", "3"}


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda each: each.number)
def test_a_requirement_is_shown_by_tests_that_there_are_or_not_yet(requirement: Requirement) -> None:
    shape = SHOWN if requirement.is_shown else NOT_YET
    named = [test.partition("::") for test in TEST.findall(requirement.shown_by)]

    assert shape.fullmatch(requirement.shown_by)
    assert [f"{path}::{test}" for path, _, test in named if test not in names_in(path)] == []


def test_the_sums_at_the_top_are_those_of_the_chapters() -> None:
    summary = {name: (int(apply), int(shown), int(missing)) for name, apply, shown, missing in SUM.findall(PAGE)}
    by_chapter = groupby(REQUIREMENTS, key=lambda each: each.chapter)

    assert summary == {name: sum_up(list(rows)) for name, rows in by_chapter} | {"all": sum_up(REQUIREMENTS)}
