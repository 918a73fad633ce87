"""Decisions: functions of their arguments and nothing else. Spans are seconds."""

from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, floor

from msgspec import Struct

from estafette.model.attempt import Outcome
from estafette.model.callback import Failure, Patience
from estafette.model.message import Message, Reason, Status

_ORDER = (Status.QUEUED, Status.SENDING, Status.SENT, Status.DELIVERED, Status.READ)
_RANK = {status: rank for rank, status in enumerate(_ORDER)}
_BACKOFF = (5, 30, 120, 600, 3600)
_LATE = 0.01  # seconds
_TOLD_AGAIN = (4, 30, 120, 600, 3600)  # seconds after each try that did not succeed
_TOLD_FOR = 86_400  # seconds after which a callback is given up
_AT_ONCE = 1  # second before a retry that was asked for
_SOONEST, _FARTHEST = timedelta(seconds=300), timedelta(days=35)  # that may be scheduled
NO_RECEIPT_AFTER = timedelta(hours=1)  # many routes never tell more than that they took it

#: How long after people wrote last to a sender it may write to them as it likes, on WhatsApp.
WINDOW = timedelta(hours=24)

#: Nothing more is expected of a message in one of these.
FINAL = frozenset(
    {Status.DELIVERED, Status.READ, Status.UNDELIVERED, Status.FAILED, Status.CANCELED}
    | {Status.RECEIVED}
)
WAITING = frozenset({Status.SCHEDULED, Status.QUEUED})  #: not offered to anyone yet


def advance(now: Status, told: Status) -> Status:
    """The status after a receipt. Receipts come late, twice and out of order; time never goes back."""
    if now not in _RANK:
        return now
    if told in _RANK:
        return told if _RANK[told] > _RANK[now] else now
    if told in (Status.UNDELIVERED, Status.FAILED):
        return now if _RANK[now] >= _RANK[Status.DELIVERED] else told
    return now


def may_schedule(at: datetime, now: datetime) -> bool:
    """Whether a message may be scheduled for that time: in five minutes to 35 days."""
    return _SOONEST <= at - now <= _FARTHEST


def may_cancel(message: Message) -> bool:
    """Whether it can still be called back: it was not offered to anyone."""
    return message.status in WAITING


def may_delete(message: Message, now: datetime) -> bool:
    """Whether it is complete: final, or taken long ago by a carrier that tells nothing more."""
    if message.status in FINAL:
        return True
    taken_at = message.sent_at
    return (
        message.status is Status.SENT
        and taken_at is not None
        and now - taken_at >= NO_RECEIPT_AFTER
    )


class Step(Struct, frozen=True):
    """What follows from the outcome of an attempt."""

    status: Status
    reason: Reason | None = None
    retry_in: float | None = None  #: offer it again, this long from now
    settle_in: float | None = None  #: decide by the connection's policy, this long from now
    parks: bool = False  #: hold every job of the connection


def after_attempt(
    outcome: Outcome,
    *,
    number: int,
    reason: Reason | None = None,
    retry_after: float | None = None,
    receipt_wait: float = 0,
) -> Step:
    """What to do with a message once attempt `number` has ended in `outcome`."""
    match outcome:
        case Outcome.ACCEPTED:
            return Step(Status.SENT)
        case Outcome.REFUSED:
            return Step(Status.FAILED, reason or Reason.OTHER)
        case Outcome.UNCLEAR:
            return Step(Status.SENDING, settle_in=receipt_wait)
        case Outcome.MISCONFIGURED:
            return Step(Status.QUEUED, retry_in=0, parks=True)
        case Outcome.THROTTLED if retry_after is not None:
            return Step(Status.QUEUED, retry_in=retry_after)
        case _:
            return Step(Status.QUEUED, retry_in=back_off(number))


def back_off(number: int) -> float:
    """Seconds to wait after attempt `number` (from 1) that never took hold."""
    return _BACKOFF[min(number, len(_BACKOFF)) - 1]


def told_again_in(
    tries: int, age: float, failure: Failure, patience: Patience | None
) -> float | None:
    """Seconds until a callback is told again after its `tries`th try; None to give it up.

    `age` is the seconds since it was first due.
    """
    if patience is not None:
        is_asked_for = tries <= patience.retries and failure in patience.on
        return _AT_ONCE if is_asked_for else None
    wait = _TOLD_AGAIN[min(tries, len(_TOLD_AGAIN)) - 1]
    return wait if age + wait <= _TOLD_FOR else None


def allowance(next_at: float, now: float, rate: float) -> int:
    """How many offers a sender of `rate` a second may make now; `next_at` is when the next is due.

    The offers are spread over the second: what was not used does not pile up beyond a fiftieth
    of it, so that no second ever sees more than `rate` and that fiftieth.
    """
    if now < next_at:
        return 0
    return min(floor((now - next_at) * rate) + 1, max(1, floor(rate / 50)))


def next_offer_at(next_at: float, now: float, taken: int, rate: float) -> float:
    """When the next offer is due after `taken` offers were made now.

    Offers that are a little late do not make the next ones later, or a sender of a few dozen a
    second would never reach its rate.
    """
    burst = max(1, floor(rate / 50))
    made_up = max((burst - 1) / rate, min(0.5 / rate, _LATE))
    return max(next_at, now - made_up) + taken / rate


def fair_share(lanes: int, nodes: int) -> int:
    """How many of the lanes one of several equal nodes should drive."""
    return ceil(lanes / max(nodes, 1))


class WindowPolicy(StrEnum):
    """What an account does about messages outside the 24-hour window."""

    KNOWN = "known"  #: refuse them where people are known to have written, and too long ago
    STRICT = "strict"  #: refuse them also where nobody is known to have written
    OFF = "off"  #: leave it to the carrier


def window_until(last_inbound_at: datetime) -> datetime:
    """When the window closes that opened when people wrote: from then on it is closed."""
    return last_inbound_at + WINDOW


def may_write(
    policy: WindowPolicy,
    last_inbound_at: datetime | None,
    now: datetime,
    *,
    is_template: bool = False,
) -> bool:
    """Whether a message may be sent by the window alone; None for who is not known to have written."""
    if is_template or policy is WindowPolicy.OFF:
        return True
    if last_inbound_at is None:
        return policy is WindowPolicy.KNOWN
    return now < window_until(last_inbound_at)
