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
from spacebot.present.language import N_, NP_, _, listed, n_, p_
from spacebot.present.reasons import sentence
from spacebot.present.text import clipped, inert, plain, units

IN_THE_WAY_COLOUR = discord.Colour(15105570)
READY_COLOUR = discord.Colour.green()

NAMES_SHOWN = 8
"""As many hosts are named on the panel."""

NAMES_ADDED = 20
"""And in the answer to a list of them."""

NOTE_LIMIT = 1800
"""UTF-16 units of what the panel says of the last choice; everything on it has 4,000."""

TITLE = N_("X Spaces in this server")
CHOOSE_A_CHANNEL = N_("Choose a channel")
NOBODY = NP_("chosen to be pinged", "Nobody")
ADD_HOSTS = N_("Add hosts")
TEST = N_("Send a test")
MOMENTS = NP_("button", "Moments")
LOOK = N_("Text & look")
PAUSE = NP_("button", "Pause")
RESUME = NP_("button", "Resume")
BACK = NP_("button", "Back")
EDIT = NP_("button", "Edit")
RESET = N_("Use the server's settings")
REMOVE = NP_("button", "Remove")
FOLLOW_LIST = N_("Yes, follow them")
NO = NP_("answer to a question", "No")
NOTHING_FOLLOWED = N_("Then nobody new is followed.")
LOOKING_UP = N_("⏳ Looking them up on X…")
CHOOSE_A_HOST = N_("Choose a host")
PREVIOUS = N_("Previous 25")
NEXT = N_("Next 25")

ADD_TITLE = N_("Follow hosts")
HOSTS_LABEL = N_("Hosts")
HOSTS_HINT = N_("@handles, profile links, links to their Spaces; one per line, up to 50. Or a link to one X list")
HOSTS_PLACEHOLDER = N_("@night_radio\nhttps://x.com/…")
CHANNEL_LABEL = N_("Another channel for these?")
ROLES_LABEL = N_("Other roles for these?")
ALSO_LABEL = NP_("of hosts, before 'co-host or speak elsewhere'", "Also when they")
ALSO_OPTION = NP_("of hosts, after 'Also when they'", "co-host or speak elsewhere")
OWN_CHANNEL_LABEL = N_("A channel of its own?")
OWN_ROLES_LABEL = N_("Roles of its own?")
EMPTY_HINT = N_("Empty: this server's")

MOMENTS_TITLE = N_("What to post")
WHEN_LABEL = N_("Post when a Space is")
WHEN_OPTIONS = {
    "scheduled": NP_("when a Space is it", "scheduled"),
    "reminder": NP_("when a Space is it", "about to start"),
    "live": NP_("when a Space is it", "live"),
    "ended": NP_("when a Space is it", "over (a message of its own)"),
    "event": NP_("when a Space is it", "scheduled, as an event of this server"),
}
BEFORE_LABEL = N_("How long before the start")
END_LABEL = NP_("before what becomes of it", "Afterwards the post")
END_OPTIONS = {
    AtEnd.EDIT: NP_("afterwards the post does", "becomes a summary"),
    AtEnd.DELETE: NP_("afterwards the post does", "is deleted"),
    AtEnd.LEAVE: NP_("afterwards the post does", "stays as it is"),
}
EXTRAS_LABEL = N_("Also")
EXTRAS_OPTIONS = {
    "bell": (N_("🔔 Notify me under posts"), N_("Whoever presses it gets a role that posts ping; needs Manage Roles")),
    "invited": (N_("Who is invited, and the topics"), N_("On scheduled Spaces; X bills each person once a day")),
}
"""Label and description, to be looked up with `_`."""
PINGS_LABEL = N_("Ping again for the same host")
PINGS_HINT = N_("Spaces in between are posted without a ping")


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
    count = len(panel.lines)
    followed = n_("{count} host followed", "{count} hosts followed", count) if count else _("nobody followed")
    if panel.config.channel_id is None and not panel.lines:
        state = _("Three steps, about a minute")
    elif panel.config.on_hold:
        state = _(
            "⏸️ {followed}; paused: nothing new is posted until you tap {button}", followed=followed, button=_(RESUME)
        )
    elif steps:
        state = n_(
            "⚠️ {followed}; one thing is in the way (step {steps})",
            "⚠️ {followed}; {count} things are in the way (steps {steps})",
            len(steps),
            followed=followed,
            steps=p_("between the numbers of steps", " and ").join(str(step) for step in steps),
        )
    else:
        state = _("✅ {followed}; nothing is in the way", followed=followed)
    return f"## 🎙️ {_(TITLE)}\n-# {state}"


