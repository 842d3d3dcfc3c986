"""Many hosts, many guilds, and two guilds where nothing can be posted."""

import asyncio

from tests.system.scene import Scene, ask, club, text

HOSTS = 250
GUILDS = 40
LIVE = 10


async def test_ten_of_250_hosts_go_live_and_two_broken_guilds_harm_nobody(scene: Scene) -> None:
    hosts = [scene.x.add_user(f"host{number}") for number in range(HOSTS)]
    clubs = [club(scene.discord, f"Club {number}") for number in range(GUILDS)]
    # The local Discord shares its processor with the tests: what waits for it while it is held up arrives in a bunch,
    # so the bot is told a pace that leaves room for that.
    await scene.bot(SPACEBOT_MESSAGES_PER_SECOND="25", SPACEBOT_DAILY_BUDGET_USD="none")
    # Each host is followed by some guilds; the ten that go live by every guild.
    live = hosts[:LIVE]

    async def follow(number: int) -> None:
        mine = live + hosts[LIVE + number * 6 : LIVE + number * 6 + 6]
        await ask(clubs[number].admin, clubs[number].general, "config channel", channel=clubs[number].spaces)
        for host in mine:
            reply = await ask(clubs[number].admin, clubs[number].general, "watch add", host=host.id)
            assert "Following" in reply.content, reply.content

    await asyncio.gather(*(follow(number) for number in range(GUILDS)))
    deleted, closed, sound = clubs[0], clubs[1], clubs[2:]
    deleted.spaces.delete()
    closed.spaces.deny("send_messages")

    spaces = [scene.x.start_space(host, title=f"Space of {host.username}") for host in live]
    await scene.until(lambda: all(len(one.spaces.messages) == LIVE for one in sound))
    for one in sound:
        posted = {message.embeds[0]["url"] for message in one.spaces.messages}
        assert posted == {f"https://x.com/i/spaces/{space.id}#live" for space in spaces}
    assert not closed.spaces.messages

    listed = text(await ask(deleted.admin, deleted.general, "watch list"))
    assert "the channel is gone" in listed
    listed = text(await ask(closed.admin, closed.general, "watch list"))
    assert "I lack Send Messages" in listed
    assert scene.discord.busiest_second() <= 50
    # That neither server refused anything, and that no document was broken, the scene checks at the end.
