"""Everything that people can give, press and fill in: how soon the bot acknowledges it while a fan-out is going on.

The whole bot runs as a process of its own between a local X, at the documented limits, and a local Discord. One host is
followed in every guild: its Spaces start and end one after the other as long as people are measured. In some guilds they
give every command that the bot has registered, and press every component of the answers, of the post and of the hello; the
one pressed least is next. Beside each of it, at the same moment and on the same machine, stands a bare discord.py bot with as
many guilds and the same commands that does nothing but defer: what is left is Discord's part, the machine's and discord.py's.

The clock runs from the interaction's way into the gateway to the arrival of its first answer. A command, a component or a
form that is not in the tables below, and one that the bot has and nobody came upon, ends the run with status 1, as do 99
hundredths of anything that are not within the bar.

Usage: python benchmarks/interactions.py [--guilds 10000] [--each 100] [--visits-per-second 8]
"""

import argparse
import asyncio
import contextlib
import importlib
import itertools
import json
import os
import random
import re
import statistics
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import discord
from crowd import (
    START_TIMEOUT,
    Home,
    Lag,
    Posted,
    Posts,
    follow,
    hundredths,
    load,
    ms,
    ready,
    running,
    settle,
    tell_troubles,
)
from pydantic import SecretStr

import cogs
from spacebot.bot.connection import point_at
from spacebot.bot.forms import Form
from spacebot.domain.accounts import Link
from spacebot.domain.bells import BellMode
from spacebot.domain.ids import GuildId, UserId
from spacebot.present.found import LOOK_UP
from spacebot.sandbox.discord import LocalDiscord, LocalFile, LocalMember, LocalMessage, NotAnswered
from spacebot.sandbox.discord.app.interactions import ANSWER_WITHIN
from spacebot.sandbox.discord.forms.commands import GROUP, SUBCOMMAND
from spacebot.sandbox.discord.model.components import BUTTON, CHANNEL_SELECT, ROLE_SELECT, STRING_SELECT, walk
from spacebot.sandbox.discord.model.guilds import DEFAULT_BOT_PERMISSIONS
from spacebot.sandbox.discord.model.members import AUTOCOMPLETE, LocalInteraction
from spacebot.sandbox.discord.model.roles import LocalRole
from spacebot.sandbox.discord.permissions import Permission
from spacebot.sandbox.process import BotProcess
from spacebot.sandbox.x import LocalX, XUser
from spacebot.settings import vault_of
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.links import ACCESS
from spacebot.vault import new_key
from spacebot.x.model import User

BAR = 0.25
"""Seconds within which 99 of 100 must be acknowledged."""
ASKERS = 200
"""Guilds in which somebody gives commands."""
GUESTS = 30
"""Further hosts, whom only these guilds follow: a list of several pages."""
STEPS = 8
"""How many components are pressed, one after the other, from one command on."""
OVERTIME = 4
"""How many times as often as asked for a command is given so that its components are all pressed often enough..."""
LEAST_OVERTIME = 40
"""...and so often at least: a short run has to come upon all of them, too."""
STRANGER = 700_000_000_000_000_000
"""From here on, ids of people and guilds that do not exist."""
PEER = "INTERACTIONS_PEER_"

Options = dict[str, Any]
Json = dict[str, Any]


class Forgotten(Exception):
    """Something that the bot offers is not in the tables of this program, or the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What commands name on X."""

    space: str
    host: str
    guests: Sequence[str]
    list_id: str
    """Of a list that has the guests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where a command is given, and for which time."""

    home: Home
    world: World
    number: int

    @property
    def guest(self) -> str:
        """A host that comes and goes."""
        return self.world.guests[self.number % len(self.world.guests)]

    @property
    def role(self) -> LocalRole:
        """A role that may be mentioned."""
        return self.home.guild.roles[self.home.role]


def nothing(_: Visit) -> Options:
    """No options."""
    return {}


