"""`/privacy`: what is stored is said, handed out in private and deleted after a second yes, by who may."""

import json

import pytest

from spacebot.sandbox.discord import LocalMember, LocalMessage, NotOffered
from tests.system.scene import Club, Scene, ask, club, text
from tests.system.test_linking import link, linking
from tests.system.test_secrets import tokens_in


async def press(who: LocalMember, message: LocalMessage, label: str, *, force: bool = False) -> LocalMessage:
    """Press a button and return what is answered, complete."""
    use = await who.press(message, label=label, force=force)
    assert use.failed is None, use.failed
    return await use.reply(timeout=60)


def file_of(message: LocalMessage) -> dict[str, object]:
    assert message.ephemeral
    [file] = message.attachments
    shown: dict[str, object] = json.loads(file.content)
    return shown


async def test_a_member_takes_what_is_stored_of_them_and_has_it_deleted(scene: Scene, book_club: Club) -> None:
    creator = scene.x.add_user("creator")
    bot = await scene.bot(**linking(scene, SPACEBOT_TERMS_URL="https://bot.example/terms"))
    reply = await ask(book_club.member, book_club.general, "privacy")
    assert reply.ephemeral
    assert "No X account is linked." in text(reply)
    assert "https://bot.example/terms" in text(reply)
    assert [button["label"] for button in reply.buttons] == ["Export mine", "Delete mine"]

    await link(scene, book_club.member, book_club, creator)
    reply = await ask(book_club.member, book_club.general, "privacy")
    assert "Your X account is linked" in text(reply)
    exported = await press(book_club.member, reply, "Export mine")
    shown = file_of(exported)
    assert shown["id"] == str(book_club.member.user.id)
    assert len(shown["x_account"]) == 1  # type: ignore[arg-type] # a list
    given_out = [exchange for exchange in scene.x.requests if exchange.endpoint == "user_token"]
    tokens = {token for exchange in given_out for token in tokens_in(exchange.response_body)}
    assert tokens
    assert not [token for token in tokens if token in json.dumps(shown)]

    sure = await press(book_club.member, reply, "Delete mine")
    assert "cannot be taken back" in sure.content
    assert (await press(book_club.member, sure, "Keep it")).content == "Nothing was deleted."
    assert "Your X account is linked" in text(await ask(book_club.member, book_club.general, "privacy"))
    sure = await press(book_club.member, reply, "Delete mine")
    assert await bot.stop() == 0
    await scene.bot()  # the buttons work after a restart, and where nobody can link an account any more
    gone = await press(book_club.member, sure, "Delete for good")
    assert gone.content == "Nothing is stored of you any more."
    assert not gone.buttons
    assert "No X account is linked." in text(await ask(book_club.member, book_club.general, "privacy"))


async def test_deleting_takes_the_permission_back_at_x(scene: Scene, book_club: Club) -> None:
    await scene.bot(**linking(scene))
    await link(scene, book_club.member, book_club, scene.x.add_user("creator"))
    reply = await ask(book_club.member, book_club.general, "privacy")
    await press(book_club.member, await press(book_club.member, reply, "Delete mine"), "Delete for good")
    assert any(exchange.endpoint == "revoke" for exchange in scene.x.requests)


async def test_an_admin_takes_what_is_stored_of_the_server_and_has_it_deleted(scene: Scene, book_club: Club) -> None:
    other = club(scene.discord, "Other")
    host = scene.x.add_user("host")
    await scene.bot()
    for each in (book_club, other):
        await ask(each.admin, each.general, "config channel", channel=each.spaces)
        await ask(each.admin, each.general, "watch add", host="@host")
    await ask(book_club.admin, book_club.general, "watch filter", host="@host", shun="jazz, soul")
    await ask(book_club.admin, book_club.general, "watch keyword add", words="jazz", channel=book_club.spaces)
    space = scene.x.start_space(host, title="Tea")
    await scene.until(lambda: book_club.spaces.messages and other.spaces.messages)

    reply = await ask(book_club.admin, book_club.general, "privacy")
    assert "It follows 1 host and 1 keyword." in text(reply)
    shown = file_of(await press(book_club.admin, reply, "Export this server's"))
    assert [row["host"] for row in shown["watches"]] == ["host"]  # type: ignore[attr-defined] # a list of rows
    assert [row["shun"] for row in shown["watches"]] == ['["jazz", "soul"]']  # type: ignore[attr-defined] # a list of rows
    assert [row["keyword"] for row in shown["keywords"]] == ["jazz"]  # type: ignore[attr-defined]
    assert [row["kind"] for row in shown["announcements"]] == ["live"]  # type: ignore[attr-defined]
    assert str(other.guild.id) not in json.dumps(shown)
    assert str(other.spaces.id) not in json.dumps(shown)

    sure = await press(book_club.admin, reply, "Delete this server's")
    deleted = await press(book_club.admin, sure, "Delete for good")
    assert deleted.content.startswith("Nothing is stored of this server any more")
    assert "follows nobody yet" in text(await ask(book_club.admin, book_club.general, "watch list"))
    assert "https://x.com/host" in text(await ask(other.admin, other.general, "watch list"))
    assert len(book_club.spaces.messages) == 1  # what stands in channels is the server's
    assert "It follows 0 hosts and 0 keywords." in text(await ask(book_club.admin, book_club.general, "privacy"))
    await ask(book_club.admin, book_club.general, "watch add", host="@host", channel=book_club.spaces)
    space.end()
    await scene.until(lambda: "Listen" not in str(book_club.spaces.messages[0].buttons))  # it began anew


async def test_who_may_not_manage_the_server_neither_takes_nor_deletes_what_is_its(
    scene: Scene, book_club: Club
) -> None:
    await scene.bot()
    reply = await ask(book_club.admin, book_club.general, "privacy")
    sure = await press(book_club.admin, reply, "Delete this server's")
    with pytest.raises(NotOffered):
        await press(book_club.member, reply, "Export this server's")
    for message, label in ((reply, "Export this server's"), (sure, "Delete for good")):
        refused = await press(book_club.member, message, label, force=True)
        assert refused.content == "You need the Manage Server permission for that."
        assert not refused.attachments
