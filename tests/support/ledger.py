"""The ledger check: every fact that was recorded is applied everywhere it is heard, once, and views are its fold."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from pydantic_core import from_json

from contracts.envelope import Fact, unwrap
from contracts.facts import HEARD_BY, by_type
from contracts.feeds.feeds import FEEDS, FeedName
from contracts.reference.calendar import day_of
from services.archives import projector as archives
from services.feeds import projector as feeds
from services.feeds.domain.entries import make_entries
from services.feeds.views.pages import PAGES
from services.registration.deadlines import Policy
from services.registration.domain.settling import Now, Rules, derive_owed_facts
from services.registration.domain.transfers import derive_transfers
from services.registration.views.people import find_known_people
from services.reporting import projector as reporting
from services.reporting.views.contributions import UNCOUNTED
from services.runtime.clock import Clock, system_clock
from services.runtime.journal import JOURNAL, routing_keys_of
from services.runtime.mongo import Database
from tests.support.counting import find_uncounted

ROWS: Mapping[str, Mapping[str, str]] = {
    "registration": {
        "stay": "stays",
        "notice": "notices",
        "answer": "answers",
        "person": "people",
        "conflict": "conflicts",
    },
    "archives": {
        "archive": "archives", "entry": "entries", "forwarded": "copies", "enrolment": "enrolments",
        "custody": "custodies", "stay": "stays", "person": "people",
        "prescription": "prescriptions", "sign_in": "sign_ins",
    },
    "outreach": {
        "announcement": "announcements",
        "stay": "residents", "activity": "activities", "board": "boards", "board_issue": "board_issues",
        "care_case": "care_cases", "educator": "educators",
        "counselling_room": "counselling_rooms", "exposure": "exposures",
        "institution": "institutions", "training": "trainings",
        "material": "materials", "movement": "movements", "play": "plays",
        "article": "articles", "supply": "supplies", "prescription": "prescriptions",
        "prescription_use": "prescription_uses", "year_plan": "year_plans", "honour": "honours",
        "message": "messages", "template": "templates", "preference": "preferences",
        "standing_order": "standing_orders", "sign_in": "sign_ins",
        "questionnaire": "questionnaires", "survey": "surveys", "survey_sample": "survey_samples",
        "survey_answer": "survey_answers",
    },
    "reporting": {
        "stay": "stays", "archive": "archives", "entry": "entries", "enrolment": "enrolments",
        "activity": "activities", "notice": "notices", "answer": "answers", "person": "people", "conflict": "conflicts",
        "article": "articles", "board": "boards", "board_issue": "board_issues", "exposure": "exposures",
        "institution": "institutions", "movement": "movements", "play": "plays",
        "prescription_use": "prescription_uses", "survey_answer": "survey_answers", "training": "trainings",
        "supervision": "supervisions", "target": "targets", "figure": "figures", "report": "reports",
    },
    "feeds": {"subscription": "subscriptions"},
}  # fmt: skip
"""Where each hearer keeps its row of each kind of stream."""

EVERYWHERE: Mapping[str, tuple[type[Fact], ...]] = {
    "registration": HEARD_BY["registration"],
    "archives": archives.EVERYWHERE,
    "feeds": feeds.EVERYWHERE,
    "reporting": reporting.EVERYWHERE,
}
"""What a service hears of every instance, not only of its own."""


async def find_losses(
    instances: list[Mapping[str, Database]], *, parked: int = 0, clock: Clock = system_clock
) -> list[str]:
    """Return what is lost, doubled, stale or under way among instances that share one broker; nothing means whole.

    Of other instances each service hears what it hears everywhere, and of its own all that it hears.
    """
    losses: list[str] = []
    told = [await read_journals(databases, losses) for databases in instances]
    for index, databases in enumerate(instances):
        everywhere = [event for events in told for event in events]
        for service, database in databases.items():
            heard = find_heard(service, told[index], everywhere)
            losses += await _check_rows(service, database, heard)
            if service == "feeds":
                for feed in FEEDS:
                    losses += await _check_pages(database, heard, districts_of(told[index]), feed)
                losses += await _check_releases(database)
            if service == "reporting" and (await database[UNCOUNTED].find_one() or await find_uncounted(database)):
                losses.append("reporting: somebody waits to be counted")
            lying = await database["parked"].count_documents({})
            if lying != parked:
                losses.append(f"{service}: {lying} parked, not {parked}")
        if "archives" in databases:
            losses += _check_archives(told[index])
        if "registration" in databases:
            losses += await _check_settled(databases["registration"], clock)
    return losses


def find_heard(
    service: str, own: Iterable[dict[str, Any]], everywhere: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what a service of an instance hears, each event once: what is told to its districts, or to everybody."""
    far = by_type(EVERYWHERE.get(service, ()))
    near = by_type(HEARD_BY[service]).keys() - far.keys()
    districts = districts_of(own)
    return [
        event
        for event in everywhere
        if event["type"] in far or (event["type"] in near and not districts.isdisjoint(event["told"]))
    ]


def districts_of(own: Iterable[dict[str, Any]]) -> set[str]:
    """Return the districts that an instance said something of."""
    return {event["source"].split("/")[2] for event in own}


