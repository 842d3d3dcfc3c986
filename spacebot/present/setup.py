"""The panel of `/setup` in words: what is chosen, whether it works, and which path to tap where it does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import discord

from spacebot.domain.accounts import Host
from spacebot.domain.filters import EVERYTHING
from spacebot.domain.guilds import AtEnd, GuildConfig, WatchLine
from spacebot.domain.ids import GuildId, UserId
from spacebot.domain.obstacles import Obstacle
from spacebot.domain.views import InTheWay, ListOffer, ManyWatched, SetUp, Unresolved
from spacebot.errors import SpacebotError, XNotFound
from spacebot.present import bells, events, mistakes
from spacebot.present.card import account, handle, mentions, name_of
from spacebot.present.filters import filters_text
from spacebot.present.language import N_
from spacebot.present.reasons import sentence
from spacebot.present.text import clipped, inert, plain, units
from spacebot.present.words import counted

IN_THE_WAY_COLOUR = discord.Colour(15105570)
READY_COLOUR = discord.Colour.green()

NAMES_SHOWN = 8
"""As many hosts are named on the panel."""

NAMES_ADDED = 20
"""And in the answer to a list of them."""

NOTE_LIMIT = 1800
"""UTF-16 units of what the panel says of the last choice; everything on it has 4,000."""

TITLE = "## 🎙️ X Spaces in this server"
CHOOSE_A_CHANNEL = "Choose a channel"
NOBODY = "Nobody"
ADD_HOSTS = "Add hosts"
TEST = "Send a test"
MOMENTS = "Moments"
LOOK = "Text & look"
PAUSE = "Pause"
RESUME = "Resume"
BACK = "Back"
EDIT = "Edit"
RESET = "Use the server's settings"
REMOVE = "Remove"
FOLLOW_LIST = "Yes, follow them"
NO = "No"
NOTHING_FOLLOWED = "Then nobody new is followed."
LOOKING_UP = "⏳ Looking them up on X…"
CHOOSE_A_HOST = "Choose a host"
PREVIOUS = "Previous 25"
NEXT = "Next 25"

ADD_TITLE = "Follow hosts"
HOSTS_LABEL = "Hosts"
HOSTS_HINT = "@handles, profile links, links to their Spaces; one per line, up to 50. Or a link to one X list"
HOSTS_PLACEHOLDER = "@night_radio\nhttps://x.com/…"
CHANNEL_LABEL = "Another channel for these?"
ROLES_LABEL = "Other roles for these?"
ALSO_LABEL = "Also when they"
ALSO_OPTION = "co-host or speak elsewhere"
OWN_CHANNEL_LABEL = "A channel of its own?"
OWN_ROLES_LABEL = "Roles of its own?"
EMPTY_HINT = "Empty: this server's"

MOMENTS_TITLE = "What to post"
WHEN_LABEL = "Post when a Space is"
WHEN_OPTIONS = {
    "scheduled": "scheduled",
    "reminder": "about to start",
    "live": "live",
    "ended": "over (a message of its own)",
    "event": N_("scheduled, as an event of this server"),
}
BEFORE_LABEL = "How long before the start"
END_LABEL = "Afterwards the post"
END_OPTIONS = {AtEnd.EDIT: "becomes a summary", AtEnd.DELETE: "is deleted", AtEnd.LEAVE: "stays as it is"}
PINGS_LABEL = "Ping again for the same host"
PINGS_HINT = "Spaces in between are posted without a ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What the panel of a guild shows."""

    guild_id: GuildId
    set_up: SetUp
    found: InTheWay = field(default_factory=InTheWay)
    note: str = ""
    """What became of the last choice."""
    people: Mapping[UserId, int] = field(default_factory=dict)
    """How many people the guild's bells call, by host, as far as Discord tells."""

    @property
    def config(self) -> GuildConfig:
        return self.set_up.config

    @property
    def lines(self) -> Sequence[WatchLine]:
        return self.set_up.watches

    @property
    def channel_wrong(self) -> Obstacle | None:
        """What is wrong with the guild's channel."""
        return None if self.config.channel_id is None else self.found.channels.get(self.config.channel_id)

    @property
    def roles_wrong(self) -> str | None:
        """What is wrong with one of the guild's roles, as a sentence."""
        return next((self.found.roles[role] for role in self.config.roles if role in self.found.roles), None)

    def wrong_with(self, line: WatchLine) -> list[str]:
        """What is in the way of one host, as sentences."""
        where = None if line.channel_id is None else self.found.channels.get(line.channel_id)
        roles = [self.found.roles[role] for role in line.roles if role in self.found.roles]
        return ([] if where is None else [sentence(where)]) + roles

    @property
    def blocked(self) -> list[WatchLine]:
        """Hosts with something in the way that is not the guild's channel's or roles'."""
        own = [line for line in self.lines if line.watch.channel_id is not None or line.watch.roles]
        return [line for line in own if self.wrong_with(line)]

    @property
    def steps_in_the_way(self) -> list[int]:
        """The steps that keep something from being posted as it should be."""
        wrong = {
            1: self.config.channel_id is None or self.channel_wrong is not None or self.found.events is not None,
            2: self.roles_wrong is not None or self.found.bell is not None,
            3: not self.lines or bool(self.blocked),
        }
        return [step for step, is_wrong in wrong.items() if is_wrong]


