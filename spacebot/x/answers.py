"""Answers that people may be given again for a minute, the negative ones too: they cost nothing, and ask nothing."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from spacebot.clock import Clock
from spacebot.errors import XAbsent

T = TypeVar("T")

FRESH = 60.0
"""Seconds for which an answer is good."""

KEPT = 128
"""How many answers are kept."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    """An answer, or what X says of what it does not show."""

    until: float
    answer: T | None
    absent: Callable[[], XAbsent] | None


class Answers(Generic[T]):
    """The last answers by question, and the questions under way: who asks the same meanwhile waits for the same answer.

    Args:
        clock: Time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()
        self._asking: dict[Hashable, asyncio.Task[T]] = {}

    async def get(self, question: Hashable, *, admit: Callable[[], None], ask: Callable[[], Awaitable[T]]) -> T:
        """The answer to a question.

        Args:
            question: What is asked.
            admit: Raises where who asks may not have X asked; called only if X has to be.
            ask: Asks X.

        Raises:
            XAbsent: X does not show it, or did not within the last minute.
        """
        kept = self._kept.get(question)
        if kept is not None and kept.until > self._clock.monotonic():
            if kept.absent is not None:
                raise kept.absent()
            assert kept.answer is not None
            return kept.answer
        asking = self._asking.get(question)
        if asking is None:
            admit()
            asking = self._asking[question] = asyncio.ensure_future(_asked(ask))
            asking.add_done_callback(lambda task: self._answered(question, task))
        return await asyncio.shield(asking)  # one asker who gives up harms nobody else

    def _answered(self, question: Hashable, task: "asyncio.Task[T]") -> None:
        del self._asking[question]
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._keep(question, task.result(), None)
        elif isinstance(error, XAbsent):
            self._keep(question, None, _again(error))

    def _keep(self, question: Hashable, answer: T | None, absent: Callable[[], XAbsent] | None) -> None:
        self._kept.pop(question, None)
        self._kept[question] = _Kept(self._clock.monotonic() + FRESH, answer, absent)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


async def _asked(ask: Callable[[], Awaitable[T]]) -> T:
    return await ask()


def _again(error: XAbsent) -> Callable[[], XAbsent]:
    """Makes the same error anew: the first one holds on to all that its frames hold."""
    kind, facts = type(error), (error.resource_type, error.resource_id, error.status, error.detail)

    def make() -> XAbsent:
        resource_type, resource_id, status, detail = facts
        return kind(resource_type=resource_type, resource_id=resource_id, status=status, detail=detail)

    return make
