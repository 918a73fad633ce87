"""Our messages in the connector's words. Pure."""

from msgspec import UNSET

from estafette.actions.twilio.models import Message
from estafette.model import Message as Ours
from estafette.model import Status
from estafette.model.twilio import DIRECTION, PREFIX, STATUS, failure, message_sid, rfc2822

API = "2010-04-01"


def message(ours: Ours, *, created: bool = False, chosen: bool = True) -> Message:
    """One message; `created` as the answer to a send has it.

    Its sender is not `chosen` yet where a service has been asked for one just now.
    """
    sid = message_sid(ours)
    uri = f"/{API}/Accounts/{ours.account}/Messages/{sid}"
    prefix = PREFIX.get(ours.channel, f"{ours.channel}:")
    status = STATUS[ours.status]
    if not chosen and ours.status is Status.QUEUED:
        status = "accepted"
    has_sender = status not in ("accepted", "scheduled")
    code, text = _failure(ours)
    created_at = rfc2822(ours.created_at)
    return Message(
        body="" if ours.redacted and not created else ours.body,
        from_=prefix + ours.sender if has_sender else UNSET,
        to=prefix + ours.recipient,
        status=status,
        sid=sid,
        account_sid=ours.account,
        api_version=API,
        num_segments=str(ours.segments) if has_sender else "0",
        num_media=str(len(ours.media)),
        date_created=created_at,
        date_sent=rfc2822(ours.sent_at) if ours.sent_at else UNSET,
        date_updated=created_at if created else rfc2822(ours.updated_at),
        direction=DIRECTION[ours.direction],
        error_code=code or UNSET,
        error_message=text or UNSET,
        price_unit="USD",
        uri=f"{uri}.json",
        subresource_uris=[f"{uri}/Media.json"],
        messaging_service_sid=f"MG{ours.service}" if ours.service else UNSET,
    )


def _failure(ours: Ours) -> tuple[str, str]:
    if ours.status not in (Status.FAILED, Status.UNDELIVERED):
        return "", ""
    code, text = failure(ours.reason, ours.code, ours.text)
    return str(code), text
