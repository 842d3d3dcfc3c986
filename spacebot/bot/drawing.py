"""Draws pictures beside the event loop, one at a time for everybody, and remembers the last ones."""

import asyncio

from spacebot.present.chart import Picture, draw

REMEMBERED = 64
"""As many pictures are remembered, of some 20 kB each."""


class Drawings:
    """Pictures as PNGs. A picture that is asked for again is not drawn again: what it shows is its key."""

    def __init__(self) -> None:
        self._drawn: dict[Picture, bytes] = {}
        self._one_by_one = asyncio.Lock()

    async def png(self, picture: Picture) -> bytes:
        """The picture, drawn now or lately."""
        async with self._one_by_one:
            content = self._drawn.pop(picture, None)
            if content is None:
                content = await asyncio.to_thread(draw, picture)
            self._drawn[picture] = content
            if len(self._drawn) > REMEMBERED:
                del self._drawn[next(iter(self._drawn))]
            return content
