"""Services and their pools, on real tables of each kind."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from estafette.model import Channel, Cursor, Sender, Status, Unknown
from estafette.model.ids import new_id
from estafette.model.service import DEFAULTS, MOST_NUMBERS, NotAdmitted, Obstacle, Service
from estafette.store import callbacks, messages, senders, services
from estafette.store.messages import Accept
from tests.conftest import RECIPIENT
from tests.store.conftest import ACCOUNT, NOON, count, message

OTHER = "AC" + "2" * 32


def sender(conn: Connection, address: str, account: str = ACCOUNT, **more: object) -> Sender:
    known = {"channel": Channel.SMS, "connection": "sandbox", **more}
    made = Sender(id=new_id(NOON), account=account, address=address, **known)  # type: ignore[arg-type]
    senders.add(conn, made)
    return made


def service(conn: Connection, account: str = ACCOUNT, **settings: object) -> Service:
    made = Service(
        id=new_id(NOON), account=account, name="Ours", settings={**DEFAULTS, **settings},
        created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    services.add(conn, made)
    return made


def pool(conn: Connection, id: str) -> list[str]:
    return [item.sender.address for item in services.pool(conn, id)]


def join(conn: Connection, id: str, made: Sender) -> None:
    services.join(conn, ACCOUNT, id, made.id, NOON)


def obstacle(conn: Connection, id: str, made: Sender) -> Obstacle:
    with pytest.raises(NotAdmitted) as caught:
        join(conn, id, made)
    return caught.value.obstacle


def test_a_service_comes_back_as_it_was_written(conn: Connection) -> None:
    made = service(conn, validity_period=5, status_callback="https://example.com/")
    assert services.get(conn, ACCOUNT, made.id) == made
    with pytest.raises(Unknown):
        services.get(conn, OTHER, made.id)
    with pytest.raises(Unknown):
        services.remove(conn, OTHER, made.id)


def test_services_are_paged_newest_first(conn: Connection) -> None:
    ids = [service(conn).id for _ in range(5)][::-1]
    service(conn, OTHER)
    first = services.page(conn, ACCOUNT, limit=2)
    assert ([item.id for item in first.items], first.has_next) == (ids[:2], True)
    second = services.page(conn, ACCOUNT, limit=3, cursor=Cursor(ids[1]))
    assert ([item.id for item in second.items], second.has_next) == (ids[2:], False)
    back = services.page(conn, ACCOUNT, limit=2, cursor=Cursor(ids[3], before=True))
    assert ([item.id for item in back.items], back.has_previous) == (ids[1:3], True)


def test_a_sender_is_in_one_pool_once(conn: Connection) -> None:
    ours, theirs, number = service(conn).id, service(conn).id, sender(conn, "+14155550100")
    join(conn, ours, number)
    assert obstacle(conn, ours, number) is Obstacle.DUPLICATE
    assert obstacle(conn, theirs, number) is Obstacle.ELSEWHERE
    services.leave(conn, ours, number.id)
    join(conn, theirs, number)
    assert (pool(conn, ours), pool(conn, theirs)) == ([], ["+14155550100"])
    with pytest.raises(Unknown):
        services.leave(conn, ours, number.id)


def test_a_pool_holds_so_many_numbers_and_names_besides(conn: Connection) -> None:
    ours = service(conn).id
    for index in range(MOST_NUMBERS):
        join(conn, ours, sender(conn, f"+1415555{1000 + index}"))
    assert obstacle(conn, ours, sender(conn, "+14155550100")) is Obstacle.FULL
    assert obstacle(conn, ours, sender(conn, "12345")) is Obstacle.FULL
    join(conn, ours, sender(conn, "ACME"))
    join(conn, ours, sender(conn, "+14155550100", channel=Channel.WHATSAPP))


def test_only_senders_of_the_account_that_it_holds_are_in(conn: Connection) -> None:
    ours = service(conn).id
    gone = sender(conn, "+14155550101", released_at=NOON)
    for id in (sender(conn, "+14155550100", OTHER).id, gone.id, new_id(NOON)):
        with pytest.raises(Unknown):
            services.join(conn, ACCOUNT, ours, id, NOON)
    held = sender(conn, "+14155550102")
    join(conn, ours, held)
    given_back = Sender(
        id=held.id, account=ACCOUNT, channel=Channel.SMS, address=held.address,
        connection="sandbox", released_at=NOON,
    )  # fmt: skip
    senders.save(conn, given_back)
    assert pool(conn, ours) == []


def test_recipients_know_the_last_sender_until_it_leaves(conn: Connection) -> None:
    ours = service(conn).id
    first, second = sender(conn, "+14155550100"), sender(conn, "+14155550101")
    for made in (first, second):
        join(conn, ours, made)
    asked = (ours, Channel.SMS, RECIPIENT)
    assert services.known(conn, *asked) == ""
    services.stick(conn, [message(service=ours, lane=one.id) for one in (first, second)])
    assert services.known(conn, *asked) == second.id
    services.stick(conn, [message(service=ours, lane=first.id)])
    assert services.known(conn, *asked) == first.id
    assert services.known(conn, ours, Channel.WHATSAPP, RECIPIENT) == ""
    services.leave(conn, ours, first.id)
    assert services.known(conn, *asked) == ""
    services.stick(conn, [message(service=ours, lane=second.id)])
    services.remove(conn, ACCOUNT, ours)
    assert [count(conn, table) for table in ("services", "members", "sticky")] == [0, 0, 0]


def test_what_a_service_message_brings_is_written_with_it(conn: Connection) -> None:
    ours, number = service(conn).id, sender(conn, "+14155550100")
    url = "https://example.com/told"
    sent = message(service=ours, lane=number.id, callback_url=url)
    item = Accept(sent, NOON, "", "key", "print", sticks=True, is_told=True)
    messages.accept(conn, [item])
    assert services.known(conn, ours, Channel.SMS, RECIPIENT) == number.id
    (owed,) = callbacks.of_message(conn, sent.id)
    assert (owed.status, owed.url) == (Status.QUEUED, url)
    services.stick(conn, [message(service=ours, lane="another")])
    again = message(service=ours, lane=number.id, callback_url=url)
    assert messages.accept(conn, [item._replace(message=again)]) == [sent]
    assert callbacks.of_message(conn, again.id) == []
    assert services.known(conn, ours, Channel.SMS, RECIPIENT) == "another"


def test_two_processes_cannot_bring_a_sender_into_two_pools(shared: Engine) -> None:
    with shared.begin() as conn:
        ours, theirs, number = service(conn).id, service(conn).id, sender(conn, "+14155550100")
    with shared.begin() as one:
        join(one, ours, number)
        with shared.connect() as two:
            two.exec_driver_sql("SET lock_timeout = '200ms'")
            with pytest.raises(Exception, match="lock timeout"):
                join(two, theirs, number)
            two.rollback()
    with shared.begin() as conn:
        assert obstacle(conn, theirs, number) is Obstacle.ELSEWHERE


def test_a_page_and_a_pool_show_when_they_were_made(conn: Connection) -> None:
    ours, number = service(conn).id, sender(conn, "+14155550100")
    made = services.join(conn, ACCOUNT, ours, number.id, NOON + timedelta(seconds=5))
    assert made.created_at == made.updated_at == NOON + timedelta(seconds=5)
    assert (made.service, made.sender.address, made.is_parked) == (ours, "+14155550100", False)
