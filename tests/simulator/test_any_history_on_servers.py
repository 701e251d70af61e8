"""Anything that offices may ask two districts for over HTTP, on real servers, while one or both go down and come back.

What a district has heard by then is the servers' own affair, so a history that breaks may take another way when it is
run again.
"""

import asyncio
import os
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contracts.registration.notices import AnswerState
from deploy.local.stack import Stack
from tests.simulator.invariants import find_silent_doubles
from tests.support.clerks import Day
from tests.support.facts import FIRST_DAY
from tests.support.neighbours import Neighbours
from tests.support.offices import make_arrival, make_departure

T = TypeVar("T")
CODES = ("320507", "320812")
STREETS = ("320507001", "320507002", "320812001")
PLACES = ("", "境外", "江苏省淮安市清江浦区", "江苏省苏州市相城区")
HISTORIES = int(os.environ.get("HOUNIAO_HISTORIES_ON_SERVERS", "3"))
"""How many histories of up to 50 steps; each takes some seconds."""
DAYS, PEOPLE, ANY = st.integers(0, 50), st.integers(1, 2), st.integers(0, 30)
REFUSED = {403, 404, 409, 422}


class AnyHistoryOnServers(RuleBasedStateMachine):
    """Clerks ask for whatever they like; what they may not is refused with a code."""

    stack: ClassVar[Stack]

    def __init__(self) -> None:
        super().__init__()
        self.day = Day(FIRST_DAY + timedelta(days=60))
        self.districts = Neighbours(self.stack, CODES, clock=self.day)
        self.people: dict[int, str] = {}
        self.stays: dict[str, tuple[int, str]] = {}
        self.undoable: list[tuple[str, str]] = []
        self.runner = asyncio.Runner()
        self.run(self.districts.start(*CODES))

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(doing)

    def ask(self, method: str, division: str, path: str, **told: Any) -> Any:
        """Ask as a division's clerk; None where its district is down, or refuses."""
        if division[:6] not in self.districts.up:
            return None
        status, answer = self.run(self._asked(method, division, path, told))
        event(f"{path.rpartition('/')[2]} {'done' if status < 300 else answer.get('code')}")
        assert status in {200, 201} or (status in REFUSED and answer["code"]), (path, told, answer)
        return answer if status < 300 else None

    async def _asked(self, method: str, division: str, path: str, told: Any) -> tuple[int, Any]:
        async with self.districts.up[division[:6]].client("registration", "clerk", division) as clerk:
            answer = await clerk.request(method, path, **told)
            return answer.status_code, answer.json()

    def say(self, number: int, path: str, **body: Any) -> None:
        """Say something of a stay, whichever the number falls on, as the street that has it."""
        stay_id, (_, street) = list(self.stays.items())[number % len(self.stays)]
        self.ask("POST", street, f"/stays/{stay_id}/{path}", json=body)

    @staticmethod
    def on(day: int) -> str:
        return (FIRST_DAY + timedelta(days=day)).isoformat()

    @initialize(who=PEOPLE, days=st.tuples(DAYS, DAYS))
    def move(self, who: int, days: tuple[int, int]) -> None:
        for street, day in zip(STREETS[::2], days, strict=True):
            self.arrive(who, street, day)

    @rule(who=PEOPLE, street=st.sampled_from(STREETS), day=DAYS)
    def arrive(self, who: int, street: str, day: int) -> None:
        arrived = self.ask("POST", street, "/arrivals", json={**make_arrival(who, self.on(day)), "street": street})
        if arrived is not None:
            self.people[who] = arrived["person_id"]
            self.stays[arrived["stay_id"]] = who, street

    @precondition(lambda self: self.stays)
    @rule(number=ANY, day=DAYS, to=st.sampled_from(PLACES))
    def leave(self, number: int, day: int, to: str) -> None:
        who, street = list(self.stays.values())[number % len(self.stays)]
        report = make_departure(make_arrival(who), self.on(day), to)
        self.ask("POST", street, "/departures", json={**report, "street": street})

    @precondition(lambda self: self.stays)
    @rule(number=ANY, day=DAYS)
    def correct(self, number: int, day: int) -> None:
        self.say(number, "correction", started_on=self.on(day))

    @precondition(lambda self: self.stays)
    @rule(number=ANY)
    def retract(self, number: int) -> None:
        self.say(number, "retraction")

    @rule(code=st.sampled_from(CODES), number=ANY)
    def confirm(self, code: str, number: int) -> None:
        tasks = self.listed(code, "tasks", division=code)
        contested = [task["stay_id"] for task in tasks if task["kind"] == "check_stay"]
        if contested:
            self.ask("POST", code, f"/stays/{contested[number % len(contested)]}/confirmation")

    @rule(code=st.sampled_from(CODES), number=ANY, state=st.sampled_from(AnswerState))
    def answer(self, code: str, number: int, state: AnswerState) -> None:
        notices = self.listed(code, "notices", division=code, direction="received", state="open")
        if notices:
            chosen = notices[number % len(notices)]["notice"]["notice_id"]
            reason = {"reason": "still_here"} if state is AnswerState.REJECTED else {}
            self.ask("POST", code, f"/notices/{chosen}/answer", json={"state": state, **reason})

    def listed(self, code: str, path: str, **asked: Any) -> list[Any]:
        page = self.ask("GET", code, f"/{path}", params=asked)
        return list(page[path]) if page is not None else []

    @precondition(lambda self: self.people)
    @rule(who=PEOPLE, code=st.sampled_from(CODES), day=DAYS)
    def die(self, who: int, code: str, day: int) -> None:
        self.say_of(who, code, "death", "death/retraction", died_on=self.on(day))

    @precondition(lambda self: len(self.people) > 1)
    @rule(who=PEOPLE, code=st.sampled_from(CODES))
    def merge(self, who: int, code: str) -> None:
        (other,) = self.people.keys() - {who}
        self.say_of(who, code, "merge", "unmerge", into=self.people[other])

    def say_of(self, who: int, code: str, path: str, undone_by: str, **body: Any) -> None:
        if who in self.people and self.ask("POST", code, f"/people/{self.people[who]}/{path}", json=body):
            self.undoable.append((code, f"/people/{self.people[who]}/{undone_by}"))

    @precondition(lambda self: self.undoable)
    @rule(number=ANY)
    def undo(self, number: int) -> None:
        self.ask("POST", *self.undoable[number % len(self.undoable)])

    @rule(days=st.sampled_from((1, 10, 60)))
    def let_days_pass(self, days: int) -> None:
        self.day.on += timedelta(days=days)
        self.run(self.districts.sweep())

    @rule(code=st.sampled_from(CODES))
    def stop_or_start(self, code: str) -> None:
        change = self.districts.stop if code in self.districts.up else self.districts.start
        self.run(change(code))

    @precondition(lambda self: not self.districts.down)
    @rule()
    def hear_everything(self) -> None:
        self.run(self.districts.whole())

    @invariant()
    def nobody_has_two_stays_silently(self) -> None:
        for code in self.districts.up:
            rules = self.districts.registration(code).rules
            for known in self.run(self.districts.known(code)):
                assert list(find_silent_doubles(known.knowledge, rules)) == []

    def teardown(self) -> None:
        try:
            self.run(self._let_everything_fall_due())
            assert self.run(self.districts.broken()) == []
        finally:
            self.run(self.districts.forget())
            self.runner.close()

    async def _let_everything_fall_due(self) -> None:
        await self.districts.start(*self.districts.down)
        await self.districts.whole()
        while (due := await self.districts.next_due()) is not None:
            self.day.on = max(self.day.on, due)
            await self.districts.sweep()
            await self.districts.whole()


def test_any_history_of_two_districts_that_go_down_loses_nothing_and_ends_alike_in_both(stack: Stack) -> None:
    AnyHistoryOnServers.stack = stack
    run_state_machine_as_test(
        AnyHistoryOnServers,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=50,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
