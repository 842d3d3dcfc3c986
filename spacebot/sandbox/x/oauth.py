"""Signing in, as X does it: a code lives 30 s and works once, a refresh token works once, an old one ends its whole family.

Facts: RFC 6749, RFC 7636 (S256), RFC 7009, and X's 'OAuth 2.0 Authorization Code Flow with PKCE'.
"""

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote_plus

from yarl import URL

from spacebot.clock import Clock
from spacebot.sandbox.x.model import XUser
from spacebot.sandbox.x.problems import Json, Refusal

SCOPES = frozenset({"tweet.read", "users.read", "space.read", "offline.access"})
CODE_SECONDS = 30
ACCESS_SECONDS = 7200

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Who may ask: the app's key and secret, and its two OAuth 2.0 clients, a confidential and a public one."""

    api_key: str = "local-api-key"
    api_secret: str = "local-api-secret"
    client_id: str = "local-client-id"
    client_secret: str = "local-client-secret"
    public_client_id: str = "local-public-client-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose token a request carries: the app's own (`user` is None) or a person's."""

    user: XUser | None
    scopes: frozenset[str]

    @property
    def kind(self) -> Literal["app", "user"]:
        return "app" if self.user is None else "user"

    @property
    def window(self) -> str:
        """What the rate limits count by: a fresh token of the same person opens no fresh window."""
        return "app" if self.user is None else f"user {self.user.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    user: XUser
    client_id: str
    redirect_uri: str
    challenge: str
    scopes: frozenset[str]
    ends: float


@dataclass(slots=True, kw_only=True)
class _Family:
    """All tokens that follow from one consent."""

    user: XUser
    client_id: str
    scopes: frozenset[str]
    access: str | None = None
    access_ends: float = 0.0
    refresh: str | None = None
    used: set[str] = field(default_factory=set)


