"""Lists as lines: a street, the columns of the kind, words for what is chosen, and nothing for what is not known."""

import pytest

from contracts.outreach.care import CareNeed, CloseReason
from contracts.outreach.educators import EducatorKind
from services.outreach.domain.care import CaseStanding
from services.outreach.intake.listings import HEADINGS, ListingKind, write_listing


@pytest.mark.parametrize("kind", ListingKind)
def test_a_list_of_nothing_has_its_headings(kind: ListingKind) -> None:
    (headings,) = write_listing(kind, [])

    assert headings == ["街道代码", *HEADINGS[kind].values()]
    assert len(set(headings)) == len(headings)


def test_what_is_chosen_is_in_words_and_what_is_not_known_is_empty() -> None:
    row = {"street": "320507001", "kind": "volunteer", "staff": "v-1", "joined_on": "2026-01-05", "left_on": None}

    assert write_listing(ListingKind.EDUCATORS, [row])[1] == ["320507001", "志愿者", "v-1", "", "2026-01-05", ""]


def test_several_things_are_in_one_cell() -> None:
    row = {"street": "320507001", "participants": ("v-1", "edu-2"), "took_part": 2}

    assert write_listing(ListingKind.TRAININGS, [row])[1][6] == "v-1、edu-2"


@pytest.mark.parametrize(
    ("kind", "column", "values"),
    [
        (ListingKind.EDUCATORS, "kind", EducatorKind),
        (ListingKind.CARE_CASES, "need", CareNeed),
        (ListingKind.CARE_CASES, "close_reason", CloseReason),
        (ListingKind.CARE_CASES, "standing", CaseStanding),
    ],
)
def test_every_value_has_a_word(kind: ListingKind, column: str, values: type[EducatorKind]) -> None:
    rows = write_listing(kind, [{"street": "320507001", column: value} for value in values])[1:]

    assert not {cell for row in rows for cell in row} & set(values)
