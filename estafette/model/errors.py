"""Every error we raise.

* GatewayError
  + Declined            what was asked for cannot be done as asked; nothing was written
    + BadFallback       its second way cannot be gone
  + BadValue               a value that is not what it stands for; nothing was written
  + Unknown             no such thing, or not yours
  + Conflict            it is no longer, or not yet, in a state that allows this
  + TooMany             it was tried too often; nothing was done
  + Busy                we cannot write it down right now; nothing was written
  + NewerSchema         the database belongs to a later version of us
  + BadAddress          a URL that we may not ask; nothing was sent
  x SendError           what became of one attempt
    + Refused           no, and asking again will not help
    + Throttled         not now
    + Unreached         it never left us
    + Unclear           it left us, and nobody knows
    + Misconfigured     the connection is wrong; every message on it would fail
"""

from estafette.model.attempt import Later, Outcome
from estafette.model.message import Reason


class GatewayError(Exception):
    """The root of all errors that we raise on purpose."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text or (type(self).__doc__ or "").strip().splitlines()[0])


class Declined(GatewayError):
    """It cannot be sent as it was asked."""

    def __init__(self, reason: Reason, value: str = "", *, code: str = "", text: str = "") -> None:
        super().__init__(f"{reason}: {value}" if value else reason)
        self.reason = reason
        self.value = value  #: the part of the request that is to blame
        self.code = code  #: the carrier's own code, where its rules decline it
        self.text = text  #: the same in its words


class BadFallback(Declined):
    """The second way that a message was to have cannot be gone."""

    def __init__(
        self, part: str, text: str, *, reason: Reason = Reason.OTHER, value: str = ""
    ) -> None:
        super().__init__(reason, value)
        #: Of the fallback: `channel`, `after`, `from`, `to`, `body`; empty for all of it.
        self.part = part
        self.text = text  #: a sentence for people, which begins behind the name of that part


class BadValue(GatewayError):
    """It is not what it stands for."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field  #: what it was given as


class Unknown(GatewayError):
    """There is no such thing."""


class Conflict(GatewayError):
    """It is not in a state that allows this."""


class TooMany(GatewayError):
    """It was tried too often."""

    def __init__(self, retry_after: float) -> None:
        super().__init__()
        self.retry_after = retry_after  #: seconds


class Busy(GatewayError):
    """The store cannot take it right now."""


class NewerSchema(GatewayError):
    """The database was written by a later version of Estafette."""


class BadAddress(GatewayError):
    """It is not a URL that may be asked."""


class SendError(GatewayError):
    """What became of one attempt that did not end in acceptance."""

    outcome: Outcome

    def __init__(
        self,
        text: str = "",
        *,
        code: str = "",
        reason: Reason = Reason.OTHER,
        retry_after: float | None = None,
        holds_lane: bool = False,
        later: tuple[Later, ...] = (),
        answer: str = "",
    ) -> None:
        super().__init__(text)
        self.code = code  #: the provider's code, verbatim
        self.reason = reason
        self.retry_after = retry_after  #: seconds, where the provider told
        #: Until it is offered again, nothing else of its sender is: it was not about this message.
        self.holds_lane = holds_lane
        self.later = later  #: as in Accepted: for a carrier inside this process
        self.answer = answer  #: as in Accepted


class Refused(SendError):
    """The provider said no."""

    outcome = Outcome.REFUSED


class Throttled(SendError):
    """The provider asked us to slow down."""

    outcome = Outcome.THROTTLED


class Unreached(SendError):
    """The provider could not be reached."""

    outcome = Outcome.UNREACHED


class Unclear(SendError):
    """The provider may or may not have taken the message."""

    outcome = Outcome.UNCLEAR


class Misconfigured(SendError):
    """The connection is missing something or its credentials are wrong."""

    outcome = Outcome.MISCONFIGURED
