"""PURE: a message as a request asks for it; what `read_message` returns keeps every limit Discord has for messages.

Source: Discord's documentation, 'Create Message', 'Embed Limits', 'Allowed Mentions'; lengths are UTF-16 units.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spacebot.sandbox.discord.forms.components import read_components
from spacebot.sandbox.discord.forms.form import Form, Problems, utf16_length
from spacebot.sandbox.discord.forms.mentions import EVERYTHING, Allowed
from spacebot.sandbox.discord.model.channels import COMPONENTS_V2, EPHEMERAL, LocalMessage
from spacebot.sandbox.discord.model.components import texts
from spacebot.sandbox.discord.model.files import LocalFile

CONTENT = 2000
EMBEDS = 10
EMBED_TITLE = 256
EMBED_DESCRIPTION = 4096
EMBED_FIELDS = 25
EMBED_NAME = 256
EMBED_VALUE = 1024
EMBED_FOOTER = 2048
EMBEDS_IN_ALL = 6000
NONCE = 25
ATTACHMENTS = 10
FILE_NAME = 1024
FILE_DESCRIPTION = 1024

SUPPRESS_EMBEDS = 1 << 2
SUPPRESS_NOTIFICATIONS = 1 << 12
_FLAGS_A_BOT_MAY_SET = SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2

_NOT_OFFERED = ("poll", "sticker_ids", "message_reference", "shared_client_theme")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message, or in an edit those parts of it that `given` names; `attached` are all its files."""

    given: frozenset[str]
    content: str
    embeds: list[dict[str, Any]]
    components: list[dict[str, Any]]
    attached: tuple[LocalFile, ...]
    flags: int
    allowed: Allowed
    nonce: str | int | None
    enforce_nonce: bool

    @property
    def text(self) -> str:
        """All that can be mentioned in: the content and the text displays."""
        return "\n".join([self.content, *texts(self.components)])

    @property
    def is_empty(self) -> bool:
        return not (self.content or self.embeds or self.components or self.attached)


def read_message(
    body: Any,
    *,
    changes: LocalMessage | None = None,
    path: tuple[str, ...] = (),
    files: Mapping[int, LocalFile] | None = None,
) -> Draft:
    """The message in a request body, or what it `changes`; a `Refusal` (50035) that names everything that is wrong with it.

    `path` is where in the whole form the message is; `files` are uploaded with it.
    """
    problems = Problems()
    form = Form(body, problems, path)
    flags = (form.integer("flags", least=0, most=(1 << 31) - 1) or 0) & _FLAGS_A_BOT_MAY_SET
    was_laid_out = changes is not None and changes.laid_out
    if was_laid_out and form.fields.get("flags") is None:
        flags |= COMPONENTS_V2
    laid_out = bool(flags & COMPONENTS_V2)
    if was_laid_out and not laid_out:
        text = "The IS_COMPONENTS_V2 flag cannot be removed from a message"
        form.wrong("flags", "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", text)
    if laid_out:
        _refuse_legacy_fields(form, changes)
    for key in _NOT_OFFERED:
        if form.fields.get(key):
            form.wrong(key, "NOT_OFFERED", "The local Discord knows no such messages.")
    form.boolean("tts")
    attached = _read_attached(form, files or {}, changes)
    draft = Draft(
        given=frozenset(form.fields),
        content=form.text("content", most=CONTENT) or "",
        embeds=_read_embeds(form),
        components=read_components(form, laid_out=laid_out, files={file.name for file in attached}),
        attached=attached,
        flags=flags,
        allowed=_read_allowed(form),
        nonce=_read_nonce(form),
        enforce_nonce=form.boolean("enforce_nonce") or False,
    )
    problems.refuse()
    return draft


def _refuse_legacy_fields(form: Form, changes: LocalMessage | None) -> None:
    """Refuse what a message with laid out components cannot have, be it given or there already."""
    kept = {} if changes is None else {"content": changes.content, "embeds": changes.embeds}
    for key in ("content", "embeds", "poll", "sticker_ids"):
        if form.fields.get(key) if form.given(key) else kept.get(key):
            text = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.wrong(key, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)


def _read_attached(form: Form, files: Mapping[int, LocalFile], changes: LocalMessage | None) -> tuple[LocalFile, ...]:
    """All files of the message: those that it keeps, which are all unless `attachments` is given, and the new ones."""
    there = {} if changes is None else {file.id: file for file in changes.attachments}
    named = []
    for each in form.forms("attachments", most=ATTACHMENTS):
        each.require("id")
        number = each.snowflake("id")
        if number is not None and number not in files and number not in there:
            each.wrong("id", "ATTACHMENT_NOT_FOUND", "There is no such file in this request or message.")
        named.append(number)
        name = each.text("filename", least=1, most=FILE_NAME)
        if name is not None and number is not None and number in files:
            files[number].name = name
        description = each.text("description", most=FILE_DESCRIPTION)
        if each.given("description") and number is not None and (file := files.get(number) or there.get(number)):
            file.description = description or None
    kept = [file for number, file in there.items() if number in named or not form.given("attachments")]
    if len(kept) + len(files) > ATTACHMENTS:
        form.wrong("attachments", "BASE_TYPE_BAD_LENGTH", f"Must be {ATTACHMENTS} or fewer in length.")
    return (*kept, *(file for _, file in sorted(files.items())))


