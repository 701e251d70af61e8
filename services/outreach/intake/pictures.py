"""Pictures: looked at by their content, and written anew without what a camera or an editor put beside the picture.

Runs in a worker, whose limits bound what a picture may cost.
"""

import warnings
from io import BytesIO
from zipfile import is_zipfile

from PIL import Image, ImageOps

from contracts.refusals import RefusedError

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 60_000_000
"""A phone's largest photos have 50 million."""
LONGEST_SIDE, THUMBNAIL_SIDE = 2560, 320
QUALITY = 85
_SCRIPTS = (b"<script", b"<!doctype html", b"<?php")
_PDF_WITHIN = 1024
"""Bytes among which readers of PDF look for its head."""


class NotAPictureError(RefusedError):
    """The file can't be read as a picture."""

    code = "not_a_picture"
    advice = "不是可读取的照片，请提交 JPEG、PNG 或 WebP。Not a picture that can be read; send a JPEG, PNG or WebP."
    field = "file"
    status = 422


class TooManyPixelsError(RefusedError):
    """The picture would take too much memory once it is unpacked."""

    code = "too_many_pixels"
    advice = "照片像素过多（最多 6000 万），请缩小后重发。More than 60 million pixels; make the picture smaller."
    field = "file"
    status = 422


class PolyglotError(RefusedError):
    """The file is a picture and something else at once."""

    code = "polyglot"
    advice = (
        "文件同时是照片和其他类型，未接收。The file is a picture and something else at once; save the picture anew."
    )
    field = "file"
    status = 422


def is_picture(content: bytes) -> bool:
    """Return whether a file begins as one of the formats does."""
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or content[:4] + content[8:12] == b"RIFFWEBP"


def redraw(content: bytes) -> tuple[bytes, bytes]:
    """Return a picture and its thumbnail as JPEG, upright, at most 2,560 and 320 pixels wide or high.

    Raise NotAPictureError, TooManyPixelsError or PolyglotError if it is none, would unpack to too much, or is more.
    """
    if not is_picture(content):
        raise NotAPictureError
    if _is_more(content):
        raise PolyglotError
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sizes, which are judged here
            return _redraw(content)
    except Image.DecompressionBombError as error:
        raise TooManyPixelsError from error
    except (OSError, SyntaxError, ValueError) as error:
        raise NotAPictureError from error


def _redraw(content: bytes) -> tuple[bytes, bytes]:
    with Image.open(BytesIO(content), formats=FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise TooManyPixelsError
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        picture = _on_white(ImageOps.exif_transpose(opened))
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return _as_jpeg(picture), _as_jpeg(small)


def _on_white(picture: Image.Image) -> Image.Image:
    """Return a picture in plain colours and nothing beside them, what is transparent in white."""
    coloured = picture.convert("RGBA")
    plain = Image.new("RGB", coloured.size, "white")
    plain.paste(coloured, mask=coloured.getchannel("A"))
    return plain


def _as_jpeg(picture: Image.Image) -> bytes:
    written = BytesIO()
    picture.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()


def _is_more(content: bytes) -> bool:
    lower = content.lower()
    return b"%PDF-" in content[:_PDF_WITHIN] or is_zipfile(BytesIO(content)) or any(word in lower for word in _SCRIPTS)
