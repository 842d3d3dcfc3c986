"""What a person's own X account adds, from the command to the answer: linking, buyers, reminders, protected hosts."""

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sqlite_utils import Database

from spacebot.sandbox.discord import LocalMember, NotOffered
from spacebot.sandbox.x import Fault, XUser
from spacebot.vault import new_key
from tests.system.scene import Club, Scene, ask, text


def linking(scene: Scene, **more: str) -> dict[str, str]:
    """The settings of an operator who lets people link their accounts."""
    return {
        "SPACEBOT_X_CLIENT_ID": scene.x.clients.client_id,
        "SPACEBOT_X_CLIENT_SECRET": scene.x.clients.client_secret,
        "SPACEBOT_X_AUTHORIZE_URL": f"{scene.x.url}/i/oauth2/authorize",
        "SPACEBOT_ENCRYPTION_KEY": new_key(),
        **more,
    }


async def consent(scene: Scene, who: LocalMember, club: Club, account: XUser) -> str:
    """Give /x-link, follow the link as this X account, and say where X sent the browser."""
    reply = await ask(who, club.general, "x-link")
    assert reply.ephemeral
    scene.x.authorize_as(account)
    [button] = [button for button in reply.buttons if "url" in button]
    async with aiohttp.ClientSession() as session, session.get(button["url"], allow_redirects=False) as answer:
        return answer.headers["Location"]


async def link(scene: Scene, who: LocalMember, club: Club, account: XUser) -> None:
    """Link an account by pasting."""
    reply = await ask(who, club.general, "x-link")
    scene.x.authorize_as(account)
    [url] = [button["url"] for button in reply.buttons if "url" in button]
    async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=False) as answer:
        landed = answer.headers["Location"]
    assert "is linked" in await paste(who, reply, landed)


async def paste(who: LocalMember, reply: object, address: str) -> str:
    """Press the button, paste the address, and return what the bot says."""
    press = await who.press(reply, label="I have the address")  # type: ignore[arg-type] # a LocalMessage
    submission = await who.submit(press, address=address)
    return (await submission.reply()).content


async def test_a_pasted_address_links_and_the_creator_sees_buyers_and_reminders(scene: Scene, book_club: Club) -> None:
    creator, *fans = (scene.x.add_user(name) for name in ("creator", *(f"fan{number:02}" for number in range(23))))
    space = scene.x.start_space(creator, title="Ticketed", ticketed=True)
    for fan in fans:
        space.add_buyer(fan)
    space.subscribers = 41
    await scene.bot(**linking(scene))

    first = await ask(book_club.member, book_club.general, "space-buyers", space=space.id)
    assert "/x-link" in first.content
    await link(scene, book_club.member, book_club, creator)

    buyers = await ask(book_club.member, book_club.general, "space-buyers", space=space.id)
    assert buyers.ephemeral
    assert "fan22" in text(buyers)
    assert "fan00" not in text(buyers)
    for _ in range(2):
        before = text(buyers)
        press = await book_club.member.press(buyers, label="Next")
        assert press.failed is None
        await scene.until(lambda before=before: text(buyers) != before)  # type: ignore[misc] # a default has no type
    await scene.until(lambda: "fan00" in text(buyers))

    use = await book_club.member.use(book_club.general, "space", space=space.id)
    public = await use.reply()
    assert not public.ephemeral
    assert "reminder" not in text(public)
    await scene.until(lambda: use.followups)
    assert use.followups[0].ephemeral
    assert "41 people have set a reminder" in use.followups[0].content

    other = await ask(book_club.admin, book_club.general, "space-buyers", space=space.id)
    assert "/x-link" in other.content  # a token serves only who gave it
    await link(scene, book_club.admin, book_club, fans[0])
    other = await ask(book_club.admin, book_club.general, "space-buyers", space=space.id)
    assert other.content == "Only who created a Space can see who bought a ticket for it."


