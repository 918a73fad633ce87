"""Why an action of the connector failed, in Twilio's codes and texts."""

from estafette.actions import Failed
from estafette.model import Channel, Declined, Reason, Send
from estafette.model.twilio import CODES, DECLINED

_AGAIN_AFTER = 5.0  # seconds
_LONGEST = 200  # characters of a request that an answer repeats


def failed(code: int, value: str = "") -> Failed:
    """The failure of this code; `value` is the part of the request that is to blame."""
    status, text = CODES[code]
    short = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    again = _AGAIN_AFTER if status == 429 else None
    return Failed(str(code), text.format(short), status, retry_after=again)


def of_declined(error: Declined, send: Send | None = None) -> Failed:
    """What the core declined."""
    if error.reason is Reason.FOREIGN_SENDER and send and send.channel is not Channel.SMS:
        return failed(63007)
    value = error.value or str(error.reason)
    if error.reason in (Reason.UNKNOWN_SERVICE, Reason.EMPTY_POOL):
        value = f"MG{value}"
    return failed(DECLINED.get(error.reason, 20001), value)
