"""Who asks X: the app (a bearer token) or a person who signed in (OAuth 2.0 with PKCE). No token is ever shown.

Storing tokens, and letting only one renewal of a refresh token run at a time, is left to the code that stores them.
Source: https://docs.x.com/fundamentals/authentication/overview
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
from pydantic import SecretStr

from spacebot.clock import Clock
from spacebot.errors import UNREACHED, SettingsError, XBadToken, XDown, XError, XSignInRefused, XUnreadable
from spacebot.x.bodies import read_body
from spacebot.x.refusals import Refusal, explain
from spacebot.x.wire import stated_problems

SCOPES = ("tweet.read", "users.read", "space.read", "offline.access")
"""What the Spaces endpoints ask for, and the right to renew."""

_TIMEOUT = aiohttp.ClientTimeout(total=10)


class Auth(Protocol):
    """Where the app's credentials come from."""

    async def headers(self) -> Mapping[str, str]:
        """The headers that make a request the app's.

        Raises:
            XError: There is no token, and none could be fetched.
        """
        ...

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """X refused these headers: whether another request may succeed with new ones."""
        ...


def bearer(token: SecretStr) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token.get_secret_value()}"}


class BearerAuth:
    """A bearer token from the settings."""

    def __init__(self, token: SecretStr) -> None:
        value = token.get_secret_value().strip()
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise SettingsError(
                "The X bearer token is empty or has characters no token has: copy it again, in one line."
            )
        self._headers = bearer(SecretStr(value))

    async def headers(self) -> Mapping[str, str]:
        return self._headers

    async def renew(self, refused: Mapping[str, str]) -> bool:
        return False


class AppAuth:
    """An app's key and secret, exchanged for a bearer token when one is first needed, and again when X refuses it.

    Args:
        key: The app's API key.
        secret: The app's API secret.
        session: Carries the requests; its owner closes it.
        base_url: Where X's API is, without a trailing slash.
        clock: Dates X's requests for a pause.
    """

    def __init__(
        self, key: str, secret: SecretStr, session: aiohttp.ClientSession, base_url: str, *, clock: Clock
    ) -> None:
        self._key = key
        self._secret = secret
        self._session = session
        self._clock = clock
        self._url = f"{base_url.rstrip('/')}/oauth2/token"
        self._token: SecretStr | None = None
        self._fetching = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        async with self._fetching:
            if self._token is None:
                self._token = await self._fetch()
            return bearer(self._token)

    async def renew(self, refused: Mapping[str, str]) -> bool:
        async with self._fetching:
            # Another request that was refused with the same token may have dropped it already.
            if self._token is not None and bearer(self._token) == dict(refused):
                self._token = None
        return True

    async def _fetch(self) -> SecretStr:
        basic = _basic(quote(self._key, safe=""), quote(self._secret.get_secret_value(), safe=""))
        body = await _post(self._session, self._url, {"grant_type": "client_credentials"}, basic, self._clock)
        answer = _read_token(body)
        if answer.access_token is None:
            raise XUnreadable
        return SecretStr(answer.access_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserToken:
    """A person's permission to read on their behalf. Only ever used for the person who gave it."""

    access: SecretStr
    refresh: SecretStr | None
    expires_at: datetime
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkce:
    """The two halves of one sign-in (RFC 7636): the verifier stays here, the challenge goes into the link."""

    verifier: SecretStr
    challenge: str


def new_pkce() -> Pkce:
    """A new pair; 43 characters of the 43 to 128 that RFC 7636 allows."""
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    return Pkce(verifier=SecretStr(verifier), challenge=base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


def authorize_url(
    *,
    client_id: str,
    redirect_uri: str,
    state: str,
    challenge: str,
    scopes: Iterable[str] = SCOPES,
    page: str = "https://x.com/i/oauth2/authorize",
) -> str:
    """The page where a person gives permission. `state` comes back to `redirect_uri` and must be compared there."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{page}?{urlencode(query, quote_via=quote)}"


class OAuthClient:
    """The sign-in of persons. Every method raises XSignInRefused when only a new sign-in helps, else another XError.

    Args:
        client_id: The app's OAuth 2.0 client id.
        client_secret: Its secret; None for a public client.
        session: Carries the requests; its owner closes it.
        base_url: Where X's API is, without a trailing slash.
        clock: Dates the tokens.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: SecretStr | None,
        session: aiohttp.ClientSession,
        base_url: str,
        clock: Clock,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._clock = clock

    async def exchange(self, *, code: SecretStr, verifier: SecretStr, redirect_uri: str) -> UserToken:
        """The token for a code; X keeps the code for 30 seconds."""
        form = {
            "grant_type": "authorization_code",
            "code": code.get_secret_value(),
            "code_verifier": verifier.get_secret_value(),
            "redirect_uri": redirect_uri,
        }
        return await self._token(form)

    async def refresh(self, refresh_token: SecretStr) -> UserToken:
        """A new token. The refresh token is used up: a second use of it ends the whole sign-in."""
        return await self._token({"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()})

    async def revoke(self, token: SecretStr) -> None:
        """End a token, and with a refresh token the whole sign-in."""
        await self._post("/2/oauth2/revoke", {"token": token.get_secret_value()})

    async def _token(self, form: dict[str, str]) -> UserToken:
        asked_at = self._clock.now()
        answer = _read_token(await self._post("/2/oauth2/token", form))
        if answer.access_token is None:
            raise XUnreadable
        return UserToken(
            access=SecretStr(answer.access_token),
            refresh=None if answer.refresh_token is None else SecretStr(answer.refresh_token),
            expires_at=asked_at + timedelta(seconds=min(max(answer.expires_in, 0), 86_400)),
            scopes=frozenset(answer.scope.split()),
        )

    async def _post(self, path: str, form: dict[str, str]) -> bytes:
        if self._client_secret is None:
            return await _post(
                self._session, self._base_url + path, {**form, "client_id": self._client_id}, {}, self._clock
            )
        basic = _basic(self._client_id, self._client_secret.get_secret_value())
        return await _post(self._session, self._base_url + path, form, basic, self._clock)


class _TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str | None = None
    refresh_token: str | None = None
    expires_in: int = 7200
    scope: str = ""
    error: str | None = None


def _read_token(body: bytes) -> _TokenAnswer:
    try:
        return msgspec.json.decode(body, type=_TokenAnswer, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise XUnreadable from None


def _basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def _post(
    session: aiohttp.ClientSession, url: str, form: dict[str, str], headers: dict[str, str], clock: Clock
) -> bytes:
    try:
        async with session.post(url, data=form, headers=headers, timeout=_TIMEOUT, allow_redirects=False) as response:
            status, body, given = response.status, await read_body(response), response.headers
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        fault = type(error).__name__
    else:
        if status == 200:  # noqa: PLR2004 - an HTTP status is its own name
            return body
        raise _refused(status, given, body, clock.now())
    # Raised here, not above: the library's exception holds the request, and the request carries secrets.
    raise XDown(UNREACHED, told={"fault": fault})


def _refused(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> XError:
    try:
        word = _read_token(body).error
    except XUnreadable:
        word = None
    if word in {"invalid_grant", "invalid_request", "access_denied"}:
        return XSignInRefused(status=status)
    if word in {"invalid_client", "unauthorized_client"}:
        return XBadToken(status=status)
    return explain(Refusal(status=status, headers=headers, problems=stated_problems(body), now=now))
