"""What may go wrong between X and a client: each documented or seen failure by name, given out where a test or a demo asked."""

import json
import random
import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from spacebot.sandbox.x.problems import Json, blank, too_many_connections, type_uri

_JSON = "application/json; charset=utf-8"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to fail.

    `status` None leaves the real answer as it is, but for the `headers` that it gets beside or instead of its own; otherwise
    `status`, `body`, `content_type` (None: no such header) and `headers` are the answer, and the request does nothing. An
    `encoding` says that `body` is compressed already, and `endless` writes it again and again until the client leaves. `delay` is slept on the local X's clock beforehand, in seconds.
    `drop` resets the connection before the request is handled, or after that, or closes it halfway through the body.
    `drain` uses the rate-limit window up first, so that the answer is a real 429. `times` is how many requests it meets,
    None for all of them. Of a stream, `silent` keeps it open without a byte, and `cut` ends it after that many bytes.
    """

    status: int | None = None
    body: bytes = b""
    content_type: str | None = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int | None = 1
    delay: float = 0.0
    drop: Literal["before", "after", "truncate"] | None = None
    drain: bool = False
    silent: bool = False
    cut: int | None = None
    encoding: str | None = None
    endless: bool = False

    @classmethod
    def usage_capped(cls, *, times: int | None = 1) -> "Fault":
        """The plan's monthly cap: 429 while the window is still wide open."""
        problem = {"account_id": 1, "product_name": "pay-per-use", "title": "UsageCapExceeded", "period": "Monthly"}
        detail = "Usage cap exceeded: Monthly product cap"
        problem |= {"scope": "Product", "detail": detail, "type": _type("usage-capped")}
        window = {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "271"}
        return cls(status=429, body=_dump(problem), headers=window, times=times)

    @classmethod
    def credits_depleted(cls, *, times: int | None = 1) -> "Fault":
        """402: somebody has to buy credits."""
        detail = "Your enrolled account does not have any credits to fulfill this request."
        problem: Json = {"account_id": 1, "title": "CreditsDepleted", "detail": detail, "type": _type("credits")}
        return cls(status=402, body=_dump(problem), times=times)

    @classmethod
    def spend_cap(cls, *, reset_date: str, times: int | None = 1) -> "Fault":
        """403: the spending limit that the account's owner set is reached until `reset_date` (YYYY-MM-DD)."""
        detail = "Your enrolled account has reached its billing cycle spend cap."
        problem: Json = {"title": "SpendCapReached", "detail": detail, "reset_date": reset_date}
        return cls(status=403, body=_dump({**problem, "type": _type("credits")}), times=times)

    @classmethod
    def not_enrolled(cls, *, times: int | None = 1) -> "Fault":
        """403: the app belongs to no project."""
        detail = "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a "
        detail += (
            "Twitter developer App that is attached to a Project. You can create a project via the developer portal."
        )
        problem = {"client_id": "1", "detail": detail, "title": "Client Forbidden", "reason": "client-not-enrolled"}
        problem |= {"required_enrollment": "Appropriate Level of API Access", "type": _type("client-forbidden")}
        return cls(status=403, body=_dump(problem), times=times)

    @classmethod
    def too_many_requests(cls, *, headers: bool = False, times: int | None = 1) -> "Fault":
        """429. With `headers` the window is really used up until it resets; without, nothing says how long to wait."""
        if headers:
            return cls(drain=True, times=times)
        return cls(status=429, body=_dump(blank(429, "Too Many Requests")), times=times)

    @classmethod
    def unauthorized(cls, *, times: int | None = 1) -> "Fault":
        """401 for a token that is right."""
        return cls(status=401, body=_dump(blank(401, "Unauthorized")), times=times)

    @classmethod
    def empty_404(cls, *, times: int | None = 1) -> "Fault":
        """A 404 of zero bytes without a content type, as seen live."""
        return cls(status=404, content_type=None, times=times)

    @classmethod
    def html(cls, status: int, *, times: int | None = 1) -> "Fault":
        """A gateway's page instead of an answer."""
        page = f"<!DOCTYPE html><html><body><h1>{status}</h1><p>Something is technically wrong.</p></body></html>"
        return cls(status=status, body=page.encode(), content_type="text/html", times=times)

    @classmethod
    def empty(cls, status: int, *, times: int | None = 1) -> "Fault":
        """A status and nothing else."""
        return cls(status=status, content_type=None, times=times)

    @classmethod
    def internal_error(cls, *, times: int | None = 1) -> "Fault":
        """500 with a problem object."""
        problem: Json = {"title": "Internal Error", "detail": "Internal Error", "type": _type("internal-error")}
        return cls(status=500, body=_dump({**problem, "status": 500}), times=times)

    @classmethod
    def unavailable(cls, *, times: int | None = 1) -> "Fault":
        """503 with a problem object."""
        return cls(status=503, body=_dump(blank(503, "Service Unavailable")), times=times)

    @classmethod
    def garbage(cls, *, times: int | None = 1) -> "Fault":
        """A 200 that calls itself JSON and is none."""
        return cls(status=200, body=b'{"data":[{"id":"1Yp', times=times)

    @classmethod
    def slow(cls, seconds: float, *, times: int | None = 1) -> "Fault":
        """The real answer, late."""
        return cls(delay=seconds, times=times)

    @classmethod
    def dropped(cls, when: Literal["before", "after", "truncate"], *, times: int | None = 1) -> "Fault":
        """The connection breaks."""
        return cls(drop=when, times=times)

    @classmethod
    def silence(cls, *, times: int | None = 1) -> "Fault":
        """A stream that is accepted and then says nothing, not even a heartbeat."""
        return cls(silent=True, times=times)

    @classmethod
    def cut_off(cls, after: int, *, times: int | None = 1) -> "Fault":
        """A stream that breaks after that many bytes, wherever in a line that is."""
        return cls(cut=after, times=times)

    @classmethod
    def too_many_connections(cls, *, times: int | None = 1) -> "Fault":
        """429: an earlier connection is still open."""
        return cls(status=429, body=_dump(too_many_connections("2.167")), times=times)

    @classmethod
    def claims(cls, headers: Mapping[str, str], *, times: int | None = 1) -> "Fault":
        """The real answer, with these headers: of limits and dates X may say anything."""
        return cls(headers=headers, times=times)

    @classmethod
    def large(cls, size: int, *, times: int | None = 1) -> "Fault":
        """JSON of that many bytes, all of it an answer's."""
        item = b'{"id":"1LargestSpace","state":"live"},'
        return cls(status=200, body=b'{"data":[' + item * (size // len(item)) + item[:-1] + b"]}", times=times)

    @classmethod
    def bomb(cls, size: int, *, times: int | None = 1) -> "Fault":
        """That many bytes of gzip, a thousand times as many unpacked, and no end."""
        packer = zlib.compressobj(wbits=31)
        head = packer.compress(b" ") + packer.flush(zlib.Z_FULL_FLUSH)
        # After a full flush nothing refers to what came before, so that the same bytes may come again.
        block = packer.compress(b" " * _BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
        body = head + block * ((size - len(head)) // len(block))
        return cls(status=200, body=body, encoding="gzip", times=times)

    @classmethod
    def never_ends(cls, *, times: int | None = 1) -> "Fault":
        """A chunked body without an end."""
        return cls(status=200, body=b" " * _BLOCK, endless=True, times=times)

    @classmethod
    def passing(cls) -> tuple["Fault", ...]:
        """The failures that go away by themselves."""
        return (
            cls.html(503),
            cls.html(502),
            cls.empty(503),
            cls.internal_error(),
            cls.unavailable(),
            cls.empty_404(),
            cls.garbage(),
            cls.too_many_requests(),
            cls.slow(2.0),
            cls.dropped("before"),
            cls.dropped("after"),
            cls.dropped("truncate"),
        )

    @classmethod
    def every(cls) -> tuple["Fault", ...]:
        """All of them, those included that last until a window resets or a person acts."""
        lasting = (cls.usage_capped(), cls.credits_depleted(), cls.spend_cap(reset_date="2026-12-01"))
        return (*cls.passing(), *lasting, cls.not_enrolled(), cls.unauthorized(), cls.too_many_requests(headers=True))


class Faults:
    """Which fault meets the next request: those that were asked for first, in order, then the random ones."""

    def __init__(self, endpoints: Collection[str]) -> None:
        self._endpoints = endpoints
        self._planned: list[tuple[str, Fault, int | None]] = []
        self._random: tuple[random.Random, float, Sequence[Fault]] | None = None

    def plan(self, where: str, fault: Fault) -> None:
        """`where` is the name of an endpoint, or a regular expression (with a slash) that is looked for in the path.

        Raises ValueError for what is neither.
        """
        if where not in self._endpoints and "/" not in where:
            raise ValueError(f"{where!r} is no path, and no endpoint either: {', '.join(sorted(self._endpoints))}")
        re.compile(where)
        self._planned.append((where, fault, fault.times))

    def randomly(self, rate: float, seed: int, among: Sequence[Fault]) -> None:
        self._random = (random.Random(seed), rate, among)

    def clear(self) -> None:
        self._planned.clear()
        self._random = None

    def take(self, endpoint: str | None, path: str) -> Fault | None:
        """The fault for this request, used up by one."""
        for place, (where, fault, left) in enumerate(self._planned):
            if where == endpoint if where in self._endpoints else re.search(where, path):
                if left is None or left > 1:
                    self._planned[place] = (where, fault, None if left is None else left - 1)
                else:
                    del self._planned[place]
                return fault
        if self._random is None:
            return None
        chance, rate, among = self._random
        return chance.choice(among) if chance.random() < rate else None


def _type(name: str) -> str:
    return type_uri("2.167", name)


def _dump(body: Mapping[str, object]) -> bytes:
    return json.dumps(body).encode()
