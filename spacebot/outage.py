"""Logs a failure once and its end once, however often it is met in between."""

import logging


class Outage:
    """What fails at present of the things that one part of the bot does, each under a name.

    The texts are logging formats, and may use `%(what)s` (the name) and, where something fails, `%(error)s`.

    Args:
        log: Where it is logged.
        failed: Logged when something begins to fail.
        recovered: Logged, at level INFO, when it works again.
    """

    def __init__(self, log: logging.Logger, *, failed: str, recovered: str) -> None:
        self._log = log
        self._failed = failed
        self._recovered = recovered
        # Texts, not exceptions: an exception would keep everything in its frames alive.
        self._reasons: dict[str, str] = {}

    def failed(self, what: str, error: object, *, level: int = logging.WARNING, text: str | None = None) -> None:
        """Note that something fails, and log it unless it failed already.

        Args:
            what: Its name.
            error: Why.
            level: The level of the log's entry.
            text: Logged instead of the usual text.
        """
        is_news = what not in self._reasons
        self._reasons[what] = str(error)
        if is_news:
            self._log.log(level, text or self._failed, {"what": what, "error": error})

    def recovered(self, what: str) -> None:
        """Note that something works, and log it if it did not."""
        if self._reasons.pop(what, None) is not None:
            self._log.info(self._recovered, {"what": what})

    def reason(self, what: str) -> str | None:
        """Why this fails, as it was last noted; None if it works."""
        return self._reasons.get(what)

    @property
    def is_ongoing(self) -> bool:
        """Whether anything fails."""
        return bool(self._reasons)
