"""`/host-stats`: a followed host's figures in words and as a picture, to whoever may see their posts, without a word to X."""

import asyncio
import csv
import io
import struct
from datetime import timedelta

from PIL import Image

from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import State
from spacebot.present.chart import SIZE
from spacebot.sandbox.discord import LocalMessage
from spacebot.sandbox.x import Fault, XSpace, XUser
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.x.model import Space, User
from tests.clocks import START
from tests.system.scene import PATIENCE, Club, Scene, VirtualScene, ask, club, in_virtual_time, text
from tests.system.test_linking import link, linking

NONE_OF = "I have figures only of hosts that this server follows and whose posts you can see; choose one from the list."


def picture_of(reply: LocalMessage) -> tuple[bytes, str]:
    """The picture of an answer that only one person sees, and what a screen reader says of it."""
    assert reply.ephemeral
    [file] = reply.attachments
    assert file.name == "hours.png"
    assert struct.unpack(">II", file.content[16:24]) == SIZE
    Image.open(io.BytesIO(file.content)).verify()
    assert file.description is not None
    return file.content, file.description


async def held(scene: VirtualScene, host: XUser, minutes: int, listeners: int) -> XSpace:
    """A Space that begins, is seen, and ends."""
    space = scene.x.start_space(host, title="Tea @everyone", listeners=listeners)
    await scene.pass_by(minutes * 60)
    space.end()
    await scene.pass_by(300)
    return space


async def following(scene: Scene, one: Club, *hosts: str) -> None:
    await ask(one.admin, one.general, "config channel", channel=one.spaces)
    for host in hosts:
        await ask(one.admin, one.general, "watch add", host=f"@{host}")


@in_virtual_time
async def test_a_member_is_told_in_words_and_shown_as_a_picture_what_was_counted(scene: VirtualScene) -> None:
    ann = scene.x.add_user("ann", name="Ann [free](https://evil.example)")
    one = club(scene.discord)
    bot = await scene.serve()
    await following(scene, one, "ann")
    nothing = await ask(one.member, one.general, "host-stats", host="@ann")
    assert "I have seen no Space of" in nothing.content
    assert "come to its end yet" in nothing.content
    assert not nothing.attachments
    await held(scene, ann, 60, 100)
    await held(scene, ann, 30, 300)
    scene.x.fault("/2/", Fault(status=503, times=None))  # X is not needed
    reply = await ask(one.member, one.general, "host-stats", host="ann", zone="europe/berlin")
    told, (content, said) = text(reply), picture_of(reply)
    assert "2 Spaces." in told
    assert "Length: usually 45 min, at most 1 h" in told
    assert "Listeners: usually 201 at the peak, 301 at the highest" in told
    assert "(Europe/Berlin)" in told
    assert "How that grows is told once" in told
    assert "Counted since <t:" in told
    assert "](https://evil.example)" not in told
    assert "Tea" not in told, "titles are nobody's figures"
    assert "@ann was live" in said
    assert "Europe/Berlin" in said
    elsewhere = await ask(one.member, one.general, "host-stats", host=ann.id)
    assert picture_of(elsewhere)[0] != content, "the hours are UTC's now"
    await bot.stop()
    await scene.serve()
    again = await ask(one.member, one.general, "host-stats", host="ann", zone="Europe/Berlin")
    assert (text(again), picture_of(again)[0]) == (told, content)


@in_virtual_time
async def test_growth_is_told_once_a_host_was_followed_for_long_enough(scene: VirtualScene) -> None:
    ann = scene.x.add_user("ann")
    one = club(scene.discord)
    bot = await scene.serve()
    await following(scene, one, "ann")
    await bot.stop()
    async with Store(scene.folder / "spacebot.sqlite3") as store:
        await store(counted, ann, [70, 50, 49, 20, 10, 5])
        await store(followed_for, 80)
    await scene.serve()
    told = text(await ask(one.member, one.general, "host-stats", host="ann"))
    assert "6 Spaces." in told
    assert "Spaces in the last 30 days: 3; in the 30 days before: 2 (+50%)." in told


def followed_for(tables: Queries, days: int) -> None:
    tables.db.execute(f"UPDATE watches SET added_at = added_at - {days * 86_400_000}")  # noqa: S608 - a number


