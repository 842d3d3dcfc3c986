"""Linking an X account: single-use and short-lived, encrypted, renewed without a race, and for its owner alone."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from spacebot.domain.ids import PersonId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake, XDown
from spacebot.sandbox.x import Fault, LocalX, XUser
from spacebot.store.connection import Store
from spacebot.usecases.links import SIGN_IN_LIVES, Links
from spacebot.vault import Vault, VaultError, new_key
from spacebot.web import WebEndpoint
from spacebot.x.auth import OAuthClient
from tests.clocks import FakeClock, run_until

ANN, BEN = PersonId(1), PersonId(2)
T = TypeVar("T")


@dataclass(kw_only=True)
class Scene:
    x: LocalX
    links: Links
    clock: FakeClock
    session: aiohttp.ClientSession
    path: Path
    account: XUser

    async def of(self, work: Coroutine[Any, Any, T]) -> T:
        return await run_until(self.clock, asyncio.ensure_future(work))

    async def consent(self, address: str, *, account: XUser | None = None, declines: bool = False) -> str:
        """Open the page of consent, press the button, and say where X sent the browser."""
        self.x.authorize_as(None if declines else account or self.account)
        async with self.session.get(address, allow_redirects=False) as answer:
            return answer.headers["Location"]

    async def linked(self, person: PersonId = ANN) -> None:
        landed = await self.consent(await self.of(self.links.begin(person, "ann")))
        await self.of(self.links.finish_pasted(person, landed))

    def dump(self) -> bytes:
        with sqlite3.connect(self.path) as database:
            text = "\n".join(database.iterdump()).encode()
        database.close()
        wal = self.path.with_name(self.path.name + "-wal")
        return text + self.path.read_bytes() + (wal.read_bytes() if wal.exists() else b"")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    clock = FakeClock()
    path = tmp_path / "links.sqlite3"
    async with LocalX(clock=clock) as x, aiohttp.ClientSession() as session, Store(path) as store:
        oauth = OAuthClient(
            client_id=x.clients.client_id,
            client_secret=SecretStr(x.clients.client_secret),
            session=session,
            base_url=x.url,
            clock=clock,
        )
        links = Links(
            oauth=oauth,
            client_id=x.clients.client_id,
            redirect_uri="http://127.0.0.1:1/x/callback",
            authorize_page=f"{x.url}/i/oauth2/authorize",
            store=store,
            vault=Vault([SecretStr(new_key())]),
            clock=clock,
            has_web=False,
        )
        yield Scene(x=x, links=links, clock=clock, session=session, path=path, account=x.add_user("ann"))


async def test_a_pasted_address_links_the_account(scene: Scene) -> None:
    assert await scene.of(scene.links.token(ANN)) is None
    await scene.linked()
    assert await scene.of(scene.links.token(ANN)) is not None
    assert await scene.of(scene.links.token(BEN)) is None


async def test_nothing_readable_is_stored(scene: Scene) -> None:
    address = await scene.of(scene.links.begin(ANN, "ann"))
    state = address.partition("state=")[2].partition("&")[0]
    assert state.encode() not in scene.dump()
    landed = await scene.consent(address)
    await scene.of(scene.links.finish_pasted(ANN, landed))
    token = await scene.of(scene.links.token(ANN))
    assert token is not None
    assert token.refresh is not None
    dumped = scene.dump()
    for secret in (token.access.get_secret_value(), token.refresh.get_secret_value()):
        assert secret.encode() not in dumped
    assert b"links" in dumped


async def test_a_sign_in_works_once(scene: Scene) -> None:
    landed = await scene.consent(await scene.of(scene.links.begin(ANN, "ann")))
    await scene.of(scene.links.finish_pasted(ANN, landed))
    with pytest.raises(UserMistake, match=Mistake.SIGN_IN_STALE):
        await scene.of(scene.links.finish_pasted(ANN, landed))
    assert await scene.of(scene.links.token(ANN)) is not None


async def test_a_sign_in_ends_when_another_is_begun(scene: Scene) -> None:
    first = await scene.consent(await scene.of(scene.links.begin(ANN, "ann")))
    await scene.of(scene.links.begin(ANN, "ann"))
    with pytest.raises(UserMistake) as caught:
        await scene.of(scene.links.finish_pasted(ANN, first))
    assert caught.value.mistake is Mistake.SIGN_IN_STALE


async def test_a_sign_in_is_too_old_after_ten_minutes(scene: Scene) -> None:
    address = await scene.of(scene.links.begin(ANN, "ann"))
    await scene.clock.advance(SIGN_IN_LIVES.total_seconds() + 1)
    landed = await scene.consent(address)
    with pytest.raises(UserMistake) as caught:
        await scene.of(scene.links.finish_pasted(ANN, landed))
    assert caught.value.mistake is Mistake.SIGN_IN_STALE


async def test_somebody_elses_sign_in_is_refused_and_stays_good_for_them(scene: Scene) -> None:
    landed = await scene.consent(await scene.of(scene.links.begin(ANN, "ann")))
    with pytest.raises(UserMistake) as caught:
        await scene.of(scene.links.finish_pasted(BEN, landed))
    assert caught.value.mistake is Mistake.SIGN_IN_OF_ANOTHER
    assert await scene.of(scene.links.token(BEN)) is None
    await scene.of(scene.links.finish_pasted(ANN, landed))
    assert await scene.of(scene.links.token(ANN)) is not None


async def test_linking_again_gives_the_earlier_permission_back(scene: Scene) -> None:
    await scene.linked()
    first = await scene.of(scene.links.token(ANN))
    await scene.linked()
    revoked = [exchange.request_body for exchange in scene.x.requests if exchange.endpoint == "revoke"]
    assert first is not None
    assert any(first.access.get_secret_value().encode() in body for body in revoked)
    assert await scene.of(scene.links.token(ANN)) is not None


async def test_unlinking_ends_a_sign_in_under_way_too(scene: Scene) -> None:
    landed = await scene.consent(await scene.of(scene.links.begin(ANN, "ann")))
    await scene.of(scene.links.unlink(ANN))
    with pytest.raises(UserMistake) as caught:
        await scene.of(scene.links.finish_pasted(ANN, landed))
    assert caught.value.mistake is Mistake.SIGN_IN_STALE


async def test_a_page_left_open_is_given_back_when_the_person_begins_anew(scene: Scene) -> None:
    async with WebEndpoint(scene.links, host="127.0.0.1", port=0) as web:
        key = await _arrive(scene, web)
        await scene.of(scene.links.begin(ANN, "ann"))
        with pytest.raises(UserMistake):
            await scene.of(scene.links.confirm(key))
    assert any(exchange.endpoint == "revoke" for exchange in scene.x.requests)
    assert not await scene.of(scene.links.is_linked(ANN))


async def test_ten_minutes_are_ten_minutes_on_the_page_too(scene: Scene) -> None:
    async with WebEndpoint(scene.links, host="127.0.0.1", port=0) as web:
        address = await scene.of(scene.links.begin(ANN, "ann"))
        await scene.clock.advance(SIGN_IN_LIVES.total_seconds() - 60)
        landed = await scene.consent(address)
        query = landed.partition("?")[2]
        async with scene.session.get(f"http://127.0.0.1:{web.port}/x/callback?{query}") as answer:
            key = (await answer.text()).partition('name="key" value="')[2].partition('"')[0]
        await scene.clock.advance(61)
        with pytest.raises(UserMistake):
            await scene.of(scene.links.confirm(key))


async def test_a_wrong_key_costs_nobody_their_link(scene: Scene) -> None:
    await scene.linked()
    right, scene.links._vault = scene.links._vault, Vault([SecretStr(new_key())])
    assert await scene.of(scene.links.token(ANN)) is None
    scene.links._vault = right
    assert await scene.of(scene.links.token(ANN)) is not None


async def test_a_new_key_before_the_old_one_takes_everything_over(scene: Scene) -> None:
    old, new = SecretStr(new_key()), SecretStr(new_key())
    scene.links._vault = Vault([old])
    await scene.linked()
    scene.links._vault = Vault([new, old])
    await scene.of(scene.links.reseal())
    scene.links._vault = Vault([new])
    assert await scene.of(scene.links.token(ANN)) is not None


async def test_what_the_web_endpoint_cannot_read_is_not_logged(
    scene: Scene, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    async with WebEndpoint(scene.links, host="127.0.0.1", port=0) as web:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(b"GET /x/callback?state=MARKED&code=MARKED \x01 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"400" in await reader.readline()
        writer.close()
        await writer.wait_closed()
        async with scene.session.head(f"http://127.0.0.1:{web.port}/x/callback?state=MARKED") as answer:
            assert answer.status == 405
        form = {"Content-Type": "multipart/form-data"}
        async with scene.session.post(f"http://127.0.0.1:{web.port}/x/confirm", data=b"\xff", headers=form) as answer:
            assert answer.status == 400
    assert "MARKED" not in caplog.text + "".join(capfd.readouterr())


async def test_a_network_lost_on_the_way_back_is_told_and_links_nothing(scene: Scene) -> None:
    landed = await scene.consent(await scene.of(scene.links.begin(ANN, "ann")))
    scene.x.fault("user_token", Fault.dropped("before"))
    with pytest.raises(XDown):
        await scene.of(scene.links.finish_pasted(ANN, landed))
    assert not await scene.of(scene.links.is_linked(ANN))
    await scene.linked()
    assert await scene.of(scene.links.is_linked(ANN))


async def test_who_declines_on_x_links_nothing(scene: Scene) -> None:
    landed = await scene.consent(await scene.of(scene.links.begin(ANN, "ann")), declines=True)
    with pytest.raises(UserMistake) as caught:
        await scene.of(scene.links.finish_pasted(ANN, landed))
    assert caught.value.mistake is Mistake.SIGN_IN_DECLINED


async def test_any_text_may_be_pasted(scene: Scene) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(
        st.text(st.characters()) | st.text(st.characters()).map("http://127.0.0.1/x/callback?state={}&code=x".format)
    )
    def run(pasted: str) -> None:
        with pytest.raises(UserMistake) as caught:
            asyncio.run_coroutine_threadsafe(scene.links.finish_pasted(ANN, pasted), loop).result()
        assert caught.value.mistake in {Mistake.NOT_THE_ADDRESS, Mistake.SIGN_IN_STALE}

    await asyncio.to_thread(run)


async def test_a_token_is_renewed_before_it_expires_and_the_renewed_one_is_kept(scene: Scene) -> None:
    await scene.linked()
    first = await scene.of(scene.links.token(ANN))
    await scene.clock.advance(timedelta(hours=1, minutes=56).total_seconds())
    second = await scene.of(scene.links.token(ANN))
    third = await scene.of(scene.links.token(ANN))
    assert first is not None
    assert second is not None
    assert second.access.get_secret_value() != first.access.get_secret_value()
    assert third == second
    for _ in range(3):
        await scene.clock.advance(timedelta(hours=2).total_seconds())
        assert await scene.of(scene.links.token(ANN)) is not None  # each refresh token was kept, and used once


async def test_two_who_need_it_renew_it_once(scene: Scene) -> None:
    await scene.linked()
    await scene.clock.advance(timedelta(hours=3).total_seconds())
    before = sum(exchange.endpoint == "user_token" for exchange in scene.x.requests)
    tokens = await scene.of(asyncio.wait_for(_all(*(scene.links.token(ANN) for _ in range(20))), None))
    assert len({token.access.get_secret_value() for token in tokens if token is not None}) == 1
    assert sum(exchange.endpoint == "user_token" for exchange in scene.x.requests) == before + 1


async def _all(*works: Coroutine[Any, Any, T]) -> list[T]:
    return list(await asyncio.gather(*works))


async def test_an_asker_who_gives_up_does_not_lose_the_renewed_token(scene: Scene) -> None:
    await scene.linked()
    await scene.clock.advance(timedelta(hours=3).total_seconds())
    scene.x.fault("user_token", Fault.slow(5))
    impatient = asyncio.create_task(scene.links.token(ANN))
    await scene.x.wait_for(lambda: scene.x.in_flight)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    assert await scene.of(scene.links.token(ANN)) is not None
    await scene.clock.advance(timedelta(hours=3).total_seconds())
    assert await scene.of(scene.links.token(ANN)) is not None


async def test_an_x_that_does_not_answer_does_not_end_a_link(scene: Scene) -> None:
    await scene.linked()
    await scene.clock.advance(timedelta(hours=3).total_seconds())
    scene.x.fault("user_token", Fault.html(503))
    with pytest.raises(XDown):
        await scene.of(scene.links.token(ANN))
    assert await scene.of(scene.links.token(ANN)) is not None


async def test_a_link_that_was_revoked_at_x_is_forgotten(scene: Scene) -> None:
    await scene.linked()
    token = await scene.of(scene.links.token(ANN))
    assert token is not None
    assert token.refresh is not None
    await scene.of(scene.links._oauth.revoke(token.refresh))
    await scene.clock.advance(timedelta(hours=3).total_seconds())
    assert await scene.of(scene.links.token(ANN)) is None
    assert not await scene.of(scene.links.is_linked(ANN))


async def test_unlinking_revokes_at_x_and_forgets(scene: Scene) -> None:
    await scene.linked()
    assert await scene.of(scene.links.unlink(ANN))
    assert sum(exchange.endpoint == "revoke" and exchange.status == 200 for exchange in scene.x.requests) >= 1
    assert await scene.of(scene.links.token(ANN)) is None
    assert not await scene.of(scene.links.unlink(ANN))


async def test_unlinking_forgets_even_if_x_does_not_answer(scene: Scene) -> None:
    await scene.linked()
    scene.x.fault("revoke", Fault(status=503, times=9))
    assert await scene.of(scene.links.unlink(ANN))
    assert await scene.of(scene.links.token(ANN)) is None


async def test_the_web_endpoint_asks_once_more_and_links_on_yes(scene: Scene) -> None:
    async with WebEndpoint(scene.links, host="127.0.0.1", port=0) as web:
        key = await _arrive(scene, web, name="<b>ann</b>")
        assert await scene.of(scene.links.token(ANN)) is None  # not yet
        form = {"key": key, "answer": "yes"}
        async with scene.session.post(f"http://127.0.0.1:{web.port}/x/confirm", data=form) as answer:
            assert answer.status == 200
            assert "linked" in await answer.text()
        assert await scene.of(scene.links.token(ANN)) is not None
        async with scene.session.post(f"http://127.0.0.1:{web.port}/x/confirm", data=form) as answer:
            assert answer.status == 400


async def test_the_web_endpoint_gives_the_permission_back_on_no(scene: Scene) -> None:
    async with WebEndpoint(scene.links, host="127.0.0.1", port=0) as web:
        key = await _arrive(scene, web)
        form = {"key": key, "answer": "no"}
        async with scene.session.post(f"http://127.0.0.1:{web.port}/x/confirm", data=form) as answer:
            assert "Nothing was linked" in await answer.text()
        assert await scene.of(scene.links.token(ANN)) is None
        assert any(exchange.endpoint == "revoke" for exchange in scene.x.requests)


async def _arrive(scene: Scene, web: WebEndpoint, name: str = "ann") -> str:
    """Come back from X with a browser, and return the key on the page."""
    landed = await scene.consent(await scene.of(scene.links.begin(ANN, name)))
    query = landed.partition("?")[2]
    async with scene.session.get(f"http://127.0.0.1:{web.port}/x/callback?{query}") as answer:
        page = await answer.text()
        assert answer.status == 200, page
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "<b>" not in page
    return page.partition('name="key" value="')[2].partition('"')[0]


async def test_whoever_calls_the_web_endpoint_without_a_sign_in_gets_a_sentence(scene: Scene) -> None:
    async with WebEndpoint(scene.links, host="127.0.0.1", port=0) as web:
        for path in ("/x/callback", "/x/callback?state=x&code=y", "/x/callback?error=access_denied"):
            async with scene.session.get(f"http://127.0.0.1:{web.port}{path}") as answer:
                assert answer.status == 400
                assert "too old" in await answer.text()
                assert not answer.headers.get("Server")
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(b"nonsense\r\n\r\n")
        refusal = await reader.read()
        writer.close()
        assert b" 400 " in refusal
        assert b"aiohttp" not in refusal.lower()


def test_an_old_key_opens_what_it_sealed_and_a_foreign_one_does_not() -> None:
    old, new = SecretStr(new_key()), SecretStr(new_key())
    sealed = Vault([old]).seal(SecretStr("token"), owner=1, purpose="access")
    assert b"token" not in sealed
    assert Vault([new, old]).open(sealed, owner=1, purpose="access").get_secret_value() == "token"
    with pytest.raises(VaultError):
        Vault([new]).open(sealed, owner=1, purpose="access")


@given(st.binary(max_size=60), st.integers(0, 60))
def test_nothing_but_what_was_sealed_for_them_opens_for_an_owner_and_a_purpose(noise: bytes, at: int) -> None:
    vault = Vault([SecretStr(new_key())])
    sealed = vault.seal(SecretStr("token"), owner=1, purpose="access")
    changed = sealed[:at] + bytes([(sealed[at : at + 1] or b"x")[0] ^ 1]) + sealed[at + 1 :]
    for one, owner, purpose in (
        (sealed, 2, "access"),
        (sealed, 1, "refresh"),
        (changed, 1, "access"),
        (noise, 1, "access"),
        (b"\x01" + noise, 1, "access"),
    ):
        with pytest.raises(VaultError):
            vault.open(one, owner=owner, purpose=purpose)


async def test_a_row_that_is_copied_to_another_person_is_nobodys_link(scene: Scene) -> None:
    await scene.linked(ANN)
    with sqlite3.connect(scene.path) as database:
        database.execute("INSERT INTO links SELECT :ben, access, refresh, expires_at, scopes FROM links", {"ben": BEN})
    database.close()
    assert await scene.of(scene.links.token(BEN)) is None
    assert await scene.of(scene.links.token(ANN)) is not None


async def test_links_of_an_earlier_release_are_bound_at_the_first_start_and_never_again(scene: Scene) -> None:
    key = new_key()
    scene.links._vault = Vault([SecretStr(key)])
    await scene.linked(ANN)

    def seal_as_before() -> None:
        token = Fernet(key).encrypt(b"a token of before")
        with sqlite3.connect(scene.path) as database:
            database.execute("UPDATE links SET access = :token, refresh = NULL", {"token": token})
        database.close()

    seal_as_before()
    assert await scene.of(scene.links.token(ANN)) is None
    await scene.of(scene.links.reseal())
    token = await scene.of(scene.links.token(ANN))
    assert token is not None
    assert token.access.get_secret_value() == "a token of before"
    seal_as_before()
    await scene.of(scene.links.reseal())
    assert await scene.of(scene.links.token(ANN)) is None


async def test_what_nobody_confirmed_before_a_crash_is_revoked_at_the_next_start(scene: Scene) -> None:
    landed = await scene.consent(await scene.of(scene.links.begin(ANN, "ann")))
    query = parse_qs(urlsplit(landed).query)
    key, pending = await scene.of(scene.links.arrive(state=query["state"][0], code=query["code"][0], error=""))
    assert pending.token.access.get_secret_value().encode() not in scene.dump()
    scene.links._pending.clear()  # as a crash does
    assert unconfirmed(scene) == 1
    await scene.of(scene.links.revoke_unconfirmed())
    assert unconfirmed(scene) == 0
    with pytest.raises(UserMistake):
        await scene.of(scene.links.confirm(key))
    revoked = [exchange for exchange in scene.x.requests if exchange.endpoint == "revoke"]
    assert len(revoked) == 2, "the refresh token and the access token"


def unconfirmed(scene: Scene) -> int:
    with sqlite3.connect(scene.path) as database:
        [[count]] = database.execute("SELECT count(*) FROM unconfirmed").fetchall()
    database.close()
    return int(count)
