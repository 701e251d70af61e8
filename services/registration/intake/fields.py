"""One reader for each field of a report: it returns a value, with a warning where needed, or refuses the report."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple, NoReturn, TypeVar
from unicodedata import normalize

from contracts.reference.divisions import Divisions
from contracts.reference.identity import (
    Document,
    DocumentType,
    NumberProblem,
    Sex,
    birth_in,
    carries_birth,
    number_problem,
    read_number,
    sex_in,
)
from contracts.registration.stays import Category, DestinationKind
from services.registration.intake.refusals import RefusalCode, ReportRefusedError
from services.registration.intake.vocabulary import ABROAD, BIRTH_ORDERS, REPORTED, tidy
from services.runtime.dates import read_date

Meaning = TypeVar("Meaning", bound=str)

LONGEST_NAME = 50

# Digits, formulas, markup and invisible characters; rare characters in private use areas, as of old systems, may pass.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffd]")
_NO_NAME = re.compile(r"^[-+]|[0-9<>=|!\"#$%&*/;:?@\[\\\]^_`{}~]")
_ONLY_MARKS = re.compile(r"[·•・.'\-,() ]*")
_GAP_IN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff])[ \u3000\xa0]+(?=[\u3400-\u9fff])")
_PHONE = re.compile(r"(?:\+?(?:00)?86)?(?:1[3-9][0-9]{9}|0[0-9]{9,11})(?:转[0-9]{1,6})?")
_PHONE_GAPS = re.compile(r"[\s()\-'’]+")
_CODE = re.compile(r"([1-8][0-9]{5})([0-9]{3})?(?:[0-9]{3})?")


def refuse(code: RefusalCode, field: str, detail: str = "") -> NoReturn:
    """Raise ReportRefusedError."""
    raise ReportRefusedError(code, field, detail)


def read_street(street: str, today: date, divisions: Divisions, warnings: list[str]) -> str:
    """Return the current code of a street; refuse an unknown one, and one that was split, as the office must choose."""
    successors = _successors(street, today, divisions)
    if successors is None:
        refuse(RefusalCode.UNKNOWN_STREET, "street")
    if not successors:
        return street
    if divisions.needs_choice(street, today):
        choices = "、".join(f"{divisions.name(code)} {code}" for code in successors)
        refuse(RefusalCode.DIVISION_ABOLISHED, "street", choices)
    warnings.append("division_renamed")
    return successors[0]


@lru_cache(maxsize=1024)  # whole registers are of one street
def _successors(street: str, today: date, divisions: Divisions) -> tuple[str, ...] | None:
    return divisions.successors(street, today) if divisions.is_street(street) else None


def read_name(text: str) -> str:
    """Return the name without stray spaces; refuse formulas and what can't be a name."""
    name = _GAP_IN_CHINESE.sub("", text.strip(" \u3000\xa0"))
    if len(name) > LONGEST_NAME:
        refuse(RefusalCode.BAD_NAME, "name", "too long")
    tidied = normalize("NFKC", name)
    if _UNSEEN.search(name) or _NO_NAME.search(tidied):
        refuse(RefusalCode.BAD_NAME, "name", "digits, symbols or invisible characters")
    if _ONLY_MARKS.fullmatch(tidied):
        refuse(RefusalCode.BAD_NAME, "name", "no letters")
    return name


def read_document_type(text: str, field: str = "document_type") -> DocumentType:
    """Return the document type; refuse one that is not accepted."""
    found = DocumentType.from_label(text)
    if found is None:
        refuse(RefusalCode.BAD_DOCUMENT_TYPE, field)
    return found


def read_document_number(
    document_type: DocumentType,
    text: str,
    divisions: Divisions,
    field: str = "document_number",
    *,
    trusted: bool = True,
) -> Document:
    """Return the document with a typed number; refuse a number that can't be right.

    A number that is not `trusted` may fail its check, but it must not be a placeholder, and must be of the form of such
    documents.
    """
    document = read_number(document_type, text)
    problem = number_problem(document.document_type, document.number)
    if problem is NumberProblem.PLACEHOLDER or (trusted and _is_of_no_area(document, divisions)):
        refuse(RefusalCode.PLACEHOLDER_NUMBER, field)
    if problem in (NumberProblem.PATTERN, NumberProblem.PREFIX):
        refuse(RefusalCode.BAD_NUMBER, field, problem)
    if problem is not None and trusted:
        refuse(RefusalCode.ID_CHECKSUM, field, problem)
    return document


