"""What the bot says about itself: its greeting, and why a command was not carried out."""

HELLO = (
    "Hello! I announce X Spaces here the moment they start.\n"
    "An admin sets me up with two commands: `/config channel` says where, and `/watch add` says whom to follow."
)

RESTARTING = "I am just being restarted; please ask again in a moment."
SORRY = "Something went wrong on my side; it has been logged. Please try again."
DATABASE_BUSY = "My database is busy; please try again in a moment."
ONLY_IN_A_GUILD = "That works only in a server."
COMMAND_CHANGED = "That command has changed; reload Discord and try again."
