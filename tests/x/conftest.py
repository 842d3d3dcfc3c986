"""An X client against a local X, both on one clock that moves only when told to."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import pytest
from pydantic import SecretStr

from spacebot.sandbox.x import LocalX
from spacebot.x.auth import BearerAuth
from spacebot.x.client import XClient
from spacebot.x.transport import Transport
from tests.clocks import FakeClock, run_until
from tests.errands import PEOPLE

T = TypeVar("T")


@dataclass(kw_only=True)
class Bench:
    """A local X, a client of it, and their clock."""

    x: LocalX
    client: XClient
    clock: FakeClock
    session: aiohttp.ClientSession

    async def of(self, work: Coroutine[Any, Any, T]) -> T:
        """The outcome of `work`, however long it waits on the clock."""
        return await run_until(self.clock, asyncio.ensure_future(work), at_most=7200)

    def asked(self, endpoint: str) -> int:
        """How many requests came to an endpoint."""
        return sum(exchange.endpoint == endpoint for exchange in self.x.requests)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    clock = FakeClock()
    async with LocalX(clock=clock) as x, aiohttp.ClientSession() as session:
        client = XClient(
            Transport(
                session=session,
                base_url=x.url,
                auth=BearerAuth(SecretStr(x.bearer_token)),
                clock=clock,
            ),
            PEOPLE,
        )
        clock.jump(2)  # right after a start `creator_ids` rests, for an earlier run may have asked just before
        yield Bench(x=x, client=client, clock=clock, session=session)
