"""Messaging services: pools of senders, and what is in them."""

from typing import Any, ClassVar, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from estafette.core.core import Core
from estafette.doors.twilio import auth, paging, wire
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.requests import Row, answer, bare, form, label, own_id, query, settings
from estafette.model import Account
from estafette.model.listed import cut
from estafette.model.pool import Form, form_of, home_of
from estafette.model.service import DEFAULTS, Member, NotAdmitted, Obstacle, Service
from estafette.model.twilio import PREFIX, split

AT = "/v1/Services"

#: Why a sender does not come into a pool, in Twilio's codes.
NOT_ADMITTED = {Obstacle.DUPLICATE: 21710, Obstacle.ELSEWHERE: 21712, Obstacle.FULL: 21714}


class Kind(NamedTuple):
    """What a list of senders in a pool holds, and how it is spoken of."""

    form: Form
    prefix: str  #: of its SIDs
    key: str  #: of the list
    parameters: tuple[str, ...]  #: that name the one to bring in, by SID or by address
    field: str  #: that holds its address


KINDS = {
    "PhoneNumbers": Kind(Form.NUMBER, "PN", "phone_numbers", ("PhoneNumberSid",), "phone_number"),
    "ShortCodes": Kind(Form.SHORT_CODE, "SC", "short_codes", ("ShortCodeSid",), "short_code"),
    "AlphaSenders": Kind(Form.NAME, "AI", "alpha_senders", ("AlphaSender",), "alpha_sender"),
    "ChannelSenders": Kind(Form.CHANNEL, "XE", "senders", ("Sid", "Sender"), "sender"),
}


