"""Send many messages from a file: look through it, start it, see how far it is, take the result."""

import io
from collections import defaultdict
from typing import Any, ClassVar

from msgspec.structs import replace
from starlette.responses import Response, StreamingResponse

from estafette.console import choices
from estafette.console.composed import Bad, check_callback, check_media, holes_of, time_of
from estafette.console.faults import blamed, fault_text, unread
from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit, local
from estafette.console.words import later as _
from estafette.core.circular import usual_values
from estafette.core.core import Core
from estafette.core.limits import LONGEST_ELSEWHERE
from estafette.core.results import result
from estafette.model import BadValue, Channel, Conflict, Cursor, Unknown
from estafette.model.batch import LARGEST, Asked, BadSheet, Batch, BatchStatus, Role
from estafette.model.ids import read_id
from estafette.model.session import Role as Who
from estafette.model.template import Template

_PAGE = 25
_SHOWN = 10  # rows of a preview
_WRONG = 50  # rows that are wrong, of those that are shown
_ROLES = {
    Role.TO: _("Recipient"),
    Role.BODY: _("Text of its own"),
    Role.MEDIA: _("Picture or file"),
    Role.SENDER: _("Sender"),
    Role.CHANNEL: _("Channel"),
    Role.SEND_AT: _("Send later"),
}
_FILE = LARGEST + (1 << 20)


