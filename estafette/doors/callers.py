"""Who is asking: HTTP Basic with an account's token or a key's secret, or a key as a bearer token."""

from base64 import b64decode
from binascii import Error as NotBase64

from starlette.requests import Request

from estafette.core.people import ACCOUNT_SID, NotProved, People
from estafette.model import Credential

CHALLENGE = (b"www-authenticate", b'Basic realm="Estafette", Bearer realm="Estafette"')
NOTHING_SHOWN = "show an account's SID and token, or a key: Basic AC…:token, or Bearer SK….secret"
WRONG = "these credentials open no account"

#: The same, as OpenAPI names it.
SCHEMES = {
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "AC… and the account's token, or SK… and the key's secret.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "SK….secret"},
}


async def caller(request: Request, people: People) -> Credential | None:
    """What the Authorization header proves; None where there is none, or it can be read as none.

    Raises NotProved where it opens no account.
    """
    shown = header(request, b"authorization")
    known = people.recall(shown)
    if known:
        return known
    scheme, _, rest = shown.decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and rest.strip():
        return await people.prove_bearer(rest.strip(), shown=shown)
    if scheme.lower() == "basic" and (pair := _basic(rest)):
        return await people.prove(*pair, shown=shown)
    if shown:
        raise NotProved(is_known=False)
    return None


async def owner(people: People, sid: str, token: str) -> Credential:
    """Whose account this is, shown by other means than a header. Raises NotProved."""
    try:
        shown = f"\0{sid}:{token}".encode()  # which no header can be
    except UnicodeEncodeError:
        raise NotProved(is_known=False) from None
    if not ACCOUNT_SID.fullmatch(sid):
        raise NotProved(is_known=False)
    return people.recall(shown) or await people.prove(sid, token, shown=shown)


def header(request: Request, name: bytes) -> bytes:
    """The first header of this name, in lower case; empty where there is none."""
    for found, value in request.scope["headers"]:
        if found == name:
            return bytes(value)
    return b""


def _basic(text: str) -> tuple[str, str] | None:
    try:
        user, colon, password = b64decode(text.strip(), validate=True).decode().partition(":")
    except (NotBase64, ValueError):
        return None
    return (user, password) if colon and user else None
