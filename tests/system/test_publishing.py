"""What stands in an announcement channel is published once, within Discord's limit, and holds nothing else up."""

from spacebot.sandbox.discord import Fault, LocalChannel
from tests.system.scene import VirtualScene, ask, club, in_virtual_time

HOUR = 3600.0


def _published(channel: LocalChannel) -> list[bool]:
    return [bool(message.flags & 1) for message in channel.messages]


@in_virtual_time
async def test_a_live_announcement_is_published_once_and_ten_an_hour(scene: VirtualScene) -> None:
    hosts = [scene.x.add_user(f"host{number}", name=f"Host {number}") for number in range(12)]
    here = club(scene.discord)
    news = here.guild.add_channel("news", kind="announcement")
    await scene.serve()
    await ask(here.admin, here.general, "config channel", channel=news)
    await ask(here.admin, here.general, "config announce", scheduled=True)
    for host in hosts:
        await ask(here.admin, here.general, "watch add", host=host.username)
    await ask(here.admin, here.general, "config test")
    assert _published(news) == [False]

    for host in hosts:
        scene.x.start_space(host, title="A talk")
    await scene.until(lambda: sum(_published(news)) == 10)
    await scene.pass_by(60)
    assert len(news.messages) == 13
    assert sum(_published(news)) == 10
    await scene.pass_by(HOUR)
    assert _published(news) == [False] + [True] * 12
    crossposts = [exchange for exchange in scene.discord.requests if exchange.path.endswith("/crosspost")]
    assert sum(exchange.status == 200 for exchange in crossposts) == 12
    assert sum(exchange.status == 429 for exchange in crossposts) <= 2


@in_virtual_time
async def test_what_is_unclear_is_published_once_and_a_missing_permission_pauses_nothing(scene: VirtualScene) -> None:
    first, second, third = (scene.x.add_user(name, name=name.title()) for name in ("first", "second", "third"))
    here = club(scene.discord)
    news = here.guild.add_channel("news", kind="announcement")
    bot = await scene.serve()
    await ask(here.admin, here.general, "config channel", channel=news)
    for host in (first, second, third):
        await ask(here.admin, here.general, "watch add", host=host.username)
    scene.discord.fault("POST", "/crosspost$", Fault(drop="after"))
    scene.x.start_space(first, title="A talk")
    await scene.until(lambda: _published(news) == [True])
    await bot.stop()
    await scene.serve()
    scene.discord.fault("POST", "/crosspost$", Fault(status=403, code=50013))
    scene.x.start_space(second, title="A talk")
    await scene.until(lambda: len(news.messages) == 2)
    await scene.pass_by(200)
    assert _published(news) == [True, False]
    await ask(here.admin, here.general, "config publish", on=False)
    scene.x.start_space(third, title="A talk")
    await scene.until(lambda: len(news.messages) == 3)
    await scene.pass_by(200)
    assert _published(news) == [True, False, False]
    assert not scene.logged("paused")
