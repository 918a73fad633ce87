"""Who is asking: a bearer token, the same as `access_token` in the query, or HTTP Basic."""

from starlette.requests import Request

from estafette.core.people import NotProved, People
from estafette.doors.callers import caller
from estafette.doors.whatsapp.errors import unproved
from estafette.model import Credential


async def credential(request: Request, people: People, shown: str) -> Credential:
    """What the caller has proved; `shown` is the token of the query. Raises Refusal."""
    try:
        found = await caller(request, people)
        if found is None and shown:
            mark = b"\0" + shown.encode()  # which no header can be
            found = people.recall(mark) or await people.prove_bearer(shown, shown=mark)
    except NotProved:
        raise unproved() from None
    if found is None:
        raise unproved(is_shown=False)
    return found
