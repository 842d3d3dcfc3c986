"""The table of what Discord offers over HTTP; a request is led to one handler, or there is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spacebot.sandbox.discord.forms.form import as_snowflake
from spacebot.sandbox.discord.http.limits import Bucket
from spacebot.sandbox.discord.model.files import LocalFile
from spacebot.sandbox.discord.refusals import MethodNotAllowed, Refusal

OTHERS = Bucket(name="others", limit=100, seconds=5.0)
_MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_id")

Files = dict[int, LocalFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request on its way to a handler; `files` are uploaded with it."""

    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    files: Files = field(default_factory=dict)

    def id(self, name: str) -> int:
        """An id of the path; a 50035 where it is none."""
        found = as_snowflake(self.params[name])
        if found is None:
            raise form_error(name, "NUMBER_TYPE_COERCE", f'Value "{self.params[name]}" is not snowflake.')
        return found

    def edge(self, name: str) -> int | None:
        """An optional id of the query."""
        if name not in self.query:
            return None
        found = as_snowflake(self.query[name])
        if found is None:
            raise form_error(name, "NUMBER_TYPE_COERCE", f'Value "{self.query[name]}" is not snowflake.')
        return found

    def limit(self, *, otherwise: int, most: int) -> int:
        """`limit` of the query, from 1 to `most`."""
        value = self.query.get("limit", str(otherwise))
        if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= most):
            raise form_error("limit", "NUMBER_TYPE_MAX", f"int value should be between 1 and {most}.")
        return int(value)

    def flag(self, name: str) -> bool:
        """Whether the query asks for it."""
        return self.query.get(name, "").lower() in {"1", "true"}


def form_error(key: str, code: str, message: str) -> Refusal:
    """A 50035 about one field."""
    return Refusal(50035, errors={key: {"_errors": [{"code": code, "message": message}]}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a handler answers; without a body the status is 204."""

    body: Any = None
    status: int = 200


Handler = Callable[[Request], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path. `needs_token`: only for the bot. `counts`: towards the global limit."""

    method: str
    template: str
    handler: Handler
    bucket: Bucket = OTHERS
    needs_token: bool = True
    counts: bool = True

    @property
    def segments(self) -> list[str]:
        return self.template.strip("/").split("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A route with the parameters that the path gave it; `major` is what its bucket is counted by."""

    route: Route
    params: dict[str, str]

    @property
    def major(self) -> str:
        return "/".join(self.params[name] for name in _MAJOR if name in self.params)


@dataclass(slots=True)
class RouteTable:
    """All routes, by the number of their segments."""

    _by_length: dict[int, list[tuple[list[str], Route]]] = field(default_factory=dict)

    def add(self, *routes: Route) -> None:
        for route in routes:
            segments = route.segments
            entries = self._by_length.setdefault(len(segments), [])
            entries.append((segments, route))
            # '@me' and '@original' are looked at before the ids in the same place
            entries.sort(key=lambda entry: sum(segment.startswith("{") for segment in entry[0]))

    def find(self, method: str, path: str) -> Match:
        """The route of a request; a Refusal (404, 405) where there is none."""
        parts = path.strip("/").split("/")
        path_known = False
        for segments, route in self._by_length.get(len(parts), []):
            params = _fit(segments, parts)
            if params is None:
                continue
            if route.method == method:
                return Match(route=route, params=params)
            path_known = True
        raise MethodNotAllowed if path_known else Refusal(0)


def _fit(segments: list[str], parts: list[str]) -> dict[str, str] | None:
    params = {}
    for segment, part in zip(segments, parts, strict=True):
        if segment.startswith("{"):
            params[segment[1:-1]] = part
        elif segment != part:
            return None
    return params
