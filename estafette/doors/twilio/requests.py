"""What the operations share: reading a request, and shaping an answer."""

import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from estafette.doors.requests import TooLarge, read_body
from estafette.doors.twilio import wire
from estafette.doors.twilio.auth import header
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.forms import Answer
from estafette.doors.urls import is_url

#: Settings that are one of several words.
_WORDS = {
    "ScanMessageContent": ("inherit", "enable", "disable"),
    "Usecase": (
        *("undeclared", "notifications", "marketing", "verification", "discussion", "poll"),
    ),
}
_SID = re.compile(r"([A-Z]{2})([0-9a-fA-F]{32})")

AT = f"/{wire.API}/Accounts/{{account}}"  #: what the paths of an account begin with
LARGEST = 2 << 20  # bytes of a request body

Row = tuple[str, str, str]  #: a method, a path, and the name of the operation that answers


async def form(request: Request) -> wire.Form:
    """What the body says. Raises TwilioError for one that is too long or no form."""
    return wire.read_form(await _body(request))


async def json_object(request: Request) -> dict[str, Any]:
    """What a body of JSON says. Raises TwilioError for one that is too long or no object."""
    try:
        said = json.loads(await _body(request))
    except (ValueError, RecursionError):
        raise TwilioError(20001, "The request body is not JSON") from None
    if not isinstance(said, dict):
        raise TwilioError(20001, "The request body is not a JSON object")
    return said


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request, LARGEST)
    except TooLarge:
        raise TwilioError(20413, str(LARGEST)) from None


def label(said: wire.Form) -> str:
    """The FriendlyName of a form. Raises TwilioError for one that is too long."""
    found = wire.one(said, "FriendlyName")
    if len(found) > 64 or "\0" in found:
        raise TwilioError(20001, "FriendlyName must be at most 64 characters of text")
    return found


def query(request: Request) -> wire.Form:
    """What follows `?` in the address."""
    return wire.read_form(request.scope["query_string"])


def own_id(request: Request, name: str, prefix: str) -> str:
    """The 32 digits of an SID in the path. Raises TwilioError where it is none of that kind."""
    id = bare(request.path_params[name], prefix)
    if not id:
        raise TwilioError(20404, request.scope["path"])
    return id


def bare(sid: str, prefix: str) -> str:
    """The 32 digits of an SID, in lower case; empty where it is none of that kind."""
    found = _SID.fullmatch(sid)
    return found[2].lower() if found and found[1] == prefix else ""


def settings(said: wire.Form, usual: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a form names: `sms_url` is SmsUrl there. Raises TwilioError for bad ones.

    `usual` has all that there are; what one is usually set to tells its kind.
    """
    names = {"".join(word.capitalize() for word in key.split("_")): key for key in usual}
    return {
        key: _setting(name, wire.one(said, name), usual[key])
        for name, key in names.items()
        if name in said
    }


def _setting(name: str, text: str, usual: Any) -> Any:
    if isinstance(usual, bool):
        if text.lower() not in ("true", "false"):
            raise TwilioError(20001, f"{name} must be true or false")
        return text.lower() == "true"
    if isinstance(usual, int):
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= usual):
            raise TwilioError(20001, f"{name} must be a whole number from 1 to {usual}")
        return int(text)
    if words := _WORDS.get(name):
        if text not in words:
            raise TwilioError(20001, f"{name} must be one of {', '.join(words)}")
        return text
    if name.endswith("Method"):
        method = text.upper() or usual
        if method not in ("GET", "POST"):
            raise TwilioError(20001, f"{name} must be GET or POST")
        return method
    if name.endswith(("Url", "Callback")) and text and not is_url(text):
        raise TwilioError(20001, f"{name} must be a URL")
    return text


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
