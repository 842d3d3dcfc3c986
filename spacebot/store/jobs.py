"""Reads everything the courier needs to send or edit a claimed delivery."""

import json
from collections.abc import Collection, Sequence

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Job, Kind
from spacebot.domain.guilds import AtEnd
from spacebot.domain.ids import RoleId, SpaceId
from spacebot.domain.spaces import SpaceRecord
from spacebot.store.base import Row, moment
from spacebot.store.seen import SeenQueries


class JobQueries(SeenQueries):
    """Claimed deliveries as jobs."""

    def _jobs(self, rows: Sequence[Row]) -> list[Job]:
        """A job for each of these rows, which were read before the claim."""
        spaces: dict[SpaceId, SpaceRecord] = {}
        for row in rows:
            if row["space_id"] not in spaces:
                space = self.space(row["space_id"])
                assert space is not None  # the foreign key says so
                spaces[space.space_id] = space
        who = {user for space in spaces.values() for user in (space.host_id, *space.cohosts, *space.spoke)}
        accounts = self.accounts([*who, *(row["guest_id"] for row in rows if row["guest_id"])])
        roles = self._roles([row["delivery_id"] for row in rows])
        jobs = []
        for row in rows:
            space = spaces[row["space_id"]]
            speakers = space.speakers if space.phase.is_open else space.spoke
            jobs.append(
                Job(
                    delivery_id=row["delivery_id"],
                    kind=Kind(row["kind"]),
                    guild_id=row["guild_id"],
                    channel_id=row["channel_id"],
                    space=space,
                    host=accounts.get(space.host_id) or Host(user_id=space.host_id, username="i", name="A host"),
                    guest=accounts.get(row["guest_id"]),
                    cohosts=tuple(accounts[user] for user in space.cohosts if user in accounts),
                    speakers=tuple(accounts[user] for user in speakers if user in accounts),
                    roles=roles.get(row["delivery_id"], ()),
                    followed=bool(row["followed"]),
                    attempts=row["attempts"],
                    first_attempt_at=moment(row["first_attempt_at"]),
                    message_id=row["message_id"],
                    at_end=AtEnd(row["at_end"] or AtEnd.EDIT),
                    quiet=bool(row["quiet"]),
                    sent_at=moment(row["sent_at"]),
                    reminder_minutes=row["reminder_minutes"],
                )
            )
        return jobs

    def _roles(self, deliveries: Collection[int]) -> dict[int, tuple[RoleId, ...]]:
        """The roles to mention, by delivery."""
        rows = self._rows(
            """
            SELECT DISTINCT a.delivery_id AS delivery, COALESCE(w.role_id, g.role_id) AS role
            FROM audience a JOIN watches w USING (watch_id) JOIN guilds g USING (guild_id)
            WHERE a.delivery_id IN (SELECT value FROM json_each(:deliveries))
              AND COALESCE(w.role_id, g.role_id) IS NOT NULL ORDER BY role
            """,
            deliveries=json.dumps(list(deliveries)),
        )
        roles: dict[int, tuple[RoleId, ...]] = {}
        for row in rows:
            roles[row["delivery"]] = (*roles.get(row["delivery"], ()), row["role"])
        return roles
