"""The schema, as migrations that are applied in order and never changed once released.

Times are whole milliseconds since 1970, UTC. Ids of X are text, ids of Discord integers. Each unique index states an
invariant; the sentence beside it says which.
"""

import re

from sqlite_utils import Database, Migrations

migrations = Migrations("spacebot")

FIRST = """
CREATE TABLE guilds (
    guild_id    INTEGER PRIMARY KEY,
    channel_id  INTEGER,            -- where watches without a channel of their own are announced
    role_id     INTEGER,            -- who is mentioned for watches without a role of their own
    greeted_at  INTEGER
) STRICT;

CREATE TABLE users (                -- accounts on X, as last seen
    user_id     TEXT PRIMARY KEY,
    username    TEXT NOT NULL,
    name        TEXT NOT NULL,
    picture     TEXT,
    protected   INTEGER NOT NULL DEFAULT 0,
    seen_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX users_by_name ON users (username COLLATE NOCASE);

CREATE TABLE watches (
    watch_id    INTEGER PRIMARY KEY,
    guild_id    INTEGER NOT NULL REFERENCES guilds ON DELETE CASCADE,
    host_id     TEXT NOT NULL REFERENCES users (user_id),
    channel_id  INTEGER,
    role_id     INTEGER,
    added_by    INTEGER NOT NULL,
    added_at    INTEGER NOT NULL,
    UNIQUE (guild_id, host_id)      -- a guild follows a host once: adding again updates
) STRICT;
CREATE INDEX watches_by_host ON watches (host_id);

CREATE TABLE spaces (
    space_id        TEXT PRIMARY KEY,
    host_id         TEXT NOT NULL,
    phase           TEXT NOT NULL CHECK (phase IN ('scheduled', 'live', 'ended', 'canceled', 'gone')),
    title           TEXT,
    lang            TEXT,
    is_ticketed     INTEGER,
    participants    INTEGER,
    peak            INTEGER,
    scheduled_start INTEGER,
    started_at      INTEGER,
    ended_at        INTEGER,
    first_seen_at   INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    absent_since    INTEGER,
    revision        INTEGER NOT NULL
) STRICT;
CREATE INDEX spaces_open ON spaces (host_id) WHERE phase IN ('scheduled', 'live');

CREATE TABLE deliveries (
    delivery_id      INTEGER PRIMARY KEY,
    space_id         TEXT NOT NULL REFERENCES spaces,
    channel_id       INTEGER NOT NULL,
    kind             TEXT NOT NULL,
    guild_id         INTEGER NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'skipped')),
    reason           TEXT,           -- why it failed or was skipped
    wanted           INTEGER NOT NULL, -- the Space's revision that the message ought to show
    shown            INTEGER,          -- the revision that it shows
    attempts         INTEGER NOT NULL DEFAULT 0,
    first_attempt_at INTEGER,          -- from here on Discord may hold the message, whatever we heard of it
    next_try_at      INTEGER NOT NULL,
    message_id       INTEGER,
    created_at       INTEGER NOT NULL,
    sent_at          INTEGER,
    UNIQUE (space_id, channel_id, kind) -- one announcement, one message
) STRICT;
CREATE INDEX deliveries_due ON deliveries (next_try_at)
    WHERE state IN ('pending', 'sending', 'failed') OR (state = 'sent' AND shown < wanted);

CREATE TABLE audience (              -- which watches a delivery serves
    watch_id    INTEGER NOT NULL REFERENCES watches ON DELETE CASCADE,
    space_id    TEXT NOT NULL REFERENCES spaces,
    kind        TEXT NOT NULL,
    delivery_id INTEGER NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    PRIMARY KEY (watch_id, space_id, kind) -- one watch, one message: a channel changed midway counts from the next Space
) STRICT;
CREATE INDEX audience_by_delivery ON audience (delivery_id);

CREATE TABLE pauses (                -- channels that Discord does not let us post in, for now
    channel_id  INTEGER PRIMARY KEY, -- one reason at a time
    guild_id    INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    since       INTEGER NOT NULL
) STRICT;

CREATE TABLE notes (                 -- small facts about this installation
    name        TEXT PRIMARY KEY,
    value       TEXT NOT NULL
) STRICT;
"""


