"""The checks of catalogues: a complete language passes, and whatever is broken in it is found and said."""

from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from click.testing import CliRunner

from spacebot.present import language
from spacebot.present.language import COMMAND_NAME
from translations.__main__ import main
from translations.catalogues import TRANSLATED, empty, merged, parsed, po_of, store, written
from translations.checks import alone, findings, wrong_with
from translations.offered import words
from translations.pseudo import accented, pseudo
from translations.rendered import spoken, troubles


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_language_in_which_everything_is_accented_has_no_fault(code: str) -> None:
    catalogue = pseudo(code)
    assert not list(findings(catalogue, code))
    assert not list(troubles(catalogue, code))


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalogue_is_the_same_after_it_was_written_and_read(code: str) -> None:
    text = written(pseudo(code))
    assert written(parsed(text, code)).partition(b"\n\n")[2] == text.partition(b"\n\n")[2]


def one(english: str | tuple[str, str], said: str | tuple[str, ...], context: str | None = None) -> list[str]:
    """What is wrong with this as a translation into German, where only the first form is about one thing."""
    return list(wrong_with(Message(english, said, context=context), alone("de")))


@pytest.mark.parametrize(
    ("english", "said", "wrong"),
    [
        ("{host} is live", "{host} ist live", ""),
        ("{host} is live", "", "not translated"),
        ("{host} is live", "ist live", "lacks {host}"),
        ("{host} is live", "{gastgeber} ist live", "has {gastgeber}"),
        ("{host} is live", "{host ist live", "brace"),
        ("{count:d}", "{count}", "lacks {count:d}"),
        ("**Live**", "**Live*", "'**'"),
        ("*Apps*", "Apps", "'*'"),
        ("~~x~~ __y__ ||z||", "~~x~~ __y__ |z|", "'||'"),
        ("Type `/`", "Tippe '/'", "code"),
        ("Type `/watch list`", "Tippe `/watch liste`", "code"),
        ("See [the page](<{link}>)", "Siehe [die Seite]({link})", "'<'"),
        ("See https://x.com/a", "Siehe https://x.com/b", "links"),
        ("/x-unlink takes it back", "/x-trennen nimmt es zurück", "commands"),
        ("With /config channel", "Mit /config kanal", "commands"),
        ("With /config", "Mit /config channel", "commands"),
        ("/history says more", "/history test", "behind"),
        ("and/or", "und", ""),
        ("👋 Hello", "Hallo", "emoji"),
        ("👋 Hello", "👋 Hallo", ""),
        ("### One\nTwo", "### Eins Zwei", "'\\n'"),
        ("### One\nTwo", "Eins\nZwei", "heads"),
        ("- One", "Eins", "heads"),
        (" · ", "·", "white space"),
        ("One", "Eins\x07", "control"),
    ],
)
def test_what_is_broken_is_found(english: str, said: str, wrong: str) -> None:
    found = one(english, said)
    assert any(wrong in each for each in found) if wrong else not found


def test_a_form_of_one_number_alone_may_leave_the_number_out() -> None:
    assert not one(("{count} host", "{count} hosts"), ("ein Host", "{count} Hosts"))
    assert any("form 1" in each for each in one(("{count} host", "{count} hosts"), ("{count} Host", "viele")))
    assert alone("de") == {0: 1}
    assert alone("ja") == {}
    assert alone("fr") == {}, "nothing and one are told alike"
    assert alone("ar") == {0: 0, 1: 1, 2: 2}


@pytest.mark.parametrize("name", ["Beobachten", "zwei worte", "x" * 33, "a/b", ""])
def test_a_name_that_discord_does_not_take_is_found(name: str) -> None:
    assert one("watch", name, COMMAND_NAME)


def test_a_fuzzy_translation_is_found() -> None:
    assert list(wrong_with(Message("One", "Eins", flags=["fuzzy"]), {}))


def broken(change: Callable[[Catalog], object]) -> list[str]:
    """Everything that is said of an accented German that is changed so."""
    catalogue = pseudo("de")
    change(catalogue)
    return [*findings(catalogue, "de"), *troubles(catalogue, "de")]


def say(catalogue: Catalog, english: str, said: str, context: str | None = None) -> None:
    """Translate one message so."""
    message = catalogue.get(english, context)
    assert message is not None
    message.string = said


def sentence() -> str:
    """A description of a command."""
    return next(word.text for word in words() if word.context is None and " " in word.text)


def test_what_is_missing_and_what_is_left_over_is_found() -> None:
    assert any("missing" in each for each in broken(lambda it: it.delete(sentence())))
    assert any("nowhere" in each for each in broken(lambda it: it.add("Nobody says this", "Niemand sagt das")))


def test_a_description_that_is_too_long_is_found() -> None:
    assert any("100" in each for each in broken(lambda it: say(it, sentence(), "x" * 101)))


def test_two_commands_of_one_name_are_found() -> None:
    assert any("unique" in each for each in broken(lambda it: say(it, "list", accented("add"), COMMAND_NAME)))
    assert any("unique" in each for each in broken(lambda it: say(it, "watch", accented("status"), COMMAND_NAME)))


def test_a_sentence_names_a_command_as_discord_shows_it() -> None:
    catalogue = empty("de")
    catalogue.add("watch", "beobachten", context=COMMAND_NAME)
    catalogue.add("list", "liste", context=COMMAND_NAME)
    catalogue.add(
        "All: `/watch list`", "Alle: `/watch list`, /watch list, nicht `/history host: list`, `/`, /watch/list"
    )
    catalogue.add(("{count}: `/watch list all`", "x"), ("eins: `/watch list all`", "viele: `/watch`"))
    with spoken(catalogue, "de"):
        assert language._("All: `/watch list`") == (
            "Alle: `/beobachten liste`, /beobachten liste, nicht `/history host: list`, `/`, /watch/list"
        )
        assert language.n_("{count}: `/watch list all`", "x", 1) == "eins: `/beobachten liste all`"
        assert language.n_("{count}: `/watch list all`", "x", 2) == "viele: `/beobachten`"
        assert language.command("watch list") == "beobachten liste"


def test_accents_leave_code_values_and_addresses_alone() -> None:
    assert (
        accented("Give `/watch add` to {host}: https://x.com/a <#1>")
        == "Ĝíṽé `/watch add` ťó {host}: https://x.com/a <#1>"
    )


def test_the_command_says_what_is_wrong_and_fails(tmp_path: Path) -> None:
    def check(code: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["--folder", str(tmp_path), "check", code])
        return done.exit_code, done.output.strip()

    store("de", pseudo("de"), tmp_path)
    assert check("de") == (0, "de: all is well")
    bad = pseudo("de")
    say(bad, sentence(), "")
    store("de", bad, tmp_path)
    status, said = check("de")
    assert status == 1
    assert "is not translated." in said
    assert said.endswith("de: findings: 1")
    assert check("xx")[0] == 2
    po_of("de", tmp_path).write_text('msgid "half')
    assert "cannot be read" in check("de")[1]


def test_the_command_brings_catalogues_up_to_date(tmp_path: Path) -> None:
    some = pseudo("de")
    some.delete(sentence())
    store("de", some, tmp_path)
    done = CliRunner().invoke(main, ["--folder", str(tmp_path)])
    assert done.exit_code == 0
    assert f"de: {len(pseudo('de'))} sentences, 1 to translate" in done.output
    assert po_of("ja", tmp_path).read_bytes() == written(merged("ja", empty("ja")))