COMMANDS: dict[str, Callable[[Visit], Options]] = {
    "space": lambda at: {"space": at.world.space},
    "spaces-upcoming": nothing,
    "spaces-search": lambda _: {"query": "tea"},
    "host-live": lambda at: {"host": at.world.host},
    "host-stats": lambda at: {"host": at.world.host, "zone": "Europe/Berlin" if at.number % 2 else None},
    "space-posts": lambda at: {"space": at.world.space},
    "space-buyers": lambda at: {"space": at.world.space},
    "x-link": nothing,
    "x-unlink": nothing,
    "watch add": lambda at: {"host": at.guest, "role": at.home.guild.everyone if at.number % 2 else at.role},
    "watch remove": lambda at: {"host": at.guest},
    "watch list": nothing,
    "watch pause": lambda at: {"host": at.guest if at.number % 2 else None},
    "watch resume": lambda at: {"host": at.guest if at.number % 2 else None},
    "watch reset": lambda at: {"host": at.guest, "what": "both"},
    "watch look": lambda at: {"host": at.guest, "text": "{host} is on", "accent": "teal"},
    "watch filter": lambda at: {"host": at.guest, "want": "tea, type theory", "shun": f"ads {at.number % 5}"},
    "watch export": nothing,
    "watch import": nothing,
    "watch keyword reset": lambda at: {"words": f"harp {at.number % 5}", "what": "both"},
    "watch keyword add": lambda at: {"words": f"harp {at.number % 5}"},
    "watch keyword remove": lambda at: {"words": f"harp {at.number % 5}"},
    "watch keyword list": nothing,
    "config channel": lambda at: {"channel": at.home.channel},
    "config role": lambda at: {"role": at.home.guild.everyone if at.number % 2 else at.role},
    "config roles": lambda at: {"first": at.role, "second": at.home.guild.everyone if at.number % 2 else None},
    "config pause": lambda at: {"on": bool(at.number % 2)},
    "config pings": lambda at: {"minutes": at.number % 60},
    "config announce": lambda at: {"scheduled": True, "reminder": at.number % 60, "live": True},
    "config end": lambda _: {"what": "edit"},
    "config alerts": lambda at: {"channel": at.home.guild.system_channel},
    "config show": nothing,
    "config look": lambda _: {"text": "{host} is on: {title}", "accent": "teal"},
    "config invited": lambda at: {"on": bool(at.number % 2)},
    "config bell": lambda at: {"what": "host" if at.number % 2 else "server"},
    "config events": lambda at: {"on": bool(at.number % 2)},
    "config publish": lambda at: {"on": bool(at.number % 2)},
    "config language": lambda at: {"language": "de" if at.number % 2 else "discord"},
    "config test": nothing,
    "notify": lambda at: {"host": at.world.host},
    "setup": nothing,
    "help": nothing,
    "privacy": nothing,
    "status": nothing,
    "history": nothing,
    "operator status": nothing,
    "operator costs": nothing,
    "operator guild": lambda at: {"guild": str(at.home.guild.id)},
    "operator block": lambda at: {"person": str(STRANGER + at.number)},
    "operator allow": lambda at: {"person": str(STRANGER + at.number)},
}
"""The options of every command."""

MENUS: dict[str, Callable[[Visit], str]] = {
    LOOK_UP: lambda at: f"https://x.com/i/spaces/{at.world.space} by https://x.com/guest1",
}
"""The message for every command in the menu of a message."""

FORMS: dict[str, Callable[[Visit], Options]] = {
    "Link your X account": lambda _: {"address": "http://127.0.0.1:8080/x/callback?state=none&code=none"},
    "setup:form:add": lambda at: {
        "hosts": "@guest1 @guest2, https://x.com/guest3"
        if at.number % 2
        else f"https://x.com/i/lists/{at.world.list_id}"
    },
    "setup:form:edit:…": lambda at: {"channel": at.home.channel},
    "setup:form:moments": lambda _: {},
    "watch:form:import": lambda at: {
        "file": LocalFile(name="list.csv", content=f"host,paused\n{at.guest},yes\n?,\n".encode())
    },
    # What is not taken comes first, and is offered again.
    "setup:form:look": lambda at: {"text": "{host} is on" if at.number % 2 else "{nobody} is on", "accent": "red"},
    "setup:form:look:…": lambda at: {"text": "{host} is on" if at.number % 2 else "{nobody} is on"},
}
"""What is filled into every form, by its custom id, or by its title where that id is a random one."""

TYPED = "gue"
"""What is typed where the bot makes suggestions."""

UNSET = 3
"""Every so many of the askers' servers has no channel yet."""

PATIENCE_STEPS, STEP = 10, 0.1
"""How often, and after how many seconds each, it is looked for what the bot says beside an answer."""

