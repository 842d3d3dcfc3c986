"""What the bot shows, of every kind, made by its own code in the language that is spoken; to be held against Discord's rules.

What is shown is as full as it gets: what fits then fits always.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import discord

from cogs import everyone, pages
from cogs.found import FoundSelect
from cogs.here import HereButton
from cogs.linking import PasteButton, PasteModal
from cogs.people import WhoButton
from cogs.privacy import ASK, DELETE, EXPORT, GUILD, KEEP, ME, PrivacyButton
from cogs.setup.drawing import hosts_view, panel_view
from cogs.setup.forms import AddHosts, EditHost, Moments
from cogs.setup.lists import ListButton
from cogs.setup.looks import AgainButton, LookForm
from cogs.setup.testing import TestButton
from cogs.watch_files import ImportForm
from pictures import scenes
from pictures.imitation import Payload
from spacebot.bot.hello import HelpButton, hello
from spacebot.bot.replies import PagedAnswer
from spacebot.domain.accounts import Standing
from spacebot.domain.bells import BellMode, Pressed
from spacebot.domain.deliveries import Kind, Matter, Notice, Past, Queue, Shape
from spacebot.domain.errands import Purpose
from spacebot.domain.filters import Filter
from spacebot.domain.guilds import AtEnd, GuildConfig, Keyword, Watch, WatchLine
from spacebot.domain.ids import GuildId, ListId, MessageId, PersonId, RoleId, SpaceId, UserId
from spacebot.domain.looks import Look
from spacebot.domain.mistakes import Mistake
from spacebot.domain.obstacles import Obstacle, Reason
from spacebot.domain.spaces import Phase, SpaceRecord
from spacebot.domain.spending import SpendingLine, SpentBy, Summary
from spacebot.domain.views import (
    Agenda,
    Company,
    Costs,
    GuildFacts,
    GuildShare,
    Imported,
    InTheWay,
    Kept,
    ListOffer,
    ManyWatched,
    Overview,
    Policies,
    PushState,
    PushView,
    SearchPage,
    SetUp,
    SpaceView,
    Status,
    Tested,
    TestedPlace,
    Unresolved,
    Watched,
    WrongLine,
)
from spacebot.errors import UserMistake
from spacebot.present import (
    agenda,
    bells,
    bulk,
    configuration,
    filters,
    found,
    languages,
    linking,
    looks,
    operator,
    people,
    privacy,
    reasons,
    replies,
    reports,
    setup,
    status,
    testing,
    watchlists,
    web,
)
from spacebot.present import (
    help as help_page,
)
from spacebot.present.announcement import announcement
from spacebot.present.card import Card
from spacebot.present.language import LANGUAGES, _
from spacebot.present.mistakes import sentence
from translations.offered import OPERATOR_GUILD, bot

Made = Callable[[], Payload | discord.ui.Modal | str]
"""A message's payload, a form, or a page or sentence of its own."""

