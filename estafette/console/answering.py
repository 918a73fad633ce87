"""The box below a thread: what is typed there, what it would say, and sending it."""

import re
import secrets
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response

from estafette.console.composed import counted
from estafette.console.visit import Visit, pieces
from estafette.console.words import later as _
from estafette.core.core import Core
from estafette.core.limits import MOST_MEDIA
from estafette.core.talks import Reply
from estafette.model import Channel, Conflict, Declined, GatewayError, Reason, Unknown
from estafette.model.contact import Card
from estafette.model.filling import places
from estafette.model.ids import read_id
from estafette.model.template import Template, TemplateKind, TemplateStatus, Unfilled, Unfit

_OFFERED = 100  # templates in the list
_KEY = re.compile(r"[0-9a-f]{32}")
_URL = re.compile(r"https?://[^\s]{3,2000}", re.IGNORECASE)
_MEDIA = (Reason.BAD_MEDIA, Reason.TOO_MANY_MEDIA)
_DECLINED = {
    Reason.OPTED_OUT: _("They opted out: nothing can be sent to them."),
    Reason.OUTSIDE_WINDOW: _("The window of 24 hours is closed: only a template can be sent."),
    Reason.NOTHING_TO_SAY: _("There is nothing to send yet."),
    Reason.TOO_LONG: _("This is too long for one message."),
    Reason.BAD_BODY: _("There are characters in it that no carrier can take."),
    Reason.BAD_MEDIA: _("This file cannot be sent."),
    Reason.TOO_MANY_MEDIA: _("At most ten files go with one message."),
}


class Draft(Struct, frozen=True, kw_only=True):
    """What stands in the box."""

    body: str = ""
    url: str = ""
    template: str = ""
    values: tuple[str, ...] = ()
    media_url: str = ""
    kept: tuple[tuple[str, str], ...] = ()  #: files that were uploaded: their ids and names
    key: str = ""
    error: str = ""
    field: str = ""  #: what is to blame


class Answering:
    """What is asked of the box. It is part of the page of a conversation."""

    def __init__(self, core: Core) -> None:
        self._box = core

    async def box(self, visit: Visit, card: Card, draft: Draft) -> dict[str, Any]:
        """What the box is drawn with."""
        offered = await self._offered(visit, card)
        chosen = next((one for one in offered if one.id == draft.template), None)
        return {
            "draft": replace(draft, key=draft.key or secrets.token_hex(16)),
            "offered": offered,
            "chosen": chosen,
            "places": places(chosen) if chosen else 0,
            "shows_media": bool(chosen and chosen.kind is not TemplateKind.TEXT),
            "preview": await self._preview(visit, card, draft, chosen) if chosen else "",
            "counted": counted(draft.body, card.contact.channel),
            "opening": await self._box.conversations.opening(card),
            "is_ours": card.sender is not None and card.sender.released_at is None,
        }

    async def count(self, visit: Visit) -> Response:
        """How long what is typed would be."""
        card = await self._box.conversations.get(visit.account.sid, visit.holes["id"].lower())
        body = visit.text("body").replace("\r\n", "\n")
        return visit.show("conversations-count.html", counted=counted(body, card.contact.channel))

    async def template(self, visit: Visit) -> Response:
        """The holes of a template, or what it says once they are filled."""
        account = visit.account.sid
        card = await self._box.conversations.get(account, visit.holes["id"].lower())
        values = visit.request.query_params.getlist("values")
        draft = Draft(
            template=visit.query.get("template", ""),
            values=tuple(value for value in values if isinstance(value, str)),
            media_url=visit.query.get("media_url", ""),
        )
        facts = {**await self.box(visit, card, draft), "card": card, "id": visit.holes["id"]}
        part = "preview" if visit.query.get("part") == "preview" else "holes"
        return visit.show(f"conversations-{part}.html", **facts)

    async def reply(self, visit: Visit) -> Response:
        """Send what is in the box."""
        id = visit.holes["id"].lower()
        card = await self._box.conversations.get(visit.account.sid, id)
        draft = _draft(visit)
        if visit.text("act") == "choose":
            return await self._again(visit, card, draft, 200)
        try:
            draft = await self._loaded(visit, card, draft)
            reply = _reply(visit, draft)
            sent = await self._box.conversations.reply(visit.account, id, reply)
        except (_Wrong, GatewayError) as error:
            kept = error.draft if isinstance(error, _Wrong) else draft
            blamed = replace(kept, error=_said(visit, error), field=_field(error))
            return await self._again(visit, card, blamed, 400)
        visit.changed("message.sent", sent.id, conversation=id)
        if visit.is_part:
            answer = await self._again(visit, card, Draft(), 200)
            answer.headers["hx-trigger"] = "said"
            return answer
        query = visit.request.url.query
        return visit.go(f"/console/conversations/{id}{f'?{query}' if query else ''}")

    async def page(
        self, visit: Visit, card: Card, draft: Draft, status: int = 200, **more: Any
    ) -> Response:
        """The whole page around the box."""
        raise NotImplementedError

    async def _again(self, visit: Visit, card: Card, draft: Draft, status: int) -> Response:
        if not visit.is_part:
            return await self.page(visit, card, draft, status)
        facts = await self.box(visit, card, draft)
        return visit.show("conversations-box.html", status, card=card, **facts)

    async def _offered(self, visit: Visit, card: Card) -> Sequence[Template]:
        """The templates that this contact may be sent."""
        if not visit.may("agent"):
            return []
        channel = card.contact.channel
        is_strict = channel is Channel.WHATSAPP
        status = TemplateStatus.APPROVED if is_strict else None
        found = await self._box.templates.page(visit.account, limit=_OFFERED, status=status)
        return [
            one
            for one in found.items
            if (one.channel in ("", channel) or not is_strict) and (is_strict or one.body)
        ]

    async def _preview(self, visit: Visit, card: Card, draft: Draft, found: Template) -> str:
        """What a template says so far: holes that are not filled yet stay as they are."""
        given = [value.strip() for value in draft.values]
        count = places(found)
        values = [
            (given[place] if place < len(given) else "") or f"{{{{{place + 1}}}}}"
            for place in range(count)
        ]
        reply = Reply(template=found.id, values=tuple(values), media_url=draft.media_url)
        try:
            return (await self._box.conversations.filled(visit.account, card, reply)).body
        except GatewayError:
            return found.body

    async def _loaded(self, visit: Visit, card: Card, draft: Draft) -> Draft:
        """The draft with the files that came with it, kept. Raises _Wrong, GatewayError."""
        files = visit.files("file")
        if len(files) + len(draft.kept) > MOST_MEDIA:
            raise _Wrong(visit.say("At most ten files go with one message."), draft, "file")
        for file in files:
            if card.sender is None:
                raise Conflict("the sender of this conversation is not yours any more")
            try:
                upload = await self._box.uploads.add(
                    visit.account,
                    sender=card.sender,
                    content_type=file.content_type or "",
                    filename=file.filename or "",
                    body=pieces(file),
                )
            except GatewayError as error:
                text = f"{file.filename}: {visit.told(error)}"
                raise _Wrong(text, draft, "file") from None
            draft = replace(draft, kept=(*draft.kept, (upload.id, upload.filename)))
        return draft


