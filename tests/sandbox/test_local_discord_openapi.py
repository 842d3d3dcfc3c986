"""The check against Discord's own document can fail, and the local Discord passes it."""

import asyncio
import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from spacebot.sandbox.discord import Exchange, Fault, LocalDiscord
from tests.sandbox.discord_client import client_of
from tests.sandbox.openapi_discord import Document, reference_document, schemas_of

NOW = datetime(2026, 10, 1, tzinfo=UTC)
POST = {"method": "POST", "path": "/channels/1/messages", "route": "/channels/{channel_id}/messages"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return reference_document()


@pytest.fixture
def check(document: dict[str, Any]) -> Document:
    return Document(*schemas_of(document))


def asked(body: object = None, **changes: Any) -> Exchange:
    return Exchange(**{"time": NOW, "query": {}, "body": body, **POST, **changes})


def test_a_request_that_keeps_the_document_passes(check: Document) -> None:
    assert check(asked({"content": "hello", "allowed_mentions": {"roles": [1, "2"]}})) == []
    assert check(asked({"embeds": [{"title": "Tea", "timestamp": "2026-10-01T12:00:00+00:00"}]})) == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"content": 5},
        {"content": "x" * 4001},
        {"embeds": [{"title": "x" * 257}]},
        {"embeds": [{"title": "x", "url": "not a url"}]},
        {"embeds": [{"title": "x", "timestamp": "soon"}]},
        {"embeds": [{"title": "x"}] * 11},
        {"allowed_mentions": {"parse": ["cats"]}},
        {"allowed_mentions": {"roles": ["ann"]}},
        {"components": [{"type": 1}]},
        {"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x" * 81}]}]},
        {"nonce": "n" * 26},
    ],
)
def test_a_request_that_breaks_the_document_is_named(check: Document, body: object) -> None:
    assert check(asked(body))


def test_a_query_that_breaks_the_document_is_named(check: Document) -> None:
    fine: dict[str, Any] = {"method": "GET", "query": {"limit": "100", "after": "5"}}
    assert check(asked(**fine)) == []
    assert check(asked(**fine | {"query": {"limit": "101"}}))
    assert check(asked(**fine | {"query": {"limit": "many"}}))
    assert check(asked(**fine | {"query": {"after": "yesterday"}}))


def test_unknown_keys_are_only_noted(check: Document) -> None:
    assert check(asked({"content": "hello", "colour": 1, "embeds": [{"title": "x", "flags": 0, "size": 2}]})) == []
    assert {note.rpartition("$")[2] for note in check.notes} == {".colour", ".embeds[].flags", ".embeds[].size"}


def test_what_the_document_does_not_know_is_not_judged(check: Document) -> None:
    assert check(asked({"content": 5}, route="/treasure")) == []
    assert check.checked == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda message: message.pop("author"),
        lambda message: message.update(id=5),
        lambda message: message.update(timestamp="now"),
        lambda message: message.update(flags=1 << 40),
        lambda message: message["author"].pop("username"),
        lambda message: message.update(components=[{"type": 1, "components": []}]),
    ],
)
async def test_an_answer_that_breaks_the_document_is_named(
    check: Document, spoil: Callable[[dict[str, Any]], object]
) -> None:
    async with client_of(LocalDiscord()) as client:
        channel = client.discord.add_guild("Book club").system_channel
        answer = (await client.rest.post(channel.id, content="hello")).json
    assert check(asked(status=200, answer=answer)) == []
    spoilt = copy.deepcopy(answer)
    spoil(spoilt)
    assert check(asked(status=200, answer=spoilt))


def test_an_answer_of_an_unknown_status_is_named(check: Document) -> None:
    assert check(asked(status=500, answer={}))
    assert check(asked(status=400, answer={"message": "no code"}))


async def test_a_request_that_breaks_the_document_is_refused_and_recorded(check: Document) -> None:
    async with client_of(LocalDiscord(checker=check)) as client:
        channel = client.discord.add_guild("Book club").system_channel
        reply = await client.rest.post(channel.id, content=5)
        assert reply.refusal == (400, 50035)
        assert "DOCUMENT_VIOLATED" in reply.mistakes()
        assert len(client.discord.violations) == 1
        assert channel.messages == []


