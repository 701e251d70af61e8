"""Rotate the sealing keys while services run: seal everything under the first key, one guarded write each."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.fernet import InvalidToken

from services.registration.vault import Sealed, Vault
from services.registration.views.sealed import PLACES, Place, count_stale, read_stale, replace_seals
from services.runtime.mongo import Database, wait_while_away

ROUNDS = 3
"""How many times to go through everything, since services may seal with another key meanwhile."""

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


async def find_stale(database: Database, vault: Vault) -> dict[str, dict[str, int]]:
    """Return how many documents are under other keys than the first, by collection and fingerprint of the key."""
    found = {place.collection: await count_stale(database, place, vault.sealing_key) for place in PLACES}
    return {collection: keys for collection, keys in found.items() if keys}


async def _rotate_place(
    database: Database, vault: Vault, place: Place, rotation: Rotation, report: ReportProgress
) -> None:
    after = ""
    while stale := await _read(database, vault, place, after):
        changes = []
        for name, content in stale:
            sealed = _seal_anew(vault, content)
            if sealed is None:
                rotation.unopened[place.collection] += 1
            else:
                changes.append((name, content, sealed))
        rotation.sealed_anew[place.collection] += await _replace(database, place, changes)
        after = stale[-1][0]
        report(place, len(stale))


def _seal_anew(vault: Vault, content: bytes) -> Sealed | None:
    try:
        return vault.reseal(content)
    except InvalidToken:
        return None


async def _read(database: Database, vault: Vault, place: Place, after: str) -> list[tuple[str, bytes]]:
    return await wait_while_away(lambda: read_stale(database, place, vault.sealing_key, after))


async def _replace(database: Database, place: Place, changes: list[tuple[str, bytes, Sealed]]) -> int:
    return await wait_while_away(lambda: replace_seals(database, place, changes))
