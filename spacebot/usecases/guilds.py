"""What a guild's admins ask for: follow, unfollow, configure. The cogs check permissions."""

import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from spacebot.clock import Clock
from spacebot.domain.accounts import Host
from spacebot.domain.bells import EVERY_HOST, BellMode
from spacebot.domain.filters import Filter
from spacebot.domain.guilds import AtEnd, GuildConfig, Keyword, WatchLine
from spacebot.domain.ids import ChannelId, GuildId, ListId, PersonId, RoleId, UserId, events_of
from spacebot.domain.languages import current
from spacebot.domain.looks import Look
from spacebot.domain.mistakes import Mistake
from spacebot.domain.spaces import Phase
from spacebot.domain.texts import fit
from spacebot.domain.views import Agenda, GuildShare, ListOffer, ManyWatched, SetUp, Unresolved, Watched
from spacebot.errors import SpacebotError, StoreError, UserMistake, XError
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.accounts import HOSTS_AT_ONCE
from spacebot.usecases.lookups import Lookups
from spacebot.x import reference

log = logging.getLogger(__name__)

T = TypeVar("T")

KEYWORD_LENGTH = 100
"""The longest keyword, in characters; Discord shows no longer choices."""

LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}", re.ASCII | re.IGNORECASE)

A_WEEK = timedelta(days=7)

CHOICES = 25
"""The most suggestions that Discord shows while somebody types."""