async def test_an_answer_of_ours_that_breaks_the_document_is_recorded(document: dict[str, Any]) -> None:
    stricter = copy.deepcopy(document)
    stricter["components"]["schemas"]["UserPIIResponse"]["required"].append("shoe_size")
    async with client_of(LocalDiscord(checker=Document(*schemas_of(stricter)))) as client:
        assert (await client.rest("GET", "/users/@me")).status == 200
        (violation,) = client.discord.violations
        assert "shoe_size" in violation


async def test_every_answer_of_the_local_discord_keeps_the_document(check: Document) -> None:
    async with client_of(LocalDiscord(checker=check)) as client:
        rest, local = client.rest, client.discord
        local.limits.per_second = 1000
        guild = local.add_guild("Book club")
        general, news, voice = (
            guild.system_channel,
            guild.add_channel("news", kind="announcement"),
            guild.add_channel("v", kind="voice"),
        )
        general.deny("attach_files")
        ann = guild.add_member("Ann", manage_guild=True)
        ann.say(general, "hi")
        commands = f"/applications/{local.application_id}/commands"
        option = {
            "type": 3,
            "name": "host",
            "description": "Whom",
            "name_localizations": {"de": "wer"},
            "autocomplete": True,
        }
        group = {
            "type": 2,
            "name": "g",
            "description": "g",
            "options": [{"type": 1, "name": "s", "description": "s", "options": [option]}],
        }
        made = await rest(
            "POST", commands, {"name": "watch", "description": "Follow", "options": [group], "contexts": [0]}
        )
        await rest("POST", commands, {"name": "live", "description": "Live?", "default_member_permissions": 32})
        await rest("PATCH", f"{commands}/{made.json['id']}", {"description": "Follow hosts"})
        for path in (
            "/users/@me",
            "/applications/@me",
            "/oauth2/applications/@me",
            "/gateway",
            "/gateway/bot",
            f"/guilds/{guild.id}",
            f"/guilds/{guild.id}?with_counts=true",
            f"/guilds/{guild.id}/channels",
            f"/guilds/{guild.id}/roles",
            f"/guilds/{guild.id}/members/{ann.id}",
            f"/guilds/{guild.id}/members/{local.bot.id}",
            f"/channels/{voice.id}",
            f"/channels/{general.id}/messages?limit=5",
            commands,
            f"{commands}?with_localizations=true",
            f"{commands}/{made.json['id']}",
            "/guilds/5",
        ):
            await rest("GET", path)
        whole = {
            "content": f"{guild.add_role('r').mention} {ann.mention}",
            "nonce": "n",
            "embeds": [
                {
                    "title": "Tea",
                    "url": "https://x.com/i",
                    "color": 5,
                    "timestamp": "2026-10-01T12:00:00Z",
                    "author": {"name": "Ann", "icon_url": "https://x.com/a.png"},
                    "footer": {"text": "x"},
                    "thumbnail": {"url": "https://x.com/a.png"},
                    "fields": [{"name": "a", "value": "b"}],
                }
            ],
            "components": [
                {"type": 1, "components": [{"type": 2, "style": 5, "label": "Listen", "url": "https://x.com/i"}]},
                {"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "c", "emoji": {"name": "🎧"}}]},
                {"type": 1, "components": [{"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "b"}]}]},
            ],
        }
        for place in (general, news):
            sent = (await rest.post(place.id, **whole)).json
            one = f"/channels/{place.id}/messages/{sent['id']}"
            await rest("PATCH", one, {"content": "over", "components": []})
            await rest("GET", one)
            await rest("POST", f"{one}/crosspost")
            await rest("DELETE", one)
            await rest("GET", one)
        dm = (await rest("POST", "/users/@me/channels", {"recipient_id": str(ann.id)})).json
        await rest("GET", f"/channels/{dm['id']}")
        await rest.post(int(dm["id"]), content="hello")
        for _ in range(6):
            await rest.post(general.id, content="too many")
        assert local.refused

        async with client.bot() as socket:
            question = {
                "content": "?",
                "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "y", "custom_id": "y"}]}],
            }
            for kind, data in ((4, question), (5, {"flags": 64})):
                using = asyncio.create_task(ann.use(general, "live"))
                event = await socket.event("INTERACTION_CREATE")
                callback = f"/interactions/{event['id']}/{event['token']}/callback?with_response=true"
                await rest("POST", callback, {"type": kind, "data": data})
                await rest("POST", callback, {"type": kind, "data": data})
                use = await using
                hook = f"/webhooks/{local.application_id}/{event['token']}"
                await rest("GET", f"{hook}/messages/@original")
                await rest("PATCH", f"{hook}/messages/@original", question)
                follow = (await rest("POST", f"{hook}?wait=true", {"content": "more"})).json
                await rest("GET", f"{hook}/messages/{follow['id']}")
            pressing = asyncio.create_task(ann.press(await use.reply(), label="y"))
            event = await socket.event("INTERACTION_CREATE")
            callback = f"/interactions/{event['id']}/{event['token']}/callback?with_response=true"
            await rest("POST", callback, {"type": 7, "data": {"content": "!"}})
            await pressing
            typing = asyncio.create_task(ann.autocomplete(general, "watch g s", "host", "a"))
            event = await socket.event("INTERACTION_CREATE")
            callback = f"/interactions/{event['id']}/{event['token']}/callback?with_response=true"
            await rest("POST", callback, {"type": 8, "data": {"choices": [{"name": "a", "value": "b"}]}})
            assert await typing == [{"name": "a", "value": "b"}]

        assert local.violations == []
        assert check.checked > 2 * len(local.requests) - 20
        assert not [note for note in check.notes if "GET" in note]


async def test_every_answer_about_what_comes_and_goes_keeps_the_document(check: Document) -> None:
    async with client_of(LocalDiscord(checker=check)) as client:
        rest, local = client.rest, client.discord
        may = ("view_channel", "send_messages", "send_messages_in_threads", "read_message_history")
        guild = local.add_guild("Book club", bot_permissions=may)
        general = guild.system_channel
        ann = guild.add_member("Ann")
        threads = [
            guild.add_thread(general, "tonight", by=ann),
            guild.add_thread(guild.add_channel("news", kind="announcement"), "tomorrow"),
        ]
        for thread in threads:
            await rest("GET", f"/channels/{thread.id}")
            sent = (await rest.post(thread.id, content="hello")).json
            one = f"/channels/{thread.id}/messages/{sent['id']}"
            thread.archive(locked=True)
            await rest("GET", f"/channels/{thread.id}")
            await rest("GET", f"/channels/{thread.id}/messages")
            await rest("GET", f"/guilds/{guild.id}/threads/active")
            assert (await rest("PATCH", one, {"content": "over"})).refusal == (400, 50083)
            assert (await rest("DELETE", one)).refusal == (400, 50083)
            thread.unarchive(locked=True)
            assert (await rest.post(thread.id, content="hello")).refusal == (400, 160005)
        await rest("GET", f"/guilds/{guild.id}/threads/active")
        guild.add_automod_rule("tea")
        assert (await rest.post(general.id, content="tea")).refusal == (400, 200000)
        dm = (await rest("POST", "/users/@me/channels", {"recipient_id": str(ann.id)})).json
        ann.accepts_dms = False
        assert (await rest.post(int(dm["id"]), content="hello")).refusal == (403, 50007)
        guild.set_unavailable(unavailable=True)
        assert (await rest("GET", f"/guilds/{guild.id}")).status == 503
        guild.set_unavailable(unavailable=False)
        local.fault("GET", "/gateway$", Fault(status=429, scope="shared"))
        assert (await rest("GET", "/gateway")).status == 429
        guild.remove_bot()
        assert (await rest.post(general.id, content="hello")).refusal == (403, 50001)
        assert (await rest("GET", f"/guilds/{guild.id}")).refusal == (404, 10004)
        assert local.violations == []
        assert not [note for note in check.notes if "GET" in note]
