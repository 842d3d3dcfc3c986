"""PURE: what a person pasted becomes a Space's id, a handle or a user id, or a mistake that says why it cannot."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from spacebot.domain.ids import LIST_ID, SPACE_ID, USER_ID, USERNAME, ListId, SpaceId, UserId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake

T = TypeVar("T")

LONGEST_TEXT = 4000
"""As much as fits into one field of a form of Discord's."""

_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u3164\ufe00-\ufe0f\uffa0]")
"""What is not seen beside the characters of Unicode's category Cf: fillers, and what chooses the look of the one before."""
_ESCAPE = re.compile(r"\\(?=[\\*_~`|>#\[\]()+.:\-])")
"""Who copies the text of a message as it was sent also copies what kept Discord from reading markdown in it."""

_SITES = re.compile(r"(?:(?:www|m|mobile)\.)?(?:x|twitter)\.com", re.ASCII)
_NO_SCHEME = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#].*)?", re.DOTALL)
_IN_TEXT = re.compile(
    r"(?<!//\[)(?:(?<![\w=/&?.@%-])https?://|(?<![\w=/&?.@%:-]))(?:(?:www|m|mobile)\.)?(?:x|twitter)\.com(?=[/?#])"
    r"""[^\s<>"'`(){}\[\]|\\^\u2026\u3001\u3002\u300c-\u300f\u3010\u3011\uff01\uff08\uff09\uff1f]*""",
    re.ASCII | re.IGNORECASE,
)
"""A link to X with other text around it; not one that is part of an address elsewhere."""
_ANY_LINK = re.compile(r"https?://", re.ASCII | re.IGNORECASE)
_NAMED = re.compile(r"\(@([A-Za-z0-9_]{1,15})\)", re.ASCII)
"""A handle behind a name, as accounts are shown."""
_NOT_HANDLES = frozenset(
    {"compose", "explore", "hashtag", "home", "i", "intent", "jobs", "login", "logout", "messages", "notifications"}
    | {"privacy", "search", "settings", "share", "signup", "tos"}
)
"""First parts of X's own addresses; none of them is an account."""


@dataclass(frozen=True, slots=True)
class Handle:
    """An account's name of today, without '@', as the person spelled it; X does not tell case apart."""

    name: str


_BARE_ID = re.compile(r"(?<![\w/@#=&.+-])1(?=[0-9]*[A-Za-z])[A-Za-z0-9]{12}(?![\w-])", re.ASCII)
"""A word that looks as X's ids of Spaces do: 13 signs, a 1 first, and not digits alone."""

MOST_OF_A_MESSAGE = 100_000
"""Characters of one message that are looked at; all its parts together hold fewer."""


@dataclass(frozen=True, slots=True)
class HostOf:
    """Whoever created this Space."""

    space_id: SpaceId


def space_id(text: str) -> SpaceId:
    """The Space that `text` names: a link in any of X's forms, whatever stands around it, or the bare id.

    Raises:
        UserMistake: It names none.
    """
    text = _bare(text, nothing=Mistake.NO_SPACE, too_long=Mistake.SPACE_TEXT_TOO_LONG)
    if links := _links(text):
        return _first(links, _space_behind)
    if text.startswith("@"):
        raise UserMistake(Mistake.HANDLE_FOR_SPACE)
    if re.search(r"\s", text):
        raise UserMistake(Mistake.BLANK_IN_SPACE)
    return _as_space_id(text)


def host(text: str) -> Handle | UserId | HostOf:
    """The account that `text` names.

    That is a handle with or without '@', also one in parentheses behind a name, digits alone (a user id), or a link to the
    account, to one of its posts or to one of its Spaces, whatever stands around the link.

    Raises:
        UserMistake: It names none.
    """
    text = _bare(text, nothing=Mistake.NO_HOST, too_long=Mistake.HOST_TEXT_TOO_LONG)
    if links := _links(text):
        return _first(links, _account_behind)
    if named := _NAMED.search(text):
        return Handle(named[1])
    return UserId(text) if USER_ID.fullmatch(text) else _as_handle(text)


def list_id(text: str) -> ListId | None:
    """The list of accounts whose link is in `text`, whatever stands around it; None if there is none."""
    try:
        links = _links(_bare(text, nothing=Mistake.NO_HOST, too_long=Mistake.HOST_TEXT_TOO_LONG))
    except UserMistake:
        return None
    for link in links:
        match _parts(link):
            case [i, lists, found, *_] if (i.lower(), lists.lower()) == ("i", "lists") and LIST_ID.fullmatch(
                _plain(found)
            ):
                return ListId(_plain(found))
    return None