LINKING = """
CREATE TABLE sign_ins (              -- people on their way to X's page of consent
    person      INTEGER PRIMARY KEY, -- one at a time: asking again ends the one before
    person_name TEXT NOT NULL,
    state       TEXT NOT NULL UNIQUE, -- a digest: what is kept here does not complete a sign-in
    verifier    BLOB NOT NULL,        -- sealed
    until       INTEGER NOT NULL
) STRICT;

CREATE TABLE links (                 -- people who lend the bot their account's eyes
    person      INTEGER PRIMARY KEY, -- a token serves one person, and only them
    access      BLOB NOT NULL,       -- sealed
    refresh     BLOB,                -- sealed
    expires_at  INTEGER NOT NULL,
    scopes      TEXT NOT NULL
) STRICT;
"""


@migrations()
def first(db: Database) -> None:
    """Guilds, watches, Spaces, and the ledger of deliveries."""
    _run(db, FIRST)


@migrations()
def linking(db: Database) -> None:
    """People's own sign-ins."""
    _run(db, LINKING)


@migrations()
def leaving(db: Database) -> None:
    """Since when the bot is not in a guild any more: it is not swept for, and its lists wait for it."""
    db.execute("ALTER TABLE guilds ADD COLUMN left_at INTEGER")


ANNOUNCING = """
-- where trouble is told; else in the system channel
ALTER TABLE guilds ADD COLUMN admin_channel_id INTEGER;
ALTER TABLE guilds ADD COLUMN at_end TEXT NOT NULL DEFAULT 'edit' CHECK (at_end IN ('edit', 'delete', 'leave'));
ALTER TABLE guilds ADD COLUMN tells_scheduled INTEGER NOT NULL DEFAULT 0;
-- before the start; none where NULL
ALTER TABLE guilds ADD COLUMN reminder_minutes INTEGER;
ALTER TABLE guilds ADD COLUMN tells_live INTEGER NOT NULL DEFAULT 1;
ALTER TABLE guilds ADD COLUMN tells_ended INTEGER NOT NULL DEFAULT 0;
ALTER TABLE watches ADD COLUMN also_cohost INTEGER NOT NULL DEFAULT 0;
-- 'suspended', 'protected' or 'gone', where X says so
ALTER TABLE users ADD COLUMN standing TEXT;
ALTER TABLE users ADD COLUMN asked_at INTEGER;
-- ids, as JSON
ALTER TABLE spaces ADD COLUMN cohosts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE spaces ADD COLUMN speakers TEXT NOT NULL DEFAULT '[]';
-- everybody who was ever seen to speak
ALTER TABLE spaces ADD COLUMN spoke TEXT NOT NULL DEFAULT '[]';
-- listeners times seconds, over the looks
ALTER TABLE spaces ADD COLUMN listened INTEGER NOT NULL DEFAULT 0;
-- these seconds
ALTER TABLE spaces ADD COLUMN observed INTEGER NOT NULL DEFAULT 0;
-- when it was first seen live
ALTER TABLE spaces ADD COLUMN live_seen_at INTEGER;
-- and by what
ALTER TABLE spaces ADD COLUMN live_seen_by TEXT;
-- when its messages were last asked to show its listeners
ALTER TABLE spaces ADD COLUMN refreshed_at INTEGER;
-- when what came from X was removed
ALTER TABLE spaces ADD COLUMN forgotten_at INTEGER;
-- whom the guild follows of somebody else's Space
ALTER TABLE deliveries ADD COLUMN guest_id TEXT;
-- sent without a mention
ALTER TABLE deliveries ADD COLUMN quiet INTEGER NOT NULL DEFAULT 0;
-- who is due is served in this order
ALTER TABLE deliveries ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (turn, delivery_id)
    WHERE state IN ('pending', 'sending', 'failed') OR (state = 'sent' AND shown < wanted);
CREATE INDEX deliveries_by_guild ON deliveries (guild_id, delivery_id);
CREATE TABLE notices (              -- what guilds are told beside their announcements
    notice_id   INTEGER PRIMARY KEY,
    guild_id    INTEGER NOT NULL REFERENCES guilds ON DELETE CASCADE,
    subject     TEXT NOT NULL,
    matter      TEXT NOT NULL,
    host_id     TEXT,
    channel_id  INTEGER,
    detail      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    told_at     INTEGER,
    UNIQUE (guild_id, subject)      -- told once
) STRICT;
CREATE INDEX notices_due ON notices (next_try_at) WHERE told_at IS NULL;
"""


