"""How X is asked: against a local X, over real sockets."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import cast

import pytest
from pydantic import SecretStr

from spacebot.domain.errands import Errand, Purpose
from spacebot.domain.ids import SpaceId, UserId
from spacebot.domain.spaces import State
from spacebot.errors import (
    XAbsent,
    XBadToken,
    XCreditsDepleted,
    XDown,
    XInvalidRequest,
    XNotFound,
    XRateLimited,
    XUsageCapped,
)
from spacebot.sandbox.x import Fault, Generation
from spacebot.x.auth import BearerAuth, UserToken
from spacebot.x.client import XClient
from spacebot.x.endpoints import Request
from spacebot.x.fields import OWN, UserFields
from spacebot.x.model import Page
from spacebot.x.money import usage_of
from spacebot.x.posts import Post, PostId
from spacebot.x.transport import Transport
from tests.errands import DETECTION, PEOPLE
from tests.x.conftest import Bench


def owner_of(bench: Bench, user: object) -> UserToken:
    access = SecretStr(bench.x.user_token(user))  # type: ignore[arg-type]  # the tests hand over the local X's users
    later = bench.clock.now() + timedelta(hours=2)
    return UserToken(access=access, refresh=None, expires_at=later, scopes=frozenset({"space.read"}))


async def test_one_space_comes_with_its_people_and_topics(bench: Bench) -> None:
    host, guest = bench.x.add_user("gardener"), bench.x.add_user("moth")
    made = bench.x.start_space(host, title="Night garden", cohosts=[guest], topics=["Plants"], listeners=5)
    page = await bench.of(bench.client.space(SpaceId(made.id)))
    (space,) = page.items
    assert (space.id, space.state, space.title) == (made.id, State.LIVE, "Night garden")
    creator = page.creator(space)
    assert creator is not None
    assert creator.username == "gardener"
    assert [user.username for user in page.hosts(space)] == ["gardener", "moth"]
    assert [topic.name for topic in page.topics_of(space)] == ["Plants"]
    assert usage_of(page).spaces == {made.id}
    assert usage_of(page).users == {host.id, guest.id}


async def test_a_space_that_x_does_not_know_is_named_in_the_error(bench: Bench) -> None:
    with pytest.raises(XNotFound) as missing:
        await bench.of(bench.client.space(SpaceId("1nobody")))
    assert missing.value.resource_id == "1nobody"


async def test_what_cannot_be_an_id_never_reaches_x(bench: Bench) -> None:
    with pytest.raises(XInvalidRequest):
        await bench.of(bench.client.space(SpaceId("no/such id")))
    page = await bench.of(bench.client.spaces([SpaceId("no/such id")]))
    assert [problem.resource_id for problem in page.problems] == ["no/such id"]
    assert bench.x.requests == []


async def test_more_than_100_ids_are_asked_for_in_several_requests(bench: Bench) -> None:
    made = [bench.x.start_space(bench.x.add_user(f"host{number}")) for number in range(150)]
    ids = [SpaceId(space.id) for space in made]
    page = await bench.of(bench.client.spaces([*ids, ids[0], SpaceId("1nobody")]))
    assert [space.id for space in page.items] == ids
    assert [problem.resource_id for problem in page.problems] == ["1nobody"]
    assert bench.asked("spaces") == 2


async def test_sweeps_expand_the_creator_only(bench: Bench) -> None:
    host, guest = bench.x.add_user("gardener"), bench.x.add_user("moth")
    bench.x.start_space(host, cohosts=[guest])
    page = await bench.of(bench.client.spaces_by_creators([UserId(host.id)]))
    assert bench.x.requests[0].query["expansions"] == "creator_id"
    assert set(page.users) == {host.id}


async def test_a_host_with_nothing_on_is_an_empty_and_free_answer(bench: Bench) -> None:
    host = bench.x.add_user("gardener")
    page = await bench.of(bench.client.spaces_by_creators([UserId(host.id)]))
    assert page.items == ()
    assert not usage_of(page)


async def test_a_full_answer_is_not_taken_for_complete(bench: Bench) -> None:
    hosts = [bench.x.add_user(f"host{number}") for number in range(60)]
    soon = bench.clock.now() + timedelta(days=1)
    for host in hosts:
        bench.x.start_space(host)
        bench.x.schedule_space(host, start=soon)
    page = await bench.of(bench.client.spaces_by_creators([UserId(host.id) for host in hosts]))
    assert len(page.items) == 120
    assert not page.truncated
    assert bench.asked("creator_ids") == 3


async def test_one_host_who_fills_an_answer_is_told_as_truncated(bench: Bench) -> None:
    host = bench.x.add_user("gardener")
    for number in range(101):
        bench.x.schedule_space(host, start=bench.clock.now() + timedelta(hours=number + 1))
    page = await bench.of(bench.client.spaces_by_creators([UserId(host.id)]))
    assert (len(page.items), page.truncated) == (100, True)
    assert bench.asked("creator_ids") == 1


async def test_a_search_that_fills_the_answer_is_truncated(bench: Bench) -> None:
    for number in range(3):
        bench.x.start_space(bench.x.add_user(f"host{number}"), title="night garden")
    few = await bench.of(bench.client.search("Garden", max_results=2))
    all_ = await bench.of(bench.client.search("Garden", state="live"))
    assert (len(few.items), few.truncated) == (2, True)
    assert (len(all_.items), all_.truncated) == (3, False)


async def test_accounts_are_found_by_handle_and_by_id(bench: Bench) -> None:
    one, two = bench.x.add_user("gardener"), bench.x.add_user("moth")
    client = bench.client
    assert (await bench.of(client.user_by_username("Gardener"))).items[0].id == one.id
    assert (await bench.of(client.user(UserId(two.id)))).items[0].username == "moth"
    page = await bench.of(client.users_by_usernames(["gardener", "nobody_here", "not a handle"]))
    assert [user.username for user in page.items] == ["gardener"]
    assert len(page.problems) == 2
    page = await bench.of(client.users([UserId(one.id), UserId(two.id), UserId("404")]))
    assert [user.username for user in page.items] == ["gardener", "moth"]
    with pytest.raises(XAbsent):
        await bench.of(client.user_by_username("nobody_here"))


async def test_posts_and_buyers_come_page_by_page(bench: Bench) -> None:
    host = bench.x.add_user("gardener")
    made = bench.x.start_space(host, ticketed=True)
    made.buyers.extend(bench.x.add_user(f"buyer{number}") for number in range(5))
    token = owner_of(bench, host)

    async def names() -> list[list[str]]:
        pages = bench.client.buyers(SpaceId(made.id), token=token, max_results=2)
        return [[user.username for user in page.items] async for page in pages]

    pages = await bench.of(names())
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(name for page in pages for name in page) == [f"buyer{number}" for number in range(5)]

    async def posts() -> list[Page[object]]:
        return [page async for page in bench.client.posts(SpaceId(made.id), max_results=2)]

    assert [page.items for page in await bench.of(posts())] == [()]


async def test_a_persons_own_token_is_sent_for_what_only_they_may_see(bench: Bench) -> None:
    host = bench.x.add_user("gardener")
    made = bench.x.start_space(host)
    made.subscribers = 9
    page = await bench.of(bench.client.space(SpaceId(made.id), token=owner_of(bench, host), fields=OWN))
    assert page.items[0].subscriber_count == 9
    assert bench.x.requests[-1].token == "user"


async def test_the_older_names_are_tried_once_and_remembered(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "spacebot")
    bench.x.quirks.generation = "2.166"
    made = bench.x.start_space(bench.x.add_user("gardener"))
    token = owner_of(bench, made.creator)

    async def posts() -> int:
        return len([page async for page in bench.client.posts(SpaceId(made.id), token=token)])

    for _ in range(3):
        await bench.of(posts())
    assert [exchange.status for exchange in bench.x.requests] == [400, 200, 200, 200]
    told = [record.message for record in caplog.records if "names" in record.message]
    assert told == [
        "X wants expansions of a post by their older names; these are used from now on",
        "X wants post.fields by their older names; these are used from now on",
    ]


@pytest.mark.parametrize(("generation", "refusals"), [("2.159", 2), ("2.166", 2), ("2.167", 0)])
async def test_requests_of_every_kind_in_turns_are_refused_once_each_at_most(
    bench: Bench, generation: Generation, refusals: int
) -> None:
    bench.x.quirks.generation = generation
    made = bench.x.start_space(bench.x.add_user("gardener"), topics=["Plants"])
    token = owner_of(bench, made.creator)
    about_latest = UserFields(expansions=("most_recent_post_id",), post=("created_at", "note_post"))

    async def posts() -> None:
        async for _ in bench.client.posts(SpaceId(made.id), token=token):
            pass

    for _ in range(13):
        page = await bench.of(bench.client.space(SpaceId(made.id), token=token))
        assert [topic.name for topic in page.topics_of(page.items[0])] == ["Plants"]
        await bench.of(bench.client.users([UserId(made.creator.id)], fields=about_latest))
        await bench.of(posts())
    statuses = [exchange.status for exchange in bench.x.requests]
    assert statuses.count(200) == 39
    assert statuses.count(400) == refusals


async def test_an_x_that_has_moved_on_is_followed(bench: Bench) -> None:
    made = bench.x.start_space(bench.x.add_user("gardener"))
    fields = UserFields(expansions=("most_recent_post_id",), post=("created_at",))
    for generation in ("2.159", "2.167", "2.166"):
        bench.x.quirks.generation = generation
        for _ in range(3):
            await bench.of(bench.client.users([UserId(made.creator.id)], fields=fields))
    assert [exchange.status for exchange in bench.x.requests] == [400, 200, 200, 200] * 3


async def test_a_bad_id_that_only_x_knows_for_bad_fails_nobody_else(bench: Bench) -> None:
    made = [bench.x.start_space(bench.x.add_user(f"host{number}")) for number in range(8)]
    ids = [SpaceId(space.id) for space in made]

    body = b'{"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request","detail":"no"}'
    # Refused as long as the bad one is in it: eight, four, two, one.
    for refused in (True, False, True, True, False, True):
        bench.x.fault("spaces", Fault(status=400, body=body) if refused else Fault())
    page = await bench.of(bench.client.spaces(ids))
    assert sorted(space.id for space in page.items) == sorted(set(ids) - {ids[5]})
    assert [problem.resource_id for problem in page.problems] == [ids[5]]


async def test_a_refusal_of_everything_is_not_halved_for_ever(bench: Bench) -> None:
    body = b'{"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}'
    bench.x.fault("spaces", Fault(status=400, body=body, times=None))
    watch = bench.client.on_behalf(Errand(purpose=Purpose.DETECTION, at_once=True))
    with pytest.raises(XInvalidRequest):
        await bench.of(watch.spaces([SpaceId(f"1x{number}") for number in range(100)]))
    assert bench.asked("spaces") < 45


async def test_a_refusal_of_something_else_is_not_halved_at_all(bench: Bench) -> None:
    body = (
        b'{"errors":[{"parameters":{"space.fields":["mood"]},"message":"no"}],'
        b'"type":"https://api.x.com/2/problems/invalid-request","title":"Invalid Request"}'
    )
    bench.x.fault("spaces", Fault(status=400, body=body, times=None))
    with pytest.raises(XInvalidRequest) as refused:
        await bench.of(bench.client.spaces([SpaceId("1a"), SpaceId("1b")]))
    assert refused.value.parameters == {"space.fields"}
    assert bench.asked("spaces") == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.html(502),
        Fault.empty(503),
        Fault.internal_error(),
        Fault.garbage(),
        Fault.dropped("before"),
        Fault.dropped("after"),
        Fault.dropped("truncate"),
    ],
    ids=["html", "empty", "internal", "garbage", "dropped before", "dropped after", "truncated"],
)
async def test_a_passing_fault_is_asked_again(bench: Bench, fault: Fault) -> None:
    made = bench.x.start_space(bench.x.add_user("gardener"))
    bench.x.fault("space", replace(fault, times=2))
    page = await bench.of(bench.client.space(SpaceId(made.id)))
    assert page.items[0].id == made.id
    assert bench.asked("space") == 3


@pytest.mark.parametrize("fault", [Fault.html(502), Fault.dropped("before"), Fault.garbage()])
async def test_a_lasting_fault_is_one_error_and_every_attempt_is_counted(bench: Bench, fault: Fault) -> None:
    bench.x.fault("space", replace(fault, times=None))
    began = bench.clock.monotonic()
    with pytest.raises(XDown):
        await bench.of(bench.client.space(SpaceId("1a")))
    assert bench.asked("space") == 4
    assert bench.client.windows()["space"].remaining == 296
    assert bench.clock.monotonic() - began <= 8


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.unauthorized(), XBadToken),
        (Fault.credits_depleted(), XCreditsDepleted),
        (Fault.usage_capped(), XUsageCapped),
        (Fault.empty_404(), XDown),
        (Fault(status=302, headers={"Location": "http://127.0.0.1:9/"}), XDown),
    ],
)
async def test_a_refusal_is_never_asked_again(bench: Bench, fault: Fault, error: type[Exception]) -> None:
    bench.x.fault("space", fault)
    with pytest.raises(error):
        await bench.of(bench.client.space(SpaceId("1a")))
    assert len(bench.x.requests) == 1


async def test_a_person_is_told_at_once_when_the_window_is_used_up(bench: Bench) -> None:
    bench.x.fault("space", Fault(drain=True))
    with pytest.raises(XRateLimited) as by_x:
        await bench.of(bench.client.space(SpaceId("1a")))
    assert by_x.value.retry_after == pytest.approx(900, abs=2)
    began = bench.clock.monotonic()
    with pytest.raises(XRateLimited) as by_us:
        await bench.of(bench.client.space(SpaceId("1a")))
    assert by_us.value.until == by_x.value.until
    assert bench.clock.monotonic() == began
    assert bench.asked("space") == 1
    await bench.clock.advance(901)
    with pytest.raises(XNotFound):
        await bench.of(bench.client.space(SpaceId("1a")))


async def test_the_background_waits_instead(bench: Bench) -> None:
    made = bench.x.start_space(bench.x.add_user("gardener"))
    bench.x.fault("spaces", Fault(drain=True))
    with pytest.raises(XRateLimited):
        await bench.of(bench.client.spaces([SpaceId(made.id)]))
    began = bench.clock.monotonic()
    page = await bench.of(bench.client.on_behalf(DETECTION).spaces([SpaceId(made.id)]))
    assert len(page.items) == 1
    assert bench.clock.monotonic() - began == pytest.approx(900, abs=2)


async def test_the_background_is_paced_and_leaves_people_their_share(bench: Bench) -> None:
    async def sweep() -> None:
        for _ in range(300):
            await bench.client.on_behalf(DETECTION).spaces_by_creators([UserId("7")])

    await bench.of(sweep())
    times = [exchange.time for exchange in bench.x.requests]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert min(gaps) > 3.2
    assert times[269] - times[0] < timedelta(seconds=900)
    assert bench.x.refused == []


async def test_creator_ids_is_asked_once_a_second_at_most_by_people_too(bench: Bench) -> None:
    async with asyncio.timeout(60):
        await bench.of(asyncio.wait_for(_gather(bench, 6), None))
    times = [exchange.time for exchange in bench.x.requests]
    assert min((later - earlier).total_seconds() for earlier, later in pairwise(times)) >= 1
    assert bench.x.refused == []


async def _gather(bench: Bench, count: int) -> None:
    await asyncio.gather(*(bench.client.spaces_by_creators([UserId(str(number))]) for number in range(count)))


async def test_a_fault_is_told_once_and_its_end_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "spacebot")
    made = bench.x.start_space(bench.x.add_user("gardener"))
    bench.x.fault("space", Fault.html(502, times=None))
    for _ in range(3):
        with pytest.raises(XDown):
            await bench.of(bench.client.space(SpaceId(made.id)))
    bench.x.clear_faults()
    for _ in range(2):
        await bench.of(bench.client.space(SpaceId(made.id)))
    ours = [
        (record.levelname, record.getMessage()) for record in caplog.records if record.name.startswith("spacebot.x")
    ]
    assert ours == [
        ("WARNING", "X, space: X is not answering properly at the moment: try again shortly."),
        ("INFO", "X, space: answers again"),
    ]


async def test_no_token_is_ever_told(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    host = bench.x.add_user("gardener")
    token = owner_of(bench, host)
    secrets = (bench.x.bearer_token, token.access.get_secret_value())
    told = [repr(token), repr(BearerAuth(SecretStr(bench.x.bearer_token))), repr(vars(bench.client))]
    for fault in (*Fault.every(), Fault(status=200, body=b"\x00" * 10)):
        for asked_with in (None, token):
            bench.x.fault("space", replace(fault, times=None, delay=0))
            try:
                await bench.of(bench.client.space(SpaceId("1a"), token=asked_with))
            except Exception as error:  # noqa: BLE001 - whatever comes must not tell
                chain: BaseException | None = error
                while chain is not None:
                    told += [str(chain), repr(chain), repr(vars(chain))]
                    chain = chain.__cause__ or chain.__context__
            bench.x.clear_faults()
    told += [record.getMessage() for record in caplog.records]
    assert any(record.levelno == logging.DEBUG and record.name.startswith("spacebot.x") for record in caplog.records)
    assert not [text for text in told for secret in secrets if secret in text]


async def test_cancellation_is_not_swallowed_and_the_request_stays_counted(bench: Bench) -> None:
    bench.x.fault("space", Fault.slow(1000))
    asking = asyncio.create_task(bench.client.space(SpaceId("1a")))
    await bench.x.wait_for(lambda: bench.x.in_flight)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert bench.client.windows()["space"].remaining == 299
    await bench.clock.advance(1000)


async def test_an_x_that_never_answers_is_given_up(bench: Bench) -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as silent:
        hasty = XClient(
            Transport(
                session=bench.session,
                base_url=f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}",
                auth=BearerAuth(SecretStr(bench.x.bearer_token)),
                clock=bench.clock,
                deadline=0.2,
            ),
            PEOPLE,
        )
        with pytest.raises(XDown) as down:
            await bench.of(hasty.space(SpaceId("1a")))
    assert "TimeoutError" in str(down.value)


async def test_a_body_that_never_ends_is_given_up_too(bench: Bench) -> None:
    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(dribble, "127.0.0.1", 0) as slow:
        hasty = XClient(
            Transport(
                session=bench.session,
                base_url=f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}",
                auth=BearerAuth(SecretStr(bench.x.bearer_token)),
                clock=bench.clock,
                deadline=0.2,
            ),
            PEOPLE,
        )
        with pytest.raises(XDown):
            await bench.of(hasty.space(SpaceId("1a")))


async def test_an_x_that_is_not_there_is_down(bench: Bench) -> None:
    await bench.x.stop()
    with pytest.raises(XDown):
        await bench.of(bench.client.space(SpaceId("1a")))


@pytest.mark.parametrize("quirk", ["full", "minimal", "not_found"])
async def test_an_ended_space_is_told_as_x_tells_it(bench: Bench, quirk: str) -> None:
    bench.x.quirks.ended = quirk  # type: ignore[assignment]  # one of its three words
    made = bench.x.start_space(bench.x.add_user("gardener"))
    made.end()
    page = await bench.of(bench.client.spaces([SpaceId(made.id)]))
    if quirk == "not_found":
        assert [problem.resource_id for problem in page.problems] == [made.id]
    else:
        assert [space.state for space in page.items] == [State.ENDED]


class Endless:
    """A transport whose answers are empty, and of which each says that another follows."""

    def __init__(self, *items: int) -> None:
        self.asked = 0
        self._items = items

    async def ask(self, request: Request[Post], errand: Errand, token: UserToken | None) -> Page[Post]:
        self.asked += 1
        items = (Post(id=PostId(str(self.asked))),) if self.asked in self._items else ()
        return Page(items=items, next_token=f"page {self.asked}")


@pytest.mark.parametrize(("full", "asked"), [((), 3), ((1, 2), 5), ((3, 6), 9)])
async def test_pages_are_over_after_three_empty_ones_whatever_x_says(full: tuple[int, ...], asked: int) -> None:
    endless = Endless(*full)
    pages = [page async for page in XClient(cast(Transport, endless), PEOPLE).posts(SpaceId("1abc"))]
    assert len(pages) == endless.asked == asked
