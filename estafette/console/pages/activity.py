"""Activity: who did what, and when."""

from typing import ClassVar, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from estafette.console.events import THINGS, WAYS, told_event, told_fact
from estafette.console.rows import Row, get
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.model.ids import read_id
from estafette.model.session import Change, Role

HOME = "/console/activity"
PAGE = 50  # lines of a page

#: Where things are shown, by the first word of an event.
PLACES = {
    "batch": "/console/send/batches/",
    "connection": "/console/connections/",
    "contact": "/console/contacts/",
    "conversation": "/console/conversations/",
    "key": "/console/keys/",
    "message": "/console/messages/",
    "sender": "/console/senders/",
    "service": "/console/services/",
    "team": "/console/teams/",
    "template": "/console/templates/",
    "user": "/console/users/",
}
_NAMED = {"connection", "key"}  # whose ids are no 32 hex digits
_GONE = {"removed", "revoked"}


class Shown(NamedTuple):
    """A line as it is shown."""

    change: Change
    what: str
    place: str  #: where it is about is shown; empty where that is nowhere
    details: list[tuple[str, str]]


class Activity:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [get("/activity", "list", Role.OWNER)]

    def __init__(self, core: Core) -> None:
        self._audit = core.audit

    async def list(self, visit: Visit) -> Response:
        """Show the trail, newest first."""
        group, after = visit.query.get("group", ""), read_id(visit.query.get("after", "")) or ""
        group = group if group in THINGS else ""
        found = await self._audit.page(visit.account.sid, limit=PAGE + 1, after=after, group=group)
        lines = [_shown(change, visit) for change in found[:PAGE]]
        kept = {"group": group} if group else {}
        older = {**kept, "after": found[PAGE - 1].id} if len(found) > PAGE else {}
        things = [(name, visit.say(text)) for name, text in THINGS.items()]
        return visit.show(
            "activity.html",
            lines=lines,
            ways=WAYS,
            group=group,
            groups=[("", visit.say("Everything")), *sorted(things, key=lambda item: item[1])],
            older=f"{HOME}?{urlencode(older)}" if older else "",
            newer=f"{HOME}?{urlencode(kept)}" if after else "",
        )


def page(core: Core) -> Activity:
    """The page, around one core."""
    return Activity(core)


def _shown(change: Change, visit: Visit) -> Shown:
    thing, _, deed = change.event.partition(".")
    is_named = thing in _NAMED or read_id(change.about) == change.about
    is_there = change.about and deed not in _GONE and is_named
    details = [told_fact(name, value, visit.words) for name, value in change.details.items()]
    return Shown(
        change,
        told_event(change.event, visit.words),
        f"{PLACES[thing]}{change.about}" if is_there and thing in PLACES else "",
        details,
    )
