"""An app is a guild's, a person's, or both: what is offered where, and what the bot is told and may do there."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from spacebot.sandbox.discord import LocalChannel, LocalDiscord, LocalGuild, LocalInteraction, LocalMember, NotOffered
from tests.clocks import FakeClock
from tests.sandbox.discord_client import Client, Reply, Socket, client_of

EPHEMERAL = 64
BOTH: dict[str, dict[str, Any]] = {"0": {}, "1": {}}
COMMANDS = [
    {"name": "everywhere", "description": "-", "integration_types": [0, 1], "contexts": [0, 1, 2]},
    {"name": "guilds", "description": "-", "integration_types": [0], "contexts": [0]},
    {"name": "mine", "description": "-", "integration_types": [1], "contexts": [0, 1, 2]},
    {"name": "talks", "description": "-", "integration_types": [0, 1], "contexts": [1]},
    {"name": "Look", "type": 3, "integration_types": [0, 1], "contexts": [0, 1, 2]},
]
BUTTON = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]}


class Scene:
    """A bot in one guild of two, and a person in both who may install it."""

    def __init__(self, client: Client, socket: Socket, clock: FakeClock) -> None:
        self.clock = clock
        self.discord, self.client, self.socket = client.discord, client, socket
        self.here: LocalGuild = self.discord.add_guild("Here")
        self.away: LocalGuild = self.discord.add_guild("Away")
        self.away.remove_bot()
        self.ann: LocalMember = self.here.add_member("Ann")
        self.bob: LocalMember = self.away.add_member("Bob")

    async def used(
        self, who: LocalMember, where: LocalChannel, command: str, kind: int = 4, **data: object
    ) -> tuple[LocalInteraction, dict[str, Any]]:
        """The command, answered."""
        deed = asyncio.create_task(who.use(where, command))
        event = await self.socket.event("INTERACTION_CREATE")
        await self.answer(event, kind, **data)
        return await deed, event

    async def answer(self, event: dict[str, Any], kind: int, **data: object) -> None:
        path = f"/interactions/{event['id']}/{event['token']}/callback?with_response=1"
        reply = await self.client.rest.with_token(None)("POST", path, {"type": kind, "data": data})
        assert reply.status == 200, reply.json

    async def follow_up(self, event: dict[str, Any], content: str) -> Reply:
        self.clock.jump(1.0)
        path = f"/webhooks/{self.discord.application_id}/{event['token']}"
        return await self.client.rest.with_token(None)("POST", path, {"content": content})


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    clock = FakeClock()
    async with client_of(LocalDiscord(clock=clock)) as client, client.bot() as socket:
        client.discord.state.portal["integration_types_config"] = BOTH
        place = f"/applications/{client.discord.application_id}/commands"
        assert (await client.rest("PUT", place, COMMANDS)).status == 200
        yield Scene(client, socket, clock)


async def refused(who: LocalMember, where: LocalChannel, *commands: str) -> None:
    for command in commands:
        with pytest.raises(NotOffered):
            await who.use(where, command)


async def test_a_person_installs_only_what_the_portal_offers_them(scene: Scene) -> None:
    scene.discord.state.portal["integration_types_config"] = {"0": {}}
    with pytest.raises(NotOffered):
        scene.ann.install_app()
    del scene.discord.state.portal["integration_types_config"]
    with pytest.raises(NotOffered):
        scene.ann.install_app()


async def test_a_guild_offers_what_it_and_what_the_person_has_installed(scene: Scene) -> None:
    here, away = scene.here.system_channel, scene.away.system_channel
    await refused(scene.ann, here, "mine", "talks")
    _, event = await scene.used(scene.ann, here, "everywhere", content="-")
    assert event["authorizing_integration_owners"] == {"0": str(scene.here.id)}
    scene.ann.install_app()
    use, event = await scene.used(scene.ann, here, "everywhere", content="-")
    assert event["authorizing_integration_owners"] == {"0": str(scene.here.id), "1": str(scene.ann.id)}
    assert event["context"] == 0
    assert not use.ephemeral
    _, event = await scene.used(scene.ann, here, "mine", content="-")
    assert event["authorizing_integration_owners"] == {"1": str(scene.ann.id)}
    await refused(scene.bob, away, "everywhere", "guilds", "mine")
    scene.bob.install_app()
    await refused(scene.bob, away, "guilds", "talks")
    use, event = await scene.used(scene.bob, away, "everywhere", content="-")
    assert event["authorizing_integration_owners"] == {"1": str(scene.bob.id)}
    assert event["guild_id"] == str(scene.away.id)
    assert event["member"]["user"]["id"] == str(scene.bob.id)
    assert event["app_permissions"] == "0"
    shown = (await use.reply()).interaction
    assert shown is not None
    assert shown["authorizing_integration_owners"] == {"1": str(scene.bob.id)}
    scene.bob.uninstall_app()
    await refused(scene.bob, away, "everywhere")


async def test_in_private_there_is_an_account_and_no_guild(scene: Scene) -> None:
    own, group = scene.discord.dm_of(scene.ann), scene.discord.add_group(scene.bob, scene.ann)
    await refused(scene.ann, own, "guilds", "mine")
    _, event = await scene.used(scene.ann, own, "talks", content="-")
    assert (event["authorizing_integration_owners"], event["context"]) == ({"0": "0"}, 1)
    assert event["user"]["id"] == str(scene.ann.id)
    assert not event.keys() & {"member", "guild", "guild_id", "guild_locale"}
    await refused(scene.bob, scene.discord.dm_of(scene.bob), "everywhere")
    await refused(scene.ann, group, "everywhere")
    await refused(scene.bob, own, "everywhere")
    scene.bob.install_app()
    _, event = await scene.used(scene.bob, group, "mine", content="-")
    assert (event["authorizing_integration_owners"], event["context"]) == ({"1": str(scene.bob.id)}, 2)
    assert event["channel"]["type"] == 3
    await refused(scene.bob, group, "talks")
    with pytest.raises(NotOffered):
        await scene.bob.use(own, "mine")
    assert (await scene.client.rest("GET", f"/channels/{group.id}")).status == 403
    assert (await scene.client.rest("GET", f"/channels/{own.id}")).status == 200


async def test_who_may_not_use_apps_of_their_own_in_public_is_answered_in_private_whatever_the_bot_says(
    scene: Scene,
) -> None:
    room = scene.away.system_channel
    scene.bob.install_app()
    use, _ = await scene.used(scene.bob, room, "everywhere", content="-")
    assert not use.ephemeral
    assert len(room.messages) == 1
    scene.away.people.edit(permissions=("view_channel", "use_application_commands"))
    use, _ = await scene.used(scene.bob, room, "everywhere", content="-")
    assert use.ephemeral
    use, event = await scene.used(scene.bob, room, "everywhere", 5)
    assert (await scene.follow_up(event, "the answer")).json["flags"] & EPHEMERAL
    assert (await scene.follow_up(event, "more")).json["flags"] & EPHEMERAL
    assert len(room.messages) == 1
    scene.ann.install_app()
    scene.here.people.edit(permissions=("view_channel", "use_application_commands"))
    use, _ = await scene.used(scene.ann, scene.here.system_channel, "everywhere", content="-")
    assert not use.ephemeral, "the guild has installed it, too"


async def test_an_app_that_only_the_person_has_installed_follows_up_five_times(scene: Scene) -> None:
    scene.bob.install_app()
    _, theirs = await scene.used(scene.bob, scene.away.system_channel, "everywhere", content="-")
    answers = [await scene.follow_up(theirs, "more") for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [400]
    assert answers[-1].json["code"] == 40094
    _, guilds = await scene.used(scene.ann, scene.here.system_channel, "everywhere", content="-")
    assert [(await scene.follow_up(guilds, "more")).status for _ in range(6)] == [200] * 6


async def test_a_component_is_whose_its_message_is(scene: Scene) -> None:
    scene.bob.install_app()
    use, _ = await scene.used(
        scene.bob, scene.away.system_channel, "everywhere", content="-", flags=EPHEMERAL, components=[BUTTON]
    )
    press = asyncio.create_task(scene.bob.press(await use.reply(), label="Go"))
    event = await scene.socket.event("INTERACTION_CREATE")
    assert event["authorizing_integration_owners"] == {"1": str(scene.bob.id)}
    await scene.answer(event, 6)
    await press


async def test_the_menu_of_a_message_names_it_and_shows_it_whole(scene: Scene) -> None:
    room = scene.away.system_channel
    message = scene.away.owner.say(room, "Hello", embeds=[{"type": "rich", "title": "A title"}])
    with pytest.raises(NotOffered):
        await scene.bob.use_on(message, "Look")
    scene.bob.install_app()
    with pytest.raises(NotOffered):
        await scene.bob.use_on(message, "everywhere")
    with pytest.raises(NotOffered):
        await scene.bob.use(room, "Look")
    deed = asyncio.create_task(scene.bob.use_on(message, "Look"))
    event = await scene.socket.event("INTERACTION_CREATE")
    assert (event["data"]["type"], event["data"]["target_id"]) == (3, str(message.id))
    shown = event["data"]["resolved"]["messages"][str(message.id)]
    assert (shown["content"], shown["embeds"][0]["title"]) == ("Hello", "A title")
    await scene.answer(event, 4, content="-", flags=EPHEMERAL)
    own = await (await deed).reply()
    with pytest.raises(NotOffered):
        await scene.bob.use_on(own, "Look")
    message.delete()
    with pytest.raises(NotOffered):
        await scene.bob.use_on(message, "Look")
    scene.away.people.edit(permissions=())
    with pytest.raises(NotOffered):
        await scene.bob.use_on(scene.away.owner.say(room, "Again"), "Look")
