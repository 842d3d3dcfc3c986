"""The pictures of the documents: never out of date, well-formed, and whatever stands in a payload is text in them."""

import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from pictures.drawing import FOLDER, MARGIN, WIDTHS, drawn
from pictures.imitation import Payload, Screen, form, message
from pictures.markup import Reader, bare, block, inline, told
from pictures.paper import SVG, XHTML, Face, column, legal, picture, text_height
from pictures.scenes import NOW, READER, SCENES
from pictures.style import STYLE, THEMES
from spacebot.present.text import INVISIBLE, inert
from tests.present.test_text import ANYTHING, NASTY, shown

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SCREENS = [Screen(width=WIDTHS[place] - 2 * MARGIN, reader=READER, is_phone=place == "phone") for place in WIDTHS]
TAGS = {
    *(f"{{{SVG}}}{tag}" for tag in ("svg", "title", "style", "rect", "foreignObject")),
    *(f"{{{XHTML}}}{tag}" for tag in ("div", "span", "b", "i", "u", "s", "code")),
}
STAMP = int(NOW.timestamp())


def parsed(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def test_the_committed_pictures_are_what_the_program_draws() -> None:
    made = {each.name: each.svg for each in drawn()}
    assert len(made) == len(SCENES) * len(WIDTHS) * len(THEMES)
    committed = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert committed.keys() == made.keys()
    stale = [name for name, svg in made.items() if committed[name] != svg]
    assert not stale, "run `python -m pictures`"


def test_every_picture_is_shown_in_a_document_and_every_one_shown_is_there() -> None:
    shown = {
        (document.parent / path).resolve()
        for document in DOCUMENTS
        for path in re.findall(r"[\w/.-]*pictures/[\w-]+\.svg", document.read_text("utf-8"))
    }
    assert shown == {path.resolve() for path in FOLDER.iterdir()}


def test_a_picture_is_well_formed_and_needs_no_other_file() -> None:
    for each in drawn():
        root = parsed(each.svg)
        assert {node.tag for node in root.iter()} <= TAGS
        assert root.get("height") == str(each.height)
        assert not re.search(rb"url\(|@import|href=|src=|<script", each.svg)


def of(payload: Payload, screen: Screen) -> ET.Element:
    svg = picture(message(payload, screen), title="A test", style=STYLE, theme="dark", width=640)
    return parsed(svg)


@pytest.mark.parametrize("screen", SCREENS)
@given(text=ANYTHING | NASTY)
def test_whatever_a_payload_says_the_picture_is_well_formed_and_has_no_elements_but_ours(
    screen: Screen, text: str
) -> None:
    option = {"label": text, "description": text, "default": True}
    button = {"type": 2, "style": 2, "label": text, "emoji": {"name": text}}
    inside: list[dict[str, Any]] = [
        {"type": 10, "content": text},
        {"type": 9, "components": [{"type": 10, "content": text}], "accessory": button},
        {"type": 1, "components": [button, {**button, "style": 5, "url": text}]},
        {"type": 1, "components": [{"type": 3, "options": [option], "placeholder": text}]},
    ]
    payload = {
        "content": text,
        "embeds": [
            {
                "title": text,
                "description": text,
                "author": {"name": text, "icon_url": text},
                "fields": [{"name": text, "value": text, "inline": True}] * 4,
                "footer": {"text": text},
            }
        ],
        "components": [{"type": 17, "components": inside}],
    }
    assert {node.tag for node in of(payload, screen).iter()} <= TAGS


@given(text=ANYTHING | NASTY)
def test_text_from_x_is_shown_letter_by_letter(text: str) -> None:
    escaped = inert(text, 4000)
    assert bare(inline(escaped, READER)).replace(INVISIBLE, "") == shown(escaped)
    drawn_words = "".join(block(escaped, 400, READER).element.itertext())
    assert drawn_words.strip("\n").replace(INVISIBLE, "") == legal(shown(escaped))


@pytest.mark.parametrize(
    ("source", "xhtml"),
    [
        ("**bold** and *it*, _it_, __un__, ~~no~~", "<b>bold</b> and <i>it</i>, <i>it</i>, <u>un</u>, <s>no</s>"),
        ("***both***", "<b><i>both</i></b>"),
        ("`**code**`", "<code>**code**</code>"),
        (r"\*\*no\*\* snake_case_name", "**no** snake_case_name"),
        (r"[a \[b\] **c**](https://x.com/i)", '<span class="link">a [b] <b>c</b></span>'),
        ("see https://x.com/a.", 'see <span class="link">https://x.com/a</span>.'),
        ("<@&3> in <#2>", '<span class="mention">@listeners</span> in <span class="mention"># spaces</span>'),
        ("<@&9> <@9>", '<span class="mention">@unknown-role</span> <span class="mention">@unknown-user</span>'),
        ("</watch add:7>", '<span class="mention">/watch add</span>'),
        ("@everyone", '<span class="mention">@everyone</span>'),
        ("||psst|| <:party:7>", '<span class="spoiler">psst</span> :party:'),
        (f"<t:{STAMP - 120}:R>", '<span class="time">2 minutes ago</span>'),
        ("<b>&", "&lt;b&gt;&amp;"),
    ],
)
def test_markdown_becomes_what_discord_makes_of_it(source: str, xhtml: str) -> None:
    made = block(source, 600, READER).element[0]
    assert ET.tostring(made, encoding="unicode").strip() == f'<div class="body">{xhtml}</div>'


def test_lines_have_their_kinds() -> None:
    source = "# one\n## two\n### three\n-# small\n> said\n- item\n```\ncode\n```\nlast"
    kinds = [child.get("class") for child in block(source, 600, READER).element]
    assert kinds == ["h1", "h2", "h3", "small", "body quoted", "body item", "fence", "body"]


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (-4, "a few seconds ago"),
        (60, "in a minute"),
        (-120, "2 minutes ago"),
        (3600, "in an hour"),
        (-5 * 3600, "5 hours ago"),
        (86400, "in a day"),
        (3 * 86400, "in 3 days"),
        (-31 * 86400, "a month ago"),
        (90 * 86400, "in 3 months"),
        (-366 * 86400, "a year ago"),
        (3 * 365 * 86400, "in 3 years"),
    ],
)
def test_a_relative_time_is_told_as_discord_does(ahead: int, words: str) -> None:
    assert told(STAMP + ahead, "R", NOW) == words


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("t", "20:01"),
        ("T", "20:01:00"),
        ("d", "30/09/2026"),
        ("D", "30 September 2026"),
        ("f", "30 September 2026 20:01"),
        ("F", "Wednesday, 30 September 2026 20:01"),
        ("s", "30/09/2026, 20:01"),
        ("S", "30/09/2026, 20:01:00"),
    ],
)
def test_a_time_is_told_as_discord_does(style: str, words: str) -> None:
    assert told(STAMP, style, NOW) == words
    assert told(10**13 - 1, style, NOW) == "Invalid Date"


