"""What the local X shows of people and Spaces, and to whom."""

import asyncio
from datetime import timedelta

import pytest

from spacebot.sandbox.x import Generation, LocalX
from tests.clocks import START, FakeClock
from tests.sandbox.x_client import local_x

ALL_FIELDS = (
    "created_at,ended_at,id,is_ticketed,lang,participant_count,scheduled_start,started_at,state,subscriber_count,"
    "title,updated_at"
)


async def test_a_space_without_wishes_is_an_id_and_a_state() -> None:
    async with local_x() as (x, ask):
        space = x.start_space(x.add_user("ann"), title="Morning talk")
        got = await ask.get(f"/2/spaces/{space.id}")
    assert got.status == 200
    assert got.json == {"data": {"id": space.id, "state": "live"}}


async def test_only_the_fields_that_were_asked_for_appear() -> None:
    async with local_x() as (x, ask):
        space = x.start_space(x.add_user("ann"), title="Morning talk", listeners=12)
        got = await ask.get(f"/2/spaces/{space.id}", {"space.fields": "title,participant_count,started_at,ended_at"})
    assert got.json["data"] == {
        "id": space.id,
        "state": "live",
        "title": "Morning talk",
        "participant_count": 13,
        "started_at": "2026-10-01T12:00:00.000Z",
    }


async def test_the_people_of_a_space_come_with_their_expansion() -> None:
    async with local_x() as (x, ask):
        ann, bob, cy, dee = (x.add_user(name) for name in ("ann", "bob", "cy", "dee"))
        space = x.start_space(ann, cohosts=[bob], speakers=[cy], invited=[dee], topics=["Gaming"], listeners=2)
        got = await ask.get(
            f"/2/spaces/{space.id}",
            {
                "expansions": "creator_id,host_ids,speaker_ids,invited_user_ids,topic_ids",
                "user.fields": "verified",
                "topic.fields": "description",
                "space.fields": "participant_count",
            },
        )
    data, includes = got.json["data"], got.json["includes"]
    assert (data["creator_id"], data["host_ids"]) == (ann.id, [ann.id, bob.id])
    assert (data["speaker_ids"], data["invited_user_ids"]) == ([cy.id], [dee.id])
    assert data["participant_count"] == 5
    assert includes["users"][0] == {"id": ann.id, "name": "ann", "username": "ann", "verified": False}
    assert [user["username"] for user in includes["users"]] == ["ann", "bob", "dee", "cy"]
    assert includes["topics"] == [
        {"id": data["topic_ids"][0], "name": "Gaming", "description": "All about Gaming"},
    ]


@pytest.mark.parametrize(("generation", "status"), [("2.159", 200), ("2.166", 200), ("2.167", 400)])
async def test_only_the_older_generation_takes_ids_as_fields(generation: Generation, status: int) -> None:
    async with local_x(generation=generation) as (x, ask):
        ann = x.add_user("ann")
        space = x.start_space(ann)
        got = await ask.get(f"/2/spaces/{space.id}", {"space.fields": "creator_id,host_ids"})
    assert got.status == status
    if status == 200:
        assert got.json == {
            "data": {"id": space.id, "state": "live", "creator_id": ann.id, "host_ids": [ann.id]},
        }


@pytest.mark.parametrize(("generation", "topics"), [("2.159", False), ("2.166", True), ("2.167", False)])
async def test_only_some_documents_call_topics_by_the_oldest_name(generation: Generation, topics: bool) -> None:
    async with local_x(generation=generation) as (x, ask):
        space = x.start_space(x.add_user("ann"), topics=["Tea"])
        oldest = await ask.get(f"/2/spaces/{space.id}", {"expansions": "topics_ids"})
        usual = await ask.get(f"/2/spaces/{space.id}", {"expansions": "topic_ids"})
    assert oldest.status == (200 if topics else 400)
    assert [topic["name"] for topic in usual.json["includes"]["topics"]] == ["Tea"]


