"""Our errors in Twilio's words: its codes, texts and shape."""

from typing import Any

from estafette.model import Channel, Declined, Reason, Send
from estafette.model.twilio import CODES, DECLINED


class TwilioError(Exception):
    """An answer that is not a success."""

    def __init__(self, code: int, value: str = "", *, message: str = "", detail: str = "") -> None:
        status, text = CODES[code]
        self.code = code
        self.status = status
        self.message = (message or text).format(_short(value))
        self.detail = detail
        super().__init__(self.message)

    def shape(self) -> dict[str, Any]:
        """The body of the answer, its keys in Twilio's order."""
        detail = {"detail": self.detail} if self.detail else {}
        return {
            "code": self.code,
            **detail,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def of_declined(error: Declined, send: Send, *, has_body: bool) -> TwilioError:
    """A message that the core declined; `has_body` tells an empty Body from one that is missing."""
    if error.reason is Reason.FOREIGN_SENDER and send.channel is not Channel.SMS:
        return TwilioError(63007)
    if error.reason is Reason.NOTHING_TO_SAY and has_body:
        return TwilioError(21602)
    value = error.value or str(error.reason)
    if error.reason in (Reason.UNKNOWN_SERVICE, Reason.EMPTY_POOL):
        value = f"MG{value}"
    return TwilioError(DECLINED.get(error.reason, 20001), value)


def _short(value: str) -> str:
    """As much of what somebody sent as an answer should repeat: any path that is served, whole."""
    return value if len(value) <= 200 else f"{value[:200]}…"
