"""The forms of senders: what is asked for, and how it is read."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from estafette.console.carriers import runs_gateway
from estafette.console.filled import Filled, read_number, read_text, read_whole
from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.core.forms import form_of
from estafette.core.url import is_url
from estafette.model import (
    BadValue,
    Channel,
    Conflict,
    Declined,
    GatewayError,
    Hook,
    Misconfigured,
    Reason,
    Sender,
    Unknown,
)

LONGEST_TITLE, LONGEST_REF, LONGEST_NAME = 200, 128, 64  # characters
MOST = 100_000  #: offers a second, or in flight
METHODS = ("POST", "GET")


async def connections(
    visit: Visit, channel: Channel | None = None, kept: str = ""
) -> list[tuple[str, str]]:
    """The connections that may be chosen, for a channel if it is known, as a form has them; none where
    who looks may not know them, and types one.
    """
    if not await runs_gateway(visit):
        return []
    listed = await visit.core.connections.list()
    return [
        (item.name, item.name)
        for item in listed
        if item.name == kept or _carries(item.provider, channel)
    ]


def _carries(provider: str, channel: Channel | None) -> bool:
    try:
        return channel is None or channel in form_of(provider).channels
    except Misconfigured:  # a provider of another version
        return False


def read_title(visit: Visit, filled: Filled) -> str:
    """What people call it."""
    return read_text(visit, filled, "title", LONGEST_TITLE)


def read_parts(visit: Visit, filled: Filled) -> dict[str, Any]:
    """The parts of a sender that are asked for when it is added, and later."""
    return {
        "title": read_title(visit, filled),
        "connection": read_text(visit, filled, "connection", LONGEST_NAME),
        "ref": read_text(visit, filled, "ref", LONGEST_REF),
        "max_per_second": read_number(visit, filled, "max_per_second", MOST),
    }


def read_changes(visit: Visit, filled: Filled, before: Sender) -> dict[str, Any]:
    """All parts of a sender that may be changed."""
    parts = read_parts(visit, filled)
    return {
        **parts,
        "max_per_second": parts["max_per_second"] or 0.0,
        "window": read_whole(visit, filled, "window", 1, MOST),
        "in_order": bool(visit.text("in_order")),
        "inbound": read_hook(visit, filled, "inbound", before.inbound),
        "fallback": read_hook(visit, filled, "fallback", before.fallback),
    }


def read_url(visit: Visit, filled: Filled, name: str) -> str:
    """An address to tell, or nothing."""
    url = visit.text(name)
    if url and not is_url(url):
        asked = _("An address such as https://example.com/inbound, or nothing.")
        filled.wrong(name, visit.say(asked))
    return url


def read_hook(visit: Visit, filled: Filled, name: str, before: Hook) -> Hook:
    """An address to tell, and how."""
    method = visit.text(f"{name}_method")
    if method not in METHODS:
        filled.wrong(f"{name}_method", visit.say("Choose one of these."))
    return replace(before, url=read_url(visit, filled, f"{name}_url"), method=method)


def shown(sender: Sender) -> Filled:
    """The form of a sender as it is."""
    return Filled(
        {
            "title": sender.title,
            "connection": sender.connection,
            "ref": sender.ref,
            "max_per_second": f"{sender.max_per_second:g}",
            "window": sender.window,
            "in_order": "yes" if sender.in_order else "",
            "inbound_url": sender.inbound.url,
            "inbound_method": sender.inbound.method,
            "fallback_url": sender.fallback.url,
            "fallback_method": sender.fallback.method,
        }
    )


def blame(visit: Visit, filled: Filled, error: GatewayError, hooks: Sequence[Hook] = ()) -> None:
    """Note what the core does not take at its field. Raises it where that is none's."""
    match error:
        case Declined(reason=Reason.BAD_SENDER):
            filled.wrong("address", visit.say("This is no address on this channel."))
        case Declined(reason=Reason.BAD_CALLBACK):
            is_inbound = not hooks or hooks[0].url == error.value
            name = "inbound_url" if is_inbound else "fallback_url"
            filled.wrong(name, visit.say("An address inside this network may not be told."))
        case Conflict():
            filled.wrong("address", visit.say("This is a sender already."))
        case BadValue():
            text = _("This channel goes through a connection of the sandbox only.")
            filled.wrong(error.field, visit.say(text))
        case Unknown() if "connection" in str(error):
            filled.wrong("connection", visit.say("There is no such connection."))
        case _:
            raise error