POST, HELLO = "(post)", "(hello)"
"""Messages that no command is needed for."""


def leaves(command: Json, path: str = "") -> Iterator[tuple[str, list[Json]]]:
    """The commands that can be given, each as its path and its options."""
    path = f"{path} {command['name']}".strip()
    nested = [option for option in command.get("options", []) if option["type"] in {GROUP, SUBCOMMAND}]
    if not nested:
        yield path, command.get("options", [])
    for option in nested:
        yield from leaves(option, path)


def pattern(custom_id: str) -> str:
    """What all components of one kind have in common."""
    return ":".join("…" if re.search("[0-9A-Z]", part) else part for part in custom_id.split(":"))


@dataclass(slots=True)
class Times:
    """How soon each kind of interaction was acknowledged, in seconds."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    late: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, done: LocalInteraction) -> None:
        """Take in an interaction that was answered, or failed to be in time."""
        if done.acknowledged_after is None:
            self.late[name] += 1
        else:
            self.seconds[name].append(done.acknowledged_after)

    def count(self, name: str) -> int:
        """How often it was done."""
        return len(self.seconds.get(name, ())) + self.late[name]

    def all(self, *names: str) -> list[float]:
        """The seconds of these kinds; what was never acknowledged counts as given up after three."""
        return [each for name in names for each in (*self.seconds.get(name, ()), *[ANSWER_WITHIN] * self.late[name])]

    def row(self, *names: str) -> list[str]:
        """Count, median, 99 %, worst, how many never, as text."""
        seconds = self.all(*names)
        if not seconds:
            return ["0", "", "", "", ""]
        late = sum(self.late[name] for name in names)
        figures = (statistics.median(seconds), last_hundredth(seconds), max(seconds))
        return [str(len(seconds)), *(ms(each) for each in figures), str(late)]


def last_hundredth(seconds: Sequence[float]) -> float:
    """What 99 of 100 were within."""
    return hundredths(seconds)[98] if len(seconds) > 1 else seconds[0]


class People:
    """Whoever gives commands and presses what is in the answers, at the bot and at the bare one alike."""

    def __init__(self, *, homes: Sequence[Home], peers: Sequence[Home], world: World, operator: Home) -> None:
        self._world = world
        self._free: asyncio.Queue[tuple[Home, Home]] = asyncio.Queue()
        for home, peer in zip(homes, peers, strict=True):
            if home is not operator:
                self._free.put_nowait((home, peer))
        self._operators: asyncio.Queue[tuple[Home, Home]] = asyncio.Queue()
        self._operators.put_nowait(next(pair for pair in zip(homes, peers, strict=True) if pair[0] is operator))
        self._begun: Counter[str] = Counter()
        self._filled: Counter[str] = Counter()
        self._reached: dict[str, set[str]] = defaultdict(set)
        self._rng = random.Random(4)
        self.custom_ids: set[str] = set()
        self.ours, self.bare = Times(), Times()
        self.silent = 0
        """Interactions that were acknowledged and then answered with nothing to see."""

    async def ask(self, commands: Mapping[str, list[Json]], *, each: int, per_second: float) -> None:
        """Give every command so often, and some more often until what they lead to was pressed as often."""
        async with asyncio.TaskGroup() as visits:
            under_way: set[asyncio.Task[None]] = set()
            while True:
                entry = self._next([*commands, POST, HELLO], each)
                if entry is None and not under_way:
                    return
                if entry is not None:
                    self._begun[entry] += 1
                    visit = visits.create_task(self._visit(entry, commands.get(entry, []), self._begun[entry]))
                    under_way.add(visit)
                    visit.add_done_callback(under_way.discard)
                await asyncio.sleep(self._rng.expovariate(per_second))

    def _next(self, entries: Sequence[str], each: int) -> str | None:
        def is_due(entry: str) -> bool:
            if self._begun[entry] < each:
                return True
            rare = any(self.ours.count(name) < each for name in self._reached[entry])
            return rare and self._begun[entry] < max(OVERTIME * each, LEAST_OVERTIME)

        due = [entry for entry in entries if is_due(entry)]
        return min(due, key=lambda entry: (self._begun[entry], self._rng.random())) if due else None

    @contextlib.asynccontextmanager
    async def _pair(self, entry: str) -> AsyncIterator[tuple[Home, Home]]:
        """Two guilds in which nobody else does anything meanwhile: the bot's and the bare bot's."""
        queue = self._operators if entry.startswith("operator ") else self._free
        pair = await queue.get()
        try:
            yield pair
        finally:
            queue.put_nowait(pair)

    async def _visit(self, entry: str, options: list[Json], number: int) -> None:
        async with self._pair(entry) as (home, peer):
            if entry == POST:
                messages = home.channel.messages[-1:]
            elif entry == HELLO:
                said = home.guild.system_channel.messages
                messages = [message for message in said if message.author.is_bot and message.interaction is None][:1]
            else:
                for option in options:
                    if option.get("autocomplete"):
                        await self._type(entry, option["name"], home, peer)
                messages = await self._use(entry, home, peer, number)
            for message in messages:
                await self._press_on(entry, message, home, peer)

    async def _type(self, command: str, option: str, home: Home, peer: Home) -> None:
        name = f"/{command}: suggestions for {option}"
        for times, place in ((self.ours, home), (self.bare, peer)):
            member = _admin(place)
            with contextlib.suppress(NotAnswered):
                await member.autocomplete(place.guild.system_channel, command, option, TYPED)
            began = reversed(place.guild.state.app.by_token.values())  # type: ignore[attr-defined]  # the local Discord's own
            times.add(name, next(one for one in began if one.member is member and one.kind == AUTOCOMPLETE))

    async def _use(self, command: str, home: Home, peer: Home, number: int) -> list[LocalMessage]:
        """The message that answers the command."""
        uses = []
        for times, place in ((self.ours, home), (self.bare, peer)):
            member, channel = _admin(place), place.guild.system_channel
            visit = Visit(home=place, world=self._world, number=number)
            if command in MENUS:
                use = await member.use_on(member.say(channel, MENUS[command](visit)), command)
            else:
                use = await member.use(channel, command, **COMMANDS[command](visit))
            times.add(f"/{command}", use)
            uses.append(use)
        done, _ = await self._submitted(command, uses[0], home)
        return await self._seen(done)

    async def _submitted(self, entry: str, done: LocalInteraction, home: Home) -> tuple[LocalInteraction, str | None]:
        """Fill in the form that was answered with, if it was one; what answers in its stead, and the form's kind."""
        if done.modal is None:
            return done, None
        form = pattern(done.modal["custom_id"])
        if form == "…":
            form = done.modal["title"]
        if form not in FORMS:
            raise Forgotten(f"nothing is known to fill into the form {form!r}: add it to FORMS")
        self.custom_ids.add(done.modal["custom_id"])
        visit = Visit(home=home, world=self._world, number=self._filled[form])
        self._filled[form] += 1
        sent = await _admin(home).submit(done, **FORMS[form](visit))
        self._take(entry, f"form {form}", sent)
        return sent, form

    async def _seen(self, done: LocalInteraction) -> list[LocalMessage]:
        try:
            return [await done.reply()]
        except NotAnswered:
            self.silent += 1
            return []

    async def _said_beside(self, done: LocalInteraction) -> list[LocalMessage]:
        """What the bot says below its answer to a form, if it does so soon."""
        for _ in range(PATIENCE_STEPS):
            if done.followups:
                break
            await asyncio.sleep(STEP)
        return list(done.followups)

    async def _press_on(self, entry: str, message: LocalMessage, home: Home, peer: Home) -> None:
        """Press from this message on whatever was pressed least so far."""
        member = _admin(home)
        for _ in range(STEPS):
            offered = {
                each["custom_id"]: each
                for each in walk(message.components)
                if "custom_id" in each and not each.get("disabled")
            }
            if not offered:
                return
            self._reached[entry].update(pattern(one) for one in offered)
            custom_id = min(offered, key=lambda one: (self.ours.count(pattern(one)), self._rng.random()))
            self.custom_ids.add(custom_id)
            if offered[custom_id]["type"] == BUTTON:
                done = await member.press(message, custom_id=custom_id)
            else:
                done = await member.choose(message, self._choice(offered[custom_id], home), custom_id=custom_id)
            self._take(entry, pattern(custom_id), done)
            await self._press_bare(pattern(custom_id), peer)
            done, form = await self._submitted(entry, done, home)
            answers = await self._seen(done)
            if not answers:
                return
            if form is not None:
                answers += await self._said_beside(done)
            inviting = [each for each in answers if any("custom_id" in part for part in walk(each.components))]
            message = inviting[-1] if inviting else message

    def _choice(self, select: Json, home: Home) -> object:
        """One of what the select offers."""
        if select["type"] == CHANNEL_SELECT:
            return home.channel
        if select["type"] == ROLE_SELECT:
            return home.guild.roles[home.role]
        if select["type"] == STRING_SELECT:
            return self._rng.choice(select["options"])["value"]
        raise Forgotten(f"nothing is known to choose in {select['custom_id']!r}: see to its type")

    def _take(self, entry: str, name: str, done: LocalInteraction) -> None:
        self.ours.add(name, done)
        self._reached[entry].add(name)

    async def _press_bare(self, name: str, peer: Home) -> None:
        """The same at the bare bot, which has no buttons: it knows of a press no more than the id."""
        member, channel = _admin(peer), peer.guild.system_channel
        message = channel.messages[0] if channel.messages else member.say(channel, "A message with a button")
        self.bare.add(name, await member.press(message, custom_id="bare", force=True))


