"""Why an action of the connector failed, in Twilio's codes and texts."""

from estafette.actions import Failed
from estafette.model import Declined, Send
from estafette.model.twilio import CODES, declined, words

_AGAIN_AFTER = 5.0  # seconds


def failed(code: int, value: str = "") -> Failed:
    """The failure of this code; `value` is the part of the request that is to blame."""
    status = CODES[code][0]
    again = _AGAIN_AFTER if status == 429 else None
    return Failed(str(code), words(code, value), status, retry_after=again)


def of_declined(error: Declined, send: Send) -> Failed:
    """What the core declined."""
    return failed(*declined(error, send))
