"""What is counted and is nobody: activities, boards, surveys and the like, each under an id of its own."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from contracts.outreach.activities import ActivityState
from contracts.outreach.exposures import HazardTrainingKind
from contracts.outreach.materials import Direction
from contracts.reference.calendar import add_months
from services.reporting.domain.contributions import Counted
from services.reporting.domain.days import OPEN, number_of, read_day
from services.reporting.domain.person import Contribution, RowDocument

NOBODY = "-"
"""The slice of what is not about a person."""


def thing_id(collection: str, row_id: str) -> str:
    """Return the id under which a row that is about nobody is counted; a person's has no slash."""
    return f"{collection}/{row_id}"


def count_thing(collection: str, row: RowDocument) -> Counted:
    """Return what a row that is about nobody contributes."""
    return Counted(list(THINGS[collection](row)), None)


def _activity(row: RowDocument) -> Iterator[Contribution]:
    """Yield an activity that was held, and who took part, on its day."""
    held = read_day(row["held_on"])
    if held is None or row["state"] not in {ActivityState.HELD, ActivityState.EVALUATED}:
        return
    for measure in ("activity.held", f"activity.held.{row['kind']}"):
        yield Contribution(measure, row["street"], NOBODY, held)
    for measure in ("activity.participants", f"activity.participants.{row['kind']}"):
        if row["attendance"]:
            yield Contribution(measure, row["street"], NOBODY, held, weight=row["attendance"])


def _on(measure: str, row: RowDocument, day: str, weight: int = 1) -> Iterator[Contribution]:
    """Yield what happened on a day of a row, unless it is nothing."""
    on = read_day(row[day])
    if on is not None and weight:
        yield Contribution(measure, row["street"], NOBODY, on, weight=weight)


def _while(measure: str, row: RowDocument, since: int | None, until: int | None) -> Iterator[Contribution]:
    """Yield what stands from a day on, until another if there is one."""
    if since is not None and since < (end := OPEN if until is None else until):
        yield Contribution(measure, row["street"], NOBODY, since, end)


def _article(row: RowDocument) -> Iterator[Contribution]:
    yield from _on("article", row, "submitted_on")


def _board(row: RowDocument) -> Iterator[Contribution]:
    yield from _while("board", row, read_day(row["installed_on"]), read_day(row["removed_on"]))


def _issue(row: RowDocument) -> Iterator[Contribution]:
    yield from _on("board.changed", row, "changed_on")


def _exposure(row: RowDocument) -> Iterator[Contribution]:
    """Yield somebody's work with a hazard 职业危害接触, and that of somebody trained before the job."""
    since, until = read_day(row["since"]), read_day(row["until"])
    yield from _while("exposure", row, since, until)
    if any(_is_pre_job(training) for training in row["trainings"]):
        yield from _while("exposure.pre_job", row, since, until)


def _is_pre_job(training: Mapping[str, Any]) -> bool:
    return training["kind"] == HazardTrainingKind.PRE_JOB and training["in_time"] and not training["withdrawn"]


def _institution(row: RowDocument) -> Iterator[Contribution]:
    """Yield an institution while it is open, and while it belongs to the health-education network 健康教育网络."""
    opened, joined, closed = (read_day(row[name]) for name in ("opened_on", "joined_on", "closed_on"))
    yield from _while("institution", row, opened, closed)
    if joined is not None and opened is not None:
        yield from _while("institution.joined", row, max(joined, opened), closed)


def _movement(row: RowDocument) -> Iterator[Contribution]:
    if row["direction"] == Direction.HANDED_OUT:
        for measure in ("material.handed_out", f"material.handed_out.{row['kind']}"):
            yield from _on(measure, row, "moved_on", row["quantity"])


def _play(row: RowDocument) -> Iterator[Contribution]:
    yield from _on("play", row, "played_on", row["times"])
    yield from _on("play.minutes", row, "played_on", row["minutes"])


def _use(row: RowDocument) -> Iterator[Contribution]:
    """Yield the patients of a month, and those who got a prescription of health education, on its last day."""
    last = number_of(add_months(date.fromisoformat(f"{row['month']}-01"), 1)) - 1
    for counted in ("patients", "given"):
        if row[counted]:
            measure = f"prescription_use.{counted}.{row['setting']}"
            yield Contribution(measure, row["street"], NOBODY, last, weight=row[counted])


def _answers(row: RowDocument) -> Iterator[Contribution]:
    """Yield a literacy test, or how somebody scored: asked by the street among residents, or by an institution."""
    if row["literacy"]:
        yield from _on("survey.literacy", row, "answered_on")
        return
    whose = "survey.institution" if row["institution_id"] else "survey"
    for score in row["scores"]:
        of = f"{whose}.{score['measure']}"
        yield from _on(f"{of}.persons", row, "answered_on")
        yield from _on(f"{of}.passed", row, "answered_on", int(score["passed"]))
        yield from _on(f"{of}.answered", row, "answered_on", score["answered"])
        yield from _on(f"{of}.right", row, "answered_on", score["right"])


def _training(row: RowDocument) -> Iterator[Contribution]:
    if not row["withdrawn"]:
        yield from _on("training", row, "held_on")
        yield from _on("training.took_part", row, "held_on", row["took_part"])


def _supervision(row: RowDocument) -> Iterator[Contribution]:
    if not row["withdrawn"]:
        yield from _on("supervision", row, "visited_on")
        yield from _on("supervision.findings", row, "visited_on", len(row["findings"]))
        yield from _on("supervision.findings.rectified", row, "visited_on", len(row["findings"]) - row["open"])


THINGS: Mapping[str, Callable[[RowDocument], Iterator[Contribution]]] = {
    "activities": _activity,
    "articles": _article,
    "boards": _board,
    "board_issues": _issue,
    "exposures": _exposure,
    "institutions": _institution,
    "movements": _movement,
    "plays": _play,
    "prescription_uses": _use,
    "supervisions": _supervision,
    "survey_answers": _answers,
    "trainings": _training,
}
"""What contributes by itself, by the collection of its rows."""
THING_FAMILIES = frozenset(
    {
        *("activity", "article", "board", "exposure", "institution", "material", "play", "prescription_use"),
        *("supervision", "survey", "training"),
    }
)
"""The families of measures that rows about nobody contribute to."""
