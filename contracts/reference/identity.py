"""Identity documents and their numbers, and the person id derived from them, which is all that facts carry."""

import hmac
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from operator import mul
from typing import NamedTuple, TypeVar

Kind = TypeVar("Kind", bound=StrEnum)


class DocumentType(StrEnum):
    """The documents that a person can be registered with; a child without one is registered under its `guardian`."""

    ID_CARD = "id_card"
    PASSPORT = "passport"
    HK_MACAO_PERMIT = "hk_macao_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    HK_MACAO_TAIWAN_RESIDENCE = "hk_macao_taiwan_residence"
    FOREIGN_PERMANENT_RESIDENCE = "foreign_permanent_residence"
    GUARDIAN = "guardian"

    @classmethod
    def from_label(cls, text: str) -> "DocumentType | None":
        """Return the document type for its code or for a name that offices use; None if it is not known."""
        return _member(DocumentType, _DOCUMENT_LABELS, text)


class Document(NamedTuple):
    """An identity document: its type and its normalised number.

    `apart` is empty unless the number can't be trusted; then it keeps the person apart from other people with that
    number, so that nobody is matched by it.
    """

    document_type: DocumentType
    number: str
    apart: str = ""


class Sex(StrEnum):
    """Sex as GB/T 2261.1-2003 codes it: male 1, female 2, unknown 0, unspecified 9."""

    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"
    UNSPECIFIED = "unspecified"

    @classmethod
    def from_label(cls, text: str) -> "Sex | None":
        """Return the sex for our code, a code of GB/T 2261.1 or a Chinese label; None if it is not known."""
        return _member(Sex, _SEX_LABELS, text)


class NumberProblem(StrEnum):
    """Why a document number is invalid."""

    PLACEHOLDER = "placeholder"
    LENGTH = "length"
    CHARACTERS = "characters"
    PREFIX = "prefix"
    BIRTH = "birth"
    CHECKSUM = "checksum"
    PATTERN = "pattern"


_DOCUMENT_LABELS: Mapping[str, DocumentType] = {
    "居民身份证": DocumentType.ID_CARD,
    "身份证": DocumentType.ID_CARD,
    "二代身份证": DocumentType.ID_CARD,
    "第二代居民身份证": DocumentType.ID_CARD,
    "临时身份证": DocumentType.ID_CARD,
    "临时居民身份证": DocumentType.ID_CARD,
    "护照": DocumentType.PASSPORT,
    "普通护照": DocumentType.PASSPORT,
    "外国护照": DocumentType.PASSPORT,
    "中国护照": DocumentType.PASSPORT,
    "港澳居民来往内地通行证": DocumentType.HK_MACAO_PERMIT,
    "港澳通行证": DocumentType.HK_MACAO_PERMIT,
    "回乡证": DocumentType.HK_MACAO_PERMIT,
    "台湾居民来往大陆通行证": DocumentType.TAIWAN_PERMIT,
    "台胞证": DocumentType.TAIWAN_PERMIT,
    "港澳台居民居住证": DocumentType.HK_MACAO_TAIWAN_RESIDENCE,
    "港澳居民居住证": DocumentType.HK_MACAO_TAIWAN_RESIDENCE,
    "台湾居民居住证": DocumentType.HK_MACAO_TAIWAN_RESIDENCE,
    "外国人永久居留身份证": DocumentType.FOREIGN_PERMANENT_RESIDENCE,
    "外国人永久居留证": DocumentType.FOREIGN_PERMANENT_RESIDENCE,
    **dict.fromkeys(
        ("监护人", "随监护人", "监护人证件", "监护人身份证", "无证件", "无证件(随监护人)"), DocumentType.GUARDIAN
    ),
}
_SEX_LABELS: Mapping[str, Sex] = {
    "男": Sex.MALE,
    "男性": Sex.MALE,
    "1": Sex.MALE,
    "女": Sex.FEMALE,
    "女性": Sex.FEMALE,
    "2": Sex.FEMALE,
    "未知": Sex.UNKNOWN,
    "不详": Sex.UNKNOWN,
    "0": Sex.UNKNOWN,
    "未说明": Sex.UNSPECIFIED,
    "9": Sex.UNSPECIFIED,
}

ETHNIC_GROUPS: tuple[str, ...] = (
    *("汉族", "蒙古族", "回族", "藏族", "维吾尔族", "苗族", "彝族", "壮族"),
    *("布依族", "朝鲜族", "满族", "侗族", "瑶族", "白族", "土家族", "哈尼族"),
    *("哈萨克族", "傣族", "黎族", "傈僳族", "佤族", "畲族", "高山族", "拉祜族"),
    *("水族", "东乡族", "纳西族", "景颇族", "柯尔克孜族", "土族", "达斡尔族", "仫佬族"),
    *("羌族", "布朗族", "撒拉族", "毛南族", "仡佬族", "锡伯族", "阿昌族", "普米族"),
    *("塔吉克族", "怒族", "乌孜别克族", "俄罗斯族", "鄂温克族", "德昂族", "保安族", "裕固族"),
    *("京族", "塔塔尔族", "独龙族", "鄂伦春族", "赫哲族", "门巴族", "珞巴族", "基诺族"),
)
"""The ethnic groups in the order of GB/T 3304: the first is code 01, the last 56."""

