"""Lists against a plain filter and sort of the same messages, page by page, both ways."""

import random
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from estafette.model import Channel, Cursor, Filter, Message, Page, Status, Unknown
from estafette.model.ids import new_id
from estafette.store import bulk, listing, messages, recipients, schema
from estafette.store.messages import of_row, to_row
from tests.store.conftest import ACCOUNT, message

OTHER = "AC" + "2" * 32
START = datetime(2026, 1, 1, tzinfo=UTC)
RECIPIENTS = [f"+1415555000{n}" for n in range(4)]
SENDERS = ["+15017122661", "+15005550006"]
STATUSES = [Status.QUEUED, Status.SENT, Status.DELIVERED]
#: From within one bucket of an id to many days, so that pages lie in one bucket and over many.
SPREADS = [timedelta(seconds=1), timedelta(hours=3), timedelta(days=1), timedelta(days=40)]


def some(rng: random.Random, count: int) -> list[Message]:
    """Messages of two accounts over a random time, with times of sending that repeat."""
    spread = rng.choice(SPREADS)
    found = []
    for _ in range(count):
        at = START + spread * rng.random()
        sent_at = START + spread * (rng.randrange(8) / 8)
        found.append(
            message(
                at,
                id=new_id(at),
                account=rng.choice([ACCOUNT, ACCOUNT, ACCOUNT, OTHER]),
                recipient=rng.choice(RECIPIENTS),
                sender=rng.choice(SENDERS),
                channel=rng.choice([Channel.SMS, Channel.SMS, Channel.WHATSAPP]),
                status=rng.choice(STATUSES),
                sent_at=rng.choice([None, sent_at, sent_at]),
            )
        )
    return found


def some_filter(rng: random.Random) -> Filter:
    def or_nothing(value: object, nothing: object = None) -> object:
        return value if rng.random() < 0.4 else nothing

    at = START + rng.choice(SPREADS) * (rng.randrange(8) / 8)
    until = at + rng.choice(SPREADS) * (rng.randrange(4) / 8)
    return Filter(
        recipient=or_nothing(rng.choice([*RECIPIENTS, "+14155559999"]), ""),  # type: ignore[arg-type]
        sender=or_nothing(rng.choice(SENDERS), ""),  # type: ignore[arg-type]
        channel=or_nothing(rng.choice(list(Channel))),  # type: ignore[arg-type]
        status=or_nothing(rng.choice(STATUSES)),  # type: ignore[arg-type]
        sent_from=or_nothing(at),  # type: ignore[arg-type]
        sent_until=or_nothing(until),  # type: ignore[arg-type]
    )


def plain(stored: Sequence[Message], filter: Filter) -> list[str]:
    """What a list should be, the slow way: what was sent once is shown as sent while it waits."""
    stored = [of_row(to_row(one)) for one in stored]

    def fits(one: Message) -> bool:
        bounds = filter.sent_from or filter.sent_until
        return (
            one.account == ACCOUNT
            and filter.recipient in ("", one.recipient)
            and filter.sender in ("", one.sender)
            and filter.channel in (None, one.channel)
            and filter.status in (None, one.status)
            and (not bounds or one.sent_at is not None)
            and (not filter.sent_from or (one.sent_at or START) >= filter.sent_from)
            and (not filter.sent_until or (one.sent_at or START) <= filter.sent_until)
        )

    found = [one for one in stored if fits(one)]
    if filter.sent_from or filter.sent_until:
        return [one.id for one in sorted(found, key=lambda m: (m.sent_at, m.id), reverse=True)]
    return sorted((one.id for one in found), reverse=True)


def ids(page: Page) -> list[str]:
    return [one.id for one in page.items]


def walk(conn: Connection, filter: Filter, limit: int) -> list[Page]:
    """Every page, from the first to the last."""
    pages = [listing.page(conn, ACCOUNT, filter, limit=limit)]
    while pages[-1].has_next:
        assert len(pages) < 200
        cursor = Cursor(pages[-1].items[-1].id)
        pages.append(listing.page(conn, ACCOUNT, filter, limit=limit, cursor=cursor))
    return pages


def insert(conn: Connection, stored: Sequence[Message], *, filed: int = 0) -> None:
    """Messages, of which the first few are filed: a list must be the same all the same."""
    recipients.file_at_once(conn, stored)
    for part in (stored[:filed], stored[filed:]):
        bulk.insert(conn, schema.messages, [to_row(one) for one in part])
        if conn.dialect.name == "sqlite" and len(part) == filed:
            recipients.file(conn, nullcontext)


@pytest.mark.parametrize("seed", range(8))
def test_a_list_is_what_a_plain_filter_and_sort_gives_page_by_page_both_ways(
    conn: Connection, seed: int
) -> None:
    rng = random.Random(seed)
    stored = some(rng, rng.choice([0, 1, 30, 120]))
    insert(conn, stored, filed=rng.randrange(len(stored) + 1))
    for _ in range(8):
        filter, limit = some_filter(rng), rng.choice([1, 2, 5, 7, 50, 1000])
        wanted = plain(stored, filter)
        pages = walk(conn, filter, limit)
        assert [id for page in pages for id in ids(page)] == wanted
        assert all(len(page.items) == limit for page in pages[:-1])
        assert [page.has_previous for page in pages] == [False] + [True] * (len(pages) - 1)
        _walk_back(conn, filter, limit, pages)


