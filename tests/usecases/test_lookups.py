"""What members ask for, over the local X: what one person asks in private never starves the sweeps."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import cast

import aiohttp
from pydantic import SecretStr

from spacebot.domain.ids import UserId
from spacebot.sandbox.x import LocalX
from spacebot.store.connection import Store
from spacebot.usecases.links import Links, PersonId
from spacebot.usecases.lookups import PRIVATE_GAP, Lookups
from spacebot.x.auth import BearerAuth, UserToken
from spacebot.x.client import XClient
from spacebot.x.host_batcher import HostBatcher
from spacebot.x.transport import Transport
from tests.clocks import START, FakeClock, run_until


class Linked:
    """Links of people who have all lent the same account."""

    def __init__(self, token: str) -> None:
        self._token = UserToken(
            access=SecretStr(token), refresh=None, expires_at=START.replace(year=2030), scopes=frozenset()
        )

    async def token(self, person: PersonId) -> UserToken:
        return self._token


async def test_looks_at_protected_hosts_leave_room_for_sweeps(tmp_path: Path) -> None:
    clock = FakeClock()
    async with LocalX(clock=clock) as x, aiohttp.ClientSession() as session, Store(tmp_path / "x.sqlite3") as store:
        hidden, friend = x.add_user("hidden", protected=True), x.add_user("friend")
        hidden.followers.add(friend)
        client = XClient(
            Transport(session=session, base_url=x.url, auth=BearerAuth(SecretStr(x.bearer_token)), clock=clock)
        )
        clock.jump(5)
        batcher = HostBatcher(client, clock)
        links = cast(Links, Linked(x.user_token(friend)))
        lookups = Lookups(x=client, batcher=batcher, store=store, clock=clock, links=links)
        swept = 0

        async def sweep() -> None:
            nonlocal swept
            while True:
                await batcher.sweep([UserId("1")])
                swept += 1

        async def insist(person: int) -> None:
            for _ in range(6):
                await lookups.host_live("@hidden", PersonId(person))

        sweeping = asyncio.create_task(sweep())
        people = [asyncio.create_task(insist(person)) for person in range(3)]
        began = clock.monotonic()
        await run_until(clock, asyncio.gather(*people))
        passed = clock.monotonic() - began
        sweeping.cancel()
        private = [exchange.time for exchange in x.requests if exchange.token == "user"]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(private)]
    assert len(private) == 18
    assert min(gaps) >= PRIVATE_GAP - 0.01
    assert swept >= passed / 4 * 0.8
    assert not x.refused
