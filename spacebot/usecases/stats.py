"""The figures of a host, from what was counted of their Spaces: X is asked for nothing."""

import asyncio
import zoneinfo
from collections.abc import Callable
from datetime import UTC, timedelta, tzinfo
from functools import cache

from spacebot.clock import Clock
from spacebot.domain.ids import ChannelId, GuildId, PersonId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.stats import LATELY, REACH, HostStats, heat, summed
from spacebot.errors import UserMistake
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.store.stats import MOST_COUNTED
from spacebot.usecases.guilds import CHOICES, Guilds, find_host
from spacebot.x.buckets import Buckets

QUESTIONS = 20
"""So often one person may ask in ten minutes, in all guilds together."""

NO_ZONE = "UTC"
"""The zone where none is named."""

USUAL_ZONES = (
    *(NO_ZONE, "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York", "America/Mexico_City"),
    *("America/Bogota", "America/Sao_Paulo", "America/Argentina/Buenos_Aires", "Europe/London", "Europe/Paris"),
    *("Europe/Berlin", "Europe/Madrid", "Europe/Istanbul", "Africa/Lagos", "Africa/Cairo", "Asia/Riyadh", "Asia/Dubai"),
    *("Asia/Kolkata", "Asia/Jakarta", "Asia/Shanghai", "Asia/Seoul", "Asia/Tokyo", "Australia/Sydney"),
)
"""What is suggested before anything is typed."""


class Stats:
    """The use case of `/host-stats`."""

    def __init__(self, *, guilds: Guilds, store: Store, clock: Clock) -> None:
        """Store the collaborators.

        Args:
            guilds: Whom guilds follow.
            store: What was counted.
            clock: Time.
        """
        self._guilds = guilds
        self._store = store
        self._clock = clock
        self._pace = Buckets(size=QUESTIONS)

    async def host(
        self,
        guild_id: GuildId,
        person: PersonId,
        text: str,
        zone: str | None,
        sees: Callable[[ChannelId | None], bool],
    ) -> HostStats:
        """The figures of a host of this guild's list, named as for `Guilds.unwatch`.

        Args:
            guild_id: The guild.
            person: Who asks: what X told them of their own Spaces is among the figures, for their eyes alone.
            text: The host.
            zone: The time zone of the hours, by name; None for UTC.
            sees: Whether whoever asks may see what is announced in a channel.

        Raises:
            UserMistake: there is no such zone, no host whom they may see here, X shows the account not to everybody, or they
                have asked too often.
        """
        name, its_zone = await _zone(zone)
        lines = [line for line in await self._guilds.watchlist(guild_id) if sees(line.channel_id)]
        host = find_host([line.watch.host for line in lines], text)
        if host is None:
            raise UserMistake(Mistake.NO_STATS_OF)
        if host.standing is not None or host.protected:
            raise UserMistake(Mistake.STATS_WITHDRAWN)
        self._pass(person)
        now = self._clock.now()
        found = await self._store.read(Queries.counted, host.user_id, now - REACH, MOST_COUNTED + 1)
        since = await self._store.read(Queries.counted_since, host.user_id)
        own = await self._store.read(Queries.own_counts, person, host.user_id)
        spaces = found[:MOST_COUNTED]
        # On a thread: there may be thousands of Spaces, of many hours each.
        cells = await asyncio.to_thread(heat, spaces, its_zone)
        began = None if since is None else max([since, now - REACH])
        return HostStats(
            host=host,
            zone=name,
            sums=summed(spaces),
            lately=summed([space for space in spaces if space.began >= now - LATELY]),
            before=None
            if began is None or began > now - 2 * LATELY
            else summed([space for space in spaces if now - 2 * LATELY <= space.began < now - LATELY]),
            since=began if began is not None and began > now - REACH else None,
            heat=cells,
            is_cut=len(found) > MOST_COUNTED,
            own=tuple(own),
        )

    def _pass(self, person: PersonId) -> None:
        """Let nobody have figures drawn again and again."""
        wait = self._pace.wait(person, self._clock.monotonic())
        if wait > 0:
            raise UserMistake(Mistake.ASKED_TOO_FAST, until=self._clock.now() + timedelta(seconds=wait))
        self._pace.take(person, self._clock.monotonic())

    async def zones(self, typed: str) -> list[str]:
        """Time zones whose name has what was typed, those with a place that begins so first."""
        part = typed.strip().replace(" ", "_").casefold()
        if not part:
            return list(USUAL_ZONES)
        names = await asyncio.to_thread(_zones)
        found = [(not _place(name).startswith(part), name) for folded, name in names.items() if part in folded]
        return [name for _, name in sorted(found)][:CHOICES]


async def _zone(typed: str | None) -> tuple[str, tzinfo]:
    """A zone by its name, in whatever case."""
    wanted = (typed or NO_ZONE).strip().replace(" ", "_").casefold()
    if wanted == NO_ZONE.casefold():
        return NO_ZONE, UTC
    name = (await asyncio.to_thread(_zones)).get(wanted)
    if name is None:
        raise UserMistake(Mistake.NO_SUCH_ZONE)
    return name, await asyncio.to_thread(zoneinfo.ZoneInfo, name)


@cache
def _zones() -> dict[str, str]:
    """The zones that this machine knows, by what is compared; the files are looked through once."""
    return {name.casefold(): name for name in {NO_ZONE, *zoneinfo.available_timezones()}}


def _place(name: str) -> str:
    return name.rpartition("/")[2].casefold()
