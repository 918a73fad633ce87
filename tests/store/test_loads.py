"""How much hangs on each connection."""

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.model import Connection, Load
from estafette.store import jobs, loads, senders
from estafette.store.jobs import Job
from tests.store.conftest import NOON, NOW
from tests.store.test_senders import sender


def job(message: str, lane: str, kind: str = "send") -> Job:
    return Job(message, kind, lane, NOW)


def test_senders_and_what_waits_are_counted_for_each_connection(
    conn: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("busy", "idle"):
        senders.add_connection(conn, Connection(name=name, provider="sandbox"), "{}")
    senders.add(conn, sender("s1", connection="busy"))
    senders.add(conn, sender("s2", connection="busy", address="+14155550101"))
    senders.save(
        conn, replace(sender("s2", connection="busy", address="+14155550101"), released_at=NOON)
    )
    senders.add(conn, sender("s3", connection="idle", address="+14155550102"))
    jobs.put(conn, [job(f"m{n}", "s1") for n in range(5)])
    jobs.put(conn, [job("m9", "s2"), job("m8", "s3", "receipts")])
    assert loads.loads(conn) == {"busy": Load(1, 6), "idle": Load(1, 0)}
    monkeypatch.setattr(loads, "MOST", 3)
    assert loads.loads(conn)["busy"] == Load(1, 3)
