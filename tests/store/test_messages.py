"""Messages: written once with their jobs, called back, redacted, deleted with all that is known."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, text

from estafette.model import (
    Channel,
    Conflict,
    Direction,
    Message,
    Outcome,
    Reason,
    Receipt,
    Status,
    Unknown,
)
from estafette.model.ids import instant, new_id
from estafette.store import attempts, bulk, feedback, jobs, messages, receipts, schema
from estafette.store.messages import Accept, to_row
from tests.patience import PATIENCE
from tests.store.conftest import (
    ACCOUNT,
    CONNECTION,
    LANE,
    NODE,
    NOON,
    NOW,
    accepted,
    all_jobs,
    closing,
    count,
    message,
    offered,
    sent,
    status_of,
    until_blocked_or_done,
)

LATER = NOON + timedelta(minutes=1)
TABLES = ("messages", "jobs", "attempts", "receipts", "idempotency", "feedback")


def keyed(key: str = "key", fingerprint: str = "print", **parts: Any) -> Accept:
    one = message(**parts)
    return Accept(one, NOON, "", key, fingerprint)


def set_status(conn: Connection, id: str, status: Status) -> None:
    bulk.update(conn, schema.messages, ("k", "told"), [(id, status)], sets="status = v.told")


def test_a_message_is_written_with_its_job(conn: Connection) -> None:
    one = message()
    assert messages.accept(conn, [Accept(one, LATER, "a key")]) == [one]
    assert messages.get(conn, ACCOUNT, one.id) == one
    assert all_jobs(conn) == [jobs.Job(one.id, "send", LANE, instant(LATER), order_key="a key")]


def test_every_message_of_a_group_gets_a_job(conn: Connection) -> None:
    ids = accepted(conn, 300)
    assert [job.message for job in all_jobs(conn)] == sorted(ids)


def test_a_message_that_is_not_to_be_sent_gets_no_job(conn: Connection) -> None:
    accepted(conn, status=Status.RECEIVED, direction=Direction.INBOUND)
    assert all_jobs(conn) == []


times = st.datetimes(timezones=st.just(NOON.tzinfo))


@given(
    st.builds(
        Message,
        id=st.just("0" * 32),
        account=st.text(),
        lane=st.text(),
        channel=st.sampled_from(Channel),
        direction=st.sampled_from(Direction),
        sender=st.text(),
        recipient=st.text(),
        body=st.text(),
        media=st.lists(st.text(), max_size=3).map(tuple),
        segments=st.integers(1, 20),
        status=st.sampled_from(Status),
        ref=st.text(),
        reason=st.none() | st.sampled_from(Reason),
        code=st.text(),
        text=st.text(),
        callback_url=st.text(),
        redacted=st.booleans(),
        created_at=times,
        updated_at=times,
        sent_at=st.none() | times,
        expires_at=times,
    )
)
def test_a_message_comes_back_from_its_columns_as_it_was(one: Message) -> None:
    row = to_row(one)
    assert len(row) == len(messages.COLUMNS)
    if one.sent_at and one.status in (Status.QUEUED, Status.SENDING):
        one = replace(one, status=Status.SENT)  # it waits on its second way
    assert messages.of_row(row) == one


@pytest.mark.parametrize(
    "body", ["", "Grüße 👋🏽", "a\nb\r\n\t", "'; DROP TABLE messages; --", "%s ?"]
)
def test_any_text_is_kept_as_it_was_written(conn: Connection, body: str) -> None:
    media = ("https://example.com/a,b.png", 'https://example.com/"c"')
    (id,) = accepted(conn, body=body, media=media)
    found = messages.get(conn, ACCOUNT, id)
    assert (found.body, found.media) == (body, media)


def test_nobody_finds_the_message_of_another_account(conn: Connection) -> None:
    (id,) = accepted(conn)
    for account, asked in (("AC" + "2" * 32, id), (ACCOUNT, new_id(NOON)), (ACCOUNT, "")):
        with pytest.raises(Unknown):
            messages.get(conn, account, asked)


# Idempotency


def test_the_same_key_gives_the_same_message(conn: Connection) -> None:
    (first,) = messages.accept(conn, [keyed()])
    set_status(conn, first.id, Status.DELIVERED)
    (again,) = messages.accept(conn, [keyed()])
    assert again == messages.get(conn, ACCOUNT, first.id)
    assert again.status is Status.DELIVERED
    assert (count(conn, "messages"), count(conn, "jobs")) == (1, 1)


def test_the_same_key_with_another_request_is_a_conflict(conn: Connection) -> None:
    messages.accept(conn, [keyed()])
    with pytest.raises(Conflict):
        messages.accept(conn, [keyed(fingerprint="another")])


def test_a_key_that_comes_twice_in_one_group_is_written_once(conn: Connection) -> None:
    asked = [keyed("a"), keyed("b"), keyed("a"), keyed(""), keyed("")]
    answers = messages.accept(conn, asked)
    assert [answer.id for answer in answers] == [
        asked[index].message.id for index in (0, 1, 0, 3, 4)
    ]
    assert (count(conn, "messages"), count(conn, "jobs"), count(conn, "idempotency")) == (4, 4, 2)


def test_a_key_belongs_to_its_account(conn: Connection) -> None:
    other = keyed(account="AC" + "2" * 32, fingerprint="another")
    mine, theirs = messages.accept(conn, [keyed(), other])
    assert mine.id != theirs.id
    assert count(conn, "messages") == 2


def test_a_key_is_free_again_when_its_message_is_deleted(conn: Connection) -> None:
    (first,) = messages.accept(conn, [keyed()])
    messages.delete(conn, first.id)
    (again,) = messages.accept(conn, [keyed(fingerprint="another")])
    assert again.id != first.id


def test_one_key_that_comes_through_two_processes_at_once_is_written_once(
    database: Engine,
) -> None:
    meet = threading.Barrier(4)

    def ask(_: int) -> str:
        meet.wait(PATIENCE)
        with database.begin() as conn:
            (answer,) = messages.accept(conn, [keyed()])
            return answer.id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    with database.begin() as conn:
        assert (count(conn, "messages"), count(conn, "jobs")) == (1, 1)


def test_the_same_keys_in_another_order_do_not_make_two_processes_wait_for_each_other(
    database: Engine,
) -> None:
    keys = [f"key {n:03}" for n in range(80)]
    meet = threading.Barrier(2)

    def ask(order: list[str]) -> list[str]:
        meet.wait(PATIENCE)
        with database.begin() as conn:
            return [one.id for one in messages.accept(conn, [keyed(key) for key in order])]

    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            first, second = pool.map(ask, [keys, keys[::-1]])
            assert first == second[::-1]


# By the carrier's own id


def test_a_message_is_found_by_the_id_of_its_carrier(conn: Connection) -> None:
    ids = accepted(conn, 3)
    sent(conn, ids)
    assert [messages.by_ref(conn, ACCOUNT, f"ref-{n}").id for n in range(3)] == ids


def test_a_ref_that_no_carrier_gave_is_unknown(conn: Connection) -> None:
    sent(conn, accepted(conn))
    for account, ref in ((ACCOUNT, "ref-9"), (ACCOUNT, ""), ("AC" + "2" * 32, "ref-0")):
        with pytest.raises(Unknown):
            messages.by_ref(conn, account, ref)


# Calling back


@pytest.mark.parametrize("redacted", [False, True])
def test_a_message_that_waits_can_be_called_back(conn: Connection, redacted: bool) -> None:
    (id,) = accepted(conn, redacted=redacted)
    found = messages.cancel(conn, ACCOUNT, id, LATER)
    assert (found.status, found.updated_at) == (Status.CANCELED, LATER)
    assert found.body == ("" if redacted else "Hi there")
    assert all_jobs(conn) == []


@pytest.mark.parametrize("status", set(Status) - {Status.QUEUED, Status.SCHEDULED})
def test_a_message_that_was_offered_cannot_be_called_back(conn: Connection, status: Status) -> None:
    (id,) = accepted(conn)
    set_status(conn, id, status)
    with pytest.raises(Conflict):
        messages.cancel(conn, ACCOUNT, id, LATER)
    assert status_of(conn, id) is status


def test_a_message_whose_job_was_taken_cannot_be_called_back(conn: Connection) -> None:
    (id,) = accepted(conn)
    jobs.take(conn, LANE, "send", NOW, 1)
    with pytest.raises(Conflict):
        messages.cancel(conn, ACCOUNT, id, LATER)


def test_a_message_between_two_attempts_can_be_called_back(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    again = jobs.Job(id, "send", LANE, NOW, tries=1)
    throttled = closing(offer, Outcome.THROTTLED, Status.QUEUED, next_jobs=(again,))
    attempts.close(conn, [throttled])
    assert messages.cancel(conn, ACCOUNT, id, LATER).status is Status.CANCELED
    assert all_jobs(conn) == []


def test_nobody_calls_back_the_message_of_another_account(conn: Connection) -> None:
    (id,) = accepted(conn)
    with pytest.raises(Unknown):
        messages.cancel(conn, "AC" + "2" * 32, id, LATER)


def test_a_canceled_message_is_not_offered_although_its_job_was_left(conn: Connection) -> None:
    (id,) = accepted(conn)
    set_status(conn, id, Status.CANCELED)
    assert offered(conn, [id]) == []
    assert (count(conn, "attempts"), count(conn, "jobs")) == (0, 0)


def test_who_calls_a_message_back_while_it_is_taken_up_neither_hinders_nor_wins(
    shared: Engine,
) -> None:
    """The one waits for the other, never both for each other."""
    with shared.begin() as conn:
        (id,) = accepted(conn)

    def cancel() -> Status:
        with shared.begin() as conn:
            conn.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
            return messages.cancel(conn, ACCOUNT, id, LATER).status

    with ThreadPoolExecutor(1) as pool:
        with shared.begin() as conn:
            found = jobs.take(conn, LANE, "send", NOW, 1)
            calling = pool.submit(cancel)
            until_blocked_or_done(shared, calling)
            assert attempts.start(
                conn, found, [new_id(NOON)], node=NODE, connection=CONNECTION, now=NOW
            )
        with pytest.raises(Conflict):
            calling.result(20)


# Redaction


@pytest.mark.parametrize("status", Status)
def test_a_redacted_message_keeps_its_text_only_while_it_is_to_be_sent(
    conn: Connection, status: Status
) -> None:
    (id,) = accepted(conn)
    set_status(conn, id, status)
    found = messages.redact(conn, ACCOUNT, id, LATER)
    still = {Status.SCHEDULED, Status.QUEUED, Status.SENDING}
    assert (found.redacted, found.updated_at) == (True, LATER)
    assert found.body == ("Hi there" if status in still else "")


def test_nobody_redacts_the_message_of_another_account(conn: Connection) -> None:
    (id,) = accepted(conn, status=Status.DELIVERED)
    with pytest.raises(Unknown):
        messages.redact(conn, "AC" + "2" * 32, id, LATER)
    assert messages.get(conn, ACCOUNT, id).body == "Hi there"


# Deletion


def test_a_deleted_message_leaves_nothing_behind_and_no_other_is_touched(
    conn: Connection,
) -> None:
    first, second = messages.accept(conn, [keyed("a"), keyed("b")])
    for one in (first, second):
        sent(conn, [one.id], ref=f"ref of {one.id}")
        told = Receipt(status=Status.DELIVERED, message=one.id)
        receipts.record(conn, [receipts.Told(new_id(NOON), CONNECTION, told, NOW)])
        jobs.put(conn, [jobs.Job(one.id, "settle", LANE, NOW)])
        feedback.put(conn, ACCOUNT, one.id, True, NOON)
    messages.delete(conn, first.id)
    assert {table: count(conn, table) for table in TABLES} == dict.fromkeys(TABLES, 1)
    with pytest.raises(Unknown):
        messages.get(conn, ACCOUNT, first.id)
    with pytest.raises(Unknown):
        messages.by_ref(conn, ACCOUNT, f"ref of {first.id}")
    assert messages.by_ref(conn, ACCOUNT, f"ref of {second.id}").id == second.id
