"""The command line: `python -m pictures` writes the pictures, `--png FOLDER` has Chromium draw them there."""

from pathlib import Path

import click

from pictures import chromium
from pictures.drawing import FOLDER, drawn


@click.command()
@click.option(
    "--png", type=click.Path(file_okay=False, path_type=Path), help="Have Chromium draw them into this folder."
)
def main(png: Path | None) -> None:
    """Draw the pictures of docs/pictures anew, or, with --png, draw them with Chromium and look at the result."""
    if png is None:
        _write()
    else:
        _render(png)


def _write() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = drawn()
    for old in FOLDER.glob("*.svg"):
        if old.name not in {each.name for each in made}:
            old.unlink()
    for each in made:
        (FOLDER / each.name).write_bytes(each.svg)
    click.echo(f"{len(made)} pictures in {FOLDER}")


def _render(folder: Path) -> None:
    program = chromium.browser()
    if program is None:
        click.echo("not drawn: no Chromium")
        return
    folder.mkdir(parents=True, exist_ok=True)
    made = drawn()
    for each in made:
        try:
            chromium.render(each, program, folder)
        except chromium.NotDrawn as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{len(made)} pictures drawn by {program}")


if __name__ == "__main__":
    main()