@pytest.mark.parametrize(
    ("generation", "parameter", "expansion", "included"),
    [
        ("2.166", "tweet.fields", "most_recent_tweet_id", "tweets"),
        ("2.167", "post.fields", "most_recent_post_id", "posts"),
    ],
)
async def test_posts_have_the_name_of_their_generation(
    generation: Generation, parameter: str, expansion: str, included: str
) -> None:
    async with local_x(generation=generation) as (x, ask):
        ann = x.add_user("ann")
        post = x.start_space(ann).add_post(ann, "hello")
        got = await ask.get(f"/2/users/{ann.id}", {"expansions": expansion, parameter: "created_at"})
        other = await ask.get(f"/2/users/{ann.id}", {("tweet" if "post" in parameter else "post") + ".fields": "id"})
    assert got.json["data"][expansion] == post.id
    (shown,) = got.json["includes"][included]
    assert (shown["id"], shown["text"], shown["created_at"]) == (post.id, "hello", "2026-10-01T12:00:00.000Z")
    assert shown.get("edit_history_tweet_ids") == ([post.id] if generation == "2.166" else None)
    assert other.status == 400


async def test_creators_show_their_live_and_scheduled_spaces_and_nothing_else() -> None:
    async with local_x() as (x, ask):
        ann, bob = x.add_user("ann"), x.add_user("bob")
        x.start_space(ann).end()
        canceled = x.schedule_space(ann, start=START + timedelta(hours=1))
        canceled.cancel()
        x.start_space(bob, cohosts=[ann])
        live = x.start_space(ann)
        scheduled = x.schedule_space(ann, start=START + timedelta(days=14))
        got = await ask.get("/2/spaces/by/creator_ids", {"user_ids": ann.id, "space.fields": "scheduled_start"})
    assert got.json["meta"] == {"result_count": 2}
    assert {space["id"]: space["state"] for space in got.json["data"]} == {live.id: "live", scheduled.id: "scheduled"}
    starts = {space["id"]: space.get("scheduled_start") for space in got.json["data"]}
    assert starts == {live.id: None, scheduled.id: "2026-10-15T12:00:00.000Z"}


async def test_an_empty_answer_has_no_data_or_an_empty_list() -> None:
    clock = FakeClock()
    async with local_x(clock) as (x, ask):
        ann = x.add_user("ann")
        missing = await ask.get("/2/spaces/by/creator_ids", {"user_ids": ann.id})
        x.quirks.empty = "list"
        await clock.advance(1)
        listed = await ask.get("/2/spaces/by/creator_ids", {"user_ids": ann.id})
    assert missing.json == {"meta": {"result_count": 0}}
    assert listed.json == {"data": [], "meta": {"result_count": 0}}


async def test_an_ended_space_is_told_in_three_ways() -> None:
    async with local_x() as (x, ask):
        space = x.start_space(x.add_user("ann"), title="Over")
        space.end()
        query = {"space.fields": ALL_FIELDS}
        full = await ask.get(f"/2/spaces/{space.id}", query)
        x.quirks.ended = "minimal"
        minimal = await ask.get(f"/2/spaces/{space.id}", query)
        x.quirks.ended = "not_found"
        absent = await ask.get("/2/spaces", {"ids": space.id, **query})
    assert full.json["data"]["title"] == "Over"
    assert full.json["data"]["ended_at"] == "2026-10-01T12:00:00.000Z"
    assert minimal.json == {"data": {"id": space.id, "state": "ended"}}
    assert absent.status == 200
    assert absent.json == {
        "errors": [
            {
                "value": space.id,
                "detail": f"Could not find space with ids: [{space.id}].",
                "title": "Not Found Error",
                "resource_type": "space",
                "parameter": "ids",
                "resource_id": space.id,
                "type": "https://api.x.com/2/problems/resource-not-found",
            }
        ]
    }


async def test_a_batch_of_ids_gives_what_there_is_and_says_what_is_missing() -> None:
    async with local_x() as (x, ask):
        space = x.start_space(x.add_user("ann"))
        got = await ask.get("/2/spaces", {"ids": f"1nothing,{space.id},{space.id}"})
    assert got.json["data"] == [{"id": space.id, "state": "live"}]
    assert [error["resource_id"] for error in got.json["errors"]] == ["1nothing"]
    assert "meta" not in got.json


async def test_a_hidden_space_is_shown_by_no_endpoint_until_it_is_back() -> None:
    clock = FakeClock()
    async with local_x(clock) as (x, ask):
        ann = x.add_user("ann")
        space = x.start_space(ann, title="Here")
        paths = [f"/2/spaces/{space.id}", f"/2/spaces?ids={space.id}", "/2/spaces/search?query=here"]
        paths.append(f"/2/spaces/by/creator_ids?user_ids={ann.id}")
        space.hide()
        hidden = [(await ask.get(path)).json for path in paths]
        space.show()
        await clock.advance(1)
        shown = [(await ask.get(path)).json for path in paths]
    assert all("data" not in answer for answer in hidden)
    assert all("data" in answer for answer in shown)


