"""Members of a guild, and the interactions that they begin."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from spacebot.sandbox.discord.model.base import NotAnswered, NotOffered, StateBase
from spacebot.sandbox.discord.model.changes import What
from spacebot.sandbox.discord.model.channels import LocalChannel, LocalMessage, LocalUser
from spacebot.sandbox.discord.model.roles import GuildBase, LocalRole, Place
from spacebot.sandbox.discord.permissions import NONE, Permission, in_channel, in_guild

GUILD_INSTALL, USER_INSTALL = "0", "1"
"""Where an app can be installed, as the keys of `authorizing_integration_owners`."""

COMMAND = 2
COMPONENT = 3
AUTOCOMPLETE = 4
SUBMISSION = 5


class MemberApp(Protocol):
    """Discord's app, with which members act: each act becomes an interaction, or raises NotOffered."""

    async def use(
        self, member: "LocalMember", channel: LocalChannel, command: str, options: dict[str, Any], *, force: bool
    ) -> "LocalInteraction": ...

    async def use_on(
        self, member: "LocalMember", message: LocalMessage, command: str, *, force: bool
    ) -> "LocalInteraction": ...

    async def press(
        self,
        member: "LocalMember",
        message: LocalMessage,
        *,
        custom_id: str | None,
        label: str | None,
        force: bool,
    ) -> "LocalInteraction": ...

    async def choose(
        self,
        member: "LocalMember",
        message: LocalMessage,
        values: Sequence[object],
        *,
        custom_id: str | None,
        placeholder: str | None,
        force: bool,
    ) -> "LocalInteraction": ...

    async def submit(
        self, member: "LocalMember", interaction: "LocalInteraction", values: Mapping[str, object]
    ) -> "LocalInteraction": ...

    async def autocomplete(
        self,
        member: "LocalMember",
        channel: LocalChannel,
        command: str,
        option: str,
        *,
        typed: object,
        others: dict[str, Any],
    ) -> list[dict[str, Any]]: ...


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalMember:
    """Somebody in a guild, and what they do in their client."""

    guild: GuildBase
    user: LocalUser
    app: MemberApp
    joined_at: datetime
    roles: list[LocalRole] = field(default_factory=list)
    locale: str = "en-US"

    is_member = True

    def __repr__(self) -> str:
        return f"<LocalMember {self.name!r} of {self.guild.name!r}>"

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    @property
    def permissions(self) -> Permission:
        """What they may do in the guild at large."""
        roles = (self.guild.everyone, *self.roles)
        return in_guild(is_owner=self.guild.owner_id == self.id, roles=(role.permissions for role in roles))

    def permissions_in(self, place: Place) -> Permission:
        """What they may do there."""
        granted = in_channel(
            self.permissions,
            place.overwrites,
            everyone_id=self.guild.id,
            role_ids=[role.id for role in self.roles],
            member_id=self.id,
            sending=place.sending,
        )
        return granted if place.is_open_to(self.id, granted) else NONE

    def outranks(self, role: LocalRole) -> bool:
        """Whether a role of theirs is above that one, which the owner's always are."""
        return self.guild.owner_id == self.id or any(own.rank > role.rank for own in self.roles)

    @property
    def accepts_dms(self) -> bool:
        """Whether they take private messages from the bot."""
        return self.user.accepts_dms

    @accepts_dms.setter
    def accepts_dms(self, accepts: bool) -> None:
        self.user.accepts_dms = accepts

    @property
    def dms(self) -> list[LocalMessage]:
        """What the bot wrote to them in private, oldest first."""
        return list(self.user.dm.messages) if self.user.dm else []

    def add_role(self, role: LocalRole) -> None:
        if role not in self.roles:
            with self.guild.changing_permissions():
                self.roles.append(role)
                self._updated()

    def remove_role(self, role: LocalRole) -> None:
        if role in self.roles:
            with self.guild.changing_permissions():
                self.roles.remove(role)
                self._updated()

    def leave(self) -> None:
        """Leave the guild."""
        if self.guild.discard_member(self.id):
            self.user.guilds.remove(self.guild)
            self.guild.state.emit(What.DELETED, self)

    def _updated(self) -> None:
        self.guild.state.emit(What.UPDATED, self)

    def install_app(self) -> None:
        """Install the app for oneself; NotOffered where its owner does not offer that in the developer portal."""
        if USER_INSTALL not in self.guild.state.portal.get("integration_types_config", {}):
            raise NotOffered("the app cannot be installed by a person")
        self.user.has_app = True

    def uninstall_app(self) -> None:
        """Take that back."""
        self.user.has_app = False

    def say(
        self,
        channel: LocalChannel,
        content: str,
        *,
        embeds: Sequence[dict[str, Any]] = (),
        components: Sequence[dict[str, Any]] = (),
    ) -> LocalMessage:
        """Write a message, as people do; `embeds` are what Discord shows of its links, `components` what an app may add."""
        message = LocalMessage(
            id=self.guild.state.snowflakes.next(),
            channel=channel,
            author=self.user,
            content=content,
            embeds=list(embeds),
            components=list(components),
        )
        channel.add(message)
        return message

    async def use(
        self, channel: LocalChannel, command: str, /, *, force: bool = False, **options: object
    ) -> "LocalInteraction":
        """Use a slash command ('watch add') and return once the bot acknowledged it, or failed to in time.

        Options are given by name: text, numbers, a LocalChannel, a LocalRole, a LocalMember; None means that it is not given.
        With `force` a command that the client hides from this member is used all the same, and a channel named that it
        does not show.
        Raises NotOffered where the client would not let them send it.
        """
        return await self.app.use(self, channel, command, options, force=force)

    async def use_on(self, message: LocalMessage, command: str, /, *, force: bool = False) -> "LocalInteraction":
        """Use a command of a message's context menu, as `use` does.

        Raises NotOffered where the client would not let them.
        """
        return await self.app.use_on(self, message, command, force=force)

    async def press(
        self, message: LocalMessage, *, custom_id: str | None = None, label: str | None = None, force: bool = False
    ) -> "LocalInteraction":
        """Press a button, wherever it is, named by its custom id or its label, and return once the bot acknowledged it, or did not.

        With `force` a button is pressed that is disabled, gone, or shown to somebody else only.
        Raises NotOffered where there is no such button to press.
        """
        return await self.app.press(self, message, custom_id=custom_id, label=label, force=force)

    async def choose(
        self,
        message: LocalMessage,
        /,
        *values: object,
        custom_id: str | None = None,
        placeholder: str | None = None,
        force: bool = False,
    ) -> "LocalInteraction":
        """Choose in a select, named by its custom id or placeholder unless it is the only one; returns like `press`.

        A value is an option's value or label, a LocalChannel (or thread), a LocalRole, a LocalMember; none: nothing is chosen
        any more. With `force` a select is used that is disabled or shown to somebody else, and a channel chosen that the
        client does not show.
        Raises NotOffered where there is no such select, or the client would not let them choose that.
        """
        return await self.app.choose(self, message, values, custom_id=custom_id, placeholder=placeholder, force=force)

    async def submit(self, interaction: "LocalInteraction", /, **values: object) -> "LocalInteraction":
        """Fill in the modal that `interaction` opened, send it, and return once the bot acknowledged it, or did not.

        A value is given by its input's custom id or, where none has it, its label: `**{"Which host?": "@ann"}`. It is a text,
        True or False for a checkbox, and for all others what `choose` takes or a LocalFile, in a list unless it is one.
        An input that is not given (or None) is sent as the bot prefilled it. One that failed can be sent again.
        Raises NotOffered where there is no such modal or input, or the client would not let them send that.
        """
        return await self.app.submit(self, interaction, values)

    async def autocomplete(
        self, channel: LocalChannel, command: str, option: str, typed: object = "", /, **others: object
    ) -> list[dict[str, Any]]:
        """Type into an option and return the choices (name, value) that the bot offers.

        Raises NotOffered where the option does not complete, NotAnswered where the bot offered nothing in time.
        """
        return await self.app.autocomplete(self, channel, command, option, typed=typed, others=others)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalInteraction:
    """Something a member did, and what came of it.

    acknowledged_after   seconds from the act to the bot's first answer; None: no answer (yet)
    failed               what the client says when there was none in time
    ephemeral            whether the first answer is for this member only
    data                 what they did, as Discord shows it
    owners               the guild and the person who have installed the app, of those on whose behalf it is used
    answer               the type of the first answer (4 to 9)
    original             the message that '@original' means; `modal` and `choices`: where these were the answer
    followups            further messages, oldest first
    source               the message whose button began it, also where a modal came between
    submission           what sending the modal became; its `trigger` is this one
    """

    state: StateBase
    id: int
    token: str
    kind: int
    member: LocalMember
    channel: LocalChannel
    began: float
    data: dict[str, Any]
    owners: dict[str, str]
    source: LocalMessage | None = None
    option_type: int = 0
    answer: int | None = None
    acknowledged_after: float | None = None
    failed: str | None = None
    ephemeral: bool = False
    original: LocalMessage | None = None
    choices: list[dict[str, Any]] | None = None
    modal: dict[str, Any] | None = None
    submission: "LocalInteraction | None" = None
    trigger: "LocalInteraction | None" = None
    followups: list[LocalMessage] = field(default_factory=list)
    follow_ups_made: int = 0
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    visible_answer: LocalMessage | None = None

    def __repr__(self) -> str:
        state = self.failed or f"answered with type {self.answer}"
        return f"<LocalInteraction of {self.member.name!r}: {state}>"

    @property
    def guild(self) -> GuildBase | None:
        """Where it happens; None in private."""
        return self.channel.guild

    @property
    def is_of_a_person_alone(self) -> bool:
        """Whether only a person has installed the app, and not the guild."""
        return self.owners.keys() == {USER_INSTALL}

    @property
    def is_kept_private(self) -> bool:
        """Whether every answer is for the member alone, whatever the bot wants: they may not use apps of their own in public."""
        if self.guild is None or not self.is_of_a_person_alone:
            return False
        return not self.member.permissions_in(self.channel) & Permission.USE_EXTERNAL_APPS

    async def reply(self, timeout: float = 10.0) -> LocalMessage:  # noqa: ASYNC109 - what a test reads best
        """The message that answers: at once, or once a deferred answer is there. Raises NotAnswered."""
        try:
            async with asyncio.timeout(timeout):
                await self.state.updates.until(lambda: self.visible_answer is not None or self.failed is not None)
        except TimeoutError:
            raise NotAnswered(f"no reply within {timeout} s; the first answer was of type {self.answer}") from None
        if self.visible_answer is None:
            raise NotAnswered(str(self.failed))
        return self.visible_answer
