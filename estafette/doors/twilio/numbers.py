"""IncomingPhoneNumbers: the numbers that an account holds, each a sender of ours."""

import re
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from estafette.core.core import Core
from estafette.doors.twilio import auth, paging, trying, wire
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.phone import read_pattern, read_settings, shape
from estafette.doors.twilio.requests import AT, Row, answer, form
from estafette.model import Account, AccountKind, Conflict, Declined, Sender, Unknown
from estafette.model.address import e164
from estafette.model.number import Held, Number, NumberKind, Wanted

SID = re.compile(r"PN[0-9a-fA-F]{32}")
_AREA_CODE = re.compile(r"[2-9][0-9]{2}")
_FILTERS = ("Beta", "FriendlyName", "PhoneNumber", "Origin")
_ORIGINS = ("", "twilio", "hosted")
_PATHS = {
    "Local": NumberKind.LOCAL,
    "Mobile": NumberKind.MOBILE,
    "TollFree": NumberKind.TOLL_FREE,
}


class Numbers:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        ("GET", f"{AT}/IncomingPhoneNumbers.json", "list_numbers"),
        ("POST", f"{AT}/IncomingPhoneNumbers.json", "create_number"),
        *(
            (method, f"{AT}/IncomingPhoneNumbers/{path}.json", name)
            for path in _PATHS
            for method, name in (("GET", "list_numbers"), ("POST", "create_number"))
        ),
        ("GET", f"{AT}/IncomingPhoneNumbers/{{sid}}.json", "fetch_number"),
        ("POST", f"{AT}/IncomingPhoneNumbers/{{sid}}.json", "update_number"),
        ("DELETE", f"{AT}/IncomingPhoneNumbers/{{sid}}.json", "delete_number"),
    ]

    def __init__(self, core: Core) -> None:
        self._people = core.people
        self._numbers = core.numbers

    async def list_numbers(self, request: Request) -> Response:
        """GET IncomingPhoneNumbers, or those of one kind: newest first."""
        account = await auth.account(request, self._people)
        query = wire.read_form(request.scope["query_string"])
        asked = paging.read_asked(query)
        held = _read_held(query, _kind(request))
        listed: paging.Listed[Sender] = paging.Listed([])
        if wire.one(query, "Origin") != "hosted":  # none of ours is
            found = await self._numbers.page(account, held, limit=asked.size, cursor=asked.cursor)
            listed = paging.Listed(found.items, found.has_next, found.has_previous)
        return answer(
            paging.envelope(
                request.scope["path"],
                query,
                asked,
                "incoming_phone_numbers",
                listed,
                shape=shape,
                token=lambda item: f"PN{item.id}",
                filters=_FILTERS,
            )
        )

    async def create_number(self, request: Request) -> Response:
        """POST IncomingPhoneNumbers: take a number that is free."""
        account = await auth.account(request, self._people, may_be_test=True)
        said = await form(request)
        kind = _kind(request)
        address, area = wire.one(said, "PhoneNumber"), wire.one(said, "AreaCode")
        if kind and area:
            raise TwilioError(21457)
        if not address and (kind or not area):
            raise TwilioError(21421, address, message="" if kind else _NEEDED)
        if account.kind is AccountKind.TEST:
            tried = trying.number(address, area)
            drafted = self._numbers.draft(account, tried, read_settings(said))
            return answer(shape(drafted), 201)
        configure = read_settings(said)
        while True:
            number = await self._choose(address, area, kind)
            try:
                return answer(shape(await self._numbers.take(account, number, configure)), 201)
            except Conflict:  # somebody was quicker: of an area there may be another
                if address:
                    raise TwilioError(21422, address) from None
            except Declined as error:
                raise TwilioError(21402, error.value) from None

    async def _choose(self, address: str, area: str, kind: NumberKind | None) -> Number:
        if not address:
            return await self._of_area(area)
        if e164(address) is None:
            raise TwilioError(21421, address)
        try:
            found = await self._numbers.one(address)
        except (Unknown, Conflict):
            raise TwilioError(21422, address) from None
        if kind not in (None, found.kind):
            raise TwilioError(21422, address)
        return found

    async def _of_area(self, area: str) -> Number:
        if not _AREA_CODE.fullmatch(area):
            raise TwilioError(21451, area)
        wanted = Wanted(kind=NumberKind.LOCAL, area_code=area, able={"sms": True})
        found = await self._numbers.free(wanted, limit=1)
        if not found:
            raise TwilioError(21452, area)
        return found[0]

    async def fetch_number(self, request: Request) -> Response:
        """GET one number."""
        account, id = await self._own(request)
        try:
            return answer(shape(await self._numbers.get(account, id)))
        except Unknown:
            raise TwilioError(20404, request.scope["path"]) from None

    async def update_number(self, request: Request) -> Response:
        """POST one number: what is not said stays."""
        account, id = await self._own(request)
        said = await form(request)
        if wire.one(said, "AccountSid") not in ("", account.sid):
            raise TwilioError(20001, "AccountSid must be that of the account that has the number")
        configure = read_settings(said)
        try:
            return answer(shape(await self._numbers.change(account, id, configure)))
        except Unknown:
            raise TwilioError(20404, request.scope["path"]) from None
        except Declined as error:
            raise TwilioError(21402, error.value) from None

    async def delete_number(self, request: Request) -> Response:
        """DELETE one number: it is given back. What waits is still sent."""
        account, id = await self._own(request)
        try:
            await self._numbers.release(account, id)
        except Unknown:
            raise TwilioError(20404, request.scope["path"]) from None
        return Response(status_code=204)

    async def _own(self, request: Request) -> tuple[Account, str]:
        account = await auth.account(request, self._people)
        sid: str = request.path_params["sid"]
        if not SID.fullmatch(sid):
            raise TwilioError(20404, request.scope["path"])
        return account, sid[2:].lower()


_NEEDED = "A PhoneNumber or an AreaCode is needed"


def _kind(request: Request) -> NumberKind | None:
    """The kind that the path names, if it does."""
    last = request.scope["path"].rstrip("/").rpartition("/")[2].partition(".")[0]
    return _PATHS.get(last)


def _read_held(query: wire.Form, kind: NumberKind | None) -> Held:
    contains = read_pattern(wire.one(query, "PhoneNumber"), "PhoneNumber")
    if wire.one(query, "Origin") not in _ORIGINS:
        raise TwilioError(20001, "Origin must be twilio or hosted")
    if wire.one(query, "Beta").lower() not in ("", "true", "false"):
        raise TwilioError(20001, "Beta must be true or false")
    title = wire.one(query, "FriendlyName")
    if "\0" in title:
        raise TwilioError(20001, "U+0000 is not text")
    return Held(kind=kind, title=title, contains=contains)
