"""Who is asking, and our answer to who may not."""

from starlette.requests import Request

from estafette.core.people import NotProved, People
from estafette.doors.callers import NOTHING_SHOWN, WRONG, caller
from estafette.doors.own.errors import Refusal
from estafette.model import Credential


async def credential(request: Request, people: People) -> Credential:
    """What the caller has proved. Raises Refusal."""
    try:
        found = await caller(request, people)
    except NotProved:
        raise Refusal("unauthorized", WRONG) from None
    if found is None:
        raise Refusal("unauthorized", NOTHING_SHOWN)
    return found
