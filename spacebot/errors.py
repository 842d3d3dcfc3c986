"""Every exception of our own, in one tree; library errors are mapped to it at the boundary where they arise.

The text of each but `UserMistake` is one sentence for a person, in English, without secrets and without words from
outside; that of a `DiscordError` is the code of its obstacle. What `XError`s say is marked, and told in other languages
by `present.mistakes`.

SpacebotError
├── SettingsError               a setting is missing or malformed (exit status 2)
├── UserMistake                 a person asked for something impossible; `present.mistakes` has the sentence
├── XError                      X did not give what was asked
│   ├── XAbsent                 X answered that it does not show this one thing
│   │   ├── XNotFound           unknown, or gone
│   │   ├── XUnavailable        withheld, deleted or disallowed
│   │   ├── XPrivate            not for this token to see
│   │   └── XSuspended          the account is suspended
│   ├── XOperatorNeeded         it will not work again until whoever runs the bot acts
│   │   ├── XBadToken           wrong, expired or revoked
│   │   ├── XWrongTokenKind     an app's token where a user's is wanted, or the reverse
│   │   ├── XNotEnrolled        the app belongs to no project with access
│   │   ├── XForbidden          refused for a reason that X does not make clear
│   │   ├── XCreditsDepleted    the prepaid credits are used up
│   │   ├── XSpendCapReached    the account's own spending cap is reached
│   │   │   └── BudgetSpent     what the bot itself may spend in a day is spent; X was not asked
│   │   └── XUsageCapped        the plan's amount of reads is used up
│   ├── XRefused                X understood the request and rejects it
│   │   ├── XInvalidRequest     a parameter is wrong
│   │   ├── XFieldRefused       a field is not for this token
│   │   ├── XConflict           it contradicts what is there
│   │   │   └── XDuplicate      it is there already
│   │   ├── XRuleCap            no more subscriptions or rules may be made
│   │   └── XSignInRefused      the sign-in or its renewal is over; the person signs in again
│   ├── XRateLimited            too many requests for now; says until when, if X does
│   │   └── XTooManyConnections an earlier stream connection is still open
│   └── XDown                   no answer, or not a reliable one; it may work in a moment
│       ├── XUnreadable         an answer came that cannot be understood
│       └── XDisconnected       X closed the stream
├── StoreError                  the database could not do what was asked; nothing was changed
└── DiscordError                Discord did not do what was asked
    ├── Refused                 it said no for this channel; nothing was posted
    ├── MessageRefused          it said no to this one message; nothing was posted
    ├── SearchGivenUp           there are too many messages to look through
    ├── TryLater                nothing was posted, and nobody is to blame
    ├── Unclear                 it may or may not have been done; time-outs and resets
    ├── MessageGone             the message is gone
    └── EventRuns               the event runs already, and cannot be moved
"""

import math
from collections.abc import Mapping
from datetime import datetime

from spacebot.domain.languages import N_, NP_
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Obstacle, Reason


class SpacebotError(Exception):
    """The base of every exception that spacebot raises on purpose."""


class SettingsError(SpacebotError):
    """A setting is missing or malformed; the text names it, says what is wrong and what to do."""


class UserMistake(SpacebotError):
    """A person asked for something that cannot be done. The text is for logs only.

    Attributes:
        mistake: What it is.
        values: The values for its sentence, by name.
    """

    def __init__(self, mistake: Mistake, **values: str | int | datetime) -> None:
        super().__init__(" ".join([mistake, *(f"{name}={value}" for name, value in values.items())]))
        self.mistake = mistake
        self.values = values


class XError(SpacebotError):
    """X did not give what was asked.

    Attributes:
        status: The HTTP status, where there was an answer.
        detail: X's own words: text from outside, to be escaped before it is shown.
        sentence: What a person is told, in English, with the names of its values in braces; marked with `N_`.
        told: The values for its sentence, by name; those that are marked are told in the reader's language.
    """

    sentence = N_("X did not give what was asked.")

    def __init__(
        self,
        sentence: str | None = None,
        *,
        status: int | None = None,
        detail: str = "",
        told: Mapping[str, str] | None = None,
    ) -> None:
        self.sentence = sentence or self.sentence
        self.told = told or {}
        super().__init__(self.sentence.format_map(self.told) if self.told else self.sentence)
        self.status = status
        self.detail = detail


THIS = NP_("what X does not show", "this")

THINGS = {
    "space": NP_("what X does not show", "this Space"),
    "user": NP_("what X does not show", "this account"),
    "post": NP_("what X does not show", "this post"),
    "tweet": NP_("what X does not show", "this post"),
    "topic": NP_("what X does not show", "this topic"),
    "list": NP_("what X does not show", "this list"),
}
"""What is absent, by its type, as the object of a sentence."""


