"""What an admin does about the look of announcements: a test, removed after a restart, and an own text and colour."""

from spacebot.sandbox.discord import LocalMessage
from tests.system.scene import Scene, ask, club, text


def _tests(messages: list[LocalMessage]) -> list[LocalMessage]:
    return [message for message in messages if message.content.startswith("**Test**")]


async def test_a_test_is_posted_before_anybody_is_followed_and_removed_after_a_restart(scene: Scene) -> None:
    here = club(scene.discord)
    role = here.guild.add_role("listeners", mentionable=True)
    bot = await scene.bot()
    nothing_yet = await ask(here.admin, here.general, "config test")
    assert "Choose a channel first" in nothing_yet.content
    await ask(here.admin, here.general, "config channel", channel=here.spaces)
    await ask(here.admin, here.general, "config role", role=role)

    answer = await ask(here.admin, here.general, "config test")
    [test] = _tests(here.spaces.messages)
    assert test.content == "**Test** · **Example host** is live on X"
    assert not test.pinged_roles
    assert not test.pinged_everyone
    assert "425 listening" in text(test)
    assert "posted in" in answer.content
    assert f"<@&{role.id}>" in answer.content
    space_id = test.embeds[0]["url"].removesuffix("#test").rpartition("/")[2]
    assert not [exchange for exchange in scene.x.requests if space_id in f"{exchange.path} {exchange.query}"]
    assert not text(await ask(here.admin, here.general, "history")).count("Example host")

    await bot.stop()
    await scene.bot()
    use = await here.admin.press(answer, label="Remove")
    assert use.failed is None, use.failed
    await scene.until(lambda: answer.content == "The test is gone again.")
    assert not _tests(here.spaces.messages)


async def test_a_test_goes_to_every_channel_in_its_own_look_and_says_what_is_in_the_way(scene: Scene) -> None:
    scene.x.add_user("night_radio", name="Night Radio")
    scene.x.add_user("chess_talk", name="Chess Talk")
    here = club(scene.discord)
    closed = here.guild.add_channel("closed")
    await scene.bot()
    await ask(here.admin, here.general, "config channel", channel=here.spaces)
    await ask(here.admin, here.general, "watch add", host="@night_radio")
    await ask(here.admin, here.general, "watch add", host="@chess_talk", channel=closed)
    said = await ask(here.admin, here.general, "config look", text="Tune in: {host}, {listeners} there", accent="teal")
    assert "teal" in said.content
    await ask(here.admin, here.general, "watch look", host="@chess_talk", accent="#010203")
    unknown = await ask(here.admin, here.general, "config look", text="{hoster}")
    assert "{hoster}" in unknown.content
    assert "{host}" in unknown.content
    panel = await ask(here.admin, here.general, "setup")
    use = await here.admin.press(panel, label="Send a test")
    assert use.failed is None, use.failed
    answer = await use.reply()
    assert answer.content.count("posted in") == 2
    [first], [second] = _tests(here.spaces.messages), _tests(closed.messages)
    assert first.content == "**Test** · Tune in: Night Radio, 425 there"
    assert first.embeds[0]["color"] == 0x1ABC9C
    assert second.content == "**Test** · Tune in: Chess Talk, 425 there"
    assert second.embeds[0]["color"] == 0x010203
    use = await here.admin.press(answer, label="Remove")
    await scene.until(lambda: answer.content == "The test is gone again.")
    assert not _tests([*here.spaces.messages, *closed.messages])

    closed.deny("send_messages")
    answer = await ask(here.admin, here.general, "config test")
    assert answer.content.count("posted in") == 1
    assert "Send Messages" in answer.content


async def test_what_the_form_does_not_take_is_offered_again(scene: Scene) -> None:
    here = club(scene.discord)
    await scene.bot()
    await ask(here.admin, here.general, "config channel", channel=here.spaces)
    panel = await ask(here.admin, here.general, "setup")
    use = await here.admin.press(panel, label="Text & look")
    use = await here.admin.submit(use, text="*Hello* {hoster}!", accent="green")
    assert use.failed is None, use.failed
    sorry = await use.reply()
    assert "{hoster}" in sorry.content
    use = await here.admin.press(sorry, label="Edit again")
    assert use.modal is not None
    assert "*Hello* {hoster}!" in str(use.modal)
    use = await here.admin.submit(use, text="*Hello* {host}!")
    assert use.failed is None, use.failed
    await scene.until(lambda: "*Hello* {host}!" in sorry.content)
    assert "green" in sorry.content
    await ask(here.admin, here.general, "config test")
    [test] = _tests(here.spaces.messages)
    assert test.content == "**Test** · *Hello* Example host!"
    panel = await ask(here.admin, here.general, "setup")
    use = await here.admin.press(panel, label="Text & look")
    use = await here.admin.submit(use, text="", accent="as usual", publish=[])
    assert use.failed is None, use.failed
    await scene.until(lambda: any("their text is as usual" in each for each in panel.texts))
    shown = await ask(here.admin, here.general, "config show")
    assert "not published" in text(shown)


async def test_one_host_has_a_look_of_its_own_until_it_is_reset_and_a_test_may_stay(scene: Scene) -> None:
    scene.x.add_user("night_radio", name="Night Radio")
    here = club(scene.discord)
    await scene.bot()
    await ask(here.admin, here.general, "config channel", channel=here.spaces)
    await ask(here.admin, here.general, "watch add", host="@night_radio")
    panel = await ask(here.admin, here.general, "setup")
    await here.admin.press(panel, label="Hosts · 1")
    await scene.until(lambda: any(select["custom_id"] == "setup:host:0" for select in panel.selects))
    await here.admin.choose(panel, "Night Radio (@night_radio)")
    await scene.until(lambda: any(button.get("label") == "Text & look" for button in panel.buttons))
    use = await here.admin.press(panel, label="Text & look")
    assert use.modal is not None
    use = await here.admin.submit(use, text="{handle} {started}", hex="#00ff00")
    assert use.failed is None, use.failed
    await scene.until(lambda: any("#00FF00" in each for each in panel.texts))

    answer = await ask(here.admin, here.general, "config test")
    [test] = _tests(here.spaces.messages)
    assert test.content.startswith("**Test** · @\u2060night\\_radio <t:")
    assert test.embeds[0]["color"] == 0x00FF00
    who = await here.member.press(
        test, custom_id=f"who:{test.embeds[0]['url'].removesuffix('#test').rpartition('/')[2]}"
    )
    assert "Night Radio" in text(await who.reply())
    stranger = await here.member.press(answer, label="Remove", force=True)
    assert "Manage Server" in (await stranger.reply()).content
    await here.admin.press(answer, label="Looks right")
    await scene.until(lambda: not answer.buttons)
    assert _tests(here.spaces.messages) == [test]

    await here.admin.press(panel, label="Use the server's settings")
    await scene.until(lambda: not any("#00FF00" in each for each in panel.texts))
    await ask(here.admin, here.general, "config test")
    assert _tests(here.spaces.messages)[-1].content == "**Test** · **Night Radio** is live on X"
