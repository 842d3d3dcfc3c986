"""PURE: what X answers about subscriptions to activity, in each of the shapes it has been seen in.

Source: https://docs.x.com/x-api/activity/introduction and X's OpenAPI document 2.167.
"""

import re
from typing import Annotated, Literal

import msgspec

from spacebot.domain.ids import UserId
from spacebot.errors import XUnreadable
from spacebot.x.base import Key, Token, UserKey, Word, XObject, like
from spacebot.x.lenient import parse, read_leniently
from spacebot.x.refusals import Refusal, explain

EventType = Literal["spaces.start", "spaces.end"]

_SubscriptionKey = Annotated[str, like(re.compile(r"[\w-]{1,100}", re.ASCII), 100)]
"""Several are handed back to X at once, with commas."""


class Subscription(XObject, frozen=True, kw_only=True):
    """One kind of event of one user that X reports to the app.

    `id` is None if X did not say it; with a `webhook_id`, X reports to a webhook and not to the stream.
    """

    id: str | None
    event_type: str
    user_id: UserId | None
    tag: str | None = None
    webhook_id: str | None = None


class _Filter(XObject, frozen=True, kw_only=True):
    user_id: UserKey | None = None


class _Row(XObject, frozen=True, kw_only=True):
    """A subscription, wherever in `data` it stands."""

    subscription_id: _SubscriptionKey | None = None
    event_type: Word | None = None
    filter: _Filter = _Filter()
    tag: Word | None = None
    webhook_id: Key | None = None
    subscription: "_Row | None" = None


class _Failure(XObject, frozen=True, kw_only=True):
    subscription_id: _SubscriptionKey | None = None


class _Meta(XObject, frozen=True, kw_only=True):
    next_token: Token | None = None


class Answer(XObject, frozen=True, kw_only=True):
    data: tuple[_Row, ...] | _Row | None = None
    errors: tuple[_Failure, ...] = ()
    meta: _Meta = _Meta()

    @property
    def subscriptions(self) -> list[Subscription]:
        rows = self.data if isinstance(self.data, tuple) else (self.data,)
        return [
            Subscription(
                id=row.subscription_id,
                event_type=row.event_type or "",
                user_id=row.filter.user_id,
                tag=row.tag,
                webhook_id=row.webhook_id,
            )
            for row in (row.subscription or row for row in rows if row is not None)
        ]


def read_answer(refusal: Refusal, body: bytes) -> Answer:
    """What an answer says; raises its problems as an XError if it says nothing else."""
    if not 200 <= refusal.status < 300:  # noqa: PLR2004 - the range of success
        raise explain(refusal)
    try:
        answer: Answer = read_leniently(parse(body), Answer)
    except (ValueError, msgspec.ValidationError):
        raise XUnreadable(status=refusal.status) from None
    is_empty = answer.data in (None, ())
    if is_empty and refusal.problems and not any(failure.subscription_id for failure in answer.errors):
        raise explain(refusal)
    return answer