class Guilds:
    """The use cases of `/watch …`, `/config …` and `/spaces-upcoming`."""

    def __init__(
        self,
        *,
        lookups: Lookups,
        store: Store,
        clock: Clock,
        watch_limit: int,
        keyword_limit: int = 10,
        new_host_limit: int | None = None,
        may_have_keywords: Callable[[GuildId], bool] = lambda _: True,
        may_show_invited: bool = True,
        look: Callable[[UserId], Awaitable[None]],
        on_change: Callable[[], None],
    ) -> None:
        """Store the collaborators.

        Args:
            lookups: Finds the account of a host.
            store: Where the lists are kept.
            clock: Time.
            watch_limit: The most hosts that one guild may follow.
            keyword_limit: The most keywords that one guild may watch for.
            new_host_limit: The most accounts that are bought in one UTC day for one guild to follow, as the look-ups
                count them; None for no limit.
            may_have_keywords: Whether the operator lets a guild have any.
            may_show_invited: Whether the operator lets a guild show who is invited to scheduled Spaces.
            look: Looks at one host at once, which announces a live Space; may raise `XError`.
            on_change: Called when a watchlist or a channel has changed.
        """
        self._lookups = lookups
        self._store = store
        self._clock = clock
        self._watch_limit = watch_limit
        self._keyword_limit = keyword_limit
        self._new_host_limit = new_host_limit
        self._may_have_keywords = may_have_keywords
        self._may_show_invited = may_show_invited
        self._look = look
        self._on_change = on_change

    async def watch(
        self,
        guild_id: GuildId,
        text: str,
        *,
        channel_id: ChannelId | None,
        roles: Collection[RoleId] = (),
        also_cohost: bool | None = None,
        by: int,
    ) -> Watched[WatchLine]:
        """Follow the host behind a handle, link or id, or change how it is followed.

        Args:
            guild_id: The guild.
            text: The handle, link or id.
            channel_id: Where to announce; None for the guild's own.
            roles: The roles to mention; none for the guild's own.
            also_cohost: Whether to announce other people's Spaces with the host as co-host or speaker; None: unchanged.
            by: The member who asks.

        Raises:
            UserMistake, XError: nothing was changed.
        """
        host = await self._lookups.host(text, guild_id=guild_id, person=PersonId(by))
        before = _of_host(await self.watchlist(guild_id), host.user_id)
        is_new = await self._store(
            Queries.add_watch,
            guild_id=guild_id,
            host_id=host.user_id,
            channel_id=channel_id,
            roles=roles,
            also_cohost=also_cohost,
            by=by,
            limit=self._watch_limit,
            now=self._clock.now(),
        )
        looked = True
        try:
            await self._look(host.user_id)
        except XError:
            looked = False
        await self._store(Queries.ensure_deliveries, host.user_id, self._clock.now())
        self._on_change()
        line = await self._line(guild_id, host.user_id)
        # What X calls the host now is no change of how it is followed.
        changed = before is None or replace(before.watch, host=line.watch.host) != line.watch
        return Watched(line=line, is_new=is_new, changed=changed, looked=looked)

    async def reset_watch(self, guild_id: GuildId, text: str, *, channel: bool, role: bool) -> Watched[WatchLine]:
        """Take a host's own channel, or role, away: the guild's are used again. The host is given as for `unwatch`.

        Raises:
            UserMistake: this guild does not follow such a host.
        """
        host = await self._followed(guild_id, text)
        before = await self._line(guild_id, host.user_id)
        await self._store(Queries.reset_watch, guild_id, host.user_id, channel=channel, role=role)
        await self._store(Queries.ensure_deliveries, host.user_id, self._clock.now())
        self._on_change()
        line = await self._line(guild_id, host.user_id)
        return Watched(line=line, is_new=False, changed=before.watch != line.watch)

    async def watch_many(
        self,
        guild_id: GuildId,
        text: str,
        *,
        channel_id: ChannelId | None = None,
        roles: Collection[RoleId] = (),
        also_cohost: bool | None = None,
        by: int,
    ) -> ManyWatched:
        """Follow the hosts behind several handles, links or ids, one per line; the next sweep looks at them.

        What one line has wrong concerns that line alone.

        Args:
            guild_id: The guild.
            text: The lines; those after the first `HOSTS_AT_ONCE` are not tried.
            channel_id: Where to announce them; None for the guild's own channel, or unchanged.
            roles: The roles to mention; none for the guild's own, or unchanged.
            also_cohost: As for `watch`.
            by: The member who asks.

        Raises:
            UserMistake: there is no line.
            XError: nothing was followed.
            StoreError: what was followed until then stays so.
        """
        lines = lines_of(text)
        if not lines:
            raise UserMistake(Mistake.NO_HOST)
        named = await self._lookups.hosts(lines[:HOSTS_AT_ONCE], guild_id=guild_id, person=PersonId(by))
        hosts = [line.host for line in named if line.host is not None]
        many = await self.watch_hosts(
            guild_id, hosts, channel_id=channel_id, roles=roles, also_cohost=also_cohost, by=by
        )
        wrong = [Unresolved(text=line.text, why=line.error) for line in named if line.host is None]
        left = [Unresolved(text=line, why=None) for line in lines[HOSTS_AT_ONCE:]]
        return replace(many, unresolved=(*wrong, *many.unresolved, *left))

    async def watch_hosts(
        self,
        guild_id: GuildId,
        hosts: Sequence[Host],
        *,
        channel_id: ChannelId | None = None,
        roles: Collection[RoleId] = (),
        also_cohost: bool | None = None,
        by: int,
    ) -> ManyWatched:
        """As `watch_many`, for accounts that are known; where the guild may follow no more, the rest is left out."""
        unique = list({host.user_id: host for host in hosts}.values())
        new: list[Host] = []
        known: list[Host] = []
        unresolved: list[Unresolved] = []
        for number, host in enumerate(unique):
            try:
                is_new = await self._store(
                    Queries.add_watch,
                    guild_id=guild_id,
                    host_id=host.user_id,
                    channel_id=channel_id,
                    roles=roles,
                    also_cohost=also_cohost,
                    by=by,
                    limit=self._watch_limit,
                    now=self._clock.now(),
                )
            except UserMistake as full:
                unresolved = [Unresolved(text=f"@{rest.username}", why=full) for rest in unique[number:]]
                break
            (new if is_new else known).append(host)
            await self._store(Queries.ensure_deliveries, host.user_id, self._clock.now())
        if new or known:
            self._on_change()
        return ManyWatched(new=tuple(new), known=tuple(known), unresolved=tuple(unresolved))

    async def list_offer(self, guild_id: GuildId, text: str) -> ListOffer | None:
        """What it takes to follow the members of the list whose link the text is; None if it is none.

        Raises:
            UserMistake: the guild may follow nobody more.
        """
        lines = lines_of(text)
        list_id = reference.list_id(lines[0]) if len(lines) == 1 else None
        if list_id is None:
            return None
        room = await self._room(guild_id)
        return ListOffer(list_id=list_id, most=room, millicents=self._lookups.list_price(room))

    async def watch_list(
        self,
        guild_id: GuildId,
        list_id: ListId,
        *,
        channel_id: ChannelId | None = None,
        roles: Collection[RoleId] = (),
        also_cohost: bool | None = None,
        by: int,
        most: int,
    ) -> ManyWatched:
        """Follow the newest members of a list of X's, `most` at most, as `watch_hosts`; the price of `list_offer` is paid.

        Raises:
            UserMistake: the guild may follow nobody more, or X does not show the list.
            XError: nothing was followed.
        """
        room = await self._room(guild_id)
        members = await self._lookups.list_members(
            list_id, guild_id=guild_id, person=PersonId(by), most=min(most, room)
        )
        many = await self.watch_hosts(
            guild_id, members.hosts, channel_id=channel_id, roles=roles, also_cohost=also_cohost, by=by
        )
        hidden = [
            Unresolved(text=f"@{host.username}", why=UserMistake(Mistake.PROTECTED)) for host in members.protected
        ]
        return replace(many, unresolved=(*many.unresolved, *hidden), has_more=members.has_more)

    async def _room(self, guild_id: GuildId) -> int:
        """How many hosts more the guild may follow."""
        count = len(await self.watchlist(guild_id))
        if count >= self._watch_limit:
            raise UserMistake(Mistake.TOO_MANY_HOSTS, count=count)
        return self._watch_limit - count

    async def unwatch(self, guild_id: GuildId, text: str) -> Host:
        """Stop following a host of this guild's list, given by handle, link, id, or name as shown there.

        Does not ask X: an account that is gone can still be removed.

        Raises:
            UserMistake: this guild does not follow such a host.
        """
        host = await self._followed(guild_id, text)
        await self._store(Queries.remove_watch, guild_id, host.user_id, self._clock.now())
        self._on_change()
        return host

    async def _followed(self, guild_id: GuildId, text: str) -> Host:
        host = find_host([line.watch.host for line in await self.watchlist(guild_id)], text)
        if host is None:
            raise UserMistake(Mistake.NOT_FOLLOWED)
        return host

    async def watchlist(self, guild_id: GuildId) -> list[WatchLine]:
        """Every watch of the guild with its state."""
        return await self._store.read(Queries.watch_lines, guild_id)

    async def watch_keyword(self, keyword: Keyword, *, by: int) -> Watched[Keyword]:
        """Add or change a keyword watch.

        Args:
            keyword: The words, filters, channel and role; without a channel the guild's is used.
            by: The member who asks.

        Raises:
            UserMistake: nothing was changed.
        """
        if not self._may_have_keywords(keyword.guild_id):
            raise UserMistake(Mistake.KEYWORDS_NOT_ALLOWED)
        text = normalised(keyword.text)
        if not text:
            raise UserMistake(Mistake.NO_KEYWORD)
        if len(text) > KEYWORD_LENGTH:
            raise UserMistake(Mistake.KEYWORD_TOO_LONG, most=KEYWORD_LENGTH)
        keyword = replace(keyword, text=text, lang=language_code(keyword.lang))
        before = await self._keyword(keyword.guild_id, text)
        is_new = await self._store(
            Queries.add_keyword, keyword, by=by, limit=self._keyword_limit, now=self._clock.now()
        )
        self._on_change()
        return await self._watched_keyword(keyword.guild_id, text, before, is_new=is_new)

    async def reset_keyword(self, guild_id: GuildId, text: str, *, channel: bool, role: bool) -> Watched[Keyword]:
        """Take a keyword's own channel, or role, away: the guild's are used again.

        Raises:
            UserMistake: this guild does not watch for these words.
        """
        words = normalised(text)
        before = await self._keyword(guild_id, words)
        if before is None:
            raise UserMistake(Mistake.KEYWORD_NOT_WATCHED)
        await self._store(Queries.reset_keyword, guild_id, words, channel=channel, role=role)
        self._on_change()
        return await self._watched_keyword(guild_id, words, before, is_new=False)

    async def _watched_keyword(
        self, guild_id: GuildId, words: str, before: Keyword | None, *, is_new: bool
    ) -> Watched[Keyword]:
        now = await self._keyword(guild_id, words)
        if now is None:
            raise UserMistake(Mistake.KEYWORD_NOT_WATCHED)
        config = await self.config(guild_id)
        line = replace(now, channel_id=now.channel_id or config.channel_id)
        return Watched(line=line, is_new=is_new, changed=now != before)

    async def _keyword(self, guild_id: GuildId, words: str) -> Keyword | None:
        return next((keyword for keyword in await self.keywords(guild_id) if keyword.text == words), None)

    async def unwatch_keyword(self, guild_id: GuildId, text: str) -> str:
        """Stop watching for some words.

        Raises:
            UserMistake: this guild does not watch for them.
        """
        words = normalised(text)
        if not await self._store(Queries.remove_keyword, guild_id, words, self._clock.now()):
            raise UserMistake(Mistake.KEYWORD_NOT_WATCHED)
        self._on_change()
        return words

    async def keywords(self, guild_id: GuildId) -> list[Keyword]:
        """The guild's keywords."""
        return await self._store.read(Queries.keywords, guild_id)

    async def set_up(self, guild_id: GuildId) -> SetUp:
        """Everything that the guild has set, and what its announcements have met."""
        watches = await self.watchlist(guild_id)
        met = {line.channel_id: line.paused for line in watches if line.channel_id and line.paused}
        config = await self.config(guild_id)
        of_events = await self._store.read(Queries.events_met, guild_id) if config.makes_events else None
        if of_events is not None:
            met[events_of(guild_id)] = of_events
        return SetUp(
            config=config,
            watches=tuple(watches),
            keywords=tuple(await self.keywords(guild_id)),
            met=met | {pause.channel_id: pause.obstacle for pause in await self._store(Queries.pauses, guild_id)},
            bells=await self._bells(guild_id, config.bell, watches),
        )

    async def _bells(self, guild_id: GuildId, mode: BellMode, watches: Sequence[WatchLine]) -> dict[UserId, RoleId]:
        """The roles of the bells that the guild has now, by host."""
        if mode is BellMode.OFF:
            return {}
        hosts = {line.watch.host.user_id for line in watches} if mode is BellMode.HOST else {EVERY_HOST}
        stored = await self._store.read(Queries.bells, guild_id)
        return {host: bell.role_id for host, bell in stored.items() if bell.role_id is not None and host in hosts}

    async def share(self, guild_id: GuildId) -> GuildShare:
        """What the guild uses of what it may use."""
        return GuildShare(
            hosts=len(await self.watchlist(guild_id)),
            host_limit=self._watch_limit,
            keywords=len(await self.keywords(guild_id)),
            keyword_limit=self._keyword_limit if self._may_have_keywords(guild_id) else 0,
            new_hosts=await self._store(Queries.new_hosts, guild_id, self._clock.now().date()),
            new_host_limit=self._new_host_limit,
        )

    async def _line(self, guild_id: GuildId, host_id: UserId) -> WatchLine:
        line = _of_host(await self.watchlist(guild_id), host_id)
        if line is None:
            raise UserMistake(Mistake.JUST_REMOVED)
        return line

    async def agenda(self, guild_id: GuildId, sees: Callable[[ChannelId | None], bool]) -> Agenda:
        """Which hosts of the guild are live, and what they have scheduled for the next week; X is not asked.

        Args:
            guild_id: The guild; its hosts on hold, about whom X is not asked, are left out.
            sees: Whether whoever asks may see what is announced in a channel; None where a host has none yet.
        """
        found = await self._store.read(Queries.agenda, guild_id, self._clock.now() + A_WEEK)
        seen = [view for view, channel_id, _ in found if sees(channel_id)]
        return Agenda(
            live=tuple(view for view in seen if view.phase is Phase.LIVE),
            coming=tuple(view for view in seen if view.phase is Phase.SCHEDULED),
            events={view.url: event for view, _, event in found if event is not None},
        )

    async def complete(
        self, guild_id: GuildId, typed: str, sees: Callable[[ChannelId | None], bool] = lambda _: True
    ) -> list[Host]:
        """Followed hosts whose name or handle contains what was typed so far, as far as whoever types sees their posts."""
        part = typed.strip().removeprefix("@").casefold()
        hosts = (line.watch.host for line in await self.watchlist(guild_id) if sees(line.channel_id))
        return [host for host in hosts if any(part in name for name in _names(host))][:CHOICES]

    async def set_channel(self, guild_id: GuildId, channel_id: ChannelId) -> None:
        """Announce there for watches without a channel of their own."""
        await self._store(Queries.set_channel, guild_id, channel_id)
        self._on_change()

    async def set_roles(self, guild_id: GuildId, roles: Collection[RoleId]) -> None:
        """Mention these roles, or nobody, for watches without roles of their own."""
        await self._store(Queries.set_roles, guild_id, roles)

    async def set_look(self, guild_id: GuildId, look: Look) -> None:
        """Let announcements of live Spaces look so, where their watch has no look of its own."""
        await self._store(Queries.set_look, guild_id, look)

    async def set_watch_look(self, guild_id: GuildId, text: str, look: Look) -> Host:
        """As `set_look`, for one host of the guild's list, named as for `unwatch`.

        Raises:
            UserMistake: this guild does not follow such a host.
        """
        host = await self._followed(guild_id, text)
        if not await self._store(Queries.set_watch_look, guild_id, host.user_id, look):
            raise UserMistake(Mistake.NO_LONGER_FOLLOWED)
        return host

    async def watch_look(self, guild_id: GuildId, text: str) -> Look:
        """The own look of one host of the guild's list, named as for `unwatch`.

        Raises:
            UserMistake: this guild does not follow such a host.
        """
        host = await self._followed(guild_id, text)
        return (await self._line(guild_id, host.user_id)).watch.look

    async def set_watch_filter(self, guild_id: GuildId, text: str, wanted: Filter) -> Host:
        """Announce of one host of the guild's list, named as for `unwatch`, only what passes; X is not asked.

        What waits and does not pass is not posted; what is live and passes now is announced.

        Raises:
            UserMistake: this guild does not follow such a host.
        """
        host = await self._followed(guild_id, text)
        if (await self._line(guild_id, host.user_id)).watch.filter == wanted:
            return host
        if not await self._store(Queries.set_watch_filter, guild_id, host.user_id, wanted, self._clock.now()):
            raise UserMistake(Mistake.NO_LONGER_FOLLOWED)
        await self._store(Queries.ensure_deliveries, host.user_id, self._clock.now())
        self._on_change()
        return host

    async def watch_filter(self, guild_id: GuildId, text: str) -> Filter:
        """The filters of one host of the guild's list, named as for `unwatch`.

        Raises:
            UserMistake: this guild does not follow such a host.
        """
        host = await self._followed(guild_id, text)
        return (await self._line(guild_id, host.user_id)).watch.filter

    async def set_publishes(self, guild_id: GuildId, *, publishes: bool) -> None:
        """Publish announcements of live Spaces in announcement channels, or do not."""
        await self._store(Queries.set_publishes, guild_id, publishes=publishes)

    async def set_shows_invited(self, guild_id: GuildId, *, shows: bool) -> None:
        """Name who is invited to scheduled Spaces, and the topics, or do not.

        Raises:
            UserMistake: the operator has X asked for no people.
        """
        if shows and not self._may_show_invited:
            raise UserMistake(Mistake.INVITED_NOT_SHOWN)
        await self._store(Queries.set_shows_invited, guild_id, self._clock.now(), shows=shows)

    async def set_events(self, guild_id: GuildId, *, makes_events: bool) -> None:
        """Set whether scheduled Spaces become events of the guild; those that are there already do at the next look."""
        await self._store(Queries.set_events, guild_id, makes_events=makes_events)
        self._on_change()

    async def set_bell(self, guild_id: GuildId, mode: BellMode) -> None:
        """Let members take roles with a button: one for the guild, one for each host, or none."""
        await self._store(Queries.set_bell, guild_id, mode)

    async def hold(self, guild_id: GuildId) -> None:
        """Post nothing new in the guild until `go_on`; what stands is kept true."""
        await self._store(Queries.hold, guild_id)
        self._on_change()

    async def go_on(self, guild_id: GuildId) -> None:
        """End `hold`: whoever is live is announced as soon as X says so."""
        await self._store(Queries.go_on, guild_id)
        self._on_change()

    async def hold_watch(self, guild_id: GuildId, text: str) -> Host:
        """Post nothing new for one host of the guild's list, named as for `unwatch`, until `resume_watch`.

        Raises:
            UserMistake: this guild does not follow such a host.
        """
        return await self._set_hold(guild_id, text, on_hold=True)

    async def resume_watch(self, guild_id: GuildId, text: str) -> Host:
        """End `hold_watch`, and look at the host at once: it is announced if it is live. X is not asked if it was not held.

        Raises:
            UserMistake: this guild does not follow such a host.
        """
        held = {line.watch.host.user_id for line in await self.watchlist(guild_id) if line.watch.on_hold}
        host = await self._set_hold(guild_id, text, on_hold=False)
        if host.user_id not in held:
            return host
        with contextlib.suppress(XError):  # the next sweep looks
            await self._look(host.user_id)
        return host

    async def _set_hold(self, guild_id: GuildId, text: str, *, on_hold: bool) -> Host:
        host = await self._followed(guild_id, text)
        if not await self._store(Queries.hold_watch, guild_id, host.user_id, on_hold=on_hold):
            raise UserMistake(Mistake.NO_LONGER_FOLLOWED)
        self._on_change()
        return host

    async def set_admin_channel(self, guild_id: GuildId, channel_id: ChannelId | None) -> None:
        """Report problems there; None for the guild's system channel."""
        await self._store(Queries.set_admin_channel, guild_id, channel_id)

    async def set_end(self, guild_id: GuildId, at_end: AtEnd) -> None:
        """Set what happens to announcements when their Space is over."""
        await self._store(Queries.set_end, guild_id, at_end)

    async def set_pings(self, guild_id: GuildId, minutes: int) -> None:
        """How many minutes there are at least between two mentions for one host in one channel; 0 for none."""
        await self._store(Queries.set_pings, guild_id, minutes)

    async def set_moments(
        self, guild_id: GuildId, *, scheduled: bool | None, reminder: int | None, live: bool | None, ended: bool | None
    ) -> GuildConfig:
        """Set which moments of a Space to announce; None leaves one unchanged, and 0 switches the reminder off."""
        now = await self.config(guild_id)
        minutes = now.reminder_minutes if reminder is None else (reminder or None)
        await self._store(
            Queries.set_moments,
            guild_id,
            self._clock.now(),
            scheduled=now.tells_scheduled if scheduled is None else scheduled,
            reminder_minutes=minutes,
            live=now.tells_live if live is None else live,
            ended=now.tells_ended if ended is None else ended,
        )
        self._on_change()
        return await self.config(guild_id)

    async def set_watch_roles(self, guild_id: GuildId, host_id: UserId, roles: Collection[RoleId]) -> None:
        """Mention these roles for one host.

        Raises:
            UserMistake: this guild does not follow that host any more.
        """
        if not await self._store(Queries.set_watch_roles, guild_id, host_id, roles):
            raise UserMistake(Mistake.NO_LONGER_FOLLOWED)

    async def change_watch(
        self,
        guild_id: GuildId,
        host_id: UserId,
        *,
        channel_id: ChannelId | None,
        roles: Collection[RoleId],
        also_cohost: bool,
    ) -> None:
        """Give a watch exactly this channel and these roles; None and none are the guild's.

        Raises:
            UserMistake: this guild does not follow that host any more.
        """
        is_followed = await self._store(
            Queries.set_watch, guild_id, host_id, channel_id=channel_id, roles=roles, also_cohost=also_cohost
        )
        if not is_followed:
            raise UserMistake(Mistake.NO_LONGER_FOLLOWED)
        await self._store(Queries.ensure_deliveries, host_id, self._clock.now())
        self._on_change()

    async def config(self, guild_id: GuildId) -> GuildConfig:
        """The guild's configuration."""
        return await self._store.read(Queries.guild, guild_id)

    async def ungreet(self, guild_id: GuildId) -> None:
        """The greeting could not be posted; the next event of the guild tries again."""
        await self._quietly(self._store(Queries.ungreet, guild_id))

    async def joined(self, guild_id: GuildId) -> None:
        """The bot is in this guild (again)."""
        await self._quietly(self._store(Queries.join, guild_id))
        self._on_change()

    async def left(self, guild_id: GuildId) -> None:
        """The bot was removed from this guild: its watches no longer count. Nothing is deleted yet."""
        await self._quietly(self._store(Queries.leave, guild_id, self._clock.now()))
        self._on_change()

    async def present(self, guild_ids: Sequence[GuildId]) -> None:
        """The bot is in these guilds and in no others; mostly that is known, as each connection that begins anew says it."""
        if await self._quietly(self._store(Queries.reconcile, guild_ids, self._clock.now())):
            self._on_change()

    async def forget_role(self, guild_id: GuildId, role_id: RoleId) -> None:
        """A role was deleted: nobody is mentioned instead."""
        await self._quietly(self._store(Queries.forget_role, guild_id, role_id))
        await self._quietly(self._store(Queries.forget_bell_role, guild_id, role_id))

    async def _quietly(self, work: Awaitable[T]) -> T | None:
        """Do what an event of Discord's asks for; a failure is only logged: the next start makes up for it."""
        try:
            return await work
        except StoreError as error:
            log.warning("An event of Discord's could not be noted: %s", error)
            return None

    async def greet(self, guild_id: GuildId) -> bool:
        """Whether to greet this guild now; True only once per guild."""
        try:
            return await self._store(Queries.greet, guild_id, self._clock.now())
        except SpacebotError:
            return False