async def test_users_who_are_gone_are_errors_in_a_good_answer() -> None:
    async with local_x() as (x, ask):
        ann, bob = x.add_user("ann"), x.add_user("bob")
        ann.suspend()
        bob.delete()
        by_name = await ask.get("/2/users/by/username/ann")
        by_id = await ask.get("/2/users", {"ids": f"{ann.id},{bob.id},7"})
        ann.restore()
        back = await ask.get("/2/users/by", {"usernames": "ANN"})
    assert by_name.status == 200
    assert by_name.json["errors"][0]["title"] == "Forbidden"
    assert by_name.json["errors"][0]["detail"] == "User has been suspended: [ann]."
    assert "data" not in by_id.json
    assert [e["title"] for e in by_id.json["errors"]] == ["Forbidden", "Not Found Error", "Not Found Error"]
    assert all(e["type"].endswith("/resource-not-found") for e in by_id.json["errors"])
    assert back.json["data"] == [{"id": ann.id, "name": "ann", "username": "ann"}]


async def test_the_spaces_of_a_suspended_host_are_gone_and_the_others_in_the_batch_are_not() -> None:
    async with local_x() as (x, ask):
        ann, bob = x.add_user("ann"), x.add_user("bob")
        x.start_space(ann)
        other = x.start_space(bob, speakers=[ann])
        ann.suspend()
        got = await ask.get("/2/spaces/by/creator_ids", {"user_ids": f"{ann.id},{bob.id}", "expansions": "speaker_ids"})
    assert [space["id"] for space in got.json["data"]] == [other.id]
    assert got.json["data"][0]["speaker_ids"] == [ann.id]
    assert "includes" not in got.json
    assert {(e["parameter"], e["title"]) for e in got.json["errors"]} == {
        ("user_ids", "Forbidden"),
        ("speaker_ids", "Forbidden"),
    }


async def test_a_renamed_user_keeps_the_id_and_frees_the_handle() -> None:
    async with local_x() as (x, ask):
        ann = x.add_user("ann", id="12")
        ann.rename("ann_on_air")
        namesake = x.add_user("ann")
        got = [(await ask.get(f"/2/users/by/username/{name}")).json["data"]["id"] for name in ("ann_on_air", "Ann")]
        with pytest.raises(ValueError, match="@ANN already"):
            x.add_user("bob").rename("ANN")
        namesake.delete()
        x.add_user("Ann")
        with pytest.raises(ValueError, match="@ann already"):
            namesake.restore()
    assert got == ["12", namesake.id]


async def test_a_protected_host_is_visible_to_followers_only() -> None:
    clock = FakeClock()
    async with local_x(clock) as (x, ask):
        ann, bob, cy = x.add_user("ann", protected=True), x.add_user("bob"), x.add_user("cy")
        ann.followers.add(bob)
        space = x.start_space(ann, title="Among friends")
        seen: dict[str, list[object]] = {}
        for name, token in (
            ("app", None),
            ("stranger", x.user_token(cy)),
            ("follower", x.user_token(bob)),
            ("host", x.user_token(ann)),
        ):
            by_id = await ask.get(f"/2/spaces/{space.id}", token=token)
            await clock.advance(1)
            by_host = await ask.get("/2/spaces/by/creator_ids", {"user_ids": ann.id}, token=token)
            found = await ask.get("/2/spaces/search", {"query": "friends"}, token=token)
            seen[name] = ["data" in got.json for got in (by_id, by_host, found)]
            if name == "app":
                assert by_id.json["errors"][0]["type"].endswith("/not-authorized-for-resource")
                assert by_host.json["errors"][0]["title"] == "Forbidden"
                assert found.json == {"meta": {"result_count": 0}}
        listed = await ask.get(f"/2/users/{ann.id}", {"user.fields": "protected"})
    assert seen == {
        "app": [False] * 3,
        "stranger": [False] * 3,
        "follower": [True] * 3,
        "host": [True] * 3,
    }
    assert listed.json["data"]["protected"] is True


async def test_subscribers_are_counted_for_the_creator_only() -> None:
    async with local_x() as (x, ask):
        ann, bob = x.add_user("ann"), x.add_user("bob")
        space = x.schedule_space(ann, start=START + timedelta(hours=1))
        space.subscribers = 5
        query = {"space.fields": "subscriber_count"}
        tokens = (None, x.user_token(bob), x.user_token(ann))
        got = [(await ask.get(f"/2/spaces/{space.id}", query, token=token)).json["data"] for token in tokens]
    assert [data.get("subscriber_count") for data in got] == [None, None, 5]


