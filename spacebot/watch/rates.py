"""PURE: what past starts say of the next one: how often a host starts, how often unannounced, and at which times.

Each host keeps a few hundred bytes, however long its past; what hosts have in common is learned once, by `Crowd`. All
times are epoch seconds, handed in; a time that lies before one already seen changes nothing that was learned. The
formulae and what was tried stand in `docs/scheduling.md`.
"""

import math
from collections.abc import Callable, Sequence

HOUR = 3600.0
DAY = 24 * HOUR
WEEK = 7 * DAY
"""Seconds."""

KEPT = 40
"""How many of a host's last starts say at which times it starts."""

_STEP = 300.0
"""Seconds to which times are kept. Nothing is binned by hour: a kernel lies around each start."""

_STEPS = int(WEEK / _STEP)
_STEPS_OF_DAY = int(DAY / _STEP)
_EACH = tuple(range(_STEPS))
"""All hosts' steps are these numbers and not copies of them, so that a host keeps 8 bytes for each."""

_MOST_TURNED = 100
"""Of so many steps at most the kernel is kept as it lies around them: of some hours, which is as far as the plan looks."""

_NARROW, _WIDE = 900.0, HOUR
"""Seconds after which a kernel has fallen to 1/e: who starts by the clock, and who starts about then."""

_OWN = slice(2, None)
_FIRST_SHARES = (10.0, 10.0, 5.0, 5.0, 5.0, 5.0)
"""How many starts each part of the mixture is supposed to have explained: any time, the common time of day, and the
kernels by week (narrow, wide) and by day (narrow, wide)."""

_MOST_SHARES = 4000.0
_SURE = 20.0
"""For how many starts of its own the common share of the kernels counts beside what a host's own starts say of it."""

_SMOOTH = 24
"""Steps to each side over which the common time of day is spread: two hours."""

_LIVES = (1.5 * WEEK / math.log(2.0), 6.0 * WEEK / math.log(2.0))
_LONG = 1
_NOTHING = (0.0, 0.0)
"""Pairs and not lists: the garbage collector does not look through pairs of numbers, of which each host has two."""

_PRIORS = (0.25, 0.7, 2.0, 8.0, 60.0)
_EXPERTS = tuple((prior, life) for life in range(len(_LIVES)) for prior in _PRIORS)
"""How many starts of the mean host each supposes a host to have had before any was seen, and how fast it forgets."""

_NEGLIGIBLE = 0.001
_SCORES_KEPT = 0.999
"""What each start leaves of the scores before it: some thousand starts decide."""

_DOUBTS = (8.0, 32.0, 128.0)
"""For how many starts the common share of unannounced ones counts beside a host's own."""

_FIRST_MEAN = 3.0
"""Starts a week of a host before anything is known of any."""


def _kernel(period: float, width: float) -> list[float]:
    """Around a start at step 0, for each step of a week; 1 in the mean."""
    steps = int(period / _STEP)
    once = [math.exp(-min(step, steps - step) * _STEP / width) for step in range(steps)]
    mean = sum(once) / steps
    return [value / mean for value in once] * int(WEEK / period)


_KERNELS = tuple(_kernel(period, width) for period in (WEEK, DAY) for width in (_NARROW, _WIDE))


def _step(at: float) -> int:
    return int(at / _STEP) % _STEPS


