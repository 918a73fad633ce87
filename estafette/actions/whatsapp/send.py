"""WHATSAPP.SEND_MESSAGE: a message on WhatsApp from a flow, and Meta's answer to it.

Through Meta it waits for that answer; on the sandbox it is answered as Meta would:
docs/reference/whatsapp-action.md.
"""

import asyncio
import json
from time import monotonic
from uuid import uuid4

import structlog
from msgspec.structs import asdict

from estafette.actions import Action, Asked, Looked
from estafette.actions.whatsapp import outputs as told
from estafette.actions.whatsapp.models import Inputs, Outputs
from estafette.actions.whatsapp.outputs import Unsent
from estafette.actions.whatsapp.reading import read
from estafette.actions.whatsapp.ways import NoObject, Way, way_of
from estafette.core.core import Core
from estafette.core.relay import AT_ONCE, Said
from estafette.model import (
    Account,
    Busy,
    Channel,
    Conflict,
    Declined,
    Direction,
    Message,
    Misconfigured,
    Send,
    Unknown,
    meta,
)
from estafette.model.rules import FINAL
from estafette.model.whatsapp import Recipient, Unsaid
from estafette.model.whatsapp.declined import declined

log = structlog.get_logger()

_SOONEST, _LATEST = 0.05, 0.5  # seconds between looks
_NO_OBJECT, _OTHER_REQUEST = 33, "20409"
_NOT_NOW = 2  # the service is not available


async def run(asked: Asked) -> Outputs:
    """Send it, and wait for Meta where it goes through Meta. Raises Unsent."""
    try:
        return await _run(asked)
    except NoObject as error:
        raise _no(100, str(error), subcode=_NO_OBJECT) from None
    except Unsaid as error:
        raise _no(error.code, str(error)) from None
    except Declined as error:
        raise _no(*declined(error)) from None
    except Conflict:
        text = "this idempotency key was used with another request"
        raise Unsent(told.declined(100, text, status=409), code=_OTHER_REQUEST) from None
    except Unknown as error:
        raise _no(100, str(error), subcode=_NO_OBJECT) from None
    except Misconfigured as error:
        raise _no(int(meta.unsent(error.outcome, error.code, "")[0]), str(error)) from None
    except Busy:
        text = "it could not be written down: ask again"
        raise Unsent(told.declined(_NOT_NOW, text), retry_after=1.0) from None


def _no(code: int, details: str, *, subcode: int | None = None) -> Unsent:
    """What was not written down, under an id by which the log has it."""
    trace = f"A{uuid4().hex[:22]}"
    log.info("not sent", action=ACTION.name, code=code, trace=trace)
    return Unsent(told.declined(code, details, subcode=subcode, trace=trace))


async def _run(asked: Asked) -> Outputs:
    whole, recipient = read(asked.inputs)
    key = asked.idempotency_key
    fingerprint = _fingerprint(asked) if key else ""
    core, account = asked.core, asked.account
    # What was written for the same request comes first: it might be refused by now.
    known = await core.gateway.repeated(account, key, fingerprint) if key else None
    if known:
        return await _again(core, account, known)
    way = await way_of(asked)
    said = await core.sayings.whole(account, way.sender, whole)
    send = Send(
        channel=Channel.WHATSAPP,
        sender=way.address,
        recipient=recipient.address,
        body=said.body,
        media=said.media,
        content={**said.content, **_beside(way, recipient)},
        door="actions",
        idempotency_key=key,
        fingerprint=fingerprint,
    )
    if way.waits:
        return _outputs(await core.relay.through(account, send, way.sender))
    return await _again(core, account, await core.gateway.send(account, send, through=way.sender))


async def _again(core: Core, account: Account, message: Message) -> Outputs:
    """What is said of a message that is written down."""
    if AT_ONCE not in message.content:
        return told.accepted(message)
    return _outputs(await core.relay.again(account, message, meta.unsent))


def _outputs(said: Said) -> Outputs:
    """Raises Unsent for what was not taken, or nobody knows."""
    found = told.of_said(said)
    if not found.success:
        raise Unsent(found, retry_after=said.retry_after)
    return found


def _beside(way: Way, recipient: Recipient) -> dict[str, str]:
    """What is kept to answer the same later, and where the carrier is asked."""
    found = {"phone_id": way.phone_id} if way.waits else {}
    is_other = not recipient.user_id and recipient.input != recipient.address
    return {**found, "input": recipient.input} if is_other else found


def _fingerprint(asked: Asked) -> str:
    said = [asdict(asked.inputs), asked.connection.strip()]
    return asked.core.relay.fingerprint(json.dumps(said, sort_keys=True))


async def look(looked: Looked) -> Outputs:
    """The same outputs, with the delivery as it is by now. Raises Unsent for what is not there."""
    core, account = looked.core, looked.account
    until, pause = monotonic() + looked.wait, _SOONEST
    message = await _message(looked)
    while message.status not in FINAL and (left := until - monotonic()) > 0:
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, _LATEST)
        message = await _message(looked)
    timeline = await core.gateway.timeline(message)
    delivery = told.delivery_of(message, timeline.receipts)
    if AT_ONCE not in message.content:
        return told.accepted(message, delivery)
    return told.of_said(await core.relay.known(account, message.id), delivery)


async def _message(looked: Looked) -> Message:
    try:
        found = await looked.core.gateway.find_named(looked.account, looked.id)
        if found.channel is Channel.WHATSAPP and found.direction is not Direction.INBOUND:
            return found
    except Unknown:
        pass
    text = f"there is no message {looked.id[:64]} that was sent on WhatsApp"
    raise Unsent(told.declined(100, text, status=404, subcode=_NO_OBJECT))


ACTION = Action(
    name="WHATSAPP.SEND_MESSAGE",
    title="Send a WhatsApp message",
    summary="Sends a message of any kind on WhatsApp, and says what Meta answered.",
    inputs=Inputs,
    outputs=Outputs,
    run=run,
    errors="http",
    failed=told.failed,
    needs=("payload", "recipient_number"),
    keyed=True,
    tells=True,
    look=look,
)
