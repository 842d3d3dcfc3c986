"""Who may have X asked at all: a bucket of questions for each person and each guild, and their shares of the money.

A person who asks outside every guild has their own of both, and is bound by nobody else's. What a guild wants without a
person comes at our own pace: only its share of the money binds it.
"""

from datetime import timedelta

from spacebot.clock import Clock
from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.x.buckets import Buckets
from spacebot.x.money import Meter

SIZES = {Purpose.PEOPLE: (20, 60), Purpose.ACCOUNTS: (100, 100)}
"""How many questions one person, and one guild, may have asked at once; as many more come back in ten minutes.

A list of hosts is put together once, and then as fast as one can type.
"""


class Gate:
    """Stands in front of X for what people ask.

    Args:
        clock: Time.
        meter: Keeps the money; None if nobody does.
    """

    def __init__(self, clock: Clock, meter: Meter | None) -> None:
        self._clock = clock
        self._meter = meter
        self._people = {purpose: Buckets(size=size) for purpose, (size, _) in SIZES.items()}
        self._guilds = {purpose: Buckets(size=size) for purpose, (_, size) in SIZES.items()}

    def admit(self, errand: Errand) -> None:
        """Let one question through, and count it.

        Raises:
            UserMistake: the person or their guild has asked too much; it says until when.
        """
        if not (errand.has_shares or errand.is_guilds):
            return
        if self._meter is not None:
            self._meter.admit(errand)
        if errand.is_guilds:
            return
        now = self._clock.monotonic()
        people, guilds = self._people.get(errand.purpose), self._guilds.get(errand.purpose)
        if people is None or guilds is None:
            return
        wait = people.wait(errand.person, now)
        if errand.guild_id is not None:
            wait = max(wait, guilds.wait(errand.guild_id, now))
        if wait > 0:
            raise UserMistake(Mistake.ASKED_TOO_FAST, until=self._clock.now() + timedelta(seconds=wait))
        people.take(errand.person, now)
        if errand.guild_id is not None:
            guilds.take(errand.guild_id, now)