def _admin(home: Home) -> LocalMember:
    assert home.admin is not None
    return home.admin


def never_used(custom_ids: set[str]) -> list[str]:
    """The components and forms that the bot has, by their template, and that nobody came upon."""
    for extension in cogs.EXTENSIONS:
        importlib.import_module(extension)
    kinds: list[type[Any]] = [discord.ui.DynamicItem, Form]
    found = []
    while kinds:
        kind = kinds.pop()
        kinds.extend(kind.__subclasses__())
        template = kind.__dict__.get("__discord_ui_compiled_template__", kind.__dict__.get("template"))
        if isinstance(template, re.Pattern) and not any(template.fullmatch(each) for each in custom_ids):
            found.append(template.pattern)
    return sorted(found)


class FanOuts:
    """One Space after the other of a host whom every guild follows, each announced everywhere and closed everywhere."""

    def __init__(self, *, x: LocalX, posts: Posts, host: str, guilds: int) -> None:
        self._x = x
        self._posts = posts
        self._host = host
        self._guilds = guilds
        self.begun = 0

    async def go_on(self) -> None:
        """Runs until cancelled; TimeoutError where nothing leaves any more."""
        for number in itertools.count(1):
            self.begun = number
            title = f"The Space that everybody waits for, {number}"
            space = self._x.start_space(self._x.users[self._host], title=title)
            await self._until_everywhere(space.id, is_edit=False)
            space.end()
            await self._until_everywhere(space.id, is_edit=True)

    async def _until_everywhere(self, space_id: str, *, is_edit: bool) -> None:
        """From now on, in every guild."""
        done = len(self._posts.all)

        def is_done(posts: list[Posted]) -> bool:
            new = posts[done:] if len(posts) - done >= self._guilds else []
            return sum(post.is_edit is is_edit and post.space_id == space_id for post in new) >= self._guilds

        await self._posts.until(is_done)


