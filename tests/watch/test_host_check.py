"""What the watcher learns of hosts themselves: renamed, suspended, protected, gone, back; and of the people in Spaces."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from spacebot.domain.accounts import Standing
from spacebot.domain.deliveries import Matter
from spacebot.domain.ids import UserId
from spacebot.errors import XDown
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.watch.host_check import CHECK_HOSTS_EVERY
from spacebot.watch.intake import standings
from spacebot.watch.watcher import Watcher
from spacebot.x.host_batcher import SweepAnswer
from spacebot.x.model import Page, Problem, User
from tests.clocks import FakeClock
from tests.store.seed import COHOST, GUILD, HOST, SPACE, follow, opened
from tests.watch.scripted import Post, ScriptedX

RENAMED = User(id=HOST.id, username="teatime_now", name="Tea Time")


def problem(detail: str, user_id: UserId = HOST.id) -> Problem:
    return Problem(
        type="https://api.x.com/2/problems/resource-not-found",
        resource_type="user",
        resource_id=user_id,
        detail=detail,
    )


class SilentX(ScriptedX):
    """An X whose sweeps show no accounts, as where no Space is on."""

    async def sweep(self, host_ids: Sequence[UserId]) -> SweepAnswer:
        answer = await super().sweep(host_ids)
        return SweepAnswer(page=Page(items=answer.page.items))


@asynccontextmanager
async def checking(store: Store, unseen_for: timedelta) -> AsyncIterator[Post]:
    """A watcher that buys accounts which were not seen for so long."""
    clock = FakeClock()
    x = SilentX(clock)
    watcher = Watcher(source=x, store=store, clock=clock, on_work=lambda: None, host_check=unseen_for)
    running = asyncio.create_task(watcher.run())
    try:
        yield Post(store, x, clock, watcher, [])
        assert not running.done(), "the watcher has died"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def later(post: Post, seconds: float) -> None:
    """So much later, as after a sleep of the machine's."""
    post.clock.jump(seconds)
    await post.clock.advance(0)


async def standing(store: Store) -> Standing | None:
    [line] = await store(Queries.watch_lines, GUILD)
    return line.watch.host.standing


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("User has been suspended: [2244994945].", Standing.SUSPENDED),
        ("This account is Protected.", Standing.PROTECTED),
        ("Could not find user with ids: [2244994945].", Standing.GONE),
        ("", Standing.GONE),
    ],
)
def test_what_x_says_of_an_account_is_read_from_its_problems(detail: str, said: Standing) -> None:
    assert standings(Page(problems=(problem(detail),))) == {HOST.id: said}


@pytest.mark.parametrize(
    "other",
    [
        Problem(type="https://api.x.com/2/problems/resource-not-found", resource_type="space", resource_id=SPACE),
        Problem(type="https://api.x.com/2/problems/internal-error", resource_type="user", resource_id=HOST.id),
        Problem(type="https://api.x.com/2/problems/resource-not-found", resource_type="user"),
        Problem(type="about:blank", title="Service Unavailable", detail="suspended"),
    ],
)
def test_a_problem_of_anything_else_says_nothing_of_an_account(other: Problem) -> None:
    assert standings(Page(problems=(other,))) == {}


async def test_accounts_that_were_not_seen_for_long_are_bought_and_a_new_handle_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await follow(store, COHOST)
        async with checking(store, timedelta(hours=2)) as post:
            post.x.accounts = [RENAMED, COHOST]
            await post.passing(30)
            assert post.x.bought == []
            await later(post, 2 * 3600)
            await post.passing(30)
            [bought] = post.x.bought
            assert set(bought) == {HOST.id, COHOST.id}
            [notice] = await store(Queries.due_notices, post.clock.now())
            assert (notice.matter, notice.detail) == (Matter.RENAMED, "teatime")


async def test_an_account_that_is_gone_says_so_and_is_asked_for_again_a_day_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, checking(store, timedelta(hours=2)) as post:
        post.x.problems = (problem("User has been suspended"),)
        await later(post, 3 * 3600)
        await post.passing(20)
        assert await standing(store) is Standing.SUSPENDED
        await later(post, 20 * 3600)
        await post.passing(20)
        assert len(post.x.bought) == 1
        post.x.problems, post.x.accounts = (), [HOST]
        await later(post, 5 * 3600)
        await post.passing(20)
        assert len(post.x.bought) == 2
        assert await standing(store) is None, "it is back"


async def test_a_check_of_accounts_that_fails_changes_nothing_and_is_done_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, checking(store, timedelta(hours=2)) as post:
        post.x.fault = XDown()
        await later(post, 3 * 3600)
        await post.passing(20)
        assert await standing(store) is None
        post.x.fault, post.x.accounts = None, [RENAMED]
        await later(post, CHECK_HOSTS_EVERY)
        await post.passing(20)
        assert len(post.x.bought) == 2
        [line] = await store(Queries.watch_lines, GUILD)
        assert line.watch.host.username == "teatime_now"
