"""What archives reads: archives, entries, enrolments, custody, where people live, and each archive's chart.

A chart is what follows from everything known of a person for one district's archive: the open duties, the last dynamic
record, who is in charge. It stands inside the archive's row, worked out anew whenever something is heard of the person,
and guarded by how much was known when it was worked out. So lists per street are read by an index, however many
archives there are.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel
from pymongo import ReturnDocument, UpdateOne

from contracts.archives import Archive
from contracts.custody import Custody
from contracts.divisions import Area
from contracts.enrolments import Duty, Enrolment
from contracts.entries import Entry
from contracts.people import deaths, ever_linked, goes_on, one_person
from contracts.registration import Stay
from contracts.transfers import Person
from services.archives.quality import Finding
from services.archives.repetition import marks_of
from services.runtime.mongo import Database, Document, Row, and_in, bulk_write, find_connected, in_areas, make_index

ARCHIVES = "archives"
ENTRIES = "entries"
COPIES = "copies"
ENROLMENTS = "enrolments"
CUSTODIES = "custodies"
STAYS = "stays"
PEOPLE = "people"
SERIALS = "serials"

_LIVED = {"stay_id", "person_id", "street", "started_on", "recorded_at", "state", "ended_on", "unverified"}
WAITS = "waits_for_chart"
_CHARTED: Document = {"chart.sequence": {"$exists": True}}


async def prepare(database: Database) -> None:
    """Make the indexes that the queries below need."""
    archives = database[ARCHIVES]
    await make_index(archives, [("street", 1), ("_id", 1)], name="street")
    await make_index(archives, "person_id", name="person")
    await make_index(archives, WAITS, name="waiting", partialFilterExpression={WAITS: True})
    await make_index(archives, "code", name="code", partialFilterExpression={"code": {"$type": "string"}})
    await make_index(archives, "aliases.code", name="alias", sparse=True)
    for place in ("street", "district"):
        await make_index(
            archives,
            [(f"chart.{place}", 1), ("chart.next_due_on", 1), ("_id", 1)],
            name=f"due by {place}",
            partialFilterExpression={"chart.next_due_on": {"$type": "string"}},
        )
        await make_index(
            archives,
            [(f"chart.{place}", 1), ("chart.catch_up_on", 1), ("_id", 1)],
            name=f"catch up by {place}",
            partialFilterExpression={"chart.catch_up_on": {"$type": "string"}},
        )
    await make_index(
        archives, "chart.recheck_on", name="recheck", partialFilterExpression={"chart.recheck_on": {"$type": "string"}}
    )
    await make_index(
        archives, [("street", 1), ("state", 1), ("chart.last_dynamic_on", 1), ("opened_at", 1)], name="dead"
    )
    await make_index(
        archives,
        [("street", 1), ("_id", 1)],
        name="paper",
        partialFilterExpression={"chart.paper": {"$type": "string"}},
    )
    await make_index(database[ENTRIES], [("person_id", 1), ("measured_at", 1)], name="person")
    await make_index(database[ENTRIES], "ever_alike", name="alike")
    await make_index(database[COPIES], "person_id", name="person")
    await make_index(database[ENROLMENTS], "person_id", name="person")
    await make_index(database[CUSTODIES], "person_id", name="person")
    await make_index(
        database[CUSTODIES], "offer.offered_at", name="waiting", partialFilterExpression={"offer.state": "open"}
    )
    await make_index(database[CUSTODIES], [("offer.to", 1), ("_id", 1)], name="offered to", sparse=True)
    await make_index(database[STAYS], [("person_id", 1), ("street", 1)], name="person")
    await make_index(database[PEOPLE], "ids", name="ids")


# --- rows


def archive_key(person_id: str, district: str) -> str:
    """Name an archive's row, and that of a district's custody."""
    return f"{person_id}@{district}"


def archive_row(archive: Archive, sequence: int, *, waits: bool = False) -> Row:
    """Make the row of an archive; `waits` for a chart if it is new and something is due by age."""
    fields = archive.model_dump(mode="json")
    if waits:
        fields[WAITS] = True
    return Row(ARCHIVES, archive_key(archive.person_id, archive.district), sequence, fields)


def entry_row(entry: Entry, sequence: int) -> Row:
    """Make the row of an entry, with what makes it alike to others."""
    marks = marks_of(entry)
    alike = {"alike": marks.now, "ever_alike": marks.ever}
    return Row(ENTRIES, entry.entry_id, sequence, {**entry.model_dump(mode="json", exclude={"entry_id"}), **alike})


def copy_row(entry: Entry, by: str, to: str, sequence: int) -> Row:
    """Make the row of an entry that one district sent on to another."""
    fields = {"person_id": entry.person_id, "by": by, "to": to, "entry": entry.model_dump(mode="json")}
    return Row(COPIES, f"{entry.entry_id}@{by}>{to}", sequence, fields)


def enrolment_row(enrolment: Enrolment, sequence: int) -> Row:
    """Make the row of an enrolment."""
    row_id = f"{enrolment.person_id}:{enrolment.condition}@{enrolment.district}"
    return Row(ENROLMENTS, row_id, sequence, enrolment.model_dump(mode="json"))


def custody_row(custody: Custody, sequence: int) -> Row:
    """Make the row of what a district says about custody."""
    return Row(CUSTODIES, archive_key(custody.person_id, custody.district), sequence, custody.model_dump(mode="json"))


def stay_row(stay: Stay, sequence: int) -> Row:
    """Make the row of a stay: where somebody lives, and no more of it."""
    return Row(STAYS, stay.stay_id, sequence, stay.model_dump(mode="json", include=_LIVED))


def person_row(person: Person, sequence: int) -> Row:
    """Make the row of what a district knows of a person, with all ids that ever were the same person's."""
    ids = sorted({person.person_id, *person.linked})
    fields = {**person.model_dump(mode="json"), "ids": ids}
    return Row(PEOPLE, archive_key(person.person_id, person.district), sequence, fields)


