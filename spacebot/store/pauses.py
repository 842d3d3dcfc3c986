"""Channels that Discord does not let us post in for now, and why. The only module that writes the table `pauses`."""

from datetime import datetime, timedelta

from spacebot.domain.deliveries import Matter, Pause
from spacebot.domain.ids import ChannelId, GuildId
from spacebot.domain.obstacles import Obstacle
from spacebot.store.base import ms
from spacebot.store.deliveries import DeliveryQueries

TOLD_AFTER = timedelta(minutes=1)
"""A channel that works again sooner is not reported."""


class PauseQueries(DeliveryQueries):
    """Paused channels."""

    def pause(self, channel_id: ChannelId, guild_id: GuildId, obstacle: Obstacle, now: datetime) -> bool:
        """Stop posting in a channel until `resume`; returns whether the pause or its reason is new."""
        known = self._row("SELECT reason FROM pauses WHERE channel_id = :channel", channel=channel_id)
        self.db.execute(
            """
            INSERT INTO pauses (channel_id, guild_id, reason, since) VALUES (:channel, :guild, :reason, :now)
            ON CONFLICT (channel_id) DO UPDATE SET reason = excluded.reason
            """,
            {"channel": channel_id, "guild": guild_id, "reason": str(obstacle), "now": ms(now)},
        )
        if known is None:
            self._add_notice(
                [guild_id],
                f"channel {channel_id}",
                matter=Matter.PAUSED,
                detail=str(obstacle),
                now=now,
                due=now + TOLD_AFTER,
                channel_id=channel_id,
            )
        return known is None or Obstacle.parse(known["reason"]) != obstacle

    def resume(self, channel_id: ChannelId, now: datetime) -> None:
        """End the pause and make unsent messages due at once."""
        self.db.execute("DELETE FROM pauses WHERE channel_id = :channel", {"channel": channel_id})
        self._withdraw_pause(channel_id)
        self._make_channel_due(channel_id, now)

    def pauses(self, guild_id: GuildId | None = None) -> list[Pause]:
        """The paused channels, of one guild or of all."""
        return [
            Pause(channel_id=row["channel_id"], guild_id=row["guild_id"], obstacle=Obstacle.parse(row["reason"]))
            for row in self._rows(
                "SELECT channel_id, guild_id, reason FROM pauses WHERE :guild IS NULL OR guild_id = :guild",
                guild=guild_id,
            )
        ]

    def _forget_pauses(self, left_before: datetime) -> None:
        """Remove the pauses of guilds that the bot had left by then, or of which nothing else is kept."""
        self.db.execute(
            "DELETE FROM pauses WHERE guild_id NOT IN (SELECT guild_id FROM guilds WHERE left_at IS NULL OR left_at > :left)",
            {"left": ms(left_before)},
        )

    def _forget_pauses_of(self, guild_id: GuildId) -> None:
        """Remove the pauses of one guild."""
        self.db.execute("DELETE FROM pauses WHERE guild_id = :guild", {"guild": guild_id})
