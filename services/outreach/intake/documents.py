"""Documents without what says who wrote them, with what and where: PDF, .docx and .xlsx are written anew.

Runs in a worker. What stands in the text stays, and so does what a signature covers.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import chain
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pypdf import PasswordType, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject, NullObject, PdfObject, StreamObject

_SIGNED = b"/ByteRange"
_BESIDE = ("/Metadata", "/PieceInfo", "/LastModified")
"""What programs keep beside a page or a document (ISO 32000-1, 14.3 and 14.5)."""

_EMPTY = {
    "docProps/core.xml": b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
    b'core-properties"/>',
    "docProps/app.xml": b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/'
    b'extended-properties"/>',
    "docProps/custom.xml": b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/'
    b'custom-properties"/>',
}
_TAG = re.compile(rb"<[^<>]*>")
_WHO = re.compile(
    rb"""(\b(?:\w+:)?(?:author|initials|userId|providerId|userName|lastModifiedBy|displayName)\s*=\s*)("[^"]*"|'[^']*')"""
)
_COMMENTER = re.compile(rb"(<(?:\w+:)?author>)[^<]*(?=</)")
_SAVED_AT = re.compile(rb"<(?:\w+:)?(?:absPath|attachedTemplate)\b[^<>]*/>")
_TEMPLATE = re.compile(rb"<Relationship\b[^<>]*/attachedTemplate[\"'][^<>]*/>")
_TABLES = "xl/tables/"
"""Where `displayName` is a table's, and needed."""


class UnreadableError(Exception):
    """The document can't be written anew."""


def clean_pdf(content: bytes) -> bytes:
    """Return a PDF without author, program, times and XMP, and without former versions; a signed one as it came.

    Raise UnreadableError if it can't be read, or not without a password.
    """
    if _SIGNED in content:
        return content
    try:
        return _write_pdf(content)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise UnreadableError from error


def _write_pdf(content: bytes) -> bytes:
    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
        raise UnreadableError
    writer = PdfWriter(clone_from=reader)
    writer.metadata = None
    for part in (writer.root_object, *writer.pages):
        _forget(part)
    for drawn in _drawn_in(chain.from_iterable(map(_with_those_above, writer.pages)), set()):
        _forget(drawn)
        if drawn.get("/Filter") in ("/DCTDecode", ["/DCTDecode"]):
            drawn._data = clean_jpeg(drawn._data)  # noqa: SLF001  # there is no other way to a JPEG as it is
    for note in chain.from_iterable(page.annotations or () for page in writer.pages):
        _forget_author(note.get_object())
    writer.compress_identical_objects(remove_duplicates=False)  # what nothing refers to any more is not written
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def _with_those_above(page: DictionaryObject) -> Iterator[DictionaryObject]:
    """Yield a page, and what it may have its pictures from."""
    seen: set[int] = set()
    part: Any = page
    while isinstance(part, DictionaryObject) and id(part) not in seen:
        yield part
        seen.add(id(part))
        part = part.get("/Parent", NullObject()).get_object()


def _drawn_in(parts: Iterable[DictionaryObject], seen: set[int]) -> Iterator[StreamObject]:
    """Yield the pictures of pages, and what else is drawn there with its pictures, each once."""
    for part in parts:
        drawn = [one.get_object() for one in part.get("/Resources", {}).get("/XObject", {}).values()]
        new = [one for one in drawn if isinstance(one, StreamObject) and id(one) not in seen]
        seen.update(map(id, new))
        yield from new
        yield from _drawn_in(new, seen)


def _forget(part: DictionaryObject) -> None:
    for name in _BESIDE:
        part.pop(name, None)


def _forget_author(note: PdfObject | None) -> None:
    """Forget who wrote a comment; in a field of a form the same name is the field's."""
    if isinstance(note, DictionaryObject) and note.get("/Subtype") != "/Widget":
        note.pop("/T", None)


def clean_package(packed: ZipFile) -> bytes:
    """Return a .docx or .xlsx without authors, editors, programs, times and templates, and its photos without theirs.

    Raise UnreadableError if two parts have the same name.
    """
    written, names = BytesIO(), packed.namelist()
    if len({name.lower() for name in names}) < len(names):
        raise UnreadableError
    with ZipFile(written, "w", ZIP_DEFLATED) as clean:
        for name in names:
            clean.writestr(ZipInfo(name), _clean_part(name, packed.read(name)), ZIP_DEFLATED)
    return written.getvalue()


def _clean_part(name: str, part: bytes) -> bytes:
    lower = name.lower()
    if lower.endswith((".jpg", ".jpeg")):
        return clean_jpeg(part)
    if lower.endswith(".png"):
        return clean_png(part)
    if lower.endswith(".rels"):
        return _TEMPLATE.sub(b"", part)
    if not lower.endswith(".xml"):
        return part
    return next((empty for known, empty in _EMPTY.items() if known.lower() == lower), None) or _clean_xml(lower, part)


def _clean_xml(name: str, part: bytes) -> bytes:
    blank: Callable[[re.Match[bytes]], bytes] = lambda tag: _WHO.sub(rb'\1""', tag[0])  # noqa: E731  # short
    cleaned = part if name.startswith(_TABLES) else _TAG.sub(blank, part)
    return _COMMENTER.sub(rb"\1", _SAVED_AT.sub(b"", cleaned))


def clean_jpeg(content: bytes) -> bytes:
    """Return a JPEG without what cameras and programs put beside the picture: EXIF, XMP, IPTC, comments."""
    kept, at = [content[:2]], 2
    while content[at : at + 1] == b"\xff" and (marker := content[at + 1 : at + 2]) not in {b"\xda", b""}:
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if marker not in _BESIDE_A_JPEG:
            kept.append(content[at:end])
        at = end
    return b"".join([*kept, content[at:]])


_BESIDE_A_JPEG = frozenset(bytes([marker]) for marker in (0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE))
"""APP1, APP3 to APP13, APP15 and comments; APP0, APP2 and APP14 tell how colours are meant."""
_PNG_HEAD = 8
_BESIDE_A_PNG = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})


def clean_png(content: bytes) -> bytes:
    """Return a PNG without texts, times and EXIF."""
    kept, at = [content[:_PNG_HEAD]], _PNG_HEAD
    while at < len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] not in _BESIDE_A_PNG:
            kept.append(content[at:end])
        at = end
    return b"".join(kept)
