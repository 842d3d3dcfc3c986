"""Whatever admins, X, Discord and crashes do in whatever order, the ledger keeps to what a small model says."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from spacebot.ids import ChannelId, GuildId, MessageId
from spacebot.store.door import Store
from spacebot.store.ledger import OVER, UNWATCHED
from spacebot.store.rows import Job
from spacebot.store.tables import Tables
from spacebot.watch.lifecycle import Phase
from spacebot.x.model import SpaceId
from tests.clocks import START
from tests.store.seed import COHOST, HOST, ended, follow, live, look, rows

T = TypeVar("T")

HOSTS = st.sampled_from([HOST, COHOST])
GUILDS = st.sampled_from([GuildId(100), GuildId(200)])
CHANNELS = st.sampled_from([ChannelId(110), ChannelId(111), ChannelId(210)])
SPACES = {HOST.id: SpaceId("1ofHost"), COHOST.id: SpaceId("1ofCohost")}


class Ledger(RuleBasedStateMachine):
    """The store beside what it must agree with: messages that stand, and who ever asked for which."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.now: datetime = START
        self.jobs: dict[int, Job] = {}
        self.standing: dict[tuple[SpaceId, ChannelId], set[int]] = {}
        self.wanted: set[tuple[SpaceId, ChannelId]] = set()
        self.finished: set[SpaceId] = set()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def ask(self, method: Callable[..., T], *args: object, **kwargs: object) -> T:
        return self.do(self.store(method, *args, **kwargs))

    @initialize()
    def open(self) -> None:
        self.store = self.do(Store(Path(self.folder.name) / "ledger.sqlite3").__aenter__())

    def teardown(self) -> None:
        with contextlib.suppress(AttributeError):  # the machine may end before it begins
            self.do(self.store.__aexit__(None, None, None))
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.folder.cleanup()

    @rule(seconds=st.integers(1, 200))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.jobs = {}  # whoever held a claim so long has died

    @rule(guild=GUILDS, channel=CHANNELS)
    def an_admin_sets_the_channel(self, guild: GuildId, channel: ChannelId) -> None:
        self.ask(Tables.set_channel, guild, channel)

    @rule(guild=GUILDS, host=HOSTS)
    def an_admin_follows(self, guild: GuildId, host: Any) -> None:
        self.do(follow(self.store, host, guild=guild, now=self.now))

    @rule(guild=GUILDS, host=HOSTS)
    def an_admin_unfollows(self, guild: GuildId, host: Any) -> None:
        self.ask(Tables.remove_watch, guild, host.id, self.now)

    @rule(host=HOSTS, title=st.sampled_from(["One", "Two"]))
    def x_shows_a_live_space(self, host: Any, title: str) -> None:
        space_id = SPACES[host.id]
        self.do(look(self.store, live(space_id, host, title=title), now=self.now))
        if space_id in self.finished:
            return
        for guild in (100, 200):
            channel = self.ask(Tables.guild, GuildId(guild)).channel_id
            lines = self.ask(Tables.watch_lines, GuildId(guild))
            if channel is not None and any(line.watch.host.user_id == host.id for line in lines):
                self.wanted.add((space_id, channel))

    @rule(host=HOSTS)
    def x_shows_it_ended(self, host: Any) -> None:
        self.do(look(self.store, ended(SPACES[host.id]), now=self.now))
        if self.ask(Tables.space, SPACES[host.id]) is not None:
            self.finished.add(SPACES[host.id])

    @rule(host=HOSTS)
    def x_does_not_show_it(self, host: Any) -> None:
        self.do(look(self.store, absent=[SPACES[host.id]], now=self.now))

    @rule()
    def the_courier_claims(self) -> None:
        for job in self.ask(Tables.claim, 10, self.now):
            assert job.delivery_id not in self.jobs, "two hands at one message"
            self.jobs[job.delivery_id] = job

    @rule(outcome=st.sampled_from(["sent", "lost", "unnoticed", "refused", "crash"]))
    def discord_answers(self, outcome: str) -> None:
        if not self.jobs:
            return
        job = self.jobs.pop(min(self.jobs))
        messages = self.standing.setdefault((job.space.space_id, job.channel_id), set())
        if outcome == "refused":
            self.ask(Tables.mark_failed, job, "no", unclear=False, next_try_at=self.now)
            return
        if job.message_id is None:
            found = messages if job.first_attempt_at is not None else set()
            if not found and (job.space.phase is not Phase.LIVE or not job.followed):
                self.ask(Tables.mark_skipped, job.delivery_id, UNWATCHED if job.space.phase is Phase.LIVE else OVER)
                return
            if outcome != "lost" and not found:
                messages.add(len(messages) + 1)
        if outcome == "sent":
            message = job.message_id or MessageId(min(messages))
            self.ask(Tables.mark_sent, job.delivery_id, message, job.space.revision, self.now)
        elif outcome != "crash":
            self.ask(Tables.mark_failed, job, "unclear", unclear=True, next_try_at=self.now)

    @rule()
    def the_bot_starts_again(self) -> None:
        self.jobs = {}
        self.ask(Tables.release, self.now)

    @invariant()
    def one_announcement_never_has_two_messages(self) -> None:
        assert all(len(messages) <= 1 for messages in self.standing.values())

    @invariant()
    def there_is_one_row_for_each_announcement_that_was_wanted(self) -> None:
        if not hasattr(self, "store"):
            return
        keys = [(row["space_id"], row["channel_id"]) for row in self.do(rows(self.store))]
        assert len(keys) == len(set(keys))
        assert set(keys) <= self.wanted

    @invariant()
    def what_stands_is_never_forgotten(self) -> None:
        if not hasattr(self, "store"):
            return
        known = {(row["space_id"], row["channel_id"]): row for row in self.do(rows(self.store))}
        for key, messages in self.standing.items():
            row = known.get(key)
            if messages:
                assert row is not None
                assert row["message_id"] is not None or row["first_attempt_at"] is not None

    @invariant()
    def only_what_is_open_or_may_stand_waits_to_be_sent(self) -> None:
        if not hasattr(self, "store"):
            return
        for row in self.do(rows(self.store)):
            if row["space_id"] in self.finished and row["state"] in {"pending", "failed"}:
                assert row["first_attempt_at"] is not None or row["reason"] == "no"


Ledger.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestLedger = Ledger.TestCase
