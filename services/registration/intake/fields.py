"""One reader for each field of a report: what was typed becomes a value, a warning or a refusal."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import NoReturn, TypeVar
from unicodedata import normalize

from contracts.reference.divisions import Divisions
from contracts.reference.identity import (
    Document,
    DocumentType,
    NumberProblem,
    Sex,
    birth_in,
    carries_birth,
    normalise_number,
    number_problem,
    sex_in,
)
from contracts.registration.stays import Category, DestinationKind
from services.registration.intake.refusals import RefusalCode, ReportRefusedError
from services.registration.intake.vocabulary import ABROAD, BIRTH_ORDERS, REPORTED, tidy
from services.runtime.dates import read_date

Meaning = TypeVar("Meaning", bound=str)

LONGEST_NAME = 50

# Digits, formulas, markup and what can't be seen; rare characters that old systems keep in private areas may pass.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffd]")
_NO_NAME = re.compile(r"^[-+]|[0-9<>=|!\"#$%&*/;:?@\[\\\]^_`{}~]")
_ONLY_MARKS = re.compile(r"[·•・.'\-,() ]*")
_GAP_IN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff])[ \u3000\xa0]+(?=[\u3400-\u9fff])")
_PHONE = re.compile(r"(?:\+?(?:00)?86)?(?:1[3-9][0-9]{9}|0[0-9]{9,11})(?:转[0-9]{1,6})?")
_PHONE_GAPS = re.compile(r"[\s()\-]+")
_CODE = re.compile(r"([1-8][0-9]{5})([0-9]{3})?(?:[0-9]{3})?")


def refuse(code: RefusalCode, field: str, detail: str = "") -> NoReturn:
    """Refuse the report."""
    raise ReportRefusedError(code, field, detail)


def read_street(street: str, today: date, divisions: Divisions, warnings: list[str]) -> str:
    """Give the street that stands where the code is or was; after a split the office has to say which one."""
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
    """Give the name without stray spaces; what a spreadsheet would run, or what is no name, is refused."""
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
    """Give the kind of document."""
    found = DocumentType.from_label(text)
    if found is None:
        refuse(RefusalCode.BAD_DOCUMENT_TYPE, field)
    return found


def read_document_number(
    document_type: DocumentType, text: str, field: str = "document_number", *, trusted: bool = True
) -> str:
    """Give the number in its one form; a number that can't be right is refused.

    A number that fails its check passes if it is not trusted anyway; one that its document can't have never does.
    """
    number = normalise_number(document_type, text)
    problem = number_problem(document_type, number)
    if problem in (NumberProblem.PATTERN, NumberProblem.PREFIX):
        refuse(RefusalCode.BAD_NUMBER, field, problem)
    if problem is not None and trusted:
        refuse(RefusalCode.ID_CHECKSUM, field, problem)
    return number


def read_birth_order(text: str) -> int:
    """Give which of twins a child is; who is none is the first."""
    if not text.strip():
        return 1
    order = BIRTH_ORDERS.get(tidy(text))
    if order is None:
        refuse(RefusalCode.BAD_NUMBER, "birth_order")
    return order


def birth_told_by(document: Document) -> date | None:
    """Give the day of birth that a number says, if it says one."""
    return birth_in(document.number) if carries_birth(document.document_type, document.number) else None


def read_birth(text: str, document: Document, today: date) -> date:
    """Give the day of birth: as the number says where it does, else as typed; an untrusted number does not count."""
    told = birth_told_by(document)
    if not text.strip():
        if told is None:
            refuse(RefusalCode.MISSING, "birth", "a document of this kind doesn't say it")
        typed = told
    else:
        typed = read_day("birth", text, today)
        if told not in (None, typed) and not document.apart:
            refuse(RefusalCode.BIRTH_MISMATCH, "birth")
    if typed > today:
        refuse(RefusalCode.FUTURE_DATE, "birth")
    return typed


def read_sex(text: str, document: Document, warnings: list[str]) -> Sex:
    """Give the sex: as the number says where it does, else as typed; an untrusted number does not count."""
    typed = Sex.from_label(text) if text.strip() else Sex.UNKNOWN
    if document.apart or not carries_birth(document.document_type, document.number):
        if typed in (None, Sex.UNKNOWN):
            warnings.append("unknown_sex")
        return typed or Sex.UNKNOWN
    told = sex_in(document.number)
    if typed in (Sex.MALE, Sex.FEMALE) and typed is not told:
        refuse(RefusalCode.SEX_MISMATCH, "sex")
    if typed is None:
        warnings.append("unknown_sex")
    return told


def read_day(field: str, text: str, today: date) -> date:
    """Give a day that is not in the future."""
    found = read_date(text)
    if found is None:
        refuse(RefusalCode.BAD_DATE, field)
    if found > today:
        refuse(RefusalCode.FUTURE_DATE, field)
    return found


def read_return(text: str, left_on: date) -> date | None:
    """Give the day on which somebody who leaves for a season wants to be back."""
    if not text.strip():
        return None
    found = read_date(text)
    if found is None:
        refuse(RefusalCode.BAD_DATE, "returning_on")
    if found <= left_on:
        refuse(RefusalCode.RETURNS_BEFORE_LEAVING, "returning_on")
    return found


def read_phone(text: str, warnings: list[str]) -> str:
    """Give a number that can be dialled from anywhere; any other stays as typed, with a warning."""
    typed = text.strip()
    number = _PHONE_GAPS.sub("", normalize("NFKC", typed))
    if not number or _PHONE.fullmatch(number):
        return number
    warnings.append("bad_phone")
    return typed


def read_word(words: Mapping[str, Meaning], text: str, warning: str, warnings: list[str]) -> Meaning | None:
    """Look a cell up in a vocabulary; a word that is not in it is left out with a warning."""
    if not text:
        return None
    meaning = words.get(text) or words.get(tidy(text))
    if meaning is None and text.strip():
        warnings.append(warning)
    return meaning


def read_reported(typed: Iterable[tuple[Category, str]], warnings: list[str]) -> tuple[Category, ...]:
    """Give the categories that the office says the person belongs to."""
    found = []
    for category, text in typed:
        belongs = REPORTED[category].get(tidy(text))
        if belongs:
            found.append(category)
        elif belongs is None and text.strip():
            warnings.append(f"unknown_{category}")
    return tuple(found)


def read_head(document_type: str, number: str, warnings: list[str]) -> Document | None:
    """Give the document of the head of a household; what is none links nobody and is told."""
    if not number.strip():
        return None
    known = DocumentType.from_label(document_type) if document_type.strip() else DocumentType.ID_CARD
    if known is not None:
        head = Document(known, normalise_number(known, number))
        if number_problem(*head[:2]) is None:
            return head
    warnings.append("unknown_household")
    return None


def read_hukou(division: str, address: str, divisions: Divisions, warnings: list[str]) -> str | None:
    """Give the district of the household registration, by its code or by its address."""
    found = _read_division(division, divisions) or _read_division(address, divisions)
    stated = tidy(division) or tidy(address)
    if found is None and stated and stated not in ABROAD:
        warnings.append("unknown_hukou")
    return found[:6] if found else None


def read_origin(text: str, divisions: Divisions, warnings: list[str]) -> str | None:
    """Give the district a person came from."""
    found = _read_division(text, divisions)
    if found is None:
        warnings.append("unknown_origin")
    return found[:6] if found else None


def read_destination(text: str, divisions: Divisions) -> tuple[DestinationKind, str | None]:
    """Give where a person went, as exactly as it was said."""
    found = _read_division(text, divisions)
    if found is not None:
        return DestinationKind.DIVISION, found
    return (DestinationKind.EXTERNAL if tidy(text) in ABROAD else DestinationKind.UNKNOWN), None


def _read_division(text: str, divisions: Divisions) -> str | None:
    """Read six or nine digits from a code, known or not since codes come and go, or from a name."""
    if not text:
        return None
    if code := _CODE.fullmatch(tidy(text)):
        return code[1] + (code[2] or "")
    found = _find_named(text, divisions)
    return found.ljust(6, "0") if found else None


@lru_cache(maxsize=1024)  # a register names few places, many times over
def _find_named(text: str, divisions: Divisions) -> str | None:
    return divisions.find(text)
