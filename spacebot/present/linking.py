"""What people read in Discord when they link or unlink their X account."""

from spacebot.present.language import N_, _

SIGN_IN = N_("Sign in to X")
PASTE = N_("I have the address")
ASK_ADDRESS = N_("Link your X account")
ADDRESS = N_("The whole address of the page")

LINKED = N_("Your X account is linked; `/x-unlink` takes it back.")
UNLINKED = N_("Your X account is unlinked, and X is told to forget the permission.")
NOT_LINKED = N_("You have not linked any X account.")


def how_to_link(*, pastes: bool) -> str:
    """The text above the button that leads to X.

    Args:
        pastes: Whether the person has to paste the address where they land.
    """
    text = _(
        "Open the link, sign in to X and allow it. Only you can use what it brings: `/space-buyers`, the reminders of"
        " your own Spaces, and protected accounts that you follow. The link is for you alone and works for ten minutes."
    )
    if pastes:
        text += " " + _(
            "You then land on a page that does not load: copy its whole address, come back here, and press **{button}**.",
            button=_(PASTE),
        )
    return text
