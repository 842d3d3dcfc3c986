"""Discord as it shows messages and forms: their payloads, as they are sent to it, become XHTML.

What a payload has and this does not know is an error: a picture never leaves anything out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from pictures.markup import BODY, Reader, bare, block, inline
from pictures.paper import Box, Face, column, element, rows, text_height, text_width

Payload = Mapping[str, Any]

PRIVATE = 1 << 6
"""The flag of a message that one person alone sees."""

ACTION_ROW, BUTTON, SELECT, TEXT_INPUT, USERS, ROLES, MENTIONABLES, CHANNELS, SECTION, TEXT = range(1, 11)
THUMBNAIL, GALLERY, FILE, SEPARATOR = range(11, 15)
CONTAINER, LABEL, UPLOAD = 17, 18, 19
RADIOS, CHECKBOXES, CHECKBOX = 21, 22, 23
PARAGRAPH = 2

STYLES = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "secondary", 6: "premium"}

TITLE = Face(name="title", size=16, line=22, bold=True)
EMBED = Face(name="inner", size=14, line=20)
STRONG = Face(name="strong", size=14, line=19, bold=True)
SMALL = Face(name="small", size=12, line=17)
HINT = Face(name="hint", size=13, line=17)
ASKED = Face(name="asked", size=15, line=20, bold=True)
CHOICE = Face(name="choice", size=15, line=24)
FORM_TITLE = Face(name="form-title", size=20, line=26, bold=True)
PRESSED = Face(name="button", size=14, line=32)

EMBED_WIDTH, CONTAINER_WIDTH, FORM_WIDTH = 520, 600, 460
"""The most pixels that these take; Discord's own are about as wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Where something is shown: how wide it is, and who reads it."""

    width: int
    reader: Reader
    is_phone: bool = False


def message(payload: Payload, screen: Screen, *, edited: bool = False) -> Box:
    """A message of the bot's."""
    margin = 48 if screen.is_phone else 56
    width = screen.width - margin
    clock = f"Today at {screen.reader.now:%H:%M}"
    head = element(
        "div",
        "head",
        element("span", "name", "spacebot"),
        element("span", "badge", "APP"),
        element("span", "clock", clock),
    )
    boxes = [Box(element=head, height=22)]
    if payload.get("content"):
        said = block(payload["content"], width, screen.reader)
        boxes.append(_edited(said, payload["content"], width, screen.reader) if edited else said)
    boxes += [embed(each, min(width, EMBED_WIDTH), screen) for each in payload.get("embeds") or ()]
    boxes += [component(each, min(width, CONTAINER_WIDTH), screen.reader) for each in payload.get("components") or ()]
    if payload.get("flags", 0) & PRIVATE:
        note = element("div", "small", "👁 Only you can see this · ", element("span", "link", "Dismiss message"))
        boxes.append(Box(element=note, height=17))
    body = column("said", boxes, gap=6)
    made = element("div", "message", element("div", "avatar", "S"), body.element, style=f"gap:{margin - 40}px")
    return Box(element=made, height=max(body.height, 40))


def embed(payload: Payload, width: float, screen: Screen) -> Box:
    """A message's embed."""
    reader, inner = screen.reader, width - 4 - 1 - 32
    thumbnail = payload.get("thumbnail")
    beside = inner - 80 - 16 if thumbnail else inner
    boxes: list[Box] = []
    if author := payload.get("author"):
        face = [element("span", "face tiny")] if author.get("icon_url") else []
        made = element("div", "strong author", *face, element("span", "", author["name"]))
        boxes.append(Box(element=made, height=max(24, text_height(author["name"], STRONG, beside - 32))))
    if payload.get("title"):
        parts = inline(payload["title"], reader)
        made = element("div", "title link" if payload.get("url") else "title", *parts)
        boxes.append(Box(element=made, height=text_height(bare(parts), TITLE, beside)))
    if payload.get("description"):
        boxes.append(block(payload["description"], beside, reader, EMBED))
    if payload.get("fields"):
        across = 1 if screen.is_phone else 2 if thumbnail else 3
        boxes.append(_fields(payload["fields"], beside, across, reader))
    told = column("text", boxes, gap=8)
    if thumbnail:
        told = _beside(told, Box(element=element("span", "face"), height=80))
    below = [told]
    if payload.get("image"):
        below.append(Box(element=element("div", "face wide"), height=160))
    if footer := payload.get("footer"):
        made = element("div", "small", footer["text"])
        below.append(Box(element=made, height=text_height(footer["text"], SMALL, inner)))
    return _framed(column("frame", below, gap=8, around=26), payload.get("color"), width)