def _is_of_no_area(document: Document, divisions: Divisions) -> bool:
    """Return whether an ID card number has the serial number 999 and an area that neither exists nor existed.

    Such a number is a placeholder unless the area is older than the tables, which only a supervisor can tell. The areas
    of Hong Kong, Macao and Taiwan (81 to 83) are in no table.
    """
    document_type, number, _ = document
    if document_type is not DocumentType.ID_CARD or number[14:17] != "999" or number.startswith("8"):
        return False
    return not (divisions.has(number[:6]) or number[:6] in divisions.former)


def read_birth_order(text: str) -> int:
    """Return the order of a child among twins, 1 for a single child."""
    if not text.strip():
        return 1
    order = BIRTH_ORDERS.get(tidy(text))
    if order is None:
        refuse(RefusalCode.BAD_NUMBER, "birth_order")
    return order


def birth_in_document(document: Document) -> date | None:
    """Return the day of birth that a number contains; None if it contains none."""
    return birth_in(document.number) if carries_birth(document.document_type, document.number) else None


def read_birth(text: str, document: Document, today: date) -> date:
    """Return the day of birth as typed, else from the number; refuse one that a trusted number contradicts."""
    in_number = birth_in_document(document)
    if not text.strip():
        if in_number is None:
            refuse(RefusalCode.MISSING, "birth", "a document of this kind doesn't say it")
        typed = in_number
    else:
        typed = read_day("birth", text, today)
        if in_number not in (None, typed) and not document.apart:
            refuse(RefusalCode.BIRTH_MISMATCH, "birth")
    if typed > today:
        refuse(RefusalCode.FUTURE_DATE, "birth")
    return typed


def read_sex(text: str, document: Document, warnings: list[str]) -> Sex:
    """Return the sex from a trusted number, else as typed; refuse one that the number contradicts."""
    typed = Sex.from_label(text) if text.strip() else Sex.UNKNOWN
    if document.apart or not carries_birth(document.document_type, document.number):
        if typed in (None, Sex.UNKNOWN):
            warnings.append("unknown_sex")
        return typed or Sex.UNKNOWN
    in_number = sex_in(document.number)
    if typed in (Sex.MALE, Sex.FEMALE) and typed is not in_number:
        refuse(RefusalCode.SEX_MISMATCH, "sex")
    if typed is None:
        warnings.append("unknown_sex")
    return in_number


def read_day(field: str, text: str, today: date) -> date:
    """Return a day; refuse a text that is no day, and a day in the future."""
    found = read_date(text)
    if found is None:
        refuse(RefusalCode.BAD_DATE, field)
    if found > today:
        refuse(RefusalCode.FUTURE_DATE, field)
    return found


def read_return(text: str, left_on: date) -> date | None:
    """Return the planned day of return of a person who leaves for a season; None if none was typed."""
    if not text.strip():
        return None
    found = read_date(text)
    if found is None:
        refuse(RefusalCode.BAD_DATE, "returning_on")
    if found <= left_on:
        refuse(RefusalCode.RETURNS_BEFORE_LEAVING, "returning_on")
    return found


def read_phone(text: str, warnings: list[str]) -> str:
    """Return a valid phone number without gaps; any other text as typed, with a warning."""
    typed = text.strip()
    number = _PHONE_GAPS.sub("", normalize("NFKC", typed))
    if not number or _PHONE.fullmatch(number):
        return number
    warnings.append("bad_phone")
    return typed


def read_word(words: Mapping[str, Meaning], text: str, warning: str, warnings: list[str]) -> Meaning | None:
    """Return the meaning of a word in a vocabulary; None, with a warning, if it is not in it."""
    if not text:
        return None
    meaning = words.get(text) or words.get(tidy(text))
    if meaning is None and text.strip():
        warnings.append(warning)
    return meaning