@given(text=ANYTHING | NASTY)
def test_more_text_and_less_room_never_take_less_height(text: str) -> None:
    face = Face(name="body", size=16, line=22)
    assert text_height(text, face, 300) <= text_height(f"{text} {text}", face, 300)
    assert text_height(text, face, 600) <= text_height(text, face, 300) + face.line
    assert text_height("m" * 100, face, 300) >= 100 * face.size / 300 * face.line


def test_fields_stand_beside_each_other_where_there_is_room() -> None:
    fields = [{"name": "n", "value": "v", "inline": True}] * 3
    desk, phone = (message({"embeds": [{"fields": fields}]}, screen).height for screen in SCREENS)
    assert phone > desk


def test_what_is_not_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="type 99"):
        message({"components": [{"type": 99}]}, SCREENS[0])


def test_a_form_of_the_older_kind_is_drawn_too() -> None:
    typed = {"type": 4, "style": 1, "label": "Your words", "value": "said", "required": False}
    made = form({"title": "A form", "components": [{"type": 1, "components": [typed]}]}, SCREENS[0])
    assert "Your wordssaid" in "".join("".join(made.element.itertext()).split("\n"))


@pytest.mark.parametrize("screen", SCREENS)
def test_the_proposed_payloads_can_be_drawn(screen: Screen) -> None:
    path = Path(os.environ.get("REFERENCE_DOCUMENTS", "none")) / "ui" / "proposal.json"
    if not path.is_file():
        pytest.skip("needs ui/proposal.json in the folder that REFERENCE_DOCUMENTS names")
    reader = Reader(now=NOW, names={1: "listeners", 2: "spaces"})
    there = Screen(width=screen.width, reader=reader, is_phone=screen.is_phone)
    for name, proposed in json.loads(path.read_text("utf-8")).items():
        box = form(proposed, there) if isinstance(proposed, dict) else message({"components": proposed}, there)
        parsed(picture(column("column", [box]), title=name, style=STYLE, theme="light", width=640))
