"""What the operations share: reading a request, and shaping an answer."""

from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from estafette.doors.twilio import wire
from estafette.doors.twilio.auth import header
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.forms import Answer

AT = f"/{wire.API}/Accounts/{{account}}"  #: what the paths of an account begin with
LARGEST = 2 << 20  # bytes of a request body

Row = tuple[str, str, str]  #: a method, a path, and the name of the operation that answers


async def form(request: Request) -> wire.Form:
    """What the body says. Raises TwilioError for one that is too long or no form."""
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


def label(said: wire.Form) -> str:
    """The FriendlyName of a form. Raises TwilioError for one that is too long."""
    found = wire.one(said, "FriendlyName")
    if len(found) > 64 or "\0" in found:
        raise TwilioError(20001, "FriendlyName must be at most 64 characters of text")
    return found


def idempotency_key(request: Request) -> str:
    """The key of a request that may be repeated; empty where it has none. Raises TwilioError."""
    found = header(request, b"idempotency-key", b"i-twilio-idempotency-token")
    if not found:
        return ""
    key = found.decode("latin-1")
    if len(key) > 255 or not (key.isascii() and key.isprintable()):
        raise TwilioError(20001, "An idempotency key must be at most 255 printable characters")
    return key


def answer(shape: dict[str, Any], status: int = 200, *, id: str = "") -> Response:
    """A resource or a list; `id` is the message's, which names the request too."""
    return Answer(shape, status, ((b"twilio-request-id", f"RQ{id}".encode()),) if id else ())


def refusal(error: TwilioError, *headers: tuple[bytes, bytes]) -> Response:
    """An error in Twilio's shape."""
    if error.status == 401:
        headers = (*headers, (b"www-authenticate", b'Basic realm="Twilio API"'))
    return Answer(error.shape(), error.status, headers)
