"""PURE: what a person pasted becomes a Space's id, a handle or a user id, or a mistake that says why it cannot."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from spacebot.domain.ids import SPACE_ID, USER_ID, USERNAME, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake

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


@dataclass(frozen=True, slots=True)
class Handle:
    """An account's name of today, without '@', as the person spelled it; X does not tell case apart."""

    name: str


def space_id(text: str) -> SpaceId:
    """The Space that `text` names: a link in any of X's forms, or the bare id.

    Raises:
        UserMistake: It names none.
    """
    text = _bare(text, nothing=Mistake.NO_SPACE, too_long=Mistake.SPACE_TEXT_TOO_LONG)
    if text.startswith("@"):
        raise UserMistake(Mistake.HANDLE_FOR_SPACE)
    if re.search(r"\s", text):
        raise UserMistake(Mistake.BLANK_IN_SPACE)
    link = _link(text)
    if link is None:
        return _as_space_id(text)
    match _parts(link):
        case [i, spaces, found, *_] if i.lower() == "i" and spaces.lower() == "spaces":
            return _as_space_id(found)
        case [i, broadcasts, *_] if i.lower() == "i" and broadcasts.lower() == "broadcasts":
            raise UserMistake(Mistake.BROADCAST_FOR_SPACE)
        case [_, status, *_] if status.lower() in {"status", "statuses"}:
            raise UserMistake(Mistake.POST_FOR_SPACE)
        case [name] if USERNAME.fullmatch(name.removeprefix("@")) and name.lower() not in _NOT_HANDLES:
            raise UserMistake(Mistake.ACCOUNT_FOR_SPACE)
    raise UserMistake(Mistake.LINK_TO_NO_SPACE)


def host(text: str) -> Handle | UserId:
    """The account that `text` names: a handle with or without '@', a link to it or to one of its posts, or digits alone: a user id.

    Raises:
        UserMistake: It names none.
    """
    text = _bare(text, nothing=Mistake.NO_HOST, too_long=Mistake.HOST_TEXT_TOO_LONG)
    link = None if text.startswith("@") or re.search(r"\s", text) else _link(text)
    if link is None:
        return UserId(text) if USER_ID.fullmatch(text) else _as_handle(text)
    match _parts(link):
        case [i, user, found, *_] if (i.lower(), user.lower()) == ("i", "user") and USER_ID.fullmatch(found):
            return UserId(found)
        case [i, kind, *_] if i.lower() == "i" and kind.lower() in {"spaces", "broadcasts"}:
            raise UserMistake(Mistake.SPACE_FOR_HOST)
        case [name, *_] if name.lower() not in _NOT_HANDLES:
            return _as_handle(name)
    raise UserMistake(Mistake.LINK_TO_NO_ACCOUNT)


def _bare(text: str, *, nothing: Mistake, too_long: Mistake) -> str:
    text = text.strip(_AROUND)
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip(_AROUND)
    if not text:
        raise UserMistake(nothing)
    if len(text) > _LONGEST_TEXT:
        raise UserMistake(too_long)
    return text


def _link(text: str) -> SplitResult | None:
    """The link, if `text` is one, with or without its scheme; refuses other sites."""
    if re.match(r"https?://", text, re.ASCII | re.IGNORECASE):
        address = text
    elif "://" not in text and _NO_SCHEME.fullmatch(text):
        address = f"https://{text}"
    elif "/" in text:
        raise UserMistake(Mistake.UNREADABLE_LINK)
    else:
        return None
    try:
        link = urlsplit(address)
        site = link.hostname or ""
    except ValueError:
        raise UserMistake(Mistake.UNREADABLE_LINK) from None
    if not _SITES.fullmatch(site.rstrip(".")):
        raise UserMistake(Mistake.FOREIGN_LINK)
    return link


def _parts(link: SplitResult) -> list[str]:
    return [part for part in link.path.split("/") if part]


def _as_space_id(text: str) -> SpaceId:
    if SPACE_ID.fullmatch(text):
        return SpaceId(text)
    if re.fullmatch(r"[A-Za-z0-9]+", text, re.ASCII):
        raise UserMistake(Mistake.SPACE_ID_TOO_LONG)
    raise UserMistake(Mistake.NO_SPACE_ID)


def _as_handle(text: str) -> Handle:
    name = text.removeprefix("@")
    if USERNAME.fullmatch(name):
        return Handle(name)
    if re.search(r"\s", name):
        raise UserMistake(Mistake.BLANK_IN_HANDLE)
    if re.fullmatch(r"[0-9]+", name, re.ASCII):
        raise UserMistake(Mistake.USER_ID_TOO_LONG)
    if re.fullmatch(r"[A-Za-z0-9_]+", name, re.ASCII):
        raise UserMistake(Mistake.HANDLE_TOO_LONG)
    raise UserMistake(Mistake.NOT_A_HANDLE)
