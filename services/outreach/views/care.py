"""The rows of cases of care, who is in need, and where cases stand by what is heard of the people's stays."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from contracts.outreach.care import CareCase, CareNeed
from contracts.reference.divisions import Area
from contracts.registration.stays import Ending, StayState
from services.outreach.domain.care import CaseStanding, Lived, seen_by, standing_of
from services.outreach.domain.needs import Need
from services.outreach.views.pages import find_page
from services.outreach.views.residents import IS_REPORTED, RESIDENTS, segment_query
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

CARE_CASES = "care_cases"


class InNeed(NamedTuple):
    """Somebody who is in need by what is registered, the household, and the open case if there is one."""

    street: str
    person_id: str
    household: str
    case_id: str | None = None


async def prepare(database: Database) -> None:
    """Make the indexes of cases by street, by person, and of open ones by the day on which somebody was there."""
    await make_index(database[CARE_CASES], [("street", 1), ("_id", 1)], name="street")
    await make_index(database[CARE_CASES], [("person_id", 1), ("street", 1)], name="person")


def care_case_row(case: CareCase, sequence: int) -> Row:
    """Return the row of a case, with the day on which somebody was there last."""
    fields = case.model_dump(mode="json", exclude={"case_id"})
    return Row(CARE_CASES, case.case_id, sequence, {**fields, "last_seen_on": case.last_seen_on.isoformat()})


async def list_cases(
    database: Database, areas: Sequence[Area], wanted: tuple[CareNeed | None, bool], after: str, limit: int
) -> list[tuple[CareCase, CaseStanding]]:
    """Return cases of areas by street and id, those after a cursor, and where they stand: of a need, open, or all."""
    need, only_open = wanted
    also: Document = {"need": need.value} if need else {}
    if only_open:
        also["closed_on"] = None
    return await _stand(database, await find_page(database, CARE_CASES, areas, after, limit, **also))


async def list_unvisited(
    database: Database, areas: Sequence[Area], today: date, after: str, limit: int
) -> list[tuple[CareCase, CaseStanding]]:
    """Return cases of areas that are not closed and to which nobody came for too long, and where they stand."""
    late = [{"need": need.value, "last_seen_on": {"$lt": seen_by(need, today).isoformat()}} for need in CareNeed]
    found = await find_page(database, CARE_CASES, areas, after, limit, **{"closed_on": None, "$or": late})
    return await _stand(database, found)


async def find_cases_between(
    database: Database, areas: Sequence[Area], first: date, last: date
) -> list[tuple[CareCase, CaseStanding]]:
    """Return cases of areas that may have been open, or visited, between two days, and where they stand."""
    day = first.isoformat()
    going_on: list[Document] = [{"closed_on": None}, {"closed_on": {"$gte": day}}, {"earlier.closed_on": {"$gte": day}}]
    begun: list[Document] = [
        {"opened_on": {"$lte": last.isoformat()}},
        {"earlier.opened_on": {"$lte": last.isoformat()}},
    ]
    query: Document = {"street": in_areas(areas), "$and": [{"$or": going_on}, {"$or": begun}]}
    return await _stand(database, [row async for row in database[CARE_CASES].find(query, hint="street")])


async def find_standings(database: Database, cases: Sequence[CareCase]) -> list[CaseStanding]:
    """Return where each of some cases stands."""
    lived = await _find_lived(database, {case.person_id for case in cases})
    return [standing_of(case, lived.get((case.person_id, case.street), ())) for case in cases]


async def find_in_need(
    database: Database,
    areas: Sequence[Area],
    wanted: tuple[Need, tuple[date, date] | None, date],
    after: str,
    limit: int,
) -> list[InNeed]:
    """Return who is in a need on a day by what is registered, by street and person, those after a cursor.

    With a period they came to live there in it, where their household is registered.
    """
    need, period, today = wanted
    query: Document = segment_query(need.segment, areas, today)
    if period is None:
        query |= IS_REPORTED
    else:
        query |= {"at_home": True, "started_on": {"$gte": period[0].isoformat(), "$lte": period[1].isoformat()}}
    if after:
        street, _, person = after.partition("|")
        query = {
            "$and": [query, {"$or": [{"street": {"$gt": street}}, {"street": street, "person_id": {"$gt": person}}]}]
        }
    found = database[RESIDENTS].find(query, {"street": 1, "person_id": 1, "household": 1})
    found = found.hint("reported" if period is None else "arrival").sort([("street", 1), ("person_id", 1)]).limit(limit)
    people = [InNeed(row["street"], row["person_id"], row["household"]) async for row in found]
    cases = await _find_open(database, need.need, [one.person_id for one in people])
    return [one._replace(case_id=cases.get((one.person_id, one.street))) for one in people]


async def _find_open(database: Database, need: CareNeed, people: Iterable[str]) -> dict[tuple[str, str], str]:
    query = {"person_id": {"$in": list(people)}, "need": need.value, "closed_on": None}
    found = database[CARE_CASES].find(query, {"person_id": 1, "street": 1}, hint="person")
    return {(row["person_id"], row["street"]): row["_id"] async for row in found}


async def _stand(database: Database, rows: Iterable[Document]) -> list[tuple[CareCase, CaseStanding]]:
    cases = [CareCase.model_validate({**row, "case_id": row["_id"]}) for row in rows]
    return list(zip(cases, await find_standings(database, cases), strict=True))


async def _find_lived(database: Database, people: Iterable[str]) -> dict[tuple[str, str], list[Lived]]:
    """Return the stays of people by person and street."""
    lived: dict[tuple[str, str], list[Lived]] = {}
    query = {"person_id": {"$in": sorted(people)}}
    shown = {"person_id": 1, "street": 1, "started_on": 1, "state": 1, "ending": 1}
    async for row in database[RESIDENTS].find(query, shown, hint="person"):
        ending = Ending(row["ending"]) if row.get("ending") else None
        stay = Lived(date.fromisoformat(row["started_on"]), StayState(row["state"]), ending)
        lived.setdefault((row["person_id"], row["street"]), []).append(stay)
    return lived
