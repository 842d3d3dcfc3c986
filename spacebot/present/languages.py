"""The language of a guild as its admins choose it: the choices, what is chosen, and the answer of `/config language`."""

from spacebot.present.language import FACES, NAMES, _, of_guild

AS_DISCORD_SAYS = "as Discord says"
"""The choice that is none; Discord is given it in every language, as all choices."""


def language_text(chosen: str | None, locale: str | None) -> str:
    """In which language a guild is told something.

    Args:
        chosen: The language that its admins have chosen, as a code; None for what Discord says.
        locale: What Discord says.
    """
    name = NAMES[of_guild(chosen, locale)]
    if chosen is not None:
        return name
    return _("{language}, as this server's settings in Discord say", language=name)


def language_sentence(chosen: str | None, locale: str | None) -> str:
    """What `/config language` did; the arguments are those of `language_text`."""
    name = NAMES[of_guild(chosen, locale)]
    if chosen is not None and chosen not in FACES:
        return _(
            "What I post here by myself is in {language} from now on. Discord does not offer that language for its own"
            " windows, so I answer everybody here in it, too; commands keep their English names.",
            language=name,
        )
    return _(
        "What I post here by myself is in {language} from now on. Each person is answered in the language of their own"
        " Discord.",
        language=name,
    )
