"""Whether Discord's gateway is up, for those that are made before the bot, or know nothing of it."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True, eq=False)
class GatewayState:
    """The shards; the bot keeps it true."""

    shard_count: int | None = None
    """How many there ought to be; None until Discord has said so."""
    up: set[int] = field(default_factory=set)
    """Those that are connected right now."""

    @property
    def is_connected(self) -> bool:
        """Whether every shard is up right now; discord.py's `is_ready` only says that they once were."""
        return len(self.up) == self.shard_count
