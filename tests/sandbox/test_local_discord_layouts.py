"""Laid out messages (Components V2): refused where Discord refuses them, whichever way they come, and read by discord.py."""

import io
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from spacebot.sandbox.discord import LocalDiscord, LocalGuild, LocalMessage, NotOffered
from spacebot.sandbox.discord.forms.messages import read_message
from spacebot.sandbox.discord.model.components import walk
from spacebot.sandbox.discord.refusals import Refusal
from tests.clocks import FakeClock
from tests.sandbox.discord_bot import Club, club_with
from tests.sandbox.discord_client import Client, Reply, client_of
from tests.sandbox.openapi_discord import checker
from tests.sandbox.test_local_discord_interactions import EPHEMERAL, Scene, scene_on

LAID_OUT = 1 << 15
TEXT = {"type": 10, "content": "hello"}
BUTTON = {"type": 2, "style": 1, "label": "Yes", "custom_id": "yes"}
LINK = {"type": 2, "style": 5, "label": "Listen", "url": "https://x.com"}
PICTURE = {"media": {"url": "https://x.com/a.png"}}
THUMBNAIL = {"type": 11, **PICTURE}
OPTION = {"label": "a", "value": "b"}


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def section(*texts: dict[str, Any], accessory: object = THUMBNAIL) -> dict[str, Any]:
    return {"type": 9, "components": list(texts), "accessory": accessory}


def container(*components: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"type": 17, "components": list(components), **more}


def select(kind: int = 8, **more: object) -> dict[str, Any]:
    return row({"type": kind, "custom_id": "s", **more})


def strings(count: int = 2, **more: object) -> dict[str, Any]:
    return select(3, options=[{"label": f"Label {n}", "value": str(n)} for n in range(count)], **more)


def message(*components: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"flags": LAID_OUT, "components": list(components), **more}


def mistakes(body: dict[str, Any]) -> set[tuple[str, str]]:
    """The path and the code of each mistake."""
    with pytest.raises(Refusal) as refused:
        read_message(body)
    assert refused.value.body["code"] == 50035

    def leaves(node: dict[str, Any], path: tuple[str, ...]) -> set[tuple[str, str]]:
        if "_errors" in node:
            return {(".".join(path), error["code"]) for error in node["_errors"]}
        return {leaf for key, inner in node.items() for leaf in leaves(inner, (*path, key))}

    return leaves(refused.value.body["errors"], ())


TAKEN: list[list[dict[str, Any]]] = [
    [TEXT],
    [{"type": 10, "content": "x" * 4000}],
    [{"type": 10, "content": "x" * 2000}] * 2,
    [TEXT] * 40,
    [container(*[TEXT] * 39)],
    [container(TEXT, accent_color=0, spoiler=True), container(TEXT, accent_color=0xFFFFFF)],
    [section(TEXT), section(TEXT, TEXT, TEXT, accessory=BUTTON), section(TEXT, accessory=LINK)],
    [{"type": 12, "items": [{**PICTURE, "description": "x" * 1024, "spoiler": True}] * 10}],
    [{"type": 14}, {"type": 14, "divider": False, "spacing": 2}, TEXT],
    [row(BUTTON, LINK), container(row({**BUTTON, "custom_id": "x" * 100}))],
    [strings(25, min_values=0, max_values=25, placeholder="x" * 150, required=True)],
    [select(5, default_values=[{"type": "user", "id": "5"}])],
    [select(6, max_values=2, default_values=[{"type": "role", "id": 5}, {"type": "role", "id": 6}])],
    [select(7, max_values=2, default_values=[{"type": "role", "id": "5"}, {"type": "user", "id": "6"}])],
    [select(8, channel_types=[0, 5, 15, 11], default_values=[{"type": "channel", "id": "5"}], disabled=True)],
    [{**TEXT, "id": 7}, {**TEXT, "id": 1}, TEXT],
]

