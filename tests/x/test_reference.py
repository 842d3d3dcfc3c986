"""What people paste, and what is made of it."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.ids import ListId, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present.card import account, handle
from spacebot.present.mistakes import sentence as said
from spacebot.x.reference import LONGEST_TEXT, MOST_OF_A_MESSAGE, Handle, HostOf, host, list_id, named_in, space_id

SITES = ["x.com", "twitter.com", "www.x.com", "m.twitter.com", "mobile.twitter.com", "X.com", "WWW.TWITTER.COM"]
SPACE_IDS = st.from_regex(r"[a-zA-Z0-9]{1,13}", fullmatch=True)
RESERVED = {"compose", "explore", "hashtag", "home", "i", "intent", "jobs", "login", "logout", "messages"}
RESERVED |= {"notifications", "privacy", "search", "settings", "share", "signup", "tos"}
HANDLES = st.from_regex(r"[A-Za-z0-9_]{1,15}", fullmatch=True)


@given(
    found=SPACE_IDS,
    scheme=st.sampled_from(["", "http://", "https://", "HTTPS://"]),
    site=st.sampled_from(SITES),
    tail=st.sampled_from(["", "/", "/peek", "/peek/", "?s=20", "/?s=20&t=abc", "/peek?s=20", "#now"]),
    around=st.sampled_from(["{}", " {} ", "<{}>", "\n{}\u200b"]),
)
def test_every_form_of_a_spaces_link_gives_its_id(found: str, scheme: str, site: str, tail: str, around: str) -> None:
    assert space_id(around.format(f"{scheme}{site}/i/spaces/{found}{tail}")) == found


@given(found=SPACE_IDS)
def test_a_bare_id_is_taken_as_it_is(found: str) -> None:
    assert space_id(f"  {found} ") == SpaceId(found)


@given(
    name=HANDLES.filter(lambda name: not name.isdigit()),
    site=st.sampled_from(SITES),
    tail=st.sampled_from(["", "/", "/status/1234567890", "/with_replies", "?lang=en"]),
)
def test_every_form_of_a_handle_gives_the_handle(name: str, site: str, tail: str) -> None:
    assert host(name) == host(f"@{name}") == host(f" <{name}> ") == Handle(name)
    if name.lower() not in RESERVED:
        assert host(f"https://{site}/{name}{tail}") == host(f"{site}/{name}{tail}") == Handle(name)


def test_digits_alone_are_a_user_id_but_an_at_sign_makes_them_a_handle() -> None:
    assert host("2244994945") == UserId("2244994945")
    assert host("@2244994945") == Handle("2244994945")
    assert host("https://x.com/2244994945") == Handle("2244994945")
    assert host("x.com/i/user/2244994945") == UserId("2244994945")


def test_thirteen_letters_in_a_host_field_are_a_handle() -> None:
    assert host("1vOxwylRqeLGB") == Handle("1vOxwylRqeLGB")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is nothing to look for."),
        ("  <> ", "There is nothing to look for."),
        ("@example", "That is a handle, not a Space."),
        ("1vOxwyl RqeLGB", "A Space's link or id has no spaces in it."),
        ("1vOxwylRqeLGBxx", "That is too long: a Space's id has at most 13 characters."),
        ("1vOx-wyl", "A Space's id has only letters and digits."),
        ("y" * 600, "That is too long: a Space's id has at most 13 characters."),
        ("y" * (LONGEST_TEXT + 1), "That is too long."),
        ("come listen https://example.com/i/spaces/1vOxwylRqeLGB", "That link leads to another site"),
        ("https://example.com/?to=https://x.com/i/spaces/1vOxwylRqeLGB", "That link leads to another site"),
        ("see https://example.com/x.com/i/spaces/1vOxwylRqeLGB now", "That link leads to another site"),
        ("see https://x.com/example/status/1 now", "That is a link to a post, not to a Space."),
        ("https://x.com/i/broadcasts/1vOxwylRqeLGB", "That is a link to a broadcast (video), not to a Space."),
        ("https://x.com/example/status/123", "That is a link to a post, not to a Space."),
        ("x.com/example", "That is a link to an account, not to a Space."),
        ("https://x.com/home", "That link leads to no Space."),
        ("https://x.com/i/spaces/", "That link leads to no Space."),
        ("https://example.com/i/spaces/1vOxwylRqeLGB", "That link leads to another site"),
        ("https://x.com.example.com/i/spaces/1vOxwylRqeLGB", "That link leads to another site"),
        ("https://x.com@example.com/i/spaces/1vOxwylRqeLGB", "That link leads to another site"),
        ("https://[x.com/i/spaces/1vOxwylRqeLGB", "That link cannot be read"),
        ("ftp://x.com/i/spaces/1vOxwylRqeLGB", "That link cannot be read"),
    ],
)
def test_each_mistake_with_a_space_has_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserMistake) as mistake:
        space_id(text)
    assert said(mistake.value).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\u200b", "There is nothing to look for."),
        ("two words", "A handle has no spaces in it."),
        ("@two words", "A handle has no spaces in it."),
        ("a_handle_of_sixteen", "That is too long: a handle has at most 15 characters."),
        ("12345678901234567890", "That is too long: a user id has at most 19 digits."),
        ("é", "A handle has only letters, digits and underscores."),
        ("https://x.com/i/broadcasts/1vOxwylRqeLGB", "That is a link to a broadcast (video), not to its host."),
        ("https://x.com/i/spaces/1vOxwylRqeLGBxx", "That is too long: a Space's id has at most 13 characters."),
        ("y" * (LONGEST_TEXT + 1), "That is too long."),
        ("follow https://example.com/someone", "That link leads to another site"),
        ("https://x.com/i/lists/1", "That link leads to no account."),
        ("https://x.com/", "That link leads to no account."),
        ("https://example.com/someone", "That link leads to another site"),
    ],
)
def test_each_mistake_with_a_host_has_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserMistake) as mistake:
        host(text)
    assert said(mistake.value).startswith(sentence)


UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\ufe0f\u200e\u200f\u061c\u202a\u202e\u2066\u2069\u00ad\u034f\u3164\U000e0020"
AROUND = st.text().filter(lambda text: "x.com/" not in text.lower() and "twitter.com/" not in text.lower())


@st.composite
def sprinkled(draw: st.DrawFn, text: str) -> str:
    """The text with what is not seen anywhere in it."""
    gaps = st.lists(st.text(UNSEEN, max_size=2), min_size=len(text) + 1, max_size=len(text) + 1)
    return "".join(gap + letter for gap, letter in zip(draw(gaps), [*text, ""], strict=True))


@given(data=st.data(), name=HANDLES, at=st.sampled_from(["", "@", "https://x.com/i/user/", "x.com/"]))
def test_what_is_not_seen_changes_nothing(data: st.DataObject, name: str, at: str) -> None:
    plain = f"{at}{name}"
    for read in (host, space_id, list_id):
        assert outcome(read, data.draw(sprinkled(plain))) == outcome(read, plain)


def outcome(read: Callable[[str], object], text: str) -> object:
    try:
        return read(text)
    except UserMistake as mistake:
        return mistake.mistake


@given(name=HANDLES)
def test_a_handle_as_the_bot_shows_it_is_that_handle(name: str) -> None:
    shown = Host(user_id=UserId("5"), username=name, name="Night | Radio")
    assert host(handle(shown)) == Handle(name)
    assert host(f"Night Radio (@\u2060{name})") == Handle(name)
    if name.lower() not in RESERVED:
        assert host(account(shown)) == Handle(name)


@given(
    before=AROUND,
    after=AROUND,
    found=SPACE_IDS,
    link=st.sampled_from(
        ["https://x.com/i/spaces/{}?s=20", "x.com/i/spaces/{}", "HTTPS://m.twitter.com/i/spaces/{}/peek"]
    ),
    gap=st.sampled_from([" ", "\n", "\u3000", "\u2028"]),
)
@example("come listen", "now!", "1abc", "https://x.com/i/spaces/{}?s=20", " ")
def test_a_link_is_found_in_any_text(before: str, after: str, found: str, link: str, gap: str) -> None:
    text = f"{before}{gap}{link.format(found)}{gap}{after}"
    assert space_id(text) == found
    assert host(text) == HostOf(SpaceId(found))
    listed = link.replace("spaces", "lists").format("123")
    assert list_id(f"{before}{gap}{listed}{gap}{after}") == "123"


@pytest.mark.parametrize(
    "text",
    [
        "聴いて\uff01https://x.com/i/spaces/1abcを聴いて",
        "listen:https://x.com/i/spaces/1abc, now",
        "[Listen](https://x.com/i/spaces/1abc)",
        "**Night Radio** is live on <https://x.com/i/spaces/1abc>!",
        "“https://x.com/i/spaces/1abc”",
        "https://x.com/home or https://example.com or https://x.com/i/spaces/1abc.",
        "https\\://x\\.com/i/spaces/1abc",
    ],
)
def test_a_link_is_found_however_it_is_wrapped(text: str) -> None:
    assert space_id(text) == "1abc"
    assert host(text) == HostOf(SpaceId("1abc"))


def test_a_post_of_somebodys_in_a_text_is_that_somebody() -> None:
    assert host("so good https://x.com/night_radio_/status/1?s=20 listen") == Handle("night_radio_")
    assert host("night\\_radio") == Handle("night_radio")


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("around", ["{}", "<{}>", "all of {}, please", "{}/members?s=20"])
def test_a_lists_link_is_a_list(site: str, around: str) -> None:
    text = around.format(f"https://{site}/i/lists/1146654567674912769")
    assert list_id(text) == ListId("1146654567674912769")
    assert outcome(host, text) is Mistake.LINK_TO_NO_ACCOUNT


@pytest.mark.parametrize(
    "text", ["", "123", "@night", "https://x.com/i/lists/", "https://x.com/i/lists/a", "https://e.com/i/lists/1"]
)
def test_nothing_else_is_a_list(text: str) -> None:
    assert list_id(text) is None


TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="ix./:@<>?#[] 1a_spacewtr"),
    st.builds("https://x.com/{}".format, st.text()),
    st.builds("{}://{}".format, st.text(), st.text()),
)


@given(text=TEXTS)
@example("http://[::1")
@example("https://x.com:99999999/i/spaces/1")
@example("https://\uff58.com/i/spaces/1")
@example("a.b\n/c")
def test_any_text_gives_a_value_or_one_sentence(text: str) -> None:
    for read in (space_id, host):
        try:
            outcome = str(read(text))
        except UserMistake as mistake:
            outcome = said(mistake)
        assert outcome
        assert "\n" not in outcome
    assert list_id(text) is None or "lists" in text.lower()


def test_a_mistake_never_repeats_what_was_typed() -> None:
    with pytest.raises(UserMistake) as mistake:
        space_id("@everyone")
    assert "everyone" not in said(mistake.value)


@given(
    named=st.lists(SPACE_IDS, min_size=1, max_size=5, unique=True),
    names=st.lists(HANDLES.filter(lambda name: name.lower() not in RESERVED), max_size=3, unique_by=str.lower),
    site=st.sampled_from(SITES),
    wrap=st.sampled_from(
        ["{}", "<{}>", "[Listen]({})", "||{}||", "**{}**", "`{}`", "“{}”", "{}?s=20", "{}/peek", "{}#live"]
    ),
    is_apart=st.booleans(),
)
def test_a_message_names_its_spaces_in_order_and_then_its_profiles_each_once(
    named: list[str], names: list[str], site: str, wrap: str, is_apart: bool
) -> None:
    profiles = [f"Profile https://{site}/{name}" for name in names]
    links = [wrap.format(f"https://{site}/i/spaces/{each}") for each in [*named, *named]]
    texts = [*profiles, *links] if is_apart else [" ".join([*profiles, *links])]
    assert named_in(texts) == [*map(SpaceId, named), *map(Handle, names)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1DQmGs4UL9SuV", ["1DQmGs4UL9SuV"]),
        ("Tonight: 1DQmGs4UL9SuV!", ["1DQmGs4UL9SuV"]),
        ("今夜1DQmGs4UL9SuVです", ["1DQmGs4UL9SuV"]),
        ("1DQmGs4UL9SuV https://x.com/i/spaces/1LLLLLLLLLLLL", ["1LLLLLLLLLLLL", "1DQmGs4UL9SuV"]),
        ("1700000000000 hello 2DQmGs4UL9SuV 1DQmGs4UL9Su 1DQmGs4UL9SuVV", []),
        ("@1DQmGs4UL9SuV #1DQmGs4UL9SuV https://example.com/1DQmGs4UL9SuV", []),
        ("https://x.com/host/status/1 https://x.com/i/broadcasts/1abc https://x.com/search https://x.com/i", []),
        ("https://x.com/i/spaces/1234567890abcdef https://x.com.evil.example/i/spaces/1abc", []),
    ],
)
def test_what_a_message_names_without_a_link_looks_like_an_id(text: str, found: list[str]) -> None:
    assert named_in([text]) == found


@given(st.lists(st.text() | st.from_regex(r"(https://x\.com/[ -~]{0,20} ?){0,5}"), max_size=5))
def test_any_message_names_what_can_be_asked_for(texts: list[str]) -> None:
    for one in named_in(texts):
        if isinstance(one, Handle):
            assert host(f"@{one.name}") == one
        else:
            assert space_id(one) == one


def test_of_a_huge_message_only_so_much_is_read() -> None:
    link = "https://x.com/i/spaces/1DQmGs4UL9SuV"
    assert named_in(["x " * MOST_OF_A_MESSAGE, link]) == []
    many = [f"https://x.com/i/spaces/1{at:x}" for at in range(2000)]
    assert len(named_in([" ".join(many)])) == 2000
