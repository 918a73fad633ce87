"""What carriers tell, seen from inside: the answer comes after the commit, and never without one."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from estafette.core.inlet import Forged
from estafette.doors.inward import door
from estafette.model import (
    Channel,
    Connection,
    Incoming,
    Inward,
    Receipt,
    Status,
    Unknown,
)
from estafette.store import senders
from tests.conftest import RECIPIENT, SENDER
from tests.core.carriers import Asked, open_gate, put_in
from tests.core.conftest import House

AT = "/in/sandbox/sandbox"


@dataclass(kw_only=True)
class Telling(Asked):
    """Tells what a test wants it to."""

    facts: tuple[Receipt | Incoming, ...] = ()
    greeting: bytes | None = None
    is_real: bool = True

    def greet(self, told: Inward) -> bytes | None:
        return self.greeting if told.method == "GET" else None

    def verify(self, told: Inward) -> bool:
        return self.is_real

    def parse(self, told: Inward) -> list[Receipt | Incoming]:
        return list(self.facts)


def told(method: str = "POST") -> Inward:
    return Inward(method=method, url="http://x/in", tail="", query="", headers={}, body=b"")


async def asked(house: House, method: str = "POST", path: str = AT) -> tuple[int, bytes]:
    """What the door answers to one request."""
    sent: list[Mapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(part: Any) -> None:
        sent.append(part)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": [],
    }  # fmt: skip
    await door(house.app.core).app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def test_what_a_carrier_tells_is_on_disk_when_it_is_answered(house: House) -> None:
    message = await house.send("+15005520200")
    await put_in(house, carrier := open_gate(Telling()))
    async with house.carrying():
        await house.until(message, Status.SENT)
    carrier.facts = (Receipt(message=message.id, status=Status.DELIVERED),)
    assert await asked(house) == (204, b"")
    assert (await house.find(message)).status is Status.DELIVERED


async def test_who_asks_whether_anybody_is_there_is_greeted(house: House) -> None:
    await put_in(house, Telling(greeting=b"1158201444", is_real=False))
    assert await asked(house, "GET") == (200, b"1158201444")
    assert (await asked(house, "POST"))[0] == 403


async def test_what_is_forged_and_what_is_not_expected(house: House) -> None:
    await put_in(house, Telling(is_real=False))
    with pytest.raises(Forged):
        await house.app.core.inlet.take("sandbox", "sandbox", told())
    for provider, connection in (("twilio", "sandbox"), ("sandbox", "nobody")):
        with pytest.raises(Unknown):
            await house.app.core.inlet.take(provider, connection, told())


async def test_what_cannot_be_written_down_is_to_be_told_again(house: House) -> None:
    await put_in(house, Telling(facts=(Receipt(ref="R1", status=Status.DELIVERED),)))
    url = house.app.settings.database_url
    if house.app.store.is_shared:
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert (await asked(house))[0] == 503
    else:
        await house.app.store.write(lambda conn: conn.execute(text("PRAGMA busy_timeout = 1")))
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
            other.execute("BEGIN IMMEDIATE")
            assert (await asked(house))[0] == 503
    while (await asked(house))[0] == 503:  # each connection that was cut is noticed once
        await asyncio.sleep(0.05)
    assert await asked(house) == (204, b"")


async def test_a_connection_whose_settings_make_no_provider_is_told_later(house: House) -> None:
    strange = house.app.connections._vault.seal('{"colour": 1}', "strange")
    made = Connection(name="strange", provider="sandbox")
    await house.app.store.write(lambda conn: senders.add_connection(conn, made, strange))
    await house.app.connections.refresh()
    assert (await asked(house, path="/in/sandbox/strange"))[0] == 503


async def test_a_carrier_that_breaks_is_told_to_come_again(house: House) -> None:
    class Broken(Telling):
        def parse(self, told: Inward) -> list[Receipt | Incoming]:
            raise ValueError("a private text")

    await put_in(house, Broken())
    status, body = await asked(house)
    assert status == 500
    assert b"private" not in body


async def test_what_somebody_wrote_to_nobody_is_of_no_interest(house: House) -> None:
    one = Incoming(channel=Channel.SMS, sender=RECIPIENT, recipient="+14155550199", body="Hi")
    assert one.recipient != SENDER
    await put_in(house, Telling(facts=(one,)))
    assert await asked(house) == (204, b"")
