"""The web pages that people see when X sends them back; text from outside is escaped."""

import html

from spacebot.present.language import _, is_from_right, p_, spoken

_PAGE = """<!doctype html>
<html lang="{lang}" dir="{direction}">
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
<button name="answer" value="yes">{yes}</button>
<button name="answer" value="no">{no}</button>
</form>"""


def question(person_name: str, key: str) -> str:
    """The page that asks whether the reader is the Discord user who began; its form posts `answer` and `key`."""
    return _page(
        _("One last question"),
        _(
            "Shall the Discord user <strong>{person}</strong> see through this X account what it alone may see: the buyers"
            " and reminders of its Spaces, and the Spaces of protected accounts it follows? Say yes only if that is you.",
            person=html.escape(person_name),
        ),
        form=_FORM.format(key=html.escape(key), yes=_("Yes, that is me"), no=p_("answer to a question", "No")),
    )


def linked() -> str:
    """The page after a yes."""
    return _page(_("Done"), _("Your X account is linked. You can close this page; /x-unlink takes it back."))


def declined() -> str:
    """The page after a no."""
    return _page(_("Nothing was linked"), _("X has been told to forget the permission. You can close this page."))


def failed(sentence: str) -> str:
    """The page that shows an error."""
    return _page(_("That did not work"), sentence)


def _page(title: str, text: str, *, form: str = "") -> str:
    return _PAGE.format(lang=spoken(), direction="rtl" if is_from_right() else "ltr", title=title, text=text, form=form)
