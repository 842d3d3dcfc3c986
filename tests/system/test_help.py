"""`/help`: the commands that this bot offers, to tap, for who may give them."""

import re

from spacebot.present.found import LOOK_UP
from tests.system.scene import Club, Scene, ask, text

CHAT_INPUT = 1
MENTION = re.compile(r"</([a-z -]+):([0-9]+)>")


async def shown(who: object, club: Club) -> dict[str, int]:
    """The commands that somebody is shown, with their ids."""
    reply = await ask(who, club.general, "help")  # type: ignore[arg-type] # a LocalMember
    assert reply.ephemeral
    return {name: int(number) for name, number in MENTION.findall(text(reply))}


def leaves(scene: Scene) -> dict[str, int]:
    """Every command that Discord offers in every server, by its whole name, with its id."""
    found = {}
    for command in scene.discord.commands:
        if command["type"] != CHAT_INPUT:
            continue
        paths = [(command["name"], command.get("options", []))]
        while paths:
            path, options = paths.pop()
            inner = [option for option in options if option["type"] in {1, 2}]
            paths += [(f"{path} {option['name']}", option.get("options", [])) for option in inner]
            if not inner:
                found[path] = int(command["id"])
    return found


async def test_each_command_is_shown_to_tap_to_who_may_give_it(scene: Scene, book_club: Club) -> None:
    bot = await scene.bot(SPACEBOT_PRIVACY_URL="https://bot.example/privacy")
    everything = leaves(scene)
    for_admins = {
        path: number
        for path, number in everything.items()
        if next(one for one in scene.discord.commands if int(one["id"]) == number)["default_member_permissions"]
    }
    assert {"watch add", "watch keyword add", "config channel", "status"} <= for_admins.keys()
    assert await shown(book_club.admin, book_club) == everything
    for_everybody = {path: number for path, number in everything.items() if path not in for_admins}
    assert await shown(book_club.member, book_club) == for_everybody
    assert {"space", "help", "privacy"} <= for_everybody.keys()
    assert LOOK_UP in text(await ask(book_club.member, book_club.general, "help"))
    assert "https://bot.example/privacy" in text(await ask(book_club.member, book_club.general, "help"))
    assert await bot.stop() == 0

    handed_over = len(scene.discord.requests)
    again = await scene.bot()
    assert await shown(book_club.admin, book_club) == everything  # the ids are known without asking for them
    assert not [one for one in scene.discord.requests[handed_over:] if one.path.endswith("/commands")]
    assert await again.stop() == 0


async def test_the_operators_commands_are_shown_to_the_operator_in_their_server_alone(
    scene: Scene, book_club: Club
) -> None:
    other = scene.discord.add_guild("Other")
    visitor = other.add_member("visitor", manage_guild=True)
    operator = book_club.admin
    await scene.bot(SPACEBOT_OPERATORS=str(operator.user.id), SPACEBOT_OPERATOR_GUILD=str(book_club.guild.id))
    await scene.until(lambda: book_club.guild.commands)
    [own] = book_club.guild.commands
    assert (await shown(operator, book_club))["operator status"] == own
    assert "operator" not in text(await ask(book_club.member, book_club.general, "help"))
    assert "operator" not in text(await ask(visitor, other.system_channel, "help"))
