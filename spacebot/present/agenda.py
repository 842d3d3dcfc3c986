"""The answer of `/spaces-upcoming`: who is live, and the next week by day.

Discord tells nobody in which time zone a reader is, and shows them each time in their own. A day of theirs can therefore not
be named above several Spaces; the days are UTC's and say so, and the date beside each Space is the reader's.
"""

from collections.abc import Iterator

from babel.dates import format_date

from spacebot.domain.ids import GuildId
from spacebot.domain.views import Agenda, SpaceView
from spacebot.present.card import Card
from spacebot.present.events import agenda_line
from spacebot.present.language import N_, _, locale
from spacebot.present.paging import paged
from spacebot.present.replies import entry

PER_PAGE = 8
TITLE = N_("Live now, and the next seven days")
LIVE = N_("Live now")
NOTHING = N_("No host of this server is live, and none has a Space scheduled for the next seven days.")
FOOTER = N_("Days are UTC; dates and times beside Spaces are in your time zone")


def agenda_pages(agenda: Agenda, guild_id: GuildId) -> list[Card]:
    """What a guild's hosts do, under a heading for each day, which is said again on each page that the day goes on."""

    def line(headed: tuple[str | None, SpaceView]) -> str:
        heading, view = headed
        event = agenda.events.get(view.url)
        parts = (f"### {heading}" if heading else "", entry(view), agenda_line(guild_id, event) if event else "")
        return "\n".join(part for part in parts if part)

    return paged(_(TITLE), list(_headed(agenda)), line, size=PER_PAGE, total=_(FOOTER)) or [Card(content=_(NOTHING))]


def _headed(agenda: Agenda) -> Iterator[tuple[str | None, SpaceView]]:
    """Each Space, with the heading above it, if there is to be one."""
    above: str | None = None
    for at, view in enumerate((*agenda.live, *agenda.coming)):
        heading = _(LIVE) if at < len(agenda.live) else _day(view)
        yield (heading if heading != above or at % PER_PAGE == 0 else None), view
        above = heading


def _day(view: SpaceView) -> str:
    when = view.scheduled_start
    if when is None:
        return ""
    return _(
        "{weekday} {day} {month}, UTC",
        weekday=format_date(when, "EEEE", locale=locale()),
        day=when.day,
        month=format_date(when, "MMMM", locale=locale()),
    )
