"""Who is asking: HTTP Basic with an account's SID and token, or with a key and its secret."""

from base64 import b64decode
from binascii import Error as NotBase64

from starlette.requests import Request

from estafette.core.people import ACCOUNT_SID, NotProved, People
from estafette.doors.twilio.errors import TwilioError
from estafette.model import Account, AccountKind, Credential

_NOTHING_SHOWN = "Authentication Error - No credentials provided"
_NO_SUCH_USER = "Authentication Error - invalid username"
_WRONG = "Your AccountSid or AuthToken was incorrect."


async def account(request: Request, people: People, *, may_be_test: bool = False) -> Account:
    """The account that the path names, once the caller has proved to be allowed in it.

    A test account is allowed only where it may be one.
    """
    shown = header(request, b"authorization")
    known = people.recall(shown)
    if known and known.account.sid == request.path_params["account"]:  # as nearly always
        found = known.account
    else:
        found = (await _credential(request, people, shown, known)).account
    if found.kind is AccountKind.TEST and not may_be_test:
        raise TwilioError(20008)
    return found


async def caller(request: Request, people: People) -> Account:
    """The account of whoever asks, where the path names none; no test account."""
    shown = header(request, b"authorization")
    found = (await _credential(request, people, shown, people.recall(shown))).account
    if found.kind is AccountKind.TEST:
        raise TwilioError(20008)
    return found


async def owner(request: Request, people: People) -> Account:
    """As `account`, but keys are not enough: accounts and keys are for who holds the token."""
    shown = header(request, b"authorization")
    found = await _credential(request, people, shown, people.recall(shown))
    if found.key is not None:
        raise TwilioError(20003, detail="An API key may not be used for accounts and keys.")
    if found.account.kind is AccountKind.TEST:
        raise TwilioError(20008)
    return found.account


async def _credential(
    request: Request, people: People, shown: bytes, found: Credential | None
) -> Credential:
    """What the caller has proved. A malformed account SID is not found before anyone is asked."""
    sid = request.path_params.get("account", "")
    if sid and not ACCOUNT_SID.fullmatch(sid):
        raise TwilioError(20404, request.scope["path"])
    if found is None:
        try:
            found = await people.prove(*_shown(shown.decode("latin-1")), shown=shown)
        except NotProved as error:
            if error.is_known:
                raise TwilioError(20003, detail=_WRONG) from None
            raise TwilioError(20003, message=_NO_SUCH_USER) from None
    if sid and found.account.sid != sid:
        raise TwilioError(20003, detail=_WRONG)
    return found


def header(request: Request, *names: bytes) -> bytes:
    """The first header of one of these names, in lower case; empty where there is none."""
    for found, value in request.scope["headers"]:
        if found in names:
            return bytes(value)
    return b""


def _shown(text: str) -> tuple[str, str]:
    scheme, _, rest = text.partition(" ")
    if scheme.lower() != "basic":
        raise TwilioError(20003, message=_NOTHING_SHOWN)
    try:
        user, colon, password = b64decode(rest.strip(), validate=True).decode().partition(":")
    except (NotBase64, ValueError):
        raise TwilioError(20003, message=_NOTHING_SHOWN) from None
    if not colon or not user:
        raise TwilioError(20003, message=_NOTHING_SHOWN)
    return user, password