def prepare(homes: Sequence[Home]) -> None:
    """Let the askers' admins, and the bot there, mention everybody, and let the bot say hello."""
    for home in homes:
        if home.admin is not None:
            home.admin.add_role(home.guild.add_role("heralds", permissions=Permission.MENTION_EVERYONE))
            home.guild.set_bot_permissions(
                *DEFAULT_BOT_PERMISSIONS, "mention_everyone", "manage_roles", "create_events"
            )
            home.guild.bot_member.joined_at = datetime.now(UTC)


def link(tables: Queries, x: LocalX, homes: Sequence[Home], host: XUser, key: str) -> None:
    """Every asker has linked the account of this host."""
    vault = vault_of(SecretStr(key))
    for home in homes:
        if home.admin is not None:
            token = SecretStr(x.user_token(host))
            access = vault.seal(token, owner=home.admin.id, purpose=ACCESS)
            until = datetime.now(UTC) + timedelta(days=1)
            tables.set_link(
                Link(
                    person=home.admin.id, access=access, refresh=None, expires_at=until, scopes="space.read users.read"
                )
            )


def fill(tables: Queries, homes: Sequence[Home], host: User, guests: Sequence[User]) -> None:
    """All follow the host; the askers follow the guests too, and may watch for keywords."""
    now = datetime.now(UTC)
    follow(tables, homes, [host])
    tables.remember_users(guests, now)
    for home in homes:
        if home.admin is not None:
            guild_id = GuildId(home.guild.id)
            tables.allow_keywords(guild_id, 1, now)
            tables.set_bell(guild_id, BellMode.HOST)
            if not home.guild.id % UNSET:
                tables.db.execute("UPDATE guilds SET channel_id = NULL WHERE guild_id = ?", [guild_id])
            for guest in guests:
                tables.add_watch(
                    guild_id=guild_id, host_id=guest.id, channel_id=None, roles=(), by=1, limit=100, now=now
                )


