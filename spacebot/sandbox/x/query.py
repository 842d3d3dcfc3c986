"""Reads a query string as strictly as X does: what the document does not name, or names otherwise, is refused."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spacebot.sandbox.x.problems import invalid_request
from spacebot.sandbox.x.quirks import Generation

_INTEGER = re.compile(r"-?[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What one query parameter may be.

    `most` above 1 makes it a comma-separated list of at most that many values, and then `pattern`, `allowed` and `unique`
    speak of each value. `length` counts characters, `between` bounds an integer; both ends belong to it.
    """

    name: str
    required: bool = False
    most: int = 1
    pattern: re.Pattern[str] | None = None
    allowed: tuple[str, ...] = ()
    unique: bool = False
    length: tuple[int, int] | None = None
    between: tuple[int, int] | None = None

    def values(self, text: str) -> tuple[str, ...]:
        return tuple(text.split(",")) if self.most > 1 else (text,)

    def complaints(self, text: str) -> Iterable[tuple[str, tuple[str, ...], str]]:
        """What is wrong with `text`, each as (name, values, message)."""
        values = self.values(text)
        if not text:
            yield self.name, ("",), f"The `{self.name}` query parameter can not be empty"
            return
        if len(values) > self.most:
            message = f"The number of values in the `{self.name}` query parameter list [{len(values)}]"
            yield self.name, values, f"{message} is not between 1 and {self.most}"
        if self.unique and len(set(values)) < len(values):
            yield self.name, values, f"The `{self.name}` query parameter must not name anything twice"
        for value in values:
            if self.allowed and value not in self.allowed:
                names = ",".join(self.allowed)
                yield self.name, (value,), f"The `{self.name}` query parameter value [{value}] is not one of [{names}]"
            elif self.pattern is not None and self.pattern.fullmatch(value) is None:
                yield self.name, (value,), f"The `{self.name}` query parameter value [{value}] is not valid"
        if self.length is not None and not self.length[0] <= len(text) <= self.length[1]:
            low, high = self.length
            yield self.name, (text,), f"The length of the `{self.name}` query parameter is not between {low} and {high}"
        if self.between is not None and not _lies_between(text, *self.between):
            low, high = self.between
            message = f"The `{self.name}` query parameter value [{text}] is not between {low} and {high}"
            yield self.name, (text,), message


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query that X understands: the values of each parameter that was given."""

    given: Mapping[str, tuple[str, ...]]

    def many(self, name: str) -> tuple[str, ...]:
        """The values of a list, each once and in the order asked; nothing where it was not given."""
        return tuple(dict.fromkeys(self.given.get(name, ())))

    def one(self, name: str) -> str | None:
        return next(iter(self.given.get(name, ())), None)

    def number(self, name: str, default: int) -> int:
        return int(self.one(name) or default)


def read_query(pairs: Sequence[tuple[str, str]], parameters: Sequence[Parameter], *, generation: Generation) -> Asked:
    """The query as X understands it; raises Refusal (400) with every complaint where it does not.

    Path parameters are given like the others: X complains of both in the same words.
    """
    known = {parameter.name: parameter for parameter in parameters}
    complaints: list[tuple[str, Sequence[str], str]] = []
    given: dict[str, tuple[str, ...]] = {}
    for name, text in pairs:
        if name not in known:
            complaints.append((name, [text], f"The query parameter [{name}] is not one of [{','.join(known)}]"))
        elif name in given:
            message = f"Duplicate parameters are not allowed: the `{name}` query parameter"
            complaints.append((name, [*given[name], text], message))
        else:
            complaints.extend(known[name].complaints(text))
            given[name] = known[name].values(text)
    complaints.extend(
        (p.name, [""], f"The `{p.name}` query parameter can not be empty")
        for p in parameters
        if p.required and p.name not in given
    )
    if complaints:
        raise invalid_request(generation, complaints)
    return Asked(given=given)


def _lies_between(text: str, low: int, high: int) -> bool:
    return _INTEGER.fullmatch(text) is not None and low <= int(text) <= high
