"""What people paste, and what is made of it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spacebot.domain.ids import SpaceId, UserId
from spacebot.errors import UserMistake
from spacebot.present.mistakes import sentence as said
from spacebot.x.reference import Handle, host, space_id

SITES = ["x.com", "twitter.com", "www.x.com", "m.twitter.com", "mobile.twitter.com", "X.com", "WWW.TWITTER.COM"]
SPACE_IDS = st.from_regex(r"[a-zA-Z0-9]{1,13}", fullmatch=True)
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
    reserved = {"compose", "explore", "hashtag", "home", "i", "intent", "jobs", "login", "logout", "messages"}
    reserved |= {"notifications", "privacy", "search", "settings", "share", "signup", "tos"}
    assert host(name) == host(f"@{name}") == host(f" <{name}> ") == Handle(name)
    if name.lower() not in reserved:
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
        ("y" * 600, "That is too long."),
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
        ("https://x.com/i/spaces/1vOxwylRqeLGB", "That is a link to a Space or a broadcast, not to its host."),
        ("https://x.com/i/lists/1", "That link leads to no account."),
        ("https://x.com/", "That link leads to no account."),
        ("https://example.com/someone", "That link leads to another site"),
    ],
)
def test_each_mistake_with_a_host_has_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserMistake) as mistake:
        host(text)
    assert said(mistake.value).startswith(sentence)


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


def test_a_mistake_never_repeats_what_was_typed() -> None:
    with pytest.raises(UserMistake) as mistake:
        space_id("@everyone")
    assert "everyone" not in said(mistake.value)
