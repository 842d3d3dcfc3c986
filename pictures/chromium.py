"""Has Chromium draw the pictures, and looks at what it has drawn: nothing may be empty, and nothing cut off."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from pictures.drawing import MARGIN, Drawn
from pictures.png import pixels

NAMES = ("chromium", "chromium-browser", "google-chrome")
TIME_LIMIT = 60
"""Seconds that one picture may take."""


class NotDrawn(Exception):
    """Chromium has not drawn a picture as it should be; the message says which and why."""


def browser() -> str | None:
    """The program: what `CHROMIUM` names, else the first that is installed; None if there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def render(drawn: Drawn, program: str, folder: Path) -> Path:
    """Draw a picture as PNG into a folder.

    Raises:
        NotDrawn: Chromium failed, or what it has drawn is empty or cut off.
    """
    target = folder / Path(drawn.name).with_suffix(".png")
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        source = Path(work) / drawn.name
        source.write_bytes(drawn.svg)
        command = [
            *(program, "--headless", "--hide-scrollbars", "--force-device-scale-factor=1", "--disable-gpu"),
            "--no-sandbox",  # what is drawn is our own, and a container's root has no other way
            *(f"--user-data-dir={work}/profile", f"--window-size={drawn.width},{drawn.height}"),
            *(f"--screenshot={target.absolute()}", source.as_uri()),
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, check=False)  # noqa: S603 - no shell
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotDrawn(f"{drawn.name}: {error}") from error
    if done.returncode or not target.exists():
        said = done.stderr.decode(errors="replace").strip()
        raise NotDrawn(f"{drawn.name}: status {done.returncode}: {said[-500:]}")
    _look_at(drawn, target.read_bytes())
    return target


def _look_at(drawn: Drawn, png: bytes) -> None:
    try:
        seen = pixels(png)
    except ValueError as error:
        raise NotDrawn(f"{drawn.name}: {error}") from error
    if (seen.width, seen.height) != (drawn.width, drawn.height):
        raise NotDrawn(f"{drawn.name}: is {seen.width} x {seen.height}, not {drawn.width} x {drawn.height}")
    right, bottom = drawn.width - MARGIN, drawn.height - MARGIN
    if len(seen.colours(left=MARGIN, top=MARGIN, right=right, bottom=bottom)) == 1:
        raise NotDrawn(f"{drawn.name}: is empty")
    if len(seen.colours(left=MARGIN, top=bottom, right=right, bottom=drawn.height)) > 1:
        raise NotDrawn(f"{drawn.name}: is cut off at its end")
