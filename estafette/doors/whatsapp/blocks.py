"""People whom a number does not hear, and to whom nothing is sent."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from estafette.core.core import Core
from estafette.doors.whatsapp.declined import of_refused
from estafette.doors.whatsapp.errors import Refusal, missing, wrong
from estafette.doors.whatsapp.fields import PRODUCT, check_product, list_of, text_of
from estafette.doors.whatsapp.paging import asked_of, page
from estafette.doors.whatsapp.requests import Call
from estafette.model import Channel, Sender, SendError
from estafette.model.address import is_person, spelled_number
from estafette.model.meta import title_of

_MOST = 1000  # people in one request
_TOO_MANY = 130429
_SELF, _SILENT = 131021, 131047
_FAILED = 139100  # some could not be blocked
_LONGEST = 256  # characters of what somebody is named by


class Person(NamedTuple):
    """Somebody to block, or to hear again."""

    input: str  #: as they were named
    address: str  #: as messages have it; empty for what names nobody
    user_id: str = ""  #: what they were named by in place of a number
    code: int = 0  #: why that cannot be; 0 where it can
    text: str = ""

    @property
    def shape(self) -> dict[str, Any]:
        """As an answer has them."""
        found: dict[str, Any] = {"input": self.input}
        if self.user_id:
            found["user_id"] = self.user_id
        elif self.address:
            found["wa_id"] = self.address.removeprefix("+")
        if self.code:
            error = {"message": title_of(self.code), "code": self.code}
            found["errors"] = [{**error, "error_data": {"details": self.text}}]
        return found


class Blocks:
    """Each method answers one operation. The list is that of the account: it counts for all its numbers."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/{phone}/block_users", "blocked"),
        ("POST", "/{phone}/block_users", "block"),
        ("DELETE", "/{phone}/block_users", "unblock"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def blocked(self, call: Call) -> dict[str, Any]:
        """Who is blocked, in the order of their numbers."""
        sender = await self._phone(call)
        limit, after, before = asked_of(call)
        found = await self._core.blocks.page(
            sender.account, limit=limit + 1, after=after, before=before
        )
        has_more = len(found) > limit
        found = found[-limit:] if before else found[:limit]
        return page(
            call,
            self._core.public_url,
            [_listed(address) for address in found],
            found,
            has_next=bool(before) or has_more,
            has_previous=bool(after) or (bool(before) and has_more),
        )

    async def block(self, call: Call) -> dict[str, Any]:
        """Hear these people no more, and send them nothing."""
        sender = await self._phone(call)
        people = await self._people(call, sender)
        named = [person.address for person in people if not person.code]
        silent = await self._core.window.silent(sender, named)
        people = [_answerable(person, silent) for person in people]
        good = [person for person in people if not person.code]
        try:
            await self._core.blocks.block(sender, [person.address for person in good])
        except SendError as error:
            raise of_refused(error) from None
        return _answer("added_users", people)

    async def unblock(self, call: Call) -> dict[str, Any]:
        """Hear these people again; who was not blocked stays as they are."""
        sender = await self._phone(call)
        people = await self._people(call, sender)
        good = [person.address for person in people if not person.code]
        try:
            await self._core.blocks.unblock(sender, good)
        except SendError as error:
            raise of_refused(error) from None
        return _answer("removed_users", people)

    async def _phone(self, call: Call) -> Sender:
        """The number that the path names. Raises Unknown."""
        ref = call.holes["phone"]
        return await self._core.senders.by_ref(call.account.sid, Channel.WHATSAPP, ref)

    async def _people(self, call: Call, sender: Sender) -> list[Person]:
        """Whom a request names, each once. Raises Refusal."""
        check_product(call.body)
        value = call.body.get("block_users")
        if isinstance(value, list) and len(value) > _MOST:
            raise Refusal(_TOO_MANY, f"block_users has at most {_MOST} people")
        items = list_of(call.body, "block_users", _MOST)
        if not items:
            raise missing("block_users")
        found = [await self._person(item, sender) for item in items]
        return list({person.input: person for person in found}.values())

    async def _person(self, item: Any, sender: Sender) -> Person:
        if not isinstance(item, dict):
            raise wrong("block_users", "must be objects with user or user_id")
        named = text_of(item, "user", _LONGEST)
        user_id = text_of(item, "user_id", _LONGEST) if not named else None
        if named and is_person(named):
            named, user_id = None, named
        if user_id:
            if not is_person(user_id):
                return Person(user_id, "", "", _SILENT, "it is no user id")
            known = await self._core.aliases.resolve(sender.account, sender.channel, user_id)
            return Person(user_id, known, user_id)
        if not named:
            raise missing("block_users.user")
        address = spelled_number(named, is_dialled=False)
        if address is None:
            return Person(named, "", "", _SILENT, "it is no number on WhatsApp")
        if address == sender.address:
            return Person(named, address, "", _SELF, "a number cannot block itself")
        return Person(named, address)


def _answerable(person: Person, silent: set[str]) -> Person:
    """Somebody who wrote in the last 24 hours, or of whom nothing is known; else why not."""
    if person.code or person.address not in silent:
        return person
    return person._replace(code=_SILENT, text="they did not write in the last 24 hours")


def _listed(address: str) -> dict[str, Any]:
    """Somebody who is blocked."""
    person = Person(address.removeprefix("+"), address, address if is_person(address) else "")
    return {"messaging_product": PRODUCT, **person.shape}


def _answer(name: str, people: Sequence[Person]) -> dict[str, Any]:
    """Who it was done for, and for whom it could not be. Raises Refusal where it was for nobody."""
    good = [person.shape for person in people if not person.code]
    bad = [person.shape for person in people if person.code]
    parts = {name: good, "failed_users": bad} if bad else {name: good}
    shape: dict[str, Any] = {"messaging_product": PRODUCT, "block_users": parts}
    if not bad:
        return shape
    message, details = (
        f"(#{_FAILED}) Failed to block/unblock users",
        "failed_users says who, and why",
    )
    if not good:
        raise Refusal(_FAILED, details, message=message, status=400, beside=shape)
    error = {"message": message, "type": "OAuthException", "code": _FAILED}
    # Where it was done for some, clients read it as a success with `errors` in it.
    return {**shape, "errors": {**error, "error_data": {"details": details}}}
