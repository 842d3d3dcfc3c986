"""PURE: who is pinged by a message: only what its content names, the request allows, and may be mentioned at all.

Source: Discord's documentation, 'Allowed Mentions Object'.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

_ROLE = re.compile(r"<@&(\d{1,20})>")
_USER = re.compile(r"<@!?(\d{1,20})>")
_EVERYONE = re.compile(r"@(?:everyone|here)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What a request allows to be mentioned; without `allowed_mentions` in the request, everything."""

    all_users: bool = True
    all_roles: bool = True
    everyone: bool = True
    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()


EVERYTHING = Allowed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pings:
    """Who is pinged, in the order of the text."""

    users: tuple[int, ...] = ()
    roles: tuple[int, ...] = ()
    everyone: bool = False


def pings(
    content: str,
    allowed: Allowed,
    *,
    mentionable_roles: Mapping[int, bool],
    users: Container[int],
    may_mention_everyone: bool,
) -> Pings:
    """Who is pinged by `content`. `mentionable_roles` maps each role of the guild to whether anybody may mention it."""
    role_ids = dict.fromkeys(int(found) for found in _ROLE.findall(content))
    user_ids = dict.fromkeys(int(found) for found in _USER.findall(content))
    return Pings(
        roles=tuple(
            role_id
            for role_id in role_ids
            if (allowed.all_roles or role_id in allowed.roles)
            and role_id in mentionable_roles
            and (mentionable_roles[role_id] or may_mention_everyone)
        ),
        users=tuple(
            user_id for user_id in user_ids if (allowed.all_users or user_id in allowed.users) and user_id in users
        ),
        everyone=allowed.everyone and may_mention_everyone and bool(_EVERYONE.search(content)),
    )