def colour(panel: Panel) -> discord.Colour:
    """Amber until nothing is in the way."""
    return IN_THE_WAY_COLOUR if panel.steps_in_the_way or panel.config.on_hold else READY_COLOUR


def headline(panel: Panel) -> str:
    """The title, and below it the state of everything."""
    steps = panel.steps_in_the_way
    count = counted(len(panel.lines), "host") if panel.lines else "nobody"
    if panel.config.channel_id is None and not panel.lines:
        state = "Three steps, about a minute"
    elif panel.config.on_hold:
        state = f"⏸️ {count} followed; paused: nothing new is posted until you tap {RESUME}"
    elif steps:
        things = "one thing is" if len(steps) == 1 else f"{counted(len(steps), 'thing')} are"
        where = "step " + str(steps[0]) if len(steps) == 1 else "steps " + " and ".join(str(step) for step in steps)
        state = f"⚠️ {count} followed; {things} in the way ({where})"
    else:
        state = f"✅ {count} followed; nothing is in the way"
    return f"{TITLE}\n-# {state}"


def where(panel: Panel) -> str:
    """Step 1: the channel, and whether it works."""
    if panel.config.channel_id is None:
        said = "choose a channel"
    else:
        wrong = panel.channel_wrong
        said = f"⚠️ {sentence(wrong)}" if wrong is not None else "✅ I may see, send, embed and read there"
    of_events = events.panel_line(makes_events=panel.config.makes_events, trouble=panel.found.events)
    return "\n".join(line for line in (f"**1 · Where?** {said}", of_events) if line)


def whom(panel: Panel) -> str:
    """Step 2: the roles, and whether they can be pinged."""
    if panel.roles_wrong is not None:
        said = f"⚠️ {panel.roles_wrong}"
    elif panel.config.roles:
        said = f"✅ I may ping {mentions(panel.config.roles, panel.guild_id)}"
    else:
        said = "optional"
    bell = bells.panel_line(panel.config.bell, panel.people, panel.found.bell)
    return "\n".join(line for line in (f"**2 · Whom to ping?** {said}", bell) if line)


def whose(panel: Panel) -> str:
    """Step 3: the hosts."""
    said = _names([line.watch.host for line in panel.lines], NAMES_SHOWN) or "nobody yet"
    blocked = panel.blocked
    if blocked:
        said += f"\n⚠️ Spaces of {counted(len(blocked), 'host')} cannot be posted where they should be: tap {hosts_label(panel)}"
    return f"**3 · Whose Spaces?** {said}"


def hosts_label(panel: Panel) -> str:
    """The label of the button that lists the hosts."""
    return f"Hosts · {len(panel.lines)}" if panel.lines else "Hosts"


def added(many: ManyWatched) -> str:
    """What became of a list of hosts."""
    parts = []
    if many.new:
        parts.append(f"✅ Added {_names(many.new, NAMES_ADDED)}")
    if many.known:
        parts.append(f"Already followed: {_names(many.known, NAMES_ADDED)}")
    reasons: dict[str, list[Unresolved]] = {}
    for each in many.unresolved:
        reasons.setdefault(_why(each.why), []).append(each)
    parts += [f"⚠️ {why}: {_texts(lines)}" for why, lines in reasons.items()]
    if many.has_more:
        parts.append("The list has more members than I may look up or follow now.")
    return _fitting(parts) or "The list has no members."


