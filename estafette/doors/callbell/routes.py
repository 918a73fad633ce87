"""What is answered where: each part of the API has a table of its own."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, NamedTuple, Protocol

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from estafette.core.core import Core
from estafette.doors.callbell import auth
from estafette.doors.callbell.channels import Channels
from estafette.doors.callbell.contacts import Contacts
from estafette.doors.callbell.conversations import Conversations
from estafette.doors.callbell.errors import Refusal, blame
from estafette.doors.callbell.funnels import Funnels
from estafette.doors.callbell.me import Me
from estafette.doors.callbell.messages import Messages
from estafette.doors.callbell.requests import Answered, Call, key, read_object, read_query
from estafette.doors.callbell.statuses import Statuses
from estafette.doors.callbell.teams import Teams
from estafette.doors.callbell.templates import Templates
from estafette.doors.callbell.users import Users
from estafette.doors.callbell.webhooks import Webhooks
from estafette.doors.callers import CHALLENGE, header
from estafette.doors.paths import Paths
from estafette.model import BadValue, Busy, Conflict, Unknown

log = structlog.get_logger()


class Part(Protocol):
    """Some operations: a method for each row of the table."""

    #: Method, path without `/v1`, and the name of the Python method that answers.
    TABLE: ClassVar[list[tuple[str, str, str]]]

    def __init__(self, core: Core) -> None: ...


#: The parts, the most asked first. Of two paths that fit, the one that stands first answers.
PARTS: tuple[type[Part], ...] = (
    Messages, Contacts, Conversations, Templates, Me, Webhooks, Channels, Teams, Users, Statuses,
    Funnels,
)  # fmt: skip

PREFIXES = (
    "/v1/messages", "/v1/contacts", "/v1/templates", "/v1/channels", "/v1/teams", "/v1/webhooks",
    "/v1/auth", "/v1/users", "/v1/custom_statuses", "/v1/custom_status", "/v1/funnels",
    "/v1/plan",
)  # fmt: skip

_encode = msgspec.json.Encoder().encode


class Operation(NamedTuple):
    """What answers a request."""

    run: Callable[[Call], Awaitable[Any]]


class Application:
    """The door as an application; its paths are whole. Whatever goes wrong, the answer is JSON."""

    def __init__(self, core: Core) -> None:
        parts = [part(core) for part in PARTS]
        self._people = core.people
        self._paths: Paths[Operation] = Paths(
            (method, f"/v1{path}", Operation(getattr(part, name)))
            for part in parts
            for method, path, name in part.TABLE
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            response = await self._answer(Request(scope, receive))
        except Refusal as error:
            response = _refusal(error)
        except BadValue as error:
            response = _refusal(blame(**{error.field: str(error)}))
        except Unknown:
            response = _refusal(Refusal(404, "not found"))
        except Conflict as error:
            response = _refusal(Refusal(409, str(error), code="conflict"))
        except Busy as error:
            log.error("not written down", path=scope["path"], text=str(error))
            response = _refusal(Refusal(503, "it cannot be done now: ask again"))
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a request broke", path=scope["path"], method=scope["method"])
            response = _refusal(Refusal(500, "something broke: see the log of the server"))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path, method = request.scope["path"], request.scope["method"]
        found = None if "\0" in path else self._paths.find(path.rstrip("/"))
        credential = await auth.credential(request, self._people)
        if found is None:
            raise Refusal(404, "not found")
        operation = found.by_method.get(method)
        if operation is None:
            allowed = ", ".join(sorted(set(found.by_method) - {"HEAD"}))
            raise Refusal(405, "this path has no such method", headers={"allow": allowed})
        call = Call(
            credential=credential,
            holes=found.holes,
            query=read_query(request.scope["query_string"]),
            body=await read_object(request) if method != "GET" else {},
            idempotency_key=key(header(request, b"idempotency-key").decode("latin-1")),
        )
        done = await operation.run(call)
        answered = done if isinstance(done, Answered) else Answered(done)
        body = b"" if answered.shape is None else _encode(answered.shape)
        kind = None if answered.shape is None else "application/json"
        return Response(body, answered.status, dict(answered.headers), kind)


def _refusal(error: Refusal) -> Response:
    response = Response(_encode(error.shape), error.status, dict(error.headers), "application/json")
    if error.status == 401:
        response.raw_headers.append(CHALLENGE)
    return response
