"""The pages of `/spaces-upcoming`, whatever X says of the Spaces."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from spacebot.domain.accounts import Host
from spacebot.domain.ids import GuildId, MessageId, UserId
from spacebot.domain.spaces import Phase
from spacebot.domain.views import Agenda, SpaceView
from spacebot.present.agenda import NOTHING, PER_PAGE, agenda_pages
from tests.clocks import START
from tests.present.samples import assert_posted_safely

HOSTS = st.builds(Host, user_id=st.just(UserId("1")), username=st.text(max_size=15), name=st.text(max_size=60))


def spaces(phase: Phase) -> st.SearchStrategy[tuple[SpaceView, ...]]:
    view = st.builds(
        SpaceView,
        url=st.just("https://x.com/i/spaces/1OyKAWXYZabcd"),
        phase=st.just(phase),
        title=st.none() | st.text(max_size=200),
        host=st.none() | HOSTS,
        scheduled_start=st.integers(0, 7 * 24 - 1).map(lambda hours: START + timedelta(hours=hours)),
    )
    return st.lists(view, max_size=20).map(tuple)


@given(live=spaces(Phase.LIVE), coming=spaces(Phase.SCHEDULED), has_events=st.booleans())
def test_every_space_stands_on_a_page_below_a_heading_with_its_event(
    live: tuple[SpaceView, ...], coming: tuple[SpaceView, ...], has_events: bool
) -> None:
    events = {view.url: MessageId(2**63 - 1) for view in (*live, *coming)} if has_events else {}
    pages = agenda_pages(Agenda(live=live, coming=coming, events=events), GuildId(2**63 - 1))
    if not live and not coming:
        assert [page.content for page in pages] == [NOTHING]
        return
    assert len(pages) == -(-(len(live) + len(coming)) // PER_PAGE)
    shown = 0
    for page in pages:
        assert page.embed is not None
        text = page.embed.description or ""
        assert text.startswith("### ")
        shown += text.count("https://x.com/i/spaces/1OyKAWXYZabcd")
        linked = text.count(f"https://discord.com/events/{2**63 - 1}/{2**63 - 1}")
        assert linked == (text.count("https://x.com/i/spaces/1OyKAWXYZabcd") if has_events else 0)
        assert_posted_safely(page)
    assert shown == len(live) + len(coming)
