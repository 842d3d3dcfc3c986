"""Draws the hours of the week in which a host is live, as a picture that reads the same on Discord's dark and light pages.

It brings its own ground, so that nothing depends on the page behind it. Pillow's own scalable font has the printable
characters of ASCII and no others: what stands in the picture is figures, names of zones, handles, and days where their
names can be written so. Pillow is imported when the first picture is drawn, and not before.
"""

import io
import unicodedata
from dataclasses import dataclass

from babel import Locale

from spacebot.domain.stats import DAYS, HOURS, Heat
from spacebot.present.language import spoken

Colour = tuple[int, int, int]

SIZE = (960, 360)
"""Width and height in pixels."""

GROUND: Colour = (30, 31, 34)
WRITING: Colour = (219, 222, 225)
EMPTY: Colour = (43, 45, 49)
"""A cell of an hour in which nothing ever was."""

LOW: Colour = (32, 78, 118)
HIGH: Colour = (140, 214, 255)
"""Cells of the hours with the fewest and with the most Spaces; those between are mixed."""

ON_DARK: Colour = (255, 255, 255)
ON_LIGHT: Colour = (0, 0, 0)

LINEAR_UP_TO = 0.04045
"""Of a part of a colour: WCAG 2.2's relative luminance, as sRGB defines it."""

LEFT, TOP, CELL_WIDTH, CELL_HEIGHT, GAP = 72, 52, 36, 36, 2
HEADING, LABEL, FIGURE = 22, 18, 15
"""Sizes of writing."""
RADIUS = 16
MOST_FIGURE = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn; two that are equal look the same."""

    heading: str
    """Whose hours they are."""
    zone: str
    days: tuple[str, ...]
    """What stands beside the seven rows, Monday first."""
    heat: Heat


def days_drawn() -> tuple[str, ...]:
    """The days of the week from Monday, as short as the language that is spoken has them; figures where they cannot be drawn.

    Latin letters lose their accents, which the font lacks; other scripts have no letters in it at all.
    """
    drawn = tuple(_bare(name) for name in day_names("abbreviated"))
    return drawn if all(drawable(name) and name for name in drawn) else tuple(str(day + 1) for day in range(DAYS))


def day_names(width: str) -> tuple[str, ...]:
    """The days of the week from Monday in the language that is spoken.

    Args:
        width: 'wide' or 'abbreviated'.
    """
    names = Locale.parse(spoken()).days["stand-alone"][width]
    return tuple(str(names[day]) for day in range(DAYS))


def drawable(text: str) -> bool:
    """Whether the font has every character."""
    return text.isascii() and text.isprintable()


def _bare(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).rstrip(".")


def shade(count: int, most: int) -> Colour:
    """The colour of a cell.

    Args:
        count: The Spaces that lay in its hour.
        most: Those of the fullest hour, at least one.
    """
    if not count:
        return EMPTY
    part = (count - 1) / (most - 1) if most > 1 else 1.0
    red, green, blue = (round(low + (high - low) * part) for low, high in zip(LOW, HIGH, strict=True))
    return red, green, blue


def ink(ground: Colour) -> Colour:
    """The colour of a figure on this ground: of black and white the one that reads better."""
    return max((ON_DARK, ON_LIGHT), key=lambda colour: contrast(colour, ground))


def contrast(one: Colour, other: Colour) -> float:
    """How much two colours differ in brightness, from 1 to 21, as WCAG 2.2 reckons it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 12.92 if part <= LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4
        for part in (one / 255 for one in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def draw(picture: Picture) -> bytes:
    """The picture as a PNG of `SIZE`; takes tens of milliseconds, so call it beside the event loop."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - most runs never draw: the start is spared it

    heading, label, figure = (ImageFont.load_default(size) for size in (HEADING, LABEL, FIGURE))
    image = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    width, height = SIZE
    pen.rounded_rectangle((0, 0, width - 1, height - 1), RADIUS, fill=GROUND)
    right = LEFT + HOURS * CELL_WIDTH - GAP
    pen.text((LEFT, TOP / 2), picture.heading, WRITING, heading, anchor="lm")
    pen.text((right, TOP / 2), picture.zone, WRITING, label, anchor="rm")
    most = max((count for row in picture.heat for count in row), default=0)
    for day, row in enumerate(picture.heat):
        middle = TOP + day * CELL_HEIGHT + (CELL_HEIGHT - GAP) / 2
        pen.text((LEFT - 10, middle), picture.days[day], WRITING, label, anchor="rm")
        for hour, count in enumerate(row):
            left, top = LEFT + hour * CELL_WIDTH, TOP + day * CELL_HEIGHT
            ground = shade(count, most)
            box = (left, top, left + CELL_WIDTH - GAP - 1, top + CELL_HEIGHT - GAP - 1)
            pen.rounded_rectangle(box, 4, fill=ground)
            if count:
                centre = (left + (CELL_WIDTH - GAP) / 2, middle)
                pen.text(centre, _figure(count), ink(ground), figure, anchor="mm")
    below = TOP + DAYS * CELL_HEIGHT + 18
    for hour in range(HOURS):
        pen.text((LEFT + hour * CELL_WIDTH, below), str(hour), WRITING, figure, anchor="lm")
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _figure(count: int) -> str:
    return str(count) if count <= MOST_FIGURE else f"{MOST_FIGURE}+"