async def test_only_the_creator_sees_the_buyers() -> None:
    async with local_x() as (x, ask):
        ann, bob, cy = (x.add_user(name) for name in ("ann", "bob", "cy"))
        space = x.start_space(ann, ticketed=True)
        space.add_buyer(bob)
        space.add_buyer(cy)
        path = f"/2/spaces/{space.id}/buyers"
        app = await ask.get(path)
        other = await ask.get(path, token=x.user_token(bob))
        narrow = await ask.get(path, token=x.user_token(ann, scopes=frozenset({"tweet.read", "users.read"})))
        creator = await ask.get(path, {"max_results": "1"}, token=x.user_token(ann))
    assert (app.status, app.json["type"]) == (403, "https://api.x.com/2/problems/unsupported-authentication")
    assert (other.status, other.json["type"]) == (403, "https://api.x.com/2/problems/not-authorized-for-resource")
    assert (narrow.status, narrow.json["type"]) == (403, "about:blank")
    assert creator.json["data"] == [{"id": cy.id, "name": "cy", "username": "cy"}]
    assert creator.json["meta"]["result_count"] == 1


async def test_posts_come_in_pages_that_newcomers_do_not_shift() -> None:
    async with local_x() as (x, ask):
        ann = x.add_user("ann")
        space = x.start_space(ann)
        for number in range(5):
            space.add_post(ann, f"post {number}")
        path = f"/2/spaces/{space.id}/tweets"
        first = await ask.get(path, {"max_results": "2", "expansions": "author_id"})
        space.add_post(ann, "newcomer")
        second = await ask.get(path, {"max_results": "2", "pagination_token": first.json["meta"]["next_token"]})
        third = await ask.get(path, {"max_results": "2", "pagination_token": second.json["meta"]["next_token"]})
        back = await ask.get(path, {"max_results": "2", "pagination_token": third.json["meta"]["previous_token"]})
        forged = await ask.get(path, {"pagination_token": "0123456789abcdef"})
    texts = [[post["text"] for post in got.json["data"]] for got in (first, second, third, back)]
    assert texts == [["post 4", "post 3"], ["post 2", "post 1"], ["post 0"], ["post 2", "post 1"]]
    assert first.json["data"][0]["author_id"] == ann.id
    assert [user["id"] for user in first.json["includes"]["users"]] == [ann.id]
    assert "next_token" not in third.json["meta"]
    assert forged.status == 400


async def test_the_older_generation_gives_posts_to_people_only() -> None:
    async with local_x(generation="2.166") as (x, ask):
        ann = x.add_user("ann")
        space = x.start_space(ann)
        app = await ask.get(f"/2/spaces/{space.id}/tweets")
        person = await ask.get(f"/2/spaces/{space.id}/tweets", token=x.user_token(ann))
    assert app.status == 403
    assert app.json["type"] == "https://api.twitter.com/2/problems/unsupported-authentication"
    assert person.json == {"meta": {"result_count": 0}}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("morning", True),
        ("MORNING TALK", True),
        ("talk", True),
        ("morn", False),
        ("talk morning", False),
        ("morning OR evening", False),
        ("evening", False),
        ("!", False),
    ],
)
async def test_a_search_is_for_whole_words_of_the_first_title(query: str, found: bool) -> None:
    async with local_x() as (x, ask):
        space = x.start_space(x.add_user("ann"), title="Morning talk, with tea")
        space.set_title("Evening talk")
        got = await ask.get("/2/spaces/search", {"query": query, "space.fields": "title"})
    expected = {"data": [{"id": space.id, "state": "live", "title": "Evening talk"}]} if found else {}
    assert got.json == {**expected, "meta": {"result_count": int(found)}}


async def test_a_search_keeps_to_state_and_number() -> None:
    async with local_x() as (x, ask):
        for number in range(3):
            x.start_space(x.add_user(f"live{number}"), title="tea")
        x.schedule_space(x.add_user("later"), title="tea", start=START + timedelta(days=1))
        x.start_space(x.add_user("over"), title="tea").end()
        counts = [
            (await ask.get("/2/spaces/search", {"query": "tea", **more})).json["meta"]["result_count"]
            for more in ({}, {"state": "live"}, {"state": "scheduled"}, {"state": "all", "max_results": "2"})
        ]
    assert counts == [4, 3, 1, 2]


