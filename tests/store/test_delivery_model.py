"""Whatever admins, X, Discord and crashes do in whatever order, the ledger and its courier keep to what a model says.

SPACEBOT_HISTORIES says how many random histories are played.
"""

import logging
import os
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from spacebot.deliver.courier import Courier
from spacebot.domain.deliveries import AHEAD, Job, Kind, marker
from spacebot.domain.guilds import AtEnd, GuildConfig
from spacebot.domain.ids import ChannelId, GuildId, RoleId, SpaceId, UserId, events_of, is_for_events
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import ABSENCES_APART, Change, SpaceRecord
from spacebot.domain.spaces import Phase as SpacePhase
from spacebot.present.card import LinkButton
from spacebot.store.connection import Store
from spacebot.store.forgetting import GUILDS_KEPT, HISTORY_KEPT
from spacebot.store.queries import Queries
from spacebot.store.spaces import OLD_NEWS
from spacebot.x.model import Space, User
from tests.store.model_parts import OUTCOMES, Discord, Door, Flight, Time, Truth

HISTORIES = int(os.environ.get("SPACEBOT_HISTORIES", "60"))

HOSTS = [UserId("1"), UserId("2")]
PLACES = {GuildId(100): [ChannelId(110), ChannelId(111)], GuildId(200): [ChannelId(210)]}
GUILD_OF = {channel: guild for guild, channels in PLACES.items() for channel in (*channels, events_of(guild))}
SPACES = {SpaceId("1ofOne"): HOSTS[0], SpaceId("1ofOneToo"): HOSTS[0], SpaceId("1ofTwo"): HOSTS[1]}

ONE_SEND = 45.0
"""Seconds after which an unanswered call has been given up."""

guilds = st.sampled_from(list(PLACES))
channels = st.sampled_from(list(GUILD_OF))
hosts = st.sampled_from(HOSTS)
spaces = st.sampled_from(list(SPACES))
events = st.sampled_from(
    ["schedule", "start", "start", "end", "end", "cancel", "hide", "show", "rename", "crowd", "guest"]
)
FORBIDS = [Reason.PERMISSIONS_MISSING, Reason.THREAD_LOCKED]
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(slots=True)
class Asked:
    """What a guild's admins have asked for."""

    config: GuildConfig
    watches: dict[UserId, tuple[ChannelId | None, bool]] = field(default_factory=dict)
    left: float | None = None
    end_changed: bool = False

    def wants(self, kind: Kind) -> bool:
        return (
            not self.config.on_hold
            and {
                Kind.SCHEDULED: self.config.tells_scheduled,
                Kind.REMINDER: self.config.reminder_minutes is not None,
                Kind.LIVE: self.config.tells_live,
                Kind.ENDED: self.config.tells_ended,
                Kind.EVENT: self.config.makes_events,
                Kind.TEST: False,
            }[kind]
        )


class Objection(logging.Handler):
    """An unforeseen error of the courier is an error of the history."""

    def emit(self, record: logging.LogRecord) -> None:
        raise AssertionError(record.getMessage()) from (record.exc_info[1] if record.exc_info else None)


