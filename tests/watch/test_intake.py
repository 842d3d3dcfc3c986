"""What an answer shows is in the ledger, whoever has asked, and the courier is woken."""

from spacebot.domain.ids import SpaceId
from spacebot.domain.spaces import Phase, State
from spacebot.x.model import Space
from tests.store.seed import CHANNEL, COHOST, HOST, SPACE, live, rows
from tests.watch.scripted import PACE, Post


async def test_a_space_that_starts_is_in_the_ledger_after_the_next_sweep(post: Post) -> None:
    await post.passing(10)
    post.x.show(live())
    post.work.clear()
    await post.passing(2 * PACE)
    assert await post.phase() is Phase.LIVE
    assert [row["channel_id"] for row in await rows(post.store)] == [CHANNEL]
    assert post.work, "the courier is woken"
    assert post.watcher.sweeper.state.last_good_at is not None


async def test_a_scheduled_space_that_starts_is_announced(post: Post) -> None:
    post.x.show(Space(id=SPACE, state=State.SCHEDULED, creator_id=HOST.id))
    await post.passing(10)
    assert await rows(post.store) == []
    post.x.show(live())
    await post.passing(10)
    assert len(await rows(post.store)) == 1


async def test_a_look_at_one_host_finds_what_is_on_at_once(post: Post) -> None:
    await post.passing(PACE - 1)
    post.x.show(live(), live(SpaceId("1other"), COHOST))
    await post.watcher.sweeper.look(HOST.id)
    assert await post.phase() is Phase.LIVE
    assert await post.phase(SpaceId("1other")) is None