def lines_of(text: str) -> list[str]:
    """The hosts that a text of several lines names, each once, in order; a comma ends a line, too."""
    lines = (line.strip() for line in re.split(r"[\n\r,;]", text))
    return list(dict.fromkeys(line for line in lines if line))


def find_host(hosts: Sequence[Host], text: str) -> Host | None:
    """The host of the list that a text names: by id, else by handle, else by name; None unless exactly one matches."""
    try:
        account = reference.host(text)
    except UserMistake:
        account = None
    if isinstance(account, reference.HostOf):
        return None
    wanted = (account.name if isinstance(account, reference.Handle) else account or text.strip()).casefold()
    ids = [host for host in hosts if host.user_id == wanted]
    if account is not None and not isinstance(account, reference.Handle):
        return ids[0] if ids else None  # nobody is taken for another whose id stands in their name
    handles = [host for host in hosts if host.username.casefold() == wanted]
    names = [host for host in hosts if host.name.casefold() == wanted]
    return next((found[0] for found in (ids, handles, names) if len(found) == 1), None)


def _of_host(lines: Sequence[WatchLine], host_id: UserId) -> WatchLine | None:
    return next((line for line in lines if line.watch.host.user_id == host_id), None)


def _names(host: Host) -> tuple[str, ...]:
    return (host.username.casefold(), host.name.casefold(), host.user_id, host.url.casefold())


def normalised(text: str) -> str:
    """A keyword as it is stored: X's search ignores case."""
    return " ".join(fit(text).split()).casefold()


def language_code(code: str | None) -> str | None:
    """A language code as it is kept: in small letters, and of two codes for one language the one of today.

    Raises:
        UserMistake: it is not a language code.
    """
    if code is None:
        return None
    if not LANGUAGE.fullmatch(code.strip()):
        raise UserMistake(Mistake.NOT_A_LANGUAGE)
    return current(code).lower()
