"""List printed materials, take copies into stock and hand them out.

The stream of a material decides on its stock. Each movement has a stream of its own, which follows from its material's
fact: it is recorded before anything else is decided on the material, and whenever the fact is heard.
"""

from collections.abc import Callable, Iterable
from datetime import date

from contracts.envelope import Event, narrow
from contracts.outreach.materials import Direction, Material, MaterialFact, Movement, MovementRecorded
from contracts.refusals import RefusedError
from services.outreach.domain import materials
from services.outreach.domain.materials import HouseholdHasOneError
from services.runtime.journal import StreamConflictError
from services.runtime.recording import record_decision
from services.runtime.service import Service


class UnknownMaterialError(RefusedError):
    """There is no such material in the division."""

    code = "not_found"
    advice = "没有该资料。No such material in your division."
    status = 404


async def list_material(service: Service, material: Material, cause: str) -> Material:
    """Record that a material became known, once, and return it as it is now."""

    def decide(known: MaterialFact | None) -> MaterialFact | None:
        return materials.list_material(known.material if known else None, material)

    stream = f"material/{material.material_id}"
    fact = await record_decision(service, stream, MaterialFact, decide, cause)
    assert fact is not None, "it is listed or was"
    return fact.material


async def move(service: Service, movement: Movement, cause: str) -> Material:
    """Record that copies came in or went out, and return the material; the same request again changes nothing.

    Raise UnknownMaterialError, HouseholdHasOneError, or what the domain raises.
    """
    while True:
        event = await service.journal.load(f"material/{movement.material_id}", MaterialFact)
        if event is None:
            raise UnknownMaterialError
        await record_movements(service, [event])
        known = await service.journal.load(f"movement/{movement.movement_id}", MovementRecorded)
        if known is not None:
            if known.causationid != cause:
                raise HouseholdHasOneError
            return event.data.material
        fact = _DECISIONS[movement.direction](event.data.material, movement, service.today)
        commit = service.journal.commit(fact, after=event.sequence, causation=cause)
        try:
            await service.journal.record_one(commit)
        except StreamConflictError:
            continue
        await record_movements(service, [narrow(made, MaterialFact) for made in commit.events])
        return fact.material


_DECISIONS: dict[Direction, Callable[[Material, Movement, date], MaterialFact]] = {
    Direction.RECEIVED: materials.receive,
    Direction.HANDED_OUT: materials.hand_out,
}


async def record_movements(service: Service, events: Iterable[Event[MaterialFact]]) -> None:
    """Record the movement that each fact of a material tells of, unless it is recorded already."""
    commits = [
        service.journal.commit(
            MovementRecorded(movement=event.data.material.last),
            causation=event.causationid,
            correlation=event.correlationid,
        )
        for event in events
        if event.data.material.last
    ]
    if commits:
        await service.journal.record(commits)


async def find_material(service: Service, material_id: str) -> Material | None:
    """Return a material from the journal; None if there is no such material."""
    event = await service.journal.load(f"material/{material_id}", MaterialFact)
    return event.data.material if event else None
