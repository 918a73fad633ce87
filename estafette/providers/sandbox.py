"""The carrier inside the gateway: it takes messages, tells what became of them, and costs nothing.

What it does depends on the recipient, see BEHAVIOUR and, on WhatsApp, PEOPLE and FAILING. It notes each offer that it sees in a file,
so that it can be asked after a crash, and so that a test can see what was offered twice.
"""

import asyncio
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from estafette.model import (
    Accepted,
    Attempt,
    Channel,
    Declined,
    Later,
    Message,
    Misconfigured,
    Offer,
    Reason,
    Receipt,
    Refused,
    Send,
    SendError,
    Status,
    Throttled,
    Unclear,
    Unreached,
    meta,
)
from estafette.model.attempt import Request
from estafette.model.fictional import numbers
from estafette.model.kept import packed
from estafette.model.number import Number
from estafette.providers import Place, Provider, secret

REASON = {
    "30003": Reason.UNREACHABLE,
    "30004": Reason.BLOCKED,
    "30005": Reason.UNKNOWN_HANDSET,
    "30006": Reason.LANDLINE,
    "30007": Reason.BLOCKED,
    "30036": Reason.EXPIRED,
}

TEXT = {
    "30001": "Queue overflow",
    "30002": "Account suspended",
    "30003": "Unreachable destination handset",
    "30004": "Message blocked",
    "30005": "Unknown destination handset",
    "30006": "Landline or unreachable carrier",
    "30007": "Message filtered",
    "30008": "Unknown error",
}

#: What the carrier does, by recipient. Any other number is delivered after the delay.
BEHAVIOUR = {
    "+15005520102": "answers after two seconds, then delivers",
    "+15005520200": "takes it and never tells more",
    "+15005520202": "tells each receipt twice",
    "+15005520205": "tells that it was delivered before it tells that it was sent",
    "+15005520207": "delivers, then it is read",
    "+15005520400": "refuses it as filtered (30007)",
    "+15005520408": "takes it, does not answer, and delivers",
    "+15005520429": "asks to come back in a second, once",
    "+15005520470": "refuses it as outside the 24-hour window (63016)",
    "+15005520503": "cannot be reached the first time",
    "+15005520504": "takes it, does not answer, and never tells",
    "+15005520599": "can never be reached",
}
_REFUSES = {
    "+15005520400": ("30007", TEXT["30007"], Reason.BLOCKED),
    "+15005520470": ("63016", "Outside the allowed window", Reason.OUTSIDE_WINDOW),
}
_UNDELIVERED = re.compile(r"\+150055(3\d{4})")  #: +1 500 553 0003 is not delivered, with code 30003

#: What it does besides on WhatsApp, by recipient.
PEOPLE = {
    "+16505550207": "delivers, then it is read",
    "+16505550208": "delivers, and a voice message is played, which is told as read",
    "+16505550403": "takes it, and tells that the person blocked the sender (130403)",
}
#: On WhatsApp, what becomes of a message to `+1650`, this digit, and a code of Meta's in six digits.
FAILING = {
    "0": "fails as with Meta: it is declined at once, or taken, and fails later",
    "1": "is declined at once with the code",
    "2": "is taken, and fails later with the code",
    "3": "is written down; its carrier is asked, and answers with the code: it is offered again after"
    " a second, and taken, if the code is one of those that pass, and fails else",
}
_FAILING = re.compile(r"\+1650([0-3])(\d{6})", re.ASCII)
_BLOCKED = 130403

#: From this sender, recipients are declined at once, as with a carrier's test credentials.
MAGIC_SENDER = "+15005550006"
MAGIC = {
    "+15005550001": Reason.BAD_RECIPIENT,
    "+15005550002": Reason.UNROUTABLE,
    "+15005550003": Reason.REGION,
    "+15005550004": Reason.OPTED_OUT,
    "+15005550009": Reason.NOT_MOBILE,
}

TOKEN = "sandbox"  # noqa: S105 - the one token that it takes; any other is a wrong setting
_LEDGER_SIZE = 16 << 20  # bytes, then a new file is begun and the one before is kept