NOW, HOST, OTHER, SERVER, CHANNEL, ROLE = (
    scenes.NOW,
    scenes.HOST,
    scenes.OTHER_HOST,
    scenes.GUILD,
    scenes.CHANNEL,
    scenes.ROLE,
)
LACKING = Obstacle(reason=Reason.PERMISSIONS_MISSING, details=("view_channel", "send_messages", "embed_links"))
OWN = Look(text="{role} {host} is live: {title}", accent=0x1D9BF0)
FILTER = Filter(want=("chess", "tea and type theory"), shun=("spoilers",), lang="en", ticketed=False)
CONFIG = GuildConfig(
    channel_id=CHANNEL,
    roles=(ROLE, RoleId(77)),
    admin_channel_id=CHANNEL,
    tells_scheduled=True,
    reminder_minutes=30,
    tells_ended=True,
    on_hold=True,
    look=OWN,
    bell=BellMode.HOST,
    language="pt",
)
LINE = WatchLine(
    watch=Watch(
        watch_id=1,
        host=HOST,
        channel_id=CHANNEL,
        roles=(ROLE,),
        also_cohost=True,
        look=OWN,
        filter=FILTER,
        on_hold=True,
    ),
    channel_id=CHANNEL,
    roles=(ROLE,),
    live=scenes.LIVE,
    paused=LACKING,
    on_hold=True,
)
PLAIN = WatchLine(
    watch=Watch(watch_id=2, host=OTHER), channel_id=CHANNEL, roles=(), live=None, paused=None, on_hold=False
)
KEYWORD = Keyword(
    watch_id=3,
    guild_id=SERVER,
    text="type theory",
    lang="en",
    least=100,
    ticketed=True,
    channel_id=CHANNEL,
    roles=(ROLE,),
)
FULL = SetUp(config=CONFIG, watches=(LINE, PLAIN), keywords=(KEYWORD,), met={CHANNEL: LACKING})
BARE = SetUp(config=GuildConfig())
HINDERED = InTheWay(channels={CHANNEL: LACKING}, roles={ROLE: "x" * 150}, bell="x" * 150)
NOTHING = InTheWay()
SHARE = GuildShare(hosts=97, host_limit=100, keywords=3, keyword_limit=5, new_hosts=12, new_host_limit=100)
DELAYS = [(seconds, way) for way in ("sweep", "push", "lookup") for seconds in (2.1, 3.4, 9.5, 70.0)]
QUEUE = Queue(unsent=3, edits=12, oldest=NOW - timedelta(minutes=4))
POLICIES = Policies(privacy_url="https://example.org/privacy", terms_url="https://example.org/terms")


def everything() -> Iterator[tuple[str, Made]]:
    """What is shown, each with a name by which it is found again; nothing is made until it is asked for."""
    yield from _announcements()
    yield from _cards()
    yield from _sentences()
    yield from _views()
    yield from _forms()
    yield from _mistakes()


def _bound(*values: Any, by: Callable[..., Payload]) -> Made:
    """What `by` makes of these values, later."""
    return partial(by, *values)


def _card(card: Card) -> Payload:
    return scenes.sent(card)


def _said(text: str) -> Payload:
    return {"content": text}


def _each(cards: Callable[[], list[Card]], at: int = 0) -> Payload:
    return _card(cards()[at])


def _record(phase: Phase, **more: Any) -> SpaceRecord:
    known = scenes.SCHEDULED if phase in {Phase.SCHEDULED, Phase.CANCELED} else scenes.ENDED
    return replace(scenes.LIVE if phase is Phase.LIVE else known, phase=phase, **more)


def _view(phase: Phase, **more: Any) -> SpaceView:
    full = {"cohosts": scenes.PEOPLE[:2], "speakers": scenes.PEOPLE[2:], "more_speakers": 7, **more}
    return replace(SpaceView.of_record(_record(phase), HOST), **full)


def _announcements() -> Iterator[tuple[str, Made]]:
    for kind in Kind:
        for phase in Phase:
            for shape in Shape:
                for at_end in AtEnd:
                    job = replace(
                        scenes._job(_record(phase), HOST, kind),  # noqa: SLF001 - what the pictures are made with
                        shape=shape,
                        at_end=at_end,
                        bell=HOST.user_id,
                        guest=OTHER if phase is Phase.LIVE else None,
                    )
                    yield (
                        f"announcement: {kind} {phase} {shape} {at_end}",
                        _bound(job, by=lambda job: _card(announcement(job, NOW, quiet=False))),
                    )


