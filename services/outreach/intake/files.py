"""Files that are handed in: what each is by its content, whatever it is called, and what of it is kept.

Runs in a worker. Pictures and documents are written anew, without what says who made them; documents that run something
are refused.
"""

from collections.abc import Collection
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

from contracts.outreach.files import FileKind, StoredFile
from contracts.refusals import RefusedError
from services.outreach.intake.documents import UnreadableError, clean_package, clean_pdf
from services.outreach.intake.pictures import PolyglotError, is_picture, redraw

MOST_UNPACKED = 100 << 20
"""Bytes that a document may have once it is unpacked."""
MOST_PARTS = 2000
_RUNS = (b"/JavaScript", b"/JS ", b"/JS(", b"/Launch", b"/EmbeddedFile", b"/RichMedia", b"/XFA")
_MARKS: dict[FileKind, bytes] = {
    FileKind.DOCUMENT: b"wordprocessingml.document.main+xml",
    FileKind.WORKBOOK: b"spreadsheetml.sheet.main+xml",
}


class WrongTypeError(RefusedError):
    """The file is by its content none of the types that are wanted here."""

    code = "wrong_type"
    advice = (
        "文件内容不是此处要求的类型（照片、PDF、Word 或 Excel）。"
        "By its content the file is not of a type that is wanted here: a picture, PDF, .docx or .xlsx."
    )
    field = "file"
    status = 422


class RunsSomethingError(RefusedError):
    """The document would run something where it is opened."""

    code = "active_content"
    advice = (
        "文件含有宏、脚本或嵌入文件，请另存为普通文件。It has macros, scripts or files in it; save it without them."
    )
    field = "file"
    status = 422


class UnreadableFileError(RefusedError):
    """The document can't be opened, so that who wrote it can't be taken out."""

    code = "unreadable_file"
    advice = (
        "文件无法打开（可能有密码或已损坏），请另存为普通文件后重发。"
        "The file can't be opened, for it has a password or is damaged; save it anew without one."
    )
    field = "file"
    status = 422


class UnpacksToTooMuchError(RefusedError):
    """The document would unpack to far more than it is."""

    code = "unpacks_too_large"
    advice = "文件解压后过大，未接收。The file unpacks to more than 100 MiB; take pictures out of it."
    field = "file"
    status = 422


class EmptyFileError(RefusedError):
    """There is nothing in the file."""

    code = "empty_file"
    advice = "文件是空的，请重新选择。The file is empty; choose it again."
    field = "file"
    status = 422


class Checked(NamedTuple):
    """A file that may be kept: what a fact says of it, its content, and that of its thumbnail if it is a picture."""

    file: StoredFile
    content: bytes
    thumbnail: bytes | None = None


def check(content: bytes, cause: str, wanted: Collection[FileKind]) -> Checked:
    """Return what is kept of a file, under an id that follows from the cause of the request and the content.

    Raise EmptyFileError, WrongTypeError, UnreadableFileError, RunsSomethingError, UnpacksToTooMuchError, or what
    `redraw` raises.
    """
    if not content:
        raise EmptyFileError
    file_id = sha256(f"{cause}|{sha256(content).hexdigest()}".encode()).hexdigest()[:32]
    if is_picture(content) or wanted == {FileKind.PICTURE}:
        return _must_be_wanted(_picture(content, file_id), wanted)
    kind, kept = _document(content)
    return _must_be_wanted(Checked(_describe(kept, file_id, kind), kept), wanted)


def _picture(content: bytes, file_id: str) -> Checked:
    picture, thumbnail = redraw(content)
    return Checked(_describe(picture, file_id, FileKind.PICTURE, thumbnail=True), picture, thumbnail)


def _must_be_wanted(checked: Checked, wanted: Collection[FileKind]) -> Checked:
    if checked.file.kind not in wanted:
        raise WrongTypeError
    return checked


def _describe(content: bytes, file_id: str, kind: FileKind, *, thumbnail: bool = False) -> StoredFile:
    digest = sha256(content).hexdigest()
    return StoredFile(file_id=file_id, kind=kind, size=len(content), sha256=digest, thumbnail=thumbnail)


def _document(content: bytes) -> tuple[FileKind, bytes]:
    """Return what a document is, and what is kept of it."""
    try:
        if content.startswith(b"%PDF-"):
            return FileKind.PDF, _pdf(content)
        if content.startswith(b"PK\x03\x04"):
            return _packed(content)
    except UnreadableError as error:
        raise UnreadableFileError from error
    raise WrongTypeError


def _pdf(content: bytes) -> bytes:
    """Return a PDF with an end, written anew; then also what was compressed in it, but for streams, is looked at."""
    if b"%%EOF" not in content[-1024:]:
        raise WrongTypeError
    if b"PK\x05\x06" in content[-65_557:]:
        raise PolyglotError
    _must_run_nothing(content)
    kept = clean_pdf(content)
    _must_run_nothing(kept)
    return kept


def _must_run_nothing(pdf: bytes) -> None:
    if any(word in pdf for word in _RUNS):
        raise RunsSomethingError


def _packed(content: bytes) -> tuple[FileKind, bytes]:
    try:
        with ZipFile(BytesIO(content)) as packed:
            names = [part.filename for part in packed.infolist()]
            if len(names) > MOST_PARTS or _unpacked(packed) > MOST_UNPACKED:
                raise UnpacksToTooMuchError
            if any("vbaproject" in name.lower() or "/embeddings/" in name.lower() for name in names):
                raise RunsSomethingError
            types = packed.read("[Content_Types].xml")
            kept = clean_package(packed)
    except (BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise WrongTypeError from error
    for kind, mark in _MARKS.items():
        if mark in types:
            return kind, kept
    raise WrongTypeError


def _unpacked(packed: ZipFile) -> int:
    """Return how many bytes the parts say to have; what says less than it has is not read beyond that."""
    return sum(part.file_size for part in packed.infolist())
