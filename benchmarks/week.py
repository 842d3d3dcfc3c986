"""A week of announcements in minutes: the whole bot between a local X and a local Discord that keep failing, on a loop whose time jumps.

Judged by what stands in the channels. The exit status is 1 where an announcement is lost, doubled or left open after
its Space has ended, or where a limit of X or Discord was exceeded.

Usage: python benchmarks/week.py [--days 7] [--hosts 2000] [--guilds 500] [--seed 1] [--faults 0.05] [--outages 3]
"""

import argparse
import asyncio
import gc
import heapq
import itertools
import logging
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from spacebot import app
from spacebot.clock import Clock
from spacebot.domain.ids import ChannelId, GuildId, UserId
from spacebot.sandbox.discord import Fault, LocalChannel, LocalDiscord, LocalMessage
from spacebot.sandbox.x import LocalX
from spacebot.sandbox.x.model import XSpace, XUser
from spacebot.settings import Settings
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import User
from tests import virtual_time

START = datetime(2026, 10, 5, tzinfo=UTC)  # a Monday
HOUR, DAY = 3600.0, 86_400.0
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - only a folder that tempfile makes is written to
"""Where the database is: a disk that is slow to write through would be all that is measured."""
FOLLOWED = 20
SPACES_PER_HOST_AND_DAY = 2 / 7
WARM_UP = 600.0
"""Seconds before the first Space, for the bot to connect and to have swept everybody."""
SETTLING = 2 * HOUR
"""Seconds after the last Space, for every message to be closed."""
JUDGED_AFTER = 3 * HOUR
"""Seconds after its end when a Space is judged, and then forgotten by X and Discord unless something is amiss."""
OUTAGE = HOUR
RETRY = 300.0
"""Seconds that the bot lets pass at most between two attempts at what failed (Discord), or after a pause X asked for."""
SWEEP_SECONDS = 900 / 270
"""Seconds per request for 100 hosts: X's window with people's tenth kept free."""
DROPS = 6 * HOUR
"""Mean seconds between two losses of the gateway."""
SLOW = (30.0, 60.0)
"""Seconds by which Discord is late now and then, beside its usual faults: the last are more than the bot waits."""
DURATION = re.compile(r"(?:(\d+) h)? ?(?:(\d+) min)?")


@dataclass(slots=True, kw_only=True, eq=False)
class Life:
    """One Space, as it is played: `space` once X has it, and when (monotonic) it opened and closed."""

    host: XUser
    title: str
    channels: list[LocalChannel]
    space: XSpace | None = None
    opened: float | None = None
    closed: float | None = None


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What came of all Spaces, counted."""

    spaces: Counter[str] = field(default_factory=Counter)
    announcements: Counter[str] = field(default_factory=Counter)
    summaries: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    amiss: list[str] = field(default_factory=list)

    def note(self, what: str, life: Life, channel: LocalChannel) -> None:
        """Keep what is amiss, for whoever looks into it."""
        assert life.space is not None
        self.amiss.append(
            f"{what}: Space {life.space.id} in {channel.name} of {channel.guild}, {life.opened} to {life.closed}"
        )


class Heard(logging.Handler):
    """Counts what the bot and its libraries complain of, by the sentence."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.sentences: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.levelname} {record.name}: {record.msg}"
        if record.exc_info and record.exc_info[0] is not None:
            text += f" ({record.exc_info[0].__name__}: {record.exc_info[1]})"
        if record.levelno >= logging.ERROR and text not in self.sentences:
            print(f"  ! {text}", flush=True)
        self.sentences[text] += 1


