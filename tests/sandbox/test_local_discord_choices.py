"""Selects and the inputs of modals: members send what the client lets them, and an unmodified discord.py reads it."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import discord
import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from spacebot.sandbox.discord import LocalDiscord, LocalFile, LocalMember, LocalMessage, NotOffered
from spacebot.sandbox.discord.app.modals import fill as fill_in
from spacebot.sandbox.discord.app.picking import Picker
from spacebot.sandbox.discord.forms.form import Form, Problems
from spacebot.sandbox.discord.forms.modals import read_modal
from spacebot.sandbox.discord.refusals import Refusal
from tests.clocks import FakeClock
from tests.sandbox.discord_bot import Club, club_with
from tests.sandbox.discord_client import client_of
from tests.sandbox.openapi_discord import checker
from tests.sandbox.test_local_discord_interactions import EPHEMERAL, Scene, scene_on

LAID_OUT = 1 << 15


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with scene_on(FakeClock()) as scene:
        yield scene


def options(count: int) -> list[dict[str, Any]]:
    return [{"label": f"Label {n}", "value": str(n)} for n in range(count)]


async def shown(scene: Scene, *selects: dict[str, Any], flags: int = 0) -> LocalMessage:
    """A layout with these selects, in a container."""
    rows = [{"type": 1, "components": [{"custom_id": f"s{n}", **each}]} for n, each in enumerate(selects)]
    use, _ = await scene.used(4, flags=LAID_OUT | flags, components=[{"type": 17, "components": rows}])
    return await use.reply()


async def chosen(scene: Scene, message: LocalMessage, *values: object, **how: Any) -> dict[str, Any]:
    """The event of a choice."""
    task, event = await scene.begin(scene.ann.choose(message, *values, **how))
    assert (await scene.answer(event, 6)).status == 200
    await task
    return event


async def test_an_option_is_chosen_by_its_value_or_its_label(scene: Scene) -> None:
    message = await shown(scene, {"type": 3, "options": options(3), "max_values": 2})
    event = await chosen(scene, message, "Label 2", "0")
    assert event["data"] == {"custom_id": "s0", "component_type": 3, "id": 3, "values": ["2", "0"]}
    assert event["message"]["id"] == str(message.id)


async def test_a_channel_is_chosen_with_what_the_member_may_do_there(scene: Scene) -> None:
    message = await shown(scene, {"type": 8})
    hall = scene.guild.add_channel("hall")
    hall.overwrite(scene.ann, allow=("manage_messages",), deny=("send_messages",))
    event = await chosen(scene, message, hall)
    (channel,) = event["data"]["resolved"]["channels"].values()
    assert event["data"]["values"] == [channel["id"]] == [str(hall.id)]
    may = discord.Permissions(int(channel["permissions"]))
    assert (may.manage_messages, may.send_messages, may.view_channel) == (True, False, True)
    here = discord.Permissions(int(event["member"]["permissions"]))
    assert (here.manage_messages, here.send_messages) == (False, True)
    assert discord.Permissions(int(event["app_permissions"])).embed_links


async def test_a_thread_is_chosen_with_the_permissions_of_its_channel(scene: Scene) -> None:
    message = await shown(scene, {"type": 8, "channel_types": [11]})
    hall = scene.guild.add_channel("hall")
    hall.overwrite(scene.ann, deny=("send_messages_in_threads",))
    thread = scene.guild.add_thread(hall, "tonight")
    event = await chosen(scene, message, thread)
    (channel,) = event["data"]["resolved"]["channels"].values()
    assert channel["thread_metadata"]["archived"] is False
    assert not discord.Permissions(int(channel["permissions"])).send_messages_in_threads


async def test_roles_and_people_are_chosen_together(scene: Scene) -> None:
    message = await shown(scene, {"type": 7, "max_values": 2})
    role = scene.guild.add_role("listeners")
    event = await chosen(scene, message, role, scene.ann)
    resolved = event["data"]["resolved"]
    assert event["data"]["values"] == [str(role.id), str(scene.ann.id)]
    assert {kind: set(found) for kind, found in resolved.items()} == {
        "roles": {str(role.id)},
        "users": {str(scene.ann.id)},
        "members": {str(scene.ann.id)},
    }


async def test_nothing_can_be_chosen_where_nothing_need_be(scene: Scene) -> None:
    message = await shown(scene, {"type": 6, "min_values": 0, "max_values": 2})
    event = await chosen(scene, message)
    assert event["data"]["values"] == []
    assert event["data"]["resolved"] == {}


async def test_a_select_among_others_is_named(scene: Scene) -> None:
    message = await shown(scene, {"type": 6, "placeholder": "Whom?"}, {"type": 3, "options": options(1)})
    assert (await chosen(scene, message, "0", custom_id="s1"))["data"]["custom_id"] == "s1"
    event = await chosen(scene, message, scene.guild.everyone, placeholder="Whom?")
    assert event["data"]["custom_id"] == "s0"
    with pytest.raises(NotOffered, match="2 selects"):
        await scene.ann.choose(message, "0")
    with pytest.raises(NotOffered, match="0 selects"):
        await scene.ann.choose(message, "0", custom_id="s2")
    with pytest.raises(ValueError, match="custom_id or by placeholder"):
        await scene.ann.choose(message, "0", custom_id="s1", placeholder="Whom?")


async def test_what_the_client_does_not_offer_cannot_be_chosen(scene: Scene) -> None:
    other = scene.client.discord.add_guild("Chess club")
    hidden, voice = scene.guild.add_channel("board"), scene.guild.add_channel("v", kind="voice")
    hidden.overwrite(scene.guild.everyone, deny=("view_channel",))
    gone = scene.guild.add_role("gone")
    gone.delete()
    bob = scene.guild.add_member("Bob")
    bob.leave()
    general = scene.guild.system_channel
    cases: list[tuple[dict[str, Any], Sequence[object], str]] = [
        ({"type": 3, "options": options(2)}, ["2"], "not one of"),
        ({"type": 3, "options": options(2)}, [], "0 chosen, not 1 to 1"),
        ({"type": 3, "options": options(2)}, ["0", "1"], "2 chosen, not 1 to 1"),
        ({"type": 3, "options": options(2), "max_values": 2}, ["0", "Label 0"], "twice"),
        ({"type": 3, "options": options(2), "disabled": True}, ["0"], "disabled"),
        ({"type": 8, "channel_types": [0]}, [voice], "not among the channels"),
        ({"type": 8}, [other.system_channel], "not among the channels"),
        ({"type": 8}, [hidden], "does not see"),
        ({"type": 8}, [scene.guild.add_thread(general, "ours", private=True)], "does not see"),
        ({"type": 8}, [scene.ann], "does not fit"),
        ({"type": 6}, [gone], "gone"),
        ({"type": 6}, [other.add_role("x")], "another guild"),
        ({"type": 6}, [scene.ann], "does not fit"),
        ({"type": 5}, [bob], "not in this guild"),
        ({"type": 5}, [scene.guild.everyone], "does not fit"),
        ({"type": 7}, [general], "does not fit"),
    ]
    for select, values, reason in cases:
        scene.clock.jump(10)
        message = await shown(scene, select)
        with pytest.raises(NotOffered, match=reason):
            await scene.ann.choose(message, *values)
    message = await shown(scene, {"type": 8})
    message.delete()
    with pytest.raises(NotOffered, match="deleted"):
        await scene.ann.choose(message, general)


async def test_what_is_forced_reaches_the_bot_all_the_same(scene: Scene) -> None:
    hidden = scene.guild.add_channel("board")
    hidden.overwrite(scene.guild.everyone, deny=("view_channel",))
    hidden.overwrite(scene.guild.people, deny=("view_channel",))
    message = await shown(scene, {"type": 8, "disabled": True}, flags=EPHEMERAL)
    event = await chosen(scene, message, hidden, force=True)
    assert event["data"]["resolved"]["channels"][str(hidden.id)]["permissions"] == "0"


def label(component: dict[str, Any], text: str = "Which?") -> dict[str, Any]:
    return {"type": 18, "label": text, "component": {"custom_id": "c", **component}}


def modal(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"custom_id": "m", "title": "Look", "components": list(parts)}


def read(body: dict[str, Any]) -> dict[str, Any]:
    problems = Problems()
    found = read_modal(Form(body, problems))
    problems.refuse()
    return found


TAKEN: list[dict[str, Any]] = [
    {"type": 3, "options": options(1)},
    {"type": 3, "options": options(25), "min_values": 0, "max_values": 25, "required": False},
    {"type": 5, "default_values": [{"type": "user", "id": "5"}]},
    {"type": 6, "max_values": 25},
    {"type": 7, "placeholder": "x" * 150},
    {"type": 8, "channel_types": [0, 5]},
    {"type": 19},
    {"type": 19, "min_values": 0, "max_values": 10, "required": False},
    {"type": 21, "options": options(2)},
    {"type": 21, "options": [*options(9), {"label": "x", "value": "x", "default": True, "description": "x" * 100}]},
    {"type": 22, "options": options(1)},
    {"type": 22, "options": options(10), "min_values": 0, "max_values": 10, "required": False},
    {"type": 23},
    {"type": 23, "default": True},
]

REFUSED: list[dict[str, Any]] = [
    {"type": 3, "options": []},
    {"type": 3, "options": options(26)},
    {"type": 3, "options": options(2), "max_values": 3},
    {"type": 3, "options": options(2), "disabled": True},
    {"type": 8, "min_values": 2},
    {"type": 8, "custom_id": None},
    {"type": 19, "max_values": 11},
    {"type": 21, "options": options(1)},
    {"type": 21, "options": options(11)},
    {"type": 21, "options": [{**each, "default": True} for each in options(2)]},
    {"type": 21, "options": [*options(1), *options(1)]},
    {"type": 22, "options": []},
    {"type": 22, "options": options(11)},
    {"type": 22, "options": options(2), "max_values": 3},
    {"type": 22, "options": options(2), "min_values": 0},
    {"type": 22, "options": [{**each, "default": True} for each in options(2)], "max_values": 1},
    {"type": 23, "default": "yes"},
    {"type": 23, "custom_id": "x" * 101},
    {"type": 2, "style": 1, "label": "x"},
    {"type": 10, "content": "x"},
]


@pytest.mark.parametrize("component", TAKEN)
def test_what_discord_takes_in_a_label_is_taken(component: dict[str, Any]) -> None:
    assert read(modal({"type": 10, "content": "x" * 4000}, label(component)))["components"][1]["component"]["id"] == 3


@pytest.mark.parametrize("component", REFUSED)
def test_what_discord_refuses_in_a_label_is_refused(component: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        read(modal(label(component)))


def test_the_old_row_takes_no_select() -> None:
    with pytest.raises(Refusal):
        read(modal({"type": 1, "components": [{"type": 3, "custom_id": "c", "options": options(1)}]}))


class Room:
    """Somebody in a guild of no consequence."""

    def __init__(self) -> None:
        self.guild = LocalDiscord(clock=FakeClock()).add_guild("Book club")
        self.ann: LocalMember = self.guild.add_member("Ann")

    def sent(self, component: dict[str, Any], value: object = None) -> tuple[object, dict[str, Any]]:
        """What a modal with that component sends for a value, and what is resolved."""
        form = read(modal(label(component)))
        data = fill_in(form, {"Which?": value}, Picker(self.ann, self.guild.system_channel))
        (part,) = data["components"]
        component = part["component"]
        return component.get("values", component.get("value")), data.get("resolved", {})


@pytest.fixture
def room() -> Room:
    return Room()


def test_each_input_sends_what_was_chosen(room: Room) -> None:
    assert room.sent({"type": 3, "options": options(2)}, "Label 1") == (["1"], {})
    assert room.sent({"type": 21, "options": options(2)}, "Label 1") == ("1", {})
    assert room.sent({"type": 22, "options": options(3)}, ["Label 2", "0"]) == (["2", "0"], {})
    assert room.sent({"type": 23}, True) == (True, {})
    values, resolved = room.sent({"type": 8}, room.guild.system_channel)
    assert values == list(resolved["channels"])
    values, resolved = room.sent({"type": 6, "max_values": 2}, [room.guild.everyone, room.guild.people])
    assert values == list(resolved["roles"])


def test_an_untouched_input_sends_what_the_bot_chose_beforehand(room: Room) -> None:
    chosen = [{"label": "x", "value": "x", "default": True}, {"label": "y", "value": "y"}]
    assert room.sent({"type": 3, "options": chosen}) == (["x"], {})
    assert room.sent({"type": 21, "options": chosen}) == ("x", {})
    assert room.sent({"type": 22, "options": chosen}) == (["x"], {})
    assert room.sent({"type": 23}) == (False, {})
    assert room.sent({"type": 23, "default": True}) == (True, {})
    assert room.sent({"type": 21, "options": options(2), "required": False}) == (None, {})
    assert room.sent({"type": 19, "required": False}) == ([], {})
    place = room.guild.add_channel("hall")
    defaults = [{"type": "channel", "id": str(place.id)}]
    values, resolved = room.sent({"type": 8, "default_values": defaults})
    assert values == list(resolved["channels"]) == [str(place.id)]
    place.overwrite(room.ann, deny=("view_channel",))
    assert room.sent({"type": 8, "default_values": defaults, "required": False}) == ([], {})
    place.delete()
    assert room.sent({"type": 8, "default_values": defaults, "required": False}) == ([], {})


@pytest.mark.parametrize(
    ("component", "value", "reason"),
    [
        ({"type": 3, "options": options(2)}, None, "must be filled in"),
        ({"type": 3, "options": options(2)}, [], "must be filled in"),
        ({"type": 3, "options": options(2)}, ["0", "1"], "2 chosen"),
        ({"type": 3, "options": options(2)}, "2", "not one of"),
        ({"type": 3, "options": options(3), "min_values": 2, "max_values": 3, "required": False}, "0", "1 chosen"),
        ({"type": 8}, None, "must be filled in"),
        ({"type": 8}, "general", "does not fit"),
        ({"type": 19}, None, "must be filled in"),
        ({"type": 19}, [LocalFile(name=name, content=b"") for name in "ab"], "2 chosen"),
        ({"type": 19}, "hosts.txt", "does not fit"),
        ({"type": 21, "options": options(2)}, None, "must be filled in"),
        ({"type": 21, "options": options(2)}, ["0", "1"], "only one"),
        ({"type": 22, "options": options(2)}, [], "must be filled in"),
        ({"type": 22, "options": options(2)}, ["0", "0"], "twice"),
        ({"type": 22, "options": options(2), "max_values": 1}, ["0", "1"], "2 chosen"),
        ({"type": 23}, "yes", "ticked or not"),
        ({"type": 4, "style": 1}, 5, "cannot be typed"),
    ],
)
def test_what_the_client_does_not_let_through_is_not_sent(
    room: Room, component: dict[str, Any], value: object, reason: str
) -> None:
    with pytest.raises(NotOffered, match=reason):
        room.sent(component, value)


@given(
    wanted=st.lists(st.sampled_from("01234x"), max_size=6),
    least=st.integers(0, 5),
    most=st.integers(1, 5),
    required=st.booleans(),
)
def test_a_choice_is_sent_as_it_is_and_within_its_bounds_or_not_at_all(
    wanted: list[str], least: int, most: int, required: bool
) -> None:
    select = {"type": 3, "options": options(5), "min_values": least, "max_values": most, "required": required}
    fits = least <= len(wanted) <= most if wanted else not required
    if least > most:
        with pytest.raises(Refusal):
            read(modal(label(select)))
    elif fits and len(set(wanted)) == len(wanted) and "x" not in wanted:
        assert Room().sent(select, wanted) == (wanted, {})
    else:
        with pytest.raises(NotOffered):
            Room().sent(select, wanted)


async def test_modals_of_every_input_keep_discords_document(monkeypatch: pytest.MonkeyPatch) -> None:
    async with client_of(LocalDiscord(checker=checker())) as client, client.bot() as socket:
        guild = client.discord.add_guild("Book club")
        ann = guild.add_member("Ann")
        place = f"/applications/{client.discord.application_id}/commands"
        await client.rest("POST", place, {"name": "live", "description": "Live?"})
        scene = Scene(client, socket, FakeClock())
        scene.guild, scene.ann = guild, ann
        for start in range(0, len(TAKEN), 5):
            parts = [label({**each, "custom_id": str(n)}) for n, each in enumerate(TAKEN[start : start + 5])]
            use, _ = await scene.used(9, **modal(*parts))
            assert use.modal is not None
        assert client.discord.violations == []


class Look(ui.Modal, title="Text & look"):
    """Every input that there is."""

    note: ui.TextDisplay[Any] = ui.TextDisplay("How shall it look?")
    channel: ui.Label["Look"] = ui.Label(text="Where?", component=ui.ChannelSelect(max_values=2))
    roles: ui.Label["Look"] = ui.Label(
        text="Whom?", component=ui.RoleSelect(min_values=0, max_values=5, required=False)
    )
    style: ui.Label["Look"] = ui.Label(
        text="Style",
        component=ui.RadioGroup(
            options=[discord.RadioGroupOption(label="Card", value="card"), discord.RadioGroupOption(label="Line")]
        ),
    )
    moments: ui.Label["Look"] = ui.Label(
        text="Moments",
        component=ui.CheckboxGroup(
            options=[
                discord.CheckboxGroupOption(label="Start", value="start", default=True),
                discord.CheckboxGroupOption(label="End", value="end"),
            ],
            min_values=0,
            required=False,
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        where, whom = self.channel.component, self.roles.component
        style, moments = self.style.component, self.moments.component
        assert isinstance(where, ui.ChannelSelect)
        assert isinstance(whom, ui.RoleSelect)
        assert isinstance(style, ui.RadioGroup)
        assert isinstance(moments, ui.CheckboxGroup)
        may = [f"{channel.mention}:{channel.permissions.manage_messages}" for channel in where.values]
        roles = [role.mention for role in whom.values]
        await interaction.response.send_message(f"{may} {roles} {style.value} {moments.values}")


class Import(ui.Modal, title="Hosts"):
    """The others."""

    file: ui.Label["Import"] = ui.Label(text="A list", component=ui.FileUpload())
    sure: ui.Label["Import"] = ui.Label(text="Sure?", component=ui.Checkbox())
    who: ui.Label["Import"] = ui.Label(text="For", component=ui.UserSelect())
    both: ui.Label["Import"] = ui.Label(text="Both", component=ui.MentionableSelect(max_values=2))
    kind: ui.Label["Import"] = ui.Label(
        text="Kind", component=ui.Select(options=[discord.SelectOption(label="Hosts", value="h", emoji="🎧")])
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        file, sure, who = self.file.component, self.sure.component, self.who.component
        both, kind = self.both.component, self.kind.component
        assert isinstance(file, ui.FileUpload)
        assert isinstance(sure, ui.Checkbox)
        assert isinstance(who, ui.UserSelect)
        assert isinstance(both, ui.MentionableSelect)
        assert isinstance(kind, ui.Select)
        content = (await file.values[0].read()).decode()
        people = [each.mention for each in (*who.values, *both.values)]
        await interaction.response.send_message(f"{content} {sure.value} {people} {kind.values}")


async def look(interaction: discord.Interaction) -> None:
    """Ask for a look."""
    await interaction.response.send_modal(Look())


async def bring(interaction: discord.Interaction) -> None:
    """Ask for a list."""
    await interaction.response.send_modal(Import())


class Chooser(ui.LayoutView):
    """Every select that there is."""

    def __init__(self) -> None:
        super().__init__()
        box: ui.Container[Chooser] = ui.Container()
        selects: list[ui.Item[Chooser]] = [
            ui.ChannelSelect(custom_id="channel", channel_types=[discord.ChannelType.text]),
            ui.RoleSelect(custom_id="role", min_values=0, max_values=3),
            ui.UserSelect(custom_id="user"),
            ui.MentionableSelect(custom_id="both"),
            ui.Select(custom_id="text", options=[discord.SelectOption(label="A", value="a", default=True)]),
        ]
        for select in selects:
            select.callback = self.take  # type: ignore[method-assign] # as discord.py's documentation shows it
            box.add_item(ui.ActionRow(select))
        self.add_item(box)

    async def take(self, interaction: discord.Interaction) -> None:
        assert interaction.data is not None
        custom_id = interaction.data["custom_id"]  # type: ignore[typeddict-item] # a component has one
        select = next(item for item in self.walk_children() if getattr(item, "custom_id", None) == custom_id)
        assert isinstance(select, ui.ChannelSelect | ui.RoleSelect | ui.UserSelect | ui.MentionableSelect | ui.Select)
        said = [each if isinstance(each, str) else each.mention for each in select.values]
        view = Chooser()
        view.add_item(ui.TextDisplay(f"chosen: {' '.join(said)}"))
        await interaction.response.defer()
        await interaction.edit_original_response(view=view)


async def pick(interaction: discord.Interaction, hidden: bool) -> None:
    """Show the selects."""
    await interaction.response.send_message(view=Chooser(), ephemeral=hidden)


@pytest.fixture
async def club(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Club]:
    async with club_with(monkeypatch, look, bring, pick) as club:
        yield club


async def test_discord_py_reads_every_choice_in_a_modal(club: Club) -> None:
    general, hall, role = club.guild.system_channel, club.guild.add_channel("hall"), club.guild.add_role("listeners")
    hall.overwrite(club.ann, allow=("manage_messages",))
    use = await club.asked("look")
    assert use.modal is not None
    assert use.modal["title"] == "Text & look"
    values = {"Where?": [general, hall], "Whom?": role, "Style": "Line", "Moments": ["start", "End"]}
    reply = await (await club.ann.submit(use, **values)).reply()
    where = [f"<#{general.id}>:False", f"<#{hall.id}>:True"]
    assert reply.content == f"{where} {[role.mention]} Line {['start', 'end']}"


async def test_discord_py_reads_a_modal_of_which_little_was_touched(club: Club) -> None:
    submission = await club.ann.submit(
        await club.asked("look"), **{"Where?": club.guild.system_channel, "Style": "card"}
    )
    assert (await submission.reply()).content.endswith(f"[] card {['start']}")


async def test_discord_py_reads_an_uploaded_file(club: Club) -> None:
    file = LocalFile(name="my hosts.txt", content=b"@ann", content_type="text/plain")
    values = {"A list": file, "Sure?": True, "For": club.ann, "Both": [club.guild.people], "Kind": "Hosts"}
    submission = await club.ann.submit(await club.asked("bring"), **values)
    people = [club.ann.mention, club.guild.people.mention]
    assert (await submission.reply()).content == f"@ann True {people} {['h']}"


@pytest.mark.parametrize("hidden", [False, True])
async def test_discord_py_reads_every_select_and_updates_the_layout(club: Club, hidden: bool) -> None:
    message = await (await club.asked("pick", hidden=hidden)).reply()
    people = club.guild.people
    for custom_id, values, said in (
        ("channel", [club.guild.system_channel], f"<#{club.guild.system_channel.id}>"),
        ("role", [people], people.mention),
        ("role", [], ""),
        ("user", [club.ann], club.ann.mention),
        ("both", [people], people.mention),
        ("text", ["A"], "a"),
    ):
        use = await club.ann.choose(message, *values, custom_id=custom_id)
        assert await use.reply() is message
        assert message.texts == [f"chosen: {said}".strip()]
