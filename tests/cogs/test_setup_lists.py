"""The wish of an admin for a list of X's stands in the custom id of a button, which has 100 characters."""

from hypothesis import given
from hypothesis import strategies as st

from cogs.setup.lists import MOST, ListButton, Wish
from spacebot.domain.guilds import MOST_ROLES
from spacebot.domain.ids import ChannelId, ListId, RoleId

SNOWFLAKES = st.integers(1, 2**63 - 1)


@given(
    wish=st.builds(
        Wish,
        list_id=st.integers(1, 10**19 - 1).map(str).map(ListId),
        channel_id=st.none() | SNOWFLAKES.map(ChannelId),
        roles=st.lists(SNOWFLAKES.map(RoleId), max_size=MOST_ROLES).map(tuple),
        also_cohost=st.booleans(),
        most=st.integers(1, MOST),
    )
)
def test_every_wish_fits_into_a_custom_id_and_is_read_back(wish: Wish) -> None:
    button = ListButton(wish.packed, "yes")
    assert len(button.custom_id) <= 100
    match = ListButton.__discord_ui_compiled_template__.fullmatch(button.custom_id)
    assert match is not None
    assert Wish.unpacked(match["wish"]) == wish
