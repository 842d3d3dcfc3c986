"""What the picture of `/host-stats` costs, drawn with Pillow as the bot does, and the same with matplotlib.

Each draws in fresh processes of its own: the CPU's seconds until the library is imported, for the first picture, and for a
further one (the median of twenty), and how much memory all that has taken. What is not installed is left out, and said to be.

Usage: pip install 'spacebot[bench]' && python benchmarks/chart.py [--rounds 5]
"""

import argparse
import io
import json
import platform
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from spacebot.domain.stats import DAYS, HOURS, Heat
from spacebot.present.chart import LEFT, SIZE, Picture, draw

Draw = Callable[[Heat], bytes]

FURTHER = 20
ABC = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def hours() -> Heat:
    """A busy host's."""
    rng = random.Random(4)
    return tuple(
        tuple(max(0, round(rng.gauss(2 if 17 < hour < 23 else -1, 3))) for hour in range(HOURS)) for _ in range(DAYS)
    )


def with_pillow(heat: Heat) -> bytes:
    """As the bot draws it."""
    return draw(Picture(heading="@night_radio", zone="Europe/Berlin", days=ABC, heat=heat))


def with_matplotlib(heat: Heat) -> bytes:
    """The same with the same figures in the cells, without pyplot and its windows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - its import is what is measured
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    width, height = SIZE
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor="#1e1f22")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((LEFT / width, 0.12, 0.9, 0.75))
    axes.imshow(heat, cmap="Blues_r", aspect="auto")
    axes.set_yticks(range(DAYS), ABC, color="#dbdee1")
    axes.set_xticks(range(HOURS), [str(hour) for hour in range(HOURS)], color="#dbdee1")
    axes.set_title("@night_radio · Europe/Berlin", color="#dbdee1")
    for day, row in enumerate(heat):
        for hour, count in enumerate(row):
            if count:
                axes.text(hour, day, str(count), ha="center", va="center")
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


LIBRARIES: dict[str, tuple[str, str, Draw]] = {
    "Pillow": ("pillow", "from PIL import Image, ImageDraw, ImageFont", with_pillow),
    "matplotlib": ("matplotlib", "import matplotlib.figure, matplotlib.backends.backend_agg", with_matplotlib),
}


def resident() -> float:
    """The most memory that this process had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(name: str) -> dict[str, float]:
    """Measure in this process."""
    _, imports, drawing = LIBRARIES[name]
    before, began = resident(), time.process_time()
    exec(imports)  # noqa: S102 - a constant above
    imported = time.process_time() - began
    heat = hours()
    seconds = []
    for _ in range(1 + FURTHER):
        began = time.process_time()
        content = drawing(heat)
        seconds.append(time.process_time() - began)
    return {
        "import": imported,
        "first": seconds[0],
        "further": statistics.median(seconds[1:]),
        "memory": resident() - before,
        "bytes": len(content),
    }


def measure(name: str, rounds: int) -> dict[str, float]:
    """The medians over fresh processes."""
    found = []
    for _ in range(rounds):
        done = subprocess.run([sys.executable, __file__, "--one", name], check=True, capture_output=True)  # noqa: S603 - this program
        found.append(json.loads(done.stdout))
    return {key: statistics.median(each[key] for each in found) for key in found[0]}


def main(rounds: int) -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, medians of {rounds} processes each\n")
    print("| library | import | first picture | a further one | memory | file |")
    print("|---|---|---|---|---|---|")
    for name, (package, _, _) in LIBRARIES.items():
        try:
            which = f"{name} {version(package)}"
        except PackageNotFoundError:
            print(f"| {name} is not installed |")
            continue
        got = measure(name, rounds)
        times = " | ".join(f"{1000 * got[key]:.0f} ms" for key in ("import", "first", "further"))
        print(f"| {which} | {times} | {got['memory']:.1f} MiB | {got['bytes'] / 1000:.0f} kB |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", choices=LIBRARIES)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(asked.one)))
    else:
        main(asked.rounds)