@migrations()
def announcing(db: Database) -> None:
    """More moments of a Space, what becomes of messages at its end, co-hosts, notices to admins."""
    _run(db, ANNOUNCING)


def _run(db: Database, script: str) -> None:
    """Each statement on its own: executescript() would commit the migration's own transaction."""
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)


SPENDING = """
CREATE TABLE paid (                  -- what X has billed lately; days are counted from 1970-01-01, UTC
    day          INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    resource_id  TEXT NOT NULL,
    PRIMARY KEY (day, kind, resource_id) -- X bills a resource once in a day
) STRICT, WITHOUT ROWID;

CREATE TABLE spending (              -- what became of it: one line per day and kind
    day          INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    count        INTEGER NOT NULL,
    millicents   INTEGER NOT NULL,   -- at the prices of that day
    PRIMARY KEY (day, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservations (          -- requests that X may have answered without our knowing it
    number       INTEGER PRIMARY KEY,
    first_day    INTEGER NOT NULL,   -- the days on which X may bill it: two, close to midnight
    last_day     INTEGER NOT NULL,
    millicents   INTEGER NOT NULL    -- at most
) STRICT;
"""


@migrations()
def spending(db: Database) -> None:
    """What X bills, day by day."""
    _run(db, SPENDING)


# A table that `audience` points to can only be made anew while `audience` is out of the way: dropping it would take the
# rows that point there along.
KEYWORDS = """
CREATE TABLE kept AS SELECT * FROM audience;
DROP TABLE audience;
ALTER TABLE watches RENAME TO old_watches;
CREATE TABLE watches (
    watch_id    INTEGER PRIMARY KEY,
    guild_id    INTEGER NOT NULL REFERENCES guilds ON DELETE CASCADE,
    host_id     TEXT REFERENCES users (user_id),
    keyword     TEXT COLLATE NOCASE, -- instead of a host: what a title must have
    lang        TEXT,
    least       INTEGER,            -- listeners, at least
    ticketed    INTEGER,            -- only Spaces that need a ticket (1), or none (0)
    channel_id  INTEGER,
    role_id     INTEGER,
    also_cohost INTEGER NOT NULL DEFAULT 0,
    added_by    INTEGER NOT NULL,
    added_at    INTEGER NOT NULL,
    CHECK ((host_id IS NULL) != (keyword IS NULL)),
    UNIQUE (guild_id, host_id),     -- a guild follows a host once: adding again updates
    UNIQUE (guild_id, keyword)
) STRICT;
INSERT INTO watches (watch_id, guild_id, host_id, channel_id, role_id, also_cohost, added_by, added_at)
    SELECT watch_id, guild_id, host_id, channel_id, role_id, also_cohost, added_by, added_at FROM old_watches;
DROP TABLE old_watches;
CREATE INDEX watches_by_host ON watches (host_id);
CREATE TABLE audience (              -- which watches a delivery serves
    watch_id    INTEGER NOT NULL REFERENCES watches ON DELETE CASCADE,
    space_id    TEXT NOT NULL REFERENCES spaces,
    kind        TEXT NOT NULL,
    delivery_id INTEGER NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    PRIMARY KEY (watch_id, space_id, kind) -- one watch, one message: a channel changed midway counts from the next Space
) STRICT;
INSERT INTO audience SELECT watch_id, space_id, kind, delivery_id FROM kept;
DROP TABLE kept;
CREATE INDEX audience_by_delivery ON audience (delivery_id);
"""


