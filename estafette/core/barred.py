"""Whom an account may not write to as things are, and what it may not write from."""

from estafette.core.blocks import CODE as BLOCKED
from estafette.core.blocks import Blocks
from estafette.core.phones import UNREGISTERED, is_registered
from estafette.core.suppressions import Suppressions
from estafette.core.window import Window
from estafette.model import Account, Channel, Declined, Reason, Send, Sender


class Barred:
    """Asks all that may bar a message."""

    def __init__(self, suppressions: Suppressions, blocks: Blocks, window: Window) -> None:
        self._suppressions = suppressions
        self._blocks = blocks
        self._window = window

    async def why(self, account: Account, send: Send, sender: Sender) -> Reason | None:
        """Why the recipient of a message may not be written to, if so. `sender` is whose lane it takes."""
        if not send.despite_opt_out and await self._suppressions.is_suppressed(
            account.sid, send.recipient, send.channel, sender=sender.id, service=send.service
        ):
            return Reason.OPTED_OUT
        if await self._blocks.is_blocked(account.sid, send.channel, send.recipient):
            return Reason.BLOCKED
        is_let = await self._window.lets(account.sid, send, sender)
        return None if is_let else Reason.OUTSIDE_WINDOW


def declined(reason: Reason, send: Send) -> Declined:
    """What is said at once of a message that is barred."""
    return Declined(reason, send.recipient, code=BLOCKED if reason is Reason.BLOCKED else "")


def check_sender(send: Send, sender: Sender) -> None:
    """Raises Declined where nothing may be sent from this sender: it is a number that was deregistered."""
    if send.channel is Channel.WHATSAPP and not is_registered(sender):
        raise Declined(Reason.BAD_SENDER, send.sender, code=UNREGISTERED)
