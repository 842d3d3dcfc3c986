"""Links people's X accounts: sign-in, renewal and revocation; a token only ever serves the person who gave it.

The bot need not know whose account it is: X itself shows buyers and reminders to the creator's token only.

A sign-in is single-use and lives ten minutes. Refresh tokens rotate, so two refreshes of one person never race: each
person has a lock, and the new pair is stored before anybody uses it.
"""

import asyncio
import contextlib
import hashlib
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import parse_qs, urlsplit
from weakref import WeakValueDictionary

from pydantic import SecretStr

from spacebot.clock import Clock
from spacebot.domain.accounts import Link, SignIn
from spacebot.domain.ids import PersonId
from spacebot.domain.mistakes import Mistake
from spacebot.domain.texts import fit
from spacebot.errors import StoreError, UserMistake, XError, XSignInRefused
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.vault import Vault, VaultError
from spacebot.x.auth import OAuthClient, UserToken, authorize_url, new_pkce

log = logging.getLogger(__name__)

SIGN_IN_LIVES = timedelta(minutes=10)
"""How long a sign-in is valid."""

REFRESH_BEFORE = timedelta(minutes=5)
"""An access token that expires sooner is renewed before it is used."""

VERIFIER, ACCESS, REFRESH = "sign-in", "access", "refresh"
"""What each sealed secret is for: one of them is not good for another."""

BOUND = "secrets_bound"
"""The note that says that every secret is sealed for its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A sign-in that X has confirmed and the person on the web page has not yet."""

    person: PersonId
    person_name: str
    token: UserToken
    until: datetime