class _Wrong(Exception):
    """It cannot be sent as it stands there; `draft` is what is known of it by now."""

    def __init__(self, text: str, draft: Draft, field: str) -> None:
        super().__init__(text)
        self.draft = draft
        self.field = field


def _draft(visit: Visit) -> Draft:
    kept = []
    for item in visit.texts("files")[:MOST_MEDIA]:
        id, _, name = item.partition(" ")
        if found := read_id(id):
            kept.append((found, name[:255]))
    values = [v for v in visit.form.getlist("values") if isinstance(v, str)]
    key = visit.text("key")
    return Draft(
        body=visit.text("body").replace("\r\n", "\n"),
        url=visit.text("url"),
        template=visit.text("template"),
        values=tuple(value.strip() for value in values[:100]),
        media_url=visit.text("media_url"),
        kept=tuple(kept),
        key=key if _KEY.fullmatch(key) else "",
    )


def _reply(visit: Visit, draft: Draft) -> Reply:
    """What is to be sent. Raises _Wrong."""
    key = f"\nconsole {draft.key}" if draft.key else ""
    if draft.template:
        if draft.media_url and not _URL.fullmatch(draft.media_url):
            raise _Wrong(visit.say("This is not the address of a file."), draft, "media_url")
        if not all(draft.values):
            raise _Wrong(visit.say("Fill in all holes of the template."), draft, "template")
        return Reply(
            template=draft.template, values=draft.values, media_url=draft.media_url, key=key
        )
    if draft.url and not _URL.fullmatch(draft.url):
        raise _Wrong(visit.say("This is not the address of a file."), draft, "url")
    return Reply(
        body=draft.body,
        media=(draft.url,) if draft.url else (),
        files=tuple(id for id, _ in draft.kept),
        key=key,
    )


def _said(visit: Visit, error: Exception) -> str:
    """Why it could not be sent, in the language of who reads it."""
    if isinstance(error, Unfilled):
        return visit.say("Fill in all holes of the template.")
    if isinstance(error, Unfit | Unknown):
        return visit.say("This template cannot be sent here: %(why)s.", why=error)
    if isinstance(error, Conflict):
        return visit.say("It could not be sent: %(why)s.", why=error)
    if isinstance(error, Declined) and error.reason in _DECLINED:
        value = error.value[:200]
        text = visit.say(_DECLINED[error.reason])
        return f"{text} {value}" if error.reason in _MEDIA and value else text
    return visit.told(error) if isinstance(error, GatewayError) else str(error)


def _field(error: Exception) -> str:
    if isinstance(error, _Wrong):
        return error.field
    if isinstance(error, Unfilled | Unfit | Unknown):
        return "template"
    return "file" if isinstance(error, Declined) and error.reason in _MEDIA else "body"
