"""What is remembered of media: each once, and no bytes without somebody who knows of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from estafette.model import CallbackStatus, MediaItem, Status
from estafette.store import callbacks, due, jobs, media, messages, outbox
from estafette.store.callbacks import BEHIND
from estafette.store.due import Quota
from estafette.store.jobs import Job
from tests.store.conftest import (
    ACCOUNT,
    LANE,
    NODE,
    NOON,
    NOW,
    accepted,
    all_jobs,
    count,
    lane,
    message,
)

URL = "https://example.com/a.png"
SECOND = 1_000_000


def item(message: str, number: int = 0, id: str = "a", **parts: Any) -> MediaItem:
    known = {
        "id": id * 32,
        "account": ACCOUNT,
        "message": message,
        "number": number,
        "url": URL,
        "content_type": "image/png",
        "size": 7,
        "place": f"home:{id}",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return MediaItem(**{**known, **parts})


def removals(conn: Connection) -> list[tuple[str, int]]:
    return sorted((job.data, job.due_at) for job in all_jobs(conn) if job.kind == media.KIND)


def take_up(conn: Connection, errands: int = 8, now: int = NOW) -> list[Job]:
    quotas = {LANE: Quota("sandbox", 0, errands=errands)}
    taken = due.take_up(conn, quotas, node=NODE, now=now, new_id=lambda: "x", most=9)
    return list(taken.errands)


def test_what_was_fetched_is_found_again_in_its_order(conn: Connection) -> None:
    (id,) = accepted(conn, media=(URL, URL))
    second, first = item(id, 1, "b"), item(id, 0, "c")
    for one in (second, first):
        media.expect(conn, one.id, one.place, LANE, NOW)
        assert media.add(conn, one, LANE, NOW)
    assert media.of_message(conn, id) == [first, second]
    assert media.find(conn, first.id) == first
    assert media.find(conn, "0" * 32) is None
    assert removals(conn) == []


def test_of_two_that_fetched_the_same_the_first_counts(conn: Connection) -> None:
    (id,) = accepted(conn, media=(URL,))
    first, second = item(id, 0, "a"), item(id, 0, "b")
    assert media.add(conn, first, LANE, NOW)
    media.expect(conn, second.id, second.place, LANE, NOW + 900 * SECOND)
    assert not media.add(conn, second, LANE, NOW)
    assert media.of_message(conn, id) == [first]
    assert removals(conn) == [(second.place, NOW)]


def test_two_at_once_write_one_row(database: Engine) -> None:
    with database.begin() as conn:
        (id,) = accepted(conn, media=(URL,))

    def add(name: str) -> bool:
        with database.begin() as conn:
            return media.add(conn, item(id, 0, name), LANE, NOW)

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(add, "abcd")) == [False, False, False, True]
    with database.begin() as conn:
        (kept,) = media.of_message(conn, id)
        assert len(removals(conn)) == 3
        assert kept.place not in dict(removals(conn))


def test_bytes_that_were_never_written_down_are_removed_when_it_is_time(conn: Connection) -> None:
    lane(conn)
    media.expect(conn, "a" * 32, "home:a", LANE, NOW + SECOND)
    assert take_up(conn) == []
    (job,) = take_up(conn, now=NOW + SECOND)
    assert (job.message, job.data) == ("a" * 32, "home:a")


def test_a_deleted_one_is_gone_but_not_fetched_again(conn: Connection) -> None:
    (id,) = accepted(conn, media=(URL,))
    one = item(id)
    media.add(conn, one, LANE, NOW)
    assert media.remove(conn, one, LANE, NOW + 5)
    assert not media.remove(conn, one, LANE, NOW + 6)
    assert media.find(conn, one.id) is None
    (known,) = media.of_message(conn, id)
    assert (known.place, known.updated_at) == ("", NOON + timedelta(microseconds=5))
    assert removals(conn) == [(one.place, NOW + 5)]
    assert not media.add(conn, item(id, 0, "b"), LANE, NOW)


def test_with_its_message_everything_goes(conn: Connection) -> None:
    id, other = accepted(conn, 2, media=(URL, URL))
    media.add(conn, item(id, 0, "a"), LANE, NOW)
    media.add(conn, item(id, 1, "b"), LANE, NOW)
    media.add(conn, item(other, 0, "c"), LANE, NOW)
    messages.delete(conn, id)
    assert media.of_message(conn, id) == []
    assert len(media.of_message(conn, other)) == 1
    assert [place for place, _ in removals(conn)] == ["home:a", "home:b"]
    assert not media.add(conn, item(id, 0, "d"), LANE, NOW)  # it was being fetched
    assert [place for place, _ in removals(conn)] == ["home:a", "home:b", "home:d"]


def test_one_that_nobody_could_fetch_leaves_no_bytes(conn: Connection) -> None:
    (id,) = accepted(conn, media=(URL,))
    assert media.add(conn, item(id, place="", content_type="", size=0), LANE, NOW)
    messages.delete(conn, id)
    assert removals(conn) == []


def test_a_job_about_media_stays_until_it_is_done(conn: Connection) -> None:
    lane(conn)
    jobs.put(conn, [media.fetch_job(f"m{n}", LANE, NOW) for n in range(3)])
    jobs.put(conn, [Job("m9", "send", LANE, NOW)])
    first = take_up(conn, errands=2)
    assert [job.tries for job in first] == [1, 1]
    (second,) = take_up(conn)
    assert {job.message for job in (*first, second)} == {"m0", "m1", "m2"}
    assert take_up(conn) == []
    assert len(take_up(conn, now=NOW + 61 * SECOND)) == 3  # who had them died
    jobs.postpone(conn, second, NOW + 70 * SECOND)
    jobs.done(conn, first[0])
    (again,) = take_up(conn, now=NOW + 70 * SECOND)
    assert (again.message, again.tries) == (second.message, 3)
    assert count(conn, "jobs") == 3


def test_that_something_was_received_is_told_when_its_media_are_there(conn: Connection) -> None:
    written = [message(status=Status.RECEIVED, callback_url=URL, media=(URL,)) for _ in range(2)]
    messages.accept(conn, [messages.Accept(one, NOON) for one in written])
    with_job, without = written
    job = media.fetch_job(with_job.id, LANE, NOW)
    jobs.put(conn, [job])
    facts = [callbacks.of(one, Status.RECEIVED, NOW) for one in written]
    callbacks.owe(conn, facts)
    (waiting,) = callbacks.of_message(conn, with_job.id)
    assert waiting.told is CallbackStatus.WAITING
    rooms = {"example.com": 9}
    (taken,) = outbox.take(conn, rooms, now=NOW, until=NOW + 99 * SECOND)
    assert taken[0].message == without.id
    outbox.fetched(conn, job, NOW + 5)
    assert not all_jobs(conn)
    (taken,) = outbox.take(conn, rooms, now=NOW + 5, until=NOW + 99 * SECOND)
    assert taken[0].message == with_job.id
    outbox.fetched(conn, job, NOW + 7)  # told twice by a process that was held up
    assert not outbox.take(conn, rooms, now=NOW + 7, until=BEHIND)
