"""What one answer of X costs the machine: spacebot's client beside tweepy, X's own `xdk`, and what no client can do without.

All of them ask for the same 100 Spaces of 100 hosts over loopback in the same run, in turns. The answer is invented here
and served by a process of its own, whose work is not counted. 'Floor' is bare aiohttp, and msgspec into the same types.

spacebot is measured in three ways, each with its gate and its rate limiter: as a client alone; with the bill in SQLite and
a budget, asking for what is paid for today and may cost nothing (no speakers, who come and go); and where money has to be
reserved and given back for each answer. It unpacks as the bot does; the others as aiohttp and requests do by themselves.

Usage: pip install 'spacebot[bench]' && python benchmarks/x_client.py [--rounds 150] [--answers 10]
"""

import argparse
import asyncio
import gzip
import json
import multiprocessing
import platform
import random
import statistics
import tempfile
import time
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import tweepy
import tweepy.asynchronous
import xdk
import xdk.spaces.models
from pydantic import SecretStr

from spacebot.billing import Billing
from spacebot.clock import SystemClock
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import SpaceId
from spacebot.store.connection import Store
from spacebot.x.auth import BearerAuth
from spacebot.x.bodies import unpack_quickly
from spacebot.x.client import XClient
from spacebot.x.endpoints import SPACES
from spacebot.x.fields import FULL, SWEEP, SpaceFields
from spacebot.x.model import Page, Space, Topic, User
from spacebot.x.money import Meter, Prices
from spacebot.x.transport import Transport
from spacebot.x.wire import read_answer

TOKEN = "benchmark-token"  # noqa: S105 - it opens nothing
SPACES_AT_ONCE = 100
WARM_UP = 5
"""Rounds that are not counted."""
BUDGET = Decimal(1000)
"""US dollars: the most that one answer here may cost is $64."""
NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)

WORDS = (
    "night",
    "garden",
    "moth",
    "lantern",
    "river",
    "copper",
    "wool",
    "harbour",
    "thunder",
    "paper",
    "chess",
    "salt",
)

Ask = Callable[[], Awaitable[int]]
"""Asks once; returns how many Spaces came, so that nobody is measured who does not read."""


def words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(count)).capitalize()


def stamp(rng: random.Random) -> str:
    return (
        f"2026-{rng.randint(1, 9):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00.000Z"
    )


def canned_answer() -> dict[str, Any]:
    """100 live Spaces of 100 hosts, with a few speakers and topics, as X writes them."""
    rng = random.Random(1)
    users = [
        {
            "id": str(rng.randint(10**17, 10**18)),
            "name": words(rng, 2),
            "username": f"host_{number}",
            "created_at": stamp(rng),
            "description": words(rng, 14),
            "profile_image_url": f"https://pbs.twimg.com/profile_images/{rng.randint(10**17, 10**18)}/picture_normal.jpg",
            "protected": False,
            "verified": rng.random() < 0.5,
            "verified_type": "blue",
            "public_metrics": {
                "followers_count": rng.randint(1, 10**6),
                "following_count": rng.randint(1, 10**3),
                "post_count": rng.randint(1, 10**5),
                "listed_count": rng.randint(1, 10**3),
            },
        }
        for number in range(SPACES_AT_ONCE)
    ]
    topics = [
        {"id": str(rng.randint(10**17, 10**18)), "name": words(rng, 1), "description": words(rng, 6)} for _ in range(20)
    ]
    spaces = [
        {
            "id": f"1{number:012d}",
            "state": "live",
            "title": words(rng, 6),
            "creator_id": user["id"],
            "host_ids": [user["id"]],
            "speaker_ids": [other["id"] for other in rng.sample(users, 3)],
            "topic_ids": [topic["id"] for topic in rng.sample(topics, 2)],
            "participant_count": rng.randint(1, 10**4),
            "is_ticketed": False,
            "lang": "en",
            "created_at": stamp(rng),
            "started_at": stamp(rng),
            "updated_at": stamp(rng),
        }
        for number, user in enumerate(users)
    ]
    return {"data": spaces, "includes": {"users": users, "topics": topics}}


class Canned(asyncio.Protocol):
    """Answers whatever is asked with one and the same response."""

    response = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while b"\r\n\r\n" in self._seen:
            self._seen = self._seen.partition(b"\r\n\r\n")[2]
            assert isinstance(self._transport, asyncio.WriteTransport)
            self._transport.write(self.response)


