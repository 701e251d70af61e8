"""Record the rows of registers: what each kind of row says, once however often its sheet is handed in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Literal, TypeVar

from contracts.envelope import Fact
from contracts.outreach.activities import Activity, ActivityFact, Audience, CountedBy
from contracts.outreach.articles import Article, ArticleSubmitted, article_id
from contracts.outreach.boards import Board, BoardFact, BoardIssue, board_id, issue_id
from contracts.outreach.materials import Direction, Material, Movement, MovementRecorded, material_id
from contracts.refusals import RefusedError
from services.outreach.commands.articles import submit_article
from services.outreach.commands.boards import find_board, install, post_issue, remove
from services.outreach.commands.materials import list_material, move
from services.outreach.domain import activities
from services.outreach.domain.activities import Held
from services.outreach.domain.articles import SubmittedInFutureError
from services.outreach.domain.boards import (
    BeforeBoardError,
    BoardGoneError,
    BoardInFutureError,
    BoardKnownError,
    IssueKnownError,
)
from services.outreach.domain.materials import HouseholdHasOneError, MovedInFutureError, OutOfStockError
from services.outreach.intake.columns import COLUMNS, RegisterKind
from services.runtime.registers import Outcome
from services.runtime.service import Service
from services.runtime.sheets.registers import Refusal, Row, check_row

Values = Mapping[str, Any]
FactT = TypeVar("FactT", bound=Fact)

EDITION = "street_2021"
"""The plan that boards of past years follow, unless they are corrected."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of which street a row tells, and the cause of what is recorded of it."""

    street: str
    cause: str
    repetition: int = 0


async def record_row(service: Service, kind: RegisterKind, row: Row, street: str, import_id: str) -> Outcome:
    """Record what a row says and return its outcome; a row that was recorded before a crash counts as accepted."""
    values = check_row(COLUMNS[kind], row.typed)
    if isinstance(values, Refusal):
        return values
    try:
        return await _RECORD[kind](service, values, Told(street, f"import/{import_id}/{row.place}", row.repetition))
    except RefusedError as error:
        return Refusal(error.code, error.field or _DAYS[kind])


async def _record_activity(service: Service, values: Values, told: Told) -> Outcome:
    named = f"{told.street}|{values['kind']}|{''.join(values['topic'].split())}|{values['held_on']}"
    activity = Activity(
        activity_id=sha256(f"register|{named}".encode()).hexdigest()[:32],
        street=told.street,
        kind=values["kind"],
        topic=values["topic"],
        audience=values.get("audience", Audience.EVERYONE),
        planned_on=values["held_on"],
    )
    held = activities.hold(activity, Held(values["held_on"], values["attendance"], CountedBy.HEADS), service.today)
    assert held is not None, "it was only planned"

    def is_same(fact: ActivityFact) -> bool:
        known, new = fact.activity, held.activity
        return (known.attendance, known.audience) == (new.attendance, new.audience)

    outcome = await _known(service, f"activity/{activity.activity_id}", ActivityFact, told.cause, is_same)
    if outcome:
        return outcome if outcome != "differs" else Refusal("differs", "attendance")
    await service.journal.record([service.journal.commit(activities.plan(activity), held, causation=told.cause)])
    return "accepted"


async def _record_board(service: Service, values: Values, told: Told) -> Outcome:
    board = Board(
        board_id=board_id(told.street, values["place"]),
        street=told.street,
        edition=EDITION,
        **{name: value for name, value in values.items() if name != "removed_on"},
    )
    removed_on: date | None = values.get("removed_on")
    wanted = board.model_copy(update={"removed_on": removed_on})
    stream = f"board/{board.board_id}"
    outcome = await _known(service, stream, BoardFact, told.cause, lambda fact: fact.board == wanted)
    if outcome == "duplicate" or (outcome == "accepted" and removed_on is None):
        return outcome
    await install(service, board, told.cause)
    if removed_on:
        await remove(service, board.board_id, removed_on, told.cause)
    return "accepted"


