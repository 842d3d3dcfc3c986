"""X as the loops of the watch ask it: for which purpose, and for which fields, each of which may cost."""

from collections.abc import Sequence
from dataclasses import replace

from msgspec.structs import replace as replace_fields

from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import GuildId, SpaceId, UserId
from spacebot.x.client import XClient
from spacebot.x.fields import SWEEP, SpaceFields, UserFields
from spacebot.x.host_batcher import HostAnswer, HostBatcher, SweepAnswer
from spacebot.x.model import Page, Space, User, join
from spacebot.x.vocabulary import UserField

SHOWN: tuple[UserField, ...] = ("name", "profile_image_url", "protected", "username")
"""What is shown of accounts."""

FOUND = SpaceFields(space=("is_ticketed", "lang", "participant_count", "state", "title"), expansions=())
"""For searches: what decides whether a Space is wanted. Accounts would be billed for those that are not, too."""

WITH_PARTICIPANTS = SpaceFields(expansions=("creator_id", "host_ids", "speaker_ids"), user=SHOWN)
"""For live Spaces: also who hosts and speaks."""

WITH_INVITED = SpaceFields(expansions=("creator_id", "invited_user_ids", "topic_ids"), user=SHOWN, topic=("id", "name"))
"""For scheduled Spaces: also who is invited to speak, and the topics, which cost nothing."""

NOBODY = SpaceId("1")
"""No Space has this id: asking for it costs nothing and tells whether X takes the token."""


class XSource:
    """What the loops ask; every method waits for its turn within X's limits and raises `XError`.

    Args:
        x: The client.
        batcher: Asks about hosts, for the sweeps and for people together.
    """

    def __init__(self, x: XClient, batcher: HostBatcher) -> None:
        self._x = x
        self._detection = x.on_behalf(Errand(purpose=Purpose.DETECTION))
        self._pushed = x.on_behalf(Errand(purpose=Purpose.DETECTION, at_once=True))
        self._refresh = x.on_behalf(Errand(purpose=Purpose.REFRESH))
        self._accounts = x.on_behalf(Errand(purpose=Purpose.ACCOUNTS))
        self._batcher = batcher

    async def sweep(self, host_ids: Sequence[UserId]) -> SweepAnswer:
        """The live and scheduled Spaces of up to 100 hosts."""
        return await self._batcher.sweep(host_ids)

    async def ask(self, host_id: UserId) -> HostAnswer:
        """The same for one host that somebody has just begun to follow."""
        return await self._batcher.ask(host_id)

    async def by_ids(self, space_ids: Sequence[SpaceId], *, at_once: bool = False) -> Page[Space]:
        """These Spaces; ahead of what can wait where `at_once`."""
        return await _in_parts(self._pushed if at_once else self._detection, space_ids, SWEEP)

    async def refresh(self, space_ids: Sequence[SpaceId], *, participants: bool = False) -> Page[Space]:
        """These Spaces, to bring up to date what is shown of them.

        Where `participants` are wanted, co-hosts and speakers are bought of as many as there is money for.
        """
        fitting = self._refresh.affordable_spaces(space_ids, WITH_PARTICIPANTS) if participants else 0
        pages = []
        if fitting:
            pages.append(await self._refresh.spaces(space_ids[:fitting], fields=WITH_PARTICIPANTS))
        if rest := space_ids[fitting:]:
            pages.append(await _in_parts(self._refresh, rest, SWEEP))
        return join(pages)

    async def invited(self, space_ids: Sequence[SpaceId], guild_id: GuildId) -> tuple[Sequence[SpaceId], Page[Space]]:
        """The first of these Spaces, as many as fit, with who is invited and the topics; this guild's share pays.

        Raises `UserMistake` where the guild has used up its share of the day, or of the minute.
        """
        x = self._x.on_behalf(Errand(purpose=Purpose.REFRESH, guild_id=guild_id))
        x.admit()
        asked = space_ids[: max(1, x.affordable_spaces(space_ids, WITH_INVITED))]
        page = await x.spaces(asked, fields=WITH_INVITED)
        return asked, replace(
            page, items=tuple(replace_fields(each, topics=page.topics_of(each)) for each in page.items)
        )

    async def users(self, user_ids: Sequence[UserId]) -> Page[User]:
        """These accounts."""
        return await self._accounts.users(user_ids, fields=UserFields(user=SHOWN))


class KeywordSource:
    """What the loop of keywords asks, likewise.

    Args:
        x: The client.
    """

    def __init__(self, x: XClient) -> None:
        self._x = x.on_behalf(Errand(purpose=Purpose.KEYWORD))

    async def search(self, words: str) -> Page[Space]:
        """Live Spaces with these words in the title, without accounts; fewer where there is little money left."""
        most = self._x.affordable_results(FOUND)
        return await self._x.search(words, state="live", max_results=most, fields=FOUND)

    async def by_ids(self, space_ids: Sequence[SpaceId]) -> Page[Space]:
        """These Spaces."""
        return await _in_parts(self._x, space_ids, SWEEP)


async def _in_parts(x: XClient, space_ids: Sequence[SpaceId], fields: SpaceFields) -> Page[Space]:
    """These Spaces, in as many requests as it takes for each to fit what may be spent at once."""
    pages: list[Page[Space]] = []
    left = list(space_ids)
    while left or not pages:
        count = max(1, x.affordable_spaces(left, fields))
        pages.append(await x.spaces(left[:count], fields=fields))
        left = left[count:]
    return join(pages)
