"""Photos and documents as they are handed in, invented: with a place in them, with more in them than a photo, bombs."""

import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType
from zipfile import ZIP_DEFLATED, ZipFile

from PIL import Image

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


def pdf(inside: bytes = b"") -> bytes:
    """Return the outline of a PDF."""
    return b"%PDF-1.4\n1 0 obj <<" + inside + b">> endobj\ntrailer <<>>\n%%EOF\n"