async def read_journals(databases: Mapping[str, Database], losses: list[str]) -> list[dict[str, Any]]:
    """Read every event that an instance recorded, and note what is unsent or missing."""
    events: list[dict[str, Any]] = []
    for service, database in databases.items():
        ends: dict[str, int] = {}
        async for commit in database[JOURNAL].find().sort("_id", 1):
            if commit["sent_at"] is None or "unheard" in commit:
                losses.append(f"{service}: {commit['_id']} not sent")
            for fact in commit["facts"]:
                event = from_json(fact["event"])
                event["told"] = {key.rpartition(".")[2] for key in routing_keys_of(fact)}
                if event["sequence"] != ends.get(event["subject"], 0) + 1:
                    losses.append(f"{service}: gap before {event['subject']}#{event['sequence']}")
                ends[event["subject"]] = event["sequence"]
                events.append(event)
    return events


async def _check_rows(service: str, database: Database, heard: list[dict[str, Any]]) -> list[str]:
    newest: dict[str, dict[str, int]] = {kind: {} for kind in ROWS[service]}
    for event in heard:
        kind, name, sequence = _row_of(service, event)
        if kind in newest:
            newest[kind][name] = max(sequence, newest[kind].get(name, 0))
    losses = []
    for kind, collection in ROWS[service].items():
        rows = {row["_id"]: row["sequence"] async for row in database[collection].find({}, {"sequence": 1})}
        missing = newest[kind].keys() - rows.keys()
        invented = rows.keys() - newest[kind].keys()
        stale = [name for name in rows.keys() & newest[kind].keys() if rows[name] != newest[kind][name]]
        for what, names in (("missing", missing), ("invented", invented), ("stale", stale)):
            if names:
                losses.append(f"{service}.{collection}: {len(names)} {what}, e.g. {min(names)}")
    return losses


def _row_of(service: str, event: dict[str, Any]) -> tuple[str, str, int]:
    """Return an event's kind of stream, row id and sequence; reporting keeps a forwarded entry as the entry it is."""
    kind, _, name = event["subject"].partition("/")
    if kind == "forwarded" and service == "reporting":
        entry = event["data"]["entry"]
        return "entry", entry["entry_id"], len(entry.get("earlier", ())) + 1
    return kind, name, event["sequence"]


async def _check_pages(
    database: Database, heard: list[dict[str, Any]], districts: Collection[str], feed: FeedName
) -> list[str]:
    """Return in which districts a feed's pages have a gap, or other entries than follow from what was heard."""
    positions: dict[str, list[int]] = {}
    kept: list[str] = []
    async for page in database[PAGES[feed]].find({"district": {"$in": list(districts)}}):
        for position, entry in enumerate(page["entries"], start=page["first"]):
            positions.setdefault(page["district"], []).append(position)
            kept.append(entry["id"])
    losses = [
        f"{feed} of {district}: positions are not 1 to {len(found)}"
        for district, found in positions.items()
        if sorted(found) != list(range(1, len(found) + 1))
    ]
    facts = by_type(FEEDS[feed].facts)
    events = [unwrap(event, facts) for event in heard if event["type"] in facts]
    owed = [entry.kept["id"] for event in events for entry in make_entries(event) if entry.district in districts]
    if sorted(kept) != sorted(owed):
        losses.append(f"{feed}: {len(kept)} entries, not {len(owed)}")
    return losses


async def _check_releases(database: Database) -> list[str]:
    """Return which audiences have a gap in their positions, or were told something twice."""
    told: dict[str, list[tuple[int, str]]] = {}
    async for release in database["releases"].find().sort([("audience", 1), ("number", 1)]):
        numbered = enumerate((event["id"] for event in release["entries"]), start=release["first"])
        told.setdefault(release["audience"], []).extend(numbered)
    return [
        f"feed of {audience}: a gap, or an event twice"
        for audience, events in told.items()
        if [position for position, _ in events] != list(range(1, len(events) + 1))
        or len({name for _, name in events}) != len(events)
    ]


def _check_archives(events: list[dict[str, Any]]) -> list[str]:
    owed = {f"{e['personid']}@{e['division'][:6]}" for e in events if e["subject"].startswith("stay/")}
    opened = {e["subject"].removeprefix("archive/") for e in events if e["subject"].startswith("archive/")}
    return [f"archives: {len(owed - opened)} not opened"] if owed - opened else []


async def _check_settled(database: Database, clock: Clock) -> list[str]:
    """Return what the districts that this journal writes for still owe, and how many derived rows are stale."""
    own = {row["stream"] async for row in database[JOURNAL].find({}, {"stream": 1})}
    policy = Policy.load()
    moment = clock()
    owed, stale = 0, 0
    movers = {row["_id"]: row["transfers"] async for row in database["movers"].find({}, {"transfers": 1})}
    stages: list[dict[str, Any]] = [  # whoever has one open stay and no more owes nothing
        {"$group": {"_id": "$person_id", "states": {"$push": "$state"}}},
        {"$match": {"states": {"$ne": ["open"]}}},
    ]
    people = {row["_id"] async for row in database["stays"].aggregate(stages)} | movers.keys()
    for known in await find_known_people(database, people):
        districts = {stay.district for stay in known.knowledge.stays if f"stay/{stay.stay_id}" in own}
        served = Rules(policy, lambda _: True, partial(_is_of, districts))
        owed += len(list(derive_owed_facts(known.knowledge, served, Now(moment, day_of(moment)))))
        transfers = [transfer.model_dump(mode="json") for transfer in derive_transfers(known.knowledge)]
        stale += transfers != movers.get(known.person_id, [])
    losses = [f"registration: {owed} facts still owed"] if owed else []
    return losses + ([f"registration.movers: {stale} stale"] if stale else [])


def _is_of(districts: set[str], code: str) -> bool:
    return code[:6] in districts
