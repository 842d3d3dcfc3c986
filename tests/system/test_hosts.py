"""A host that opens one Space after another, flips titles and changes its name wears nobody out."""

from datetime import timedelta

from spacebot.sandbox.discord import LocalMessage
from tests.system.scene import VirtualScene, ask, club, in_virtual_time, text


@in_virtual_time
async def test_forty_spaces_of_a_host_are_announced_and_call_people_once_in_half_an_hour(scene: VirtualScene) -> None:
    host, other = scene.x.add_user("host"), scene.x.add_user("other")
    one, patient = club(scene.discord), club(scene.discord, "Patient")
    roles = [each.guild.add_role("listeners", mentionable=True) for each in (one, patient)]
    await scene.serve()
    for each, role in zip((one, patient), roles, strict=True):
        await ask(each.admin, each.general, "config channel", channel=each.spaces)
        await ask(each.admin, each.general, "config role", role=role)
        await ask(each.admin, each.general, "watch add", host="@host")
    await ask(one.admin, one.general, "watch add", host="@other")
    reply = await ask(patient.admin, patient.general, "config pings", minutes=120)
    assert "once in 120 min" in reply.content
    assert "once in 120 min" in text(await ask(patient.admin, patient.general, "config show"))
    for number in range(40):
        space = scene.x.start_space(host, title=f"Number {number}")
        await scene.pass_by(11)
        space.end()
        await scene.pass_by(1)
    await scene.until(lambda: all(len(each.spaces.messages) == 40 for each in (one, patient)))
    assert [len(calls(each.spaces.messages)) for each in (one, patient)] == [1, 1]
    scene.x.start_space(other, title="Somebody else")
    await scene.until(lambda: len(calls(one.spaces.messages)) == 2)
    for number in range(3):
        await scene.pass_by(600)
        space = scene.x.start_space(host, title=f"Later {number}")
        await scene.pass_by(20)
        space.end()
    await scene.until(lambda: all(len(each.spaces.messages) >= 43 for each in (one, patient)))
    first, _, second = calls(one.spaces.messages)
    assert "Later 2" in text(second)
    assert second.created_at - first.created_at >= timedelta(minutes=30)
    assert len(calls(patient.spaces.messages)) == 1


def calls(messages: list[LocalMessage]) -> list[LocalMessage]:
    """Those that called somebody."""
    return [message for message in messages if message.pinged_roles]


@in_virtual_time
async def test_sixty_titles_make_few_edits_and_the_last_one_stands(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one = club(scene.discord)
    await scene.serve()
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    await ask(one.admin, one.general, "watch add", host="@host")
    space = scene.x.start_space(host, title="The first")
    await scene.until(lambda: one.spaces.messages)
    (post,) = one.spaces.messages
    before = post.edits
    for number in range(60):
        space.set_title(f"Flip {number}")
        await scene.pass_by(8)
    await scene.until(lambda: "Flip 59" in text(post))
    assert post.edits - before <= 8
    space.set_title("To be gone with")
    await scene.pass_by(6)
    space.end()
    ended = scene.clock.now()
    await scene.until(lambda: "has ended" in text(post))
    assert (scene.clock.now() - ended).total_seconds() < 10, "an end waits for no title"


@in_virtual_time
async def test_of_twenty_names_in_a_day_a_guild_is_told_once(scene: VirtualScene) -> None:
    host = scene.x.add_user("before")
    one = club(scene.discord)
    await scene.serve()
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    await ask(one.admin, one.general, "watch add", host="@before")

    def notices() -> list[str]:
        return [message.content for message in one.general.messages if "whom this server follows" in message.content]

    for number in range(20):
        host.rename(f"name{number}")
        space = scene.x.start_space(host, title=f"As number {number}")
        await scene.pass_by(20)
        space.end()
        await scene.pass_by(20)
    (told,) = notices()
    assert "before, whom this server follows" in told
    assert "name0" in told
    assert "name19" in text(await ask(one.admin, one.general, "watch list"))