def serve(body: bytes, tell: Connection) -> None:
    """The other process: X, as far as one GET is concerned, with a window so large that nothing is spread over it."""
    packed = gzip.compress(body)
    head = (
        "HTTP/1.1 200 OK\r\n"
        f"date: {format_datetime(NOW, usegmt=True)}\r\n"
        "content-type: application/json; charset=utf-8\r\n"
        "content-encoding: gzip\r\n"
        "cache-control: no-cache, no-store, max-age=0\r\n"
        "x-rate-limit-limit: 900000000\r\n"
        "x-rate-limit-remaining: 899999999\r\n"
        f"x-rate-limit-reset: {int(NOW.timestamp()) + 900}\r\n"
        "api-version: 2.167\r\n"
        "x-response-time: 42\r\n"
        "x-connection-hash: 00000000000000000000000000000000\r\n"
        f"content-length: {len(packed)}\r\n\r\n"
    )
    Canned.response = head.encode() + packed

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Canned, "127.0.0.1", 0)
        tell.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


OURS = ("spacebot", "paid", "reserved")


class Includes(msgspec.Struct):
    """The floor's own envelope: what came along."""

    users: tuple[User, ...] = ()
    topics: tuple[Topic, ...] = ()


class Envelope(msgspec.Struct):
    """The floor's own envelope."""

    data: tuple[Space, ...]
    includes: Includes


FLOOR = msgspec.json.Decoder(Envelope)


class Redirected:
    """The session that tweepy is handed: its address is fixed, so it is changed on the way."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._base_url = base_url

    def request(self, method: str, url: str, **rest: Any) -> Any:
        return self._session.request(method, self._base_url + url.removeprefix("https://api.twitter.com"), **rest)


def askers(session: aiohttp.ClientSession, base_url: str, ids: list[str], billing: Billing) -> dict[str, Ask]:
    """Each one's way to ask for the same Spaces with the same fields."""
    query = {name: ",".join(map(str, values)) for name, values in FULL.query().items() if isinstance(values, tuple)}
    space_ids = [SpaceId(one) for one in ids]
    official = xdk.Client(base_url=base_url, bearer_token=TOKEN)
    tweepys = tweepy.asynchronous.AsyncClient(TOKEN)
    tweepys.session = Redirected(session, base_url)

    def ours(meter: Meter | None, fields: SpaceFields) -> Ask:
        auth = BearerAuth(SecretStr(TOKEN))
        transport = Transport(session=session, base_url=base_url, auth=auth, clock=SystemClock(), meter=meter)
        client = XClient(transport, Errand(purpose=Purpose.DETECTION))

        async def ask() -> int:
            return len((await client.spaces(space_ids, fields=fields)).items)

        return ask

    async def ask_floor() -> int:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        params = {"ids": ",".join(ids), **query}
        async with session.get(f"{base_url}/2/spaces", params=params, headers=headers) as response:
            return len(FLOOR.decode(await response.read()).data)

    async def ask_tweepy() -> int:
        answer = await tweepys.get_spaces(
            ids=ids, expansions=FULL.expansions, space_fields=FULL.space, user_fields=FULL.user
        )
        return len(answer.data)

    async def ask_xdk() -> int:
        answer = official.spaces.get_by_ids(
            ids, space_fields=FULL.space, expansions=FULL.expansions, user_fields=FULL.user, topic_fields=FULL.topic
        )
        return len(answer.data)

    return {
        "floor": ask_floor,
        "spacebot": ours(None, FULL),
        "paid": ours(billing, SWEEP),
        "reserved": ours(billing, FULL),
        "tweepy": ask_tweepy,
        "xdk": ask_xdk,
    }


def parsers(body: bytes) -> dict[str, Callable[[], object]]:
    """Each one's way from an uncompressed body to its own objects."""
    headers = {"content-type": "application/json; charset=utf-8"}
    tweepys = tweepy.asynchronous.AsyncClient(TOKEN)
    model = xdk.spaces.models.GetByIdsResponse

    def ours() -> Page[Space]:
        return read_answer(SPACES, 200, headers, body, NOW)

    def tweepy_() -> object:
        return tweepys._construct_response(json.loads(body.decode()), data_type=tweepy.Space)  # noqa: SLF001 - its only door

    return {
        "floor": lambda: FLOOR.decode(body),
        "spacebot": ours,
        "tweepy": tweepy_,
        "xdk": lambda: model.model_validate(json.loads(body.decode())),
    }


