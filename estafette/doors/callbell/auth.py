"""Who is asking: a key as a bearer token, or what every other door takes."""

from starlette.requests import Request

from estafette.core.people import NotProved, People
from estafette.doors.callbell.errors import Refusal
from estafette.doors.callers import caller, header
from estafette.model import Credential


async def credential(request: Request, people: People) -> Credential:
    """What the caller has proved. Raises Refusal.

    The word Bearer may stand there more than once: dashboards show keys with it in front, and
    people paste what they see.
    """
    try:
        found = await _pasted(request, people) or await caller(request, people)
    except NotProved:
        found = None
    if found is None:
        raise Refusal(401, "not authorized")
    return found


async def _pasted(request: Request, people: People) -> Credential | None:
    shown = header(request, b"authorization")
    words = shown.decode("latin-1").split()
    if len(words) < 3 or any(word.lower() != "bearer" for word in words[:-1]):
        return None
    return people.recall(shown) or await people.prove_bearer(words[-1], shown=shown)
