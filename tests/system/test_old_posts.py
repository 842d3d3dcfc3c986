"""Posts older than an hour that end together are all put right as soon as Discord takes the edits."""

from tests.system.scene import VirtualScene, ask, club, in_virtual_time, is_old_edit, text

HOUR = 3600.0
WINDOW = 20.0
"""Seconds in which the local Discord takes three such edits in one channel."""

SOON = 3.0
"""Seconds that requests take beside what Discord makes them wait."""


@in_virtual_time
async def test_six_old_posts_that_end_together_are_right_when_discord_takes_the_sixth_edit(scene: VirtualScene) -> None:
    hosts = [scene.x.add_user(f"host{number}") for number in range(6)]
    late = scene.x.add_user("late")
    one = club(scene.discord)
    await scene.serve()
    for host in (*hosts, late):
        await ask(one.admin, one.general, "watch add", host=f"@{host.username}", channel=one.spaces)
    spaces = [scene.x.start_space(host, title=f"Of {host.username}") for host in hosts]
    await scene.until(lambda: len(one.spaces.messages) == 6)
    posts = list(one.spaces.messages)
    await scene.pass_by(1.1 * HOUR)
    for space in spaces:
        space.end()
    await scene.until(lambda: any("has ended" in text(post) for post in posts))
    first = scene.clock.monotonic()
    begun = scene.clock.now()
    scene.x.start_space(late, title="In the middle of it")
    await scene.until(lambda: len(one.spaces.messages) == 7)
    news = one.spaces.messages[-1]
    assert (news.created_at - begun).total_seconds() < 2 * SOON, "what is new does not wait behind what is old"
    await scene.until(lambda: all("has ended" in text(post) for post in posts))
    took = scene.clock.monotonic() - first
    assert WINDOW - SOON < took < WINDOW + SOON
    assert len([each for each in scene.discord.refused if is_old_edit(each)]) == 1, "the others wait without asking"
