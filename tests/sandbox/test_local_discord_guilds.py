"""Roles and scheduled events: the bot gives, takes, makes and plans what its permissions and the order of roles let it."""

import base64
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import discord
import pytest

from spacebot.sandbox.discord import LocalDiscord, LocalEvent, LocalGuild, LocalMember
from tests.clocks import START, FakeClock
from tests.sandbox.discord_bot import Club, club_with
from tests.sandbox.discord_client import Client, Reply, Rest, client_of
from tests.sandbox.openapi_discord import checker

SOON, LATER = START + timedelta(hours=1), START + timedelta(hours=2)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def client(clock: FakeClock) -> AsyncIterator[Client]:
    async with client_of(LocalDiscord(clock=clock)) as client:
        client.discord.limits.per_second = 1000
        yield client


@pytest.fixture
def rest(client: Client) -> Rest:
    return client.rest


@pytest.fixture
def guild(client: Client) -> LocalGuild:
    return client.discord.add_guild("Book club", bot_permissions=("view_channel", "manage_roles", "create_events"))


@pytest.fixture
def ann(guild: LocalGuild) -> LocalMember:
    return guild.add_member("Ann")


async def give(rest: Rest, guild: LocalGuild, user_id: int, role_id: int, method: str = "PUT") -> Reply:
    return await rest(method, f"/guilds/{guild.id}/members/{user_id}/roles/{role_id}")


async def test_a_role_is_given_and_taken_away(client: Client, rest: Rest, guild: LocalGuild, ann: LocalMember) -> None:
    role = guild.add_role("listeners")
    for _ in range(2):
        assert (await give(rest, guild, ann.id, role.id)).status == 204
    assert ann.roles.count(role) == 1
    for _ in range(2):
        assert (await give(rest, guild, ann.id, role.id, "DELETE")).status == 204
    assert role not in ann.roles


async def test_only_roles_below_the_bots_own_are_given(rest: Rest, guild: LocalGuild, ann: LocalMember) -> None:
    role = guild.add_role("listeners")
    role.edit(position=2)
    assert (await give(rest, guild, ann.id, role.id)).refusal == (403, 50013)
    role.edit(position=1)
    guild.set_bot_permissions("view_channel")
    assert (await give(rest, guild, ann.id, role.id)).refusal == (403, 50013)
    guild.set_bot_permissions("view_channel", "manage_roles")
    assert (await give(rest, guild, ann.id, guild.people.id)).refusal == (403, 50013)
    assert (await give(rest, guild, ann.id, guild.bot_role.id)).refusal == (400, 50028)
    assert (await give(rest, guild, ann.id, guild.everyone.id)).refusal == (400, 50028)
    assert (await give(rest, guild, ann.id, 5)).refusal == (404, 10011)
    assert (await give(rest, guild, 5, role.id)).refusal == (404, 10007)
    assert ann.roles == [guild.people]


async def test_a_new_role_can_be_given_at_once(rest: Rest, guild: LocalGuild, ann: LocalMember) -> None:
    path = f"/guilds/{guild.id}/roles"
    made = (await rest("POST", path, {"name": "listeners", "permissions": "0", "mentionable": True})).json
    assert (made["name"], made["permissions"], made["mentionable"]) == ("listeners", "0", True)
    assert (await give(rest, guild, ann.id, int(made["id"]))).status == 204
    assert (await rest("POST", path, {})).json["name"] == "new role"
    assert (await rest("POST", path, {"name": "x" * 101})).mistakes("name") == ["BASE_TYPE_BAD_LENGTH"]
    assert (await rest("POST", path, {"permissions": "8"})).refusal == (403, 50013)
    guild.set_bot_permissions("view_channel")
    assert (await rest("POST", path, {"name": "x"})).refusal == (403, 50013)


async def test_a_guild_has_two_hundred_and_fifty_roles(rest: Rest, guild: LocalGuild) -> None:
    while len(guild.roles) < 249:
        guild.add_role("one more")
    assert (await rest("POST", f"/guilds/{guild.id}/roles", {"name": "last"})).status == 200
    assert (await rest("POST", f"/guilds/{guild.id}/roles", {"name": "more"})).refusal == (400, 30005)


