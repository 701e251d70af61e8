"""The rows of plays of audio-visual works, and queries for them."""

from collections.abc import Sequence
from datetime import date

from contracts.outreach.audiovisuals import Play
from contracts.reference.divisions import Area
from services.outreach.views.pages import find_in_period
from services.runtime.mongo import Database, Row, make_index

PLAYS = "plays"


async def prepare(database: Database) -> None:
    """Make the indexes of plays: by street and by institution, each with the day."""
    await make_index(database[PLAYS], [("street", 1), ("played_on", 1)], name="street")
    await make_index(database[PLAYS], [("institution_id", 1), ("played_on", 1)], name="institution")


def play_row(play: Play, sequence: int) -> Row:
    """Return the row of a play."""
    return Row(PLAYS, play.play_id, sequence, play.model_dump(mode="json", exclude={"play_id"}))


async def list_plays(database: Database, areas: Sequence[Area], since: date, until: date) -> list[Play]:
    """Return the plays in areas in a period (both days included) by street and day, at most 1,000."""
    found = await find_in_period(database, PLAYS, areas, "played_on", (since, until), 1000)
    return [Play.model_validate({**row, "play_id": row["_id"]}) for row in found]
