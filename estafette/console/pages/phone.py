"""A handset beside the sandbox: what a person sees who is written to, and what they do then."""

from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.responses import Response

from estafette.console import screens, taps
from estafette.console.rows import Row, get, post
from estafette.console.said import designs
from estafette.console.visit import Visit, pieces
from estafette.console.words import later as _
from estafette.core.core import Core
from estafette.core.handset import Spoken, read_person
from estafette.core.inbound import Unheard
from estafette.core.limits import LONGEST_ELSEWHERE, MOST_MEDIA
from estafette.model import BadValue, Channel, Conflict, Declined, Filter, Sender, Unknown
from estafette.model.ids import read_id
from estafette.model.media import type_named
from estafette.model.message import OPAQUE
from estafette.model.session import Role
from estafette.model.upload import LARGEST, Unfit, Upload
from estafette.model.whatsapp import Unsaid, hear
from estafette.model.whatsapp.heard import Heard

PERSON = "+14155550100"  #: a number that is set aside for fiction
_LARGEST = 17 << 20  # bytes of a form: the largest sound or film, and what is beside it
_SENDERS = 200  # that a new conversation can be begun with

#: What a file is called on WhatsApp, by the family of its type.
_KINDS = {"image": "image", "audio": "audio", "video": "video"}
_NOBODY = {
    Channel.SMS: _("That is no telephone number. Write it with its country: +14155550100."),
    Channel.WHATSAPP: _("That is no telephone number. Write it with its country: +14155550100."),
}
_NO_NAME = _("That is no name that somebody can have there: 1 to 64 characters without spaces.")


class Line(NamedTuple):
    """Whose telephone it is, and whom they talk to."""

    person: str
    channel: Channel
    name: str = ""
    sender: Sender | None = None

    @property
    def here(self) -> str:
        """The address of this screen."""
        return self.path(self.sender.id if self.sender else "")

    def path(self, sender: str = "", before: str = "") -> str:
        """The address of a screen."""
        asked = {"person": self.person, "channel": str(self.channel), "name": self.name}
        asked |= {"with": sender, "before": before}
        return f"/console/phone?{urlencode({key: text for key, text in asked.items() if text})}"


