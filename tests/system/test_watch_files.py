"""`/watch export` and `/watch import`: a watchlist as a file, with the rights of whoever brings it, after restarts too."""

import csv
import io

import pytest

from spacebot.sandbox.discord import LocalFile, LocalMember, LocalMessage, NotOffered
from spacebot.sandbox.discord.model.guilds import DEFAULT_BOT_PERMISSIONS
from spacebot.sandbox.discord.model.members import LocalInteraction
from spacebot.sandbox.discord.permissions import Permission
from spacebot.usecases.watch_csv import unescaped
from tests.system.scene import PATIENCE, Club, Scene, ask, club, text


def file_of(message: LocalMessage) -> bytes:
    """The file of an answer that only one person sees."""
    assert message.ephemeral
    [file] = message.attachments
    return file.content


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def form(who: LocalMember, place: Club) -> LocalInteraction:
    """The form of `/watch import`."""
    use = await who.use(place.general, "watch import")
    assert use.failed is None, use.failed
    assert use.modal is not None
    return use


async def bring(who: LocalMember, opened: LocalInteraction, content: bytes, **more: object) -> LocalMessage:
    """Hand in a file, and return the finished answer."""
    file = LocalFile(name="list.csv", content=content, content_type="text/csv")
    sent = await who.submit(opened, **{"The file": file}, **more)
    assert sent.failed is None, sent.failed
    return await sent.reply(timeout=PATIENCE)


async def test_a_watchlist_goes_to_another_server_with_every_option(scene: Scene, book_club: Club) -> None:
    other = club(scene.discord, "Other")
    ann = scene.x.add_user("ann")
    scene.x.add_user("bob")
    bot = await scene.bot()
    stage, far_stage = (each.guild.add_channel("stage") for each in (book_club, other))
    role, far_role = (each.guild.add_role("listeners; =all", mentionable=True) for each in (book_club, other))
    await ask(book_club.admin, book_club.general, "config channel", channel=book_club.spaces)
    await ask(
        book_club.admin,
        book_club.general,
        "watch add",
        host="@ann",
        channel=stage,
        role=role,
        also="cohost",
    )
    await ask(book_club.admin, book_club.general, "watch add", host="@bob")
    await ask(book_club.admin, book_club.general, "watch look", host="bob", text="= {host} is on; @here", accent="teal")
    await ask(book_club.admin, book_club.general, "watch pause", host="bob")
    await ask(book_club.admin, book_club.general, "watch keyword add", words="jazz, night", language="en", listeners=5)
    exported = file_of(await ask(book_club.admin, book_club.general, "watch export"))
    assert [row["handle"] or row["words"] for row in rows_of(exported)] == ["ann", "bob", "jazz, night"]
    assert rows_of(exported)[1]["text"] == "'= {host} is on;' @here"

    opened = await form(other.admin, other)
    assert await bot.stop() == 0
    await scene.bot()  # which answers the form that the run before has shown
    bought = scene.x.billed.count("user")
    said = await bring(other.admin, opened, exported)
    assert said.content == "Read 3 lines: 3 added."
    assert scene.x.billed.count("user") == bought, "what is known today is not bought again"
    again = rows_of(file_of(await ask(other.admin, other.general, "watch export")))
    same = ("host", "handle", "words", "channel_name", "role_names", "also", "paused", "text", "accent", "language")
    assert [[row[name] for name in same] for row in again] == [
        [row[name] for name in same] for row in rows_of(exported)
    ]
    assert again[0]["channel"] == f"<#{far_stage.id}>"
    assert again[0]["roles"] == f"<@&{far_role.id}>"
    space = scene.x.start_space(ann, title="Tea")
    await scene.until(lambda: far_stage.messages and stage.messages)
    space.end()


