"""Kill -9 in the middle of second ways: each is taken once, and no message is lost between two ways."""

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SENDER, Server
from tests.doors.own.conftest import Own
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

WHATSAPP = "+15550783881"
#: Refused; taken and never told of; nobody knows; not delivered.
FIRST = ("+15005520400", "+15005520200", "+15005520504", "+15005530003")
COUNT = 60


def accepted(own: Own, number: int) -> str:
    fallback = {"channel": "sms", "after": 1, "to": f"+1415556{number:04}"}
    asked = {
        "channel": "whatsapp",
        "from": WHATSAPP,
        "to": FIRST[number % len(FIRST)],
        "body": str(number),
        "fallback": fallback,
    }
    return str(own.post("/messages", asked)["id"])


def all_over(own: Own, ids: list[str], seconds: float = PATIENCE) -> list[Any]:
    end = time.monotonic() + seconds
    while True:
        found = [own.get(f"/messages/{id}") for id in ids]
        left = [one for one in found if one["status"] != "delivered"]
        if not left:
            return found
        assert time.monotonic() < end, left[:3]
        time.sleep(0.2)


@pytest.mark.slow
def test_what_goes_a_second_way_survives_kill_9_and_goes_it_once(url: str, tmp_path: Path) -> None:
    server = Server(tmp_path / "home", database_url=url)
    chance = random.Random(5)
    ids: list[str] = []
    try:
        for _ in range(3):
            server.start()
            own = Own(server)
            ids += [accepted(own, len(ids) + number) for number in range(COUNT // 3)]
            time.sleep(chance.uniform(0.2, 1.6))
            server.kill()
        server.start()
        found = all_over(Own(server), ids)
        ledger = Counter(
            line.split()[1]
            for path in (server.home / "sandbox").glob("*.log")
            for line in path.read_text().splitlines()
        )
    finally:
        server.close()
    for number, one in enumerate(found):
        assert (one["channel"], one["from"], one["body"]) == ("sms", SENDER, str(number))
        assert one["fallback"]["taken_at"], one
        offers = [event for event in one["timeline"] if event["what"] == "attempt"]
        taken = [event for event in offers if event["channel"] == "sms"]
        assert [event["outcome"] for event in taken].count("accepted") == 1, one
        # It was seen by a carrier once on each way, at the most.
        assert ledger[one["id"]] <= 2, one
