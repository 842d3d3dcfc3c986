"""Modals: refused where Discord refuses them, sent only as the client lets people send them, and answered by a real bot."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import discord
import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from spacebot.sandbox.discord import LocalDiscord, LocalInteraction, NotOffered
from spacebot.sandbox.discord.app.modals import fill as fill_in
from spacebot.sandbox.discord.app.picking import Picker
from spacebot.sandbox.discord.forms.form import Form, Problems, utf16_length
from spacebot.sandbox.discord.forms.modals import read_modal
from spacebot.sandbox.discord.refusals import Refusal
from tests.clocks import FakeClock, run_until
from tests.sandbox.discord_bot import Club, club_with
from tests.sandbox.discord_client import client_of
from tests.sandbox.openapi_discord import checker
from tests.sandbox.test_local_discord_interactions import EPHEMERAL, Scene, scene_on

HOST = {"type": 4, "custom_id": "host", "style": 1, "label": "Which host?", "max_length": 8}
NOTE = {"type": 4, "custom_id": "note", "style": 2, "label": "A note", "required": False, "min_length": 2}
MODAL: dict[str, Any] = {
    "custom_id": "m",
    "title": "Follow",
    "components": [{"type": 1, "components": [HOST]}, {"type": 1, "components": [NOTE]}],
}
BARE = {key: value for key, value in HOST.items() if key != "label"}
OPEN = {"type": 2, "style": 1, "label": "Open", "custom_id": "open"}
QUESTION = {"content": "?", "components": [{"type": 1, "components": [OPEN]}]}


def label(component: dict[str, Any], **more: object) -> dict[str, Any]:
    """The newer form: the label holds the input."""
    return {"type": 18, "label": "Which host?", "component": component, **more}


def row(**more: object) -> list[dict[str, Any]]:
    """The components of a modal with one input that is right but for `more`."""
    return [{"type": 1, "components": [{**HOST, **more}]}]


def fill(modal: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The modal as somebody in a guild of no consequence fills it in."""
    guild = LocalDiscord(clock=FakeClock()).add_guild("Book club")
    return fill_in(modal, values, Picker(guild.add_member("Ann"), guild.system_channel))


def read(modal: dict[str, Any]) -> dict[str, Any]:
    problems = Problems()
    found = read_modal(Form(modal, problems))
    problems.refuse()
    return found


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "x" * 46},
        {"title": ""},
        {"title": None},
        {"custom_id": "x" * 101},
        {"custom_id": None},
        {"components": None},
        {"components": []},
        {"components": [{"type": 1, "components": [{**HOST, "custom_id": str(n)}]} for n in range(6)]},
        {"components": [{"type": 1, "components": []}]},
        {"components": [{"type": 1, "components": [HOST, NOTE]}]},
        {"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "x"}]}]},
        {"components": [{"type": 2, "style": 1, "label": "x", "custom_id": "x"}]},
        {"components": [{"type": 10, "content": ""}]},
        {"components": [{"type": 10, "content": "x" * 4001}]},
        {"components": [*row(), *row()]},
        {"components": [*row(), label(BARE)]},
        {"components": row(custom_id="")},
        {"components": row(custom_id="x" * 101)},
        {"components": row(label="x" * 46)},
        {"components": row(label=None)},
        {"components": row(style=3)},
        {"components": row(style=None)},
        {"components": row(placeholder="x" * 101)},
        {"components": row(value="x" * 9)},
        {"components": row(value="x" * 4001, max_length=4000)},
        {"components": row(min_length=-1)},
        {"components": row(min_length=9)},
        {"components": row(max_length=0)},
        {"components": row(max_length=4001)},
        {"components": row(required="yes")},
        {"components": [label(HOST)]},
        {"components": [label(BARE, label="x" * 46)]},
        {"components": [label(BARE, label=None)]},
        {"components": [label(BARE, description="x" * 101)]},
        {"components": [{"type": 18, "label": "x"}]},
    ],
)
def test_what_discord_refuses_in_a_modal_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        read({**MODAL, **changed})


