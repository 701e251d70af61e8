"""Send what is due: one loop for each channel, so many at a time, fair between districts.

An attempt is recorded before the gateway is asked. Whoever finds an attempt without an answer after its lease, after a
crash as well, takes it for one that may have been taken: it is asked again only where the gateway knows our key.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest

from contracts.envelope import Event
from contracts.outreach.messages import Message, MessageFact, MessageState, Preference, Template
from contracts.reference.calendar import day_of
from services.outreach.channels.contacts import MOST, NoContactsError
from services.outreach.channels.gateways import LEASE, Gateway
from services.outreach.commands.messages import find_preference, find_template
from services.outreach.domain import letters, messages
from services.outreach.domain.circuits import Circuit
from services.outreach.domain.messages import NotTaken, Refused, Taken
from services.outreach.service import Messaging
from services.outreach.views.letters import claim_day
from services.outreach.views.messages import find_due, find_due_districts, message_row
from services.runtime.journal import StreamConflictError
from services.runtime.logs import get_log
from services.runtime.mongo import write_rows

AT_ONCE = 16
"""Messages that a gateway is asked to send at once, at most."""
SEND_EVERY = 1.0
"""Seconds between two looks for what is due."""
CAUSE = "clock"

Held = Event[MessageFact]


class Sender:
    """Sends the messages of one channel."""

    def __init__(self, messaging: Messaging, gateway: Gateway) -> None:
        self._messaging = messaging
        self._gateway = gateway
        self._circuit = Circuit(messaging.policy.circuit_pause)
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._turn = 0
        self._templates: dict[str, Template | None] = {}

    async def send_due(self) -> int:
        """Send what is due until nothing is, or the gateway or registration needs a pause; return how many were."""
        total = 0
        while done := await self._send_some():
            total += done
        return total

    async def _send_some(self) -> int:
        """Look at some of the messages that are due; return how many were further brought."""
        service = self._messaging.service
        room = self._circuit.room(service.clock(), MOST)
        if not room:
            return 0
        self._templates.clear()
        found = await asyncio.gather(*map(self._load, await self._choose(room)))
        due = [event for event in found if event is not None]
        ready = [event for event in await asyncio.gather(*map(self._bring_forward, due)) if event is not None]
        try:
            addresses = await self._find_addresses(ready)
        except NoContactsError as error:
            get_log().warning("registration not reached, sending later", seconds=error.retry_after)
            await asyncio.sleep(min(error.retry_after, 60.0))
            return 0
        await asyncio.gather(*(self._send(event, addresses.get(event.subject)) for event in ready))
        return len(due)

    async def _choose(self, most: int) -> list[str]:
        """Return the ids of messages that are due, of each district as many, in turns."""
        database, now = self._messaging.service.database, self._messaging.service.clock()
        districts = await find_due_districts(database, self._gateway.channel, now)
        if not districts:
            return []
        self._turn = (self._turn + 1) % len(districts)
        districts = [*districts[self._turn :], *districts[: self._turn]][:most]
        share = -(-most // len(districts))
        found = await asyncio.gather(
            *(find_due(database, self._gateway.channel, district, now, share) for district in districts)
        )
        return [one for one in chain.from_iterable(zip_longest(*found)) if one is not None][:most]

    async def _load(self, message_id: str) -> Held | None:
        """Return the newest fact of a message if it is due by the journal, which knows more than the view."""
        service = self._messaging.service
        event = await service.journal.load(f"message/{message_id}", MessageFact)
        if event is None:
            return None
        next_at = event.data.message.next_at
        if next_at is None or next_at > service.clock():
            await write_rows(service.database, [message_row(event.data.message, event.sequence)])
            return None
        return event

    async def _bring_forward(self, event: Held) -> Held | None:
        """Return a message that may be sent now; record why another may not, or what can be found out about it."""
        now, message = self._messaging.service.clock(), event.data.message
        if message.state is MessageState.ATTEMPTED:
            known = await self._record(event, messages.doubt(message, "not_answered", now))
            return await self._bring_forward(known) if known else None
        if message.state is MessageState.UNCERTAIN and not await self._is_free(event):
            return None
        template = await self._find_template(message.template_id)
        fact = messages.hold_back(message, template, await self._find_preference(message), self._messaging.policy, now)
        if fact is not None:
            await self._record(event, fact)
            return None
        return event

    async def _is_free(self, event: Held) -> bool:
        """Return whether a doubted message may be asked for again; record what its gateway tells about it if not."""
        now, message, policy = self._messaging.service.clock(), event.data.message, self._messaging.policy
        if self._gateway.tells and now < message.expires_at:
            async with self._at_once:
                answer = await self._gateway.find(message.message_id)
            if isinstance(answer, NotTaken):
                return True
            fact = messages.conclude(message, answer, policy, now, random.random())  # noqa: S311  # a pause
            if fact is not None:
                await self._record(event, fact)
            return False
        if messages.may_ask_again(message, self._gateway.keys, now):
            return True
        await self._record(event, messages.leave_in_doubt(message, now))
        return False

    async def _find_addresses(self, ready: Sequence[Held]) -> Mapping[str, str]:
        """Return the addresses of those to be written to, by stream; none are needed for the local page."""
        kind, contacts = self._gateway.address, self._messaging.contacts
        if kind is None or contacts is None:
            return {event.subject: "" for event in ready}
        asked: dict[tuple[str, str], list[Held]] = {}
        for event in ready:
            asked.setdefault((event.division[:6], event.data.message.topic), []).append(event)
        found: dict[str, str] = {}
        for (district, _), events in asked.items():
            people = sorted({event.data.message.person_id for event in events})
            known = await contacts.find(district, people, kind, events[0].data.message.topic)
            found |= {
                event.subject: known[event.data.message.person_id]
                for event in events
                if event.data.message.person_id in known
            }
        return found

    async def _send(self, event: Held, address: str | None) -> None:
        """Record the attempt, ask the gateway, record what it answered."""
        async with self._at_once:
            service, message = self._messaging.service, event.data.message
            now = service.clock()
            if address is None:
                await self._record(event, messages.suppress(message, "no_address", now))
                return
            if not self._circuit.room(now, 1):
                return
            if not await self._has_room(message):
                tomorrow = self._messaging.policy.next_day(now)
                await self._record(event, messages.wait_until(message, tomorrow, "daily_limit"))
                return
            letter = await self._compose(message)
            if letter is None:
                await self._record(event, messages.suppress(message, "missing_text", now))
                return
            attempted = await self._record(event, messages.attempt(message, now, LEASE))
            if attempted is not None:
                await self._ask(attempted, letter, address)

    async def _ask(self, attempted: Held, letter: letters.Letter, address: str) -> None:
        answer = await self._gateway.send(letter, address)
        now = self._messaging.service.clock()
        self._circuit.note(now, reached=isinstance(answer, Taken | Refused))
        await self._conclude(attempted, answer)

    async def _conclude(self, attempted: Held, answer: messages.Answer) -> None:
        """Record an answer after whatever else was recorded meanwhile, such as a report."""
        service, known = self._messaging.service, attempted
        while True:
            fact = messages.conclude(
                known.data.message,
                answer,
                self._messaging.policy,
                service.clock(),
                random.random(),  # noqa: S311  # a pause
            )
            if fact is None or await self._record(known, fact) is not None:
                return
            loaded = await service.journal.load(known.subject, MessageFact)
            if loaded is None:
                return
            known = loaded

    async def _record(self, event: Held, fact: MessageFact) -> Held | None:
        """Record a fact after an event, and in the row at once; return it, or None if somebody else was first."""
        service = self._messaging.service
        commit = service.journal.commit(fact, after=event.sequence, causation=CAUSE, correlation=event.correlationid)
        try:
            await service.journal.record_one(commit)
        except StreamConflictError:
            return None
        await write_rows(service.database, [message_row(fact.message, event.sequence + 1)])
        recorded: Held = commit.first  # type: ignore[assignment]  # it carries the fact
        return recorded

    async def _has_room(self, message: Message) -> bool:
        service = self._messaging.service
        now = service.clock()
        most = self._messaging.policy.a_day
        return await claim_day(service.database, message.message_id, message.person_id, day_of(now), now, most)

    async def _compose(self, message: Message) -> letters.Letter | None:
        template = await self._find_template(message.template_id)
        preference = await self._find_preference(message)
        return letters.compose(message, template, preference) if template is not None else None

    async def _find_template(self, template_id: str) -> Template | None:
        if template_id not in self._templates:
            self._templates[template_id] = await find_template(self._messaging, template_id)
        return self._templates[template_id]

    async def _find_preference(self, message: Message) -> Preference | None:
        return await find_preference(self._messaging, message.person_id, message.street[:6])
