"""Why a row of a file becomes no message, as the console says it."""

from estafette.console.reasons import REASONS
from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.model import Reason
from estafette.model.batch import BadSheet, Fault, Unread, Wrong

FAULTS: dict[str, str] = {
    Wrong.MISSING: _("A hole of the text is not filled."),
    Wrong.DUPLICATE: _("The recipient stands in a row before."),
    Wrong.CELLS: _("It has more cells than the file has columns."),
    Wrong.CHANNEL: _("There is no such channel."),
    Wrong.TIME: _("This is not a time."),
    Wrong.MEDIA: _("This is not the address of a picture or file."),
    Wrong.TEMPLATE: _("The template cannot be sent like this."),
    Wrong.INTERNAL: _("Something broke: the log of the server knows more."),
}


UNREAD: dict[Unread, str] = {
    Unread.EMPTY: _("The file is empty."),
    Unread.NO_ROWS: _("Nothing stands below the names of the columns."),
    Unread.NO_NAMES: _("The first line must name the columns, such as: to,name"),
    Unread.NO_TEXT: _("The file is not text: save it as CSV, in UTF-8."),
    Unread.LINE: _("Line %(number)s of the file cannot be read."),
    Unread.COLUMNS: _("The file has more than %(number)s columns."),
    Unread.ROWS: _("The file has more than %(number)s rows."),
}


def unread(visit: Visit, error: BadSheet) -> str:
    """Why a file cannot be read, in the language of who looks."""
    text = UNREAD[error.kind]
    return visit.say(text, number=error.number) if "%" in text else visit.say(text)


def fault_text(visit: Visit, code: str) -> str:
    """What a fault is, in the language of who looks."""
    if code in FAULTS:
        return visit.say(FAULTS[code])
    return visit.say(REASONS[Reason(code)]) if code in tuple(Reason) else code


def blamed(visit: Visit, fault: Fault) -> tuple[str, str]:
    """What is wrong with a row, and the part of it that is to blame."""
    return fault_text(visit, fault.code), fault.text or fault.value