class Crowd:
    """What all followed hosts have taught together.

    It learns at each start which parts of the mixture have foretold its time, and which suppositions how often a host
    starts have foretold whose it would be.

    Args:
        now: The time.
    """

    def __init__(self, now: float) -> None:
        self._shares = list(_FIRST_SHARES)
        self._times = [0.0] * _STEPS_OF_DAY
        self._scores = [0.0] * len(_EXPERTS)
        self._means = [0.0] * len(_EXPERTS)
        self._mean = _FIRST_MEAN
        self._doubt_scores = [0.0] * len(_DOUBTS)
        self._starts, self._unannounced = 2.0, 1.0
        self._reckoned = now
        # What habits read, brought up to date by `reckon`.
        self.habitual = 0.0
        """The share of starts that the kernels around their host's own starts explain."""
        self.kernel: list[float] = []
        """How likely the next start is at each step of the week after one, as far as these explain it."""
        self.turned: dict[int, Callable[[int], float]] = {}
        """What `after` has told since then."""
        self.base: list[float] = []
        """How likely it is at each step of a day as far as they do not."""
        self.newcomer: list[float] = []
        """The whole at each step of a day for a host that nothing is known of."""
        self.experts: list[tuple[float, float, float, int]] = []
        """Weight, prior starts, prior weeks and memory of those that count."""
        self.doubts: list[tuple[float, float, float]] = []
        """Weight of each, and for how many unannounced starts of how many it counts."""
        self._weigh_up()

    def reckon(self, habits: Sequence["Habit"], now: float) -> None:
        """Bring up to date what follows from the rest; these hosts stand for all."""
        self.compare(habits, now)
        kept = 0.5 ** (max(now - self._reckoned, 0.0) / (6 * WEEK))
        self._reckoned = max(self._reckoned, now)
        self._times = [count * kept for count in self._times]
        self._weigh_up()

    def compare(self, habits: Sequence["Habit"], now: float) -> None:
        """See how often each supposition makes the mean of these hosts start."""
        for habit in habits:
            habit.fade(now)
        weeks = sum(habit.weeks[_LONG] for habit in habits)
        self._mean = (sum(habit.counts[_LONG] for habit in habits) + _FIRST_MEAN) / (weeks + 1.0)
        self._means = [
            sum(self._expected(number, habit) for habit in habits) / max(len(habits), 1)
            for number in range(len(_EXPERTS))
        ]

    def started(self, habit: "Habit", at: float, *, announced: bool) -> None:
        """Learn of a start, before its host does."""
        step = _step(at)
        self._times[step % _STEPS_OF_DAY] += 1.0
        if habit.steps:
            parts = list(map(float.__mul__, self._shares, self._foretold(habit, step)))
            sure = habit.regularity(self.habitual) / self.habitual
            unsure = (1.0 - sure * self.habitual) / (1.0 - self.habitual)
            parts = [part * (unsure if number < _OWN.start else sure) for number, part in enumerate(parts)]
            total = sum(parts)
            self._shares = [share + part / total for share, part in zip(self._shares, parts, strict=True)]
            habit.explained(sum(parts[_OWN]) / total)
            if sum(self._shares) > _MOST_SHARES:
                self._shares = [share / 2 for share in self._shares]
        if self._means[0]:
            habit.fade(at)
            for number, mean in enumerate(self._means):
                right = math.log(self._expected(number, habit) / mean)
                self._scores[number] = _SCORES_KEPT * self._scores[number] + right
        common = self._unannounced / self._starts
        for number, doubt in enumerate(_DOUBTS):
            alone = (habit.unannounced + doubt * common) / (habit.counts[_LONG] + doubt)
            right = math.log(1.0 - alone if announced else alone)
            self._doubt_scores[number] = _SCORES_KEPT * self._doubt_scores[number] + right
        self._starts = _SCORES_KEPT * self._starts + 1.0
        self._unannounced = _SCORES_KEPT * self._unannounced + (not announced)

    def after(self, step: int) -> Callable[[int], float]:
        """How likely a start at this step is after one at another, by that one's step, as far as `kernel` says.

        A batch asks about a hundred hosts, and about the same few steps of each.
        """
        turned = self.turned.get(step)
        if turned is None:
            if len(self.turned) >= _MOST_TURNED:
                self.turned.clear()
            turned = self.turned[step] = (self.kernel[step::-1] + self.kernel[:step:-1]).__getitem__
        return turned

    def _expected(self, number: int, habit: "Habit") -> float:
        prior, life = _EXPERTS[number]
        return (prior + habit.counts[life]) / (prior / self._mean + habit.weeks[life])

    def _foretold(self, habit: "Habit", step: int) -> list[float]:
        """How much likelier than at any time each part of the mixture has made this step."""
        steps = habit.steps
        known = len(steps)
        by_kernel = [sum([kernel[step - start] for start in steps]) / known for kernel in _KERNELS]
        return [1.0, self._common[step % _STEPS_OF_DAY], *by_kernel]

    def _weigh_up(self) -> None:
        self._common = _smoothed(self._times)
        total = sum(self._shares)
        even, common, *own = (share / total for share in self._shares)
        self.habitual = sum(own)
        own = [share / self.habitual for share in own]
        self.kernel = [sum(map(float.__mul__, own, at)) for at in zip(*_KERNELS, strict=True)]
        self.turned.clear()
        self.base = [(even + common * density) / (even + common) for density in self._common]
        self.newcomer = [even + (1.0 - even) * density for density in self._common]
        self.experts = [
            (weight, prior, prior / self._mean, life)
            for weight, (prior, life) in zip(_weights(self._scores), _EXPERTS, strict=True)
            if weight > _NEGLIGIBLE
        ]
        share = self._unannounced / self._starts
        self.doubts = [
            (weight, share * doubt, doubt)
            for weight, doubt in zip(_weights(self._doubt_scores), _DOUBTS, strict=True)
            if weight > _NEGLIGIBLE
        ]