TAKEN: list[dict[str, Any]] = [
    {},
    {"title": "x" * 45, "custom_id": "x" * 100},
    {"components": [{"type": 1, "components": [{**HOST, "custom_id": str(n)}]} for n in range(5)]},
    {"components": row(label="x" * 45, placeholder="x" * 100, min_length=4000, max_length=4000)},
    {"components": row(value="x" * 8, style=2, required=False)},
    {"components": [label(BARE, description="x" * 100), *row(custom_id="other")]},
    {"components": [label({**BARE, "label": None})]},
]


@pytest.mark.parametrize("changed", TAKEN)
def test_what_discord_takes_as_a_modal_is_taken(changed: dict[str, Any]) -> None:
    assert read({**MODAL, **changed})["custom_id"]


def test_every_component_of_a_modal_has_an_id_of_its_own() -> None:
    modal = read({**MODAL, "components": [*MODAL["components"], label({**BARE, "custom_id": "third"})]})
    sent = fill(modal, {"host": "a", "third": "b"})
    ids = [part["id"] for part in sent["components"]]
    ids += [each["id"] for part in sent["components"] for each in part.get("components") or [part["component"]]]
    assert sorted(ids) == [1, 2, 3, 4, 5, 6]


def values_of(sent: dict[str, Any]) -> dict[str, str]:
    """The texts of a submission by custom id."""
    inputs = [each for part in sent["components"] for each in part.get("components") or [part["component"]]]
    return {each["custom_id"]: each["value"] for each in inputs}


def test_an_input_is_named_by_its_custom_id_or_its_label() -> None:
    assert values_of(fill(read(MODAL), {"host": "@ann"})) == {"host": "@ann", "note": ""}
    assert values_of(fill(read(MODAL), {"Which host?": "@ann", "A note": "hi"})) == {"host": "@ann", "note": "hi"}
    labelled = read({**MODAL, "components": [label(BARE)]})
    assert values_of(fill(labelled, {"Which host?": "@ann"})) == {"host": "@ann"}


def test_a_custom_id_is_meant_before_a_label() -> None:
    other = {**HOST, "custom_id": "Which host?", "label": "host"}
    modal = read({**MODAL, "components": [*row(required=False), {"type": 1, "components": [other]}]})
    assert values_of(fill(modal, {"Which host?": "@ann"})) == {"host": "", "Which host?": "@ann"}


def test_what_is_prefilled_stays_unless_it_is_overwritten() -> None:
    modal = read({**MODAL, "components": row(value="@bob")})
    assert values_of(fill(modal, {})) == values_of(fill(modal, {"host": None})) == {"host": "@bob"}
    assert values_of(fill(modal, {"host": "@ann"})) == {"host": "@ann"}
    with pytest.raises(NotOffered, match="must be filled in"):
        fill(modal, {"host": ""})


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "must be filled in"),
        ({"host": ""}, "must be filled in"),
        ({"host": "x" * 9}, "out of bounds"),
        ({"host": "🎧" * 5}, "out of bounds"),
        ({"host": "a\nb"}, "one line"),
        ({"host": "@ann", "note": "x"}, "out of bounds"),
        ({"host": "@ann", "note": "x" * 4001}, "out of bounds"),
        ({"host": "@ann", "role": "x"}, "0 inputs are called 'role'"),
        ({"host": "@ann", "Which host?": "@bob"}, "twice"),
    ],
)
def test_what_the_client_does_not_let_through_is_not_sent(values: dict[str, str | None], reason: str) -> None:
    with pytest.raises(NotOffered, match=reason):
        fill(read(MODAL), values)


def test_a_label_that_two_inputs_bear_names_neither() -> None:
    modal = read({**MODAL, "components": [*row(), *row(custom_id="other")]})
    with pytest.raises(NotOffered, match="2 inputs"):
        fill(modal, {"Which host?": "@ann"})


