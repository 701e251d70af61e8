"""Numbers in free text that may say who somebody is: of phones, ID cards and passports, however they are typed.

Names can't be known from a text alone; only registration, which has the identity, can look for them.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from unicodedata import normalize

_CHINESE = str.maketrans("零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖", "00123456789123456789")
_SPELT = re.compile(r"[零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖]{7,}")
_DAY = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?:[0-9]{4}|[-/.年 ][0-9]{1,2}[-/.月 ][0-9]{1,2}日?)(?![0-9])")
_LONG = re.compile(r"[0-9]{7,}")
_PHONE = re.compile(
    r"(?<![0-9])(?:\+?86[ -]?)?"
    r"(?:1[3-9][0-9](?:[ -]?[0-9]{4}){2}|1[3-9][0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{4}|1[3-9][0-9]{3}[ -]?[0-9]{6})(?![0-9])"
    r"|(?<![0-9])0[0-9]{2,3}[ -]?[0-9]{3,4}[ -]?[0-9]{4}(?![0-9])"
)
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_CARD = re.compile(r"(?<![0-9])[1-8](?:[ -]?[0-9]){13,16}(?:[ -]?[0-9Xx])?(?![0-9])")


def tells_number(text: str) -> bool:
    """Return whether a free text has a number that may be somebody's: seven digits or more, but for a day."""
    typed = plain(text)
    return tells_phone_or_card(typed) or _LONG.search(_DAY.sub(" ", typed)) is not None


def tells_phone_or_card(text: str) -> bool:
    """Return whether a text has the number of a phone or an ID card; lots and other codes may have any other."""
    typed = plain(text)
    return _PHONE.search(typed) is not None or any(map(_has_birth, _cards(typed)))


def tells_mobile(text: str) -> bool:
    """Return whether a text is the number of a mobile phone in China and nothing else."""
    return _MOBILE.fullmatch(text) is not None


def hide_numbers(text: str) -> str:
    """Return a text with `*` for each of its digits if one of its numbers may be somebody's, else as it is."""
    return re.sub(r"[0-9]", "*", plain(text)) if tells_number(text) else text


def plain(text: str) -> str:
    """Return a text half-width, with long numbers that are written in Chinese as digits."""
    return _SPELT.sub(lambda found: found[0].translate(_CHINESE), normalize("NFKC", text))


def _cards(text: str) -> Iterator[str]:
    return (re.sub(r"[ -]", "", found[0]) for found in _CARD.finditer(text))


def _has_birth(card: str) -> bool:
    """Return whether a number is as long as that of an ID card, old or new, and has a day of birth where one has it."""
    born = {15: f"19{card[6:12]}", 18: card[6:14]}.get(len(card))
    with suppress(ValueError):
        return born is not None and date(int(born[:4]), int(born[4:6]), int(born[6:])).year >= 1850
    return False
