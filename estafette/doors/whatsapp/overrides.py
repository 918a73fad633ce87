"""Which address is told what happens: of one number, of a business account, or of whatever is left."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from estafette.core.challenge import Unanswered
from estafette.core.core import Core
from estafette.core.url import is_url
from estafette.doors.whatsapp.errors import Refusal, missing, wrong
from estafette.doors.whatsapp.fields import text_of
from estafette.model import Account, Channel, Declined, Sender, Subscription
from estafette.model.subscription import ANY_SENDER

DOOR = "whatsapp"
EVENTS = "received,status"  #: what `messages` means in our words
NOTHING = "none"  #: what is told where `messages` is not among the fields
MESSAGES = "messages"
PHONE, WABA, APP = "phone", "waba", "app"  #: the levels: the first that is there is told
_LONGEST_URL = 200  # characters of an address that comes before that of the app
_LONGEST_TOKEN = 1024
_UNVERIFIED = 2200  # Graph's code for an address that did not answer as it should


class Wanted(NamedTuple):
    """An address that wants to be told, once it is read."""

    url: str
    verify_token: str


def read_override(body: Mapping[str, Any], *, prefix: str = "") -> Wanted:
    """The address that a body names, with an empty URL where it names none. Raises Refusal."""
    name = "override_callback_uri"
    url = text_of(body, name, 2048) or ""
    if len(url) > _LONGEST_URL:
        raise wrong(f"{prefix}{name}", f"must have at most {_LONGEST_URL} characters")
    return _checked(url, body, f"{prefix}{name}", prefix) if url else Wanted("", "")


def read_callback(body: Mapping[str, Any]) -> Wanted:
    """The address that an app names. Raises Refusal."""
    url = text_of(body, "callback_url", 2048)
    if not url:
        raise missing("callback_url")
    return _checked(url, body, "callback_url", "")


def _checked(url: str, body: Mapping[str, Any], name: str, prefix: str) -> Wanted:
    if not is_url(url):
        raise wrong(name, "must be an http or https URL")
    token = text_of(body, "verify_token", _LONGEST_TOKEN)
    if not token:
        raise missing(f"{prefix}verify_token")
    return Wanted(url, token)


class Overrides:
    """The addresses of all levels."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def put_phone(self, account: Account, sender: Sender, told: Mapping[str, Any]) -> None:
        """Have an address told of one number; an empty URL takes it away. Raises Refusal."""
        asked = read_override(told, prefix="webhook_configuration.")
        if not asked.url:
            await self.remove(account, sender.id)
            return
        waba = await self._core.business.of_sender(sender)
        details = {"level": PHONE, "waba": waba, "phone": sender.ref}
        await self._put(account, sender.id, asked, details)

    async def put_waba(self, account: Account, waba: str, body: Mapping[str, Any]) -> None:
        """Have an address told of a business account; without a URL it is taken away. Raises Refusal."""
        asked = read_override(body)
        if not asked.url:
            await self.remove(account, ANY_SENDER)
            return
        await self._put(account, ANY_SENDER, asked, {"level": WABA, "waba": waba})

    async def put_app(
        self, account: Account, app: str, asked: Wanted, fields: Sequence[str], secret: str
    ) -> None:
        """Have an address told of whatever no other is told of. It signs with `secret`; where that is
        empty, with the token of the account. Raises Refusal.
        """
        details = {
            "level": APP,
            "waba": await self._core.business.of(account.sid),
            "app": app,
            "fields": list(fields),
        }
        event = EVENTS if MESSAGES in fields else NOTHING
        await self._put(account, "", asked, details, event=event, secret=secret)

    async def _put(
        self,
        account: Account,
        place: str,
        asked: Wanted,
        details: Mapping[str, Any],
        *,
        event: str = EVENTS,
        secret: str | None = None,
    ) -> None:
        """Keep an address, once it has answered; else the one that was there stays. Raises Refusal."""
        try:
            await self._core.challenge.ask(asked.url, asked.verify_token)
            await self._core.subscriptions.put(
                account.sid,
                door=DOOR,
                event=event,
                url=asked.url,
                secret=secret,
                details={**details, "verified": True},  # the token itself is not kept
                channel=Channel.WHATSAPP,
                sender=place,
            )
        except Unanswered as error:
            raise _unverified(str(error)) from None
        except Declined:
            raise _unverified("it is an address that may not be told") from None

    async def every(self, account: str) -> dict[str, Subscription]:
        """The addresses of an account by their places: the id of a sender, ANY_SENDER, or nothing."""
        found = await self._core.subscriptions.list(account, DOOR)
        return {item.sender: item for item in found if item.channel == Channel.WHATSAPP}

    async def remove(self, account: Account, place: str) -> None:
        """Tell the address of one place no more, if there is one."""
        found = (await self.every(account.sid)).get(place)
        if found:
            await self._core.subscriptions.remove(account.sid, found.id, door=DOOR)

    async def shape(self, sender: Sender) -> dict[str, str] | None:
        """The addresses that count for a number, by level; None where there is none."""
        every = await self.every(sender.account)
        places = {
            "phone_number": sender.id, "whatsapp_business_account": ANY_SENDER, "application": "",
        }  # fmt: skip
        found = {name: every[place].url for name, place in places.items() if place in every}
        return found or None

    async def apps(self, account: Account) -> list[dict[str, Any]]:
        """The apps that are told of a business account: there is always one, the account itself."""
        every = await self.every(account.sid)
        mine = every.get("")
        id = str(mine.details.get("app") or "") if mine else ""
        app: dict[str, Any] = {
            "whatsapp_business_api_data": {
                "id": id or await self._core.business.of(account.sid),
                "name": account.name,
                "link": self._core.public_url,
            }
        }
        if ANY_SENDER in every:
            app["override_callback_uri"] = every[ANY_SENDER].url
        return [app]


def _unverified(text: str) -> Refusal:
    said = f"(#{_UNVERIFIED}) Callback verification failed with the following errors: {text}"
    return Refusal(_UNVERIFIED, message=said, status=400)
