"""Who is subscribed to which activity: what may be asked for, how it is shown, and which events follow. No HTTP, no time of its own.

Facts: https://docs.x.com/x-api/activity/introduction and X's OpenAPI document 2.167.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from spacebot.clock import Clock
from spacebot.sandbox.x.model import USER_ID, Platform, XSpace, XUser
from spacebot.sandbox.x.pages import page
from spacebot.sandbox.x.problems import Json, Refusal, blank, invalid_request, not_found, type_uri
from spacebot.sandbox.x.query import Asked, Parameter, read_query
from spacebot.sandbox.x.quirks import Quirks
from spacebot.sandbox.x.vocabulary import PAGINATION_TOKEN

PATH = "/2/activity/subscriptions"
LIMIT = 500
"""Calls to the subscriptions per 15 minutes, whatever they do."""

PUBLIC = (
    *("profile.update.bio", "profile.update.profile_picture", "profile.update.banner_picture"),
    *("profile.update.screenname", "profile.update.geo", "profile.update.url", "profile.update.verified_badge"),
    *("profile.update.affiliate_badge", "profile.update.handle", "news.new", "follow.follow", "follow.unfollow"),
    *("spaces.start", "spaces.end", "broadcast.start", "broadcast.end", "broadcast.chat", "post.create", "post.delete"),
    *("post.reply.create", "post.quote.create", "post.repost.create"),
)
PRIVATE = (
    *("chat.received", "chat.sent", "chat.conversation.join", "chat.conversation_join"),
    *("chat.conversation.member_added", "chat.conversation.member_removed", "chat.conversation.admin_added"),
    *("chat.conversation.admin_removed", "chat.update.group_name", "chat.update.restrictions", "dm.sent"),
    *("dm.received", "dm.indicate_typing", "dm.read", "post.mention.create", "like.create", "mute.mute"),
    *("mute.unmute", "block.block", "block.unblock"),
)
"""Events that only the person concerned may ask for."""

_BULK = 100
_EVENT_OF = {"started": "spaces.start", "ended": "spaces.end"}
_IDS = Parameter(name="ids", required=True, most=_BULK, pattern=USER_ID)
_LIST = (Parameter(name="max_results", between=(1, 1000)), PAGINATION_TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One event of one user that the app wants to get."""

    id: str
    event_type: str
    user_id: str
    tag: str | None
    created_at: datetime

    def shown(self) -> Json:
        stamp = f"{self.created_at:%Y-%m-%dT%H:%M:%S}.000Z"
        shown: Json = {
            "created_at": stamp,
            "event_type": self.event_type,
            "filter": {"user_id": self.user_id},
            "subscription_id": self.id,
            "updated_at": stamp,
        }
        return shown if self.tag is None else {**shown, "tag": self.tag}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the stream: X bills it by its `uuid`."""

    uuid: str
    at: datetime
    line: bytes


@dataclass(slots=True, kw_only=True)
class Access:
    """What this X grants, and how it sends events; everything may be changed while it runs.

    `ceiling`: how many subscriptions the plan allows. `denied`: why the app may not use the activity endpoints at all, if so.
    `closed`: ids of users whose activity the app may not subscribe to. `shape`: where the answer to a creation has the
    subscription: under `data.subscription`, in a list, or as `data` itself. `duplicates`: whether each event comes once,
    twice with the same uuid, or twice with different ones. `replays`: whether `backfill_minutes` is granted; otherwise it is
    refused.
    """

    ceiling: int = 1500
    denied: Literal["plan", "credits", "authentication"] | None = None
    closed: set[str] = field(default_factory=set)
    shape: Literal["subscription", "list", "object"] = "subscription"
    duplicates: Literal["none", "same", "new"] = "none"
    replays: bool = False

    def must_be_granted(self, quirks: Quirks) -> None:
        """Raise the Refusal that says why not."""
        generation = quirks.generation
        if self.denied == "plan":
            detail = "Your client app is not configured with the appropriate access level for this endpoint."
            body: Json = {"client_id": "1", "title": "Client Forbidden", "detail": detail, "status": 403}
            body |= {"reason": "client-not-enrolled", "required_enrollment": "Pay-per-use"}
            raise Refusal(403, {**body, "type": type_uri(generation, "client-forbidden")})
        if self.denied == "credits":
            detail = "Your enrolled account does not have any credits to fulfill this request."
            body = {"account_id": 1, "title": "CreditsDepleted", "detail": detail}
            raise Refusal(402, {**body, "type": type_uri(generation, "credits")})
        if self.denied == "authentication":
            detail = "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint."
            body = {"title": "Unsupported Authentication", "detail": detail, "status": 403}
            raise Refusal(403, {**body, "type": type_uri(generation, "unsupported-authentication")})


class Activity:
    """All subscriptions of the app, and the events that they bring."""

    def __init__(self, clock: Clock, *, platform: Platform, quirks: Quirks, access: Access) -> None:
        self._clock = clock
        self._platform = platform
        self._quirks = quirks
        self._access = access
        self._made = 0
        self._told = 0
        self.subscriptions: dict[str, Subscription] = {}

    def answer(self, method: str, path: str, query: Sequence[tuple[str, str]], content_type: str, body: bytes) -> Json:
        """The body of a 200; raises Refusal for everything else."""
        self._access.must_be_granted(self._quirks)
        one = path.removeprefix(PATH).removeprefix("/")
        if one:
            self._read(query, ())
            self._read([("subscription_id", one)], (Parameter(name="subscription_id", pattern=USER_ID),))
            return self._delete(one)
        if method == "POST":
            self._read(query, ())
            return self._create(_json(content_type, body, self._quirks))
        if method == "DELETE":
            return self._delete_many(self._read(query, (_IDS,)).many("ids"))
        asked = self._read(query, _LIST)
        return self._list(asked.number("max_results", 100), asked.one("pagination_token"))

    def events(self, space: XUser | XSpace, what: str) -> list[Event]:
        """What the stream says of a change: nothing unless somebody subscribed to it."""
        event_type = _EVENT_OF.get(what)
        if not isinstance(space, XSpace) or event_type is None:
            return []
        if self._platform.sight(space, None) != "visible":
            return []
        creator = space.creator
        wanted = [s for s in self.subscriptions.values() if (s.event_type, s.user_id) == (event_type, creator.id)]
        events = []
        for subscription in wanted:
            first = self._event(subscription, space)
            again = {"none": [], "same": [first], "new": [self._event(subscription, space)]}
            events += [first, *again[self._access.duplicates]]
        return events

    def _event(self, subscription: Subscription, space: XSpace) -> Event:
        self._told += 1
        # Sixty-four bits with a sign, as X was seen to write them.
        digest = hashlib.blake2b(f"event {self._told}".encode(), digest_size=8).digest()
        uuid = str(int.from_bytes(digest, "big", signed=True))
        creator = space.creator
        person = {"id": creator.id, "name": creator.name, "username": creator.username, "protected": creator.protected}
        data: Json = {
            "event_uuid": uuid,
            "filter": {"user_id": subscription.user_id},
            "event_type": subscription.event_type,
            "payload": {
                "user": {"data": person},
                "broadcast_id": space.id,
                "event_type": subscription.event_type.replace(".", "_"),
            },
        }
        if subscription.tag is not None:
            data["tag"] = subscription.tag
        line = json.dumps({"data": data}, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return Event(uuid=uuid, at=self._clock.now(), line=line)

    def _create(self, body: Mapping[str, object]) -> Json:
        event_type, user_id, tag = self._understood(body)
        generation = self._quirks.generation
        if event_type in PRIVATE:
            raise Refusal(403, blank(403, "Forbidden"))
        user = self._platform.users.get(user_id)
        if user is None or user.deleted or user.suspended:
            problem = not_found(generation, resource="user", parameter="user_id", value=user_id)
            raise Refusal(404, {**problem, "status": 404})
        if user_id in self._access.closed:
            raise Refusal(403, blank(403, "Forbidden"))
        if any((s.event_type, s.user_id) == (event_type, user_id) for s in self.subscriptions.values()):
            detail = "A subscription with this event type and filter already exists."
            body = {"title": "DuplicateSubscription", "detail": detail, "status": 409}
            raise Refusal(409, {**body, "type": type_uri(generation, "conflict")})
        if len(self.subscriptions) >= self._access.ceiling:
            detail = f"The app has reached its maximum of {self._access.ceiling} subscriptions."
            body = {"title": "SubscriptionCapExceeded", "detail": detail, "status": 403}
            raise Refusal(403, {**body, "type": type_uri(generation, "rule-cap")})
        self._made += 1
        made = Subscription(
            id=str(1_900_000_000_000_000_000 + self._made),
            event_type=event_type,
            user_id=user_id,
            tag=tag,
            created_at=self._clock.now(),
        )
        self.subscriptions[made.id] = made
        shapes: dict[str, object] = {
            "subscription": {"subscription": made.shown()},
            "list": [made.shown()],
            "object": made.shown(),
        }
        return {"data": shapes[self._access.shape]}

    def _list(self, size: int, token: str | None) -> Json:
        shown = page(list(self.subscriptions.values()), subject="subscriptions", size=size, token=token)
        if shown is None:
            message = f"The `pagination_token` query parameter value [{token}] is not valid"
            raise invalid_request(self._quirks.generation, [("pagination_token", [token or ""], message)])
        if not shown.items and self._quirks.empty == "missing":
            return {"meta": shown.meta}
        return {"data": [subscription.shown() for subscription in shown.items], "meta": shown.meta}

    def _delete(self, subscription_id: str) -> Json:
        if self.subscriptions.pop(subscription_id, None) is None:
            generation = self._quirks.generation
            problem = not_found(generation, resource="subscription", parameter="subscription_id", value=subscription_id)
            raise Refusal(404, {**problem, "status": 404})
        return {"data": {"deleted": True}}

    def _delete_many(self, ids: Sequence[str]) -> Json:
        data: list[Json] = []
        errors: list[Json] = []
        for one in ids:
            if self.subscriptions.pop(one, None) is None:
                message = f"Could not find subscription [{one}]."
                errors.append({"subscription_id": one, "reason": "not_found", "message": message})
            else:
                data.append({"subscription_id": one, "deleted": True})
        body: Json = {"data": data, "meta": {"total_subscriptions": len(self.subscriptions)}}
        return {**body, "errors": errors} if errors else body

    def _understood(self, body: Mapping[str, object]) -> tuple[str, str, str | None]:
        """Event type, user id and tag; the document names one field more, `webhook_id`, and this X has no webhooks."""
        chosen, event_type, tag = body.get("filter"), body.get("event_type"), body.get("tag")
        inside = chosen if isinstance(chosen, dict) else {}
        user_id = inside.get("user_id")
        wrong: list[tuple[str, Sequence[str], str]] = [
            (name, [str(body[name])], f"The body parameter [{name}] is not one of [event_type,filter,tag]")
            for name in body.keys() - {"event_type", "filter", "tag"}
        ]
        wrong += [
            (f"filter.{name}", [str(inside[name])], f"The filter [{name}] is not supported for this event type")
            for name in inside.keys() - {"user_id"}
        ]
        if event_type not in {*PUBLIC, *PRIVATE}:
            wrong.append(("event_type", [str(event_type)], "The `event_type` is not one that can be subscribed to"))
        if not isinstance(user_id, str) or USER_ID.fullmatch(user_id) is None:
            wrong.append(("filter.user_id", [str(user_id)], "The filter `user_id` is not valid"))
        if tag is not None and not (isinstance(tag, str) and re.fullmatch(r".{1,200}", tag, re.DOTALL)):
            wrong.append(("tag", [str(tag)], "The length of `tag` is not between 1 and 200"))
        if wrong:
            raise invalid_request(self._quirks.generation, wrong)
        return str(event_type), str(user_id), None if tag is None else str(tag)

    def _read(self, pairs: Sequence[tuple[str, str]], parameters: Sequence[Parameter]) -> Asked:
        return read_query(pairs, parameters, generation=self._quirks.generation)


def _json(content_type: str, body: bytes, quirks: Quirks) -> Mapping[str, object]:
    """The body as an object; raises Refusal (400) for anything else."""
    try:
        raw = json.loads(body) if content_type.partition(";")[0].strip().lower() == "application/json" else None
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        raise invalid_request(quirks.generation, [("body", [""], "The body is not a JSON object")])
    return raw
