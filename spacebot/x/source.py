"""X as the loops of the watch ask it: in which lane, and for which fields, each of which may cost."""

from collections.abc import Sequence

from spacebot.domain.ids import SpaceId, UserId
from spacebot.x.client import XClient
from spacebot.x.fields import SWEEP, SpaceFields, UserFields
from spacebot.x.host_batcher import HostAnswer, HostBatcher
from spacebot.x.limits import Lane
from spacebot.x.model import Page, Space, User
from spacebot.x.vocabulary import UserField

SHOWN: tuple[UserField, ...] = ("name", "profile_image_url", "protected", "username")
"""What is shown of accounts."""

FOUND = SpaceFields(space=("is_ticketed", "lang", "participant_count", "state", "title"), expansions=())
"""For searches: what decides whether a Space is wanted. Accounts would be billed for those that are not, too."""

WITH_PARTICIPANTS = SpaceFields(expansions=("creator_id", "host_ids", "speaker_ids"), user=SHOWN)
"""For live Spaces: also who hosts and speaks."""

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
        self._batcher = batcher

    async def sweep(self, host_ids: Sequence[UserId]) -> Page[Space]:
        """The live and scheduled Spaces of up to 100 hosts."""
        return await self._batcher.sweep(host_ids)

    async def ask(self, host_id: UserId) -> HostAnswer:
        """The same for one host, for a person who waits."""
        return await self._batcher.ask(host_id)

    async def by_ids(
        self, space_ids: Sequence[SpaceId], *, participants: bool = False, at_once: bool = False
    ) -> Page[Space]:
        """These Spaces; with co-hosts and speakers where wanted, and ahead of what can wait where `at_once`."""
        lane = Lane.INTERACTIVE if at_once else Lane.BACKGROUND
        return await self._x.spaces(space_ids, lane=lane, fields=WITH_PARTICIPANTS if participants else SWEEP)

    async def search(self, words: str) -> Page[Space]:
        """Live Spaces with these words in the title, without accounts."""
        return await self._x.search(words, state="live", lane=Lane.BACKGROUND, fields=FOUND)

    async def users(self, user_ids: Sequence[UserId]) -> Page[User]:
        """These accounts."""
        return await self._x.users(user_ids, lane=Lane.BACKGROUND, fields=UserFields(user=SHOWN))
