"""Uploads are found until they expire or are deleted; their bytes stay while a message waits for them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from estafette.model import MediaItem, Outcome, Status
from estafette.model.ids import instant
from estafette.model.upload import Upload
from estafette.store import attempts, jobs, media, uploads
from estafette.store.jobs import Job
from tests.store.conftest import (
    ACCOUNT,
    LANE,
    NOON,
    NOW,
    accepted,
    all_jobs,
    closing,
    count,
    lane,
    offered,
)

MINUTE = 60_000_000
ID = "ab" * 16


def upload(id: str = ID, **parts: Any) -> Upload:
    known = {
        "id": id,
        "account": ACCOUNT,
        "sender": LANE,
        "content_type": "image/png",
        "filename": "a.png",
        "size": 7,
        "sha256": "c" * 64,
        "place": f"home:{id}",
        "created_at": NOON,
        "expires_at": NOON + timedelta(days=30),
    }
    return Upload(**{**known, **parts})


def removals(conn: Connection) -> list[Job]:
    return [job for job in all_jobs(conn) if job.kind == media.KIND]


def test_one_is_found_by_its_account_until_it_expires(conn: Connection) -> None:
    one = upload()
    media.expect(conn, one.id, one.place, LANE, NOW + 15 * MINUTE)
    uploads.add(conn, one)
    assert uploads.find(conn, ACCOUNT, ID, NOON) == one
    assert uploads.find(conn, ACCOUNT, ID, one.expires_at - timedelta(seconds=1)) == one
    assert uploads.find(conn, ACCOUNT, ID, one.expires_at) is None
    assert uploads.find(conn, "AC" + "2" * 32, ID, NOON) is None
    assert uploads.find(conn, ACCOUNT, "ac" * 16, NOON) is None
    # The job that would have removed what was half written is now the one of its last day.
    assert removals(conn) == [Job(ID, media.KIND, LANE, instant(one.expires_at), data=one.place)]


def test_one_that_is_deleted_is_found_no_more_and_goes_soon(conn: Connection) -> None:
    uploads.add(conn, upload())
    assert uploads.remove(conn, upload(), NOON)
    assert not uploads.remove(conn, upload(), NOON)
    assert uploads.find(conn, ACCOUNT, ID, NOON) is None
    assert [job.due_at for job in removals(conn)] == [NOW + 15 * MINUTE]
    assert uploads.source(conn, ID) == uploads.Source(
        ACCOUNT, "image/png", "a.png", 7, f"home:{ID}"
    )
    assert uploads.keep_until(conn, ID, NOON) is None
    assert count(conn, "uploads") == 0
    assert uploads.source(conn, ID) is None


def test_the_bytes_of_one_that_can_be_named_are_kept(conn: Connection) -> None:
    uploads.add(conn, upload())
    assert uploads.keep_until(conn, ID, NOON) == instant(upload().expires_at)
    assert uploads.keep_until(conn, ID, upload().expires_at) is None
    assert uploads.keep_until(conn, ID, NOON) is None  # there is none: nobody minds


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SCHEDULED])
def test_they_stay_while_a_message_that_names_it_waits(conn: Connection, status: Status) -> None:
    lane(conn)
    uploads.add(conn, upload())
    uploads.add(conn, upload("cd" * 16))
    uploads.remove(conn, upload(), NOON)
    uploads.remove(conn, upload("cd" * 16), NOON)
    (id,) = accepted(conn, media=("https://example.com/a.png", upload().url), status=status)
    later = NOON + timedelta(minutes=20)
    assert uploads.keep_until(conn, ID, later) == instant(later) + 60 * MINUTE
    assert uploads.keep_until(conn, "cd" * 16, later) is None  # it names another
    (offer,) = offered(conn, [id])
    assert not [job for job in all_jobs(conn) if job.kind == "send"]
    assert uploads.keep_until(conn, ID, later) is not None  # it is being copied right now
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")])
    assert uploads.keep_until(conn, ID, later) is None


def test_messages_of_others_keep_nothing(conn: Connection) -> None:
    lane(conn)
    uploads.add(conn, upload())
    uploads.remove(conn, upload(), NOON)
    accepted(conn, media=(upload().url,), account="AC" + "2" * 32)
    accepted(conn, media=(upload().url,), at=NOON - timedelta(days=1))  # it was not there then
    assert uploads.keep_until(conn, ID, NOON) is None


def test_a_message_may_name_what_came_with_another(conn: Connection) -> None:
    (id,) = accepted(conn, media=("https://example.com/a.png",))
    item = MediaItem(
        id="ef" * 16,
        account=ACCOUNT,
        message=id,
        number=0,
        url="https://example.com/a.png",
        content_type="image/png",
        size=7,
        place="home:ef",
        created_at=NOON,
        updated_at=NOON,
    )
    assert uploads.source(conn, item.id) is None
    media.add(conn, item, LANE, NOW)
    assert uploads.source(conn, item.id) == uploads.Source(ACCOUNT, "image/png", "", 7, "home:ef")
    media.remove(conn, item, LANE, NOW)
    assert uploads.source(conn, item.id) is None


def test_names_are_told_of_those_that_have_one(conn: Connection) -> None:
    for id, name in (("a1" * 16, "a.pdf"), ("a2" * 16, ""), ("a3" * 16, "naïve «3».pdf")):
        uploads.add(conn, upload(id, filename=name))
    found = uploads.filenames(conn, ["a1" * 16, "a2" * 16, "a3" * 16, "a4" * 16])
    assert found == {"a1" * 16: "a.pdf", "a3" * 16: "naïve «3».pdf"}
    assert uploads.filenames(conn, []) == {}


def test_jobs_that_remove_are_taken_up_when_it_is_time(conn: Connection) -> None:
    lane(conn)
    uploads.add(conn, upload())
    until = instant(upload().expires_at)
    asked: dict[str, int] = {"until": until + MINUTE, "limit": 9}
    assert jobs.lease(conn, LANE, media.KIND, now=until - 1, **asked) == []
    assert [job.data for job in jobs.lease(conn, LANE, media.KIND, now=until, **asked)] == [
        upload().place
    ]
