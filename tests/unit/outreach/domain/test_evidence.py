"""Evidence: what each kind of activity needs, what is missing, and when the pack is complete."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.activities import Activity, ActivityKind, ActivityState, Audience
from contracts.outreach.evidence import Evidence, EvidenceItem
from contracts.outreach.files import FileKind, StoredFile
from contracts.refusals import RefusedError
from services.outreach.domain.evidence import (
    MOST_FILES,
    NEEDED,
    EvidenceMissingError,
    complete,
    file_evidence,
    kinds_of,
    missing,
)

TODAY = date(2026, 11, 20)
PLANNED = Activity(
    activity_id="7" * 32,
    street="320507001",
    kind=ActivityKind.LECTURE,
    topic="高血压",
    audience=Audience.ELDERLY,
    planned_on=TODAY,
)
HELD = PLANNED.model_copy(update={"state": ActivityState.HELD, "held_on": TODAY, "attendance": 31})
ITEMS = st.lists(st.sampled_from(EvidenceItem), max_size=12)


def make_file(number: int) -> StoredFile:
    return StoredFile(file_id=f"{number:032x}", kind=FileKind.PDF, size=1, sha256=f"{number:064x}")


def filed(activity: Activity, items: list[EvidenceItem]) -> Activity:
    for number, item in enumerate(items):
        fact = file_evidence(activity, item, make_file(number))
        assert fact is not None
        activity = fact.activity
    return activity


def test_the_table_has_every_kind_of_activity() -> None:
    assert NEEDED.keys() == set(ActivityKind)
    assert set(NEEDED[ActivityKind.LECTURE]) == set(EvidenceItem)


def test_a_photo_is_a_picture_and_a_summary_is_anything_that_can_be_filed() -> None:
    assert kinds_of(EvidenceItem.PHOTO) == {FileKind.PICTURE}
    assert kinds_of(EvidenceItem.SUMMARY) == set(FileKind)


@given(kind=st.sampled_from(ActivityKind), items=ITEMS)
def test_a_pack_is_complete_exactly_if_every_item_that_is_needed_is_there(
    kind: ActivityKind, items: list[EvidenceItem]
) -> None:
    activity = filed(HELD.model_copy(update={"kind": kind}), items)
    lacking = missing(activity)

    assert set(lacking) == set(NEEDED[kind]) - set(items)
    if not lacking:
        fact = complete(activity, TODAY)
        assert fact is not None
        assert complete(fact.activity, TODAY) is None, "the same again says nothing new"
        return
    with pytest.raises(EvidenceMissingError) as refused:
        complete(activity, TODAY)
    assert (refused.value.code, refused.value.field) == ("evidence_missing", lacking[0])


def test_the_same_content_under_the_same_item_is_there_once() -> None:
    once = filed(HELD, [EvidenceItem.PHOTO])

    assert file_evidence(once, EvidenceItem.PHOTO, make_file(0)) is None
    assert file_evidence(once, EvidenceItem.SUMMARY, make_file(0)) is not None


@pytest.mark.parametrize(
    ("activity", "item", "code"),
    [
        (PLANNED, EvidenceItem.PHOTO, "not_held"),
        (PLANNED, EvidenceItem.EVALUATION, "not_held"),
        (PLANNED.model_copy(update={"state": ActivityState.CANCELLED}), EvidenceItem.NOTICE, "cancelled"),
        (
            HELD.model_copy(update={"evidence": (Evidence(item=EvidenceItem.PHOTO, file=make_file(99)),) * MOST_FILES}),
            EvidenceItem.PHOTO,
            "too_many_files",
        ),
    ],
)
def test_nothing_is_filed_of_what_can_not_be_there(activity: Activity, item: EvidenceItem, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        file_evidence(activity, item, make_file(0))

    assert refused.value.code == code
