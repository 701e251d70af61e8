"""An archive refused over HTTP: the origin is told, and offered what the refusing district has of the person itself."""

from datetime import UTC, datetime
from typing import Any

from contracts.archives.archives import Archive
from contracts.archives.custody import Custody, CustodyFact, CustodyOffered, Line, Manifest, Offer
from contracts.registration.stays import StayStarted
from deploy.local.stack import Stack
from services.archives import projector
from tests.support.facts import FIRST_MOMENT, envelop, make_stay
from tests.support.instance import Instance, eventually, running_instance

HOME, ORIGIN = "320507", "320812"
STREET = f"{HOME}001"
PERSON = "d" * 32
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


async def arrive_with_an_offer(instance: Instance) -> None:
    """Let a person arrive whose archive the origin offers, with an entry that is still under way."""
    service = instance.apps["archives"].state.service
    stay = make_stay(PERSON, STREET, 4, recorded=4)
    await projector.hear(service, envelop([StayStarted(stay=stay)]))
    await eventually(lambda: service.database["archives"].find_one({"_id": f"{PERSON}@{HOME}"}))
    archive = Archive(person_id=PERSON, district=ORIGIN, street=f"{ORIGIN}001", opened_at=FIRST_MOMENT)
    manifest = Manifest(count=1, sha256="0" * 64, lines=(Line(entry_id="under-way", version=1),))
    offer = Offer(turn=1, to=HOME, stay_id=stay.stay_id, offered_at=NOW, manifest=manifest, archive=archive)
    custody = Custody(person_id=PERSON, district=ORIGIN, street=f"{ORIGIN}001", turn=1, offer=offer)
    await projector.hear(service, envelop([CustodyOffered(custody=custody)], "archives"))


async def test_a_refusal_gives_the_origin_the_archive_that_was_opened_here_too(stack: Stack) -> None:
    async with running_instance(stack, ["archives"], districts=HOME, clock=lambda: NOW) as instance:
        await arrive_with_an_offer(instance)
        reason = {"street": STREET, "reason": "不是本区居民"}

        async with instance.client("archives", "supervisor", STREET) as supervisor:
            refused = await supervisor.post(f"/custody/{PERSON}/refusal", json=reason)
        journal = instance.apps["archives"].state.service.journal

        async def offered() -> Any:
            custody = (await journal.load(f"custody/{PERSON}@{HOME}", CustodyFact)).data.custody
            return custody.offer and custody

        custody = await eventually(offered)
        async with instance.client("archives", "supervisor", STREET) as supervisor:
            again = await supervisor.post(f"/custody/{PERSON}/refusal", json=reason)

        assert refused.status_code == 200, refused.text
        [receipt] = refused.json()["receipts"]
        assert (receipt["origin"], receipt["accepted"], receipt["reason"]) == (ORIGIN, False, "不是本区居民")
        assert (custody.offer.to, custody.offer.archive.district) == (ORIGIN, HOME)
        assert (again.status_code, again.json()["code"]) == (409, "nothing_offered")
