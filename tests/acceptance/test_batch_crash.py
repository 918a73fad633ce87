"""A batch goes on where it was when its server was killed; nothing is sent twice."""

import json
import time
from collections import Counter
from pathlib import Path

from tests.conftest import Server
from tests.doors.own.conftest import Own
from tests.patience import PATIENCE

ROWS = 1000


def test_each_row_becomes_one_message_whatever_dies_meanwhile(tmp_path: Path) -> None:
    server = Server(tmp_path / "home", delay=0.01)
    try:
        own = Own(server.start())
        rows = [{"to": f"+1415555{n:04}", "body": f"row {n}"} for n in range(ROWS)]
        id = own.post("/batches", {"rows": rows, "start": True})["id"]
        _wait(own, id, ROWS // 5)
        server.kill()
        server.start()
        found = _wait(own, id, ROWS)
        assert (found["status"], found["sent"], found["failed"]) == ("done", ROWS, 0)
        bodies = Counter(item["body"] for item in own.all_of("/messages", limit=1000))
        assert bodies == Counter(f"row {n}" for n in range(ROWS))
        kept = own.all_of(f"/batches/{id}/rows", limit=1000)
        assert len({row["message"] for row in kept}) == ROWS
    finally:
        server.close()


def _wait(own: Own, id: str, done: int) -> dict[str, object]:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = own.get(f"/batches/{id}")
        if found["done"] >= done and (done < ROWS or found["status"] != "running"):
            return dict(found)
        time.sleep(0.02)
    raise AssertionError(json.dumps(found))
