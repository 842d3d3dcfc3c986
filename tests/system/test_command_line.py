"""The command line, as an operator meets it."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database

from spacebot.store.connection import Store
from tests.system.scene import Scene

SECRET = "MTIzNDU2.very-secret-token"


async def spacebot(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    """Run one command in an empty folder; its exit status, and all that it printed."""
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
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


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
