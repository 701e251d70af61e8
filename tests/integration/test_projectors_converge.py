"""On a real MongoDB each service ends in the same views, however what it hears is ordered, repeated and batched."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contracts.facts import HEARD_BY
from contracts.registration.stays import StayFact, StayStarted
from deploy.local.stack import Stack
from services.archives import projector as archives
from services.archives.domain.repetition import REPETITION
from services.feeds import projector as feeds
from services.feeds.domain.entries import make_entries
from services.feeds.views.pages import Ends
from services.outreach import projector as outreach
from services.registration import projector as registration
from services.reporting import projector as reporting
from services.runtime.journal import JOURNAL
from services.runtime.mongo import Document
from tests.support.counting import BUILD, without_zeros
from tests.support.facts import EventList, envelop, make_stay
from tests.support.histories import batches, heard_by, histories, rounds, stay_histories
from tests.support.instance import SERVICES, Instance, forget_instance

Views = dict[str, list[Document]]

VIEWS = {
    "registration": ("stays", "notices", "answers", "people", "conflicts", "movers"),
    "archives": (
        "archives",
        "entries",
        "copies",
        "enrolments",
        "custodies",
        "stays",
        "people",
        "repetitions",
        "prescriptions",
        "sign_ins",
    ),
    "outreach": (
        "residents",
        "announcements",
        "activities",
        "boards",
        "board_issues",
        "care_cases",
        "counselling_rooms",
        "educators",
        "exposures",
        "trainings",
        "institutions",
        "materials",
        "movements",
        "plays",
        "prescriptions",
        "prescription_uses",
        "year_plans",
        "honours",
        "messages",
        "templates",
        "preferences",
        "sign_ins",
        "questionnaires",
        "surveys",
        "survey_samples",
        "survey_answers",
    ),
    "reporting": (
        "reports",
        "stays",
        "archives",
        "entries",
        "enrolments",
        "activities",
        "notices",
        "answers",
        "people",
        "conflicts",
        "articles",
        "boards",
        "board_issues",
        "exposures",
        "institutions",
        "movements",
        "plays",
        "prescription_uses",
        "supervisions",
        "survey_answers",
        "trainings",
        "targets",
        "figures",
        BUILD.contributions,
        BUILD.counters,
    ),
    "feeds": ("subscriptions",),
}
PATIENT = settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""No shrinking: an example writes to a real database, and a long one says as much as a short one."""


@dataclass(frozen=True)
class Hall:
    """The five services, wired and prepared but not started, and the loop that they live in."""

    instance: Instance
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    async def hear(self, service: str, messages: Sequence[EventList], *, at_once: bool = False) -> None:
        """Let a service hear messages one after the other, or all of them at the same time."""
        app = self.instance.apps[service]
        if service == "registration":
            heard = [registration.hear(app.state.registration, message) for message in messages]
        elif service == "feeds":
            ends: Ends = {}
            heard = [feeds.hear(app.state.service, ends, message) for message in messages]
        elif service == "reporting":
            heard = [reporting.hear(app.state.service, app.state.counting, message) for message in messages]
        else:
            projector = {"archives": archives, "outreach": outreach}[service]
            heard = [projector.hear(app.state.service, message) for message in messages]
        if at_once:
            await asyncio.gather(*heard)
            return
        for each in heard:
            await each

    async def views(self, service: str) -> Views:
        """Read everything that a service shows."""
        return {name: await self.documents(service, name) for name in VIEWS[service]}

    async def documents(self, service: str, collection: str, by: str = "_id") -> list[Document]:
        """Read a whole collection in order."""
        return await self.instance.database(service)[collection].find().sort(by, 1).to_list(None)

    async def empty(self, service: str) -> None:
        """Forget everything that a service heard and said."""
        database = self.instance.database(service)
        for name in await database.list_collection_names():
            await database[name].delete_many({})

    async def views_after(self, service: str, messages: Sequence[EventList], *, at_once: bool = False) -> Views:
        """Return a service's views after it heard messages and nothing else."""
        await self.empty(service)
        await self.hear(service, messages, at_once=at_once)
        if service == "reporting":
            counting = self.instance.apps[service].state.counting
            await asyncio.gather(*(counting.count_all_waiting() for _ in range(3 if at_once else 1)))
        return {name: list(map(_settled_row, rows)) for name, rows in (await self.views(service)).items()}


def _settled_row(row: Document) -> Document:
    """Return a row of reporting without the moments at which it was heard, the order in contributions, and zeros."""
    plain = {name: value for name, value in row.items() if name != "heard_at"}
    if isinstance(row.get("earlier"), dict):
        plain["earlier"] = {sequence: _settled_row(version) for sequence, version in row["earlier"].items()}
    if "c" in row:
        plain["c"] = sorted(row["c"], key=str)
    if "d" in row:
        plain["d"] = without_zeros(row["d"])
    return plain


@pytest.fixture(scope="module")
def hall(stack: Stack) -> Iterator[Hall]:
    """Wire the five services on databases of their own."""
    with asyncio.Runner() as runner:
        instance = Instance(stack, "converge")
        runner.run(_prepare(instance))
        yield Hall(instance, runner.run)
        runner.run(_forget(instance))


async def _prepare(instance: Instance) -> None:
    for service in SERVICES:
        instance.apps[service] = instance.build(service)
        runtime = instance.apps[service].state.service
        await runtime.journal.prepare()
        for step in runtime._prepare:
            await step(runtime.database)


async def _forget(instance: Instance) -> None:
    for app in instance.apps.values():
        app.state.service.client.close()
    await forget_instance(instance.stack, instance.name)