async def test_a_link_that_is_copied_to_somebody_else_opens_for_nobody_but_its_owner(
    scene: Scene, book_club: Club
) -> None:
    creator, fan = scene.x.add_user("creator"), scene.x.add_user("fan")
    space = scene.x.start_space(creator, title="Ticketed", ticketed=True)
    space.add_buyer(fan)
    settings = linking(scene)
    bot = await scene.bot(**settings)
    await link(scene, book_club.member, book_club, creator)
    assert "x.com/fan" in text(await ask(book_club.member, book_club.general, "space-buyers", space=space.id))
    assert await bot.stop() == 0

    database = Database(scene.folder / "spacebot.sqlite3")
    links = database.table("links")
    [row] = links.rows
    assert row["person"] == book_club.member.id
    links.insert({**row, "person": book_club.admin.id})
    database.close()

    await scene.bot(**settings)
    thief = await ask(book_club.admin, book_club.general, "space-buyers", space=space.id)
    assert "fan" not in text(thief)
    assert "/x-link" in thief.content
    assert "x.com/fan" in text(await ask(book_club.member, book_club.general, "space-buyers", space=space.id))


async def test_wrong_person_used_and_nonsense_addresses_get_a_sentence(scene: Scene, book_club: Club) -> None:
    creator = scene.x.add_user("creator")
    await scene.bot(**linking(scene))
    reply = await ask(book_club.member, book_club.general, "x-link")
    scene.x.authorize_as(creator)
    [url] = [button["url"] for button in reply.buttons if "url" in button]
    async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=False) as answer:
        landed = answer.headers["Location"]
    mine = await ask(book_club.admin, book_club.general, "x-link")
    assert "begun by somebody else" in await paste(book_club.admin, mine, landed)
    assert "not the address" in await paste(book_club.member, reply, "what is this")
    assert "is linked" in await paste(book_club.member, reply, landed)
    assert "used already" in await paste(book_club.member, reply, landed)


