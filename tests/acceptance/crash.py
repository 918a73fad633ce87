"""Kill a server under load, again and again, and count what became of every message.

`make crash`, or `python -m tests.acceptance.crash --rounds 50`. Each round sends from several
connections, kills every process of the server at a random moment, and starts it again on the same
home. At the end each message that was answered with 201 must be there once, be final, and have
been offered to the carrier once at the most: the sandbox's own ledger is the witness.
"""

import argparse
import base64
import http.client
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server

CONNECTIONS = 8
FINAL = {"delivered", "undelivered", "failed", "canceled", "read"}
_AUTH = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
_HEADERS = {
    "Authorization": f"Basic {_AUTH}",
    "Content-Type": "application/x-www-form-urlencoded",
}


@dataclass
class Told:
    """What the server said before it was killed, by the text that was asked for."""

    accepted: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Verdict:
    """What became of the messages."""

    accepted: int
    statuses: dict[str, int]
    missing: list[str]
    doubled: list[str]
    unfinished: list[str]
    offered_twice: list[str]

    @property
    def is_good(self) -> bool:
        return not (self.missing or self.doubled or self.unfinished or self.offered_twice)

    def __str__(self) -> str:
        return (
            f"{self.accepted} accepted; {self.statuses}; missing {len(self.missing)}, twice there"
            f" {len(self.doubled)}, not final {len(self.unfinished)}, offered twice"
            f" {len(self.offered_twice)}"
        )


def crash(server: Server, rounds: int, *, seed: int, say: bool = False) -> Verdict:
    """Send, kill and restart for `rounds` rounds; then wait for the end and judge."""
    chance = random.Random(seed)
    told = Told()
    for number in range(rounds):
        server.start()
        stop = threading.Event()
        threads = [
            threading.Thread(target=_send, args=(server, told, stop, number * 100 + index))
            for index in range(CONNECTIONS)
        ]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.05, 1.5))
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        if say:
            sys.stdout.write(f"round {number + 1}: {len(told.accepted)} accepted so far\n")
            sys.stdout.flush()
    server.start()
    try:
        return _judge(server, told)
    finally:
        server.stop()


def _send(server: Server, told: Told, stop: threading.Event, number: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        _send_all(connection, told, stop, number)


def _send_all(
    connection: http.client.HTTPConnection, told: Told, stop: threading.Event, number: int
) -> None:
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    count = 0
    while not stop.is_set():
        count += 1
        text = f"message {number}-{count}"
        to = f"+1415555{random.randrange(10_000):04d}"
        form = urlencode({"To": to, "From": SENDER, "Body": text})
        try:
            connection.request("POST", path, form, _HEADERS)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            time.sleep(0.02)
            continue
        if answer.status == 201:
            with told.lock:
                told.accepted[text] = json.loads(body)["sid"]


def _judge(server: Server, told: Told) -> Verdict:
    end = time.monotonic() + 90
    found = list(_all(server))
    while time.monotonic() < end and any(item["status"] not in FINAL for item in found):
        time.sleep(0.5)
        found = list(_all(server))
    by_text = Counter(item["body"] for item in found)
    sids = {item["sid"]: item for item in found}
    offers = Counter(
        line.split()[1]
        for path in (server.home / "sandbox").glob("*.log")
        for line in path.read_text().splitlines()
    )
    return Verdict(
        accepted=len(told.accepted),
        statuses=dict(Counter(item["status"] for item in found)),
        missing=[sid for sid in told.accepted.values() if sid not in sids],
        doubled=[text for text, count in by_text.items() if count > 1],
        unfinished=[item["sid"] for item in found if item["status"] not in FINAL],
        offered_twice=[message for message, count in offers.items() if count > 1],
    )


def _all(server: Server) -> Iterator[dict[str, str]]:
    path: str | None = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json?PageSize=1000"
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        while path:
            connection.request("GET", path, headers=_HEADERS)
            page = json.loads(connection.getresponse().read())
            yield from page["messages"]
            path = page["next_page_uri"]


def main() -> None:
    """Run and print; exit 1 where anything was lost or sent twice."""
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args()
    sys.stdout.write(f"seed {asked.seed}\n")
    with tempfile.TemporaryDirectory(prefix="estafette-crash-") as folder:
        server = Server(Path(folder) / "home", delay=0.2)
        verdict = crash(server, asked.rounds, seed=asked.seed, say=True)
    sys.stdout.write(f"{verdict}\n")
    sys.exit(0 if verdict.is_good else 1)


if __name__ == "__main__":
    main()
