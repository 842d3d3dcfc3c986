"""A guild's whole watchlist as a file, and a file as a watchlist: each line on its own, within what the guild may have."""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from spacebot.clock import Clock
from spacebot.domain.accounts import Host
from spacebot.domain.guilds import Keyword, Watch
from spacebot.domain.ids import ChannelId, GuildId, PersonId, RoleId, UserId, everyone
from spacebot.domain.looks import Look
from spacebot.domain.mistakes import Mistake
from spacebot.domain.views import Imported, WrongLine
from spacebot.errors import BudgetSpent, StoreError, UserMistake, XAbsent, XError, XNotFound
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases import watch_csv
from spacebot.usecases.filters import consistent, words_of
from spacebot.usecases.guilds import KEYWORD_LENGTH, language_code, normalised
from spacebot.usecases.looks import colour_of, text_of
from spacebot.usecases.lookups import Lookups
from spacebot.usecases.watch_csv import Line, Named
from spacebot.x import reference

AT_ONCE = 100
"""So many accounts are asked for, and so many lines kept, together."""

MOST_LISTENERS = 1_000_000

_NUMBER = re.compile(r"[1-9][0-9]{0,6}")


class Places(Protocol):
    """The channels and roles of a guild, as whoever asks may use them."""

    def channel(self, named: Named, /) -> ChannelId:
        """The channel, where they may write; raises `UserMistake`."""

    def roles(self, named: Sequence[Named], channel_id: ChannelId | None, /) -> tuple[RoleId, ...]:
        """The roles, which they may mention there; raises `UserMistake`."""


class Names(Protocol):
    """What the channels and roles of a guild are called; empty for what is gone."""

    def channel(self, channel_id: ChannelId, /) -> str: ...

    def role(self, role_id: RoleId, /) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A line that can be carried out as far as it alone tells: fields of the watch by name, those that it gives."""

    line: Line
    who: str
    """The host, as it is looked up; or the words, as they are kept."""
    options: Mapping[str, Any]


class _Became(Enum):
    """What a line has made of the guild's list."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(slots=True)
class _Tally:
    """What became of the lines so far."""

    became: Counter[_Became] = field(default_factory=Counter)
    wrong: list[WrongLine] = field(default_factory=list)

    def note(self, line: Line, outcome: _Became | Exception) -> None:
        if isinstance(outcome, _Became):
            self.became[outcome] += 1
        else:
            self.refuse(line, outcome)

    def refuse(self, line: Line, why: Exception) -> None:
        self.wrong.append(WrongLine(number=line.number, cells=line.cells, why=why))