def _cards() -> Iterator[tuple[str, Made]]:
    for phase in Phase:
        yield f"/space: {phase}", _bound(phase, by=lambda phase: _card(replies.space_reply(_view(phase))))
    yield "/host-live: upcoming", lambda: _card(replies.upcoming_reply(HOST, [_view(Phase.SCHEDULED)] * 3))
    yield "/host-live: nothing", lambda: _card(replies.upcoming_reply(HOST, []))
    page = SearchPage(
        views=(_view(Phase.LIVE), _view(Phase.SCHEDULED)), number=1, pages=3, found=250, may_be_more=True, is_last=False
    )
    yield "/spaces-search", lambda: _card(replies.search_card("chess", page))
    yield "/spaces-search: nothing", lambda: _card(replies.nothing_found("chess"))
    coming = Agenda(live=(_view(Phase.LIVE),), coming=(_view(Phase.SCHEDULED),))
    yield "/spaces-upcoming", lambda: _each(lambda: agenda.agenda_pages(coming, GuildId(1)))
    yield "/spaces-upcoming: nothing", lambda: _each(lambda: agenda.agenda_pages(Agenda(), GuildId(1)))
    for phase in (Phase.LIVE, Phase.ENDED):
        who = Company(view=_view(phase), count=40, is_forgotten=False)
        yield f"Who's there: {phase}", _bound(who, by=lambda who: _each(lambda: people.who_pages(who)))
    gone = Company(view=_view(Phase.ENDED, cohosts=(), speakers=()), count=9, is_forgotten=True)
    yield "Who's there: forgotten", lambda: _each(lambda: people.who_pages(gone))
    yield "Who's there: unknown", lambda: _each(lambda: people.who_pages(None))
    for one in (FULL, BARE):
        name = "full" if one is FULL else "bare"
        way = HINDERED if one is FULL else NOTHING
        yield (
            f"/config show: {name}",
            _bound(
                one,
                way,
                by=lambda one, way: _card(
                    configuration.config_card(
                        one, way, SERVER, last_good_sweep=NOW, trouble="X is slow", locale="pt-BR"
                    )
                ),
            ),
        )
        yield (
            f"/watch list: {name}",
            _bound(one, way, by=lambda one, way: _each(lambda: watchlists.watch_pages(one, way, SERVER))),
        )
        yield (
            f"/watch keyword list: {name}",
            _bound(one, way, by=lambda one, way: _each(lambda: watchlists.keyword_pages(one, way, SERVER))),
        )
    for state in PushState:
        yield f"/status: {state.name}", partial(_status, state)
    yield "/history", lambda: _each(lambda: reports.history_pages([*_past()]))
    yield "/history: nothing", lambda: _each(lambda: reports.history_pages([]))
    yield "/operator status", lambda: _card(operator.overview_card(_overview(), guilds=12_345))
    yield "/operator costs", lambda: _card(operator.costs_card(_costs(), lambda _: "Book club"))
    yield "/operator guild", lambda: _card(operator.guild_card(_facts(), "Book club"))
    kept = Kept(is_linked=True, added=12, hosts=34, keywords=5, announcements=678)
    for is_full in (True, False):
        yield (
            f"/privacy: {is_full}",
            _bound(
                is_full,
                by=lambda is_full: scenes._payload(  # noqa: SLF001
                    embeds=[
                        privacy.kept_embed(
                            kept if is_full else Kept(is_linked=False, added=0), POLICIES, in_guild=is_full
                        )
                    ]
                ),
            ),
        )
    yield "/help", _help


def _status(state: PushState) -> Payload:
    whole = Status(
        connected=True,
        last_good_sweep=NOW,
        trouble="X is slow",
        is_overdue=True,
        store_trouble="The disk is full.",
        queue=QUEUE,
        set_up=FULL,
        every=4.0,
        delays=DELAYS,
        share=SHARE,
        push=PushView(state=state, covered=750, refused=3, refusal="x" * 50),
        dropped=tuple(Purpose),
    )
    return _card(status.status_card(whole, HINDERED))


def _past() -> Iterator[Past]:
    for kind in Kind:
        for state in ("sent", "failed", "skipped", "pending", "sending"):
            yield Past(
                kind=kind,
                guild_id=SERVER,
                channel_id=CHANNEL,
                space=scenes.ENDED,
                host=HOST,
                state=state,
                obstacle=None if state == "sent" else LACKING,
                message_id=MessageId(5) if state == "sent" else None,
                sent_at=NOW if state == "sent" else None,
            )


