"""X without the sockets: a request in, a reply out, in the order in which X itself looks at token, limits, parameters and content."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl

from spacebot.clock import Clock
from spacebot.sandbox.x.activity import LIMIT, PATH, Access, Activity
from spacebot.sandbox.x.answers import Call
from spacebot.sandbox.x.bill import Bill
from spacebot.sandbox.x.endpoints import ENDPOINTS, Endpoint
from spacebot.sandbox.x.limits import RateLimits
from spacebot.sandbox.x.model import Platform
from spacebot.sandbox.x.oauth import Caller, OAuthServer
from spacebot.sandbox.x.problems import Json, Refusal, blank, code_88, invalid_request, unsupported_authentication
from spacebot.sandbox.x.query import Parameter, read_query
from spacebot.sandbox.x.quirks import Quirks

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json; charset=utf-8"
_PROBLEM = "application/problem+json"
_USER_CONTEXT = "OAuth 2.0 User Context"
_APP_ONLY = "OAuth 2.0 Application-Only"

# Endpoints outside /2 and those that give tokens: (method, path) → name.
_SIGN_IN = {
    ("GET", "/i/oauth2/authorize"): "authorize",
    ("POST", "/oauth2/token"): "app_token",
    ("POST", "/2/oauth2/token"): "user_token",
    ("POST", "/2/oauth2/revoke"): "revoke",
}

_STREAM = "/2/activity/stream"
_SUBSCRIPTIONS = {"POST": "subscribe", "GET": "subscriptions", "DELETE": "unsubscribe"}
_STREAM_PARAMETERS = (
    Parameter(name="backfill_minutes", between=(0, 5)),
    Parameter(name="start_time"),
    Parameter(name="end_time"),
)

READING = frozenset(endpoint.name for endpoint in ENDPOINTS)
LIMITED = READING | {"subscriptions"}
NAMES = READING | {*_SIGN_IN.values(), *_SUBSCRIPTIONS.values(), "stream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What arrived: `path` is decoded, `query` in the order sent."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    authorization: str | None = None
    content_type: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What X says to it; `content_type` None sends no such header."""

    status: int
    body: bytes = b""
    content_type: str | None = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    backfill: int | None = None
    """For a stream that begins with this reply: how many minutes of the past come first."""


