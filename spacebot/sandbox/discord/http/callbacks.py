"""The bot's answers to interactions over HTTP; an answer reaches only an interaction that is open for it.

Source: Discord's documentation, 'Receiving and Responding to Interactions' and 'Webhook Resource'.
"""

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.app.interactions import ANSWER_WITHIN, TOKEN_LIFE, Interactions
from spacebot.sandbox.discord.forms.commands import CHOICES, read_choice
from spacebot.sandbox.discord.forms.form import Form, Problems, as_snowflake
from spacebot.sandbox.discord.forms.messages import SUPPRESS_EMBEDS, Draft, read_message
from spacebot.sandbox.discord.forms.modals import read_modal
from spacebot.sandbox.discord.http.limits import Bucket
from spacebot.sandbox.discord.http.messages import apply, ping
from spacebot.sandbox.discord.http.routes import Files, Request, Response, Route, form_error
from spacebot.sandbox.discord.model.channels import COMPONENTS_V2, EPHEMERAL, LOADING, LocalMessage
from spacebot.sandbox.discord.model.guilds import State
from spacebot.sandbox.discord.model.members import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMISSION, LocalInteraction
from spacebot.sandbox.discord.payloads import Json
from spacebot.sandbox.discord.refusals import Refusal

MESSAGE = 4
DEFERRED_MESSAGE = 5
DEFERRED_UPDATE = 6
UPDATE = 7
CHOICES_ANSWER = 8
MODAL = 9
_ALLOWED = {
    COMMAND: {MESSAGE, DEFERRED_MESSAGE, MODAL},
    COMPONENT: {MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES_ANSWER},
    SUBMISSION: {MESSAGE, DEFERRED_MESSAGE},
}
_UPDATES = {DEFERRED_UPDATE, UPDATE}
_COMMAND_REPLY = 20
FOLLOW_UPS = 5
"""The most further messages of an app that only a person has installed."""

_BUCKET = Bucket(name="webhook", limit=5, seconds=2.0)


