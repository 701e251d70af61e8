"""What proves an activity: which items each kind of activity needs, which are missing, and when one may be filed."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from contracts.outreach.activities import Activity, ActivityKind, ActivityState, EvidenceFiled, EvidencePackCompleted
from contracts.outreach.evidence import Evidence, EvidenceItem
from contracts.outreach.files import FileKind, StoredFile
from contracts.refusals import RefusedError
from services.outreach.domain.activities import CancelledError, NotHeldError

MOST_FILES = 60
"""Files of one activity, which stand in each of its facts."""
_ANY_DOCUMENT = frozenset(FileKind)
_BEFORE = frozenset({EvidenceItem.NOTICE, EvidenceItem.MATERIALS})
"""The items that there are before an activity is held."""

_CHINESE: Mapping[EvidenceItem, str] = {
    EvidenceItem.NOTICE: "通知",
    EvidenceItem.SIGN_IN: "签到表",
    EvidenceItem.MATERIALS: "资料",
    EvidenceItem.PHOTO: "照片",
    EvidenceItem.SUMMARY: "小结",
    EvidenceItem.EVALUATION: "评价",
}


def load_needed() -> Mapping[ActivityKind, tuple[EvidenceItem, ...]]:
    """Return which items each kind of activity needs, from the table beside this module."""
    with Path(__file__).with_name("evidence.csv").open(encoding="utf-8", newline="") as table:
        return {
            ActivityKind(row["kind"]): tuple(map(EvidenceItem, row["needed"].split())) for row in csv.DictReader(table)
        }


NEEDED = load_needed()


class TooManyFilesError(RefusedError):
    """The activity has as many files as it may have."""

    code = "too_many_files"
    advice = "该活动的佐证文件已达 60 个。The activity has 60 files already; hand in no more."


class EvidenceMissingError(RefusedError):
    """The evidence lacks items that the kind of activity needs; `field` is the first of them."""

    code = "evidence_missing"

    def __init__(self, items: Sequence[EvidenceItem]) -> None:
        super().__init__(*items)
        chinese = "、".join(_CHINESE[item] for item in items)
        self.advice = f"佐证材料不全，缺：{chinese}。The evidence lacks: {', '.join(items)}; file that first."
        self.field = items[0]


def kinds_of(item: EvidenceItem) -> frozenset[FileKind]:
    """Return which kinds of file an item may be: a photo is a picture, the rest anything that can be filed."""
    return frozenset({FileKind.PICTURE}) if item is EvidenceItem.PHOTO else _ANY_DOCUMENT


def missing(activity: Activity) -> tuple[EvidenceItem, ...]:
    """Return the items that an activity of this kind needs and has not."""
    there = {one.item for one in activity.evidence}
    return tuple(item for item in NEEDED[activity.kind] if item not in there)


def complete(activity: Activity, today: date) -> EvidencePackCompleted | None:
    """Return the fact that the evidence is complete; None if that is recorded already.

    Raise NotHeldError or EvidenceMissingError if it is not.
    """
    if activity.held_on is None:
        raise NotHeldError
    if activity.evidence_complete_on is not None:
        return None
    if items := missing(activity):
        raise EvidenceMissingError(items)
    return EvidencePackCompleted(activity=activity.model_copy(update={"evidence_complete_on": today}))


def must_take(activity: Activity, item: EvidenceItem) -> None:
    """Raise CancelledError, NotHeldError or TooManyFilesError if nothing can be filed under an item now."""
    if activity.state is ActivityState.CANCELLED:
        raise CancelledError
    if item not in _BEFORE and activity.held_on is None:
        raise NotHeldError
    if len(activity.evidence) >= MOST_FILES:
        raise TooManyFilesError


def file_evidence(activity: Activity, item: EvidenceItem, file: StoredFile) -> EvidenceFiled | None:
    """Return the fact that a file was filed under an item; None if the same content is there already.

    Raise what `must_take` raises.
    """
    if any((one.item, one.file.sha256) == (item, file.sha256) for one in activity.evidence):
        return None
    must_take(activity, item)
    evidence = (*activity.evidence, Evidence(item=item, file=file))
    return EvidenceFiled(activity=activity.model_copy(update={"evidence": evidence}))