class Api:
    """One X. It does no I/O and never waits; time is what its clock says."""

    def __init__(
        self,
        clock: Clock,
        *,
        platform: Platform,
        oauth: OAuthServer,
        quirks: Quirks,
        access: Access,
        limits: Mapping[str, int],
    ) -> None:
        if unknown := set(limits) - LIMITED:
            named, there = ", ".join(sorted(unknown)), ", ".join(sorted(LIMITED))
            raise ValueError(f"no endpoint with a limit is called {named}; there are {there}")
        self._clock = clock
        self._platform = platform
        self._oauth = oauth
        self._quirks = quirks
        self._limits = limits
        self._windows = RateLimits(clock)
        self._access = access
        self.activity = Activity(clock, platform=platform, quirks=quirks, access=access)
        self.billed = Bill()

    def name_of(self, method: str, path: str) -> str | None:
        """The endpoint that a request is meant for."""
        if name := _SIGN_IN.get((method, path)):
            return name
        if path == _STREAM:
            return "stream" if method == "GET" else None
        if _is_about_subscriptions(path):
            return _SUBSCRIPTIONS.get(method) if path == PATH or method == "DELETE" else None
        found = _endpoint(path)
        return found[0].name if found is not None and method == "GET" else None

    def token_kind(self, authorization: str | None) -> Literal["app", "user", "none", "unknown"]:
        """What kind of token that header carries."""
        if not authorization:
            return "none"
        caller = self._oauth.caller(authorization)
        return "unknown" if caller is None else caller.kind

    def answer(self, request: Request, *, drain: bool = False) -> Reply:
        """X's reply. `drain` uses the endpoint's window up before X looks at it."""
        try:
            if (request.method, request.path) in _SIGN_IN:
                return self._sign_in(request)
            if request.path == _STREAM:
                return self._stream(request)
            if _is_about_subscriptions(request.path):
                return self._subscriptions(request, drain=drain)
            found = _endpoint(request.path)
            if found is None:
                raise Refusal(404, blank(404, "Not Found"))
            if request.method != "GET":
                raise Refusal(405, blank(405, "Method Not Allowed"), headers={"Allow": "GET"})
            return self._read(found[0], found[1], request, drain=drain)
        except Refusal as refusal:
            kind = _PROBLEM if refusal.body.get("type") == "about:blank" else _JSON
            body = _dump(refusal.body)
            return Reply(status=refusal.status, body=body, content_type=kind, headers=refusal.headers)

    def _read(self, endpoint: Endpoint, path: Mapping[str, str], request: Request, *, drain: bool) -> Reply:
        caller = self._oauth.caller(request.authorization)
        if caller is None:
            raise Refusal(401, blank(401, "Unauthorized"))
        self._must_be_taken(endpoint, caller)
        usual = endpoint.app_limit if caller.user is None else endpoint.user_limit
        status = self._windows.take(
            endpoint.name,
            caller.window,
            limit=self._limits.get(endpoint.name, usual),
            once_a_second=endpoint.once_a_second,
            drain=drain,
        )
        headers = status.headers()
        try:
            if status.refused:
                problem = blank(429, "Too Many Requests") if self._quirks.too_many == "problem" else code_88()
                raise Refusal(429, problem)
            generation = self._quirks.generation
            parameters = (*endpoint.own, *endpoint.common(generation))
            asked = read_query((*path.items(), *request.query), parameters, generation=generation)
            answer = endpoint.answer(
                Call(platform=self._platform, quirks=self._quirks, asked=asked, viewer=caller.user)
            )
        except Refusal as refusal:
            raise Refusal(refusal.status, refusal.body, headers=headers) from None
        self.billed.add(self._clock.now().date(), answer.billed)
        return Reply(status=200, body=_dump(answer.body), headers=headers)

    def _subscriptions(self, request: Request, *, drain: bool) -> Reply:
        if self.name_of(request.method, request.path) is None:
            allowed = ", ".join(_SUBSCRIPTIONS) if request.path == PATH else "DELETE"
            raise Refusal(405, blank(405, "Method Not Allowed"), headers={"Allow": allowed})
        self._must_be_the_app(request)
        limit = self._limits.get("subscriptions", LIMIT)
        status = self._windows.take("subscriptions", "app", limit=limit, once_a_second=False, drain=drain)
        headers = status.headers()
        try:
            if status.refused:
                problem = blank(429, "Too Many Requests") if self._quirks.too_many == "problem" else code_88()
                raise Refusal(429, problem)
            body = self.activity.answer(request.method, request.path, request.query, request.content_type, request.body)
        except Refusal as refusal:
            raise Refusal(refusal.status, refusal.body, headers=headers) from None
        return Reply(status=200, body=_dump(body), headers=headers)

    def _stream(self, request: Request) -> Reply:
        if request.method != "GET":
            raise Refusal(405, blank(405, "Method Not Allowed"), headers={"Allow": "GET"})
        self._must_be_the_app(request)
        self._access.must_be_granted(self._quirks)
        generation = self._quirks.generation
        asked = read_query(request.query, _STREAM_PARAMETERS, generation=generation)
        if asked.given and not self._access.replays:
            message = "Your client app is not configured with the appropriate access to replay the stream"
            raise invalid_request(generation, [(name, values, message) for name, values in asked.given.items()])
        return Reply(status=200, backfill=asked.number("backfill_minutes", 0))

    def _must_be_the_app(self, request: Request) -> None:
        caller = self._oauth.caller(request.authorization)
        if caller is None:
            raise Refusal(401, blank(401, "Unauthorized"))
        if caller.user is not None:
            raise unsupported_authentication(self._quirks.generation, sent=_USER_CONTEXT, accepted=[_APP_ONLY])

    def _must_be_taken(self, endpoint: Endpoint, caller: Caller) -> None:
        generation = self._quirks.generation
        since = endpoint.app_since
        if caller.user is None and (since is None or since > generation):
            raise unsupported_authentication(generation, sent=_APP_ONLY, accepted=[_USER_CONTEXT])
        if caller.user is not None and not endpoint.scopes <= caller.scopes:
            raise Refusal(403, blank(403, "Forbidden"))

    def _sign_in(self, request: Request) -> Reply:
        if request.method == "GET":
            query = dict(request.query)
            return Reply(status=302, content_type=None, headers={"Location": self._oauth.authorize(query)})
        if request.content_type.partition(";")[0].strip().lower() != _FORM:
            message = "Missing required parameter [grant_type]."
            raise Refusal(400, {"error": "invalid_request", "error_description": message})
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        give: Mapping[str, Callable[[str | None, Mapping[str, str]], Json]] = {
            "app_token": self._oauth.app_token,
            "user_token": self._oauth.user_token,
            "revoke": self._oauth.revoke,
        }
        answer = give[_SIGN_IN[request.method, request.path]](request.authorization, form)
        return Reply(status=200, body=_dump(answer))


def _is_about_subscriptions(path: str) -> bool:
    return path == PATH or (path.startswith(f"{PATH}/") and "/" not in path.removeprefix(f"{PATH}/"))


def _endpoint(path: str) -> tuple[Endpoint, dict[str, str]] | None:
    for endpoint in ENDPOINTS:
        if (match := endpoint.path.fullmatch(path)) is not None:
            return endpoint, match.groupdict()
    return None


def _dump(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
