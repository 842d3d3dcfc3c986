"""Lists of accounts on the local X: their members page by page, and who may see a private one."""

from spacebot.sandbox.x.bill import PRICES
from tests.sandbox.x_client import local_x

READER = frozenset({"tweet.read", "users.read", "list.read"})


async def test_the_members_of_a_list_come_page_by_page_the_newest_first_and_are_billed() -> None:
    async with local_x() as (x, ask):
        people = [x.add_user(f"user{number}") for number in range(5)]
        path = f"/2/lists/{x.add_list(people[0], people).id}/members"
        people[3].suspend()
        first = await ask.get(path, {"max_results": "3", "user.fields": "protected"})
        second = await ask.get(path, {"max_results": "3", "pagination_token": first.json["meta"]["next_token"]})
        forged = await ask.get(path, {"pagination_token": "0123456789abcdef"})
    names = [[user["username"] for user in got.json["data"]] for got in (first, second)]
    assert names == [["user4", "user2", "user1"], ["user0"]]
    assert first.json["data"][0]["protected"] is False
    assert "next_token" not in second.json["meta"]
    assert (first.headers["x-rate-limit-limit"], second.headers["x-rate-limit-remaining"]) == ("900", "898")
    assert x.billed.dollars() == 4 * PRICES["user"]
    assert forged.status == 400


async def test_a_private_list_is_shown_to_its_owner_alone_and_looks_absent_to_all_others() -> None:
    async with local_x() as (x, ask):
        ann, bob = x.add_user("ann"), x.add_user("bob")
        path = f"/2/lists/{x.add_list(ann, [bob], private=True).id}/members"
        app, other = await ask.get(path), await ask.get(path, token=x.user_token(bob, scopes=READER))
        own = await ask.get(path, token=x.user_token(ann, scopes=READER))
        narrow = await ask.get(path, token=x.user_token(ann))
        unknown = await ask.get("/2/lists/1/members")
        empty = await ask.get(f"/2/lists/{x.add_list(ann, []).id}/members")
    assert [user["id"] for user in own.json["data"]] == [bob.id]
    for got in (app, other, unknown):
        (problem,) = got.json["errors"]
        assert (got.status, problem["title"], problem["resource_type"]) == (200, "Not Found Error", "list")
    assert narrow.status == 403
    assert empty.json == {"meta": {"result_count": 0}}
    assert x.billed.count("user") == 1


async def test_a_lists_window_is_its_own() -> None:
    async with local_x(limits={"list_members": 1}) as (x, ask):
        path = f"/2/lists/{x.add_list(x.add_user('ann'), []).id}/members"
        assert [(await ask.get(path)).status for _ in range(2)] == [200, 429]
        assert (await ask.get("/2/users/12")).status == 200
