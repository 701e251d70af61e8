"""Pure decisions on access: who may read a person's archive and write to it, by the street that keeps it and custody.

Each district has at most one archive of a person. In the district it is kept by one street 属地管理: the one where the
person lives, or lived last. Who covers that street reads and writes; anybody else of the district is as far from the
archive as the rest of the country, but for a service to somebody who walks in. docs/access.md has the whole table.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from contracts.archives.archives import Archive
from contracts.registration.stays import Stay
from services.archives.domain.errors import NoArchiveError, NoArchiveHereError
from services.archives.domain.known import find_home

Covers = Callable[[str], bool]
"""From the code of a division: whether the caller's scope covers it."""
ReadAs = Literal["custodian", "copy", "emergency"]
"""As what somebody reads: as the keeper in charge, as a former keeper a read-only copy, or for a stated reason."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A district's archive of a person: the street that keeps it, and whether the district is in charge of it now."""

    district: str
    street: str
    held: bool


@dataclass(frozen=True, slots=True)
class Granted:
    """Leave to read what one district knows of a person, whose archive is kept by a street of the district."""

    district: str
    street: str
    read_as: ReadAs


def find_keeping_street(archive: Archive, stays: Iterable[Stay]) -> str:
    """Return the street that keeps a district's archive: where the person lives in the district, or lived last.

    It is the street for which the archive was opened if no stay in the district counts.
    """
    home = find_home(stay for stay in stays if stay.street.startswith(archive.district))
    return home.street if home else archive.street


def grant_reading(covers: Covers, kept: Sequence[Kept], reason: str | None) -> Granted | None:
    """Return the leave of a caller to read a person's archive; None if there is none.

    `kept` are the person's archives by district. Who covers the keeping street reads all that its district knows while
    that is in charge, afterwards the copy as it was handed over. With a reason, anybody reads what the district in
    charge knows.
    """
    own = [each for each in kept if covers(each.street)]
    in_charge = [each for each in kept if each.held]
    for each in own:
        if each.held:
            return Granted(each.district, each.street, "custodian")
    if reason and in_charge:
        return Granted(in_charge[0].district, in_charge[0].street, "emergency")
    if own:
        return Granted(own[0].district, own[0].street, "copy")
    return None


def must_keep(covers: Covers, archive: Archive | None, stays: Iterable[Stay]) -> None:
    """Raise NoArchiveHereError unless there is an archive in the district, kept by a street that the caller covers."""
    if archive is None or not covers(find_keeping_street(archive, stays)):
        raise NoArchiveHereError


def must_keep_or_serve(covers: Covers, archive: Archive | None, stays: Iterable[Stay], reason: str | None) -> str:
    """Return the street that keeps an archive that the caller may enter something in.

    Raise NoArchiveError if there is no archive in the district, or if a street keeps it that the caller does not cover
    and no reason is given why somebody of another street was served.
    """
    if archive is None:
        raise NoArchiveError
    keeping = find_keeping_street(archive, stays)
    if not covers(keeping) and reason is None:
        raise NoArchiveError
    return keeping
