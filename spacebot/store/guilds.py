"""What guilds have set: their configuration and their watches of hosts."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from spacebot.domain.bells import BellMode
from spacebot.domain.deliveries import Kind
from spacebot.domain.filters import Filter
from spacebot.domain.guilds import AtEnd, GuildConfig, Watch, WatchLine
from spacebot.domain.ids import ChannelId, GuildId, RoleId, UserId
from spacebot.domain.looks import Look
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Obstacle
from spacebot.errors import UserMistake
from spacebot.store.base import ACTIVE, LOT, filter_of, host_of, ms, roles_of, roles_value, space_of
from spacebot.store.deliveries import DeliveryQueries

FLAGS = ("tells_scheduled", "tells_live", "tells_ended", "on_hold", "publishes", "shows_invited", "makes_events")
"""Fields of a `GuildConfig` that are stored as 0 or 1."""


class GuildQueries(DeliveryQueries):
    """Guilds and watches."""

    def guild(self, guild_id: GuildId) -> GuildConfig:
        """What the guild's admins have set; the defaults for an unknown guild."""
        row = self._row(
            """
            SELECT channel_id, roles, admin_channel_id, at_end, tells_scheduled, reminder_minutes, tells_live,
                   tells_ended, ping_minutes, all_on_hold AS on_hold, publishes, makes_events, live_text, accent,
                   bell, language, shows_invited
            FROM guilds WHERE guild_id = :guild
            """,
            guild=guild_id,
        )
        if row is None:
            return GuildConfig()
        flags = {name: bool(row[name]) for name in FLAGS}
        look = Look(text=row.pop("live_text"), accent=row.pop("accent"))
        chosen = {"at_end": AtEnd(row["at_end"]), "bell": BellMode(row["bell"])}
        return GuildConfig(**{**row, **flags, **chosen, "roles": roles_of(row["roles"]), "look": look})

    def set_channel(self, guild_id: GuildId, channel_id: ChannelId) -> None:
        """Announce in this channel for watches without one of their own."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET channel_id = :channel WHERE guild_id = :guild",
            {"channel": channel_id, "guild": guild_id},
        )
        self._move_unsent(guild_id)

    def set_roles(self, guild_id: GuildId, roles: Collection[RoleId]) -> None:
        """Mention these roles for watches without any of their own; none mentions nobody."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET roles = :roles WHERE guild_id = :guild",
            {"roles": roles_value(roles), "guild": guild_id},
        )

    def hold(self, guild_id: GuildId) -> None:
        """Post nothing new in the guild until `go_on`; what was never attempted is skipped."""
        self._ensure_guild(guild_id)
        self.db.execute("UPDATE guilds SET all_on_hold = 1 WHERE guild_id = :guild", {"guild": guild_id})
        self._drop_held(guild_id)

    def go_on(self, guild_id: GuildId) -> None:
        """End `hold`: the next look at an open Space adds what belongs in the guild's channels."""
        self.db.execute("UPDATE guilds SET all_on_hold = 0 WHERE guild_id = :guild", {"guild": guild_id})

    def hold_watch(self, guild_id: GuildId, host_id: UserId, *, on_hold: bool) -> bool:
        """As `hold` and `go_on`, for one host; returns whether the guild follows it."""
        cursor = self.db.execute(
            "UPDATE watches SET on_hold = :on_hold WHERE guild_id = :guild AND host_id = :host",
            {"on_hold": int(on_hold), "guild": guild_id, "host": host_id},
        )
        self._drop_held(guild_id)
        return cursor.rowcount == 1

    def set_look(self, guild_id: GuildId, look: Look) -> None:
        """Let the guild's announcements of live Spaces look so."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET live_text = :text, accent = :accent WHERE guild_id = :guild",
            {"text": look.text, "accent": look.accent, "guild": guild_id},
        )

    def set_watch_look(self, guild_id: GuildId, host_id: UserId, look: Look) -> bool:
        """As `set_look`, for one host; returns whether the guild follows it."""
        cursor = self.db.execute(
            "UPDATE watches SET live_text = :text, accent = :accent WHERE guild_id = :guild AND host_id = :host",
            {"text": look.text, "accent": look.accent, "guild": guild_id, "host": host_id},
        )
        return cursor.rowcount == 1

    def set_watch_filter(self, guild_id: GuildId, host_id: UserId, wanted: Filter, now: datetime) -> bool:
        """Announce of one host only what passes; returns whether the guild follows it.

        What was never attempted and does not pass is skipped, unless something of the same Space was posted.
        """
        row = self._row(
            "SELECT watch_id FROM watches WHERE guild_id = :guild AND host_id = :host", guild=guild_id, host=host_id
        )
        if row is None:
            return False
        self.db.execute(
            "UPDATE watches SET want = :want, shun = :shun, lang = :lang, ticketed = :ticketed WHERE watch_id = :watch",
            {
                "want": json.dumps(wanted.want) if wanted.want else None,
                "shun": json.dumps(wanted.shun) if wanted.shun else None,
                "lang": wanted.lang,
                "ticketed": None if wanted.ticketed is None else int(wanted.ticketed),
                "watch": row["watch_id"],
            },
        )
        self._drop_unfit_of(row["watch_id"])
        return True

    def set_publishes(self, guild_id: GuildId, *, publishes: bool) -> None:
        """Set whether announcements of live Spaces are published where they stand in announcement channels."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET publishes = :publishes WHERE guild_id = :guild",
            {"publishes": int(publishes), "guild": guild_id},
        )

    def set_shows_invited(self, guild_id: GuildId, now: datetime, *, shows: bool) -> None:
        """Set whether announcements of scheduled Spaces name who is invited and the topics; those there are edited."""
        self._ensure_guild(guild_id)
        changed = self.db.execute(
            "UPDATE guilds SET shows_invited = :shows WHERE guild_id = :guild AND shows_invited != :shows",
            {"shows": int(shows), "guild": guild_id},
        )
        if changed.rowcount:
            self._want_invited(guild_id, now)

    def set_events(self, guild_id: GuildId, *, makes_events: bool) -> None:
        """Set whether scheduled Spaces become events of the guild.

        Where they no longer do, those that were never attempted are not made, and those that are there are followed on.
        """
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET makes_events = :makes WHERE guild_id = :guild",
            {"makes": int(makes_events), "guild": guild_id},
        )
        if not makes_events:
            self._drop_moment(guild_id, Kind.EVENT)

    def set_bell(self, guild_id: GuildId, mode: BellMode) -> None:
        """Set which bells the guild has; the roles of those it had stay known."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET bell = :bell WHERE guild_id = :guild", {"bell": mode.value, "guild": guild_id}
        )

    def set_language(self, guild_id: GuildId, code: str | None) -> None:
        """Tell the guild everything in this language; None for the one that Discord says."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET language = :language WHERE guild_id = :guild", {"language": code, "guild": guild_id}
        )

    def languages(self) -> dict[GuildId, str]:
        """The chosen languages, by guild; guilds that have chosen none are left out."""
        rows = self._rows(
            "SELECT guild_id, language FROM guilds INDEXED BY guilds_with_language WHERE language IS NOT NULL"
        )
        return {row["guild_id"]: row["language"] for row in rows}

    def set_admin_channel(self, guild_id: GuildId, channel_id: ChannelId | None) -> None:
        """Report problems in this channel; None for the guild's system channel."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET admin_channel_id = :channel WHERE guild_id = :guild",
            {"channel": channel_id, "guild": guild_id},
        )

    def set_end(self, guild_id: GuildId, at_end: AtEnd) -> None:
        """Set what happens to the guild's announcements when their Space is over."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET at_end = :end WHERE guild_id = :guild", {"end": at_end.value, "guild": guild_id}
        )

    def set_pings(self, guild_id: GuildId, minutes: int) -> None:
        """Mention nobody for a host within so many minutes of another mention for it in the same channel; 0: do."""
        self._ensure_guild(guild_id)
        self.db.execute(
            "UPDATE guilds SET ping_minutes = :minutes WHERE guild_id = :guild", {"minutes": minutes, "guild": guild_id}
        )

    def set_moments(
        self,
        guild_id: GuildId,
        now: datetime,
        *,
        scheduled: bool,
        reminder_minutes: int | None,
        live: bool,
        ended: bool,
    ) -> None:
        """Set which moments are announced; what is switched off and was never attempted is not sent."""
        self._ensure_guild(guild_id)
        self.db.execute(
            """
            UPDATE guilds SET tells_scheduled = :scheduled, reminder_minutes = :minutes, tells_live = :live,
                tells_ended = :ended WHERE guild_id = :guild
            """,
            {
                "scheduled": int(scheduled),
                "minutes": reminder_minutes,
                "live": int(live),
                "ended": int(ended),
                "guild": guild_id,
            },
        )
        wanted = {
            Kind.SCHEDULED: scheduled,
            Kind.REMINDER: reminder_minutes is not None,
            Kind.LIVE: live,
            Kind.ENDED: ended,
        }
        for kind in (kind for kind, is_wanted in wanted.items() if not is_wanted):
            self._drop_moment(guild_id, kind)
        if reminder_minutes is not None:
            self._plan_reminders(now, guild_id=guild_id)

    def greet(self, guild_id: GuildId, now: datetime) -> bool:
        """Note that the guild is greeted; returns whether it had not been before."""
        self._ensure_guild(guild_id)
        cursor = self.db.execute(
            "UPDATE guilds SET greeted_at = :now WHERE guild_id = :guild AND greeted_at IS NULL",
            {"now": ms(now), "guild": guild_id},
        )
        return cursor.rowcount == 1

    def ungreet(self, guild_id: GuildId) -> None:
        """Undo `greet`: the greeting could not be posted."""
        self.db.execute("UPDATE guilds SET greeted_at = NULL WHERE guild_id = :guild", {"guild": guild_id})

    def join(self, guild_id: GuildId) -> None:
        """Note that the bot is in this guild."""
        self.db.execute("UPDATE guilds SET left_at = NULL WHERE guild_id = :guild", {"guild": guild_id})

    def leave(self, guild_id: GuildId, now: datetime) -> None:
        """Note that the bot is no longer in this guild."""
        self.db.execute(
            "UPDATE guilds SET left_at = :now WHERE guild_id = :guild AND left_at IS NULL",
            {"now": ms(now), "guild": guild_id},
        )

    def reconcile(self, present: Sequence[GuildId], now: datetime) -> bool:
        """Note that the bot is in these guilds and in no others; whether that was not known yet."""
        values = {"present": json.dumps(present), "now": ms(now)}
        cursor = self.db.execute(
            """
            UPDATE guilds SET left_at = CASE WHEN left_at IS NULL THEN :now END
            WHERE (left_at IS NULL) != (guild_id IN (SELECT value FROM json_each(:present)))
            """,
            values,
        )
        return cursor.rowcount > 0

    def _forget_guilds(self, left_before: datetime, most: int) -> int:
        """Remove so many of the guilds that the bot had left by then, with their watches and notices; how many it were."""
        return self.db.execute(
            """
            DELETE FROM guilds WHERE guild_id IN (SELECT guild_id FROM guilds WHERE left_at <= :left LIMIT :most)
            """,
            {"left": ms(left_before), "most": most},
        ).rowcount

    def _forget_guild(self, guild_id: GuildId) -> None:
        """Remove one guild, with its watches and notices."""
        self.db.execute("DELETE FROM guilds WHERE guild_id = :guild", {"guild": guild_id})

    def _forget_who_added(self, person: int) -> None:
        """Watches that this person added were added by nobody."""
        self.db.execute("UPDATE watches SET added_by = 0 WHERE added_by = :person", {"person": person})

    def forget_role(self, guild_id: GuildId, role_id: RoleId) -> None:
        """Mention nobody instead of this role."""
        for table in ("guilds", "watches"):
            self.db.execute(
                f"""
                UPDATE {table} SET roles = (
                    SELECT NULLIF(json_group_array(value), '[]') FROM json_each(roles) WHERE value != :role)
                WHERE guild_id = :guild AND roles IS NOT NULL
                """,  # noqa: S608 - constants
                {"guild": guild_id, "role": role_id},
            )

    def _ensure_guild(self, guild_id: GuildId) -> None:
        self.db.execute("INSERT INTO guilds (guild_id) VALUES (:guild) ON CONFLICT DO NOTHING", {"guild": guild_id})

    def add_watch(
        self,
        *,
        guild_id: GuildId,
        host_id: UserId,
        channel_id: ChannelId | None,
        roles: Collection[RoleId] = (),
        also_cohost: bool | None = None,
        by: int,
        limit: int,
        now: datetime,
    ) -> bool:
        """Follow a host, or update an existing watch; arguments that are None, and roles that are none, leave it unchanged.

        Returns:
            Whether the watch is new.

        Raises:
            UserMistake: the guild already follows the most hosts allowed.
        """
        self._ensure_guild(guild_id)
        values = {
            "guild": guild_id,
            "host": host_id,
            "channel": channel_id,
            "roles": roles_value(roles),
            "also": also_cohost,
        }
        updated = self.db.execute(
            """
            UPDATE watches SET channel_id = COALESCE(:channel, channel_id), roles = COALESCE(:roles, roles),
                also_cohost = COALESCE(:also, also_cohost)
            WHERE guild_id = :guild AND host_id = :host
            """,
            values,
        )
        if updated.rowcount:
            self._move_unsent(guild_id)
            return False
        count = self._rows(
            "SELECT count(*) AS n FROM watches WHERE guild_id = :guild AND host_id IS NOT NULL", guild=guild_id
        )[0]["n"]
        if count >= limit:
            raise UserMistake(Mistake.TOO_MANY_HOSTS, count=count)
        self.db.execute(
            """
            INSERT INTO watches (guild_id, host_id, channel_id, roles, also_cohost, added_by, added_at)
            VALUES (:guild, :host, :channel, :roles, COALESCE(:also, 0), :by, :now)
            """,
            {**values, "by": by, "now": ms(now)},
        )
        return True

    def set_watch(
        self,
        guild_id: GuildId,
        host_id: UserId,
        *,
        channel_id: ChannelId | None,
        roles: Collection[RoleId],
        also_cohost: bool | None = None,
    ) -> bool:
        """Give a watch exactly this channel and these roles, or the guild's; returns whether the guild follows the host.

        Whether it is also for Spaces of others stays as it is where `also_cohost` is None.
        """
        cursor = self.db.execute(
            """
            UPDATE watches SET channel_id = :channel, roles = :roles, also_cohost = COALESCE(:also, also_cohost)
            WHERE guild_id = :guild AND host_id = :host
            """,
            {
                "channel": channel_id,
                "roles": roles_value(roles),
                "also": also_cohost,
                "guild": guild_id,
                "host": host_id,
            },
        )
        self._move_unsent(guild_id)
        return cursor.rowcount == 1

    def put_watch(self, guild_id: GuildId, watch: Watch, *, by: int, limit: int, now: datetime) -> None:
        """Follow a host exactly so, whether the guild has followed it before or not; its `watch_id` does not matter.

        Raises:
            UserMistake: the guild already follows the most hosts allowed.
        """
        host, channel, roles = watch.host.user_id, watch.channel_id, watch.roles
        if not self.set_watch(guild_id, host, channel_id=channel, roles=roles, also_cohost=watch.also_cohost):
            self.add_watch(
                guild_id=guild_id,
                host_id=host,
                channel_id=channel,
                roles=roles,
                also_cohost=watch.also_cohost,
                by=by,
                limit=limit,
                now=now,
            )
        self.hold_watch(guild_id, host, on_hold=watch.on_hold)
        self.set_watch_look(guild_id, host, watch.look)
        self.set_watch_filter(guild_id, host, watch.filter, now)

    def set_watch_roles(self, guild_id: GuildId, host_id: UserId, roles: Collection[RoleId]) -> bool:
        """Mention these roles for one host; returns whether the guild follows it."""
        cursor = self.db.execute(
            "UPDATE watches SET roles = :roles WHERE guild_id = :guild AND host_id = :host",
            {"roles": roles_value(roles), "guild": guild_id, "host": host_id},
        )
        return cursor.rowcount == 1

    def reset_watch(self, guild_id: GuildId, host_id: UserId, *, channel: bool, role: bool) -> None:
        """Let the watch of a host use the guild's channel, or its role, again."""
        self._reset("host_id", host_id, guild_id, channel=channel, role=role)

    def _reset(self, by: str, value: str, guild_id: GuildId, *, channel: bool, role: bool) -> None:
        self.db.execute(
            f"""
            UPDATE watches SET channel_id = CASE WHEN :channel THEN NULL ELSE channel_id END,
                roles = CASE WHEN :role THEN NULL ELSE roles END
            WHERE guild_id = :guild AND {by} = :value
            """,  # noqa: S608 - the name of a column
            {"channel": channel, "role": role, "guild": guild_id, "value": value},
        )
        self._move_unsent(guild_id)

    def remove_watch(self, guild_id: GuildId, host_id: UserId, now: datetime) -> bool:
        """Remove a watch; skips what was never attempted, keeps what was sent. Returns whether there was one."""
        watch = self._row(
            "SELECT watch_id FROM watches WHERE guild_id = :guild AND host_id = :host", guild=guild_id, host=host_id
        )
        if watch is None:
            return False
        self._drop_watch(watch["watch_id"], now)
        return True

    def _drop_watch(self, watch_id: int, now: datetime) -> None:
        self._drop_unsent_of(watch_id, now)
        self.db.execute("DELETE FROM watches WHERE watch_id = :watch", {"watch": watch_id})

    def watch_lines(self, guild_id: GuildId) -> list[WatchLine]:
        """The guild's watches by name, each with its state."""
        rows = self._rows(
            """
            SELECT w.watch_id, w.channel_id, w.roles, w.also_cohost, w.on_hold, w.live_text, w.accent,
                   w.want, w.shun, w.lang, w.ticketed,
                   g.all_on_hold, u.user_id, u.username, u.name, u.picture,
                   u.protected, u.standing,
                   COALESCE(w.channel_id, g.channel_id) AS to_channel, COALESCE(w.roles, g.roles) AS to_roles,
                   COALESCE(p.reason, (
                       SELECT d.reason FROM deliveries d
                       WHERE d.channel_id = COALESCE(w.channel_id, g.channel_id)
                         AND d.reason IS NOT NULL AND d.state IN ('failed', 'sent') AND EXISTS (
                             SELECT 1 FROM audience a WHERE a.delivery_id = d.delivery_id AND a.watch_id = w.watch_id)
                       ORDER BY d.delivery_id DESC LIMIT 1)) AS paused
            FROM watches w JOIN guilds g USING (guild_id) JOIN users u ON u.user_id = w.host_id
            LEFT JOIN pauses p ON p.channel_id = COALESCE(w.channel_id, g.channel_id)
            WHERE w.guild_id = :guild ORDER BY u.name COLLATE NOCASE, u.user_id
            """,
            guild=guild_id,
        )
        live = {
            row["host_id"]: space_of(row)
            for row in self._rows(
                """
                SELECT s.* FROM spaces s JOIN watches w ON w.host_id = s.host_id
                WHERE w.guild_id = :guild AND s.phase IN ('scheduled', 'live') AND s.phase = 'live' ORDER BY s.first_seen_at
                """,
                guild=guild_id,
            )
        }
        return [
            WatchLine(
                watch=Watch(
                    watch_id=row["watch_id"],
                    host=host_of(row),
                    channel_id=row["channel_id"],
                    roles=roles_of(row["roles"]),
                    also_cohost=bool(row["also_cohost"]),
                    on_hold=bool(row["on_hold"]),
                    look=Look(text=row["live_text"], accent=row["accent"]),
                    filter=filter_of(row),
                ),
                channel_id=row["to_channel"],
                roles=roles_of(row["to_roles"]),
                live=live.get(row["user_id"]),
                paused=None if row["paused"] is None else Obstacle.parse(row["paused"]),
                on_hold=bool(row["on_hold"] or row["all_on_hold"]),
            )
            for row in rows
        ]

    def followed(self, after: UserId | None = None, most: int = LOT) -> dict[UserId, int]:
        """The next hosts that some guild follows and has not put on hold, by id, and how many do.

        Args:
            after: The last host of the lot before; None for the first lot.
            most: How many; an empty answer is the end.
        """
        return dict(self._followed("count(*)", after, most))

    def followers(self, after: UserId | None = None, most: int = LOT) -> dict[UserId, list[GuildId]]:
        """As `followed`, and which guilds they are."""
        return {
            host_id: json.loads(guilds) for host_id, guilds in self._followed("json_group_array(guild_id)", after, most)
        }

    def _followed(self, what: str, after: UserId | None, most: int) -> list[tuple[UserId, Any]]:
        # Walks the index by host, and stops early. Pairs, for dicts of a hundred thousand hosts have the garbage collector
        # look through everything.
        cursor = self.db.execute(
            f"""
            SELECT host_id, {what} FROM watches CROSS JOIN guilds USING (guild_id)
            WHERE host_id > :after AND {ACTIVE} GROUP BY host_id ORDER BY host_id LIMIT :most
            """,  # noqa: S608 - constants
            {"after": after or "", "most": most},
        )
        return cursor.fetchall()