@given(
    text=st.text(alphabet=st.sampled_from("a 🎧\n\r\u2028é"), max_size=12),
    least=st.integers(0, 10) | st.none(),
    most=st.integers(1, 10) | st.none(),
    required=st.booleans(),
    style=st.sampled_from([1, 2]),
)
def test_a_text_is_sent_unchanged_and_within_its_bounds_or_not_at_all(
    text: str, least: int | None, most: int | None, required: bool, style: int
) -> None:
    components = row(min_length=least, max_length=most, required=required, style=style)
    fits = (least or 0) <= utf16_length(text) <= (most or 4000) if text else not required
    one_line = "\n" not in text and "\r" not in text
    if (least or 0) > (most or 4000):
        with pytest.raises(Refusal):
            read({**MODAL, "components": components})
    elif fits and (one_line or style == 2):
        assert values_of(fill(read({**MODAL, "components": components}), {"host": text})) == {"host": text}
    else:
        with pytest.raises(NotOffered):
            fill(read({**MODAL, "components": components}), {"host": text})


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with scene_on(FakeClock()) as scene:
        yield scene


async def opened(scene: Scene) -> LocalInteraction:
    """The command, answered with the modal."""
    use, _ = await scene.used(9, **MODAL)
    return use


async def opened_by_a_button(scene: Scene) -> LocalInteraction:
    question, _ = await scene.used(4, **QUESTION)
    task, event = await scene.begin(scene.ann.press(await question.reply(), label="Open"))
    assert (await scene.answer(event, 9, **MODAL)).status == 200
    return await task


async def test_a_refused_modal_is_not_open(scene: Scene) -> None:
    task, event = await scene.begin()
    assert (await scene.answer(event, 9, **{**MODAL, "title": "x" * 46})).refusal == (400, 50035)
    assert (await scene.answer(event, 4, content="never mind")).status == 200
    use = await task
    assert use.modal is None
    with pytest.raises(NotOffered, match="no modal"):
        await scene.ann.submit(use, host="@ann")


async def test_a_submission_tells_what_was_typed(scene: Scene) -> None:
    use = await opened(scene)
    task, event = await scene.begin(scene.ann.submit(use, host="@ann"))
    assert event["type"] == 5
    assert event["data"] == {
        "custom_id": "m",
        "components": [
            {"type": 1, "id": 1, "components": [{"type": 4, "id": 2, "custom_id": "host", "value": "@ann"}]},
            {"type": 1, "id": 3, "components": [{"type": 4, "id": 4, "custom_id": "note", "value": ""}]},
        ],
    }
    assert "message" not in event
    assert event["token"] != use.token
    await scene.answer(event, 4, content="done")
    submission = await task
    assert use.submission is submission
    assert (await submission.reply()).content == "done"
    shown = (await scene.webhook("GET", event, "/messages/@original")).json["interaction_metadata"]
    assert (shown["type"], shown["triggering_interaction_metadata"]["id"]) == (5, str(use.id))


async def test_a_modal_of_a_button_can_update_the_message(scene: Scene) -> None:
    press = await opened_by_a_button(scene)
    task, event = await scene.begin(scene.ann.submit(press, host="@ann"))
    (question,) = scene.guild.system_channel.messages
    assert event["message"]["id"] == str(question.id)
    await scene.answer(event, 7, content="@ann it is", components=[])
    submission = await task
    assert await submission.reply() is question
    assert question.content == "@ann it is"


async def test_a_modal_of_a_button_can_defer_the_update(scene: Scene) -> None:
    press = await opened_by_a_button(scene)
    task, event = await scene.begin(scene.ann.submit(press, host="@ann"))
    await scene.answer(event, 6)
    submission = await task
    await scene.webhook("PATCH", event, "/messages/@original", content="later")
    assert (await submission.reply()).content == "later"


@pytest.mark.parametrize("kind", [6, 7])
async def test_a_modal_of_a_command_has_no_message_to_update(scene: Scene, kind: int) -> None:
    use = await opened(scene)
    task, event = await scene.begin(scene.ann.submit(use, host="@ann"))
    assert (await scene.answer(event, kind, content="x")).refusal == (400, 50035)
    await scene.answer(event, 5, flags=EPHEMERAL)
    assert (await task).ephemeral


