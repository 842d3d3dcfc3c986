"""From X's words to ours: accounts and Spaces of an answer, as people are shown them."""

from spacebot.domain.accounts import Host
from spacebot.domain.spaces import Phase, State, stated_facts
from spacebot.domain.views import SpaceView
from spacebot.x.model import Page, Space, User

PHASES = {
    State.SCHEDULED: Phase.SCHEDULED,
    State.LIVE: Phase.LIVE,
    State.ENDED: Phase.ENDED,
    State.CANCELED: Phase.CANCELED,
}


def host_of(user: User) -> Host:
    """An account of an answer, as it is kept."""
    return Host(
        user_id=user.id,
        username=user.username,
        name=user.name,
        picture=user.profile_image_url,
        protected=bool(user.protected),
    )


def view_of(space: Space, page: Page[Space]) -> SpaceView:
    """A Space of an answer, joined with the accounts and topics that came with it.

    A state that nobody knows counts as no longer visible: nothing is claimed of it.
    """
    creator = page.creator(space)
    return SpaceView(
        url=space.url,
        phase=PHASES.get(space.state, Phase.GONE),
        host=host_of(creator) if creator is not None else None,
        cohosts=tuple(host_of(user) for user in page.hosts(space) if user.id != space.creator_id),
        speakers=tuple(host_of(user) for user in page.speakers(space) if user.id not in space.host_ids),
        topics=tuple(topic.name for topic in page.topics_of(space) if topic.name),
        **stated_facts(space),
    )
