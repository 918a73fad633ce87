"""Contacts: listed, found, made, changed and destroyed."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from estafette.core.core import Core
from estafette.core.senders import chosen
from estafette.doors.callbell.assignment import Assignment, assignment, warned
from estafette.doors.callbell.errors import UNKNOWN, Refusal, blame, denied, not_found
from estafette.doors.callbell.fields import BadFields, read_fields
from estafette.doors.callbell.identifiers import read_identifier
from estafette.doors.callbell.parameters import Parameters
from estafette.doors.callbell.recipients import NotRead
from estafette.doors.callbell.requests import PER_PAGE, Answered, Call, meta
from estafette.doors.callbell.shapes import contact_shape, is_bsuid
from estafette.doors.callbell.wire import uuid
from estafette.model import Channel, Sender, Unknown
from estafette.model.contact import Card
from estafette.model.desk import Field

LAST_PAGE = 500  # what comes after it is reached by `after`
LONGEST_NAME, LONGEST_NOTE, LONGEST_IDENTIFIER = 250, 1_000, 255  # characters
BOT_WORDS = ("bot_start", "bot_end")
SOURCES = tuple(channel.value for channel in Channel)
_NOT_EDITABLE = ("identifier", "phone", "phoneNumber", "phone_number", "source", "channel_uuid")


class Given(NamedTuple):
    """What a body says of a contact, whether it is new or not; None for what it leaves out."""

    name: str | None
    tags: tuple[str, ...] | None
    fields: Mapping[str, Any] | None
    note: str | None
    bot_status: str | None


class Contacts:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/contacts", "page"),
        ("POST", "/contacts", "create"),
        ("GET", "/contacts/phone/{number}", "by_phone"),
        ("GET", "/contacts/bsuid/{bsuid}", "by_bsuid"),
        ("GET", "/contacts/{contact}", "show"),
        ("PATCH", "/contacts/{contact}", "change"),
        ("DELETE", "/contacts/{contact}", "destroy"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._contacts = core.contacts

    async def page(self, call: Call) -> dict[str, Any]:
        """Contacts, those of the newest conversations first."""
        after, number = call.query.get("after", ""), 1
        if not after and (number := call.page) > LAST_PAGE:
            raise Refusal(400, "Pagination limit exceeded")
        team = await self._team(call)
        try:
            found = await self._contacts.page(
                call.account.sid,
                number=number,
                after=after,
                limit=PER_PAGE,
                channel=_source(call.query.get("source", "")),
                tags=_tags(call.query.get("tags", "")),
                team=team,
            )
        except Unknown:
            raise Refusal(400, "Invalid pagination cursor") from None
        return {
            "contacts": await self._shapes(call, found.items),
            "meta": {**meta(number, found.count), "next": found.next},
        }

    async def show(self, call: Call) -> dict[str, Any]:
        """One contact."""
        return await self._answer(call, await self._card(call))

    async def by_phone(self, call: Call) -> dict[str, Any]:
        """One contact by its number, or by what else the channel calls it."""
        account, channel, sender = call.account.sid, Channel.WHATSAPP, ""
        if named := call.query.get("channel_uuid"):
            held = await self._named(account, named)
            channel, sender = held.channel, held.id
        address = read_identifier(channel, call.holes["number"])
        if isinstance(address, NotRead):
            raise not_found()
        found = await self._contacts.find(account, channel, address, sender=sender)
        return await self._answer(call, found)

    async def by_bsuid(self, call: Call) -> dict[str, Any]:
        """One contact by what WhatsApp calls somebody whose number it hides."""
        bsuid = call.holes["bsuid"]
        if not is_bsuid(Channel.WHATSAPP, bsuid):
            raise not_found()
        found = await self._contacts.find(call.account.sid, Channel.WHATSAPP, bsuid)
        return await self._answer(call, found)

    async def create(self, call: Call) -> Answered:
        """Make one; where there is one for this channel and identifier, it is changed."""
        account, kinds, said = call.account.sid, await self._kinds(call), Parameters(call.body)
        identifier = said.text("identifier", LONGEST_IDENTIFIER, required=True)
        source = said.text("source", 100, required=True)
        if source and source not in SOURCES:
            said.wrong("source", f"must be one of {', '.join(SOURCES)}")
        channel = Channel(source) if source in SOURCES else None
        address = read_identifier(channel, identifier) if channel and identifier else ""
        if isinstance(address, NotRead):
            said.wrong("identifier", address.text)
        given = _given(said, call.body, kinds, is_new=True)
        named = said.text("channel_uuid", 100)
        said.check()
        assigned = await assignment(self._core, account, call.body)
        assert channel is not None  # noqa: S101 - checked above
        sender = await self._sender(account, channel, named or "")
        card = await self._contacts.add(
            account,
            channel=channel,
            address=str(address),
            sender=sender.id,
            name=given.name or "",
            tags=given.tags or (),
            fields=given.fields or {},
            assignee=assigned.assignee or "",
            team=assigned.team or "",
            note=given.note or "",
        )
        return await self._changed(call, card, given, assigned.warnings)

    async def change(self, call: Call) -> Answered:
        """Change what is given; its number stays as it is."""
        account, before, kinds = call.account.sid, await self._card(call), await self._kinds(call)
        said = Parameters(call.body)
        given = _given(said, call.body, kinds, is_new=False)
        is_left = said.flag("unassign_user")
        said.check()
        assigned = await self._assigned(call, before)
        card = await self._contacts.change(
            account,
            before.contact.id,
            name=given.name,
            tags=given.tags,
            fields=given.fields,
            note=given.note,
            assignee="" if is_left and not assigned.assignee else assigned.assignee,
            team="" if call.body.get("team_uuid") == "" else assigned.team,
        )
        return await self._changed(call, card, given, assigned.warnings)

    async def destroy(self, call: Call) -> dict[str, str]:
        """Forget one, with its conversations; messages stay."""
        await self._contacts.remove(call.account.sid, contact_id(call))
        return {"status": "contact was destroyed"}

    async def _assigned(self, call: Call, before: Card) -> Assignment:
        found = await assignment(self._core, call.account.sid, call.body)
        fixed = [name for name in _NOT_EDITABLE if call.body.get(name) is not None]
        said = (f"{', '.join(fixed)}: cannot be changed",) if fixed else ()
        return found._replace(warnings=found.warnings + said)

    async def _changed(
        self, call: Call, card: Card, given: Given, warnings: tuple[str, ...]
    ) -> Answered:
        if given.bot_status:
            account = call.account.sid
            card = await self._contacts.bot(account, card.contact.id, given.bot_status)
        return warned(await self._answer(call, card), warnings)

    async def _card(self, call: Call) -> Card:
        return await self._contacts.get(call.account.sid, contact_id(call))

    async def _answer(self, call: Call, card: Card) -> dict[str, Any]:
        (shape,) = await self._shapes(call, [card])
        return {"contact": shape}

    async def _shapes(self, call: Call, cards: Sequence[Card]) -> list[dict[str, Any]]:
        """Contacts, with what their fields hold where the query asks for that."""
        wanted = call.query.get("include_field_types", "").lower() in ("true", "1")
        kinds = await self._kinds(call) if wanted else None
        mains, url = await main_channels(self._core, call.account.sid), self._core.public_url
        return [
            contact_shape(card, public_url=url, field_kinds=kinds, mains=mains) for card in cards
        ]

    async def _kinds(self, call: Call) -> dict[str, Field]:
        return {field.name: field for field in await self._core.desk.fields(call.account.sid)}

    async def _team(self, call: Call) -> str:
        named = call.query.get("team_uuid", "")
        return (await assignment(self._core, call.account.sid, {"team_uuid": named})).team or ""

    async def _sender(self, account: str, channel: Channel, named: str) -> Sender:
        if not named:
            found = await self._core.senders.choose(account, channel)
            if found is None:
                raise denied("no_channel", f"there is no channel of the type {channel}")
            return found
        found = await self._named(account, named)
        if found.channel is not channel:
            raise blame(channel_uuid=f"is a channel of the type {found.channel}")
        return found

    async def _named(self, account: str, named: str) -> Sender:
        id = uuid(named)
        try:
            if id:
                return await self._core.senders.get(account, id)
        except Unknown:
            gone = await self._core.senders.discarded(account)
            if any(sender.id == id for sender in gone):
                raise denied("channel_disabled", "this channel was discarded") from None
        raise blame(channel_uuid=UNKNOWN)


async def main_channels(core: Core, account: str) -> frozenset[str]:
    """The ids of the main channels of an account, one of each type."""
    held = await core.senders.list(account)
    found = (chosen([one for one in held if one.channel is channel]) for channel in Channel)
    return frozenset(sender.id for sender in found if sender)


def contact_id(call: Call) -> str:
    """The contact that a path names, by an id in either form. Raises Refusal."""
    found = uuid(call.holes["contact"])
    if found is None:
        raise not_found()
    return found


def _given(
    said: Parameters, body: Mapping[str, Any], kinds: Mapping[str, Field], *, is_new: bool
) -> Given:
    name = said.text("name", LONGEST_NAME, required=is_new)
    fields = None
    if body.get("custom_fields") is not None:
        try:
            fields = read_fields(body["custom_fields"], kinds)
        except BadFields as error:
            said.wrong("custom_fields", *error.texts)
    return Given(
        name=name,
        tags=said.names("tags"),
        fields=fields,
        note=said.text("note", LONGEST_NOTE),
        bot_status=said.word("bot_status", BOT_WORDS),
    )


def _source(text: str) -> Channel | None:
    if text and text not in SOURCES:
        raise blame(source=f"must be one of {', '.join(SOURCES)}")
    return Channel(text) if text else None


def _tags(text: str) -> tuple[str, ...]:
    said = Parameters({"tags": text})
    found = said.names("tags")
    said.check()
    return found or ()
