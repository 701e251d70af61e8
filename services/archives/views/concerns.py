"""Whom a batch of news concerns: one question about everybody in it, which leaves nothing to do for most newcomers."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

from contracts.archives.archives import Archive
from contracts.registration.stays import Stay
from services.archives.views.education import PRESCRIPTIONS, SIGN_INS
from services.archives.views.rows import ARCHIVES, COPIES, CUSTODIES, ENROLMENTS, ENTRIES, PEOPLE, STAYS, SUMMARY
from services.runtime.mongo import Database, Document, union_with

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Concerns:
    """The people of a batch of whom there is more to do.

    To those in `custody` a district may owe more than an archive: they lived in more than one district, or are
    `recorded`, which means that a death or a merge was heard of them. The summaries of those in `summaries` may change
    at once. `educated` are those among who just got an archive of whose health education was heard.
    """

    custody: AbstractSet[str] = frozenset()
    summaries: AbstractSet[str] = frozenset()
    recorded: AbstractSet[str] = frozenset()
    educated: AbstractSet[str] = frozenset()


async def find_concerns(
    database: Database, people: AbstractSet[str], stays: Iterable[Stay], opened: Iterable[Archive]
) -> Concerns:
    """Return whom news concern: stays, archives that were just opened, and whatever else is about `people`.

    Call it after the rows of the news were written: of two that concern each other the later finds the other.
    """
    streets = _gather((stay.person_id, stay.street) for stay in stays)
    new = _gather((archive.person_id, archive) for archive in opened)
    asked = {*people, *streets, *new}
    if not asked:
        return Concerns()
    found: dict[str, list[Document]] = defaultdict(list)
    async for row in database[STAYS].aggregate(_stages(list(asked), list(streets), list(new)), hint="person"):
        found[row["what"]].append(row)
    recorded = asked.intersection(one for row in found["record"] for one in row["ids"])
    apart = {row["_id"] for row in found["stays"] if len({street[:6] for street in row["streets"]}) > 1}
    moved = {row["_id"] for row in found["stays"] if _has_moved(row["streets"], new.get(row["_id"], ()))}
    kept = {row["person_id"] for row in found["archive"] if _may_change(row, streets[row["person_id"]])}
    entered = {row["person_id"] for row in found["entry"]}
    return Concerns(
        custody=(apart | recorded) & people,
        summaries=moved | kept | entered | recorded.intersection(new),
        recorded=recorded,
        educated={row["person_id"] for row in found["education"]},
    )


def _gather(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for person, one in pairs:
        found[person].append(one)
    return found


def _has_moved(streets: Iterable[str], opened: Collection[Archive]) -> bool:
    """Return whether somebody has a stay in another street of a district than the one that opened the archive there."""
    return any(_is_elsewhere(street, each.street, each.district) for street in streets for each in opened)


def _may_change(archive: Document, streets: Iterable[str]) -> bool:
    """Return whether stays may change the summary of an archive: there is one, or somebody moved within the district.

    Of all others the street that opened the archive keeps it, which is all that a summary would say.
    """
    return archive["summarised"] or any(_is_elsewhere(each, archive["street"], archive["district"]) for each in streets)


def _is_elsewhere(street: str, opened_by: str, district: str) -> bool:
    return street != opened_by and street.startswith(district)


def _stages(asked: list[str], stayed: list[str], opened: list[str]) -> list[Document]:
    """Return the stages that find what is known of people; of a newcomer with one stay nothing is."""
    stages: list[Document] = [
        _among(asked),
        {"$group": {"_id": "$person_id", "streets": {"$addToSet": "$street"}}},
        {"$match": {"$or": [{"streets.1": {"$exists": True}}, {"_id": {"$in": opened}}]}},
        {"$set": {"what": "stays"}},
        union_with(PEOPLE, {"$match": {"ids": {"$in": asked}}}, _shown("record", ids=1)),
    ]
    if stayed:
        summarised = {"$ne": [{"$type": f"${SUMMARY}.sequence"}, "missing"]}
        kept = _shown("archive", person_id=1, district=1, street=1, summarised=summarised)
        stages.append(union_with(ARCHIVES, _among(stayed), kept))
    if opened:
        more = ("entry", (ENTRIES, COPIES, ENROLMENTS, CUSTODIES)), ("education", (PRESCRIPTIONS, SIGN_INS))
        stages += [
            union_with(kind, _among(opened), _shown(what, person_id=1)) for what, kinds in more for kind in kinds
        ]
    return stages


def _among(people: list[str]) -> Document:
    return {"$match": {"person_id": {"$in": people}}}


def _shown(what: str, **fields: object) -> Document:
    return {"$project": {"_id": 0, **fields, "what": {"$literal": what}}}
