"""One Space with values that cannot be costs only itself: every other host of the same answer is announced."""

from tests.system.scene import Club, Scene, ask, text


async def test_a_count_beyond_all_bounds_keeps_no_host_from_being_announced(scene: Scene, book_club: Club) -> None:
    odd, other = scene.x.add_user("odd"), scene.x.add_user("other")
    bot = await scene.bot()
    for name in ("odd", "other"):
        await ask(book_club.admin, book_club.spaces, "watch add", host=f"@{name}", channel=book_club.spaces)
    scene.x.start_space(odd, title="Beyond all bounds", listeners=2**63)
    scene.x.start_space(other, title="As any other", listeners=5)
    await scene.until(lambda: len(book_club.spaces.messages) == 2)
    cards = {post.embeds[0]["title"]: text(post) for post in book_club.spaces.messages}
    assert "listening" not in cards["Beyond all bounds"]
    assert " listening" in cards["As any other"]
    await scene.swept(2)
    assert len(book_club.spaces.messages) == 2
    assert not [line for line in bot.log if "Error" in line], "\n".join(bot.log)