def _overview() -> Overview:
    return Overview(
        shards_up=1,
        shards=2,
        last_good_sweep=NOW,
        trouble="X is slow",
        store_trouble=None,
        hosts=12_345,
        keywords=30,
        queue=QUEUE,
        windows=(("spaces", 12, 300), ("users", 1, 900)),
        delays=DELAYS,
        push=PushView(state=PushState.ON, covered=750),
        blocked_guilds=1,
        blocked_people=2,
    )


def _costs() -> Costs:
    lines = tuple(
        SpendingLine(day=NOW.date(), kind=kind, count=300, millicents=150_000)
        for kind in ("space", "user", "post", "event")
    )
    spent = tuple(
        SpentBy(day=NOW.date(), purpose=purpose, guild_id=SERVER, millicents=50_000, refused=3) for purpose in Purpose
    )
    bill = Summary(
        today=lines, open_requests=5000, month=150_000, forecast=3_100_000, budget=10_000_000, dropped=tuple(Purpose)
    )
    return Costs(summary=bill, month=lines, spent_by=spent)


def _facts() -> GuildFacts:
    return GuildFacts(
        guild_id=SERVER,
        config=CONFIG,
        share=SHARE,
        pushed=12,
        queue=QUEUE,
        delays=DELAYS,
        is_blocked=True,
        spent_by=_costs().spent_by,
    )


def _help() -> Payload:
    offered = [
        help_page.Offered(name=command.qualified_name, about=command.description, command_id=10**18)
        for guild in (None, discord.Object(OPERATOR_GUILD))
        for command in bot().tree.walk_commands(guild=guild)
        if isinstance(command, discord.app_commands.Command)
    ]
    third = len(offered) // 3
    embeds = help_page.help_embeds(offered[:third], offered[third : 2 * third], offered[2 * third :], POLICIES)
    return scenes._payload(embeds=embeds)  # noqa: SLF001


def _sentences() -> Iterator[tuple[str, Made]]:
    for matter in Matter:
        for detail in ("old_name", *Standing):
            told = Notice(
                notice_id=1,
                created_at=NOW,
                guild_id=SERVER,
                matter=matter,
                channel_id=CHANNEL,
                host=HOST,
                detail=str(detail),
                obstacle=LACKING,
                admin_channel_id=None,
                recipients=(),
                attempts=0,
            )
            if (matter is Matter.STANDING) == (detail != "old_name"):
                yield f"notice: {matter} {detail}", _bound(told, by=lambda told: _said(reports.notice(told)))
    for reason in Reason:
        yield f"reason: {reason}", _bound(reason, by=lambda reason: _said(reasons.sentence(Obstacle(reason=reason))))
    yield from _settings()
    yield from _answers()