class Links:
    """The use cases of `/x-link` and `/x-unlink`, and people's tokens."""

    def __init__(
        self,
        *,
        oauth: OAuthClient,
        client_id: str,
        redirect_uri: str,
        authorize_page: str,
        store: Store,
        vault: Vault,
        clock: Clock,
        has_web: bool,
    ) -> None:
        """Store the collaborators.

        Args:
            oauth: X's token endpoints.
            client_id: The app's OAuth 2.0 client id.
            redirect_uri: Where X sends the person back to; registered with X letter for letter.
            authorize_page: X's page of consent.
            store: Where links are kept.
            vault: Encrypts them.
            clock: Time.
            has_web: Whether X sends people to the bot's web endpoint; if not, they paste the address where they land.
        """
        self.has_web = has_web
        self._oauth = oauth
        self._client_id = client_id
        self._redirect_uri = redirect_uri
        self._authorize_page = authorize_page
        self._store = store
        self._vault = vault
        self._clock = clock
        self._locks: WeakValueDictionary[PersonId, asyncio.Lock] = WeakValueDictionary()
        self._exchanges: set[asyncio.Task[UserToken | None]] = set()
        self._pending: dict[str, Pending] = {}

    async def begin(self, person: PersonId, name: str) -> str:
        """Begin a sign-in and return X's page of consent for this person; ends an earlier sign-in of theirs.

        Args:
            person: The Discord user.
            name: Their name on Discord, for the page that asks for confirmation.
        """
        now = self._clock.now()
        await self._drop_pending_of(person)
        pkce = new_pkce()
        state = secrets.token_urlsafe(24)
        await self._store(
            Queries.begin_sign_in,
            SignIn(
                state=_digest(state),
                person=person,
                person_name=fit(name),
                verifier=self._vault.seal(pkce.verifier, owner=person, purpose=VERIFIER),
                until=now + SIGN_IN_LIVES,
            ),
            now,
        )
        return authorize_url(
            client_id=self._client_id,
            redirect_uri=self._redirect_uri,
            state=state,
            challenge=pkce.challenge,
            page=self._authorize_page,
        )

    async def finish_pasted(self, person: PersonId, address: str) -> None:
        """Complete a sign-in from the address that the person landed on.

        Raises:
            UserMistake, XError: nothing was linked.
        """
        try:
            query = parse_qs(urlsplit(address.strip()).query, errors="strict") if address.isascii() else {}
        except ValueError:
            raise UserMistake(Mistake.NOT_THE_ADDRESS) from None
        state = query.get("state", [""])[0]
        if not state:
            raise UserMistake(Mistake.NOT_THE_ADDRESS)
        if await self._store(Queries.sign_in_of, _digest(state)) not in {person, None}:
            raise UserMistake(Mistake.SIGN_IN_OF_ANOTHER)  # it stays valid for the person who began it
        pending = await self._exchange(state, query.get("code", [""])[0], query.get("error", [""])[0])
        await self._keep(pending)

    async def arrive(self, *, state: str, code: str, error: str) -> tuple[str, Pending]:
        """Take what X sent a browser back with; nothing is linked until `confirm`.

        Otherwise, somebody tricked into opening another person's link would give that person their account.

        Returns:
            A key for `confirm` and `decline`, and the sign-in that it stands for.

        Raises:
            UserMistake, XError: the sign-in failed.
        """
        pending = await self._exchange(state, code, error)
        now = self._clock.now()
        await self._drop([key for key, each in self._pending.items() if each.until <= now])
        key = secrets.token_urlsafe(24)
        await self._note_unconfirmed(key, pending)
        self._pending[key] = pending
        return key, pending

    async def _note_unconfirmed(self, key: str, pending: Pending) -> None:
        """Write the token down, so that it is revoked at the next start if this one ends before anybody answers."""
        try:
            await self._store(Queries.note_unconfirmed, _digest(key), self._sealed(pending.person, pending.token))
        except StoreError:
            await self._revoke(pending.token)
            raise

    async def revoke_unconfirmed(self) -> None:
        """At a start: give back what an earlier run was lent and nobody confirmed before it ended."""
        for key, link in await self._store(Queries.unconfirmed):
            with contextlib.suppress(VaultError):
                await self._revoke(self._opened(link))
            await self._store(Queries.forget_unconfirmed, key)

    async def confirm(self, key: str) -> Pending:
        """Link the account: the person says that both accounts are theirs.

        Raises:
            UserMistake: the key has expired or was used already.
        """
        pending = await self._take(key)
        await self._keep(pending)
        await self._store(Queries.forget_unconfirmed, _digest(key))
        return pending

    async def decline(self, key: str) -> None:
        """Revoke the token: the person says that the Discord account is not theirs."""
        await self._revoke((await self._take(key)).token)
        await self._store(Queries.forget_unconfirmed, _digest(key))

    async def is_linked(self, person: PersonId) -> bool:
        """Whether a person has linked an X account."""
        return await self._store(Queries.link, person) is not None

    async def token(self, person: PersonId) -> UserToken | None:
        """The person's token, valid for some minutes at least; None if they have no link.

        Raises:
            XError: it has to be renewed, and X does not answer.
        """
        # Not cancelled with the caller: a renewal uses up the old refresh token, and using that a second time
        # would end the whole link.
        task = asyncio.create_task(self._good_token(person))
        self._exchanges.add(task)
        task.add_done_callback(self._exchanged)
        return await asyncio.shield(task)

    def _exchanged(self, task: asyncio.Task[UserToken | None]) -> None:
        self._exchanges.discard(task)
        if not task.cancelled():
            task.exception()  # raised in the caller already, unless it was cancelled

    async def _good_token(self, person: PersonId) -> UserToken | None:
        lock = self._locks.setdefault(person, asyncio.Lock())
        async with lock:
            link = await self._store(Queries.link, person)
            if link is None:
                return None
            try:
                token = self._opened(link)
                if token.expires_at - self._clock.now() > REFRESH_BEFORE:
                    return token
                if token.refresh is None:
                    raise XSignInRefused
                renewed = await self._oauth.refresh(token.refresh)
            except VaultError as error:  # with the right key it works again
                log.warning("A person's link cannot be used: %s", error)
                return None
            except XSignInRefused as error:
                log.info("A person's link to X is no longer good and is removed: %s", error)
                await self._store(Queries.remove_link, person)
                return None
            await self._store(Queries.set_link, self._sealed(person, renewed))
            return renewed

    async def refused(self, person: PersonId) -> None:
        """X rejected the person's token: renew it before it is used again."""
        lock = self._locks.setdefault(person, asyncio.Lock())
        async with lock:
            link = await self._store(Queries.link, person)
            if link is not None:
                await self._store(Queries.set_link, replace(link, expires_at=self._clock.now()))

    async def reseal(self) -> None:
        """At a start: put every token under the first key, so that the ones behind it can go.

        What a release before 0.2.0 sealed for nobody in particular is bound to its owner, at the first start alone:
        afterwards, nothing that was put into the database from elsewhere becomes anybody's. What cannot be read stays.
        """
        are_bound = await self._store(Queries.note, BOUND) is not None
        for link in await self._store(Queries.links):
            with contextlib.suppress(VaultError):
                await self._store(
                    Queries.set_link, self._sealed(PersonId(link.person), self._reopened(link, are_bound))
                )
        await self._store(Queries.set_note, BOUND, "yes")

    def _reopened(self, link: Link, are_bound: bool) -> UserToken:
        try:
            return self._opened(link)
        except VaultError:
            if are_bound:
                raise
            return self._token_of(link, lambda sealed, **_: self._vault.open_unbound(sealed))

    async def unlink(self, person: PersonId) -> bool:
        """Revoke the token at X and forget it; returns whether there was a link.

        The link is removed here even if X does not answer.
        """
        lock = self._locks.setdefault(person, asyncio.Lock())
        async with lock:
            link = await self._store(Queries.link, person)
            await self._store(Queries.remove_link, person)
            await self._store(Queries.end_sign_in, person)
        await self._drop_pending_of(person)
        if link is None:
            return False
        with contextlib.suppress(VaultError):  # unreadable is as good as revoked: nobody can use it
            await self._revoke(self._opened(link))
        return True

    async def _exchange(self, state: str, code: str, error: str) -> Pending:
        """Use up a sign-in, even if it fails, and exchange its code for a token."""
        now = self._clock.now()
        sign_in = await self._store(Queries.use_sign_in, _digest(state), now)
        if sign_in is None:
            raise UserMistake(Mistake.SIGN_IN_STALE)
        if error or not (code.isascii() and code.isprintable() and code):
            raise UserMistake(Mistake.SIGN_IN_DECLINED if error == "access_denied" else Mistake.SIGN_IN_STALE)
        try:
            verifier = self._vault.open(sign_in.verifier, owner=sign_in.person, purpose=VERIFIER)
        except VaultError:  # the key was exchanged meanwhile
            raise UserMistake(Mistake.SIGN_IN_STALE) from None
        token = await self._oauth.exchange(code=SecretStr(code), verifier=verifier, redirect_uri=self._redirect_uri)
        return Pending(
            person=PersonId(sign_in.person),
            person_name=sign_in.person_name,
            token=token,
            until=sign_in.until,
        )

    async def _take(self, key: str) -> Pending:
        pending = self._pending.get(key)
        if pending is not None and pending.until <= self._clock.now():
            await self._drop([key])
            pending = None
        if pending is None:
            raise UserMistake(Mistake.SIGN_IN_STALE)
        del self._pending[key]
        return pending

    async def _drop(self, keys: Sequence[str]) -> None:
        """Revoke sign-ins that nobody confirmed."""
        for key, pending in [(key, self._pending.pop(key)) for key in keys]:
            await self._revoke(pending.token)
            await self._store(Queries.forget_unconfirmed, _digest(key))

    async def _drop_pending_of(self, person: PersonId) -> None:
        await self._drop([key for key, each in self._pending.items() if each.person == person])

    async def _keep(self, pending: Pending) -> None:
        lock = self._locks.setdefault(pending.person, asyncio.Lock())
        async with lock:
            earlier = await self._store(Queries.link, pending.person)
            try:
                await self._store(Queries.replace_link, self._sealed(pending.person, pending.token))
            except StoreError:
                await self._revoke(pending.token)
                raise
        if earlier is not None:
            with contextlib.suppress(VaultError):
                await self._revoke(self._opened(earlier))

    def _sealed(self, person: PersonId, token: UserToken) -> Link:
        return Link(
            person=person,
            access=self._vault.seal(token.access, owner=person, purpose=ACCESS),
            refresh=self._vault.seal(token.refresh, owner=person, purpose=REFRESH)
            if token.refresh is not None
            else None,
            expires_at=token.expires_at,
            scopes=" ".join(sorted(token.scopes)),
        )

    def _opened(self, link: Link) -> UserToken:
        return self._token_of(link, partial(self._vault.open, owner=link.person))

    @staticmethod
    def _token_of(link: Link, opened: Callable[..., SecretStr]) -> UserToken:
        return UserToken(
            access=opened(link.access, purpose=ACCESS),
            refresh=opened(link.refresh, purpose=REFRESH) if link.refresh is not None else None,
            expires_at=link.expires_at,
            scopes=frozenset(link.scopes.split()),
        )

    async def _revoke(self, token: UserToken) -> None:
        for secret in (token.refresh, token.access):
            if secret is not None:
                try:
                    await self._oauth.revoke(secret)
                except XError as error:
                    log.warning("A token could not be revoked at X; it is forgotten here all the same: %s", error)


def _digest(state: str) -> str:
    """What the database stores of an OAuth state: enough to recognise it, not enough to use it."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()
