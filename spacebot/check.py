"""`spacebot check` and `spacebot healthy`: do settings, database and tokens work, is the bot connected?"""

import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import aiohttp
import discord

from spacebot.bot.client import INVITE, invite_link, personal_link
from spacebot.bot.connection import point_at
from spacebot.clock import Clock, SystemClock
from spacebot.domain.ids import UserId
from spacebot.errors import StoreError, XBadToken, XError
from spacebot.present.costs import budget_sentence
from spacebot.present.installation import application_lacks, application_page, docker_run, plan_limits
from spacebot.pulse import DEAD_AFTER, NOTE, Pulse
from spacebot.settings import Settings
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.wiring import DISCORD_REFUSES, auth_of, x_client, x_refuses
from spacebot.x.pots import Pots
from spacebot.x.source import NOBODY

NO_HOST = UserId(NOBODY)
"""No account has this id either."""

IN_A_CONTAINER = Path("/data/spacebot.sqlite3")
"""Where the image keeps the database."""


async def healthy(database: Path, clock: Clock) -> str | None:
    """Why the bot that uses this database does not seem to be well; None if it does.

    It is well while it is connected to Discord and X answers its sweeps. Makes no request to Discord or X, so it may be
    called every minute.
    """
    try:
        async with Store(database, read_only=True) as store:
            note = await store(Queries.note, NOTE)
    except StoreError as error:
        return str(error)
    pulse = Pulse.parse(note) if note is not None else None
    return pulse.trouble(clock.now()) if pulse is not None else "no bot has been at work on this database"


async def check(settings: Settings, say: Callable[[str], None]) -> bool:
    """Try the database and both tokens, and make nothing: no file, no folder, nothing that X bills.

    Args:
        settings: The settings, valid already.
        say: Called with each line of the result.

    Returns:
        Whether all of it works; what the Discord application lacks beside that is said, and is no failure.
    """
    logging.getLogger("spacebot").addHandler(logging.NullHandler())  # what fails is said below, and only there
    logging.getLogger("discord").addHandler(logging.NullHandler())
    say("settings   ok")
    say(f"budget     {budget_sentence(Pots.of(settings.daily_budget_usd, settings.detection_share))}")
    results = [await _database(settings.database, say), await _discord(settings, say), await _x(settings, say)]
    say(f"docker     {docker_run(_docker_options(settings))}")
    return all(results)


async def _database(path: Path, say: Callable[[str], None]) -> bool:
    is_there = path in _there(path)
    trouble = _cannot_write(path)
    if trouble is None and is_there:
        try:
            async with Store(path, read_only=True, in_passing=True):
                pass
        except StoreError as error:
            trouble = str(error)
    if trouble is not None:
        say(f"database   FAILS  {trouble}. Set SPACEBOT_DATABASE to a file that this user may write.")
        return False
    say(f"database   ok     {path}{'' if is_there else ' is not there yet; the bot makes it'}")
    return True


def _there(path: Path) -> list[Path]:
    """What there is of the path and the folders that lead to it, the nearest first."""
    return [each for each in (path, *path.absolute().parents) if each.exists()]


def _cannot_write(path: Path) -> str | None:
    """Why the bot could not write a database there; None if it could."""
    folder = next(each for each in _there(path) if each != path)
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        return f"this user may not write in {folder}"
    if path.is_dir():
        return f"{path} is a folder"
    if path.exists() and not os.access(path, os.W_OK):
        return f"this user may not write {path}"
    return None


async def _discord(settings: Settings, say: Callable[[str], None]) -> bool:
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    client = discord.Client(intents=discord.Intents.none())
    try:
        await client.login(settings.discord_token.get_secret_value())
        app = await client.application_info()
    except discord.LoginFailure:
        say(f"discord    FAILS  {DISCORD_REFUSES}")
        return False
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        say(f"discord    FAILS  {settings.discord_api_url} does not answer ({type(error).__name__}); try again later.")
        return False
    finally:
        await client.close()
    say(f"discord    ok     signed in as {client.user}")
    notes = application_lacks(app, INVITE, privacy_url=settings.privacy_url, terms_url=settings.terms_url)
    if notes:
        say(f"           its page is {application_page(app)}")
    for note in notes:
        say(f"           note   {note}")
    say(f"invite     {invite_link(app.id)}")
    if app.user_integration_config is not None:
        say(f"personal   {personal_link(app.id)}")
    return True


async def _x(settings: Settings, say: Callable[[str], None]) -> bool:
    is_at_work = await _is_at_work(settings.database)
    async with aiohttp.ClientSession() as session:
        client = x_client(settings, session, SystemClock(), auth=auth_of(settings, session, SystemClock()))
        try:
            # What cannot exist: X bills only what it returns, so this is free.
            await client.spaces([NOBODY])
            await client.users([NO_HOST])
            await client.search(secrets.token_hex(16))
            if not is_at_work:  # X takes one such request in a second, and the bot has it
                await client.spaces_by_creators([NO_HOST])
        except XBadToken:
            say(f"x          FAILS  {x_refuses(settings)}")
            return False
        except XError as error:
            say(f"x          FAILS  {error}")
            return False
    say("x          ok     the token is taken")
    say(f"           {plan_limits(client.told_limits())}")
    return True


async def _is_at_work(database: Path) -> bool:
    """Whether a bot runs on this database, as far as it says so."""
    try:
        async with Store(database, read_only=True, in_passing=True) as store:
            note = await store(Queries.note, NOTE)
    except StoreError:
        return False
    pulse = Pulse.parse(note) if note is not None else None
    return pulse is not None and SystemClock().now() - pulse.at < DEAD_AFTER


def _docker_options(settings: Settings) -> list[str]:
    options = []
    if "database" in settings.model_fields_set and settings.database != IN_A_CONTAINER:
        options.append(f"-e SPACEBOT_DATABASE={IN_A_CONTAINER}")
    if settings.public_url is not None:
        port = settings.listen.rpartition(":")[2]
        options.append(f"-e SPACEBOT_LISTEN=0.0.0.0:{port} -p 127.0.0.1:{port}:{port}")
    return options
