"""Who is told something in which language: each reader in theirs, each server in its own, whatever happens at once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacebot.present import language
from spacebot.present.found import LOOK_UP
from spacebot.present.language import CHOICE, COMMAND_NAME
from spacebot.sandbox.discord import LocalMember, LocalMessage
from spacebot.sandbox.x import XUser
from tests.system.scene import PATIENCE, Club, VirtualScene, ask, club, in_virtual_time, text
from translations.catalogues import TRANSLATED, store
from translations.offered import words
from translations.pseudo import accented, pseudo
from translations.rendered import spoken as by

MARKS = {"de": "ⓓ", "fr": "ⓕ", "es": "ⓔ", "pt": "ⓟ", "ja": "ⓙ", "ko": "ⓚ", "ar": "ⓐ", "tr": "ⓣ"}
"""What every sentence of a language ends with here."""


@pytest.fixture(autouse=True, scope="module")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Catalogues in which every sentence is accented and says its language, but for what Discord shows of commands."""
    folder = tmp_path_factory.mktemp("locales")
    shown = {word.text for word in words()}
    for code in TRANSLATED:
        catalogue = pseudo(code)
        for message in catalogue:
            if message.id and message.context not in {COMMAND_NAME, CHOICE} and message.id not in shown:
                string = message.string
                marked = [f"{form}{MARKS[code]}" for form in ([string] if isinstance(string, str) else string or ())]
                message.string = marked[0] if isinstance(string, str) else tuple(marked)
        store(code, catalogue, folder)
    before = language.FOLDER
    language.FOLDER = folder
    yield folder
    language.FOLDER = before


def spoken(said: str) -> set[str]:
    """The languages in which something is said; English has no mark."""
    return {code for code, mark in MARKS.items() if mark in said}


async def told(who: LocalMember, where: object, command: str, **options: object) -> set[str]:
    """The languages of the answer to a command."""
    return spoken(text(await ask(who, where, command, **options)))  # type: ignore[arg-type]  # a channel


async def ready(scene: VirtualScene, locale: str = "en-US") -> tuple[Club, XUser]:
    """A guild of this locale in which a host is followed."""
    host = scene.x.add_user("night", name="Night Radio")
    one = club(scene.discord)
    one.guild.set_locale(locale)
    await scene.serve()
    await ask(one.admin, one.general, "watch add", host="@night", channel=one.spaces)
    await ask(one.admin, one.general, "config pings", minutes=0)
    return one, host


async def posted(scene: VirtualScene, one: Club, host: XUser) -> LocalMessage:
    """The post of a new Space, which is over then."""
    before = len(one.spaces.messages)
    space = scene.x.start_space(host, title="Late show")
    await scene.until(lambda: len(one.spaces.messages) > before)
    post = one.spaces.messages[-1]
    live = text(post)
    space.end()
    await scene.until(lambda: text(post) != live)
    assert spoken(text(post)) == spoken(live), "edits keep to the language"
    return post


@in_virtual_time
async def test_each_reader_is_answered_in_their_language_and_posts_are_in_the_servers(scene: VirtualScene) -> None:
    one, host = await ready(scene, "fr")
    one.admin.locale, one.member.locale = "de", "pt-BR"
    assert await told(one.admin, one.general, "config show") == {"de"}
    assert await told(one.member, one.general, "help") == {"pt"}
    assert await told(one.member, one.general, "space", space="?!") == {"pt"}, "mistakes too"
    assert spoken(text(await posted(scene, one, host))) == {"fr"}
    one.member.locale = "it"
    assert await told(one.member, one.general, "help") == set(), "a language that nobody translated reads English"
    one.guild.set_locale("ko")
    assert spoken(text(await posted(scene, one, host))) == {"ko"}
    one.guild.set_locale("nl")
    assert spoken(text(await posted(scene, one, host))) == set()


