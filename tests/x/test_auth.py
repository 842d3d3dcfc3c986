"""Whose token a request carries, and how one comes by it."""

import asyncio
import base64
import hashlib
from datetime import timedelta

import pytest
from pydantic import SecretStr
from yarl import URL

from spacebot.domain.ids import SpaceId
from spacebot.errors import SettingsError, XBadToken, XDown, XError, XNotFound, XSignInRefused
from spacebot.sandbox.x import Fault
from spacebot.x.auth import AppAuth, BearerAuth, OAuthClient, UserToken, authorize_url, new_pkce
from spacebot.x.client import XClient
from spacebot.x.fields import OWN
from spacebot.x.transport import Transport
from tests.errands import PEOPLE
from tests.x.conftest import Bench

REDIRECT = "https://bot.invalid/back"


def app_client(bench: Bench, secret: str | None = None) -> XClient:
    clients = bench.x.clients
    auth = AppAuth(
        clients.api_key,
        SecretStr(secret or clients.api_secret),
        bench.session,
        bench.x.url,
        clock=bench.clock,
    )
    return XClient(Transport(session=bench.session, base_url=bench.x.url, auth=auth, clock=bench.clock), PEOPLE)


def oauth(bench: Bench, *, public: bool = False) -> OAuthClient:
    clients = bench.x.clients
    return OAuthClient(
        client_id=clients.public_client_id if public else clients.client_id,
        client_secret=None if public else SecretStr(clients.client_secret),
        session=bench.session,
        base_url=bench.x.url,
        clock=bench.clock,
    )


async def sign_in(bench: Bench, *, public: bool = False) -> UserToken:
    """Go through the consent screen as a person would, and exchange the code."""
    pair = new_pkce()
    link = authorize_url(
        client_id=bench.x.clients.public_client_id if public else bench.x.clients.client_id,
        redirect_uri=REDIRECT,
        state="the state",
        challenge=pair.challenge,
        page=f"{bench.x.url}/i/oauth2/authorize",
    )
    async with bench.session.get(URL(link, encoded=True), allow_redirects=False) as response:
        back = URL(response.headers["Location"])
    assert back.query["state"] == "the state"
    code = SecretStr(back.query["code"])
    return await oauth(bench, public=public).exchange(code=code, verifier=pair.verifier, redirect_uri=REDIRECT)


def test_the_challenge_is_the_hash_of_the_verifier() -> None:
    pair, other = new_pkce(), new_pkce()
    digest = hashlib.sha256(pair.verifier.get_secret_value().encode()).digest()
    assert base64.urlsafe_b64decode(pair.challenge + "=") == digest
    assert 43 <= len(pair.verifier.get_secret_value()) <= 128
    assert pair.verifier != other.verifier
    assert pair.verifier.get_secret_value() not in repr(pair)


def test_the_link_to_the_consent_page_asks_for_what_is_needed() -> None:
    link = URL(authorize_url(client_id="an id", redirect_uri=REDIRECT, state="a&b", challenge="c"))
    assert (link.host, link.path) == ("x.com", "/i/oauth2/authorize")
    assert dict(link.query) == {
        "response_type": "code",
        "client_id": "an id",
        "redirect_uri": REDIRECT,
        "scope": "tweet.read users.read space.read offline.access",
        "state": "a&b",
        "code_challenge": "c",
        "code_challenge_method": "S256",
    }


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak", "é"])
def test_what_cannot_be_a_bearer_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(SettingsError) as refused:
        BearerAuth(SecretStr(token))
    assert not token.strip() or token not in str(refused.value)


async def test_an_app_fetches_one_token_for_all(bench: Bench) -> None:
    client = app_client(bench)
    made = bench.x.start_space(bench.x.add_user("gardener"))
    await bench.of(_several(client, made.id, 5))
    assert [exchange.path for exchange in bench.x.requests].count("/oauth2/token") == 1


async def _several(client: XClient, space_id: str, count: int) -> list[object]:
    asks = (client.space(SpaceId(space_id)) for _ in range(count))
    return list(await asyncio.gather(*asks, return_exceptions=True))


