"""Failures on order: a request meets the first fault that fits it, else, by chance, a random one."""

import random
import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong, `times` times (None: always).

    status        answered instead of Discord's own answer; None with no `drop`: only the delay
    code          Discord's error code in the body
    delay         seconds on the clock before the request is carried out (with drop='after': after it)
    drop          'before': the request is not carried out; 'after': it is. The connection is cut without an answer,
                  or, with a `status`, that is answered
    body          the whole body, instead of Discord's JSON error
    retry_after   with status 429: seconds, in the body and (rounded up) in the header
    scope         with status 429: 'global' (the whole bot waits), 'user', or 'shared' (does not count towards the ban)
    """

    status: int | None = None
    code: int = 0
    times: int | None = 1
    delay: float = 0.0
    drop: Literal["before", "after"] | None = None
    body: str | bytes | None = None
    content_type: str = "application/json"
    retry_after: float = 1.0
    scope: Literal["user", "shared", "global"] = "user"


_PAGE = "<html><head><title>503 Service Temporarily Unavailable</title></head></html>"

_USUAL = (
    Fault(status=500),
    Fault(status=502, body=_PAGE, content_type="text/html"),
    Fault(status=503, body=_PAGE, content_type="text/html"),
    Fault(status=502, drop="after"),
    Fault(drop="before"),
    Fault(drop="after"),
    Fault(delay=2.0),
    Fault(delay=12.0),
    Fault(status=429, retry_after=2.0, scope="shared"),
)


class Faults:
    """The faults on order."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []
        self._rate = 0.0
        self._random = random.Random()

    def order(self, method: str, path: str, fault: Fault) -> None:
        """`path` is a regular expression that is searched in the path below /api/v10; `method` may be '*'."""
        self._orders.append(_Order(method=method.upper(), path=re.compile(path), fault=fault, left=fault.times))

    def order_random(self, rate: float, seed: int) -> None:
        """From now on each request fails with probability `rate`, in one of the usual ways."""
        self._rate = rate
        self._random = random.Random(seed)

    def clear(self) -> None:
        self._orders.clear()
        self._rate = 0.0

    def meet(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets; it is then used up once."""
        for order in self._orders:
            if order.method in {"*", method} and order.path.search(path):
                if order.left is not None:
                    order.left -= 1
                    if order.left <= 0:
                        self._orders.remove(order)
                return order.fault
        if self._rate and self._random.random() < self._rate:
            return self._random.choice(_USUAL)
        return None


@dataclass(slots=True, kw_only=True)
class _Order:
    method: str
    path: re.Pattern[str]
    fault: Fault
    left: int | None