def counted(tables: Queries, host: XUser, days_ago: list[int]) -> None:
    """Spaces of an hour that began so many days before the beginning of the scene."""
    for number, days in enumerate(days_ago):
        began = START - timedelta(days=days)
        space = Space(
            id=SpaceId(f"1S{number:06d}"),
            state=State.LIVE,
            creator_id=UserId(host.id),
            started_at=began,
            participant_count=9,
        )
        over = Space(id=space.id, state=State.ENDED, ended_at=began + timedelta(hours=1))
        tables.take_in([space], (), (), began)
        tables.take_in([over], (), (), began + timedelta(hours=1))


@in_virtual_time
async def test_of_very_many_spaces_the_last_are_told_and_drawn(scene: VirtualScene) -> None:
    host = scene.x.add_user("host")
    one = club(scene.discord)
    async with Store(scene.folder / "spacebot.sqlite3") as store:
        await store(counted, host, [number // 40 + 1 for number in range(2_100)])
    await scene.serve()
    await following(scene, one, "host")
    reply = await ask(one.member, one.general, "host-stats", host="host")
    assert "The last 2,000 Spaces; there were more." in text(reply)
    picture_of(reply)


@in_virtual_time
async def test_whom_this_server_does_not_follow_in_sight_of_the_asker_nobody_is_told_of(scene: VirtualScene) -> None:
    hosts = [scene.x.add_user(name) for name in ("seen", "staffonly", "elsewhere")]
    one, other = club(scene.discord), club(scene.discord, "Other")
    staff = one.guild.add_channel("staff")
    staff.overwrite(one.guild.everyone, deny=("view_channel",))
    staff.overwrite(one.guild.bot_member, allow=("view_channel",))
    staff.overwrite(one.admin, allow=("view_channel",))
    await scene.serve()
    await following(scene, one, "seen")
    await following(scene, other, "elsewhere")
    await ask(one.admin, one.general, "watch add", host="staffonly", channel=staff)
    for host in hosts:
        await held(scene, host, 10, 5)
    for who, expected in ((one.member, {"seen"}), (one.admin, {"seen", "staffonly"})):
        offered = await who.autocomplete(one.general, "host-stats", "host", "")
        assert {choice["value"] for choice in offered} == {host.id for host in hosts if host.username in expected}
        for host in hosts:
            reply = await ask(who, one.general, "host-stats", host=f"@{host.username}")
            assert reply.ephemeral
            assert (reply.content != NONE_OF) == (host.username in expected)
            assert bool(reply.attachments) == (host.username in expected)
    for nonsense in ("nobody at all", "https://evil.example/", "1" * 40, "@" + "x" * 99):
        assert (await ask(one.member, one.general, "host-stats", host=nonsense)).content == NONE_OF
    await ask(one.admin, one.general, "watch remove", host="seen")
    assert (await ask(one.member, one.general, "host-stats", host="@seen")).content == NONE_OF


@in_virtual_time
async def test_an_account_that_is_withdrawn_has_no_figures(scene: VirtualScene) -> None:
    ann = scene.x.add_user("ann")
    one = club(scene.discord)
    bot = await scene.serve()
    await following(scene, one, "ann")
    await held(scene, ann, 10, 5)
    await bot.stop()
    async with Store(scene.folder / "spacebot.sqlite3") as store:
        shown = User(id=UserId(ann.id), username="ann", name="Ann", protected=True)
        await store(Queries.remember_users, [shown], scene.clock.now())
    await scene.serve()
    reply = await ask(one.member, one.general, "host-stats", host="@ann")
    assert "X does not show that account to everybody" in reply.content
    assert not reply.attachments


@in_virtual_time
async def test_two_at_once_are_both_served_and_who_asks_without_a_pause_is_asked_to_wait(scene: VirtualScene) -> None:
    ann = scene.x.add_user("ann")
    one = club(scene.discord)
    await scene.serve()
    await following(scene, one, "ann")
    await held(scene, ann, 10, 5)
    both = await asyncio.gather(*(ask(who, one.general, "host-stats", host="ann") for who in (one.member, one.admin)))
    assert picture_of(both[0]) == picture_of(both[1])
    zones = await one.member.autocomplete(one.general, "host-stats", "zone", "")
    assert len(zones) > 20
    said = [
        (await ask(one.member, one.general, "host-stats", host="ann", zone=zone["value"])).content
        for zone in [*zones, *zones][:20]
    ]
    assert all(not each for each in said[:19])
    assert "That was a lot of questions in a short time" in said[19]
    assert not (await ask(one.admin, one.general, "host-stats", host="ann")).content, "others are served"
    await scene.pass_by(60)
    assert not (await ask(one.member, one.general, "host-stats", host="ann")).content


@in_virtual_time
async def test_zones_are_suggested_by_their_place_and_nonsense_is_none(scene: VirtualScene) -> None:
    scene.x.add_user("ann")
    one = club(scene.discord)
    await scene.serve()
    await following(scene, one, "ann")
    for typed, expected in (("berl", "Europe/Berlin"), ("sao paulo", "America/Sao_Paulo"), ("UTC", "UTC")):
        offered = await one.member.autocomplete(one.general, "host-stats", "zone", typed)
        assert offered[0]["value"] == expected or expected == "UTC"
        assert expected in [choice["value"] for choice in offered]
    for nonsense in ("Mars/Olympus", "../../etc/passwd", "/etc/localtime", "x" * 300, "\u0000"):
        reply = await ask(one.member, one.general, "host-stats", host="ann", zone=nonsense)
        assert reply.content.startswith("There is no such time zone")


async def test_a_creator_sees_reminders_and_tickets_of_their_own_spaces_and_nobody_else_does(
    scene: Scene, book_club: Club
) -> None:
    creator, *fans = (scene.x.add_user(name) for name in ("creator", "fan1", "fan2", "fan3"))
    settings = linking(scene)
    bot = await scene.bot(**settings)
    await following(scene, book_club, "creator")
    space = scene.x.start_space(creator, title="Ticketed", ticketed=True)
    for fan in fans:
        space.add_buyer(fan)
    space.subscribers = 41
    await scene.until(lambda: book_club.spaces.messages)
    await link(scene, book_club.member, book_club, creator)
    use = await book_club.member.use(book_club.general, "space", space=space.id)
    await use.reply()
    await scene.until(lambda: use.followups)
    await ask(book_club.member, book_club.general, "space-buyers", space=space.id)
    assert await bot.stop() == 0
    await scene.bot(**settings)
    own = "reminders 41, tickets sold 3"
    mine = await ask(book_club.member, book_club.general, "host-stats", host="creator")
    assert mine.ephemeral
    assert own in text(mine)
    assert "only you see this" in text(mine)
    theirs = await ask(book_club.admin, book_club.general, "host-stats", host="creator")
    assert own not in text(theirs)
    assert "reminders" not in text(theirs)
    await ask(book_club.member, book_club.general, "x-unlink")
    assert own not in text(await ask(book_club.member, book_club.general, "host-stats", host="creator"))


async def test_a_creator_gets_the_total_of_buyers_and_a_file_that_no_spreadsheet_runs(
    scene: Scene, book_club: Club
) -> None:
    creator = scene.x.add_user("creator")
    space = scene.x.start_space(creator, title="Ticketed", ticketed=True)
    for number in range(123):
        space.add_buyer(scene.x.add_user(f"fan{number:03}", name="=HYPERLINK(1)" if number == 7 else f"Fan {number}"))
    settings = linking(scene, SPACEBOT_DAILY_BUDGET_USD="none")
    bot = await scene.bot(**settings)
    await link(scene, book_club.member, book_club, creator)
    pages = await ask(book_club.member, book_club.general, "space-buyers", space=space.id)
    assert await bot.stop() == 0
    await scene.bot(**settings)  # which answers the button that the run before has shown
    press = await book_club.member.press(pages, label="Total, and a file")
    reply = await press.reply(timeout=PATIENCE)
    assert reply.ephemeral
    assert reply.content == "123 people have bought a ticket for this Space; only you see this."
    [file] = reply.attachments
    assert file.name == "buyers.csv"
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert len({row["handle"] for row in rows}) == 123
    assert "'=HYPERLINK(1)" in {row["name"] for row in rows}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert all(row["account"].startswith("https://x.com/i/user/") for row in rows)

    scene.x.fault("buyers", Fault(status=503, times=4))
    failed = await (await book_club.member.press(pages, label="Total, and a file")).reply(timeout=PATIENCE)
    assert "not answering" in failed.content
    assert not failed.attachments

    await link(scene, book_club.admin, book_club, scene.x.add_user("other"))
    other = await book_club.admin.press(pages, custom_id=f"buyers:{space.id}", force=True)
    told = await other.reply(timeout=PATIENCE)
    assert told.content == "Only who created a Space can see who bought a ticket for it."
    assert not told.attachments
