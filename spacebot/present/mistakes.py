"""The sentence for each mistake, which says what to do instead."""

import math
from datetime import datetime

from spacebot.domain.mistakes import Mistake
from spacebot.errors import BudgetSpent, SpacebotError, UserMistake
from spacebot.present.language import N_
from spacebot.present.reasons import (
    ALL_ROLES,
    ALL_ROLES_PATH,
    CHANNEL_PATH,
    MANAGE_ROLES_PATH,
    ORDER_PATH,
    PERMISSIONS_PATH,
    ROLE_PATH,
)

_SPACE = "Paste a Space's link (https://x.com/i/spaces/…) or its id."
_HOST = "Type the host's handle, such as @example, or paste a link to the account or to a Space."

SENTENCES = {
    Mistake.NO_SPACE: f"There is nothing to look for. {_SPACE}",
    Mistake.NO_HOST: f"There is nothing to look for. {_HOST}",
    Mistake.SPACE_TEXT_TOO_LONG: f"That is too long. {_SPACE}",
    Mistake.HOST_TEXT_TOO_LONG: f"That is too long. {_HOST}",
    Mistake.HANDLE_FOR_SPACE: f"That is a handle, not a Space. {_SPACE}",
    Mistake.BLANK_IN_SPACE: f"A Space's link or id has no spaces in it. {_SPACE}",
    Mistake.BROADCAST_FOR_SPACE: f"That is a link to a broadcast (video), not to a Space. {_SPACE}",
    Mistake.POST_FOR_SPACE: f"That is a link to a post, not to a Space. {_SPACE}",
    Mistake.ACCOUNT_FOR_SPACE: f"That is a link to an account, not to a Space. {_SPACE}",
    Mistake.LINK_TO_NO_SPACE: f"That link leads to no Space. {_SPACE}",
    Mistake.BROADCAST_FOR_HOST: f"That is a link to a broadcast (video), not to its host. {_HOST}",
    Mistake.LINK_TO_NO_ACCOUNT: f"That link leads to no account. {_HOST}",
    Mistake.UNREADABLE_LINK: "That link cannot be read: copy it again, from https:// on.",
    Mistake.FOREIGN_LINK: "That link leads to another site: only links to x.com and twitter.com can be used.",
    Mistake.SPACE_ID_TOO_LONG: f"That is too long: a Space's id has at most 13 characters. {_SPACE}",
    Mistake.NO_SPACE_ID: f"A Space's id has only letters and digits. {_SPACE}",
    Mistake.BLANK_IN_HANDLE: f"A handle has no spaces in it. {_HOST}",
    Mistake.USER_ID_TOO_LONG: f"That is too long: a user id has at most 19 digits. {_HOST}",
    Mistake.HANDLE_TOO_LONG: f"That is too long: a handle has at most 15 characters. {_HOST}",
    Mistake.NOT_A_HANDLE: f"A handle has only letters, digits and underscores. {_HOST}",
    Mistake.NOTHING_TO_SEARCH: "Type at least one word to search for.",
    Mistake.QUERY_TOO_LONG: "That search is too long: X takes at most {most:,} characters.",
    Mistake.PROTECTED: (
        "That account is protected: X shows its Spaces only to its followers. If you are one, use `/x-link` first."
    ),
    Mistake.PROTECTED_FROM_ALL: "That account is protected: X shows its Spaces only to its followers.",
    Mistake.ASKED_TOO_FAST: "That was a lot of questions in a short time; it works again {until}.",
    Mistake.PERSON_SHARE_SPENT: (
        "You have used up what one person may have me ask of X in a day; it works again {until}."
    ),
    Mistake.GUILD_SHARE_SPENT: (
        "This server has used up what it may have me ask of X in a day; it works again {until}."
    ),
    Mistake.NOT_THE_CREATOR: "Only who created a Space can see who bought a ticket for it.",
    Mistake.PRIVATE_LOOK_UNDER_WAY: (
        "Your last question about a protected account is still being answered; ask again when it is."
    ),
    Mistake.PRIVATE_LOOKS_FULL: (
        "Too many people ask about protected accounts at the moment; ask again in {seconds} seconds."
    ),
    Mistake.NOT_FOLLOWED: "This server does not follow that host; `/watch list` shows whom it follows.",
    Mistake.NO_LONGER_FOLLOWED: "This server no longer follows that host.",
    Mistake.JUST_REMOVED: "Somebody else has just removed that host from this server's list.",
    Mistake.TOO_MANY_HOSTS: (
        "This server already follows as many hosts as it may, {count}: that is the limit here; remove one with"
        " /watch remove first."
    ),
    Mistake.TOO_MANY_NEW_HOSTS: (
        "This server has had as many new accounts looked up today as it may, {most}: that is the limit here; others can"
        " be followed from midnight UTC on."
    ),
    Mistake.TOO_MANY_LINES: "That is too many at once: name at most {most} accounts, and the others after that.",
    Mistake.LIST_NOT_SHOWN: "X does not show that list: it is private, or gone. Name its accounts one by one instead.",
    Mistake.NO_KEYWORD: "Type at least one word to watch for.",
    Mistake.KEYWORD_TOO_LONG: "That is too long: a keyword has at most {most} characters.",
    Mistake.NOT_A_LANGUAGE: "Give the language as its code: `en`, `es`, `pt`, `ja` …",
    Mistake.NO_FILTER_WORD: "Type words or phrases with commas between them, such as `tea, type theory`.",
    Mistake.FILTER_WORD_TOO_LONG: (
        "One of these is too long, {most} characters at most; put a comma between words that need not stand together."
    ),
    Mistake.TOO_MANY_FILTER_WORDS: "Those are too many: name at most {most} words or phrases.",
    Mistake.WANTED_AND_SHUNNED: (
        "The same words cannot be wanted and shunned; give both `want` and `shun`, or add `reset: True`."
    ),
    Mistake.KEYWORD_NOT_WATCHED: (
        "This server does not watch for that; `/watch keyword list` shows what it watches for."
    ),
    Mistake.TOO_MANY_KEYWORDS: (
        "This server already watches for as many keywords as it may, {count}: that is the limit here; remove one with"
        " /watch keyword remove first."
    ),
    Mistake.KEYWORDS_NOT_ALLOWED: "Keywords are not switched on for this server: ask the bot's operator.",
    Mistake.EVERYONE_FOR_KEYWORD: (
        "A keyword may match many Spaces: choose a role that fewer people have than @everyone."
    ),
    Mistake.FILE_TOO_LARGE: "That file is too large: {most} MB is the most; split it.",
    Mistake.FILE_EMPTY: "That file is empty: give one line to each host, as in the file of `/watch export`.",
    Mistake.FILE_NOT_GIVEN: "Discord does not give me that file; upload it again.",
    Mistake.IMPORT_UNDER_WAY: "Another file of this server is still being read; try again when it is done.",
    Mistake.LINE_TOO_LATE: "Only the first {most:,} lines of a file are read; give the others in a file of their own.",
    Mistake.LINE_NOT_UTF8: "It has characters that cannot be read; save the file as CSV in UTF-8.",
    Mistake.QUOTES_WRONG: "A quotation mark is not closed, or text follows it; write each inner one twice.",
    Mistake.TOO_MANY_CELLS: "It has more cells than the file has columns; put a cell with commas in quotation marks.",
    Mistake.CELL_WRONG: "The column `{column}` has something else than {allowed}.",
    Mistake.NAMED_TWICE: "An earlier line has the same host or words; that one counts.",
    Mistake.GUILD_NOT_THERE_YET: "Discord has not shown me this server's channels yet; try again in a minute.",
    Mistake.NOT_IN_A_GUILD: "That works only in a server that has invited me as a bot.",
    Mistake.MAY_NOT_MANAGE: "You need the Manage Server permission for that.",
    Mistake.GUILD_CHANNEL_GONE: "This server's channel is gone; choose another with `/config channel` first.",
    Mistake.CHANNEL_UNSEEN: f"I cannot see that channel; choose another, or let me see it: {CHANNEL_PATH.format('View Channel')}.",
    Mistake.NO_TEXT_CHANNEL: "That is not a channel for messages; choose a text channel.",
    Mistake.THREAD_LOCKED: "That thread is locked; unlock it, or choose another channel.",
    Mistake.UNKNOWN_VARIABLE: "I do not know {{{name}}}; I know {there}.",
    Mistake.OWN_TEXT_TOO_LONG: (
        "With a long name and title that text would not fit into a message; use {most} characters at most, and fewer variables."
    ),
    Mistake.NOT_A_COLOUR: "That is no colour; write {names}, or six digits such as #1D9BF0.",
    Mistake.NO_CHANNEL_YET: "Choose a channel first, with `/setup` or `/config channel`.",
    Mistake.ROLE_GONE: "That role is gone; choose another.",
    Mistake.TOO_MANY_ROLES: "Choose {most} roles at most.",
    Mistake.EVERYONE_FOR_MANY: "Choose @everyone for one host at a time, with `/watch add`, or a role that fewer people have.",
    Mistake.PERMISSIONS_LACKING: (
        f"In {{channel}} I lack {{lacking}}; grant it there and try again: {CHANNEL_PATH.format('{lacking}')}."
    ),
    Mistake.EVERYONE_NOT_MENTIONABLE: f"I may not ping @everyone; let me: {ALL_ROLES_PATH}.",
    Mistake.ROLE_NOT_MENTIONABLE: f"I may not ping {{name}}; let me: {ROLE_PATH.format('{name}')}.",
    Mistake.YOU_LACK: (
        "In {channel} you lack {lacking} yourself; choose another channel, or let somebody do this who has it."
    ),
    Mistake.YOU_MAY_NOT_MENTION: (
        f"You may not ping {{name}} yourself; let somebody do this who has the permission {ALL_ROLES}, or have"
        f" everybody allowed to: {ROLE_PATH.format('{name}')}."
    ),
    Mistake.YOU_MAY_NOT_MENTION_EVERYONE: (
        f"You may not ping @everyone yourself; let somebody do this who has the permission {ALL_ROLES}."
    ),
    Mistake.BELL_OFF: "Nobody is given a role for Spaces in this server; who manages it can change that: `/config bell`.",
    Mistake.BELL_OF_WHOM: "Say whose Spaces: `/notify host:`.",
    Mistake.BELL_NO_PERMISSION: (
        "I lack the permission Manage Roles, so I can give nobody a role here; who manages this server can grant it"
        f" [with this link](<{{link}}>) or here: {MANAGE_ROLES_PATH}."
    ),
    Mistake.EVENTS_NO_PERMISSION: N_(
        "I lack the permission Create Events, so no Space becomes an event here; who manages this server can grant it"
        " [with this link](<{link}>) or here: *Server settings → Roles → spacebot → Permissions → Create Events*."
    ),
    Mistake.BELL_ROLES_FULL: (
        "This server has {most} roles, as many as Discord lets it have; somebody who manages it has to delete one, or let"
        " one role do for all hosts: `/config bell`."
    ),
    Mistake.BELL_ROLE_ABOVE: (
        f"The role {{name}} stands above mine, so I cannot give or take it; who manages this server can change that:"
        f" {ORDER_PATH}."
    ),
    Mistake.BELL_ROLE_POWERFUL: (
        "Somebody has given the role {name} permissions, in the server or in a channel, so I neither give nor take it;"
        f" who manages this server can take them away: {PERMISSIONS_PATH.format('{name}')}."
    ),
    Mistake.BELL_ROLE_GONE: "That role was deleted just now; press again.",
    Mistake.BELL_TOO_FAST: "You have pressed that often in a short time; it works again {until}.",
    Mistake.BELL_BUSY: "Many people press that just now; press again in a minute.",
    Mistake.BELL_UNCLEAR: N_("Discord has not said yet whether it has made the role; press again {until}."),
    Mistake.LINKING_NOT_SET_UP: "Linking X accounts is not set up on this bot.",
    Mistake.NOT_LINKED: "Link your X account with `/x-link` first.",
    Mistake.LINK_NOT_TAKEN: (
        "X did not take your link just now; ask again, and if that does not help, use `/x-link` again."
    ),
    Mistake.SIGN_IN_STALE: "This sign-in is too old or was used already; give `/x-link` again.",
    Mistake.SIGN_IN_OF_ANOTHER: "This sign-in was begun by somebody else; give `/x-link` yourself.",
    Mistake.NOT_THE_ADDRESS: ("That is not the address you landed on: copy the whole of it, from `http` to the end."),
    Mistake.SIGN_IN_DECLINED: "You declined on X, so nothing was linked.",
    Mistake.NOT_THE_OPERATOR: "Only the operator of this bot can do that.",
    Mistake.BLOCKED: "The operator of this bot has switched it off here or for you; ask them if that is a mistake.",
    Mistake.NO_ID: "Give the id as Discord shows it in developer mode: up to 20 digits.",
    Mistake.NOBODY_NAMED: "Name a server or a person by its id.",
    Mistake.KEYWORDS_OF_NO_GUILD: "Keywords are allowed to a server: name it by its id.",
    Mistake.OPERATOR_BLOCKED: "That would lock you out of your own bot.",
}
"""Braces stand for the values of a mistake."""


BUDGET_SPENT = (
    "I have spent what I may spend on X today for this; it works again {until}. Whoever runs me can give me a larger"
    " daily budget."
)


def moment(when: datetime) -> str:
    """A time as Discord shows it in the reader's own zone, and how far off it is; never too early."""
    stamp = math.ceil(when.timestamp())
    return f"<t:{stamp}:R> (<t:{stamp}:t>)"


def sentence(error: SpacebotError) -> str:
    """What a person is told about an error: for a mistake its sentence, for anything else the error's own text."""
    if isinstance(error, UserMistake):
        values = {name: moment(one) if isinstance(one, datetime) else one for name, one in error.values.items()}
        return SENTENCES[error.mistake].format(**values)
    if isinstance(error, BudgetSpent) and error.reset_date is not None:
        return BUDGET_SPENT.format(until=moment(error.reset_date))
    return str(error)
