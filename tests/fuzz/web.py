"""What comes back from X with a browser, or is sent to the web endpoint by anybody."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import SecretStr

from spacebot.domain.ids import PersonId
from spacebot.errors import XDown, XError, XSignInRefused
from spacebot.present import web as page
from spacebot.store.connection import Store
from spacebot.usecases.links import Links
from spacebot.vault import Vault, new_key
from spacebot.web import CALLBACK, CONFIRM, WebEndpoint
from spacebot.x.auth import UserToken
from tests.clocks import START, FakeClock
from tests.fuzz import material
from tests.fuzz.targets import Feed

RETURN = "http://127.0.0.1:8080/x/callback"


class _SignIn:
    """X's token endpoints: they give a token, refuse, or do not answer."""

    def __init__(self) -> None:
        self._rng = Random(7)  # noqa: S311 - a workload needs a seed, not secrecy

    async def exchange(self, *, code: SecretStr, verifier: SecretStr, redirect_uri: str) -> UserToken:
        urlencode({"code": code.get_secret_value(), "code_verifier": verifier.get_secret_value()})  # it can be sent
        failure: XError | None = self._rng.choice((None, None, XSignInRefused(), XDown()))
        if failure is not None:
            raise failure
        access, refresh = SecretStr("a" * 40), SecretStr("r" * 40)
        return UserToken(access=access, refresh=refresh, expires_at=START + timedelta(hours=2), scopes=frozenset({"x"}))

    async def revoke(self, token: SecretStr) -> None:
        """Take it back."""


@asynccontextmanager
async def _links(folder: Path) -> AsyncIterator[Links]:
    async with Store(folder / "links.sqlite3") as store:
        yield Links(
            oauth=_SignIn(),  # type: ignore[arg-type]  # has what is used of it
            client_id="client",
            redirect_uri=RETURN,
            authorize_page="https://x.com/i/oauth2/authorize",
            store=store,
            vault=Vault([SecretStr(new_key())]),
            clock=FakeClock(),
            has_web=True,
        )


async def _begun(links: Links, rng: Random) -> tuple[PersonId, str]:
    """Somebody, and the state that was handed out to them, now and then a little changed, or anything."""
    person = PersonId(rng.getrandbits(50))
    address = await links.begin(person, material.text(rng))
    state = parse_qs(urlsplit(address).query)["state"][0]
    return person, rng.choice((state, state, state, material.mangled(rng, state), material.text(rng)))


@asynccontextmanager
async def callbacks(folder: Path) -> AsyncIterator[Feed]:
    """What people come back with, by browser or pasted."""
    async with _links(folder) as links:

        async def feed(rng: Random) -> None:
            person, state = await _begun(links, rng)
            code = rng.choice((material.word(rng), material.word(rng), material.text(rng)))
            error = rng.choice(("", "", "", "access_denied", material.text(rng)))
            if rng.random() < 0.5:
                query = urlencode({"state": state, "code": code, "error": error}, errors="surrogatepass")
                address = f"{RETURN}?{query}"
                other = rng.choice((person, person, PersonId(1)))
                await links.finish_pasted(other, rng.choice((address, address, material.mangled(rng, address))))
                return
            key, pending = await links.arrive(state=state, code=code, error=error)
            page.question(pending.person_name, key).encode()
            key = rng.choice((key, key, material.text(rng)))
            await (links.confirm(key) if rng.random() < 0.5 else links.decline(key))

        yield feed


class _Errors(logging.Handler):
    """Keeps what the endpoint could not deal with."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "Error handling request" not in record.getMessage():  # said of what is no HTTP, and answered 400
            self.said.append(record.getMessage())


@asynccontextmanager
async def requests(folder: Path) -> AsyncIterator[Feed]:
    """What anybody sends to the web endpoint, byte by byte."""
    heard = _Errors()
    logging.getLogger().addHandler(heard)
    logging.getLogger("spacebot.web.server").addHandler(heard)
    one_at_a_time = asyncio.Lock()
    try:
        async with _links(folder) as links, WebEndpoint(links, host="127.0.0.1", port=0) as endpoint:

            async def feed(rng: Random) -> None:
                request = await _request(links, rng)
                async with one_at_a_time:  # one address may hold only a few connections
                    answer = await _sent(endpoint.port, request)
                assert not answer or 200 <= int(answer.split(b" ", 2)[1]) < 500, answer[:200]
                assert not heard.said, heard.said.pop()

            yield feed
    finally:
        logging.getLogger().removeHandler(heard)
        logging.getLogger("spacebot.web.server").removeHandler(heard)


async def _request(links: Links, rng: Random) -> bytes:
    _, state = await _begun(links, rng)
    query = {"state": state, "code": material.text(rng), "error": rng.choice(("", material.text(rng)))}
    given = urlencode(query, errors="surrogatepass").encode()
    if rng.random() < 0.5:
        whole = b"GET " + CALLBACK.encode() + b"?" + given + b" HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n"
    else:
        form = urlencode(
            {"key": material.text(rng), "answer": rng.choice(("yes", "no", material.text(rng)))}, errors="surrogatepass"
        )
        kind = rng.choice(("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", material.word(rng)))
        head = f"POST {CONFIRM} HTTP/1.1\r\nHost: bot\r\nConnection: close\r\nContent-Type: {kind}\r\n"
        whole = f"{head}Content-Length: {len(form)}\r\n\r\n{form}".encode()
    return material.mangled_bytes(rng, whole) if rng.random() < 0.5 else whole


async def _sent(port: int, request: bytes) -> bytes:
    """What is answered, if anything; whoever sent half a request hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), 10)
    except (ConnectionError, TimeoutError):
        return b""
    finally:
        writer.close()