class Mailings:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/send/batches", "list", Who.AGENT),
        post("/send/batches", "add", largest=_FILE),
        post("/send/batches/form", "form", largest=_FILE),
        get("/send/batches/{id}", "show", Who.AGENT),
        post("/send/batches/{id}", "change"),
        get("/send/batches/{id}/progress", "progress", Who.AGENT),
        get("/send/batches/{id}/result.csv", "result", Who.AGENT),
        post("/send/batches/{id}/start", "start"),
        post("/send/batches/{id}/pause", "pause"),
        post("/send/batches/{id}/cancel", "cancel"),
        post("/send/batches/{id}/remove", "remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._kept = core.batches

    async def list(self, visit: Visit) -> Response:
        """Show them, newest first, and ask for a file."""
        return await self._list(visit, Asked(), {})

    async def form(self, visit: Visit) -> Response:
        """The same for another channel."""
        return await self._list(visit, _shared(visit), {})

    async def _list(
        self, visit: Visit, asked: Asked, errors: dict[str, str], code: int = 200
    ) -> Response:
        after = read_id(visit.query.get("after", ""))
        found = await self._kept.page(
            visit.account, limit=_PAGE, cursor=Cursor(after) if after else None
        )
        older = f"/console/send/batches?after={found.items[-1].id}" if found.has_next else ""
        return visit.show(
            "batches.html",
            code,
            found=found.items,
            older=older,
            newer="/console/send/batches" if after else "",
            pasted=visit.text("pasted"),
            **await self._choices(visit, asked, errors),
        )

    async def add(self, visit: Visit) -> Response:
        """Read a file."""
        asked = replace(_shared(visit), zone=getattr(visit.zone, "key", ""))
        file, pasted = visit.file("file"), visit.text("pasted")
        try:
            if file:
                source, title = file.file, file.filename or ""
            elif pasted:
                source, title = io.BytesIO(pasted.encode()), ""
            else:
                raise Bad("file", visit.say("Choose a file, or paste its lines."))
            batch = await self._kept.add(
                visit.account,
                source,
                _checked(visit, asked),
                title=title or visit.say("Pasted lines"),
                actor=visit.session.holder,
            )
        except Bad as error:
            return await self._list(visit, asked, {error.field: str(error)}, 400)
        except BadSheet as error:
            return await self._list(visit, asked, {"file": unread(visit, error)}, 400)
        except (BadValue, Unknown) as error:
            field = error.field if isinstance(error, BadValue) else "from"
            return await self._list(visit, asked, {field: visit.told(error)}, 400)
        visit.changed("batch.added", batch.id, title=batch.title, rows=batch.total)
        return visit.go(_path(batch.id))

    async def show(self, visit: Visit) -> Response:
        """Show one: what it would send, or how far it is."""
        batch = await self._find(visit)
        return await self._show(visit, batch, batch.asked, {})

    async def _show(
        self, visit: Visit, batch: Batch, asked: Asked, errors: dict[str, str], code: int = 200
    ) -> Response:
        first = await self._kept.rows(visit.account, batch.id, limit=_SHOWN)
        wrong = await self._kept.rows(visit.account, batch.id, limit=_WRONG, is_wrong=True)
        is_draft = batch.status is BatchStatus.DRAFT
        preview = await self._kept.preview(visit.account, batch, first) if is_draft else []
        return visit.show(
            "batches-one.html",
            code,
            batch=batch,
            preview=preview,
            wrong=[(row, *blamed(visit, row.fault)) for row in wrong if row.fault],
            faults=[
                (fault_text(visit, name), count) for name, count in batch.checked.wrong.items()
            ],
            roles=[(str(role), visit.say(text)) for role, text in _ROLES.items()],
            columns=[(name, name) for name in batch.header],
            blamed=blamed,
            **await self._choices(visit, asked, errors, batch),
        )

    async def _choices(
        self, visit: Visit, asked: Asked, errors: dict[str, str], batch: Batch | None = None
    ) -> dict[str, Any]:
        chosen = await choices.template_of(visit, asked.template)
        values = list(asked.values)
        if chosen and batch and not values:
            values = usual_values(chosen, batch.header, asked.columns)
        return {
            "asked": asked,
            "origin": f"MG{asked.service}" if asked.service else asked.sender,
            "send_at": local(asked.send_at, visit.zone) if asked.send_at else "",
            "errors": defaultdict(str, errors),
            "channels": await choices.channels(visit),
            "origins": await choices.origins(visit, asked.channel),
            "templates": await self._templates(visit, asked.channel),
            "chosen": chosen,
            "holes": holes_of(chosen) if chosen else [],
            "values": values,
        }

    async def _templates(self, visit: Visit, channel: Channel) -> choices.Options:
        found = await choices.approved(visit) if channel is Channel.WHATSAPP else ()
        none = ("", visit.say("No template: a text of your own"))
        listed = [(item.id, f"{item.title} · {item.language}") for item in found]
        return [none, *listed] if listed else []

    async def change(self, visit: Visit) -> Response:
        """Look through it anew with other fields."""
        batch = await self._find(visit)
        asked = replace(
            _shared(visit), zone=batch.asked.zone, columns=_columns(visit, batch),
        )  # fmt: skip
        if visit.text("again"):  # only another channel or template was chosen
            return await self._show(visit, batch, replace(asked, values=()), {})
        try:
            chosen = await choices.template_of(visit, asked.template)
            asked = replace(asked, values=_values(visit, batch, asked, chosen))
            await self._kept.change(visit.account, batch.id, _checked(visit, asked))
        except Bad as error:
            return await self._show(visit, batch, asked, {error.field: str(error)}, 400)
        except BadValue as error:
            return await self._show(visit, batch, asked, {error.field: visit.told(error)}, 400)
        return visit.go(_path(batch.id), visit.say("The rows were looked through again."))

    async def progress(self, visit: Visit) -> Response:
        """How far it is: a part of its page that asks for itself again while it runs."""
        batch = await self._find(visit)
        answer = visit.show("batches-progress.html", batch=batch)
        if batch.status is not BatchStatus.RUNNING:
            answer.headers["hx-refresh"] = "true"
        return answer

    async def result(self, visit: Visit) -> Response:
        """The file that tells what became of each row."""
        batch = await self._find(visit)
        answer = StreamingResponse(
            result(self._kept, batch, bom=visit.query.get("bom") == "yes"), media_type="text/csv"
        )
        answer.headers["content-disposition"] = f'attachment; filename="result-{batch.id}.csv"'
        return answer

    async def start(self, visit: Visit) -> Response:
        """Send it, or go on."""
        batch = await self._find(visit)
        return await self._moved(visit, batch, "start", visit.say("It is being sent."))

    async def pause(self, visit: Visit) -> Response:
        """Stop, to go on later."""
        batch = await self._find(visit)
        return await self._moved(visit, batch, "pause", visit.say("It is paused."))

    async def cancel(self, visit: Visit) -> Response:
        """Stop for good."""
        batch = await self._find(visit)
        return await self._moved(visit, batch, "cancel", visit.say("It is canceled."))

    async def _moved(self, visit: Visit, batch: Batch, word: str, notice: str) -> Response:
        try:
            await getattr(self._kept, word)(visit.account, batch.id)
        except Conflict:  # somebody was faster: the page shows how it stands
            return visit.go(_path(batch.id))
        visit.changed(f"batch.{word}", batch.id, title=batch.title)
        return visit.go(_path(batch.id), notice)

    async def remove(self, visit: Visit) -> Response:
        """Forget it."""
        batch = await self._find(visit)
        await self._kept.remove(visit.account, batch.id)
        visit.changed("batch.removed", batch.id, title=batch.title)
        return visit.go("/console/send/batches", visit.say("It is removed; its messages stay."))

    async def _find(self, visit: Visit) -> Batch:
        id = read_id(visit.holes["id"])
        if id is None:
            raise Unknown("no such batch")
        return await self._kept.get(visit.account, id)


def page(core: Core) -> Mailings:
    """The page, around one core."""
    return Mailings(core)


def _path(id: str) -> str:
    return f"/console/send/batches/{id}"


def _shared(visit: Visit) -> Asked:
    """What the fields ask for of all messages, as far as it can be read."""
    body = visit.form.get("body", "")
    origin = visit.text("from")
    service = choices.service_of(origin)
    channel = choices.channel_of(visit.text("channel"))
    return Asked(
        channel=channel,
        sender="" if service else origin,
        service=service,
        body=body.replace("\r\n", "\n") if isinstance(body, str) else "",
        media=tuple(visit.text("media").split()),
        template=read_id(visit.text("template")) or "" if channel is Channel.WHATSAPP else "",
        callback_url=visit.text("callback_url"),
        repeats=bool(visit.text("repeats")),
    )


def _checked(visit: Visit, asked: Asked) -> Asked:
    """The same, once it is found to be usable. Raises Bad."""
    check_media(visit, asked.media)
    check_callback(visit, asked.callback_url)
    if "\0" in asked.body or len(asked.body) > LONGEST_ELSEWHERE:
        raise Bad("body", visit.say("A text has at most 4096 characters."))
    return replace(asked, send_at=time_of(visit, visit.text("send_at")))


def _columns(visit: Visit, batch: Batch) -> dict[str, str]:
    given = {str(role): visit.text(f"column-{role}") for role in _ROLES}
    return {role: name for role, name in given.items() if name in batch.header}


def _values(visit: Visit, batch: Batch, asked: Asked, chosen: Template | None) -> tuple[str, ...]:
    """What fills the holes of the template; nothing where that is as usual. Raises Bad."""
    if chosen is None:
        return ()
    places = holes_of(chosen)
    given = tuple(visit.text(f"value-{place}") for place in places)
    if not any(given) or list(given) == usual_values(chosen, batch.header, asked.columns):
        return ()
    for place, value in zip(places, given, strict=True):
        if not value:
            raise Bad(f"value-{place}", visit.say("This hole of the template is empty."))
    return given