async def _record_issue(service: Service, values: Values, told: Told) -> Outcome:
    board = await find_board(service, board_id(told.street, values["place"]))
    if board is None:
        return Refusal("unknown_board", "place")
    issue = BoardIssue(
        issue_id=issue_id(board.board_id, values["issue"]),
        board_id=board.board_id,
        street=board.street,
        institution_id=board.institution_id,
        issue=values["issue"],
        theme=values["theme"],
        changed_on=values["changed_on"],
    )
    event = await service.journal.load(f"board_issue/{issue.issue_id}", Fact)
    await post_issue(service, board, issue, told.cause)
    return "accepted" if event is None or event.causationid == told.cause else "duplicate"


async def _record_movement(service: Service, values: Values, told: Told) -> Outcome:
    kind, edition = values["kind"], values.get("edition", str(values["moved_on"].year))
    named = material_id(told.street, None, kind, values["topic"], edition)
    direction = values.get("direction", Direction.HANDED_OUT)
    said = f"{named}|{direction}|{values['moved_on']}|{values['quantity']}|{told.repetition}"
    movement = Movement(
        movement_id=sha256(f"register|{said}".encode()).hexdigest()[:32],
        material_id=named,
        street=told.street,
        kind=kind,
        direction=direction,
        quantity=values["quantity"],
        moved_on=values["moved_on"],
    )
    stream = f"movement/{movement.movement_id}"
    if outcome := await _known(service, stream, MovementRecorded, told.cause, lambda _: True):
        return outcome if outcome != "differs" else "duplicate"
    if movement.moved_on > service.today:
        raise MovedInFutureError
    material = Material(material_id=named, street=told.street, kind=kind, topic=values["topic"], edition=edition)
    await list_material(service, material, told.cause)
    try:
        await move(service, movement, told.cause)
    except HouseholdHasOneError:  # another import of the same sheet was quicker
        return "duplicate"
    return "accepted"


async def _record_article(service: Service, values: Values, told: Told) -> Outcome:
    named = article_id(told.street, None, values["topic"], values["submitted_on"])
    article = Article(article_id=named, street=told.street, **values)
    stream = f"article/{named}"
    outcome = await _known(service, stream, ArticleSubmitted, told.cause, lambda fact: fact.article == article)
    if outcome:
        return outcome if outcome != "differs" else Refusal("differs", "channel")
    await submit_article(service, article, told.cause)
    return "accepted"


async def _known(
    service: Service, stream: str, kind: type[FactT], cause: str, is_same: Callable[[FactT], bool]
) -> Literal["accepted", "duplicate", "differs"] | None:
    """Return what is to be said of a row whose stream has facts already; None if it has none."""
    event = await service.journal.load(stream, kind)
    if event is None:
        return None
    if event.causationid == cause:
        return "accepted"
    return "duplicate" if is_same(event.data) else "differs"


_RECORD: Mapping[RegisterKind, Callable[[Service, Values, Told], Awaitable[Outcome]]] = {
    RegisterKind.ACTIVITIES: _record_activity,
    RegisterKind.BOARDS: _record_board,
    RegisterKind.BOARD_ISSUES: _record_issue,
    RegisterKind.MATERIALS: _record_movement,
    RegisterKind.ARTICLES: _record_article,
}
_DAYS: Mapping[RegisterKind, str] = {
    RegisterKind.ACTIVITIES: "held_on",
    RegisterKind.BOARDS: "installed_on",
    RegisterKind.BOARD_ISSUES: "changed_on",
    RegisterKind.MATERIALS: "moved_on",
    RegisterKind.ARTICLES: "submitted_on",
}
"""The field that a refusal is about which names none."""
_DECISIONS: tuple[type[RefusedError], ...] = (
    activities.HeldInFutureError,
    BeforeBoardError,
    BoardGoneError,
    BoardInFutureError,
    BoardKnownError,
    IssueKnownError,
    MovedInFutureError,
    OutOfStockError,
    SubmittedInFutureError,
)
ADVICE: Mapping[str, str] = {
    "unknown_board": "该地点没有宣传栏，请先登记该宣传栏，或核对地点。"
    "No board stands in that place; record the board first, or check the place.",
    **{error.code: error.advice for error in reversed(_DECISIONS)},
}
"""Advice about rows that a decision refused, by code."""