def component(payload: Payload, width: float, reader: Reader) -> Box:
    """A component of a message or a form, with all that stands in it.

    Raises:
        ValueError: It is of a type that is not drawn.
    """
    draw = COMPONENTS.get(payload["type"])
    if draw is None:
        raise ValueError(f"components of type {payload['type']} are not drawn")
    return draw(payload, width, reader)


def form(payload: Payload, screen: Screen) -> Box:
    """A modal, as `Modal.to_dict` makes it."""
    width = min(screen.width, FORM_WIDTH)
    inner = width - 2 - 32
    boxes = [_words(payload["title"], FORM_TITLE, inner)]
    for each in payload["components"]:
        boxes += _asked(each, inner, screen.reader)
    buttons = (
        element("span", "button secondary", "Cancel"),
        element("span", "button primary", "Submit"),
    )
    boxes.append(Box(element=element("div", "row end", *buttons), height=32))
    made = column("frame", boxes, gap=14, around=36)
    made.element.set("style", f"{made.element.get('style')};width:{width}px")
    made.element.set("class", "frame form")
    return made


def _asked(payload: Payload, width: float, reader: Reader) -> list[Box]:
    """A question of a form with its answer; a row of the older kind has one in each of its inputs."""
    match payload["type"]:
        case kind if kind == LABEL:
            asked, inner = payload, payload["component"]
        case kind if kind == ACTION_ROW and all(each["type"] == TEXT_INPUT for each in payload["components"]):
            return [box for each in payload["components"] for box in _asked({**payload, **_old(each)}, width, reader)]
        case _:
            return [component(payload, width, reader)]
    star = [element("span", "star", " *")] if inner.get("required", True) else []
    words = element("div", "asked", asked["label"], *star)
    boxes = [Box(element=words, height=text_height(asked["label"] + " *", ASKED, width))]
    if asked.get("description"):
        boxes.append(_words(asked["description"], HINT, width))
    return [column("text", [*boxes, component(inner, width, reader)], gap=5)]


def _old(payload: Payload) -> Payload:
    return {"type": LABEL, "label": payload["label"], "component": payload}


def _edited(box: Box, source: str, width: float, reader: Reader) -> Box:
    """A text with the mark that Discord sets behind its last line."""
    mark = " (edited)"
    list(box.element)[-1].append(element("span", "small", mark))
    return Box(element=box.element, height=block(source + mark, width, reader).height)


def _words(words: str, face: Face, width: float) -> Box:
    return Box(element=element("div", face.name, words), height=text_height(words, face, width))


def _framed(box: Box, colour: int | None, width: float) -> Box:
    """A frame with a bar in a colour at its left; without one it is as grey as the rest of the frame."""
    bar = "" if colour is None else f";border-left-color:#{colour:06x}"
    box.element.set("style", f"{box.element.get('style')};width:{width:g}px{bar}")
    return box


def _beside(box: Box, accessory: Box) -> Box:
    made = element("div", "section", box.element, accessory.element)
    return Box(element=made, height=max(box.height, accessory.height))


def _section(payload: Payload, width: float, reader: Reader) -> Box:
    accessory = payload["accessory"]
    match accessory["type"]:
        case kind if kind == THUMBNAIL:
            beside, room = Box(element=element("span", "face"), height=80), 80.0
        case kind if kind == BUTTON:
            made, room = _button(accessory)
            beside = Box(element=made, height=32)
        case unknown:
            raise ValueError(f"components of type {unknown} are not drawn beside a text")
    told = [component(each, width - room - 16, reader) for each in payload["components"]]
    return _beside(column("text", told, gap=4), beside)


def _fields(fields: Sequence[Payload], width: float, across: int, reader: Reader) -> Box:
    """Fields below each other; those that may stand beside others do, so many at a time."""
    lines: list[list[Payload]] = []
    for field in fields:
        inline_too = field.get("inline") and lines and lines[-1][0].get("inline") and len(lines[-1]) < across
        if inline_too:
            lines[-1].append(field)
        else:
            lines.append([field])
    boxes = []
    for line in lines:
        count = across if line[0].get("inline") else 1
        room = (width - 8 * (count - 1)) / count
        cells = [_field(field, room, reader) for field in line]
        for cell in cells:
            cell.element.set("style", f"{cell.element.get('style')};width:{room:g}px")
        made = element("div", "fields", *(cell.element for cell in cells))
        boxes.append(Box(element=made, height=max(cell.height for cell in cells)))
    return column("text", boxes, gap=8)


def _field(field: Payload, width: float, reader: Reader) -> Box:
    parts = inline(field["name"], reader)
    name = Box(element=element("div", "strong", *parts), height=text_height(bare(parts), STRONG, width))
    return column("text", [name, block(field["value"], width, reader, EMBED)], gap=2)