def where(panel: Panel) -> str:
    """Step 1: the channel, and whether it works."""
    if panel.config.channel_id is None:
        said = _("choose a channel")
    else:
        wrong = panel.channel_wrong
        said = f"⚠️ {sentence(wrong)}" if wrong is not None else _("✅ I may see, send, embed and read there")
    head = _("**1 · Where?** {state}", state=said)
    of_events = events.panel_line(makes_events=panel.config.makes_events, trouble=panel.found.events)
    return "\n".join(line for line in (head, of_events) if line)


def whom(panel: Panel) -> str:
    """Step 2: the roles, and whether they can be pinged."""
    if panel.roles_wrong is not None:
        said = f"⚠️ {panel.roles_wrong}"
    elif panel.config.roles:
        said = _("✅ I may ping {roles}", roles=mentions(panel.config.roles, panel.guild_id))
    else:
        said = p_("whether a step is needed", "optional")
    bell = bells.panel_line(panel.config.bell, panel.people, panel.found.bell)
    return "\n".join(line for line in (_("**2 · Whom to ping?** {state}", state=said), bell) if line)


def whose(panel: Panel) -> str:
    """Step 3: the hosts."""
    names = _names([line.watch.host for line in panel.lines], NAMES_SHOWN) or _("nobody yet")
    said = _("**3 · Whose Spaces?** {hosts}", hosts=names)
    blocked = panel.blocked
    if blocked:
        said += "\n" + n_(
            "⚠️ Spaces of {count} host cannot be posted where they should be: tap {button}",
            "⚠️ Spaces of {count} hosts cannot be posted where they should be: tap {button}",
            len(blocked),
            button=hosts_label(panel),
        )
    return said


def hosts_label(panel: Panel) -> str:
    """The label of the button that lists the hosts."""
    return _hosts_counted(panel) if panel.lines else _(HOSTS_LABEL)


def added(many: ManyWatched) -> str:
    """What became of a list of hosts."""
    parts = []
    if many.new:
        parts.append(_("✅ Added {hosts}", hosts=_names(many.new, NAMES_ADDED)))
    if many.known:
        parts.append(_("Already followed: {hosts}", hosts=_names(many.known, NAMES_ADDED)))
    reasons: dict[str, list[Unresolved]] = {}
    for each in many.unresolved:
        reasons.setdefault(_why(each.why), []).append(each)
    parts += [_("⚠️ {why}: {lines}", why=why, lines=_texts(lines)) for why, lines in reasons.items()]
    if many.has_more:
        parts.append(_("The list has more members than I may look up or follow now."))
    return _fitting(parts) or _("The list has no members.")


def ask_about_list(offer: ListOffer) -> str:
    """Whether the members of a list are to be followed, at what price."""
    dollars = offer.millicents / 100_000
    return n_(
        "Follow the members of this list, the newest {count} at most? X bills each member that it shows: up to {price}.",
        "Follow the members of this list, the newest {count} at most? X bills each member that it shows: up to {price}.",
        offer.most,
        price=f"${dollars:,.2f}",
    )


def _why(error: Exception | None) -> str:
    """Why nobody is followed for a line, to be followed by the line."""
    if isinstance(error, XNotFound):
        return _("Not found")
    if isinstance(error, SpacebotError):
        return mistakes.sentence(error).removesuffix(".").removesuffix("。")
    return _("Not tried")


def _texts(lines: Sequence[Unresolved]) -> str:
    shown = [inert(each.text, 40) for each in lines[:NAMES_ADDED]]
    return _with_more(shown, len(lines) - len(shown))


def _names(hosts: Sequence[Host], most: int) -> str:
    shown = [f"**{name_of(host, 50)}**" for host in hosts[:most]]
    return _with_more(shown, len(hosts) - len(shown))


