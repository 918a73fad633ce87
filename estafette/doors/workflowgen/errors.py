"""Answers that are no success, in Twilio's shape."""

from math import ceil
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
    409: 20409,
    503: 20503,
}
#: A failure that has a status of its own even where others are in plain outputs: who asked for
#: another thing under the same key has to know. In a context every failure is in its outputs.
STAYS = {"20409": 409}
_MORE = "https://www.twilio.com/docs/errors/{}"


class Refusal(Exception):
    """The exchange itself cannot be: nothing was run."""

    def __init__(self, status: int, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code or str(CODE.get(status, 20001))
        self.headers: dict[str, str] = {}
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
    refusal = Refusal(STAYS.get(failure.code, failure.status), failure.text, code=failure.code)
    refusal.headers["x-action-outcome"] = "failed"
    if failure.retry_after is not None:
        refusal.headers["retry-after"] = str(ceil(failure.retry_after))
    return refusal
