"""Photos and documents as they are handed in, invented: with a place in them, with more in them than a photo, bombs."""

import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType
from zipfile import ZIP_DEFLATED, ZipFile

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject, TextStringObject

GPS = 0x8825


def photo(width: int = 64, height: int = 48, form: str = "JPEG", colour: str = "green") -> bytes:
    """Return a photo of one colour that tells where it was taken and with what."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6  # on its side
    exif[GPS] = {1: "N", 2: (31.0, 17.0, 52.0)}
    written = BytesIO()
    Image.new("RGB", (width, height), colour).save(written, form, exif=exif)
    return written.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Return a PNG of a few bytes that says to have billions of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def document(kind: str = "wordprocessingml.document", parts: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    """Return an office document with nothing in it but what makes it one, and further parts."""
    types = f'<Types><Override ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/></Types>'
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", types)
        for name, content in parts.items():
            packed.writestr(name, content)
    return written.getvalue()


AUTHOR = "夏侯候鸟"


def pdf(inside: bytes = b"", *, password: str = "", version: bytes = b"") -> bytes:
    """Return a PDF of an empty page that tells who wrote it, in its metadata and in XMP.

    `inside` is put into its catalog if it begins as a name does, else beside it. A `version` is put behind it.
    """
    writer = PdfWriter()
    page = writer.add_blank_page(100, 100)
    page[NameObject("/LastModified")] = TextStringObject(AUTHOR)
    writer.add_metadata({"/Author": AUTHOR, "/Creator": "SecretWord", "/Producer": "SecretPrinter"})
    note = {"/Type": "/Annot", "/Subtype": "/Text", "/T": AUTHOR}
    parts = {NameObject(name): TextStringObject(value) for name, value in note.items()}
    page[NameObject("/Annots")] = ArrayObject([writer._add_object(DictionaryObject(parts))])
    about = StreamObject()
    about.set_data(f"<x:xmpmeta>{AUTHOR}</x:xmpmeta>".encode())
    writer.root_object[NameObject("/Metadata")] = writer._add_object(about)
    if password:
        writer.encrypt(password)
    written = BytesIO()
    writer.write(written)
    if not inside.startswith(b"/"):
        return written.getvalue().replace(b"\n", b"\n%" + inside + b"\n", 1) + version
    return written.getvalue().replace(b"/Type /Catalog", b"/Type /Catalog " + inside, 1) + version