async def test_each_line_has_the_rights_of_who_brings_it(scene: Scene, book_club: Club) -> None:
    for number in range(6):
        scene.x.add_user(f"host{number}")
    await scene.bot()
    admin, guild = book_club.admin, book_club.guild
    closed = guild.add_channel("staff")
    closed.overwrite(admin, deny=("view_channel",))
    quiet = guild.add_role("quiet", mentionable=False)
    loud = guild.add_role("loud", mentionable=True)
    lines = (
        f"host0,<#{closed.id}>,",
        "host1,#spaces,",
        f"host2,,<@&{quiet.id}>",
        f"host3,,<@&{loud.id}>",
        f"host4,,<@&{guild.everyone.id}>",
        "host5,#nowhere,",
        "no body,,",
    )
    content = "\n".join(["handle,channel,roles", *lines]).encode()
    said = await bring(admin, await form(admin, book_club), content)
    assert said.content.startswith("Read 7 lines: 2 added, 5 not taken.")
    wrong = {row["handle"]: row["reason"] for row in rows_of(file_of(said))}
    assert set(wrong) == {"host0", "host2", "host4", "host5", "no body"}
    assert all(unescaped(reason) in said.content for reason in wrong.values())
    listed = text(await ask(admin, book_club.general, "watch list"))
    assert [f"host{number}" in listed for number in range(6)] == [False, True, False, True, False, False]
    assert scene.x.billed.count("user") == 2, "nobody is bought for a line that cannot be taken"
    ticked = await bring(
        admin, await form(admin, book_club), b"handle,roles\nhost4,<@&%d>\n" % guild.everyone.id, Pings=["everyone"]
    )
    assert "1 not taken" in ticked.content, "who may not mention everyone may not by a file"
    guild.set_bot_permissions(*DEFAULT_BOT_PERMISSIONS, "mention_everyone")
    admin.add_role(guild.add_role("heralds", permissions=Permission.MENTION_EVERYONE))
    for ticks, said_then in ({"Pings": []}, "1 not taken"), ({"Pings": ["everyone"]}, "1 added"):
        answer = await bring(
            admin, await form(admin, book_club), b"handle,roles\nhost4,<@&%d>\n" % guild.everyone.id, **ticks
        )
        assert said_then in answer.content


async def test_ten_thousand_lines_are_told_in_one_answer(scene: Scene, book_club: Club) -> None:
    scene.x.add_user("ann")
    await scene.bot()
    bad = ("two words,,", "https://example.com,,", f"ann,<#{book_club.guild.id}>,", "ann,,perhaps", '"ann,,')
    lines = ["handle,channel,paused", "ann,,yes", *(bad[number % len(bad)] for number in range(9_999))]
    said = await bring(book_club.admin, await form(book_club.admin, book_club), "\n".join(lines).encode())
    assert said.content.startswith("Read 10,000 lines: 1 added, 9,999 not taken.")
    assert [f"⚠️ {count}: " in said.content for count in ("2,000", "1,999")] == [True, True]
    assert "(lines 3, 8, 13, 18, 23 and 1,995 more)" in said.content
    told = rows_of(file_of(said))
    assert [int(row["line"]) for row in told] == list(range(3, 10_002))


async def test_who_may_not_manage_the_server_neither_exports_nor_imports(scene: Scene, book_club: Club) -> None:
    scene.x.add_user("ann")
    await scene.bot()
    for command in ("watch export", "watch import"):
        with pytest.raises(NotOffered):
            await book_club.member.use(book_club.general, command)
        refused = await ask(book_club.member, book_club.general, command, force=True)
        assert refused.content == "You need the Manage Server permission for that."
        assert not refused.attachments
    manager = book_club.guild.add_role("managers", permissions=Permission.MANAGE_GUILD)
    book_club.member.add_role(manager)
    opened = await form(book_club.member, book_club)
    book_club.member.remove_role(manager)
    refused = await bring(book_club.member, opened, b"ann\n")
    assert refused.content == "You need the Manage Server permission for that."
    assert "follows nobody yet" in text(await ask(book_club.admin, book_club.general, "watch list"))


async def test_a_file_that_is_none_is_answered_in_one_sentence(scene: Scene, book_club: Club) -> None:
    await scene.bot()
    for content, said in ((b"", "is empty"), (b"\x00" * 6_000_000, "too large"), (b"\xff\xfe\x00", "not taken")):
        answer = await bring(book_club.admin, await form(book_club.admin, book_club), content)
        assert said in answer.content
