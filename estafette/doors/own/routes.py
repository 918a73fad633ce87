"""What is answered where. Each operation is a row of a table; the docs are made of the same rows."""

from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from estafette.core.core import Core
from estafette.doors.callers import CHALLENGE, header
from estafette.doors.own import auth, openapi, trail, wire
from estafette.doors.own.audit import Trail
from estafette.doors.own.batches import Batches
from estafette.doors.own.callbacks import Callbacks
from estafette.doors.own.connections import Connections
from estafette.doors.own.contacts import Contacts
from estafette.doors.own.conversations import Conversations
from estafette.doors.own.errors import Refusal, of_declined
from estafette.doors.own.fields import Fields
from estafette.doors.own.funnels import Funnels
from estafette.doors.own.keys import Keys
from estafette.doors.own.messages import Messages
from estafette.doors.own.numbers import Numbers
from estafette.doors.own.providers import Providers
from estafette.doors.own.sandbox import Sandbox
from estafette.doors.own.senders import Senders
from estafette.doors.own.services import Services
from estafette.doors.own.settings import Settings
from estafette.doors.own.statuses import Statuses
from estafette.doors.own.suppressions import Suppressions
from estafette.doors.own.tags import Tags
from estafette.doors.own.teams import Teams
from estafette.doors.own.templates import Templates
from estafette.doors.own.users import Users
from estafette.doors.own.webhooks import Webhooks
from estafette.doors.own.wire import Answered, Call, Row
from estafette.doors.paths import Paths
from estafette.doors.requests import TooLarge, read_body
from estafette.model import BadValue, Busy, Conflict, Declined, Misconfigured, Unknown

log = structlog.get_logger()

#: The operations, by resource; the most asked first.
PARTS = (
    Messages, Batches, Callbacks, Webhooks, Suppressions, Senders, Numbers, Services, Connections, Providers,
    Keys, Settings, Sandbox, Contacts, Conversations, Users, Teams, Tags, Fields, Funnels, Statuses,
    Templates, Trail,
)  # fmt: skip

TABLE: list[Row] = [row for part in PARTS for row in part.TABLE]

#: Readable by everybody.
OPEN = ("/api/openapi.json", "/api/docs")

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class Operation(NamedTuple):
    """A row, and the function that answers it."""

    row: Row
    run: Callable[[Call], Awaitable[Any]]


class Application:
    """The door as an application; its paths are whole. Whatever goes wrong, the answer is JSON of one
    shape.
    """

    def __init__(self, core: Core) -> None:
        parts = [part(core) for part in PARTS]
        self._people = core.people
        self._audit = core.audit
        self._paths: Paths[Operation] = Paths(
            (row.method, row.path, Operation(row, getattr(part, row.name)))
            for part in parts
            for row in part.TABLE
        )
        self._parts = parts
        self._public_url = core.public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            response = await self._answer(Request(scope, receive))
        except Refusal as error:
            response = _refusal(error)
        except Declined as error:
            response = _refusal(of_declined(error))
        except BadValue as error:
            response = _refusal(Refusal("bad_request", str(error), field=error.field))
        except Unknown as error:
            response = _refusal(Refusal("not_found", str(error)))
        except Conflict as error:
            response = _refusal(Refusal("conflict", str(error)))
        except Misconfigured as error:
            response = _refusal(Refusal("misconfigured", str(error), field="settings"))
        except Busy as error:
            log.error("not written down", path=scope["path"], text=str(error))
            response = _refusal(Refusal("busy", "it cannot be done now: ask again"))
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a request broke", path=scope["path"], method=scope["method"])
            response = _refusal(Refusal("internal", "something broke: see the log of the server"))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        scope = request.scope
        path, method = scope["path"], scope["method"]
        if path in OPEN:
            return self._document(path, method)
        found = None if "\0" in path else self._paths.find(path)
        if found is None:
            raise Refusal("not_found", f"nothing is served at {path}")
        operation = found.by_method.get(method)
        if operation is None:
            return _no_method(found.by_method)
        credential = await auth.credential(request, self._people)
        row = operation.row
        said, query = wire.read_query(scope["query_string"], row.query)
        raw = await _read(request, row.largest)
        kind = header(request, b"content-type").decode("latin-1")
        kind = kind.partition(";")[0].strip().lower()
        call = Call(
            account=credential.account,
            key=credential.key,
            holes=found.holes,
            path=path,
            said=said,
            query=query,
            body=None if kind == row.takes != _JSON else _body(row, raw),
            raw=raw,
            idempotency_key=_key(request) if row.keyed else "",
            content_type=kind,
        )
        done = await operation.run(call)
        if trail.is_change(row):
            await trail.write(self._audit, row, call, done)
        if isinstance(done, Response):
            return done
        if isinstance(done, Answered):
            return _json(done.shape, done.status)
        return Response(status_code=204) if row.answer is None else _json(done, row.status)

    @cached_property
    def _documents(self) -> dict[str, tuple[bytes, bytes]]:
        """The description, as data and as a page: made when it is asked for first, since most
        processes are never asked.
        """
        described = openapi.describe(TABLE, _about(self._parts), self._public_url)
        return {
            OPEN[0]: (_encode(described), b"application/json"),
            OPEN[1]: (openapi.page(described).encode(), b"text/html; charset=utf-8"),
        }

    def _document(self, path: str, method: str) -> Response:
        if method not in ("GET", "HEAD"):
            return _no_method(["GET"])
        body, kind = self._documents[path]
        headers = {
            "content-type": kind.decode(),
            "content-security-policy": openapi.POLICY,
            "x-content-type-options": "nosniff",
        }
        return Response(body, headers=headers)


def _about(parts: Iterable[object]) -> dict[str, str]:
    """What each operation does, by the name of its part and its own."""
    return {
        f"{type(part).__name__}.{row.name}": getattr(part, row.name).__doc__ or ""
        for part in parts
        for row in type(part).TABLE  # type: ignore[attr-defined]
    }


def _body(row: Row, raw: bytes) -> Any:
    if row.body is None:
        if raw.strip() not in (b"", b"{}"):
            raise Refusal("bad_request", "there is no body here")
        return None
    if row.optional and not raw.strip():
        return row.body()
    return wire.read_body(raw, row.body)


async def _read(request: Request, most: int) -> bytes:
    try:
        return await read_body(request, most)
    except TooLarge:
        raise Refusal("too_large", f"a body has at most {most} bytes") from None


def _key(request: Request) -> str:
    key = header(request, b"idempotency-key").decode("latin-1")
    if len(key) > 255 or not (key.isascii() and (key.isprintable() or not key)):
        raise Refusal("bad_request", "an idempotency key has at most 255 printable characters")
    return key


def _json(shape: Any, status: int) -> Response:
    return Response(_encode(shape), status, media_type="application/json")


def _refusal(error: Refusal) -> Response:
    response = _json(error.problem, error.status)
    if error.status == 401:
        response.raw_headers.append(CHALLENGE)
    return response


def _no_method(allowed: Iterable[str]) -> Response:
    response = _refusal(Refusal("method_not_allowed", "this path has no such method"))
    listed = ", ".join(sorted(set(allowed) - {"HEAD"}))
    response.raw_headers.append((b"allow", listed.encode()))
    return response
