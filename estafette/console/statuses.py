"""What the console calls our states."""

from estafette.console.words import later as _

#: Of messages, callbacks and whatever else has a state.
LABELS = {
    "scheduled": _("scheduled"),
    "queued": _("queued"),
    "sending": _("sending"),
    "sent": _("sent"),
    "delivered": _("delivered"),
    "read": _("read"),
    "undelivered": _("undelivered"),
    "failed": _("failed"),
    "canceled": _("canceled"),
    "received": _("received"),
    "owed": _("owed"),
    "told": _("told"),
    "given_up": _("given up"),
    "draft": _("draft"),
    "running": _("running"),
    "paused": _("paused"),
    "done": _("done"),
    "inbound": _("inbound"),
    "outbound": _("outbound"),
    "owner": _("owner"),
    "agent": _("agent"),
    "viewer": _("viewer"),
    "sms": _("SMS"),
    "whatsapp": _("WhatsApp"),
    "telegram": _("Telegram"),
    "facebook": _("Facebook"),
    "instagram": _("Instagram"),
}
