"""The page of each feed says what the register of feeds says, in both languages, and the event on it is one."""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, get_args

import pytest

from contracts.feeds.feeds import FEEDS, FeedName, Province, PublishedFile, ToldDay, name_told, told_type
from contracts.feeds.subscriptions import AgeBand, TimeUnit
from contracts.feeds.words import BORN, HAPPENED, IS
from contracts.reference.divisions import DistrictCode, DivisionCode, StreetCode
from contracts.reporting.publications import Suppressible
from services.feeds.domain.telling import LADDER, name_of
from tests.contract.test_readme import CHINESE, CODE, FENCED, REPOSITORY, read
from tests.support.told import must_be_as_described

VALUES: Mapping[Any, tuple[str, str]] = {
    ToldDay: ("a day, week or month", "日、周或月"),
    StreetCode: ("9 digits", "9 位"),
    DistrictCode: ("6 digits", "6 位"),
    DivisionCode: ("6 or 9 digits", "6 或 9 位"),
    Province: ("2 digits", "2 位"),
    str: ("text", "文字"),
    int: ("a number", "数"),
    int | float: ("a number", "数"),
    list[Suppressible]: ("a list of `numerator`, `denominator`, `value`", "`numerator`、`denominator`、`value` 的列表"),
    list[PublishedFile]: ("a list of `form`, `sha256`, `size`", "`form`、`sha256`、`size` 的列表"),
}
"""What values that are not words of ours are called in English and in Chinese."""
YEARS = ("a year or years", "年或年段")
LANGUAGES = {"en": 0, CHINESE: 1}
ROW = re.compile(r"^\| `([a-z_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
HEADS = {"facts", "attributes"}

each_feed = pytest.mark.parametrize("name", FEEDS)
each_page = pytest.mark.parametrize(("name", "language"), [(name, one) for name in FEEDS for one in LANGUAGES])


def page_of(name: FeedName, language: str) -> str:
    return read(f"docs/feeds/{name}.md" if language == "en" else f"docs/feeds/{name}.{language}.md")


def facts_of(name: FeedName) -> list[tuple[str, str, str]]:
    """Return the rows of the table of what happened, in English."""
    return [(name_told(fact), f"`{told_type(fact.TYPE)}`", HAPPENED[name_told(fact)]) for fact in FEEDS[name].facts]


def attributes_of(name: FeedName, language: str) -> list[tuple[str, str, str]]:
    """Return the rows of the table of what is told, in English but for the values."""
    kind, born = FEEDS[name], ("born", YEARS[LANGUAGES[language]], BORN)
    rows = [(str(one), name_values(values, language), IS[one]) for one, values in kind.attributes.items()]
    return [*rows, *([born] if kind.tells_ages else [])]


def name_values(values: Any, language: str) -> str:
    """Return how a page writes the values of an attribute: one after another if they are few and ours."""
    if values in VALUES:
        return VALUES[values][LANGUAGES[language]]
    kinds: tuple[type[StrEnum], ...] = get_args(values) or (values,)
    return ("、" if language != "en" else ", ").join(dict.fromkeys(f"`{one}`" for kind in kinds for one in kind))


def given_up_of(name: FeedName) -> list[str]:
    """Return what is given up of a feed one after another, as the anonymity report calls it."""
    kind = FEEDS[name]
    if not kind.about_people:
        return []
    given = [rung for rung in LADDER if isinstance(rung, TimeUnit) or rung in kind.attributes]
    ages = [rung for rung in LADDER if isinstance(rung, AgeBand) and kind.tells_ages]
    return [name_of(rung) for rung in LADDER if rung in (*given, *ages)]


@each_page
def test_its_tables_are_what_the_register_says(name: FeedName, language: str) -> None:
    found = [row for row in ROW.findall(page_of(name, language)) if row[0] not in HEADS]
    expected = [*facts_of(name), *attributes_of(name, language)]

    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert language != "en" or [row[2] for row in found] == [row[2] for row in expected]


@each_page
def test_it_says_what_is_given_up_first(name: FeedName, language: str) -> None:
    told = page_of(name, language).partition("`k`")[2].partition("\n## ")[0]

    assert CODE.findall(told) == given_up_of(name)


@each_page
def test_it_says_what_needs_a_basis_in_health(name: FeedName, language: str) -> None:
    lines = [line for line in page_of(name, language).splitlines() if "`health_emergency`" in line]
    named = {code for line in lines for code in CODE.findall(line)}

    assert named - {"statutory_duty", "health_emergency"} == {name_told(fact) for fact in FEEDS[name].health}


@each_feed
def test_its_event_is_one_of_the_feed_and_the_same_in_both_languages(name: FeedName) -> None:
    shown = [FENCED.findall(page_of(name, language)) for language in LANGUAGES]
    event = json.loads(shown[0][0].removeprefix("```json").removesuffix("```"))

    assert shown[0] == shown[1]
    assert event["type"] in {told_type(fact.TYPE) for fact in FEEDS[name].facts}
    must_be_as_described([event])


def test_there_is_a_page_of_each_feed_and_no_other() -> None:
    there = {path.name for path in (REPOSITORY / "docs/feeds").iterdir()}

    assert there == {f"{name}{suffix}.md" for name in FEEDS for suffix in ("", f".{CHINESE}")}
