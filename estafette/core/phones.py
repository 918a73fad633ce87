"""What is kept of WhatsApp numbers beside what every sender has: whether they are registered, their PIN,
their profile and their settings.

It stands among the details of the sender. No carrier is told of it: it is what those who ask for it here
have set.
"""

from collections.abc import Mapping
from typing import Any

from estafette.core.senders import Senders
from estafette.core.vault import Vault
from estafette.model import GatewayError, Sender

DETAILS = "whatsapp"  #: under which name a sender's details have it
UNREGISTERED = "133010"  #: Meta's code for a number that nothing can be sent from
_PIN, _GONE = "pin", "deregistered"


class WrongPin(GatewayError):
    """It is not the PIN of that number."""


def kept(sender: Sender) -> Mapping[str, Any]:
    """What is kept of a number, by name; never to be shown as a whole."""
    found = sender.details.get(DETAILS)
    return found if isinstance(found, dict) else {}


def is_registered(sender: Sender) -> bool:
    """Whether messages may be sent from a number: until it is deregistered."""
    return not kept(sender).get(_GONE)


def has_pin(sender: Sender) -> bool:
    """Whether a number is registered with a PIN only."""
    return bool(kept(sender).get(_PIN))


class Phones:
    """The WhatsApp numbers of all accounts."""

    def __init__(self, senders: Senders, vault: Vault) -> None:
        self._senders = senders
        self._vault = vault

    async def keep(self, sender: Sender, **parts: Any) -> Sender:
        """Keep these parts of a number beside what is kept already; None takes one away. Raises Unknown."""
        return await self._senders.note(sender.account, sender.id, DETAILS, parts)

    async def set_pin(self, sender: Sender, pin: str) -> Sender:
        """Give a number another PIN. Raises Unknown."""
        return await self.keep(sender, **{_PIN: self._print(sender, pin)})

    async def register(self, sender: Sender, pin: str) -> Sender:
        """Let messages be sent from a number. The first PIN that is given becomes its own.

        Raises WrongPin, or Unknown.
        """
        known, given = kept(sender).get(_PIN), self._print(sender, pin)
        if known and known != given:
            raise WrongPin
        return await self.keep(sender, **{_PIN: given, _GONE: None})

    async def deregister(self, sender: Sender) -> Sender:
        """Let nothing be sent from a number until it is registered again. Raises Unknown."""
        return await self.keep(sender, **{_GONE: True})

    def _print(self, sender: Sender, pin: str) -> str:
        """What is kept of a PIN: it tells nothing of it without the keys of this gateway."""
        return self._vault.fingerprint(f"PIN of {sender.id}: {pin}")
