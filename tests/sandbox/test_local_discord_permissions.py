"""Permissions add up as Discord documents it, and mentions ping only whom they may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebot.sandbox.discord.forms.mentions import Allowed, pings
from spacebot.sandbox.discord.permissions import ALL, NONE, Overwrite, Permission, in_channel, in_guild, named

GUILD, ROLE, OTHER_ROLE, MEMBER = 1, 2, 3, 4
BASE = named("view_channel", "send_messages", "embed_links", "mention_everyone")
PERMISSIONS = st.integers(0, int(ALL)).map(Permission)
OVERWRITES = st.dictionaries(
    st.sampled_from([GUILD, ROLE, OTHER_ROLE, MEMBER]), st.builds(Overwrite, allow=PERMISSIONS, deny=PERMISSIONS)
)


def here(base: Permission, **overwrites: Overwrite) -> Permission:
    ids = {"everyone": GUILD, "role": ROLE, "other_role": OTHER_ROLE, "member": MEMBER}
    placed = {ids[name]: overwrite for name, overwrite in overwrites.items()}
    return in_channel(base, placed, everyone_id=GUILD, role_ids=[ROLE, OTHER_ROLE], member_id=MEMBER)


def test_roles_add_up() -> None:
    roles = [named("view_channel"), named("send_messages")]
    assert in_guild(is_owner=False, roles=roles) == named("view_channel", "send_messages")


def test_the_owner_and_administrators_may_do_everything() -> None:
    assert in_guild(is_owner=True, roles=[NONE]) == ALL
    assert in_guild(is_owner=False, roles=[NONE, named("administrator")]) == ALL


def test_no_overwrite_binds_an_administrator() -> None:
    assert here(ALL, everyone=Overwrite(deny=ALL), member=Overwrite(deny=ALL)) == ALL


def test_the_overwrites_of_roles_outdo_that_of_everyone() -> None:
    denied = Overwrite(deny=named("embed_links"))
    allowed = Overwrite(allow=named("embed_links"))
    assert not here(BASE, everyone=denied) & Permission.EMBED_LINKS
    assert here(BASE, everyone=denied, role=allowed) & Permission.EMBED_LINKS


def test_what_one_role_allows_another_cannot_deny() -> None:
    denied = Overwrite(deny=named("embed_links"))
    allowed = Overwrite(allow=named("embed_links"))
    assert here(BASE, role=denied, other_role=allowed) & Permission.EMBED_LINKS


def test_the_overwrite_of_the_member_comes_last() -> None:
    allowed = Overwrite(allow=named("embed_links"))
    assert not here(BASE, role=allowed, member=Overwrite(deny=named("embed_links"))) & Permission.EMBED_LINKS


def test_who_cannot_view_a_channel_can_do_nothing_there() -> None:
    assert here(BASE, member=Overwrite(deny=named("view_channel"))) == NONE


def test_who_cannot_send_cannot_embed_or_mention_either() -> None:
    assert here(BASE, member=Overwrite(deny=named("send_messages"))) == named("view_channel")


def test_in_a_thread_it_is_the_threads_own_permission_that_lets_one_send() -> None:
    base = named("view_channel", "send_messages_in_threads", "embed_links")

    def granted(base: Permission) -> Permission:
        return in_channel(
            base, {}, everyone_id=GUILD, role_ids=[], member_id=MEMBER, sending=Permission.SEND_MESSAGES_IN_THREADS
        )

    assert granted(base) == base
    assert granted(named("view_channel", "send_messages", "embed_links")) == named("view_channel", "send_messages")


@given(base=PERMISSIONS, overwrites=OVERWRITES)
def test_a_member_may_view_wherever_it_may_do_anything(base: Permission, overwrites: dict[int, Overwrite]) -> None:
    granted = in_channel(base, overwrites, everyone_id=GUILD, role_ids=[ROLE, OTHER_ROLE], member_id=MEMBER)
    assert granted == NONE or granted & Permission.VIEW_CHANNEL


def test_a_permission_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="sing"):
        named("send_messages", "sing")


NOBODY = Allowed(all_users=False, all_roles=False, everyone=False)


@pytest.mark.parametrize(
    ("allowed", "mentionable", "may_mention_everyone", "pinged"),
    [
        (Allowed(), True, False, True),
        (Allowed(), False, False, False),
        (Allowed(), False, True, True),
        (NOBODY, True, True, False),
        (Allowed(all_roles=False, roles=frozenset({5})), True, False, True),
        (Allowed(all_roles=False, roles=frozenset({6})), True, False, False),
    ],
)
def test_a_role_is_pinged_if_it_is_allowed_and_mentionable(
    allowed: Allowed, mentionable: bool, may_mention_everyone: bool, pinged: bool
) -> None:
    found = pings(
        "to <@&5>", allowed, mentionable_roles={5: mentionable}, users=(), may_mention_everyone=may_mention_everyone
    )
    assert found.roles == ((5,) if pinged else ())


@pytest.mark.parametrize("text", ["@everyone", "hey @here!"])
def test_everyone_is_pinged_only_with_the_permission_and_if_allowed(text: str) -> None:
    def everyone(allowed: Allowed, *, may: bool) -> bool:
        return pings(text, allowed, mentionable_roles={}, users=(), may_mention_everyone=may).everyone

    assert everyone(Allowed(), may=True)
    assert not everyone(Allowed(), may=False)
    assert not everyone(NOBODY, may=True)


def test_only_what_is_there_is_pinged() -> None:
    found = pings("<@&7> <@8> <@!9>", Allowed(), mentionable_roles={5: True}, users={9}, may_mention_everyone=True)
    assert found.roles == ()
    assert found.users == (9,)


@given(st.text(alphabet="<@&!>0123456789 everyonehr", max_size=60))
def test_nobody_is_pinged_where_nothing_is_allowed(text: str) -> None:
    found = pings(
        text, NOBODY, mentionable_roles=dict.fromkeys(range(99), True), users=range(99), may_mention_everyone=True
    )
    assert (found.roles, found.users, found.everyone) == ((), (), False)
