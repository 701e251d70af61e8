"""Rotating the sealing keys while services run: everything is sealed under the first key, one guarded write each."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.fernet import InvalidToken

from services.registration.vault import Sealed, Vault
from services.registration.views.sealed import PLACES, Place, count_stale, read_stale, replace_seals
from services.runtime.mongo import Database, wait_while_away

LOOKS = 3
"""How often to look for what services sealed with another key meanwhile."""

Tell = Callable[[Place, int], None]
"""Hears how many things of a place were looked at."""


@dataclass
class Rotation:
    """What came of a rotation, by collection: how much was sealed anew, and what is still under other keys."""

    sealed_anew: Counter[str] = field(default_factory=Counter)
    unopened: Counter[str] = field(default_factory=Counter)
    left: dict[str, dict[str, int]] = field(default_factory=dict)


async def rotate(database: Database, vault: Vault, tell: Tell) -> Rotation:
    """Seal everything under the first key; killed and started again, it goes on with what is left."""
    rotation = Rotation()
    for _ in range(LOOKS):
        rotation.unopened.clear()
        for place in PLACES:
            await _rotate_place(database, vault, place, rotation, tell)
        rotation.left = await find_stale(database, vault)
        if not rotation.left:
            break
    return rotation


async def find_stale(database: Database, vault: Vault) -> dict[str, dict[str, int]]:
    """Count what is not sealed under the first key, by collection and by the fingerprint of the other key."""
    found = {place.collection: await count_stale(database, place, vault.sealing_key) for place in PLACES}
    return {collection: keys for collection, keys in found.items() if keys}


async def _rotate_place(database: Database, vault: Vault, place: Place, rotation: Rotation, tell: Tell) -> None:
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
        tell(place, len(stale))


def _seal_anew(vault: Vault, content: bytes) -> Sealed | None:
    try:
        return vault.seal_anew(content)
    except InvalidToken:
        return None


async def _read(database: Database, vault: Vault, place: Place, after: str) -> list[tuple[str, bytes]]:
    return await wait_while_away(lambda: read_stale(database, place, vault.sealing_key, after))


async def _replace(database: Database, place: Place, changes: list[tuple[str, bytes, Sealed]]) -> int:
    return await wait_while_away(lambda: replace_seals(database, place, changes))
