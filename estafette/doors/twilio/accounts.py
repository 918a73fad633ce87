"""Accounts, and the keys that open them."""

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from estafette.core.core import Core
from estafette.core.people import KEY_SID
from estafette.doors.twilio import auth, paging, wire
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.requests import AT, Row, answer, form, label
from estafette.model import Account, Unknown


class Accounts:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        ("POST", f"{AT}/Keys.json", "create_key"),
        ("GET", f"{AT}/Keys.json", "list_keys"),
        ("GET", f"{AT}/Keys/{{sid}}.json", "fetch_key"),
        ("POST", f"{AT}/Keys/{{sid}}.json", "update_key"),
        ("DELETE", f"{AT}/Keys/{{sid}}.json", "delete_key"),
        ("GET", f"/{wire.API}/Accounts.json", "list_accounts"),
        ("GET", f"{AT}.json", "fetch_account"),
    ]

    def __init__(self, core: Core) -> None:
        self._people = core.people

    async def list_accounts(self, request: Request) -> Response:
        """GET Accounts: the caller's own."""
        account = await auth.owner(request, self._people)
        query = wire.read_form(request.scope["query_string"])
        return answer(
            paging.envelope(
                request.scope["path"],
                query,
                paging.read_asked(query),
                "accounts",
                paging.Listed([account]),
                shape=wire.account,
                token=lambda item: item.sid,
            )
        )

    async def fetch_account(self, request: Request) -> Response:
        """GET one account."""
        return answer(wire.account(await auth.owner(request, self._people)))

    async def create_key(self, request: Request) -> Response:
        """POST Keys: the only time that the secret is shown."""
        account = await auth.owner(request, self._people)
        key, secret = await self._people.add_key(account.sid, label(await form(request)))
        return answer(wire.key(key, secret=secret), 201)

    async def list_keys(self, request: Request) -> Response:
        """GET Keys: those that are not revoked, on one page."""
        account = await auth.owner(request, self._people)
        query = wire.read_form(request.scope["query_string"])
        keys = paging.Listed(await self._people.keys(account.sid))
        return answer(
            paging.envelope(
                request.scope["path"],
                query,
                paging.read_asked(query),
                "keys",
                keys,
                shape=wire.key,
                token=lambda item: item.sid,
            )
        )

    async def fetch_key(self, request: Request) -> Response:
        """GET one key."""
        account, sid = await self._own_key(request)
        found = [key for key in await self._people.keys(account.sid) if key.sid == sid]
        if not found:
            raise TwilioError(20404, request.scope["path"])
        return answer(wire.key(found[0]))

    async def update_key(self, request: Request) -> Response:
        """POST one key: give it another FriendlyName."""
        account, sid = await self._own_key(request)
        title = label(await form(request))
        try:
            return answer(wire.key(await self._people.rename_key(account.sid, sid, title)))
        except Unknown:
            raise TwilioError(20404, request.scope["path"]) from None

    async def delete_key(self, request: Request) -> Response:
        """DELETE one key: it opens nothing from now on."""
        account, sid = await self._own_key(request)
        try:
            await self._people.revoke_key(account.sid, sid)
        except Unknown:
            raise TwilioError(20404, request.scope["path"]) from None
        return Response(status_code=204)

    async def _own_key(self, request: Request) -> tuple[Account, str]:
        account = await auth.owner(request, self._people)
        sid: str = request.path_params["sid"]
        if not KEY_SID.fullmatch(sid):
            raise TwilioError(20404, request.scope["path"])
        return account, sid
