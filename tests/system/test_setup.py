"""A new admin, from the invitation to a panel on which nothing is in the way."""

from tests.system.scene import Scene, ask, club, text


async def test_smoke(scene: Scene) -> None:
    host = scene.x.add_user("night_radio", name="Night Radio")
    club_ = club(scene.discord)
    await scene.bot()
    await scene.until(lambda: club_.general.messages)
    hello = club_.general.messages[-1]
    print(hello.texts)
    use = await club_.admin.press(hello, label="Set me up")
    assert use.failed is None, use.failed
    panel = await use.reply()
    print(panel.texts, panel.components)
    use = await club_.admin.choose(panel, club_.spaces, custom_id="setup:channel")
    print(use.failed, panel.texts)
    use = await club_.admin.press(panel, label="Add hosts")
    print(use.modal)
    use = await club_.admin.submit(use, Hosts="@night_radio\n@nobody_here")
    print(use.failed, panel.texts)
    await scene.until(lambda: any("Added" in t for t in panel.texts))
    print(panel.texts)
    assert 0
