"""What is counted: every message once at each status, and every span, also what gathers here."""

import asyncio
from collections.abc import Iterator

import pytest
from prometheus_client.registry import REGISTRY
from structlog.testing import capture_logs

from estafette.core import metrics
from estafette.model import Channel, Outcome, Receipt, Status
from tests.core.conftest import House
from tests.patience import PATIENCE


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


class Counted:
    """How much was counted since this was made."""

    def __init__(self) -> None:
        metrics.flush()
        self._before: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        for family in REGISTRY.collect():
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                self._before[key] = sample.value

    def __call__(self, name: str, **labels: str) -> float:
        metrics.flush()
        now = REGISTRY.get_sample_value(name, labels) or 0
        return now - self._before.get((name, tuple(sorted(labels.items()))), 0)


def reached(counted: Counted) -> dict[str, float]:
    found = {status: counted("estafette_messages_total", status=status) for status in Status}
    return {status: count for status, count in found.items() if count}


async def test_every_message_is_counted_once_at_each_status_it_comes_to(house: House) -> None:
    counted = Counted()
    async with house.carrying():
        for recipient in ("+15558675310", "+15005520400", "+15005530003", "+15005520207"):
            status = Status.READ if recipient == "+15005520207" else None
            wanted = [status] if status else []
            await house.until(await house.send(recipient), *wanted)
        expired = await house.send(valid_for=0)
        await house.until(expired)
    canceled = await house.send()
    await house.app.gateway.cancel(house.account, canceled.id)
    assert counted("estafette_accepted_total", channel="sms") == 6
    assert counted("estafette_accept_seconds_count") == 6
    assert reached(counted) == {
        "queued": 6,
        "sent": 3,
        "failed": 2,
        "delivered": 2,
        "undelivered": 1,
        "read": 1,
        "canceled": 1,
    }
    taken = counted("estafette_attempt_seconds_count", connection="sandbox", outcome="accepted")
    refused = counted("estafette_attempt_seconds_count", connection="sandbox", outcome="refused")
    assert (taken, refused) == (3, 1)


async def test_what_came_under_a_known_key_is_not_counted_again(house: House) -> None:
    counted = Counted()
    for _ in range(3):
        await house.send(idempotency_key="key")
    assert counted("estafette_accepted_total", channel="sms") == 1


async def test_a_receipt_counts_where_it_moves_a_message(house: House) -> None:
    message = await house.send()
    counted = Counted()
    told = [Receipt(status=Status.SENT, message=message.id)] * 2
    await house.app.gateway.record("sandbox", told[:1])
    await house.app.gateway.record("sandbox", told)
    assert reached(counted) == {"sent": 1}


async def test_what_gathered_is_handed_over_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_FLUSH_IN", 0.01)
    counted = Counted()
    metrics.accepted(Channel.WHATSAPP, Status.QUEUED, 0.002)
    metrics.accepted(Channel.WHATSAPP, Status.QUEUED, 0.002)
    metrics.reached(Status.READ, 5)
    metrics.attempted("a connection", Outcome.UNCLEAR, 3.0)
    assert len(metrics._flushes) == 1
    async with asyncio.timeout(PATIENCE):
        while metrics._flushes:
            await asyncio.sleep(0.005)
    assert REGISTRY.get_sample_value("estafette_messages_total", {"status": "read"})
    assert counted("estafette_accepted_total", channel="whatsapp") == 2
    assert reached(counted) == {"queued": 2, "read": 5}
    labels = {"connection": "a connection", "outcome": "unclear"}
    assert counted("estafette_attempt_seconds_sum", **labels) == 3


async def test_spans_fall_into_their_buckets() -> None:
    counted = Counted()
    for span in (0.0004, 0.001, 0.0011, 30, 31):
        metrics.attempted("bucketed", Outcome.ACCEPTED, span)
    labels = {"connection": "bucketed", "outcome": "accepted"}
    name = "estafette_attempt_seconds_bucket"
    found = {
        le: counted(name, **labels, le=le) for le in ("0.001", "0.0025", "10.0", "30.0", "+Inf")
    }
    assert found == {"0.001": 2, "0.0025": 3, "10.0": 3, "30.0": 4, "+Inf": 5}
    assert counted("estafette_attempt_seconds_count", **labels) == 5
