"""Two codes for one language are one language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.guilds import Keyword
from spacebot.domain.languages import are_same, current
from tests.store.seed import GUILD

PAIRS = [("iw", "he"), ("in", "id"), ("no", "nb"), ("jw", "jv"), ("ji", "yi")]


@pytest.mark.parametrize(("old", "new"), PAIRS)
@pytest.mark.parametrize("place", ["", "-IL", "_il", "-Latn-IL"])
def test_both_codes_of_a_language_are_one(old: str, new: str, place: str) -> None:
    assert current(old.upper() + place) == current(new + place) == new + place
    for mine, xs in ((old, new), (new, old), (old, old), (new, new)):
        assert are_same(mine + place, xs)
        keyword = Keyword(guild_id=GUILD, text="tea", lang=mine)
        assert keyword.takes(lang=xs + place, participant_count=None, is_ticketed=None)
        assert not keyword.takes(lang="en" + place, participant_count=None, is_ticketed=None)


@given(code=st.text(), other=st.text())
def test_any_code_is_itself(code: str, other: str) -> None:
    assert current(current(code)) == current(code)
    assert are_same(code, code)
    assert are_same(code, other) == are_same(other, code)
    assert are_same(current(code), code)
