"""Why a row of a file becomes no message, as the console says it."""

from estafette.console.reasons import REASONS
from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.model import Reason
from estafette.model.batch import Fault, Wrong

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


def fault_text(visit: Visit, code: str) -> str:
    """What a fault is, in the language of who looks."""
    if code in FAULTS:
        return visit.say(FAULTS[code])
    return visit.say(REASONS[Reason(code)]) if code in tuple(Reason) else code


def blamed(visit: Visit, fault: Fault) -> tuple[str, str]:
    """What is wrong with a row, and the part of it that is to blame."""
    return fault_text(visit, fault.code), fault.text or fault.value