class Services:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        ("POST", AT, "create"),
        ("GET", AT, "list_services"),
        ("GET", f"{AT}/{{service}}", "fetch"),
        ("POST", f"{AT}/{{service}}", "update"),
        ("DELETE", f"{AT}/{{service}}", "delete"),
        *(
            row
            for name in KINDS
            for row in (
                ("POST", f"{AT}/{{service}}/{name}", "join"),
                ("GET", f"{AT}/{{service}}/{name}", "members"),
                ("GET", f"{AT}/{{service}}/{name}/{{sid}}", "member"),
                ("DELETE", f"{AT}/{{service}}/{name}/{{sid}}", "leave"),
            )
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._people = core.people
        self._pools = core.pools
        self._url = core.public_url

    async def create(self, request: Request) -> Response:
        """POST Services: a pool without senders."""
        account = await auth.caller(request, self._people)
        said = await form(request)
        made = await self._pools.add(account, _name(said), settings(said, DEFAULTS))
        return answer(self._shape(made), 201)

    async def list_services(self, request: Request) -> Response:
        """GET Services: newest first."""
        account = await auth.caller(request, self._people)
        asked = paging.read_asked(query(request))
        found = await self._pools.page(account, limit=asked.size, cursor=asked.cursor)
        return answer(
            paging.meta(
                self._url,
                request.scope["path"],
                asked,
                "services",
                found,
                shape=self._shape,
                token=lambda item: f"MG{item.id}",
            )
        )

    async def fetch(self, request: Request) -> Response:
        """GET one service."""
        account = await auth.caller(request, self._people)
        return answer(self._shape(await self._pools.get(account, own_id(request, "service", "MG"))))

    async def update(self, request: Request) -> Response:
        """POST one service: what is left out stays."""
        account = await auth.caller(request, self._people)
        id = own_id(request, "service", "MG")
        said = await form(request)
        name = _name(said) if "FriendlyName" in said else None
        return answer(
            self._shape(await self._pools.save(account, id, name, settings(said, DEFAULTS)))
        )

    async def delete(self, request: Request) -> Response:
        """DELETE one service; its senders stay."""
        account = await auth.caller(request, self._people)
        await self._pools.remove(account, own_id(request, "service", "MG"))
        return Response(status_code=204)

    async def join(self, request: Request) -> Response:
        """POST one kind of senders: bring a sender into the pool."""
        account = await auth.caller(request, self._people)
        service, kind = own_id(request, "service", "MG"), _kind(request)
        sender = await self._sender(account, kind, await form(request), request)
        try:
            made = await self._pools.join(account, service, sender)
        except NotAdmitted as error:
            raise TwilioError(NOT_ADMITTED[error.obstacle]) from None
        return answer(self._member_shape(kind, made), 201)

    async def _sender(self, account: Account, kind: Kind, said: wire.Form, request: Request) -> str:
        """The id of the sender that is to come into a pool."""
        text = next((text for name in kind.parameters if (text := wire.one(said, name))), "")
        if not text:
            raise TwilioError(20001, f"{kind.parameters[0]} is required")
        id = bare(text, kind.prefix)
        if not id:
            channel, address = split(text)
            if "\0" in text or kind.form in (Form.NUMBER, Form.SHORT_CODE):
                raise TwilioError(20404, request.scope["path"])
            id = (await self._pools.sender(account, channel, address)).id
        known = await self._pools.own(account, id)
        if form_of(known) is not kind.form:
            raise TwilioError(20404, request.scope["path"])
        return id

    async def members(self, request: Request) -> Response:
        """GET one kind of senders in a pool: newest first."""
        kind = _kind(request)
        asked = paging.read_asked(query(request))
        found = await self._members(request, kind)
        return answer(
            paging.meta(
                self._url,
                request.scope["path"],
                asked,
                kind.key,
                cut(found, asked.size, asked.cursor, lambda item: item.sender.id),
                shape=lambda item: self._member_shape(kind, item),
                token=lambda item: f"{kind.prefix}{item.sender.id}",
            )
        )

    async def member(self, request: Request) -> Response:
        """GET one sender in a pool."""
        kind = _kind(request)
        return answer(self._member_shape(kind, await self._member(request, kind)))

    async def leave(self, request: Request) -> Response:
        """DELETE one sender from a pool; it stays the account's."""
        found = await self._member(request, _kind(request))
        account = await auth.caller(request, self._people)
        await self._pools.leave(account, found.service, found.sender.id)
        return Response(status_code=204)

    async def _members(self, request: Request, kind: Kind) -> list[Member]:
        account = await auth.caller(request, self._people)
        found = await self._pools.members(account, own_id(request, "service", "MG"))
        return [item for item in found if form_of(item.sender) is kind.form]

    async def _member(self, request: Request, kind: Kind) -> Member:
        for item in await self._members(request, kind):
            if item.sender.id == own_id(request, "sid", kind.prefix):
                return item
        raise TwilioError(20404, request.scope["path"])

    def _shape(self, service: Service) -> dict[str, Any]:
        """A Service resource."""
        url = f"{self._url}{AT}/MG{service.id}"
        links = ("phone_numbers", "short_codes", "alpha_senders", "channel_senders")
        return {
            "account_sid": service.account,
            "friendly_name": service.name,
            "sid": f"MG{service.id}",
            "date_created": wire.iso8601(service.created_at),
            "date_updated": wire.iso8601(service.updated_at),
            **{name: None if value == "" else value for name, value in service.settings.items()},
            "us_app_to_person_registered": False,
            "links": {link: f"{url}/{name}" for link, name in zip(links, KINDS, strict=True)},
            "url": url,
        }

    def _member_shape(self, kind: Kind, member: Member) -> dict[str, Any]:
        """A PhoneNumber, ShortCode, AlphaSender or ChannelSender resource."""
        sender, service = member.sender, f"MG{member.service}"
        sid = f"{kind.prefix}{sender.id}"
        (name,) = (name for name, item in KINDS.items() if item is kind)
        known: dict[str, Any] = {
            "sid": sid,
            "account_sid": sender.account,
            "date_created": wire.iso8601(member.created_at),
            "date_updated": wire.iso8601(member.updated_at),
            kind.field: PREFIX[sender.channel] + sender.address,
            "url": f"{self._url}{AT}/{service}/{name}/{sid}",
        }
        if kind.form is Form.CHANNEL:
            return {
                **known,
                "messaging_service_sid": service,
                "sender_type": "WhatsApp",
                "country_code": home_of(sender),
            }
        known |= {"service_sid": service, "capabilities": ["SMS"]}
        if kind.form is not Form.NAME:
            known |= {"country_code": home_of(sender), "capabilities": ["MMS", "SMS"]}
        return known


def _kind(request: Request) -> Kind:
    """The kind of senders that the path names."""
    path: str = request.scope["path"]
    return KINDS[path.split("/Services/")[1].split("/")[1]]


def _name(said: wire.Form) -> str:
    name = label(said)
    if not name:
        raise TwilioError(20001, "FriendlyName is required")
    return name
