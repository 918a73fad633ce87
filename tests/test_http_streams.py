"""Bodies that go through `http.py` piece by piece, in both directions."""

import asyncio
import tempfile
from pathlib import Path

import pytest

from estafette.http import Answer, Limits, Sink
from estafette.model import BadAddress, Refused, Unclear, Unreached
from tests.conftest import free_port
from tests.pictures import PNG, body, showing
from tests.test_http import SHORT, asking, serving

MEGA = 1 << 20


class Taken:
    """A sink that notes what it is given."""

    def __init__(self) -> None:
        self.head: Answer | None = None
        self.pieces: list[bytes] = []

    async def into(self, head: Answer) -> Sink | None:
        self.head = head
        return self.take

    async def take(self, piece: bytes) -> None:
        self.pieces.append(piece)

    @property
    def whole(self) -> bytes:
        return b"".join(self.pieces)


async def test_a_body_is_handed_on_in_pieces_and_not_kept() -> None:
    with showing() as pictures:
        async with asking() as http:
            taken = Taken()
            limits = Limits(most=8 * MEGA)
            answer = await http.ask(
                "GET", pictures.url(size=5 * MEGA), limits=limits, into=taken.into
            )
    assert (answer.status, answer.body, answer.cut) == (200, b"", False)
    assert taken.head == answer
    assert answer.headers["content-length"] == str(5 * MEGA)
    assert taken.whole == body(5 * MEGA)
    assert max(map(len, taken.pieces)) < MEGA  # whatever its length, so much is held at a time


async def test_what_is_beyond_the_limit_is_not_read() -> None:
    with showing() as pictures:
        async with asking() as http:
            url, taken = pictures.url(size=64 * MEGA, unsized=1), Taken()
            answer = await http.ask("GET", url, limits=Limits(most=100_000), into=taken.into)
        assert answer.cut
        assert taken.whole == body(100_000)
        assert sum(pictures.written.values()) < 32 * MEGA  # as much as lies in sockets


async def test_a_body_of_just_the_limit_is_whole() -> None:
    with showing() as pictures:
        async with asking() as http:
            taken = Taken()
            limits = Limits(most=len(PNG))
            answer = await http.ask("GET", pictures.url(), limits=limits, into=taken.into)
    assert (answer.cut, taken.whole) == (False, PNG)


async def test_a_body_that_nobody_wants_is_not_read() -> None:
    async def nobody(_: Answer) -> Sink | None:
        return None

    with showing() as pictures:
        async with asking() as http:
            url = pictures.url(size=64 * MEGA)
            answer = await http.ask("GET", url, into=nobody)
        assert (answer.status, answer.body, answer.cut) == (200, b"", True)
        assert sum(pictures.written.values()) < 32 * MEGA


@pytest.mark.parametrize("error", [Refused("no"), OSError(28, "no space"), TimeoutError()])
async def test_what_a_sink_raises_is_no_failure_of_the_connection(error: Exception) -> None:
    async def take(_: bytes) -> None:
        raise error

    async def into(_: Answer) -> Sink:
        return take

    async def at_once(_: Answer) -> Sink:
        raise error

    with showing() as pictures:
        async with asking() as http:
            for one in (into, at_once):
                with pytest.raises(type(error)) as raised:
                    await http.ask("GET", pictures.url(), into=one)
                assert raised.value is error


async def test_an_answer_that_breaks_off_is_unclear() -> None:
    with showing() as pictures:
        async with asking() as http:
            with pytest.raises(Unclear):
                await http.ask("GET", pictures.url(size=MEGA, breaks=1), into=Taken().into)


async def test_an_answer_that_hangs_midway_is_unclear() -> None:
    async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()

    async with serving(half) as place, asking() as http:
        taken = Taken()
        with pytest.raises(Unclear):
            await http.ask("GET", place.url, limits=SHORT, into=taken.into)
    assert taken.whole == b"half"


async def test_the_guarantees_are_the_same() -> None:
    async with asking(allows_private=False) as http:
        with pytest.raises(BadAddress):
            await http.ask("GET", f"http://127.0.0.1:{free_port()}", into=Taken().into)
    async with asking() as http:
        with pytest.raises(Unreached):
            await http.ask("GET", f"http://127.0.0.1:{free_port()}", into=Taken().into)
    with showing() as pictures:
        async with asking() as http:
            other = pictures.url()
            answer = await http.ask("GET", pictures.url(status=302, to=other), into=Taken().into)
            assert (answer.status, answer.headers["location"]) == (302, other)
            assert not pictures.times(other)


async def test_connections_are_kept_after_a_body_that_was_read_whole() -> None:
    async with serving() as place, asking() as http:
        for _ in range(3):
            await http.ask("GET", place.url, into=Taken().into)
        assert place.connections == 1


async def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    async with serving() as place, asking() as http:
        with tempfile.TemporaryFile(dir=tmp_path) as file:
            file.write(body(3 * MEGA))
            file.seek(0)
            found = await http.ask("PUT", place.url, body=file)
        assert found.body == b"ok"
        (sent,) = place.requests
        head, _, rest = sent.partition(b"\r\n\r\n")
        assert rest == body(3 * MEGA)
        assert f"Content-Length: {3 * MEGA}".encode() in head
        assert b"Content-Type" not in head