@dataclass(kw_only=True)
class Sandbox(Provider):
    """Delivers after `delay` seconds, or does what BEHAVIOUR says of the recipient."""

    title = "Sandbox"
    channels = frozenset(Channel)

    delay: float = 0.2
    token: str = secret(default=TOKEN)
    _ledger: "Ledger | None" = field(default=None, init=False, repr=False)

    async def open(self, place: Place) -> None:
        """Begin this process's ledger."""
        self._ledger = Ledger(place.home / "sandbox", place.node)

    async def close(self) -> None:
        """Close the ledger."""
        if self._ledger:
            self._ledger.close()

    def vet(self, send: Send) -> None:
        """Decline what Twilio's test credentials decline and, on WhatsApp, what Meta does at once."""
        if send.sender == MAGIC_SENDER and send.recipient in MAGIC:
            raise Declined(MAGIC[send.recipient], send.recipient)
        if send.channel is Channel.WHATSAPP:
            way, code = _asked_for(send.recipient)
            if way == "1" or (way == "0" and meta.CODES[code].when is not meta.When.LATER):
                words = meta.title_of(code)
                raise Declined(_reason(code), send.recipient, code=str(code), text=words)

    def offers(self) -> Sequence[Number]:
        """Numbers that belong to nobody: see model/fictional.py."""
        return numbers()

    async def send(self, offer: Offer) -> Accepted:
        """Note the offer, then do what its recipient asks for."""
        if self.token != TOKEN:
            raise Misconfigured("the sandbox takes only the token 'sandbox'", code="401")
        answer = self._answer(offer.id, offer.number, offer.message)
        if isinstance(answer, Unreached):
            raise answer
        if self._ledger:
            self._ledger.note(offer.id, offer.message.id)
        if offer.message.recipient == "+15005520102":
            await asyncio.sleep(2)
        return _answered(answer)

    def describe(self, offer: Offer, at: datetime) -> Request:
        """What it was handed; nothing left this process."""
        message = offer.message
        said = {
            "channel": message.channel,
            "from": message.sender,
            "to": message.recipient,
            "body": message.body,
            "media": message.media,
            "content": message.content,
        }
        return Request(body=packed({name: part for name, part in said.items() if part}))

    async def recall(self, attempt: Attempt, message: Message) -> Accepted:
        """Look the offer up in the ledger of the process that made it."""
        seen = self._ledger.seen(attempt.node) if self._ledger else None
        if seen is None:
            raise Unclear("the sandbox of that machine cannot be asked from here")
        if attempt.id not in seen:
            raise Unreached("the sandbox never saw this offer")
        return _answered(self._answer(attempt.id, attempt.number, message))

    def _answer(self, id: str, number: int, message: Message) -> Accepted | SendError:
        """What this offer comes to; the same for the same offer whenever it is asked."""
        ref = f"SB{id}"
        delivered = _tell(self.delay, message, ref, Status.DELIVERED)
        if message.channel is Channel.WHATSAPP:
            found = self._answer_of_meta(number, message, delivered)
            if found:
                return found
        if error := _error(message.recipient, number, delivered):
            return error
        if code := _UNDELIVERED.fullmatch(message.recipient):
            return Accepted(ref=ref, later=(_undelivered(self.delay, message, ref, code[1]),))
        told = {
            "+15005520200": (),
            "+15005520202": (delivered, delivered),
            "+15005520205": (delivered, _tell(self.delay * 1.5, message, ref, Status.SENT)),
            "+15005520207": (delivered, _tell(self.delay * 2, message, ref, Status.READ)),
        }
        return Accepted(ref=ref, later=told.get(message.recipient, (delivered,)))

    def _answer_of_meta(
        self, number: int, message: Message, delivered: Later
    ) -> Accepted | SendError | None:
        """What an offer on WhatsApp comes to where its recipient is one of PEOPLE or FAILING."""
        ref, recipient = delivered.receipt.ref, message.recipient
        if recipient in ("+16505550207", "+16505550208"):
            words = "played" if _is_voice(message) and recipient.endswith("8") else ""
            read = _tell(self.delay * 2, message, ref, Status.READ, words)
            return Accepted(ref=ref, later=(delivered, read))
        way, code = ("2", _BLOCKED) if recipient == "+16505550403" else _asked_for(recipient)
        if way in ("0", "2"):
            return Accepted(ref=ref, later=(_failed(self.delay, message, ref, code),))
        if way != "3" or (meta.CODES[code].is_retryable and number > 1):
            return None
        words = meta.title_of(code)
        if meta.CODES[code].is_retryable:
            return Throttled(words, code=str(code), retry_after=1)
        return Refused(words, code=str(code), reason=_reason(code))


