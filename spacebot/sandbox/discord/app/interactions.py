"""Interactions: each is answered once, within three seconds, and can be followed up for fifteen minutes.

Source: Discord's documentation, 'Receiving and Responding to Interactions'.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.app import commands as offers
from spacebot.sandbox.discord.forms import modals
from spacebot.sandbox.discord.model.channels import LocalChannel, LocalMessage
from spacebot.sandbox.discord.model.members import LocalMember
from spacebot.sandbox.discord.model.state import NotAnswered, NotOffered, World
from spacebot.sandbox.discord.payloads import Json

COMMAND = 2
COMPONENT = 3
AUTOCOMPLETE = 4
SUBMISSION = 5

ANSWER_WITHIN = 3.0
TOKEN_LIFE = 900.0
_ATTACHMENT_LIMIT = 10 * 1024 * 1024
_SAYS = {
    COMMAND: "The application did not respond",
    COMPONENT: "This interaction failed",
    AUTOCOMPLETE: "Loading options failed",
    SUBMISSION: "Something went wrong. Try again.",
}


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class LocalInteraction:
    """Something a member did, and what came of it.

    acknowledged_after   seconds from the deed to the bot's first answer; None: no answer (yet)
    failed               what the client says when there was none in time
    ephemeral            whether the first answer is for this member only
    answer               the type of the first answer (4 to 9)
    original             the message that '@original' means; `modal` and `choices`: where these were the answer
    followups            further messages, oldest first
    source               the message whose button began it, also where a modal came between
    submission           what sending the modal became; its `trigger` is this one
    """

    world: World
    id: int
    token: str
    kind: int
    member: LocalMember
    channel: LocalChannel
    began: float
    source: LocalMessage | None = None
    option_type: int = 0
    answer: int | None = None
    acknowledged_after: float | None = None
    failed: str | None = None
    ephemeral: bool = False
    original: LocalMessage | None = None
    choices: list[Json] | None = None
    modal: Json | None = None
    submission: "LocalInteraction | None" = None
    trigger: "LocalInteraction | None" = None
    followups: list[LocalMessage] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    told: LocalMessage | None = None

    def __repr__(self) -> str:
        state = self.failed or f"answered with type {self.answer}"
        return f"<LocalInteraction of {self.member.name!r}: {state}>"

    async def reply(self, timeout: float = 10.0) -> LocalMessage:  # noqa: ASYNC109 - what a test reads best
        """The message that answers: at once, or once a deferred answer is there. Raises NotAnswered."""
        try:
            async with asyncio.timeout(timeout):
                await self.world.changes.until(lambda: self.told is not None or self.failed is not None)
        except TimeoutError:
            raise NotAnswered(f"no reply within {timeout} s; the first answer was of type {self.answer}") from None
        if self.told is None:
            raise NotAnswered(str(self.failed))
        return self.told

    def metadata(self) -> Json:
        """`interaction_metadata` of the messages that answer."""
        shown: Json = {
            "id": str(self.id),
            "type": self.kind,
            "user": payloads.user(self.member.user),
            "authorizing_integration_owners": {"0": str(self.member.guild.id)},
        }
        if self.trigger is not None:
            shown["triggering_interaction_metadata"] = self.trigger.metadata()
        elif self.source is not None:
            shown["interacted_message_id"] = str(self.source.id)
        return shown


class People:
    """What members do: each deed becomes an interaction that the bot hears of."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_token: OrderedDict[str, LocalInteraction] = OrderedDict()

    async def use(
        self, member: LocalMember, channel: LocalChannel, command: str, options: dict[str, Any], *, force: bool
    ) -> LocalInteraction:
        chosen = offers.choose(command, member, channel, force=force)
        data = offers.fill(chosen, member, channel, options)
        interaction = self._begin(COMMAND, member, channel)
        return await self._perform(interaction, data)

    async def press(self, member: LocalMember, message: LocalMessage, button: Json) -> LocalInteraction:
        interaction = self._begin(COMPONENT, member, message.channel)
        interaction.source = message
        data = {"custom_id": button["custom_id"], "component_type": 2, "id": button.get("id", 0)}
        return await self._perform(interaction, data)

    async def submit(
        self, member: LocalMember, interaction: LocalInteraction, values: Mapping[str, str | None]
    ) -> LocalInteraction:
        if interaction.modal is None:
            raise NotOffered(f"{interaction} has opened no modal")
        if interaction.member is not member:
            raise NotOffered(f"the modal is shown to {interaction.member.name} only")
        if interaction.submission is not None and interaction.submission.failed is None:
            raise NotOffered("the modal has been sent already")
        data = modals.fill(interaction.modal, values)
        submission = self._begin(SUBMISSION, member, interaction.channel)
        submission.trigger, submission.source = interaction, interaction.source
        interaction.submission = submission
        return await self._perform(submission, data)

    async def autocomplete(
        self,
        member: LocalMember,
        channel: LocalChannel,
        command: str,
        option: str,
        *,
        typed: object,
        others: dict[str, Any],
    ) -> list[Json]:
        chosen = offers.choose(command, member, channel, force=False)
        data, option_type = offers.type_into(chosen, option, typed, others)
        interaction = self._begin(AUTOCOMPLETE, member, channel)
        interaction.option_type = option_type
        await self._perform(interaction, data)
        if interaction.choices is None:
            raise NotAnswered(str(interaction.failed))
        return interaction.choices

    def _begin(self, kind: int, member: LocalMember, channel: LocalChannel) -> LocalInteraction:
        now = self._world.clock.monotonic()
        while self.by_token and now - next(iter(self.by_token.values())).began > 2 * TOKEN_LIFE:
            self.by_token.popitem(last=False)
        interaction = LocalInteraction(
            world=self._world,
            id=self._world.snowflakes.next(),
            token=secrets.token_urlsafe(48),
            kind=kind,
            member=member,
            channel=channel,
            began=now,
        )
        self.by_token[interaction.token] = interaction
        return interaction

    async def _perform(self, interaction: LocalInteraction, data: Json) -> LocalInteraction:
        """Tell the bot, and wait for its first answer or for the time to run out."""
        guild = interaction.member.guild
        self._world.tell(guild, "INTERACTION_CREATE", _event(interaction, data), 0)
        answered = asyncio.ensure_future(interaction.answered.wait())
        too_late = asyncio.ensure_future(self._world.clock.sleep(ANSWER_WITHIN))
        try:
            await asyncio.wait({answered, too_late}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answered.cancel()
            too_late.cancel()
            await asyncio.gather(answered, too_late, return_exceptions=True)
        if interaction.answer is None:
            interaction.failed = _SAYS[interaction.kind]
            self._world.changes.happened()
        return interaction


def _event(interaction: LocalInteraction, data: Json) -> Json:
    """INTERACTION_CREATE as the gateway tells it."""
    member, channel, guild = interaction.member, interaction.channel, interaction.member.guild
    permissions = str(int(member.permissions_in(channel)))
    event = {
        "id": str(interaction.id),
        "application_id": str(interaction.world.application_id),
        "type": interaction.kind,
        "data": data,
        "token": interaction.token,
        "version": 1,
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
        "guild_locale": guild.locale,
        "channel_id": str(channel.id),
        "channel": {**channel.shown(), "permissions": permissions},
        "member": {**payloads.member(member), "permissions": permissions},
        "locale": member.locale,
        "app_permissions": str(int(guild.bot_member.permissions_in(channel))),
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(guild.id)},
        "context": 0,
        "attachment_size_limit": _ATTACHMENT_LIMIT,
    }
    if interaction.source is not None:
        event["message"] = payloads.message(interaction.source)
    return event
