"""Whether the ids of an answer are ids: they become keys of the database and parts of addresses, unescaped.

Their lengths are checked where they are decoded; here all their letters at once, which is some twenty times as fast as
a pattern for each.
"""

from collections.abc import Sequence

from spacebot.x.base import XObject
from spacebot.x.model import Space, User
from spacebot.x.posts import Post


def are_sound(items: Sequence[XObject], users: Sequence[User], posts: Sequence[Post]) -> bool:
    """Whether the ids and handles of these Spaces, accounts and posts are made of the letters that X makes them of."""
    numbers: list[str] = [user.id for user in users]
    handles: list[str] = [user.username for user in users]
    space_ids: list[str] = []
    for item in items:
        if isinstance(item, Space):
            space_ids.append(item.id)
            numbers.append(item.creator_id or "")
            numbers.extend(item.host_ids)
            numbers.extend(item.speaker_ids)
            if item.invited_user_ids:
                numbers.extend(item.invited_user_ids)
        elif isinstance(item, User):
            numbers.append(item.id)
            handles.append(item.username)
        elif isinstance(item, Post):
            numbers += (item.id, item.author_id or "")
    for post in posts:
        numbers += (post.id, post.author_id or "")
    return (
        _are_digits("".join(numbers))
        and _are_letters("".join(space_ids))
        and _are_letters("".join(handles).replace("_", ""))
    )


def _are_digits(text: str) -> bool:
    # Of bytes, `isdigit` is five times as fast.
    return not text or (text.isascii() and text.encode().isdigit())


def _are_letters(text: str) -> bool:
    return not text or (text.isascii() and text.isalnum())
