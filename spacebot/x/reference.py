"""PURE: what a person pasted becomes a Space's id, a handle or a user id, or one sentence on why it cannot."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from spacebot.domain.ids import SpaceId, UserId
from spacebot.errors import UserMistake
from spacebot.x.endpoints import SPACE_ID, USER_ID, USERNAME

_LONGEST_TEXT = 500
_AROUND = " \t\r\n\u00a0\u200b\u200e\u200f\u2060\u2066\u2067\u2068\u2069\ufeff"
"""Spaces, and the invisible marks that phones copy along."""
_SITES = re.compile(r"(?:(?:www|m|mobile)\.)?(?:x|twitter)\.com", re.ASCII)
_NO_SCHEME = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#].*)?", re.DOTALL)
_NOT_HANDLES = frozenset(
    {"compose", "explore", "hashtag", "home", "i", "intent", "jobs", "login", "logout", "messages", "notifications"}
    | {"privacy", "search", "settings", "share", "signup", "tos"}
)
"""First parts of X's own addresses; none of them is an account."""

_WHAT_SPACE = "Paste a Space's link (https://x.com/i/spaces/…) or its id."
_WHAT_HOST = "Type the host's handle, such as @example, or paste a link to the account."


@dataclass(frozen=True, slots=True)
class Handle:
    """An account's name of today, without '@', as the person spelled it; X does not tell case apart."""

    name: str


def space_id(text: str) -> SpaceId:
    """The Space that `text` names: a link in any of X's forms, or the bare id.

    Raises:
        UserMistake: It names none.
    """
    text = _bare(text, _WHAT_SPACE)
    if text.startswith("@"):
        raise UserMistake(f"That is a handle, not a Space. {_WHAT_SPACE}")
    if re.search(r"\s", text):
        raise UserMistake(f"A Space's link or id has no spaces in it. {_WHAT_SPACE}")
    link = _link(text)
    if link is None:
        return _as_space_id(text)
    match _parts(link):
        case [i, spaces, found, *_] if i.lower() == "i" and spaces.lower() == "spaces":
            return _as_space_id(found)
        case [i, broadcasts, *_] if i.lower() == "i" and broadcasts.lower() == "broadcasts":
            raise UserMistake(f"That is a link to a broadcast (video), not to a Space. {_WHAT_SPACE}")
        case [_, status, *_] if status.lower() in {"status", "statuses"}:
            raise UserMistake(f"That is a link to a post, not to a Space. {_WHAT_SPACE}")
        case [name] if USERNAME.fullmatch(name.removeprefix("@")) and name.lower() not in _NOT_HANDLES:
            raise UserMistake(f"That is a link to an account, not to a Space. {_WHAT_SPACE}")
    raise UserMistake(f"That link leads to no Space. {_WHAT_SPACE}")


def host(text: str) -> Handle | UserId:
    """The account that `text` names: a handle with or without '@', a link to it or to one of its posts, or digits alone: a user id.

    Raises:
        UserMistake: It names none.
    """
    text = _bare(text, _WHAT_HOST)
    link = None if text.startswith("@") or re.search(r"\s", text) else _link(text)
    if link is None:
        return UserId(text) if USER_ID.fullmatch(text) else _as_handle(text)
    match _parts(link):
        case [i, user, found, *_] if (i.lower(), user.lower()) == ("i", "user") and USER_ID.fullmatch(found):
            return UserId(found)
        case [i, kind, *_] if i.lower() == "i" and kind.lower() in {"spaces", "broadcasts"}:
            raise UserMistake(f"That is a link to a Space or a broadcast, not to its host. {_WHAT_HOST}")
        case [name, *_] if name.lower() not in _NOT_HANDLES:
            return _as_handle(name)
    raise UserMistake(f"That link leads to no account. {_WHAT_HOST}")


def _bare(text: str, what: str) -> str:
    text = text.strip(_AROUND)
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip(_AROUND)
    if not text:
        raise UserMistake(f"There is nothing to look for. {what}")
    if len(text) > _LONGEST_TEXT:
        raise UserMistake(f"That is too long. {what}")
    return text


def _link(text: str) -> SplitResult | None:
    """The link, if `text` is one, with or without its scheme; refuses other sites."""
    if re.match(r"https?://", text, re.ASCII | re.IGNORECASE):
        address = text
    elif "://" not in text and _NO_SCHEME.fullmatch(text):
        address = f"https://{text}"
    elif "/" in text:
        raise UserMistake("That link cannot be read: copy it again, from https:// on.")
    else:
        return None
    try:
        link = urlsplit(address)
        site = link.hostname or ""
    except ValueError:
        raise UserMistake("That link cannot be read: copy it again, from https:// on.") from None
    if not _SITES.fullmatch(site.rstrip(".")):
        raise UserMistake("That link leads to another site: only links to x.com and twitter.com can be used.")
    return link


def _parts(link: SplitResult) -> list[str]:
    return [part for part in link.path.split("/") if part]


def _as_space_id(text: str) -> SpaceId:
    if SPACE_ID.fullmatch(text):
        return SpaceId(text)
    if re.fullmatch(r"[A-Za-z0-9]+", text, re.ASCII):
        raise UserMistake(f"That is too long: a Space's id has at most 13 characters. {_WHAT_SPACE}")
    raise UserMistake(f"A Space's id has only letters and digits. {_WHAT_SPACE}")


def _as_handle(text: str) -> Handle:
    name = text.removeprefix("@")
    if USERNAME.fullmatch(name):
        return Handle(name)
    if re.search(r"\s", name):
        raise UserMistake(f"A handle has no spaces in it. {_WHAT_HOST}")
    if re.fullmatch(r"[0-9]+", name, re.ASCII):
        raise UserMistake(f"That is too long: a user id has at most 19 digits. {_WHAT_HOST}")
    if re.fullmatch(r"[A-Za-z0-9_]+", name, re.ASCII):
        raise UserMistake(f"That is too long: a handle has at most 15 characters. {_WHAT_HOST}")
    raise UserMistake(f"A handle has only letters, digits and underscores. {_WHAT_HOST}")