def _row(payload: Payload, width: float, reader: Reader) -> Box:
    components = payload["components"]
    if any(each["type"] != BUTTON for each in components):  # then it is alone in its row
        return column("text", [component(each, width, reader) for each in components])
    buttons = [_button(each) for each in components]
    count = rows((room for _, room in buttons), width, 8)
    made = element("div", "row", *(button for button, _ in buttons))
    return Box(element=made, height=count * 32 + (count - 1) * 8)


def _button(payload: Payload) -> tuple[Element, float]:
    """A button, and the pixels that it takes from left to right."""
    emoji = (payload.get("emoji") or {}).get("name")
    arrow = "↗\N{VARIATION SELECTOR-15}" if payload.get("url") else None
    words = " ".join(part for part in (emoji, payload.get("label"), arrow) if part)
    off = " off" if payload.get("disabled") else ""
    return element("span", f"button {STYLES[payload['style']]}{off}", words), text_width(words, PRESSED) + 32


def _select(payload: Payload, width: float, reader: Reader) -> Box:
    """A select with what is chosen in it, else what it asks for."""
    chosen = [option["label"] for option in payload.get("options") or () if option.get("default")]
    for each in payload.get("default_values") or ():
        sign = "# " if each["type"] == "channel" else "@"
        chosen.append(sign + reader.names.get(int(each["id"]), "unknown"))
    words = ", ".join(chosen) or payload.get("placeholder") or "Make a selection"
    off = " off" if payload.get("disabled") else ""
    made = element(
        "div", f"field select{off}", element("span", "" if chosen else "muted", words), element("span", "", "⌄")
    )
    return Box(element=made, height=42)


def _input(payload: Payload, width: float, reader: Reader) -> Box:
    """A text input with what stands in it, or what is proposed there, as far as there is room."""
    height = 84 if payload["style"] == PARAGRAPH else 42
    words = payload.get("value") or ""
    inside = element("span", "" if words else "muted", words or payload.get("placeholder") or "")
    return Box(element=element("div", "field typed", inside, style=f"height:{height}px"), height=height)


def _choices(payload: Payload, width: float, reader: Reader) -> Box:
    """Radio buttons, or boxes to tick."""
    options = payload.get("options") or [{"label": "", "default": payload.get("default")}]
    mark = "radio" if payload["type"] == RADIOS else "tick"
    boxes = []
    for option in options:
        on = " on" if option.get("default") else ""
        made = element("div", "choice", element("span", mark + on), element("span", "", option["label"]))
        boxes.append(Box(element=made, height=text_height(option["label"], CHOICE, width - 28)))
        if option.get("description"):
            hint = _words(option["description"], HINT, width - 28)
            hint.element.set("class", "hint under")
            boxes.append(hint)
    return column("text", boxes)


def _text(payload: Payload, width: float, reader: Reader) -> Box:
    return block(payload["content"], width, reader, BODY)


def _separator(payload: Payload, width: float, reader: Reader) -> Box:
    room = 17 if payload.get("spacing", 1) == 1 else 33
    line = element("div", "line" if payload.get("divider", True) else "")
    return Box(element=element("div", "separator", line, style=f"height:{room}px"), height=room)


def _container(payload: Payload, width: float, reader: Reader) -> Box:
    boxes = [component(each, width - 4 - 1 - 32, reader) for each in payload["components"]]
    return _framed(column("frame", boxes, gap=8, around=26), payload.get("accent_color"), width)


def _gallery(payload: Payload, width: float, reader: Reader) -> Box:
    boxes = [Box(element=element("div", "face wide"), height=160) for _ in payload["items"]]
    return column("text", boxes, gap=8)


def _file(payload: Payload, width: float, reader: Reader) -> Box:
    words = payload.get("file", {}).get("url", "Drop a file here, or browse").removeprefix("attachment://")
    return Box(element=element("div", "field", words), height=42)


COMPONENTS: Mapping[int, Callable[[Payload, float, Reader], Box]] = {
    ACTION_ROW: _row,
    **dict.fromkeys((SELECT, USERS, ROLES, MENTIONABLES, CHANNELS), _select),
    TEXT_INPUT: _input,
    SECTION: _section,
    TEXT: _text,
    GALLERY: _gallery,
    FILE: _file,
    SEPARATOR: _separator,
    CONTAINER: _container,
    UPLOAD: _file,
    **dict.fromkeys((RADIOS, CHECKBOXES, CHECKBOX), _choices),
}
"""What draws each type of component, in so many pixels from left to right."""