@migrations()
def keywords(db: Database) -> None:
    """Watches of words in titles, beside those of hosts."""
    _run(db, KEYWORDS)


@migrations()
def participant_count(db: Database) -> None:
    """Columns of Spaces are called as X calls what they hold."""
    db.execute("ALTER TABLE spaces RENAME COLUMN participants TO participant_count")


SENTENCES = {
    "no longer followed": "unwatched",
    "the Space was over before it could be announced": "over",
    "the Space is over, and this server wants its announcements deleted then": "deleted_at_end",
    "somebody deleted the message": "message_deleted",
    "the channel is gone, or I am no longer in that server; choose another with /config channel": "channel_gone",
    "the channel is gone; choose another with /config channel": "channel_unknown",
    "that is not a channel for messages; choose another with /config channel": "not_for_messages",
    "Discord says that this server is unavailable for the moment": "guild_unavailable",
    "the thread is locked; unlock it, or choose another channel with /config channel": "thread_locked",
    "Discord says that I lack a permission in that channel: View Channel, Send Messages or Embed Links": (
        "permissions_refused"
    ),
    "the server's AutoMod blocked the message; let it except me, or change its rule": "automod",
    "Discord asks to slow down here": "slow_down",
    "Discord cannot be reached": "unreachable",
    "an unforeseen error": "unforeseen",
}
"""The reasons that were kept as sentences, and the codes that stand for them now."""

SENTENCES_WITH_DETAILS = {
    r"Discord lets me do nothing in that channel \(status (\d+), code (\d+)\)": "channel_refused",
    r"Discord refused the message \(status (\d+), code (\d+)\)": "message_refused",
    r"Discord failed with status (\d+)": "discord_failed",
    r"Discord did not answer: (\w+)": "no_answer",
}

LACKED = re.compile(r"I lack (.+) in that channel; grant it, and I go on by myself")


@migrations()
def reasons(db: Database) -> None:
    """Reasons are codes with their details, as `domain.obstacles` has them; who is served first is called a priority."""
    for table, column, rest in (
        ("deliveries", "reason", ""),
        ("pauses", "reason", ""),
        ("notices", "detail", "AND matter = 'paused'"),
    ):
        kept = list(db.query(f"SELECT DISTINCT {column} AS text FROM {table} WHERE {column} IS NOT NULL {rest}"))  # noqa: S608 - constants
        for row in kept:
            db.execute(
                f"UPDATE {table} SET {column} = :code WHERE {column} = :text {rest}",  # noqa: S608 - constants
                {"code": _code(row["text"]), "text": row["text"]},
            )
    db.execute("ALTER TABLE deliveries RENAME COLUMN turn TO priority")  # in its index, too


def _code(sentence: str) -> str:
    """What is kept instead of a sentence; 'other' for one that was never ours."""
    if sentence in SENTENCES:
        return SENTENCES[sentence]
    if lacked := LACKED.fullmatch(sentence):
        return " ".join(["permissions_missing", *(name.lower().replace(" ", "_") for name in lacked[1].split(", "))])
    for pattern, code in SENTENCES_WITH_DETAILS.items():
        if match := re.fullmatch(pattern, sentence):
            return " ".join([code, *match.groups()])
    return "other"


@migrations()
def unconfirmed(db: Database) -> None:
    """Tokens that X has given and that nobody has confirmed yet: revoked at the next start if this one ends before."""
    _run(
        db,
        """
        CREATE TABLE unconfirmed (
            key         TEXT PRIMARY KEY,    -- a digest
            person      INTEGER NOT NULL,
            access      BLOB NOT NULL,       -- sealed
            refresh     BLOB,                -- sealed
            expires_at  INTEGER NOT NULL,
            scopes      TEXT NOT NULL
        ) STRICT
        """,
    )


