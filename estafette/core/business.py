"""WhatsApp business accounts: by which id each account, and each of its senders, belongs to one."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from estafette.core.connections import Connections
from estafette.core.people import People
from estafette.model import Account, Sender, Unknown

FIRST = "102290129340398"  #: of the oldest account
_DIGITS = 15
_KNOWN = 1024  # accounts: an id never changes, as accounts are never removed
_SETTING = "waba_id"  # of a connection whose carrier has a business account of its own for us


def business_id(account: Account, is_first: bool) -> str:
    """The id of an account's business account: that of the first start for the oldest account, else 15
    digits that always come of its SID.
    """
    if is_first:
        return FIRST
    number = int(sha256(f"business {account.sid}".encode()).hexdigest(), 16)
    return "1" + f"{number % 10 ** (_DIGITS - 1):0{_DIGITS - 1}d}"


class Business:
    """The business accounts of all accounts."""

    def __init__(self, people: People, connections: Connections) -> None:
        self._people = people
        self._connections = connections
        self._ids: dict[str, str] = {}  # by account

    async def of(self, account: str) -> str:
        """The id of the business account of an account, named by its SID. Raises Unknown."""
        if known := self._ids.get(account):
            return known
        every = await self._people.accounts()
        mine = next((one for one in every if one.sid == account), None)
        if mine is None:
            raise Unknown(f"no account {account}")
        found = business_id(mine, is_first=mine is every[0])
        if len(self._ids) >= _KNOWN:
            self._ids.clear()
        self._ids[account] = found
        return found

    async def of_sender(self, sender: Sender) -> str:
        """The id of the business account that a sender belongs to: its carrier's own, where its connection
        is set to one, else that of its account. Raises Unknown.
        """
        _, provider = await self._connections.find(sender.connection)
        told: Any = getattr(provider, _SETTING, "")
        return str(told) if told else await self.of(sender.account)

    async def every(self, account: str, senders: Iterable[Sender]) -> set[str]:
        """All ids by which an account's business accounts are known: its own, and those of these senders."""
        return {await self.of(account), *[await self.of_sender(one) for one in senders]}

    async def owner(self, app: str) -> str:
        """The account that the id of an app means, by its SID: the account itself where it is that, or the
        id of its business account; the oldest for every other number. Raises Unknown.
        """
        every = await self._people.accounts()
        for one in every:
            if app in (one.sid, business_id(one, is_first=one is every[0])):
                return one.sid
        if not every or not (app.isascii() and app.isdigit()):
            raise Unknown("no such app")
        return every[0].sid
