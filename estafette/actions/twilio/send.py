"""TWILIO.SendMessage: a text message or an MMS, as the connector asks it."""

import re
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from estafette.actions import Action, Asked
from estafette.actions.twilio import addresses, shapes
from estafette.actions.twilio.failures import failed, of_declined
from estafette.actions.twilio.models import Message, said
from estafette.core.limits import MOST_MEDIA
from estafette.core.url import is_url
from estafette.model import Conflict, Declined, Send, Unknown
from estafette.model.twilio import is_service_sid

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_APPLICATION_SID = re.compile(r"AP([0-9a-fA-F]{32})")
_Url = Annotated[str, Meta(extra_json_schema={"xml": {"name": "url"}})]


def _important(title: str, description: str) -> Meta:
    more = {"x_ms_summary": title, "x_ms_visibility": "important"}
    return said(title, description, **more)


def _advanced(title: str, description: str, **more: object) -> Meta:
    return said(title, description, x_ms_summary=title, x_ms_visibility="advanced", **more)


class SendMessageRequest(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """A message to send. A service may stand for the sender, and media for the text."""

    from_: Annotated[str, _important("From Phone Number", "Sender address.")] = ""
    to: Annotated[
        str, _important("To Phone Number", "Recipient address, with + and country code.")
    ] = ""
    body: Annotated[str, _important("Text", "Text of the message.")] = ""
    media_url: Annotated[
        tuple[_Url, ...], _advanced("Media URL", "Media to attach.", xml={"wrapped": True})
    ] = ()
    status_callback: Annotated[
        str, _advanced("Status Callback", "URL called on each status change.")
    ] = ""
    messaging_service_sid: Annotated[
        str, _advanced("Messaging Service SID", "Pool of senders to use.")
    ] = ""
    application_sid: Annotated[
        str, _advanced("Application SID", "Application whose callback is used.")
    ] = ""
    max_price: Annotated[
        str, _advanced("Max Price", "Maximum price, as text; checked, and nothing more.")
    ] = ""


async def run(asked: Asked) -> Message:
    """Send it: it is written down when this returns. Raises Failed."""
    inputs: SendMessageRequest = asked.inputs
    send = _read(inputs, asked.idempotency_key)
    if inputs.application_sid and not send.callback_url:
        send = replace(send, callback_url=await _callback(asked, inputs.application_sid))
    try:
        made = await asked.core.gateway.send(asked.account, send)
    except Declined as error:
        raise of_declined(error, send) from None
    except Conflict:
        raise failed(20409) from None
    return shapes.message(made, created=True, chosen=not send.service or bool(send.sender))


def _read(inputs: SendMessageRequest, key: str) -> Send:
    service, sender = inputs.messaging_service_sid.strip(), inputs.from_.strip()
    if is_service_sid(sender):
        service, sender = service or sender, ""
    to = inputs.to.strip()
    if not to:
        raise failed(21604)
    if not sender and not service:
        raise failed(21603)
    if inputs.max_price and not _NUMBER.fullmatch(inputs.max_price):
        raise failed(21627, inputs.max_price)
    pool = addresses.service(service)
    channel, recipient = addresses.recipient(to)
    from_channel, address = addresses.sender(sender) if sender else (channel, "")
    if channel is not from_channel:
        raise failed(21910)
    media = tuple(url for url in inputs.media_url if url)
    if not inputs.body.strip() and not media:
        raise failed(21602)
    return Send(
        channel=channel,
        sender=address,
        recipient=recipient,
        body=inputs.body,
        media=_checked(media),
        callback_url=_url(inputs.status_callback),
        idempotency_key=key,
        fingerprint=sha256(msgspec.json.encode(inputs)).hexdigest() if key else "",
        service=pool,
        door="twilio",  # whose words status callbacks are told in: the connector's are Twilio's
    )


async def _callback(asked: Asked, sid: str) -> str:
    found = _APPLICATION_SID.fullmatch(sid)
    try:
        if found is None:
            raise Unknown(sid)
        known = await asked.core.applications.get(asked.account, found[1].lower())
    except Unknown:
        raise failed(20001, f"The ApplicationSid {sid[:40]} does not exist") from None
    url: str = known.settings["message_status_callback"] or known.settings["sms_status_callback"]
    return url


def _checked(media: tuple[str, ...]) -> tuple[str, ...]:
    if len(media) > MOST_MEDIA:
        raise failed(21623)
    bad = [url for url in media if not is_url(url)]
    if bad:
        raise failed(21620, ", ".join(bad))
    return media


def _url(text: str) -> str:
    if text and not is_url(text):
        raise failed(21609, text)
    return text


ACTION = Action(
    name="TWILIO.SendMessage",
    title="Send Text Message (SMS)",
    summary="Sends a message to a phone number or a channel address.",
    inputs=SendMessageRequest,
    outputs=Message,
    run=run,
    errors="http",
    needs=("from", "to", "body"),
    keyed=True,
)
