"""Sentences are looked up in the language that is spoken, with its numbers and plurals, and English needs no catalogue."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from hypothesis import given
from hypothesis import strategies as st

from spacebot import errors
from spacebot.domain.ids import GuildId, RoleId
from spacebot.domain.looks import ACCENTS, USUAL
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.errors import UserMistake, XAbsent, XError, XInvalidRequest, XNotFound, XRateLimited, XTooManyConnections
from spacebot.present import bells, configuration, looks, mistakes, reasons
from spacebot.present import setup as panel
from spacebot.present import web as page
from spacebot.present.configuration import roles_sentence
from spacebot.present.language import (
    LANGUAGES,
    N_,
    NP_,
    _,
    closest,
    listed,
    n_,
    number,
    p_,
    speak,
    speaking,
    spoken,
)

ROOT = Path(__file__).parent.parent.parent
ISOLATE, ISOLATED = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
KEYWORDS = {"_": None, "N_": None, "n_": (1, 2), "p_": ((1, "c"), 2), "NP_": ((1, "c"), 2)}

NOTHING = N_("Nothing is stored of you any more.")
REMOVE = NP_("button", "Remove")
COUNTED = ("{count} host", "{count} hosts")

Sentences = dict[str | tuple[str, str], str | tuple[str, ...]]

GERMAN: Sentences = {
    NOTHING: "Von dir ist nichts mehr gespeichert.",
    COUNTED: ("{count} Gastgeber", "{count} Gastgebende"),
    "Posts ping {roles} from now on.": "{roles} werden ab jetzt gerufen.",
    "X does not know {thing}: check the spelling, or it is no longer there.": "X kennt {thing} nicht.",
    mistakes.SENTENCES[Mistake.NO_SPACE]: "Es gibt nichts zu suchen. {space_hint}",
    mistakes.SPACE_HINT: "Füge einen Link ein.",
    mistakes.SENTENCES[Mistake.CHANNEL_UNSEEN]: "Ich sehe den Kanal nicht: {path}.",
    "*Channel settings → Permissions → add {me} → {permissions}*": "*Kanal → Rechte → {me} → {permissions}*",
    reasons.PERMISSION_NAMES["view_channel"]: "Kanal ansehen",
}
IN_CONTEXT = {("button", "Remove"): "Entfernen", ("what X does not show", "this Space"): "diesen Space"}

ARABIC: Sentences = {
    "{host}: every Space is posted, nothing is filtered.": "{host} و {link}",
    COUNTED: ("صفر", "واحد", "اثنان", "{count} قليل", "{count} كثير", "{count} آخر"),
}


def write(folder: Path, code: str, sentences: Sentences, in_context: dict[tuple[str, str], str]) -> None:
    """A catalogue, compiled as the bot's own are."""
    catalogue = Catalog(locale=code)
    for message, translated in sentences.items():
        catalogue.add(message, translated)
    for (context, message), translated in in_context.items():
        catalogue.add(message, translated, context=context)
    place = folder / code / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "spacebot.mo").open("wb") as file:
        write_mo(file, catalogue)


@pytest.fixture(autouse=True)
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    write(tmp_path, "de", GERMAN, IN_CONTEXT)
    write(tmp_path, "ar", ARABIC, {})
    monkeypatch.setattr("spacebot.present.language.FOLDER", tmp_path)
    with speaking("en"):
        yield


def test_english_says_what_stands_in_the_code() -> None:
    assert _("{host}: every Space is posted, nothing is filtered.", host="A {b}") == (
        "A {b}: every Space is posted, nothing is filtered."
    )
    assert _("{role} **{host}** is live: {title}") == "{role} **{host}** is live: {title}"


@given(st.integers(min_value=-(2**63), max_value=2**63))
def test_english_numbers_are_written_as_python_groups_them(value: int) -> None:
    assert number(value) == f"{value:,}"
    assert _("{count}", count=value) == f"{value:,}"
    assert _("{year}", year=str(value)) == str(value)


@given(st.integers(min_value=0, max_value=2**63))
def test_english_has_one_and_many(count: int) -> None:
    assert n_(*COUNTED, count) == f"{count:,} host{'' if count == 1 else 's'}"


def test_each_language_writes_numbers_in_its_own_way() -> None:
    with speaking("de"):
        assert number(12345) == "12.345"
        assert _("{count}", count=12345) == "12.345"
        assert n_(*COUNTED, 1) == "1 Gastgeber"
        assert n_(*COUNTED, 1200) == "1.200 Gastgebende"


@pytest.mark.parametrize(("count", "said"), [(0, "صفر"), (1, "واحد"), (2, "اثنان"), (3, "قليل"), (103, "قليل")])
def test_arabic_chooses_among_its_six_plurals(count: int, said: str) -> None:
    with speaking("ar"):
        assert said in n_(*COUNTED, count)
        assert n_(*COUNTED, 11).split()[1] != n_(*COUNTED, 100).split()[1]


def test_what_is_marked_is_looked_up_when_it_is_said() -> None:
    assert (_(NOTHING), _(REMOVE), p_("button", "Remove")) == (NOTHING, "Remove", "Remove")
    with speaking("de"):
        assert _(NOTHING) == "Von dir ist nichts mehr gespeichert."
        assert _(REMOVE) == p_("button", "Remove") == "Entfernen"
        assert _("Remove") == p_("of a role", "Remove") == "Remove"  # another word, and not translated
    assert _(NOTHING) == NOTHING