@in_virtual_time
async def test_buttons_selects_forms_menus_and_suggestions_are_in_the_readers_language(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    hello = one.general.messages[0]
    post = await posted(scene, one, host)
    one.admin.locale = "de"
    pressed = await one.admin.press(hello, custom_id="help:open")
    assert spoken(text(await pressed.reply(timeout=PATIENCE))) == {"de"}
    who = await one.admin.press(post, custom_id=f"who:{post.embeds[0]['url'].split('/')[-1].split('#')[0]}")
    assert spoken(text(await who.reply(timeout=PATIENCE))) == {"de"}
    panel = await ask(one.admin, one.general, "setup")
    assert spoken(str(panel.components)) == {"de"}
    chosen = await one.admin.choose(panel, one.spaces, custom_id="setup:channel")
    assert spoken(str((await chosen.reply(timeout=PATIENCE)).components)) == {"de"}
    form = await one.admin.press(panel, custom_id="setup:moments")
    assert spoken(str(form.modal)) == {"de"}
    menu = await one.admin.use_on(one.member.say(one.general, "nothing"), LOOK_UP)
    assert spoken(text(await menu.reply(timeout=PATIENCE))) == {"de"}
    add = await one.admin.press(panel, custom_id="setup:add")
    sent = await one.admin.submit(add, hosts="nobody!")
    assert spoken(str((await sent.reply(timeout=PATIENCE)).components)) == {"de"}
    await scene.pass_by(60)


@in_virtual_time
async def test_two_people_at_once_do_not_hear_each_others_language(scene: VirtualScene) -> None:
    one, _host = await ready(scene, "ko")
    people = {locale: one.guild.add_member(locale) for locale in ("de", "fr", "es-ES", "es-419", "ja", "tr", "en-GB")}
    for locale, who in people.items():
        who.locale = locale
    for _round in range(3):
        heard = await asyncio.gather(
            *(told(who, one.general, command) for command in ("help", "spaces-upcoming") for who in people.values())
        )
        wanted = [{language.closest(locale)} - {"en"} for locale in people]
        assert heard == [*wanted, *wanted]


@in_virtual_time
async def test_what_admins_choose_counts_for_what_is_posted_and_is_kept(scene: VirtualScene) -> None:
    one, host = await ready(scene, "de")
    one.admin.locale = "fr"
    assert await told(one.admin, one.general, "config language", language="ja") == {"fr"}
    assert "日本語" in text(await ask(one.admin, one.general, "config show"))
    assert spoken(text(await posted(scene, one, host))) == {"ja"}
    await scene.served[-1].stop()
    await scene.serve()
    assert spoken(text(await posted(scene, one, host))) == {"ja"}
    assert await told(one.admin, one.general, "config language", language="discord") == {"fr"}
    assert spoken(text(await posted(scene, one, host))) == {"de"}


@in_virtual_time
async def test_a_language_that_discord_does_not_have_is_everybodys_where_admins_chose_it(scene: VirtualScene) -> None:
    one, host = await ready(scene)
    other = club(scene.discord, "Chess club")
    one.member.locale = "fr"
    assert await told(one.admin, one.general, "config language", language="ar") == {"ar"}
    assert await told(one.member, one.general, "help") == {"ar"}
    assert spoken(text(await posted(scene, one, host))) == {"ar"}
    assert await told(other.member, other.general, "help") == set()
    await scene.served[-1].stop()
    await scene.serve()
    assert await told(one.member, one.general, "help") == {"ar"}

    asked = await ask(one.admin, one.general, "privacy")
    sure = await one.admin.press(asked, custom_id="privacy:ask:guild")
    await one.admin.press(await sure.reply(timeout=PATIENCE), custom_id="privacy:delete:guild")
    await scene.pass_by(60)
    assert await told(one.member, one.general, "help") == {"fr"}, "what was chosen is deleted with all else"


@in_virtual_time
async def test_greetings_notices_and_roles_are_in_the_servers_language(scene: VirtualScene) -> None:
    one, host = await ready(scene, "tr")
    assert spoken(str(one.general.messages[0].components)) == {"tr"}

    one.guild.set_bot_permissions(
        "view_channel", "send_messages", "embed_links", "read_message_history", "manage_roles"
    )
    await ask(one.admin, one.general, "config bell", what="server")
    one.member.locale = "de"
    press = await one.member.press(await posted(scene, one, host), custom_id="bell")
    assert spoken(text(await press.reply(timeout=PATIENCE))) == {"de"}
    assert [role.name for role in one.guild.roles.values() if MARKS["tr"] in role.name], "whoever presses first"

    before = len(one.general.messages)
    one.spaces.delete()
    scene.x.start_space(host, title="Nowhere to go")
    await scene.pass_by(300)
    await scene.until(lambda: len(one.general.messages) > before)
    assert spoken(text(one.general.messages[-1])) == {"tr"}


@in_virtual_time
async def test_discord_is_given_the_commands_in_the_languages_of_its_face_once(scene: VirtualScene) -> None:
    one, _host = await ready(scene)
    watch = next(each for each in scene.discord.commands if each["name"] == "watch")
    faces = {"es-ES", "es-419", "pt-BR", "fr", "de", "ja", "ko", "tr"}
    assert set(watch["name_localizations"]) == set(watch["description_localizations"]) == faces
    add = next(each for each in watch["options"] if each["name"] == "add")
    assert add["name_localizations"]["de"] == accented("add")
    assert not add["options"][0].get("name_localizations")
    assert set(add["options"][0]["description_localizations"]) == faces

    def syncs() -> int:
        return sum(each.method == "PUT" and each.path.endswith("/commands") for each in scene.discord.requests)

    first = syncs()
    await scene.served[-1].stop()
    await scene.serve()
    await ask(one.admin, one.general, "help")
    assert syncs() == first
    await scene.served[-1].stop()
    catalogue = pseudo("de")
    changed = catalogue.get("add", COMMAND_NAME)
    assert changed is not None
    changed.string = "anders"
    with by(catalogue, "de"):
        await scene.serve()
        await scene.until(lambda: syncs() > first)