class CallbackRoutes:
    """First answers, and the webhook that each interaction's token opens."""

    def __init__(self, state: State, interactions: Interactions) -> None:
        self._state = state
        self._interactions = interactions

    def routes(self) -> list[Route]:
        callback = "/interactions/{interaction_id}/{interaction_token}/callback"
        webhook = "/webhooks/{webhook_id}/{webhook_token}"
        table = [("POST", callback, self._answer), ("POST", webhook, self._follow_up)]
        for message in ("@original", "{message_id}"):
            one = f"{webhook}/messages/{message}"
            table += [("GET", one, self._get), ("PATCH", one, self._edit), ("DELETE", one, self._delete)]
        return [
            Route(method=method, template=path, handler=handler, bucket=_BUCKET, needs_token=False, counts=False)
            for method, path, handler in table
        ]

    def _answer(self, request: Request) -> Response:
        interaction = self._interactions.by_token.get(request.params["interaction_token"])
        if interaction is None or interaction.id != request.id("interaction_id"):
            raise Refusal(10062)
        if interaction.answer is not None:
            raise Refusal(40060)
        elapsed = self._state.clock.monotonic() - interaction.began
        if interaction.failed is not None or elapsed >= ANSWER_WITHIN:
            raise Refusal(10062)
        problems = Problems()
        form = Form(request.body, problems)
        form.require("type")
        kind = form.integer("type")
        problems.refuse()
        allowed = _allowed(interaction)
        if kind is None or kind not in allowed:
            raise form_error("type", "BASE_TYPE_CHOICES", f"Value must be one of {allowed}.")
        self._carry_out(interaction, kind, form.fields.get("data"), request.files)
        interaction.answer = kind
        interaction.acknowledged_after = elapsed
        interaction.answered.set()
        self._state.updates.happened()
        return Response(body=_response(interaction, kind)) if request.flag("with_response") else Response(status=204)

    def _carry_out(self, interaction: LocalInteraction, kind: int, data: object, files: Files) -> None:
        if kind == MESSAGE:
            draft = read_message({} if data is None else data, files=files)
            interaction.original = interaction.visible_answer = self._make(
                interaction, draft, kind=_reply_kind(interaction)
            )
            interaction.ephemeral = interaction.original.ephemeral
        elif kind == DEFERRED_MESSAGE:
            draft = read_message({} if data is None else data)
            message = self._blank(interaction, kind=_reply_kind(interaction))
            message.flags = LOADING | _visibility(interaction, draft)
            interaction.original = message
            interaction.ephemeral = message.ephemeral
        elif kind in _UPDATES:
            source = self._source(interaction)
            if kind == UPDATE:
                draft = read_message({} if data is None else data, changes=source, files=files)
                apply(draft, source)
                source.channel.mark_edited(source)
                interaction.visible_answer = source
            interaction.original = source
            interaction.ephemeral = source.ephemeral
        elif kind == CHOICES_ANSWER:
            interaction.choices = _read_choices(data, interaction.option_type)
        else:
            problems = Problems()
            modal = read_modal(Form(data, problems, ("data",)))
            problems.refuse()
            interaction.modal = modal

    def _source(self, interaction: LocalInteraction) -> LocalMessage:
        source = interaction.source
        if source is None or not (source.ephemeral or source.id in source.channel.by_id):
            raise Refusal(10008)
        return source

    def _follow_up(self, request: Request) -> Response:
        interaction = self._open(request)
        draft = read_message(request.body, files=request.files)
        original = interaction.original
        if original is not None and original.loading:
            self._fill(interaction, original, draft)
            return Response(body=payloads.message(original))
        if interaction.is_of_a_person_alone and interaction.follow_ups_made >= FOLLOW_UPS:
            raise Refusal(40094)
        message = self._make(interaction, draft, kind=0)
        interaction.follow_ups_made += 1
        interaction.followups.append(message)
        interaction.visible_answer = interaction.visible_answer or message
        self._state.updates.happened()
        return Response(body=payloads.message(message))

    def _get(self, request: Request) -> Response:
        return Response(body=payloads.message(self._message(self._open(request), request)))

    def _edit(self, request: Request) -> Response:
        interaction = self._open(request)
        message = self._message(interaction, request)
        draft = read_message(request.body, changes=message, files=request.files)
        if message.loading:
            self._fill(interaction, message, draft)
        else:
            apply(draft, message)
            message.channel.mark_edited(message)
            interaction.visible_answer = interaction.visible_answer or message
            self._state.updates.happened()
        return Response(body=payloads.message(message))

    def _delete(self, request: Request) -> Response:
        interaction = self._open(request)
        message = self._message(interaction, request)
        if message is interaction.original:
            interaction.original = None
        else:
            interaction.followups.remove(message)
        message.channel.remove(message)
        self._state.updates.happened()
        return Response(status=204)

    def _open(self, request: Request) -> LocalInteraction:
        """The interaction whose webhook is called: 50027 after its 15 minutes, 10015 before its first answer."""
        interaction = self._interactions.by_token.get(request.params["webhook_token"])
        if interaction is None or request.id("webhook_id") != self._state.application_id:
            raise Refusal(10015)
        if self._state.clock.monotonic() - interaction.began > TOKEN_LIFE:
            raise Refusal(50027)
        if interaction.answer is None:
            raise Refusal(10015)
        return interaction

    def _message(self, interaction: LocalInteraction, request: Request) -> LocalMessage:
        name = request.params.get("message_id", "@original")
        own = [interaction.original, *interaction.followups]
        for message in own[:1] if name == "@original" else own:
            if message is not None and (name == "@original" or message.id == as_snowflake(name)):
                if message.ephemeral or message.loading or message.id in message.channel.by_id:
                    return message
                break
        raise Refusal(10008)

    def _blank(self, interaction: LocalInteraction, *, kind: int) -> LocalMessage:
        return LocalMessage(
            id=self._state.snowflakes.next(),
            channel=interaction.channel,
            author=self._state.bot,
            kind=kind,
            interaction=payloads.interaction_metadata(interaction),
        )

    def _make(self, interaction: LocalInteraction, draft: Draft, *, kind: int) -> LocalMessage:
        """A new message; an ephemeral one is in no channel and pings nobody."""
        message = self._blank(interaction, kind=kind)
        apply(draft, message)
        message.flags = draft.flags | _visibility(interaction, draft)
        self._show(message, draft)
        return message

    def _fill(self, interaction: LocalInteraction, message: LocalMessage, draft: Draft) -> None:
        """The deferred answer is there: it is as visible as the deferral said, whatever the flags say now."""
        apply(draft, message)
        message.flags = message.flags & EPHEMERAL | draft.flags & (SUPPRESS_EMBEDS | COMPONENTS_V2)
        self._show(message, draft)
        interaction.visible_answer = message
        self._state.updates.happened()

    def _show(self, message: LocalMessage, draft: Draft) -> None:
        ping(self._state, message, draft)
        if not message.ephemeral:
            message.channel.add(message)


def _allowed(interaction: LocalInteraction) -> set[int]:
    """The first answers it may get; a modal is never one to a modal.

    Whether one that no message opened takes an update is reported both ways, so it is not relied upon.
    """
    allowed = _ALLOWED[interaction.kind]
    updates = interaction.kind == SUBMISSION and interaction.source is not None
    return allowed | _UPDATES if updates else allowed


def _visibility(interaction: LocalInteraction, draft: Draft) -> int:
    """The flag of a new message that is for one member alone, where the bot wants that or Discord has it so."""
    return EPHEMERAL if interaction.is_kept_private else draft.flags & EPHEMERAL


def _reply_kind(interaction: LocalInteraction) -> int:
    return _COMMAND_REPLY if interaction.kind == COMMAND else 0


def _read_choices(data: object, option_type: int) -> list[Json]:
    problems = Problems()
    form = Form(data, problems, ("data",))
    choices = [read_choice(each, option_type) for each in form.forms("choices", most=CHOICES)]
    problems.refuse()
    return [{"name": choice["name"], "value": choice["value"]} for choice in choices]


def _response(interaction: LocalInteraction, kind: int) -> Json:
    """The body that `with_response` asks for."""
    shown: Json = {
        "id": str(interaction.id),
        "type": interaction.kind,
        "channel_id": str(interaction.channel.id),
    }
    if interaction.guild is not None:
        shown["guild_id"] = str(interaction.guild.id)
    message = interaction.original
    if message is None:
        return {"interaction": shown}
    shown |= {
        "response_message_id": str(message.id),
        "response_message_loading": message.loading,
        "response_message_ephemeral": message.ephemeral,
    }
    if kind not in {MESSAGE, UPDATE}:
        return {"interaction": shown}
    return {"interaction": shown, "resource": {"type": kind, "message": payloads.message(message)}}
