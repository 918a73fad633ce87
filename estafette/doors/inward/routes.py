"""One path for each connection, and what carriers add to it."""

from urllib.parse import quote, unquote

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from estafette.core.core import Core
from estafette.core.inlet import Forged
from estafette.model import Busy, Inward, Unknown

log = structlog.get_logger()

LARGEST = 3 << 20  # bytes of what a carrier tells at once: Meta's may have three million


class TooLarge(Exception):
    """The body goes on beyond LARGEST."""


class Application:
    """The door as an application: `/in/<provider>/<connection>`, and `/…` after it, by any method."""

    def __init__(self, core: Core) -> None:
        self._inlet = core.inlet
        self._public_url = core.public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        path = _path(scope)
        try:
            response = await self._answer(request, path)
        except Unknown:
            response = _refusal(404, "no carrier is expected here")
        except Forged as error:
            log.warning("a request that no carrier sent", path=path, text=str(error))
            response = _refusal(403, "the signature is not that of the carrier")
        except TooLarge:
            response = _refusal(413, f"the body is larger than {LARGEST} bytes")
        except Busy as error:
            log.error("not written down", path=path, text=str(error))
            response = _refusal(503, "it could not be written down: tell it again")
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a request broke", path=path, method=scope["method"])
            response = _refusal(500, "something went wrong here: tell it again")
        await response(scope, receive, send)

    async def _answer(self, request: Request, path: str) -> Response:
        provider, connection, tail = _parts(path)
        await self._inlet.knows(provider, connection)
        query = request.scope["query_string"].decode("latin-1")
        told = Inward(
            method=request.scope["method"],
            url=f"{self._public_url}{path}{'?' if query else ''}{query}",
            tail=tail,
            query=query,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await _body(request),
        )
        kind, body = await self._inlet.take(provider, connection, told)
        if not body:
            return Response(status_code=204)
        return Response(body, headers={"content-type": kind})


def _path(scope: Scope) -> str:
    """The path as it was asked for: signatures are made over it."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope["path"])


def _parts(path: str) -> tuple[str, str, str]:
    """The provider, the connection and the rest of a path. Raises Unknown."""
    _, _, provider, connection, tail = [*path.split("/", 4), "", "", ""][:5]
    if not connection:
        raise Unknown
    return unquote(provider), unquote(connection), unquote(tail)


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > LARGEST:
            raise TooLarge
    return bytes(found)


def _refusal(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status)