class Ledger(RuleBasedStateMachine):
    """The real statements and the real courier beside what they must agree with."""

    def __init__(self) -> None:
        super().__init__()
        logging.disable(logging.WARNING)
        self.objection = Objection(logging.ERROR)
        logging.getLogger("spacebot").addHandler(self.objection)
        self.time = Time()
        self.door = Door()
        self.discord = Discord(time=self.time, about_to_send=self.may_be_sent, sent=self.is_sent)
        self.courier = self.a_courier()
        self.run(self.courier._check_clock())
        self.flights: dict[int, Flight] = {}
        self.jobs: dict[tuple[ChannelId, str], Job] = {}
        self.truths = {space_id: Truth(space_id, host) for space_id, host in SPACES.items()}
        self.answers: list[Space] = []
        self.served: dict[tuple[GuildId, UserId, SpaceId, Kind], ChannelId] = {}
        self.was_set_back = False
        self.calls: dict[ChannelId, list[tuple[tuple[UserId, UserId | None], SpaceId, datetime]]] = {}
        """Who called people by which Space, and when."""
        self.asked = {}
        for guild, places in PLACES.items():
            self.door.ask(Queries.set_channel, guild, places[0])
            self.door.ask(Queries.set_roles, guild, (RoleId(guild + 20),))
            self.asked[guild] = Asked(config=self.door.ask(Queries.guild, guild))
            if guild == GuildId(100):
                self.choose(guild, scheduled=True, reminder=60, live=True, ended=True)
                self.an_admin_wants_events(guild, makes_events=True)
            for host in HOSTS:
                self.follow(guild, host, None, also=True)

    def meet(self, host: UserId) -> None:
        self.door.ask(Queries.remember_users, [User(id=host, username=f"host{host}", name="A Name")], self.time.now())

    def a_courier(self) -> Courier:
        return Courier(store=cast("Store", self.door), publisher=self.discord, clock=self.time)

    def teardown(self) -> None:
        for flight in self.flights.values():
            flight.work.close()
        self.door.close()
        logging.getLogger("spacebot").removeHandler(self.objection)
        logging.disable(logging.NOTSET)

    # Time

    @rule(seconds=st.sampled_from([1, 20, 31, 50, 2 * MINUTE, 7 * MINUTE, 40 * MINUTE, 3 * HOUR, 23 * HOUR, 31 * DAY]))
    def time_passes(self, seconds: float) -> None:
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        for delivery_id, flight in list(self.flights.items()):
            if self.time.passed + seconds - flight.since >= ONE_SEND:
                self.answer(delivery_id, "lost" if delivery_id % 2 else "unnoticed")
        self.time.passed += seconds

    @rule(seconds=st.sampled_from([30, 10 * MINUTE, 3 * HOUR]))
    def the_clock_is_set_back(self, seconds: float) -> None:
        self.time.behind += seconds
        self.was_set_back = True
        self.run(self.courier._check_clock())

    # Admins

    @rule(guild=guilds, which=st.integers(0, 1))
    def an_admin_sets_the_channel(self, guild: GuildId, which: int) -> None:
        if self.asked[guild].left is not None:
            return
        channel = PLACES[guild][which % len(PLACES[guild])]
        self.door.ask(Queries.set_channel, guild, channel)
        self.note(guild, channel_id=channel)

    @rule(guild=guilds, host=hosts, own=st.none() | st.integers(0, 1), also=st.booleans())
    def an_admin_follows(self, guild: GuildId, host: UserId, own: int | None, also: bool) -> None:
        self.follow(guild, host, own, also=also)

    def follow(self, guild: GuildId, host: UserId, own: int | None, *, also: bool) -> None:
        if self.asked[guild].left is not None:
            return
        channel = None if own is None else PLACES[guild][own % len(PLACES[guild])]
        now, watches = self.time.now(), self.asked[guild].watches
        self.meet(host)
        is_new = self.door.ask(
            Queries.add_watch,
            guild_id=guild,
            host_id=host,
            channel_id=channel,
            roles=(),
            also_cohost=also,
            by=1,
            limit=9,
            now=now,
        )
        assert is_new is (host not in watches)
        watches[host] = (channel or watches.get(host, (None,))[0], also)
        self.door.ask(Queries.ensure_deliveries, host, now)

    @rule(guild=guilds, host=hosts)
    def an_admin_unfollows(self, guild: GuildId, host: UserId) -> None:
        if self.asked[guild].left is not None:
            return
        self.door.ask(Queries.remove_watch, guild, host, self.time.now())
        self.asked[guild].watches.pop(host, None)
        self.served = {key: channel for key, channel in self.served.items() if key[:2] != (guild, host)}

    @rule(
        guild=guilds,
        scheduled=st.booleans(),
        reminder=st.sampled_from([None, 5, 60]),
        live=st.booleans(),
        ended=st.booleans(),
    )
    def an_admin_chooses_moments(
        self,
        guild: GuildId,
        scheduled: bool,
        reminder: int | None,
        live: bool,
        ended: bool,
    ) -> None:
        self.choose(guild, scheduled=scheduled, reminder=reminder, live=live, ended=ended)

    def choose(self, guild: GuildId, *, scheduled: bool, reminder: int | None, live: bool, ended: bool) -> None:
        if self.asked[guild].left is not None:
            return
        self.door.ask(
            Queries.set_moments,
            guild,
            self.time.now(),
            scheduled=scheduled,
            reminder_minutes=reminder,
            live=live,
            ended=ended,
        )
        self.note(guild, tells_scheduled=scheduled, reminder_minutes=reminder, tells_live=live, tells_ended=ended)

    @rule(guild=guilds, makes_events=st.booleans())
    def an_admin_chooses_events(self, guild: GuildId, makes_events: bool) -> None:
        self.an_admin_wants_events(guild, makes_events=makes_events)

    def an_admin_wants_events(self, guild: GuildId, *, makes_events: bool) -> None:
        if self.asked[guild].left is not None:
            return
        self.door.ask(Queries.set_events, guild, makes_events=makes_events)
        self.note(guild, makes_events=makes_events)

    @rule(guild=guilds, on_hold=st.booleans())
    def an_admin_puts_the_guild_on_hold_or_goes_on(self, guild: GuildId, on_hold: bool) -> None:
        if self.asked[guild].left is not None:
            return
        self.door.ask(Queries.hold if on_hold else Queries.go_on, guild)
        self.note(guild, on_hold=on_hold)

    @rule(guild=guilds, at_end=st.sampled_from(AtEnd))
    def an_admin_chooses_the_end(self, guild: GuildId, at_end: AtEnd) -> None:
        if self.asked[guild].left is not None:
            return
        self.door.ask(Queries.set_end, guild, at_end)
        self.asked[guild].end_changed = bool(self.discord.made)
        self.note(guild, at_end=at_end)

    def note(self, guild: GuildId, **changes: object) -> None:
        config = self.asked[guild].config
        fields = {name: getattr(config, name) for name in config.__slots__}
        self.asked[guild].config = GuildConfig(**{**fields, **changes})

    @rule(guild=guilds)
    def a_guild_removes_the_bot_or_takes_it_back(self, guild: GuildId) -> None:
        asked, now = self.asked[guild], self.time.now()
        if asked.left is None:
            self.door.ask(Queries.leave, guild, now)
            asked.left = now.timestamp()
            self.discord.left.update([*PLACES[guild], events_of(guild)])
        else:
            self.door.ask(Queries.join, guild)
            asked.left = None
            self.discord.left.difference_update([*PLACES[guild], events_of(guild)])

    # Discord

    @rule(channel=channels, what=st.sampled_from([*FORBIDS, "delete", "history", "open"]))
    def a_channel_changes(self, channel: ChannelId, what: str) -> None:
        match what:
            case "delete":
                self.discord.deleted.add(channel)
                self.discord.messages.pop(channel, None)
            case "history" if not is_for_events(channel):
                self.discord.blind ^= {channel}
            case "open" | "history":
                self.discord.forbidden.pop(channel, None)
            case reason:
                self.discord.forbidden[channel] = Obstacle(reason=Reason(reason))

    @rule(channel=channels)
    def somebody_deletes_a_message(self, channel: ChannelId) -> None:
        known = {row["message_id"] for row in self.door.rows("SELECT message_id FROM deliveries WHERE state = 'sent'")}
        for number, message in list(self.discord.messages.get(channel, {}).items()):
            if number in known:
                del self.discord.messages[channel][number]
                self.discord.removed.add((channel, message.url))
                return

    # X

    @rule(
        happened=st.lists(st.tuples(spaces, events, st.sampled_from([4, 9, 61, 300])), min_size=1, max_size=3),
        look=st.sampled_from(["all", "swept", "none"]),
        outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=6),
    )
    def something_happens_on_x(self, happened: list[tuple[SpaceId, str, int]], look: str, outcomes: list[str]) -> None:
        """And the courier begins on what follows, as far as Discord answers."""
        for space, event, minutes in happened:
            truth = self.truths[space]
            other = next(host for host in HOSTS if host != truth.host_id)
            truth.happens(event, minutes, other, self.time.now())
        if look != "none":
            self.look(*SPACES, people=look != "swept")
        self.begin(outcomes)

    @rule(
        outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=4),
        more=st.lists(st.sampled_from(OUTCOMES), max_size=4),
        seconds=st.sampled_from([1, 100, 25 * MINUTE]),
    )
    def a_host_opens_one_space_after_another(self, outcomes: list[str], more: list[str], seconds: float) -> None:
        for space_id, results in zip(SPACES, (outcomes, more), strict=False):
            self.truths[space_id].happens("start", 0, HOSTS[1], self.time.now())
            self.look(*SPACES)
            self.begin(results)
            self.wait(seconds)

    @rule(
        outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=8),
        more=st.lists(st.sampled_from(OUTCOMES), max_size=6),
    )
    def a_host_puts_off_what_discord_has_begun(self, outcomes: list[str], more: list[str]) -> None:
        self.everybody_schedules(4)
        self.begin(["done"] * 8)
        self.wait(5 * MINUTE)
        self.everybody_schedules(300)
        self.begin(outcomes)
        self.wait(2)
        self.begin(more)

    def everybody_schedules(self, minutes: int) -> None:
        for truth in self.truths.values():
            truth.happens("schedule", minutes, HOSTS[1], self.time.now())
        self.look(*SPACES)

    @rule(outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=8), seconds=st.sampled_from([0, 1, 10, 100]))
    def the_courier_goes_on(self, outcomes: list[str], seconds: float) -> None:
        self.wait(seconds)
        self.begin(outcomes)

    def begin(self, outcomes: list[str]) -> None:
        if outcomes:
            self.claim(50)
        for outcome in outcomes:
            if self.flights:
                self.answer(next(iter(self.flights)), outcome)

    @rule()
    def x_is_looked_at(self) -> None:
        self.look(*SPACES)

    @precondition(lambda self: self.answers)
    @rule(which=st.integers(0, 20))
    def an_old_answer_comes_late(self, which: int) -> None:
        self.take_in([self.answers[which % len(self.answers)]], [])

    def look(self, *space_ids: SpaceId, people: bool = True) -> None:
        shown = {space_id: self.truths[space_id].seen(people=people) for space_id in space_ids}
        absent = [one for one, space in shown.items() if space is None and self.truths[one].state is not None]
        seen = [space for space in shown.values() if space is not None]
        self.answers = [*self.answers, *seen][-20:]
        self.take_in(seen, absent)

    def take_in(self, seen: list[Space], absent: list[SpaceId]) -> None:
        now = self.time.now()
        before = {space.id: self.door.ask(Queries.space, space.id) for space in seen}
        changes = self.door.ask(Queries.take_in, seen, absent, (), now).changes
        for space in seen:
            record = self.door.ask(Queries.space, space.id)
            if record is not None and record.phase.is_open:
                self.everything_owed_is_in_the_ledger(record)
        for record, change in changes:
            known = before.get(record.space_id)
            if change is not Change.ENDED or known is None or not record.was_live:
                continue
            if now - (record.ended_at or known.last_seen_at) <= OLD_NEWS:
                self.everything_owed_is_in_the_ledger(record)

    # The courier

    @rule(most=st.sampled_from([1, 50]))
    def the_courier_claims(self, most: int) -> None:
        self.claim(most)

    @precondition(lambda self: self.flights)
    @rule(which=st.integers(0, 5), outcome=st.sampled_from(OUTCOMES))
    def discord_answers(self, which: int, outcome: str) -> None:
        self.answer(list(self.flights)[which % len(self.flights)], outcome)

    @precondition(lambda self: self.flights)
    @rule(which=st.integers(0, 5), outcome=st.sampled_from(["done", "lost", "refused"]), faults=st.integers(1, 2))
    def the_database_fails_as_discord_answers(self, which: int, outcome: str, faults: int) -> None:
        self.door.faults = faults
        self.answer(list(self.flights)[which % len(self.flights)], outcome)
        self.door.faults = 0

    @rule(reached=st.booleans())
    def the_bot_crashes_and_starts_again(self, reached: bool) -> None:
        for flight in self.flights.values():
            flight.die(reached=reached and self.discord.in_the_way(flight.channel) is None)
        self.flights.clear()
        self.courier = self.a_courier()
        self.run(self.courier._release())
        self.run(self.courier._check_clock())

    @rule()
    def the_courier_works(self) -> None:
        self.work()

    @rule()
    def what_need_not_be_kept_is_forgotten(self) -> None:
        now = self.time.now()
        forgotten = self.door.ask(Queries.forget, now)
        while not forgotten.is_done:
            forgotten = self.door.ask(Queries.forget, now, forgotten)
        for guild, asked in self.asked.items():
            if asked.left is not None and now.timestamp() - asked.left >= GUILDS_KEPT.total_seconds():
                self.asked[guild] = Asked(config=GuildConfig(), left=asked.left)
                self.served = {key: channel for key, channel in self.served.items() if key[0] != guild}
                for channel in (*PLACES[guild], events_of(guild)):  # nobody knows what stands there any more
                    self.discord.messages.pop(channel, None)
                    self.discord.made = type(self.discord.made)(
                        {key: number for key, number in self.discord.made.items() if key[0] != channel}
                    )
        day = (now - timedelta(days=1)).timestamp() * 1000
        kept = "SELECT 1 FROM spaces WHERE last_seen_at <= ? AND (title NOT NULL OR spoke != '[]' OR cohosts != '[]')"
        assert not self.door.rows(kept, day), "X's words outlive their welcome"

    @rule()
    def all_goes_well_again(self) -> None:
        """With nothing in the way, everything that is wanted stands, and everything that is over is closed."""
        self.discord.forbidden.clear()
        for delivery_id in list(self.flights):
            while delivery_id in self.flights:
                self.answer(delivery_id, "done")
        self.look(*SPACES)
        self.wait(ABSENCES_APART.total_seconds() + 1)
        self.look(*SPACES)
        for _ in range(100):
            self.work()
            due, now = self.door.ask(Queries.next_due), self.time.now()
            resting = [one for one in self.door.ask(Queries.pauses) if self.discord.in_the_way(one.channel_id) is None]
            if resting:
                self.wait(61)
            elif due is None or due > now + timedelta(hours=1):
                break
            else:
                self.wait(max((due - now).total_seconds(), 0.001))
        else:
            raise AssertionError("the courier finds no rest")
        self.look(*SPACES)
        self.work()
        for space_id in SPACES:
            record = self.door.ask(Queries.space, space_id)
            if record is not None:
                self.everything_stands_as_it_should(record)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something run that waits for nobody."""
        try:
            work.send(None)
        except StopIteration:
            return
        raise AssertionError("it waits")

    def claim(self, most: int) -> int:
        self.run(self.courier._reopen())
        paused = {pause.channel_id for pause in self.door.ask(Queries.pauses)}
        busy = {flight.channel for flight in self.flights.values()}
        jobs = self.door.ask(Queries.claim, most, self.time.now(), busy)
        assert len(jobs) <= most
        for job in jobs:
            assert job.channel_id not in paused, "a paused channel is claimed"
            assert job.channel_id not in busy, "two hands in one channel"
            busy.add(job.channel_id)
            self.jobs[job.channel_id, marker(job.space.url, job.kind)] = job
            flight = Flight(self.courier._deliver(job), job.channel_id, self.time.passed)
            if not flight.go_on(None):
                self.flights[job.delivery_id] = flight
        return len(jobs)

    def answer(self, delivery_id: int, outcome: str) -> None:
        if self.flights[delivery_id].go_on(outcome):
            del self.flights[delivery_id]

    def work(self) -> None:
        """Until nothing is due."""
        self.run(self.courier._check_clock())
        for _ in range(100):
            claimed = self.claim(50)
            for delivery_id in list(self.flights):
                while delivery_id in self.flights:
                    self.answer(delivery_id, "done")
            if not claimed:
                return
        raise AssertionError("the courier finds no end")

    # What must always hold

    def may_be_sent(self, channel: ChannelId, url: str) -> None:
        """Called as a message is about to be sent."""
        job = self.jobs[channel, url]
        assert job.kind.fits(job.space.phase), "its moment has passed"
        assert job.followed, "nobody asks for it"
        if job.kind in AHEAD:
            assert job.space.scheduled_start is not None
            assert self.time.now() < job.space.scheduled_start, "it comes too late"
        if job.kind is Kind.REMINDER:
            assert job.space.scheduled_start is not None
            assert job.reminder_minutes is None or self.time.now() >= job.space.scheduled_start - timedelta(
                minutes=job.reminder_minutes
            ), "it reminds too early"

    def is_sent(self, channel: ChannelId, url: str, rings: bool) -> None:
        """Called as a message comes to stand."""
        job = self.jobs[channel, url]
        if rings and not self.was_set_back:
            self.nobody_is_called_too_often(channel, job)
        served = "SELECT w.guild_id, w.host_id FROM audience a JOIN watches w USING (watch_id) WHERE a.delivery_id = ?"
        for row in self.door.rows(served, job.delivery_id):
            key = (row["guild_id"], row["host_id"], job.space.space_id, job.kind)
            assert self.served.setdefault(key, channel) == channel, "one watch, one message"

    def nobody_is_called_too_often(self, channel: ChannelId, job: Job) -> None:
        now, host, guest = self.time.true, job.space.host_id, job.guest.user_id if job.guest else None
        pause = timedelta(minutes=GuildConfig().ping_minutes)
        recent = [
            people
            for people, space_id, at in self.calls.setdefault(channel, [])
            if space_id != job.space.space_id and now - at < pause
        ]
        assert not any(people[0] == host or (guest is not None and guest in people) for people in recent), (
            "a host calls people twice"
        )
        self.calls[channel].append(((host, guest), job.space.space_id, now))

    def owed(self, record: SpaceRecord) -> Iterator[tuple[GuildId, UserId, Kind]]:
        """Which guilds' watches ask for which of the Space's moments now."""
        for guild, asked in self.asked.items():
            for host, (channel, also) in asked.watches.items():
                if asked.left is not None:
                    continue
                is_guest = host != record.host_id
                if is_guest and not (also and host in (*record.cohosts, *record.speakers)):
                    continue
                for kind in Kind:
                    if kind is not Kind.EVENT and (channel or asked.config.channel_id) is None:
                        continue
                    if not asked.wants(kind) or not kind.fits(record.phase) or (is_guest and kind is not Kind.LIVE):
                        continue
                    start = record.scheduled_start
                    if kind in AHEAD and (start is None or start <= self.time.now()):
                        continue
                    yield guild, host, kind

    def kept(self, record: SpaceRecord) -> dict[tuple[GuildId, UserId, Kind], dict[str, Any]]:
        """The ledger's rows of a Space, by whom they serve."""
        found = self.door.rows(
            """
            SELECT w.guild_id, w.host_id, d.* FROM audience a JOIN watches w USING (watch_id)
            JOIN deliveries d USING (delivery_id) WHERE a.space_id = ?
            """,
            record.space_id,
        )
        return {(row["guild_id"], row["host_id"], Kind(row["kind"])): row for row in found}

    def everything_owed_is_in_the_ledger(self, record: SpaceRecord) -> None:
        rows = self.kept(record)
        for key in self.owed(record):
            assert key in rows, "an announcement is lost"
            self.is_not_given_up(rows[key])

    def is_not_given_up(self, row: dict[str, Any]) -> None:
        if row["state"] != "skipped":
            return
        if row["kind"] in AHEAD and self.was_set_back:
            return  # by the clock of then it was too late
        assert row["reason"] in {Reason.MESSAGE_DELETED, Reason.DELETED_AT_END}, "an announcement is given up"

    def everything_stands_as_it_should(self, record: SpaceRecord) -> None:
        rows = self.kept(record)
        for key in self.owed(record) if record.phase.is_open else ():
            row = rows[key]
            self.is_not_given_up(row)
            if self.discord.in_the_way(row["channel_id"]) is not None or row["state"] == "skipped":
                continue
            if row["kind"] == Kind.REMINDER and row["state"] == "pending":
                continue  # its time will come
            assert row["state"] == "sent", "an announcement is missing"
        for row in self.door.rows("SELECT * FROM deliveries WHERE space_id = ?", record.space_id):
            self.shows_what_is_true(record, row)

    def shows_what_is_true(self, record: SpaceRecord, row: dict[str, Any]) -> None:
        channel = row["channel_id"]
        if self.discord.in_the_way(channel) is not None or row["state"] != "sent":
            return
        message = self.discord.messages.get(channel, {}).get(row["message_id"])
        if message is None:
            assert (channel, marker(record.url, row["kind"])) in self.discord.removed, "the message is not there"
            return
        asked = self.asked[row["guild_id"]]
        if message.card.event is not None:
            assert message.card.event.phase is record.phase, "the event is not as its Space is"
            assert not record.phase.is_open or message.card.event.name == record.title
            assert record.phase is not SpacePhase.GONE, "X's words outlive the Space"
            return
        assert message.card.embed is not None
        if record.phase.is_open:
            assert message.card.embed.title == (record.title or "Untitled Space")
            assert row["shown"] >= row["wanted"]
        elif not asked.end_changed and asked.config.at_end is AtEnd.EDIT:
            invites = [button for button in message.card.buttons if isinstance(button, LinkButton)]
            assert not invites, "it still invites to what is over"
        elif not asked.end_changed and asked.config.at_end is AtEnd.DELETE:
            assert row["kind"] == Kind.ENDED, "it stands although it was to be deleted"

    @invariant()
    def what_stands_is_known(self) -> None:
        if not self.discord.messages:
            return
        found = self.door.rows("SELECT space_id, channel_id, kind, message_id, first_attempt_at FROM deliveries")
        known = {
            (row["channel_id"], marker(f"https://x.com/i/spaces/{row['space_id']}", row["kind"])): row
            for row in found
            if row["message_id"] is not None or row["first_attempt_at"] is not None
        }
        old = self.time.true - HISTORY_KEPT
        for channel, messages in self.discord.messages.items():
            for message in messages.values():
                assert (channel, message.url) in known or message.at < old, "a message is forgotten"

    @invariant()
    def what_waits_unattempted_has_its_moment_still_to_come(self) -> None:
        waiting = """
            SELECT d.kind, s.phase FROM deliveries d JOIN spaces s USING (space_id)
            WHERE d.state = 'pending' AND d.first_attempt_at IS NULL
        """
        for row in self.door.rows(waiting):
            assert Kind(row["kind"]).fits(row["phase"]), "it waits for a moment that has passed"

    @invariant()
    def what_admins_asked_for_stays(self) -> None:
        for guild, asked in self.asked.items():
            assert self.door.ask(Queries.guild, guild) == asked.config
            lines = self.door.rows("SELECT host_id, channel_id, also_cohost FROM watches WHERE guild_id = ?", guild)
            watches = {row["host_id"]: (row["channel_id"], bool(row["also_cohost"])) for row in lines}
            assert watches == asked.watches


Ledger.TestCase.settings = settings(
    max_examples=HISTORIES,
    stateful_step_count=40,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
TestLedger = Ledger.TestCase
TestLedger.pytestmark = [pytest.mark.timeout(max(180, HISTORIES))]  # type: ignore[attr-defined]  # where pytest looks