class Bulk:
    """The use cases of `/watch export` and `/watch import`."""

    def __init__(
        self,
        *,
        lookups: Lookups,
        store: Store,
        clock: Clock,
        watch_limit: int,
        keyword_limit: int,
        may_have_keywords: Callable[[GuildId], bool],
        on_change: Callable[[], None],
    ) -> None:
        """Store the collaborators: see `Guilds`."""
        self._lookups = lookups
        self._store = store
        self._clock = clock
        self._watch_limit = watch_limit
        self._keyword_limit = keyword_limit
        self._may_have_keywords = may_have_keywords
        self._on_change = on_change
        self._reading: set[GuildId] = set()

    async def export(self, guild_id: GuildId, names: Names) -> bytes:
        """The guild's hosts and keywords with all their options, as a CSV file that `take` reads again."""
        watches = [line.watch for line in await self._store.read(Queries.watch_lines, guild_id)]
        keywords = await self._store.read(Queries.keywords, guild_id)

        def places(watch: Watch | Keyword) -> tuple[str, list[str]]:
            channel = "" if watch.channel_id is None else names.channel(watch.channel_id)
            return channel, [names.role(role) for role in watch.roles]

        hosts = [watch_csv.host_row(watch, *places(watch)) for watch in watches]
        words = [watch_csv.keyword_row(keyword, *places(keyword)) for keyword in keywords]
        return watch_csv.written([*hosts, *words])

    async def take(self, guild_id: GuildId, content: bytes, places: Places, *, by: int) -> Imported:
        """Follow the hosts, and watch for the words, of a CSV file, exactly as its lines say; the next sweep looks at them.

        A column that the file lacks leaves what is there as it is; an empty cell takes what is usual, or the guild's. What
        one line has wrong concerns that line alone. A host that the guild follows costs nothing; of others as many are
        bought as `Lookups.hosts` allows, 100 at once, and none for which there is no room.

        Args:
            guild_id: The guild.
            content: The file.
            places: The channels and roles that may be named.
            by: The member who asks.

        Raises:
            UserMistake: nothing was read.
            StoreError: nothing was changed.
        """
        if guild_id in self._reading:
            raise UserMistake(Mistake.IMPORT_UNDER_WAY)
        self._reading.add(guild_id)
        try:
            return await self._take(guild_id, content, places, by)
        finally:
            self._reading.remove(guild_id)

    async def _take(self, guild_id: GuildId, content: bytes, places: Places, by: int) -> Imported:
        lines = await asyncio.to_thread(watch_csv.read, content)
        config = await self._store.read(Queries.guild, guild_id)
        tally = _Tally()
        hosts: list[_Asked] = []
        keywords: list[_Asked] = []
        for at, line in enumerate(lines):
            if at % AT_ONCE == 0:
                await asyncio.sleep(0)  # others are answered meanwhile
            try:
                if line.wrong is not None:
                    raise line.wrong
                asked = _asked(line, places, config.channel_id)
                if _is_keyword(line.cells):
                    self._require_keyword(guild_id, asked)
                    keywords.append(asked)
                else:
                    hosts.append(asked)
            except UserMistake as mistake:
                tally.refuse(line, mistake)
        try:
            await self._follow(guild_id, hosts, tally, by)
            await self._watch_for(guild_id, keywords, tally, by)
        finally:
            if tally.became[_Became.NEW] or tally.became[_Became.CHANGED]:
                self._on_change()
        wrong = sorted(tally.wrong, key=lambda each: each.number)
        counts = {each.value: tally.became[each] for each in _Became}
        return Imported(**counts, wrong=tuple(wrong))

    def _require_keyword(self, guild_id: GuildId, asked: _Asked) -> None:
        if not self._may_have_keywords(guild_id):
            raise UserMistake(Mistake.KEYWORDS_NOT_ALLOWED)
        if everyone(guild_id) in asked.options.get("roles", ()):
            raise UserMistake(Mistake.EVERYONE_FOR_KEYWORD)

    async def _follow(self, guild_id: GuildId, asked: Sequence[_Asked], tally: _Tally, by: int) -> None:
        """Follow the hosts of these lines: first those of the guild's list, then those that have to be looked up."""
        there = [line.watch.host for line in await self._store.read(Queries.watch_lines, guild_id)]
        listed = {watch_csv.host_link(host.user_id): host for host in there}
        named = {host.username.casefold(): host for host in there}
        known: list[tuple[_Asked, Host]] = []
        unknown: deque[_Asked] = deque()
        seen: set[UserId] = set()
        for each in asked:
            host = _of_list(each.who, listed, named)
            if host is None:
                unknown.append(each)
            elif _is_first(each, host, seen, tally):
                known.append((each, host))
        for at in range(0, len(known), AT_ONCE):
            await self._keep_hosts(guild_id, known[at : at + AT_ONCE], tally, by)
        room = self._watch_limit - len(there)
        down: Exception | None = None
        while unknown and room > 0 and down is None:
            batch = [unknown.popleft() for _ in range(min(AT_ONCE, room, len(unknown)))]
            ready, down = await self._looked_up(guild_id, batch, seen, tally, by)
            room -= await self._keep_hosts(guild_id, ready, tally, by)
        for each in unknown:
            tally.refuse(each.line, down or UserMistake(Mistake.TOO_MANY_HOSTS, count=self._watch_limit))

    async def _looked_up(
        self, guild_id: GuildId, batch: Sequence[_Asked], seen: set[UserId], tally: _Tally, by: int
    ) -> tuple[list[tuple[_Asked, Host]], Exception | None]:
        """The hosts of some lines, and why X need not be asked for others: who asks again and again waits each time."""
        texts = [each.who for each in batch]
        found = await self._lookups.hosts(texts, guild_id=guild_id, person=PersonId(by), most=AT_ONCE)
        ready: list[tuple[_Asked, Host]] = []
        down: Exception | None = None
        for each, outcome in zip(batch, found, strict=True):
            if outcome.host is None:
                why = outcome.error or XNotFound(resource_type="user")
                tally.refuse(each.line, why)
                if isinstance(why, XError) and not isinstance(why, XAbsent | BudgetSpent):
                    down = why
            elif _is_first(each, outcome.host, seen, tally):
                ready.append((each, outcome.host))
        return ready, down

    async def _keep_hosts(self, guild_id: GuildId, ready: Sequence[tuple[_Asked, Host]], tally: _Tally, by: int) -> int:
        """Keep some lines in one transaction; returns how many hosts are new."""
        before = tally.became[_Became.NEW]
        try:
            outcomes = await self._store(
                _put_hosts, guild_id, ready, by=by, limit=self._watch_limit, now=self._clock.now()
            )
        except StoreError as error:  # what was kept before stays, and is told
            outcomes = [error] * len(ready)
        for (asked, _), outcome in zip(ready, outcomes, strict=True):
            tally.note(asked.line, outcome)
        return tally.became[_Became.NEW] - before

    async def _watch_for(self, guild_id: GuildId, asked: Sequence[_Asked], tally: _Tally, by: int) -> None:
        """Watch for the words of these lines."""
        first: dict[str, _Asked] = {}
        for each in asked:
            if first.setdefault(each.who, each) is not each:
                tally.refuse(each.line, UserMistake(Mistake.NAMED_TWICE))
        ready = list(first.values())
        for at in range(0, len(ready), AT_ONCE):
            batch = ready[at : at + AT_ONCE]
            try:
                outcomes = await self._store(
                    _put_keywords, guild_id, batch, by=by, limit=self._keyword_limit, now=self._clock.now()
                )
            except StoreError as error:
                outcomes = [error] * len(batch)
            for each, outcome in zip(batch, outcomes, strict=True):
                tally.note(each.line, outcome)


