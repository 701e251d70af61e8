"""Two instances on one broker: what concerns two districts is heard by both instances, the rest at home alone."""

from contracts.envelope import Fact
from contracts.registration.notices import NoticeReceived, NoticeSent
from contracts.registration.people import PersonDied
from contracts.registration.stays import StayStarted
from deploy.local.stack import Stack
from tests.support.facts import FIRST_DAY, PEOPLE, make_answer, make_notice, make_person, make_stay
from tests.support.instance import Instance, eventually, running_instance

SERVICES = ("registration", "archives", "reporting")


async def say(instance: Instance, *facts: Fact) -> None:
    """Record facts, one of each stream, as if registration had decided them."""
    journal = instance.apps["registration"].state.service.journal
    await journal.record([journal.commit(fact, causation="test") for fact in facts])


async def test_notices_answers_and_deaths_are_heard_by_both_and_stays_by_their_own(stack: Stack) -> None:
    async with (
        running_instance(stack, SERVICES, districts="320507") as suzhou,
        running_instance(stack, SERVICES, districts="320812") as huaian,
    ):
        left, arriving = make_stay(PEOPLE[0], "320507001", 1), make_stay(PEOPLE[0], "320812001", 5)
        notice = make_notice(arriving, left)
        died = make_person(PEOPLE[1], "320812", died_on=FIRST_DAY)
        await say(huaian, StayStarted(stay=arriving), NoticeSent(notice=notice), PersonDied(person=died))
        await say(suzhou, StayStarted(stay=left), NoticeReceived(answer=make_answer(notice)))

        async def rows(instance: Instance, *names: str) -> list[int]:
            database = instance.database("reporting")
            return [len(await database[name].distinct("_id")) for name in names]

        async def both_know() -> bool:
            heard = [await rows(each, "notices", "answers", "people") for each in (suzhou, huaian)]
            return all(min(each) >= 1 for each in heard)

        async def all_heard() -> bool:
            return await rows(suzhou, "stays") == await rows(huaian, "stays") == [1]

        await eventually(both_know)
        await eventually(all_heard)
        for instance, street in ((suzhou, "320507001"), (huaian, "320812001")):
            assert await instance.database("reporting")["stays"].distinct("street") == [street]
            assert not await instance.database("archives")["parked"].count_documents({})
