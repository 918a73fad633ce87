"""What an address may be told, as the console says it."""

from estafette.console.words import later as _
from estafette.model.notice import Event
from estafette.model.subscription import CREATED, RECEIVED, STATUS

#: By the words of a subscription.
EVENTS: dict[str, str] = {
    RECEIVED: _("Somebody wrote"),
    STATUS: _("What becomes of messages"),
    Event.CONTACT_CREATED: _("A contact is new"),
    Event.CONTACT_UPDATED: _("A contact was changed"),
    Event.CONTACT_DELETED: _("A contact was deleted"),
    Event.CONVERSATION_OPENED: _("A conversation was opened"),
    Event.CONVERSATION_CLOSED: _("A conversation was closed"),
    Event.AGENT_STATUS: _("An agent came or went"),
    Event.TEAM_MEMBERSHIP: _("Somebody joined or left a team"),
}
#: What other doors have besides.
TOGETHER = {CREATED: _("A message was written down")}
FORMATS = {
    "own": _("Estafette’s own"),
    "whatsapp": _("As the WhatsApp Cloud API"),
}
