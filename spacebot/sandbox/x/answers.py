"""Writes an answer: only the fields that were asked for, what they expand to, what could not be shown, and what all this costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from spacebot.sandbox.x.bill import Kind
from spacebot.sandbox.x.model import Platform, Topic, XPost, XSpace, XUser
from spacebot.sandbox.x.problems import Json, forbidden_user, not_authorized, not_found
from spacebot.sandbox.x.query import Asked
from spacebot.sandbox.x.quirks import Quirks
from spacebot.sandbox.x.vocabulary import PEOPLE_OF_A_SPACE, post_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that X understands: `viewer` is who gave the token, None for the app alone."""

    platform: Platform
    quirks: Quirks
    asked: Asked
    viewer: XUser | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A 200: its body, and the resources X bills for it."""

    body: Json
    billed: tuple[tuple[Kind, str], ...] = ()


class Writer:
    """Collects one answer. `space`, `user` and `post` return an object for `data` and note what comes along with it."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._expansions = {"topic_ids" if name == "topics_ids" else name for name in call.asked.many("expansions")}
        self._users: dict[str, Json] = {}
        self._topics: dict[str, Json] = {}
        self._posts: dict[str, Json] = {}
        self._errors: list[Json] = []
        self._billed: list[tuple[Kind, str]] = []

    def space(self, space: XSpace) -> Json:
        self._billed.append(("space", space.id))
        if space.state in {"ended", "canceled"} and self._call.quirks.ended == "minimal":
            return {"id": space.id, "state": space.state}
        people = {
            "creator_id": [space.creator],
            "host_ids": space.hosts,
            "invited_user_ids": space.invited,
            "speaker_ids": space.speakers,
        }
        for name in PEOPLE_OF_A_SPACE:
            if name in self._expansions:
                self._include(name, people[name])
        if "topic_ids" in self._expansions:
            for topic in space.topics:
                self._topics[topic.id] = self._topic(topic)
        creator_looks = self._call.viewer is space.creator
        values: Json = {
            "id": space.id,
            "state": space.state,
            "title": space.title,
            "creator_id": space.creator.id,
            "host_ids": [user.id for user in space.hosts],
            "invited_user_ids": [user.id for user in space.invited],
            "speaker_ids": [user.id for user in space.speakers],
            "topic_ids": [topic.id for topic in space.topics],
            "participant_count": space.participants,
            "subscriber_count": space.subscribers if creator_looks else None,
            "is_ticketed": space.ticketed,
            "lang": space.lang,
            "created_at": _stamp(space.created_at),
            "updated_at": _stamp(space.updated_at),
            "scheduled_start": _stamp(space.scheduled_start),
            "started_at": _stamp(space.started_at),
            "ended_at": _stamp(space.ended_at),
        }
        return _only(values, {"id", "state", *self._call.asked.many("space.fields"), *self._expansions})

    def user(self, user: XUser) -> Json:
        self._billed.append(("user", user.id))
        posts = "post_count" if self._call.quirks.generation == "2.167" else "tweet_count"
        recent = next(iter(self._expansions & {"most_recent_post_id", "most_recent_tweet_id"}), None)
        values: Json = {
            "id": user.id,
            "name": user.name,
            "username": user.username,
            "created_at": _stamp(user.created_at),
            "profile_image_url": user.picture,
            "protected": user.protected,
            "public_metrics": {
                "followers_count": len(user.followers),
                "following_count": 0,
                posts: 0,
                "listed_count": 0,
            },
            "verified": user.verified,
            "verified_type": "blue" if user.verified else "none",
        }
        latest = None if recent is None else self._call.platform.latest_post(user)
        if recent is not None and latest is not None:
            values[recent] = latest.id
            self._posts[latest.id] = self.post(latest)
        return _only(values, {"id", "name", "username", *self._call.asked.many("user.fields"), recent or "id"})

    def post(self, post: XPost) -> Json:
        self._billed.append(("post", post.id))
        if "author_id" in self._expansions:
            self._include("author_id", [post.author])
        values: Json = {
            "id": post.id,
            "text": post.text,
            "author_id": post.author.id,
            "created_at": _stamp(post.created_at),
        }
        generation = self._call.quirks.generation
        history = "edit_history_post_ids" if generation == "2.167" else "edit_history_tweet_ids"
        values[history] = [post.id]
        usual = {"id", "text"} if generation == "2.167" else {"id", "text", history}
        asked = self._expansions & {"author_id", history}
        return _only(values, {*usual, *asked, *self._call.asked.many(post_fields(generation))})

    def no_space(self, parameter: str, space_id: str) -> None:
        """Say that there is no such Space."""
        generation = self._call.quirks.generation
        self._errors.append(not_found(generation, resource="space", parameter=parameter, value=space_id))

    def no_list(self, parameter: str, list_id: str) -> None:
        """Say that there is no such list: of a private one X says the same."""
        generation = self._call.quirks.generation
        self._errors.append(not_found(generation, resource="list", parameter=parameter, value=list_id))

    def no_access(self, parameter: str, space_id: str) -> None:
        """Say that this token may not see the Space."""
        self._errors.append(not_authorized(self._call.quirks.generation, parameter=parameter, space_id=space_id))

    def no_user(self, parameter: str, value: str, user: XUser | None) -> None:
        """Say why the user that was asked for as `value` is not shown."""
        generation = self._call.quirks.generation
        if user is None or user.deleted:
            problem = not_found(generation, resource="user", parameter=parameter, value=value)
        else:
            because = "has been suspended" if user.suspended else "is protected"
            problem = forbidden_user(generation, parameter=parameter, value=value, because=because)
        if problem not in self._errors:
            self._errors.append(problem)

    def single(self, data: Json | None) -> Answer:
        """The answer about one resource: it, or only what is wrong with it."""
        return self._answer({} if data is None else {"data": data})

    def several(self, data: Sequence[Json]) -> Answer:
        """The answer to a list of ids or handles."""
        return self._answer({"data": list(data)} if data else {})

    def counted(self, data: Sequence[Json], meta: Mapping[str, object] | None = None) -> Answer:
        """The answer with a `meta` that says how many there are, even if there are none."""
        body: Json = {"data": list(data)} if data or self._call.quirks.empty == "list" else {}
        return self._answer(body, {"meta": dict(meta or {"result_count": len(data)})})

    def _answer(self, body: Json, end: Json | None = None) -> Answer:
        posts = "posts" if self._call.quirks.generation == "2.167" else "tweets"
        everything = {"users": self._users, "topics": self._topics, posts: self._posts}
        if includes := {name: list(found.values()) for name, found in everything.items() if found}:
            body["includes"] = includes
        if self._errors:
            body["errors"] = self._errors
        return Answer(body={**body, **(end or {})}, billed=tuple(self._billed))

    def _include(self, expansion: str, people: Sequence[XUser]) -> None:
        for user in people:
            if user.deleted or user.suspended:
                self.no_user(expansion, user.id, user)
            elif user.id not in self._users:
                self._users[user.id] = self.user(user)

    def _topic(self, topic: Topic) -> Json:
        values: Json = {"id": topic.id, "name": topic.name, "description": topic.description}
        return _only(values, {"id", "name", *self._call.asked.many("topic.fields")})


def _only(values: Json, wanted: set[str]) -> Json:
    return {name: value for name, value in values.items() if name in wanted and value is not None and value != []}


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
