"""Documents lose what says who wrote them, and can still be read."""

import re
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, StreamObject
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook  # type: ignore[import-untyped]  # ships no types

from contracts.outreach.files import FileKind
from contracts.refusals import RefusedError
from services.outreach.intake.documents import clean_jpeg, clean_png
from services.outreach.intake.files import check
from tests.support.pictures import AUTHOR, document, pdf, photo

ANY = frozenset(FileKind)
MARKS = (AUTHOR.encode(), AUTHOR.encode("utf-16-be"), b"SecretWord", b"SecretPrinter", b"SecretCamera")


def kept(content: bytes) -> bytes:
    return check(content, "cause", ANY).content


def parts_of(content: bytes) -> Mapping[str, bytes]:
    with ZipFile(BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def tells(content: bytes) -> list[bytes]:
    return [mark for mark in MARKS if mark in content]


def test_a_pdf_loses_author_program_and_times_and_keeps_its_pages() -> None:
    told = pdf()

    clean = kept(told)

    reader = PdfReader(BytesIO(clean))
    assert len(tells(told)) > 2
    assert tells(clean) == []
    assert (reader.metadata or {}) == {}
    assert reader.xmp_metadata is None
    assert b"pypdf" not in clean
    assert [page.mediabox.width for page in reader.pages] == [100]
    assert kept(told) == clean, "the same request keeps the same file"


def test_a_pdf_loses_its_former_versions() -> None:
    first = pdf()
    writer = PdfWriter(BytesIO(first), incremental=True)
    writer.add_blank_page(50, 50)
    changed = BytesIO()
    writer.write(changed)
    assert changed.getvalue().count(b"%%EOF") == 2

    clean = kept(changed.getvalue())

    assert clean.count(b"%%EOF") == 1
    assert [page.mediabox.width for page in PdfReader(BytesIO(clean)).pages] == [100, 50]
    assert tells(clean) == []


@pytest.mark.parametrize("inherited", [True, False])
@pytest.mark.parametrize("alone", [True, False])
def test_a_photo_in_a_pdf_loses_its_place_and_camera(alone: bool, inherited: bool) -> None:
    writer, image, form = PdfWriter(BytesIO(pdf())), StreamObject(), StreamObject()
    image.set_data(photo())
    names = {"/Type": "/XObject", "/Subtype": "/Image", "/ColorSpace": "/DeviceRGB"}
    image.update({NameObject(name): NameObject(value) for name, value in names.items()})
    image[NameObject("/Filter")] = NameObject("/DCTDecode") if alone else ArrayObject([NameObject("/DCTDecode")])
    sizes = {"/Width": 64, "/Height": 48, "/BitsPerComponent": 8}
    image.update({NameObject(name): NumberObject(value) for name, value in sizes.items()})
    form[NameObject("/Subtype")] = NameObject("/Form")
    form[NameObject("/Resources")] = _drawing(writer, image)
    page = writer.pages[0]
    holder: Any = page["/Parent"].get_object() if inherited else page
    page.pop("/Resources")
    holder[NameObject("/Resources")] = _drawing(writer, form)
    written = BytesIO()
    writer.write(written)
    assert b"SecretCamera" in written.getvalue()

    clean = kept(written.getvalue())

    assert tells(clean) == []
    assert clean_jpeg(photo()) in clean


def _drawing(writer: PdfWriter, drawn: StreamObject) -> DictionaryObject:
    """Return resources of which one is drawn."""
    drawings = DictionaryObject({NameObject("/Im0"): writer._add_object(drawn)})
    return DictionaryObject({NameObject("/XObject"): drawings})


def test_a_signed_pdf_is_kept_as_it_came() -> None:
    signed = pdf(b"/ByteRange [0 1 2 3]")

    assert kept(signed) == signed


def test_what_a_pdf_spells_otherwise_is_looked_at() -> None:
    with pytest.raises(RefusedError) as refused:
        check(pdf(b"/OpenAction << /S /Java#53cript /J#53 (app.alert) >>"), "cause", ANY)

    assert refused.value.code == "active_content"


@pytest.mark.parametrize(
    "content",
    [
        pdf(password="secret"),
        b"%PDF-1.4\nnothing\n%%EOF\n",
        pdf()[:200] + b"\n%%EOF",
        b"%PDF-1.4\n1 0 obj << /Pages 1 0 R >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF",
    ],
    ids=["password", "nothing", "cut", "pages of itself"],
)
def test_a_pdf_that_can_not_be_opened_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        check(content, "cause", ANY)

    assert refused.value.code == "unreadable_file"


def workbook() -> bytes:
    """Return a workbook as a program writes it, with an author, a comment, a table and a photo."""
    written = BytesIO()
    with Workbook(written) as book:
        book.set_properties({"author": AUTHOR, "manager": AUTHOR, "company": "SecretWord", "keywords": AUTHOR})
        book.set_custom_property("owner", AUTHOR)
        sheet = book.add_worksheet("签到")
        sheet.write_string(0, 0, "姓名")
        sheet.write_string(1, 0, 'author="甲"')
        sheet.write_comment(1, 0, "见附件", {"author": AUTHOR})
        sheet.add_table(3, 0, 5, 1, {"name": "名单", "columns": [{"header": "a"}, {"header": "b"}]})
        sheet.insert_image(8, 0, "photo.jpeg", {"image_data": BytesIO(photo(form="JPEG"))})
        sheet.insert_image(9, 0, "photo.png", {"image_data": BytesIO(photo(form="PNG"))})
    return written.getvalue()


def test_a_workbook_loses_who_wrote_and_commented_it_and_keeps_its_cells_and_tables() -> None:
    told = workbook()

    clean = kept(told)

    before, after = parts_of(told), parts_of(clean)
    assert {name for name, part in before.items() if tells(part)} >= {
        "docProps/core.xml", "docProps/app.xml", "docProps/custom.xml", "xl/comments1.xml", "xl/media/image1.jpeg"
    }  # fmt: skip
    assert [name for name, part in after.items() if tells(part)] == []
    assert after.keys() == before.keys()
    assert "见附件" in after["xl/comments1.xml"].decode()
    assert after["xl/tables/table1.xml"] == before["xl/tables/table1.xml"]
    rows = CalamineWorkbook.from_filelike(BytesIO(clean)).get_sheet_by_name("签到").to_python()
    assert [row[0] for row in rows[:2]] == ["姓名", 'author="甲"']
    assert kept(told) == clean


def test_a_document_loses_who_changed_and_commented_it_and_where_it_was_saved() -> None:
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    text = f'<w:p><w:ins w:id="1" w:author="{AUTHOR}" w:date="2026-11-01T00:00:00Z"><w:t>血压</w:t></w:ins></w:p>'
    template = f"file:///C:/Users/{AUTHOR}/a.dotm"
    told = document(
        parts={
            "word/document.xml": f"<w:document {w}>{text}</w:document>".encode(),
            "word/comments.xml": f"<w:comments {w}><w:comment w:id='1' w:author='{AUTHOR}' w:initials='{AUTHOR}'/>"
            "</w:comments>".encode(),
            "word/people.xml": f'<w15:people><w15:person w15:author="{AUTHOR}" w15:userId="{AUTHOR}"/>'
            "</w15:people>".encode(),
            "word/settings.xml": f'<w:settings {w}><w:attachedTemplate r:id="rId1"/><w:zoom/></w:settings>'.encode(),
            "word/_rels/settings.xml.rels": f'<Relationships><Relationship Id="rId1" Type="http://x/attachedTemplate" '
            f'Target="{template}" TargetMode="External"/><Relationship Id="rId2" Type="http://x/other"/>'
            "</Relationships>".encode(),
            "docProps/core.xml": f"<cp:coreProperties><dc:creator>{AUTHOR}</dc:creator></cp:coreProperties>".encode(),
        }
    )

    after = parts_of(kept(told))

    assert [name for name, part in after.items() if tells(part)] == []
    assert "血压" in after["word/document.xml"].decode()
    assert "<w:zoom/>" in after["word/settings.xml"].decode()
    assert re.findall(rb'Id="(\w+)"', after["word/_rels/settings.xml.rels"]) == [b"rId2"]


def test_two_parts_of_one_name_are_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        check(document(parts={"word/a.xml": b"a", "word/A.xml": b"b"}), "cause", ANY)

    assert refused.value.code == "unreadable_file"


@pytest.mark.parametrize(("form", "clean"), [("JPEG", clean_jpeg), ("PNG", clean_png)])
def test_a_photo_in_a_document_loses_its_place_and_camera_and_no_dot(
    form: str, clean: Callable[[bytes], bytes]
) -> None:
    told = photo(form=form)

    without = clean(told)

    before, after = Image.open(BytesIO(told)), Image.open(BytesIO(without))
    assert dict(before.getexif())
    assert dict(after.getexif()) == {}
    assert before.tobytes() == after.tobytes()
    assert tells(without) == []


@pytest.mark.parametrize("clean", [clean_jpeg, clean_png])
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\x00\x00\xff", b"\x89PNG", b"no"]
)
def test_what_is_no_photo_is_left_alone_or_cut_and_ends(clean: Callable[[bytes], bytes], content: bytes) -> None:
    assert len(clean(content)) <= len(content)
