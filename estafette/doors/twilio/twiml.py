"""TwiML: what an address answers to an inbound message, in our words. Pure."""

from urllib.parse import urldefrag, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from estafette.doors.twilio import wire
from estafette.doors.twilio.callbacks import as_asked
from estafette.doors.twilio.errors import TwilioError, of_declined
from estafette.model import Callback, Declined, Document, Heard, Hook, Message, Send
from estafette.model.twilio import PREFIX

MOST_REPLIES = 10
MOST_REDIRECTS = 10
_XML = frozenset({"text/xml", "application/xml", "text/html"})

#: What is wrong with a document, and with a part of one.
TEXT = {
    11100: "{} is not a URL that can be asked",
    11750: "The answer is larger than 64 kB",
    12100: "The answer is not TwiML: {}",
    12200: "<{}> has no meaning in a <Message>",
    12300: "The Content-Type {} is not one of text/xml, application/xml, text/html, text/plain",
    14106: "More than {} redirects",
    14109: "More than {} replies: the others were not sent",
    14110: "<{}> is not <Message> or <Redirect>",
}


class _Unusable(Exception):
    """A document that cannot be followed."""

    def __init__(self, code: int, value: str = "") -> None:
        super().__init__(_said(code, value))
        self.code = str(code)


def _said(code: int, value: object = "") -> str:
    return TEXT[code].format(str(value)[:100])


def hear(callback: Callback, message: Message, document: Document) -> Heard:
    """What a document says. One that cannot be used comes back with its code, and no replies."""
    try:
        return _heard(callback, message, document)
    except _Unusable as error:
        return Heard(code=error.code, text=str(error))


def decline(error: Declined, send: Send) -> str:
    """Why a reply could not be sent: Twilio's code and text."""
    return _note(of_declined(error, send, has_body=not send.media))


def _note(error: TwilioError) -> str:
    return f"{error.code}: {error.message}"


def _heard(callback: Callback, message: Message, document: Document) -> Heard:
    if document.cut:
        raise _Unusable(11750)
    if not document.body.strip():
        return Heard()
    kind, charset = _content_type(document.content_type)
    if kind == "text/plain":
        said = _decoded(document.body, charset or "utf-8", errors="replace")
        return _replies([_form(message, {}, said.strip(), [], "")])
    if kind not in _XML:
        raise _Unusable(12300, kind or "(none)")
    return _Reading(callback, message).of(_root(document.body, charset))


def _content_type(text: str) -> tuple[str, str]:
    kind, _, rest = text.partition(";")
    options = (part.partition("=") for part in rest.split(";"))
    found = [value for name, _, value in options if name.strip().lower() == "charset"]
    return kind.strip().lower(), found[0].strip().strip("\"'") if found else ""


def _decoded(body: bytes, charset: str, errors: str = "strict") -> str:
    try:
        return body.decode(charset, errors)
    except LookupError:  # a charset that nobody knows
        return body.decode("utf-8", errors)


def _root(body: bytes, charset: str) -> Element:
    """The <Response> of a document, in the charset that it came with or that it says itself."""
    try:
        root: Element = fromstring(_decoded(body, charset) if charset else body)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise _Unusable(12100, _why(error)) from None
    if _name(root) != "Response":
        raise _Unusable(12100, f"it begins with <{_name(root)}>, not with <Response>")
    return root


def _why(error: Exception) -> str:
    match error:
        case ParseError():
            return str(error)
        case DefusedXmlException():
            return "it declares entities"
    return "its characters are not those of its charset"


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


class _Reading:
    """One document, at the address that it came from."""

    def __init__(self, callback: Callback, message: Message) -> None:
        self._message = message
        self._url = as_asked(urldefrag(callback.url).url)
        self._redirects = callback.detour.redirects if callback.detour else 0
        self._notes: list[str] = []

    def of(self, root: Element) -> Heard:
        """Its verbs in their order, up to the first that leads on to another document."""
        forms: list[wire.Form] = []
        for verb in root:
            match _name(verb):
                case "Message":
                    forms.append(self._form(verb))
                case "Redirect":
                    return self._lead_on(verb, _replies(forms, self._notes))
                case name:
                    raise _Unusable(14110, name)
        return _replies(forms, self._notes)

    def _lead_on(self, verb: Element, heard: Heard) -> Heard:
        said = (verb.text or "").strip()
        url = self._whole(said)
        if not said or not _can_be_asked(url):
            raise _Unusable(11100, said or "An empty <Redirect>")
        if self._redirects >= MOST_REDIRECTS:
            raise _Unusable(14106, str(MOST_REDIRECTS))
        hook = Hook(url, "GET" if verb.get("method", "").upper() == "GET" else "POST")
        return Heard(replies=heard.replies, redirect=hook, notes=heard.notes)

    def _form(self, verb: Element) -> wire.Form:
        """The request that would send what a <Message> says."""
        text, bodies, media = [verb.text or ""], [], []
        for noun in verb:
            said = "".join(noun.itertext())
            match _name(noun):
                case "Body":
                    bodies.append(said)
                case "Media":
                    media.append(self._whole(said.strip()))
                case name:
                    self._notes.append(f"12200: {_said(12200, name)}")
            text.append(noun.tail or "")
        body = "".join(text).strip() + "".join(bodies).strip()
        callback = verb.get("statusCallback") or verb.get("action") or ""
        return _form(
            self._message, verb.attrib, body, media, callback and self._whole(callback.strip())
        )

    def _whole(self, url: str) -> str:
        """A URL as it is meant in this document."""
        try:
            return urljoin(self._url, url)
        except ValueError:
            return url


def _form(
    message: Message, said: dict[str, str], body: str, media: list[str], callback: str
) -> wire.Form:
    prefix = PREFIX[message.channel]
    return {
        "To": [said.get("to") or prefix + message.sender],
        "From": [said.get("from") or prefix + message.recipient],
        "Body": [body],
        "MediaUrl": media,
        "StatusCallback": [callback],
    }


def _can_be_asked(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _replies(forms: list[wire.Form], notes: list[str] | None = None) -> Heard:
    """The messages that these requests ask for; what is wrong with one holds up no other."""
    found: list[Send] = []
    said = list(notes or [])
    for form in forms[:MOST_REPLIES]:
        try:
            found.append(wire.read_send({name: form[name] for name in form if form[name]}))
        except TwilioError as error:
            said.append(_note(error))
    if len(forms) > MOST_REPLIES:
        said.append(f"14109: {_said(14109, MOST_REPLIES)}")
    return Heard(replies=tuple(found), notes=tuple(said))