def _is_first(asked: _Asked, host: Host, seen: set[UserId], tally: _Tally) -> bool:
    """Whether no earlier line has named the host."""
    if host.user_id in seen:
        tally.refuse(asked.line, UserMistake(Mistake.NAMED_TWICE))
        return False
    seen.add(host.user_id)
    return True


def _put_hosts(
    tables: Queries, guild_id: GuildId, ready: Sequence[tuple[_Asked, Host]], *, by: int, limit: int, now: datetime
) -> list[_Became | Exception]:
    before = {line.watch.host.user_id: line.watch for line in tables.watch_lines(guild_id)}
    outcomes: list[_Became | Exception] = []
    for asked, host in ready:
        old = before.get(host.user_id)
        new = old or Watch(watch_id=0, host=host)
        options = dict(asked.options)
        look = Look(text=options.pop("text", new.look.text), accent=options.pop("accent", new.look.accent))
        filters = {name: options.pop(name) for name in ("want", "shun", "lang", "ticketed") if name in options}
        new = replace(new, look=look, filter=replace(new.filter, **filters), **options)
        try:
            consistent(new.filter)
            if new != old:
                tables.put_watch(guild_id, new, by=by, limit=limit, now=now)
                tables.ensure_deliveries(host.user_id, now)
        except UserMistake as full:
            outcomes.append(full)
        else:
            outcomes.append(_became(old, new))
    return outcomes


def _put_keywords(
    tables: Queries, guild_id: GuildId, batch: Sequence[_Asked], *, by: int, limit: int, now: datetime
) -> list[_Became | Exception]:
    before = {keyword.text: keyword for keyword in tables.keywords(guild_id)}
    outcomes: list[_Became | Exception] = []
    for asked in batch:
        old = before.get(asked.who)
        new = replace(old or Keyword(guild_id=guild_id, text=asked.who), **asked.options)
        try:
            if new != old:
                tables.put_keyword(new, by=by, limit=limit, now=now)
        except UserMistake as full:
            outcomes.append(full)
        else:
            outcomes.append(_became(old, new))
    return outcomes


