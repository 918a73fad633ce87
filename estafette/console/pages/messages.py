"""Messages: the list, live, with filters; and the last hours as a picture."""

from typing import ClassVar

from starlette.responses import Response, StreamingResponse

from estafette.console import filters
from estafette.console.filters import Wanted
from estafette.console.plots import HEIGHT, WIDTH, Plot, plot
from estafette.console.reasons import REASONS
from estafette.console.rows import Row, get
from estafette.console.sheets import MOST, sheet
from estafette.console.statuses import LABELS
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.model import Channel, Cursor, Direction, Message, Status
from estafette.model.ids import read_id
from estafette.model.message import Looked
from estafette.model.whatsapp import shown

_LIMIT = 50
_HERE = "/console/messages"
_NONE = "0" * 32


class Messages:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/messages", "show"),
        get("/messages.csv", "export"),
        get("/pulse", "pulse"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def show(self, visit: Visit) -> Response:
        """Show a page of the list, or only the list where a part of the page is asked for."""
        wanted = filters.read(visit)
        where = visit.cursor
        seen = read_id(visit.query.get("seen", "")) or ""
        sid = visit.account.sid
        token = await self._core.watch.token(sid)  # before: what comes meanwhile is told again
        looked = Looked([]) if wanted.errors else await self._look(visit, wanted, where)
        is_first = looked.newer is None
        facts = {
            "wanted": wanted,
            "looked": looked,
            "is_first": is_first,
            "is_back": where is not None and where.before and not is_first,
            "is_new": is_first and not looked.items and not wanted.is_narrow,
            "path": _path(wanted),
            "older": _path(wanted, "after", looked.older),
            "newer": _path(wanted, "before", looked.newer),
            "sheet": f"{_HERE}.csv{_path(wanted).removeprefix(_HERE)}",
            "most": MOST,
            "reasons": REASONS,
            "kind": shown,
            "is_inbound": _is_inbound,
            "names": await self._names(visit, looked.items),
            "seen": seen,
            "newest": looked.items[0].id if looked.items else _NONE,
        }
        code = 400 if wanted.errors else 200
        if _is_part(visit):
            answer = visit.show("messages-list.html", code, **facts)
            answer.headers["hx-push-url"] = "false" if seen else _path(wanted)
            if seen == _NONE and looked.items and not wanted.is_narrow:
                answer.headers["hx-refresh"] = (
                    "true"  # the first message: the page has more to show
                )
            return answer
        return visit.show(
            "messages.html",
            code,
            token=token,
            senders=await self._core.senders.list(sid),
            statuses=list(Status),
            channels=list(Channel),
            labelled=lambda kinds: [(kind, visit.say(LABELS[kind])) for kind in kinds],
            **_drawn(self._plot(visit)),
            **facts,
        )

    async def _look(self, visit: Visit, wanted: Wanted, where: Cursor | None) -> Looked:
        found = await self._core.gateway.look(
            visit.account, wanted.filter, limit=_LIMIT, cursor=where
        )
        if where and where.before and found.newer is None:  # the first page, and it is whole
            return await self._look(visit, wanted, None)
        return found

    async def _names(
        self, visit: Visit, items: list[Message]
    ) -> dict[tuple[Channel, str], tuple[str, str]]:
        """The contacts on this page, by channel and address."""
        asked = {
            (item.channel, item.sender if _is_inbound(item) else item.recipient) for item in items
        }
        if not asked:
            return {}
        return dict(await self._core.contacts.names(visit.account.sid, sorted(asked)))

    async def export(self, visit: Visit) -> Response:
        """Give the list as a sheet."""
        wanted = filters.read(visit)
        if wanted.errors:
            return visit.go(_path(wanted))  # that says what cannot be read
        lines = sheet(self._core.gateway, visit.account, wanted.filter)
        name = f"messages-{visit.now:%Y-%m-%d}.csv"
        said = {"content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(lines, media_type="text/csv", headers=said)

    async def pulse(self, visit: Visit) -> Response:
        """The picture of the last hours, and its table, counted a short while ago."""
        drawn = plot(await self._core.pulses.of(visit.account.sid))
        return visit.show("messages-pulse.html", **_drawn(drawn))

    def _plot(self, visit: Visit) -> Plot | None:
        known = self._core.pulses.known(visit.account.sid)
        return plot(known) if known else None


def _drawn(found: Plot | None) -> dict[str, object]:
    return {"plot": found, "width": WIDTH, "height": HEIGHT}


def _is_part(visit: Visit) -> bool:
    """Whether only the list is asked for; who goes back in history asks for the whole page."""
    return visit.is_part and "hx-history-restore-request" not in visit.request.headers


def _is_inbound(item: Message) -> bool:
    return item.direction is Direction.INBOUND


def _path(wanted: Wanted, name: str = "", where: Cursor | None = None) -> str:
    """The address of a page of this list; nothing for one that is not there."""
    if name and where is None:
        return ""
    parts = [part for part in (wanted.query, f"{name}={where.id}" if where else "") if part]
    return f"{_HERE}?{'&'.join(parts)}" if parts else _HERE


def page(core: Core) -> Messages:
    """The page, around one core."""
    return Messages(core)
