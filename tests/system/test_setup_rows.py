"""Whatever is chosen on the panel of `/setup`, the commands leave the same rows: the same walk, three ways, in three guilds."""

import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from spacebot.domain.looks import USUAL
from spacebot.sandbox.discord import LocalChannel, LocalMessage, LocalRole
from spacebot.sandbox.discord.model.guilds import DEFAULT_BOT_PERMISSIONS
from tests.system.panel import Admin, rows, settled
from tests.system.scene import Club, VirtualScene, ask, club, in_virtual_time

HANDLES = ("night_radio", "chess_talk")
CHANNELS = ("spaces", "other", "third")
ROLES = ("listeners", "regulars", "friends", "guests", "staff")

CHANNEL = st.sampled_from(CHANNELS)
OWN_CHANNEL = st.none() | CHANNEL
OWN_ROLE = st.none() | st.sampled_from(ROLES)
HOST = st.sampled_from(HANDLES)
TEXT = st.sampled_from(["", "{host} is on", "Come in: {title} {role}"])
ACCENT = st.sampled_from([USUAL, "teal", "red"])

STEPS = st.one_of(
    st.tuples(st.just("channel"), CHANNEL),
    st.tuples(st.just("roles"), st.lists(st.sampled_from(ROLES), max_size=5, unique=True)),
    st.tuples(st.just("pause"), st.booleans()),
    st.tuples(
        st.just("moments"),
        st.sets(st.sampled_from(["scheduled", "reminder", "live", "ended"])),
        st.sampled_from(["5", "10", "15", "30", "60"]),
        st.sampled_from(["edit", "delete", "leave"]),
        st.sampled_from(["0", "15", "30", "60", "180", "1440"]),
        st.sets(st.sampled_from(["bell", "invited"])),
    ),
    *(st.tuples(st.just(what), HOST, OWN_CHANNEL, OWN_ROLE, st.booleans()) for what in ("add", "add", "edit", "edit")),
    st.tuples(st.sampled_from(["hold", "resume", "reset", "remove"]), HOST),
    st.tuples(st.just("look"), TEXT, ACCENT, st.booleans()),
    st.tuples(st.just("own look"), HOST, TEXT, ACCENT),
)
"""What an admin may want."""

Walk = list[tuple[tuple[Any, ...], bool]]
"""What is wanted, and whether the guild in which both ways are mixed does it on the panel."""