def _became(old: Watch | Keyword | None, new: Watch | Keyword) -> _Became:
    if old is None:
        return _Became.NEW
    return _Became.SAME if new == old else _Became.CHANGED


def _of_list(who: str, listed: Mapping[str, Host], named: Mapping[str, Host]) -> Host | None:
    """The host of the guild's list that a line names, by id or by handle: X need not be asked for it."""
    wanted = reference.host(who)
    if isinstance(wanted, reference.Handle):
        return named.get(wanted.name.casefold())
    return None if isinstance(wanted, reference.HostOf) else listed.get(watch_csv.host_link(wanted))


def _is_keyword(cells: Mapping[str, str]) -> bool:
    kind = cells.get("kind", "").strip().casefold()
    if kind not in {"", watch_csv.HOST, watch_csv.KEYWORD}:
        raise UserMistake(Mistake.CELL_WRONG, column="kind", allowed=f"{watch_csv.HOST}, {watch_csv.KEYWORD}")
    named = cells.get("host", "").strip() or cells.get("handle", "").strip()
    return kind == watch_csv.KEYWORD or (not kind and not named and bool(cells.get("words", "").strip()))


def _asked(line: Line, places: Places, guild_channel: ChannelId | None) -> _Asked:
    """What a line asks for.

    Raises:
        UserMistake: one cell has what it may not have, or names what whoever asks may not use.
    """
    cells = line.cells
    options: dict[str, Any] = {}
    if _is_keyword(cells):
        who = _words(cells)
        options |= _filters(cells)
    else:
        who = cells.get("host", "").strip() or cells.get("handle", "").strip()
        reference.host(who)
        options |= _own(cells)
    if {"channel", "channel_name"} & cells.keys():
        named = watch_csv.channel_of(cells)
        options["channel_id"] = None if named is None else places.channel(named)
    if {"roles", "role_names"} & cells.keys():
        options["roles"] = places.roles(watch_csv.roles_of(cells), options.get("channel_id") or guild_channel)
    return _Asked(line=line, who=who, options=options)


def _words(cells: Mapping[str, str]) -> str:
    words = normalised(cells.get("words", ""))
    if not words:
        raise UserMistake(Mistake.NO_KEYWORD)
    if len(words) > KEYWORD_LENGTH:
        raise UserMistake(Mistake.KEYWORD_TOO_LONG, most=KEYWORD_LENGTH)
    return words


def _own(cells: Mapping[str, str]) -> dict[str, Any]:
    """What the cells of a host say beside where and whom."""
    options: dict[str, Any] = {}
    if "also" in cells:
        options["also_cohost"] = watch_csv.flag(cells, "also", watch_csv.COHOST)
    if "paused" in cells:
        options["on_hold"] = watch_csv.flag(cells, "paused", watch_csv.YES)
    if "text" in cells:
        options["text"] = text_of(cells["text"])
    if "accent" in cells:
        options["accent"] = colour_of(cells["accent"])
    for column in {"want", "shun"} & cells.keys():
        options[column] = words_of(cells[column]) if cells[column].strip() else ()
    return options | _language_and_tickets(cells)


def _filters(cells: Mapping[str, str]) -> dict[str, Any]:
    """What the cells of a keyword say of the Spaces that are meant."""
    options = _language_and_tickets(cells)
    if "listeners" in cells:
        said = cells["listeners"].strip()
        if said and not (_NUMBER.fullmatch(said) and int(said) <= MOST_LISTENERS):
            raise UserMistake(Mistake.CELL_WRONG, column="listeners", allowed=f"1 … {MOST_LISTENERS}")
        options["least"] = int(said) if said else None
    return options


def _language_and_tickets(cells: Mapping[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if "language" in cells:
        options["lang"] = language_code(cells["language"].strip() or None)
    if "tickets" in cells:
        said = cells["tickets"].strip().casefold()
        if said not in {"", watch_csv.NEEDED, watch_csv.NONE}:
            allowed = f"{watch_csv.NEEDED}, {watch_csv.NONE}"
            raise UserMistake(Mistake.CELL_WRONG, column="tickets", allowed=allowed)
        options["ticketed"] = said == watch_csv.NEEDED if said else None
    return options