async def test_a_modal_is_not_answered_with_a_modal(scene: Scene) -> None:
    for press in (await opened(scene), await opened_by_a_button(scene)):
        task, event = await scene.begin(scene.ann.submit(press, host="@ann"))
        assert (await scene.answer(event, 9, **MODAL)).refusal == (400, 50035)
        assert (await scene.answer(event, 4, content="done")).status == 200
        assert (await task).modal is None


async def test_a_modal_is_sent_by_whom_it_is_shown_to_and_once(scene: Scene) -> None:
    use = await opened(scene)
    with pytest.raises(NotOffered, match="Ann only"):
        await scene.guild.add_member("Bob").submit(use, host="@bob")
    task, event = await scene.begin(scene.ann.submit(use, host="@ann"))
    with pytest.raises(NotOffered, match="already"):
        await scene.ann.submit(use, host="@ann")
    await scene.answer(event, 4, content="done")
    await task
    with pytest.raises(NotOffered, match="already"):
        await scene.ann.submit(use, host="@ann")


async def test_a_submission_that_is_not_answered_fails_and_can_be_repeated(scene: Scene) -> None:
    use = await opened(scene)
    task, event = await scene.begin(scene.ann.submit(use, host="@ann"))
    failed = await run_until(scene.clock, task)
    assert failed.failed == "Something went wrong. Try again."
    assert (await scene.answer(event, 4, content="late")).refusal == (404, 10062)
    task, event = await scene.begin(scene.ann.submit(use, host="@ann"))
    await scene.answer(event, 4, content="done")
    assert (await (await task).reply()).content == "done"


async def test_a_text_that_cannot_be_sent_reaches_nobody(scene: Scene) -> None:
    use = await opened(scene)
    with pytest.raises(NotOffered):
        await scene.ann.submit(use, host="x" * 9)
    assert use.submission is None
    task, event = await scene.begin(scene.ann.submit(use, host="@ann"))
    assert event["data"]["components"][0]["components"][0]["value"] == "@ann"
    await scene.answer(event, 4, content="done")
    await task


async def test_modals_and_their_submissions_keep_discords_document() -> None:
    check = checker()
    async with client_of(LocalDiscord(checker=check)) as client, client.bot() as socket:
        guild = client.discord.add_guild("Book club")
        channel, ann = guild.system_channel, guild.add_member("Ann")
        application = client.discord.application_id
        await client.rest("POST", f"/applications/{application}/commands", {"name": "live", "description": "Live?"})

        async def answered(deed: Coroutine[Any, Any, LocalInteraction], kind: int, data: object) -> LocalInteraction:
            task = asyncio.create_task(deed)
            event = await socket.event("INTERACTION_CREATE")
            path = f"/interactions/{event['id']}/{event['token']}/callback?with_response=1"
            assert (await client.rest("POST", path, {"type": kind, "data": data})).status == 200
            hook = f"/webhooks/{application}/{event['token']}"
            if kind != 9:
                await client.rest("GET", f"{hook}/messages/@original")
                await client.rest("POST", f"{hook}?wait=true", {"content": "besides", "flags": EPHEMERAL})
            return await task

        for changed in TAKEN:
            await answered(ann.use(channel, "live"), 9, {**MODAL, **changed})
        use = await answered(ann.use(channel, "live"), 9, MODAL)
        await answered(ann.submit(use, host="@ann"), 4, {"content": "done"})
        question = await answered(ann.use(channel, "live"), 4, QUESTION)
        for kind in (4, 5, 7):
            press = await answered(ann.press(await question.reply(), label="Open"), 9, MODAL)
            await answered(ann.submit(press, host="@ann"), kind, QUESTION)
        assert client.discord.violations == []
        assert not [note for note in check.notes if "GET" in note]


