"""The ledger of deliveries: what ought to stand in which channel, what stands there, and what is in the way.

`claim` commits 'sending' before anybody calls Discord.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from spacebot.domain.accounts import Host
from spacebot.domain.deliveries import Job, Kind, Matter, Pause, Queue
from spacebot.domain.guilds import AtEnd
from spacebot.domain.ids import ChannelId, GuildId, MessageId, RoleId, SpaceId
from spacebot.domain.spaces import Change, Phase, SpaceRecord
from spacebot.store.base import moment, ms, ms_or_none
from spacebot.store.seen import SeenQueries

LEASE = timedelta(seconds=120)
"""How long a claim keeps a delivery from being claimed again; longer than one whole send may take."""

REFRESH = timedelta(seconds=60)
"""The shortest time between two edits that only bring listeners, co-hosts and speakers up to date."""

REFRESHES_PER_SECOND = 24
"""A Space in many channels is refreshed more rarely, so that its edits take at most half of the pace."""

STILL_YOUNG = timedelta(minutes=55)
"""Discord lets a message be edited only rarely once it is an hour old: the summary must still get through."""

TOLD_AFTER = timedelta(minutes=1)
"""A channel that is back so soon was not worth a word."""

UNWATCHED = "no longer followed"
OVER = "the Space was over before it could be announced"

# `deliveries.turn` says who is served first: what was never sent, the newest first; then messages that are wrong; then
# those that are just a little behind.
WRONG = 10_000_000_000_000
BEHIND = 2 * WRONG

MOMENTS = {
    Kind.SCHEDULED: "g.tells_scheduled",
    Kind.REMINDER: "g.reminder_minutes IS NOT NULL",
    Kind.LIVE: "g.tells_live",
    Kind.ENDED: "g.tells_ended",
}
"""Which guilds want to hear of a moment."""


class DeliveryQueries(SeenQueries):
    """Deliveries and paused channels."""

    def _ensure_deliveries(self, record: SpaceRecord, now: datetime, matched: Sequence[int] = ()) -> None:
        """One row per announcement that the Space's phase asks for; `matched` are the keyword watches that it matches."""
        for kind in Kind:
            starts_later = record.scheduled_start is not None and record.scheduled_start > now
            if kind.fits(record.phase) and (kind is not Kind.REMINDER or starts_later):
                self._ensure_kind(record, kind, now, matched if kind is Kind.LIVE else ())

    def _ensure_kind(self, record: SpaceRecord, kind: Kind, now: datetime, matched: Sequence[int]) -> None:
        """One row per interested channel; a watch that has its message of this moment already gets no other.

        Who follows a co-host or speaker, and wants to, hears of somebody else's Space when it is live.
        """
        guests = (*record.cohosts, *record.speakers) if kind is Kind.LIVE else ()
        values = {
            "space": record.space_id,
            "host": record.host_id,
            "people": json.dumps([record.host_id, *guests]),
            "matched": json.dumps(list(matched)),
            "kind": kind.value,
            "revision": record.revision,
            "now": ms(now),
            "turn": -ms(now),
            "start": ms_or_none(record.scheduled_start),
            "unwatched": UNWATCHED,
            "over": OVER,
        }
        missing = f"""
            FROM watches w JOIN guilds g USING (guild_id)
            WHERE w.watch_id IN (
                SELECT watch_id FROM watches
                WHERE host_id IN (SELECT value FROM json_each(:people)) AND (host_id = :host OR also_cohost)
                UNION SELECT value FROM json_each(:matched)
            )
              AND g.left_at IS NULL AND {MOMENTS[kind]} AND COALESCE(w.channel_id, g.channel_id) IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM audience a
                              WHERE a.watch_id = w.watch_id AND a.space_id = :space AND a.kind = :kind)
        """  # noqa: S608 - constants
        if not self._rows(f"SELECT 1 {missing} LIMIT 1", **values):
            return
        due = "max(:now, :start - min(g.reminder_minutes) * 60000)" if kind is Kind.REMINDER else ":now"
        self.db.execute(
            f"""
            INSERT INTO deliveries (space_id, channel_id, kind, guild_id, guest_id, state, wanted, turn, next_try_at,
                created_at)
            SELECT :space, COALESCE(w.channel_id, g.channel_id) AS place, :kind, min(w.guild_id),
                CASE WHEN max(w.host_id = :host) THEN NULL ELSE min(w.host_id) END,
                'pending', :revision, :turn, {due}, :now {missing}
            GROUP BY place
            ON CONFLICT (space_id, channel_id, kind) DO UPDATE SET state = 'pending', reason = NULL,
                next_try_at = excluded.next_try_at, turn = excluded.turn
                WHERE state = 'skipped' AND reason IN (:unwatched, :over)
            """,
            values,
        )
        self.db.execute(
            f"""
            INSERT INTO audience (watch_id, space_id, kind, delivery_id)
            SELECT w.watch_id, :space, :kind, (
                SELECT d.delivery_id FROM deliveries d WHERE d.space_id = :space AND d.kind = :kind
                  AND d.channel_id = COALESCE(w.channel_id, g.channel_id)) {missing}
            """,  # noqa: S608 - a constant
            values,
        )

    def _want(self, record: SpaceRecord, change: Change, now: datetime) -> None:
        """Let the Space's messages show its newest revision; a moment that has passed is not told of any more."""
        if change is Change.MOVED:
            self._refresh(record, now)
            return
        if change is Change.LIVE:  # its first minute needs no refreshing
            self.db.execute(
                "UPDATE spaces SET refreshed_at = :now WHERE space_id = :space",
                {"now": ms(now), "space": record.space_id},
            )
        fitting = json.dumps([kind.value for kind in Kind if kind.fits(record.phase)])
        values = {
            "space": record.space_id,
            "fitting": fitting,
            "reason": OVER,
            "now": ms(now),
        }
        # Taken for over, and back.
        self.db.execute(
            """
            UPDATE deliveries SET state = 'pending', reason = NULL, next_try_at = :now
            WHERE space_id = :space AND state = 'skipped' AND reason = :reason
              AND kind IN (SELECT value FROM json_each(:fitting)) AND delivery_id IN (SELECT delivery_id FROM audience)
            """,
            values,
        )
        self.db.execute(
            """
            UPDATE deliveries SET state = 'skipped', reason = :reason
            WHERE space_id = :space AND state IN ('pending', 'failed') AND first_attempt_at IS NULL
              AND kind NOT IN (SELECT value FROM json_each(:fitting))
            """,
            values,
        )
        self.db.execute(
            """
            UPDATE deliveries SET wanted = :revision, turn = CASE state WHEN 'sent' THEN :turn ELSE turn END
            WHERE space_id = :space AND state != 'skipped'
            """,
            {"space": record.space_id, "revision": record.revision, "turn": WRONG - ms(now)},
        )
        if record.phase is Phase.SCHEDULED and record.scheduled_start is not None:
            self.db.execute(
                """
                UPDATE deliveries SET next_try_at = max(:now, :start - 60000 * (
                    SELECT reminder_minutes FROM guilds g WHERE g.guild_id = deliveries.guild_id))
                WHERE space_id = :space AND kind = 'reminder' AND state = 'pending' AND first_attempt_at IS NULL
                  AND EXISTS (SELECT 1 FROM guilds g WHERE g.guild_id = deliveries.guild_id
                              AND g.reminder_minutes IS NOT NULL)
                """,
                {"space": record.space_id, "now": ms(now), "start": ms(record.scheduled_start)},
            )

    def _refresh(self, record: SpaceRecord, now: datetime) -> None:
        """Every so often, let the messages that are young enough show who listens."""
        row = self._rows(
            """
            SELECT count(*) AS n, min(wanted) FILTER (WHERE sent_at > :young) AS least,
                   (SELECT refreshed_at FROM spaces WHERE space_id = :space) AS refreshed
            FROM deliveries WHERE space_id = :space AND state = 'sent'
            """,
            space=record.space_id,
            young=ms(now - STILL_YOUNG),
        )[0]
        if row["least"] is None or row["least"] >= record.revision:
            return
        apart = max(REFRESH.total_seconds(), row["n"] / REFRESHES_PER_SECOND) * 1000
        if row["refreshed"] is not None and 0 <= ms(now) - row["refreshed"] < apart:
            return
        self.db.execute(
            """
            UPDATE deliveries SET wanted = :revision, turn = CASE WHEN shown < wanted THEN turn ELSE :turn END
            WHERE space_id = :space AND state = 'sent' AND sent_at > :young
            """,
            {
                "space": record.space_id,
                "revision": record.revision,
                "turn": BEHIND - ms(now),
                "young": ms(now - STILL_YOUNG),
            },
        )
        self.db.execute(
            "UPDATE spaces SET refreshed_at = :now WHERE space_id = :space", {"now": ms(now), "space": record.space_id}
        )

    def release(self, now: datetime) -> int:
        """At a start: what was being sent when the last run stopped is due again. How many there are."""
        # Never tried, and yet not due: the clock was set back meanwhile.
        self.db.execute(
            "UPDATE deliveries SET next_try_at = :now WHERE next_try_at > :now AND state = 'pending' AND kind != 'reminder'",
            {"now": ms(now)},
        )
        cursor = self.db.execute(
            "UPDATE deliveries SET next_try_at = :now WHERE next_try_at > :now AND "
            "(state = 'sending' OR (state = 'sent' AND shown < wanted))",
            {"now": ms(now)},
        )
        return cursor.rowcount

    def set_clock_back(self, now: datetime) -> None:
        """The wall clock was set back: what waits for a time that is now far off is due at once.

        Reminders that were never attempted wait for their own time.
        """
        self.db.execute(
            """
            UPDATE deliveries SET next_try_at = :now WHERE next_try_at > :now
              AND (kind != 'reminder' OR state != 'pending')
              AND (state IN ('pending', 'sending', 'failed') OR (state = 'sent' AND shown < wanted))
            """,
            {"now": ms(now)},
        )
        self.db.execute(
            "UPDATE notices SET next_try_at = :now WHERE told_at IS NULL AND next_try_at > :now", {"now": ms(now)}
        )

    def claim(self, most: int, now: datetime, busy: Collection[ChannelId] = ()) -> list[Job]:
        """Take up to `most` due deliveries and commit that they are being sent, before anybody calls Discord.

        One for each channel, and none for those that are `busy` or paused: what goes to one channel goes one after
        another. Those never sent come before edits, the newest first.
        """
        # Walks the index of what is due in its order and stops early, however many wait.
        rows = self._rows(
            """
            SELECT d.*, s.host_id, g.at_end, g.reminder_minutes,
                   EXISTS (SELECT 1 FROM audience a WHERE a.delivery_id = d.delivery_id) AS followed
            FROM deliveries d INDEXED BY deliveries_due
            JOIN spaces s USING (space_id) LEFT JOIN guilds g ON g.guild_id = d.guild_id
            WHERE (d.state IN ('pending', 'sending', 'failed') OR (d.state = 'sent' AND d.shown < d.wanted))
              AND d.next_try_at <= :now
              AND d.channel_id NOT IN (SELECT channel_id FROM pauses)
              AND d.channel_id NOT IN (SELECT value FROM json_each(:busy))
            ORDER BY d.turn, d.delivery_id LIMIT :some
            """,
            now=ms(now),
            busy=json.dumps(list(busy)),
            some=4 * most,
        )
        firsts = {row["channel_id"]: row for row in reversed(rows)}
        chosen = [row for row in rows if firsts[row["channel_id"]] is row][:most]
        spaces: dict[SpaceId, SpaceRecord] = {}
        for row in chosen:
            if row["space_id"] not in spaces:
                space = self.space(row["space_id"])
                assert space is not None  # the foreign key says so
                spaces[space.space_id] = space
            self.db.execute(
                """
                UPDATE deliveries SET attempts = attempts + 1, next_try_at = :lease,
                    state = CASE state WHEN 'sent' THEN 'sent' ELSE 'sending' END,
                    first_attempt_at = CASE state WHEN 'sent' THEN first_attempt_at
                                                  ELSE COALESCE(first_attempt_at, :now) END
                WHERE delivery_id = :delivery
                """,
                {"delivery": row["delivery_id"], "lease": ms(now + LEASE), "now": ms(now)},
            )
        who = {user for space in spaces.values() for user in (space.host_id, *space.cohosts, *space.spoke)}
        people = self.accounts([*who, *(row["guest_id"] for row in chosen if row["guest_id"])])
        roles = self._roles([row["delivery_id"] for row in chosen])
        jobs = []
        for row in chosen:
            space = spaces[row["space_id"]]
            speakers = space.speakers if space.phase.is_open else space.spoke
            jobs.append(
                Job(
                    delivery_id=row["delivery_id"],
                    kind=Kind(row["kind"]),
                    guild_id=row["guild_id"],
                    channel_id=row["channel_id"],
                    space=space,
                    host=people.get(space.host_id) or Host(user_id=space.host_id, username="i", name="A host"),
                    guest=people.get(row["guest_id"]),
                    cohosts=tuple(people[user] for user in space.cohosts if user in people),
                    speakers=tuple(people[user] for user in speakers if user in people),
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

    def next_due(self) -> datetime | None:
        """When the next delivery outside paused channels falls due; None if nothing waits."""
        row = self._rows(
            """
            SELECT min(next_try_at) AS due FROM deliveries
            WHERE (state IN ('pending', 'sending', 'failed') OR (state = 'sent' AND shown < wanted))
              AND channel_id NOT IN (SELECT channel_id FROM pauses)
            """
        )[0]
        return moment(row["due"])

    def mark_sent(
        self, delivery_id: int, message_id: MessageId, shown: int, now: datetime, *, quiet: bool = False
    ) -> None:
        """The message stands in the channel and shows this revision; an edit of it is due as soon as one is wanted.

        Args:
            delivery_id: Which.
            message_id: The message.
            shown: The revision.
            now: When.
            quiet: Whether it was sent without mentioning anybody; it is not said again of a message that stands.
        """
        self.db.execute(
            """
            UPDATE deliveries SET state = 'sent', reason = NULL, message_id = :message, shown = :shown, attempts = 0,
                next_try_at = 0, sent_at = COALESCE(sent_at, :now), quiet = max(quiet, :quiet),
                turn = CASE WHEN message_id IS NULL THEN :turn ELSE turn END
            WHERE delivery_id = :delivery
            """,
            {
                "delivery": delivery_id,
                "message": message_id,
                "shown": shown,
                "now": ms(now),
                "quiet": int(quiet),
                "turn": WRONG - ms(now),
            },
        )

    def put_off(self, delivery_id: int, until: datetime) -> None:
        """It was claimed too early for an edit: nothing was tried, and it is due then."""
        self.db.execute(
            "UPDATE deliveries SET attempts = max(attempts - 1, 0), next_try_at = :until WHERE delivery_id = :delivery",
            {"delivery": delivery_id, "until": ms(until)},
        )

    def wait(self, job: Job, until: datetime) -> None:
        """It was claimed too early: nothing was tried this time, and it is due then."""
        self.db.execute(
            """
            UPDATE deliveries SET state = 'pending', attempts = 0, first_attempt_at = :before, next_try_at = :until
            WHERE delivery_id = :delivery
            """,
            {"delivery": job.delivery_id, "before": ms_or_none(job.first_attempt_at), "until": ms(until)},
        )

    def mark_skipped(self, delivery_id: int, reason: str) -> None:
        """There is nothing more to do for this delivery."""
        self.db.execute(
            "UPDATE deliveries SET state = 'skipped', reason = :reason WHERE delivery_id = :delivery",
            {"delivery": delivery_id, "reason": reason},
        )

    def give_up(self, job: Job, reason: str, now: datetime) -> None:
        """Nothing is to be sent after all; where that is no longer so since the claim, it is looked at again at once."""
        self.db.execute(
            """
            UPDATE deliveries SET next_try_at = :now, (state, reason) = (
                SELECT CASE WHEN still THEN 'skipped' ELSE state END, CASE WHEN still THEN :reason ELSE reason END
                FROM (SELECT (SELECT revision FROM spaces s WHERE s.space_id = deliveries.space_id) = :revision
                      AND EXISTS (SELECT 1 FROM audience a WHERE a.delivery_id = :delivery) = :followed AS still))
            WHERE delivery_id = :delivery
            """,
            {
                "delivery": job.delivery_id,
                "reason": reason,
                "revision": job.space.revision,
                "followed": job.followed,
                "now": ms(now),
            },
        )

    def mark_failed(self, job: Job, reason: str | None, *, unclear: bool, next_try_at: datetime) -> None:
        """It did not work this time.

        Args:
            job: What was tried.
            reason: For people, where it is any concern of theirs.
            unclear: Whether Discord may hold the message all the same. A clear refusal of the very first attempt
                proves that nothing was posted; one that follows an unclear attempt proves nothing about that one.
            next_try_at: Not before.
        """
        self.db.execute(
            """
            UPDATE deliveries SET reason = :reason, next_try_at = :next,
                state = CASE WHEN state = 'sent' THEN 'sent' WHEN :unclear THEN 'sending' ELSE 'failed' END,
                first_attempt_at = CASE WHEN state = 'sent' OR :unclear THEN first_attempt_at ELSE :before END
            WHERE delivery_id = :delivery
            """,
            {
                "delivery": job.delivery_id,
                "reason": reason,
                "next": ms(next_try_at),
                "unclear": unclear,
                "before": ms_or_none(job.first_attempt_at),
            },
        )
        has_passed = not job.kind.fits(job.space.phase)
        if not unclear and has_passed and job.first_attempt_at is None and job.message_id is None:
            self.give_up(job, OVER, next_try_at)

    def pause(self, channel_id: ChannelId, guild_id: GuildId, reason: str, now: datetime) -> bool:
        """Leave a channel alone until `resume`; whether that is news."""
        known = self._row("SELECT reason FROM pauses WHERE channel_id = :channel", channel=channel_id)
        self.db.execute(
            """
            INSERT INTO pauses (channel_id, guild_id, reason, since) VALUES (:channel, :guild, :reason, :now)
            ON CONFLICT (channel_id) DO UPDATE SET reason = excluded.reason
            """,
            {"channel": channel_id, "guild": guild_id, "reason": reason, "now": ms(now)},
        )
        if known is None:
            self._tell(
                [guild_id],
                f"channel {channel_id}",
                matter=Matter.PAUSED,
                detail=reason,
                now=now,
                due=now + TOLD_AFTER,
                channel_id=channel_id,
            )
        return known is None or known["reason"] != reason

    def resume(self, channel_id: ChannelId, now: datetime) -> None:
        """Post in the channel again, at once. Edits keep their time: one may be under way."""
        self.db.execute("DELETE FROM pauses WHERE channel_id = :channel", {"channel": channel_id})
        self.db.execute("DELETE FROM notices WHERE channel_id = :channel AND told_at IS NULL", {"channel": channel_id})
        self.db.execute(
            "UPDATE deliveries SET next_try_at = min(next_try_at, :now) "
            "WHERE channel_id = :channel AND state IN ('pending', 'failed')",
            {"channel": channel_id, "now": ms(now)},
        )

    def pauses(self) -> list[Pause]:
        """The channels that are left alone."""
        return [Pause(**row) for row in self._rows("SELECT channel_id, guild_id, reason FROM pauses")]

    def queue(self, now: datetime) -> Queue:
        """What is due and not paused."""
        row = self._rows(
            """
            SELECT count(*) FILTER (WHERE state != 'sent') AS unsent, count(*) FILTER (WHERE state = 'sent') AS edits,
                   min(created_at) FILTER (WHERE state != 'sent') AS oldest
            FROM deliveries INDEXED BY deliveries_due
            WHERE (state IN ('pending', 'sending', 'failed') OR (state = 'sent' AND shown < wanted))
              AND (next_try_at <= :now OR state IN ('sending', 'failed'))
              AND channel_id NOT IN (SELECT channel_id FROM pauses)
            """,
            now=ms(now),
        )[0]
        return Queue(unsent=row["unsent"], edits=row["edits"], oldest=moment(row["oldest"]))
