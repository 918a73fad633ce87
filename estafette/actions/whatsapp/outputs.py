"""The outputs of WHATSAPP.SEND_MESSAGE, made of a message and of what its carrier answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from estafette.actions import Failed
from estafette.actions.whatsapp.models import Delivery, Outputs, Problem
from estafette.core.relay import AT_ONCE, Said
from estafette.core.sayings import TEMPLATE
from estafette.model import Message, Outcome, Receipt, Status, meta
from estafette.model.ids import wamid
from estafette.model.samples import message_status

ACCEPTED, FAILED, UNKNOWN = "accepted", "failed", "unknown"
#: Where a message is, in the words of `delivery.state`; what is not here is under way.
STATE: Mapping[Status, str] = {**meta.STATUS, Status.CANCELED: FAILED}

#: What to do where nobody knows: the message is found by its id, and its receipts tell more.
AWAIT = "await_delivery"
BAD_GATEWAY = 502
_GROUP = "group"
_NO_ANSWER = frozenset({Outcome.UNREACHED, Outcome.UNCLEAR})


class Unsent(Failed):
    """It was not sent, or nobody knows; with all outputs."""

    def __init__(
        self, outputs: Outputs, *, code: str = "", retry_after: float | None = None
    ) -> None:
        """`code` stands in for the error's own, where who waits has to tell it from others."""
        problem = outputs.error
        own, text = (str(problem.code), problem.details or problem.title) if problem else ("", "")
        super().__init__(code or own, text, outputs.status_code, retry_after=retry_after)
        self.outputs = outputs


class Answered(Struct, frozen=True):
    """What a carrier answered, as its attempt keeps it."""

    status: int = 0
    headers: dict[str, str] = {}
    body: Any = None
    carrier: str = ""  #: of those that do not answer as Meta does


def failed(failure: Failed) -> Outputs:
    """The outputs of a failure."""
    if isinstance(failure, Unsent):
        return failure.outputs
    return declined(int(failure.code) if failure.code.isdigit() else meta.OTHER, failure.text)


def declined(
    code: int, details: str, *, status: int = 0, subcode: int | None = None, trace: str = ""
) -> Outputs:
    """What was not written down, told as Meta would; `trace` is an id by which the log has it."""
    body = meta.error_shape(code, details, subcode=subcode, trace=trace)
    found = status or meta.status_of(code)
    return Outputs(
        status_code=found,
        status=found,
        success=False,
        body=body,
        error=_problem(code, details, body["error"]),
    )


def accepted(message: Message, delivery: Delivery | None = None) -> Outputs:
    """What was written down to be carried: Meta would say the same of it."""
    contact, status = _contact(message), message_status(message.content)
    said: dict[str, Any] = {"id": wamid(message.id)}
    if TEMPLATE in message.content:
        said["message_status"] = status
    if message.content.get("recipient_type") == _GROUP:
        said["group_id"] = message.recipient
    return Outputs(
        status_code=200,
        status=200,
        success=True,
        message_id=wamid(message.id),
        wa_id=contact.get("wa_id", ""),
        message_status=status,
        body={"messaging_product": "whatsapp", "contacts": [contact], "messages": [said]},
        delivery=delivery or Delivery(state=ACCEPTED, at=iso(message.created_at)),
    )


def _contact(message: Message) -> dict[str, str]:
    content = message.content
    asked = str(content.get("input") or message.recipient)
    if user_id := content.get("user_id"):
        return {"input": str(user_id), "user_id": str(user_id)}
    if content.get("recipient_type") == _GROUP:
        return {"input": asked}
    return {"input": asked, "wa_id": message.recipient.removeprefix("+")}