PATIENCE_WITH_HOSTS = """
-- between two messages for one host that mention somebody in one channel; 0 for none
ALTER TABLE guilds ADD COLUMN ping_minutes INTEGER NOT NULL DEFAULT 30;
-- whether an attempt to send it was to mention somebody
ALTER TABLE deliveries ADD COLUMN rang INTEGER NOT NULL DEFAULT 0;
UPDATE deliveries SET rang = 1 WHERE kind IN ('live', 'reminder') AND NOT quiet AND first_attempt_at IS NOT NULL;
-- when it mentioned somebody, or may have at the latest; NULL if it did not
ALTER TABLE deliveries ADD COLUMN rang_at INTEGER GENERATED ALWAYS AS (
    CASE WHEN rang AND first_attempt_at IS NOT NULL THEN COALESCE(sent_at, next_try_at) END) VIRTUAL;
CREATE INDEX deliveries_rang ON deliveries (channel_id, rang_at) WHERE rang_at IS NOT NULL;
-- since when its title changes again and again
ALTER TABLE spaces ADD COLUMN retitled_since INTEGER;
-- until when its messages wait for the title to stay
ALTER TABLE spaces ADD COLUMN settles_at INTEGER;
-- when the guild was told of the subject before this time
ALTER TABLE notices ADD COLUMN told_before INTEGER;
"""


@migrations()
def patience_with_hosts(db: Database) -> None:
    """Mentions, titles and names of one host do not come faster than people can bear."""
    _run(db, PATIENCE_WITH_HOSTS)


@migrations()
def permits(db: Database) -> None:
    """What the operator blocks and allows, and what guilds have had bought today. Nobody's rows go with the guild's."""
    _run(
        db,
        """
        CREATE TABLE blocks (
            kind        TEXT NOT NULL CHECK (kind IN ('guild', 'person')),
            id          INTEGER NOT NULL,
            blocked_by  INTEGER NOT NULL,
            blocked_at  INTEGER NOT NULL,
            PRIMARY KEY (kind, id)          -- once
        ) STRICT;
        CREATE TABLE keyword_permits (      -- guilds that may watch for words where not every guild may
            guild_id    INTEGER PRIMARY KEY,
            allowed_by  INTEGER NOT NULL,
            allowed_at  INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE new_hosts (            -- accounts bought for a guild to follow on its last such day
            guild_id    INTEGER PRIMARY KEY,
            day         INTEGER NOT NULL,   -- since 1970
            count       INTEGER NOT NULL
        ) STRICT
        """,
    )


@migrations()
def spent_by(db: Database) -> None:
    """What was spent, by purpose and guild: shares of the day's budget outlast a restart."""
    _run(
        db,
        """
        CREATE TABLE spent_by (
            day         INTEGER NOT NULL,
            purpose     TEXT NOT NULL,
            guild_id    INTEGER NOT NULL,    -- 0 for none
            millicents  INTEGER NOT NULL,
            PRIMARY KEY (day, purpose, guild_id)
        ) STRICT
        """,
    )


ROLES_AND_HOLDS = """
-- who is mentioned for watches without roles of their own, as JSON, ordered by id; NULL for nobody
ALTER TABLE guilds ADD COLUMN roles TEXT;
UPDATE guilds SET roles = json_array(role_id) WHERE role_id IS NOT NULL;
ALTER TABLE guilds DROP COLUMN role_id;
-- likewise; NULL for the guild's
ALTER TABLE watches ADD COLUMN roles TEXT;
UPDATE watches SET roles = json_array(role_id) WHERE role_id IS NOT NULL;
ALTER TABLE watches DROP COLUMN role_id;
-- whether admins have stopped everything new
ALTER TABLE guilds ADD COLUMN all_on_hold INTEGER NOT NULL DEFAULT 0;
-- or what is new of one watch
ALTER TABLE watches ADD COLUMN on_hold INTEGER NOT NULL DEFAULT 0;
"""


@migrations()
def roles_and_holds(db: Database) -> None:
    """Several roles instead of one; admins can put a watch, or all, on hold."""
    _run(db, ROLES_AND_HOLDS)