class Week:
    """The two servers, what happens on them, and the judge."""

    def __init__(self, asked: argparse.Namespace, clock: Clock, x: LocalX, discord: LocalDiscord) -> None:
        self.asked = asked
        self.clock = clock
        self.x = x
        self.discord = discord
        self.rng = random.Random(asked.seed)
        self.began = clock.monotonic()
        self.end = self.began + asked.days * DAY
        self.enough = 0.0
        self.followers: dict[XUser, list[LocalChannel]] = {}
        self.lives: set[Life] = set()
        self.verdict = Verdict()
        self.outages: list[tuple[float, float]] = []
        self.blind: list[tuple[float, float]] = []
        self.traffic: Counter[str] = Counter()
        self._plan: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def fill(self, store: Store) -> None:
        """Make the hosts and the guilds, and let each guild follow some hosts."""
        hosts = [self.x.add_user(f"host{number}", name=f"Host {number}") for number in range(self.asked.hosts)]
        users = [User(id=UserId(host.id), username=host.username, name=host.name) for host in hosts]
        await store(Queries.remember_users, users, self.clock.now())
        self.followers = {host: [] for host in hosts}
        for number in range(self.asked.guilds):
            guild = self.discord.add_guild(f"Guild {number}")
            channel = guild.add_channel("spaces")
            await store(Queries.set_channel, GuildId(guild.id), ChannelId(channel.id))
            for host in self.rng.sample(hosts, min(FOLLOWED, len(hosts))):
                self.followers[host].append(channel)
                await store(
                    Queries.add_watch,
                    guild_id=GuildId(guild.id),
                    host_id=UserId(host.id),
                    channel_id=None,
                    roles=(),
                    by=1,
                    limit=FOLLOWED,
                    now=self.clock.now(),
                )
        requests = -(-sum(map(bool, self.followers.values())) // 100)
        self.enough = 2 * requests * SWEEP_SECONDS + RETRY

    def plan(self) -> None:
        """Think up every Space, outage and other trouble of the week."""
        rng, first = self.rng, self.began + WARM_UP
        hosts = list(self.followers)
        for number in range(round(len(hosts) * SPACES_PER_HOST_AND_DAY * self.asked.days)):
            host = rng.choice(hosts)
            self._plan_space(host, f"Space {number}", first + rng.random() * (self.end - first))
            if rng.random() < 0.05:  # a second one at the same time
                moment = first + rng.random() * (self.end - first)
                self._plan_space(host, f"Space {number} A", moment)
                self._plan_space(host, f"Space {number} B", moment + rng.uniform(0, 1200))
        kinds = itertools.cycle(("X", "Discord", "X and Discord"))
        span = (self.end - first) / max(1, self.asked.outages)
        for number, kind in zip(range(self.asked.outages), kinds, strict=False):
            begins = first + number * span + rng.uniform(0.1, 0.8) * max(0.0, span - OUTAGE)
            self.outages.append((begins, begins + OUTAGE))
            self._at(begins, partial(self._background, partial(self._outage, kind)))
        if self.asked.faults:
            self.x.random_faults(self.asked.faults, seed=self.asked.seed)
            self.discord.random_faults(self.asked.faults, seed=self.asked.seed)
            for moment in self._moments(DROPS):
                code, resumable = rng.choice((None, 4000, 1001)), rng.random() < 0.7
                self._at(moment, partial(self.discord.drop_gateway, resumable=resumable, code=code))
            messages = sum(len(life.channels) for life in self.lives)
            for moment in self._moments((self.end - first) / (1 + self.asked.faults * messages / 2)):
                slow = Fault(delay=rng.choice(SLOW))
                self._at(moment, partial(self.discord.fault, "*", "/channels/", slow))

    async def play(self) -> None:
        """Let it all happen, and be settled."""
        print(f"{'day':>4} {'live':>5} {'messages':>8} {'requests':>9} {'RSS MiB':>8} {'objects of':>10} …", flush=True)
        self._at(self.began + WARM_UP - 1, lambda: self._measure("start"))
        for day in range(1, self.asked.days + 1):
            self._at(self.began + day * DAY, partial(self._measure, str(day)))
        for moment in self._moments(0, every=600.0, until=self.end + SETTLING):
            self._at(moment, self._sweep_up)
        while self._plan:
            moment, _, act = heapq.heappop(self._plan)
            await self.clock.sleep(moment - self.clock.monotonic())
            act()
        await self.clock.sleep(self.end + SETTLING - self.clock.monotonic())
        self._sweep_up()
        for life in list(self.lives):
            self._judge(life)
        self._measure("end")
        self._strays()

    # What happens on X

    def _plan_space(self, host: XUser, title: str, start: float) -> None:
        rng = self.rng
        start = min(start, self.end - 60)
        life = Life(host=host, title=title, channels=self.followers[host])
        self.lives.add(life)
        end = min(start + max(60.0, rng.lognormvariate(0, 0.8) * 45 * 60), self.end)
        announced = start - rng.uniform(HOUR, 36 * HOUR)
        if rng.random() < 0.5 and announced > self.began + WARM_UP / 2:
            given = start + rng.uniform(-900, 900)
            first = given + rng.uniform(HOUR, 2 * HOUR) if rng.random() < 0.2 else given
            self._at(announced, lambda: self._schedule(life, first))
            if first != given:
                self._at(announced + rng.uniform(0, 0.9) * (start - announced), lambda: self._reschedule(life, given))
            if rng.random() < 0.1:
                self._at(announced + rng.uniform(0.1, 0.99) * (start - announced), lambda: self._cancel(life))
                return
        self._at(start, lambda: self._open(life))
        for moment in self._moments(0, every=420.0, since=start, until=end):
            self._at(moment, lambda: self._listen(life))
        if rng.random() < 0.15:
            self._at(rng.uniform(start, end), lambda: self._rename(life))
        self._at(end, lambda: self._close(life))

    def _schedule(self, life: Life, start: float) -> None:
        life.space = self.x.schedule_space(life.host, title=life.title, start=self._date(start), id=self._id())

    def _reschedule(self, life: Life, start: float) -> None:
        if life.space is not None and life.space.state == "scheduled" and start > self.clock.monotonic() + 1:
            life.space.reschedule(self._date(start))

    def _cancel(self, life: Life) -> None:
        if life.space is not None:
            life.space.cancel()
            life.closed = self.clock.monotonic()

    def _open(self, life: Life) -> None:
        life.opened = self.clock.monotonic()
        if life.space is None:
            life.space = self.x.start_space(life.host, title=life.title, listeners=3, id=self._id())
        else:
            life.space.go_live()

    def _listen(self, life: Life) -> None:
        assert life.space is not None
        life.space.listeners = max(0, life.space.listeners + self.rng.randint(-20, 40))

    def _rename(self, life: Life) -> None:
        assert life.space is not None
        life.title += " renamed"
        life.space.set_title(life.title)

    def _close(self, life: Life) -> None:
        assert life.space is not None
        life.space.end()
        life.closed = self.clock.monotonic()

    async def _outage(self, kind: str) -> None:
        print(f"     {kind} away for an hour, from {self.clock.now():%A %H:%M} on", flush=True)
        servers = [server for name, server in (("X", self.x), ("Discord", self.discord)) if name in kind.split()]
        for server in servers:
            await server.stop()
        await self.clock.sleep(OUTAGE)
        for server in servers:
            await server.start()

    # What is seen of it

    def _sweep_up(self) -> None:
        """Count what was asked since last time, judge what is long over, and let the servers forget both."""
        for exchange in self.x.requests:
            self.traffic[f"X {exchange.endpoint}"] += 1
            if exchange.status == 429 and exchange.fault is None:
                self.traffic["X refused"] += 1
                self.verdict.amiss.append(
                    f"refused at {exchange.time:%a %H:%M:%S.%f}: {exchange.method} {exchange.path}"
                )
            self.traffic["X failed"] += exchange.fault is not None
            if exchange.fault is not None and exchange.fault.drain and exchange.endpoint == "creator_ids":
                reset = float(exchange.response_headers.get("x-rate-limit-reset", 0.0))
                shift = self.clock.monotonic() - self.clock.now().timestamp()
                self.blind.append((exchange.time.timestamp() + shift, reset + shift))
        self.x.requests.clear()
        for each in self.discord.requests:
            self.traffic[f"Discord {each.method} {each.route}"] += 1
            self.traffic["Discord failed"] += each.status is None or each.status >= 500
        for each in self.discord.refused:
            if each.ordered:
                continue
            self.traffic["Discord refused"] += 1
            self.verdict.amiss.append(f"refused at {each.time:%a %H:%M:%S.%f}: {each}, {each.answer}")
        self.discord.requests.clear()
        self.discord.refused.clear()
        now = self.clock.monotonic()
        for life in [life for life in self.lives if life.closed is not None and now - life.closed >= JUDGED_AFTER]:
            if self._is_closed(life):
                self._judge(life)

    def _found(self, life: Life, channel: LocalChannel) -> list[LocalMessage]:
        assert life.space is not None
        url = f"https://x.com/i/spaces/{life.space.id}#live"
        return [message for message in channel.messages if any(embed.get("url") == url for embed in message.embeds)]

    def _is_closed(self, life: Life) -> bool:
        """Whether no message of it is left open; only then may the servers forget it."""
        found = (message for channel in life.channels for message in self._found(life, channel))
        return all(_verdict(message, life) != "still open" for message in found)

    def _judge(self, life: Life) -> None:
        """Hold the channels against what the Space was, and let it be forgotten."""
        self.lives.discard(life)
        verdict = self.verdict
        verdict.spaces["in all"] += 1
        if life.opened is None or life.closed is None:
            verdict.spaces["canceled"] += 1
        long = self._stayed(life)
        verdict.spaces["live long enough"] += long
        for channel in life.channels:
            found = self._found(life, channel)
            kind = "wanted" if long else "short"
            count = ("missing", "once", "doubled")[min(len(found), 2)]
            verdict.announcements[kind] += life.opened is not None
            verdict.announcements[f"{kind} {count}"] += 1
            if len(found) > 1 or (long and not found):
                verdict.note(count, life, channel)
            for message in found:
                self._judge_message(message, life, channel)
                channel.messages.remove(message)
                del channel.by_id[message.id]
        if life.space is not None:
            self.x.spaces.pop(life.space.id, None)

    def _judge_message(self, message: LocalMessage, life: Life, channel: LocalChannel) -> None:
        what = _verdict(message, life)
        self.verdict.summaries[what] += 1
        if what != "right":
            self.verdict.note(f"{what}: {message!r}", life, channel)
        if life.opened is None or life.closed is None:
            return
        posted = self.began + (message.created_at - START).total_seconds()
        if not any(begin < posted and life.opened < end + self.enough for begin, end in (*self.outages, *self.blind)):
            self.verdict.delays.append(posted - life.opened)
        if posted > life.closed + self.enough:
            self.verdict.summaries["posted after the end"] += 1
            self.verdict.note("posted after the end", life, channel)

    def _stayed(self, life: Life) -> bool:
        """Whether it was live long enough at a stretch while X could be asked and Discord could be told."""
        if life.opened is None or life.closed is None:
            return False
        at, longest = life.opened, 0.0
        for begin, end in sorted((*self.outages, *self.blind)):
            if end > at and begin < life.closed:
                longest, at = max(longest, begin - at), end
        return max(longest, life.closed - at) >= self.enough

    def _strays(self) -> None:
        """Announcements that came after their Space was judged, or of no Space at all."""
        for channels in self.followers.values():
            for channel in channels:
                strays = [m for m in channel.messages if any("#" in embed.get("url", "") for embed in m.embeds)]
                for message in strays:
                    channel.messages.remove(message)
                    self.verdict.announcements["stray"] += 1
                    self.verdict.amiss.append(f"stray: {message!r}")

    def _measure(self, day: str) -> None:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        objects: Counter[str] = Counter()
        for each in gc.get_objects():
            module = str(type(each).__module__)
            whose = "sandbox" if module.startswith("spacebot.sandbox") else module.partition(".")[0]
            objects[whose] += 1
        shown = " ".join(
            f"{name} {objects[name]}" for name in ("spacebot", "discord", "aiohttp", "builtins", "sandbox")
        )
        live = sum(life.opened is not None and life.closed is None for life in self.lives)
        messages, requests = sum(self.verdict.summaries.values()), sum(self.traffic.values())
        rss = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
        print(f"{day:>4} {live:5} {messages:8} {requests:9} {rss:8.1f} {shown}", flush=True)

    # Small things

    def _at(self, moment: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._plan, (moment, next(self._order), act))

    def _moments(
        self, mean: float, *, every: float | None = None, since: float | None = None, until: float | None = None
    ) -> Iterable[float]:
        """Moments that come by chance, or evenly."""
        moment, end = (self.began + WARM_UP if since is None else since), (self.end if until is None else until)
        while True:
            moment += self.rng.expovariate(1 / mean) if every is None else every
            if moment >= end:
                return
            yield moment

    def _date(self, moment: float) -> datetime:
        return START + timedelta(seconds=moment - self.began)

    def _id(self) -> str:
        return f"1{next(self._order):012d}"

    def _background(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        task = asyncio.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _verdict(message: LocalMessage, life: Life) -> str:
    """What a message says of a Space that is over: 'right', 'still open', or what is wrong with it."""
    embed = message.embeds[0]
    text = " ".join([message.content, embed.get("description", "")])
    if message.buttons or not re.search(r"\b(ended|no longer visible)\b", text, re.IGNORECASE):
        return "still open"
    assert life.opened is not None
    assert life.closed is not None
    if life.title not in embed.get("title", ""):
        return "wrong title"
    fields = {each["name"]: each["value"] for each in embed.get("fields", [])}
    if "Duration" not in fields:
        return "no duration"
    match = DURATION.fullmatch(fields["Duration"])
    minutes = int(match[1] or 0) * 60 + int(match[2] or 0) if match else -1
    return "right" if abs(minutes - max(1.0, (life.closed - life.opened) / 60)) <= 1 else "wrong duration"


async def simulate(asked: argparse.Namespace, clock: Clock, heard: Heard) -> int:
    """Play the week, print what came of it, and return the exit status."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="spacebot-week-", dir=MEMORY) as folder:
        database = Path(folder) / "week.sqlite3"
        async with LocalX(clock=clock) as x, LocalDiscord(clock=clock) as discord:
            week = Week(asked, clock, x, discord)
            async with Store(database) as store:
                await week.fill(store)
            week.plan()
            settings = Settings(
                discord_token=discord.token,
                x_bearer_token=x.bearer_token,
                database=database,
                discord_api_url=discord.api_url,
                discord_gateway_url=discord.gateway_url,
                x_api_url=x.url,
                daily_budget_usd=None,
            )
            stop = asyncio.Event()
            bot = asyncio.create_task(app.serve(settings, clock, stop), name="bot")
            playing = asyncio.create_task(week.play(), name="week")
            await asyncio.wait((bot, playing), return_when=asyncio.FIRST_COMPLETED)
            if bot.done():
                playing.cancel()
                bot.result()
                raise RuntimeError("the bot stopped by itself")
            playing.result()
            stop.set()
            await bot
    return report(week, heard, virtual=clock.monotonic() - week.began, real=time.monotonic() - began)


def report(week: Week, heard: Heard, *, virtual: float, real: float) -> int:
    """Print the table; 1 where something is lost, doubled, left open or refused."""
    verdict, traffic = week.verdict, week.traffic
    said, sums = verdict.announcements, verdict.summaries
    spaces = verdict.spaces
    enough = f"live {week.enough / 60:.0f} minutes at a stretch outside of outages"
    closed = sums["right"] + sums["no duration"]
    rows = [
        ("Spaces in all", spaces["in all"]),
        ("  canceled before they began", spaces["canceled"]),
        (f"  {enough}", spaces["live long enough"]),
        ("announcements wanted (of those Spaces, in every channel)", said["wanted"]),
        ("  posted exactly once", said["wanted once"]),
        ("  missing", said["wanted missing"]),
        ("  doubled", said["wanted doubled"] + said["short doubled"] + said["stray"]),
        ("of shorter Spaces: announced", said["short once"]),
        ("  seen too late, not announced", said["short"] - said["short once"] - said["short doubled"]),
        ("messages after the end: closed and right", sums["right"]),
        ("  closed, without the duration (its end was not seen)", sums["no duration"]),
        ("  wrong", sum(sums.values()) - closed - sums["still open"] - sums["posted after the end"]),
        ("  still open", sums["still open"]),
        ("  posted though it was long over", sums["posted after the end"]),
        ("requests that X refused for its limits", traffic["X refused"]),
        ("requests that Discord refused for its limits", traffic["Discord refused"]),
    ]
    print()
    for name, value in rows:
        print(f"{name:64} {value:9,}")
    if verdict.delays:
        delays = sorted(verdict.delays)
        worst = delays[-1]
        print(f"seconds from start to message, without outages: median {statistics.median(delays):.0f}, ", end="")
        print(f"95 % {delays[int(0.95 * len(delays))]:.0f}, worst {worst:.0f}")
    print(f"{virtual / HOUR:.1f} hours in {real / 60:.1f} minutes: {virtual / real:.0f} times as fast")
    print("requests:", ", ".join(f"{name} {count:,}" for name, count in sorted(traffic.items())))
    print("the log (warnings and errors):")
    for text, count in heard.sentences.most_common(25):
        print(f"  {count:6,} {text[:220]}")
    for text in verdict.amiss[:40]:
        print(f"amiss: {text}")
    bad = (
        said["wanted missing"]
        + said["wanted doubled"]
        + said["short doubled"]
        + said["stray"]
        + (sum(sums.values()) - closed)
        + traffic["X refused"]
        + traffic["Discord refused"]
    )
    return 1 if bad or said["wanted"] == 0 else 0


def main() -> int:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--hosts", type=int, default=2000)
    parser.add_argument("--guilds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.05, help="the share of requests that fail")
    parser.add_argument("--outages", type=int, default=3)
    asked = parser.parse_args()
    heard = Heard()
    logging.basicConfig(level=logging.WARNING, handlers=[heard])
    random.seed(asked.seed)
    return virtual_time.run(lambda clock: simulate(asked, clock, heard), start=START, debug=False)


if __name__ == "__main__":
    sys.exit(main())