# --- everything about some people


@dataclass(slots=True)
class Heard:
    """What was heard of one person.

    `aliases` are the archives of ids that were merged into this one; what was entered under them counts here.
    `merged_into` is the id that the person goes on as, where that is another, `died_on` the earliest day of death that
    a district knows of any of the ids. `weight` grows with everything heard and says who knew more, `entered` with what
    is in archives alone.
    """

    archives: dict[str, Archive] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    custodies: dict[str, Custody] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    copies: list[tuple[str, Entry]] = field(default_factory=list)
    enrolments: list[Enrolment] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    died_on: date | None = None
    merged_into: str | None = None
    aliases: list[Archive] = field(default_factory=list)
    weight: int = 0
    entered: int = 0

    def entries_known_to(self, district: str) -> dict[str, Entry]:
        """Give the entries that a district made or was sent, in the newest version of each."""
        known: dict[str, Entry] = {}
        sent = (entry for to, entry in self.copies if to == district)
        for entry in (*(entry for entry in self.entries if entry.district == district), *sent):
            if entry.entry_id not in known or known[entry.entry_id].version < entry.version:
                known[entry.entry_id] = entry
        return known


async def find_heard(database: Database, person_ids: Iterable[str]) -> dict[str, Heard]:
    """Find everything that was heard of people, by person; of who was merged into one of them, what was entered too."""
    asked = set(person_ids)
    told = await _find_linked(database, asked)
    records = [Person.model_validate(row) for row in told]
    linked = ever_linked(records)
    people = list(asked.union(*(linked.get(person, ()) for person in asked)))
    found = await _read(database, people)
    _merge(found, records)
    grown = {person: (found[person].weight, found[person].entered) for person in people}
    for person in asked & linked.keys():
        others = linked[person] - {person}
        found[person].weight += sum(grown[other][1] for other in others)
        found[person].weight += sum(row["sequence"] for row in told if row["person_id"] in linked[person])
    return {person: heard for person, heard in found.items() if person in asked}


async def _read(database: Database, people: Sequence[str]) -> defaultdict[str, Heard]:
    """Read what was heard of people under each of their ids."""
    found: defaultdict[str, Heard] = defaultdict(Heard)

    def of(row: Document, *, entered: bool = False) -> Heard:
        heard = found[row["person_id"]]
        heard.weight += row["sequence"]
        heard.entered += row["sequence"] if entered else 0
        return heard

    async for row in _rows(database, ENTRIES, people):
        of(row, entered=True).entries.append(read_entry(row))
    async for row in _rows(database, COPIES, people):
        of(row, entered=True).copies.append((row["to"], Entry.model_validate(row["entry"])))
    async for row in _rows(database, ENROLMENTS, people):
        of(row).enrolments.append(Enrolment.model_validate(row))
    async for row in _rows(database, CUSTODIES, people):
        of(row).custodies[row["district"]] = Custody.model_validate(row)
    async for row in _rows(database, STAYS, people):
        of(row).stays.append(Stay.model_validate(row))
    async for row in _rows(database, ARCHIVES, people):
        of(row, entered=True).archives[row["district"]] = Archive.model_validate(row)
        found[row["person_id"]].versions[row["district"]] = row["sequence"]
    return found