def _with_more(shown: Sequence[str], rest: int) -> str:
    names = listed(shown)
    return n_("{names} and {count} more", "{names} and {count} more", rest, names=names) if rest > 0 else names


def _fitting(parts: Sequence[str]) -> str:
    """As many lines as the panel has room for."""
    kept: list[str] = []
    for number, part in enumerate(parts):
        if units("\n".join([*kept, part])) > NOTE_LIMIT:
            kept.append(clipped(n_("… {count} more line", "… {count} more lines", len(parts) - number), 60))
            break
        kept.append(part)
    return "\n".join(kept)


# The list of hosts


def hosts_headline(panel: Panel) -> str:
    """Above the list of hosts."""
    return f"## {_hosts_counted(panel)}\n-# " + _("Choose one to change it")


def _hosts_counted(panel: Panel) -> str:
    return _("Hosts · {count}", count=len(panel.lines))


def host_option(panel: Panel, line: WatchLine) -> tuple[str, str]:
    """A host in the list: its label, and what is special about it."""
    host = line.watch.host
    own = [
        _("⏸️ paused") if line.on_hold else "",
        _("⚠️ in the way") if panel.wrong_with(line) else "",
        _("own channel") if line.watch.channel_id is not None else "",
        _("own roles") if line.watch.roles else "",
        _("also as co-host or speaker") if line.watch.also_cohost else "",
        p_("a host whose Spaces are", "filtered") if line.watch.filter != EVERYTHING else "",
    ]
    said = " · ".join(part for part in own if part)
    return plain(f"{host.name} (@{host.username})", 100), said or _("this server's settings")


def host_lines(panel: Panel, line: WatchLine) -> str:
    """Everything about one host."""
    watch = line.watch
    parts = [
        f"### {account(watch.host)}",
        _posted_in(line),
        _pinged(line, panel.guild_id),
        _("Also when they co-host or speak elsewhere") if watch.also_cohost else _("Only Spaces that they host"),
    ]
    filtered = filters_text(watch.filter)
    if filtered:
        parts.append(_("Filters: {filters}", filters=filtered))
    if watch.host.user_id in panel.people:
        parts.append(bells.host_line(panel.people[watch.host.user_id]))
    if line.on_hold:
        parts.append(_("⏸️ Paused: nothing new is posted"))
    if line.live is not None:
        parts.append(_("🔴 [Live now]({link})", link=line.live.url))
    parts += [f"⚠️ {trouble}" for trouble in panel.wrong_with(line)]
    return "\n".join(parts)


def _posted_in(line: WatchLine) -> str:
    if line.channel_id is None:
        return _("Posted in no channel yet (this server's)")
    where = f"<#{line.channel_id}>"
    if line.watch.channel_id is not None:
        return _("Posted in {channel} (its own)", channel=where)
    return _("Posted in {channel} (this server's)", channel=where)


def _pinged(line: WatchLine, guild_id: GuildId) -> str:
    if not line.roles:
        return _("Pings nobody (this server's)")
    roles = mentions(line.roles, guild_id)
    return (
        _("Pings {roles} (its own)", roles=roles)
        if line.watch.roles
        else _("Pings {roles} (this server's)", roles=roles)
    )


def edit_title(host: Host) -> str:
    """The title of the form for one host."""
    return plain(_("Spaces of {host}", host=host.name), 45) or _(ADD_TITLE)


def removed(host: Host) -> str:
    """After a host was removed."""
    return _("No longer following **{host}** ({handle}).", host=name_of(host, 80), handle=handle(host))


def minutes_option(minutes: int) -> str:
    """A choice of minutes."""
    hours, rest = divmod(minutes, 60)
    if rest:
        return n_("{count} minute", "{count} minutes", minutes)
    return n_("{count} hour", "{count} hours", hours)


def pings_option(minutes: int) -> str:
    """A choice of minutes between two pings."""
    hours, rest = divmod(minutes, 60)
    if not minutes:
        return p_("how often to ping", "each time")
    if rest:
        return n_("after {count} minute at the earliest", "after {count} minutes at the earliest", minutes)
    return n_("after {count} hour at the earliest", "after {count} hours at the earliest", hours)
