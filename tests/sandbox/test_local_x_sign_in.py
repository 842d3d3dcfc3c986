"""Signing in at the local X, from the consent screen to the end of a family of tokens."""

from typing import Any

import pytest
from yarl import URL

from spacebot.sandbox.x import LocalX
from spacebot.sandbox.x.oauth import challenge_of
from tests.clocks import FakeClock
from tests.sandbox.x_client import Ask, Got, local_x

VERIFIER = "v" * 43
CALLBACK = "http://127.0.0.1:9/callback"
SCOPES = "tweet.read users.read space.read offline.access"
BAD_CODE = "Value passed for the authorization code was invalid."
BAD_TOKEN = "Value passed for the token was invalid."


def consent(x: LocalX, **changes: str) -> dict[str, str]:
    query = {
        "response_type": "code",
        "client_id": x.clients.client_id,
        "redirect_uri": CALLBACK,
        "scope": SCOPES,
        "state": "some state",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in {**query, **changes}.items() if value}


async def redirected(ask: Ask, **changes: str) -> URL:
    got = await ask.get("/i/oauth2/authorize", consent(ask.x, **changes), token="")
    assert got.status == 302, got.text
    return URL(got.headers["location"])


async def exchange(ask: Ask, code: str, *, public: bool = False, **changes: str) -> Got:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **({"client_id": ask.x.clients.public_client_id} if public else {}),
        **changes,
    }
    return await ask.post("/2/oauth2/token", form, auth=None if public else confidential(ask))


async def refresh(ask: Ask, token: str) -> Got:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await ask.post("/2/oauth2/token", form, auth=confidential(ask))


def confidential(ask: Ask) -> tuple[str, str]:
    return ask.x.clients.client_id, ask.x.clients.client_secret


async def signed_in(ask: Ask) -> dict[str, Any]:
    ask.x.authorize_as(ask.x.add_user("ann", id="12"))
    got = await exchange(ask, (await redirected(ask)).query["code"])
    assert got.status == 200, got.text
    tokens: dict[str, Any] = got.json
    return tokens


async def works(ask: Ask, token: str) -> bool:
    return (await ask.get("/2/users/12", token=token)).status == 200


def test_the_challenge_is_that_of_the_rfc() -> None:
    # RFC 7636, appendix B.
    verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert challenge_of(verifier) == challenge


async def test_a_person_signs_in_and_is_known_by_the_token() -> None:
    async with local_x() as (x, ask):
        ann = x.add_user("ann", id="12")
        x.authorize_as(ann)
        back = await redirected(ask)
        got = await exchange(ask, back.query["code"])
        space = x.start_space(ann)
        space.subscribers = 3
        mine = await ask.get(
            f"/2/spaces/{space.id}", {"space.fields": "subscriber_count"}, token=got.json["access_token"]
        )
    assert str(back.with_query(None)) == CALLBACK
    assert back.query["state"] == "some state"
    assert (got.json["token_type"], got.json["expires_in"]) == ("bearer", 7200)
    assert set(got.json["scope"].split()) == set(SCOPES.split())
    assert mine.json["data"]["subscriber_count"] == 3
    assert x.requests[-1].token == "user"


