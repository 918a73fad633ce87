"""Our errors in Twilio's words: its codes, texts and shape."""

from typing import Any

from estafette.model import Declined, Send
from estafette.model.twilio import CODES, declined, words


class TwilioError(Exception):
    """An answer that is not a success."""

    def __init__(self, code: int, value: str = "", *, message: str = "", detail: str = "") -> None:
        self.code = code
        self.status = CODES[code][0]
        self.message = words(code, value, message)
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
    return TwilioError(*declined(error, send, has_body=has_body))
