"""Counts what happened within the last seconds: the gateway, the commands and the rate limits have such a limit."""

from collections import deque


class Window:
    """How many things happened in the last `seconds`, and the most there ever were."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque()
        self.most = 0

    def count(self, now: float) -> int:
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        return len(self._times)

    def add(self, now: float) -> None:
        self._times.append(now)
        self.most = max(self.most, self.count(now))

    def free_in(self, now: float) -> float:
        """Seconds until the oldest has left the window."""
        return self._times[0] + self._seconds - now if self._times else 0.0
