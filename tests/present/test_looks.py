"""Whatever admins write and X says: an own text is filled in literally, mentions nobody, and fits into a message."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spacebot.domain.deliveries import Job, Kind, Shape
from spacebot.domain.looks import ACCENTS, LONGEST, MOST_TEXT, Look, accent_name, accent_of, filled
from spacebot.domain.mistakes import Mistake
from spacebot.domain.spaces import Phase
from spacebot.errors import UserMistake
from spacebot.present import looks
from spacebot.present.announcement import announcement
from spacebot.present.text import units
from spacebot.usecases.looks import changed, look_of, text_of
from tests.clocks import START
from tests.present.samples import HOST, JOBS, RECORD, ROLE, TEXTS, job

PARTS = st.sampled_from([f"{{{name}}}" for name in LONGEST]) | st.text(max_size=30)
TEMPLATES = (
    st.lists(PARTS | st.sampled_from(["{", "}", "{}", "{0}", "{host.name}", "{host!r}", "%s", "@everyone", "<@&120>"]))
    .map("".join)
    .map(lambda text: text[:MOST_TEXT])
)


def kept(text: str) -> str | None:
    """The text as it would be kept; None where it is refused, or there is none."""
    try:
        return text_of(text)
    except UserMistake:
        return None


@settings(max_examples=150)
@given(TEMPLATES, JOBS, st.booleans())
@example("{role}{host}{title}{url}{started}{listeners}{handle}", job(), False)
def test_any_text_with_any_values_fits_and_calls_nobody_but_the_roles(text: str, of: Job, quiet: bool) -> None:
    own = kept(text)
    of = replace(of, look=Look(text=own, accent=0x123456))
    card = announcement(of, START, quiet=quiet)
    content = card.content or ""
    assert units(content) <= 2000
    content.encode()
    bare = content.replace(f"<@&{ROLE}>", "")
    assert not re.search(r"@(?!\u2060|…)", bare)
    assert not card.everyone
    assert set(card.roles) <= {ROLE}


@settings(max_examples=200)
@given(TEMPLATES, st.dictionaries(st.sampled_from(list(LONGEST)), st.text() | TEMPLATES))
def test_values_are_put_in_literally_and_once(text: str, values: dict[str, str]) -> None:
    expected = "".join(
        values.get(part[1:-1], part) if re.fullmatch(r"\{[^{}]*\}", part) else part
        for part in re.split(r"(\{[^{}]*\})", text)
    )
    assert filled(text, values) == expected


@settings(max_examples=100)
@given(st.lists(st.sampled_from(list(LONGEST)), min_size=1, max_size=40), TEXTS)
def test_no_kept_text_is_given_up_for_its_length(names: list[str], value: str) -> None:
    own = kept("".join(f"{{{name}}}" for name in names))
    if own is None:
        return
    host = replace(HOST, name=value or "x", username="a" * 40)
    record = replace(RECORD, title=value, participant_count=2**53)
    card = announcement(job(record, host, roles=(ROLE,), look=Look(text=own)), START)
    assert "is live on X" not in (card.content or "")


def test_what_x_says_is_escaped_and_no_variable_in_it_is_replaced() -> None:
    record = replace(RECORD, title="**{host}** @everyone {role}")
    card = announcement(job(record, roles=(ROLE,), look=Look(text="{title} by *{handle}*")), START)
    assert card.content == f"<@&{ROLE}> \\*\\*{{host}}\\*\\* @\u2060everyone {{role}} by *@\u2060tea\\_time*"


def test_roles_stand_where_the_text_wants_them_and_else_first() -> None:
    def content(text: str, *, quiet: bool = False) -> str | None:
        return announcement(job(roles=(ROLE,), look=Look(text=text)), START, quiet=quiet).content

    assert content("Hey {role}: {host}!") == f"Hey <@&{ROLE}>: Tea Time!"
    assert content("{host}!") == f"<@&{ROLE}> Tea Time!"
    assert content("Hey {role}: {host}!", quiet=True) == "Hey : Tea Time!"
    assert content("{role}", quiet=True) is None


def test_the_look_is_of_the_live_moment_and_of_the_compact_shape() -> None:
    own = Look(text="Own", accent=0x123456)
    live = announcement(job(look=own), START)
    assert live.content == "Own"
    assert live.embed is not None
    assert live.embed.colour is not None
    assert live.embed.colour.value == 0x123456
    over = announcement(job(replace(RECORD, phase=Phase.ENDED), look=own), START)
    assert over.content == "**Tea Time**'s Space has ended"
    assert over.embed is not None
    assert over.embed.colour is not None
    assert over.embed.colour.value == 0x8899A6
    assert "Own" not in (announcement(job(look=own, shape=Shape.FIELDS), START).content or "")
    assert "Own" not in (announcement(job(look=own, kind=Kind.SCHEDULED), START).content or "")


@pytest.mark.parametrize("text", ["{hoster}", "{}", "{host.name}", "{host!r}", "{ host }", "{0}", "{a`**b}"])
def test_what_is_no_variable_is_named(text: str) -> None:
    with pytest.raises(UserMistake) as raised:
        look_of(text, "")
    assert raised.value.mistake is Mistake.UNKNOWN_VARIABLE
    assert "`" not in str(raised.value.values["name"])


def test_what_is_too_long_is_refused() -> None:
    for text in ("x" * 201, "{title}" * 12):
        with pytest.raises(UserMistake) as raised:
            look_of(text, "")
        assert raised.value.mistake is Mistake.OWN_TEXT_TOO_LONG


@given(st.integers(0, 0xFFFFFF))
def test_a_colour_can_be_typed_as_it_is_named(accent: int) -> None:
    assert accent_of(accent_name(accent)) == accent


def test_eight_colours_have_names_and_nothing_else_is_one() -> None:
    assert len(ACCENTS) == 8
    with pytest.raises(UserMistake) as raised:
        look_of("", "greenish")
    assert raised.value.mistake is Mistake.NOT_A_COLOUR


def test_a_command_changes_what_is_named_alone() -> None:
    now = Look(text="Own", accent=1)
    assert changed(now, None, None, is_reset=False) == now
    assert changed(now, "{host}", None, is_reset=False) == Look(text="{host}", accent=1)
    assert changed(now, None, "Usual", is_reset=False) == Look(text="Own")
    assert changed(now, None, "teal", is_reset=True) == Look(accent=ACCENTS["teal"])


@given(TEMPLATES, st.sampled_from(["", "teal", "zzz"]))
def test_what_was_typed_can_be_read_back(text: str, accent: str) -> None:
    assert looks.typed_again(looks.typed(text, accent)) == (text, accent)