def populate(x: LocalX) -> tuple[World, User, list[User]]:
    """The host, the guests, and what is asked about: a Space with many posts, and many Spaces about tea."""
    host, talker = x.add_user("host"), x.add_user("talker")
    guests = [x.add_user(f"guest{number}") for number in range(GUESTS)]
    space = x.start_space(talker, title="A talk", listeners=100, ticketed=True)
    for number in range(47):
        space.add_post(talker, f"Post {number}")
        space.add_buyer(x.add_user(f"buyer{number}"))
    for number in range(25):
        x.start_space(x.add_user(f"tea{number}"), title=f"Tea, part {number}")
    users = [User(id=UserId(user.id), username=user.username, name=user.name) for user in (host, *guests)]
    guest_list = x.add_list(host, guests)
    world = World(space=space.id, host=host.id, guests=[user.id for user in guests], list_id=guest_list.id)
    return world, users[0], users[1:]


def offered(server: LocalDiscord, operator: Home) -> dict[str, list[Json]]:
    """Every command that the bot has registered, with its options; Forgotten where the table is not the same."""
    roots = [*server.commands, *operator.guild.commands.values()]
    found = dict(leaf for command in roots for leaf in leaves(command))
    known = COMMANDS.keys() | MENUS.keys()
    if missing := sorted(found.keys() - known):
        raise Forgotten(f"no options are known for {missing}: add them to COMMANDS, or to MENUS")
    if gone := sorted(known - found.keys()):
        raise Forgotten(f"the bot has no commands {gone} any more: take them out of COMMANDS, or of MENUS")
    return found