@dataclass(kw_only=True)
class Guild:
    """A guild, its admin, and both ways to have something."""

    scene: VirtualScene
    club: Club
    channels: dict[str, LocalChannel]
    roles: dict[str, LocalRole]
    admin: Admin
    hello: LocalMessage
    follows: set[str]

    async def by_panel(self, what: str, *args: Any) -> None:
        """Have something by tapping."""
        await self.admin.open(self.hello)
        admin = self.admin
        match what:
            case "channel":
                await admin.choose("setup:channel", self.channels[args[0]])
            case "roles":
                await admin.choose("setup:roles", *(self.roles[name] for name in args[0]))
            case "pause":
                await self._press_if_there("Pause" if args[0] else "Resume")
            case "moments":
                when, before, end, pings, extras = args
                await admin.fill_in(
                    "Moments", when=sorted(when), before=before, end=end, pings=pings, extras=sorted(extras)
                )
            case "look":
                text, accent, publishes = args
                publish = ["publish"] if publishes else []
                await admin.fill_in("Text & look", text=text, accent=accent, publish=publish)
            case "add":
                host, channel, role, also = args
                await admin.fill_in("Add hosts", Hosts=f"@{host}", **self._own(channel, role, also))
            case _:
                await self._about_a_host(what, *args)
        await self.scene.pass_by(3)

    async def _about_a_host(self, what: str, host: str, *args: Any) -> None:
        if host not in self.follows:
            return
        await settled(self.scene, await self.admin.press(f"Hosts · {len(self.follows)}"))
        await settled(self.scene, await self.admin.choose("setup:host:0", f"{host} (@{host})"))
        if what == "edit":
            await self.admin.fill_in("Edit", **self._own(*args))
        elif what == "own look":
            await self.admin.fill_in("Text & look", text=args[0], accent=args[1])
        else:
            label = {"hold": "Pause", "resume": "Resume", "reset": "Use the server's settings", "remove": "Remove"}
            await self._press_if_there(label[what])

    async def _press_if_there(self, label: str) -> None:
        """Without the button, what it is for is the case already."""
        assert self.admin.panel is not None
        if any(each["label"] == label and not each.get("disabled") for each in self.admin.panel.buttons):
            await self.admin.press(label)

    def _own(self, channel: str | None, role: str | None, also: bool) -> dict[str, object]:
        return {
            "channel": [] if channel is None else [self.channels[channel]],
            "roles": [] if role is None else [self.roles[role]],
            "also": ["cohost"] if also else [],
        }

    async def by_command(self, what: str, *args: Any) -> None:
        """Have something by typing commands."""
        match what:
            case "channel":
                await self._ask("config channel", channel=self.channels[args[0]])
            case "roles":
                names = ("first", "second", "third", "fourth", "fifth")
                await self._ask(
                    "config roles", **{name: self.roles[role] for name, role in zip(names, args[0], strict=False)}
                )
            case "pause":
                # The panel has no such button before somebody is followed.
                if self.follows or not args[0]:
                    await self._ask("config pause", on=args[0])
            case "moments":
                when, before, end, pings, extras = args
                await self._ask("config bell", what="server" if "bell" in extras else "off")
                await self._ask("config invited", on="invited" in extras)
                reminder = int(before) if "reminder" in when else 0
                flags = {name: name in when for name in ("scheduled", "live", "ended")}
                await self._ask("config announce", reminder=reminder, **flags)
                await self._ask("config end", what=end)
                await self._ask("config pings", minutes=int(pings))
            case "look":
                text, accent, publishes = args
                await self._ask("config look", text=text or None, accent=accent, reset=True)
                await self._ask("config publish", on=publishes)
            case "add":
                host, channel, role, also = args
                await self._add(host, channel, role, "cohost" if also else None)
            case _ if args[0] in self.follows:
                await self._about_by_command(what, *args)

    async def _about_by_command(self, what: str, host: str, *args: Any) -> None:
        match what:
            case "own look":
                text, accent = args
                await self._ask("watch look", host=host, text=text or None, accent=accent, reset=True)
            case "edit":
                channel, role, also = args
                await self._ask("watch reset", host=host, what="both")
                await self._add(host, channel, role, "cohost" if also else "nothing")
            case "reset":
                await self._ask("watch look", host=host, reset=True)
                await self._ask("watch reset", host=host, what="both")
            case _:
                await self._ask(f"watch {'pause' if what == 'hold' else what}", host=host)

    async def _add(self, host: str, channel: str | None, role: str | None, also: str | None) -> None:
        await self._ask(
            "watch add",
            host=host,
            channel=None if channel is None else self.channels[channel],
            role=None if role is None else self.roles[role],
            also=also,
        )

    async def _ask(self, command: str, **options: Any) -> None:
        await ask(self.club.admin, self.club.general, command, **options)

    def rows(self) -> dict[str, Any]:
        """What is stored."""
        roles = {role.id: name for name, role in self.roles.items()}
        channels = {channel.id: name for name, channel in self.channels.items()}
        return rows(self.scene.folder, self.club, roles, channels)


async def guild(scene: VirtualScene, name: str) -> Guild:
    """A new guild with a channel for Spaces."""
    one = club(scene.discord, name)
    one.guild.set_bot_permissions(*DEFAULT_BOT_PERMISSIONS, "manage_roles")
    admin = Admin(who=one.admin, where=one.general)
    made = Guild(
        scene=scene,
        club=one,
        channels={"spaces": one.spaces, **{name: one.guild.add_channel(name) for name in CHANNELS[1:]}},
        roles={name: one.guild.add_role(name, mentionable=True) for name in ROLES},
        admin=admin,
        hello=await admin.greeted(scene),
        follows=set(),
    )
    await made.by_command("channel", "spaces")
    return made


def walked(walk: Walk) -> Callable[[VirtualScene], Awaitable[None]]:
    """The walk in three guilds: on the panel, by commands, and both mixed."""

    async def scenario(scene: VirtualScene) -> None:
        for handle in HANDLES:
            scene.x.add_user(handle, name=handle)
        await scene.serve()
        tapping, typing, mixing = [await guild(scene, name) for name in ("tapping", "typing", "mixing")]
        for (what, *args), on_panel in walk:
            await tapping.by_panel(what, *args)
            await typing.by_command(what, *args)
            await (mixing.by_panel if on_panel else mixing.by_command)(what, *args)
            for each in (tapping, typing, mixing):
                if what == "add":
                    each.follows.add(args[0])
                elif what == "remove":
                    each.follows.discard(args[0])
            assert tapping.rows() == typing.rows() == mixing.rows(), (what, args)
            assert {len(each.rows()["watches"]) for each in (tapping, typing)} == {len(typing.follows)}

    return scenario


@settings(max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(walk=st.lists(st.tuples(STEPS, st.booleans()), min_size=30, max_size=40))
def test_every_choice_on_the_panel_and_its_command_leave_the_same_rows(walk: Walk) -> None:
    # To make a failing walk shorter would take an hour: what differs, and after which step, is said anyway.
    with tempfile.TemporaryDirectory() as folder:
        in_virtual_time(walked(walk))(Path(folder))  # type: ignore[arg-type]  # a scenario is a coroutine function
