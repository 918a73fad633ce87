"""Adds webhooks: of which sender each is told, and whether its address wants to be."""

from typing import Any

from estafette.core.business import Business
from estafette.core.challenge import Challenge
from estafette.core.senders import Senders
from estafette.core.subscriptions import Subscriptions
from estafette.model import Channel, Sender, Subscription, Unknown
from estafette.model.subscription import ANY_SENDER

WHATSAPP = "whatsapp"  # the door that tells in the words of WhatsApp's Cloud API
#: In the details: whether it has answered what WhatsApp asks first. The token of that is not kept.
VERIFIED = "verified"


class Webhooks:
    """The addresses that an account has told what happens."""

    def __init__(
        self, subscriptions: Subscriptions, senders: Senders, business: Business, asks: Challenge
    ) -> None:
        self._subscriptions = subscriptions
        self._senders = senders
        self._business = business
        self._asks = asks

    async def add(
        self,
        account: str,
        *,
        door: str,
        event: str,
        url: str,
        secret: str = "",
        sender: str = "",
        verify_token: str = "",
    ) -> Subscription:
        """One more, in the words of a door. With a `verify_token` its address is asked first. `sender`
        goes with the words of WhatsApp only: see `sender_of`.

        Raises Unknown for a sender, Unanswered, and Declined as `Subscriptions.add`.
        """
        place, details, channel = "", dict[str, Any](), ""
        if door == WHATSAPP:
            place, details = await self._place(account, sender)
            details[VERIFIED] = bool(verify_token)
            channel = Channel.WHATSAPP
        if verify_token:
            await self._asks.ask(url, verify_token)
        return await self._subscriptions.add(
            account,
            door=door,
            event=event,
            url=url,
            secret=secret,
            details=details,
            channel=channel,
            sender=place,
        )

    async def _place(self, account: str, name: str) -> tuple[str, dict[str, Any]]:
        """Of which sender it is told, and what the door that tells it keeps of it. Raises Unknown."""
        if name in ("", ANY_SENDER):
            waba = await self._business.of(account)
            return name, {"level": "waba" if name else "app", "waba": waba}
        sender = await self.sender_of(account, name.strip())
        waba = await self._business.of_sender(sender)
        return sender.id, {"level": "phone", "waba": waba, "phone": sender.ref}

    async def sender_of(self, account: str, name: str) -> Sender:
        """A WhatsApp sender by its id, its number, or its phone number id. Raises Unknown."""
        try:
            found = await self._senders.get(account, name)
        except Unknown:
            return await self._senders.find(account, Channel.WHATSAPP, name)
        if found.channel is not Channel.WHATSAPP:
            raise Unknown(f"no sender {name} on {Channel.WHATSAPP}")
        return found
