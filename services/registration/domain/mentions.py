"""Decide whether a typed text mentions a person.

What does is deleted when the identity is erased, and is not taken in where nothing can be deleted.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize

from contracts.reference.identity import check_digit, guardian_in
from contracts.reference.telling import plain, tells_number
from services.registration.domain.identities import Identity

_CARD = re.compile(r"(?<![0-9])[0-9]{17}[0-9X](?![0-9])")
_GAPS = re.compile(r"[-‐-―−·.()]")
_RUN = re.compile(r"[0-9]{6,}")
_PLACE = re.compile(r"社区|小区|居委|村|新村|庄|镇|乡|街|路|巷|里|弄|坊|苑|园|花园|家园|公寓|大厦|广场|桥|湾|组|队")
_OF_A_HOUSE = re.compile(r"[0-9零〇一二三四五六七八九十百]+[号室幢栋弄户]")
LONGEST_CODE = 15
"""Digits of the code of a grid: street, community, number."""
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


def mentions(text: str, identity: Identity) -> bool:
    """Return whether a text has the person's number, or the name and no valid number of another person.

    A namesake whose number is missing or wrong can't be distinguished, and counts as the person. The name must be a
    whole word: 王伟 is not found in 王伟明. A child without a document is identified by its guardian's number, so that
    number does not count as another person's.
    """
    typed = "\n".join(normalise(line) for line in text.splitlines())
    number, name = normalise(identity.document_number), normalise(identity.name)
    if number and number in typed:
        return True
    if not name or not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", typed):
        return False
    guardian = guardian_in(identity.document_number)
    others = set(_CARD.findall(typed)) - ({normalise(guardian.number)} if guardian else set())
    return not any(check_digit(card) == card[17] for card in others)


def decode(body: bytes) -> str:
    """Return the text of a message, valid or not, in both encodings that offices use, with JSON escapes resolved."""
    texts = (body.decode(encoding, "replace") for encoding in ("utf-8", "gb18030"))
    unescaped = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), "\n".join(texts))
    return unescaped.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def repeats(text: str, *telling: str) -> bool:
    """Return whether a text repeats one of the texts that tell who somebody is."""
    return _has_one(_without_gaps(text), telling)


@lru_cache(maxsize=1024)  # a register names few places, many times over
def names_somebody(place: str, *streets: str) -> bool:
    """Return whether the name of a community or grid has a number that may be somebody's.

    The codes of communities and grids begin with those of their district and street, or of what these were.
    """
    typed = _RUN.sub(lambda run: "" if _is_code(run[0], streets) else run[0], plain(place))
    return _RUN.search(typed) is not None or tells_number(typed)


def _is_code(number: str, streets: tuple[str, ...]) -> bool:
    """Return whether a number is the code of a street or community of the district, or of a grid of the streets."""
    if len(number) in (9, 12):
        return number.startswith(tuple(street[:6] for street in streets))
    return len(number) <= LONGEST_CODE and number.startswith(streets)


def is_named_after(place: str, name: str, number: str, phone: str, address: str) -> bool:
    """Return whether the name of a community or grid repeats a person's name, number, phone or house.

    A name before a word for a place is the place's: 李庄社区 may be where 李庄 lives.
    """
    typed, without_gaps = _forms_of(place)
    if _has_one(without_gaps, (number, phone)):
        return True
    if _has_one(without_gaps, (address,)) and _OF_A_HOUSE.search(plain(address)):
        return True
    if name.isascii():
        return len(name) > 1 and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", plain(place), re.IGNORECASE) is not None
    told = normalise(name)
    if len(told) < 2:
        return False
    at = typed.find(told)
    while at >= 0 and _PLACE.match(typed, at + len(told)):
        at = typed.find(told, at + 1)
    return at >= 0


@lru_cache(maxsize=1024)
def _forms_of(place: str) -> tuple[str, str]:
    """Return the name of a place normalised, with and without gaps."""
    return normalise(place), _without_gaps(place)


def _has_one(typed: str, telling: Iterable[str]) -> bool:
    """Return whether a text without gaps has one of those texts, of two characters or more."""
    return any(len(told) > 1 and told in typed for told in map(_without_gaps, telling))


def _without_gaps(text: str) -> str:
    return _GAPS.sub("", normalise(text))


def normalise(text: str) -> str:
    """Return a text normalised for comparison: half-width, upper case, without spaces."""
    half_width = text if text.isascii() else normalize("NFKC", text)
    return "".join(half_width.split()).upper()