async def test_roles_are_listed_and_counted(rest: Rest, guild: LocalGuild, ann: LocalMember) -> None:
    path = f"/guilds/{guild.id}/roles"
    role = guild.add_role("listeners")
    ann.add_role(role)
    assert [each["id"] for each in (await rest("GET", path)).json] == [str(each) for each in guild.roles]
    counts = (await rest("GET", f"{path}/member-counts")).json
    assert counts[str(role.id)] == 1
    assert counts[str(guild.people.id)] == len(guild.members) - 1, "the bot has its own role only"
    assert str(guild.id) not in counts, "everybody has @everyone"
    guild.set_bot_permissions("view_channel")
    assert (await rest("GET", f"{path}/member-counts")).refusal == (403, 50013)
    assert (await rest("GET", path)).status == 200


async def test_ten_roles_are_given_or_taken_in_ten_seconds(
    rest: Rest, guild: LocalGuild, ann: LocalMember, clock: FakeClock
) -> None:
    role = guild.add_role("listeners")
    for number in range(10):
        assert (await give(rest, guild, ann.id, role.id, "DELETE" if number % 2 else "PUT")).status == 204
    assert (await give(rest, guild, ann.id, role.id)).status == 429
    await clock.advance(10)
    assert (await give(rest, guild, ann.id, role.id)).status == 204


def planned(**more: object) -> dict[str, Any]:
    return {
        "name": "Night Radio",
        "privacy_level": 2,
        "entity_type": 3,
        "entity_metadata": {"location": "https://x.com/i/spaces/1"},
        "scheduled_start_time": SOON.isoformat(),
        "scheduled_end_time": LATER.isoformat(),
        **more,
    }


def events(guild: LocalGuild) -> str:
    return f"/guilds/{guild.id}/scheduled-events"


async def test_an_event_is_planned_changed_started_and_over(client: Client, rest: Rest, guild: LocalGuild) -> None:
    async with client.gateway() as socket:
        await socket.identify(intents=1 | 1 << 16)
        made = await rest("POST", events(guild), planned(description="Tea"))
        assert (await socket.event("GUILD_SCHEDULED_EVENT_CREATE"))["id"] == made.json["id"]
        one = f"{events(guild)}/{made.json['id']}"
        changed = (await rest("PATCH", one, {"name": "Morning Radio", "entity_metadata": {"location": "there"}})).json
        assert (changed["name"], changed["description"]) == ("Morning Radio", "Tea")
        assert changed["entity_metadata"] == {"location": "there"}
        assert datetime.fromisoformat(changed["scheduled_start_time"]) == SOON
        assert (await rest("GET", events(guild))).json == [changed] == [(await rest("GET", one)).json]
        assert (await rest("PATCH", one, {"status": 3})).mistakes("status") == ["BASE_TYPE_BAD_VALUE"]
        assert (await rest("PATCH", one, {"status": 2})).json["status"] == 2
        assert (await rest("PATCH", one, {"status": 4})).mistakes("status") == ["BASE_TYPE_BAD_VALUE"]
        assert (await rest("PATCH", one, {"status": 3})).json["status"] == 3
        for status in (1, 2, 3):
            assert (await socket.event("GUILD_SCHEDULED_EVENT_UPDATE"))["status"] == status
    assert (await rest("GET", events(guild))).json == []
    assert (await rest("PATCH", one, {"name": "x"})).refusal == (400, 180000)


