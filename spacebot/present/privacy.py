"""What `/privacy` says: what is stored of a server and of a person, and what became of a wish to delete it."""

import discord

from spacebot.domain.views import Kept, Policies
from spacebot.present.card import SCHEDULED_COLOUR
from spacebot.present.help import policy_links
from spacebot.present.language import N_, _, n_

EXPORT_ME, DELETE_ME = N_("Export mine"), N_("Delete mine")
EXPORT_GUILD, DELETE_GUILD = N_("Export this server's"), N_("Delete this server's")
DELETE, KEEP = N_("Delete for good"), N_("Keep it")

EXPORTED_ME = N_("This is what I store of you. Tokens of X are left out.")
EXPORTED_GUILD = N_("This is what I store of this server.")
TOO_LARGE = N_("The file is too large for Discord; ask whoever runs me for it.")

ASK_ME = N_(
    "Your X account is unlinked here and at X, and hosts and words that you had servers follow no longer say that it was"
    " you. The servers go on following them. This cannot be taken back."
)
ASK_GUILD = N_(
    "Everything that I store of this server is deleted: its channels and roles, whom it follows, which words it watches for,"
    " its history. I stay here and begin anew; posts in its channels stay as they are, and one of a live Space is no"
    " longer kept up to date. This cannot be taken back."
)
DELETED_ME = N_("Nothing is stored of you any more.")
DELETED_GUILD = N_("Nothing is stored of this server any more; `/setup` begins anew.")
KEPT = N_("Nothing was deleted.")

FILE_OF_PERSON, FILE_OF_GUILD = "spacebot-me.json", "spacebot-server.json"


def kept_embed(kept: Kept, policies: Policies, *, in_guild: bool) -> discord.Embed:
    """What is stored, in short.

    Args:
        kept: How much.
        policies: The operator's pages.
        in_guild: Whether what is said of the guild is the asker's to know.
    """
    embed = discord.Embed(
        title=_("What I store"),
        colour=SCHEDULED_COLOUR,
        description=_(
            "I read no messages but one that you have me look up, keep no list of members, and remember no questions."
        ),
    )
    own = [
        _("Your X account is linked; its permission is stored encrypted.")
        if kept.is_linked
        else _("No X account is linked."),
        n_(
            "You had servers follow {count} host or word; beside each is your Discord id.",
            "You had servers follow {count} hosts or words; beside each is your Discord id.",
            kept.added,
        )
        if kept.added
        else _("Nothing that servers follow has your Discord id beside it."),
    ]
    if kept.own_counts:
        own.append(
            n_(
                "How many reminders and tickets {count} Space of yours had, as X told you; it goes with the link.",
                "How many reminders and tickets {count} Spaces of yours had, as X told you; it goes with the link.",
                kept.own_counts,
            )
        )
    embed.add_field(name=_("Of you"), value="\n".join(own), inline=False)
    if in_guild:
        value = "\n".join(
            (
                _("What is set up here."),
                _(
                    "It follows {hosts} and {keywords}.",
                    hosts=n_("{count} host", "{count} hosts", kept.hosts),
                    keywords=n_("{count} keyword", "{count} keywords", kept.keywords),
                ),
                n_(
                    "{count} post of the last 90 days, with ids, times and outcome.",
                    "{count} posts of the last 90 days, with ids, times and outcome.",
                    kept.announcements,
                ),
            )
        )
        embed.add_field(name=_("Of this server"), value=value, inline=False)
    pages = policy_links(policies)
    if pages:
        embed.add_field(name=_("Policies"), value=pages, inline=False)
    return embed