def named_in(texts: Iterable[str]) -> list[SpaceId | Handle]:
    """What the texts of one message name, each once: its Spaces, those behind links first, and then linked profiles."""
    linked: dict[str, SpaceId] = {}
    bare: dict[str, SpaceId] = {}
    hosts: dict[str, Handle] = {}
    left = MOST_OF_A_MESSAGE
    for text in texts:
        seen = _seen(text[:left])
        left -= len(text[:left])
        for one in _IN_TEXT.findall(seen):
            match _named_by(one):
                case Handle(name) as handle:
                    hosts.setdefault(name.lower(), handle)
                case str() as space:
                    linked.setdefault(space, space)
        for found in _BARE_ID.findall(seen):
            bare.setdefault(found, SpaceId(found))
    return [*(linked | bare).values(), *hosts.values()]


def _named_by(text: str) -> SpaceId | Handle | None:
    """What a link names: a Space, or the account whose profile it leads to."""
    try:
        link = _link(text.rstrip(".,;:!?*~"))
        if link is None:
            return None
        match _parts(link):
            case [name] if USERNAME.fullmatch(name.removeprefix("@")) and name.lower() not in _NOT_HANDLES:
                return Handle(name.removeprefix("@"))
        return _space_behind(link)
    except UserMistake:
        return None


def _space_behind(link: SplitResult) -> SpaceId:
    match _parts(link):
        case [i, spaces, found, *_] if i.lower() == "i" and spaces.lower() == "spaces":
            return _as_space_id(_plain(found))
        case [i, broadcasts, *_] if i.lower() == "i" and broadcasts.lower() == "broadcasts":
            raise UserMistake(Mistake.BROADCAST_FOR_SPACE)
        case [_, status, *_] if status.lower() in {"status", "statuses"}:
            raise UserMistake(Mistake.POST_FOR_SPACE)
        case [name] if USERNAME.fullmatch(name.removeprefix("@")) and name.lower() not in _NOT_HANDLES:
            raise UserMistake(Mistake.ACCOUNT_FOR_SPACE)
    raise UserMistake(Mistake.LINK_TO_NO_SPACE)


def _account_behind(link: SplitResult) -> Handle | UserId | HostOf:
    match _parts(link):
        case [i, user, found, *_] if (i.lower(), user.lower()) == ("i", "user") and USER_ID.fullmatch(_plain(found)):
            return UserId(_plain(found))
        case [i, spaces, found, *_] if (i.lower(), spaces.lower()) == ("i", "spaces"):
            return HostOf(_as_space_id(_plain(found)))
        case [i, kind, *_] if i.lower() == "i" and kind.lower() == "broadcasts":
            raise UserMistake(Mistake.BROADCAST_FOR_HOST)
        case [name, *_] if name.lower() not in _NOT_HANDLES:
            return _as_handle(name)
    raise UserMistake(Mistake.LINK_TO_NO_ACCOUNT)


def _first(links: Sequence[SplitResult], read: Callable[[SplitResult], T]) -> T:
    """What the first link names that names something; else what is wrong with the first."""
    mistakes: list[UserMistake] = []
    for link in links:
        try:
            return read(link)
        except UserMistake as mistake:
            mistakes.append(mistake)
    raise mistakes[0]


def _bare(text: str, *, nothing: Mistake, too_long: Mistake) -> str:
    """The text without what is not seen, and without the signs in which links are wrapped."""
    if len(text) > LONGEST_TEXT:
        raise UserMistake(too_long)
    bare = _seen(text)
    if bare.startswith("<") and bare.endswith(">"):
        bare = bare[1:-1].strip()
    if not bare:
        raise UserMistake(nothing)
    return bare


def _seen(text: str) -> str:
    """The text without what is not seen, and without the signs that keep markdown from being read in it."""
    seen = "".join(letter for letter in _UNSEEN.sub("", text) if unicodedata.category(letter) != "Cf")
    return _ESCAPE.sub("", " ".join(seen.split()))


def _links(text: str) -> list[SplitResult]:
    """The links to X: `text` itself, or those that stand in it; none where there is no link at all.

    Raises:
        UserMistake: It is, or has, a link that leads elsewhere or cannot be read, and none to X.
    """
    refused: UserMistake | None = None
    if " " not in text:
        try:
            link = _link(text)
        except UserMistake as mistake:
            refused = mistake
        else:
            return [] if link is None else [link]
    found = [link for one in _IN_TEXT.findall(text) if (link := _link(one.rstrip(".,;:!?*~"))) is not None]
    if found:
        return found
    if refused is not None:
        raise refused
    if _ANY_LINK.search(text):
        raise UserMistake(Mistake.FOREIGN_LINK)
    return []


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


def _plain(found: str) -> str:
    """The part of an address up to where another script, whose words need no spaces between them, goes on after it."""
    return re.split(r"[^!-~]", found, maxsplit=1)[0]


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