def _settings() -> Iterator[tuple[str, Made]]:
    for mode in BellMode:
        yield f"/config bell: {mode}", _bound(mode, by=lambda mode: _said(bells.mode_sentence(mode)))
    for given in (True, False):
        pressed = Pressed(host=HOST, role_id=ROLE, is_given=given)
        yield f"Notify me: {given}", _bound(pressed, by=lambda pressed: _said(bells.pressed_sentence(pressed, SERVER)))
        yield f"/config publish: {given}", _bound(given, by=lambda on: _said(looks.publishes_sentence(publishes=on)))
        yield f"/config pause: {given}", _bound(given, by=lambda on: _said(configuration.hold_sentence(on_hold=on)))
        yield f"/watch pause: {given}", _bound(given, by=lambda on: _said(watchlists.held_sentence(HOST, on_hold=on)))
        yield f"/x-link: {given}", _bound(given, by=lambda on: _said(linking.how_to_link(pastes=on)))
        yield f"tickets: {given}", _bound(given, by=lambda on: _said(filters.tickets_text(needed=on)))
        for where in (CHANNEL, None):
            line = Watched(line=replace(LINE, channel_id=where), is_new=given, looked=given)
            yield (
                f"/watch add: {given} {where}",
                _bound(line, by=lambda line: _said(watchlists.watched_sentence(line, SERVER))),
            )
            keyword = Watched(line=replace(KEYWORD, channel_id=where), is_new=given, looked=given)
            yield (
                f"/watch keyword add: {given} {where}",
                _bound(keyword, by=lambda keyword: _said(watchlists.keyword_sentence(keyword, SERVER))),
            )
    for minutes in (0, 30):
        yield (
            f"/config pings: {minutes}",
            _bound(minutes, by=lambda minutes: _said(configuration.pings_sentence(minutes))),
        )
    for at_end in AtEnd:
        yield f"/config end: {at_end}", _bound(at_end, by=lambda at_end: _said(configuration.end_sentence(at_end)))
    for code in (*LANGUAGES, None):
        yield (
            f"/config language: {code}",
            _bound(code, by=lambda code: _said(languages.language_sentence(code, "pt-BR"))),
        )
    yield "/config channel", lambda: _said(configuration.channel_sentence(CHANNEL))
    yield "/config roles", lambda: _said(configuration.roles_sentence([ROLE], SERVER))
    yield "/config announce", lambda: _said(configuration.moments_sentence(CONFIG))
    yield "/config alerts", lambda: _said(configuration.alerts_sentence(None))
    yield "/config look", lambda: _said(looks.look_sentence(OWN, HOST))


def _answers() -> Iterator[tuple[str, Made]]:
    yield "/watch resume", lambda: _said(configuration.resumed_sentence([HOST, OTHER]))
    yield "/watch filter", lambda: _said(filters.filters_sentence(HOST, FILTER))
    yield "/watch remove", lambda: _said(watchlists.unwatched_sentence(HOST))
    yield "/watch keyword remove", lambda: _said(watchlists.unwatched_keyword_sentence("type theory"))
    yield "/operator block", lambda: _said(operator.blocked_sentence(SERVER, PersonId(5)))
    yield "/operator allow", lambda: _said(operator.allowed_sentence(SERVER, PersonId(5), keywords=True))
    wrong = tuple(WrongLine(number=at, cells={}, why=UserMistake(Mistake.FILE_EMPTY)) for at in range(1, 30))
    yield "/watch import", lambda: _said(bulk.imported(Imported(new=3, changed=4, same=5, wrong=wrong)))
    many = ManyWatched(
        new=(HOST, OTHER),
        known=(HOST,),
        unresolved=(Unresolved(text="@nobody", why=UserMistake(Mistake.FILE_EMPTY)), Unresolved(text="?", why=None)),
        has_more=True,
    )
    yield "Add hosts", lambda: _said(setup.added(many))
    tested = Tested(
        test_id="0123456789a",
        places=(
            TestedPlace(channel_id=CHANNEL, roles=(ROLE,), seconds=1.5),
            TestedPlace(channel_id=CHANNEL, roles=(), seconds=None, obstacle=LACKING),
        ),
    )
    yield "Send a test", lambda: _said(testing.tested_text(tested, SERVER))
    yield "page: question", lambda: web.question("Ann", "key")
    yield "page: linked", web.linked
    yield "page: declined", web.declined
    yield "page: failed", lambda: web.failed("It did not work.")


def _of(*items: discord.ui.Item[Any]) -> Payload:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return scenes._payload(content="?", view=view)  # noqa: SLF001


