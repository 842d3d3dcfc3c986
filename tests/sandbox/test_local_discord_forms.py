"""What Discord would refuse in a request body is refused here, with the same tree of errors; nothing at all makes a 500."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.sandbox.discord import LocalChannel, LocalDiscord
from spacebot.sandbox.discord.forms.messages import read_message
from spacebot.sandbox.discord.refusals import Refusal
from tests.sandbox.discord_client import Client, Rest, client_of

WIDE = "🎙"  # two UTF-16 units


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with client_of(LocalDiscord()) as client:
        yield client


@pytest.fixture
def rest(client: Client) -> Rest:
    return client.rest


@pytest.fixture
def channel(client: Client) -> LocalChannel:
    return client.discord.add_guild("Book club").system_channel


def mistakes(body: object) -> dict[str, Any]:
    """The tree of errors of a message body; empty if it is fine."""
    try:
        read_message(body)
    except Refusal as refusal:
        tree: dict[str, Any] = refusal.body["errors"]
        return tree
    return {}


def leaf(body: object) -> tuple[str, str]:
    """The path and the code of the only mistake in a message body."""
    node = mistakes(body)
    path = []
    while "_errors" not in node:
        ((key, node),) = node.items()
        path.append(key)
    (error,) = node["_errors"]
    return ".".join(path), error["code"]


def button(**changes: object) -> dict[str, Any]:
    whole = {"type": 2, "style": 1, "label": "Yes", "custom_id": "yes", **changes}
    return {key: value for key, value in whole.items() if value is not None}


def rows(*buttons: object) -> dict[str, Any]:
    return {"content": "?", "components": [{"type": 1, "components": list(buttons)}]}


LINK = button(style=5, custom_id=None, url="https://x.com/i/spaces/1abc")


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2000},
        {"content": WIDE * 1000},
        {"embeds": [{"title": WIDE * 128}]},
        {"embeds": [{"description": "x" * 4096}]},
        {"embeds": [{"description": "x" * 3000}, {"description": "x" * 3000}]},
        {"embeds": [{"fields": [{"name": "x", "value": "y"}] * 25}]},
        {"embeds": [{"title": "x", "timestamp": "2026-10-01T12:00:00+02:00"}]},
        {"embeds": [{"title": "x"}] * 10},
        rows(*[button(custom_id=str(number)) for number in range(5)]),
        rows(LINK, LINK),
        rows(button(custom_id="x" * 100)),
        {"content": "?", "components": [{"type": 1, "components": [button(custom_id=str(n))]} for n in range(5)]},
        {"content": "x", "allowed_mentions": {"parse": [], "roles": ["1", 2]}},
        {"content": "x", "nonce": "n" * 25, "enforce_nonce": True},
        {"content": "x", "nonce": 123},
        {"content": None, "embeds": None, "components": None, "flags": None, "tts": None},
    ],
)
def test_what_discord_accepts_is_accepted(body: object) -> None:
    assert mistakes(body) == {}


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ({"content": "x" * 2001}, ("content", "BASE_TYPE_MAX_LENGTH")),
        ({"content": WIDE * 1001}, ("content", "BASE_TYPE_MAX_LENGTH")),
        ({"content": 5}, ("content", "STRING_TYPE_CONVERT")),
        ([], ("", "DICT_TYPE_CONVERT")),
        ({"embeds": [{"title": "x" * 257}]}, ("embeds.0.title", "BASE_TYPE_MAX_LENGTH")),
        ({"embeds": [{"title": WIDE * 129}]}, ("embeds.0.title", "BASE_TYPE_MAX_LENGTH")),
        ({"embeds": [{"description": "x" * 4097}]}, ("embeds.0.description", "BASE_TYPE_MAX_LENGTH")),
        ({"embeds": [{"description": "x" * 3001}] * 2}, ("embeds", "MAX_EMBED_SIZE_EXCEEDED")),
        ({"embeds": [{"title": "x"}] * 11}, ("embeds", "BASE_TYPE_BAD_LENGTH")),
        ({"embeds": [{}]}, ("embeds.0.description", "BASE_TYPE_REQUIRED")),
        ({"embeds": ["x"]}, ("embeds.0", "DICT_TYPE_CONVERT")),
        ({"embeds": {"title": "x"}}, ("embeds", "LIST_TYPE_CONVERT")),
        ({"embeds": [{"title": "x", "url": "nowhere"}]}, ("embeds.0.url", "URL_TYPE_INVALID_URL")),
        ({"embeds": [{"title": "x", "url": "ftp://x.com"}]}, ("embeds.0.url", "URL_TYPE_INVALID_SCHEME")),
        ({"embeds": [{"title": "x", "color": 0x1000000}]}, ("embeds.0.color", "NUMBER_TYPE_MAX")),
        ({"embeds": [{"title": "x", "timestamp": "soon"}]}, ("embeds.0.timestamp", "DATE_TIME_TYPE_PARSE")),
        ({"embeds": [{"fields": [{"name": "x", "value": "y"}] * 26}]}, ("embeds.0.fields", "BASE_TYPE_BAD_LENGTH")),
        (
            {"embeds": [{"fields": [{"name": "x", "value": "y" * 1025}]}]},
            ("embeds.0.fields.0.value", "BASE_TYPE_BAD_LENGTH"),
        ),
        ({"embeds": [{"fields": [{"name": " ", "value": "y"}]}]}, ("embeds.0.fields.0.name", "BASE_TYPE_REQUIRED")),
        ({"embeds": [{"fields": [{"value": "y"}]}]}, ("embeds.0.fields.0.name", "BASE_TYPE_REQUIRED")),
        ({"embeds": [{"footer": {"text": "x" * 2049}}]}, ("embeds.0.footer.text", "BASE_TYPE_MAX_LENGTH")),
        ({"embeds": [{"author": {"name": "x" * 257}}]}, ("embeds.0.author.name", "BASE_TYPE_MAX_LENGTH")),
        (rows(), ("components.0.components", "BASE_TYPE_BAD_LENGTH")),
        (rows(*[button(custom_id=str(n)) for n in range(6)]), ("components.0.components", "BASE_TYPE_BAD_LENGTH")),
        (
            {"content": "?", "components": [{"type": 1, "components": [LINK]}] * 6},
            ("components", "BASE_TYPE_BAD_LENGTH"),
        ),
        (
            rows(button(), button()),
            ("components.0.components.1.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ),
        (rows(button(custom_id="x" * 101)), ("components.0.components.0.custom_id", "BASE_TYPE_BAD_LENGTH")),
        (rows(button(custom_id=None)), ("components.0.components.0.custom_id", "BASE_TYPE_REQUIRED")),
        (rows(button(label=None)), ("components.0.components.0", "BUTTON_COMPONENT_MISSING_LABEL")),
        (rows(button(label="x" * 81)), ("components.0.components.0.label", "BASE_TYPE_MAX_LENGTH")),
        (rows({**LINK, "url": "ftp://x.com"}), ("components.0.components.0.url", "URL_TYPE_INVALID_SCHEME")),
        (
            rows({**LINK, "url": "https://x.com/" + "x" * 512}),
            ("components.0.components.0.url", "BASE_TYPE_MAX_LENGTH"),
        ),
        (rows({**LINK, "custom_id": "x"}), ("components.0.components.0.custom_id", "BASE_TYPE_BAD_VALUE")),
        ({"content": "?", "components": [button()]}, ("components.0.type", "UNION_TYPE_CHOICES")),
        ({"content": "x", "nonce": "n" * 26}, ("nonce", "BASE_TYPE_MAX_LENGTH")),
        ({"content": "x", "enforce_nonce": 1}, ("enforce_nonce", "BOOLEAN_TYPE_CONVERT")),
        ({"content": "x", "allowed_mentions": {"parse": ["cats"]}}, ("allowed_mentions.parse", "BASE_TYPE_CHOICES")),
        (
            {"content": "x", "allowed_mentions": {"parse": ["roles"], "roles": ["1"]}},
            ("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"),
        ),
        ({"content": "x", "allowed_mentions": {"roles": ["x"]}}, ("allowed_mentions.roles.0", "NUMBER_TYPE_COERCE")),
        ({"content": "x", "flags": 1 << 15}, ("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2")),
    ],
)
def test_what_breaks_a_limit_is_named(body: object, mistake: tuple[str, str]) -> None:
    path, code = leaf(body)
    assert (path, code) == mistake


def test_every_mistake_is_named_at_once() -> None:
    tree = mistakes({"content": "x" * 2001, "embeds": [{"title": "x" * 257}], "nonce": "n" * 26})
    assert set(tree) == {"content", "embeds", "nonce"}


def test_outer_white_space_is_cut_off_as_discord_does() -> None:
    draft = read_message({"content": " hello\n", "embeds": [{"title": " Tea "}]})
    assert draft.content == "hello"
    assert draft.embeds == [{"type": "rich", "title": "Tea"}]


async def test_a_refused_form_is_told_with_its_tree(rest: Rest, channel: LocalChannel) -> None:
    reply = await rest.post(channel.id, content="x" * 2001)
    assert reply.refusal == (400, 50035)
    assert reply.json["message"] == "Invalid Form Body"
    assert reply.mistakes("content") == ["BASE_TYPE_MAX_LENGTH"]
    assert channel.messages == []


@pytest.mark.parametrize("data", [b"{", b"\xff", b'{"content": "\\ud800"}', b"[" * 100_000, b'{"content": NaN}'])
async def test_what_is_no_json_is_refused(rest: Rest, channel: LocalChannel, data: bytes) -> None:
    reply = await rest("POST", f"/channels/{channel.id}/messages", data=data)
    assert reply.refusal == (400, 50109)


KEYS = st.sampled_from(
    (
        *("content", "embeds", "title", "description", "fields", "name", "value", "inline", "url", "footer", "text"),
        *("author", "image", "components", "type", "style", "label", "custom_id", "emoji", "id", "disabled", "options"),
        *("min_values", "flags", "nonce", "enforce_nonce", "allowed_mentions", "parse", "roles", "users", "tts"),
        *("attachments", "recipient_id", "required", "choices", "autocomplete", "min_length", "max_value", "nsfw"),
        *("channel_types", "contexts", "name_localizations", "default_member_permissions", "data", "_errors", "de"),
    )
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.integers(0, 12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["https://x.com", "x" * 3000, "1", "roles", "add"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=8),
    max_leaves=25,
)
MESSAGE = {
    **rows(button(emoji={"name": "x", "id": "1"}), LINK),
    "embeds": [
        {
            "title": "Tea",
            "timestamp": "2026-10-01T12:00:00Z",
            "fields": [{"name": "x", "value": "y", "inline": True}],
            "footer": {"text": "x", "icon_url": "https://x.com/a.png"},
            "image": {"url": "https://x.com/a.png"},
        }
    ],
    "nonce": "n",
    "enforce_nonce": True,
    "allowed_mentions": {"parse": ["users"], "roles": ["1"]},
}
COMMAND = {
    "name": "watch",
    "description": "Follow",
    "contexts": [0],
    "default_member_permissions": "32",
    "options": [
        {
            "type": 1,
            "name": "add",
            "description": "Follow",
            "options": [
                {
                    "type": 3,
                    "name": "a",
                    "description": "b",
                    "required": True,
                    "min_length": 1,
                    "name_localizations": {"de": "x"},
                },
                {"type": 4, "name": "c", "description": "d", "choices": [{"name": "one", "value": 1}]},
                {"type": 7, "name": "e", "description": "f", "channel_types": [0, 5]},
            ],
        }
    ],
}
MODAL = {
    "custom_id": "m",
    "title": "Tea",
    "components": [{"type": 1, "components": [{"type": 4, "custom_id": "t", "style": 1, "label": "x"}]}],
}


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of everything within a JSON value."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def replaced(value: Any, path: tuple[str | int, ...], by: object) -> Any:
    """`value` with another thing at `path`."""
    if not path:
        return by
    changed = list(value) if isinstance(value, list) else dict(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], by)  # type: ignore[index] # the path fits
    return changed


def spoilt(valid: object) -> st.SearchStrategy[object]:
    """A body that is right but for one place."""
    return st.builds(replaced, st.just(valid), st.sampled_from(places(valid)), ANYTHING)


AUTOCOMPLETION = {"choices": [{"name": "x", "value": "y"}]}
BODIES = ANYTHING | st.one_of(
    *[spoilt(valid) for valid in (MESSAGE, COMMAND, [COMMAND], MODAL, {"type": 4, "data": MESSAGE}, AUTOCOMPLETION)]
)


@given(body=BODIES)
def test_no_body_at_all_makes_the_server_fail(body: object) -> None:
    async def ask() -> list[int]:
        async with client_of(LocalDiscord()) as client:
            guild = client.discord.add_guild("Book club")
            channel, application = guild.system_channel, client.discord.application_id
            sent = (await client.rest.post(channel.id, content="hello")).json["id"]
            ann = guild.add_member("Ann")
            message = channel.messages[0]
            pressing = asyncio.ensure_future(ann.press(message, custom_id="x", force=True))
            await asyncio.sleep(0)
            (interaction,) = client.discord.interactions.by_token.values()
            replies = [
                await client.rest(method, path, body)
                for method, path in (
                    ("POST", f"/channels/{channel.id}/messages"),
                    ("PATCH", f"/channels/{channel.id}/messages/{sent}"),
                    ("POST", "/users/@me/channels"),
                    ("PUT", f"/applications/{application}/commands"),
                    ("POST", f"/applications/{application}/commands"),
                    ("POST", f"/interactions/{interaction.id}/{interaction.token}/callback"),
                    ("POST", f"/interactions/{interaction.id}/{interaction.token}/callback"),
                    ("POST", f"/webhooks/{application}/{interaction.token}"),
                    ("PATCH", f"/webhooks/{application}/{interaction.token}/messages/@original"),
                )
            ]
            for kind in range(4, 10):
                wrapped = {"type": kind, "data": body}
                path = f"/interactions/{interaction.id}/{interaction.token}/callback"
                replies.append(await client.rest("POST", path, wrapped))
            pressing.cancel()
            await asyncio.gather(pressing, return_exceptions=True)
            return [reply.status for reply in replies]

    statuses = asyncio.run(ask())
    assert all(status < 500 for status in statuses), statuses
