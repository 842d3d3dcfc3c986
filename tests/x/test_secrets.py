"""No secret is ever told: whatever the client and the sign-in do, whatever X does, and however much is logged."""

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from yarl import URL

from spacebot.domain.ids import ListId, SpaceId, UserId
from spacebot.errors import SettingsError, XBadToken, XDown, XError, XSignInRefused
from spacebot.sandbox.x import Fault, XUser
from spacebot.x.auth import AppAuth, BearerAuth, OAuthClient, Pkce, UserToken, authorize_url, new_pkce
from spacebot.x.client import XClient
from spacebot.x.host_batcher import HostBatcher
from spacebot.x.transport import Transport
from tests.errands import PEOPLE
from tests.x.conftest import Bench

REDIRECT = "https://bot.invalid/back"
SILENT = {
    *(
        "windows",
        "told_limits",
        "wait_for_creators_slot",
        "give_up_creators_slot",
        "on_behalf",
        "admit",
        "seat",
        "leave",
    ),
    *("affordable_hosts", "affordable_spaces", "affordable_results", "affordable_accounts", "price_of_accounts"),
}
"""What sends nothing."""

Outcome = object
Door = Callable[[SpaceId, UserId], Awaitable[Outcome]]


@dataclass(kw_only=True)
class Marks:
    """The secrets of one test, in each form in which they travel, and everything that was told."""

    secrets: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def keep(self, name: str, secret: str) -> SecretStr:
        self.secrets[f"{name} {len(self.secrets)}"] = secret
        return SecretStr(secret)

    def keep_pair(self, name: str, key: str, secret: str) -> None:
        self.keep(name, secret)
        basic = f"{quote(key, safe='')}:{quote(secret, safe='')}"
        self.keep(f"{name}, as a header", base64.b64encode(basic.encode()).decode())

    def keep_token(self, token: UserToken) -> None:
        self.keep("access token", token.access.get_secret_value())
        assert token.refresh is not None
        self.keep("refresh token", token.refresh.get_secret_value())

    def hear(self, outcome: Outcome) -> None:
        """Note all that an outcome shows of itself; an exception with everything that led to it."""
        for one in chain(outcome) if isinstance(outcome, BaseException) else [outcome]:
            self.told += [str(one), repr(one)]
            if isinstance(one, BaseException):
                self.told += [repr(one.args), repr(vars(one))]

    def hear_log(self, records: Iterable[logging.LogRecord]) -> None:
        for record in records:
            self.told += [logging.Formatter().format(record), repr(record.args), repr(vars(record))]
            if record.exc_info and record.exc_info[1]:
                self.hear(record.exc_info[1])

    def leaks(self) -> set[str]:
        """The names of the secrets that were told."""
        everything = "\n".join(self.told)
        return {name for name, secret in self.secrets.items() if secret in everything}


def chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that hang on it, shown in a traceback or not."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        yield one


@pytest.fixture
async def marks(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Marks]:
    """Marks that know the local X's secrets; what was logged, by anybody, is heard and judged at the end."""
    # All wait equally long before they try again: the clock then moves in a few steps instead of hundreds.
    monkeypatch.setattr("spacebot.x.transport.random.uniform", lambda _, longest: longest)
    marks, clients = Marks(), bench.x.clients
    for name in ("", "asyncio", "aiohttp", "aiohttp.client", "aiohttp.internal", "spacebot"):
        caplog.set_level(logging.DEBUG, name)
    marks.keep("bearer token", bench.x.bearer_token)
    marks.keep("app key", clients.api_key)
    marks.keep_pair("app secret", clients.api_key, clients.api_secret)
    marks.keep_pair("client secret", clients.client_id, clients.client_secret)
    yield marks
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    marks.hear_log(records)
    heard = {record.name.partition(".")[0] for record in records if record.levelno == logging.DEBUG}
    assert heard >= {"asyncio", "spacebot"}
    assert marks.leaks() == set()


def by_app(bench: Bench, key: str | None = None, secret: str | None = None) -> AppAuth:
    clients = bench.x.clients
    return AppAuth(
        key or clients.api_key,
        SecretStr(secret or clients.api_secret),
        bench.session,
        bench.x.url,
        clock=bench.clock,
    )


