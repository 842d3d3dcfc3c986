"""Interactions: answered once, in time, seen by whom they are for; buttons that are there can be pressed."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from spacebot.sandbox.discord import (
    LocalDiscord,
    LocalGuild,
    LocalInteraction,
    LocalMember,
    LocalMessage,
    NotAnswered,
    NotOffered,
)
from tests.clocks import FakeClock, run_until
from tests.sandbox.discord_client import Client, Reply, Socket, client_of

BUTTON = {"type": 2, "style": 1, "label": "Yes", "custom_id": "yes"}
OFF = {"type": 2, "style": 1, "label": "Off", "custom_id": "off", "disabled": True}
LINK = {"type": 2, "style": 5, "label": "Listen", "url": "https://x.com"}
QUESTION = {"content": "?", "components": [{"type": 1, "components": [BUTTON, OFF, LINK]}]}
EPHEMERAL = 64


class Scene:
    """A bot that hears of interactions, and answers them as the test says."""

    def __init__(self, client: Client, socket: Socket, clock: FakeClock) -> None:
        self.client = client
        self.socket = socket
        self.clock = clock
        self.guild: LocalGuild = client.discord.add_guild("Book club")
        self.ann: LocalMember = self.guild.add_member("Ann")

    async def begin(
        self, deed: Coroutine[Any, Any, LocalInteraction] | None = None
    ) -> tuple["asyncio.Task[LocalInteraction]", dict[str, Any]]:
        """Something a member does (else: the command), and the event of it."""
        task = asyncio.create_task(deed or self.ann.use(self.guild.system_channel, "live"))
        return task, await self.socket.event("INTERACTION_CREATE")

    async def answer(self, event: dict[str, Any], kind: int, **data: object) -> Reply:
        path = f"/interactions/{event['id']}/{event['token']}/callback?with_response=1"
        return await self.client.rest.with_token(None)(
            "POST", path, {"type": kind, "data": data} if data else {"type": kind}
        )

    async def webhook(self, method: str, event: dict[str, Any], path: str = "", **message: object) -> Reply:
        url = f"/webhooks/{self.client.discord.application_id}/{event['token']}{path}"
        return await self.client.rest.with_token(None)(method, url, message or None)

    async def used(self, kind: int, **data: object) -> tuple[LocalInteraction, dict[str, Any]]:
        """The command, answered."""
        task, event = await self.begin()
        assert (await self.answer(event, kind, **data)).status == 200
        return await task, event

    async def asked(self, **extra: object) -> LocalMessage:
        """A message with buttons."""
        use, _ = await self.used(4, **QUESTION, **extra)
        return await use.reply()


@asynccontextmanager
async def scene_on(clock: FakeClock) -> AsyncIterator[Scene]:
    async with client_of(LocalDiscord(clock=clock)) as client, client.bot() as socket:
        place = f"/applications/{client.discord.application_id}/commands"
        await client.rest("POST", place, {"name": "live", "description": "Is a host live?"})
        yield Scene(client, socket, clock)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def scene(clock: FakeClock) -> AsyncIterator[Scene]:
    async with scene_on(clock) as scene:
        yield scene


async def test_an_answer_at_once_is_the_reply(scene: Scene) -> None:
    task, event = await scene.begin()
    scene.clock.jump(1.5)
    reply = await scene.answer(event, 4, content="live")
    use = await task
    assert use.acknowledged_after == 1.5
    assert (await use.reply()).content == "live"
    assert reply.json["resource"]["message"]["id"] == str((await use.reply()).id)
    assert scene.guild.system_channel.messages == [await use.reply()]


async def test_without_being_asked_for_a_response_the_answer_has_no_body(scene: Scene) -> None:
    task, event = await scene.begin()
    path = f"/interactions/{event['id']}/{event['token']}/callback"
    reply = await scene.client.rest.with_token(None)("POST", path, {"type": 5})
    assert (reply.status, reply.text) == (204, "")
    await task


async def test_after_three_seconds_it_is_too_late(scene: Scene) -> None:
    task, event = await scene.begin()
    use = await run_until(scene.clock, task)
    assert use.failed == "The application did not respond"
    assert (await scene.answer(event, 4, content="live")).refusal == (404, 10062)
    with pytest.raises(NotAnswered, match="did not respond"):
        await use.reply()
    assert scene.guild.system_channel.messages == []


async def test_the_third_second_is_too_late_already(scene: Scene) -> None:
    task, event = await scene.begin()
    scene.clock.jump(3.0)
    assert (await scene.answer(event, 4, content="live")).refusal == (404, 10062)
    assert (await run_until(scene.clock, task)).failed is not None


async def test_an_interaction_is_answered_once(scene: Scene) -> None:
    use, event = await scene.used(4, content="live")
    assert (await scene.answer(event, 4, content="again")).refusal == (400, 40060)
    assert (await use.reply()).content == "live"


async def test_nobody_else_can_answer(scene: Scene) -> None:
    task, event = await scene.begin()
    for wrong in ({**event, "token": "x"}, {**event, "id": "5"}):
        assert (await scene.answer(wrong, 4, content="live")).refusal == (404, 10062)
    assert (await scene.answer(event, 4, content="live")).status == 200
    await task


async def test_a_refused_answer_leaves_the_interaction_open(scene: Scene) -> None:
    task, event = await scene.begin()
    assert (await scene.answer(event, 4)).refusal == (400, 50006)
    assert (await scene.answer(event, 4, content="x" * 2001)).refusal == (400, 50035)
    assert (await scene.answer(event, 7, content="x")).refusal == (400, 50035)
    assert (await scene.answer(event, 99)).refusal == (400, 50035)
    assert (await scene.answer(event, 4, content="live")).status == 200
    await task


async def test_a_deferred_answer_comes_later(scene: Scene) -> None:
    use, event = await scene.used(5)
    assert use.original is not None
    assert use.original.loading
    assert scene.guild.system_channel.messages == []
    assert (await scene.webhook("GET", event, "/messages/@original")).json["flags"] == 128
    waiting = asyncio.create_task(use.reply())
    edited = await scene.webhook("PATCH", event, "/messages/@original", content="live")
    assert edited.json["content"] == "live"
    reply = await waiting
    assert reply is use.original
    assert not reply.loading
    assert scene.guild.system_channel.messages == [reply]


async def test_the_first_follow_up_of_a_deferral_is_its_answer(scene: Scene) -> None:
    use, event = await scene.used(5, flags=EPHEMERAL)
    await scene.webhook("POST", event, content="first")
    await scene.webhook("POST", event, content="second")
    reply = await use.reply()
    assert reply.content == "first"
    assert [message.content for message in use.followups] == ["second"]


@pytest.mark.parametrize(("first", "later", "ephemeral"), [(EPHEMERAL, 0, True), (0, EPHEMERAL, False)])
async def test_a_deferred_answer_is_ephemeral_only_if_the_deferral_was(
    scene: Scene, first: int, later: int, ephemeral: bool
) -> None:
    use, event = await scene.used(5, flags=first)
    await scene.webhook("POST", event, content="live", flags=later)
    assert (await use.reply()).ephemeral is use.ephemeral is ephemeral
    assert len(scene.guild.system_channel.messages) == (0 if ephemeral else 1)


async def test_follow_ups_are_edited_and_deleted(scene: Scene) -> None:
    use, event = await scene.used(4, content="live")
    sent = (await scene.webhook("POST", event, content="more")).json["id"]
    assert (await scene.webhook("PATCH", event, f"/messages/{sent}", content="less")).json["content"] == "less"
    assert use.followups[0].content == "less"
    scene.clock.jump(2)
    assert (await scene.webhook("DELETE", event, f"/messages/{sent}")).status == 204
    assert (await scene.webhook("GET", event, f"/messages/{sent}")).refusal == (404, 10008)
    assert (await scene.webhook("DELETE", event, "/messages/@original")).status == 204
    assert (await scene.webhook("GET", event, "/messages/@original")).refusal == (404, 10008)
    assert scene.guild.system_channel.messages == []


async def test_a_token_opens_its_webhook_after_the_answer_and_for_fifteen_minutes(scene: Scene) -> None:
    task, event = await scene.begin()
    assert (await scene.webhook("POST", event, content="early")).refusal == (404, 10015)
    await scene.answer(event, 4, content="live")
    await task
    scene.clock.jump(900)
    assert (await scene.webhook("POST", event, content="just in time")).status == 200
    scene.clock.jump(1)
    assert (await scene.webhook("POST", event, content="late")).refusal == (401, 50027)
    assert (await scene.webhook("POST", {**event, "token": "x"}, content="?")).refusal == (404, 10015)


async def test_a_reply_that_does_not_come_is_said(scene: Scene) -> None:
    use, _ = await scene.used(5)
    with pytest.raises(NotAnswered, match="of type 5"):
        await use.reply(timeout=0.01)


async def test_answers_do_not_count_towards_the_global_limit(scene: Scene) -> None:
    busiest = scene.client.discord.busiest_second()
    for _ in range(busiest + 1):
        await scene.used(4, content="live")
    assert scene.client.discord.busiest_second() == busiest


async def test_a_button_is_pressed_by_label_or_id(scene: Scene) -> None:
    question = await scene.asked()
    task, event = await scene.begin(scene.ann.press(question, label="Yes"))
    assert event["data"]["custom_id"] == "yes"
    assert event["message"]["id"] == str(question.id)
    await scene.answer(event, 7, content="Yes!", components=[])
    press = await task
    assert (await press.reply()) is question
    assert question.content == "Yes!"
    assert question.buttons == []


async def test_an_update_can_be_deferred_or_followed_up(scene: Scene) -> None:
    question = await scene.asked()
    task, event = await scene.begin(scene.ann.press(question, custom_id="yes"))
    await scene.answer(event, 6)
    press = await task
    await scene.webhook("PATCH", event, "/messages/@original", content="later")
    assert (await press.reply()) is question
    assert question.content == "later"
    task, event = await scene.begin(scene.ann.press(question, custom_id="yes"))
    await scene.answer(event, 6)
    press = await task
    await scene.webhook("POST", event, content="besides", flags=EPHEMERAL)
    assert (await press.reply()).content == "besides"


async def test_a_press_that_is_not_answered_fails(scene: Scene) -> None:
    question = await scene.asked()
    task, _ = await scene.begin(scene.ann.press(question, label="Yes"))
    assert (await run_until(scene.clock, task)).failed == "This interaction failed"


async def test_only_what_can_be_pressed_is_pressed(scene: Scene) -> None:
    question = await scene.asked()
    for label in ("Off", "Listen", "No"):
        with pytest.raises(NotOffered):
            await scene.ann.press(question, label=label)
    for custom_id in ("off", "gone"):
        task, event = await scene.begin(scene.ann.press(question, custom_id=custom_id, force=True))
        assert event["data"]["custom_id"] == custom_id
        task.cancel()
    question.delete()
    with pytest.raises(NotOffered):
        await scene.ann.press(question, label="Yes")


async def test_an_ephemeral_message_is_for_its_member_only(scene: Scene) -> None:
    question = await scene.asked(flags=EPHEMERAL)
    bob = scene.guild.add_member("Bob")
    with pytest.raises(NotOffered):
        await bob.press(question, label="Yes")
    task, event = await scene.begin(scene.ann.press(question, label="Yes"))
    await scene.answer(event, 7, content="Yes!")
    assert (await task).ephemeral
    assert question.content == "Yes!"


async def test_a_dialogue_can_be_the_answer(scene: Scene) -> None:
    field = {"type": 4, "custom_id": "title", "style": 1, "label": "Title"}
    task, event = await scene.begin()
    assert (await scene.answer(event, 9, custom_id="m", title="x" * 46, components=[])).refusal == (400, 50035)
    rows = [{"type": 1, "components": [field]}]
    assert (await scene.answer(event, 9, custom_id="m", title="Edit", components=rows)).status == 200
    use = await task
    assert use.modal is not None
    assert use.modal["title"] == "Edit"


async def test_an_interaction_tells_who_where_and_what_may_be_done(scene: Scene) -> None:
    scene.ann.locale, scene.guild.locale = "de", "fr"
    task, event = await scene.begin()
    assert (event["locale"], event["guild_locale"]) == ("de", "fr")
    assert event["member"]["user"]["id"] == str(scene.ann.id)
    assert event["member"]["permissions"] == str(int(scene.ann.permissions_in(scene.guild.system_channel)))
    assert event["app_permissions"] == str(int(scene.guild.bot_member.permissions_in(scene.guild.system_channel)))
    assert event["channel"]["id"] == event["channel_id"] == str(scene.guild.system_channel.id)
    task.cancel()


async def upload(
    scene: Scene, event: dict[str, Any], payload: dict[str, Any], files: dict[str, bytes]
) -> tuple[int, dict[str, Any]]:
    """Follow up with a form: the message, and files by the name of their part."""
    form = aiohttp.FormData({"payload_json": json.dumps(payload)})
    for name, content in files.items():
        form.add_field(name, io.BytesIO(content), filename="file", content_type="application/octet-stream")
    discord = scene.client.discord
    address = f"{discord.api_url}/webhooks/{discord.application_id}/{event['token']}"
    async with aiohttp.ClientSession() as session, session.post(address, data=form) as answer:
        return answer.status, await answer.json()


async def test_a_file_comes_with_the_answer_that_names_it() -> None:
    async with scene_on(FakeClock()) as scene:
        use, event = await scene.used(5, flags=EPHEMERAL)
        named = {"attachments": [{"id": 0, "filename": "a.json"}, {"id": 1, "filename": "b.txt"}]}
        status, shown = await upload(scene, event, named, {"files[0]": b"{}", "files[1]": b"two"})
        assert status == 200
        assert [(each["filename"], each["size"]) for each in shown["attachments"]] == [("a.json", 2), ("b.txt", 3)]
        assert len({each["id"] for each in shown["attachments"]}) == 2
        reply = await use.reply()
        assert [(file.name, file.content) for file in reply.attachments] == [("a.json", b"{}"), ("b.txt", b"two")]
        assert reply.ephemeral


async def test_a_file_that_did_not_come_or_is_too_large_is_refused() -> None:
    async with scene_on(FakeClock()) as scene:
        _, event = await scene.used(5)
        named = {"attachments": [{"id": 3, "filename": "a.json"}]}
        status, shown = await upload(scene, event, named, {"files[0]": b"{}"})
        assert (status, shown["code"]) == (400, 50035)
        status, shown = await upload(scene, event, {"content": "x"}, {"files[0]": bytes(10 * 1024 * 1024 + 1)})
        assert (status, shown["code"]) == (413, 40005)


async def test_a_file_is_described_for_screen_readers_in_so_many_units() -> None:
    async with scene_on(FakeClock()) as scene:
        use, event = await scene.used(5, flags=EPHEMERAL)
        for length, status in ((1025, 400), (1024, 200)):
            described = {"attachments": [{"id": 0, "filename": "a.png", "description": "x" * length}]}
            got, shown = await upload(scene, event, described, {"files[0]": b"png"})
            assert got == status
        assert shown["attachments"][0]["description"] == "x" * 1024
        assert (await use.reply()).attachments[0].description == "x" * 1024


async def test_no_more_than_ten_files_come_with_one_answer() -> None:
    async with scene_on(FakeClock()) as scene:
        _, event = await scene.used(5)
        files = {f"files[{number}]": b"x" for number in range(11)}
        status, shown = await upload(scene, event, {"content": "x"}, files)
        assert (status, shown["code"]) == (400, 50035)
        files.pop("files[10]")
        status, shown = await upload(scene, event, {"content": "x"}, files)
        assert (status, len(shown["attachments"])) == (200, 10)
