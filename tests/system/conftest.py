"""The scene, checked at the end: no request broke a published document, and no limit was exceeded."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spacebot.sandbox.discord import LocalDiscord
from spacebot.sandbox.x import LocalX
from tests.sandbox import openapi_discord, openapi_x
from tests.system.scene import Club, Scene, club


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    documents = bool(os.environ.get("REFERENCE_DOCUMENTS"))
    x = LocalX(checker=openapi_x.Document(openapi_x.reference_document()) if documents else None)
    discord = LocalDiscord(checker=openapi_discord.checker() if documents else None)
    async with x, discord:
        scene = Scene(x=x, discord=discord, folder=tmp_path)
        try:
            yield scene
        finally:
            for process in scene.processes:
                if process.running:
                    await process.kill()
        assert not discord.violations
        assert not x.violations
        # A process that was killed leaves its stream behind, and X counts that for a while.
        assert not [exchange for exchange in x.refused if exchange.endpoint != "stream"]
        assert not discord.refused


@pytest.fixture
def book_club(scene: Scene) -> Club:
    return club(scene.discord)