def _weights(scores: Sequence[float]) -> list[float]:
    best = max(scores)
    raw = [math.exp(score - best) for score in scores]
    return [weight / sum(raw) for weight in raw]


def _smoothed(times: Sequence[float]) -> list[float]:
    """The density of these counts around each step of a day, 1 in the mean; even as long as there are few."""
    doubled = [*times[-_SMOOTH:], *times, *times[:_SMOOTH]]
    weights = [_SMOOTH + 1 - abs(step) for step in range(-_SMOOTH, _SMOOTH + 1)]
    whole = sum(weights)
    mean = sum(times) / len(times) + 1.0
    return [
        (sum(map(float.__mul__, doubled[at : at + len(weights)], map(float, weights))) / whole + 1.0) / mean
        for at in range(len(times))
    ]


class Habit:
    """How often a host starts Spaces that nobody announced, and at which times.

    Args:
        since: From when on the host's starts are known.
        crowd: What all hosts have in common.

    Attributes:
        counts: The starts, faded by each of the two memories.
        weeks: For how many weeks they were counted, faded likewise.
        unannounced: The starts that nobody announced, faded by the longer memory.
        steps: When in the week the last starts were, the latest last.
    """

    __slots__ = (
        "_crowd",
        "_explained",
        "_faded",
        "_judged",
        "_latest",
        "counts",
        "steps",
        "unannounced",
        "weeks",
    )

    def __init__(self, since: float, crowd: Crowd) -> None:
        self._crowd = crowd
        self._faded = since
        self._latest = -math.inf
        self._explained = self._judged = 0.0
        self.counts = self.weeks = _NOTHING
        self.unannounced = 0.0
        self.steps: tuple[int, ...] = ()

    def started(self, at: float, *, announced: bool = False, teach: bool = True) -> None:
        """Learn of a start, in the order of time; one that is not later than the last is taken for known.

        Args:
            at: When it was.
            announced: Whether the Space was scheduled, so that it is found by its id and not by asking about its host.
            teach: Whether the crowd learns from it, too.
        """
        if at <= self._latest:
            return
        self._latest = at
        if teach:
            self._crowd.started(self, at, announced=announced)
        self.fade(at)
        short, long = self.counts
        self.counts = short + 1.0, long + 1.0
        self.unannounced += not announced
        self.steps = (*self.steps[-KEPT + 1 :], _EACH[_step(at)])

    def often(self, now: float) -> float:
        """Unannounced starts a week, never 0."""
        self.fade(now)
        counts, weeks = self.counts, self.weeks
        often = alone = 0.0
        for weight, prior, prior_weeks, life in self._crowd.experts:
            often += weight * (prior + counts[life]) / (prior_weeks + weeks[life])
        for weight, unannounced, doubt in self._crowd.doubts:
            alone += weight * (self.unannounced + unannounced) / (counts[_LONG] + doubt)
        return often * alone

    def likelihood(self, at: float) -> float:
        """How much likelier a start is about then than at any time; 1 in the mean over all times."""
        # Asked some hundred times for each batch: what it would call else is written out here.
        step, steps, crowd = int(at / _STEP) % _STEPS, self.steps, self._crowd
        if not steps:
            return crowd.newcomer[step % _STEPS_OF_DAY]
        after = crowd.turned.get(step) or crowd.after(step)
        own = (_SURE * crowd.habitual + self._explained) / (_SURE + self._judged)
        return (1.0 - own) * crowd.base[step % _STEPS_OF_DAY] + own * sum(map(after, steps)) / len(steps)

    def regularity(self, common: float) -> float:
        """The share of this host's starts that the others foretell, where that of all hosts' is `common`."""
        return (_SURE * common + self._explained) / (_SURE + self._judged)

    def explained(self, by_own: float) -> None:
        """So much of a start was foretold by those before it."""
        if self._judged >= KEPT:
            self._explained, self._judged = self._explained / 2, self._judged / 2
        self._explained += by_own
        self._judged += 1.0

    def fade(self, now: float) -> None:
        """Let the past count less as time goes by."""
        gone = now - self._faded
        if gone <= 0:
            return
        self._faded = now
        short, long = math.exp(-gone / _LIVES[0]), math.exp(-gone / _LIVES[1])
        counts, weeks = self.counts, self.weeks
        self.counts = counts[0] * short, counts[1] * long
        self.weeks = (
            weeks[0] * short + (1.0 - short) * _LIVES[0] / WEEK,
            weeks[1] * long + (1.0 - long) * _LIVES[1] / WEEK,
        )
        self.unannounced *= long