def read_reported(typed: Iterable[tuple[Category, str]], warnings: list[str]) -> tuple[Category, ...]:
    """Return the categories that the office reports for the person."""
    found = []
    for category, text in typed:
        belongs = REPORTED[category].get(tidy(text))
        if belongs:
            found.append(category)
        elif belongs is None and text.strip():
            warnings.append(f"unknown_{category}")
    return tuple(found)


def read_head(document_type: str, number: str, divisions: Divisions, warnings: list[str]) -> Document | None:
    """Return the document of the head of a household; None if none was typed, and with a warning if it is invalid."""
    if not number.strip():
        return None
    known = DocumentType.from_label(document_type) if document_type.strip() else DocumentType.ID_CARD
    if known is not None:
        head = read_number(known, number)
        if number_problem(head.document_type, head.number) is None and not _is_of_no_area(head, divisions):
            return head
    warnings.append("unknown_household")
    return None


def read_hukou(division: str, address: str, divisions: Divisions, warnings: list[str]) -> str | None:
    """Return the code of the household registration's district (6 digits) by code, name or address; None if unknown.

    A province or city is padded with zeros, with a warning if more was typed.
    """
    found = _read_place(division, divisions)
    if found is None or len(found.code) < 6:
        in_address = _read_place(address, divisions)
        if found is None or (in_address is not None and in_address.code.startswith(found.code)):
            found = in_address
    stated = tidy(division) or tidy(address)
    if found is None and (not stated or stated in ABROAD):
        return None
    return _district(found, "hukou", warnings)


def read_origin(text: str, divisions: Divisions, warnings: list[str]) -> str | None:
    """Return the code of the district (6 digits) that a person came from; None, with a warning, if it is unknown.

    A province or city is padded with zeros, with a warning if more was typed.
    """
    return _district(_read_place(text, divisions), "origin", warnings)


def read_destination(text: str, divisions: Divisions, warnings: list[str]) -> tuple[DestinationKind, str | None]:
    """Return the kind of a destination and its code, as precise as typed: a district (6 digits) or a street (9)."""
    found = _read_place(text, divisions)
    if found is not None:
        if found.coarser:
            warnings.append("coarser_destination")
        return DestinationKind.DIVISION, found.code.ljust(6, "0")
    if tidy(text) in ABROAD:
        return DestinationKind.EXTERNAL, None
    warnings.append("unknown_destination")
    return DestinationKind.UNKNOWN, None


class _Place(NamedTuple):
    """A typed division (2, 4, 6 or 9 digits); `coarser` if a part below its province or city was not understood."""

    code: str
    coarser: bool = False


def _district(found: _Place | None, field: str, warnings: list[str]) -> str | None:
    """Return the district of a place, with a warning if it is unknown or coarser than what was typed."""
    if found is None:
        warnings.append(f"unknown_{field}")
        return None
    if found.coarser:
        warnings.append(f"coarser_{field}")
    return found.code[:6].ljust(6, "0")


def _read_place(text: str, divisions: Divisions) -> _Place | None:
    """Return the place of a code, even of an unknown one since codes change, or of a name; None if it is neither."""
    if not text:
        return None
    if code := _CODE.fullmatch(tidy(text)):
        return _Place(code[1] + (code[2] or ""))
    return _find_named(text, divisions)


@lru_cache(maxsize=1024)  # a register names few places, many times over
def _find_named(text: str, divisions: Divisions) -> _Place | None:
    located = divisions.locate(text)
    if located is None:
        return None
    code, rest = located
    more = len(code) < 6 and any(map(str.isalnum, rest))
    return _Place(code, coarser=more and not _is_one_district(code, divisions))


def _is_one_district(city: str, divisions: Divisions) -> bool:
    """Return whether a city has no districts, only streets of its own, as 东莞市 has."""
    return {street[:6] for street in divisions.streets(city)} == {city.ljust(6, "0")}
