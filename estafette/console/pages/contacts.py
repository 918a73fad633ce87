"""Contacts: a list, one of them with all that is known of it, and the words that are used for them."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.responses import Response

from estafette.console.cards import NOBODY, Typed, typed_of, values_of
from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.console.wording import Wording
from estafette.core.core import Core
from estafette.model import Channel, Declined, Unknown
from estafette.model.contact import Card
from estafette.model.desk import is_line, read_email

_PAGE = 50
_SOURCE = "console"  #: how it is known that they agreed, where who said so is signed in
_LONGEST = {"name": 200, "email": 320, "note": 5000, "address": 256}


class Contacts(Wording):
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/contacts", "list"),
        get("/contacts/new", "new"),
        post("/contacts", "add"),
        *Wording.TABLE,
        get("/contacts/{id}", "show"),
        post("/contacts/{id}", "change"),
        post("/contacts/{id}/block", "block"),
        post("/contacts/{id}/remove", "remove"),
    ]

    def __init__(self, core: Core) -> None:
        super().__init__(core.desk)
        self._core = core
        self._contacts = core.contacts

    async def list(self, visit: Visit) -> Response:
        """Show those of late first, or those who are searched for."""
        asked = {
            name: visit.query.get(name, "")[:200].strip() for name in ("search", "tag", "channel")
        }
        if asked["channel"] not in tuple(Channel):
            asked["channel"] = ""
        after = visit.query.get("after", "")
        parts: dict[str, Any] = {
            "limit": _PAGE,
            "search": asked["search"],
            "tags": [asked["tag"]] if asked["tag"] else (),
            "channel": Channel(asked["channel"]) if asked["channel"] else None,
            "is_counted": False,
        }
        try:
            found = await self._contacts.page(visit.account.sid, after=after, **parts)
        except Unknown:
            found = await self._contacts.page(visit.account.sid, **parts)
        given = {name: value for name, value in asked.items() if value}
        older = f"?{urlencode({**given, 'after': found.next})}" if found.next else ""
        return visit.show(
            "contacts.html",
            cards=found.items,
            asked=asked,
            is_narrowed=bool(given),
            newest=f"/console/contacts{'?' + urlencode(given) if given else ''}" if after else "",
            older=f"/console/contacts{older}" if older else "",
            tags=await self._core.desk.tags(visit.account.sid),
        )

    async def new(self, visit: Visit) -> Response:
        """Ask for one."""
        return await self._form(
            visit, Typed(channel=Channel.SMS, address=visit.query.get("address", ""))
        )

    async def add(self, visit: Visit) -> Response:
        """Add one; of one who is there, what is given is changed."""
        account, typed = visit.account.sid, await self._typed(visit)
        if typed.errors:
            return await self._form(visit, typed, status=400)
        try:
            card = await self._contacts.add(
                account,
                channel=typed.channel,
                address=typed.address,
                name=typed.name,
                email=typed.email,
                tags=typed.tags,
                note=typed.note,
                fields={name: value for name, value in typed.fields.items() if value is not None},
            )
        except Declined:
            typed.errors["address"] = visit.say("This is not an address on this channel.")
            return await self._form(visit, typed, status=400)
        if typed.agreed:
            await self._contacts.change(account, card.contact.id, opt_in=_SOURCE)
        visit.changed("contact.added", card.contact.id, address=card.contact.address)
        return visit.go(f"/console/contacts/{card.contact.id}", visit.say("The contact is added."))

    async def show(self, visit: Visit) -> Response:
        """Show what is known of one, and the conversations with it."""
        card = await self._card(visit)
        known = await self._core.desk.fields(visit.account.sid)
        return await self._form(visit, typed_of(card.contact, known), card)

    async def change(self, visit: Visit) -> Response:
        """Write down what is known of it by now."""
        account, card, typed = visit.account.sid, await self._card(visit), await self._typed(visit)
        if typed.errors:
            return await self._form(visit, typed, card, 400)
        contact, opt_in = card.contact, None
        if typed.agreed != (contact.opt_in_at is not None):
            opt_in = _SOURCE if typed.agreed else ""
        await self._contacts.change(
            account,
            contact.id,
            name=typed.name,
            email=typed.email,
            tags=typed.tags,
            note=typed.note,
            fields=typed.fields,
            opt_in=opt_in,
        )
        visit.changed("contact.changed", contact.id, address=contact.address)
        return visit.go(f"/console/contacts/{contact.id}", visit.say("Saved."))

    async def block(self, visit: Visit) -> Response:
        """Hear one no more, or let it in again."""
        id, blocked = _id(visit), visit.text("blocked") == "yes"
        await self._contacts.change(visit.account.sid, id, blocked=blocked)
        visit.changed("contact.blocked" if blocked else "contact.let_in", id)
        path = f"/console/contacts/{id}"
        if blocked:
            return visit.go(path, visit.say("The contact is blocked."))
        return visit.go(path, visit.say("The contact is let in again."))

    async def remove(self, visit: Visit) -> Response:
        """Forget one with its conversations and notes."""
        card = await self._card(visit)
        await self._contacts.remove(visit.account.sid, card.contact.id)
        visit.changed("contact.removed", card.contact.id, address=card.contact.address)
        return visit.go("/console/contacts", visit.say("The contact is forgotten."))

    async def _form(
        self, visit: Visit, typed: Typed, card: Card | None = None, status: int = 200
    ) -> Response:
        account = visit.account.sid
        talks = await self._core.conversations.of_contact(account, card.contact.id) if card else ()
        return visit.show(
            "contacts-one.html",
            status,
            card=card,
            typed=typed,
            talks=talks,
            fields=await self._core.desk.fields(account),
            tags=await self._core.desk.tags(account),
        )

    async def _typed(self, visit: Visit) -> Typed:
        """What was typed, with what is wrong about it."""
        channel = visit.text("channel")
        known = await self._core.desk.fields(visit.account.sid)
        values, wrong = values_of(visit, known)
        typed = Typed(
            channel=Channel(channel) if channel in tuple(Channel) else Channel.SMS,
            address=visit.text("address"),
            name=visit.text("name"),
            email=visit.text("email"),
            note=visit.text("note").replace("\r\n", "\n"),
            tags=tuple(tag.strip() for tag in visit.text("tags").split(",") if tag.strip()),
            agreed=visit.text("agreed") == "yes",
            fields=values,
            errors=wrong,
        )
        _judge(visit, typed)
        return typed

    async def _card(self, visit: Visit) -> Card:
        return await self._contacts.get(visit.account.sid, _id(visit))


def page(core: Core) -> Contacts:
    """The page, around one core."""
    return Contacts(core)


def _judge(visit: Visit, typed: Typed) -> None:
    """Note what cannot be kept."""
    for field, most in _LONGEST.items():
        if len(getattr(typed, field)) > most:
            typed.errors[field] = visit.say("It has %(most)s characters at the most.", most=most)
    if typed.email and read_email(typed.email) is None:
        typed.errors["email"] = visit.say("This is not an e-mail address.")
    if not is_line(typed.name):
        typed.errors["name"] = visit.say("A name stands in one line.")
    if len(typed.tags) > 100 or any(len(tag) > 200 for tag in typed.tags):
        typed.errors["tags"] = visit.say("A contact has at most 100 tags of 200 characters.")


def _id(visit: Visit) -> str:
    id = str(visit.holes["id"]).lower()
    return id if id.isalnum() else NOBODY
