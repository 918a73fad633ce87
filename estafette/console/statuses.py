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
    "inbound": _("inbound"),
    "outbound": _("outbound"),
    "unsubmitted": _("not submitted"),
    "pending": _("being looked at"),
    "approved": _("approved"),
    "rejected": _("rejected"),
    "paused": _("paused"),
    "disabled": _("disabled"),
    "deactivated": _("deactivated"),
    "deleted": _("deleted"),
    "in_appeal": _("in appeal"),
    "limit_exceeded": _("over the limit"),
    "pending_deletion": _("being deleted"),
    "owner": _("owner"),
    "agent": _("agent"),
    "viewer": _("viewer"),
    "sms": _("SMS"),
    "whatsapp": _("WhatsApp"),
    "telegram": _("Telegram"),
    "facebook": _("Facebook"),
    "instagram": _("Instagram"),
}
