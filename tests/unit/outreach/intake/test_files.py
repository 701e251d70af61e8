"""Files are what their content says, whatever they are called; what would run or unpack to too much is refused."""

from hashlib import sha256

import pytest

from contracts.outreach.files import FileKind
from contracts.refusals import RefusedError
from services.outreach.intake.files import MOST_UNPACKED, check
from tests.support.pictures import document, pdf, photo

ANY = frozenset(FileKind)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (photo(), FileKind.PICTURE),
        (pdf(), FileKind.PDF),
        (document(), FileKind.DOCUMENT),
        (document("spreadsheetml.sheet"), FileKind.WORKBOOK),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, kind: FileKind) -> None:
    checked = check(content, "cause", ANY)

    assert checked.file.kind is kind
    assert (checked.file.size, checked.file.sha256) == (len(checked.content), sha256(checked.content).hexdigest())
    assert checked.file.thumbnail == (checked.thumbnail is not None) == (kind is FileKind.PICTURE)


def test_the_same_request_is_the_same_file_and_another_is_another() -> None:
    ids = {check(*asked, ANY).file.file_id for asked in ((pdf(), "a"), (pdf(), "a"), (pdf(), "b"), (document(), "a"))}

    assert len(ids) == 3


@pytest.mark.parametrize(
    ("content", "wanted", "code"),
    [
        (b"", ANY, "empty_file"),
        (b"MZ\x90\x00", ANY, "wrong_type"),
        (b"<html></html>", ANY, "wrong_type"),
        (pdf(), {FileKind.PICTURE}, "not_a_picture"),
        (photo(), {FileKind.PDF}, "wrong_type"),
        (document("presentationml.presentation"), ANY, "wrong_type"),
        (document()[:40], ANY, "wrong_type"),
        (b"%PDF-1.4 and no end", ANY, "wrong_type"),
        (pdf(b"/OpenAction << /S /JavaScript >>"), ANY, "active_content"),
        (document(parts={"word/vbaProject.bin": b"x"}), ANY, "active_content"),
        (document(parts={"word/embeddings/oleObject1.bin": b"x"}), ANY, "active_content"),
        (document(parts={"word/document.xml": bytes(MOST_UNPACKED)}), ANY, "unpacks_too_large"),
        (document(parts={f"word/{number}": b"" for number in range(2500)}), ANY, "unpacks_too_large"),
        (pdf() + document(), ANY, "polyglot"),
    ],
)
def test_what_is_not_wanted_is_refused(content: bytes, wanted: frozenset[FileKind], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        check(content, "cause", wanted)

    assert (refused.value.code, refused.value.field) == (code, "file")
