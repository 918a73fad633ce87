"""Senders and recipients as Twilio writes them, in our words. Pure."""

from estafette.actions.twilio.failures import failed
from estafette.model import Channel
from estafette.model.twilio import PREFIX, SERVICE_SID, read_recipient, read_sender, split

_WHATSAPP = PREFIX[Channel.WHATSAPP]


def service(text: str) -> str:
    """The digits of a service's SID; empty for an empty one. Raises Failed."""
    if not text:
        return ""
    found = SERVICE_SID.fullmatch(text)
    if not found:
        raise failed(21705, text)
    return found[1].lower()


def sender(text: str) -> tuple[Channel, str]:
    """A sender's channel and address. Raises Failed."""
    found = read_sender(text)
    if found is None:
        raise failed(63007) if text.startswith(_WHATSAPP) else failed(21212, text)
    return found


def recipient(text: str) -> tuple[Channel, str]:
    """A recipient's channel and number, which has its `+`. Raises Failed."""
    found = read_recipient(text)
    if found is None:
        raise failed(21211, text)
    return found


def listed(text: str) -> tuple[Channel | None, str]:
    """Whose messages to list: a channel and an address; None and nothing for all. Raises Failed."""
    if "\0" in text:
        raise failed(20001, "U+0000 is not text")
    return split(text) if text else (None, "")
