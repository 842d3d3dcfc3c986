"""The setting whether posts about scheduled Spaces name who is invited to speak, and the topics."""

from spacebot.present.language import N_, _

LABEL = N_("Scheduled Spaces")
OPTION = N_("Name who is invited, and the topics")
SHOWN = N_("posts name who is invited to speak, and the topics: `/config invited`")


def invited_text() -> str:
    """The setting, as `/config show` has it where it is on."""
    return _(SHOWN)


def invited_sentence(*, shows: bool) -> str:
    """What `/config invited` did."""
    if shows:
        return _(
            "Posts about scheduled Spaces name who is invited to speak, and the topics, as soon as X has told; X bills each"
            " person once a day, on this server's share."
        )
    return _("Posts about scheduled Spaces no longer name who is invited to speak, nor the topics.")
