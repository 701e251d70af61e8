"""Whoever builds a page on the services finds a Chinese and an English word for every code, form and refusal."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from contracts.archives.contents import CONTENTS, measures
from contracts.facts import TRANSFER_FACTS
from contracts.reference.vocabulary import FIELD, Word, label_of, refusals, words
from contracts.registration.notices import NOTICE_FACTS, NoticeKind
from contracts.registration.stays import STAY_FACTS
from deploy.local.stack import Stack
from services.outreach.intake.columns import COLUMNS as OUTREACH_COLUMNS
from services.registration.intake.columns import COLUMNS as REGISTER_COLUMNS
from services.registration.intake.refusals import WARNINGS
from services.runtime.access import Role
from services.runtime.openapi import refusals_of
from tests.support.instance import SERVICES, Instance
from tests.support.spoken import asked_in, codes_in

PAGE = Path(__file__).parents[2] / "docs/refusals.md"
HISTORY = Path(__file__).parents[2] / "services/console/web/src/words/people.ts"
APART = {FIELD, "unit", "warning"}
"""The kinds that are no enumerations."""


@pytest.fixture(scope="module")
def described(stack: Stack) -> list[dict[str, Any]]:
    return [Instance(stack, "described").build(service).openapi() for service in SERVICES]


def spoken(described: list[dict[str, Any]]) -> Mapping[str, set[str]]:
    """Return the codes by kind that the services speak of, and those that stand in tokens and in messages alone."""
    found: dict[str, set[str]] = defaultdict(set)
    for document in described:
        for kind, codes in codes_in(document).items():
            found[kind] |= codes
    rows = re.findall(r"^\| (`[^|]+) \| [^|]+ \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    found["Message.reason"] = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    found["Role"] = set(Role)
    return found


def asked(described: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return what forms ask for: the properties of request bodies, and of what entries may contain."""
    contents = {(content.__name__, name) for content in CONTENTS.values() for name in content.model_fields}
    return contents.union(*map(asked_in, described))


def test_every_code_has_its_words_and_no_word_is_of_nothing(described: list[dict[str, Any]]) -> None:
    said = {(kind, word.code) for kind, found in words().items() if kind not in APART for word in found}
    meant = {(kind, code) for kind, codes in spoken(described).items() for code in codes}

    assert meant - said == set(), "add them to contracts/reference/vocabulary.csv"
    assert said - meant == set(), "no route takes or gives them: delete them"


@pytest.mark.parametrize("kind", sorted(words().keys() - APART))
def test_no_two_codes_of_a_kind_have_the_same_words(kind: str) -> None:
    assert len({word.code for word in words()[kind]}) == len(words()[kind])
    for said in ([word.zh for word in words()[kind]], [word.en for word in words()[kind]]):
        assert [word for word, count in Counter(said).items() if count > 1] == []


def test_every_word_is_said_in_both_languages_on_one_line() -> None:
    said = [each for found in words().values() for word in found for each in word]
    said += [each for refusal in refusals().values() for each in refusal]

    assert [each for each in said if each != each.strip() or not each or "\n" in each] == []


def test_everything_that_a_form_asks_for_is_called_something(described: list[dict[str, Any]]) -> None:
    nameless, used = set(), set()
    for model, name in asked(described):
        try:
            used.add(label_of(model, name).code)
        except KeyError:
            nameless.add(f"{model}.{name}")

    assert nameless == set(), "add them to contracts/reference/vocabulary.csv, kind field"
    assert {word.code for word in words()[FIELD]} - used == set(), "no form asks for them: delete them"


def test_no_form_asks_for_two_things_by_the_same_words(described: list[dict[str, Any]]) -> None:
    labels: dict[str, list[Word]] = defaultdict(list)
    for model, name in sorted(asked(described)):
        labels[model].append(label_of(model, name))

    for model, found in labels.items():
        for said in ([word.zh for word in found], [word.en for word in found]):
            assert len(set(said)) == len(said), (model, [word for word, count in Counter(said).items() if count > 1])


def test_a_form_says_what_the_headings_of_sheets_say() -> None:
    headings = {("ArrivalRequest", name): heading for name, heading in REGISTER_COLUMNS.items()}
    headings |= {
        (request, name): heading
        for kind, request in {"board_issues": "IssueRequest", "articles": "ArticleRequest"}.items()
        for name, heading in OUTREACH_COLUMNS[kind].usual.items()  # type: ignore[index]  # an enumeration of texts
        if name != "place"
    }
    headings.pop(("ArrivalRequest", "leaving_reason"))

    assert {asked: label_of(*asked).zh for asked in headings} == headings


def test_what_is_measured_has_its_unit_and_one_unit_one_word() -> None:
    units = {name: measured.unit for content in CONTENTS.values() for name, measured in measures(content).items()}
    said = {word.code: word for word in words()["unit"]}

    assert said.keys() == units.keys()
    for chosen in (1, 2):
        pairs = {(units[name], word[chosen]) for name, word in said.items()}
        assert len(pairs) == len({unit for unit, _ in pairs}) == len({word for _, word in pairs})


def test_every_refusal_and_every_warning_has_its_words(described: list[dict[str, Any]]) -> None:
    told = {
        code
        for document in described
        for methods in document["paths"].values()
        for operation in methods.values()
        for codes in refusals_of(operation).values()
        for code in codes
    }

    assert told - refusals().keys() == set()
    assert {word.code: word.zh + word.en for word in words()["warning"]} == dict(WARNINGS)


def test_the_console_has_a_word_for_all_that_a_persons_history_tells() -> None:
    otherwise = {
        "stay_started": "arrived",
        "stay_ended": "left",
        "person_died": "death_recorded",
        "persons_merged": "merged",
    }
    names = {fact: fact.TYPE.split(".")[1] for fact in (*STAY_FACTS, *TRANSFER_FACTS)}
    told = {otherwise.get(name, name.removeprefix("stay_")) for fact, name in names.items() if fact not in NOTICE_FACTS}
    told |= {f"{kind}_{names[fact]}" for fact in NOTICE_FACTS for kind in NoticeKind}

    chinese, english = re.findall(r"  happened: \{(.*?)\n  \}", HISTORY.read_text(encoding="utf-8"), re.DOTALL)

    for table in (chinese, english):
        assert told - set(re.findall(r"(\w+): '", table)) == set()
