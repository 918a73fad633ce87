"""Batches: many messages that are sent as one, from rows in JSON or from a CSV file."""

import io
from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import Meta, Struct, field
from starlette.responses import Response, StreamingResponse

from estafette.core.core import Core
from estafette.core.results import result
from estafette.core.senders import read_address
from estafette.doors.own.errors import Refusal
from estafette.doors.own.templates import UsedTemplate
from estafette.doors.own.wire import (
    At,
    Call,
    GivenAt,
    Limit,
    Page,
    PageQuery,
    Row,
    check_url,
    cut,
    read_service,
)
from estafette.model import Channel, Cursor, Unknown, batch
from estafette.model.batch import LARGEST, MOST_ROWS, Asked, BatchStatus, Role
from estafette.model.ids import read_id
from estafette.model.times import utc

_CSV = "text/csv"
Cell = str | int | float | None
Title = Annotated[str, Meta(max_length=200, description="What people call it.")]


class Shared(Struct, frozen=True, kw_only=True):
    """What all messages of a batch share; a row that says otherwise counts for itself."""

    title: Title
    sender: str = field(name="from")
    channel: Channel
    body: str
    media: list[str]
    service: str | None
    template: str | None
    values: list[str]
    send_at: At | None
    callback_url: str
    columns: Mapping[str, str]
    repeats: bool


class Batch(Shared, frozen=True, kw_only=True):
    """Many messages that are sent as one. `good` rows can be sent, and have so many `segments` together;
    `wrong` tells how many cannot, by why. `done` rows were gone through: `sent` are messages, `failed`
    became none.
    """

    id: str
    status: BatchStatus
    total: int
    good: int
    segments: int
    wrong: Mapping[str, int]
    done: int
    sent: int
    failed: int
    created_at: At
    updated_at: At
    closed_at: At | None


class Fault(Struct, frozen=True):
    """Why a row became no message: a word, and the part of the row that is to blame."""

    code: str
    value: str
    text: str


class Line(Struct, frozen=True, kw_only=True):
    """A row of a batch, from number 1."""

    number: int
    cells: Mapping[str, str]
    message: str | None
    error: Fault | None


class NewBatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to send to whom. Each of the `rows` has a value for each of its columns: one of them is the
    recipient, others may be `body`, `from`, `channel`, `media` and `send_at`; the rest fill `{holes}`.
    """

    rows: Annotated[list[dict[str, Cell]], Meta(min_length=1, max_length=MOST_ROWS)]
    title: Title = ""
    sender: Annotated[str, Meta(description="The usual one of the channel, if left out.")] = field(
        name="from", default=""
    )
    channel: Channel = Channel.SMS
    body: Annotated[str, Meta(description="A text with holes: Hello {name}.")] = ""
    media: Annotated[tuple[str, ...], Meta(max_length=10)] = ()
    service: Annotated[str, Meta(description="A pool of senders: MG…, or 32 hex digits.")] = ""
    template: Annotated[
        UsedTemplate | None,
        Meta(description="Instead of `body`; its values are texts with {holes}."),
    ] = None
    send_at: Annotated[GivenAt, Meta(description="Not before.")] | None = None
    callback_url: str = ""
    columns: Annotated[
        dict[Role, str], Meta(description="Which column is what, where its name does not tell.")
    ] = {}
    repeats: Annotated[bool, Meta(description="Send also to who stands in several rows.")] = False
    start: Annotated[bool, Meta(description="Send it at once.")] = False


class FileQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With a CSV file as the body: what its messages share."""

    title: Title = ""
    sender: str = field(name="from", default="")
    channel: Channel = Channel.SMS
    body: Annotated[str, Meta(description="A text with holes: Hello {name}.")] = ""
    media: Annotated[str, Meta(description="One URL.")] = ""
    service: str = ""
    template: Annotated[str, Meta(description="The name or the id of an approved one.")] = ""
    language: Annotated[str, Meta(description="Of that template.")] = ""
    send_at: GivenAt | None = None
    callback_url: str = ""
    to: Annotated[str, Meta(description="The column of recipients.")] = ""
    repeats: bool = False
    start: bool = False


class RowsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows to list."""

    limit: Limit = 50
    after: Annotated[int, Meta(ge=0, description="Behind the row of this number.")] = 0
    wrong: Annotated[bool, Meta(description="Only those that became no message.")] = False


class ResultQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the file begins."""

    bom: Annotated[bool, Meta(description="With the mark by which Excel knows UTF-8.")] = False


def shown(item: batch.Batch) -> Batch:
    """A batch as it is shown."""
    asked, checked = item.asked, item.checked
    return Batch(
        id=item.id,
        title=item.title,
        status=item.status,
        sender=asked.sender,
        channel=asked.channel,
        body=asked.body,
        media=list(asked.media),
        service=asked.service or None,
        template=asked.template or None,
        values=list(asked.values),
        send_at=asked.send_at,
        callback_url=asked.callback_url,
        columns=asked.columns,
        repeats=asked.repeats,
        total=item.total,
        good=checked.good,
        segments=checked.segments,
        wrong=checked.wrong,
        done=item.done,
        sent=item.sent,
        failed=item.failed,
        created_at=item.created_at,
        updated_at=item.updated_at,
        closed_at=item.closed_at,
    )


def line(item: batch.BatchRow, header: tuple[str, ...]) -> Line:
    """A row as it is shown."""
    fault = item.fault
    return Line(
        number=item.number,
        cells=dict(zip(header, item.cells, strict=False)),
        message=item.message or None,
        error=Fault(fault.code, fault.value, fault.text) if fault else None,
    )


