"""What is fed: anything at all, and what looks right but for a few changes. All of it from one seeded generator."""

import json
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from spacebot.domain.accounts import Host
from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import Phase, SpaceRecord
from spacebot.domain.views import SpaceView
from tests.clocks import START
from tests.present.test_text import PIECES

NUMBERS = (0, -1, 1, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**40, 10**400, 1e308, 1e-320, 0.5)
ODD: tuple[Any, ...] = (
    *NUMBERS,
    *(None, True, False, "", [], {}, [[]], [None], {"": ""}, float("nan"), float("inf")),
    *(
        "9" * 5000,
        "true",
        "null",
        "0x10",
        "1e999",
        "-0",
        " 7 ",
        "\x00",
        "\ud800",
        "\udc00x",
        "a/../b",
        "%00",
        "é" * 400,
    ),
    *("1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z"),
    *("2026-10-01T12:00:00-23:59", "live", "ended", "x" * 70_000),
)
LETTERS = string.ascii_letters + string.digits


def text(rng: Random, most: int = 40) -> str:
    """Any text: any character there is, or pieces that mean something to Discord."""
    match rng.randrange(4):
        case 0:
            return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(most)))
        case 1:
            return "".join(rng.choice(PIECES) for _ in range(rng.randrange(most // 2)))
        case 2:
            return rng.choice(PIECES) * rng.randrange(900)
        case _:
            return "".join(rng.choice(string.printable) for _ in range(rng.randrange(most)))


def anything(rng: Random) -> Any:
    """A value of any type that JSON has."""
    return rng.choice(ODD) if rng.random() < 0.7 else text(rng)


def word(rng: Random, most: int = 13) -> str:
    """Letters and digits."""
    return "".join(rng.choices(LETTERS, k=rng.randint(1, most)))


def number(rng: Random, most: int = 19) -> str:
    """Digits."""
    return "".join(rng.choices(string.digits, k=rng.randint(1, most)))


def mangled(rng: Random, whole: str) -> str:
    """The text with a few characters taken away, put in, doubled or changed."""
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(whole) + 1)
        end = min(len(whole), at + rng.randrange(4))
        whole = whole[:at] + rng.choice(("", whole[at:end] * 2, text(rng, 4), rng.choice(PIECES))) + whole[end:]
    return whole


def mangled_bytes(rng: Random, whole: bytes) -> bytes:
    """The same of bytes, and cut off now and then."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(whole) + 1)
        whole = (
            whole[:at]
            + rng.choice((b"", rng.randbytes(rng.randrange(4)), b'"', b"}", b"\\ud800"))
            + whole[at + rng.randrange(3) :]
        )
    return whole[: rng.randrange(len(whole) + 1)] if rng.random() < 0.1 else whole


def changed(rng: Random, tree: Any) -> Any:
    """The tree with a few of its values replaced, taken away, moved, doubled or buried."""
    tree = json.loads(json.dumps(tree))
    for _ in range(rng.randint(0, 4)):
        holder, key = rng.choice(_places(tree))
        match rng.randrange(6):
            case 0 | 1 | 2:
                holder[key] = anything(rng)
            case 3:
                del holder[key]
            case 4:
                holder[key] = [holder[key]] * rng.randint(1, 3)
            case _:
                other, its_key = rng.choice(_places(tree))
                holder[key] = json.loads(json.dumps(other[its_key]))
        if not _places(tree):
            break
    return tree


def _places(tree: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    ahead = [tree]
    while ahead:
        one = ahead.pop()
        pairs = list(one.items()) if isinstance(one, dict) else list(enumerate(one)) if isinstance(one, list) else []
        found += [(one, key) for key, _ in pairs]
        ahead += [value for _, value in pairs]
    return found


def body(rng: Random, tree: Any) -> bytes:
    """A body of X's, changed in its values, or in its bytes."""
    whole = json.dumps(changed(rng, tree), ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    return mangled_bytes(rng, whole) if rng.random() < 0.15 else whole


def moment(rng: Random) -> datetime | None:
    """A time that may be meant, or none."""
    return None if rng.random() < 0.3 else START + timedelta(seconds=rng.randint(-(10**8), 10**8))


def any_moment(rng: Random) -> datetime | None:
    """Any time that there is."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    return rng.choice((None, first, last, first + (last - first) * rng.random(), moment(rng)))


def count(rng: Random) -> int | None:
    """A count within its bounds, or none."""
    return rng.choice((None, 0, 1, rng.randrange(1000), 2**31 - 1))


def maybe(rng: Random, make: Callable[[Random], Any]) -> Any:
    """One, or none."""
    return make(rng) if rng.random() < 0.7 else None


def host(rng: Random) -> Host:
    """An account as the database may have it."""
    return Host(
        user_id=UserId(number(rng)),
        username=rng.choice((word(rng, 15), "", text(rng))),
        name=text(rng),
        picture=rng.choice((None, "https://pictures.example/t.png", text(rng))),
        protected=rng.random() < 0.2,
    )


def view(rng: Random) -> SpaceView:
    """A Space as people are shown it."""
    return SpaceView(
        url=f"https://x.com/i/spaces/{word(rng)}",
        phase=rng.choice(list(Phase)),
        title=maybe(rng, text),
        lang=rng.choice((None, "en", "und", "pt-BR", text(rng))),
        is_ticketed=rng.choice((None, True, False)),
        participant_count=count(rng),
        peak=count(rng),
        average=count(rng),
        scheduled_start=moment(rng),
        started_at=moment(rng),
        ended_at=moment(rng),
        host=maybe(rng, host),
        cohosts=tuple(host(rng) for _ in range(rng.randrange(4))),
        speakers=tuple(host(rng) for _ in range(rng.randrange(12))),
        topics=tuple(text(rng) for _ in range(rng.randrange(5))),
    )


def record(rng: Random) -> SpaceRecord:
    """A Space as the database may have it."""
    return SpaceRecord(
        space_id=SpaceId(word(rng)),
        host_id=UserId(number(rng)),
        phase=rng.choice(list(Phase)),
        title=maybe(rng, text),
        lang=maybe(rng, text),
        participant_count=count(rng),
        peak=count(rng),
        scheduled_start=moment(rng),
        started_at=moment(rng),
        ended_at=moment(rng),
        first_seen_at=START,
        last_seen_at=START,
    )
