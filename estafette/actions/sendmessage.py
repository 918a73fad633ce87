"""SENDMESSAGE: a text message from a workflow, as WorkflowGen's application of that name asks it."""

import re
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from estafette.actions import Action, Asked, Failed
from estafette.model import Channel, Conflict, Declined, Reason, Send
from estafette.model.address import e164
from estafette.model.twilio import CODES, DECLINED, message_sid

_FILLER = re.compile(r"[\s.()-]+")


class Inputs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="upper"):
    """What is asked for. What is blank is as if it were left out."""

    body: Annotated[str, Meta(description="The text.")] = ""
    to: Annotated[str, Meta(description="The recipient with its country code; + optional.")] = ""
    account_sid: Annotated[
        str,
        Meta(
            description="The account; else the one of the panel.",
            extra_json_schema={"x-config": "messaging.account_sid"},
        ),
    ] = ""
    auth_token: Annotated[
        str,
        Meta(
            description="Its token; else the one of the panel.",
            extra_json_schema={
                "x-config": "messaging.auth_token", "x-secret": True, "writeOnly": True
            },
        ),
    ] = ""  # fmt: skip
    from_: Annotated[
        str,
        Meta(
            description="The sender with its country code; + optional; else the one of the panel.",
            extra_json_schema={"x-config": "messaging.from"},
        ),
    ] = msgspec.field(name="FROM", default="")


class Outputs(Struct, frozen=True, kw_only=True, rename="upper"):
    """What came of it: the id of an accepted message, or an error; what is not is empty."""

    message_sid: Annotated[str, Meta(description="The id of the message; empty on failure.")] = ""
    error_message: Annotated[str, Meta(description="What went wrong; empty on success.")] = ""
    error_code: Annotated[str, Meta(description="Its code, as text; empty on success.")] = ""


def failed(failure: Failed) -> Outputs:
    """The outputs of a failure."""
    return Outputs(error_message=failure.text, error_code=failure.code)


async def run(asked: Asked) -> Outputs:
    """Send it through a sender of the account. Raises Failed."""
    inputs: Inputs = asked.inputs
    to = e164(_plus(_FILLER.sub("", inputs.to)))
    if not inputs.to.strip():
        raise _failed(21604)
    if to is None:
        raise _failed(21211, inputs.to)
    if not inputs.body.strip():
        raise _failed(21602)
    sender = await _sender(asked, inputs.from_.strip())
    send = Send(
        channel=Channel.SMS,
        sender=sender,
        recipient=to,
        body=inputs.body,
        media=(),
        callback_url="",
        idempotency_key=asked.idempotency_key,
        fingerprint=sha256(msgspec.json.encode(inputs)).hexdigest(),
        door="actions",
    )
    try:
        return Outputs(message_sid=message_sid(await asked.core.gateway.send(asked.account, send)))
    except Declined as error:
        raise _failed(DECLINED.get(error.reason, 20001), error.value) from None
    except Conflict:
        raise _failed(20409) from None


async def _sender(asked: Asked, given: str) -> str:
    if given:
        return _plus(_FILLER.sub("", given)) if _FILLER.sub("", given).isdigit() else given
    found = await asked.core.senders.main(asked.account.sid, Channel.SMS)
    if found is None:
        raise _failed(DECLINED[Reason.NO_SENDER])
    return found.address


def _plus(text: str) -> str:
    return text if text.startswith("+") else f"+{text}"


def _failed(code: int, value: str = "") -> Failed:
    status, text = CODES[code]
    return Failed(str(code), text.format(value), status)


ACTION = Action(
    name="SENDMESSAGE",
    title="Send a text message",
    summary="Sends a text message, and says which one it became or why it did not.",
    inputs=Inputs,
    outputs=Outputs,
    run=run,
    errors="outputs",
    failed=failed,
    proof=("ACCOUNT_SID", "AUTH_TOKEN"),
    needs=("BODY", "TO"),
    keyed=True,
)