def sign_in(bench: Bench, *, public: bool = False, secret: str | None = None) -> OAuthClient:
    clients = bench.x.clients
    return OAuthClient(
        client_id=clients.public_client_id if public else clients.client_id,
        client_secret=None if public else SecretStr(secret or clients.client_secret),
        session=bench.session,
        base_url=bench.x.url,
        clock=bench.clock,
    )


async def consent(bench: Bench, marks: Marks, person: XUser, *, public: bool = False) -> tuple[SecretStr, Pkce]:
    """What the browser brings back, and the pair that belongs to it."""
    pair, clients = new_pkce(), bench.x.clients
    bench.x.authorize_as(person)
    link = authorize_url(
        client_id=clients.public_client_id if public else clients.client_id,
        redirect_uri=REDIRECT,
        state="the state",
        challenge=pair.challenge,
        page=f"{bench.x.url}/i/oauth2/authorize",
    )
    async with bench.session.get(URL(link, encoded=True), allow_redirects=False) as response:
        code = URL(response.headers["Location"]).query["code"]
    marks.keep("verifier", pair.verifier.get_secret_value())
    marks.hear(pair)
    marks.hear(link)
    return marks.keep("code", code), pair


async def person_token(bench: Bench, marks: Marks, person: XUser, *, public: bool = False) -> UserToken:
    code, pair = await consent(bench, marks, person, public=public)
    token = await sign_in(bench, public=public).exchange(code=code, verifier=pair.verifier, redirect_uri=REDIRECT)
    marks.keep_token(token)
    marks.hear(token)
    return token


def doors(client: XClient, token: UserToken | None, owner: UserToken) -> dict[str, Door]:
    """Every way to ask; with `token`, or as the app where that is None."""

    async def posts(space_id: SpaceId, _: UserId) -> Outcome:
        return [page async for page in client.posts(space_id, token=token)]

    async def buyers(space_id: SpaceId, _: UserId) -> Outcome:
        return [page async for page in client.buyers(space_id, token=token or owner)]

    async def list_members(_: SpaceId, __: UserId) -> Outcome:
        return [page async for page in client.list_members(ListId("5"))]

    return {
        "space": lambda space, _: client.space(space, token=token),
        "spaces": lambda space, _: client.spaces([space, SpaceId("1nobody")], token=token),
        "spaces_by_creators": lambda _, user: client.spaces_by_creators([user]),
        "search": lambda _, __: client.search("garden", token=token),
        "user_by_username": lambda _, __: client.user_by_username("gardener", token=token),
        "users_by_usernames": lambda _, __: client.users_by_usernames(["gardener", "nobody"], token=token),
        "user": lambda _, user: client.user(user, token=token),
        "users": lambda _, user: client.users([user, UserId("404")], token=token),
        "posts": posts,
        "buyers": buyers,
        "list_members": list_members,
    }


async def every_door(client: XClient, token: UserToken | None, owner: UserToken, made: SpaceId) -> list[Outcome]:
    """All that the client can do, at once; what came of each."""
    ways = doors(client, token, owner)
    return await several(*(way(made, UserId("7")) for way in ways.values()))


async def several(*works: Awaitable[Outcome]) -> list[Outcome]:
    return await asyncio.gather(*works, return_exceptions=True)


async def all_of(*works: Awaitable[list[Outcome]]) -> list[Outcome]:
    return [outcome for part in await asyncio.gather(*works) for outcome in part]


def test_the_search_for_secrets_finds_them_wherever_they_are_told() -> None:
    def leaking(depth: int) -> BaseException:
        try:
            try:
                raise ValueError("hush") if depth else KeyError(b"other")
            except (ValueError, KeyError):
                raise XDown from None
        except XDown as error:
            return error

    quiet = Marks(secrets={"one": "hush"})
    quiet.hear(leaking(0))
    quiet.hear(SecretStr("hush"))
    assert quiet.leaks() == set()
    detail, group = XDown(detail="hush"), ExceptionGroup("several", [ValueError("fine"), RuntimeError("hush")])
    for told in (leaking(1), detail, group, "it is hush, you know", {"Authorization": "Bearer hush"}):
        loud = Marks(secrets={"one": "hush"})
        loud.hear(told)
        assert loud.leaks() == {"one"}
    error = leaking(1)
    for message, given, trace in (("%s", ("hush",), None), ("fine", (), (type(error), error, error.__traceback__))):
        loud = Marks(secrets={"one": "hush"})
        loud.hear_log([logging.LogRecord("any", logging.DEBUG, "file", 1, message, given, trace)])
        assert loud.leaks() == {"one"}


