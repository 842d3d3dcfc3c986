"""What people read in Discord when they link or unlink their X account."""

SIGN_IN = "Sign in to X"
PASTE = "I have the address"
ASK_ADDRESS = "Link your X account"
ADDRESS = "The whole address of the page"

LINKED = "Your X account is linked; `/x-unlink` takes it back."
UNLINKED = "Your X account is unlinked, and X is told to forget the permission."
NOT_LINKED = "You have not linked any X account."


def how_to_link(*, pastes: bool) -> str:
    """The text above the button that leads to X.

    Args:
        pastes: Whether the person has to paste the address where they land.
    """
    text = (
        "Open the link, sign in to X and allow it. Only you can use what it brings: `/space-buyers`, the reminders of"
        " your own Spaces, and protected accounts that you follow. The link is for you alone and works for ten minutes."
    )
    if pastes:
        text += (
            " You then land on a page that does not load: copy its whole address, come back here, and press"
            f" **{PASTE}**."
        )
    return text
