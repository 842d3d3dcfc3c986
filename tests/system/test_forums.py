"""In a forum each announcement is a post: begun once whatever is unclear, edited, and closed at the end."""

import pytest

from spacebot.sandbox.discord import Fault, LocalForum, LocalThread
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time, text


def forum_of(here: Club, *tags: str) -> LocalForum:
    """A forum in which the bot may do what the invite link asks for."""
    forum = here.guild.add_forum("spaces", tags=tags)
    forum.allow("send_messages_in_threads")
    return forum


def posts(here: Club, forum: LocalForum) -> list[LocalThread]:
    return [thread for thread in here.guild.threads.values() if thread.parent is forum]


@in_virtual_time
async def test_a_space_is_a_post_with_its_tag_that_is_closed_at_the_end(scene: VirtualScene) -> None:
    host = scene.x.add_user("night_radio", name="Night Radio")
    here = club(scene.discord)
    forum = forum_of(here, "Ended", "Live talks")
    forum.require_tag()
    role = here.guild.add_role("listeners", mentionable=True)
    await scene.serve()
    await ask(here.admin, here.general, "config channel", channel=forum)
    await ask(here.admin, here.general, "config role", role=role)
    await ask(here.admin, here.general, "watch add", host="@night_radio")
    space = scene.x.start_space(host, title="Songs *for* the night " * 10)
    await scene.until(lambda: posts(here, forum))
    [post] = posts(here, forum)
    assert post.name.startswith("Songs *for* the night")
    assert len(post.name) <= 100
    assert list(post.tags) == [forum.tag("Live talks").id]
    first = post.messages[0]
    assert first.pinged_roles == [role]
    assert "Live" in text(first)
    space.end()
    await scene.until(lambda: post.archived)
    assert "has ended" in first.content
    assert len(posts(here, forum)) == 1


@pytest.mark.parametrize("fault", [Fault(drop="after"), Fault(status=502, drop="after"), Fault(status=502)])
def test_an_unclear_post_is_begun_once(fault: Fault, tmp_path: object) -> None:
    @in_virtual_time
    async def play(scene: VirtualScene) -> None:
        host = scene.x.add_user("night_radio", name="Night Radio")
        here = club(scene.discord)
        forum = forum_of(here, "News")
        bot = await scene.serve()
        await ask(here.admin, here.general, "config channel", channel=forum)
        await ask(here.admin, here.general, "watch add", host="@night_radio")
        scene.discord.fault("POST", f"^/channels/{forum.id}/threads$", fault)
        space = scene.x.start_space(host, title="A talk")
        await scene.until(lambda: posts(here, forum))
        await bot.stop()
        await scene.serve()
        await scene.pass_by(300)
        [post] = posts(here, forum)
        space.end()
        await scene.until(lambda: post.archived)
        assert "has ended" in post.messages[0].content
        assert len(posts(here, forum)) == 1

    play(tmp_path)  # type: ignore[arg-type]  # the folder that pytest gives


@in_virtual_time
async def test_a_post_that_was_closed_meanwhile_is_still_told_of_the_end(scene: VirtualScene) -> None:
    host = scene.x.add_user("night_radio", name="Night Radio")
    here = club(scene.discord)
    forum = forum_of(here)
    await scene.serve()
    await ask(here.admin, here.general, "config channel", channel=forum)
    await ask(here.admin, here.general, "config test")
    await ask(here.admin, here.general, "watch add", host="@night_radio")
    space = scene.x.start_space(host, title="A talk")
    await scene.until(lambda: len(posts(here, forum)) == 2)
    test, post = posts(here, forum)
    assert test.messages[0].content.startswith("**Test**")
    post.archive()
    space.end()
    await scene.until(lambda: "has ended" in post.messages[0].content and post.archived)


@in_virtual_time
async def test_a_test_in_a_forum_is_removed_and_a_closed_forum_is_said(scene: VirtualScene) -> None:
    here = club(scene.discord)
    forum = forum_of(here)
    await scene.serve()
    await ask(here.admin, here.general, "config channel", channel=forum)
    answer = await ask(here.admin, here.general, "config test")
    [post] = posts(here, forum)
    await here.admin.press(answer, label="Remove")
    await scene.until(lambda: "gone again" in answer.content)
    assert post.archived
    assert not post.messages
    forum.deny("send_messages")
    answer = await ask(here.admin, here.general, "config test")
    assert "Send Messages" in answer.content
