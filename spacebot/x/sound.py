"""Whether the ids of an answer are ids: they become keys of the database and parts of addresses, unescaped.

Their lengths are checked where they are decoded; here all their letters at once, which is some twenty times as fast as
a pattern for each.
"""

from collections.abc import Sequence
from typing import cast

from spacebot.x.base import XObject
from spacebot.x.model import Space, User
from spacebot.x.posts import Post


def are_sound(items: Sequence[XObject], users: Sequence[User], posts: Sequence[Post]) -> bool:
    """Whether the ids and handles of these Spaces, accounts and posts are made of the letters that X makes them of.

    Args:
        items: What was asked for, all of one kind.
        users: The accounts that came along.
        posts: The posts that came along.
    """
    numbers: list[str] = [user.id for user in users]
    handles: list[str] = [user.username for user in users]
    space_ids: list[str] = []
    first = items[0] if items else None
    if isinstance(first, Space):
        spaces = cast(Sequence[Space], items)
        space_ids += [space.id for space in spaces]
        for space in spaces:
            numbers.append(space.creator_id or "")
            numbers.extend(space.host_ids)
            numbers.extend(space.speaker_ids)
            if space.invited_user_ids:
                numbers.extend(space.invited_user_ids)
    elif isinstance(first, User):
        numbers += [user.id for user in cast(Sequence[User], items)]
        handles += [user.username for user in cast(Sequence[User], items)]
    elif isinstance(first, Post):
        posts = (*cast(Sequence[Post], items), *posts)
    for post in posts:
        numbers += (post.id, post.author_id or "")
    return (
        _are_digits("".join(numbers))
        and _are_letters("".join(space_ids))
        and _are_letters("".join(handles).replace("_", ""))
    )


# The methods of bytes are five times as fast as those of texts.


def _are_digits(text: str) -> bool:
    return not text or (text.isascii() and text.encode().isdigit())


def _are_letters(text: str) -> bool:
    return not text or (text.isascii() and text.encode().isalnum())
