"""Who is asking: a bearer token, or the same as `access_token` in the query."""

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
            found = await people.prove_bearer(
                shown, shown=b"\0" + shown.encode("latin-1", "replace")
            )
    except NotProved:
        found = None
    if found is None:
        raise unproved()
    return found
