"""What is said of a file's lines fits into a message, however many reasons there are."""

from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.mistakes import Mistake
from spacebot.domain.views import Imported, WrongLine
from spacebot.errors import StoreError, UserMistake, XNotFound
from spacebot.present.bulk import NOT_FOUND, imported
from spacebot.present.limits import CONTENT_LIMIT
from spacebot.present.text import units


def lacking(number: int) -> UserMistake:
    return UserMistake(Mistake.YOU_LACK, channel=f"<#{number}>", lacking="Send Messages")


def of(*errors: Exception) -> Imported:
    wrong = tuple(WrongLine(number=at, cells={}, why=why) for at, why in enumerate(errors, start=2))
    return Imported(new=1, changed=0, same=1200, wrong=wrong)


def test_the_most_frequent_reason_comes_first_with_its_first_lines() -> None:
    said = imported(of(lacking(1), *[XNotFound(resource_type="user")] * 7, StoreError("It is full."))).splitlines()
    assert said[0] == "Read 1,210 lines: 1 added, 1,200 as before, 9 not taken."
    assert said[1] == f"⚠️ 7: {NOT_FOUND} (lines 3, 4, 5, 6, 7 and 2 more)"
    assert "(line 2)" in said[2]
    assert said[-1].startswith("The file has every line")
    assert imported(of()) == "Read 1,201 lines: 1 added, 1,200 as before."


@given(st.lists(st.integers(1, 10**19), max_size=300))
def test_it_fits_and_says_where_the_rest_is(channels: list[int]) -> None:
    said = imported(of(*(lacking(channel) for channel in channels)))
    assert units(said) <= CONTENT_LIMIT
    assert said.startswith("Read ")
    is_whole = said.count("⚠️") == len(set(channels))
    assert is_whole is not ("see the file" in said)