REFUSED: list[tuple[list[dict[str, Any]], tuple[str, str]]] = [
    ([TEXT] * 41, ("components", "BASE_TYPE_BAD_LENGTH")),
    ([container(*[TEXT] * 40)], ("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED")),
    ([section(TEXT)] * 14, ("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED")),
    ([{"type": 10, "content": "x" * 4001}], ("components.0.content", "BASE_TYPE_BAD_LENGTH")),
    (
        [{"type": 10, "content": "x" * 4000}, container({"type": 10, "content": "x"})],
        ("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"),
    ),
    ([{"type": 10, "content": " "}], ("components.0.content", "BASE_TYPE_REQUIRED")),
    ([section()], ("components.0.components", "BASE_TYPE_BAD_LENGTH")),
    ([section(*[TEXT] * 4)], ("components.0.components", "BASE_TYPE_BAD_LENGTH")),
    ([section(TEXT, accessory=None)], ("components.0.accessory", "BASE_TYPE_REQUIRED")),
    ([section(TEXT, accessory=TEXT)], ("components.0.accessory.type", "UNION_TYPE_CHOICES")),
    ([section(row(BUTTON))], ("components.0.components.0.type", "UNION_TYPE_CHOICES")),
    ([container()], ("components.0.components", "BASE_TYPE_BAD_LENGTH")),
    ([container(container(TEXT))], ("components.0.components.0.type", "UNION_TYPE_CHOICES")),
    ([container(TEXT, accent_color=1 << 24)], ("components.0.accent_color", "NUMBER_TYPE_MAX")),
    ([BUTTON], ("components.0.type", "UNION_TYPE_CHOICES")),
    ([THUMBNAIL], ("components.0.type", "UNION_TYPE_CHOICES")),
    ([{"type": 18, "label": "x", "component": TEXT}], ("components.0.type", "UNION_TYPE_CHOICES")),
    ([row(TEXT)], ("components.0.components.0.type", "UNION_TYPE_CHOICES")),
    ([{"type": 12, "items": []}], ("components.0.items", "BASE_TYPE_BAD_LENGTH")),
    ([{"type": 12, "items": [PICTURE] * 11}], ("components.0.items", "BASE_TYPE_BAD_LENGTH")),
    ([{"type": 12, "items": [{}]}], ("components.0.items.0.media", "BASE_TYPE_REQUIRED")),
    (
        [section(TEXT, accessory={"type": 11, "media": {"url": "ftp://x.com"}})],
        ("components.0.accessory.media.url", "URL_TYPE_INVALID_SCHEME"),
    ),
    ([{"type": 13, "file": {"url": "https://x.com"}}], ("components.0.file.url", "URL_TYPE_INVALID_SCHEME")),
    (
        [{"type": 13, "file": {"url": "attachment://a.txt"}}],
        ("components.0.file.url", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"),
    ),
    ([{"type": 14, "spacing": 3}], ("components.0.spacing", "NUMBER_TYPE_MAX")),
    ([row(BUTTON), row(BUTTON)], ("components.1.components.0.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED")),
    (
        [row(BUTTON), container(section(TEXT, accessory=BUTTON))],
        ("components.1.components.0.accessory.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"),
    ),
    ([row({**BUTTON, "custom_id": "x" * 101})], ("components.0.components.0.custom_id", "BASE_TYPE_BAD_LENGTH")),
    ([{**TEXT, "id": 7}, {**TEXT, "id": 7}], ("components.1.id", "COMPONENT_ID_DUPLICATED")),
    ([strings(0)], ("components.0.components.0.options", "BASE_TYPE_BAD_LENGTH")),
    ([strings(2, max_values=3)], ("components.0.components.0.options", "BASE_TYPE_BAD_LENGTH")),
    ([strings(2, min_values=2)], ("components.0.components.0.min_values", "BASE_TYPE_BAD_VALUE")),
    ([select(8, max_values=26)], ("components.0.components.0.max_values", "NUMBER_TYPE_MAX")),
    (
        [select(3, options=[OPTION, OPTION])],
        ("components.0.components.0.options.1.value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"),
    ),
    (
        [select(3, options=[{**OPTION, "default": True}, {"label": "c", "value": "c", "default": True}])],
        ("components.0.components.0.options", "SELECT_COMPONENT_INVALID_DEFAULT_VALUES"),
    ),
    (
        [select(6, default_values=[{"type": "user", "id": "5"}])],
        ("components.0.components.0.default_values.0.type", "BASE_TYPE_CHOICES"),
    ),
    (
        [select(6, default_values=[{"type": "role", "id": "5"}, {"type": "role", "id": "6"}])],
        ("components.0.components.0.default_values", "SELECT_COMPONENT_INVALID_DEFAULT_VALUES"),
    ),
    ([select(8, channel_types=[99])], ("components.0.components.0.channel_types", "BASE_TYPE_CHOICES")),
]


@pytest.mark.parametrize("components", TAKEN)
def test_what_discord_takes_in_a_layout_is_taken(components: list[dict[str, Any]]) -> None:
    assert len(read_message(message(*components)).components) == len(components)


@pytest.mark.parametrize(("components", "mistake"), REFUSED)
def test_what_discord_refuses_in_a_layout_is_named(components: list[dict[str, Any]], mistake: tuple[str, str]) -> None:
    assert mistakes(message(*components)) == {mistake}


@pytest.mark.parametrize("field", [{"content": "x"}, {"embeds": [{"title": "x"}]}])
def test_a_layout_stands_alone(field: dict[str, Any]) -> None:
    assert mistakes(message(TEXT, **field)) == {
        (next(iter(field)), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2")
    }
    assert read_message(message(TEXT, content="", embeds=[])).components


@pytest.mark.parametrize("field", [{"poll": {"question": {"text": "?"}}}, {"sticker_ids": ["5"]}])
def test_a_layout_has_neither_a_poll_nor_a_sticker(field: dict[str, Any]) -> None:
    assert (next(iter(field)), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2") in mistakes(
        message(TEXT, **field)
    )


@pytest.mark.parametrize(
    "component", [TEXT, section(TEXT), container(TEXT), {"type": 12, "items": [PICTURE]}, {"type": 14}]
)
def test_without_the_flag_there_are_only_rows(component: dict[str, Any]) -> None:
    assert mistakes({"components": [component]}) == {("components.0.type", "UNION_TYPE_CHOICES")}


def test_every_component_has_an_id_of_its_own() -> None:
    (shown,) = read_message(message(container({**TEXT, "id": 2}, section(TEXT, accessory=BUTTON)))).components
    inner = shown["components"]
    assert [shown["id"], inner[0]["id"], inner[1]["id"]] == [1, 2, 3]
    assert [inner[1]["components"][0]["id"], inner[1]["accessory"]["id"]] == [4, 5]


@given(st.lists(st.lists(st.integers(1, 400), min_size=1, max_size=12), min_size=1, max_size=8))
def test_a_layout_is_taken_as_long_as_its_parts_and_its_texts_are_few_enough(boxes: list[list[int]]) -> None:
    body = message(*(container(*({"type": 10, "content": "x" * size} for size in box)) for box in boxes))
    count, length = sum(1 + len(box) for box in boxes), sum(map(sum, boxes))
    if count <= 40 and length <= 4000:
        (*read,) = walk(read_message(body).components)
        assert sorted(component["id"] for component in read) == list(range(1, count + 1))
    else:
        assert {code for _, code in mistakes(body)} == {
            code
            for code, broken in (
                ("COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", count > 40),
                ("COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", length > 4000),
            )
            if broken
        }


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with client_of(LocalDiscord(clock=FakeClock())) as client:
        yield client


@pytest.fixture
def guild(client: Client) -> LocalGuild:
    return client.discord.add_guild("Book club")


async def posted(client: Client, guild: LocalGuild, body: dict[str, Any]) -> LocalMessage:
    assert (await client.rest.post(guild.system_channel.id, **body)).status == 200
    return guild.system_channel.messages[-1]


async def edit(client: Client, sent: LocalMessage, **body: object) -> Reply:
    return await client.rest("PATCH", f"/channels/{sent.channel.id}/messages/{sent.id}", body)


async def test_a_layout_can_be_read_as_people_read_it(client: Client, guild: LocalGuild) -> None:
    sent = await posted(
        client, guild, message(TEXT, container(section({"type": 10, "content": "there"}, accessory=BUTTON), strings()))
    )
    assert sent.laid_out
    assert sent.texts == ["hello", "there"]
    assert [button["label"] for button in sent.buttons] == ["Yes"]
    assert [each["custom_id"] for each in sent.selects] == ["s"]


async def test_a_message_of_no_components_is_empty_for_all_its_flag(client: Client, guild: LocalGuild) -> None:
    assert (await client.rest.post(guild.system_channel.id, flags=LAID_OUT)).refusal == (400, 50006)


async def test_a_layout_needs_no_embed_links_and_pings_from_its_texts(client: Client, guild: LocalGuild) -> None:
    guild.system_channel.deny("embed_links")
    role, other = guild.add_role("listeners"), guild.add_role("others")
    ann = guild.add_member("Ann")
    said = container({"type": 10, "content": f"{role.mention} {other.mention} {ann.mention} @everyone"})
    allowed = {"roles": [str(role.id)]}
    sent = await posted(client, guild, message(section(TEXT), said, allowed_mentions=allowed))
    assert (sent.pinged_roles, sent.pinged_users, sent.pinged_everyone) == ([role], [], False)


async def test_automod_reads_layouts(client: Client, guild: LocalGuild) -> None:
    guild.add_automod_rule("hello")
    assert (await client.rest.post(guild.system_channel.id, **message(container(TEXT)))).refusal == (400, 200000)


async def test_the_flag_cannot_be_taken_off(client: Client, guild: LocalGuild) -> None:
    sent = await posted(client, guild, message(TEXT))
    refused = await edit(client, sent, flags=0, components=[row(BUTTON)])
    assert refused.mistakes("flags") == ["MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG"]
    refused = await edit(client, sent, content="hello")
    assert refused.mistakes("content") == ["MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"]
    assert (await edit(client, sent, components=[])).refusal == (400, 50006)
    assert (await edit(client, sent, components=[container(TEXT)])).status == 200
    assert (await edit(client, sent, components=[TEXT], flags=LAID_OUT)).status == 200
    assert sent.laid_out
    assert sent.texts == ["hello"]


async def test_a_message_becomes_a_layout_once_its_content_is_gone(client: Client, guild: LocalGuild) -> None:
    sent = await posted(client, guild, {"content": "hello", "embeds": [{"title": "Tea"}]})
    refused = await edit(client, sent, flags=LAID_OUT, components=[TEXT])
    for field in ("content", "embeds"):
        assert refused.mistakes(field) == ["MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"]
    done = await edit(client, sent, flags=LAID_OUT, components=[TEXT], content=None, embeds=[])
    assert (done.status, done.json["flags"]) == (200, LAID_OUT)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with scene_on(FakeClock()) as scene:
        yield scene


@pytest.mark.parametrize("extra", [0, EPHEMERAL])
async def test_an_interaction_is_answered_with_a_layout_and_updated_by_another(scene: Scene, extra: int) -> None:
    use, _ = await scene.used(4, **message(container(TEXT, row(BUTTON)), flags=LAID_OUT | extra))
    reply = await use.reply()
    assert (reply.texts, reply.laid_out, reply.ephemeral) == (["hello"], True, bool(extra))
    task, event = await scene.begin(scene.ann.press(reply, label="Yes"))
    assert event["message"]["flags"] == reply.flags
    assert (await scene.answer(event, 7, content="over")).refusal == (400, 50035)
    assert (await scene.answer(event, 7, components=[{"type": 10, "content": "over"}])).status == 200
    assert (await (await task).reply()).texts == reply.texts == ["over"]


async def test_a_deferred_answer_becomes_a_layout(scene: Scene) -> None:
    use, event = await scene.used(5, flags=EPHEMERAL)
    assert (await scene.webhook("PATCH", event, "/messages/@original", components=[TEXT])).refusal == (400, 50035)
    edited = await scene.webhook("PATCH", event, "/messages/@original", **message(TEXT))
    assert edited.json["flags"] == LAID_OUT | EPHEMERAL
    followed = await scene.webhook("POST", event, **message(container(TEXT)))
    assert followed.json["flags"] == LAID_OUT
    again = await scene.webhook("PATCH", event, f"/messages/{followed.json['id']}", **message(TEXT))
    assert again.status == 200
    assert (await use.reply()).texts == use.followups[0].texts == ["hello"]


async def test_the_reader_of_an_ephemeral_layout_alone_acts_on_it(scene: Scene) -> None:
    use, _ = await scene.used(4, **message(row(BUTTON), strings(), flags=LAID_OUT | EPHEMERAL))
    bob = scene.guild.add_member("Bob")
    with pytest.raises(NotOffered, match="somebody else"):
        await bob.press(await use.reply(), label="Yes")
    with pytest.raises(NotOffered, match="somebody else"):
        await bob.choose(await use.reply(), "0")


async def test_layouts_keep_discords_document() -> None:
    check = checker()
    async with client_of(LocalDiscord(checker=check)) as client:
        guild = client.discord.add_guild("Book club")
        client.discord.limits.per_second = 1000
        for components in TAKEN:
            channel = guild.add_channel("layouts")
            sent = (await client.rest.post(channel.id, **message(*components))).json
            one = f"/channels/{channel.id}/messages/{sent['id']}"
            assert (await client.rest("GET", one)).json["components"] == sent["components"]
            assert (await client.rest("PATCH", one, message(*components))).json["components"] == sent["components"]
        assert client.discord.violations == []
        assert not [note for note in check.notes if "GET" in note]


class Panel(ui.LayoutView):
    """A layout of everything."""

    def __init__(self) -> None:
        super().__init__()
        button: ui.Button[Panel] = ui.Button(label="Again")
        button.callback = self.again  # type: ignore[method-assign] # as discord.py's documentation shows it
        box: ui.Container[Panel] = ui.Container(accent_color=discord.Color.red())
        box.add_item(ui.TextDisplay("## Night Radio"))
        box.add_item(ui.Section("is live", accessory=ui.Thumbnail("https://x.com/a.png", description="a face")))
        box.add_item(ui.Section("one", "two", accessory=button))
        box.add_item(ui.Separator(spacing=discord.SeparatorSpacing.large))
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem("https://x.com/b.png")))
        box.add_item(ui.ActionRow(ui.Button(label="Listen", url="https://x.com/i")))
        self.add_item(box)

    async def again(self, interaction: discord.Interaction) -> None:
        """Show something else."""
        view = ui.LayoutView()
        view.add_item(ui.TextDisplay("over"))
        await interaction.response.edit_message(view=view)


