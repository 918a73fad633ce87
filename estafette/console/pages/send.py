"""Send one message."""

from collections import defaultdict
from secrets import token_hex
from typing import Any, ClassVar

from starlette.datastructures import UploadFile
from starlette.responses import Response

from estafette.console import choices
from estafette.console.composed import (
    FIELD,
    Bad,
    Typed,
    check_callback,
    check_media,
    counted,
    holes_of,
    previewed,
    time_of,
    typed,
)
from estafette.console.reasons import REASONS
from estafette.console.rows import Row, get, post
from estafette.console.statuses import LABELS
from estafette.console.visit import Visit, pieces
from estafette.core.circular import DOOR
from estafette.core.core import Core
from estafette.model import (
    BadFallback,
    Channel,
    Declined,
    Fallback,
    Reason,
    Send,
    Unknown,
)
from estafette.model.address import spelled_recipient
from estafette.model.fallback import LONGEST, SHORTEST
from estafette.model.filling import made_of
from estafette.model.ids import read_id
from estafette.model.session import Role
from estafette.model.template import Template, TemplateStatus, Unfilled, Unfit
from estafette.model.upload import LARGEST_OF_ALL, UPLOAD
from estafette.model.upload import Unfit as UnfitFile

_MOST_VALUES = 100


class Sending:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/send", "form", Role.AGENT),
        post("/send", "send", largest=LARGEST_OF_ALL + (1 << 20)),
        post("/send/form", "again", largest=LARGEST_OF_ALL + (1 << 20)),
        post("/send/count", "count"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def form(self, visit: Visit) -> Response:
        """Ask what to send; the query fills fields."""
        known = typed(visit.query, [], [], token_hex(16))
        return await self._show(visit, known, {})

    async def again(self, visit: Visit) -> Response:
        """The same form for another channel or template."""
        return await self._show(visit, _typed(visit), {})

    async def count(self, visit: Visit) -> Response:
        """How long the text is by now, or what the template says."""
        known = _typed(visit)
        return visit.show("send-count.html", **await self._counted(visit, known))

    async def send(self, visit: Visit) -> Response:
        """Send it."""
        known = _typed(visit)
        try:
            if file := visit.file("file"):
                known.kept.append(await self._upload(visit, known, file))
            message = await self._core.gateway.send(visit.account, await self._read(visit, known))
        except Bad as error:
            return await self._show(visit, known, {error.field: str(error)}, 400)
        except BadFallback as error:
            return await self._show(visit, known, {"fallback": visit.told(error)}, 400)
        except Declined as error:
            field = FIELD.get(error.reason, "to")
            return await self._show(visit, known, {field: visit.told(error)}, 400)
        visit.changed("message.sent", message.id, to=message.recipient, channel=message.channel)
        notice = visit.say("It is on its way.")
        if known.send_at:
            notice = visit.say("It will be sent at its time.")
        return visit.go(f"/console/messages/{message.id}", notice)

    async def _show(
        self, visit: Visit, known: Typed, errors: dict[str, str], code: int = 200
    ) -> Response:
        facts = await self._counted(visit, known)
        template = "send-form.html" if visit.is_part else "send.html"
        return visit.show(
            template,
            code,
            typed=known,
            errors=defaultdict(str, errors),
            channels=await choices.channels(visit),
            origins=await choices.origins(visit, known.channel),
            templates=await self._templates(visit, known.channel),
            files=await self._files(visit, known),
            ways=[(str(one), visit.say(LABELS[one])) for one in Channel if one != known.channel],
            **facts,
        )

    async def _counted(self, visit: Visit, known: Typed) -> dict[str, Any]:
        chosen = await self._template(visit, known)
        known.template = chosen.id if chosen else ""
        return {
            "chosen": chosen,
            "holes": holes_of(chosen) if chosen else [],
            "said": previewed(chosen, known.values) if chosen else "",
            "counted": counted(known.body, known.channel),
        }

    async def _template(self, visit: Visit, known: Typed) -> Template | None:
        if known.channel is not Channel.WHATSAPP:
            return None
        return await choices.template_of(visit, known.template)

    async def _templates(self, visit: Visit, channel: Channel) -> choices.Options:
        if channel is not Channel.WHATSAPP:
            return []
        found = await choices.approved(visit)
        none = ("", visit.say("No template: a text of your own"))
        return [none, *((item.id, f"{item.title} · {item.language}") for item in found)]

    async def _files(self, visit: Visit, known: Typed) -> list[tuple[str, str]]:
        """The files that were uploaded for this message, by their names."""
        found = []
        for id in known.kept:
            try:
                upload = await self._core.uploads.get(visit.account, read_id(id) or "")
                found.append((upload.id, upload.filename or upload.content_type))
            except Unknown:
                continue
        known.kept = [id for id, _ in found]
        return found

    async def _upload(self, visit: Visit, known: Typed, file: UploadFile) -> str:
        """Keep a file that goes with the message. Raises Bad."""
        sender = await self._core.senders.choose(visit.account.sid, known.channel)
        if sender is None:
            raise Bad("from", visit.say(REASONS[Reason.NO_SENDER]))
        try:
            kept = await self._core.uploads.add(
                visit.account,
                sender=sender,
                content_type=file.content_type or "",
                filename=file.filename or "",
                body=pieces(file),
            )
        except UnfitFile:
            text = visit.say("This file cannot be sent: its kind is not taken, or it is too large.")
            raise Bad("file", text) from None
        return kept.id

    async def _read(self, visit: Visit, known: Typed) -> Send:
        """The send that the fields ask for. Raises Bad."""
        service = choices.service_of(known.origin)
        sender = "" if service else known.origin
        if not service and not sender:
            usual = await self._core.senders.choose(visit.account.sid, known.channel)
            if usual is None:
                raise Bad("from", visit.say(REASONS[Reason.NO_SENDER]))
            sender = usual.address
        body, media = known.body, tuple(known.media.split())
        check_media(visit, media)
        content: Any = {}
        media += tuple(f"{UPLOAD}{id}" for id, _ in await self._files(visit, known))
        if template := await self._template(visit, known):
            body, media, content = _made(visit, template, known, media)
        check_callback(visit, known.callback_url)
        return Send(
            channel=known.channel,
            sender=sender,
            recipient=_recipient(visit, known),
            body=body,
            media=media,
            content=content,
            service=service,
            send_at=time_of(visit, known.send_at),
            callback_url=known.callback_url,
            fallback=_fallback(visit, known),
            door=DOOR,
            idempotency_key=known.key,
            fingerprint=known.key,
        )


def page(core: Core) -> Sending:
    """The page, around one core."""
    return Sending(core)


def _typed(visit: Visit) -> Typed:
    given = {name: value for name, value in visit.form.items() if isinstance(value, str)}
    body = given.get("body", "")
    values = []
    for place in range(1, _MOST_VALUES):
        if f"value-{place}" not in given:
            break
        values.append(visit.text(f"value-{place}"))
    bare = {name: value.strip() for name, value in given.items()}
    kept = [id for id in visit.texts("kept") if read_id(id)]
    return typed({**bare, "body": body}, values, kept, token_hex(16))


def _recipient(visit: Visit, known: Typed) -> str:
    """Whom it goes to. Raises Bad."""
    text = known.to
    if not text:
        raise Bad("to", visit.say(REASONS[Reason.NO_RECIPIENT]))
    found = spelled_recipient(text, known.channel)
    if found is None:
        raise Bad("to", visit.say("A number with its country code, such as +1 415 555 0100."))
    return found


def _made(
    visit: Visit, template: Template, known: Typed, media: tuple[str, ...]
) -> tuple[str, tuple[str, ...], Any]:
    """What a template says. Raises Bad."""
    if template.status is not TemplateStatus.APPROVED:
        raise Bad("template", visit.say("This template is not approved."))
    missing = next((place for place, value in enumerate(known.values, 1) if not value), None)
    if missing:
        raise Bad(f"value-{missing}", visit.say("This hole of the template is empty."))
    if len(media) > 1:
        raise Bad("media", visit.say("A template shows one picture or file at the most."))
    try:
        made = made_of(template, known.values, next(iter(media), ""))
    except Unfilled:
        raise Bad("template", visit.say("Fill the holes of the template.")) from None
    except Unfit:
        text = visit.say("This template shows other media than were given.")
        raise Bad("media", text) from None
    return made.body, made.media, made.content


def _fallback(visit: Visit, known: Typed) -> Fallback | None:
    if not known.fallback:
        return None
    try:
        after = int(known.fallback_after) if known.fallback_after else None
        channel = Channel(known.fallback)
    except ValueError:
        after, channel = 0, Channel.SMS
    if after is not None and not SHORTEST <= after <= LONGEST:
        raise Bad("fallback_after", visit.say("A number of seconds, at most a day."))
    return Fallback(channel=channel, after=after)