async def test_the_web_endpoint_links_and_unlinking_revokes(scene: Scene, book_club: Club) -> None:
    creator = scene.x.add_user("creator")
    space = scene.x.start_space(creator, title="Ticketed", ticketed=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    public = f"http://127.0.0.1:{port}"
    await scene.bot(**linking(scene, SPACEBOT_PUBLIC_URL=public, SPACEBOT_LISTEN=f"127.0.0.1:{port}"))
    landed = await consent(scene, book_club.member, book_club, creator)
    assert landed.startswith(f"{public}/x/callback?")
    async with aiohttp.ClientSession() as session:
        async with session.get(landed, headers={"Accept-Language": "zh-CN, ar-EG;q=0.9, en;q=0.8"}) as answer:
            page = await answer.text()
        assert "member" in page
        assert '<html lang="ar" dir="rtl">' in page
        key = page.partition('name="key" value="')[2].partition('"')[0]
        async with session.post(f"{public}/x/confirm", data={"key": key, "answer": "yes"}) as answer:
            assert answer.status == 200
            assert '<html lang="en" dir="ltr">' in await answer.text()

    buyers = await ask(book_club.member, book_club.general, "space-buyers", space=space.id)
    assert "Nobody has bought" in buyers.content
    gone = await ask(book_club.member, book_club.general, "x-unlink")
    assert "unlinked" in gone.content
    assert any(exchange.endpoint == "revoke" and exchange.status == 200 for exchange in scene.x.requests)
    again = await ask(book_club.member, book_club.general, "x-unlink")
    assert "not linked" in again.content
    assert "/x-link" in (await ask(book_club.member, book_club.general, "space-buyers", space=space.id)).content


async def test_a_follower_of_a_protected_account_is_answered_in_private(scene: Scene, book_club: Club) -> None:
    hidden = scene.x.add_user("hidden", protected=True)
    follower = scene.x.add_user("follower")
    hidden.followers.add(follower)
    space = scene.x.start_space(hidden, title="Among friends")
    await scene.bot(**linking(scene))
    stranger = await ask(book_club.admin, book_club.general, "host-live", host="@hidden")
    assert "protected" in stranger.content
    await link(scene, book_club.member, book_club, follower)
    asked: dict[str, dict[str, Any]] = {"host-live": {"host": "@hidden"}, "space": {"space": space.id}}
    for command, options in asked.items():
        use = await book_club.member.use(book_club.general, command, **options)
        await use.reply()
        await scene.until(lambda use=use: use.followups)  # type: ignore[misc] # a default has no type
        assert use.followups[0].ephemeral
        assert "Among friends" in text(use.followups[0])
    assert not any("Among friends" in text(message) for message in book_club.general.messages)


NEED_LINKING = {"x-link", "x-unlink", "space-buyers"}


async def test_what_needs_linking_is_offered_only_where_people_can_link(scene: Scene, book_club: Club) -> None:
    def offered() -> set[str]:
        return {command["name"] for command in scene.discord.commands}

    hidden = scene.x.add_user("hidden", protected=True)
    bot = await scene.bot()
    assert "space" in offered()
    assert not NEED_LINKING & offered()
    for command in NEED_LINKING:
        with pytest.raises(NotOffered):
            await ask(book_club.member, book_club.general, command)
    refused = await ask(book_club.member, book_club.general, "host-live", host=f"@{hidden.username}")
    assert refused.content == "That account is protected: X shows its Spaces only to its followers."
    assert await bot.stop() == 0
    await scene.bot(**linking(scene))
    await scene.until(lambda: offered() >= NEED_LINKING)


async def test_posts_of_a_space_are_paged_with_authors_and_links(scene: Scene, book_club: Club) -> None:
    host, fan = scene.x.add_user("host"), scene.x.add_user("fan", name="A Fan")
    space, silent = (scene.x.start_space(host, title=title) for title in ("Talk", "Silence"))
    await scene.bot()
    none = await ask(book_club.member, book_club.general, "space-posts", space=silent.id)
    assert "No posts" in none.content
    for number in range(47):
        space.add_post(fan, f"Post *number* {number:02} @everyone")
    reply = await ask(book_club.member, book_club.general, "space-posts", space=space.id)
    seen = set()
    for page in range(10):
        if page == 3:  # the next page must be asked of X, which fails once for good: the answer stays, and can go on
            scene.x.fault("posts", Fault(status=503, times=4))
            press = await book_club.member.press(reply, label="Next")
            await scene.until(lambda press=press: press.followups)  # type: ignore[misc] # a default has no type
            assert "not answering" in press.followups[0].content
        shown = text(reply)
        assert "A Fan" in shown
        assert "https://x.com/i/status/" in shown
        assert "@everyone" not in shown
        seen |= {number for number in range(47) if f"number\\* {number:02}" in shown}
        if page < 9:
            before = shown
            press = await book_club.member.press(reply, label="Next")
            assert press.failed is None
            await scene.until(lambda before=before: text(reply) != before)  # type: ignore[misc] # as above
    assert seen == set(range(47))
    # Three requests of 20 posts, each asked for when somebody turned to it.
    assert sum(exchange.endpoint == "posts" and exchange.status == 200 for exchange in scene.x.requests) == 4


async def test_the_start_of_a_scheduled_space_is_told_with_its_reminders_to_its_creator(
    scene: Scene, book_club: Club
) -> None:
    creator = scene.x.add_user("creator")
    space = scene.x.schedule_space(creator, title="Soon", start=datetime.now(UTC) + timedelta(days=1))
    space.subscribers = 1
    await scene.bot(**linking(scene))
    await link(scene, book_club.member, book_club, creator)
    use = await book_club.member.use(book_club.general, "space", space=space.id)
    await use.reply()
    await scene.until(lambda: use.followups)
    assert "1 person has set a reminder" in use.followups[0].content
