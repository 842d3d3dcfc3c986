"""Every scene in both themes and widths, as files; the same payloads make the same bytes."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from pictures.imitation import Screen
from pictures.paper import Box, Face, column, element, picture, text_height
from pictures.scenes import READER, SCENES, Scene
from pictures.style import STYLE, THEMES
from translations import offered

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
"""Where the committed pictures are."""

WIDTHS = {"desk": 640, "phone": 380}
MARGIN = 16
CAPTION = Face(name="caption", size=13, line=17, bold=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One picture as a file."""

    name: str
    width: int
    svg: bytes

    @property
    def height(self) -> int:
        """Of the whole, in pixels."""
        return int(self.svg.split(b'height="', 1)[1].split(b'"', 1)[0])


def drawn() -> list[Drawn]:
    """Every picture."""
    offered.bot()  # has a loop of its own, which must have ended before
    return asyncio.run(_drawn())


async def _drawn() -> list[Drawn]:
    """Views of discord.py can only be made while a loop runs."""
    return [_draw(scene, theme, place) for scene in SCENES for place in WIDTHS for theme in THEMES]


def _draw(scene: Scene, theme: str, place: str) -> Drawn:
    width = WIDTHS[place]
    screen = Screen(width=width - 2 * MARGIN, reader=READER, is_phone=place == "phone")
    parts = [_captioned(caption, box, screen.width) for caption, box in scene.draw(screen)]
    whole = column("column", parts, gap=24, around=2 * MARGIN)
    svg = picture(whole, title=scene.title, style=STYLE, theme=theme, width=width)
    return Drawn(name=f"{scene.name}-{place}-{theme}.svg", width=width, svg=svg)


def _captioned(caption: str, box: Box, width: int) -> Box:
    above = Box(element=element("div", "caption", caption), height=text_height(caption.upper(), CAPTION, width))
    return column("column", [above, box], gap=10)