# Besides spaces: marks that can't be seen, and the apostrophes that keep a number as text in a spreadsheet.
_SPACES = re.compile(r"[\s'`\u2018\u2019\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
_NAME_MARKS = re.compile(r"[\s\u00b7\u2022\u30fb\u2027.'\-\u200b-\u200f\ufeff]+")
_GB11643 = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_PREFIX: Mapping[DocumentType, tuple[str, ...]] = {
    DocumentType.HK_MACAO_TAIWAN_RESIDENCE: ("81", "82", "83"),
    DocumentType.FOREIGN_PERMANENT_RESIDENCE: ("9",),
}
_NO_AREA = re.compile(r"([0-9])\1{5}|123456")
_ALL_ALIKE = re.compile(r"([0-9])\1*|[A-Z]*0+[A-Z]*")
_BIRTH_ORDER = re.compile(r"[1-9]")
_PERMANENT_RESIDENCE = DocumentType.FOREIGN_PERMANENT_RESIDENCE
_NUMBER_SPACE: Mapping[DocumentType, DocumentType] = {DocumentType.HK_MACAO_TAIWAN_RESIDENCE: DocumentType.ID_CARD}
_PATTERN: Mapping[DocumentType, re.Pattern[str]] = {
    DocumentType.PASSPORT: re.compile(r"(?=(?:[A-Z]*[0-9]){3})[A-Z0-9]{5,17}"),
    DocumentType.HK_MACAO_PERMIT: re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    DocumentType.TAIWAN_PERMIT: re.compile(r"[0-9]{8}(?:[0-9]{2}[A-Z]?)?"),
    DocumentType.FOREIGN_PERMANENT_RESIDENCE: re.compile(r"[A-Z]{3}[0-9]{12}"),
}


def normalise_number(document_type: DocumentType, text: str) -> str:
    """Return a number half-width, in upper case and without spaces, a citizen number of 15 digits as one of 18.

    An invalid number is cleaned up all the same; `number_problem` tells what is wrong with it.
    """
    number = _SPACES.sub("", unicodedata.normalize("NFKC", text)).upper()
    if document_type is DocumentType.ID_CARD:
        return _as_18_digits(number)
    if document_type is DocumentType.TAIWAN_PERMIT:
        return number.replace("(", "").replace(")", "")
    if document_type is DocumentType.GUARDIAN:
        return _normalise_guarded_number(number)
    return number


def read_number(document_type: DocumentType, text: str) -> Document:
    """Return the document that a number was typed for, normalised.

    A valid permanent residence card of today's form (18 digits, the first a 9) is that document under any type, since
    no other has such numbers. Any other number keeps its type, valid or not.
    """
    number = normalise_number(document_type, text)
    return Document(_PERMANENT_RESIDENCE if _is_residence_card(number) else document_type, number)


def guarded_number(guardian: Document, birth: date, order: int = 1) -> str:
    """Return the number of a child without a document: its guardian's, its day of birth and its order among twins."""
    return f"{_in_number_space(guardian.document_type, guardian.number)}:{birth.isoformat()}:{order}"


def guardian_in(number: str) -> Document | None:
    """Return the guardian's document from the number of a child without one; None if it is no such number."""
    known, _, rest = number.partition(":")
    if known == DocumentType.GUARDIAN or rest.count(":") != 2:
        return None
    try:
        return Document(DocumentType(known), rest.partition(":")[0])
    except ValueError:
        return None


def number_problem(document_type: DocumentType, number: str) -> NumberProblem | None:
    """Return why a normalised number is invalid; None if it is valid.

    Numbers of GB 11643 (ID cards, residence permits 81/82/83, permanent residence 9) are checked for length,
    characters, birth date and check digit. Their first six digits are not looked up: divisions get abolished. A
    placeholder, which forms get where a person has no number, is nobody's number even if its check digit is right.
    """
    if _is_placeholder(document_type, number):
        return NumberProblem.PLACEHOLDER
    if carries_birth(document_type, number):
        return _citizen_number_problem(document_type, number)
    return _shape_problem(document_type, number)


def carries_birth(document_type: DocumentType, number: str) -> bool:
    """Return whether such a number follows GB 11643 and so contains birth and sex."""
    if document_type is DocumentType.FOREIGN_PERMANENT_RESIDENCE:
        return number[:1].isdigit()
    return document_type in (DocumentType.ID_CARD, DocumentType.HK_MACAO_TAIWAN_RESIDENCE)


def check_digit(number: str) -> str:
    """Return the 18th character for the first 17 digits (ISO 7064 MOD 11-2)."""
    return _CHECK_DIGITS[sum(map(mul, map(int, number[:17]), _WEIGHTS)) % 11]


def birth_in(number: str) -> date | None:
    """Return the day of birth in an 18-character number; None if there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex_in(number: str) -> Sex:
    """Return the sex in an 18-character number: an odd 17th digit is male."""
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


def person_id(key: bytes, document_type: DocumentType, number: str, apart: str = "") -> str:
    """Return the id of a person (32 hexadecimal digits), the same in every district for a type and a number.

    It is HMAC-SHA256 under the deployment's key, so that nobody without the key can try out all numbers. One person
    has one id however the number was typed, with 15 digits or 18. ID cards and residence permits of Hong Kong, Macao
    and Taiwan share one number space, and a permanent residence card is one under any type, so confusing these types
    gives the same id too. A number with `apart` has an id in a space of its own.
    """
    known = _in_number_space(document_type, number)
    if apart:
        known = f"apart:{known}:{apart}"
    return _digest(key, known)


def household_id(key: bytes, head: str, street: str) -> str:
    """Return the id (32 hexadecimal digits) of the household of a head (a person id) in a street."""
    return _digest(key, f"household:{head}:{street}")


def likeness(key: bytes, name: str, birth: date, sex: Sex, hukou_division: str | None) -> str:
    """Return a digest (32 hexadecimal digits) of name, birth, sex and hukou: equal for people who may be the same.

    Nobody without the key can recover a name from it.
    """
    return _digest(key, f"likeness:{plain_name(name)}:{birth.isoformat()}:{sex}:{hukou_division or ''}")


def plain_name(name: str) -> str:
    """Return a name as names are compared: half-width, case-folded, without spaces, dots and dashes."""
    return _NAME_MARKS.sub("", unicodedata.normalize("NFKC", name)).casefold()


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()[:32]


def _in_number_space(document_type: DocumentType, number: str) -> str:
    """Return a number, normalised, after the type that its number space is named by: id_card:11010519491231002X."""
    document = read_number(document_type, number)
    return f"{_NUMBER_SPACE.get(document.document_type, document.document_type)}:{document.number}"


def _is_residence_card(number: str) -> bool:
    """Return whether a normalised number is a valid permanent residence card of today's form."""
    return number[:1] == "9" and len(number) == 18 and number_problem(_PERMANENT_RESIDENCE, number) is None


def _is_placeholder(document_type: DocumentType, number: str) -> bool:
    """Return whether a normalised number stands for none: one digit throughout, no area, or the serial number 000."""
    if _ALL_ALIKE.fullmatch(number):
        return True
    if not carries_birth(document_type, number):
        return False
    return _NO_AREA.match(number) is not None or (len(number) == 18 and number[14:17] == "000")


def _normalise_guarded_number(number: str) -> str:
    """Return a child's number with its guardian's number normalised; unchanged if it is no such number."""
    known, _, rest = number.lower().partition(":")
    guardian = guardian_in(f"{known}:{rest.upper()}")
    if guardian is None:
        return number
    _, birth, order = rest.split(":")
    return f"{_in_number_space(guardian.document_type, guardian.number)}:{birth}:{order}"


def _citizen_number_problem(document_type: DocumentType, number: str) -> NumberProblem | None:
    """Return why a number of GB 11643 is invalid; None if it is valid."""
    if len(number) != 18:
        return NumberProblem.LENGTH
    if not _GB11643.fullmatch(number):
        return NumberProblem.CHARACTERS
    if not number.startswith(_PREFIX.get(document_type, "")):
        return NumberProblem.PREFIX
    if check_digit(number) != number[17]:
        return NumberProblem.CHECKSUM
    return NumberProblem.BIRTH if birth_in(number) is None else None


def _shape_problem(document_type: DocumentType, number: str) -> NumberProblem | None:
    """Return why a number that does not follow GB 11643 is invalid; None if it is valid."""
    if document_type is DocumentType.GUARDIAN:
        return _guarded_number_problem(number)
    return None if _PATTERN[document_type].fullmatch(number) else NumberProblem.PATTERN


def _guarded_number_problem(number: str) -> NumberProblem | None:
    """Return why a child's number is invalid: its guardian's, its birth or its order; None if it is valid."""
    guardian = guardian_in(number)
    if guardian is None:
        return NumberProblem.PATTERN
    _, _, birth, order = number.split(":")
    if not _is_day(birth):
        return NumberProblem.BIRTH
    if not _BIRTH_ORDER.fullmatch(order):
        return NumberProblem.PATTERN
    return number_problem(guardian.document_type, guardian.number)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _as_18_digits(number: str) -> str:
    """Return a 15-digit number from before 1999 in its 18-character form: with the century and the check digit."""
    if len(number) != 15 or not (number.isascii() and number.isdigit()):
        return number
    longer = number[:6] + "19" + number[6:]
    return longer + check_digit(longer)


def _member(kind: type[Kind], labels: Mapping[str, Kind], text: str) -> Kind | None:
    """Return an enum's member by label or by its own value; None if there is none."""
    if (found := labels.get(text)) is not None:
        return found
    plain = _SPACES.sub("", unicodedata.normalize("NFKC", text)).lower()
    try:
        return labels.get(plain) or kind(plain)
    except ValueError:
        return None
