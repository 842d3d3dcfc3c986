"""Reads what a browser has drawn, as far as it takes to see that there is something: PNG, 8 bits a channel, no palette.

The format: https://www.w3.org/TR/png-3/.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Bytes of a pixel, by colour type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """A decoded picture."""

    width: int
    height: int
    size: int
    """Bytes of a pixel."""
    lines: tuple[bytes, ...]

    def colours(self, *, left: int, top: int, right: int, bottom: int) -> set[bytes]:
        """The colours inside a rectangle, the pixels at `right` and `bottom` left out."""
        parts = (line[left * self.size : right * self.size] for line in self.lines[top:bottom])
        return {part[at : at + self.size] for part in parts for at in range(0, len(part), self.size)}


def pixels(data: bytes) -> Pixels:
    """Decode a picture.

    Raises:
        ValueError: It is no PNG, broken, or of another kind.
    """
    if not data.startswith(SIGNATURE):
        raise ValueError("no PNG")
    try:
        chunks = list(_chunks(data))
        width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", dict(reversed(chunks))[b"IHDR"])
        packed = zlib.decompress(b"".join(chunk for name, chunk in chunks if name == b"IDAT"))
    except (KeyError, struct.error, zlib.error) as error:
        raise ValueError("a broken PNG") from error
    if depth != 8 or kind not in CHANNELS or interlaced:  # noqa: PLR2004 - bits
        raise ValueError("a PNG of another kind")
    size = CHANNELS[kind]
    stride = width * size + 1
    if len(packed) != stride * height:
        raise ValueError("a broken PNG")
    lines, above = [], bytes(width * size)
    for at in range(0, len(packed), stride):
        above = _line(packed[at], packed[at + 1 : at + stride], above, size)
        lines.append(above)
    return Pixels(width=width, height=height, size=size, lines=tuple(lines))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, data[at + 8 : at + 8 + length]
        at += 12 + length


def _line(kind: int, packed: bytes, above: bytes, size: int) -> bytes:
    """Undo the filter of a line."""
    if kind == 0:
        return packed
    line = bytearray(packed)
    for at, byte in enumerate(packed):
        left, up = line[at - size] if at >= size else 0, above[at]
        match kind:
            case 1:
                guess = left
            case 2:
                guess = up
            case 3:
                guess = (left + up) // 2
            case 4:
                guess = _paeth(left, up, above[at - size] if at >= size else 0)
            case _:
                raise ValueError("a broken PNG")
        line[at] = (byte + guess) & 255
    return bytes(line)


def _paeth(left: int, up: int, corner: int) -> int:
    nearest = left + up - corner
    to_left, to_up, to_corner = abs(nearest - left), abs(nearest - up), abs(nearest - corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner
