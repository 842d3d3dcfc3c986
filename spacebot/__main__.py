"""The command line: `spacebot run`, `spacebot demo`, `spacebot check`."""

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from spacebot import app
from spacebot import check as checking
from spacebot.clock import SystemClock
from spacebot.errors import SettingsError, SpacebotError, StoreError
from spacebot.present.costs import budget_sentence, costs_table
from spacebot.present.delays import delays_text
from spacebot.settings import Settings, load, load_database
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.store.spending import utc_day
from spacebot.usecases.health import A_WEEK
from spacebot.vault import new_key
from spacebot.x.pots import Pots

T = TypeVar("T")

WRONG_SETTING = 2
FAILED = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="spacebot")
def main() -> None:
    """Announce X Spaces in Discord the moment they start."""


@main.command()
def run() -> None:
    """Run the bot until it is told to stop (Ctrl-C or SIGTERM)."""
    settings = _settings()
    _log(settings.log_level)
    try:
        asyncio.run(app.run(settings))
    except SpacebotError as error:
        _end(str(error), FAILED)


@main.command()
def check() -> None:
    """Check the settings, the database and both tokens.

    Makes nothing, costs nothing. Also says what the Discord application lacks, and how to invite and start the bot.
    """
    settings = _settings()
    if not asyncio.run(checking.check(settings, click.echo)):
        sys.exit(FAILED)


@main.command()
def healthy() -> None:
    """Say whether the running bot is well; for health checks.

    It is while it is connected to Discord and X answers it in time.
    """
    trouble = asyncio.run(checking.healthy(_database(), SystemClock()))
    if trouble is not None:
        _end(trouble, FAILED)
    click.echo("connected")


@main.command()
def delays() -> None:
    """Show how late announcements were in the last week.

    Counted from the start of their Spaces.
    """
    _show(delays_text, lambda queries: queries.delays(SystemClock().now() - A_WEEK))


@main.command()
@click.option("--days", default=31, type=click.IntRange(1, 366), help="How many days back.")
def costs(days: int) -> None:
    """Show what X billed, by day and kind."""
    since = utc_day(SystemClock().now()) - timedelta(days=days - 1)
    _show(costs_table, lambda queries: queries.spending(since))
    budget = load_database()
    click.echo(budget_sentence(Pots.of(budget.daily_budget_usd, budget.detection_share)))


@main.command()
def key() -> None:
    """Print a new key for SPACEBOT_ENCRYPTION_KEY."""
    click.echo(new_key())


@main.command()
def demo() -> None:
    """Show the bot at work on local servers; needs no account."""
    from spacebot.sandbox import demo as scenario  # noqa: PLC0415 - the servers are needed for this command alone

    try:
        asyncio.run(scenario.play(click.echo))
    except SpacebotError as error:
        _end(str(error), FAILED)


def _show(text: Callable[[T], str], question: Callable[[Queries], T]) -> None:
    """Print what the database answers to a question."""
    try:
        click.echo(text(asyncio.run(_ask(_database(), question))))
    except StoreError as error:
        _end(str(error), FAILED)


async def _ask(database: Path, question: Callable[[Queries], T]) -> T:
    async with Store(database, read_only=True) as store:
        return await store(question)


def _database() -> Path:
    """Where the database is: all that whoever only looks at it has to know."""
    try:
        database = load_database().database
    except SettingsError as error:
        _end(str(error), WRONG_SETTING)
    if not database.exists():
        _end(f"There is no database at {database}; SPACEBOT_DATABASE says where it is.", FAILED)
    return database


def _settings() -> Settings:
    try:
        settings, unknown = load()
    except SettingsError as error:
        _end(str(error), WRONG_SETTING)
    for line in unknown:
        click.echo(line, err=True)
    return settings


def _log(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", stream=sys.stderr)
    # discord.py says at INFO what we say ourselves.
    own = logging.getLevelName(level)
    logging.getLogger("discord").setLevel(own if level == "DEBUG" else max(logging.WARNING, own))
    if level == "DEBUG":
        # These write addresses and events with the tokens of interactions in them.
        for name in ("discord.gateway", "discord.http", "discord.webhook.async_"):
            logging.getLogger(name).setLevel(logging.INFO)


def _end(text: str, status: int) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(status)


if __name__ == "__main__":
    main(prog_name="spacebot")
