"""Which language a guild has chosen, over the real database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spacebot.domain.ids import GuildId
from spacebot.store.connection import Store
from spacebot.store.queries import Queries
from spacebot.usecases.languages import Languages
from tests.clocks import START
from tests.store.seed import GUILD, opened


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def test_what_is_chosen_is_known_at_once_and_after_a_restart(store: Store) -> None:
    languages = Languages(store=store)
    await languages.open()
    assert languages.chosen(GUILD) is None
    await languages.choose(GUILD, "pt")
    again = Languages(store=store)
    assert again.chosen(GUILD) is None
    await again.open()
    for each in (languages, again):
        assert each.chosen(GUILD) == "pt"
        assert each.chosen(GuildId(9)) is None
    assert (await store(Queries.guild, GUILD)).language == "pt"
    await again.choose(GUILD, None)
    await languages.open()
    assert languages.chosen(GUILD) is again.chosen(GUILD) is None


async def test_what_is_chosen_is_handed_out_and_deleted_with_all_else_of_a_guild(store: Store) -> None:
    languages = Languages(store=store)
    await languages.choose(GUILD, "ar")
    assert (await store(Queries.guild_rows, GUILD))["guilds"][0]["language"] == "ar"
    await store(Queries.erase_guild, GUILD, START)
    languages.forget(GUILD)
    assert languages.chosen(GUILD) is None
    await languages.open()
    assert languages.chosen(GUILD) is None
