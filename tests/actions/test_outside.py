"""What an upstream answers, and what the step is told: refusals, patience, silence and outages."""

import asyncio
import threading
import time
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text as sql
from structlog.testing import capture_logs

from estafette.model import Inward, Outcome, Status
from estafette.store import senders
from tests.actions.conftest import FROM, Steps
from tests.actions.upstream import SID, TOKEN, Says, Upstream, refusal
from tests.conftest import free_port
from tests.patience import PATIENCE

NOT_VALID = "The 'To' number +15558675310 is not a valid phone number, says the far one."
UNVERIFIED = "The number +1555867XXXX is unverified."


async def left(steps: Steps) -> int:
    """Jobs that would have something offered."""
    ask = sql("SELECT count(*) FROM jobs WHERE kind = 'send'")
    return int(await steps.house.app.store.read(lambda conn: conn.execute(ask).scalar_one()))


async def outcomes(steps: Steps) -> list[Outcome | None]:
    timeline = await steps.house.timeline(await steps.last())
    return [attempt.outcome for attempt in timeline.attempts]


@pytest.mark.parametrize(
    ("says", "code", "text", "status"),
    [
        (refusal(400, 21211, NOT_VALID), "21211", NOT_VALID, 400),
        (refusal(400, 21608, UNVERIFIED), "21608", UNVERIFIED, 400),
        (refusal(400, 98765, "A code of tomorrow"), "98765", "A code of tomorrow", 400),
    ],
)
async def test_a_refusal_is_told_verbatim(
    paneled: Steps, far: Upstream, says: Says, code: str, text: str, status: int
) -> None:
    far.says = [says]
    assert await paneled.error(key="again") == (code, text, status)
    message = await paneled.last()
    assert (message.status, message.code, message.text) == (Status.FAILED, code, text)
    assert await outcomes(paneled) == [Outcome.REFUSED]
    assert await paneled.error(key="again") == (code, text, status)
    assert len(far.creates) == 1


@pytest.mark.parametrize(
    ("says", "code", "status", "outcome"),
    [
        (
            refusal(401, 20003, "Authenticate, says the far one"),
            "20003",
            401,
            Outcome.MISCONFIGURED,
        ),
        (Says(401, "<html>who are you</html>"), "20003", 401, Outcome.MISCONFIGURED),
        (Says(404, "<html>nothing here</html>"), "20500", 500, Outcome.MISCONFIGURED),
        (refusal(429, 20429, "Too many, says the far one"), "20429", 429, Outcome.THROTTLED),
        (refusal(429, 20429, "Wait", Retry_After="30"), "20429", 429, Outcome.THROTTLED),
        (Says(429, "slow down"), "20429", 429, Outcome.THROTTLED),
    ],
)
async def test_what_was_not_taken_is_given_up(
    paneled: Steps, far: Upstream, says: Says, code: str, status: int, outcome: Outcome
) -> None:
    far.says = [says]
    said = await paneled.error(key="again")
    assert (said[0], said[2]) == (code, status)
    if isinstance(says.said, dict):
        assert said[1] == says.said["message"]
    message = await paneled.last()
    assert (message.status, message.code, message.text) == (Status.FAILED, *said[:2])
    assert await left(paneled) == 0
    assert await outcomes(paneled) == [outcome]
    assert await paneled.error(key="again") == said  # what was recorded
    assert len(far.creates) == 1
    far.says = []
    await paneled.sid()  # a step is a try, even where the connection was parked
    assert len(far.creates) == 2


async def test_patience_is_told_in_seconds(paneled: Steps, far: Upstream) -> None:
    far.says = [refusal(429, 20429, "Wait", Retry_After="5")]
    ran = await paneled.run()
    assert ran.failure is not None
    assert ran.failure.retry_after is not None
    assert 1 <= ran.failure.retry_after <= 5


async def test_what_is_offered_again_at_once_is_waited_for(paneled: Steps, far: Upstream) -> None:
    far.says = [refusal(429, 20429, "Wait", Retry_After="0"), refusal(429, 20429, "Wait")]
    assert await paneled.code() == "20429"
    assert await left(paneled) == 0


@pytest.mark.parametrize("says", [refusal(500, 20500, "Broken"), Says(503, "<html/>"), None])
async def test_a_broken_upstream_may_have_taken_it(
    paneled: Steps, far: Upstream, says: Says | None
) -> None:
    far.says = [says]
    code, text, status = await paneled.error(key="again")
    assert (code, status) == ("20500", 500)
    assert text.startswith("Nobody knows whether the provider took the message; it is not sent")
    message = await paneled.last()
    assert message.status is Status.SENDING
    assert await left(paneled) == 0
    assert await paneled.error(key="again") == (code, text, status)
    assert len(far.creates) == 1
    # A receipt counts all the same.
    assert far.last.form["StatusCallback"].endswith(message.id)
    await told(paneled, far, "SM" + "d" * 32, "delivered")
    assert (await paneled.last()).status is Status.DELIVERED


