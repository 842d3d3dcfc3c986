"""'Who's there' under a post answers for as long as the post stands, in private, and never asks X."""

from spacebot.sandbox.discord import LocalMember, LocalMessage
from tests.system.scene import PATIENCE, VirtualScene, ask, club, in_virtual_time, text


async def pressed(who: LocalMember, message: LocalMessage, label: str) -> LocalMessage:
    """Press a button; the answer."""
    [button] = [each for each in message.buttons if each["label"].startswith(label)]
    press = await who.press(message, custom_id=button["custom_id"])
    assert press.failed is None, press.failed
    return await press.reply(timeout=PATIENCE)


@in_virtual_time
async def test_everybody_known_is_named_in_private_after_a_restart_and_after_the_end(scene: VirtualScene) -> None:
    host, guest = scene.x.add_user("host", name="A *Host*"), scene.x.add_user("guest", name="A Guest")
    speakers = [scene.x.add_user(f"s{number}", name=f"Speaker {number}") for number in range(30)]
    one = club(scene.discord)
    bot = await scene.serve()
    await ask(one.admin, one.general, "watch add", host="@host", channel=one.spaces)
    space = scene.x.start_space(host, title="Full house", cohosts=[guest], speakers=speakers)
    await scene.until(lambda: one.spaces.messages)
    (post,) = one.spaces.messages
    await scene.until(lambda: "Who's there · 32" in str(post.buttons))

    asked = len(scene.x.requests)
    answer = await pressed(one.member, post, "Who's there")
    assert answer.ephemeral
    shown = text(answer)
    assert r"**A \*Host\*** ([@" in shown
    assert "](https://x.com/host)) · host" in shown
    assert "](https://x.com/guest)) · co-host" in shown
    assert shown.count(" · on stage") == 18
    assert "32 people · page 1 of 2" in shown
    more = await pressed(one.member, answer, "More")
    assert "page 2 of 2" in text(more)
    assert text(more).count(" · on stage") == 12
    assert "page 1 of 2" in text(await pressed(one.member, more, "Earlier"))
    await bot.stop()
    await scene.serve()
    assert "32 people" in text(await pressed(one.member, post, "Who's there"))
    assert not [each for each in scene.x.requests[asked:] if "users" in each.path], "nobody was bought for the click"

    await scene.pass_by(60)
    space.end()
    await scene.until(lambda: "has ended" in text(post))
    assert [button["label"] for button in post.buttons] == ["Who's there · 32"]
    assert text(await pressed(one.member, post, "Who's there")).count(" · spoke") == 18
