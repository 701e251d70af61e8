"""What will soon be due is announced once, whoever else is overdue, and MongoDB reads only who is concerned."""

from datetime import UTC, date, datetime, timedelta

from contracts.archives.announcements import DutyAnnounced
from contracts.archives.archives import Archive
from contracts.archives.enrolments import Duty, DutyKind, DutyReason
from deploy.local.stack import Stack
from services.archives.commands.announcements import announce_due
from services.archives.views.rows import ARCHIVES, archive_key, archive_row
from services.archives.views.summaries import Summary, write_summaries
from services.runtime.mongo import Database, write_rows
from services.runtime.service import Service
from tests.support.facts import FIRST_MOMENT
from tests.support.instance import running_instance

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
HERE, THERE = "320507001", "320812001"


def duty(days: int, kind: DutyKind = DutyKind.VACCINATION) -> Duty:
    return Duty(kind=kind, due_on=TODAY + timedelta(days=days), reason=DutyReason.SCHEDULE)


async def keep(database: Database, number: int, street: str, duties: list[Duty], *, held: bool = True) -> str:
    """Keep an archive whose summary says what is due; return the person's id."""
    person = f"{number:032x}"
    archive = Archive(person_id=person, district=street[:6], street=street, opened_at=FIRST_MOMENT)
    due_on = min((one.due_on for one in duties), default=None)
    summary = Summary(street=street, district=street[:6], held=held, duties=duties, next_due_on=due_on)
    await write_rows(database, [archive_row(archive, 1)])
    await write_summaries(database, {archive_key(person, street[:6]): (1, summary)})
    return person


async def test_what_will_soon_be_due_is_announced_once(stack: Stack) -> None:
    async with running_instance(stack, ["archives"], districts=HERE[:6], clock=lambda: NOW) as instance:
        database = instance.database("archives")
        service: Service = instance.apps["archives"].state.service
        for number in range(100, 160):
            await keep(database, number, HERE, [duty(40 + number % 9)])
        soon = await keep(database, 1, HERE, [duty(3), duty(3, DutyKind.CHILD_VISIT)])
        overdue_too = await keep(database, 2, HERE, [duty(-90), duty(0)])
        await keep(database, 3, HERE, [duty(4)])
        await keep(database, 4, HERE, [duty(2)], held=False)
        await keep(database, 5, THERE, [duty(2)])

        await database.command({"profile": 2})
        announced = [await announce_due(service) for _ in range(2)]
        await database.command({"profile": 0})

        found = await service.journal.load_streams_of((soon, overdue_too))
        events = [event.data.announcement for event in found if isinstance(event.data, DutyAnnounced)]
        read = await database["system.profile"].find({"op": "query", "ns": f"{database.name}.{ARCHIVES}"}).to_list(None)
    assert announced == [3, 0]
    assert sorted((one.person_id, str(one.kind), one.due_on) for one in events) == [
        (soon, "follow_up", TODAY + timedelta(days=3)),
        (soon, "vaccination", TODAY + timedelta(days=3)),
        (overdue_too, "vaccination", TODAY),
    ]
    assert max(one["docsExamined"] for one in read) <= 5