class Batches:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(
            method="POST",
            path="/api/batches",
            name="add",
            query=FileQuery,
            body=NewBatch,
            takes=_CSV,
            largest=LARGEST,
            answer=Batch,
            status=201,
        ),
        Row(method="GET", path="/api/batches", name="list", query=PageQuery, answer=Page[Batch]),
        Row(method="GET", path="/api/batches/{id}", name="show", answer=Batch),
        Row(method="DELETE", path="/api/batches/{id}", name="remove"),
        Row(
            method="GET",
            path="/api/batches/{id}/rows",
            name="rows",
            query=RowsQuery,
            answer=Page[Line],
        ),
        Row(
            method="GET",
            path="/api/batches/{id}/result.csv",
            name="result",
            query=ResultQuery,
            answer=str,
            gives=_CSV,
        ),
        Row(method="POST", path="/api/batches/{id}/start", name="start", answer=Batch),
        Row(method="POST", path="/api/batches/{id}/pause", name="pause", answer=Batch),
        Row(method="POST", path="/api/batches/{id}/cancel", name="cancel", answer=Batch),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._kept = core.batches

    async def add(self, call: Call) -> Batch:
        """Keep rows, or a CSV file, and look through them: nothing is sent before it is started."""
        made = await (self._of_file(call) if call.body is None else self._of_rows(call))
        is_started = call.query.start if call.body is None else call.body.start
        if is_started and made.checked.good:
            made = await self._kept.start(call.account, made.id)
        return shown(made)

    async def _of_file(self, call: Call) -> batch.Batch:
        query: FileQuery = call.query
        template = UsedTemplate(name=query.template, language=query.language)
        asked = await self._asked(
            call,
            query,
            template if query.template else None,
            (query.media,) if query.media else (),
            {Role.TO: query.to} if query.to else {},
        )
        return await self._kept.add(call.account, io.BytesIO(call.raw), asked, title=query.title)

    async def _of_rows(self, call: Call) -> batch.Batch:
        new: NewBatch = call.body
        if call.said:
            raise Refusal("bad_request", "what follows ? is for a CSV file", field=call.said[0][0])
        asked = await self._asked(call, new, new.template, new.media, new.columns)
        names = list(dict.fromkeys(name for row in new.rows for name in row))
        rows = ([_text(row.get(name)) for name in names] for row in new.rows)
        return await self._kept.of_rows(call.account, names, rows, asked, title=new.title)

    async def _asked(
        self,
        call: Call,
        asked: NewBatch | FileQuery,
        template: UsedTemplate | None,
        media: tuple[str, ...],
        columns: Mapping[Role, str],
    ) -> Asked:
        """What all messages share. Raises Refusal."""
        chosen = await self._template(call, template) if template else ""
        if chosen and (asked.body or (template and template.media_url and media)):
            raise Refusal("bad_request", "a template has its own text", field="template")
        media = media or ((template.media_url,) if template and template.media_url else ())
        service = read_service(asked.service)
        try:
            if service:
                await self._core.pools.get(call.account, service)
        except Unknown as error:
            raise Refusal("unknown_service", str(error), field="service") from None
        sender = read_address(asked.channel, asked.sender) or asked.sender
        return Asked(
            channel=asked.channel,
            sender=sender,
            service=service,
            body=asked.body,
            media=tuple(check_url(url, "media") for url in media),
            template=chosen,
            values=template.values if template else (),
            send_at=utc(asked.send_at) if asked.send_at else None,
            callback_url=check_url(asked.callback_url, "callback_url"),
            columns={str(role): name for role, name in columns.items()},
            repeats=asked.repeats,
        )

    async def _template(self, call: Call, asked: UsedTemplate) -> str:
        templates = self._core.templates
        try:
            return (await templates.named(call.account, asked.name, asked.language)).id
        except Unknown as error:
            raise Refusal("bad_request", str(error), field="template.name") from None

    async def list(self, call: Call) -> Page[Batch]:
        """List batches, newest first."""
        query: PageQuery = call.query
        after = read_id(query.after) if query.after else None
        if query.after and after is None:
            raise Refusal("bad_request", "after is not what a list ended with", field="after")
        cursor = Cursor(after) if after else None
        found = await self._kept.page(call.account, limit=query.limit, cursor=cursor)
        following = call.next(found.items[-1].id) if found.has_next else None
        return Page([shown(item) for item in found.items], following)

    async def show(self, call: Call) -> Batch:
        """Show one batch: how far it is."""
        return shown(await self._find(call))

    async def remove(self, call: Call) -> None:
        """Forget a batch that does not run, and its rows; its messages stay."""
        await self._kept.remove(call.account, (await self._find(call)).id)

    async def rows(self, call: Call) -> Page[Line]:
        """List the rows of a batch in their order, with what each became."""
        item, query = await self._find(call), call.query
        found = await self._kept.rows(
            call.account, item.id, limit=query.limit + 1, after=query.after, is_wrong=query.wrong
        )
        items, last = cut(found, query.limit)
        following = call.next(str(last.number)) if last else None
        return Page([line(row, item.header) for row in items], following)

    async def result(self, call: Call) -> Response:
        """Give the rows of a batch as CSV, with the id and the status of each message by now."""
        item = await self._find(call)
        name = f'attachment; filename="result-{item.id}.csv"'
        answer = StreamingResponse(result(self._kept, item, bom=call.query.bom), media_type=_CSV)
        answer.headers["content-disposition"] = name
        return answer

    async def start(self, call: Call) -> Batch:
        """Send a batch, or go on with one that was paused."""
        return shown(await self._kept.start(call.account, (await self._find(call)).id))

    async def pause(self, call: Call) -> Batch:
        """Stop a batch between two rows, to go on later."""
        return shown(await self._kept.pause(call.account, (await self._find(call)).id))

    async def cancel(self, call: Call) -> Batch:
        """Stop a batch for good; what was sent stays sent."""
        return shown(await self._kept.cancel(call.account, (await self._find(call)).id))

    async def _find(self, call: Call) -> batch.Batch:
        id = read_id(call.holes["id"])
        if id is None:
            raise Unknown(f"no batch {call.holes['id']}")
        return await self._kept.get(call.account, id)


def _text(value: Cell) -> str:
    return "" if value is None else str(value)
