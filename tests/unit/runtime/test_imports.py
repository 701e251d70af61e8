"""The progress of an import: every row in one count, and what is told of sheets, columns and rows."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.imports import (
    DIFFERS,
    IGNORED,
    MOST_NOTED,
    NOT_NEEDED,
    NOTES,
    REPORT,
    SKIPPED,
    UPDATED,
    Progress,
    RowNote,
    report_pages,
)
from services.runtime.sheets.headings import MappedColumn
from services.runtime.sheets.tables import IgnoredRow, SheetRead

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
COUNTS = st.integers(0, 50)


def progress_of(**told: Any) -> Progress:
    return Progress(**{"import_id": "one", "street": "320507001", "rows": 0, "handed_in_at": NOW, **told})


@given(COUNTS, COUNTS, st.lists(st.sampled_from(["missing", "bad_date"]), max_size=9), COUNTS, COUNTS)
def test_an_import_is_done_when_every_row_is_in_one_count(
    accepted: int, duplicate: int, refused: list[str], blank: int, ignored: int
) -> None:
    progress = progress_of(
        rows=accepted + duplicate + len(refused) + blank + ignored, blank=blank, ignored=ignored, accepted=accepted
    )
    progress.count_done()
    assert (progress.state == "done") == (not duplicate and not refused)

    progress.duplicate = duplicate
    for code in refused:
        progress.count_refused(code)
    progress.count_done()

    assert (progress.state, progress.done) == ("done", progress.rows)
    assert sum(progress.refused_by_reason.values()) == progress.refused == len(refused)


def test_the_first_notes_are_in_the_answer_and_all_of_them_on_a_page() -> None:
    progress = progress_of()
    for row in range(MOST_NOTED + 5):
        progress.note(RowNote(row=row, warnings=("unknown_origin",)))
    progress.note(RowNote(row=9999))

    assert len(progress.model_dump()["noted"]) == MOST_NOTED
    assert "notes" not in progress.model_dump()
    assert progress.warnings == {"unknown_origin": MOST_NOTED + 5}
    assert len(report_pages(progress, {}, {})[1].lines) == 1 + MOST_NOTED + 5


def test_the_pages_tell_each_sheet_column_and_row() -> None:
    columns = (
        MappedColumn(column="A", heading="序号"),
        MappedColumn(column="E", heading="门牌"),
        MappedColumn(column="B", heading="电活", resembles="联系电话"),
        MappedColumn(column="C", heading="体重(斤)", field="weight_kg", converted_from="斤"),
        MappedColumn(column="D", heading="姓名", field="name"),
    )
    sheets = (
        SheetRead(sheet="去年", skipped="hidden"),
        SheetRead(sheet="说明", skipped="no_headings"),
        SheetRead(sheet="一社区", heading_rows=(1,), columns=columns),
    )
    ignored = (IgnoredRow(sheet="一社区", row=9, reason="footer"), IgnoredRow(row=3, reason="heading"))
    progress = progress_of(sheets=sheets, ignored_rows=ignored)
    progress.note(RowNote(sheet="一社区", row=4, warnings=("w",), updated=("name",), differs=("phone", "strange")))

    report, notes = report_pages(progress, {"name": "姓名", "phone": "电话", "weight_kg": "体重"}, {"w": "未知来源"})

    assert (report.name, notes.name) == (REPORT, NOTES)
    assert report.lines[1:] == [
        ("去年", "", "", "", SKIPPED["hidden"]),
        ("说明", "", "", "", SKIPPED["no_headings"]),
        ("一社区", "A", "序号", "", NOT_NEEDED["序号"]),
        ("一社区", "E", "门牌", "", "未识别，未读取 not understood, not read"),
        ("一社区", "B", "电活", "", "未识别，未读取 not understood, not read；与“联系电话”相近 resembles it"),
        ("一社区", "C", "体重(斤)", "体重", "由 斤 换算 converted"),
        ("一社区", "D", "姓名", "姓名", ""),
    ]
    assert notes.lines[1:] == [
        ("一社区", "9", IGNORED["footer"]),
        ("", "3", IGNORED["heading"]),
        ("一社区", "4", "未知来源"),
        ("一社区", "4", f"{UPDATED}：姓名"),
        ("一社区", "4", f"{DIFFERS}：电话、strange"),
    ]


def test_where_there_is_nothing_to_note_there_is_no_page_of_notes() -> None:
    assert [page.name for page in report_pages(progress_of(), {}, {})] == [REPORT]
