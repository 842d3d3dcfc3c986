"""The sentence for each mistake, which says what to do instead."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from spacebot.domain.languages import InContext
from spacebot.domain.mistakes import Mistake
from spacebot.errors import BudgetSpent, SpacebotError, UserMistake, XError, XRateLimited, rough
from spacebot.present.language import N_, _, n_
from spacebot.present.reasons import (
    ALL_ROLES,
    MANAGE_ROLES,
    channel_path,
    order_path,
    own_path,
    permission_names,
    permissions_path,
    role_path,
)

SPACE_HINT = N_("Paste a Space's link (https://x.com/i/spaces/…) or its id.")
HOST_HINT = N_("Type the host's handle, such as @example, or paste a link to the account or to a Space.")

SENTENCES = {
    Mistake.NO_SPACE: N_("There is nothing to look for. {space_hint}"),
    Mistake.NO_HOST: N_("There is nothing to look for. {host_hint}"),
    Mistake.SPACE_TEXT_TOO_LONG: N_("That is too long. {space_hint}"),
    Mistake.HOST_TEXT_TOO_LONG: N_("That is too long. {host_hint}"),
    Mistake.HANDLE_FOR_SPACE: N_("That is a handle, not a Space. {space_hint}"),
    Mistake.BLANK_IN_SPACE: N_("A Space's link or id has no spaces in it. {space_hint}"),
    Mistake.BROADCAST_FOR_SPACE: N_("That is a link to a broadcast (video), not to a Space. {space_hint}"),
    Mistake.POST_FOR_SPACE: N_("That is a link to a post, not to a Space. {space_hint}"),
    Mistake.ACCOUNT_FOR_SPACE: N_("That is a link to an account, not to a Space. {space_hint}"),
    Mistake.LINK_TO_NO_SPACE: N_("That link leads to no Space. {space_hint}"),
    Mistake.BROADCAST_FOR_HOST: N_("That is a link to a broadcast (video), not to its host. {host_hint}"),
    Mistake.LINK_TO_NO_ACCOUNT: N_("That link leads to no account. {host_hint}"),
    Mistake.UNREADABLE_LINK: N_("That link cannot be read: copy it again, from https:// on."),
    Mistake.FOREIGN_LINK: N_("That link leads to another site: only links to x.com and twitter.com can be used."),
    Mistake.SPACE_ID_TOO_LONG: N_("That is too long: a Space's id has at most 13 characters. {space_hint}"),
    Mistake.NO_SPACE_ID: N_("A Space's id has only letters and digits. {space_hint}"),
    Mistake.BLANK_IN_HANDLE: N_("A handle has no spaces in it. {host_hint}"),
    Mistake.USER_ID_TOO_LONG: N_("That is too long: a user id has at most 19 digits. {host_hint}"),
    Mistake.HANDLE_TOO_LONG: N_("That is too long: a handle has at most 15 characters. {host_hint}"),
    Mistake.NOT_A_HANDLE: N_("A handle has only letters, digits and underscores. {host_hint}"),
    Mistake.NOTHING_TO_SEARCH: N_("Type at least one word to search for."),
    Mistake.QUERY_TOO_LONG: N_("That search is too long: X takes at most {most} characters."),
    Mistake.PROTECTED: N_(
        "That account is protected: X shows its Spaces only to its followers. If you are one, use `/x-link` first."
    ),
    Mistake.PROTECTED_FROM_ALL: N_("That account is protected: X shows its Spaces only to its followers."),
    Mistake.ASKED_TOO_FAST: N_("That was a lot of questions in a short time; it works again {until}."),
    Mistake.PERSON_SHARE_SPENT: N_(
        "You have used up what one person may have me ask of X in a day; it works again {until}."
    ),
    Mistake.GUILD_SHARE_SPENT: N_(
        "This server has used up what it may have me ask of X in a day; it works again {until}."
    ),
    Mistake.NOT_THE_CREATOR: N_("Only who created a Space can see who bought a ticket for it."),
    Mistake.PRIVATE_LOOK_UNDER_WAY: N_(
        "Your last question about a protected account is still being answered; ask again when it is."
    ),
    Mistake.PRIVATE_LOOKS_FULL: N_(
        "Too many people ask about protected accounts at the moment; ask again in {seconds} seconds."
    ),
    Mistake.NOT_FOLLOWED: N_("This server does not follow that host; `/watch list` shows whom it follows."),
    Mistake.NO_STATS_OF: N_(
        "I have figures only of hosts that this server follows and whose posts you can see; choose one from the list."
    ),
    Mistake.STATS_WITHDRAWN: N_(
        "X does not show that account to everybody at the moment, so I show no figures of it; ask again once it does."
    ),
    Mistake.NO_SUCH_ZONE: N_(
        "There is no such time zone: type a large city of yours and choose from the list, or leave it out for UTC."
    ),
    Mistake.NO_LONGER_FOLLOWED: N_("This server no longer follows that host."),
    Mistake.JUST_REMOVED: N_("Somebody else has just removed that host from this server's list."),
    Mistake.TOO_MANY_HOSTS: N_(
        "This server already follows as many hosts as it may, {count}: that is the limit here; remove one with"
        " /watch remove first."
    ),
    Mistake.TOO_MANY_NEW_HOSTS: N_(
        "This server has had as many new accounts looked up today as it may, {most}: that is the limit here; others can"
        " be followed from midnight UTC on."
    ),
    Mistake.TOO_MANY_LINES: N_("That is too many at once: name at most {most} accounts, and the others after that."),
    Mistake.LIST_NOT_SHOWN: N_(
        "X does not show that list: it is private, or gone. Name its accounts one by one instead."
    ),
    Mistake.NO_KEYWORD: N_("Type at least one word to watch for."),
    Mistake.KEYWORD_TOO_LONG: N_("That is too long: a keyword has at most {most} characters."),
    Mistake.NOT_A_LANGUAGE: N_("Give the language as its code: `en`, `es`, `pt`, `ja` …"),
    Mistake.NO_FILTER_WORD: N_("Type words or phrases with commas between them, such as `tea, type theory`."),
    Mistake.FILTER_WORD_TOO_LONG: N_(
        "One of these is too long, {most} characters at most; put a comma between words that need not stand together."
    ),
    Mistake.TOO_MANY_FILTER_WORDS: N_("Those are too many: name at most {most} words or phrases."),
    Mistake.WANTED_AND_SHUNNED: N_(
        "The same words cannot be wanted and shunned; give both `want` and `shun`, or add `reset: True`."
    ),
    Mistake.KEYWORD_NOT_WATCHED: N_(
        "This server does not watch for that; `/watch keyword list` shows what it watches for."
    ),
    Mistake.TOO_MANY_KEYWORDS: N_(
        "This server already watches for as many keywords as it may, {count}: that is the limit here; remove one with"
        " /watch keyword remove first."
    ),
    Mistake.KEYWORDS_NOT_ALLOWED: N_("Keywords are not switched on for this server: ask the bot's operator."),
    Mistake.EVERYONE_FOR_KEYWORD: N_(
        "A keyword may match many Spaces: choose a role that fewer people have than @everyone."
    ),
    Mistake.FILE_TOO_LARGE: N_("That file is too large: {most} MB is the most; split it."),
    Mistake.FILE_EMPTY: N_("That file is empty: give one line to each host, as in the file of `/watch export`."),
    Mistake.FILE_NOT_GIVEN: N_("Discord does not give me that file; upload it again."),
    Mistake.IMPORT_UNDER_WAY: N_("Another file of this server is still being read; try again when it is done."),
    Mistake.LINE_TOO_LATE: N_(
        "Only the first {most} lines of a file are read; give the others in a file of their own."
    ),
    Mistake.LINE_NOT_UTF8: N_("It has characters that cannot be read; save the file as CSV in UTF-8."),
    Mistake.QUOTES_WRONG: N_("A quotation mark is not closed, or text follows it; write each inner one twice."),
    Mistake.TOO_MANY_CELLS: N_(
        "It has more cells than the file has columns; put a cell with commas in quotation marks."
    ),
    Mistake.CELL_WRONG: N_("The column `{column}` has something else than {allowed}."),
    Mistake.NAMED_TWICE: N_("An earlier line has the same host or words; that one counts."),
    Mistake.GUILD_NOT_THERE_YET: N_("Discord has not shown me this server's channels yet; try again in a minute."),
    Mistake.NOT_IN_A_GUILD: N_("That works only in a server that has invited me as a bot."),
    Mistake.MAY_NOT_MANAGE: N_("You need the Manage Server permission for that."),
    Mistake.GUILD_CHANNEL_GONE: N_("This server's channel is gone; choose another with `/config channel` first."),
    Mistake.CHANNEL_UNSEEN: N_("I cannot see that channel; choose another, or let me see it: {path}."),
    Mistake.NO_TEXT_CHANNEL: N_("That is not a channel for messages; choose a text channel."),
    Mistake.THREAD_LOCKED: N_("That thread is locked; unlock it, or choose another channel."),
    Mistake.UNKNOWN_VARIABLE: N_("I do not know {variable}; I know {there}."),
    Mistake.OWN_TEXT_TOO_LONG: N_(
        "With a long name and title that text would not fit into a message; use {most} characters at most, and fewer variables."
    ),
    Mistake.NOT_A_COLOUR: N_("That is no colour; write {names}, or six digits such as #1D9BF0."),
    Mistake.NO_CHANNEL_YET: N_("Choose a channel first, with `/setup` or `/config channel`."),
    Mistake.ROLE_GONE: N_("That role is gone; choose another."),
    Mistake.TOO_MANY_ROLES: N_("Choose {most} roles at most."),
    Mistake.EVERYONE_FOR_MANY: N_(
        "Choose @everyone for one host at a time, with `/watch add`, or a role that fewer people have."
    ),
    Mistake.PERMISSIONS_LACKING: N_("In {channel} I lack {lacking}; grant it there and try again: {path}."),
    Mistake.EVERYONE_NOT_MENTIONABLE: N_("I may not ping @everyone; let me: {path}."),
    Mistake.ROLE_NOT_MENTIONABLE: N_("I may not ping {name}; let me: {path}."),
    Mistake.YOU_LACK: N_(
        "In {channel} you lack {lacking} yourself; choose another channel, or let somebody do this who has it."
    ),
    Mistake.YOU_MAY_NOT_MENTION: N_(
        "You may not ping {name} yourself; let somebody do this who has the permission {permission}, or have"
        " everybody allowed to: {path}."
    ),
    Mistake.YOU_MAY_NOT_MENTION_EVERYONE: N_(
        "You may not ping @everyone yourself; let somebody do this who has the permission {permission}."
    ),
    Mistake.INVITED_NOT_SHOWN: N_(
        "Whoever runs this bot has X asked for no people of a Space, so posts cannot name them."
    ),
    Mistake.BELL_OFF: N_(
        "Nobody is given a role for Spaces in this server; who manages it can change that: `/config bell`."
    ),
    Mistake.BELL_OF_WHOM: N_("Say whose Spaces: `/notify host:`."),
    Mistake.BELL_NO_PERMISSION: N_(
        "I lack the permission Manage Roles, so I can give nobody a role here; who manages this server can grant it"
        " [with this link](<{link}>) or here: {path}."
    ),
    Mistake.EVENTS_NO_PERMISSION: N_(
        "I lack the permission Create Events, so no Space becomes an event here; who manages this server can grant it"
        " [with this link](<{link}>) or here: *Server settings → Roles → spacebot → Permissions → Create Events*."
    ),
    Mistake.BELL_ROLES_FULL: N_(
        "This server has {most} roles, as many as Discord lets it have; somebody who manages it has to delete one, or let"
        " one role do for all hosts: `/config bell`."
    ),
    Mistake.BELL_ROLE_ABOVE: N_(
        "The role {name} stands above mine, so I cannot give or take it; who manages this server can change that:"
        " {path}."
    ),
    Mistake.BELL_ROLE_POWERFUL: N_(
        "Somebody has given the role {name} permissions, in the server or in a channel, so I neither give nor take it;"
        " who manages this server can take them away: {path}."
    ),
    Mistake.BELL_ROLE_GONE: N_("That role was deleted just now; press again."),
    Mistake.BELL_TOO_FAST: N_("You have pressed that often in a short time; it works again {until}."),
    Mistake.BELL_BUSY: N_("Many people press that just now; press again in a minute."),
    Mistake.BELL_UNCLEAR: N_("Discord has not said yet whether it has made the role; press again {until}."),
    Mistake.LINKING_NOT_SET_UP: N_("Linking X accounts is not set up on this bot."),
    Mistake.NOT_LINKED: N_("Link your X account with `/x-link` first."),
    Mistake.LINK_NOT_TAKEN: N_(
        "X did not take your link just now; ask again, and if that does not help, use `/x-link` again."
    ),
    Mistake.SIGN_IN_STALE: N_("This sign-in is too old or was used already; give `/x-link` again."),
    Mistake.SIGN_IN_OF_ANOTHER: N_("This sign-in was begun by somebody else; give `/x-link` yourself."),
    Mistake.NOT_THE_ADDRESS: N_("That is not the address you landed on: copy the whole of it, from `http` to the end."),
    Mistake.SIGN_IN_DECLINED: N_("You declined on X, so nothing was linked."),
    Mistake.NOT_THE_OPERATOR: N_("Only the operator of this bot can do that."),
    Mistake.BLOCKED: N_("The operator of this bot has switched it off here or for you; ask them if that is a mistake."),
    Mistake.NO_ID: N_("Give the id as Discord shows it in developer mode: up to 20 digits."),
    Mistake.NOBODY_NAMED: N_("Name a server or a person by its id."),
    Mistake.KEYWORDS_OF_NO_GUILD: N_("Keywords are allowed to a server: name it by its id."),
    Mistake.OPERATOR_BLOCKED: N_("That would lock you out of your own bot."),
}
"""Braces stand for the values of a mistake, and for what `_more` adds to them."""

PATHS: Mapping[Mistake, Callable[[Mapping[str, object]], str]] = {
    Mistake.CHANNEL_UNSEEN: lambda _values: channel_path(permission_names(["view_channel"])),
    Mistake.PERMISSIONS_LACKING: lambda values: channel_path(str(values["lacking"])),
    Mistake.EVERYONE_NOT_MENTIONABLE: lambda _values: own_path(_(ALL_ROLES)),
    Mistake.ROLE_NOT_MENTIONABLE: lambda values: role_path(str(values["name"])),
    Mistake.YOU_MAY_NOT_MENTION: lambda values: role_path(str(values["name"])),
    Mistake.BELL_NO_PERMISSION: lambda _values: own_path(_(MANAGE_ROLES)),
    Mistake.BELL_ROLE_ABOVE: lambda _values: order_path(),
    Mistake.BELL_ROLE_POWERFUL: lambda values: permissions_path(str(values["name"])),
}
"""What a person taps to mend a mistake, from its values: `path` in its sentence."""

BUDGET_SPENT = N_(
    "I have spent what I may spend on X today for this; it works again {until}. Whoever runs me can give me a larger"
    " daily budget."
)


def moment(when: datetime) -> str:
    """A time as Discord shows it in the reader's own zone, and how far off it is; never too early."""
    stamp = math.ceil(when.timestamp())
    return f"<t:{stamp}:R> (<t:{stamp}:t>)"


