"""What the bot says about itself: its greeting, and why a command was not carried out."""

from spacebot.present.found import LOOK_UP
from spacebot.present.language import N_, _

HELLO = N_(
    "### 👋 I announce X Spaces the moment they start\n"
    "and keep each post true until the Space ends. Nothing is posted until someone who may manage this server sets me up."
)
SET_UP = N_("Set me up")
WHAT_I_CAN_DO = N_("What I can do")

RESTARTING = N_("I am just being restarted; please ask again in a moment.")
SORRY = N_("Something went wrong on my side; it has been logged. Please try again.")
DATABASE_BUSY = N_("My database is busy; please try again in a moment.")
ONLY_IN_A_GUILD = N_("That works only in a server.")
COMMAND_CHANGED = N_("That command has changed; reload Discord and try again.")


def abilities() -> str:
    """The answer of the button 'What I can do'."""
    return "\n".join(
        (
            f"### {_(WHAT_I_CAN_DO)}",
            _(
                "I follow people on X and post here the moment one of their Spaces starts, then keep the post true until it"
                " ends."
            ),
            _("**For everybody**"),
            _("`/host-live` says whether somebody is live, and what is coming up"),
            _("`/space` shows one Space, `/spaces-search` finds Spaces by words of their title"),
            _("`/space-posts` shows the posts that were shared in a Space"),
            _(
                "*{look_up}*, under *Apps* in the menu of any message, shows the Space that it names",
                look_up=_(LOOK_UP),
            ),
            _("**For those who may manage this server**"),
            _("`/setup` shows everything on one panel: where, whom to ping, whose Spaces"),
            _("`/watch` follows hosts and words in titles, `/config` has each setting as a command"),
            _("`/status` says whether all is well, `/history` what was posted"),
        )
    )
