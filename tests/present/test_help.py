"""The page of `/help` and that of `/privacy`: within Discord's limits, whatever is offered."""

import discord
from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.views import Kept, Policies
from spacebot.present.help import Offered, help_embeds, mention, policy_links
from spacebot.present.privacy import kept_embed
from spacebot.present.text import units

POLICIES = Policies(privacy_url="https://bot.example/privacy", terms_url="https://bot.example/terms")
NAMES = st.from_regex(r"[a-z]{1,32}( [a-z]{1,32}){0,2}", fullmatch=True)
OFFERED = st.lists(
    st.builds(
        Offered,
        name=NAMES,
        about=st.text(max_size=100),
        command_id=st.none() | st.integers(1, (1 << 63) - 1),
    ),
    max_size=120,
)


def assert_fits(embeds: list[discord.Embed]) -> None:
    """Discord takes these embeds in one message."""
    assert len(embeds) <= 10
    total = 0
    for embed in embeds:
        assert units(embed.description or "") <= 4096
        assert all(1 <= units(field.value or "") <= 1024 for field in embed.fields)
        texts = [embed.title or "", embed.description or "", *(f"{field.name}{field.value}" for field in embed.fields)]
        total += sum(map(units, texts))
    assert total <= 6000


@given(OFFERED, OFFERED, OFFERED, st.integers(0, 400))
def test_the_page_fits_whatever_is_offered(
    everybody: list[Offered], admins: list[Offered], operators: list[Offered], length: int
) -> None:
    page = "https://" + "a" * (392 if length == 400 else length + 1)
    assert_fits(help_embeds(everybody, admins, operators, Policies(privacy_url=page, terms_url=page)))


def test_commands_are_tapped_where_their_id_is_known_and_typed_where_not() -> None:
    assert mention(Offered(name="watch add", about="", command_id=7)) == "</watch add:7>"
    assert mention(Offered(name="watch add", about="", command_id=None)) == "`/watch add`"


def test_descriptions_go_before_commands_do() -> None:
    many = [Offered(name=f"command{at:02}", about="x" * 100, command_id=at) for at in range(60)]
    [embed] = help_embeds(many, [], [], Policies())
    assert all(mention(each) in (embed.description or "") for each in many)
    assert "x" * 100 not in (embed.description or "")


def test_a_group_without_commands_is_left_out() -> None:
    one = [Offered(name="space", about="Show one", command_id=1)]
    assert [embed.title for embed in help_embeds(one, [], [], POLICIES)] == ["What I can do"]
    assert help_embeds([], [], [], POLICIES) == []


def test_only_pages_that_there_are_are_linked() -> None:
    assert policy_links(Policies()) == ""
    assert policy_links(Policies(terms_url="https://bot.example/t")) == "[Terms of service](https://bot.example/t)"


@given(
    st.builds(Kept, is_linked=st.booleans(), added=st.integers(0, 10**6), hosts=st.integers(0, 10**6)), st.booleans()
)
def test_what_is_kept_fits_and_says_of_the_server_what_the_asker_may_know(kept: Kept, in_guild: bool) -> None:
    embed = kept_embed(kept, POLICIES, in_guild=in_guild)
    assert_fits([embed])
    assert ("Of this server" in [field.name for field in embed.fields]) is in_guild


def test_one_thing_is_one_thing() -> None:
    kept = Kept(is_linked=False, added=1, hosts=1, keywords=1, announcements=1)
    said = str(kept_embed(kept, POLICIES, in_guild=True).to_dict())
    assert "1 host or word;" in said
    assert "1 host and 1 keyword." in said
    assert "1 post of" in said