def of_said(said: Said, delivery: Delivery | None = None) -> Outputs:
    """What came of a message whose carrier was waited for."""
    message, answer = said.message, _read(said.answer)
    if said.outcome is Outcome.ACCEPTED:
        return _taken(message, answer, delivery)
    body = answer.body if isinstance(answer.body, dict) and answer.body else None
    code = int(said.code)
    is_told = body is not None and isinstance(body.get("error"), dict)
    error = body["error"] if is_told and body else {}
    status = answer.status if body is not None and answer.status >= 400 else BAD_GATEWAY
    if said.outcome not in _NO_ANSWER and not answer.status:
        status = meta.status_of(code)  # nobody was asked: its settings make no provider
    problem = _problem(code, _details(error) or said.text, error, is_open=_is_open(said))
    state = UNKNOWN if _is_open(said) else FAILED
    if delivery is None or delivery.state == state:
        delivery = Delivery(state=state, at=iso(message.updated_at), error=problem)
    return Outputs(
        status_code=status,
        status=status,
        success=False,
        message_id=wamid(message.id),
        body=body or meta.error_shape(code, said.text),
        headers=answer.headers,
        error=problem,
        delivery=delivery,
    )


def _is_open(said: Said) -> bool:
    """Whether a receipt may still tell that it was taken."""
    return said.outcome is Outcome.UNCLEAR


def _taken(message: Message, answer: Answered, delivery: Delivery | None) -> Outputs:
    plain = accepted(message, delivery)
    plain = msgspec.structs.replace(plain, message_id=message.ref or plain.message_id)
    if not isinstance(answer.body, dict) or not 200 <= answer.status < 300:
        return plain  # a receipt said so, and not the answer; or it is no carrier of that kind
    contact, told = _first(answer.body, "contacts"), _first(answer.body, "messages")
    return msgspec.structs.replace(
        plain,
        status_code=answer.status,
        status=answer.status,
        wa_id=str(contact.get("wa_id") or plain.wa_id),
        message_status=str(told.get("message_status") or ACCEPTED),
        body=answer.body,
        headers=answer.headers,
    )


def _first(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    is_one = isinstance(found, list) and found and isinstance(found[0], dict)
    return found[0] if is_one and found else {}


def _read(answer: str) -> Answered:
    try:
        found = msgspec.json.decode(answer, type=Answered) if answer else Answered()
        return Answered() if found.carrier else found
    except msgspec.DecodeError:
        return Answered()


def _details(error: Mapping[str, Any]) -> str:
    data = error.get("error_data")
    found = data.get("details") if isinstance(data, dict) else None
    return str(found or error.get("message") or "")


def _problem(
    code: int, details: str, error: Mapping[str, Any] | None = None, *, is_open: bool = False
) -> Problem:
    """An error in a few words. What may have been taken is not to be sent again."""
    error = error or {}
    known = meta.CODES.get(code)
    title = (
        known.title if known else str(error.get("error_user_title") or error.get("message") or "")
    )
    retryable = bool(known and known.is_retryable) or error.get("is_transient") is True
    return Problem(
        code=code,
        title=title or meta.title_of(code),
        details=details,
        retryable=retryable and not is_open,
        action=AWAIT if is_open else known.action if known else "",
        fbtrace_id=str(error.get("fbtrace_id") or ""),
    )


def delivery_of(message: Message, receipts: list[tuple[Receipt, datetime]]) -> Delivery:
    """What became of a message by now."""
    state = STATE.get(message.status)
    if state is None:
        is_open = message.status is Status.SENDING and AT_ONCE in message.content
        return Delivery(
            state=UNKNOWN if is_open else ACCEPTED,
            at=iso(message.updated_at if is_open else message.created_at),
        )
    at = message.sent_at if message.status is Status.SENT else None
    for receipt, told_at in receipts:
        if receipt.status is message.status:
            at = receipt.at or told_at
    problem = None
    if state == FAILED:
        code = meta.code_of(message.reason, message.code)
        problem = _problem(code, message.text or str(message.reason or message.status))
    return Delivery(state=state, at=iso(at or message.updated_at), error=problem)


def iso(at: datetime) -> str:
    """Such as 2026-05-04T12:00:00.123456Z."""
    return at.isoformat().replace("+00:00", "Z")