async def cpu_of(ask: Ask, answers: int) -> float:
    """Milliseconds of this process's CPU per answer."""
    began = time.process_time()
    for _ in range(answers):
        assert await ask() == SPACES_AT_ONCE
    return (time.process_time() - began) * 1000 / answers


def time_of(parse: Callable[[], object], answers: int) -> float:
    """Milliseconds per parsing."""
    began = time.process_time()
    for _ in range(answers):
        parse()
    return (time.process_time() - began) * 1000 / answers


async def measure(
    base_url: str, body: bytes, database: Path, rounds: int, answers: int
) -> tuple[dict[str, float], dict[str, float]]:
    """The medians of all rounds, CPU and parsing; the first rounds warm up and are not counted.

    Rounds are short and many, for a shared machine changes its speed from one moment to the next.
    """
    ids = [space["id"] for space in json.loads(body)["data"]]
    cpu: dict[str, list[float]] = {}
    parsing: dict[str, list[float]] = {}
    parses = parsers(body)
    async with (
        aiohttp.ClientSession() as session,
        Store(database) as store,
    ):
        billing = Billing(store=store, clock=SystemClock(), prices=Prices(), daily_budget=BUDGET)
        await billing.open()
        writer = asyncio.create_task(billing.keep_written())
        asks = askers(session, base_url, ids, billing)
        for number in range(-WARM_UP, rounds):
            for name in (*list(asks)[number % len(asks) :], *list(asks)[: number % len(asks)]):
                if name in OURS:
                    unpack_quickly()
                else:
                    aiohttp.set_zlib_backend(zlib)
                cost = await cpu_of(asks[name], answers)
                duration = time_of(parses[name], answers) if name in parses else None
                if number >= 0:
                    cpu.setdefault(name, []).append(cost)
                    if duration is not None:
                        parsing.setdefault(name, []).append(duration)
        writer.cancel()
    return (
        {name: statistics.median(values) for name, values in cpu.items()},
        {name: statistics.median(values) for name, values in parsing.items()},
    )


def report(cpu: dict[str, float], parsing: dict[str, float]) -> None:
    """Print a Markdown table."""
    print("| | CPU per answer | to the floor | parsing | to the floor |")
    print("|---|---|---|---|---|")
    labels = {
        "floor": f"floor (aiohttp {version('aiohttp')}, msgspec {version('msgspec')})",
        "spacebot": "spacebot",
        "paid": "spacebot with its bill, all paid for today",
        "reserved": "spacebot with its bill, to be reserved",
        "tweepy": f"tweepy {version('tweepy')}, async",
        "xdk": f"xdk {version('xdk')}",
    }
    for name, label in labels.items():
        parsed = (
            f"{parsing[name]:.2f} ms | {parsing[name] / parsing['floor']:.2f} x" if name in parsing else "the same |"
        )
        print(f"| {label} | {cpu[name]:.2f} ms | {cpu[name] / cpu['floor']:.2f} x | {parsed} |")


def main() -> None:
    """Start the other process, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--answers", type=int, default=10)
    options = parser.parse_args()
    body = json.dumps(canned_answer(), ensure_ascii=False, separators=(",", ":")).encode()
    context = multiprocessing.get_context("spawn")
    hear, tell = context.Pipe(duplex=False)
    server = context.Process(target=serve, args=(body, tell), daemon=True)
    server.start()
    try:
        base_url = f"http://127.0.0.1:{hear.recv()}"
        with tempfile.TemporaryDirectory(prefix="spacebot-x-client-") as folder:
            database = Path(folder) / "bill.sqlite3"
            cpu, parsing = asyncio.run(measure(base_url, body, database, options.rounds, options.answers))
    finally:
        server.terminate()
    print(
        f"CPython {platform.python_version()}; {len(body):,} bytes, gzip; {options.rounds} rounds of {options.answers} answers\n"
    )
    report(cpu, parsing)


if __name__ == "__main__":
    main()
