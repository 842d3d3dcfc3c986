"""The web pages that people see when X sends them back; text from outside is escaped."""

import html

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>spacebot</title>
<style>body{{font:1.1rem/1.5 system-ui;max-width:32rem;margin:15vh auto;padding:0 1rem}}button{{font:inherit}}</style>
<h1>{title}</h1>
<p>{text}</p>
{form}
</html>
"""

_FORM = """<form method="post" action="confirm">
<input type="hidden" name="key" value="{key}">
<button name="answer" value="yes">Yes, that is me</button>
<button name="answer" value="no">No</button>
</form>"""


def question(person_name: str, key: str) -> str:
    """The page that asks whether the reader is the Discord user who began; its form posts `answer` and `key`."""
    return _page(
        "One last question",
        f"Shall the Discord user <strong>{html.escape(person_name)}</strong> see through this X account what it alone"
        " may see: the buyers and reminders of its Spaces, and the Spaces of protected accounts it follows? Say yes"
        " only if that is you.",
        form=_FORM.format(key=html.escape(key)),
    )


def linked() -> str:
    """The page after a yes."""
    return _page("Done", "Your X account is linked. You can close this page; /x-unlink takes it back.")


def declined() -> str:
    """The page after a no."""
    return _page("Nothing was linked", "X has been told to forget the permission. You can close this page.")


def failed(sentence: str) -> str:
    """The page that shows an error."""
    return _page("That did not work", sentence)


def _page(title: str, text: str, *, form: str = "") -> str:
    return _PAGE.format(title=title, text=text, form=form)
