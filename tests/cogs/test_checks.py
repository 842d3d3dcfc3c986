"""Checks of channels and roles, over the objects that discord.py makes of what the local Discord reports."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import discord
import pytest
import yarl

from cogs import checks
from spacebot.domain.accounts import Host
from spacebot.domain.guilds import GuildConfig, Watch, WatchLine
from spacebot.domain.ids import ChannelId, RoleId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.views import SetUp
from spacebot.errors import UserMistake
from spacebot.sandbox.discord import LocalDiscord
from spacebot.sandbox.discord.model.guilds import LocalGuild

NOWHERE = ChannelId(1)
GONE = Obstacle(reason=Reason.CHANNEL_GONE)
LACKS_EMBEDS = Obstacle(reason=Reason.PERMISSIONS_MISSING, details=("embed_links",))


class Client(discord.Client):
    """Sets `heard` after each event."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.heard = asyncio.Event()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        super().dispatch(event, *args, **kwargs)
        self.heard.set()


@dataclass(slots=True)
class Scene:
    """A guild as the local Discord has it, and as discord.py sees it."""

    server: LocalDiscord
    client: Client
    local: LocalGuild
    guild: discord.Guild

    async def until(self, is_seen: Callable[[], object]) -> None:
        """Return once discord.py has heard of a change."""
        async with asyncio.timeout(5):
            while not is_seen():
                self.client.heard.clear()
                await self.client.heard.wait()

    async def channel(self, name: str = "spaces", *, deny: tuple[str, ...] = ()) -> ChannelId:
        """A new channel in which the bot lacks some permissions."""
        channel = self.local.add_channel(name)
        if deny:
            channel.deny(*deny)
        await self.until(lambda: self._sees(channel.id, deny))
        return ChannelId(channel.id)

    def _sees(self, channel_id: int, lacking: tuple[str, ...]) -> bool:
        channel = self.guild.get_channel(channel_id)
        if channel is None:
            return False
        granted = channel.permissions_for(self.guild.me)
        return not any(getattr(granted, name) for name in lacking)

    async def role(self, name: str = "listeners", *, mentionable: bool) -> discord.Role:
        local = self.local.add_role(name, mentionable=mentionable)
        await self.until(lambda: self.guild.get_role(local.id))
        role = self.guild.get_role(local.id)
        assert role is not None
        return role

    async def may(self, *names: str) -> None:
        """Give the bot these permissions, and no others, everywhere in the guild."""
        self.local.set_bot_permissions(*names)
        wanted = discord.Permissions(**dict.fromkeys(names, True))
        await self.until(lambda: self.guild.me.guild_permissions >= wanted)


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with LocalDiscord() as local:
        monkeypatch.setattr(discord.http.Route, "BASE", local.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(local.gateway_url))
        home = local.add_guild("Book club")
        client = Client(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
        task = asyncio.create_task(client.start(local.token))
        try:
            async with asyncio.timeout(10):
                await local.connected()
                await client.wait_until_ready()
            guild = client.get_guild(home.id)
            assert guild is not None
            yield Scene(local, client, home, guild)
        finally:
            await client.close()
            with suppress(asyncio.CancelledError):
                await task


def mistake_of(check: Callable[[], object]) -> UserMistake:
    with pytest.raises(UserMistake) as caught:
        check()
    return caught.value


def line(channel_id: ChannelId | None, *, roles: tuple[RoleId, ...] = ()) -> WatchLine:
    host = Host(user_id=UserId("100"), username="ann", name="Ann")
    watch = Watch(watch_id=1, host=host, channel_id=channel_id, roles=())
    return WatchLine(watch=watch, channel_id=channel_id, roles=roles, live=None, paused=None)


async def test_a_channel_in_which_the_bot_may_do_all_it_must_is_taken(scene: Scene) -> None:
    channel_id = await scene.channel()
    assert checks.postable_for_bot(scene.guild, channel_id) == channel_id
    assert await checks.obstacle(scene.guild, channel_id) is None


async def test_a_channel_that_the_bot_does_not_see_is_refused(scene: Scene) -> None:
    assert mistake_of(lambda: checks.postable_for_bot(scene.guild, NOWHERE)).mistake is Mistake.CHANNEL_UNSEEN


async def test_what_the_bot_lacks_is_named_with_its_channel(scene: Scene) -> None:
    channel_id = await scene.channel(deny=("embed_links", "read_message_history"))
    refused = mistake_of(lambda: checks.postable_for_bot(scene.guild, channel_id))
    assert refused.mistake is Mistake.PERMISSIONS_LACKING
    assert refused.values == {"channel": f"<#{channel_id}>", "lacking": "Embed Links, Read Message History"}


async def test_a_thread_needs_the_permission_to_send_in_threads(scene: Scene) -> None:
    await scene.may("view_channel", "send_messages", "embed_links", "read_message_history")
    thread = scene.local.add_thread(scene.local.add_channel("spaces"), "tea")
    await scene.until(lambda: scene.guild.get_thread(thread.id))
    refused = mistake_of(lambda: checks.postable_for_bot(scene.guild, thread.id))
    assert refused.values["lacking"] == "Send Messages in Threads", "the rest follows from it"
    await scene.may("view_channel", "send_messages_in_threads", "embed_links", "read_message_history")
    assert checks.postable_for_bot(scene.guild, thread.id) == thread.id


async def test_a_locked_thread_is_refused(scene: Scene) -> None:
    thread = scene.local.add_thread(scene.local.add_channel("spaces"), "tea")
    await scene.until(lambda: scene.guild.get_thread(thread.id))
    thread.unarchive(locked=True)
    await scene.until(lambda: (seen := scene.guild.get_thread(thread.id)) and seen.locked)
    assert mistake_of(lambda: checks.postable_for_bot(scene.guild, thread.id)).mistake is Mistake.THREAD_LOCKED


async def test_a_channel_chosen_earlier_is_looked_at_as_it_is_now(scene: Scene) -> None:
    channel_id = await scene.channel(deny=("embed_links",))
    assert await checks.obstacle(scene.guild, channel_id) == LACKS_EMBEDS
    assert await checks.obstacle(scene.guild, NOWHERE) == GONE


async def test_an_archived_thread_is_no_obstacle_for_a_message_opens_it_again(scene: Scene) -> None:
    thread = scene.local.add_thread(scene.local.add_channel("spaces"), "tea")
    await scene.until(lambda: scene.guild.get_thread(thread.id))
    await scene.may("view_channel", "send_messages_in_threads", "embed_links", "read_message_history")
    thread.archive()
    await scene.until(lambda: scene.guild.get_thread(thread.id) is None)
    assert await checks.obstacle(scene.guild, ChannelId(thread.id)) is None


async def test_a_role_that_everybody_may_mention_is_taken(scene: Scene) -> None:
    role = await scene.role(mentionable=True)
    assert checks.mentionable_for_bot(scene.guild, role) == role.id
    assert checks.role_trouble(scene.guild, RoleId(role.id)) is None


async def test_a_role_that_the_bot_may_not_mention_is_refused_by_its_name_escaped(scene: Scene) -> None:
    role = await scene.role("*loud*", mentionable=False)
    refused = mistake_of(lambda: checks.mentionable_for_bot(scene.guild, role))
    assert (refused.mistake, refused.values) == (Mistake.ROLE_NOT_MENTIONABLE, {"name": r"\*loud\*"})


async def test_everyone_is_a_mistake_of_its_own(scene: Scene) -> None:
    refused = mistake_of(lambda: checks.mentionable_for_bot(scene.guild, scene.guild.default_role))
    assert refused.mistake is Mistake.EVERYONE_NOT_MENTIONABLE


async def test_with_the_permission_to_mention_all_roles_any_role_is_taken(scene: Scene) -> None:
    role = await scene.role(mentionable=False)
    await scene.may("mention_everyone")
    assert checks.mentionable_for_bot(scene.guild, role) == role.id
    assert checks.mentionable_for_bot(scene.guild, scene.guild.default_role) == scene.guild.id


async def test_a_role_chosen_earlier_says_in_a_sentence_what_is_wrong_with_it_now(scene: Scene) -> None:
    role = await scene.role(mentionable=False)
    said = checks.role_trouble(scene.guild, RoleId(role.id))
    assert said is not None
    assert said.startswith("I may not ping listeners;")
    assert checks.role_trouble(scene.guild, RoleId(1)) == "that role is gone; choose another with /config roles"


async def test_each_thing_in_the_way_is_found_once_however_many_hosts_it_concerns(scene: Scene) -> None:
    good, closed = await scene.channel("good"), await scene.channel("closed", deny=("embed_links",))
    role = RoleId((await scene.role(mentionable=False)).id)
    lines = (line(good), line(closed, roles=(role,)), line(closed, roles=(role,)), line(None))
    found = await checks.in_the_way(
        scene.client, scene.guild, SetUp(config=GuildConfig(channel_id=good), watches=lines)
    )
    assert found.channels == {closed: LACKS_EMBEDS}
    assert list(found.roles) == [role]
    assert not found.closes([good, closed])
    assert found.closes([closed])


async def test_what_an_announcement_has_met_counts_more_than_what_can_be_seen(scene: Scene) -> None:
    channel_id = await scene.channel()
    met = Obstacle(reason=Reason.AUTOMOD)
    set_up = SetUp(config=GuildConfig(), watches=(line(channel_id),), met={channel_id: met})
    assert (await checks.in_the_way(scene.client, scene.guild, set_up)).channels == {channel_id: met}


async def test_about_few_channels_that_are_not_in_the_cache_discord_is_asked(
    scene: Scene,
) -> None:
    gone = [ChannelId(number) for number in range(1, 101)]
    set_up = SetUp(config=GuildConfig(), watches=tuple(line(each) for each in gone))
    before = len(scene.server.requests)
    found = await checks.in_the_way(scene.client, scene.guild, set_up)
    assert list(found.channels) == gone[: checks.MOST_ASKED]
    assert len(scene.server.requests) - before == checks.MOST_ASKED


async def test_while_discord_does_not_show_a_server_nothing_of_it_counts_as_gone(scene: Scene) -> None:
    pressed: Any = {
        "id": "1",
        "type": 3,
        "token": "t",
        "version": 1,
        "application_id": "2",
        "guild_id": scene.guild.id,
        "attachment_size_limit": 0,
    }
    interaction: Any = discord.Interaction(data=pressed, state=scene.client._connection)
    assert checks.guild_of(interaction) == scene.guild
    scene.local.set_unavailable(unavailable=True)
    await scene.until(lambda: scene.guild.unavailable)
    assert mistake_of(lambda: checks.guild_of(interaction)).mistake is Mistake.GUILD_NOT_THERE_YET
