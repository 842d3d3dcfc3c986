"""The picture of the hours of the week: its size, what can be read in it, and what its font can write."""

import io
import subprocess
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from spacebot.domain.stats import DAYS, HOURS, Heat
from spacebot.present.chart import (
    EMPTY,
    GROUND,
    LABEL,
    SIZE,
    WRITING,
    Picture,
    contrast,
    days_drawn,
    draw,
    drawable,
    ink,
    shade,
)
from spacebot.present.language import LANGUAGES, speaking

READABLE = 4.5
"""The least contrast of writing, by the Web Content Accessibility Guidelines (WCAG 2.2, 1.4.3)."""

NOTHING: Heat = ((0,) * HOURS,) * DAYS


def picture(heat: Heat, **more: object) -> Picture:
    given_values = {"heading": "@night_radio", "zone": "Europe/Berlin", "days": days_drawn(), **more}
    return Picture(heat=heat, **given_values)  # type: ignore[arg-type]  # of any kind


def opened(content: bytes) -> Image.Image:
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    image = Image.open(io.BytesIO(content))
    image.load()
    assert (image.format, image.size) == ("PNG", SIZE)
    return image.convert("RGBA")


@settings(max_examples=15, deadline=None)
@given(
    heat=st.lists(st.lists(st.integers(0, 2000), min_size=HOURS, max_size=HOURS), min_size=DAYS, max_size=DAYS),
    heading=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=41),
)
def test_whatever_was_counted_is_a_picture_of_the_stated_size(heat: list[list[int]], heading: str) -> None:
    content = draw(picture(tuple(map(tuple, heat)), heading=heading))
    opened(content)
    assert len(content) < 100_000


def test_all_writing_can_be_read_whatever_the_page_behind_it() -> None:
    most = 500
    pairs = [(WRITING, GROUND), *((ink(ground), ground) for ground in (shade(n, most) for n in range(1, most + 1)))]
    assert min(contrast(*pair) for pair in pairs) >= READABLE
    # The page behind shows nowhere but at the corners: what is written on is opaque.
    image = opened(draw(picture(NOTHING)))
    width, height = SIZE
    assert {image.getpixel((x, y))[3] for x in range(20, width - 20, 7) for y in range(20, height - 20, 7)} == {255}  # type: ignore[index]  # of four bands
    assert image.getpixel((0, 0))[3] == 0  # type: ignore[index]  # as above


def test_contrast_is_reckoned_as_the_guidelines_say() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


def test_the_fuller_an_hour_the_brighter_it_is_and_an_empty_one_is_apart() -> None:
    shades = [shade(count, 9) for count in range(10)]
    assert shades[0] == EMPTY
    brightness = [contrast(colour, (0, 0, 0)) for colour in shades[1:]]
    assert brightness == sorted(brightness)
    assert len(set(shades)) == 10
    assert contrast(shade(1, 9), EMPTY) > 1.5


def test_the_cells_stand_where_their_hours_are() -> None:
    heat = [list(row) for row in NOTHING]
    heat[2][20] = 3
    image = opened(draw(picture(tuple(map(tuple, heat)))))
    bright = [
        (day, hour)
        for day in range(DAYS)
        for hour in range(HOURS)
        if image.getpixel((72 + hour * 36 + 3, 52 + day * 36 + 6))[:3] != EMPTY  # type: ignore[index]  # of four bands
    ]
    assert bright == [(2, 20)]


def test_the_font_has_every_character_that_is_taken_to_be_drawable() -> None:
    font = ImageFont.load_default(LABEL)
    missing = bytes(font.getmask("\uffff"))
    for code in range(33, 127):
        assert drawable(chr(code))
        assert bytes(font.getmask(chr(code))) != missing
    for letter in "éÇ月월ا\n":
        assert not drawable(letter)


def test_days_are_written_in_the_readers_language_where_the_font_can_and_numbered_elsewhere() -> None:
    drawn = {}
    for code in LANGUAGES:
        with speaking(code):
            drawn[code] = days_drawn()
        assert len(set(drawn[code])) == DAYS
        assert all(drawable(day) for day in drawn[code])
    assert drawn["en"] == ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    assert drawn["es"] == ("lun", "mar", "mie", "jue", "vie", "sab", "dom")
    assert drawn["tr"][2] == "Car"
    for code in ("ja", "ko", "ar"):
        assert drawn[code] == ("1", "2", "3", "4", "5", "6", "7")


def test_what_stands_beside_the_rows_has_room() -> None:
    font = ImageFont.load_default(LABEL)
    for code in LANGUAGES:
        with speaking(code):
            assert max(font.getlength(day) for day in days_drawn()) <= 60


def test_the_same_picture_is_the_same_file() -> None:
    assert zlib.crc32(draw(picture(NOTHING))) == zlib.crc32(draw(picture(NOTHING)))


def test_a_run_that_draws_nothing_does_not_even_import_what_draws() -> None:
    code = (
        "import importlib, sys, cogs, spacebot.app; [importlib.import_module(each) for each in cogs.EXTENSIONS];"
        "print([name for name in sys.modules if name == 'PIL' or name.startswith('PIL.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - our own words
    assert done.stdout.strip() == "[]"
