"""What the core declines and what carriers refuse, in this door's words."""

from estafette.doors.whatsapp.errors import Refusal
from estafette.model import Declined, Misconfigured, SendError, Throttled, meta
from estafette.model.whatsapp.declined import declined

_LONGEST_TEXT = 200  # characters of what a carrier said that an answer repeats
_SERVICE = 131016  # the service is not available


def of_declined(error: Declined) -> Refusal:
    """The answer where a message was declined."""
    return Refusal(*declined(error))


def of_refused(error: SendError) -> Refusal:
    """The answer where a carrier does not do at once what it was asked for.

    That our credentials with it are wrong is no fault of who asks us.
    """
    if isinstance(error, Misconfigured):
        return Refusal(_SERVICE, "The carrier of this phone number cannot be asked: see the log.")
    code = meta.code_of(error.reason, error.code)
    if code == meta.OTHER and error.code != str(code):
        code = 130429 if isinstance(error, Throttled) else _SERVICE
    return Refusal(code, str(error)[:_LONGEST_TEXT])