class Follow(ui.Modal, title="Follow a host"):
    """As discord.py's documentation makes them: labels, and custom ids that are random."""

    host: ui.Label["Follow"] = ui.Label(
        text="Which host?", description="A handle", component=ui.TextInput(placeholder="@ann", max_length=20)
    )
    note: ui.TextInput["Follow"] = ui.TextInput(label="A note", style=discord.TextStyle.paragraph, required=False)

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Answer in the way that was wanted."""
        assert isinstance(self.host.component, ui.TextInput)
        text = f"{self.host.component.value}: {self.note.value}"
        if self.way == "reply":
            await interaction.response.send_message(text, ephemeral=True)
        elif self.way == "thinking":
            await interaction.response.defer(ephemeral=True, thinking=True)
            await interaction.followup.send(text)
        elif self.way == "update":
            await interaction.response.edit_message(content=text, view=None)
        elif self.way == "later":
            await interaction.response.defer()
            await interaction.edit_original_response(content=text, view=None)
        else:
            with pytest.raises(discord.HTTPException) as refused:
                await interaction.response.send_modal(Follow("reply"))
            await interaction.response.send_message(str(refused.value.code))


class Open(ui.Button[ui.View]):
    """Opens the modal."""

    def __init__(self, way: str) -> None:
        super().__init__(label="Follow")
        self.way = way

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Follow(self.way))


async def follow(interaction: discord.Interaction, way: str) -> None:
    """Open the modal from a command."""
    await interaction.response.send_modal(Follow(way))


async def ask(interaction: discord.Interaction, way: str, hidden: bool) -> None:
    """Show a button that opens the modal."""
    view = ui.View()
    view.add_item(Open(way))
    await interaction.response.send_message("Follow whom?", view=view, ephemeral=hidden)


async def aside(interaction: discord.Interaction) -> None:
    """Answer for all, then add a word for one."""
    await interaction.response.defer()
    await interaction.edit_original_response(content="for all")
    await interaction.followup.send("for you", ephemeral=True)


@pytest.fixture
async def club(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Club]:
    async with club_with(monkeypatch, follow, ask, aside) as club:
        yield club


@pytest.mark.parametrize("way", ["reply", "thinking"])
async def test_discord_py_answers_a_modal_that_a_command_opened(club: Club, way: str) -> None:
    use = await club.asked("follow", way=way)
    assert use.modal is not None
    assert use.modal["title"] == "Follow a host"
    submission = await club.ann.submit(use, **{"Which host?": "@ann", "A note": "a friend\nof ours"})
    reply = await submission.reply()
    assert reply.content == "@ann: a friend\nof ours"
    assert submission.ephemeral
    assert submission.acknowledged_after is not None
    assert club.guild.system_channel.messages == []


@pytest.mark.parametrize("way", ["update", "later"])
@pytest.mark.parametrize("hidden", [False, True])
async def test_discord_py_updates_the_message_whose_button_opened_a_modal(club: Club, way: str, hidden: bool) -> None:
    question = await (await club.asked("ask", way=way, hidden=hidden)).reply()
    press = await club.ann.press(question, label="Follow")
    submission = await club.ann.submit(press, **{"Which host?": "@ann"})
    assert await submission.reply() is question
    assert question.content == "@ann:"
    assert question.buttons == []
    assert submission.ephemeral is hidden


async def test_discord_py_can_reply_where_a_button_opened_the_modal(club: Club) -> None:
    question = await (await club.asked("ask", way="reply", hidden=False)).reply()
    submission = await club.ann.submit(await club.ann.press(question, label="Follow"), **{"Which host?": "@ann"})
    assert (await submission.reply()).ephemeral
    assert club.guild.system_channel.messages == [question]


async def test_discord_py_cannot_answer_a_modal_with_a_modal(club: Club) -> None:
    use = await club.asked("follow", way="again")
    submission = await club.ann.submit(use, **{"Which host?": "@ann"})
    assert (await submission.reply()).content == "50035"


async def test_a_public_answer_can_be_followed_by_a_word_for_one(club: Club) -> None:
    use = await club.asked("aside")
    await club.local.wait_for(lambda: use.followups)
    reply = await use.reply()
    assert (reply.content, reply.ephemeral, use.ephemeral) == ("for all", False, False)
    assert [(message.content, message.ephemeral) for message in use.followups] == [("for you", True)]
    assert club.guild.system_channel.messages == [reply]
