"""What Chromium draws is looked at: a picture that is missing, empty or cut off fails the check."""

import struct
import sys
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pictures import chromium
from pictures.__main__ import main
from pictures.chromium import NotDrawn, render
from pictures.drawing import MARGIN, Drawn
from pictures.png import SIGNATURE, pixels

WIDTH, HEIGHT = 60, 80
PICTURE = Drawn(name="a.svg", width=WIDTH, svg=f'<svg width="{WIDTH}" height="{HEIGHT}"/>'.encode())


def encoded(lines: list[bytes], size: int = 3, filters: tuple[int, ...] = (0,)) -> bytes:
    """A PNG, whose lines are filtered in turn as given."""
    packed, above = b"", bytes(len(lines[0]))
    for at, line in enumerate(lines):
        kind = filters[at % len(filters)]
        packed += bytes([kind]) + bytes(
            (byte - guessed(kind, line, above, here, size)) & 255 for here, byte in enumerate(line)
        )
        above = line
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[size]
    head = struct.pack(">IIBBBBB", len(lines[0]) // size, len(lines), 8, kind, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(packed)) + chunk(b"IEND", b"")


def guessed(kind: int, line: bytes, above: bytes, at: int, size: int) -> int:
    left, corner = (line[at - size], above[at - size]) if at >= size else (0, 0)
    up = above[at]
    nearest = min((left, up, corner), key=lambda each: abs(left + up - corner - each))
    return (0, left, up, (left + up) // 2, nearest)[kind]


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def painted(*dots: tuple[int, int]) -> bytes:
    """A white picture with black dots."""
    lines = [bytearray(b"\xff" * 3 * WIDTH) for _ in range(HEIGHT)]
    for x, y in dots:
        lines[y][3 * x : 3 * x + 3] = b"\0\0\0"
    return encoded([bytes(line) for line in lines])


INSIDE, BELOW = (WIDTH // 2, HEIGHT // 2), (WIDTH // 2, HEIGHT - MARGIN // 2)


def browser(folder: Path, *, draws: bytes | None, status: int = 0) -> str:
    """A program that is called as Chromium is, and leaves these bytes behind."""
    (folder / "drawn").write_bytes(draws or b"")
    program = folder / "browser"
    program.write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        f"target = next(word.partition('=')[2] for word in sys.argv if word.startswith('--screenshot='))\n"
        f"if {draws is not None}: shutil.copy({str(folder / 'drawn')!r}, target)\n"
        f"sys.exit('no display' if {status} else 0)\n"
    )
    program.chmod(0o755)
    return str(program)


def test_a_picture_that_was_drawn_is_there(tmp_path: Path) -> None:
    assert render(PICTURE, browser(tmp_path, draws=painted(INSIDE)), tmp_path) == tmp_path / "a.png"
    assert pixels((tmp_path / "a.png").read_bytes()).width == WIDTH


@pytest.mark.parametrize(
    ("draws", "status", "said"),
    [
        (painted(), 0, "is empty"),
        (painted((1, 1)), 0, "is empty"),
        (painted(INSIDE, BELOW), 0, "is cut off"),
        (painted(INSIDE)[:-40], 0, "a broken PNG"),
        (b"<html>", 0, "no PNG"),
        (encoded([b"\xff\0\xff" * 5] * 5), 0, "is 5 x 5, not 60 x 80"),
        (None, 0, "status 0"),
        (painted(INSIDE), 1, "no display"),
    ],
)
def test_a_picture_that_is_not_as_it_should_be_is_named_with_what_is_wrong(
    tmp_path: Path, draws: bytes | None, status: int, said: str
) -> None:
    with pytest.raises(NotDrawn, match=f"a.svg: .*{said}"):
        render(PICTURE, browser(tmp_path, draws=draws, status=status), tmp_path)


def test_a_picture_of_an_earlier_run_is_not_taken_for_this_one(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(painted(INSIDE))
    with pytest.raises(NotDrawn):
        render(PICTURE, browser(tmp_path, draws=None), tmp_path)


def test_a_browser_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotDrawn, match="No such file"):
        render(PICTURE, str(tmp_path / "nothing"), tmp_path)


def test_without_a_browser_the_command_says_that_nothing_was_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(main, ["--png", str(tmp_path / "pictures")])
    assert (done.exit_code, done.output) == (0, "not drawn: no Chromium\n")


def test_the_browser_that_is_named_is_taken_before_any_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "chromium-browser"
    installed.write_text("")
    installed.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert chromium.browser() == str(installed)
    monkeypatch.setenv("CHROMIUM", "/opt/other")
    assert chromium.browser() == "/opt/other"


def test_the_command_fails_if_a_picture_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", browser(tmp_path, draws=painted()))
    done = CliRunner().invoke(main, ["--png", str(tmp_path / "pictures")])
    assert done.exit_code == 1
    assert "post-desk-dark.svg" in done.output


@given(
    st.integers(1, 4).flatmap(
        lambda size: st.tuples(
            st.just(size),
            st.lists(st.binary(min_size=3 * size, max_size=3 * size), min_size=1, max_size=6),
            st.lists(st.integers(0, 4), min_size=1, max_size=6).map(tuple),
        )
    )
)
def test_a_png_is_read_as_it_was_written(case: tuple[int, list[bytes], tuple[int, ...]]) -> None:
    size, lines, filters = case
    seen = pixels(encoded(lines, size, filters))
    assert (seen.width, seen.height, seen.size) == (3, len(lines), size)
    assert list(seen.lines) == lines


@given(st.binary(max_size=200))
def test_bytes_that_are_no_png_are_refused(data: bytes) -> None:
    for each in (data, SIGNATURE + data, painted(INSIDE)[: len(data) + 20]):
        with pytest.raises(ValueError, match="PNG"):
            pixels(each)
