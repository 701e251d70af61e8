"""Classify the rows below the headings: a row that is not empty is a person's, blank, or ignored for a reason."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from unicodedata import normalize

from services.runtime.sheets.files import Sheet
from services.runtime.sheets.headings import Header
from services.runtime.sheets.meanings import tidy_heading

Reason = Literal["footer", "heading", "note"]
"""Why a row is ignored: a total or a signature, a repetition of the headings, a text outside the known columns."""

_SPACES = re.compile(r"\s+")
_FOOTER = re.compile(
    r"(?:本页|本表|全页|累计|以上)?(?:总?人数|户数)?(?:合计|总计|小计|共计|累计|总数|总人数)(?:\([人户名]\))?(?:[:为]?共?\d*[人户名条次]?(?:次)?)?(?:[,;、(。]?其中.*)?。?"
    r"|(?:本页|本表|全表|以上)?共:?\d+[人户名条页次].*|[-—]+第?\d+页?[-—]+"
    r"|(?:单位|街道|社区)?(?:填表|填报|制表|审核|审批|经办|联系|复核|录入|统计|负责|盖章|签字|领导|主管)"
    r"(?:人|者|单位|日期|时间|负责人|领导|电话|签字|盖章)?(?:\(?(?:签字|签名|盖章|公章)\)?)?:.*"
    r"|[^:]{0,20}\((?:签字|签名|盖章|公章)\):?.*|[^:]{0,8}(?:签字|签名|盖章):.*"
    r"|(?:填表|填写)?(?:说明|须知|备注|注|注意|注意事项|附注)(?:\d*):.*|以下(?:空白|无正文).*|(?:以上|上述)(?:人员|数据|内容|均|为).*|第\d+页.*|(?:数据|统计)?(?:截止|截至).*|\(?盖章\)?"
)
_COLUMN_NUMBER = re.compile(r"[(\[]?(?:\d{1,2}|[A-Z]{1,2}|[甲乙丙丁戊己庚辛壬癸])[)\]]?")
_SERIAL = re.compile(r"\d{1,6}\.?|[(（]?\d{1,4}[)）]?")


@dataclass(frozen=True, slots=True)
class Ignored:
    """An ignored row, by its number in the sheet, from 1."""

    number: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class FoundRows:
    """The rows of a sheet: those of people by number, how many are blank, and those that are ignored."""

    people: list[tuple[int, list[str]]]
    blank: int
    ignored: list[Ignored]


@dataclass(frozen=True, slots=True)
class RowRules:
    """How a service classifies rows.

    `is_person` returns, from a row's texts by field, whether it is certainly a person's. A footer may stand in the
    first filled cell or in `footer_fields`. A row with nothing but `prefilled` fields is blank.
    """

    is_person: Callable[[Mapping[str, str]], bool]
    footer_fields: Collection[str]
    prefilled: Collection[str]


def find_rows(sheet: Sheet, header: Header, rules: RowRules) -> FoundRows:
    """Return the rows below the headings; an empty line counts as blank if a person or a filled blank row follows."""
    people: list[tuple[int, list[str]]] = []
    ignored: list[Ignored] = []
    blank = empty = 0
    fields = {column: name for name, column in header.columns.items()}
    across = {corner for corner, (_, right) in sheet.merged if right > corner[1]}
    for number, cells in enumerate(sheet.rows[header.last :], start=header.last + 1):
        filled = {column: cell for column, cell in enumerate(cells) if cell and not cell.isspace()}
        own = {column for column in filled if (number - 1, column) not in sheet.spread}
        if not filled:
            empty += 1
            continue
        verdict = _classify(filled, own, header, fields, rules)
        if len(filled) == 1 and (number - 1, *filled) in across and verdict == "person":
            verdict = "note"
        if verdict == "person" or verdict == "blank":  # noqa: PLR1714  # which tells mypy what is left
            blank, empty = blank + empty + (verdict == "blank"), 0
            if verdict == "person":
                people.append((number, cells))
        else:
            ignored.append(Ignored(number, verdict))
    return FoundRows(people, blank, ignored)


def _classify(
    filled: Mapping[int, str], own: Collection[int], header: Header, fields: Mapping[int, str], rules: RowRules
) -> Reason | Literal["person", "blank"]:
    known = {fields[column]: cell for column, cell in filled.items() if column in fields}
    if rules.is_person(known):
        return "person"
    if _repeats_headings(filled, header):
        return "heading"
    if _is_footer(filled, [fields.get(column) for column in filled], rules):
        return "footer"
    if {fields[column] for column in own if column in fields} - set(rules.prefilled):
        return "person"
    beside = [cell for column, cell in filled.items() if column not in fields]
    if known or all(_SERIAL.fullmatch(normalize("NFKC", cell).strip()) for cell in beside):
        return "blank"
    return "note"


def _repeats_headings(filled: Mapping[int, str], header: Header) -> bool:
    """Return whether a row repeats the headings, as at the top of a printed page, or numbers the columns."""
    texts = [normalize("NFKC", cell).strip() for cell in filled.values()]
    if len(texts) > 2 and all(map(_COLUMN_NUMBER.fullmatch, texts)):
        return True
    columns = [column for column in filled if column < len(header.cells)]
    alike = [column for column in columns if _is_heading(filled[column], header.cells[column])]
    return len(alike) > 1 and 2 * len(alike) > len(filled)


def _is_heading(cell: str, heading: str) -> bool:
    written, known = tidy_heading(cell), tidy_heading(heading)
    part = len(written) > 1 and (known.startswith(written) or known.endswith(written))
    return bool(written) and (written == known or part)


def _is_footer(filled: Mapping[int, str], names: Sequence[str | None], rules: RowRules) -> bool:
    """Return whether a row is a total, a signature or a remark, by its first text or those of `footer_fields`."""
    texts = [_SPACES.sub("", normalize("NFKC", cell)) for cell in filled.values()]
    candidates = [texts[0], *(text for text, name in zip(texts, names, strict=True) if name in rules.footer_fields)]
    return any(_FOOTER.fullmatch(text) for text in candidates)