def test_no_way_to_ask_is_left_out(bench: Bench) -> None:
    owner = UserToken(access=SecretStr("a"), refresh=None, expires_at=bench.clock.now(), scopes=frozenset())
    public = {name for name in vars(XClient) if not name.startswith("_")}
    assert set(doors(bench.client, None, owner)) == public - SILENT


async def test_what_succeeds_tells_no_secret(bench: Bench, marks: Marks) -> None:
    host = bench.x.add_user("gardener", id="7")
    made = SpaceId(bench.x.start_space(host, title="Night garden", ticketed=True).id)
    auth = by_app(bench)
    app = XClient(Transport(session=bench.session, base_url=bench.x.url, auth=auth, clock=bench.clock), PEOPLE)
    batcher = HostBatcher(app, bench.clock)
    for public in (True, False):
        token = await bench.of(person_token(bench, marks, host, public=public))
        for client, who in ((bench.client, token), (app, None)):
            await bench.clock.advance(2)  # `creator_ids` counts both clients as one app
            outcomes = await bench.of(every_door(client, who, token, made))
            assert not [one for one in outcomes if isinstance(one, BaseException) and "kind of token" not in str(one)]
            marks.hear(outcomes)
        await bench.clock.advance(2)
        marks.hear(await bench.of(batcher.ask(UserId("7"))))
        oauth = sign_in(bench, public=public)
        assert token.refresh is not None
        renewed = await bench.of(oauth.refresh(token.refresh))
        marks.keep_token(renewed)
        await bench.of(oauth.revoke(renewed.access))
        marks.hear([renewed, oauth, repr(vars(oauth))])
    headers = await bench.of(auth.headers())
    assert await auth.renew(headers)
    marks.hear([auth, bench.client, app, batcher, app.windows(), BearerAuth(SecretStr(bench.x.bearer_token))])
    marks.hear([vars(bench.client), vars(bench.client._transport), vars(batcher), repr(vars(auth)["_secret"])])


def _name(fault: Fault) -> str:
    what = fault.drop or (fault.status and f"{fault.status}-{len(fault.body)}") or ("drain" if fault.drain else "slow")
    return str(what)


FAULTS = (
    *Fault.every(),
    Fault(status=302, headers={"Location": "http://127.0.0.1:9/"}),
    Fault(status=200, body=b"\x00\xff" * 10),
    Fault(status=400, body=b'{"error":"invalid_request","error_description":"no"}'),
)


@pytest.mark.parametrize("fault", FAULTS, ids=_name)
async def test_no_failure_of_x_tells_a_secret(bench: Bench, marks: Marks, fault: Fault) -> None:
    host = bench.x.add_user("gardener", id="7")
    made = SpaceId(bench.x.start_space(host, title="Night garden", ticketed=True).id)
    token = await bench.of(person_token(bench, marks, host))
    unused = await bench.of(person_token(bench, marks, host))
    code, pair = await bench.of(consent(bench, marks, host))
    assert unused.refresh is not None
    before = len(bench.x.requests)

    bench.x.fault("/", replace(fault, times=None))
    auth = by_app(bench)
    app = XClient(Transport(session=bench.session, base_url=bench.x.url, auth=auth, clock=bench.clock), PEOPLE)
    oauth = sign_in(bench)
    outcomes = await bench.of(
        all_of(
            every_door(bench.client, None, token, made),
            every_door(bench.client, token, token, made),
            every_door(app, None, token, made),
            several(
                HostBatcher(bench.client, bench.clock).ask(UserId("7")),
                oauth.exchange(code=code, verifier=pair.verifier, redirect_uri=REDIRECT),
                oauth.refresh(unused.refresh),
                oauth.revoke(token.access),
                by_app(bench).headers(),
            ),
        )
    )
    for outcome in outcomes:
        assert not isinstance(outcome, BaseException) or isinstance(outcome, XError)
        if isinstance(outcome, UserToken):
            marks.keep_token(outcome)
        if not isinstance(outcome, dict):  # the headers themselves are for X, and carry the token
            marks.hear(outcome)
    marks.hear([bench.client, app, auth, oauth, vars(bench.client), vars(app)])
    assert all(exchange.fault for exchange in bench.x.requests[before:])
    assert {exchange.endpoint for exchange in bench.x.requests[before:]} >= {
        "space",
        "buyers",
        "app_token",
        "user_token",
    }