async def test_an_event_is_called_off_or_deleted(client: Client, rest: Rest, guild: LocalGuild) -> None:
    async with client.gateway() as socket:
        await socket.identify(intents=1 | 1 << 16)
        first, second = [(await rest("POST", events(guild), planned())).json["id"] for _ in range(2)]
        assert (await rest("PATCH", f"{events(guild)}/{first}", {"status": 4})).json["status"] == 4
        assert (await rest("DELETE", f"{events(guild)}/{second}")).status == 204
        assert (await socket.event("GUILD_SCHEDULED_EVENT_DELETE"))["id"] == second
    assert guild.events == {}


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        ({"name": None}, ["name"], "BASE_TYPE_REQUIRED"),
        ({"name": "x" * 101}, ["name"], "BASE_TYPE_BAD_LENGTH"),
        ({"description": "x" * 1001}, ["description"], "BASE_TYPE_MAX_LENGTH"),
        ({"entity_metadata": None}, ["entity_metadata"], "BASE_TYPE_REQUIRED"),
        ({"entity_metadata": {"location": "x" * 101}}, ["entity_metadata", "location"], "BASE_TYPE_BAD_LENGTH"),
        ({"entity_metadata": {}}, ["entity_metadata", "location"], "BASE_TYPE_REQUIRED"),
        ({"scheduled_start_time": START.isoformat()}, ["scheduled_start_time"], "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST"),
        ({"scheduled_end_time": None}, ["scheduled_end_time"], "BASE_TYPE_REQUIRED"),
        ({"scheduled_end_time": SOON.isoformat()}, ["scheduled_end_time"], "GUILD_SCHEDULED_EVENT_SCHEDULE_ORDER"),
        ({"channel_id": "5"}, ["channel_id"], "BASE_TYPE_BAD_VALUE"),
        ({"entity_type": 2}, ["entity_type"], "NOT_OFFERED"),
    ],
)
async def test_what_breaks_a_limit_plans_nothing(
    rest: Rest, guild: LocalGuild, more: dict[str, Any], path: list[str], code: str
) -> None:
    reply = await rest("POST", events(guild), planned(**more))
    assert (reply.refusal, reply.mistakes(*path)) == ((400, 50035), [code])
    assert not guild.events


async def test_to_plan_takes_create_events_and_others_plans_manage_events(rest: Rest, guild: LocalGuild) -> None:
    guild.set_bot_permissions("view_channel", "manage_events")
    assert (await rest("POST", events(guild), planned())).refusal == (403, 50013)
    guild.set_bot_permissions("view_channel", "create_events")
    own = f"{events(guild)}/{(await rest('POST', events(guild), planned())).json['id']}"
    assert (await rest("PATCH", own, {"name": "x"})).status == 200
    theirs: LocalEvent = guild.add_event("Tea", location="there", start=SOON, end=LATER)
    other = f"{events(guild)}/{theirs.id}"
    assert (await rest("PATCH", other, {"name": "x"})).refusal == (403, 50013)
    assert (await rest("DELETE", other)).refusal == (403, 50013)
    guild.set_bot_permissions("view_channel", "manage_events")
    assert (await rest("PATCH", other, {"name": "x"})).status == 200
    guild.set_bot_permissions("view_channel")
    assert (await rest("DELETE", own)).refusal == (403, 50013)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def data_uri(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


async def test_an_event_has_a_cover_that_stays_until_it_is_changed(rest: Rest, guild: LocalGuild) -> None:
    made = (await rest("POST", events(guild), planned(image=data_uri(PNG)))).json
    (event,) = guild.events.values()
    assert event.cover == PNG
    assert made["image"]
    one = f"{events(guild)}/{event.id}"
    assert (await rest("PATCH", one, {"name": "x"})).json["image"] == made["image"]
    assert (await rest("PATCH", one, {"image": data_uri(PNG + b"x")})).json["image"] != made["image"]
    assert (await rest("PATCH", one, {"image": None})).json["image"] is None


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ("https://pbs.twimg.com/a.png", "IMAGE_INVALID"),
        (data_uri(b"<svg/>"), "IMAGE_INVALID"),
        (data_uri(PNG, "image/jpeg"), "IMAGE_INVALID"),
        (data_uri(PNG, "image/webp"), "IMAGE_INVALID"),
        ("data:image/png;base64,???", "IMAGE_INVALID"),
        (5, "IMAGE_INVALID"),
        (data_uri(PNG + bytes(9)), "BINARY_TYPE_MAX_SIZE"),
    ],
)
async def test_what_is_no_image_is_no_cover(
    monkeypatch: pytest.MonkeyPatch, rest: Rest, guild: LocalGuild, image: object, code: str
) -> None:
    monkeypatch.setattr("spacebot.sandbox.discord.forms.guilds.COVER", len(PNG))
    assert (await rest("POST", events(guild), planned(image=image))).mistakes("image") == [code]
    assert not guild.events


