"""Answers that are no success, in Twilio's shape."""

from typing import Any

from estafette.actions import Failed

#: The code, by the HTTP status that it comes with.
CODE = {
    400: 20001,
    401: 20003,
    403: 20403,
    404: 20404,
    405: 20004,
    413: 20413,
    415: 20415,
    500: 20500,
    503: 20503,
}
_MORE = "https://www.twilio.com/docs/errors/{}"


class Refusal(Exception):
    """The exchange itself cannot be: nothing was run."""

    def __init__(self, status: int, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code or str(CODE.get(status, 20001))
        self.message = message if len(message) <= 400 else f"{message[:400]}…"

    def shape(self) -> dict[str, Any]:
        """The members of the answer, in Twilio's order."""
        code: Any = int(self.code) if self.code.isascii() and self.code.isdigit() else self.code
        return {
            "code": code,
            "message": self.message,
            "more_info": _MORE.format(self.code),
            "status": self.status,
        }


def of_failure(failure: Failed) -> Refusal:
    """A failure that has no outputs to show itself in."""
    return Refusal(failure.status, failure.text, code=failure.code)