async def panel(interaction: discord.Interaction, hidden: bool) -> None:
    """Show the layout."""
    await interaction.response.send_message(view=Panel(), ephemeral=hidden)


async def later(interaction: discord.Interaction, hidden: bool) -> None:
    """Show the layout a little later, and another after it."""
    await interaction.response.defer(ephemeral=hidden)
    await interaction.edit_original_response(view=Panel())
    await interaction.followup.send(view=Panel())


class Again(ui.DynamicItem[ui.Button[Any]], template=r"again:(?P<number>\d+)"):
    """A button that outlives its view."""

    def __init__(self, number: int) -> None:
        super().__init__(ui.Button(label=f"No. {number}", custom_id=f"again:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(cls, _: discord.Interaction, item: ui.Item[Any], match: Any, /) -> "Again":
        assert isinstance(item, ui.Button)
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(view=lasting(self.number + 1))


def lasting(number: int) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Section("press", accessory=Again(number)))
    view.stop()
    return view


async def forever(interaction: discord.Interaction) -> None:
    """Show a button that nobody remembers."""
    await interaction.response.send_message(view=lasting(1))


@pytest.fixture
async def club(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Club]:
    async with club_with(monkeypatch, panel, later, forever, export) as club:
        yield club


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("command", ["panel", "later"])
async def test_discord_py_shows_a_layout_and_changes_it(club: Club, command: str, hidden: bool) -> None:
    use = await club.asked(command, hidden=hidden)
    reply = await use.reply()
    assert (reply.texts, reply.ephemeral) == (["## Night Radio", "is live", "one", "two"], hidden)
    press = await club.ann.press(reply, label="Again")
    assert (await press.reply()).texts == ["over"]
    if command == "later":
        await club.local.wait_for(lambda: use.followups)
        assert use.followups[0].texts[0] == "## Night Radio"


async def test_discord_py_posts_edits_and_reads_layouts(club: Club) -> None:
    channel = club.bot.get_partial_messageable(club.guild.system_channel.id)
    sent = await channel.send(view=Panel())
    (posted,) = club.guild.system_channel.messages
    await sent.edit(view=Panel())
    read = await channel.fetch_message(sent.id)
    assert read.flags.components_v2
    assert [type(component).__name__ for component in read.components] == ["Container"]
    view = ui.LayoutView.from_message(read)
    assert [text.content for text in view.walk_children() if isinstance(text, ui.TextDisplay)] == posted.texts
    with pytest.raises(discord.HTTPException, match="cannot be used when using"):
        await sent.edit(content="hello")


class Files(ui.LayoutView):
    """A layout that shows what is attached."""

    def __init__(self) -> None:
        super().__init__()
        self.add_item(ui.TextDisplay("see there"))
        self.add_item(ui.File("attachment://hosts.txt"))
        self.add_item(ui.MediaGallery(discord.MediaGalleryItem("attachment://face.png")))


def files() -> list[discord.File]:
    return [discord.File(io.BytesIO(name.encode()), name) for name in ("hosts.txt", "face.png")]


async def export(interaction: discord.Interaction) -> None:
    """Show files to one."""
    await interaction.response.send_message(view=Files(), files=files(), ephemeral=True)


async def test_discord_py_attaches_what_a_layout_shows(club: Club) -> None:
    club.guild.set_bot_permissions("view_channel", "send_messages", "attach_files", "read_message_history")
    channel = club.bot.get_partial_messageable(club.guild.system_channel.id)
    sent = await channel.send(view=Files(), files=files())
    (posted,) = club.guild.system_channel.messages
    assert [(file.name, file.content) for file in posted.attachments] == [
        (n, n.encode()) for n in ("hosts.txt", "face.png")
    ]
    shown = sent.components[1]
    assert isinstance(shown, discord.components.FileComponent)
    assert (shown.name, shown.size) == ("hosts.txt", len("hosts.txt"))
    assert await sent.attachments[1].read() == b"face.png"
    await sent.edit(view=Files())
    with pytest.raises(discord.HTTPException, match="Referenced attachment not found"):
        await sent.edit(attachments=sent.attachments[:1], view=Files())
    assert len(posted.attachments) == 2
    exported = await (await club.asked("export")).reply()
    assert (exported.ephemeral, len(exported.attachments)) == (True, 2)
    club.guild.system_channel.deny("attach_files")
    with pytest.raises(discord.Forbidden):
        await channel.send(view=Files(), files=files())


async def test_discord_py_hears_of_a_button_that_it_has_forgotten(club: Club) -> None:
    club.bot.add_dynamic_items(Again)
    reply = await (await club.asked("forever")).reply()
    for number in (1, 2):
        await club.ann.press(reply, label=f"No. {number}")
    assert [button["label"] for button in reply.buttons] == ["No. 3"]