class OAuthServer:
    """Gives codes and tokens and says whose a token is; `person` is who sits at the browser and presses 'Authorize'.

    `person` None stands for somebody who presses 'Cancel'.
    """

    def __init__(self, clock: Clock, *, bearer_token: str, clients: Clients) -> None:
        self._clock = clock
        self._bearer_token = bearer_token
        self._clients = clients
        self._codes: dict[str, _Code] = {}
        self._families: list[_Family] = []
        self.person: XUser | None = None

    def caller(self, authorization: str | None) -> Caller | None:
        """Who sends this `Authorization` header; None where the token is missing, wrong, expired or revoked."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        if secrets.compare_digest(token.encode("utf-8", "replace"), self._bearer_token.encode()):
            return Caller(user=None, scopes=frozenset())
        for family in self._families:
            if token == family.access and self._clock.monotonic() < family.access_ends and not family.user.deleted:
                return Caller(user=family.user, scopes=family.scopes)
        return None

    def authorize(self, query: Mapping[str, str]) -> str:
        """Where the browser is sent after the consent screen; raises Refusal (400) where X shows an error page instead."""
        redirect = _absolute(query.get("redirect_uri", ""))
        scopes = frozenset(query.get("scope", "").split())
        understood = (
            redirect is not None
            and query.get("response_type") == "code"
            and query.get("client_id") in {self._clients.client_id, self._clients.public_client_id}
            and query.get("code_challenge_method") == "S256"
            and _CHALLENGE.fullmatch(query.get("code_challenge", "")) is not None
            and 0 < len(query.get("state", "")) <= 500
            and bool(scopes)
            and scopes <= SCOPES
        )
        if redirect is None or not understood:
            raise _wrong(400, "invalid_request", "Something went wrong. You weren't able to give access to the App.")
        if self.person is None:
            return str(redirect.update_query(error="access_denied", state=query["state"]))
        code = secrets.token_urlsafe(48)
        self._codes[code] = _Code(
            user=self.person,
            client_id=query["client_id"],
            redirect_uri=query["redirect_uri"],
            challenge=query["code_challenge"],
            scopes=scopes,
            ends=self._clock.monotonic() + CODE_SECONDS,
        )
        return str(redirect.update_query(state=query["state"], code=code))

    def app_token(self, authorization: str | None, form: Mapping[str, str]) -> Json:
        """`POST /oauth2/token`: the app's own bearer token, the same one each time."""
        if _basic(authorization) != (self._clients.api_key, self._clients.api_secret):
            message = {"code": 99, "message": "Unable to verify your credentials", "label": "authenticity_token_error"}
            raise Refusal(403, {"errors": [message]})
        if form.get("grant_type") != "client_credentials":
            raise Refusal(403, {"errors": [{"code": 170, "message": "Missing required parameter: grant_type"}]})
        return {"token_type": "bearer", "access_token": self._bearer_token}

    def user_token(self, authorization: str | None, form: Mapping[str, str]) -> Json:
        """`POST /2/oauth2/token`: a code or a refresh token becomes a fresh pair of tokens."""
        client_id = self._client(authorization, form)
        match form.get("grant_type"):
            case "authorization_code":
                family = self._from_code(client_id, form)
            case "refresh_token":
                family = self._from_refresh(client_id, form)
            case _:
                raise _wrong(400, "unsupported_grant_type", "Value passed for the grant type was invalid.")
        answer: Json = {
            "token_type": "bearer",
            "expires_in": ACCESS_SECONDS,
            "access_token": self._renew(family),
            "scope": " ".join(sorted(family.scopes)),
        }
        return answer if family.refresh is None else {**answer, "refresh_token": family.refresh}

    def revoke(self, authorization: str | None, form: Mapping[str, str]) -> Json:
        """`POST /2/oauth2/revoke`: a refresh token takes its access token along; an unknown token is no error (RFC 7009)."""
        client_id = self._client(authorization, form)
        token = _required(form, "token")
        for family in [family for family in self._families if family.client_id == client_id]:
            if token == family.access:
                family.access = None
            elif token == family.refresh:
                self._families.remove(family)
        return {"revoked": True}

    def sign_in(self, user: XUser, scopes: frozenset[str]) -> str:
        """An access token of that person, as if they had gone through the whole flow."""
        family = _Family(user=user, client_id=self._clients.client_id, scopes=scopes)
        self._families.append(family)
        return self._renew(family)

    def _from_code(self, client_id: str, form: Mapping[str, str]) -> _Family:
        given = _required(form, "code")
        verifier = _required(form, "code_verifier")
        redirect_uri = _required(form, "redirect_uri")
        code = self._codes.pop(given, None)
        if (
            code is None
            or code.client_id != client_id
            or code.redirect_uri != redirect_uri
            or self._clock.monotonic() >= code.ends
        ):
            raise _wrong(400, "invalid_request", "Value passed for the authorization code was invalid.")
        if _VERIFIER.fullmatch(verifier) is None or challenge_of(verifier) != code.challenge:
            raise _wrong(400, "invalid_request", "Value passed for the code verifier did not match the code challenge.")
        family = _Family(user=code.user, client_id=client_id, scopes=code.scopes)
        self._families.append(family)
        return family

    def _from_refresh(self, client_id: str, form: Mapping[str, str]) -> _Family:
        token = _required(form, "refresh_token")
        for family in [family for family in self._families if family.client_id == client_id]:
            if token == family.refresh and not family.user.deleted:
                return family
            if token in family.used:
                self._families.remove(family)
        raise _wrong(400, "invalid_request", "Value passed for the token was invalid.")

    def _renew(self, family: _Family) -> str:
        if family.refresh is not None:
            family.used.add(family.refresh)
        if "offline.access" in family.scopes:
            family.refresh = secrets.token_urlsafe(48)
        family.access = secrets.token_urlsafe(48)
        family.access_ends = self._clock.monotonic() + ACCESS_SECONDS
        return family.access

    def _client(self, authorization: str | None, form: Mapping[str, str]) -> str:
        sent = _basic(authorization)
        if sent == (self._clients.client_id, self._clients.client_secret):
            return self._clients.client_id
        if sent is None and form.get("client_id") == self._clients.public_client_id:
            return self._clients.public_client_id
        raise _wrong(401, "unauthorized_client", "Missing valid authorization header")


def challenge_of(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _wrong(status: int, error: str, description: str) -> Refusal:
    return Refusal(status, {"error": error, "error_description": description})


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise _wrong(400, "invalid_request", f"Missing required parameter [{name}].")
    return form[name]


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _absolute(text: str) -> URL | None:
    try:
        url = URL(text)
    except ValueError:
        return None
    return url if url.scheme in {"http", "https"} and url.host and not url.fragment else None
