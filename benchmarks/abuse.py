"""A day of fifty communities, three of them with a hostile member: what the others notice of it, and what it costs.

The whole bot plays a virtual day between a local X and a local Discord, twice with the same seed: once as everybody
behaves, and once while in three guilds one member with every right gives commands without a pause (each as soon as the
one before is answered, and --pace seconds have gone by): look-ups of ever new and of the same hosts and Spaces, searches
with paging, following and unfollowing, keywords, configuration, buttons. Delays run from the start of a Space on X to its
message in a channel of a guild that is not hostile.

Targets: median and 95 % within 10 % of the quiet day (or within two seconds), no well-behaved member refused, X's own
bill within the budget. The exit status is 1 where one is missed.

Usage: python benchmarks/abuse.py [--hours 24] [--guilds 50] [--hosts 200] [--hostile 3] [--pace 2] [--budget 10]
       [--push off] [--seed 1]
"""

import argparse
import asyncio
import contextlib
import logging
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import patch

from spacebot import app
from spacebot.clock import Clock
from spacebot.domain.ids import ChannelId, GuildId, UserId
from spacebot.sandbox.discord import LocalChannel, LocalDiscord, LocalGuild, LocalMember, LocalMessage
from spacebot.sandbox.discord.model.base import NotAnswered, NotOffered
from spacebot.sandbox.x import LocalX, XSpace, XUser
from spacebot.settings import Settings
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import User
from tests import virtual_time

START = datetime(2026, 10, 5, tzinfo=UTC)
HOUR = 3600.0
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - only a folder that tempfile makes is written to
FOLLOWED = 10
MEMBERS = 20
WARM_UP = 300.0
"""Seconds until the first Space and the first command."""
QUIET_COMMANDS = 6
"""Commands that a well-behaved guild gives in a day."""
LONGEST = 1800.0
"""Seconds that a Space lasts at most; it is judged then."""
WORDS = ("music", "news", "tea", "chess", "football", "poetry", "startups", "gardens")
REFUSALS = ("asked", "budget", "share", "limit", "try again", "again <t:", "spent")
"""Words in a plain answer that mean that somebody was refused; a well-behaved member is to read none of them."""