async def test_a_refused_app_token_is_fetched_anew_once(bench: Bench) -> None:
    client = app_client(bench)
    made = bench.x.start_space(bench.x.add_user("gardener"))
    await bench.of(client.space(SpaceId(made.id)))
    bench.x.fault("space", Fault.unauthorized())
    page = await bench.of(client.space(SpaceId(made.id)))
    assert page.items[0].id == made.id
    bench.x.fault("space", Fault.unauthorized(times=None))
    with pytest.raises(XBadToken):
        await bench.of(client.space(SpaceId(made.id)))
    bench.x.clear_faults()
    fetched = [exchange.path for exchange in bench.x.requests].count("/oauth2/token")
    assert fetched == 3


async def test_many_who_are_refused_at_once_share_the_new_token(bench: Bench) -> None:
    client = app_client(bench)
    made = bench.x.start_space(bench.x.add_user("gardener"))
    await bench.of(client.space(SpaceId(made.id)))
    bench.x.fault("space", Fault.unauthorized(times=5))
    outcomes = await bench.of(_several(client, made.id, 5))
    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert [exchange.path for exchange in bench.x.requests].count("/oauth2/token") <= 3


async def test_a_wrong_app_secret_is_a_bad_token_and_never_told(bench: Bench) -> None:
    client = app_client(bench, secret="wrong-secret")
    with pytest.raises(XError) as refused:
        await bench.of(client.space(SpaceId("1a")))
    assert isinstance(refused.value, XBadToken)
    assert "wrong-secret" not in repr(refused.value)


@pytest.mark.parametrize("public", [True, False])
async def test_a_person_signs_in_renews_and_revokes(bench: Bench, public: bool) -> None:
    person = bench.x.add_user("gardener")
    bench.x.authorize_as(person)
    made = bench.x.start_space(person)
    made.subscribers = 4
    token = await bench.of(sign_in(bench, public=public))
    assert token.expires_at == bench.clock.now() + timedelta(seconds=7200)
    assert "space.read" in token.scopes
    page = await bench.of(bench.client.space(SpaceId(made.id), token=token, fields=OWN))
    assert page.items[0].subscriber_count == 4

    assert token.refresh is not None
    client = oauth(bench, public=public)
    renewed = await bench.of(client.refresh(token.refresh))
    assert renewed.access != token.access
    assert renewed.refresh is not None
    await bench.of(client.revoke(renewed.refresh))
    with pytest.raises(XSignInRefused):
        await bench.of(client.refresh(renewed.refresh))


async def test_a_refresh_token_serves_once(bench: Bench) -> None:
    bench.x.authorize_as(bench.x.add_user("gardener"))
    token = await bench.of(sign_in(bench))
    assert token.refresh is not None
    await bench.of(oauth(bench).refresh(token.refresh))
    with pytest.raises(XSignInRefused) as refused:
        await bench.of(oauth(bench).refresh(token.refresh))
    assert str(refused.value) == "X no longer accepts this sign-in: sign in with X again."


async def test_an_expired_persons_token_is_bad_and_not_renewed_here(bench: Bench) -> None:
    bench.x.authorize_as(bench.x.add_user("gardener"))
    token = await bench.of(sign_in(bench))
    await bench.clock.advance(7201)
    with pytest.raises(XBadToken):
        await bench.of(bench.client.space(SpaceId("1a"), token=token))
    with pytest.raises(XNotFound):
        await bench.of(bench.client.space(SpaceId("1a")))


async def test_a_sign_in_during_an_outage_is_no_refusal(bench: Bench) -> None:
    await bench.x.stop()
    with pytest.raises(XDown) as down:
        await bench.of(oauth(bench).refresh(SecretStr("a-refresh-token")))
    assert "a-refresh-token" not in repr(down.value)
    assert down.value.__context__ is None


async def test_tokens_are_never_shown(bench: Bench) -> None:
    bench.x.authorize_as(bench.x.add_user("gardener"))
    token = await bench.of(sign_in(bench))
    assert token.refresh is not None
    shown = repr(token) + str(token) + repr(vars(oauth(bench))) + repr(vars(app_client(bench)))
    for secret in (token.access, token.refresh, SecretStr(bench.x.clients.client_secret)):
        assert secret.get_secret_value() not in shown
