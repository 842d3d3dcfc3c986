"""`spacebot check` and `spacebot healthy`: do settings, database and tokens work, is the bot connected?"""

from collections.abc import Callable
from pathlib import Path

import aiohttp
import discord

from spacebot.bot.client import INVITE
from spacebot.bot.connection import point_at
from spacebot.clock import Clock, SystemClock
from spacebot.errors import StoreError, XBadToken, XError
from spacebot.present.costs import budget_sentence
from spacebot.pulse import NOTE, Pulse
from spacebot.settings import Settings
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.wiring import DISCORD_REFUSES, auth_of, x_client, x_refuses
from spacebot.x.pots import Pots
from spacebot.x.source import NOBODY


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
    """Try the database and both tokens.

    Args:
        settings: The settings, valid already.
        say: Called with each line of the result.

    Returns:
        Whether all of it works.
    """
    say("settings   ok")
    say(f"budget     {budget_sentence(Pots.of(settings.daily_budget_usd, settings.detection_share))}")
    results = [await _database(settings, say), await _discord(settings, say), await _x(settings, say)]
    return all(results)


async def _database(settings: Settings, say: Callable[[str], None]) -> bool:
    try:
        async with Store(settings.database):
            pass
    except StoreError as error:
        say(f"database   FAILS  {error}. Set SPACEBOT_DATABASE to a file that this user may write.")
        return False
    say(f"database   ok     {settings.database}")
    return True


async def _discord(settings: Settings, say: Callable[[str], None]) -> bool:
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    client = discord.Client(intents=discord.Intents.none())
    try:
        await client.login(settings.discord_token.get_secret_value())
    except discord.LoginFailure:
        say(f"discord    FAILS  {DISCORD_REFUSES}")
        return False
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        say(f"discord    FAILS  {settings.discord_api_url} does not answer ({type(error).__name__}); try again later.")
        return False
    finally:
        await client.close()
    say(f"discord    ok     signed in as {client.user}")
    if client.application_id is not None:
        invite = discord.utils.oauth_url(client.application_id, permissions=INVITE)
        say(f"           invite the bot with {invite}")
    return True


async def _x(settings: Settings, say: Callable[[str], None]) -> bool:
    async with aiohttp.ClientSession() as session:
        try:
            # A Space that cannot exist: X bills only what it returns, so this is free.
            auth = auth_of(settings, session, SystemClock())
            await x_client(settings, session, SystemClock(), auth=auth).spaces([NOBODY])
        except XBadToken:
            say(f"x          FAILS  {x_refuses(settings)}")
            return False
        except XError as error:
            say(f"x          FAILS  {error}")
            return False
    say("x          ok     the token is taken")
    return True
