"""What pictures are made of: XHTML elements, and estimates of the room that text takes, without any font at hand.

An estimate is never less than what common fonts need: a picture may have room to spare, and nothing in it is cut.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

SVG = "http://www.w3.org/2000/svg"
XHTML = "http://www.w3.org/1999/xhtml"

_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say."""

_PICTOGRAMS = "\U0001f000"
_NARROW, _WIDE = frozenset("ijlItfr.,:;'|!()[] ·/"), frozenset("mwMW@%—…✅⚠→")


MONO = 0.64
"""The width of a letter where all are as wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Something drawn, and the height in pixels that it takes."""

    element: Element
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """How text is set: sizes in pixels."""

    name: str
    """The class in the style sheet that sets it so."""
    size: int
    line: int
    bold: bool = False
    mono: bool = False


def element(tag: str, name: str, *children: Element | str, **attributes: str) -> Element:
    """An XHTML element of a class, with its attributes and what stands in it; text is text, whatever it contains."""
    made = Element(tag, ({"class": name} if name else {}) | attributes)
    for child in children:
        if isinstance(child, Element):
            made.append(child)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + legal(child)
        else:
            made.text = (made.text or "") + legal(child)
    return made


def legal(text: str) -> str:
    """The text with a replacement character for whatever cannot stand in XML."""
    return _ILLEGAL.sub("\ufffd", text)


def column(name: str, boxes: Sequence[Box], *, gap: float = 0, around: float = 0) -> Box:
    """Boxes below each other.

    Args:
        name: The class of the column, a flex column in the style sheet.
        boxes: What stands in it.
        gap: The pixels between two of them, set here.
        around: The pixels above and below all of them together, set in the style sheet.
    """
    made = element("div", name, *(box.element for box in boxes), style=f"gap:{gap:g}px")
    made.text = "\n"
    for child in made:
        child.tail = "\n"
    height = sum(box.height for box in boxes) + gap * max(len(boxes) - 1, 0) + around
    return Box(element=made, height=height)


def text_height(text: str, face: Face, width: float) -> float:
    """The pixels that a text takes, wrapped at a width."""
    return sum(_lines(paragraph, face, width) for paragraph in text.split("\n")) * face.line


def text_width(text: str, face: Face) -> float:
    """The pixels that a text takes in one line."""
    share = sum(max(_share(letter), MONO) if face.mono else _share(letter) for letter in text)
    return share * face.size * (1.08 if face.bold else 1)


def rows(widths: Iterable[float], most: float, gap: float) -> int:
    """In how many rows things of these widths stand, wrapped where there is no room for the next."""
    count, used = 0, most
    for width in widths:
        if used + gap + width > most:
            count, used = count + 1, width
        else:
            used += gap + width
    return count


def _lines(paragraph: str, face: Face, width: float) -> int:
    count, used, space = 1, 0.0, text_width(" ", face)
    width = max(width, 2 * face.size)  # a letter has room everywhere
    for word in paragraph.split(" "):
        wide = text_width(word, face)
        if used and used + space + wide > width:
            count, used = count + 1, 0.0
        else:
            used += space if used else 0.0
        while wide > width:  # broken anywhere
            count, wide = count + 1, wide - width
        used += wide
    return count


def _share(letter: str) -> float:
    """The width of a letter, as a part of the size of its face; that of wide fonts, such as Verdana or DejaVu Sans."""
    if unicodedata.category(letter) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    if letter >= _PICTOGRAMS or unicodedata.east_asian_width(letter) in {"W", "F"}:
        return 1.4
    if letter in _NARROW:
        return 0.39
    return 1.0 if letter in _WIDE else 0.7 if letter.isupper() else 0.63


def picture(box: Box, *, title: str, style: str, theme: str, width: int) -> bytes:
    """A whole picture: an SVG of its own, which needs no other file."""
    height = str(int(-(-box.height // 1)))
    svg = Element("svg", {"xmlns": SVG, "width": str(width), "height": height, "viewBox": f"0 0 {width} {height}"})
    svg.set("role", "img")
    svg.text = "\n"
    SubElement(svg, "title").text = legal(title)
    SubElement(svg, "style").text = style
    SubElement(svg, "rect", {"class": f"ground {theme}", "width": "100%", "height": "100%", "rx": "8"})
    foreign = SubElement(svg, "foreignObject", {"width": "100%", "height": "100%"})
    page = SubElement(foreign, "div", {"xmlns": XHTML, "class": f"page {theme}"})
    page.append(box.element)
    for each in svg:
        each.tail = "\n"
    return tostring(svg, encoding="unicode").encode() + b"\n"
