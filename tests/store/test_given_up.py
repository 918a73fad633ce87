"""Messages that are offered no more, and the senders that nobody holds."""

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, text

from estafette.model import Channel, Conflict, Outcome, Reason, Sender, Status, Unknown
from estafette.model.ids import instant
from estafette.store import attempts, callbacks, lanes, messages, senders
from estafette.store.jobs import Job
from tests.store.conftest import (
    ACCOUNT,
    NOON,
    NOW,
    accepted,
    all_jobs,
    closing,
    count,
    offered,
    status_of,
)

TOLD = {"code": "20429", "words": "Too many, says the carrier"}


def test_what_waits_is_given_up_with_a_code_and_a_text(conn: Connection) -> None:
    given, other = accepted(conn, 2)
    found = messages.give_up(conn, ACCOUNT, given, NOON, **TOLD)
    message = found.message
    assert (message.status, message.reason) == (Status.FAILED, Reason.OTHER)
    assert (message.code, message.text) == (TOLD["code"], TOLD["words"])
    assert found.due_at == NOW
    assert [job.message for job in all_jobs(conn)] == [other]
    assert status_of(conn, other) is Status.QUEUED


def test_who_asked_is_told_that_it_failed(conn: Connection) -> None:
    (id,) = accepted(conn, callback_url="https://example.com/status")
    messages.give_up(conn, ACCOUNT, id, NOON, **TOLD)
    (owed,) = callbacks.of_message(conn, id)
    assert (owed.status, owed.code, owed.text) == (Status.FAILED, TOLD["code"], TOLD["words"])


def test_what_is_offered_or_over_is_not_given_up(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    with pytest.raises(Conflict):
        messages.give_up(conn, ACCOUNT, id, NOON, **TOLD)
    assert status_of(conn, id) is Status.SENDING
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")])
    with pytest.raises(Conflict):
        messages.give_up(conn, ACCOUNT, id, NOON, **TOLD)
    assert status_of(conn, id) is Status.SENT


def test_a_message_that_is_to_be_offered_again_can_be_given_up(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    later = NOW + 30_000_000
    again = Job(id, "send", offer.message.lane, later, 1)
    end = closing(offer, Outcome.THROTTLED, Status.QUEUED, next_jobs=(again,))
    attempts.close(conn, [end])
    assert messages.give_up(conn, ACCOUNT, id, NOON, **TOLD).due_at == later
    assert count(conn, "jobs") == 0


def test_anothers_message_is_unknown(conn: Connection) -> None:
    (id,) = accepted(conn)
    with conn.begin_nested() as part:
        with pytest.raises(Unknown):
            messages.give_up(conn, "AC" + "2" * 32, id, NOON, **TOLD)
        part.rollback()
    assert count(conn, "jobs") == 1


def test_a_redacted_one_loses_its_text(conn: Connection) -> None:
    (id,) = accepted(conn, redacted=True, content={"layers": {}})
    message = messages.give_up(conn, ACCOUNT, id, NOON, **TOLD).message
    assert (message.body, message.content) == ("", {})


def test_a_sender_that_nobody_holds_is_written_once_and_is_in_no_list(conn: Connection) -> None:
    nobody = Sender(
        id="s1", account=ACCOUNT, channel=Channel.SMS, address="", connection="c",
        created_at=NOON, updated_at=NOON, released_at=NOON,
    )  # fmt: skip
    other = replace(nobody, id="s2")
    for one in (nobody, other, nobody):
        senders.add_once(conn, one)
    conn.execute(text("UPDATE lanes SET node = 'n', next_at = :at"), {"at": instant(NOON)})
    senders.add_once(conn, nobody)
    assert lanes.drivers(conn) == {"s1": "n", "s2": "n"}
    assert senders.all_of(conn, ACCOUNT) == []
    assert senders.all_of(conn, ACCOUNT, released=True) == [nobody, other]
    assert senders.find(conn, ACCOUNT, Channel.SMS, "") is None
    assert senders.inbound(conn, "c", Channel.SMS, "") is None