class Phone:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/phone", "show", Role.AGENT),
        post("/phone/write", "write", largest=_LARGEST),
        post("/phone/tap", "tap"),
        post("/phone/place", "place"),
        post("/phone/read", "read"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._handset = core.handset

    async def show(self, visit: Visit) -> Response:
        """The list of who wrote, or what was said with one of them."""
        senders = await self._handset.senders(visit.account.sid)
        channels = [channel for channel in Channel if any(s.channel is channel for s in senders)]
        channel = _channel(visit.query.get("channel", ""), channels)
        typed = visit.query.get("person", "").strip() or _usual(channel)
        name = _plain(visit.query.get("name", ""))
        line, wrong = Line(typed, channel, name), ""
        try:
            line = line._replace(person=read_person(typed, channel))
        except Declined:
            wrong = visit.say(_NOBODY.get(channel, _NO_NAME))
        if id := visit.query.get("with", ""):
            line = line._replace(sender=_held(senders, id, channel))
        return await self._screen(visit, line, senders, wrong=wrong)

    async def write(self, visit: Visit) -> Response:
        """Write to a sender, with files or without."""
        line, sender = await self._line(visit)
        body = visit.text("word") or visit.text("body")
        files = visit.files("files")
        error = ""
        if len(body) > LONGEST_ELSEWHERE:
            error = visit.say("A text has at most %(most)s characters.", most=LONGEST_ELSEWHERE)
        elif len(files) > MOST_MEDIA:
            error = visit.say("At most %(most)s files go at once.", most=MOST_MEDIA)
        elif not body and not files:
            error = visit.say("Write something, or choose a file.")
        if error:
            return await self._again(visit, line, error, body)
        kept = []
        for one in files:
            try:
                kept.append(await self._keep(visit, sender, one))
            except Unfit:
                return await self._again(visit, line, _unfit(visit, one), body)
        return await self._say(visit, line, _spoken(line.channel, body, kept), body)

    async def tap(self, visit: Visit) -> Response:
        """Touch a button or a row of a message, or react to one."""
        line, sender = await self._line(visit)
        reacts = not visit.text("tap")
        id, _colon, name = visit.text("react" if reacts else "tap").partition(":")
        message = await self._core.gateway.find(visit.account, read_id(id) or "")
        if message.lane != sender.id or sender.channel is not Channel.WHATSAPP:
            raise Unknown(visit.say("There is no such message on this telephone."))
        known = await designs(self._core, visit.account, [message])
        said = taps.reacted(message, name) if reacts else taps.tapped(message, name, known)
        return await self._say(visit, line, [said])

    async def place(self, visit: Visit) -> Response:
        """Tell where the person is."""
        line, sender = await self._line(visit)
        if sender.channel is not Channel.WHATSAPP:
            raise Conflict(visit.say("Places go on WhatsApp only."))
        given = {"latitude": visit.text("latitude"), "longitude": visit.text("longitude")}
        name = {"name": _plain(visit.text("place"))} if visit.text("place") else {}
        try:
            spot = {key: float(text.replace(",", ".")) for key, text in given.items()}
            said = hear("location", {**spot, **name})
        except (ValueError, Unsaid):
            error = visit.say("A place is two numbers: -90 to 90, and -180 to 180.")
            return await self._again(visit, line, error)
        return await self._say(visit, line, [said])

    async def read(self, visit: Visit) -> Response:
        """Read what is there."""
        line, sender = await self._line(visit)
        found, before = await screens.recent(self._core, visit.account, line.person, line.channel)
        for id in screens.thread(found, sender, before).unread:
            await self._handset.read(visit.account, id)
        return await self._done(visit, line)

    async def _line(self, visit: Visit) -> tuple[Line, Sender]:
        """Who does something, towards which sender of the sandbox's. Raises what does not exist."""
        try:
            id = read_id(visit.text("with")) or ""
            sender = await self._handset.sender(visit.account.sid, id)
        except Conflict:
            text = visit.say("A real carrier carries for this sender: nobody answers in its place.")
            raise Conflict(text) from None
        try:
            person = read_person(visit.text("person"), sender.channel)
        except Declined:
            text = visit.say(_NOBODY.get(sender.channel, _NO_NAME))
            raise BadValue("person", text) from None
        return Line(person, sender.channel, _plain(visit.text("name")), sender), sender

    async def _keep(self, visit: Visit, sender: Sender, file: UploadFile) -> Upload:
        return await self._handset.keep(
            visit.account,
            content_type=type_named(file.content_type or ""),
            filename=_plain(file.filename or ""),
            body=pieces(file),
            sender=sender,
        )

    async def _say(self, visit: Visit, line: Line, said: list[Heard], body: str = "") -> Response:
        for heard in said:
            spoken = Spoken(
                channel=line.channel,
                person=line.person,
                sender=line.sender.address if line.sender else "",
                heard=heard,
                name=line.name,
            )
            try:
                await self._handset.write(visit.account.sid, spoken)
            except Unheard:
                error = visit.say("This sender has blocked this number: it hears nothing of it.")
                return await self._again(visit, line, error, body)
        return await self._done(visit, line)

    async def _done(self, visit: Visit, line: Line) -> Response:
        if visit.is_part:
            senders = await self._handset.senders(visit.account.sid)
            return await self._screen(visit, line, senders)
        return visit.go(line.here)

    async def _again(self, visit: Visit, line: Line, error: str, body: str = "") -> Response:
        senders = await self._handset.senders(visit.account.sid)
        return await self._screen(visit, line, senders, error=error, body=body)

    async def _screen(
        self,
        visit: Visit,
        line: Line,
        senders: list[Sender],
        *,
        wrong: str = "",
        error: str = "",
        body: str = "",
    ) -> Response:
        """The page, or the handset alone for whoever has the page."""
        facts: dict[str, Any] = {
            "line": line,
            "channels": [c for c in Channel if any(s.channel is c for s in senders)],
            "wrong": wrong,
            "error": error,
            "body": body,
            "reactions": taps.REACTIONS,
            "thread": None,
            "chats": [],
            "others": [],
        }
        if not wrong:
            facts |= await self._facts(visit, line, senders)
        if not visit.is_part:
            latest = await self._core.gateway.page(visit.account, Filter(), limit=100)
            facts["people"] = screens.people(latest.items, senders, line.channel)
        template = "phone-part.html" if visit.is_part else "phone.html"
        return visit.show(template, 400 if wrong or error else 200, **facts)

    async def _facts(self, visit: Visit, line: Line, senders: list[Sender]) -> dict[str, Any]:
        core, account, sender = self._core, visit.account, line.sender
        before = read_id(visit.query.get("before", "")) or ""
        found, more = await screens.recent(core, account, line.person, line.channel, before)
        if sender is None:
            listed = screens.chats(found, senders)
            known = {chat.sender.id for chat in listed}
            others = [s for s in senders if s.channel is line.channel and s.id not in known]
            return {"chats": listed, "others": others[:_SENDERS], "before": more}
        shown = screens.thread(found, sender, more)
        return {
            "thread": shown,
            "designs": await designs(core, account, shown.messages),
            "quoted": {message.id: message for message in found},
            "is_out": await core.suppressions.is_suppressed(
                account.sid, line.person, line.channel, sender=sender.id
            ),
        }


def page(core: Core) -> Phone:
    """The page, around one core."""
    return Phone(core)


def _channel(asked: str, there: list[Channel]) -> Channel:
    return next((channel for channel in there if channel == asked), (*there, Channel.SMS)[0])


def _unfit(visit: Visit, file: UploadFile) -> str:
    """Why a file cannot be sent."""
    kind = type_named(file.content_type or "")
    if kind not in LARGEST:
        return visit.say("Files of this type cannot be sent: %(kind)s.", kind=kind or "?")
    most = LARGEST[kind] >> 10
    return visit.say(
        "This file is empty, larger than %(most)s KB, or not what its name says.", most=most
    )


def _plain(text: str) -> str:
    return text.replace("\0", "").strip()[:200]


def _usual(channel: Channel) -> str:
    return "ann.example" if channel in OPAQUE else PERSON


def _held(senders: list[Sender], id: str, channel: Channel) -> Sender:
    """One of the sandbox's senders. Raises Unknown."""
    found = next((one for one in senders if one.id == id and one.channel is channel), None)
    if found is None:
        raise Unknown(f"no sender {id[:40]} of the sandbox")
    return found


def _spoken(channel: Channel, body: str, files: list[Upload]) -> list[Heard]:
    """What a text with files is: one message, or on other channels than SMS one for each file."""
    if channel is Channel.SMS or not files:
        return [hear("text", None, body=body, media=tuple(one.url for one in files))]
    said = []
    for number, one in enumerate(files):
        caption = body if number == 0 else ""
        family = one.content_type.partition("/")[0]
        kind = "sticker" if one.content_type == "image/webp" else _KINDS.get(family, "document")
        part = {"mime_type": one.content_type, "filename": one.filename}
        said.append(hear(kind, part, body=caption, media=(one.url,)))
    return said