@pytest.mark.parametrize("service", VIEWS)
@PATIENT
@given(data=st.data())
def test_any_order_repetition_and_split_ends_in_the_same_views(service: str, hall: Hall, data: st.DataObject) -> None:
    heard = heard_by(data.draw(histories()), HEARD_BY[service])
    delivered = data.draw(batches(heard))

    in_order = hall.run(hall.views_after(service, [heard]))
    in_disorder = hall.run(hall.views_after(service, delivered))

    assert in_disorder == in_order


@pytest.mark.parametrize("service", VIEWS)
@PATIENT
@given(data=st.data())
def test_messages_heard_at_the_same_time_end_in_the_same_views(service: str, hall: Hall, data: st.DataObject) -> None:
    heard = heard_by(data.draw(histories()), HEARD_BY[service])
    delivered = data.draw(batches(heard))

    in_order = hall.run(hall.views_after(service, [heard]))
    at_once = hall.run(hall.views_after(service, delivered, at_once=True))

    assert at_once == in_order


@pytest.mark.parametrize("at_once", [False, True], ids=["one after the other", "at the same time"])
@PATIENT
@given(data=st.data())
def test_a_feed_has_each_event_once_and_positions_without_gaps(hall: Hall, at_once: bool, data: st.DataObject) -> None:
    heard = data.draw(stay_histories())
    delivered = data.draw(batches(heard))

    hall.run(hall.empty("feeds"))
    hall.run(hall.hear("feeds", delivered, at_once=at_once))
    pages = hall.run(hall.documents("feeds", "stay_pages", by="first"))

    for district in {event.division[:6] for event in heard}:
        own = [page for page in pages if page["district"] == district]
        positions = [page["first"] + index for page in own for index in range(len(page["entries"]))]
        entries = [entry for page in own for entry in page["entries"]]
        told = [entry for event in heard for entry in make_entries(event) if entry.district == district]
        expected = {entry.kept["id"]: entry.kept for entry in told}
        assert positions == list(range(1, len(expected) + 1))
        assert len(entries) == len(expected)
        assert {entry["id"]: entry for entry in entries} == expected


@PATIENT
@given(data=st.data())
def test_archives_owes_the_same_archives_whatever_it_hears_first(hall: Hall, data: st.DataObject) -> None:
    stays = data.draw(stay_histories())
    delivered = data.draw(batches(stays))

    hall.run(hall.views_after("archives", delivered))
    recorded = [commit["_id"] for commit in hall.run(hall.documents("archives", JOURNAL))]
    opened = [commit for commit in recorded if commit.startswith("archive/") and commit.endswith("#00000001")]

    assert sorted(opened) == sorted({f"archive/{event.personid}@{event.division[:6]}#00000001" for event in stays})


@pytest.mark.parametrize("at_once", [False, True], ids=["one after the other", "at the same time"])
@PATIENT
@given(data=st.data())
def test_the_same_readings_for_many_people_are_found_whatever_is_heard_first(
    hall: Hall, at_once: bool, data: st.DataObject
) -> None:
    heard = data.draw(rounds())
    delivered = data.draw(batches(heard))

    in_order = hall.run(hall.views_after("archives", [heard]))
    in_disorder = hall.run(hall.views_after("archives", delivered, at_once=at_once))

    newest = {event.subject: event.data.entry for event in sorted(heard, key=lambda event: event.sequence)}
    alike: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for entry in newest.values():
        if entry.stands:
            alike[entry.street, entry.content.systolic].add(entry.person_id)
    expected = {key: sorted(people) for key, people in alike.items() if len(people) >= REPETITION.people}
    found = [row for row in in_disorder["repetitions"] if row["found"]]
    assert {(row["street"], row["finding"]["values"]["systolic"]): row["people"] for row in found} == expected
    assert in_disorder == in_order


@PATIENT
@given(data=st.data())
def test_registration_owes_the_same_whatever_it_hears_first(hall: Hall, data: st.DataObject) -> None:
    days = data.draw(st.lists(st.integers(0, 5), min_size=2, max_size=4, unique=True))
    streets = ("320507001", "320812001")
    stays = [make_stay(street=streets[index % 2], day=day, recorded=index) for index, day in enumerate(days)]
    delivered = data.draw(batches([event for stay in stays for event in envelop([StayStarted(stay=stay)])]))

    owned = hall.run(_settled(hall, stays, delivered))

    reported = sorted(stays, key=lambda stay: stay.started_on)
    following = {stay.stay_id: rival for stay, rival in pairwise(reported)}
    assert {stay.stay_id for stay in owned if stay.state == "open"} == {reported[-1].stay_id}
    for stay in owned:
        rival = following.get(stay.stay_id)
        if rival is not None and rival.street == stay.street:
            assert (stay.state, stay.ended_on) == ("ended", rival.started_on)
        else:
            assert stay.contested_by == (rival.stay_id if rival else None)


async def _settled(hall: Hall, stays: Sequence[Any], delivered: Sequence[EventList]) -> list[Any]:
    """Record own stays, hear them in the given disorder, and hear what that made registration say."""
    await hall.empty("registration")
    journal = hall.instance.apps["registration"].state.service.journal
    await journal.record([journal.commit(StayStarted(stay=stay), causation="test") for stay in stays])
    await hall.hear("registration", delivered)
    events = await journal.load_streams_of([stays[0].person_id])
    said = len(await hall.documents("registration", JOURNAL))
    await hall.hear("registration", [events, events])
    assert said == len(await hall.documents("registration", JOURNAL)), "settling twice adds nothing"
    return [event.data.stay for event in events if isinstance(event.data, StayFact)]