async def test_events_begin_and_end_by_themselves_and_what_runs_or_is_over_is_not_moved(
    client: Client, clock: FakeClock, rest: Rest, guild: LocalGuild
) -> None:
    one = f"{events(guild)}/{(await rest('POST', events(guild), planned())).json['id']}"
    later = (START + timedelta(hours=9)).isoformat()
    assert (await rest("PATCH", one, {"scheduled_end_time": later})).status == 200
    await clock.advance(3601)
    assert [each["status"] for each in (await rest("GET", events(guild))).json] == [2]
    moved = {"scheduled_start_time": (START + timedelta(hours=5)).isoformat()}
    assert (await rest("PATCH", one, moved)).mistakes("scheduled_start_time") == ["BASE_TYPE_BAD_VALUE"]
    assert (await rest("PATCH", one, {"status": 4})).mistakes("status") == ["BASE_TYPE_BAD_VALUE"]
    assert (await rest("PATCH", one, {"name": "Late show"})).status == 200
    await clock.advance(8 * 3600)
    assert (await rest("GET", events(guild))).json == []
    assert (await rest("GET", one)).json["status"] == 3
    assert (await rest("PATCH", one, {"name": "x"})).refusal == (400, 180000)
    assert (await rest("DELETE", one)).status == 204
    assert (await rest("GET", one)).refusal == (404, 10070)


async def test_a_guild_has_a_hundred_events(rest: Rest, guild: LocalGuild) -> None:
    for _ in range(99):
        guild.add_event("Tea", location="there", start=SOON, end=LATER)
    assert (await rest("POST", events(guild), planned())).status == 200
    assert (await rest("POST", events(guild), planned())).refusal == (400, 30038)
    next(iter(guild.events.values())).delete()
    assert (await rest("POST", events(guild), planned())).status == 200


async def test_roles_and_events_keep_discords_document() -> None:
    check = checker()
    async with client_of(LocalDiscord(checker=check, clock=FakeClock())) as client:
        guild = client.discord.add_guild("Book club", bot_permissions=("manage_roles", "create_events"))
        await client.rest("POST", f"/guilds/{guild.id}/roles", {"name": "listeners", "permissions": "0"})
        await give(client.rest, guild, guild.add_member("Ann").id, list(guild.roles)[-1])
        await client.rest("GET", f"/guilds/{guild.id}/roles")
        await client.rest("GET", f"/guilds/{guild.id}/roles/member-counts")
        made = (await client.rest("POST", events(guild), planned())).json
        one = f"{events(guild)}/{made['id']}"
        await client.rest("PATCH", one, {"status": 2})
        await client.rest("GET", one)
        await client.rest("GET", events(guild))
        await client.rest("DELETE", one)
        assert client.discord.violations == []
        assert not [note for note in check.notes if "GET" in note]


@pytest.fixture
async def club(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Club]:
    async with club_with(monkeypatch) as club:
        club.guild.set_bot_permissions("view_channel", "manage_roles", "create_events")
        yield club


async def test_discord_py_makes_gives_and_takes_a_role(club: Club) -> None:
    guild = await club.bot.fetch_guild(club.guild.id)
    role = await guild.create_role(name="listeners", mentionable=True)
    member = await guild.fetch_member(club.ann.id)
    await member.add_roles(role)
    assert [held.name for held in club.ann.roles] == ["people", "listeners"]
    await member.remove_roles(role)
    assert [held.name for held in club.ann.roles] == ["people"]


async def test_discord_py_plans_starts_and_ends_an_event(club: Club) -> None:
    guild = await club.bot.fetch_guild(club.guild.id)
    soon = discord.utils.utcnow() + timedelta(hours=1)
    event = await guild.create_scheduled_event(
        name="Night Radio",
        start_time=soon,
        end_time=soon + timedelta(hours=1),
        entity_type=discord.EntityType.external,
        privacy_level=discord.PrivacyLevel.guild_only,
        location="https://x.com/i/spaces/1",
    )
    (local,) = club.guild.events.values()
    assert (local.id, local.location, local.start) == (event.id, "https://x.com/i/spaces/1", soon)
    event = await event.edit(name="Morning Radio", end_time=soon + timedelta(hours=2))
    event = await event.start()
    assert event.status is discord.EventStatus.active
    await event.end()
    assert (local.name, club.guild.events) == ("Morning Radio", {})
