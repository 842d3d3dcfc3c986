"""Look-ups by id: they alone decide that a Space is over, and their failures say nothing."""

import pytest

from spacebot.domain.spaces import Phase
from spacebot.store.queries import Queries
from spacebot.watch.lookups import PARTICIPANTS_EVERY
from spacebot.watch.open_spaces import REFRESH
from spacebot.x.model import Problem
from tests.store.seed import COHOST, GUILD, HOST, SPACE, follow, live, send
from tests.watch.scripted import PACE, Post


async def test_a_space_that_ends_is_over_as_soon_as_its_id_says_so(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.end()
    await post.passing(3 * PACE)
    assert await post.phase() is Phase.ENDED


async def test_a_space_that_x_no_longer_shows_is_gone_after_two_looks_apart(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.hide()
    await post.passing(20)
    assert await post.phase() is Phase.LIVE
    await post.passing(40)
    assert await post.phase() is Phase.GONE
    assert len(post.x.asked) == 2, "nobody asks while the wait lasts, nor afterwards"


async def test_failed_lookups_by_id_are_not_an_end(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.hidden.add(SPACE)
    await post.passing(120)
    assert await post.phase() is Phase.LIVE, "its id still shows it"
    assert post.x.asked


@pytest.mark.parametrize(
    "problem",
    [
        Problem(type="unreadable", resource_type="space"),
        Problem(type="https://api.x.com/2/problems/internal-error", resource_id=SPACE),
        Problem(type="about:blank", title="Service Unavailable"),
    ],
)
async def test_an_answer_that_could_not_be_given_in_whole_is_not_an_absence(post: Post, problem: Problem) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.hide()
    post.x.silent, post.x.problems = True, (problem,)
    await post.passing(120)
    assert post.x.asked
    assert await post.phase() is Phase.LIVE


async def test_what_an_incomplete_answer_names_as_absent_is_absent(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.hide()
    post.x.problems = (Problem(type="about:blank", title="Service Unavailable"),)
    await post.passing(60)
    assert await post.phase() is Phase.GONE


async def test_a_whole_answer_without_the_space_is_an_absence(post: Post) -> None:
    post.x.show(live())
    await post.passing(10)
    post.x.hide()
    post.x.silent = True
    await post.passing(60)
    assert await post.phase() is Phase.GONE


async def test_an_unfollowed_hosts_space_that_stands_in_a_channel_is_still_closed(post: Post) -> None:
    await follow(post.store, COHOST)
    post.x.show(live())
    await post.passing(10)
    await send(post.store, post.clock.now())
    await post.store(Queries.remove_watch, GUILD, HOST.id, post.clock.now())
    await post.passing(10)
    post.x.end()
    await post.passing(20)
    assert await post.phase() is Phase.ENDED


async def test_the_last_host_unfollowed_in_mid_space_is_still_closed(post: Post) -> None:
    post.x.show(live())
    await post.passing(30)
    await send(post.store, post.clock.now())
    await post.store(Queries.remove_watch, GUILD, HOST.id, post.clock.now())
    post.x.end()
    await post.passing(60)
    assert await post.phase() is Phase.ENDED


async def test_live_spaces_are_read_again_every_minute_and_their_participants_now_and_then(post: Post) -> None:
    post.x.show(live())
    await post.passing(PARTICIPANTS_EVERY - REFRESH)
    assert 3 <= len(post.x.asked) + len(post.x.refreshed) <= 6
    assert post.x.refreshed == [[SPACE]]
    post.x.show(live(host_ids=(HOST.id, COHOST.id), participant_count=70))
    await post.passing(2 * REFRESH + 5 * PACE)
    record = await post.store(Queries.space, SPACE)
    assert record is not None
    assert (record.cohosts, record.peak) == ((COHOST.id,), 70)
    post.x.end()
    await post.passing(30)
    read = len(post.x.asked) + len(post.x.refreshed)
    await post.passing(3 * REFRESH)
    assert len(post.x.asked) + len(post.x.refreshed) == read, "what is over is read no more"
