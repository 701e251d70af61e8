"""What tests of feeds may ask for: a process that delivers, on an empty database."""

import pytest

from services.feeds.service import Delivering
from services.feeds.views import releases, webhooks
from services.runtime.mongo import Database
from tests.support.delivering import Clock, make_delivering


@pytest.fixture
async def delivering(database: Database) -> Delivering:
    """Make what a process delivers with."""
    made = make_delivering(database, Clock())
    await made.service.journal.prepare()
    for view in (releases, webhooks):
        await view.prepare(database)
    return made
