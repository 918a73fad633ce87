"""What happened that is no status of a message: owed, told in order, tried for a bounded time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from estafette.model import Callback, CallbackStatus, Direction, Outcome, Receipt, Status
from estafette.model.ids import first_id, moment, new_id
from estafette.model.notice import Event, Notice
from estafette.store import (
    attempts,
    callbacks,
    deliveries,
    incoming,
    messages,
    notices,
    outbox,
    receipts,
)
from estafette.store import subscriptions as store
from estafette.store.callbacks import Fact
from estafette.store.incoming import Arrival
from estafette.store.messages import Accept
from estafette.store.outbox import Result
from tests.store.conftest import ACCOUNT, NOON, NOW, accepted, closing, count, message, offered
from tests.store.test_subscriptions import HOST, SECOND, owed, subscribed, taken

CONTACT = "c" * 32
HOURS = 3600 * SECOND
SPAN = 6 * HOURS
GIVEN_UP, TOLD, WAITING = CallbackStatus.GIVEN_UP, CallbackStatus.TOLD, CallbackStatus.WAITING
_SENT = (Outcome.ACCEPTED, Status.SENT)
EVERYTHING = ",".join(Event)


def happened(
    conn: Connection, event: Event, about: str = CONTACT, at: datetime = NOON, **facts: object
) -> Notice:
    made = Notice(
        id=new_id(at), account=ACCOUNT, event=event, about=about, facts=facts, created_at=at
    )
    notices.note(conn, [made])
    return made


def due(conn: Connection, now: int = NOW) -> list[tuple[Callback, object]]:
    return [*outbox.take(conn, {HOST: 20}, now=now, until=now + 60 * SECOND)]


def tried(
    conn: Connection, item: Callback, now: int, *, is_heard: bool, span: int | None = SPAN
) -> None:
    told, due_at = (TOLD, None) if is_heard else (WAITING, now + SECOND)
    worn_at = None if span is None else now - span
    outbox.close(
        conn,
        [
            Result(
                item.message, item.said, told, due_at, "200" if is_heard else "500", now, item.hook,
                is_heard=is_heard, worn_at=worn_at,
            )
        ],
    )  # fmt: skip


def events(found: Sequence[Callback]) -> list[str]:
    return [item.event for item in found]


def test_a_notice_is_owed_to_those_who_want_it_and_kept_for_them(conn: Connection) -> None:
    subscribed(conn, "a", event="received,contact_created")
    subscribed(conn, "b", event="contact_updated")
    made = happened(conn, Event.CONTACT_CREATED, name="Ada")
    happened(conn, Event.CONTACT_DELETED)
    assert count(conn, "notices") == 1
    ((callback, found),) = due(conn)
    assert (callback.event, callback.said, callback.hook) == ("contact_created", made.id, "a" * 32)
    assert found == made
    assert callback.subscription


def test_notices_about_one_contact_are_told_in_their_order(conn: Connection) -> None:
    subscribed(conn, event=EVERYTHING)
    at = NOON
    for event in (Event.CONTACT_CREATED, Event.CONVERSATION_OPENED, Event.CONTACT_UPDATED):
        happened(conn, event, at=at)  # all in one microsecond
    happened(conn, Event.CONTACT_CREATED, about="d" * 32)
    order = []
    for step in range(3):
        found = [item for item, _ in due(conn, NOW + step) if item.message == CONTACT]
        order += events(found)
        (first,) = found
        tried(conn, first, NOW + step, is_heard=True)
    assert order == ["contact_created", "conversation_opened", "contact_updated"]
    assert events(callbacks.of_message(conn, CONTACT)) == order


def test_what_was_told_of_a_contact_can_be_told_again(conn: Connection) -> None:
    subscribed(conn, event=EVERYTHING)
    happened(conn, Event.CONTACT_CREATED)
    second = happened(conn, Event.CONTACT_UPDATED, at=NOON + timedelta(seconds=1))
    for step in range(2):
        ((item, _),) = due(conn, NOW + 2 * SECOND + step)
        tried(conn, item, NOW + 2 * SECOND + step, is_heard=True)
    again = callbacks.replay(conn, CONTACT, None, NOW + 9 * SECOND)
    assert again == ["contact_created", "contact_updated"]
    assert len(due(conn, NOW + 9 * SECOND)) == 1
    assert callbacks.has_any(conn, ACCOUNT, CONTACT)
    assert not callbacks.has_any(conn, "AC" + "9" * 32, CONTACT)
    assert not callbacks.has_any(conn, ACCOUNT, "e" * 32)
    assert callbacks.replay(conn, CONTACT, "contact_updated", NOW) == []
    ((item, _),) = due(conn, NOW + 99 * SECOND)
    tried(conn, item, NOW + 99 * SECOND, is_heard=True)
    assert callbacks.replay(conn, CONTACT, "contact_created", NOW) == ["contact_created"]
    ((item, _),) = [pair for pair in due(conn, NOW + 99 * SECOND) if pair[0].said == second.id]
    tried(conn, item, NOW + 99 * SECOND, is_heard=True)
    assert callbacks.replay(conn, CONTACT, second.id, NOW) == ["contact_updated"]


def test_what_tells_of_nothing_is_given_up_and_holds_up_nothing(conn: Connection) -> None:
    subscribed(conn, event=EVERYTHING)
    lost = happened(conn, Event.CONTACT_CREATED)
    happened(conn, Event.CONTACT_UPDATED, at=NOON + timedelta(seconds=1))
    conn.execute(text("DELETE FROM notices WHERE id = :id"), {"id": lost.id})
    (id,) = accepted(conn)
    callbacks.put(conn, [Fact(id, Status.SENT, ACCOUNT, "own", f"https://{HOST}/", NOW, hook="a")])
    conn.execute(text("DELETE FROM messages WHERE id = :id"), {"id": id})
    assert due(conn) == []
    ((item, _),) = due(conn, NOW + SECOND)
    assert item.event == "contact_updated"
    first = callbacks.of_message(conn, CONTACT)[0]
    assert (first.told, first.answer, first.due_at) == (GIVEN_UP, "what it tells of is gone", None)
    assert [item.told for item in callbacks.of_message(conn, id)] == [GIVEN_UP]


def early(conn: Connection, name: str, event: str) -> None:
    """A subscription from before all messages."""
    subscribed(conn, id=f"0{name * 31}", event=event)


def by_name(conn: Connection, id: str) -> list[tuple[str, Status]]:
    """What is owed of a message, by the name of the subscription."""
    return [(item.hook[1:2], item.status) for item in callbacks.of_message(conn, id)]


def told_all(conn: Connection, id: str) -> list[Callback]:
    """Tell what is owed of a message, one after the other, until there is no more."""
    now = NOW + 200 * SECOND
    while found := [item for item, _ in due(conn, now)]:
        for item in found:
            tried(conn, item, now, is_heard=True)
        now += SECOND
    return [item for item in callbacks.of_message(conn, id) if item.told is TOLD]


def test_what_was_told_holds_up_nothing_that_comes_later(conn: Connection) -> None:
    early(conn, "1", "created,status")
    (id,) = accepted(conn)
    for place, status in enumerate((Status.SENT, Status.DELIVERED, Status.READ)):
        later(conn, id, status, NOW + place * SECOND)
        assert len(told_all(conn, id)) == place + 2


def later(conn: Connection, id: str, status: Status, at: int) -> None:
    told = Receipt(message=id, status=status)
    receipts.record(conn, [receipts.Told(new_id(NOON), "sandbox", told, at)])


def test_that_a_message_was_written_is_told_once_and_first(conn: Connection) -> None:
    early(conn, "1", "created,status")
    early(conn, "0", "created")
    early(conn, "2", "status")
    early(conn, "3", "received")
    made = accepted(conn, 1)
    assert count(conn, "callbacks") == 0
    (offer,) = offered(conn, made)
    end = closing(offer, *_SENT)
    attempts.close(conn, [end._replace(owed=callbacks.of(offer.message, Status.SENT, NOW))])
    (id,) = made
    created = [("0", Status.QUEUED), ("1", Status.QUEUED)]
    assert by_name(conn, id) == [*created, ("1", Status.SENT), ("2", Status.SENT)]
    first = sorted((item.hook[1:2], item.status) for item in taken(conn))
    assert first == [*created, ("2", Status.SENT)]
    later(conn, id, Status.DELIVERED, NOW + SECOND)
    assert [status for hook, status in by_name(conn, id) if hook == "0"] == [Status.QUEUED]
    assert len(told_all(conn, id)) == 6
    assert [status for hook, status in by_name(conn, id) if hook == "1"] == [
        Status.QUEUED, Status.SENT, Status.DELIVERED,
    ]  # fmt: skip


def test_a_receipt_that_is_quicker_tells_that_it_was_written_too(conn: Connection) -> None:
    early(conn, "1", "created,status")
    made = accepted(conn, 1)
    (offer,) = offered(conn, made)
    later(conn, made[0], Status.DELIVERED, NOW - SECOND)
    end = closing(offer, *_SENT)
    attempts.close(conn, [end._replace(owed=callbacks.of(offer.message, Status.SENT, NOW))])
    assert by_name(conn, made[0]) == [("1", Status.QUEUED), ("1", Status.DELIVERED)]


def test_what_was_written_before_somebody_subscribed_is_not_told_as_new(conn: Connection) -> None:
    made = accepted(conn, 1)
    (offer,) = offered(conn, made)
    subscribed(conn, id=first_id(NOON + timedelta(days=1)), event="created,status")
    later(conn, offer.message.id, Status.SENT, NOW)
    assert owed(conn, made[0]) == [("0", Status.SENT)]


def test_who_subscribes_to_what_is_created_is_not_told_so_of_what_arrives(
    conn: Connection,
) -> None:
    early(conn, "1", "received,created")
    written = message(direction=Direction.INBOUND, status=Status.RECEIVED)
    fact = Fact(written.id, Status.RECEIVED, ACCOUNT, "own", "", NOW)
    incoming.keep(conn, [Arrival(written, "sandbox", fact)])
    assert by_name(conn, written.id) == [("1", Status.RECEIVED)]


def test_what_is_called_back_was_written_too(conn: Connection) -> None:
    early(conn, "1", "created,status")
    one = message()
    messages.accept(conn, [Accept(one, NOON)])
    messages.cancel(conn, ACCOUNT, one.id, NOON)
    assert by_name(conn, one.id) == [("1", Status.QUEUED), ("1", Status.CANCELED)]


def test_who_fails_for_long_is_told_nothing_more(conn: Connection) -> None:
    made = subscribed(conn, event=EVERYTHING)
    happened(conn, Event.CONTACT_CREATED)
    happened(conn, Event.CONTACT_UPDATED, at=NOON + timedelta(seconds=1))
    ((first, _),) = due(conn)
    tried(conn, first, NOW, is_heard=False)
    known = store.get(conn, ACCOUNT, made.id)
    assert (known.failing_since, known.disabled_at) == (moment(NOW), None)
    ((first, _),) = due(conn, NOW + SPAN - SECOND)
    tried(conn, first, NOW + SPAN - SECOND, is_heard=False)
    assert store.get(conn, ACCOUNT, made.id).disabled_at is None
    ((first, _),) = due(conn, NOW + SPAN)
    tried(conn, first, NOW + SPAN, is_heard=False)
    known = store.get(conn, ACCOUNT, made.id)
    assert (known.failing_since, known.disabled_at) == (moment(NOW), moment(NOW + SPAN))
    over = callbacks.of_message(conn, CONTACT)
    assert [(item.told, item.due_at) for item in over] == [(GIVEN_UP, None)] * 2
    assert {item.answer for item in over} == {outbox.DISABLED}
    assert outbox.agenda(conn) == []
    happened(conn, Event.CONTACT_UPDATED, at=NOON + timedelta(seconds=2))
    assert len(callbacks.of_message(conn, CONTACT)) == 2
    tried(conn, first, NOW + SPAN + SECOND, is_heard=True)  # its answer comes after all
    assert callbacks.of_message(conn, CONTACT)[0].told is GIVEN_UP


def test_one_success_and_the_time_begins_anew(conn: Connection) -> None:
    made = subscribed(conn, event=EVERYTHING)
    happened(conn, Event.CONTACT_CREATED)
    happened(conn, Event.CONTACT_CREATED, about="d" * 32)
    (first, _), (second, _) = due(conn)
    tried(conn, first, NOW, is_heard=False)
    tried(conn, second, NOW + 5 * HOURS, is_heard=True)
    assert store.get(conn, ACCOUNT, made.id).failing_since is None
    tried(conn, first, NOW + 7 * HOURS, is_heard=False)
    known = store.get(conn, ACCOUNT, made.id)
    assert (known.failing_since, known.disabled_at) == (moment(NOW + 7 * HOURS), None)


def test_others_are_not_disabled(conn: Connection) -> None:
    subscribed(conn, "a", event=EVERYTHING)
    other = subscribed(conn, "b", event=EVERYTHING)
    happened(conn, Event.CONTACT_CREATED)
    both = due(conn)
    for item, _ in both:
        tried(conn, item, NOW, is_heard=False, span=SPAN if item.hook[0] == "a" else None)
        tried(conn, item, NOW + SPAN, is_heard=False, span=SPAN if item.hook[0] == "a" else None)
    assert store.get(conn, ACCOUNT, other.id).failing_since is None
    assert [item.due_at is None for item in callbacks.of_message(conn, CONTACT)] == [True, False]


def test_what_was_answered_is_kept_and_forgotten_with_the_text(conn: Connection) -> None:
    subscribed(conn, "1", event="status", door="callbell")
    (id,) = accepted(conn)
    later(conn, id, Status.SENT, NOW)
    (item,) = taken(conn)
    kept = '{"code":200,"headers":{},"body":{"status":"ok"},"sent":"{}"}'
    outbox.close(conn, [Result(id, item.said, TOLD, None, "200", NOW, item.hook, response=kept)])
    (item,) = callbacks.of_message(conn, id)
    assert item.response["body"] == {"status": "ok"}
    messages.redact(conn, ACCOUNT, id, NOON)
    assert callbacks.of_message(conn, id)[0].response == {}


def test_deliveries_are_what_was_tried_newest_first(conn: Connection) -> None:
    subscribed(conn, event=f"created,status,{EVERYTHING}", id=first_id(NOON - timedelta(1)))
    subscribed(conn, "b", event="status", door="other")
    (id,) = accepted(conn)
    later(conn, id, Status.SENT, NOW)
    happened(conn, Event.CONTACT_CREATED, at=NOON + timedelta(seconds=1))
    happened(conn, Event.AGENT_STATUS, about="d" * 32, at=NOON + timedelta(seconds=2))

    def found(**asked: object) -> tuple[list[str], int]:
        usual = {"skip": 0, "limit": 20, **asked}
        items, total = deliveries.page(conn, ACCOUNT, "own", **usual)  # type: ignore[arg-type]
        return [item.event or item.said for item in items], total

    assert found() == ([], 0)
    for item in [item for item, _ in due(conn, NOW + 5 * SECOND) if item.door == "own"]:
        tried(conn, item, NOW + 5 * SECOND, is_heard=item.said != Status.QUEUED, span=None)
    everything = ["agent_status_updated", "contact_created", "queued"]
    assert found() == (everything, 3)
    assert found(skip=1, limit=1) == (everything[1:2], 3)
    assert found(skip=3) == ([], 3)
    assert found(is_good=True) == (everything[:2], 2)
    assert found(is_good=False) == (["queued"], 1)
    assert found(wanted=((Status.QUEUED,), ())) == (["queued"], 1)
    assert found(wanted=((Status.SENT,), (Event.AGENT_STATUS,))) == (everything[:1], 1)
    assert found(wanted=((), ())) == ([], 0)
