"""What the languages cost: how long catalogues take to load, what memory they hold, and the commands in all of them.

Usage: python benchmarks/languages.py

The catalogues are those of the bot; with --full each is filled with accented sentences, as large as a translation.
"""

import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1024 * 1024
SENTENCES = 200
"""Looked up once more, to measure what one look-up takes."""

_RESIDENT = Path("/proc/self/statm")


def resident() -> float:
    """MiB of memory that the process holds."""
    return int(_RESIDENT.read_text().split()[1]) * resource.getpagesize() / MIB


def measured(folder: str | None) -> None:
    """Load all languages as the bot does at its start, and say what it took."""
    from spacebot.bot.client import Spacebot  # noqa: F401, PLC0415 - what the bot has loaded anyway
    from spacebot.present import language  # noqa: PLC0415

    if folder is not None:
        language.FOLDER = Path(folder)
    before, slowest = resident(), 0.0
    begun = time.perf_counter()
    for code in language.LANGUAGES:
        at = time.perf_counter()
        language.load(code)
        slowest = max(slowest, time.perf_counter() - at)
    took = time.perf_counter() - begun
    print(f"all {len(language.LANGUAGES)} languages: {took * 1000:.0f} ms, the slowest {slowest * 1000:.0f} ms")
    print(f"memory: {resident() - before:.1f} MiB more")
    with language.speaking("de"):
        at = time.perf_counter()
        for number in range(SENTENCES):
            language._("{count} of {name}", count=number, name="x")
        print(f"a sentence with two values: {(time.perf_counter() - at) / SENTENCES * 1e6:.1f} µs")


def commands() -> None:
    """Have every command translated, as before each hand-over."""
    from spacebot.bot.commands import _digest  # noqa: PLC0415
    from spacebot.bot.translating import CommandTranslator  # noqa: PLC0415
    from translations.offered import bot  # noqa: PLC0415

    tree = bot().tree

    async def once() -> tuple[float, float]:
        await tree.set_translator(CommandTranslator())
        loop, longest = asyncio.get_running_loop(), 0.0
        work = asyncio.ensure_future(_digest(tree))
        begun = last = loop.time()
        while not work.done():
            await asyncio.sleep(0)
            longest, last = max(longest, loop.time() - last), loop.time()
        return loop.time() - begun, longest

    took, longest = asyncio.run(once())
    print(
        f"all commands in all of Discord's languages: {took * 1000:.0f} ms; the loop waits {longest * 1000:.0f} ms at most"
    )


def main() -> None:
    """Measure in processes of their own."""
    if len(sys.argv) > 1 and sys.argv[1] == "--measure":
        measured(sys.argv[2] if len(sys.argv) > 2 else None)
        return
    from translations.catalogues import TRANSLATED, store  # noqa: PLC0415
    from translations.pseudo import pseudo  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        folders = []
        if "--full" in sys.argv[1:]:
            for code in TRANSLATED:
                store(code, pseudo(code), Path(folder))
            folders = [folder]
        subprocess.run([sys.executable, __file__, "--measure", *folders], check=True)  # noqa: S603 - this file
    commands()


if __name__ == "__main__":
    main()