SHAPES = """
-- in which layout its message was posted, and is edited; what may have been posted before there were two has the first
ALTER TABLE deliveries ADD COLUMN shape TEXT NOT NULL DEFAULT 'compact' CHECK (shape IN ('fields', 'compact'));
UPDATE deliveries SET shape = 'fields' WHERE first_attempt_at IS NOT NULL OR message_id IS NOT NULL;
-- the listeners over time, as JSON, and the seconds that each of its numbers stands for
ALTER TABLE spaces ADD COLUMN curve TEXT;
ALTER TABLE spaces ADD COLUMN curve_step INTEGER;
"""


@migrations()
def shapes(db: Database) -> None:
    """Messages have a second shape, and Spaces a curve."""
    _run(db, SHAPES)


LOOKS = """
-- what announces a live Space: its text with variables in braces, and its colour; NULL for what is usual
ALTER TABLE guilds ADD COLUMN live_text TEXT;
ALTER TABLE guilds ADD COLUMN accent INTEGER;
-- likewise; NULL for the guild's
ALTER TABLE watches ADD COLUMN live_text TEXT;
ALTER TABLE watches ADD COLUMN accent INTEGER;
-- whether it is published where it stands in an announcement channel
ALTER TABLE guilds ADD COLUMN publishes INTEGER NOT NULL DEFAULT 1;
-- when it is to be published at the earliest; NULL if it is not to be, or was
ALTER TABLE deliveries ADD COLUMN publish_at INTEGER;
CREATE INDEX deliveries_to_publish ON deliveries (publish_at) WHERE publish_at IS NOT NULL;
"""


@migrations()
def looks(db: Database) -> None:
    """Guilds and watches have a text and a colour of their own, and what stands in announcement channels is published."""
    _run(db, LOOKS)


QUICK = """
-- what waits for a guild, a channel: to be found however much is done
CREATE INDEX deliveries_waiting_in_guild ON deliveries (guild_id) WHERE state IN ('pending', 'failed');
CREATE INDEX deliveries_waiting_in_channel ON deliveries (channel_id) WHERE state IN ('pending', 'failed');
-- what the last announcement in a channel has met
CREATE INDEX deliveries_hindered ON deliveries (channel_id) WHERE reason IS NOT NULL AND state IN ('failed', 'sent');
-- messages by which admins have seen how announcements look
CREATE INDEX deliveries_tests ON deliveries (created_at) WHERE kind = 'test';
-- what was announced last
CREATE INDEX deliveries_sent ON deliveries (sent_at) WHERE kind = 'live' AND sent_at IS NOT NULL;
-- SQLite looks here whenever a Space is removed
CREATE INDEX audience_by_space ON audience (space_id);
-- which guilds follow a host, without a look at the watches themselves
DROP INDEX watches_by_host;
CREATE INDEX watches_by_host ON watches (host_id, guild_id, on_hold, added_at);
CREATE INDEX watches_by_person ON watches (added_by);
CREATE INDEX watches_of_words ON watches (keyword) WHERE keyword IS NOT NULL;
CREATE INDEX users_by_sight ON users (seen_at);
CREATE INDEX users_not_shown ON users (standing) WHERE standing IS NOT NULL;
-- a host's past starts
CREATE INDEX spaces_started ON spaces (host_id, COALESCE(started_at, live_seen_at), scheduled_start)
    WHERE COALESCE(started_at, live_seen_at) IS NOT NULL;
-- what is to be forgotten of Spaces, and which are to be removed
CREATE INDEX spaces_remembered ON spaces (last_seen_at) WHERE forgotten_at IS NULL;
CREATE INDEX spaces_forgotten ON spaces (COALESCE(ended_at, absent_since, last_seen_at)) WHERE forgotten_at IS NOT NULL;
CREATE INDEX notices_with_names ON notices (told_at) WHERE matter = 'renamed' AND detail != '';
"""


@migrations()
def quick(db: Database) -> None:
    """Nothing that is asked takes longer because more is done: an index for each question that had to look at all."""
    _run(db, QUICK)


