"""What carriers answer to offers, and what is written down of it."""

import asyncio
from collections.abc import Iterable

import structlog

from estafette.model import (
    Accepted,
    Attempt,
    Message,
    Misconfigured,
    Offer,
    Outcome,
    SendError,
    Status,
    Unclear,
)
from estafette.model.ids import instant
from estafette.model.rules import Step
from estafette.providers import Provider
from estafette.store import callbacks, due
from estafette.store.attempts import Closing
from estafette.store.callbacks import Fact
from estafette.store.jobs import Job
from estafette.store.words import plain

log = structlog.get_logger()


def closing(
    connection: str, lane: str, offer: Offer, answer: Accepted | SendError, step: Step, now: int
) -> Closing:
    """What is written down when an offer has ended, with the work that follows from it."""
    taken = answer if isinstance(answer, Accepted) else None
    refused = answer if isinstance(answer, SendError) else None
    return Closing(
        attempt=offer.id,
        message=offer.message.id,
        connection=connection,
        now=now,
        outcome=outcome_of(answer),
        status=step.status,
        ref=plain(taken.ref) if taken else "",
        more_refs=tuple(map(plain, taken.more_refs)) if taken else (),
        reason=step.reason,
        code=plain(refused.code) if refused else "",
        text=plain(str(refused)) if refused else "",
        next_jobs=tuple(_next_jobs(lane, offer, answer, step, now)),
        owed=_owed(offer.message, step, refused, now),
        way=f"{lane} {offer.message.recipient}",
        answer="" if offer.message.redacted else plain(answer.answer),
    )


def _owed(message: Message, step: Step, refused: SendError | None, now: int) -> Fact | None:
    if step.status not in (Status.SENT, Status.FAILED):
        return None
    words = {"code": plain(refused.code), "text": plain(str(refused))} if refused else {}
    return callbacks.of(message, step.status, now, reason=step.reason or "", **words)


def _next_jobs(
    lane: str, offer: Offer, answer: Accepted | SendError, step: Step, now: int
) -> Iterable[Job]:
    message = offer.message
    if step.retry_in is not None:
        # Not beyond the end of its validity: it is failed then, and should not wait to be.
        due_at = min(now + int(step.retry_in * 1e6), instant(message.expires_at))
        yield Job(message.id, "send", lane, due_at, offer.number, offer.order_key)
    if step.settle_in is not None:
        due_at = now + int(step.settle_in * 1e6)
        yield Job(message.id, "settle", lane, due_at, offer.number, offer.order_key)
    if answer.later:
        yield due.later_job(lane, message.id, answer.later, now)


async def ask(provider: Provider | None, offer: Offer) -> Accepted | SendError:
    """The carrier's answer to one offer; what it did not say itself is put in our words."""
    if provider is None:
        return Misconfigured("the settings of this connection make no provider")
    try:
        async with asyncio.timeout(provider.answers_within):
            return await provider.send(offer)
    except SendError as error:
        return error
    except TimeoutError:
        return Unclear(f"no answer within {provider.answers_within:g} s")
    except Exception as error:
        log.exception("a provider broke", attempt=offer.id, message=offer.message.id)
        return Unclear(f"{type(error).__name__} while it was offered")


async def recall(
    provider: Provider | None, attempt: Attempt, message: Message
) -> Accepted | SendError:
    """The carrier's answer to an offer of a process that ended before it was written down."""
    if provider is None:
        return Unclear("the connection that it was offered through is gone")
    try:
        return await provider.recall(attempt, message)
    except SendError as error:
        return error
    except Exception as error:
        log.exception("a provider broke", attempt=attempt.id, message=message.id)
        return Unclear(f"{type(error).__name__} while it was asked about")


def outcome_of(answer: Accepted | SendError) -> Outcome:
    """The word for an answer."""
    return Outcome.ACCEPTED if isinstance(answer, Accepted) else answer.outcome
