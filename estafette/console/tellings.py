"""What the console calls what became of messages: outcomes, second ways, doors."""

from estafette.console.words import later as _
from estafette.model import CallbackStatus, Outcome
from estafette.model.fallback import Why

OUTCOMES: dict[Outcome, str] = {
    Outcome.ACCEPTED: _("the carrier took it"),
    Outcome.REFUSED: _("the carrier did not take it"),
    Outcome.THROTTLED: _("the carrier asked to come back later"),
    Outcome.UNREACHED: _("nothing left us"),
    Outcome.UNCLEAR: _("nobody knows whether it was taken"),
    Outcome.MISCONFIGURED: _("the connection is wrong, and waits to be mended"),
}
#: The badge that an outcome has the colours of.
COLOURS = {
    None: "sending",
    Outcome.ACCEPTED: "delivered",
    Outcome.THROTTLED: "canceled",
    Outcome.UNREACHED: "canceled",
    Outcome.UNCLEAR: "canceled",
}
WHY: dict[Why, str] = {
    Why.REFUSED: _("its carrier did not take it"),
    Why.FAILED: _("its carrier lost it"),
    Why.UNDELIVERED: _("its carrier could not deliver it"),
    Why.EXPIRED: _("nobody took it in time"),
    Why.UNANSWERED: _("it may have been taken, and nobody ever said"),
    Why.LATE: _("it was not delivered in time"),
    Why.WINDOW: _("the recipient wrote too long ago"),
}
#: Of callbacks, as their badges have them.
TOLD = {
    CallbackStatus.WAITING: "owed",
    CallbackStatus.TOLD: "told",
    CallbackStatus.GIVEN_UP: "given_up",
}
DOORS = {
    "": _("Estafette itself"),
    "own": _("Estafette API"),
    "twilio": _("Twilio API"),
    "callbell": _("Callbell-style API"),
    "whatsapp": _("WhatsApp Cloud API"),
    "actions": _("Actions"),
    "connectors": _("Logic Apps connector"),
    "workflowgen": _("WorkflowGen"),
    "console": _("this console"),
}
