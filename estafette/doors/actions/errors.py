"""What is no success, as this door answers it: Twilio's codes and shape."""

from typing import Any

from msgspec import Struct

from estafette.model.twilio import CODES

BAD, NOT_PROVED, NO_METHOD, NOT_FOUND = 20001, 20003, 20004, 20404
TOO_LARGE, BROKEN, BUSY = 20413, 20500, 20503

_ABOUT = "https://www.twilio.com/docs/errors/"


class Failure(Struct, frozen=True):
    """Why something was not done."""

    code: int | str  #: Twilio's number, or the channel's own code
    message: str
    more_info: str
    status: int  #: of HTTP


class Refusal(Exception):
    """An answer that is not a success, before an action ran."""

    def __init__(self, code: int, text: str = "", *, status: int = 0) -> None:
        """`text` and `status` stand in for those that Twilio has for the code."""
        usual, words = CODES[code]
        self.failure = failure(str(code), text or words, status or usual)
        super().__init__(self.failure.message)


def failure(code: str, text: str, status: int) -> Failure:
    """The shape. Only numbers are looked up anywhere."""
    if code.isascii() and code.isdigit():
        return Failure(int(code), text, f"{_ABOUT}{int(code)}", status)
    return Failure(code, text, "", status)


def plain(found: Failure) -> dict[str, Any]:
    """As what JSON could say."""
    return {
        "code": found.code,
        "message": found.message,
        "more_info": found.more_info,
        "status": found.status,
    }