def sentence(error: SpacebotError) -> str:
    """What a person is told about an error: for a mistake its sentence, for X's errors theirs, else the error's text."""
    if isinstance(error, UserMistake):
        return _mistaken(error)
    if isinstance(error, BudgetSpent) and error.reset_date is not None:
        return _(BUDGET_SPENT, until=moment(error.reset_date))
    if isinstance(error, XRateLimited) and error.retry_after is not None:
        return _pause(error.retry_after)
    if isinstance(error, XError):
        told = {name: _(one) if isinstance(one, InContext) else one for name, one in error.told.items()}
        return _(error.sentence, **told)
    return str(error)


def _mistaken(error: UserMistake) -> str:
    values = {name: moment(one) if isinstance(one, datetime) else one for name, one in error.values.items()}
    return _(SENTENCES[error.mistake], **values, **_more(error.mistake, values))


def _more(mistake: Mistake, values: Mapping[str, object]) -> dict[str, str]:
    """What a sentence tells beside the values of its mistake: the same for several mistakes, and said once."""
    more = {"space_hint": _(SPACE_HINT), "host_hint": _(HOST_HINT), "permission": _(ALL_ROLES)}
    if mistake in PATHS:
        more["path"] = PATHS[mistake](values)
    if mistake is Mistake.UNKNOWN_VARIABLE:
        more["variable"] = f"{{{values['name']}}}"
    return more


def _pause(seconds: float) -> str:
    count, are_minutes = rough(seconds)
    if are_minutes:
        return n_(
            "X asks for a pause: try again in {count} minute.",
            "X asks for a pause: try again in {count} minutes.",
            count,
        )
    return n_(
        "X asks for a pause: try again in {count} second.", "X asks for a pause: try again in {count} seconds.", count
    )
