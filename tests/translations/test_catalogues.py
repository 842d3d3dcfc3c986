"""Every catalogue is complete, true to the English, up to date with the sources, and fits into Discord."""

import gettext
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog

from spacebot.bot.translating import CommandTranslator
from spacebot.present import language
from spacebot.present.language import COMMAND_NAME, FACES, LANGUAGES, NAMES, translated
from tests.translations.english import english_left
from translations.catalogues import TRANSLATED, compiled, key, merged, po_of, read, wanted, written
from translations.checks import findings
from translations.offered import paths
from translations.rendered import spoken, troubles


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalogue_is_complete_and_true_to_the_english(code: str) -> None:
    assert not list(findings(read(code), code)), f"see `python -m translations check {code}`"


@pytest.mark.parametrize("code", TRANSLATED)
def test_everything_that_is_shown_in_a_language_is_taken_by_discord(code: str) -> None:
    assert not list(troubles(read(code), code)), f"see `python -m translations check {code}`"


@pytest.mark.parametrize("code", ["ja", "ar"])
def test_nothing_that_is_shown_is_english_where_everything_is_translated(code: str) -> None:
    assert not list(english_left(code))


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalogue_is_what_the_sources_say_in_their_order(code: str) -> None:
    assert po_of(code).read_bytes() == written(merged(code, read(code))), "run `python -m translations`"


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_the_bot_reads_is_what_translators_have_written(code: str) -> None:
    assert po_of(code).with_suffix(".mo").read_bytes() == compiled(read(code)), "run `python -m translations`"


@pytest.mark.parametrize("code", TRANSLATED)
def test_gettext_reads_the_plural_rule_of_each(code: str) -> None:
    catalogue = gettext.GNUTranslations(BytesIO(compiled(read(code))))
    forms = {catalogue.plural(number) for number in range(1000)}  # type: ignore[attr-defined]  # what gettext made of it
    assert forms == set(range(read(code).num_plurals))


def test_there_is_a_catalogue_of_each_language_and_no_other() -> None:
    assert {path.name for path in language.FOLDER.iterdir()} == set(TRANSLATED)
    assert set(LANGUAGES) == {*TRANSLATED, "en"} == set(NAMES)


def test_only_languages_of_discords_face_have_names_of_commands() -> None:
    assert set(TRANSLATED) - FACES == {"ar"}
    for code in TRANSLATED:
        named = {message.id for message in wanted(code) if message.context == COMMAND_NAME}
        assert bool(named) == (code in FACES)
        assert not named or named == {word for path in paths() for word in path.split(" ")}


def test_a_catalogue_in_the_middle_of_being_translated_keeps_what_it_has() -> None:
    some = wanted("de")
    first = next(message for message in some if message.id and not message.pluralizable)
    first.string = "Übersetzt"
    some.add("is said nowhere any more", "steht nirgends mehr")
    again = merged("de", some)
    assert {key(message) for message in again} == {key(message) for message in wanted("de")}
    assert [message.string for message in again if key(message) == key(first)] == ["Übersetzt"]
    assert written(merged("de", again)) == written(again)


def test_a_guess_is_no_translation() -> None:
    some = wanted("de")
    first = next(message for message in some if message.id and not message.pluralizable)
    first.string, first.flags = "Vielleicht", {"fuzzy"}
    assert not [message for message in merged("de", some) if message.id and message.string == "Vielleicht"]


async def test_discord_is_given_only_what_is_translated() -> None:
    catalogue = Catalog(locale="de")
    catalogue.add("watch", "beobachten", context=COMMAND_NAME)
    catalogue.add("Follow", "Folgen")
    with spoken(catalogue, "de"):
        assert translated("watch", "de", COMMAND_NAME) == "beobachten"
        assert translated("list", "de", COMMAND_NAME) is None
        assert translated("Follow", "de") == "Folgen"
        assert translated("Follow", "fr") is None
    assert CommandTranslator()
