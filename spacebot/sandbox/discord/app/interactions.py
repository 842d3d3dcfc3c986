"""What members do becomes interactions: each is answered once, within three seconds, and followed up for fifteen minutes.

Source: Discord's documentation, 'Receiving and Responding to Interactions'.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from spacebot.sandbox.discord.app import commands, components, modals
from spacebot.sandbox.discord.app.picking import Picker
from spacebot.sandbox.discord.model.base import NotAnswered, NotOffered, StateBase
from spacebot.sandbox.discord.model.changes import What
from spacebot.sandbox.discord.model.channels import LocalChannel, LocalMessage
from spacebot.sandbox.discord.model.components import BUTTON, STRING_SELECT
from spacebot.sandbox.discord.model.members import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    GUILD_INSTALL,
    SUBMISSION,
    LocalInteraction,
    LocalMember,
)
from spacebot.sandbox.discord.payloads import Json

ANSWER_WITHIN = 3.0
TOKEN_LIFE = 900.0
_FAILURES = {
    COMMAND: "The application did not respond",
    COMPONENT: "This interaction failed",
    AUTOCOMPLETE: "Loading options failed",
    SUBMISSION: "Something went wrong. Try again.",
}


class Interactions:
    """Begins an interaction for everything that a member does, and keeps those whose token is still of use."""

    def __init__(self, state: StateBase) -> None:
        self._state = state
        self.by_token: OrderedDict[str, LocalInteraction] = OrderedDict()

    async def use(
        self, member: LocalMember, channel: LocalChannel, command: str, options: dict[str, Any], *, force: bool
    ) -> LocalInteraction:
        chosen = commands.choose(command, member, channel, force=force)
        data = commands.fill(chosen, member, channel, options, force=force)
        return await self._perform(self._begin(COMMAND, member, channel, data, owners=chosen.owners))

    async def use_on(
        self, member: LocalMember, message: LocalMessage, command: str, *, force: bool
    ) -> LocalInteraction:
        data, owners = commands.choose_on(command, member, message, force=force)
        return await self._perform(self._begin(COMMAND, member, message.channel, data, owners=owners))

    async def press(
        self, member: LocalMember, message: LocalMessage, *, custom_id: str | None, label: str | None, force: bool
    ) -> LocalInteraction:
        button = components.choose_button(member, message, custom_id=custom_id, label=label, force=force)
        data = {"custom_id": button["custom_id"], "component_type": BUTTON, "id": button.get("id", 0)}
        return await self._perform(self._begin(COMPONENT, member, message.channel, data, source=message))

    async def choose(
        self,
        member: LocalMember,
        message: LocalMessage,
        values: Sequence[object],
        *,
        custom_id: str | None,
        placeholder: str | None,
        force: bool,
    ) -> LocalInteraction:
        select = components.choose_select(member, message, custom_id=custom_id, placeholder=placeholder, force=force)
        picker = Picker(member, message.channel, force=force)
        chosen = components.choose_values(select, values, picker)
        data: Json = {
            "custom_id": select["custom_id"],
            "component_type": select["type"],
            "id": select["id"],
            "values": chosen,
        }
        if select["type"] != STRING_SELECT:
            data["resolved"] = picker.resolved
        return await self._perform(self._begin(COMPONENT, member, message.channel, data, source=message))

    async def submit(
        self, member: LocalMember, interaction: LocalInteraction, values: Mapping[str, object]
    ) -> LocalInteraction:
        if interaction.modal is None:
            raise NotOffered(f"{interaction} has opened no modal")
        if interaction.member is not member:
            raise NotOffered(f"the modal is shown to {interaction.member.name} only")
        if interaction.submission is not None and interaction.submission.failed is None:
            raise NotOffered("the modal has been sent already")
        data = modals.fill(interaction.modal, values, Picker(member, interaction.channel))
        submission = self._begin(
            SUBMISSION, member, interaction.channel, data, owners=interaction.owners, source=interaction.source
        )
        submission.trigger, interaction.submission = interaction, submission
        return await self._perform(submission)

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
        chosen = commands.choose(command, member, channel, force=False)
        data, option_type = commands.type_into(chosen, option, typed, others)
        interaction = self._begin(AUTOCOMPLETE, member, channel, data, owners=chosen.owners)
        interaction.option_type = option_type
        await self._perform(interaction)
        if interaction.choices is None:
            raise NotAnswered(str(interaction.failed))
        return interaction.choices

    def _begin(
        self,
        kind: int,
        member: LocalMember,
        channel: LocalChannel,
        data: Json,
        *,
        owners: dict[str, str] | None = None,
        source: LocalMessage | None = None,
    ) -> LocalInteraction:
        now = self._state.clock.monotonic()
        while self.by_token and now - next(iter(self.by_token.values())).began > 2 * TOKEN_LIFE:
            self.by_token.popitem(last=False)
        interaction = LocalInteraction(
            state=self._state,
            id=self._state.snowflakes.next(),
            token=secrets.token_urlsafe(48),
            kind=kind,
            member=member,
            channel=channel,
            began=now,
            data=data,
            owners=_owners_of(channel, source) if owners is None else owners,
            source=source,
        )
        self.by_token[interaction.token] = interaction
        return interaction

    async def _perform(self, interaction: LocalInteraction) -> LocalInteraction:
        """Let the bot know, and wait for its first answer or for the time to run out."""
        self._state.emit(What.CREATED, interaction)
        answered = asyncio.ensure_future(interaction.answered.wait())
        too_late = asyncio.ensure_future(self._state.clock.sleep(ANSWER_WITHIN))
        try:
            await asyncio.wait({answered, too_late}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answered.cancel()
            too_late.cancel()
            await asyncio.gather(answered, too_late, return_exceptions=True)
        if interaction.answer is None:
            interaction.failed = _FAILURES[interaction.kind]
            self._state.updates.happened()
        return interaction


def _owners_of(channel: LocalChannel, source: LocalMessage | None) -> dict[str, str]:
    """Whose a component is: whose the interaction was that its message answers, else the guild's."""
    if source is not None and source.interaction is not None:
        owners: dict[str, str] = source.interaction["authorizing_integration_owners"]
        return owners
    return {GUILD_INSTALL: "0" if channel.guild is None else str(channel.guild.id)}
