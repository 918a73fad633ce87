"""What is answered where."""

import re
from collections.abc import Awaitable, Iterable
from functools import partial
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from estafette.core.gateway import Gateway
from estafette.core.people import KEY_SID, People
from estafette.doors.paths import Paths
from estafette.doors.twilio import auth, paging, wire
from estafette.doors.twilio.auth import header
from estafette.doors.twilio.errors import TwilioError, of_declined
from estafette.doors.twilio.forms import Answer, in_form, in_json
from estafette.model import Account, Busy, Conflict, Declined, Message, Unknown

log = structlog.get_logger()

LARGEST = 2 << 20  # bytes of a request body
_REF = re.compile(r"[!-~]{1,128}")
_GONE = re.compile(r"/Accounts/[^/]+/SMS/Messages(?:[./]|$)")  # the path before Messages


class Twilio:
    """The door: each method answers one operation."""

    def __init__(self, gateway: Gateway, people: People) -> None:
        self._gateway = gateway
        self._people = people

    async def create_message(self, request: Request) -> Response:
        """POST Messages: written down when this answers; the carrier has not been asked yet."""
        account = await auth.account(request, self._people)
        form = await _form(request)
        send = wire.read_send(form, idempotency_key=_idempotency_key(request))
        try:
            message = await self._gateway.send(account, send)
        except Declined as error:
            raise of_declined(error, send, has_body="Body" in form) from None
        except Conflict:
            raise TwilioError(20409) from None
        return _answer(wire.message(message, created=True), 201, id=message.id)

    async def list_messages(self, request: Request) -> Response:
        """GET Messages: newest first."""
        account = await auth.account(request, self._people)
        query = wire.read_form(request.scope["query_string"])
        asked, filter = paging.read_asked(query), paging.read_filter(query)
        try:
            page = await self._gateway.page(account, filter, limit=asked.size, cursor=asked.cursor)
        except Unknown:
            raise TwilioError(20001, "The PageToken names no message of this list") from None
        listed = paging.Listed(page.items, page.has_next, page.has_previous)
        return _answer(
            paging.envelope(
                request.scope["path"],
                query,
                asked,
                "messages",
                listed,
                shape=wire.message,
                token=lambda item: paging.message_token(item, filter),
            )
        )

    async def fetch_message(self, request: Request) -> Response:
        """GET one message, by its SID or by the id that its carrier gave it."""
        return _answer(wire.message(await self._find(request)))

    async def update_message(self, request: Request) -> Response:
        """POST one message: redact it (`Body=`) or call it back (`Status=canceled`)."""
        message = await self._find(request)
        form = await _form(request)
        account = await self._people.account(message.account)
        body, status = form.get("Body"), form.get("Status")
        if body == [""] and status is None:
            return _answer(wire.message(await self._gateway.redact(account, message.id)))
        if status == ["canceled"] and body is None:
            try:
                return _answer(wire.message(await self._gateway.cancel(account, message.id)))
            except Conflict:
                raise TwilioError(30409) from None
        raise TwilioError(30400)

    async def delete_message(self, request: Request) -> Response:
        """DELETE one message that is complete."""
        message = await self._find(request)
        account = await self._people.account(message.account)
        try:
            await self._gateway.delete(account, message.id)
        except Conflict:
            raise TwilioError(20009) from None
        return Response(status_code=204)

    async def create_feedback(self, request: Request) -> Response:
        """POST Feedback: whether the recipient did what the message asked for; the last counts."""
        message = await self._find(request)
        confirmed = wire.read_outcome(await _form(request))
        account = await self._people.account(message.account)
        found = await self._gateway.put_feedback(account, message.id, confirmed)
        return _answer(wire.feedback(message, found))

    async def _find(self, request: Request) -> Message:
        account = await auth.account(request, self._people)
        sid = request.path_params["sid"]
        try:
            if wire.MESSAGE_SID.fullmatch(sid):
                try:
                    return await self._gateway.find(account, sid[2:].lower())
                except Unknown:
                    pass  # a carrier that speaks this API gives ids of the same form
            if _REF.fullmatch(sid):
                return await self._gateway.find_by_ref(account, sid)
        except Unknown:
            pass
        raise TwilioError(20404, request.scope["path"])

    async def list_accounts(self, request: Request) -> Response:
        """GET Accounts: the caller's own."""
        account = await auth.owner(request, self._people)
        query = wire.read_form(request.scope["query_string"])
        return _answer(
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
        return _answer(wire.account(await auth.owner(request, self._people)))

    async def create_key(self, request: Request) -> Response:
        """POST Keys: the only time that the secret is shown."""
        account = await auth.owner(request, self._people)
        key, secret = await self._people.add_key(account.sid, _label(await _form(request)))
        return _answer(wire.key(key, secret=secret), 201)

    async def list_keys(self, request: Request) -> Response:
        """GET Keys: those that are not revoked, on one page."""
        account = await auth.owner(request, self._people)
        query = wire.read_form(request.scope["query_string"])
        keys = paging.Listed(await self._people.keys(account.sid))
        return _answer(
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
        return _answer(wire.key(found[0]))

    async def update_key(self, request: Request) -> Response:
        """POST one key: give it another FriendlyName."""
        account, sid = await self._own_key(request)
        label = _label(await _form(request))
        try:
            return _answer(wire.key(await self._people.rename_key(account.sid, sid, label)))
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


_AT = f"/{wire.API}/Accounts/{{account}}"

#: The paths in JSON. Each is answered in the other forms, too.
TABLE = [
    ("POST", f"{_AT}/Messages.json", Twilio.create_message),
    ("GET", f"{_AT}/Messages.json", Twilio.list_messages),
    ("GET", f"{_AT}/Messages/{{sid}}.json", Twilio.fetch_message),
    ("POST", f"{_AT}/Messages/{{sid}}.json", Twilio.update_message),
    ("DELETE", f"{_AT}/Messages/{{sid}}.json", Twilio.delete_message),
    ("POST", f"{_AT}/Messages/{{sid}}/Feedback.json", Twilio.create_feedback),
    ("POST", f"{_AT}/Keys.json", Twilio.create_key),
    ("GET", f"{_AT}/Keys.json", Twilio.list_keys),
    ("GET", f"{_AT}/Keys/{{sid}}.json", Twilio.fetch_key),
    ("POST", f"{_AT}/Keys/{{sid}}.json", Twilio.update_key),
    ("DELETE", f"{_AT}/Keys/{{sid}}.json", Twilio.delete_key),
    ("GET", f"/{wire.API}/Accounts.json", Twilio.list_accounts),
    ("GET", f"{_AT}.json", Twilio.fetch_account),
]


class Application:
    """The door as an application; its paths are whole. Whatever goes wrong, the answer has
    Twilio's shape. There are no redirects to paths without a slash: the SDKs follow none.
    """

    def __init__(self, gateway: Gateway, people: People) -> None:
        door = Twilio(gateway, people)
        self._paths = Paths(
            (method, path, partial(operation, door)) for method, path, operation in TABLE
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except TwilioError as error:
            response = _refusal(error)
        except Unknown:  # it was there when it was looked for, and is gone now
            response = _refusal(TwilioError(20404, scope["path"]))
        except Busy as error:
            log.error("not written down", path=scope["path"], text=str(error))
            response = _refusal(TwilioError(20503))
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a request broke", path=scope["path"], method=scope["method"])
            response = _refusal(TwilioError(20500))
        if not scope["path"].endswith(".json"):
            response = in_form(response, scope["path"])
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Awaitable[Response]:
        scope = request.scope
        found = self._paths.find(scope["path"]) or self._paths.find(in_json(scope["path"]))
        if found is None:
            raise _no_path(scope["path"])
        scope["path_params"] = found.holes
        answer = found.by_method.get(scope["method"])
        return answer(request) if answer else _no_method(found.by_method)


def _no_path(path: str) -> TwilioError:
    return TwilioError(20410 if _GONE.search(path) else 20404, path)


async def _no_method(allowed: Iterable[str]) -> Response:
    listed = ", ".join(sorted(set(allowed) - {"HEAD"}))
    return _refusal(TwilioError(20004), (b"allow", listed.encode()))


async def _form(request: Request) -> wire.Form:
    body, more = b"", True
    while more:
        part = await request.receive()
        if part["type"] == "http.disconnect":
            raise ClientDisconnect
        body += part.get("body", b"")
        more = part.get("more_body", False)
        if len(body) > LARGEST:
            raise TwilioError(20413, str(LARGEST))
    return wire.read_form(body)


def _label(form: wire.Form) -> str:
    label = wire.one(form, "FriendlyName")
    if len(label) > 64 or "\0" in label:
        raise TwilioError(20001, "FriendlyName must be at most 64 characters of text")
    return label


def _idempotency_key(request: Request) -> str:
    found = header(request, b"idempotency-key", b"i-twilio-idempotency-token")
    if not found:
        return ""
    key = found.decode("latin-1")
    if len(key) > 255 or not (key.isascii() and key.isprintable()):
        raise TwilioError(20001, "An idempotency key must be at most 255 printable characters")
    return key


def _answer(shape: dict[str, Any], status: int = 200, *, id: str = "") -> Response:
    return Answer(shape, status, ((b"twilio-request-id", f"RQ{id}".encode()),) if id else ())


def _refusal(error: TwilioError, *headers: tuple[bytes, bytes]) -> Response:
    if error.status == 401:
        headers = (*headers, (b"www-authenticate", b'Basic realm="Twilio API"'))
    return Answer(error.shape(), error.status, headers)
