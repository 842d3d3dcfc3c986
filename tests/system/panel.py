"""An admin at the panel of `/setup`: what they tap, and what stands in the database afterwards."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacebot.sandbox.discord import LocalChannel, LocalMember, LocalMessage
from spacebot.sandbox.discord.model.members import LocalInteraction
from tests.system.scene import PATIENCE, Club, Scene, VirtualScene

CHOOSING = 2
"""Taps that a choice in a select takes: it is opened, and something is tapped there."""


@dataclass(kw_only=True)
class Admin:
    """Somebody with a phone. They type and tap, and see one panel."""

    who: LocalMember
    where: LocalChannel
    taps: int = 0
    typed: int = 0
    panel: LocalMessage | None = None

    @property
    def shown(self) -> str:
        """What the panel says."""
        assert self.panel is not None
        return "\n".join(self.panel.texts)

    @property
    def amber(self) -> bool:
        """Whether something is in the way, by the panel's colour."""
        assert self.panel is not None
        return bool(self.panel.components[0]["accent_color"] == 15105570)

    async def greeted(self, scene: Scene) -> LocalMessage:
        """The greeting."""
        await scene.until(lambda: any(message.laid_out for message in self.where.messages))
        return next(message for message in self.where.messages if message.laid_out)

    async def open(self, hello: LocalMessage) -> None:
        """Tap on what the greeting offers."""
        self.taps += 1
        use = await self.who.press(hello, label="Set me up")
        assert use.failed is None, use.failed
        assert use.ephemeral
        self.panel = await use.reply(timeout=PATIENCE)

    async def press(self, label: str) -> LocalInteraction:
        """Tap a button of the panel."""
        assert self.panel is not None
        self.taps += 1
        return self.done(await self.who.press(self.panel, label=label))

    async def choose(self, custom_id: str, *values: object, force: bool = False) -> LocalInteraction:
        """Choose in a select of the panel."""
        assert self.panel is not None
        self.taps += CHOOSING - 1 + max(1, len(values))
        return self.done(await self.who.choose(self.panel, *values, custom_id=custom_id, force=force))

    async def fill_in(self, label: str, **values: object) -> LocalInteraction:
        """Open a form with a button of the panel, and send it."""
        use = await self.press(label)
        assert use.modal is not None
        self.taps += 1
        self.typed += sum(isinstance(value, str) for value in values.values())
        return self.done(await self.who.submit(use, **values))

    def done(self, use: LocalInteraction) -> LocalInteraction:
        """What was tapped was answered."""
        assert use.failed is None, use.failed
        return use


async def settled(scene: VirtualScene, use: LocalInteraction) -> str:
    """Wait until the bot has done what was tapped; what it said beside the panel."""
    await scene.pass_by(3)
    return "\n".join(message.content for message in use.followups)


def rows(folder: Path, one: Club, roles: dict[int, str], channels: dict[int, str]) -> dict[str, Any]:
    """What is stored of a guild, without the ids of its own."""
    with closing(sqlite3.connect(f"file:{folder / 'spacebot.sqlite3'}?mode=ro", uri=True)) as reader:
        reader.row_factory = sqlite3.Row
        guild = reader.execute("SELECT * FROM guilds WHERE guild_id = ?", [one.guild.id]).fetchone()
        watches = reader.execute("SELECT * FROM watches WHERE guild_id = ? ORDER BY host_id", [one.guild.id]).fetchall()

    def plain(row: sqlite3.Row) -> dict[str, Any]:
        kept = {name: row[name] for name in row.keys() if name not in OWN}  # noqa: SIM118 - a row is no mapping
        for name in ("channel_id", "admin_channel_id"):
            if kept.get(name) is not None:
                kept[name] = channels[kept[name]]
        if kept["roles"] is not None:
            kept["roles"] = sorted(roles[int(role)] for role in kept["roles"].strip("[]").split(","))
        return kept

    return {"guild": plain(guild) if guild else None, "watches": [plain(row) for row in watches]}


OWN = {"guild_id", "watch_id", "added_by", "added_at", "greeted_at"}
"""What differs between two guilds in which the same was chosen."""
