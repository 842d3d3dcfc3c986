"""The command line, as an operator meets it."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database

from spacebot.store.connection import Store
from tests.system.scene import Scene, VirtualScene, in_virtual_time

SECRET = "MTIzNDU2.very-secret-token"


PATIENCE = 120.0
"""Seconds until a command that does not end fails its test."""


async def spacebot(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    """Run one command in an empty folder until it ends; its exit status, and all that it printed.

    Raises:
        AssertionError: it does not end; the text has the end of what it printed.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SPACEBOT_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "spacebot",
        *words,
        cwd=folder,
        env={**clean, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    printed: list[str] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while line := await process.stdout.readline():
                printed.append(line.decode())
            status = await process.wait()
    except TimeoutError:
        raise AssertionError("\n".join([f"'{' '.join(words)}' does not end.", *printed[-15:]])) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return status, "".join(printed)


def tokens(scene: Scene) -> dict[str, str]:
    return {
        "SPACEBOT_DISCORD_TOKEN": scene.discord.token,
        "SPACEBOT_X_BEARER_TOKEN": scene.x.bearer_token,
        "SPACEBOT_DISCORD_API_URL": scene.discord.api_url,
        "SPACEBOT_DISCORD_GATEWAY_URL": scene.discord.gateway_url,
        "SPACEBOT_X_API_URL": scene.x.url,
    }


@pytest.mark.parametrize("command", ["run", "check"])
async def test_a_missing_setting_is_named_with_what_to_do(tmp_path: Path, command: str) -> None:
    status, printed = await spacebot(tmp_path, command, SPACEBOT_X_BEARER_TOKEN=SECRET)
    assert status == 2
    assert "SPACEBOT_DISCORD_TOKEN is not set" in printed
    assert SECRET not in printed
    assert "Traceback" not in printed


async def test_a_malformed_setting_is_named_and_a_secret_is_not_shown(tmp_path: Path) -> None:
    bad = {
        "SPACEBOT_DISCORD_TOKEN": SECRET + " with spaces",
        "SPACEBOT_X_BEARER_TOKEN": SECRET,
        "SPACEBOT_X_API_URL": "api.x.com",
        "SPACEBOT_WATCH_LIMIT": "many",
    }
    status, printed = await spacebot(tmp_path, "run", **bad)
    assert status == 2
    for name in ("SPACEBOT_DISCORD_TOKEN", "SPACEBOT_X_API_URL", "SPACEBOT_WATCH_LIMIT"):
        assert f"{name} cannot be used" in printed
    assert SECRET not in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("name", ["SPACEBOT_DISCORD_TOKEN", "SPACEBOT_X_BEARER_TOKEN"])
async def test_a_refused_token_is_named_and_ends_with_status_1(scene: Scene, tmp_path: Path, name: str) -> None:
    status, printed = await spacebot(tmp_path, "run", **{**tokens(scene), name: SECRET})
    assert status == 1
    assert f"{name} is refused" in printed
    assert SECRET not in printed
    assert "Traceback" not in printed
    status, printed = await spacebot(tmp_path, "check", **{**tokens(scene), name: SECRET})
    assert status == 1
    assert f"{name} is refused" in printed


async def test_check_says_that_everything_works_and_how_to_invite_the_bot(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OTHER_PROGRAM=1\nSPACEBOT_DATABSE=typo.sqlite3\n")
    status, printed = await spacebot(tmp_path, "check", **tokens(scene))
    assert status == 0
    assert [line.split()[1] for line in printed.splitlines() if line.split()[0] in {"database", "discord", "x"}] == [
        "ok",
        "ok",
        "ok",
    ]
    assert "permissions=274877991936" in printed
    assert "SPACEBOT_DATABSE is not a setting" in printed
    assert "OTHER_PROGRAM" not in printed


async def test_check_makes_nothing_and_leaves_a_database_as_it_is(scene: Scene, tmp_path: Path) -> None:
    status, printed = await spacebot(tmp_path, "check", **tokens(scene), SPACEBOT_DATABASE="new/spacebot.sqlite3")
    assert status == 0
    assert "database   ok     new/spacebot.sqlite3 is not there yet" in printed
    assert await asyncio.to_thread(os.listdir, tmp_path) == []
    async with Store(tmp_path / "spacebot.sqlite3"):
        pass
    db = Database(tmp_path / "spacebot.sqlite3")
    db.execute("DELETE FROM _sqlite_migrations WHERE name = 'spent_by'")  # as an older version left it
    db.execute("DROP TABLE spent_by")
    db.close()
    before = await asyncio.to_thread((tmp_path / "spacebot.sqlite3").read_bytes)
    there = sorted(await asyncio.to_thread(os.listdir, tmp_path))
    status, printed = await spacebot(tmp_path, "check", **tokens(scene))
    assert status == 0
    assert sorted(await asyncio.to_thread(os.listdir, tmp_path)) == there
    assert await asyncio.to_thread((tmp_path / "spacebot.sqlite3").read_bytes) == before


async def test_check_says_each_thing_once(scene: Scene, tmp_path: Path) -> None:
    for wrong in (
        {},
        {"SPACEBOT_X_BEARER_TOKEN": SECRET},
        {"SPACEBOT_DISCORD_TOKEN": SECRET},
        {"SPACEBOT_X_API_URL": "http://127.0.0.1:9"},
    ):
        status, printed = await spacebot(tmp_path, "check", **{**tokens(scene), **wrong})
        assert status == (1 if wrong else 0)
        lines = printed.splitlines()
        assert len(set(lines)) == len(lines)
        heads = [line.split()[0] for line in lines if not line.startswith(" ")]
        asked = ["settings", "budget", "database", "discord", "invite", "x", "docker"]
        assert heads == [head for head in asked if head != "invite" or "SPACEBOT_DISCORD_TOKEN" not in wrong]


async def test_check_names_the_limits_of_the_plan_as_xs_answers_say_them(scene: Scene, tmp_path: Path) -> None:
    scene.x.limits["creator_ids"] = 75
    _, printed = await spacebot(tmp_path, "check", **tokens(scene))
    assert "the plan's requests in 15 minutes: hosts asked about 75, Spaces looked up 300, searches 300" in printed
    assert not [exchange for exchange in scene.x.requests if (exchange.status or 0) >= 400]
    await scene.bot()
    asked = len(scene.x.requests)
    database = str(scene.folder / "spacebot.sqlite3")
    _, printed = await spacebot(tmp_path, "check", **tokens(scene), SPACEBOT_DATABASE=database)
    assert "hosts asked about" not in printed  # that is for the bot at work to ask, once a second
    assert "Spaces looked up 300" in printed
    assert len(scene.x.requests) > asked


async def test_check_names_what_the_discord_application_lacks_with_what_to_do(scene: Scene, tmp_path: Path) -> None:
    _, printed = await spacebot(tmp_path, "check", **tokens(scene))
    assert f"https://discord.com/developers/applications/{scene.discord.application_id}" in printed
    assert "integration_type=1" not in printed
    for lacks in (
        "no Add App button",
        "tick User Install",
        "no description",
        "no tags",
        "its privacy policy",
        "its terms of service",
    ):
        assert printed.count(lacks) == 1, lacks
    scene.discord.state.portal |= {"bot_public": False, "bot_require_code_grant": True, "description": "Announces."}
    _, printed = await spacebot(tmp_path, "check", **tokens(scene), SPACEBOT_TERMS_URL="https://bot.example/terms")
    assert "switch on Public Bot" in printed
    assert "switch off Requires OAuth2 Code Grant" in printed
    assert "https://bot.example/terms" in printed
    assert "Add App" not in printed  # a private application has none
    assert "no description" not in printed
    params = {"scopes": ["bot"], "permissions": "2048"}
    scene.discord.state.portal |= {
        "bot_public": True,
        "bot_require_code_grant": False,
        "tags": ["X", "Spaces"],
        "privacy_policy_url": "https://bot.example/privacy",
        "terms_of_service_url": "https://bot.example/terms",
        "integration_types_config": {
            "0": {"oauth2_install_params": params},
            "1": {"oauth2_install_params": {"scopes": ["applications.commands"], "permissions": "0"}},
        },
    }
    _, printed = await spacebot(tmp_path, "check", **tokens(scene))
    personal = f"client_id={scene.discord.application_id}&scope=applications.commands&integration_type=1"
    assert f"personal   https://discord.com/oauth2/authorize?{personal}\n" in printed
    scope, permissions = [line.split(maxsplit=1)[1] for line in printed.splitlines() if line.split()[0] == "note"]
    assert scope == "its Add App button lacks the scope applications.commands: add it on Installation"
    lacking = "View Channel, Embed Links, Read Message History, Send Messages In Threads"
    assert permissions == f"its Add App button does not ask for {lacking}: add that on Installation"
    params |= {"scopes": ["bot", "applications.commands"], "permissions": "274877991936"}
    status, printed = await spacebot(tmp_path, "check", **tokens(scene))
    assert status == 0
    assert "note" not in printed
    assert "developers/applications" not in printed


async def test_check_prints_how_to_invite_the_bot_and_how_to_start_it_in_a_container(
    scene: Scene, tmp_path: Path
) -> None:
    _, printed = await spacebot(tmp_path, "check", **tokens(scene))
    assert f"invite     https://discord.com/oauth2/authorize?client_id={scene.discord.application_id}&" in printed
    start = "docker     docker run -d --name spacebot --restart unless-stopped --env-file .env -v spacebot:/data"
    assert f"{start} spacebot" in printed
    more = {"SPACEBOT_DATABASE": "here.sqlite3", "SPACEBOT_PUBLIC_URL": "https://bot.example"}
    _, printed = await spacebot(tmp_path, "check", **tokens(scene), **more)
    assert (
        f"{start} -e SPACEBOT_DATABASE=/data/spacebot.sqlite3 -e SPACEBOT_LISTEN=0.0.0.0:8080 -p 127.0.0.1:8080:8080"
        " spacebot"
    ) in printed


@in_virtual_time
async def test_a_bot_in_no_server_prints_its_invite_once(scene: VirtualScene) -> None:
    await scene.serve()
    await scene.pass_by(30)
    assert scene.logged(f"invite me with https://discord.com/oauth2/authorize?client_id={scene.discord.bot.id}&") == 1
    scene.discord.drop_gateway(resumable=False)
    await scene.pass_by(60)
    assert scene.logged("Connected to Discord as") == 2
    assert scene.logged("oauth2/authorize") == 1


@in_virtual_time
async def test_a_bot_in_a_server_prints_no_invite(scene: VirtualScene) -> None:
    scene.discord.add_guild("Book club")
    await scene.serve()
    await scene.pass_by(30)
    assert scene.logged("in 1 servers") == 1
    assert scene.logged("oauth2/authorize") == 0


async def test_what_the_database_alone_knows_is_said_without_any_token(scene: Scene, tmp_path: Path) -> None:
    bot = await scene.bot()
    assert await bot.stop() == 0
    database = str(scene.folder / "spacebot.sqlite3")
    status, printed = await spacebot(tmp_path, "costs", SPACEBOT_DATABASE=database)
    assert (status, printed.splitlines()[0]) == (0, "Nothing was spent on X in these days.")
    status, printed = await spacebot(tmp_path, "delays", SPACEBOT_DATABASE=database)
    assert status == 0
    _, printed = await spacebot(tmp_path, "healthy", SPACEBOT_DATABASE=database)
    assert "TOKEN" not in printed


@pytest.mark.parametrize("command", [[], ["run"], ["check"], ["costs"], ["delays"], ["healthy"], ["demo"], ["key"]])
async def test_the_help_is_whole_in_eighty_columns(tmp_path: Path, command: list[str]) -> None:
    status, printed = await spacebot(tmp_path, *command, "--help", COLUMNS="80")
    assert status == 0
    assert "..." not in printed.removeprefix("Usage: spacebot [OPTIONS] COMMAND [ARGS]...")
    assert max(map(len, printed.splitlines())) <= 80


async def test_check_says_what_to_do_about_a_database_that_cannot_be_opened(scene: Scene, tmp_path: Path) -> None:
    status, printed = await spacebot(tmp_path, "check", **tokens(scene), SPACEBOT_DATABASE=str(tmp_path))
    assert status == 1
    assert "SPACEBOT_DATABASE" in printed
    assert "Traceback" not in printed


async def test_a_running_bot_is_healthy_and_a_stopped_one_is_not_for_long(scene: Scene, tmp_path: Path) -> None:
    status, printed = await spacebot(tmp_path, "healthy")
    assert status == 1
    assert "no database" in printed
    bot = await scene.bot()
    database = str(scene.folder / "spacebot.sqlite3")
    for _ in range(100):
        status, printed = await spacebot(tmp_path, "healthy", SPACEBOT_DATABASE=database)  # needs no tokens
        if status == 0:
            break
    assert printed.strip() == "connected"
    assert await bot.stop() == 0


async def test_a_second_bot_on_one_database_is_refused_and_told_which_process_has_it(
    scene: Scene, tmp_path: Path
) -> None:
    bot = await scene.bot()
    database = str(scene.folder / "spacebot.sqlite3")
    status, printed = await spacebot(tmp_path, "run", **tokens(scene), SPACEBOT_DATABASE=database)
    assert status == 1
    assert f"is in use by the bot in process {bot.pid}: stop it first" in printed
    assert "Traceback" not in printed
    assert await bot.stop() == 0


@pytest.mark.parametrize("command", ["run", "check", "healthy", "costs", "delays"])
async def test_a_database_of_a_newer_version_is_refused_with_what_to_do(
    scene: Scene, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "spacebot.sqlite3"
    async with Store(path):
        pass
    db = Database(path)
    db.table("_sqlite_migrations").insert({"migration_set": "spacebot", "name": "tomorrow", "applied_at": "2030-01-01"})
    db.rename_table("deliveries", "messages")  # what a later version may have done
    db.close()
    status, printed = await spacebot(tmp_path, command, **tokens(scene))
    assert status == 1
    assert "newer version of spacebot" in printed
    assert "Traceback" not in printed


async def test_the_demo_shows_a_live_announcement_and_its_end(tmp_path: Path) -> None:
    status, printed = await spacebot(tmp_path, "demo")
    assert status == 0, printed
    assert "is live on X" in printed
    assert "Space has ended" in printed
    assert await asyncio.to_thread(os.listdir, tmp_path) == []
