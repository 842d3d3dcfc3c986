"""PURE: how guilds share what there is too little of: searches for keywords in turn, and places for hosts that X pushes."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from spacebot.domain.guilds import Keyword
from spacebot.domain.ids import GuildId, UserId


class KeywordTurns:
    """Which keyword is searched for next: the guild that has waited longest chooses, whatever the others have.

    A guild with one keyword so waits for it `every` seconds and the search under way, beside any number of keywords of
    a few other guilds. A keyword of several guilds is searched for once for all of them.

    Args:
        every: Seconds between two searches for the same keyword, unless there are too many for that.
    """

    def __init__(self, every: float) -> None:
        self._every = every
        self._watches: dict[str, list[Keyword]] = {}
        self._of_guild: dict[GuildId, list[str]] = {}
        self._searched: dict[str, float] = {}
        self._served: dict[GuildId, float] = {}

    def want(self, keywords: Iterable[Keyword], now: float) -> None:
        """These are watched for from now on, and no others.

        What was searched for, and who had a turn, is remembered for a while all the same: who takes a keyword away and
        adds it again gains nothing.
        """
        watches: dict[str, list[Keyword]] = defaultdict(list)
        of_guild: dict[GuildId, list[str]] = defaultdict(list)
        for keyword in keywords:
            watches[keyword.text].append(keyword)
            of_guild[keyword.guild_id].append(keyword.text)
        self._watches, self._of_guild = dict(watches), dict(of_guild)
        recent = now - self._every
        self._searched = {text: at for text, at in self._searched.items() if text in watches or at > recent}
        self._served = {guild: at for guild, at in self._served.items() if guild in of_guild or at > recent}

    def next(self, now: float) -> Sequence[Keyword]:
        """The watches of the keyword to search for now, which counts as searched for; none where none is due."""
        due = {guild: texts for guild, all_ in self._of_guild.items() if (texts := self._due(all_, now))}
        if not due:
            return ()
        guild = min(due, key=lambda each: self._served.get(each, -math.inf))
        # Of two that have waited equally long, the one that fewer other guilds would choose.
        text = min(due[guild], key=lambda each: (self._searched.get(each, -math.inf), len(self._watches[each])))
        self._served[guild] = now
        self._searched[text] = now
        return self._watches[text]

    def due_in(self, now: float) -> float:
        """Seconds until a keyword is due; infinite where there is none."""
        times = [self._searched.get(text, -math.inf) + self._every for text in self._watches]
        return max(0.0, min(times, default=math.inf) - now)

    def _due(self, texts: Iterable[str], now: float) -> list[str]:
        return [text for text in texts if self._searched.get(text, -math.inf) + self._every <= now]


def shared_places(
    ranked: Sequence[UserId], followers: Mapping[UserId, Collection[GuildId]], places: int
) -> list[UserId]:
    """The hosts that get one of a number of places, those of the first places first.

    Every guild's most valuable host comes before any guild's second, and so on: no guild has more than its share while
    another waits, and what a small guild does not need is for the others. Within a round value decides, as it does
    among hosts that no guild is known to follow, who come last.

    Args:
        ranked: The hosts, the most valuable first.
        followers: Which guilds follow each; a host that several follow has the best place that any of them gives it.
        places: How many there are.
    """
    given: dict[GuildId, int] = defaultdict(int)
    round_of: dict[UserId, float] = {}
    for host in ranked:
        guilds = followers.get(host, ())
        round_of[host] = min((given[guild] for guild in guilds), default=math.inf)
        for guild in guilds:
            given[guild] += 1
    return sorted(ranked, key=lambda host: round_of[host])[:places]