class XAbsent(XError):
    """X answered that it does not show one thing.

    Attributes:
        resource_type: 'space', 'user', 'post', 'topic' or 'list', where X says so.
        resource_id: What X names: an id or a handle. None if X named nothing; then it is about no particular thing.
    """

    sentence = N_("X does not show {thing}.")

    def __init__(
        self,
        *,
        resource_type: str | None = None,
        resource_id: str | None = None,
        status: int | None = None,
        detail: str = "",
    ) -> None:
        thing = THINGS.get(resource_type or "", THIS)
        super().__init__(status=status, detail=detail, told={"thing": thing})
        self.resource_type = resource_type
        self.resource_id = resource_id


class XNotFound(XAbsent):
    """Unknown to X, or no longer there."""

    sentence = N_("X does not know {thing}: check the spelling, or it is no longer there.")


class XUnavailable(XAbsent):
    """Withheld, deleted or not allowed on this endpoint."""

    sentence = N_("X has made {thing} unavailable.")


class XPrivate(XAbsent):
    """Only some people may see it, and the token's owner is not one of them."""

    sentence = N_("X shows {thing} only to people its owner allows.")


class XSuspended(XAbsent):
    """The account is suspended."""

    sentence = N_("X has suspended this account.")


class XOperatorNeeded(XError):
    """It will not work again until whoever runs the bot acts; asking again does not help."""

    sentence = N_("X refuses the bot's requests, and whoever runs the bot needs to look into it.")


class XBadToken(XOperatorNeeded):
    """The token is wrong, has expired or was revoked."""

    sentence = N_("X does not accept the token: it is wrong, has expired or was revoked, and a new one is needed.")


class XWrongTokenKind(XOperatorNeeded):
    """An app's token where X wants a user's, or the reverse."""

    sentence = N_(
        "X does not answer this with the kind of token in use (an app's where a user's is needed, or the reverse)."
    )


class XNotEnrolled(XOperatorNeeded):
    """The app belongs to no project with access to the API."""

    sentence = N_("The bot's X app is not attached to a project with API access: attach it in X's developer console.")


class XForbidden(XOperatorNeeded):
    """Refused, and X does not make clear why."""

    sentence = N_("X forbids this to the bot's app: check its access and permissions in X's developer console.")


class XCreditsDepleted(XOperatorNeeded):
    """The prepaid credits of the X account are used up."""

    sentence = N_("The credits for X's API are used up: whoever runs the bot must buy more in X's developer console.")


class XSpendCapReached(XOperatorNeeded):
    """The spending cap set in X's developer console is reached.

    Attributes:
        reset_date: When X lifts it by itself, where X says so.
    """

    sentence = N_("The spending cap for X's API is reached: raise it in X's developer console, or wait for its reset.")

    def __init__(self, *, reset_date: datetime | None = None, status: int | None = None, detail: str = "") -> None:
        if reset_date is None:
            super().__init__(status=status, detail=detail)
        else:
            text = N_(
                "The spending cap for X's API is reached: raise it in X's developer console, or wait for its reset on"
                " {date}."
            )
            super().__init__(text, status=status, detail=detail, told={"date": f"{reset_date:%Y-%m-%d}"})
        self.reset_date = reset_date


class XUsageCapped(XOperatorNeeded):
    """The plan's amount of reads is used up; the rate limit's reset does not help.

    Attributes:
        period: 'Daily' or 'Monthly', where X says so.
        scope: 'Account' or 'Product', where X says so.
    """

    sentence = N_(
        "The X plan's amount of reads is used up for this period: enlarge the plan, or wait for the next period."
    )

    def __init__(
        self, *, period: str | None = None, scope: str | None = None, status: int | None = None, detail: str = ""
    ) -> None:
        super().__init__(status=status, detail=detail)
        self.period = period
        self.scope = scope


class XRefused(XError):
    """X understood the request and rejects it; the same request will fail again."""

    sentence = N_("X refused this request.")


class XInvalidRequest(XRefused):
    """A parameter is wrong.

    Attributes:
        parameters: The names of the rejected parameters, if X gives any.
        values: The rejected values, if X gives any.
    """

    sentence = N_("X cannot read a part of this request.")

    def __init__(
        self,
        *,
        parameters: frozenset[str] = frozenset(),
        values: frozenset[str] = frozenset(),
        status: int | None = None,
        detail: str = "",
    ) -> None:
        named = sorted(
            name for name in parameters if name.replace(".", "").replace("_", "").isalpha() and name.isascii()
        )
        if named:
            text = N_("X cannot read a part of this request: {names}.")
            super().__init__(text, status=status, detail=detail, told={"names": ", ".join(named)})
        else:
            super().__init__(status=status, detail=detail)
        self.parameters = parameters
        self.values = values


class XFieldRefused(XRefused):
    """A field is not for this token to see.

    Attributes:
        field: Its name, where X says it.
    """

    sentence = N_("X does not show a part of what was asked to the bot's app.")

    def __init__(self, *, field: str | None = None, status: int | None = None, detail: str = "") -> None:
        super().__init__(status=status, detail=detail)
        self.field = field


