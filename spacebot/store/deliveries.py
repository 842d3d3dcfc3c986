"""The ledger of deliveries: which message belongs in which channel, what is there, and when it is tried next.

The only module that writes the tables `deliveries` and `audience`. `claim` commits 'sending' before anybody calls
Discord.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import IntEnum

from spacebot.domain.deliveries import (
    AHEAD,
    NOBODY_ON_X,
    RINGING,
    Job,
    Kind,
    PlaceToTest,
    Publication,
    StateOfTest,
    reminder_due,
    spaces_of_test,
)
from spacebot.domain.ids import ChannelId, GuildId, MessageId, SpaceId
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import Change, Phase, SpaceRecord
from spacebot.store.base import ACTIVE, FILTERED, LOT, filter_of, moment, ms, ms_or_none
from spacebot.store.jobs import JobQueries

LEASE = timedelta(seconds=120)
"""How long a claim keeps a delivery from being claimed again; longer than one whole send may take."""

REFRESH = timedelta(seconds=60)
"""The shortest time between two edits that only update listeners, co-hosts and speakers."""

REFRESHES_PER_SECOND = 24
"""A Space in many channels is refreshed more rarely, so that its edits take at most half of the pace."""

STILL_YOUNG = timedelta(minutes=55)
"""Older messages are not refreshed: Discord limits edits after an hour, and the summary must get through."""

NEEDS_EDIT = "(state = 'sent' AND shown < wanted)"
"""SQL condition: the message is out of date."""

UNFINISHED = f"(state IN ('pending', 'sending', 'failed') OR {NEEDS_EDIT})"
"""SQL condition: Discord still has to be called, now or later; the condition of the index `deliveries_due`."""

MADE_DUE_AT_ONCE = 2000
"""As many deliveries that waited one call makes due, so that it does not keep others waiting."""

UNATTEMPTED = "(state IN ('pending', 'failed') AND first_attempt_at IS NULL)"
"""SQL condition: Discord certainly holds no message, so the delivery can be dropped; it is found by guild or channel."""

WANTED = "EXISTS (SELECT 1 FROM audience a WHERE a.delivery_id = deliveries.delivery_id)"
"""SQL condition: the delivery serves a watch."""

LEASED = f"(next_try_at > :now AND (state = 'sending' OR {NEEDS_EDIT}))"
"""SQL condition: it may be claimed. Such a row is not removed: its id might be given to another before it is settled."""

NEVER_POSTED = "(state IN ('pending', 'failed', 'skipped') AND first_attempt_at IS NULL AND kind != 'test')"
"""SQL condition: Discord certainly holds no message, whether or not one is wanted."""

RANK_APART = 10_000_000_000_000
"""Larger than any time in milliseconds that will occur, which keeps the ranks apart."""


class Rank(IntEnum):
    """Which deliveries are served first; within a rank the newest."""

    UNSENT = 0
    """Never sent."""
    WRONG = 1
    """The message says something wrong."""
    BEHIND = 2
    """The message is only a little behind: listeners, co-hosts, speakers."""

    def priority(self, now: datetime) -> int:
        """The value of the column `deliveries.priority`: lowest first."""
        return self * RANK_APART - ms(now)


SERVED_AT_ONCE = LOT // 4
"""As many watches of one Space get their delivery in one call: thousands of guilds may follow its host."""

MOMENTS = {
    Kind.SCHEDULED: "g.tells_scheduled",
    Kind.REMINDER: "g.reminder_minutes IS NOT NULL",
    Kind.LIVE: "g.tells_live",
    Kind.ENDED: "g.tells_ended",
    Kind.EVENT: "g.makes_events",
}
"""SQL conditions: which guilds want a moment announced."""

CHANNEL = "COALESCE(w.channel_id, g.channel_id)"
EVENTS = "-w.guild_id"
"""SQL: where a watch's announcements belong; its guild's events, as `events_of` has it."""


class DeliveryQueries(JobQueries):
    """Every statement that writes deliveries, in the words of the domain."""

    def _ensure_deliveries(self, record: SpaceRecord, now: datetime, matched: Sequence[int] = ()) -> bool:
        """Ensure one row per announcement due in the Space's phase; `matched` are the matching keyword watches.

        Returns:
            Whether there may be more to add than one call does: the same is to be asked again.
        """
        has_more = False
        unfit = self._drop_unfit(record)
        for kind in MOMENTS:
            is_too_late = kind in AHEAD and reminder_due(record.scheduled_start, None, now) is None
            if kind.fits(record.phase) and not is_too_late:
                has_more |= self._ensure_kind(record, kind, now, matched if kind is Kind.LIVE else (), unfit)
        return has_more

    def _ensure_kind(
        self, record: SpaceRecord, kind: Kind, now: datetime, matched: Sequence[int], unfit: Sequence[int]
    ) -> bool:
        """Ensure one row per channel; a watch that has a row for this moment already gets no other.

        Those that are `unfit` get none. Watches of co-hosts and speakers that include other people's Spaces count for
        the live moment. Whether there may be more to add: of an open Space, of which another look follows, only so many
        are added at once.
        """
        guests = (*record.cohosts, *record.speakers) if kind is Kind.LIVE else ()
        values = {
            "space": record.space_id,
            "host": record.host_id,
            "participants": json.dumps([record.host_id, *guests]),
            "matched": json.dumps(list(matched)),
            "unfit": json.dumps(list(unfit)),
            "kind": kind.value,
            "revision": record.revision,
            "now": ms(now),
            "priority": Rank.UNSENT.priority(now),
            "unwatched": Reason.UNWATCHED.value,
            "over": Reason.OVER.value,
            "on_hold": Reason.ON_HOLD.value,
            "filtered": Reason.FILTERED.value,
        }
        most = SERVED_AT_ONCE if record.phase.is_open else -1  # -1 is all
        missing = self._rows(
            f"SELECT w.watch_id, w.guild_id {_watches_without(kind)} LIMIT :most",
            most=most,
            **values,
        )
        if not missing:
            return False
        has_more = len(missing) == most
        if has_more:  # a guild's watches go together: they may share a message
            missing = self._rows(
                f"SELECT w.watch_id {_watches_without(kind, f'guild_id IN ({AMONG})')}",
                among=json.dumps([row["guild_id"] for row in missing]),
                **values,
            )
        values["lot"] = json.dumps([row["watch_id"] for row in missing])
        lot = "FROM watches w JOIN guilds g USING (guild_id) WHERE w.watch_id IN (SELECT value FROM json_each(:lot))"
        self.db.execute(
            f"""
            INSERT INTO deliveries (space_id, kind, guild_id, guest_id, state, wanted, priority, next_try_at, created_at,
                channel_id)
            SELECT :space, :kind, min(w.guild_id), CASE WHEN max(w.host_id = :host) THEN NULL ELSE min(w.host_id) END,
                'pending', :revision, :priority, :now, :now, {_place(kind)} AS place {lot}
            GROUP BY place
            ON CONFLICT (space_id, channel_id, kind) DO UPDATE SET state = 'pending', reason = NULL,
                next_try_at = excluded.next_try_at, priority = excluded.priority
                WHERE state = 'skipped' AND reason IN (:unwatched, :over, :on_hold, :filtered)
            """,
            values,
        )
        self.db.execute(
            f"""
            INSERT INTO audience (watch_id, space_id, kind, delivery_id)
            SELECT w.watch_id, :space, :kind, (
                SELECT d.delivery_id FROM deliveries d WHERE d.space_id = :space AND d.kind = :kind
                  AND d.channel_id = {_place(kind)}) {lot}
            """,  # noqa: S608 - constants
            values,
        )
        if kind is Kind.REMINDER:
            self._plan_reminders(now, space_id=record.space_id)
        return has_more

    def _unfit(self, record: SpaceRecord) -> list[int]:
        """The watches whose filters do not let the Space pass.

        Those for which something of it was posted, or may have been, are no longer asked: what has begun is told to
        its end.
        """
        rows = self._rows(
            f"""
            SELECT watch_id, want, shun, lang, ticketed FROM watches w
            WHERE host_id IN (SELECT value FROM json_each(:people)) AND {FILTERED} AND NOT EXISTS (
                SELECT 1 FROM audience a JOIN deliveries d USING (delivery_id)
                WHERE a.watch_id = w.watch_id AND a.space_id = :space AND d.first_attempt_at IS NOT NULL)
            """,  # noqa: S608 - a constant
            people=json.dumps([record.host_id, *record.cohosts, *record.speakers]),
            space=record.space_id,
        )
        unfit = []
        takes: dict[tuple[object, ...], bool] = {}  # many guilds filter a host alike
        for row in rows:
            stored = (row["want"], row["shun"], row["lang"], row["ticketed"])
            if stored not in takes:
                takes[stored] = filter_of(row).takes(
                    title=record.title, lang=record.lang, is_ticketed=record.is_ticketed
                )
            if not takes[stored]:
                unfit.append(row["watch_id"])
        return unfit

    def _drop_unfit(self, record: SpaceRecord) -> list[int]:
        """Skip what was never attempted and serves none but watches whose filters stop the Space; returns those."""
        unfit = self._unfit(record)
        if unfit:
            values = {"space": record.space_id, "unfit": json.dumps(unfit), "reason": Reason.FILTERED.value}
            released = self.db.execute(
                f"""
                DELETE FROM audience WHERE space_id = :space AND watch_id IN (SELECT value FROM json_each(:unfit))
                  AND delivery_id IN (SELECT delivery_id FROM deliveries WHERE space_id = :space AND {NEVER_POSTED})
                """,  # noqa: S608 - a constant
                values,
            )
            if released.rowcount:
                self.db.execute(
                    f"""
                    UPDATE deliveries SET state = 'skipped', reason = :reason
                    WHERE space_id = :space AND {UNATTEMPTED} AND NOT EXISTS (
                        SELECT 1 FROM audience a WHERE a.delivery_id = deliveries.delivery_id)
                    """,  # noqa: S608 - a constant
                    values,
                )
        return unfit

    def _drop_unfit_again(self, space_id: SpaceId) -> None:
        """What was under way is not any more: it is held against the filters as if it had never been tried."""
        record = self.space(space_id)
        if record is not None:
            self._drop_unfit(record)

    def _drop_unfit_of(self, watch_id: int) -> None:
        """The watch's filters have changed: skip what waits for it and does not pass them."""
        waiting = self._rows(
            f"""
            SELECT DISTINCT space_id FROM audience a WHERE watch_id = :watch AND EXISTS (
                SELECT 1 FROM deliveries WHERE delivery_id = a.delivery_id AND {NEVER_POSTED})
            """,  # noqa: S608 - a constant
            watch=watch_id,
        )
        for row in waiting:
            self._drop_unfit_again(row["space_id"])

    def _want_revision(self, record: SpaceRecord, change: Change, now: datetime) -> None:
        """Request that the Space's messages show its newest revision; skip announcements whose moment has passed."""
        if change is Change.MOVED:
            self._refresh(record, now)
            return
        if change is Change.RETITLED:
            self._want_title(record, now)
            return
        if change is Change.INVITED:
            self._want_invited_of(record, now)
            return
        self._hurry_titles(record.space_id, now)
        if change is Change.LIVE:  # its first minute needs no refreshing
            self._note_refreshed(record.space_id, now)
        fitting = json.dumps([kind.value for kind in MOMENTS if kind.fits(record.phase)])
        values = {
            "space": record.space_id,
            "fitting": fitting,
            "reason": Reason.OVER.value,
            "now": ms(now),
        }
        # Skipped as over, and now open again.
        self.db.execute(
            f"""
            UPDATE deliveries SET state = 'pending', reason = NULL, next_try_at = :now
            WHERE space_id = :space AND state = 'skipped' AND reason = :reason
              AND kind IN (SELECT value FROM json_each(:fitting)) AND {WANTED}
            """,  # noqa: S608 - a constant
            values,
        )
        self.db.execute(
            f"""
            UPDATE deliveries SET state = 'skipped', reason = :reason
            WHERE space_id = :space AND {UNATTEMPTED} AND kind NOT IN (SELECT value FROM json_each(:fitting))
            """,  # noqa: S608 - a constant
            values,
        )
        self.db.execute(
            """
            UPDATE deliveries SET wanted = :revision, priority = CASE state WHEN 'sent' THEN :wrong ELSE priority END
            WHERE space_id = :space AND state != 'skipped'
            """,
            {"space": record.space_id, "revision": record.revision, "wrong": Rank.WRONG.priority(now)},
        )
        if record.phase is Phase.SCHEDULED:
            self._plan_reminders(now, space_id=record.space_id)

    def _want_title(self, record: SpaceRecord, now: datetime) -> None:
        """Let the Space's messages show its newest title once it stays; what is due for another reason does not wait."""
        before, until = self._note_retitled(record.space_id, now)
        self.db.execute(
            """
            UPDATE deliveries SET wanted = :revision, priority = CASE state WHEN 'sent' THEN :wrong ELSE priority END,
                next_try_at = CASE WHEN state = 'sent' AND (shown >= wanted OR next_try_at = :before)
                                   THEN max(next_try_at, :until) ELSE next_try_at END
            WHERE space_id = :space AND state != 'skipped'
            """,
            {
                "space": record.space_id,
                "revision": record.revision,
                "wrong": Rank.WRONG.priority(now),
                "before": ms_or_none(before),
                "until": ms(until),
            },
        )

    def _want_invited_of(self, record: SpaceRecord, now: datetime) -> None:
        """Let the Space's messages show its newest revision in the guilds that show who is invited."""
        self.db.execute(
            f"""
            UPDATE deliveries SET wanted = :revision,
                priority = CASE WHEN state != 'sent' OR {NEEDS_EDIT} THEN priority ELSE :behind END
            WHERE space_id = :space AND state != 'skipped'
              AND guild_id IN (SELECT guild_id FROM guilds WHERE shows_invited)
            """,  # noqa: S608 - a constant
            {"space": record.space_id, "revision": record.revision, "behind": Rank.BEHIND.priority(now)},
        )

    def _want_invited(self, guild_id: GuildId, now: datetime) -> None:
        """The guild shows who is invited from now on, or does not: its messages about Spaces of which that is known are edited."""
        self.db.execute(
            """
            UPDATE deliveries SET shown = 0, priority = :behind WHERE state = 'sent' AND delivery_id IN (
                SELECT a.delivery_id FROM watches w CROSS JOIN spaces s ON s.host_id = w.host_id
                CROSS JOIN audience a ON a.watch_id = w.watch_id AND a.space_id = s.space_id
                WHERE w.guild_id = :guild AND s.invited_asked_at IS NOT NULL
                  AND s.phase IN ('scheduled', 'live') AND s.phase = 'scheduled')
            """,
            {"guild": guild_id, "behind": Rank.BEHIND.priority(now)},
        )

    def _hurry_titles(self, space_id: SpaceId, now: datetime) -> None:
        """Messages that wait for the Space's title to stay, and for nothing else, wait no longer."""
        until = self._note_settled(space_id)
        if until is not None:
            self.db.execute(
                """
                UPDATE deliveries SET next_try_at = min(next_try_at, :now)
                WHERE space_id = :space AND state = 'sent' AND next_try_at = :until
                """,
                {"space": space_id, "now": ms(now), "until": ms(until)},
            )

    def _plan_reminders(
        self, now: datetime, *, space_id: SpaceId | None = None, guild_id: GuildId | None = None
    ) -> None:
        """Set when the unsent reminders of a Space, or of a guild, are due.

        Those that are too late are due at once: the courier skips them.
        """
        rows = self._rows(
            """
            SELECT d.delivery_id, s.scheduled_start, g.reminder_minutes
            FROM deliveries d JOIN spaces s USING (space_id) JOIN guilds g ON g.guild_id = d.guild_id
            WHERE d.kind = 'reminder' AND d.state = 'pending' AND d.first_attempt_at IS NULL
              AND s.scheduled_start IS NOT NULL AND g.reminder_minutes IS NOT NULL
              AND (d.space_id = :space OR d.guild_id = :guild)
            """,
            space=space_id,
            guild=guild_id,
        )
        dues = [
            (ms(reminder_due(moment(row["scheduled_start"]), row["reminder_minutes"], now) or now), row["delivery_id"])
            for row in rows
        ]
        self.db.conn.executemany("UPDATE deliveries SET next_try_at = ? WHERE delivery_id = ?", dues)

    def _refresh(self, record: SpaceRecord, now: datetime) -> None:
        """Request edits that show the current listeners, of young messages and not too often."""
        row = self._rows(
            """
            SELECT count(*) AS n, min(wanted) FILTER (WHERE sent_at > :young) AS least,
                   (SELECT refreshed_at FROM spaces WHERE space_id = :space) AS refreshed
            FROM deliveries WHERE space_id = :space AND state = 'sent' AND kind != 'event'
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
            f"""
            UPDATE deliveries SET wanted = :revision, priority = CASE WHEN {NEEDS_EDIT} THEN priority ELSE :behind END
            WHERE space_id = :space AND state = 'sent' AND sent_at > :young AND kind != 'event'
            """,  # noqa: S608 - a constant
            {
                "space": record.space_id,
                "revision": record.revision,
                "behind": Rank.BEHIND.priority(now),
                "young": ms(now - STILL_YOUNG),
            },
        )
        self._note_refreshed(record.space_id, now)

    def release(self, now: datetime) -> list[bool]:
        """At start: make what was being sent when the last run stopped due again, and what waits for a clock set back.

        Returns:
            Of each made due whether it was attempted. It is called again after `MADE_DUE_AT_ONCE`: there may be more.
        """
        # What is pending was never tried, and is not due yet: the clock was set back while nobody ran.
        return self._make_due(f"state = 'sending' OR {NEEDS_EDIT} OR (state = 'pending' AND kind != 'reminder')", now)

    def set_clock_back(self, now: datetime) -> list[bool]:
        """The wall clock was set back: what would now wait too long is due at once.

        Reminders that were never attempted wait for their own time.

        Returns:
            Of each made due whether it was attempted. It is called again after `MADE_DUE_AT_ONCE`: there may be more.
        """
        self._make_notices_due(now)
        return self._make_due("kind != 'reminder' OR state != 'pending'", now)

    def _make_due(self, which: str, now: datetime) -> list[bool]:
        """Make some of those that wait for later due, as far as an SQL condition holds."""
        return [
            bool(row["attempted"])
            for row in self._rows(
                f"""
                UPDATE deliveries SET next_try_at = :now WHERE delivery_id IN (
                    SELECT delivery_id FROM deliveries INDEXED BY deliveries_due
                    WHERE next_try_at > :now AND ({which}) AND {UNFINISHED} LIMIT :most)
                RETURNING state != 'pending' AS attempted
                """,  # noqa: S608 - constants
                now=ms(now),
                most=MADE_DUE_AT_ONCE,
            )
        ]

    def claim(self, most: int, now: datetime, busy: Collection[ChannelId] = ()) -> list[Job]:
        """Take up to `most` due deliveries and mark them as being sent, before Discord is called.

        At most one per channel, and none for channels that are `busy` or paused: a channel gets one message after
        another. New messages come before edits, the newest first.
        """
        # Walks the index `deliveries_due` in its order and stops early, however many wait.
        rows = self._rows(
            f"""
            SELECT d.*, s.host_id, g.at_end, g.reminder_minutes, g.publishes, g.shows_invited, g.language,
                   EXISTS (SELECT 1 FROM audience a WHERE a.delivery_id = d.delivery_id) AS followed
            FROM deliveries d INDEXED BY deliveries_due
            JOIN spaces s USING (space_id) LEFT JOIN guilds g ON g.guild_id = d.guild_id
            WHERE {UNFINISHED} AND d.next_try_at <= :now
              AND d.channel_id NOT IN (SELECT channel_id FROM pauses)
              AND d.channel_id NOT IN (SELECT value FROM json_each(:busy))
            ORDER BY d.priority, d.delivery_id LIMIT :some
            """,  # noqa: S608 - a constant
            now=ms(now),
            busy=json.dumps(list(busy)),
            some=4 * most,
        )
        firsts = {row["channel_id"]: row for row in reversed(rows)}
        chosen = [row for row in rows if firsts[row["channel_id"]] is row][:most]
        jobs = self._jobs(chosen, now)
        for job in jobs:
            # Whether an earlier attempt mentioned somebody counts as long as its message may stand.
            self.db.execute(
                """
                UPDATE deliveries SET attempts = attempts + 1, next_try_at = :lease,
                    rang = CASE WHEN state = 'sent' THEN rang WHEN first_attempt_at IS NULL THEN :rings
                                ELSE max(rang, :rings) END,
                    state = CASE state WHEN 'sent' THEN 'sent' ELSE 'sending' END,
                    first_attempt_at = CASE state WHEN 'sent' THEN first_attempt_at
                                                  ELSE COALESCE(first_attempt_at, :now) END
                WHERE delivery_id = :delivery
                """,
                {
                    "delivery": job.delivery_id,
                    "lease": ms(now + LEASE),
                    "now": ms(now),
                    "rings": int(job.kind in RINGING and bool(job.roles) and not job.hushed),
                },
            )
        return jobs

    def next_due(self) -> datetime | None:
        """When the next delivery outside paused channels is due; None if there is none."""
        row = self._rows(
            f"""
            SELECT min(next_try_at) AS due FROM deliveries INDEXED BY deliveries_due
            WHERE {UNFINISHED} AND channel_id NOT IN (SELECT channel_id FROM pauses)
            """  # noqa: S608 - a constant
        )[0]
        return moment(row["due"])

    def mark_sent(
        self,
        delivery_id: int,
        message_id: MessageId,
        shown: int,
        now: datetime,
        *,
        quiet: bool = False,
        publish: bool = False,
    ) -> None:
        """The message is in the channel and shows this revision; an edit is due as soon as `wanted` exceeds it.

        One that is wanted by now waits for the Space's title to stay, if it does not.

        Args:
            delivery_id: Which.
            message_id: The message.
            shown: The revision.
            now: When.
            quiet: Whether it was sent without mentions; once set, it stays set.
            publish: Whether it is to be published, if it was not in the channel before.
        """
        self.db.execute(
            """
            UPDATE deliveries SET state = 'sent', reason = NULL, message_id = :message, shown = :shown, attempts = 0,
                next_try_at = CASE WHEN wanted > :shown THEN COALESCE((
                    SELECT settles_at FROM spaces s WHERE s.space_id = deliveries.space_id), 0) ELSE 0 END,
                sent_at = COALESCE(sent_at, :now), quiet = max(quiet, :quiet),
                publish_at = CASE WHEN message_id IS NULL AND :publish THEN :now ELSE publish_at END,
                priority = CASE WHEN message_id IS NULL THEN :wrong ELSE priority END
            WHERE delivery_id = :delivery
            """,
            {
                "delivery": delivery_id,
                "message": message_id,
                "shown": shown,
                "now": ms(now),
                "quiet": int(quiet),
                "publish": int(publish),
                "wrong": Rank.WRONG.priority(now),
            },
        )

    def due_to_publish(self, most: int, now: datetime) -> list[Publication]:
        """Up to `most` messages that are to be published now, one per channel; what is no longer live is let be."""
        self.db.execute(
            """
            UPDATE deliveries SET publish_at = NULL WHERE publish_at IS NOT NULL AND (
                state != 'sent'
                OR NOT EXISTS (SELECT 1 FROM spaces s WHERE s.space_id = deliveries.space_id AND phase = 'live')
                OR EXISTS (SELECT 1 FROM guilds g WHERE g.guild_id = deliveries.guild_id AND NOT publishes))
            """
        )
        rows = self._rows(
            """
            SELECT delivery_id, channel_id, message_id FROM deliveries WHERE delivery_id IN (
                SELECT min(delivery_id) FROM deliveries WHERE publish_at <= :now GROUP BY channel_id)
            ORDER BY publish_at, delivery_id LIMIT :most
            """,
            now=ms(now),
            most=most,
        )
        return [Publication(**row) for row in rows]

    def next_to_publish(self) -> datetime | None:
        """When the next message is to be published; None if none is."""
        return moment(
            self._rows("SELECT min(publish_at) AS due FROM deliveries WHERE publish_at IS NOT NULL")[0]["due"]
        )

    def mark_published(self, delivery_id: int) -> None:
        """The message is published, or is not to be."""
        self.db.execute(
            "UPDATE deliveries SET publish_at = NULL WHERE delivery_id = :delivery", {"delivery": delivery_id}
        )

    def publish_later(self, delivery_id: int, until: datetime) -> None:
        """The message may or may not be published: it is tried again then."""
        self.db.execute(
            "UPDATE deliveries SET publish_at = :until WHERE delivery_id = :delivery",
            {"until": ms(until), "delivery": delivery_id},
        )

    def rest_publishing(self, channel_id: ChannelId, until: datetime) -> None:
        """Discord publishes nothing more of the channel until then."""
        self.db.execute(
            "UPDATE deliveries SET publish_at = max(publish_at, :until) WHERE channel_id = :channel AND publish_at NOT NULL",
            {"until": ms(until), "channel": channel_id},
        )

    def _make_channel_due(self, channel_id: ChannelId, now: datetime) -> None:
        """Make unsent messages for the channel due now. Edits keep their time: one may be under way."""
        self.db.execute(
            "UPDATE deliveries SET next_try_at = min(next_try_at, :now) "
            "WHERE channel_id = :channel AND state IN ('pending', 'failed')",
            {"channel": channel_id, "now": ms(now)},
        )

    def postpone(self, delivery_id: int, until: datetime) -> None:
        """It was claimed too early: nothing was tried, and it is due at `until`."""
        self.db.execute(
            "UPDATE deliveries SET attempts = max(attempts - 1, 0), next_try_at = :until WHERE delivery_id = :delivery",
            {"delivery": delivery_id, "until": ms(until)},
        )

    def postpone_first_attempt(self, job: Job, until: datetime) -> None:
        """It was claimed before its first attempt was due: undo the claim, and try at `until`."""
        self.db.execute(
            """
            UPDATE deliveries SET state = 'pending', attempts = 0, first_attempt_at = :before, next_try_at = :until
            WHERE delivery_id = :delivery
            """,
            {"delivery": job.delivery_id, "before": ms_or_none(job.first_attempt_at), "until": ms(until)},
        )
        self._drop_unfit_again(job.space.space_id)

    def begin_again(self, delivery_id: int, now: datetime) -> None:
        """What was sent is about to be removed, to be sent anew: first it is looked for, as after an unclear attempt."""
        self.db.execute(
            """
            UPDATE deliveries SET state = 'sending', message_id = NULL, shown = NULL, sent_at = NULL, attempts = 0,
                first_attempt_at = COALESCE(first_attempt_at, :now), next_try_at = :now
            WHERE delivery_id = :delivery
            """,
            {"delivery": delivery_id, "now": ms(now)},
        )

    def mark_skipped(self, delivery_id: int, reason: Reason | Obstacle) -> None:
        """Nothing more is to be done for this delivery."""
        self.db.execute(
            "UPDATE deliveries SET state = 'skipped', reason = :reason WHERE delivery_id = :delivery",
            {"delivery": delivery_id, "reason": str(reason)},
        )

    def give_up(self, job: Job, reason: Reason, now: datetime) -> None:
        """Skip the delivery, unless the Space or its watches changed since the claim; then it is due again at once."""
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
                "reason": reason.value,
                "revision": job.space.revision,
                "followed": job.followed,
                "now": ms(now),
            },
        )

    def mark_failed(self, job: Job, obstacle: Obstacle | None, *, unclear: bool, next_try_at: datetime) -> None:
        """The attempt failed.

        Args:
            job: What was tried.
            obstacle: Why, if people should be told.
            unclear: Whether Discord may hold the message anyway. A clear refusal of the first attempt proves that
                nothing was posted; one after an unclear attempt proves nothing about the earlier attempt.
            next_try_at: When it is tried again at the earliest.
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
                "reason": None if obstacle is None else str(obstacle),
                "next": ms(next_try_at),
                "unclear": unclear,
                "before": ms_or_none(job.first_attempt_at),
            },
        )
        has_passed = not job.kind.fits(job.space.phase)
        if not unclear and has_passed and job.first_attempt_at is None and job.message_id is None:
            self.give_up(job, Reason.OVER, next_try_at)
        if not unclear and job.first_attempt_at is None and job.message_id is None:
            self._drop_unfit_again(job.space.space_id)

    def _drop_moment(self, guild_id: GuildId, kind: Kind) -> None:
        """The guild no longer wants this moment announced: skip what was never attempted."""
        values = {"guild": guild_id, "kind": kind.value, "reason": Reason.UNWATCHED.value}
        unsent = f"guild_id = :guild AND kind = :kind AND {UNATTEMPTED}"
        self.db.execute(
            f"DELETE FROM audience WHERE delivery_id IN (SELECT delivery_id FROM deliveries WHERE {unsent})",  # noqa: S608 - constants
            values,
        )
        self.db.execute(
            f"UPDATE deliveries SET state = 'skipped', reason = :reason WHERE {unsent}",  # noqa: S608 - constants
            values,
        )

    def _drop_unsent_of(self, watch_id: int, now: datetime) -> None:
        """The watch is about to be removed: skip what was never attempted and serves no other watch."""
        self.db.execute(
            f"""
            UPDATE deliveries SET state = 'skipped', reason = :reason, next_try_at = :now
            WHERE guild_id = (SELECT guild_id FROM watches WHERE watch_id = :watch) AND {UNATTEMPTED} AND EXISTS (
                SELECT 1 FROM audience a WHERE a.delivery_id = deliveries.delivery_id AND a.watch_id = :watch)
              AND NOT EXISTS (
                SELECT 1 FROM audience a WHERE a.delivery_id = deliveries.delivery_id AND a.watch_id != :watch)
            """,  # noqa: S608 - a constant
            {"reason": Reason.UNWATCHED.value, "watch": watch_id, "now": ms(now)},
        )

    def _drop_held(self, guild_id: GuildId) -> None:
        """Skip what was never attempted and serves no watch but those on hold; other messages do without them."""
        held = "SELECT watch_id FROM watches JOIN guilds USING (guild_id) WHERE guild_id = :guild AND (on_hold OR all_on_hold)"
        values = {"guild": guild_id, "reason": Reason.ON_HOLD.value}
        self.db.execute(
            f"""
            DELETE FROM audience WHERE watch_id IN ({held})
              AND delivery_id IN (SELECT delivery_id FROM deliveries WHERE guild_id = :guild AND {UNATTEMPTED})
            """,  # noqa: S608 - constants
            values,
        )
        self.db.execute(
            f"""
            UPDATE deliveries SET state = 'skipped', reason = :reason
            WHERE guild_id = :guild AND {UNATTEMPTED} AND NOT {WANTED}
            """,  # noqa: S608 - constants
            values,
        )

    def _move_unsent(self, guild_id: GuildId) -> None:
        """Skip unattempted rows whose watches now lead to another channel; the next look adds new ones.

        So replacing a paused channel loses no announcement, and one that was attempted is never repeated.
        """
        strays = self._rows(
            f"""
            SELECT delivery_id FROM deliveries d
            WHERE d.guild_id = :guild AND {UNATTEMPTED} AND kind != 'event' AND EXISTS (
                SELECT 1 FROM audience a JOIN watches w USING (watch_id) JOIN guilds g USING (guild_id)
                WHERE a.delivery_id = d.delivery_id AND d.channel_id IS NOT COALESCE(w.channel_id, g.channel_id))
            """,  # noqa: S608 - a constant
            guild=guild_id,
        )
        for row in strays:
            values = {"delivery": row["delivery_id"], "reason": Reason.UNWATCHED.value}
            self.db.execute(
                """
                DELETE FROM audience WHERE delivery_id = :delivery AND watch_id IN (
                    SELECT w.watch_id FROM deliveries d JOIN watches w USING (guild_id) JOIN guilds g USING (guild_id)
                    WHERE d.delivery_id = :delivery AND COALESCE(w.channel_id, g.channel_id) IS NOT d.channel_id)
                """,
                values,
            )
            self.db.execute(
                """
                UPDATE deliveries SET state = 'skipped', reason = :reason WHERE delivery_id = :delivery
                  AND NOT EXISTS (SELECT 1 FROM audience a WHERE a.delivery_id = :delivery)
                """,
                values,
            )

    def add_test(self, test_id: str, guild_id: GuildId, places: Sequence[PlaceToTest], now: datetime) -> None:
        """Let a test be posted in these channels, each about a Space of its own that nobody will ask X about."""
        for space_id, place in zip(spaces_of_test(test_id), places, strict=False):
            host_id = NOBODY_ON_X if place.host is None else place.host.user_id
            record = SpaceRecord(
                space_id=space_id, host_id=host_id, phase=Phase.ENDED, first_seen_at=now, last_seen_at=now
            )
            self._save_space(record)
            values = {
                "space": space_id,
                "channel": place.channel_id,
                "kind": Kind.TEST.value,
                "guild": guild_id,
                "revision": record.revision,
                "priority": Rank.UNSENT.priority(now),
                "now": ms(now),
                "watch": place.watch_id,
            }
            self.db.execute(
                """
                INSERT INTO deliveries (space_id, channel_id, kind, guild_id, state, wanted, priority, next_try_at,
                    created_at)
                VALUES (:space, :channel, :kind, :guild, 'pending', :revision, :priority, :now, :now)
                """,
                values,
            )
            self.db.execute(
                """
                INSERT INTO audience (watch_id, space_id, kind, delivery_id)
                SELECT w.watch_id, :space, :kind, d.delivery_id FROM watches w, deliveries d
                WHERE w.watch_id = :watch AND d.space_id = :space
                """,
                values,
            )

    def tested(self, test_id: str, guild_id: GuildId) -> dict[ChannelId, StateOfTest]:
        """What has become of a guild's test so far, by channel; empty once it is forgotten."""
        rows = self._rows(
            """
            SELECT d.channel_id, d.state, d.sent_at, COALESCE(d.reason, p.reason) AS reason
            FROM deliveries d LEFT JOIN pauses p USING (channel_id)
            WHERE d.kind = :kind AND d.guild_id = :guild AND d.space_id IN (SELECT value FROM json_each(:spaces))
            """,
            kind=Kind.TEST.value,
            guild=guild_id,
            spaces=json.dumps(spaces_of_test(test_id)),
        )
        return {
            row["channel_id"]: StateOfTest(
                state=row["state"],
                obstacle=None if row["reason"] is None else Obstacle.parse(row["reason"]),
                sent_at=moment(row["sent_at"]),
            )
            for row in rows
        }

    def withdraw_test(self, test_id: str, guild_id: GuildId, now: datetime) -> None:
        """Let the messages of a guild's test be deleted, and post none any more."""
        for space_id in spaces_of_test(test_id):
            record = self.space(space_id)
            own = self._row(
                "SELECT 1 FROM deliveries WHERE space_id = :space AND guild_id = :guild AND kind = :kind",
                space=space_id,
                guild=guild_id,
                kind=Kind.TEST.value,
            )
            if record is None or own is None or record.phase is Phase.CANCELED:
                continue
            withdrawn = replace(record, phase=Phase.CANCELED, revision=record.revision + 1)
            self._save_space(withdrawn)
            values = {
                "space": space_id,
                "revision": withdrawn.revision,
                "wrong": Rank.WRONG.priority(now),
                "now": ms(now),
                "reason": Reason.OVER.value,
            }
            self.db.execute(
                f"UPDATE deliveries SET state = 'skipped', reason = :reason WHERE space_id = :space AND {UNATTEMPTED}",  # noqa: S608 - a constant
                values,
            )
            self.db.execute(
                """
                UPDATE deliveries SET wanted = :revision, priority = :wrong,
                    next_try_at = CASE state WHEN 'sent' THEN :now ELSE next_try_at END
                WHERE space_id = :space AND state != 'skipped'
                """,
                values,
            )

    def drop_unsent_test(self, test_id: str, guild_id: GuildId) -> None:
        """Post none of a guild's test any more where it was never attempted; what was is seen through."""
        self.db.execute(
            f"""
            UPDATE deliveries SET state = 'skipped' WHERE kind = :kind AND guild_id = :guild AND {UNATTEMPTED}
              AND space_id IN (SELECT value FROM json_each(:spaces))
            """,  # noqa: S608 - a constant
            {"kind": Kind.TEST.value, "guild": guild_id, "spaces": json.dumps(spaces_of_test(test_id))},
        )

    # Each of these removes so many deliveries at most, and returns how many there were.

    def _forget_tests(self, before: datetime, most: int) -> list[SpaceId]:
        """Remove tests from before that time; returns the Spaces that were invented for them."""
        gone = self._rows(
            "SELECT space_id FROM deliveries WHERE kind = 'test' AND created_at <= :before LIMIT :most",
            before=ms(before),
            most=most,
        )
        space_ids = [row["space_id"] for row in gone]
        self._forget_deliveries_of_spaces(space_ids, most)
        return space_ids

    def _forget_deliveries_of_guilds(self, left_before: datetime, most: int) -> int:
        """Remove deliveries of guilds that the bot had left by then."""
        left = "SELECT guild_id FROM guilds WHERE left_at <= :left"
        return self._forget_some(f"guild_id IN ({left})", {"left": ms(left_before), "most": most})

    def _forget_deliveries_of(self, guild_id: GuildId, now: datetime, most: int) -> int:
        """Remove deliveries of one guild, but for those that the courier may be at work on."""
        return self._forget_some(
            f"guild_id = :guild AND NOT {LEASED}", {"guild": guild_id, "now": ms(now), "most": most}
        )

    def _next_orphan(self, after: GuildId) -> GuildId | None:
        """The next guild, by id, that has deliveries and of which nothing else is kept."""
        # Goes from one guild to the next through the index `deliveries_by_guild`.
        row = self._row(
            """
            WITH RECURSIVE named (id) AS (
                SELECT min(guild_id) FROM deliveries WHERE guild_id > :after
                UNION ALL SELECT (SELECT min(guild_id) FROM deliveries WHERE guild_id > id) FROM named WHERE id IS NOT NULL)
            SELECT id FROM named
            WHERE id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM guilds WHERE guild_id = id) LIMIT 1
            """,
            after=after,
        )
        return None if row is None else GuildId(row["id"])

    def _forget_deliveries_of_spaces(self, space_ids: Collection[SpaceId], most: int) -> int:
        """Remove deliveries of these Spaces."""
        return self._forget_some(
            "space_id IN (SELECT value FROM json_each(:spaces))",
            {"spaces": json.dumps(list(space_ids)), "most": most},
        )

    def _forget_some(self, which: str, values: dict[str, object]) -> int:
        return self.db.execute(
            f"DELETE FROM deliveries WHERE delivery_id IN (SELECT delivery_id FROM deliveries WHERE {which} LIMIT :most)",  # noqa: S608 - constants
            values,
        ).rowcount


AMONG = "SELECT value FROM json_each(:among)"


def _place(kind: Kind) -> str:
    """SQL: where announcements of this kind belong."""
    return EVENTS if kind is Kind.EVENT else CHANNEL


def _watches_without(kind: Kind, which: str = "TRUE") -> str:
    """SQL from FROM on: the watches that want this moment of a Space and have no delivery of it yet."""
    return f"""
        FROM watches w JOIN guilds g USING (guild_id)
        WHERE w.watch_id IN (
            SELECT watch_id FROM watches
            WHERE host_id IN (SELECT value FROM json_each(:participants)) AND {which} AND (host_id = :host OR also_cohost)
            UNION SELECT watch_id FROM watches WHERE watch_id IN (SELECT value FROM json_each(:matched)) AND {which}
        )
          AND w.watch_id NOT IN (SELECT value FROM json_each(:unfit))
          AND {ACTIVE} AND {MOMENTS[kind]} AND {_place(kind)} IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM audience a
                          WHERE a.watch_id = w.watch_id AND a.space_id = :space AND a.kind = :kind)
    """  # noqa: S608 - constants
