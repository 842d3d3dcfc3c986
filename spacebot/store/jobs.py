"""Reads everything the courier needs to send or edit a claimed delivery."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import RINGING, TOO_LATE_TO_MENTION, Job, Kind, Shape, is_late, stands_as
from spacebot.domain.guilds import AtEnd, GuildConfig
from spacebot.domain.ids import RoleId, SpaceId, UserId
from spacebot.domain.looks import Look
from spacebot.domain.spaces import SpaceRecord
from spacebot.store.base import Row, moment, ms
from spacebot.store.seen import SeenQueries

_RINGING = ", ".join(f"'{kind.value}'" for kind in sorted(RINGING))
_APART = f"COALESCE(g.ping_minutes, {GuildConfig().ping_minutes}) * 60000"


class JobQueries(SeenQueries):
    """Claimed deliveries as jobs."""

    def _jobs(self, rows: Sequence[Row], now: datetime) -> list[Job]:
        """A job for each of these deliveries, as they were before the claim, which is made now."""
        spaces: dict[SpaceId, SpaceRecord] = {}
        for row in rows:
            if row["space_id"] not in spaces:
                space = self.space(row["space_id"])
                assert space is not None  # the foreign key says so
                spaces[space.space_id] = space
        who = {user for space in spaces.values() for user in (space.host_id, *space.cohosts, *space.spoke)}
        who.update(user for row in rows if row["shows_invited"] for user in spaces[row["space_id"]].invited)
        accounts = self.accounts([*who, *(row["guest_id"] for row in rows if row["guest_id"])])
        roles = self._roles([row["delivery_id"] for row in rows])
        looks = self._looks([row["delivery_id"] for row in rows])
        bells = self._bells([row["delivery_id"] for row in rows])
        crowded = self._crowded([row["delivery_id"] for row in rows if row["message_id"] is None], now)
        jobs = []
        for row in rows:
            space = spaces[row["space_id"]]
            kind, at_end = Kind(row["kind"]), AtEnd(row["at_end"] or AtEnd.EDIT)
            speakers = space.who_spoke(stands_as(space, kind, at_end))
            late = kind is Kind.LIVE and is_late(space, now, TOO_LATE_TO_MENTION)
            jobs.append(
                Job(
                    delivery_id=row["delivery_id"],
                    kind=kind,
                    guild_id=row["guild_id"],
                    channel_id=row["channel_id"],
                    space=space,
                    host=accounts.get(space.host_id) or Host(user_id=space.host_id, username="i", name="A host"),
                    guest=accounts.get(row["guest_id"]),
                    cohosts=tuple(accounts[user] for user in space.cohosts if user in accounts),
                    speakers=tuple(accounts[user] for user in speakers if user in accounts),
                    shows_invited=bool(row["shows_invited"]),
                    invited=tuple(accounts[user] for user in space.invited if user in accounts),
                    roles=roles.get(row["delivery_id"], ()),
                    followed=bool(row["followed"]),
                    attempts=row["attempts"],
                    first_attempt_at=moment(row["first_attempt_at"]),
                    message_id=row["message_id"],
                    at_end=at_end,
                    quiet=bool(row["quiet"]),
                    hushed=late or row["delivery_id"] in crowded,
                    shape=Shape(row["shape"]),
                    publishes=row["publishes"] is None or bool(row["publishes"]),
                    look=looks.get(row["delivery_id"], Look()),
                    bell=bells.get(row["delivery_id"]),
                    sent_at=moment(row["sent_at"]),
                    reminder_minutes=row["reminder_minutes"],
                    language=row["language"],
                )
            )
        return jobs

    def _crowded(self, deliveries: Collection[int], now: datetime) -> set[int]:
        """Those of these deliveries whose host has called people in their channel, for another Space, a short while ago.

        So has whoever the guild follows of somebody else's Space, if it was called for that one. What may have been
        sent counts as sent when it is tried next; what a clock that was set back has sent in times to come does not.
        """
        rows = self._rows(
            f"""
            SELECT d.delivery_id FROM deliveries d
            JOIN spaces s USING (space_id) LEFT JOIN guilds g ON g.guild_id = d.guild_id
            WHERE d.delivery_id IN (SELECT value FROM json_each(:deliveries)) AND d.kind IN ({_RINGING}) AND EXISTS (
                SELECT 1 FROM deliveries e JOIN spaces t ON t.space_id = e.space_id
                WHERE {_APART} > 0 AND e.channel_id = d.channel_id AND e.rang_at > :now - {_APART}
                  AND (e.sent_at IS NULL OR e.sent_at < :now + {_APART})
                  AND e.space_id != d.space_id AND (t.host_id = s.host_id OR d.guest_id IN (t.host_id, e.guest_id)))
            """,  # noqa: S608 - constants
            deliveries=json.dumps(list(deliveries)),
            now=ms(now),
        )
        return {row["delivery_id"] for row in rows}

    def _roles(self, deliveries: Collection[int]) -> dict[int, tuple[RoleId, ...]]:
        """The roles to mention, by delivery: those that admins chose, and those of bells."""
        rows = self._rows(
            """
            SELECT a.delivery_id AS delivery, r.value AS role
            FROM audience a JOIN watches w USING (watch_id) JOIN guilds g USING (guild_id),
                 json_each(COALESCE(w.roles, g.roles, '[]')) r
            WHERE a.delivery_id IN (SELECT value FROM json_each(:deliveries))
            UNION
            SELECT a.delivery_id, b.role_id
            FROM audience a JOIN watches w USING (watch_id) JOIN guilds g USING (guild_id) JOIN bells b USING (guild_id)
            WHERE a.delivery_id IN (SELECT value FROM json_each(:deliveries)) AND b.role_id IS NOT NULL
              AND b.host_id = CASE g.bell WHEN 'server' THEN '' WHEN 'host' THEN w.host_id END
            ORDER BY role
            """,
            deliveries=json.dumps(list(deliveries)),
        )
        roles: dict[int, tuple[RoleId, ...]] = {}
        for row in rows:
            roles[row["delivery"]] = (*roles.get(row["delivery"], ()), row["role"])
        return roles

    def _bells(self, deliveries: Collection[int]) -> dict[int, UserId]:
        """Whose bell stands under a message, by delivery; those without one are left out."""
        rows = self._rows(
            """
            SELECT d.delivery_id, CASE g.bell WHEN 'server' THEN '' WHEN 'host' THEN (
                SELECT w.host_id FROM audience a JOIN watches w USING (watch_id)
                WHERE a.delivery_id = d.delivery_id AND w.host_id IS NOT NULL ORDER BY watch_id LIMIT 1) END AS bell
            FROM deliveries d JOIN guilds g ON g.guild_id = d.guild_id
            WHERE d.delivery_id IN (SELECT value FROM json_each(:deliveries))
            """,
            deliveries=json.dumps(list(deliveries)),
        )
        return {row["delivery_id"]: row["bell"] for row in rows if row["bell"] is not None}

    def _looks(self, deliveries: Collection[int]) -> dict[int, Look]:
        """The own text and colour, by delivery: of the first watch behind it that has any, else the guild's."""
        own = """
            SELECT {column} FROM audience a JOIN watches w USING (watch_id)
            WHERE a.delivery_id = d.delivery_id AND {column} IS NOT NULL ORDER BY watch_id LIMIT 1
        """
        rows = self._rows(
            f"""
            SELECT d.delivery_id, COALESCE(({own.format(column="w.live_text")}), g.live_text) AS text,
                   COALESCE(({own.format(column="w.accent")}), g.accent) AS accent
            FROM deliveries d LEFT JOIN guilds g ON g.guild_id = d.guild_id
            WHERE d.delivery_id IN (SELECT value FROM json_each(:deliveries))
            """,  # noqa: S608 - constants
            deliveries=json.dumps(list(deliveries)),
        )
        return {row["delivery_id"]: Look(text=row["text"], accent=row["accent"]) for row in rows}
