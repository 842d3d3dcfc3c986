"""The command line: `python -m translations` brings the catalogues up to date, `check [LANGUAGE]…` looks them over."""

from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError

from spacebot.present.language import FOLDER
from translations.catalogues import TRANSLATED, forms_of, merged, po_of, read, store
from translations.checks import findings
from translations.rendered import troubles


@click.group(invoke_without_command=True)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    help="Where the catalogues are; at first the bot's own.",
)
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """Bring every catalogue up to date with the sentences in the sources, and compile it."""
    context.obj = folder
    if context.invoked_subcommand is None:
        for code in TRANSLATED:
            catalogue = merged(code, _read(code, folder))
            store(code, catalogue, folder)
            waiting = sum(not all(forms_of(message)) for message in catalogue if message.id)
            click.echo(f"{code}: {len(catalogue)} sentences, {waiting} to translate")


@main.command()
@click.argument("languages", nargs=-1, type=click.Choice(TRANSLATED))
@click.pass_obj
def check(folder: Path, languages: tuple[str, ...]) -> None:
    """Say what is wrong with these catalogues, or with all of them; the exit status is 1 if anything is."""
    count = 0
    for code in languages or TRANSLATED:
        catalogue = _read(code, folder)
        wrong = [*findings(catalogue, code), *troubles(catalogue, code)]
        for finding in wrong:
            click.echo(f"{code}: {finding}")
        click.echo(f"{code}: findings: {len(wrong)}" if wrong else f"{code}: all is well")
        count += len(wrong)
    if count:
        raise SystemExit(1)


def _read(code: str, folder: Path) -> Catalog:
    try:
        return read(code, folder)
    except PoFileError as error:
        raise click.ClickException(f"{po_of(code, folder)} cannot be read: {error}") from error


if __name__ == "__main__":
    main()
