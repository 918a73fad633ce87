"""Who is asking: HTTP Basic with an account's token or a key's secret, or a key as a bearer token."""

from base64 import b64decode
from binascii import Error as NotBase64

from starlette.requests import Request

from estafette.core.people import NotProved, People
from estafette.doors.own.errors import Refusal
from estafette.model import Credential

CHALLENGE = (b"www-authenticate", b'Basic realm="Estafette", Bearer realm="Estafette"')

_NOTHING_SHOWN = "show an account's SID and token, or a key: Basic AC…:token, or Bearer SK….secret"
_WRONG = "these credentials open no account"


async def credential(request: Request, people: People) -> Credential:
    """What the caller has proved. Raises Refusal."""
    shown = header(request, b"authorization")
    known = people.recall(shown)
    if known:
        return known
    scheme, _, rest = shown.decode("latin-1").partition(" ")
    try:
        if scheme.lower() == "bearer" and rest.strip():
            return await people.prove_bearer(rest.strip(), shown=shown)
        if scheme.lower() == "basic":
            return await people.prove(*_basic(rest), shown=shown)
    except NotProved:
        raise Refusal("unauthorized", _WRONG) from None
    raise Refusal("unauthorized", _NOTHING_SHOWN)


def header(request: Request, name: bytes) -> bytes:
    """The first header of this name, in lower case; empty where there is none."""
    for found, value in request.scope["headers"]:
        if found == name:
            return bytes(value)
    return b""


def _basic(text: str) -> tuple[str, str]:
    try:
        user, colon, password = b64decode(text.strip(), validate=True).decode().partition(":")
    except (NotBase64, ValueError):
        raise Refusal("unauthorized", _NOTHING_SHOWN) from None
    if not colon or not user:
        raise Refusal("unauthorized", _NOTHING_SHOWN)
    return user, password