def _answered(answer: Accepted | SendError) -> Accepted:
    """Give an answer, or raise it, with what its attempt keeps of it; silence is none."""
    if isinstance(answer, Accepted):
        return replace(answer, answer=_said({"ref": answer.ref}))
    if not isinstance(answer, Unclear):
        answer.answer = _said({"code": answer.code, "text": str(answer)})
    raise answer


def _said(body: dict[str, str]) -> str:
    return packed({"carrier": "sandbox", "body": body})


def _asked_for(recipient: str) -> tuple[str, int]:
    """What a number on WhatsApp asks for: one of FAILING and a code; nothing for any other."""
    found = _FAILING.fullmatch(recipient)
    return (found[1], int(found[2])) if found and int(found[2]) in meta.CODES else ("", 0)


def _reason(code: int) -> Reason:
    return meta.REASON.get(code, Reason.OTHER)


def _is_voice(message: Message) -> bool:
    said = message.content.get("audio")
    return isinstance(said, dict) and said.get("voice") is True


def _error(recipient: str, number: int, delivered: Later) -> SendError | None:
    """How attempt `number` fails at a recipient that makes it fail."""
    match recipient, number:
        case (("+15005520400" | "+15005520470"), _):
            code, text, reason = _REFUSES[recipient]
            return Refused(text, code=code, reason=reason)
        case "+15005520408", _:
            return Unclear("no answer in time", later=(delivered,))
        case "+15005520504", _:
            return Unclear("no answer in time")
        case "+15005520429", 1:
            return Throttled("slow down", code="429", retry_after=1)
        case ("+15005520503", 1) | ("+15005520599", _):
            return Unreached("connection refused")
    return None


def _tell(after: float, message: Message, ref: str, status: Status, words: str = "") -> Later:
    return Later(after, Receipt(message=message.id, ref=ref, status=status, text=words))


def _failed(after: float, message: Message, ref: str, code: int) -> Later:
    """As Meta tells it: a code and its title."""
    receipt = Receipt(
        message=message.id,
        ref=ref,
        status=Status.FAILED,
        reason=_reason(code),
        code=str(code),
        text=meta.title_of(code),
    )
    return Later(after, receipt)


def _undelivered(after: float, message: Message, ref: str, code: str) -> Later:
    receipt = Receipt(
        message=message.id,
        ref=ref,
        status=Status.UNDELIVERED,
        reason=REASON.get(code, Reason.OTHER),
        code=code,
        text=TEXT.get(code, ""),
    )
    return Later(after, receipt)


class Ledger:
    """The offers that the sandbox saw: a line each, one file for each process of a machine.

    The lines are not synced: what a killed process wrote is in the machine's memory all the same.
    """

    def __init__(self, folder: Path, node: str) -> None:
        self._folder = folder
        self._node = node
        folder.mkdir(parents=True, exist_ok=True)
        self._begin()

    def note(self, attempt: str, message: str) -> None:
        """Write down one offer, before it is answered."""
        self._size += os.write(self._file, f"{attempt} {message}\n".encode())
        if self._size > _LEDGER_SIZE:
            self.close()
            self._path(self._node).replace(self._path(self._node, ".1.log"))
            self._begin()

    def seen(self, node: str) -> set[str] | None:
        """The attempts that a process of this machine offered; None if it was of another."""
        parts = [self._path(node, suffix) for suffix in (".1.log", ".log")]
        if not parts[1].exists():
            return None
        lines = (line for part in parts if part.exists() for line in part.read_text().splitlines())
        return {line.split(" ")[0] for line in lines}

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _begin(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(self._path(self._node), flags, 0o600)
        self._size = 0

    def _path(self, node: str, suffix: str = ".log") -> Path:
        return self._folder / f"{node}{suffix}"
