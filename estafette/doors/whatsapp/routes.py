"""What is answered where: each part of the API has a table of its own."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, NamedTuple, Protocol

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from estafette.core.core import Core
from estafette.doors.callers import header
from estafette.doors.paths import Paths
from estafette.doors.whatsapp import auth
from estafette.doors.whatsapp.access import Access
from estafette.doors.whatsapp.blocks import Blocks
from estafette.doors.whatsapp.errors import TRACE, Refusal, new_trace, unknown
from estafette.doors.whatsapp.examples import Examples
from estafette.doors.whatsapp.media import Media
from estafette.doors.whatsapp.messages import Messages
from estafette.doors.whatsapp.objects import Objects
from estafette.doors.whatsapp.phones import Phones
from estafette.doors.whatsapp.profiles import Profiles
from estafette.doors.whatsapp.requests import (
    VERSION,
    Answered,
    Call,
    read_object,
    read_query,
)
from estafette.doors.whatsapp.subscriptions import Subscriptions
from estafette.doors.whatsapp.templates import Templates
from estafette.model import BadValue, Busy, Conflict, Unknown

log = structlog.get_logger()

#: Every path with a version, and those that begin with an id.
PATTERN = re.compile(r"/v[0-9]+\.[0-9]+(?:/|$)|/[0-9]+(?:/|$)")
PREFIXES = ("/oauth/access_token",)


class Part(Protocol):
    """Some operations: a method for each row of the table."""

    #: Method, path without a version, and the name of the Python method that answers.
    TABLE: ClassVar[list[tuple[str, str, str]]]

    def __init__(self, core: Core) -> None: ...


#: The parts, the most asked first. Of two paths that fit, the one that stands first answers.
PARTS: tuple[type[Part], ...] = (
    Messages, Media, Templates, Phones, Profiles, Blocks, Subscriptions, Access, Examples, Objects,
)  # fmt: skip

_encode = msgspec.json.Encoder().encode


class Operation(NamedTuple):
    """What answers a request."""

    run: Callable[[Call], Awaitable[Any]]
    reads: bool  #: it reads the body by itself
    is_open: bool  #: it asks for no token, or looks at what is shown by itself


class Application:
    """The door as an application; its paths are whole. Whatever goes wrong, the answer is JSON."""

    def __init__(self, core: Core) -> None:
        parts = [part(core) for part in PARTS]
        self._core = core
        self._paths: Paths[Operation] = Paths(
            (method, path, _operation(part, name))
            for part in parts
            for method, path, name in part.TABLE
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. The query may hold a token: it is never logged."""
        trace = new_trace()
        try:
            response = await self._answer(Request(scope, receive))
        except Refusal as error:
            response = _refusal(error, trace)
        except Unknown:
            response = _refusal(unknown(_last(scope["path"]), scope["method"].lower()), trace)
        except Conflict as error:
            response = _refusal(Refusal(100, str(error), status=409), trace)
        except BadValue as error:
            response = _refusal(Refusal(100, f"{error.field} {error}"), trace)
        except Busy as error:
            log.error("not written down", path=scope["path"], trace=trace, text=str(error))
            response = _refusal(Refusal(2, "It cannot be written down now: ask again."), trace)
        except ClientDisconnect:
            return
        except Exception:
            log.exception(
                "a request broke", path=scope["path"], method=scope["method"], trace=trace
            )
            response = _refusal(Refusal(131000, "Something broke here: see the log."), trace)
        response.raw_headers.append((TRACE, trace.encode()))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path, method = request.scope["path"], request.scope["method"]
        if version := VERSION.match(path):
            path = path[version.end() :]
        found = None if "\0" in path else self._paths.find(path.rstrip("/"))
        raw_query = request.scope["query_string"]
        query = read_query(raw_query) if raw_query else {}
        token = query.pop("access_token", "")
        if found is None:
            raise Refusal(2500, status=404, message=f"Unknown path components: {path[:200]}")
        operation = found.by_method.get(method)
        if operation is None:
            raise Refusal(
                100,
                status=405,
                message=f"Unsupported {method.lower()[:20]} request on this path.",
                headers={"allow": ", ".join(sorted(found.by_method))},
            )
        credential = None
        if not operation.is_open:
            credential = await auth.credential(request, self._core, token)
        is_read = operation.reads or method in ("GET", "HEAD")
        call = Call(
            credential=credential,  # type: ignore[arg-type] # an open operation looks by itself
            request=request,
            holes=found.holes,
            query=query,
            body={} if is_read else await read_object(request),
            idempotency_key=_key(header(request, b"idempotency-key").decode("latin-1")),
        )
        done = await operation.run(call)
        if isinstance(done, Response):
            return done
        answered = done if isinstance(done, Answered) else Answered(done)
        body = _encode(answered.shape)
        return Response(body, answered.status, dict(answered.headers), "application/json")


def _operation(part: Part, name: str) -> Operation:
    run = getattr(part, name)
    return Operation(run, getattr(run, "reads", False), getattr(run, "is_open", False))


def _refusal(error: Refusal, trace: str) -> Response:
    body = _encode(error.shape(trace))
    return Response(body, error.status, dict(error.headers), "application/json")


def _last(path: str) -> str:
    """The id that a path names."""
    parts = [part for part in VERSION.sub("", path, count=1).split("/") if part]
    return parts[0] if parts else path


def _key(text: str) -> str:
    if len(text) > 255 or not (text.isascii() and (text.isprintable() or not text)):
        raise Refusal(100, "an Idempotency-Key has at most 255 printable characters")
    return text