def _read_nonce(form: Form) -> str | int | None:
    value = form.fields.get("nonce")
    if isinstance(value, int) and not isinstance(value, bool):
        return form.integer("nonce", least=-(1 << 63), most=(1 << 63) - 1)
    return form.text("nonce", most=NONCE)


def _read_allowed(form: Form) -> Allowed:
    allowed = form.form("allowed_mentions")
    if allowed is None:
        return EVERYTHING
    allowed.boolean("replied_user")
    parse = allowed.choices_of("parse", frozenset({"roles", "users", "everyone"}))
    ids = {}
    for key in ("users", "roles"):
        ids[key] = frozenset(_snowflakes(allowed, key))
        if key in parse and ids[key]:
            text = f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.'
            allowed.wrong_as_a_whole("MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)
    return Allowed(
        all_users="users" in parse,
        all_roles="roles" in parse,
        everyone="everyone" in parse,
        users=ids["users"],
        roles=ids["roles"],
    )


def _snowflakes(form: Form, key: str) -> list[int]:
    items = form.items(key, most=100)
    inner = Form({str(index): item for index, item in enumerate(items)}, form.problems, (*form.path, key))
    found = [inner.snowflake(index) for index in inner.fields]
    return [snowflake for snowflake in found if snowflake is not None]


def _read_embeds(form: Form) -> list[dict[str, Any]]:
    embeds = [_read_embed(embed) for embed in form.forms("embeds", most=EMBEDS)]
    if sum(_embed_size(embed) for embed in embeds) > EMBEDS_IN_ALL:
        text = f"Embed size exceeds maximum size of {EMBEDS_IN_ALL}"
        form.wrong("embeds", "MAX_EMBED_SIZE_EXCEEDED", text)
    return embeds


def _read_embed(form: Form) -> dict[str, Any]:
    form.text("type", most=100)
    timestamp = form.moment("timestamp")
    embed = {
        "title": form.text("title", most=EMBED_TITLE),
        "description": form.text("description", most=EMBED_DESCRIPTION),
        "url": form.url("url"),
        "color": form.integer("color", least=0, most=0xFFFFFF),
        "timestamp": timestamp and timestamp.isoformat(),
        "fields": [_read_field(field) for field in form.forms("fields", most=EMBED_FIELDS)],
        "author": _read_part(form, "author", "name", EMBED_NAME),
        "footer": _read_part(form, "footer", "text", EMBED_FOOTER),
        "image": _read_image(form, "image"),
        "thumbnail": _read_image(form, "thumbnail"),
        "provider": _read_part(form, "provider", "name", EMBED_NAME),
    }
    kept = {key: value for key, value in embed.items() if value is not None and value not in ("", [])}
    if not kept.keys() - {"url", "color"} and not form.problems.any_at(form.path):
        form.wrong("description", "BASE_TYPE_REQUIRED", "This field is required")
    return {"type": "rich", **kept}


def _read_field(form: Form) -> dict[str, Any]:
    form.require("name", "value")
    return {
        "name": form.text("name", most=EMBED_NAME, least=1) or "",
        "value": form.text("value", most=EMBED_VALUE, least=1) or "",
        "inline": form.boolean("inline") or False,
    }


def _read_part(form: Form, key: str, text_key: str, most: int) -> dict[str, Any] | None:
    part = form.form(key)
    if part is None:
        return None
    text = part.text(text_key, most=most)
    links = {
        "url": part.url("url"),
        "icon_url": part.url("icon_url", schemes=("http", "https", "attachment")),
    }
    return {text_key: text, **{name: link for name, link in links.items() if link}} if text else None


def _read_image(form: Form, key: str) -> dict[str, Any] | None:
    image = form.form(key)
    if image is None:
        return None
    url = image.url("url", schemes=("http", "https", "attachment"))
    return {"url": url} if url else None


def _embed_size(embed: dict[str, Any]) -> int:
    """What counts towards the 6,000: title, description, fields, footer and author."""
    texts = [embed.get("title", ""), embed.get("description", "")]
    texts += [field[part] for field in embed.get("fields", []) for part in ("name", "value")]
    texts += [embed.get("footer", {}).get("text", ""), embed.get("author", {}).get("name", "")]
    return sum(utf16_length(text) for text in texts)
