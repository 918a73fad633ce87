"""Files: uploaded, looked up, read and deleted."""

from functools import partial
from typing import Any, ClassVar

import msgspec
from starlette.responses import Response

from estafette.core.core import Core
from estafette.doors.streams import Shown, Streamed
from estafette.doors.whatsapp.errors import TRACE, Refusal, new_trace, unknown
from estafette.doors.whatsapp.forms import Form
from estafette.doors.whatsapp.requests import SUCCESS, Call
from estafette.model import Busy, Channel, MediaItem, Sender, Unknown
from estafette.model.ids import digits, read_digits
from estafette.model.media import ending, type_named
from estafette.model.upload import Unfit, Upload

File = Upload | MediaItem
_PRODUCT = "whatsapp"


class Media:
    """Each method answers one operation. Beside what was uploaded, it knows what people sent."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("POST", "/{phone}/media", "upload"),
        ("GET", "/{id}/content", "content"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def upload(self, call: Call) -> dict[str, str]:
        """Keep a file: it is on disk when this answers."""
        sender = await self._sender(call, call.holes["phone"])
        form = Form(call.request)
        try:
            found = await self._load(call, sender, form)
        except Unfit as error:
            raise Refusal(error.code, f"{error.field} {error}") from None
        return {"id": digits(found.id)}

    upload.reads = True  # type: ignore[attr-defined]

    async def _load(self, call: Call, sender: Sender, form: Form) -> Upload:
        async with self._core.uploads.begun(call.account, sender) as loading:
            async for piece in form.file():
                await loading.write(piece, type_named(form.content_type))
            product = form.fields.get("messaging_product", "")
            if product.strip().lower() != _PRODUCT:
                raise Refusal(100, "messaging_product is required, and must be whatsapp")
            if not form.has_file:
                raise Refusal(100, "file is required")
            kind = type_named(form.content_type) or type_named(form.fields.get("type", ""))
            return await loading.end(kind, form.filename)

    async def content(self, call: Call) -> Response:
        """The bytes of a file."""
        try:
            file = await self._find(call, call.holes["id"])
        except Unknown:
            raise _gone(call.holes["id"]) from None
        ends = ending(file.content_type)
        shown = Shown(file.content_type, file.size, f"{digits(file.id)}{ends}", file.id)
        refuse = partial(_refuse, digits(file.id))
        return Streamed(partial(self._core.uploads.pour, file), shown, refuse)

    async def show(self, call: Call, id: str) -> Any:
        """What is known of the one with this id; None where there is none."""
        try:
            file = await self._find(call, id)
        except Unknown:
            return None
        await self._check_phone(call, file)
        return {
            "messaging_product": _PRODUCT,
            "url": f"{self._core.public_url}{path(file)}",
            "mime_type": file.content_type,
            "sha256": file.sha256,
            "file_size": file.size,
            "id": digits(file.id),
        }

    async def change(self, call: Call, id: str) -> Any:
        """Nothing of a file can be changed."""
        return None

    async def remove(self, call: Call, id: str) -> Any:
        """Delete it; None where there is none."""
        try:
            file = await self._find(call, id)
            await self._check_phone(call, file)
            if isinstance(file, Upload):
                await self._core.uploads.remove(call.account, file.id)
            else:
                message = await self._core.gateway.find(call.account, file.message)
                await self._core.media.remove(message, file)
        except Unknown:
            return None
        return SUCCESS

    async def _find(self, call: Call, id: str) -> File:
        known = read_digits(id)
        if known is None:
            raise Unknown(f"no file {id}")
        return await self._core.uploads.find(call.account, known)

    async def _sender(self, call: Call, phone: str) -> Sender:
        return await self._core.senders.by_ref(call.account.sid, Channel.WHATSAPP, phone)

    async def _check_phone(self, call: Call, file: File) -> None:
        """Raise Refusal where the query names a number that has nothing to do with the file."""
        phone = call.query.get("phone_number_id", "")
        if not phone:
            return
        try:
            sender = await self._sender(call, phone)
        except Unknown:
            raise _elsewhere(phone) from None
        if isinstance(file, Upload):
            owner = file.sender
        else:
            owner = (await self._core.gateway.find(call.account, file.message)).lane
        if owner != sender.id:
            raise _elsewhere(phone)


def path(file: File) -> str:
    """The path of the bytes, for whoever shows the token of its account."""
    return f"/{digits(file.id)}/content"


def _elsewhere(phone: str) -> Refusal:
    return Refusal(100, f"phone_number_id {phone[:64]} is not the number that this file belongs to")


def _gone(id: str) -> Refusal:
    found = unknown(id)
    found.status = 404
    return found


def _refuse(id: str, error: Unknown | Busy) -> Response:
    refusal = _gone(id) if isinstance(error, Unknown) else Refusal(2, str(error))
    trace = new_trace()
    body = msgspec.json.encode(refusal.shape(trace))
    return Response(body, refusal.status, {TRACE.decode(): trace}, "application/json")