async def test_no_refusal_of_a_wrong_secret_tells_it(bench: Bench, marks: Marks) -> None:
    host = bench.x.add_user("gardener", id="7")
    made = SpaceId(bench.x.start_space(host, ticketed=True).id)
    token = await bench.of(person_token(bench, marks, host))
    assert token.refresh is not None
    wrong = marks.keep("wrong secret", "wrong-and-marked")
    marks.keep_pair("wrong secret", bench.x.clients.api_key, "wrong-and-marked")
    marks.keep_pair("wrong key", "wrong-and-marked", bench.x.clients.api_secret)
    marks.keep_pair("wrong secret", bench.x.clients.client_id, "wrong-and-marked")
    stale = UserToken(
        access=wrong, refresh=None, expires_at=bench.clock.now() - timedelta(1), scopes=frozenset({"space.read"})
    )
    for auth in (BearerAuth(wrong), by_app(bench, secret="wrong-and-marked"), by_app(bench, key="wrong-and-marked")):
        client = XClient(Transport(session=bench.session, base_url=bench.x.url, auth=auth, clock=bench.clock), PEOPLE)
        for who in (None, stale):
            outcomes = await bench.of(every_door(client, who, stale, made))
            assert {type(one) for one in outcomes} == {XBadToken}
            for one in outcomes:
                marks.hear(one)
    code, pair = await bench.of(consent(bench, marks, host))
    await bench.of(sign_in(bench).revoke(token.refresh))
    for refused in (
        sign_in(bench).exchange(code=wrong, verifier=pair.verifier, redirect_uri=REDIRECT),
        sign_in(bench).exchange(code=code, verifier=wrong, redirect_uri=REDIRECT),
        sign_in(bench).exchange(code=code, verifier=pair.verifier, redirect_uri=REDIRECT),
        sign_in(bench).refresh(token.refresh),
        sign_in(bench).refresh(wrong),
        sign_in(bench, secret="wrong-and-marked").refresh(wrong),
        sign_in(bench, secret="wrong-and-marked").revoke(wrong),
    ):
        (outcome,) = await bench.of(several(refused))
        assert isinstance(outcome, XSignInRefused | XBadToken)
        marks.hear(outcome)
    with pytest.raises(SettingsError) as malformed:
        BearerAuth(SecretStr("wrong-and-marked, and in two\nlines"))
    marks.hear(malformed.value)


async def test_an_x_that_speaks_no_http_or_is_not_there_draws_no_secret_out(bench: Bench, marks: Marks) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The very words of the request come back, as from a broken proxy.
        writer.write(await reader.readuntil(b"\r\n\r\n"))
        await writer.drain()
        writer.close()

    host = bench.x.add_user("gardener", id="7")
    made = SpaceId(bench.x.start_space(host, ticketed=True).id)
    token = await bench.of(person_token(bench, marks, host))
    assert token.refresh is not None
    await bench.of(bench.client.space(made))
    await bench.x.stop()
    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        for url in (bench.x.url, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"):
            auth = AppAuth(
                bench.x.clients.api_key, SecretStr(bench.x.clients.api_secret), bench.session, url, clock=bench.clock
            )
            oauth = OAuthClient(
                client_id=bench.x.clients.client_id,
                client_secret=SecretStr(bench.x.clients.client_secret),
                session=bench.session,
                base_url=url,
                clock=bench.clock,
            )
            bearer = BearerAuth(SecretStr(bench.x.bearer_token))
            clients = [
                XClient(Transport(session=bench.session, base_url=url, auth=credentials, clock=bench.clock), PEOPLE)
                for credentials in (bearer, auth)
            ]
            outcomes = await bench.of(
                all_of(
                    *(every_door(client, who, token, made) for client in clients for who in (None, token)),
                    several(
                        oauth.exchange(code=token.refresh, verifier=token.access, redirect_uri=REDIRECT),
                        oauth.refresh(token.refresh),
                        oauth.revoke(token.refresh),
                    ),
                )
            )
            assert {type(one) for one in outcomes} == {XDown}
            for one in outcomes:
                marks.hear(one)
