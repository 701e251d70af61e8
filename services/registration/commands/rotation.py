"""Rotate the sealing keys while services run: seal everything under the first key, one guarded write each."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.fernet import InvalidToken

from services.registration.vault import Sealed, SealedIdentity, Vault
from services.registration.views.sealed import OF_IDENTITIES, PLACES, Place, count_stale, read_stale, replace_seals
from services.registration.views.searches import read_unindexed
from services.runtime.logs import get_log
from services.runtime.mongo import Database, wait_while_away

ROUNDS = 3
"""How many times to go through everything, since services may seal with another key meanwhile."""

FILL_EVERY = 3600.0
"""Seconds between two looks for identities by which nobody is found yet, such as an earlier version sealed."""

Change = tuple[str, bytes, Sealed | SealedIdentity]
"""What is sealed anew: the id of its document, the bytes before and after."""
ReportProgress = Callable[[Place, int], None]
"""Receives the place and how many of its documents a batch went through."""


@dataclass
class Rotation:
    """The result of a rotation, by collection: documents sealed anew, unopened, and left under each other key."""

    sealed_anew: Counter[str] = field(default_factory=Counter)
    unopened: Counter[str] = field(default_factory=Counter)
    left: dict[str, dict[str, int]] = field(default_factory=dict)


async def rotate(database: Database, vault: Vault, report: ReportProgress) -> Rotation:
    """Seal everything under the first key and return the result; may be killed and started again at any time."""
    rotation = Rotation()
    for _ in range(ROUNDS):
        rotation.unopened.clear()
        for place in PLACES:
            await _rotate_place(database, vault, place, rotation, report)
        rotation.left = await find_stale(database, vault)
        if not rotation.left:
            break
    return rotation


async def fill_index(database: Database, vault: Vault) -> int:
    """Let people be found whose identities an earlier version sealed; return how many were sealed anew for it."""
    filled, left, after = 0, 0, ""
    while unindexed := await read_unindexed(database, after):
        changes, unopened = _seal_all_anew(vault, OF_IDENTITIES, unindexed)
        filled += await replace_seals(database, OF_IDENTITIES, changes)
        left, after = left + unopened, unindexed[-1][0]
    if left:
        get_log().error("identities that none of the keys opens", count=left)
    return filled


async def find_stale(database: Database, vault: Vault) -> dict[str, dict[str, int]]:
    """Return how many documents are under other keys than the first, by collection and fingerprint of the key."""
    found = {place.collection: await count_stale(database, place, vault.sealing_key) for place in PLACES}
    return {collection: keys for collection, keys in found.items() if keys}


async def _rotate_place(
    database: Database, vault: Vault, place: Place, rotation: Rotation, report: ReportProgress
) -> None:
    after = ""
    while stale := await _read(database, vault, place, after):
        changes, unopened = _seal_all_anew(vault, place, stale)
        if unopened:
            rotation.unopened[place.collection] += unopened
        rotation.sealed_anew[place.collection] += await _replace(database, place, changes)
        after = stale[-1][0]
        report(place, len(stale))


def _seal_all_anew(vault: Vault, place: Place, stale: Sequence[tuple[str, bytes]]) -> tuple[list[Change], int]:
    """Return what is sealed anew (id, old, new), and how many none of the keys opens."""
    anew = vault.reseal_identity if place is OF_IDENTITIES else vault.reseal
    changes: list[Change] = []
    unopened = 0
    for name, content in stale:
        try:
            changes.append((name, content, anew(content)))
        except InvalidToken:
            unopened += 1
    return changes, unopened


async def _read(database: Database, vault: Vault, place: Place, after: str) -> list[tuple[str, bytes]]:
    return await wait_while_away(lambda: read_stale(database, place, vault.sealing_key, after))


async def _replace(database: Database, place: Place, changes: list[Change]) -> int:
    return await wait_while_away(lambda: replace_seals(database, place, changes))