def _walk_back(conn: Connection, filter: Filter, limit: int, pages: list[Page]) -> None:
    for before, page in zip(reversed(pages[:-1]), reversed(pages[1:]), strict=True):
        cursor = Cursor(page.items[0].id, before=True)
        back = listing.page(conn, ACCOUNT, filter, limit=limit, cursor=cursor)
        assert ids(back) == ids(before)
        assert back.has_next
        assert back.has_previous is (before is not pages[0])


@pytest.mark.parametrize("filter", [Filter(), Filter(recipient=RECIPIENTS[0]), "sent"])
@pytest.mark.parametrize("seed", range(2))
def test_what_is_added_or_deleted_between_pages_shifts_nothing(
    conn: Connection, filter: Filter | str, seed: int
) -> None:
    if isinstance(filter, str):
        filter = Filter(sent_from=START)
    rng = random.Random(seed)
    stored = some(rng, 80)
    insert(conn, stored)
    wanted = plain(stored, filter)
    seen: list[str] = []
    cursor = None
    while True:
        page = listing.page(conn, ACCOUNT, filter, limit=7, cursor=cursor)
        seen += ids(page)
        if not page.has_next:
            break
        cursor = Cursor(page.items[-1].id)
        newest = START + timedelta(days=90)
        insert(conn, [message(newest, recipient=RECIPIENTS[0], sent_at=newest)])
        for id in seen[:-1]:
            messages.delete(conn, id)
    assert seen == wanted


@pytest.mark.parametrize(
    "filter", [Filter(), Filter(recipient=RECIPIENTS[0]), Filter(sent_from=START)]
)
def test_a_page_continues_although_the_message_it_ended_with_was_deleted(
    conn: Connection, filter: Filter
) -> None:
    stored = some(random.Random(5), 60)
    insert(conn, stored)
    wanted = plain(stored, filter)
    page = listing.page(conn, ACCOUNT, filter, limit=5)
    messages.delete(conn, page.items[-1].id)
    cursor = Cursor(page.items[-1].id, sent_at=page.items[-1].sent_at)
    assert ids(listing.page(conn, ACCOUNT, filter, limit=5, cursor=cursor)) == wanted[5:10]


def test_a_list_by_time_does_not_continue_from_a_message_that_is_none(conn: Connection) -> None:
    for before in (False, True):
        cursor = Cursor("0" * 32, before=before)
        with pytest.raises(Unknown):
            listing.page(conn, ACCOUNT, Filter(sent_from=START), limit=5, cursor=cursor)


def test_a_list_by_time_ends_at_a_message_that_was_never_sent(conn: Connection) -> None:
    unsent = message(START)
    insert(conn, [unsent, message(START, sent_at=START)])
    cursor = Cursor(unsent.id)
    assert not listing.page(conn, ACCOUNT, Filter(sent_from=START), limit=5, cursor=cursor).items


def test_messages_of_one_instant_stand_in_one_order(conn: Connection) -> None:
    stored = [message(START, sent_at=START) for _ in range(20)]
    insert(conn, stored)
    newest_first = [one.id for one in stored][::-1]
    for filter in (Filter(), Filter(recipient=stored[0].recipient), Filter(sent_from=START)):
        assert [id for page in walk(conn, filter, 3) for id in ids(page)] == newest_first


#: A list: the index that makes each of its pages cost the same at any size.
PLANS = {
    "messages_of_account": Filter(),
    "messages_from": Filter(sender=SENDERS[0]),
    "messages_sent": Filter(sent_from=START),
}


@pytest.mark.parametrize("index", PLANS)
def test_each_list_goes_through_an_index_in_its_order(sqlite_tables: Engine, index: str) -> None:
    asked: list[tuple[str, Any]] = []
    with sqlite_tables.connect() as conn:
        insert(conn, some(random.Random(1), 10))

        @event.listens_for(conn, "before_cursor_execute")
        def _note(_conn: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
            asked.append((sql, values))

        listing.page(conn, ACCOUNT, PLANS[index], limit=5)
        plans = [
            row[3]
            for sql, values in list(asked)
            for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
        conn.rollback()
    assert any(f"INDEX {index}" in step for step in plans)
    assert not any("TEMP B-TREE" in step or step.startswith("SCAN messages") for step in plans)


def test_a_list_by_recipient_goes_through_what_is_filed_in_its_order(
    sqlite_tables: Engine,
) -> None:
    asked: list[tuple[str, Any]] = []
    with sqlite_tables.connect() as conn:
        insert(conn, some(random.Random(1), 11))

        @event.listens_for(conn, "before_cursor_execute")
        def _note(_conn: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
            asked.append((sql, values))

        listing.page(conn, ACCOUNT, Filter(recipient=RECIPIENTS[0]), limit=5)
        plans = {
            sql: [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
            for sql, values in list(asked)
        }
        conn.rollback()
    filed = [steps for sql, steps in plans.items() if "CROSS JOIN" in sql]
    unfiled = [steps for sql, steps in plans.items() if "NOT INDEXED" in sql]
    assert all(steps[0].startswith("SEARCH recipients USING PRIMARY KEY") for steps in filed)
    assert not any("TEMP B-TREE" in step for steps in filed for step in steps)
    assert all("rowid>?" in steps[0] for steps in unfiled)
    assert len(unfiled) == 1