def _merge(found: Mapping[str, Heard], records: Sequence[Person]) -> None:
    """Let what was entered under the ids of one person count for the id that goes on."""
    for person, died_on in deaths(records).items():
        found[person].died_on = died_on
    for ids in set(one_person(records).values()):
        survivor = goes_on(ids, records)
        for alias in sorted(ids - {survivor}):
            found[alias].merged_into = survivor
            found[survivor].entries += found[alias].entries
            found[survivor].copies += found[alias].copies
            found[survivor].aliases += found[alias].archives.values()


async def _find_linked(database: Database, person_ids: Iterable[str]) -> list[Document]:
    """Find what is known of people and of all who were ever linked to them, at any remove."""
    return await find_connected(database[PEOPLE], person_ids)


async def find_linked(database: Database, person_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Find for each of the people who was ever merged all ids that they were ever linked to."""
    return ever_linked(Person.model_validate(row) for row in await _find_linked(database, person_ids))


def _rows(database: Database, collection: str, people: Sequence[str]) -> AsyncIterator[Document]:
    found: AsyncIterator[Document] = database[collection].find({"person_id": {"$in": people}})
    return found


def read_entry(row: Mapping[str, Any]) -> Entry:
    """Read an entry's row."""
    return Entry.model_validate({**row, "entry_id": row["_id"]})


async def find_concerned(database: Database, person_ids: Iterable[str]) -> set[str]:
    """Find those of the people of whom a district may owe more than an archive.

    They lived in more than one district, or something was said of their death or of who they are.
    """
    people = list(person_ids)
    stages: list[Document] = [
        {"$match": {"person_id": {"$in": people}}},
        {"$group": {"_id": "$person_id", "districts": {"$addToSet": {"$substrBytes": ["$street", 0, 6]}}}},
        {"$match": {"districts.1": {"$exists": True}}},
        {"$project": {"ids": ["$_id"]}},
        and_in(PEOPLE, *_told_of(people)),
    ]
    return await _find_among(database[STAYS].aggregate(stages, hint="person"), people)


async def find_with_records(database: Database, person_ids: Iterable[str]) -> set[str]:
    """Find those of the people of whom there is more than an archive and a stay."""
    people = list(person_ids)
    recorded = ({"$match": {"person_id": {"$in": people}}}, {"$project": {"_id": 0, "ids": ["$person_id"]}})
    others = [and_in(kind, *recorded) for kind in (ENTRIES, COPIES, ENROLMENTS, CUSTODIES)]
    return await _find_among(database[PEOPLE].aggregate([*_told_of(people), *others]), people)


def _told_of(people: Sequence[str]) -> tuple[Document, Document]:
    """Ask of whom a death or a merge was told, under whichever of their ids."""
    return {"$match": {"ids": {"$in": people}}}, {"$project": {"_id": 0, "ids": 1}}


async def _find_among(found: AsyncIterator[Document], people: Collection[str]) -> set[str]:
    return {one async for row in found for one in row["ids"]}.intersection(people)


async def find_charted(database: Database, person_ids: Iterable[str]) -> set[str]:
    """Find those of the people of whose archives one has a chart."""
    query = {"person_id": {"$in": list(person_ids)}, **_CHARTED}
    return {row["person_id"] async for row in database[ARCHIVES].find(query, {"person_id": 1}, hint="person")}


# --- charts


class Chart(BaseModel):
    """What follows for one archive: where its person lives now, what is due, when something was last done.

    `paper` says how paper and electronic archive differ; `recheck_on` is the day on which all this may change by
    itself, since a duty lapses.
    """

    street: str
    district: str
    held: bool
    duties: list[Duty] = []
    next_due_on: date | None = None
    catch_up_on: date | None = None
    recheck_on: date | None = None
    last_dynamic_on: date | None = None
    entries: int = 0
    paper: str | None = None
    findings: list[Finding] = []
    found: list[str] = []


async def write_charts(database: Database, charts: Mapping[str, tuple[int, Chart]]) -> None:
    """Write charts, by archive and with how much was known, over those for which less was."""
    await bulk_write(
        database[ARCHIVES],
        [
            UpdateOne(
                {"_id": key, "chart.sequence": {"$not": {"$gte": sequence}}},
                {"$set": {"chart": {**chart.model_dump(mode="json"), "sequence": sequence}}, "$unset": {WAITS: 1}},
            )
            for key, (sequence, chart) in charts.items()
        ],
    )


async def find_waiting_for_chart(database: Database, limit: int) -> list[Archive]:
    """Find new archives that wait for their first chart."""
    waiting = database[ARCHIVES].find({WAITS: True}, hint="waiting").limit(limit)
    return [Archive.model_validate(row) async for row in waiting]


async def find_to_recheck(database: Database, today: date, turning: tuple[date, date], limit: int) -> list[str]:
    """Find people whose duties change by the day: one lapsed, or a birthday in a range of days made them elderly."""
    lapsed = database[ARCHIVES].find(
        {"chart.recheck_on": {"$lte": today.isoformat()}}, {"person_id": 1}, hint="recheck"
    )
    people = [row["person_id"] async for row in lapsed.limit(limit)]
    born = {"$gte": turning[0].isoformat(), "$lte": turning[1].isoformat()}
    uncharted = {"birth": born, "state": "open", "chart.sequence": {"$exists": False}}
    elderly = database[ARCHIVES].find(uncharted, {"person_id": 1}).limit(limit)
    return [*people, *[row["person_id"] async for row in elderly]]


async def find_late_offers(database: Database, before: datetime, limit: int) -> list[str]:
    """Find people whose archive has been offered since before a moment and was not answered."""
    query = {"offer.state": "open", "offer.offered_at": {"$lt": before.isoformat()}}
    late = database[CUSTODIES].find(query, {"person_id": 1}, hint="waiting").limit(limit)
    return [row["person_id"] async for row in late]


# --- what is asked for


class DueArchive(BaseModel):
    """One person of a duty list: what is due up to the day asked for, soonest first."""

    person_id: str
    street: str
    next_due_on: date
    duties: list[Duty]


class DutyPage(BaseModel):
    """A page of a duty list, overdue first, and the cursor of the next."""

    people: list[DueArchive]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class DutyQuery:
    """Which duties are asked for: where, until which day, from where on; with `catch_up` only vaccinations missed."""

    areas: Sequence[Area]
    until: date
    cursor: str = ""
    limit: int = 100
    catch_up: bool = False

    @property
    def by(self) -> str:
        """Name the day that the list goes by."""
        return "catch_up_on" if self.catch_up else "next_due_on"

    @property
    def index(self) -> str:
        """Name the index that the list goes by."""
        return f"{'catch up' if self.catch_up else 'due'} by {self.place}"

    @property
    def place(self) -> str:
        """Name what the list is of: a district, or streets."""
        return place_of(self.areas)


def place_of(areas: Sequence[Area]) -> str:
    """Name what some areas are: districts, or streets."""
    return "district" if _are_of_length(areas, 6) else "street"


def in_places(areas: Sequence[Area]) -> Document:
    """Ask for places by their codes, of which an index gives each in order; else by their beginnings."""
    if _are_of_length(areas, 6) or _are_of_length(areas, 9):
        return {"$in": [area.prefix for area in areas]}
    return in_areas(areas)


def _are_of_length(areas: Sequence[Area], digits: int) -> bool:
    return all(len(area.prefix) == digits and not area.without for area in areas)


async def list_duties(database: Database, asked: DutyQuery) -> DutyPage:
    """List who is owed something in a street or district, overdue first."""
    rows: list[Document] = []
    for part, order in _parts(asked):
        wanted = asked.limit + 1 - len(rows)
        if wanted:
            query = {f"chart.{asked.place}": in_places(asked.areas), **part}
            found = database[ARCHIVES].find(query, {"person_id": 1, "chart": 1}, hint=asked.index)
            rows += await found.sort(order).limit(wanted).to_list(wanted)
    last = rows[asked.limit - 1] if len(rows) > asked.limit else None
    people = [_due(row, asked) for row in rows[: asked.limit]]
    return DutyPage(people=people, cursor=f"{last['chart'][asked.by]}|{last['_id']}" if last else None)


def _parts(asked: DutyQuery) -> list[tuple[Document, list[tuple[str, int]]]]:
    """Ask for the rest of the day at which the last page ended, then for the days after it: a stretch of index each.

    Both at once (by `$or`) would read the whole day anew for each page. Gives each query with its order.
    """
    day, _, key = asked.cursor.partition("|")
    by_day = [(f"chart.{asked.by}", 1), ("_id", 1)]
    until: Document = {"$lte": asked.until.isoformat(), "$type": "string"}
    if not asked.cursor:
        return [({f"chart.{asked.by}": until}, by_day)]
    rest_of_day = {f"chart.{asked.by}": {**until, "$eq": day}, "_id": {"$gt": key}}
    return [(rest_of_day, [("_id", 1)]), ({f"chart.{asked.by}": {**until, "$gt": day}}, by_day)]


def _due(row: Document, asked: DutyQuery) -> DueArchive:
    chart = Chart.model_validate(row["chart"])
    days = ((duty.catch_up_on if asked.catch_up else duty.due_on, duty) for duty in chart.duties)
    due = [duty for day, duty in days if day and day <= asked.until]
    return DueArchive(
        person_id=row["person_id"], street=chart.street, next_due_on=min(duty.due_on for duty in due), duties=due
    )


class ListedArchive(BaseModel):
    """An archive as lists show it."""

    person_id: str
    street: str
    opened_at: datetime
    code: str | None = None
    last_dynamic_on: date | None = None
    paper: str | None = None
    paper_reference: str | None = None
    entries: int = 0


class ArchivePage(BaseModel):
    """A page of archives, and the cursor of the next."""

    archives: list[ListedArchive]
    cursor: str | None = None


async def list_dead(database: Database, areas: Sequence[Area], since: date, cursor: str, limit: int) -> ArchivePage:
    """List the archives of a street that are open since before a day and had no dynamic record from then on 死档."""
    query: Document = {
        "street": in_areas(areas),
        "state": "open",
        "chart.held": {"$ne": False},
        "opened_at": {"$lt": since.isoformat()},
        "$or": [{"chart.last_dynamic_on": None}, {"chart.last_dynamic_on": {"$lt": since.isoformat()}}],
    }
    return await _page(database, query, cursor, limit)


async def list_paper_differences(database: Database, areas: Sequence[Area], cursor: str, limit: int) -> ArchivePage:
    """List the archives of a street whose paper and electronic side do not match."""
    return await _page(database, {"chart.street": in_areas(areas), "chart.paper": {"$type": "string"}}, cursor, limit)


async def _page(database: Database, query: Document, cursor: str, limit: int) -> ArchivePage:
    if cursor:
        query = {**query, "_id": {"$gt": cursor}}
    rows = await database[ARCHIVES].find(query).sort("_id", 1).limit(limit + 1).to_list(limit + 1)
    following = rows[limit - 1]["_id"] if len(rows) > limit else None
    return ArchivePage(archives=[_listed(row) for row in rows[:limit]], cursor=following)


def _listed(row: Document) -> ListedArchive:
    chart = row.get("chart") or {}
    paper = row.get("paper") or {}
    told = {name: chart.get(name) for name in ("last_dynamic_on", "paper")}
    return ListedArchive.model_validate(
        {**row, **told, "entries": chart.get("entries", 0), "paper_reference": paper.get("reference")}
    )


async def list_offers(database: Database, district: str) -> list[Custody]:
    """List what other districts offer to one that may still be accepted, at most 1,000."""
    found = database[CUSTODIES].find({"offer.to": district, "offer.state": {"$ne": "handed_over"}}, hint="offered to")
    return [Custody.model_validate(row) for row in await found.limit(1000).to_list(1000)]


async def find_archives_of(database: Database, person_id: str) -> list[Archive]:
    """Find a person's archives, one for each district."""
    return [Archive.model_validate(row) async for row in _rows(database, ARCHIVES, [person_id])]


async def find_by_code(database: Database, code: str) -> list[Archive]:
    """Find archives by their 17-digit code or an alias of it."""
    query = {"$or": [{"code": code}, {"aliases.code": code}]}
    return [Archive.model_validate(row) async for row in database[ARCHIVES].find(query).limit(20)]


async def find_chart(database: Database, person_id: str, district: str) -> Chart | None:
    """Find the chart of an archive."""
    row = await database[ARCHIVES].find_one({"_id": archive_key(person_id, district)}, {"chart": 1})
    return Chart.model_validate(row["chart"]) if row and "chart" in row else None


async def find_deaths(database: Database, people: Iterable[str]) -> Mapping[str, date]:
    """Find on which day people died, under whichever of their ids, the earliest that a district knows of."""
    return deaths([Person.model_validate(row) for row in await _find_linked(database, people)])


async def count_archives(database: Database, areas: Sequence[Area]) -> int:
    """Count the archives that were opened in a division."""
    return await database[ARCHIVES].count_documents({"street": in_areas(areas)}, hint="street")


async def take_serial(database: Database, prefix: str) -> int:
    """Take the next serial of a committee; one that is not used after all leaves a gap."""
    row = await database[SERIALS].find_one_and_update(
        {"_id": prefix}, {"$inc": {"last": 1}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    return int(row["last"])