@dataclass(slots=True, kw_only=True, eq=False)
class Place:
    """One community."""

    guild: LocalGuild
    channel: LocalChannel
    admin: LocalMember
    members: list[LocalMember]
    hosts: list[XUser]
    is_hostile: bool


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of a day."""

    delays: list[float] = field(default_factory=list)
    missing: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    unanswered: Counter[str] = field(default_factory=Counter)
    hostile_answers: Counter[str] = field(default_factory=Counter)
    bill: float = 0.0
    by_kind: Counter[str] = field(default_factory=Counter)
    x_refused: int = 0
    discord_refused: int = 0
    pings_of_one: int = 0


class Day:
    """The two servers and what people do on them."""

    def __init__(self, asked: argparse.Namespace, clock: Clock, x: LocalX, discord: LocalDiscord, hostile: int) -> None:
        self.asked = asked
        self.clock = clock
        self.x = x
        self.discord = discord
        self.hostile = hostile
        self.rng = random.Random(asked.seed)
        self.noise = random.Random(asked.seed + 1)
        self.places: list[Place] = []
        self.hosts: list[XUser] = []
        self.tally = Tally()
        self.spaces: list[tuple[XSpace, XUser, float]] = []
        self.began = clock.monotonic()

    async def fill(self, store: Store) -> None:
        """Make hosts and communities; each follows some hosts."""
        self.hosts = [self.x.add_user(f"host{number}", name=f"Host {number}") for number in range(self.asked.hosts)]
        users = [User(id=UserId(host.id), username=host.username, name=host.name) for host in self.hosts]
        await store(Queries.remember_users, users, self.clock.now())
        for number in range(self.asked.guilds):
            guild = self.discord.add_guild(f"Guild {number}")
            channel = guild.add_channel("spaces")
            place = Place(
                guild=guild,
                channel=channel,
                admin=guild.add_member("admin", manage_guild=True),
                members=[guild.add_member(f"member {each}") for each in range(MEMBERS)],
                hosts=self.rng.sample(self.hosts, FOLLOWED),
                is_hostile=number < self.hostile,
            )
            self.places.append(place)
            await store(Queries.set_channel, GuildId(guild.id), ChannelId(channel.id))
            for host in place.hosts:
                await store(
                    Queries.add_watch,
                    guild_id=GuildId(guild.id),
                    host_id=UserId(host.id),
                    channel_id=None,
                    roles=(),
                    by=place.admin.id,
                    limit=FOLLOWED,
                    now=self.clock.now(),
                )

    async def play(self) -> None:
        """Let the day pass."""
        length = self.asked.hours * HOUR
        await self.clock.sleep(WARM_UP)
        async with asyncio.TaskGroup() as group:
            for host in self.hosts:
                group.create_task(self._host(host, self.rng.uniform(0, length - LONGEST)))
            for place in self.places[self.asked.hostile :]:
                for _ in range(round(QUIET_COMMANDS * self.asked.hours / 24) or 1):
                    group.create_task(self._behave(place, self.rng.uniform(0, length)))
            attacks = [group.create_task(self._attack(place)) for place in self.places if place.is_hostile]
            await self.clock.sleep(length)
            for attack in attacks:
                attack.cancel()
        self._count()

    async def _host(self, host: XUser, at: float) -> None:
        await self.clock.sleep(at)
        space = self.x.start_space(host, title=f"{host.name} on {self.rng.choice(WORDS)}", listeners=5)
        began = self.clock.monotonic()
        for _ in range(6):
            await self.clock.sleep(LONGEST / 6)
            space.listeners = max(0, space.listeners + self.rng.randint(-3, 30))
            self._judge(space, host, began, at_end=False)
        self._judge(space, host, began, at_end=True)
        space.end()

    def _judge(self, space: XSpace, host: XUser, began: float, *, at_end: bool) -> None:
        """Look once, at the end, how late the message came wherever the host is followed by people who behave."""
        if not at_end:
            return
        url = f"https://x.com/i/spaces/{space.id}#live"
        for place in self.places[self.asked.hostile :]:
            if host not in place.hosts:
                continue
            found = [
                message
                for message in place.channel.messages
                if any(embed.get("url") == url for embed in message.embeds)
            ]
            if not found:
                self.tally.missing += 1
                continue
            started = START.timestamp() + (began - self.began)
            self.tally.delays.append(max(0.0, found[0].created_at.timestamp() - started))

    # People

    async def _behave(self, place: Place, at: float) -> None:
        await self.clock.sleep(at)
        member = self.rng.choice(place.members)
        command, options = self.rng.choice(
            [
                ("host-live", {"host": f"@{self.rng.choice(place.hosts).username}"}),
                ("spaces-search", {"query": self.rng.choice(WORDS)}),
                ("watch list", {}),
                ("status", {}),
            ]
        )
        who = place.admin if command in {"watch list", "status"} else member
        self.tally.asked[command] += 1
        try:
            use = await who.use(place.channel, command, **options)
            answer = await use.reply(timeout=60.0)
        except (NotAnswered, NotOffered) as error:
            self.tally.unanswered[f"{command}: {error}"] += 1
            return
        if not answer.embeds and any(word in answer.content.casefold() for word in REFUSALS):
            self.tally.refused.append(f"{command}: {answer.content[:150]}")

    async def _attack(self, place: Place) -> None:
        rng, clock = self.noise, self.clock
        decoy = self.x.add_user(f"decoy{place.guild.id % 10_000_000}", name="Decoy")
        self.x.start_space(decoy, title="A decoy on everything", listeners=1)
        number = 0
        while True:
            number += 1
            command, options = rng.choice(
                [
                    ("host-live", {"host": f"@{decoy.username}"}),
                    ("host-live", {"host": f"@{rng.choice(self.hosts).username}"}),
                    ("host-live", {"host": f"nobody{rng.randrange(10**9)}"[:15]}),
                    ("spaces-search", {"query": rng.choice(WORDS)}),
                    ("spaces-search", {"query": f"word {number}"}),
                    ("space", {"space": f"1{rng.randrange(10**11):012d}"}),
                    ("space-posts", {"space": f"1{rng.randrange(10**11):012d}"}),
                    ("watch add", {"host": f"@{rng.choice(self.hosts).username}"}),
                    ("watch remove", {"host": f"@{rng.choice(self.hosts).username}"}),
                    ("watch keyword add", {"words": f"{rng.choice(WORDS)} {number % 30}"}),
                    ("watch keyword remove", {"words": f"{rng.choice(WORDS)} {number % 30}"}),
                    ("watch list", {}),
                    ("status", {}),
                    ("history", {}),
                    ("config show", {}),
                    ("config announce", {"scheduled": bool(number % 2), "reminder": number % 60}),
                ]
            )
            began = clock.monotonic()
            try:
                use = await place.admin.use(place.channel, command, **options)
                answer = await use.reply(timeout=60.0)
                kind = "card" if answer.embeds else "sentence"
                if rng.random() < 0.3:
                    await self._press(place, answer)
            except (NotAnswered, NotOffered):
                kind = "nothing"
            self.tally.hostile_answers[kind] += 1
            if number % 200 == 0:
                self._forget()
            await clock.sleep(max(0.0, began + self.asked.pace - clock.monotonic()))

    async def _press(self, place: Place, answer: LocalMessage) -> None:
        for button in answer.buttons[:3]:
            if button.get("custom_id"):
                with contextlib.suppress(NotAnswered, NotOffered):
                    await place.admin.press(answer, custom_id=button["custom_id"])

    def _forget(self) -> None:
        """Let the servers forget what was asked, as memory is all that a long day needs otherwise."""
        self.tally.x_refused += sum(each.status == 429 and each.fault is None for each in self.x.requests)
        self.tally.discord_refused += sum(not each.ordered for each in self.discord.refused)
        self.x.requests.clear()
        self.discord.requests.clear()
        self.discord.refused.clear()

    def _count(self) -> None:
        self._forget()
        bill = self.x.billed
        self.tally.bill = max(float(bill.dollars(day)) for day in {line.day for line in bill.lines})
        self.tally.by_kind = Counter(line.kind for line in bill.lines)


async def simulate(asked: argparse.Namespace, clock: Clock, hostile: int) -> Tally:
    """Play one day."""
    with tempfile.TemporaryDirectory(prefix="spacebot-abuse-", dir=MEMORY) as folder:
        database = Path(folder) / "day.sqlite3"
        async with LocalX(clock=clock) as x, LocalDiscord(clock=clock) as discord:
            day = Day(asked, clock, x, discord, hostile)
            async with Store(database) as store:
                await day.fill(store)
            with patch.dict(os.environ, {"SPACEBOT_DAILY_BUDGET_USD": str(asked.budget), "SPACEBOT_PUSH": asked.push}):
                settings = Settings(
                    discord_token=discord.token,
                    x_bearer_token=x.bearer_token,
                    database=database,
                    discord_api_url=discord.api_url,
                    discord_gateway_url=discord.gateway_url,
                    x_api_url=x.url,
                )
            stop = asyncio.Event()
            bot = asyncio.create_task(app.serve(settings, clock, stop), name="bot")
            playing = asyncio.create_task(day.play(), name="day")
            await asyncio.wait((bot, playing), return_when=asyncio.FIRST_COMPLETED)
            if bot.done():
                playing.cancel()
                bot.result()
                raise RuntimeError("the bot stopped by itself")
            playing.result()
            stop.set()
            await bot
    return day.tally


def shown(name: str, tally: Tally, seconds: float) -> tuple[float, float]:
    """Print one day; its median and 95 %."""
    delays = sorted(tally.delays)
    median, most = statistics.median(delays), delays[int(0.95 * len(delays))]
    print(f"{name}: {len(delays)} announcements in guilds that behave, {tally.missing} missing")
    print(f"  seconds from start to message: median {median:.1f}, 95 % {most:.1f}, worst {delays[-1]:.1f}")
    print(f"  their commands: {sum(tally.asked.values())}, refused {len(tally.refused)}, ", end="")
    print(f"unanswered {sum(tally.unanswered.values())}")
    for text in [*tally.refused[:5], *list(tally.unanswered)[:5]]:
        print(f"    {text}")
    print(f"  hostile commands: {sum(tally.hostile_answers.values())} {dict(tally.hostile_answers)}")
    print(f"  X's bill for its dearest day: ${tally.bill:.2f} {dict(tally.by_kind)}")
    print(
        f"  refused for its limits: X {tally.x_refused}, Discord {tally.discord_refused}; {seconds:.0f} s", flush=True
    )
    return median, most


def main() -> int:
    """Read the command line and play both days."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--guilds", type=int, default=50)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--hostile", type=int, default=3)
    parser.add_argument("--pace", type=float, default=2.0)
    parser.add_argument("--budget", type=float, default=10.0)
    parser.add_argument("--push", default="off", choices=["on", "off"], help="off: every Space has to be asked for")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    results = []
    for name, hostile in (("the quiet day", 0), ("the hostile day", asked.hostile)):
        began = time.monotonic()
        tally = virtual_time.run(partial(_one, asked, hostile), start=START, debug=False)
        results.append((tally, *shown(name, tally, time.monotonic() - began)))
    (quiet, median, most), (hostile_day, worse_median, worse_most) = results
    misses = [
        what
        for what, is_missed in (
            ("median", worse_median > max(1.1 * median, median + 2)),
            ("95 %", worse_most > max(1.1 * most, most + 2)),
            ("missing", hostile_day.missing > quiet.missing),
            ("somebody else was refused", bool(hostile_day.refused)),
            ("the bill", hostile_day.bill > asked.budget),
            ("limits", hostile_day.x_refused + hostile_day.discord_refused > 0),
        )
        if is_missed
    ]
    print("missed: " + ", ".join(misses) if misses else "every target is met")
    return 1 if misses else 0


async def _one(asked: argparse.Namespace, hostile: int, clock: Clock) -> Tally:
    return await simulate(asked, clock, hostile)


if __name__ == "__main__":
    sys.exit(main())
