"""What is old is forgotten with all that is known of it; what is owed or under way waits."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from estafette.model import Channel, Message, Receipt, Status
from estafette.model.fallback import Second, Way
from estafette.model.ids import instant, new_id
from estafette.store import (
    bulk,
    callbacks,
    fallbacks,
    feedback,
    jobs,
    media,
    messages,
    receipts,
    recipients,
    refs,
    retention,
    schema,
    settings,
)
from estafette.store.messages import Accept, to_row
from estafette.store.retention import Reach
from tests.store.conftest import (
    ACCOUNT,
    CONNECTION,
    LANE,
    NOON,
    NOW,
    all_jobs,
    count,
    message,
    sent,
)
from tests.store.test_media import item

RULE = '{"delete_after_days":30}'
DAY = timedelta(days=1)
UNTIL = NOON + 3 * DAY  #: what is older is meant
REACH = Reach(ACCOUNT, UNTIL, NOON + 40 * DAY)
OTHER = "AC" + "2" * 32
URL = "https://example.com/told"


def put(conn: Connection, at: datetime = NOON, **parts: Any) -> Message:
    """A message that was delivered, without anything around it."""
    known = {"id": new_id(at), "status": Status.DELIVERED, "sent_at": at, **parts}
    made = message(at, **known)
    row = dict(zip(messages.COLUMNS, to_row(made), strict=True))
    conn.execute(schema.messages.insert().values(row))
    return made


def rule(conn: Connection, value: str = RULE, account: str = ACCOUNT) -> None:
    settings.put(conn, account, retention.NAME, value, NOW)


def deleted(conn: Connection, *ids: str) -> int | None:
    return retention.delete(conn, REACH, ids, RULE)


def told(conn: Connection, item: Message, due_at: int | None = None) -> None:
    """A callback of a message; owed at a time, or over."""
    callbacks.owe(conn, [callbacks.of(item, Status.DELIVERED, NOW)])
    sets = "due_at = NULL, response = 'said'" if due_at is None else f"due_at = {due_at}"
    bulk.update(conn, schema.callbacks, ("k",), [(item.id,)], sets=sets)


def lived(conn: Connection) -> Message:
    """A message about which there is something in every table."""
    one = message(callback_url=URL, media=("https://example.com/a.png",))
    first = Way(lane=LANE, channel=Channel.SMS, sender=one.sender, recipient="+14155550199")
    second = Second(
        message=one.id, account=ACCOUNT, first=first, way=first, body="Second", valid_for=60,
        due_at=None, created_at=NOON, taken_at=NOON,
    )  # fmt: skip
    messages.accept(conn, [Accept(one, NOON, "", f"key {one.id}", "print", second=second)])
    sent(conn, [one.id], ref=f"ref of {one.id}")
    receipt = Receipt(status=Status.DELIVERED, message=one.id)
    receipts.record(conn, [receipts.Told(new_id(NOON), CONNECTION, receipt, NOW)])
    offered = bulk.select(conn, schema.attempts, "message", [one.id], ("id",))
    refs.add(conn, [(offered[0][0], f"more of {one.id}", CONNECTION, one.id)])
    feedback.put(conn, ACCOUNT, one.id, True, NOON)
    row = (CONNECTION, f"in of {one.id}", one.id)
    bulk.insert(conn, schema.incoming, [row])
    media.add(conn, item(one.id, id=one.id[-1] + one.id[-2]), LANE, NOW)
    told(conn, one)
    bulk.delete_pairs(conn, schema.jobs, [(job.message, job.kind) for job in all_jobs(conn)])
    return one


TABLES = (
    "messages", "attempts", "receipts", "refs", "callbacks", "idempotency", "feedback", "incoming",
    "media", "fallbacks",
)  # fmt: skip


def test_an_old_message_leaves_nothing_behind_and_no_other_is_touched(conn: Connection) -> None:
    rule(conn)
    first, second = lived(conn), lived(conn)
    before = {table: count(conn, table) for table in TABLES}
    assert deleted(conn, first.id) == 1
    assert {table: count(conn, table) * 2 for table in TABLES} == before
    assert messages.by_ref(conn, ACCOUNT, f"more of {second.id}").id == second.id
    filed = bulk.select(conn, schema.recipients, "message", [first.id], ("recipient",))
    assert filed == []
    (removal,) = all_jobs(conn)  # of the bytes
    assert removal.kind == media.KIND


def test_many_go_at_once(conn: Connection) -> None:
    rule(conn)
    ids = [put(conn).id for _ in range(150)]
    recipients.file_at_once(conn, [])
    assert deleted(conn, *ids) == 150
    assert count(conn, "messages") == 0


@pytest.mark.parametrize("work", [retention.delete, retention.redact])
def test_what_is_owed_or_to_be_done_or_under_way_waits(conn: Connection, work: Any) -> None:
    rule(conn)
    owed, busy, offered, plain = (put(conn, callback_url=URL) for _ in range(4))
    told(conn, owed, due_at=NOW)
    jobs.put(conn, [jobs.Job(busy.id, "receipts", LANE, NOW, data="[]")])
    open_attempt = (
        new_id(NOON), offered.id, LANE, 1, "node", CONNECTION, NOW, None, "", "", "", "", "",
    )  # fmt: skip
    bulk.insert(conn, schema.attempts, [open_attempt])
    queued = put(conn, status=Status.QUEUED, sent_at=None)
    untold = put(conn, REACH.now - DAY, status=Status.SENT)
    ids = [one.id for one in (owed, busy, offered, plain, queued, untold)]
    assert work(conn, REACH, ids, RULE) == 1
    kept = {row[0]: row[1] for row in bulk.select(conn, schema.messages, "id", ids, ("id", "body"))}
    assert all(kept[one.id] for one in (owed, busy, offered, queued, untold))
    told(conn, owed)
    assert work(conn, REACH, [owed.id], RULE) == 1


@pytest.mark.parametrize("work", [retention.delete, retention.redact])
def test_nothing_is_done_once_the_account_has_another_rule(conn: Connection, work: Any) -> None:
    one = put(conn)
    assert work(conn, REACH, [one.id], RULE) is None
    rule(conn, "{}")
    assert work(conn, REACH, [one.id], RULE) is None
    assert messages.get(conn, ACCOUNT, one.id) == one


def test_what_is_redacted_says_nothing_more(conn: Connection) -> None:
    rule(conn)
    one = lived(conn)
    assert retention.redact(conn, REACH, [one.id], RULE) == 1
    found = messages.get(conn, ACCOUNT, one.id)
    assert (found.redacted, found.body, found.content) == (True, "", {})
    assert found.status is Status.DELIVERED
    assert [item.place for item in media.of_message(conn, one.id)] == [""]
    assert [job.kind for job in all_jobs(conn)] == [media.KIND]
    kept = fallbacks.get(conn, one.id)
    assert kept
    assert (kept.body, kept.due_at) == ("", None)
    assert [item.response for item in callbacks.of_message(conn, one.id)] == [{}]


def test_it_is_looked_for_by_age_a_few_at_a_time(conn: Connection) -> None:
    put(conn, account=OTHER)
    old = [put(conn, NOON + timedelta(minutes=n)) for n in range(5)]
    redacted = put(conn, NOON + timedelta(minutes=9), redacted=True)
    waiting = put(conn, NOON + timedelta(minutes=10), status=Status.QUEUED, sent_at=None)
    taken = put(conn, NOON + timedelta(minutes=11), status=Status.SENT)
    put(conn, NOON + timedelta(minutes=12), sent_at=UNTIL)  # was scheduled
    put(conn, UNTIL)

    def walked(*, all_of_them: bool) -> list[str]:
        found, after = [], ""
        while True:
            part = retention.look(conn, REACH, after=after, limit=3, redacted=all_of_them)
            found += part.ids
            if part.last is None:
                return found
            after = part.last

    ids = [one.id for one in old]
    assert walked(all_of_them=True) == [*ids, redacted.id, taken.id]
    assert walked(all_of_them=False) == [*ids, taken.id]
    assert waiting.id not in walked(all_of_them=True)


def test_batches_that_ended_go_with_their_rows(conn: Connection) -> None:
    for number, (owner, closed) in enumerate(
        (
            (ACCOUNT, UNTIL - DAY),
            (ACCOUNT, UNTIL + DAY),
            (ACCOUNT, None),
            ("AC" + "0" * 32, UNTIL - DAY),
        )
    ):
        at = instant(UNTIL - DAY)
        line = {column.name: "" for column in schema.batches.c} | {
            "id": str(number), "account": owner, "total": 1, "done": 1, "sent": 1, "failed": 0,
            "created_at": at, "updated_at": at, "leased_until": None,
            "closed_at": instant(closed) if closed else None,
        }  # fmt: skip
        conn.execute(schema.batches.insert().values(line))
        row = {"batch": str(number), "number": 1, "given": "[]", "message": "", "error": ""}
        conn.execute(schema.batch_rows.insert().values(row))
    while retention.forget_batches(conn, ACCOUNT, UNTIL):
        pass
    kept = conn.execute(schema.batches.select().order_by(schema.batches.c.id))
    assert [row.id for row in kept] == ["1", "2", "3"]
    assert count(conn, "batch_rows") == 3


def test_old_lines_of_the_audit_trail_go(conn: Connection) -> None:
    for account, at in ((ACCOUNT, NOON), (ACCOUNT, UNTIL), (OTHER, NOON)):
        line = (new_id(at), account, "", "", "", "", "", "", instant(at))
        bulk.insert(conn, schema.audit, [line])
    assert retention.forget_changes(conn, ACCOUNT, UNTIL) == 1
    assert retention.forget_changes(conn, ACCOUNT, UNTIL) == 0
    assert count(conn, "audit") == 2


def test_one_process_at_a_time_forgets(conn: Connection) -> None:
    assert retention.take_turn(conn, 0, 100, 50) == 100
    assert retention.take_turn(conn, 0, 101, 60) == 0
    assert retention.take_turn(conn, 100, 160, 60) == 160
    assert retention.take_turn(conn, 0, 300, 161) == 300  # it died
    retention.leave_turn(conn, 300)
    assert retention.take_turn(conn, 0, 400, 170) == 400


def test_the_rules_of_all_accounts_are_found(conn: Connection) -> None:
    assert retention.rules(conn) == []
    rule(conn)
    rule(conn, "{}", OTHER)
    settings.put(conn, ACCOUNT, "window", '"off"', NOW)
    assert [(one.account, one.value) for one in retention.rules(conn)] == [
        (ACCOUNT, RULE),
        (OTHER, "{}"),
    ]
