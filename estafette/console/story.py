"""What became of a message as one story, in the order of time."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from estafette.console import wires
from estafette.console.tellings import COLOURS, TOLD
from estafette.core import asked
from estafette.core.deliveries import bare
from estafette.core.offers import answer_of
from estafette.core.timelines import Timeline
from estafette.model import Attempt, Callback, Direction, Message, Status


class Event(NamedTuple):
    """One thing that happened; `kind` says what it is, and what the rest is about."""

    at: datetime
    kind: str
    facts: dict[str, Any]


def story(message: Message, found: Timeline) -> list[Event]:
    """All that is known, the first first."""
    events = [_began(message, found)]
    events += [_offered(one, found) for one in found.attempts]
    second = found.second
    if second and second.taken_at:
        events.append(Event(second.taken_at, "turned", {"why": second.why, "way": second.way}))
    for receipt, at in found.receipts:
        events.append(Event(at, "receipt", {"receipt": receipt}))
    events += map(_told, found.callbacks)
    if found.feedback:
        events.append(Event(found.feedback.updated_at, "judged", {"feedback": found.feedback}))
    if message.status is Status.CANCELED:
        events.append(Event(message.updated_at, "canceled", {}))
    return sorted(events, key=lambda event: event.at)


def _began(message: Message, found: Timeline) -> Event:
    if message.direction is Direction.INBOUND:
        return Event(message.created_at, "arrived", {})
    body = asked.own(message, found.second)
    request = "POST /api/messages\n\n" + json.dumps(body, ensure_ascii=False, indent=2)
    return Event(message.created_at, "asked", {"request": request if body else ""})


def _offered(attempt: Attempt, found: Timeline) -> Event:
    request, answer = found.requests.get(attempt.id), answer_of(attempt)
    facts = {
        "attempt": attempt,
        "colour": COLOURS.get(attempt.outcome, "failed"),
        "request": wires.of_request(request) if request else "",
        "answer": wires.of_answer(answer) if answer else "",
        "span": _span(attempt),
    }
    return Event(attempt.started_at, "attempt", facts)


def _span(attempt: Attempt) -> int | None:
    """Milliseconds that it took."""
    if attempt.closed_at is None:
        return None
    return round((attempt.closed_at - attempt.started_at).total_seconds() * 1000)


def _told(item: Callback) -> Event:
    at = item.closed_at or item.created_at
    return Event(at, "callback", {"callback": item, "told": TOLD[item.told], "url": bare(item.url)})
