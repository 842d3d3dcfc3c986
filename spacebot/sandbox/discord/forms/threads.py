"""PURE: a thread as a request asks for it or changes it; what is read keeps Discord's limits for threads.

Source: Discord's documentation, 'Start Thread in Forum or Media Channel' and 'Modify Channel' (threads).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spacebot.sandbox.discord.forms.form import Form, Problems, as_snowflake
from spacebot.sandbox.discord.forms.messages import Draft, read_message
from spacebot.sandbox.discord.model.files import LocalFile

NAME = 100
TAGS = 5
SLOWMODE = 21600
_DURATIONS = frozenset({60, 1440, 4320, 10080})


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadChange:
    """What a request says of a thread; None: nothing."""

    name: str | None
    tags: tuple[int, ...] | None
    archived: bool | None
    locked: bool | None

    @property
    def only_reopens(self) -> bool:
        return self.archived is False and self.name is None and self.tags is None and self.locked is None


def read_forum_thread(body: Any, files: Mapping[int, LocalFile]) -> tuple[ThreadChange, Draft]:
    """A new thread of a forum and its first message; a `Refusal` (50035) names what is wrong with the one or the other."""
    problems = Problems()
    form = Form(body, problems)
    form.require("name", "message")
    change = _read(form)
    problems.refuse()
    return change, read_message(form.fields["message"], path=("message",), files=files)


def read_change(body: Any) -> ThreadChange:
    """What a request changes about a thread."""
    problems = Problems()
    change = _read(Form(body, problems))
    problems.refuse()
    return change


def _read(form: Form) -> ThreadChange:
    duration = form.integer("auto_archive_duration")
    if duration is not None and duration not in _DURATIONS:
        form.wrong("auto_archive_duration", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(_DURATIONS)}.")
    form.integer("rate_limit_per_user", least=0, most=SLOWMODE)
    tags = form.items("applied_tags", most=TAGS)
    ids = [found for found in map(as_snowflake, tags) if found is not None]
    if len(ids) < len(tags):
        form.wrong("applied_tags", "NUMBER_TYPE_COERCE", "Value is not snowflake.")
    return ThreadChange(
        name=form.text("name", most=NAME, least=1),
        tags=None if form.fields.get("applied_tags") is None else tuple(dict.fromkeys(ids)),
        archived=form.boolean("archived"),
        locked=form.boolean("locked"),
    )
