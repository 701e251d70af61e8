"""The words for codes, in Chinese and in English: of every enumeration, of what forms ask for, of every refusal.

`vocabulary.csv` has a row for each code of a kind. The kind of an enumeration is its name in the OpenAPI documents; of
one that has no name there it is the model and the property (`Progress.state`), of a parameter the route and the name
(`notices.state`), of the word that tells alternatives apart the property alone (`kind`). Beside these there are
`field`, what a form asks for, by property or by model and property where it means something else there; `unit`, of what
is measured, by property; and `warning`. Refusals are in `schemas/refusals.json`, as the pages of documents say them.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

FIELD = "field"
_WORDS = Path(__file__).with_suffix(".csv")
_REFUSALS = Path(__file__).parents[1] / "schemas" / "refusals.json"


class Said(NamedTuple):
    """What is said in Chinese and in English."""

    zh: str
    en: str


class Word(NamedTuple):
    """A code, and the words for it."""

    code: str
    zh: str
    en: str


@cache
def words() -> Mapping[str, Sequence[Word]]:
    """Return the words of every kind, in the order in which they are offered."""
    found: dict[str, list[Word]] = defaultdict(list)
    with _WORDS.open(encoding="utf-8", newline="") as file:
        for kind, *word in list(csv.reader(file))[1:]:
            found[kind].append(Word(*word))
    return dict(found)


@cache
def refusals() -> Mapping[str, Said]:
    """Return what to do about every refusal, by its code."""
    told = json.loads(_REFUSALS.read_text(encoding="utf-8"))
    return {code: Said(**said) for code, said in told.items()}


def word_for(kind: str, code: str) -> Word:
    """Return the word for a code of a kind; raise KeyError if there is none."""
    return _by_code()[kind, code]


def label_of(model: str, name: str) -> Word:
    """Return what a form calls a property of a model; raise KeyError if nobody said."""
    return _by_code().get((FIELD, f"{model}.{name}")) or word_for(FIELD, name)


@cache
def _by_code() -> Mapping[tuple[str, str], Word]:
    return {(kind, word.code): word for kind, found in words().items() for word in found}
