"""Where X is not settled or has changed: one switch per question, so that a client can be proven on every answer X may give."""

from dataclasses import dataclass
from typing import Literal

Generation = Literal["2.159", "2.166", "2.167"]


@dataclass(slots=True, kw_only=True)
class Quirks:
    """The switches of one local X; they may be changed while it runs.

    `generation`: which of X's documents holds for the names of fields and of problems.
    `ended`: what a look-up by id gives for an ended or canceled Space: all asked-for fields, only id and state, or the
    resource-not-found error.
    `empty`: whether an answer without results has no `data` at all or `data: []`.
    `too_many`: whether a 429 is a problem object or the older `{"errors": [{"code": 88, …}]}`.
    `cut_off`: how many Spaces one answer holds at most, the rest being left out without a word; None for no limit.
    """

    generation: Generation = "2.167"
    ended: Literal["full", "minimal", "not_found"] = "full"
    empty: Literal["missing", "list"] = "missing"
    too_many: Literal["problem", "code_88"] = "problem"
    cut_off: int | None = 100