async def test_more_than_a_hundred_spaces_are_cut_off_without_a_word() -> None:
    clock = FakeClock()
    async with local_x(clock) as (x, ask):
        people = [x.add_user(f"host{number}") for number in range(60)]
        for person in people:
            x.start_space(person)
            x.schedule_space(person, start=START + timedelta(days=1))
        query = {"user_ids": ",".join(person.id for person in people)}
        cut = await ask.get("/2/spaces/by/creator_ids", query)
        x.quirks.cut_off = None
        await clock.advance(1)
        whole = await ask.get("/2/spaces/by/creator_ids", query)
    assert (len(cut.json["data"]), cut.json["meta"]) == (100, {"result_count": 100})
    assert "errors" not in cut.json
    assert len(whole.json["data"]) == 120


async def test_a_token_is_needed_and_has_to_be_right() -> None:
    async with local_x() as (x, ask):
        got = [await ask.get("/2/users/12", token=token) for token in ("", "wrong", x.bearer_token + "x")]
        nowhere = await ask.get("/2/spaceships")
    for answer in got:
        assert answer.status == 401
        assert answer.json == {"title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401}
    assert nowhere.status == 404
    assert [exchange.token for exchange in x.requests] == ["none", "unknown", "unknown", "app"]


async def test_an_answer_is_compressed_for_those_who_accept_it() -> None:
    async with local_x() as (x, ask):
        x.add_user("ann", id="12")
        zipped = await ask.get("/2/users/12")
        headers = {"Authorization": f"Bearer {x.bearer_token}", "Accept-Encoding": "identity"}
        async with ask.session.get(f"{x.url}/2/users/12", headers=headers) as response:
            plain = await response.json()
            assert "Content-Encoding" not in response.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.json == plain


def test_a_space_takes_no_step_that_x_would_not_take() -> None:
    x = LocalX(clock=FakeClock())
    ann = x.add_user("ann")
    space = x.schedule_space(ann, start=START + timedelta(days=1))
    with pytest.raises(ValueError, match="14 days"):
        space.reschedule(START + timedelta(days=14, seconds=1))
    with pytest.raises(ValueError, match="14 days"):
        x.schedule_space(ann, start=START)
    with pytest.raises(ValueError, match="cannot become ended"):
        space.end()
    space.go_live()
    with pytest.raises(ValueError, match="cannot become canceled"):
        space.cancel()
    with pytest.raises(ValueError, match="cannot be rescheduled"):
        space.reschedule(START + timedelta(days=2))
    space.end()
    with pytest.raises(ValueError, match="cannot become live"):
        space.go_live()
    assert space.state == "ended"


def test_ids_are_those_given_or_fresh_ones() -> None:
    x = LocalX(clock=FakeClock())
    ann = x.add_user("ann", id="12")
    assert x.start_space(ann, id="1given").id == "1given"
    fresh = {x.start_space(ann).id for _ in range(200)}
    assert len(fresh) == 200
    with pytest.raises(ValueError, match="taken"):
        x.start_space(ann, id="1given")
    with pytest.raises(ValueError, match="not of the form"):
        x.add_user("not a handle")


async def test_waiting_ends_with_the_request_that_was_waited_for() -> None:
    async with local_x() as (x, ask):
        waiting = asyncio.create_task(x.wait_for(lambda: x.requests))
        await asyncio.sleep(0)
        assert not waiting.done()
        await ask.get("/2/users/12")
        await waiting


async def test_waiting_ends_with_a_change_on_x() -> None:
    async with local_x() as (x, _ask):
        space = x.start_space(x.add_user("ann"))
        waiting = asyncio.create_task(x.wait_for(lambda: space.state == "ended"))
        await asyncio.sleep(0)
        space.end()
        await waiting


async def test_waiting_in_vain_tells_what_was_seen() -> None:
    async with local_x() as (x, ask):
        space = x.start_space(x.add_user("ann"))
        await ask.get("/2/users/by/username/ann")
        with pytest.raises(TimeoutError, match=rf"1 of username 200.*{space.id} live"):
            await x.wait_for(lambda: False, timeout=0.01)


async def test_a_stopped_x_comes_back_on_the_same_port() -> None:
    async with local_x() as (x, ask):
        x.add_user("ann", id="12")
        url = x.url
        await x.stop()
        await x.start()
        assert x.url == url
        assert (await ask.get("/2/users/12")).status == 200