def _views() -> Iterator[tuple[str, Made]]:
    yield "greeting", lambda: scenes._payload(view=hello())  # noqa: SLF001
    yield "help button", lambda: _of(HelpButton())
    yield "ping everyone?", lambda: scenes._payload(content="?", view=everyone.question())  # noqa: SLF001
    yield "this channel?", lambda: _of(HereButton("yes", label=watchlists.use_this("c" * 100)), HereButton("later"))
    yield "who", lambda: _of(WhoButton(SpaceId("1abc")))
    yield (
        "who: pages",
        lambda: _of(
            WhoButton(SpaceId("1abc"), 0, label=_(people.EARLIER)),
            WhoButton(SpaceId("1abc"), 2, label=_(people.FURTHER)),
        ),
    )
    yield "privacy", lambda: _of(*(PrivacyButton(what, whose) for whose in (ME, GUILD) for what in (EXPORT, ASK)))
    yield "privacy?", lambda: _of(PrivacyButton(DELETE, ME), PrivacyButton(KEEP, ME))
    yield "list?", lambda: _of(ListButton("A" * 26, "yes"), ListButton("A" * 26, "no"))
    yield "test", lambda: _of(TestButton("keep", "0123456789a"), TestButton("remove", "0123456789a"))
    yield "look again", lambda: _of(AgainButton(None))
    yield "paste", lambda: _of(PasteButton())
    named = [SpaceId(f"1OyKAWXYZab{at:02}") for at in range(25)]
    yield "found", lambda: _of(FoundSelect(found.options(named), found.placeholder(named)))
    pages_of = PagedAnswer(owner=1, cards=[Card(content="?")] * 3)
    yield "pages", lambda: scenes._payload(content="?", view=pages._buttons("a" * 16, 1, pages_of))  # noqa: SLF001
    guild = scenes._guild(mentionable=True)  # noqa: SLF001
    for one in (FULL, BARE, SetUp(config=scenes.FOLLOWING, watches=(PLAIN,))):
        way = HINDERED if one is FULL else NOTHING
        panel = setup.Panel(guild_id=SERVER, set_up=one, found=way, people={HOST.user_id: 12})
        name = f"{len(one.watches)} hosts"
        yield f"/setup: {name}", _bound(panel, by=lambda panel: scenes._payload(view=panel_view(panel, guild)))  # noqa: SLF001
        for chosen in (None, *one.watches):
            yield (
                f"/setup: {name}, {'none' if chosen is None else chosen.watch.host.name}",
                _bound(panel, chosen, by=lambda panel, chosen: scenes._payload(view=hosts_view(panel, chosen, 0))),  # noqa: SLF001
            )
    crowd = tuple(
        replace(LINE, watch=replace(LINE.watch, watch_id=at, host=replace(HOST, user_id=UserId(str(at)))))
        for at in range(60)
    )
    many = setup.Panel(guild_id=SERVER, set_up=SetUp(config=CONFIG, watches=crowd))
    yield "/setup: a page of hosts", lambda: scenes._payload(view=hosts_view(many, None, 1))  # noqa: SLF001
    offer = ListOffer(list_id=ListId("1"), most=1234, millicents=123_456)
    yield "list: its price", lambda: _said(setup.ask_about_list(offer))


def _forms() -> Iterator[tuple[str, Made]]:
    guild = scenes._guild(mentionable=True)  # noqa: SLF001
    yield "form: add hosts", AddHosts
    yield "form: moments", lambda: Moments(CONFIG)
    yield "form: moments at first", lambda: Moments(GuildConfig())
    yield "form: edit", lambda: EditHost.of(LINE.watch, guild)
    yield "form: look", LookForm
    yield "form: look of a host", lambda: LookForm(HOST.user_id, host=HOST, text="{host}", accent="#1D9BF0")
    yield "form: import", ImportForm
    yield "form: paste", PasteModal


def _mistakes() -> Iterator[tuple[str, Made]]:
    for mistake in Mistake:
        yield (
            f"mistake: {mistake}",
            _bound(mistake, by=lambda mistake: _said(sentence(UserMistake(mistake, **_VALUES)))),
        )


_VALUES: dict[str, Any] = {
    "count": 12_345,
    "most": 2048,
    "seconds": 40,
    "until": NOW,
    "channel": f"<#{CHANNEL}>",
    "lacking": "x",
    "name": "x" * 100,
    "there": "{x}",
    "names": "x",
    "column": "x",
    "allowed": "x",
    "link": "https://discord.com/oauth2/authorize?client_id=1",
}
"""Whatever a sentence about a mistake may tell."""
