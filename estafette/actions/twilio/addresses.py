"""Senders and recipients as Twilio writes them, in our words. Pure."""

import re

from estafette.actions.twilio.failures import failed
from estafette.model import Channel
from estafette.model.address import e164, is_alphanumeric_sender, is_short_code

_WHATSAPP = "whatsapp:"
_SERVICE_SID = re.compile(r"MG([0-9a-fA-F]{32})")


def service(text: str) -> str:
    """The digits of a service's SID; empty for an empty one. Raises Failed."""
    if not text:
        return ""
    found = _SERVICE_SID.fullmatch(text)
    if not found:
        raise failed(21705, text)
    return found[1].lower()


def is_service(text: str) -> bool:
    """Whether what stands for a sender is a service."""
    return bool(_SERVICE_SID.fullmatch(text))


def sender(text: str) -> tuple[Channel, str]:
    """A sender's channel and address. Raises Failed."""
    if text.startswith(_WHATSAPP):
        number = e164(text.removeprefix(_WHATSAPP))
        if number is None:
            raise failed(63007)
        return Channel.WHATSAPP, number
    if e164(text) or is_short_code(text) or is_alphanumeric_sender(text):
        return Channel.SMS, text
    raise failed(21212, text)


def recipient(text: str) -> tuple[Channel, str]:
    """A recipient's channel and number, which has its `+`. Raises Failed."""
    is_whatsapp = text.startswith(_WHATSAPP)
    number = e164(text.removeprefix(_WHATSAPP))
    if number is None:
        raise failed(21211, text)
    return (Channel.WHATSAPP if is_whatsapp else Channel.SMS), number


def listed(text: str) -> tuple[Channel | None, str]:
    """Whose messages to list: a channel and an address; None and nothing for all. Raises Failed."""
    if "\0" in text:
        raise failed(20001, "U+0000 is not text")
    if text.startswith(_WHATSAPP):
        return Channel.WHATSAPP, text.removeprefix(_WHATSAPP)
    return (Channel.SMS if text else None), text
