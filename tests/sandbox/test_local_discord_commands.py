"""Commands: which the bot may register, and which the client then offers to whom."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.sandbox.discord import (
    LocalChannel,
    LocalDiscord,
    LocalGuild,
    LocalInteraction,
    LocalMember,
    NotAnswered,
    NotOffered,
)
from spacebot.sandbox.discord.forms.commands import is_command_name, read_command
from spacebot.sandbox.discord.permissions import Permission
from spacebot.sandbox.discord.refusals import Refusal
from tests.clocks import FakeClock, run_until
from tests.sandbox.discord_client import Client, Reply, client_of

TEXT = {"type": 3, "name": "host", "description": "Whom", "required": True}
WHERE = {"type": 7, "name": "channel", "description": "Where", "channel_types": [0, 5]}


def option(**changes: object) -> dict[str, Any]:
    return {"type": 3, "name": "x", "description": "y", **changes}


def command(*options: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {"name": "watch", "description": "Follow hosts", "options": list(options), **changes}


def sub(name: str, *options: dict[str, Any], kind: int = 1) -> dict[str, Any]:
    return {"type": kind, "name": name, "description": "?", "options": list(options)}


def large(**of_options: object) -> dict[str, Any]:
    """A command with a hundred options."""
    options = [option(name=f"x{number}", **of_options) for number in range(4)]
    return command(*[sub(f"s{number}", *options) for number in range(25)])


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def client(clock: FakeClock) -> AsyncIterator[Client]:
    async with client_of(LocalDiscord(clock=clock)) as client:
        yield client


@pytest.fixture
def guild(client: Client) -> LocalGuild:
    return client.discord.add_guild("Book club")


@pytest.fixture
def ann(guild: LocalGuild) -> LocalMember:
    return guild.add_member("Ann")


async def register(client: Client, *commands: object) -> Reply:
    return await client.rest("PUT", f"/applications/{client.discord.application_id}/commands", list(commands))


def codes(node: dict[str, Any]) -> set[str]:
    found = {error["code"] for error in node.get("_errors", [])}
    return found.union(*(codes(inner) for key, inner in node.items() if key != "_errors"))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (command(name="Watch"), "APPLICATION_COMMAND_INVALID_NAME"),
        (command(name="watch me"), "APPLICATION_COMMAND_INVALID_NAME"),
        (command(name="x" * 33), "BASE_TYPE_BAD_LENGTH"),
        (command(name=""), "BASE_TYPE_REQUIRED"),
        (command(description=""), "BASE_TYPE_BAD_LENGTH"),
        (command(description="x" * 101), "BASE_TYPE_MAX_LENGTH"),
        (command(*[option(name=f"x{n}") for n in range(26)]), "BASE_TYPE_BAD_LENGTH"),
        (command(option(), option()), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"),
        (command(option(), option(name="z", required=True)), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"),
        (command(option(), sub("add")), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"),
        (command(sub("a", sub("b"))), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"),
        (command(sub("a", sub("b", sub("c")), kind=2)), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"),
        (command(sub("a", option(), kind=2)), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"),
        (command(sub("a", kind=2)), "BASE_TYPE_REQUIRED"),
        (command(option(description="")), "BASE_TYPE_REQUIRED"),
        (command(option(type=12)), "NUMBER_TYPE_MAX"),
        (command(option(choices=[{"name": "a", "value": "b"}] * 26)), "BASE_TYPE_BAD_LENGTH"),
        (command(option(choices=[{"name": "a", "value": 1}])), "STRING_TYPE_CONVERT"),
        (
            command(option(autocomplete=True, choices=[{"name": "a", "value": "b"}])),
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE_CONFLICT",
        ),
        (command(option(min_length=5, max_length=4)), "APPLICATION_COMMAND_OPTIONS_MIN_GREATER_THAN_MAX"),
        (command(option(type=7, channel_types=[99])), "BASE_TYPE_CHOICES"),
        (command(contexts=[3]), "BASE_TYPE_CHOICES"),
        (command(default_member_permissions="many"), "NUMBER_TYPE_COERCE"),
        (command(name_localizations={"xx": "watch"}), "ENUM_TYPE_COERCE"),
        (command(name_localizations={"de": "Folgen"}), "APPLICATION_COMMAND_INVALID_NAME"),
        (command(name_localizations={"de": "x" * 33}), "BASE_TYPE_BAD_LENGTH"),
        (command(description_localizations={"de": "x" * 101}), "BASE_TYPE_BAD_LENGTH"),
        (command(description_localizations={"de": ""}), "BASE_TYPE_REQUIRED"),
        (command(option(name_localizations={"de": "Wen"})), "APPLICATION_COMMAND_INVALID_NAME"),
        (
            command(option(name="a", name_localizations={"de": "b"}), option(name="b")),
            "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
        ),
        (
            command(option(choices=[{"name": "a", "value": "b", "name_localizations": {"de": "x" * 101}}])),
            "BASE_TYPE_BAD_LENGTH",
        ),
        (large(description_localizations={"de": "x" * 100, "fr": "y"}), "APPLICATION_COMMAND_TOO_LARGE"),
        (
            command(
                *[
                    option(name=f"x{n}", choices=[{"name": "n" * 100, "value": "v" * 98 + str(c)} for c in range(25)])
                    for n in range(2)
                ]
            ),
            "APPLICATION_COMMAND_TOO_LARGE",
        ),
    ],
)
def test_what_discord_refuses_cannot_be_registered(body: object, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_command(body)
    assert codes(refused.value.body["errors"]) == {code}


@pytest.mark.parametrize("name", ["watch", "spaces-search", "räume", "空间", "ห้อง", "a_b", "x" * 32])
def test_names_of_every_script_are_names(name: str) -> None:
    assert is_command_name(name)


@given(st.text(max_size=40))
def test_a_name_has_no_spaces_and_no_capitals(name: str) -> None:
    if is_command_name(name):
        assert 1 <= len(name) <= 32
        assert not any(character.isspace() or character.isupper() for character in name)


async def test_a_sync_replaces_everything_and_keeps_what_stays(client: Client) -> None:
    first = (await register(client, command(), command(name="config"))).json
    second = (await register(client, command(), command(name="space"))).json
    assert [each["name"] for each in client.discord.commands] == ["watch", "space"]
    assert second[0] == first[0]
    third = (await register(client, command(description="Follow anybody"))).json
    assert third[0]["id"] == first[0]["id"]
    assert int(third[0]["version"]) > int(first[0]["version"])


async def test_names_are_unique_in_each_language(client: Client) -> None:
    named = command(name="space", name_localizations={"de": "watch", "fr": "espace"})
    reply = await register(client, command(), named)
    assert reply.mistakes("1", "name_localizations", "de") == ["APPLICATION_COMMANDS_DUPLICATE_NAME"]
    both = command(name_localizations={"de": "folgen"}), command(name="space", name_localizations={"fr": "folgen"})
    assert (await register(client, *both)).status == 200
    menu = {"type": 3, "name": "folgen"}
    assert (await register(client, *both, menu)).status == 200, "a menu has names of its own"


async def test_discord_says_which_name_of_an_option_is_wrong_but_not_of_a_command(client: Client) -> None:
    wrong = {"name_localizations": {"de": "Folgen", "fr": "suivre"}}
    reply = await register(client, command(**wrong))
    assert reply.mistakes("0", "name_localizations") == ["APPLICATION_COMMAND_INVALID_NAME"]
    reply = await register(client, command(option(**wrong)))
    assert reply.mistakes("0", "options", "0", "name_localizations", "de") == ["APPLICATION_COMMAND_INVALID_NAME"]


async def test_texts_in_all_languages_are_listed_only_for_who_asks(client: Client) -> None:
    names = {"name_localizations": {"de": "wen"}}
    await register(client, command(option(choices=[{"name": "a", "value": "b", **names}], **names), **names))
    place = f"/applications/{client.discord.application_id}/commands"
    [told] = (await client.rest("GET", f"{place}?with_localizations=true")).json
    assert told["name_localizations"] == told["options"][0]["name_localizations"] == {"de": "wen"}
    assert told["options"][0]["choices"][0]["name_localizations"] == {"de": "wen"}
    [told] = (await client.rest("GET", place)).json
    assert "localizations" not in json.dumps(told)


async def test_the_longest_text_counts_towards_what_a_command_may_have() -> None:
    assert read_command(large(description_localizations={"de": "x" * 60, "fr": "y" * 60}))


async def test_names_are_unique_in_a_sync(client: Client) -> None:
    reply = await register(client, command(), command())
    assert reply.mistakes("1", "name") == ["APPLICATION_COMMANDS_DUPLICATE_NAME"]
    assert client.discord.commands == []


async def test_commands_are_made_changed_and_deleted_one_by_one(client: Client, guild: LocalGuild) -> None:
    for place in (
        f"/applications/{client.discord.application_id}/commands",
        f"/applications/{client.discord.application_id}/guilds/{guild.id}/commands",
    ):
        made = await client.rest("POST", place, command(TEXT))
        assert made.status == 201
        assert (await client.rest("POST", place, command(TEXT))).status == 200
        one = f"{place}/{made.json['id']}"
        changed = await client.rest("PATCH", one, {"description": "Follow anybody"})
        assert changed.json["description"] == "Follow anybody"
        assert [each["name"] for each in changed.json["options"]] == ["host"]
        assert (await client.rest("GET", one)).json == changed.json
        listed = (await client.rest("GET", f"{place}?with_localizations=1")).json
        assert listed == [changed.json]
        assert (await client.rest("DELETE", one)).status == 204
        assert (await client.rest("GET", one)).refusal == (404, 10063)
        assert (await client.rest("GET", place)).json == []


async def test_only_its_own_commands_can_be_registered(client: Client) -> None:
    assert (await client.rest("PUT", "/applications/1/commands", [])).refusal == (403, 20012)


async def test_a_hundred_commands_are_the_most_and_two_hundred_creates_a_day(client: Client) -> None:
    def many(prefix: str, count: int) -> list[dict[str, Any]]:
        return [command(name=f"{prefix}{number}") for number in range(count)]

    assert (await register(client, *many("a", 101))).refusal == (400, 30032)
    assert (await register(client, *many("a", 100))).status == 200
    assert (await register(client, *many("a", 100))).status == 200
    assert (await register(client, *many("b", 100))).status == 200
    assert (await register(client, *many("c", 1))).refusal == (429, 30034)


async def test_the_client_offers_only_what_is_registered(client: Client, guild: LocalGuild, ann: LocalMember) -> None:
    general = guild.system_channel
    await register(client, command(sub("add", TEXT, WHERE), sub("hosts", sub("all"), kind=2)))
    other_guild = client.discord.add_guild("Other")
    voice = guild.add_channel("voice", kind="voice")
    refused: dict[str, dict[str, Any]] = {
        "space": {},
        "watch": {},
        "watch remove": {},
        "watch add": {},
        "watch hosts": {},
        "watch hosts some": {},
        "watch hosts all": {"host": "x"},
    }
    for path, options in refused.items():
        with pytest.raises(NotOffered):
            await ann.use(general, path, **options)
    wrongs: list[dict[str, Any]] = [
        {"host": "x", "where": general},
        {"host": 5},
        {"host": ""},
        {"host": "x", "channel": voice},
        {"host": "x", "channel": other_guild.system_channel},
        {"host": "x", "channel": "general"},
        {"host": None},
    ]
    for wrong in wrongs:
        with pytest.raises(NotOffered):
            await ann.use(general, "watch add", **wrong)
    with pytest.raises(NotOffered):
        await ann.use(other_guild.system_channel, "watch add", host="x")
    guild.kick_bot()
    with pytest.raises(NotOffered):
        await ann.use(general, "watch add", host="x")


@pytest.mark.parametrize(
    ("bounds", "right", "wrong"),
    [
        ({"type": 3, "min_length": 2, "max_length": 3}, ["ab", "abc"], ["a", "abcd", 12]),
        ({"type": 3, "choices": [{"name": "One", "value": "1"}]}, ["One", "1"], ["2"]),
        ({"type": 4, "min_value": 1, "max_value": 3}, [1, 3], [0, 4, 1.5, "1", True]),
        ({"type": 10, "min_value": 0.5}, [0.5, 2], [0.4, "1"]),
        ({"type": 5}, [True, False], [1, "yes"]),
    ],
)
async def test_values_are_held_against_the_option(
    client: Client, ann: LocalMember, bounds: dict[str, Any], right: list[Any], wrong: list[Any]
) -> None:
    await register(client, command(option(**bounds)))
    channel = client.discord.guilds[0].system_channel
    for value in wrong:
        with pytest.raises(NotOffered):
            await ann.use(channel, "watch", x=value)
    async with client.bot() as socket:
        for value in right:
            using = asyncio.create_task(ann.use(channel, "watch", x=value))
            event = await socket.event("INTERACTION_CREATE")
            (sent,) = event["data"]["options"]
            assert sent == {"type": bounds["type"], "name": "x", "value": "1" if value == "One" else value}
            using.cancel()
            await asyncio.gather(using, return_exceptions=True)


async def test_objects_are_resolved(client: Client, guild: LocalGuild, ann: LocalMember) -> None:
    role = guild.add_role("listeners")
    kinds = {"user": 6, "channel": 7, "role": 8, "any": 9}
    await register(client, command(*[option(type=kind, name=name) for name, kind in kinds.items()]))
    async with client.bot() as socket:
        given: dict[str, Any] = {"user": ann, "channel": guild.system_channel, "role": role, "any": role}
        using = asyncio.create_task(ann.use(guild.system_channel, "watch", **given))
        data = (await socket.event("INTERACTION_CREATE"))["data"]
        assert [each["value"] for each in data["options"]] == [str(thing.id) for thing in given.values()]
        assert set(data["resolved"]["members"]) == set(data["resolved"]["users"]) == {str(ann.id)}
        assert set(data["resolved"]["roles"]) == {str(role.id)}
        assert data["resolved"]["channels"][str(guild.system_channel.id)]["name"] == "general"
        using.cancel()
        await asyncio.gather(using, return_exceptions=True)


async def test_what_the_member_may_do_in_a_channel_goes_along(
    client: Client, guild: LocalGuild, ann: LocalMember
) -> None:
    general = guild.system_channel
    loud, still, hidden = (guild.add_channel(name) for name in ("loud", "still", "hidden"))
    thread = guild.add_thread(still, "inside")
    criers = guild.add_role("criers")
    ann.add_role(criers)
    loud.overwrite(criers, allow=("mention_everyone",))
    still.overwrite(guild.people, deny=("send_messages",))
    hidden.overwrite(ann, deny=("view_channel",))
    await register(client, command(option(type=7, name="channel")))
    bob = guild.add_member("Bob")

    async def granted(socket: Any, who: LocalMember, place: LocalChannel) -> Permission:
        using = asyncio.create_task(who.use(general, "watch", force=True, channel=place))
        event = await socket.event("INTERACTION_CREATE")
        using.cancel()
        await asyncio.gather(using, return_exceptions=True)
        assert (
            event["member"]["permissions"] == event["channel"]["permissions"] == str(int(who.permissions_in(general)))
        )
        return Permission(int(event["data"]["resolved"]["channels"][str(place.id)]["permissions"]))

    may = Permission
    with pytest.raises(NotOffered):
        await ann.use(general, "watch", channel=hidden)
    async with client.bot() as socket:
        assert await granted(socket, ann, loud) & may.MENTION_EVERYONE
        assert not await granted(socket, bob, loud) & may.MENTION_EVERYONE
        assert not await granted(socket, ann, general) & may.MENTION_EVERYONE, "it is what holds there that counts"
        assert not await granted(socket, ann, still) & (may.SEND_MESSAGES | may.EMBED_LINKS)
        in_thread = await granted(socket, ann, thread)
        assert in_thread & may.SEND_MESSAGES_IN_THREADS
        assert not in_thread & may.SEND_MESSAGES
        assert await granted(socket, ann, hidden) == Permission(0)
        assert await granted(socket, bob, hidden) & may.SEND_MESSAGES
        assert await granted(socket, guild.owner, still) & may.MENTION_EVERYONE


async def failed(clock: FakeClock, using: "asyncio.Task[LocalInteraction]") -> bool:
    return (await run_until(clock, using)).failed is not None


async def test_permissions_hide_the_root_and_only_the_root(
    client: Client, guild: LocalGuild, ann: LocalMember, clock: FakeClock
) -> None:
    general = guild.system_channel
    admin = guild.add_member("Bob", manage_guild=True)
    hidden = sub("add") | {"default_member_permissions": "8"}
    await register(client, command(hidden, default_member_permissions="32"), command(name="open"))
    with pytest.raises(NotOffered):
        await ann.use(general, "watch add")
    assert await failed(clock, asyncio.create_task(ann.use(general, "watch add", force=True)))
    assert await failed(clock, asyncio.create_task(admin.use(general, "watch add")))
    assert await failed(clock, asyncio.create_task(guild.owner.use(general, "watch add")))
    assert await failed(clock, asyncio.create_task(ann.use(general, "open")))
    await register(client, command(sub("add"), default_member_permissions="0"))
    with pytest.raises(NotOffered):
        await admin.use(general, "watch add")
    assert await failed(clock, asyncio.create_task(guild.owner.use(general, "watch add")))


async def test_who_cannot_use_commands_in_a_channel_is_offered_none(
    client: Client, guild: LocalGuild, ann: LocalMember
) -> None:
    await register(client, command())
    guild.system_channel.overwrite(guild.people, deny=("use_application_commands",))
    with pytest.raises(NotOffered):
        await ann.use(guild.system_channel, "watch", force=True)


async def test_a_command_for_private_channels_is_not_offered_in_guilds(
    client: Client, guild: LocalGuild, ann: LocalMember
) -> None:
    await register(client, command(contexts=[1]))
    with pytest.raises(NotOffered):
        await ann.use(guild.system_channel, "watch")


async def test_only_options_that_complete_are_completed(
    client: Client, guild: LocalGuild, ann: LocalMember, clock: FakeClock
) -> None:
    await register(client, command(TEXT, option(autocomplete=True)))
    with pytest.raises(NotOffered):
        await ann.autocomplete(guild.system_channel, "watch", "host", "a")
    async with client.bot() as socket:
        typing = asyncio.create_task(ann.autocomplete(guild.system_channel, "watch", "x", "an", host="bob"))
        event = await socket.event("INTERACTION_CREATE")
        assert event["type"] == 4
        assert event["data"]["options"] == [
            {"type": 3, "name": "host", "value": "bob"},
            {"type": 3, "name": "x", "value": "an", "focused": True},
        ]
        with pytest.raises(NotAnswered, match="Loading options failed"):
            await run_until(clock, typing)
