"""What admins ask for, over the real ledger; only the questions to X are answered by a script."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from spacebot.domain.accounts import Host
from spacebot.domain.guilds import GuildConfig, Keyword, WatchLine
from spacebot.domain.ids import ChannelId, GuildId, PersonId, RoleId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.views import Watched
from spacebot.errors import UserMistake, XDown, XNotFound
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.accounts import HOSTS_AT_ONCE, HostLine
from spacebot.usecases.guilds import CHOICES, Guilds, language_code, normalised
from spacebot.usecases.lookups import Lookups
from spacebot.x import reference
from spacebot.x.model import Space, User
from tests.clocks import START, FakeClock
from tests.store.seed import (
    ADMIN,
    CHANNEL,
    COHOST,
    FAR_GUILD,
    GUILD,
    HOST,
    NO_PERMISSION,
    OTHER_CHANNEL,
    ROLE,
    live,
    look,
    rows,
)


class ScriptedLookups(Lookups):
    """Knows a few accounts, and stores them as the real look-ups do."""

    def __init__(self, store: Store, users: dict[str, User]) -> None:
        self._ledger = store
        self.users = users

    async def host(self, text: str, *, guild_id: GuildId | None, person: PersonId) -> Host:
        wanted = reference.host(text)
        name = wanted.name if isinstance(wanted, reference.Handle) else str(wanted)
        user = self.users.get(name.casefold())
        if user is None:
            raise XNotFound(resource_type="user")
        await self._ledger(Queries.remember_users, [user], START)
        return Host(user_id=user.id, username=user.username, name=user.name)

    async def hosts(
        self, texts: Sequence[str], *, guild_id: GuildId, person: PersonId, most: int = HOSTS_AT_ONCE
    ) -> tuple[HostLine, ...]:
        lines = []
        for text in texts:
            try:
                lines.append(HostLine(text=text, host=await self.host(text, guild_id=guild_id, person=person)))
            except (UserMistake, XNotFound) as error:
                lines.append(HostLine(text=text, error=error))
        return tuple(lines)


@dataclass(slots=True)
class Scene:
    """The use cases, and what surrounds them."""

    store: Store
    lookups: ScriptedLookups
    guilds: Guilds = field(init=False)
    on_air: list[Space] = field(default_factory=list)
    looked: list[UserId] = field(default_factory=list)
    down: bool = False
    changes: int = 0

    def __post_init__(self) -> None:
        self.guilds = Guilds(
            lookups=self.lookups,
            store=self.store,
            clock=FakeClock(),
            watch_limit=2,
            look=self._look,
            on_change=self._changed,
        )

    async def _look(self, host_id: UserId) -> None:
        self.looked.append(host_id)
        if self.down:
            raise XDown
        await look(self.store, *(space for space in self.on_air if space.creator_id == host_id))

    def _changed(self) -> None:
        self.changes += 1

    async def watch(
        self,
        text: str,
        *,
        guild: GuildId = GUILD,
        channel: ChannelId | None = None,
        role: RoleId | None = None,
    ) -> Watched[WatchLine]:
        return await self.guilds.watch(guild, text, channel_id=channel, roles=() if role is None else (role,), by=ADMIN)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with Store(tmp_path / "ledger.sqlite3") as store:
        lookups = ScriptedLookups(store, {user.username.casefold(): user for user in (HOST, COHOST)})
        yield Scene(store, lookups)


async def test_the_first_watch_is_kept_and_chooses_no_channel_for_the_guild(scene: Scene) -> None:
    watched = await scene.watch("@teatime")
    assert (watched.is_new, watched.changed, watched.looked) == (True, True, True)
    assert watched.line.channel_id is None
    assert await scene.guilds.config(GUILD) == GuildConfig()
    assert [line.watch.host.user_id for line in await scene.guilds.watchlist(GUILD)] == [HOST.id]
    assert scene.looked == [HOST.id]
    assert scene.changes == 1


async def test_adding_what_is_there_changes_nothing_and_says_so(scene: Scene) -> None:
    await scene.watch("teatime", channel=CHANNEL, role=ROLE)
    same = [await scene.watch("@TeaTime", channel=CHANNEL), await scene.watch("teatime")]
    assert [(each.is_new, each.changed) for each in same] == [(False, False)] * 2
    other = await scene.watch("teatime", channel=OTHER_CHANNEL)
    assert (other.is_new, other.changed) == (False, True)
    scene.lookups.users["teatime"] = User(id=HOST.id, username="teatime", name="Another Name")
    assert not (await scene.watch("teatime")).changed, "a new name is no change of the watch"


@pytest.mark.parametrize(
    ("channel", "role", "left"),
    [(True, False, (CHANNEL, (ROLE,))), (False, True, (OTHER_CHANNEL, ())), (True, True, (CHANNEL, ()))],
)
async def test_a_hosts_own_channel_and_role_can_be_taken_away(
    scene: Scene, channel: bool, role: bool, left: tuple[ChannelId, tuple[RoleId, ...]]
) -> None:
    await scene.guilds.set_channel(GUILD, CHANNEL)
    await scene.watch("teatime", channel=OTHER_CHANNEL, role=ROLE)
    changed = await scene.guilds.reset_watch(GUILD, "Tea Time", channel=channel, role=role)
    assert (changed.line.channel_id, changed.line.roles) == left
    assert changed.changed
    again = await scene.guilds.reset_watch(GUILD, "teatime", channel=channel, role=role)
    assert not again.changed
    with pytest.raises(UserMistake, match=Mistake.NOT_FOLLOWED):
        await scene.guilds.reset_watch(GUILD, "coffee_break", channel=channel, role=role)


async def test_what_waits_for_a_channel_of_its_own_follows_to_the_guilds(scene: Scene) -> None:
    scene.on_air.append(live())
    await scene.guilds.set_channel(GUILD, CHANNEL)
    await scene.watch("teatime", channel=OTHER_CHANNEL)
    await scene.guilds.reset_watch(GUILD, "teatime", channel=True, role=False)
    assert {row["channel_id"]: row["state"] for row in await rows(scene.store)} == {
        OTHER_CHANNEL: "skipped",
        CHANNEL: "pending",
    }


async def test_nothing_goes_to_a_channel_that_was_taken_away_while_the_guild_has_none(scene: Scene) -> None:
    scene.on_air.append(live())
    await scene.watch("teatime", channel=OTHER_CHANNEL)
    await scene.guilds.reset_watch(GUILD, "teatime", channel=True, role=False)
    assert [row["state"] for row in await rows(scene.store)] == ["skipped"]
    await scene.guilds.set_channel(GUILD, CHANNEL)
    await scene.watch("teatime")
    assert [row["channel_id"] for row in await rows(scene.store) if row["state"] == "pending"] == [CHANNEL]


async def test_a_keywords_own_channel_and_role_can_be_taken_away(scene: Scene) -> None:
    await scene.guilds.set_channel(GUILD, CHANNEL)
    own = Keyword(guild_id=GUILD, text="Jazz  Night", channel_id=OTHER_CHANNEL, roles=(ROLE,), least=5)
    assert (await scene.guilds.watch_keyword(own, by=ADMIN)).is_new
    again = await scene.guilds.watch_keyword(own, by=ADMIN)
    assert (again.is_new, again.changed) == (False, False)
    reset = await scene.guilds.reset_keyword(GUILD, "JAZZ night", channel=True, role=True)
    assert (reset.line.channel_id, reset.line.roles, reset.line.least) == (CHANNEL, (), 5)
    assert reset.changed
    assert not (await scene.guilds.reset_keyword(GUILD, "jazz night", channel=True, role=True)).changed
    with pytest.raises(UserMistake, match=Mistake.KEYWORD_NOT_WATCHED):
        await scene.guilds.reset_keyword(GUILD, "tea", channel=True, role=True)


async def test_everything_that_a_guild_has_set_is_told_at_once(scene: Scene) -> None:
    await scene.guilds.set_channel(GUILD, CHANNEL)
    await scene.watch("teatime", channel=OTHER_CHANNEL)
    await scene.watch("coffee_break")
    await scene.guilds.watch_keyword(Keyword(guild_id=GUILD, text="jazz", roles=(ROLE,)), by=ADMIN)
    await scene.store(Queries.pause, OTHER_CHANNEL, GUILD, NO_PERMISSION, START)
    await scene.store(Queries.pause, ChannelId(7), FAR_GUILD, NO_PERMISSION, START)
    set_up = await scene.guilds.set_up(GUILD)
    assert set(set_up.channels) == {CHANNEL, OTHER_CHANNEL}
    assert set_up.roles == (ROLE,)
    assert set_up.met == {OTHER_CHANNEL: NO_PERMISSION}
    assert (set_up.follows_nobody, set_up.lacks_channel) == (False, False)
    nothing = await scene.guilds.set_up(FAR_GUILD)
    assert (nothing.channels, nothing.follows_nobody, nothing.lacks_channel) == ((), True, True)


async def test_a_guild_with_a_channel_keeps_it(scene: Scene) -> None:
    await scene.guilds.set_channel(GUILD, CHANNEL)
    watched = await scene.watch("teatime")
    assert watched.line.channel_id == CHANNEL


async def test_a_watch_with_a_channel_of_its_own_leaves_the_guild_without_one(scene: Scene) -> None:
    watched = await scene.watch("teatime", channel=OTHER_CHANNEL)
    assert watched.line.channel_id == OTHER_CHANNEL
    again = await scene.watch("teatime", role=ROLE)
    assert (again.is_new, again.changed) == (False, True)
    assert (again.line.channel_id, again.line.roles) == (OTHER_CHANNEL, (ROLE,))
    assert await scene.guilds.config(GUILD) == GuildConfig()


async def test_a_host_who_is_live_is_announced_at_once(scene: Scene) -> None:
    scene.on_air.append(live())
    watched = await scene.watch("teatime", channel=OTHER_CHANNEL)
    assert watched.line.live is not None
    assert [row["channel_id"] for row in await rows(scene.store)] == [OTHER_CHANNEL]


async def test_a_host_known_to_be_live_is_announced_even_while_x_is_down(scene: Scene) -> None:
    scene.on_air.append(live())
    await scene.watch("teatime", guild=FAR_GUILD, channel=OTHER_CHANNEL)
    scene.down = True
    watched = await scene.watch("teatime", channel=CHANNEL)
    assert not watched.looked
    assert watched.line.live is not None
    assert sorted(str(row["guild_id"]) for row in await rows(scene.store)) == [str(GUILD), str(FAR_GUILD)]


async def test_an_unknown_host_changes_nothing(scene: Scene) -> None:
    with pytest.raises(XNotFound):
        await scene.watch("nobody_at_all")
    assert await scene.guilds.watchlist(GUILD) == []
    assert await scene.guilds.config(GUILD) == GuildConfig()
    assert scene.changes == 0


async def test_the_limit_of_watches_is_told_and_changes_nothing(scene: Scene) -> None:
    scene.lookups.users["third"] = User(id=UserId("3"), username="third", name="Third")
    await scene.watch("teatime", channel=CHANNEL)
    await scene.watch("coffee_break", channel=CHANNEL)
    with pytest.raises(UserMistake, match=f"{Mistake.TOO_MANY_HOSTS} count=2"):
        await scene.watch("third")
    assert len(await scene.guilds.watchlist(GUILD)) == 2
    assert await scene.guilds.config(GUILD) == GuildConfig()


@pytest.mark.parametrize(
    "text",
    [
        "teatime",
        "@TeaTime",
        " @teatime ",
        "2244994945",
        "https://x.com/teatime",
        "https://twitter.com/TeaTime/",
        "Tea Time",
    ],
)
async def test_a_host_is_removed_by_whatever_names_it(scene: Scene, text: str) -> None:
    await scene.watch("teatime")
    await scene.watch("coffee_break")
    removed = await scene.guilds.unwatch(GUILD, text)
    assert removed.user_id == HOST.id
    assert [line.watch.host.user_id for line in await scene.guilds.watchlist(GUILD)] == [COHOST.id]


async def test_a_handle_is_not_mistaken_for_anothers_name(scene: Scene) -> None:
    scene.lookups.users["aaa"] = User(id=UserId("3"), username="aaa", name="teatime")
    await scene.watch("aaa")
    await scene.watch("teatime")
    assert (await scene.guilds.unwatch(GUILD, "teatime")).user_id == HOST.id
    assert (await scene.guilds.unwatch(GUILD, "teatime")).user_id == "3", "now it can only mean the name"


async def test_a_name_that_two_hosts_share_removes_neither(scene: Scene) -> None:
    scene.lookups.users["aaa"] = User(id=UserId("3"), username="aaa", name=HOST.name)
    await scene.watch("aaa")
    await scene.watch("teatime")
    with pytest.raises(UserMistake):
        await scene.guilds.unwatch(GUILD, HOST.name)
    assert len(await scene.guilds.watchlist(GUILD)) == 2


@pytest.mark.parametrize("text", ["coffee_break", "", "@", "https://example.com/teatime", "no such host"])
async def test_removing_what_is_not_followed_says_so(scene: Scene, text: str) -> None:
    await scene.watch("teatime")
    with pytest.raises(UserMistake, match=Mistake.NOT_FOLLOWED):
        await scene.guilds.unwatch(GUILD, text)
    with pytest.raises(UserMistake, match=Mistake.NOT_FOLLOWED):
        await scene.guilds.unwatch(FAR_GUILD, "teatime")


async def test_suggestions_are_the_guilds_own_hosts_by_name_or_handle(scene: Scene) -> None:
    await scene.watch("teatime")
    await scene.watch("coffee_break", guild=FAR_GUILD)
    assert [host.user_id for host in await scene.guilds.complete(GUILD, "")] == [HOST.id]
    assert [host.user_id for host in await scene.guilds.complete(GUILD, " @TEAT")] == [HOST.id]
    assert await scene.guilds.complete(GUILD, "coffee") == []


async def test_no_more_is_suggested_than_discord_shows(scene: Scene) -> None:
    for n in range(CHOICES + 5):
        user = User(id=UserId(str(n)), username=f"host{n}", name=f"Host {n}")
        await scene.store(Queries.remember_users, [user], START)
        await scene.store(
            Queries.add_watch,
            guild_id=GUILD,
            host_id=user.id,
            channel_id=None,
            roles=(),
            by=ADMIN,
            limit=100,
            now=START,
        )
    assert len(await scene.guilds.complete(GUILD, "host")) == CHOICES


async def test_a_role_of_one_watch_is_set_and_a_watch_that_is_gone_says_so(scene: Scene) -> None:
    await scene.watch("teatime")
    await scene.guilds.set_watch_roles(GUILD, HOST.id, [ROLE])
    [line] = await scene.guilds.watchlist(GUILD)
    assert line.watch.roles == (ROLE,)
    await scene.guilds.unwatch(GUILD, "teatime")
    with pytest.raises(UserMistake, match=Mistake.NO_LONGER_FOLLOWED):
        await scene.guilds.set_watch_roles(GUILD, HOST.id, [ROLE])


async def test_a_guild_is_greeted_once(scene: Scene) -> None:
    assert [await scene.guilds.greet(GUILD) for _ in range(2)] == [True, False]


async def test_a_guild_is_not_greeted_when_that_cannot_be_remembered(tmp_path: Path) -> None:
    store = Store(tmp_path / "ledger.sqlite3")  # never opened

    async def look_at(host_id: UserId) -> None:
        pytest.fail("nobody is looked at")

    guilds = Guilds(
        lookups=ScriptedLookups(store, {}),
        store=store,
        clock=FakeClock(),
        watch_limit=2,
        look=look_at,
        on_change=lambda: None,
    )
    assert not await guilds.greet(GUILD)


@pytest.mark.parametrize("code", ["en" + "-abcd" * 4, "en" + "-abcd" * 1000, "english", "e", "", "en\x00", "é"])
def test_a_language_is_no_longer_than_any_that_there_is(code: str) -> None:
    with pytest.raises(UserMistake) as caught:
        language_code(code)
    assert caught.value.mistake is Mistake.NOT_A_LANGUAGE
    assert language_code(" zh-Hans-TW ") == "zh-hans-tw"


def test_a_keywords_language_is_kept_by_its_code_of_today() -> None:
    assert [language_code(code) for code in ("iw", "HE", "in-ID", "no", None)] == ["he", "he", "id-id", "nb", None]


def test_a_keyword_has_no_halves_of_characters() -> None:
    assert normalised(" Tea\ud800 \x00 Party\udc00 ") == "tea party"
    assert normalised("\ud800") == ""


# Many at once, holds, and what is a watch's own


async def test_many_are_followed_at_once_and_each_line_is_answered_for(scene: Scene) -> None:
    await scene.watch("teatime")
    many = await scene.guilds.watch_many(
        GUILD, "@coffee_break, nobody_here\n\n  @TeaTime \n@coffee_break", roles=[ROLE], by=ADMIN
    )
    assert [host.user_id for host in many.new] == [COHOST.id]
    assert [host.user_id for host in many.known] == [HOST.id]
    [missing] = many.unresolved
    assert (missing.text, type(missing.why)) == ("nobody_here", XNotFound)
    assert {line.watch.roles for line in await scene.guilds.watchlist(GUILD)} == {(ROLE,)}


async def test_where_no_more_may_be_followed_the_rest_is_left_out_with_the_reason(scene: Scene) -> None:
    for name in ("a1", "a2", "a3"):
        scene.lookups.users[name] = User(id=UserId(name[1:]), username=name, name=name)
    many = await scene.guilds.watch_many(GUILD, "a1\na2\na3", by=ADMIN)
    assert (len(many.new), [each.text for each in many.unresolved]) == (2, ["@a3"])
    assert "too_many_hosts" in str(many.unresolved[0].why)


async def test_no_line_is_a_mistake_and_lines_beyond_fifty_are_not_tried(scene: Scene) -> None:
    with pytest.raises(UserMistake, match=Mistake.NO_HOST):
        await scene.guilds.watch_many(GUILD, " \n, ;\r\n", by=ADMIN)
    many = await scene.guilds.watch_many(GUILD, "\n".join(f"h{n}" for n in range(53)), by=ADMIN)
    assert [each.text for each in many.unresolved if each.why is None] == ["h50", "h51", "h52"]


async def test_a_host_that_goes_on_is_looked_at_at_once_and_announced(scene: Scene) -> None:
    await scene.guilds.set_channel(GUILD, CHANNEL)
    await scene.watch("teatime")
    held = await scene.guilds.hold_watch(GUILD, "@teatime")
    assert held.user_id == HOST.id
    scene.on_air.append(live())
    await look(scene.store, *scene.on_air)
    assert await rows(scene.store) == []
    await scene.guilds.resume_watch(GUILD, HOST.id)
    assert [row["channel_id"] for row in await rows(scene.store)] == [CHANNEL]
    asked = len(scene.looked)
    await scene.guilds.resume_watch(GUILD, HOST.id)
    assert len(scene.looked) == asked, "what goes on already costs no question"
    scene.down = True
    await scene.guilds.hold_watch(GUILD, "@teatime")
    await scene.guilds.resume_watch(GUILD, HOST.id)  # the next sweep looks
    assert len(scene.looked) == asked + 1


async def test_what_is_a_watchs_own_is_given_and_taken_back(scene: Scene) -> None:
    await scene.guilds.set_channel(GUILD, CHANNEL)
    await scene.watch("teatime")
    await scene.guilds.change_watch(GUILD, HOST.id, channel_id=OTHER_CHANNEL, roles=[ROLE], also_cohost=True)
    [line] = await scene.guilds.watchlist(GUILD)
    assert (line.channel_id, line.roles, line.watch.also_cohost) == (OTHER_CHANNEL, (ROLE,), True)
    await scene.guilds.reset_watch(GUILD, "Tea Time", channel=True, role=True)
    [line] = await scene.guilds.watchlist(GUILD)
    assert (line.channel_id, line.watch.channel_id, line.watch.roles, line.watch.also_cohost) == (
        CHANNEL,
        None,
        (),
        True,
    )
    with pytest.raises(UserMistake, match=Mistake.NO_LONGER_FOLLOWED):
        await scene.guilds.change_watch(GUILD, COHOST.id, channel_id=None, roles=(), also_cohost=False)


async def test_nobody_is_taken_for_another_whose_id_stands_in_their_name(scene: Scene) -> None:
    scene.lookups.users["sly"] = User(id=UserId("3"), username="sly", name=HOST.id)
    await scene.watch("sly")
    with pytest.raises(UserMistake, match=Mistake.NOT_FOLLOWED):
        await scene.guilds.unwatch(GUILD, HOST.id)
    assert len(await scene.guilds.watchlist(GUILD)) == 1


async def test_what_forms_and_suggestions_show_is_there_while_the_database_writes(scene: Scene) -> None:
    await scene.watch("@teatime")
    begun, go_on = threading.Event(), threading.Event()

    def dawdle(_: Queries) -> None:
        begun.set()
        assert go_on.wait(60)

    slow = asyncio.create_task(scene.store(dawdle))
    try:
        await asyncio.to_thread(begun.wait, 60)
        config = await scene.guilds.config(GUILD)
        lines = await scene.guilds.watchlist(GUILD)
        suggested = await scene.guilds.complete(GUILD, "")
        words = await scene.guilds.keywords(GUILD)
    finally:
        go_on.set()
    await slow
    assert config == await scene.store(Queries.guild, GUILD)
    assert [line.watch.host for line in lines] == suggested != []
    assert words == []
