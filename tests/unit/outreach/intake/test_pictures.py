"""Pictures are written anew: upright, of a sensible size, and with nothing beside the picture."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from contracts.refusals import RefusedError
from services.outreach.intake.pictures import THUMBNAIL_SIDE, redraw
from tests.support.pictures import bomb, document, pdf, photo


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_loses_place_and_camera_and_stands_upright(form: str) -> None:
    sent = photo(64, 48, form)

    picture, thumbnail = redraw(sent)

    assert b"SecretCamera" in sent
    for kept in (picture, thumbnail):
        with Image.open(BytesIO(kept)) as shown:
            assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (48, 64), {})
        assert b"SecretCamera" not in kept
        assert b"Exif" not in kept


def test_a_large_photo_is_made_smaller_and_a_thumbnail_is_small() -> None:
    picture, thumbnail = redraw(photo(4000, 3000))

    assert Image.open(BytesIO(picture)).size == (1920, 2560)
    assert max(Image.open(BytesIO(thumbnail)).size) == THUMBNAIL_SIDE


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_colours_of_every_kind_are_read(mode: str) -> None:
    written = BytesIO()
    Image.new(mode, (20, 10)).save(written, "JPEG" if mode == "CMYK" else "PNG")

    picture, _ = redraw(written.getvalue())

    assert Image.open(BytesIO(picture)).mode == "RGB"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_picture"),
        (b"hello", "not_a_picture"),
        (b"\xff\xd8\xff\xe0 no more of it", "not_a_picture"),
        (photo()[:-200], "not_a_picture"),
        (photo(form="PNG")[:60], "not_a_picture"),
        (b"GIF89a" + bytes(40), "not_a_picture"),
        (b"<svg onload='alert(1)'/>", "not_a_picture"),
        (pdf(), "not_a_picture"),
        (bomb(), "too_many_pixels"),
        (bomb(9000, 9000), "too_many_pixels"),
        (photo() + document(), "polyglot"),
        (photo() + b"<script>alert(1)</script>", "polyglot"),
        (photo()[:2] + b"\xff\xfe\x00\x0a%PDF-1.4" + photo()[2:], "polyglot"),
    ],
)
def test_what_is_no_photo_or_more_than_one_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        redraw(content)

    assert (refused.value.code, refused.value.field) == (code, "file")


def test_what_a_phone_puts_behind_a_photo_is_left_out() -> None:
    picture, _ = redraw(photo() + b"MotionPhoto_Data" * 100)

    assert b"MotionPhoto" not in picture


@given(start=st.sampled_from((photo(), photo(form="PNG"), photo(form="WEBP"))), data=st.data())
def test_a_photo_damaged_anywhere_is_a_picture_or_refused(start: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(start) - 1))
    damaged = start[:at] + data.draw(st.binary(max_size=8)) + start[at + 4 :]

    try:
        picture, _ = redraw(damaged)
    except RefusedError:
        return

    assert Image.open(BytesIO(picture)).format == "JPEG"