class XConflict(XRefused):
    """It contradicts what is there."""

    sentence = N_("X says that this contradicts something that is there already.")


class XDuplicate(XConflict):
    """It exists already, so nothing is lost."""

    sentence = N_("X has this already.")


class XRuleCap(XRefused):
    """No more subscriptions or rules may be made."""

    sentence = N_("X allows the bot's app no more subscriptions: remove some, or enlarge the plan.")


class XSignInRefused(XRefused):
    """The code, or the refresh token, is no longer good; only a new sign-in helps."""

    sentence = N_("X no longer accepts this sign-in: sign in with X again.")


class XRateLimited(XError):
    """Too many requests for now.

    Attributes:
        until: When the next request may be sent, aware and in UTC; None if unknown.
        retry_after: The same in seconds from when this was raised.
    """

    sentence = N_("X asks for a pause: try again in a few minutes.")

    def __init__(
        self,
        *,
        until: datetime | None = None,
        retry_after: float | None = None,
        status: int | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(_pause(retry_after), status=status, detail=detail)
        self.until = until
        self.retry_after = retry_after


def rough(seconds: float) -> tuple[int, bool]:
    """A time to wait as people are told it: how many, and whether of minutes; else they are seconds."""
    whole = max(1, math.ceil(seconds))
    return (-(-whole // 60), True) if whole > A_MINUTE_AND_A_HALF else (whole, False)


A_MINUTE_AND_A_HALF = 90
"""Seconds; what is longer is told in minutes."""


def _pause(seconds: float | None) -> str | None:
    """For the log; people are told by `present.mistakes`, with their language's plurals."""
    if seconds is None:
        return None
    count, are_minutes = rough(seconds)
    return f"X asks for a pause: try again in {count} {'minute' if are_minutes else 'second'}{'s' * (count > 1)}."


class XTooManyConnections(XRateLimited):
    """X still considers an earlier connection to the stream open."""

    sentence = N_("X still holds an earlier connection open: try again in a minute.")


class XDown(XError):
    """No answer, or not a reliable one: nothing is known, and it may work in a moment."""

    sentence = N_("X is not answering properly at the moment: try again shortly.")


UNREACHED = N_("X cannot be reached ({fault}): try again shortly.")
"""What an `XDown` says where there was no answer; `fault` is the name of the library's exception."""

LATE = N_("X did not answer within {seconds} seconds: try again shortly.")
"""What it says where the answer took too long."""


class XUnreadable(XDown):
    """An answer came that cannot be understood."""

    sentence = N_("X answered something that cannot be understood: try again shortly.")


class XDisconnected(XDown):
    """X closed the stream."""

    sentence = N_("X closed the connection.")


class DiscordError(SpacebotError):
    """Discord did not do what was asked.

    Attributes:
        obstacle: Why.
        said: Discord's own words, where it refused: for the log, and for nobody else.
    """

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(str(obstacle))
        self.obstacle = obstacle
        self.said = ""


class StoreError(SpacebotError):
    """The database could not do what was asked; nothing was changed."""


class Refused(DiscordError):
    """Discord refuses messages in this channel; nothing was posted."""


class MessageRefused(DiscordError):
    """Discord refuses this one message; nothing was posted, and others may pass in the same channel."""


class SearchGivenUp(DiscordError):
    """There are too many messages to search; whether ours is among them is unknown."""

    def __init__(self) -> None:
        super().__init__(Obstacle(reason=Reason.SEARCH_TOO_LONG))


class TryLater(DiscordError):
    """Nothing was posted, and nothing is wrong with the message: a rate limit, an unavailable server."""

    def __init__(self, obstacle: Obstacle, *, seconds: float) -> None:
        super().__init__(obstacle)
        self.seconds = seconds
        """How long to wait."""


class Unclear(DiscordError):
    """It may or may not have been done: a time-out, a reset, an answer that cannot be read."""


class MessageGone(DiscordError):
    """The message is gone, as a rule because somebody deleted it; it is not posted again."""

    def __init__(self, obstacle: Obstacle | None = None) -> None:
        super().__init__(obstacle or Obstacle(reason=Reason.MESSAGE_DELETED))


class EventRuns(DiscordError):
    """Discord has begun the event at its time, and moves none that runs: it is deleted, and another one made."""

    def __init__(self) -> None:
        super().__init__(Obstacle(reason=Reason.UNFORESEEN))


class BudgetSpent(XSpendCapReached):
    """The day's budget for X has no room left for this kind of request; X was not asked."""

    sentence = N_(
        "The bot has spent what it may spend on X today: ask again after midnight UTC, "
        "or ask whoever runs the bot for a larger daily budget."
    )

    def __init__(self, *, reset_date: datetime | None = None) -> None:
        XOperatorNeeded.__init__(self)
        self.reset_date = reset_date