async def measure(guilds: int, each: int, per_second: float) -> bool:
    """Measure, print what came out, and say whether all is within the bar."""
    print(f"{guilds} guilds, {load()} before", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            LocalX() as x,
            LocalDiscord(recording=1_000_000) as server,
            LocalDiscord(recording=1_000) as bare_server,
        ):
            world, host, guests = populate(x)
            askers = min(ASKERS, guilds // 2)
            homes, peers = (settle(each_server, guilds, askers=askers) for each_server in (server, bare_server))
            prepare(homes)
            operator = homes[0]
            database = Path(folder) / "interactions.sqlite3"
            key = new_key()
            async with Store(database) as store:
                await store(fill, homes, host, guests)
                await store(link, x, homes, x.spaces[world.space].creator, key)
            bot = BotProcess(
                x_url=x.url,
                x_token=x.bearer_token,
                discord_api_url=server.api_url,
                discord_gateway_url=server.gateway_url,
                discord_token=server.token,
                database=database,
                extra={
                    "SPACEBOT_DAILY_BUDGET_USD": "none",
                    "SPACEBOT_OPERATORS": str(_admin(operator).id),
                    "SPACEBOT_OPERATOR_GUILD": str(operator.guild.id),
                    "SPACEBOT_X_CLIENT_ID": x.clients.client_id,
                    "SPACEBOT_X_CLIENT_SECRET": x.clients.client_secret,
                    "SPACEBOT_X_AUTHORIZE_URL": f"{x.url}/i/oauth2/authorize",
                    "SPACEBOT_ENCRYPTION_KEY": key,
                },
            )
            async with bot:
                await server.wait_for(
                    lambda: server.is_connected and server.commands and operator.guild.commands, timeout=START_TIMEOUT
                )
                await ready(bot)
                commands = offered(server, operator)
                posts, lag = Posts(server), Lag()
                people = People(homes=homes[:askers], peers=peers[:askers], world=world, operator=operator)
                fan_outs = FanOuts(x=x, posts=posts, host=host.id, guilds=guilds - askers)
                payload = [*server.commands, *operator.guild.commands.values()]
                try:
                    async with bare_bot(bare_server, payload), asyncio.TaskGroup() as group:
                        going_on = group.create_task(fan_outs.go_on())
                        await posts.until(lambda all_posts: len(all_posts) > 10)
                        began = datetime.now(UTC)
                        async with running(lag.watch):
                            await people.ask(commands, each=each, per_second=per_second)
                        going_on.cancel()
                finally:
                    tell_troubles(bot)
                await bot.stop()
            meanwhile = [post for post in posts.read() if post.at > began]
            seconds = (datetime.now(UTC) - began).total_seconds()
            edits = sum(post.is_edit for post in meanwhile)
            print(
                f"meanwhile, in {seconds:.0f} s: {len(meanwhile) - edits} messages and {edits} edits, of {fan_outs.begun} "
                f"fan-outs; {lag.told(server.refused)}; {people.silent} answers with nothing to see; {load()} after\n"
            )
    return tell(people)


def tell(people: People) -> bool:
    """Print the table, and say whether all is within the bar."""
    ours, bare = people.ours, people.bare
    names = sorted({*ours.seconds, *ours.late})
    groups = {
        "all commands": [name for name in names if name.startswith("/") and ": " not in name],
        "all suggestions": [name for name in names if name.startswith("/") and ": " in name],
        "all components": [name for name in names if not name.startswith(("/", "form "))],
        "all forms": [name for name in names if name.startswith("form ")],
    }
    print("| | count | median | 99 % | worst | not in 3 s | bare: median | 99 % | worst |")
    print("|---|---|---|---|---|---|---|---|---|")
    for title, members in (*groups.items(), *((f"`{name}`", [name]) for name in names)):
        print(f"| {' | '.join([title, *ours.row(*members), *bare.row(*members)[1:4]])} |")
    slow = [name for name in names if last_hundredth(ours.all(name)) >= BAR]
    unseen = never_used(people.custom_ids)
    if slow:
        print(f"\nNot within {ms(BAR)}: {', '.join(slow)}")
    if unseen:
        print(f"\nNobody came upon: {', '.join(unseen)}")
    return not slow and not unseen


@contextlib.asynccontextmanager
async def bare_bot(server: LocalDiscord, commands: Sequence[Json]) -> AsyncIterator[None]:
    """Run the bare bot, with these commands, as a process beside the block."""
    kept = ("name", "description", "type", "options", "default_member_permissions", "contexts")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([{key: command[key] for key in kept if key in command} for command in commands], file)
        file.flush()
        environment = {
            **os.environ,
            PEER + "TOKEN": server.token,
            PEER + "API": server.api_url,
            PEER + "GATEWAY": server.gateway_url,
            PEER + "COMMANDS": file.name,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, env=environment, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(START_TIMEOUT):
                await process.stdout.readline()
            yield
        finally:
            process.kill()
            await process.wait()


class BareBot(discord.AutoShardedClient):
    """Defers, and does nothing else."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )

    async def on_ready(self) -> None:
        assert self.application_id is not None
        payload = json.loads(Path(os.environ[PEER + "COMMANDS"]).read_text())  # noqa: ASYNC240 - nothing else runs yet
        await self.http.bulk_upsert_global_commands(self.application_id, payload)
        print("ready", flush=True)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            await interaction.response.defer(ephemeral=True)


def run_bare_bot() -> None:
    """What the bare bot's process does."""
    point_at(os.environ[PEER + "API"], os.environ[PEER + "GATEWAY"])
    BareBot().run(os.environ[PEER + "TOKEN"], log_handler=None)


def messages_of(group: BaseExceptionGroup[BaseException]) -> list[str]:
    """What each exception of a group says, those in groups of groups too."""
    inner = [each for each in group.exceptions if isinstance(each, BaseExceptionGroup)]
    return [
        *(str(each) for each in group.exceptions if not isinstance(each, BaseExceptionGroup)),
        *(message for each in inner for message in messages_of(each)),
    ]


if __name__ == "__main__":
    if PEER + "TOKEN" in os.environ:
        run_bare_bot()
        sys.exit()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guilds", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--visits-per-second", type=float, default=8.0)
    asked = parser.parse_args()
    try:
        is_good = asyncio.run(measure(asked.guilds, asked.each, asked.visits_per_second))
    except* Forgotten as forgotten:
        sys.exit("\n".join(messages_of(forgotten)))
    sys.exit(not is_good)
