"""Who is asking: a bearer token, the same as `access_token` in the query, or HTTP Basic."""

import contextlib

from starlette.requests import Request

from estafette.core.core import Core
from estafette.core.people import NotProved
from estafette.doors.callers import caller, header
from estafette.doors.whatsapp.errors import unproved
from estafette.doors.whatsapp.requests import read_query
from estafette.model import Credential, Unknown

_BETWEEN = "|"  # stands between the id of an app and its secret in the token of an app


async def credential(request: Request, core: Core, shown: str) -> Credential:
    """What the caller has proved; `shown` is the token of the query. Raises Refusal."""
    bearer = _bearer(request)
    try:
        if _BETWEEN in bearer:
            with contextlib.suppress(NotProved):  # a key may have the form of an app's token
                return await app_of(core, bearer)
        found = await caller(request, core.people)
        if found is None and _BETWEEN in shown:
            return await app_of(core, shown)
        if found is None and shown:
            mark = b"\0" + shown.encode()  # which no header can be
            found = core.people.recall(mark) or await core.people.prove_bearer(shown, shown=mark)
    except NotProved:
        raise unproved() from None
    if found is None:
        raise unproved(is_shown=False)
    return found


async def app_of(core: Core, shown: str) -> Credential:
    """Who shows the token of an app: `id|secret`. Raises NotProved."""
    id, _, secret = shown.partition(_BETWEEN)
    mark = b"\0app " + shown.encode(errors="replace")
    known = core.people.recall(mark)
    if known:
        return known
    try:
        account = await core.business.owner(id)
    except Unknown:
        raise NotProved(is_known=False) from None
    return await core.people.prove_secret(account, secret, shown=mark)


def app_secret(request: Request) -> str:
    """The secret of the app whose token a request shows; empty where it shows another."""
    query = read_query(request.scope["query_string"])
    for shown in (query.get("access_token", ""), _bearer(request)):
        if _BETWEEN in shown:
            return shown.partition(_BETWEEN)[2]
    return ""


def _bearer(request: Request) -> str:
    """The bearer token of the header; empty for none."""
    scheme, _, token = header(request, b"authorization").decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
