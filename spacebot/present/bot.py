"""What the bot says about itself: its greeting, and why a command was not carried out."""

HELLO = (
    "### 👋 I announce X Spaces the moment they start\n"
    "and keep each post true until the Space ends. Nothing is posted until someone who may manage this server sets me up."
)
SET_UP = "Set me up"
WHAT_I_CAN_DO = "What I can do"

ABILITIES = """\
### What I can do
I follow people on X and post here the moment one of their Spaces starts, then keep the post true until it ends.
**For everybody**
`/host-live` says whether somebody is live, and what is coming up
`/space` shows one Space, `/spaces-search` finds Spaces by words of their title
`/space-posts` shows the posts that were shared in a Space
*Look up this Space*, under *Apps* in the menu of any message, shows the Space that it names
**For those who may manage this server**
`/setup` shows everything on one panel: where, whom to ping, whose Spaces
`/watch` follows hosts and words in titles, `/config` has each setting as a command
`/status` says whether all is well, `/history` what was posted"""
"""The answer of the button with that label."""

RESTARTING = "I am just being restarted; please ask again in a moment."
SORRY = "Something went wrong on my side; it has been logged. Please try again."
DATABASE_BUSY = "My database is busy; please try again in a moment."
ONLY_IN_A_GUILD = "That works only in a server."
COMMAND_CHANGED = "That command has changed; reload Discord and try again."