async def told(steps: Steps, far: Upstream, sid: str, status: str) -> None:
    """The upstream tells the connection that it was asked through what became of a message."""
    url, body, signature = far.callback(far.last, sid, status)
    _, _, provider, connection, tail = urlsplit(url).path.split("/")
    form = "application/x-www-form-urlencoded"
    headers = {"content-type": form, "x-twilio-signature": signature}
    inward = Inward(method="POST", url=url, tail=tail, query="", headers=headers, body=body)
    await steps.house.app.core.inlet.take(provider, connection, inward)


async def test_later_receipts_are_recorded(paneled: Steps, far: Upstream) -> None:
    sid = await paneled.sid()
    await told(paneled, far, sid, "delivered")
    assert (await paneled.message(sid)).status is Status.DELIVERED


async def test_a_closed_port_is_told_at_once(steps: Steps) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    await steps.panel(base_url=nowhere, account_sid=SID, auth_token=TOKEN, sender=FROM)
    began = time.monotonic()
    code, text, status = await steps.error(key="again")
    assert (code, status) == ("20500", 500)
    assert text.startswith("The provider was not reached, and nothing was sent")
    assert time.monotonic() - began < 7  # it did not wait for the end
    assert (await steps.last()).status is Status.FAILED
    assert await left(steps) == 0
    assert await steps.error(key="again") == (code, text, status)


async def test_a_silent_upstream_is_waited_for_so_long(hasty: Steps, far: Upstream) -> None:
    await hasty.panel(base_url=far.url, account_sid=SID, auth_token=TOKEN, sender=FROM)
    far.hangs = threading.Event()
    began = time.monotonic()
    code, text, _ = await hasty.error(key="again")
    assert 2.9 < time.monotonic() - began < 8
    assert code == "20500"
    assert "no answer within 3 s" in text
    far.hangs.set()  # it was taken, and is known by its id from then on
    message = await hasty.last()
    async with asyncio.timeout(PATIENCE):
        while not (message := await hasty.last()).ref:
            await asyncio.sleep(0.05)
    assert message.status is Status.SENT
    assert await hasty.sid(key="again") == message.ref
    assert len(far.creates) == 1


async def test_a_late_no_is_not_carried_again(hasty: Steps, far: Upstream) -> None:
    await hasty.panel(base_url=far.url, account_sid=SID, auth_token=TOKEN, sender=FROM)
    far.hangs = threading.Event()
    far.says = [refusal(429, 20429, "Wait", Retry_After="0")]
    assert await hasty.code() == "20500"
    far.hangs.set()
    message = await hasty.house.until(await hasty.last(), Status.FAILED)
    assert message.reason == "expired"
    assert len(far.creates) == 1


async def test_nobody_carries(hasty: Steps, far: Upstream) -> None:
    await hasty.panel(base_url=far.url, account_sid=SID, auth_token=TOKEN, sender=FROM)
    store = hasty.house.app.store
    await hasty.sid()
    lane = (await hasty.last()).lane
    account = hasty.house.account.sid
    held = await store.read(lambda conn: senders.all_of(conn, account))
    assert lane not in [sender.id for sender in held]  # it is in no list
    await hold(hasty, lane)
    code, text, status = await hasty.error()
    assert (code, status) == ("20500", 500)
    assert "nobody carried it in 3 s" in text
    assert (await hasty.last()).status is Status.FAILED
    assert await left(hasty) == 0
    assert len(far.creates) == 1


async def hold(steps: Steps, lane: str) -> None:
    """Give a lane to a node that does nothing, for an hour."""
    give = sql("UPDATE lanes SET node = 'nobody', leased_until = 4000000000000000 WHERE id = :lane")
    await steps.house.app.store.write(lambda conn: conn.execute(give, {"lane": lane}))


async def test_on_either_database(anywhere: Steps, far: Upstream) -> None:
    await anywhere.panel(base_url=far.url, account_sid=SID, auth_token=TOKEN, sender=FROM)
    first = await anywhere.sid(key="one")
    assert await anywhere.sid(key="one") == first == far.made[0]
    far.says = [refusal(401, 20003, "Authenticate")]
    assert await anywhere.code() == "20003"
    assert await left(anywhere) == 0
    far.says = []
    found = await asyncio.gather(*(anywhere.sid() for _ in range(4)))
    assert sorted(found) == sorted(far.made[1:])


async def test_many_steps_at_once(paneled: Steps, far: Upstream) -> None:
    found = await asyncio.gather(*(paneled.sid() for _ in range(12)))
    assert sorted(found) == sorted(far.made)
    keyed = await asyncio.gather(*(paneled.sid(key="one") for _ in range(6)))
    assert len(set(keyed)) == 1
    assert len(far.creates) == 13


async def test_no_secret_is_kept_in_the_clear(paneled: Steps, far: Upstream) -> None:
    secret = "b6ae4d3f-a-token-of-a-step"
    with capture_logs() as entries:
        await paneled.sid(AUTH_TOKEN=secret, key="with a key")
        far.says = [refusal(401, 20003, "Authenticate")]
        await paneled.code(AUTH_TOKEN=secret + "x")
    home = paneled.house.app.settings.home
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"Your parcel is here" in kept
    assert secret.encode() not in kept
    assert "SENDMESSAGE" in str(entries)
    assert secret not in str(entries)