async def test_a_public_client_needs_no_secret_and_a_confidential_one_does() -> None:
    async with local_x() as (x, ask):
        x.authorize_as(x.add_user("ann"))
        code = (await redirected(ask, client_id=x.clients.public_client_id)).query["code"]
        public = await exchange(ask, code, public=True)
        code = (await redirected(ask)).query["code"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": x.clients.client_id}
        bare = await ask.post("/2/oauth2/token", form)
        wrong = await ask.post("/2/oauth2/token", form, auth=(x.clients.client_id, "wrong"))
    assert public.status == 200
    assert (bare.status, bare.json["error"]) == (401, "unauthorized_client")
    assert wrong.status == 401


async def test_a_refusal_comes_back_with_the_state() -> None:
    async with local_x() as (x, ask):
        x.authorize_as(None)
        back = await redirected(ask)
    assert dict(back.query) == {"error": "access_denied", "state": "some state"}


@pytest.mark.parametrize(
    "change",
    [
        {"response_type": "token"},
        {"client_id": "somebody"},
        {"redirect_uri": "/callback"},
        {"redirect_uri": ""},
        {"scope": ""},
        {"scope": "tweet.read everything"},
        {"state": ""},
        {"code_challenge": "short"},
        {"code_challenge_method": "plain"},
    ],
)
async def test_a_malformed_consent_screen_is_an_error_page(change: dict[str, str]) -> None:
    async with local_x() as (x, ask):
        x.authorize_as(x.add_user("ann"))
        got = await ask.get("/i/oauth2/authorize", consent(x, **change), token="")
    assert got.status == 400
    assert "location" not in got.headers


async def test_a_code_lives_thirty_seconds() -> None:
    clock = FakeClock()
    async with local_x(clock) as (x, ask):
        x.authorize_as(x.add_user("ann"))
        in_time, late = (await redirected(ask)).query["code"], (await redirected(ask)).query["code"]
        await clock.advance(29.9)
        good = await exchange(ask, in_time)
        await clock.advance(0.1)
        bad = await exchange(ask, late)
    assert good.status == 200
    assert (bad.status, bad.json["error_description"]) == (400, BAD_CODE)


async def test_a_code_works_once() -> None:
    async with local_x() as (x, ask):
        x.authorize_as(x.add_user("ann"))
        code = (await redirected(ask)).query["code"]
        first = await exchange(ask, code)
        second = await exchange(ask, code)
    assert first.status == 200
    assert (second.status, second.json["error_description"]) == (400, BAD_CODE)


async def test_a_code_is_bound_to_its_address_and_its_verifier() -> None:
    async with local_x() as (x, ask):
        x.authorize_as(x.add_user("ann"))
        elsewhere = await exchange(ask, (await redirected(ask)).query["code"], redirect_uri=CALLBACK + "2")
        other = await exchange(ask, (await redirected(ask)).query["code"], code_verifier="w" * 43)
        missing = await exchange(ask, (await redirected(ask)).query["code"], code_verifier="")
    assert (elsewhere.status, elsewhere.json["error_description"]) == (400, BAD_CODE)
    assert other.json["error_description"] == "Value passed for the code verifier did not match the code challenge."
    assert missing.json["error_description"] == "Missing required parameter [code_verifier]."


async def test_an_access_token_lives_two_hours() -> None:
    clock = FakeClock()
    async with local_x(clock) as (_x, ask):
        tokens = await signed_in(ask)
        await clock.advance(7199)
        assert await works(ask, tokens["access_token"])
        await clock.advance(1)
        assert not await works(ask, tokens["access_token"])
        renewed = await refresh(ask, tokens["refresh_token"])
        assert await works(ask, renewed.json["access_token"])


async def test_a_refresh_token_rotates_and_an_old_one_ends_the_family() -> None:
    async with local_x() as (_x, ask):
        first = await signed_in(ask)
        second = (await refresh(ask, first["refresh_token"])).json
        third = (await refresh(ask, second["refresh_token"])).json
        assert len({tokens["refresh_token"] for tokens in (first, second, third)}) == 3
        assert await works(ask, third["access_token"])
        stolen = await refresh(ask, first["refresh_token"])
        assert (stolen.status, stolen.json["error_description"]) == (400, BAD_TOKEN)
        assert not await works(ask, third["access_token"])
        assert (await refresh(ask, third["refresh_token"])).status == 400


async def test_without_offline_access_there_is_no_refresh_token() -> None:
    async with local_x() as (x, ask):
        x.authorize_as(x.add_user("ann"))
        back = await redirected(ask, scope="tweet.read users.read")
        got = await exchange(ask, back.query["code"])
    assert got.status == 200
    assert "refresh_token" not in got.json


async def test_revoking_the_refresh_token_ends_everything() -> None:
    async with local_x() as (_x, ask):
        tokens = await signed_in(ask)
        got = await ask.post("/2/oauth2/revoke", {"token": tokens["refresh_token"]}, auth=confidential(ask))
        assert (got.status, got.json) == (200, {"revoked": True})
        assert not await works(ask, tokens["access_token"])
        assert (await refresh(ask, tokens["refresh_token"])).status == 400


async def test_revoking_the_access_token_leaves_the_refresh_token() -> None:
    async with local_x() as (_x, ask):
        tokens = await signed_in(ask)
        await ask.post("/2/oauth2/revoke", {"token": tokens["access_token"]}, auth=confidential(ask))
        assert not await works(ask, tokens["access_token"])
        assert (await refresh(ask, tokens["refresh_token"])).status == 200


async def test_a_deleted_person_is_signed_out() -> None:
    async with local_x() as (x, ask):
        tokens = await signed_in(ask)
        x.add_user("bob", id="13")
        x.users["12"].delete()
        got = await ask.get("/2/users/13", token=tokens["access_token"])
        assert got.status == 401
        assert (await refresh(ask, tokens["refresh_token"])).status == 400


async def test_the_app_gets_its_own_token_for_key_and_secret() -> None:
    async with local_x() as (x, ask):
        auth = (x.clients.api_key, x.clients.api_secret)
        good = await ask.post("/oauth2/token", {"grant_type": "client_credentials"}, auth=auth)
        wrong = await ask.post("/oauth2/token", {"grant_type": "client_credentials"}, auth=("key", "secret"))
        other = await ask.post("/oauth2/token", {"grant_type": "password"}, auth=auth)
    assert good.json == {"token_type": "bearer", "access_token": x.bearer_token}
    assert (wrong.status, wrong.json["errors"][0]["code"]) == (403, 99)
    assert other.status == 403


async def test_a_form_is_the_only_way_to_ask_for_tokens() -> None:
    async with (
        local_x() as (x, ask),
        ask.session.post(x.url + "/2/oauth2/token", json={"grant_type": "refresh_token"}) as response,
    ):
        assert response.status == 400