def ask_about_list(offer: ListOffer) -> str:
    """Whether the members of a list are to be followed, at what price."""
    dollars = offer.millicents / 100_000
    return (
        f"Follow the members of this list, the newest {offer.most:,} at most? X bills each member that it shows:"
        f" up to ${dollars:,.2f}."
    )


def _why(error: Exception | None) -> str:
    """Why nobody is followed for a line, to be followed by the line."""
    if isinstance(error, XNotFound):
        return "Not found"
    if isinstance(error, SpacebotError):
        return mistakes.sentence(error).removesuffix(".")
    return "Not tried"


def _texts(lines: Sequence[Unresolved]) -> str:
    shown = [inert(each.text, 40) for each in lines[:NAMES_ADDED]]
    return ", ".join(shown) + _more(len(lines) - len(shown))


def _names(hosts: Sequence[Host], most: int) -> str:
    shown = [f"**{name_of(host, 50)}**" for host in hosts[:most]]
    return ", ".join(shown) + _more(len(hosts) - len(shown))


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def _fitting(parts: Sequence[str]) -> str:
    """As many lines as the panel has room for."""
    kept: list[str] = []
    for number, part in enumerate(parts):
        if units("\n".join([*kept, part])) > NOTE_LIMIT:
            kept.append(clipped(f"… {counted(len(parts) - number, 'more line')}", 60))
            break
        kept.append(part)
    return "\n".join(kept)


# The list of hosts


def hosts_headline(panel: Panel) -> str:
    """Above the list of hosts."""
    return f"## Hosts · {len(panel.lines)}\n-# Choose one to change it"


def host_option(panel: Panel, line: WatchLine) -> tuple[str, str]:
    """A host in the list: its label, and what is special about it."""
    host = line.watch.host
    own = [
        "⏸️ paused" if line.on_hold else "",
        "⚠️ in the way" if panel.wrong_with(line) else "",
        "own channel" if line.watch.channel_id is not None else "",
        "own roles" if line.watch.roles else "",
        "also as co-host or speaker" if line.watch.also_cohost else "",
        "filtered" if line.watch.filter != EVERYTHING else "",
    ]
    said = " · ".join(part for part in own if part)
    return plain(f"{host.name} (@{host.username})", 100), said or "this server's settings"


def host_lines(panel: Panel, line: WatchLine) -> str:
    """Everything about one host."""
    watch = line.watch
    channel = "no channel yet" if line.channel_id is None else f"<#{line.channel_id}>"
    roles = mentions(line.roles, panel.guild_id) if line.roles else "nobody"
    parts = [
        f"### {account(watch.host)}",
        f"Posted in {channel} ({'its own' if watch.channel_id is not None else 'this server' + chr(39) + 's'})",
        f"Pings {roles} ({'its own' if watch.roles else 'this server' + chr(39) + 's'})",
        "Also when they co-host or speak elsewhere" if watch.also_cohost else "Only Spaces that they host",
    ]
    filtered = filters_text(watch.filter)
    if filtered:
        parts.append(f"Filters: {filtered}")
    if watch.host.user_id in panel.people:
        parts.append(bells.host_line(panel.people[watch.host.user_id]))
    if line.on_hold:
        parts.append("⏸️ Paused: nothing new is posted")
    if line.live is not None:
        parts.append(f"🔴 [Live now]({line.live.url})")
    parts += [f"⚠️ {trouble}" for trouble in panel.wrong_with(line)]
    return "\n".join(parts)


def edit_title(host: Host) -> str:
    """The title of the form for one host."""
    return plain(f"Spaces of {host.name}", 45) or ADD_TITLE


def removed(host: Host) -> str:
    """After a host was removed."""
    return f"No longer following **{name_of(host, 80)}** ({handle(host)})."


def minutes_option(minutes: int) -> str:
    """A choice of minutes."""
    hours, rest = divmod(minutes, 60)
    return counted(minutes, "minute") if rest else counted(hours, "hour")


def pings_option(minutes: int) -> str:
    """A choice of minutes between two pings."""
    return f"after {minutes_option(minutes)} at the earliest" if minutes else "each time"