FILTERS = """
-- of a host: words or phrases of which a title must have one, or none, as JSON; NULL for no such filter
ALTER TABLE watches ADD COLUMN want TEXT;
ALTER TABLE watches ADD COLUMN shun TEXT;
CREATE INDEX watches_filtered ON watches (host_id) WHERE COALESCE(want, shun, lang, ticketed) IS NOT NULL;
"""


@migrations()
def filters(db: Database) -> None:
    """Watches of hosts have filters: words of their own, and the language and tickets that those of words had before."""
    _run(db, FILTERS)


BELLS = """
-- which bells the guild has: none, one for all of its announcements, or one for each host
ALTER TABLE guilds ADD COLUMN bell TEXT NOT NULL DEFAULT 'off' CHECK (bell IN ('off', 'server', 'host'));
CREATE TABLE bells (
    guild_id    INTEGER NOT NULL REFERENCES guilds ON DELETE CASCADE,
    host_id     TEXT NOT NULL,          -- empty for the guild's own
    name        TEXT NOT NULL,          -- of its role, when that was asked for
    asked       INTEGER NOT NULL,       -- an id of Discord's from just before; the role's own is greater
    role_id     INTEGER,                -- NULL while it is not known whether it was made
    PRIMARY KEY (guild_id, host_id)     -- a bell has one role
) STRICT, WITHOUT ROWID;
"""


@migrations()
def bells(db: Database) -> None:
    """Members can take and give back a role that announcements mention."""
    _run(db, BELLS)


LANGUAGE = """
-- in which language the guild is told something: a code of one; NULL for the one that Discord says
ALTER TABLE guilds ADD COLUMN language TEXT;
CREATE INDEX guilds_with_language ON guilds (guild_id) WHERE language IS NOT NULL;
"""

INVITED = """
-- whether what announces a scheduled Space names who is invited, and the topics
ALTER TABLE guilds ADD COLUMN shows_invited INTEGER NOT NULL DEFAULT 0;
CREATE INDEX guilds_that_show_invited ON guilds (guild_id) WHERE shows_invited;
-- as JSON: the accounts invited to speak, and the names of the topics
ALTER TABLE spaces ADD COLUMN invited TEXT;
ALTER TABLE spaces ADD COLUMN topics TEXT;
-- when X was last asked for these
ALTER TABLE spaces ADD COLUMN invited_asked_at INTEGER;
"""

OWN_COUNTS = """
CREATE TABLE own_counts (           -- what X has told the creators of Spaces, each with their own token
    person      INTEGER NOT NULL,
    space_id    TEXT NOT NULL REFERENCES spaces ON DELETE CASCADE, -- kept as long as the Space's own counters
    reminders   INTEGER,
    tickets     INTEGER,            -- sold
    seen_at     INTEGER NOT NULL,
    PRIMARY KEY (person, space_id)  -- what was told last
) STRICT, WITHOUT ROWID;
CREATE INDEX own_counts_by_space ON own_counts (space_id)
"""

BELLS_TRIED = """
-- when Discord was last asked to make the role: it may do so some time after its answer got lost
ALTER TABLE bells ADD COLUMN tried_at INTEGER NOT NULL DEFAULT 0;
"""


@migrations()
def guild_events(db: Database) -> None:
    """A scheduled Space can become an event of the guild: a delivery whose channel is minus the guild's id."""
    db.execute("ALTER TABLE guilds ADD COLUMN makes_events INTEGER NOT NULL DEFAULT 0")


@migrations()
def language(db: Database) -> None:
    """Admins choose the language of what the bot posts by itself."""
    _run(db, LANGUAGE)


@migrations()
def invited(db: Database) -> None:
    """Announcements of scheduled Spaces can name who is invited, and the topics."""
    _run(db, INVITED)


@migrations()
def own_counts(db: Database) -> None:
    """Creators of Spaces see how many reminders and tickets each had."""
    _run(db, OWN_COUNTS)


@migrations()
def bells_tried(db: Database) -> None:
    """A role that may still be made is not asked for a second time."""
    _run(db, BELLS_TRIED)
