"""One reader for each field of a report: what was typed becomes a value, a warning or a refusal."""

import re
from collections.abc import Mapping
from datetime import date
from typing import NoReturn, TypeVar
from unicodedata import normalize

from contracts.divisions import Divisions
from contracts.identity import (
    DocumentType,
    NumberProblem,
    Sex,
    birth_in,
    carries_birth,
    normalise_number,
    number_problem,
    sex_in,
)
from contracts.registration import DestinationKind
from services.registration.dates import read_date
from services.registration.refusals import RefusalCode, ReportRefusedError
from services.registration.vocabulary import ABROAD, tidy

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


def read_document_type(text: str) -> DocumentType:
    """Give the kind of document."""
    found = DocumentType.from_label(text)
    if found is None:
        refuse(RefusalCode.BAD_DOCUMENT_TYPE, "document_type")
    return found


def read_document_number(document_type: DocumentType, text: str) -> str:
    """Give the number in its one form; a number that can't be right is refused."""
    number = normalise_number(document_type, text)
    problem = number_problem(document_type, number)
    if problem in (NumberProblem.PATTERN, NumberProblem.PREFIX):
        refuse(RefusalCode.BAD_NUMBER, "document_number", problem)
    if problem is not None:
        refuse(RefusalCode.ID_CHECKSUM, "document_number", problem)
    return number


def read_birth(text: str, document_type: DocumentType, number: str, today: date) -> date:
    """Give the day of birth: as the number says where it does, else as typed."""
    told = birth_in(number) if carries_birth(document_type, number) else None
    if not text.strip():
        if told is None:
            refuse(RefusalCode.MISSING, "birth", "a document of this kind doesn't say it")
        typed = told
    else:
        typed = read_day("birth", text, today)
        if told not in (None, typed):
            refuse(RefusalCode.BIRTH_MISMATCH, "birth")
    if typed > today:
        refuse(RefusalCode.FUTURE_DATE, "birth")
    return typed


def read_sex(text: str, document_type: DocumentType, number: str, warnings: list[str]) -> Sex:
    """Give the sex: as the number says where it does, else as typed."""
    typed = Sex.from_label(text) if text.strip() else Sex.UNKNOWN
    if not carries_birth(document_type, number):
        if typed in (None, Sex.UNKNOWN):
            warnings.append("unknown_sex")
        return typed or Sex.UNKNOWN
    told = sex_in(number)
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
    meaning = words.get(text) or words.get(tidy(text))
    if meaning is None and text.strip():
        warnings.append(warning)
    return meaning


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
    found = divisions.find(text)
    return found.ljust(6, "0") if found else None
