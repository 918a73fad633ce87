"""OutgoingCallerIds: the verified recipients of an account, to which a trial account may write."""

import re
import secrets
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response

from estafette.core.core import Core
from estafette.doors.twilio import auth, paging, wire
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.requests import AT, Row, answer, form, label
from estafette.model import Account, Conflict, Unknown, Verification
from estafette.model.address import e164
from estafette.model.number import friendly
from estafette.model.twilio import rfc2822

SID = re.compile(r"PN[0-9a-fA-F]{32}")
_FILTERS = ("PhoneNumber", "FriendlyName")
_NO_CALL = (
    "Nobody can be called from here to verify {}: who runs this gateway does so, with"
    " `estafette accounts verify`"
)


class Verified:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        ("GET", f"{AT}/OutgoingCallerIds.json", "list_verified"),
        ("POST", f"{AT}/OutgoingCallerIds.json", "verify"),
        ("GET", f"{AT}/OutgoingCallerIds/{{sid}}.json", "fetch_verified"),
        ("POST", f"{AT}/OutgoingCallerIds/{{sid}}.json", "update_verified"),
        ("DELETE", f"{AT}/OutgoingCallerIds/{{sid}}.json", "delete_verified"),
    ]

    def __init__(self, core: Core) -> None:
        self._people = core.people
        self._verified = core.verified
        self._numbers = core.numbers

    async def list_verified(self, request: Request) -> Response:
        """GET OutgoingCallerIds: newest first."""
        account = await auth.account(request, self._people)
        query = wire.read_form(request.scope["query_string"])
        asked = paging.read_asked(query)
        said = {name: wire.one(query, name) for name in _FILTERS}
        if "\0" in "".join(said.values()):
            raise TwilioError(20001, "U+0000 is not text")
        found = await self._verified.page(
            account.sid,
            address=said["PhoneNumber"],
            title=said["FriendlyName"] or None,
            limit=asked.size,
            cursor=asked.cursor,
        )
        return answer(
            paging.envelope(
                request.scope["path"],
                query,
                asked,
                "outgoing_caller_ids",
                paging.Listed(found.items, found.has_next, found.has_previous),
                shape=_shape,
                token=lambda item: f"PN{item.id}",
                filters=_FILTERS,
            )
        )

    async def verify(self, request: Request) -> Response:
        """POST OutgoingCallerIds: verified at once where only the sandbox carries what is sent.

        Elsewhere somebody would have to be called, which nobody can from here.
        """
        account = await auth.account(request, self._people)
        said = await form(request)
        address, title = wire.one(said, "PhoneNumber"), label(said)
        if e164(address) is None:
            raise TwilioError(21421, address)
        if not await self._numbers.is_pretended(account):
            raise TwilioError(20001, address, message=_NO_CALL)
        try:
            made = await self._verified.add(account.sid, address, title, is_pretended=True)
        except Conflict:
            raise TwilioError(21450, address) from None
        return answer(
            {
                "account_sid": account.sid,
                "call_sid": f"CA{made.id}",
                "friendly_name": made.title or friendly(address),
                "phone_number": address,
                "validation_code": f"{secrets.randbelow(1_000_000):06}",
            }
        )

    async def fetch_verified(self, request: Request) -> Response:
        """GET one verified recipient."""
        account, id = await self._own(request)
        try:
            return answer(_shape(await self._verified.get(account.sid, id)))
        except Unknown:
            raise TwilioError(20404, request.scope["path"]) from None

    async def update_verified(self, request: Request) -> Response:
        """POST one verified recipient: give it another FriendlyName."""
        account, id = await self._own(request)
        said = await form(request)
        try:
            if "FriendlyName" in said:
                found = await self._verified.rename(account.sid, id, label(said))
            else:
                found = await self._verified.get(account.sid, id)
        except Unknown:
            raise TwilioError(20404, request.scope["path"]) from None
        return answer(_shape(found))

    async def delete_verified(self, request: Request) -> Response:
        """DELETE one verified recipient: a trial account writes to it no more."""
        account, id = await self._own(request)
        try:
            await self._verified.remove(account.sid, id)
        except Unknown:
            raise TwilioError(20404, request.scope["path"]) from None
        return Response(status_code=204)

    async def _own(self, request: Request) -> tuple[Account, str]:
        account = await auth.account(request, self._people)
        sid: str = request.path_params["sid"]
        if not SID.fullmatch(sid):
            raise TwilioError(20404, request.scope["path"])
        return account, sid[2:].lower()


def _shape(item: Verification) -> dict[str, Any]:
    """An OutgoingCallerId resource."""
    return {
        "sid": f"PN{item.id}",
        "account_sid": item.account,
        "friendly_name": item.title or friendly(item.address),
        "phone_number": item.address,
        "date_created": rfc2822(item.created_at),
        "date_updated": rfc2822(item.updated_at),
        "uri": f"/{wire.API}/Accounts/{item.account}/OutgoingCallerIds/PN{item.id}.json",
    }
