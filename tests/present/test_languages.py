"""In which language a guild is told something, and one person answered; and what admins are told of their choice."""

import discord
import pytest
from babel import Locale

from spacebot.present.language import FACES, LANGUAGES, NAMES, of_guild, of_reader
from spacebot.present.languages import language_sentence, language_text


@pytest.mark.parametrize(
    ("chosen", "locale", "spoken"),
    [
        (None, None, "en"),
        (None, "de", "de"),
        (None, "pt-BR", "pt"),
        (None, "pl", "en"),
        ("ja", "de", "ja"),
        ("xx", "de", "de"),
        ("xx", None, "en"),
        ("en", "de", "en"),
    ],
)
def test_a_guild_is_told_in_what_it_chose_else_in_what_discord_says(
    chosen: str | None, locale: str | None, spoken: str
) -> None:
    assert of_guild(chosen, locale) == spoken


@pytest.mark.parametrize(
    ("locale", "chosen", "spoken"),
    [
        ("de", None, "de"),
        ("de", "fr", "de"),
        ("es-419", "fr", "es"),
        ("it", "fr", "en"),
        (None, "fr", "en"),
        ("de", "ar", "ar"),
        ("en-US", "ar", "ar"),
        ("ar", None, "ar"),
    ],
)
def test_a_reader_is_answered_in_their_own_unless_discord_cannot_have_it(
    locale: str | None, chosen: str | None, spoken: str
) -> None:
    assert of_reader(locale, chosen) == spoken


def test_discord_has_all_but_arabic() -> None:
    assert set(LANGUAGES) - FACES == {"ar"}
    assert "ar" not in [locale.value for locale in discord.Locale]


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_is_called_as_those_call_it_who_speak_it(code: str) -> None:
    assert NAMES[code].casefold() == str(Locale.parse(code).get_language_name(code)).casefold()
    assert language_text(code, None) == NAMES[code]


def test_the_answer_says_who_is_told_what() -> None:
    assert language_text(None, "de") == "Deutsch, as this server's settings in Discord say"
    assert "in Français from now on. Each person" in language_sentence("fr", "de")
    assert "in Deutsch from now on. Each person" in language_sentence(None, "de")
    assert "I answer everybody here in it" in language_sentence("ar", "de")