def test_speaking_nests_and_ends_even_by_an_error() -> None:
    with speaking("de"):
        with speaking("ar"):
            assert spoken() == "ar"
        assert spoken() == "de"
        speak("tr")
        assert spoken() == "tr"
        with pytest.raises(ValueError, match="over"), speaking("fr"):
            raise ValueError("over")
        assert spoken() == "tr"
    assert spoken() == "en"


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        *[(code, code) for code in LANGUAGES],
        *[("pt-BR", "pt"), ("es-419", "es"), ("en_GB", "en"), ("DE", "de")],
        *[("zh-CN", None), ("", None), (None, None), ("*", None), ("deu", None)],
    ],
)
def test_the_closest_language_is_the_one_of_the_same_code(locale: str | None, code: str | None) -> None:
    assert closest(locale) == code


@given(st.text())
def test_the_closest_language_of_anything_is_spoken_or_none(locale: str) -> None:
    assert closest(locale) in {None, *LANGUAGES}


@given(st.text(min_size=1).filter(lambda name: not name.startswith("http")))
def test_values_are_isolated_in_arabic_and_addresses_are_not(name: str) -> None:
    with speaking("ar"):
        said = _("{host}: every Space is posted, nothing is filtered.", host=name, link="https://x.com/a")
    assert said == f"{ISOLATE}{name}{ISOLATED} و https://x.com/a"


@given(st.text())
def test_values_stand_as_they_are_where_the_language_runs_from_left_to_right(name: str) -> None:
    with speaking("de"):
        assert _("Posts ping {roles} from now on.", roles=name) == f"{name} werden ab jetzt gerufen."


@given(st.lists(st.text()))
def test_things_in_a_row_have_commas_between_them(items: list[str]) -> None:
    assert listed(items) == ", ".join(items)


def test_a_mistake_its_hint_and_its_path_are_told_in_the_readers_language() -> None:
    with speaking("de"):
        assert mistakes.sentence(UserMistake(Mistake.NO_SPACE)) == "Es gibt nichts zu suchen. Füge einen Link ein."
        assert mistakes.sentence(UserMistake(Mistake.CHANNEL_UNSEEN)) == (
            "Ich sehe den Kanal nicht: *Kanal → Rechte → spacebot → Kanal ansehen*."
        )
        assert roles_sentence((RoleId(7),), GuildId(1)) == "<@&7> werden ab jetzt gerufen."


def test_an_error_of_x_is_told_in_the_readers_language_and_logged_in_english() -> None:
    with speaking("de"):
        error = XNotFound(resource_type="space", resource_id="1a")
        assert mistakes.sentence(error) == "X kennt diesen Space nicht."
        assert str(error) == "X does not know this Space: check the spelling, or it is no longer there."


def test_an_obstacle_is_logged_in_english() -> None:
    missing = Obstacle(reason=Reason.PERMISSIONS_MISSING, details=("view_channel",))
    with speaking("de"):
        assert "Kanal ansehen" in reasons.sentence(missing)
        assert "View Channel" in reasons.logged(missing)
        assert spoken() == "de"


def all_errors(kind: type[XError] = XError) -> Iterator[type[XError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from all_errors(each)


@pytest.mark.parametrize("kind", sorted(set(all_errors()), key=str))
def test_in_english_people_are_told_what_is_logged(kind: type[XError]) -> None:
    error = kind()
    assert mistakes.sentence(error) == str(error)


@pytest.mark.parametrize("resource_type", [*errors.THINGS, None, "media"])
def test_what_is_absent_is_named(resource_type: str | None) -> None:
    error = XAbsent(resource_type=resource_type)
    assert mistakes.sentence(error) == str(error)
    assert ("account" in str(error)) == (resource_type == "user")


@given(st.floats(min_value=-10, max_value=50_000))
def test_a_pause_is_told_as_it_is_logged(seconds: float) -> None:
    for kind in (XRateLimited, XTooManyConnections):
        error = kind(retry_after=seconds)
        assert mistakes.sentence(error) == str(error)


def test_the_parts_of_a_request_are_named() -> None:
    error = XInvalidRequest(parameters=frozenset({"query", "{odd}"}))
    assert mistakes.sentence(error) == str(error) == "X cannot read a part of this request: query."


def extracted(path: str) -> set[str]:
    """The sentences that Babel finds in a file."""
    found: set[str] = set()
    for _line, messages, _comments, _context in extract_from_file("python", ROOT / path, keywords=KEYWORDS):
        found |= {messages} if isinstance(messages, str) else {each for each in messages if each}
    return found


@pytest.mark.parametrize(
    ("path", "sentences"),
    [
        ("spacebot/present/mistakes.py", mistakes.SENTENCES.values()),
        ("spacebot/present/reasons.py", [*reasons.SENTENCES.values(), *reasons.PERMISSION_NAMES.values()]),
        ("spacebot/present/bells.py", bells.MODES.values()),
        ("spacebot/present/looks.py", looks.ACCENT_NAMES.values()),
        ("spacebot/present/configuration.py", configuration.END_SENTENCES.values()),
        ("spacebot/present/setup.py", [*panel.WHEN_OPTIONS.values(), *panel.END_OPTIONS.values()]),
        ("spacebot/errors.py", [*errors.THINGS.values(), *(kind.sentence for kind in all_errors())]),
    ],
)
def test_whoever_translates_finds_what_is_looked_up_later(path: str, sentences: Sequence[str]) -> None:
    assert {str(sentence) for sentence in sentences} <= extracted(path)


def test_each_colour_has_a_name_that_is_looked_up() -> None:
    assert looks.named_accents() == {name: name for name in (USUAL, *ACCENTS)}


def test_a_page_says_in_which_language_and_direction_it_is_written() -> None:
    assert '<html lang="en" dir="ltr">' in page.linked()
    with speaking("ar"):
        assert '<html lang="ar" dir="rtl">' in page.linked()
