"""The one way out, against real servers on loopback that behave as badly as real ones do."""

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from estafette.http import Http, Limits
from estafette.model import BadAddress, SendError, Unclear, Unreached
from estafette.model.networks import IP, is_private
from tests.conftest import free_port
from tests.patience import PATIENCE

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

SHORT = Limits(connect_in=0.3, read_in=0.3, total_in=0.6)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Place:
    """A server of a test: what it was asked, and over how many connections."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    ends: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def serving(
    answer: bytes | Behaviour = OK, tls: ssl.SSLContext | None = None, last: bool = False
) -> AsyncIterator[Place]:
    """A server that gives one answer to each request, or behaves as told after each."""
    place = Place()
    writers: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place.connections += 1
        writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                place.requests.append(await request(reader))
                if callable(answer):
                    await answer(reader, writer)
                else:
                    writer.write(answer)
                    await writer.drain()
                if last:
                    break
        writers.discard(writer)
        writer.close()
        place.ends.set()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    place.port = server.sockets[0].getsockname()[1]
    try:
        yield place
    finally:
        server.close()
        for writer in tuple(writers):
            writer.transport.abort()
        await asyncio.sleep(0)


async def request(reader: asyncio.StreamReader) -> bytes:
    """One request: its head as it came, and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    return head


@contextlib.asynccontextmanager
async def asking(
    allows_private: bool = True,
    names: dict[str, list[list[str]]] | None = None,
    private: Callable[[IP], bool] = is_private,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Http]:
    """An Http. `names` are what each look-up of a name finds in turn."""

    async def look_up(name: str) -> list[str]:
        await asyncio.sleep(0)
        assert names is not None
        if name not in names:
            raise OSError("no such name")
        return names[name].pop(0)

    http = Http(
        allows_private=allows_private,
        look_up=None if names is None else look_up,
        is_private=private,
        tls=tls,
    )
    try:
        yield http
    finally:
        await http.close()


# What is sent, and what comes back.


async def test_a_request_arrives_as_it_was_asked() -> None:
    async with serving() as place, asking() as http:
        url = f"{place.url}/v1/%7Ea?b=c+d%20e&f=[1]"
        await http.ask("POST", url, headers={"X-One": "1"}, body=b"\x00abc")
    head, _, body = place.requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /v1/%7Ea?b=c+d%20e&f=[1] HTTP/1.1"
    assert body == b"\x00abc"
    assert {b"X-One: 1", b"Accept-Encoding: identity", b"User-Agent: Estafette"} <= set(lines)
    assert b"content-type" not in head.lower()


@pytest.mark.parametrize(
    ("url", "asked"),
    [("/a b?é#x", b"GET /a%20b?%C3%A9 "), ("", b"GET / "), ("?a=%zz", b"GET /?a=%zz ")],
)
async def test_a_url_that_is_not_quite_one_is_asked_all_the_same(url: str, asked: bytes) -> None:
    async with serving() as place, asking() as http:
        await http.ask("GET", place.url + url)
    assert place.requests[0].startswith(asked)


async def test_an_answer_has_its_headers_in_lower_case() -> None:
    said = (
        b"HTTP/1.1 429 Slow\r\nRetry-After: 5\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\nno!"
    )
    async with serving(said) as place, asking() as http:
        answer = await http.ask("GET", place.url)
    assert (answer.status, answer.body, answer.cut) == (429, b"no!", False)
    assert answer.headers == {"retry-after": "5", "x-a": "1, 2", "content-length": "3"}


async def test_a_chunked_answer_is_put_together() -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with serving(said) as place, asking() as http:
        assert (await http.ask("POST", place.url, body=b"x")).body == b"abcde"
        assert (await http.ask("POST", place.url, body=b"x")).body == b"abcde"
    assert place.connections == 1


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"307 Again", b"308 Always"])
async def test_a_redirect_is_an_answer(status: bytes) -> None:
    said = b"HTTP/1.1 " + status + b"\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
    async with serving(said) as place, asking() as http:
        answer = await http.ask("GET", place.url)
    assert (answer.status, answer.headers["location"]) == (int(status[:3]), "/there")
    assert len(place.requests) == 1


async def test_no_cookie_is_kept() -> None:
    said = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    async with serving(said) as place, asking(names={"here.test": [["127.0.0.1"]] * 2}) as http:
        for _ in range(2):
            await http.ask("GET", f"http://here.test:{place.port}/")
    assert not any(b"cookie" in asked.lower() for asked in place.requests)


async def test_the_environment_names_no_proxy_and_no_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    async with serving() as place, asking() as http:
        assert (await http.ask("GET", place.url)).status == 200
    assert b"authorization" not in place.requests[0].lower()


async def test_a_password_in_the_url_is_sent_unless_the_headers_have_one() -> None:
    async with serving() as place, asking() as http:
        url = place.url.replace("//", "//me:p%40ss@")
        await http.ask("GET", url)
        await http.ask("GET", url, headers={"authorization": "Bearer x"})
    assert b"\r\nAuthorization: Basic bWU6cEBzcw==\r\n" in place.requests[0]
    assert b"authorization: Bearer x" in place.requests[1]
    assert b"Basic" not in place.requests[1]


# How much of an answer is read.


@pytest.mark.parametrize(("size", "cut"), [(1000, False), (1001, True), (5_000_000, True)])
async def test_an_answer_is_cut_where_it_is_too_long(size: int, cut: bool) -> None:
    said = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    async with serving(said) as place, asking() as http:
        for _ in range(2):
            answer = await http.ask("GET", place.url, limits=Limits(most=1000))
            assert (answer.status, len(answer.body), answer.cut) == (200, 1000, cut)
    assert size < 9999 or place.connections == 2  # what is left of a long one is not waited for


async def test_an_answer_without_an_end_is_cut() -> None:
    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await writer.drain()

    async with serving(endless) as place, asking() as http:
        assert (await http.ask("GET", place.url, limits=Limits(most=9999))).cut
        await asyncio.wait_for(place.ends.wait(), PATIENCE)  # we closed the connection


async def test_nothing_is_unpacked() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    said = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    async with serving(said + bomb) as place, asking() as http:
        answer = await http.ask("GET", place.url)
    assert answer.body == bomb
    assert answer.headers["content-encoding"] == "gzip"


# What goes wrong before anything has left us.


async def test_nobody_listens() -> None:
    async with asking() as http:
        with pytest.raises(Unreached, match="refused"):
            await http.ask("POST", f"http://127.0.0.1:{free_port()}/", body=b"x")


async def test_a_name_without_an_address() -> None:
    async with asking(names={"empty.test": [[]]}) as http:
        for name in ("none.test", "empty.test"):
            with pytest.raises(Unreached, match=f"{name}: its name has no address"):
                await http.ask("GET", f"http://{name}/")


async def test_a_name_that_the_system_cannot_even_ask_for() -> None:
    async with asking() as http:
        with pytest.raises(Unreached, match="no address"):
            await http.ask("GET", f"http://{'a' * 70}.test/")


async def test_a_look_up_that_hangs() -> None:
    async def hang(_: str) -> list[str]:
        await asyncio.sleep(60)
        return []

    http = Http(allows_private=True, look_up=hang)
    with pytest.raises(Unreached, match=r"slow\.test: no connection in time"):
        await http.ask("GET", "http://slow.test/", limits=SHORT)
    with pytest.raises(Unreached):
        await http.ask("GET", "http://slow.test/", limits=Limits(connect_in=9, total_in=0.1))
    await http.close()


async def test_a_second_address_is_tried_where_the_first_refuses() -> None:
    async with (
        serving() as place,
        asking(names={"two.test": [["127.0.0.9", "127.0.0.1"]]}) as http,
    ):
        assert (await http.ask("GET", f"http://two.test:{place.port}/")).status == 200
    assert len(place.requests) == 1


# What goes wrong when something may have left us.


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def wait_forever(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("behaviour", [silent, drip, wait_forever], ids=lambda one: one.__name__)
async def test_an_answer_that_takes_too_long(behaviour: Behaviour) -> None:
    async with serving(behaviour) as place, asking() as http:
        with pytest.raises(Unclear, match=f"127.0.0.1:{place.port}: it did not answer in time"):
            await http.ask("POST", place.url, body=b"x", limits=SHORT)
        await asyncio.wait_for(place.ends.wait(), PATIENCE)
    assert len(place.requests) == 1


async def test_a_server_that_takes_no_more_of_the_request() -> None:
    done = asyncio.Event()

    async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.transport.abort()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with asking() as http:
        with pytest.raises(Unclear):
            await http.ask("POST", url, body=bytes(30_000_000), limits=SHORT)
    done.set()
    server.close()
    await asyncio.sleep(0.01)


async def test_a_long_body_arrives_whole() -> None:
    async with serving() as place, asking() as http:
        await http.ask("POST", place.url, body=b"abcd" * 1_000_000)
    head, _, body = place.requests[0].partition(b"\r\n\r\n")
    assert b"Content-Length: 4000000" in head
    assert body == b"abcd" * 1_000_000


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
async def test_a_connection_that_is_reset(method: str) -> None:
    async with serving(reset) as place, asking() as http:
        with pytest.raises(Unclear, match="the connection broke"):
            await http.ask(method, place.url, body=b"x")
    assert len(place.requests) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=lambda said: str(said[:60]),
)
async def test_an_answer_that_is_broken(said: bytes) -> None:
    async with serving(said, last=True) as place, asking() as http:
        with pytest.raises(Unclear):
            await http.ask("POST", place.url, body=b"x", limits=SHORT)
    assert len(place.requests) == 1


# Connections are kept, and never asked twice.


async def test_a_connection_is_kept() -> None:
    async with serving() as place, asking() as http:
        for _ in range(5):
            await http.ask("POST", place.url, body=b"x")
    assert (place.connections, len(place.requests)) == (1, 5)


async def test_a_kept_connection_that_was_closed_is_not_used() -> None:
    async with serving(last=True) as place, asking() as http:
        for _ in range(3):
            await http.ask("POST", place.url, body=b"x")
            await asyncio.sleep(0.05)
    assert place.connections == 3


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
async def test_a_kept_connection_that_breaks_under_a_request_is_not_asked_again(
    method: str,
) -> None:
    async def once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(place.requests) > 1:
            writer.transport.abort()
        else:
            writer.write(OK)

    async with serving(once) as place, asking() as http:
        await http.ask(method, place.url, body=b"x")
        with pytest.raises(Unclear):
            await http.ask(method, place.url, body=b"x")
    assert (place.connections, len(place.requests)) == (1, 2)


async def test_whoever_is_cancelled_leaves_no_connection() -> None:
    async with serving(silent) as place, asking() as http:
        task = asyncio.create_task(http.ask("POST", place.url, body=b"x"))
        while not place.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(place.ends.wait(), PATIENCE)


async def test_it_may_be_closed_unused_and_twice() -> None:
    http = Http(allows_private=False)
    await http.close()
    await http.close()


# TLS.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `here.test` that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("here.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def presenting(certificate: Path) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    return tls


async def test_a_certificate_is_verified(certificate: Path) -> None:
    names = {name: [["127.0.0.1"]] * 2 for name in ("here.test", "here.test.", "there.test")}
    trusting = ssl.create_default_context(cafile=certificate)
    async with serving(tls=presenting(certificate)) as place:
        async with asking(names=names) as http:
            with pytest.raises(Unreached, match="certificate is not to be trusted: self-signed"):
                await http.ask("POST", f"https://here.test:{place.port}/", body=b"x")
        async with asking(names=names, tls=trusting) as http:
            for name in ("here.test", "here.test."):
                assert (await http.ask("GET", f"https://{name}:{place.port}/")).status == 200
            with pytest.raises(Unreached, match="certificate"):
                await http.ask("GET", f"https://there.test:{place.port}/")
    assert len(place.requests) == 2


async def test_a_server_that_speaks_no_tls() -> None:
    async with serving() as place, asking() as http:
        with pytest.raises(Unreached):
            await http.ask("POST", f"https://127.0.0.1:{place.port}/", body=b"x", limits=SHORT)
    assert not place.requests


# Addresses.

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "100.127.255.255", "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254",
    "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:0:7f00:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::1", "2002:a9fe:a9fe::", "2002:c0a8:101::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fd12:3456::1", "fe80::1", "fe80::1%2", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.215.14", "100.63.255.255",
    "100.128.0.0", "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "2001:4860:4860::8888", "2600::", "2a00:1450:4001::1", "2606:4700:4700::1111",
    "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
]  # fmt: skip


def test_what_is_private_and_what_is_public() -> None:
    assert [text for text in PRIVATE if not is_private(ip_address(text))] == []
    assert [text for text in PUBLIC if is_private(ip_address(text))] == []


SPELLINGS = [
    "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "127.0.0.1.", "2130706433",
    "0x7f000001", "0x7f.1", "0x7F.0x0.0x0.0x1", "017700000001", "0177.0.0.1", "0", "0.0.0.0",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "me@127.0.0.1", "example.com@127.0.0.1",
    "127.0.0.1%2f@127.0.0.1", "\uff11\uff12\uff17.0.0.1", "ⓛocalhost", "127。0。0。1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
async def test_loopback_is_refused_however_it_is_spelled(host: str) -> None:
    async with serving() as place, asking(allows_private=False) as http:
        with pytest.raises((BadAddress, Unreached)) as told:
            await http.ask("GET", f"http://{host}:{place.port}/?token=secret", limits=SHORT)
        assert "secret" not in str(told.value)
    assert place.connections == 0
    if host.strip("[]").lower() in ("127.0.0.1", "localhost", "::1", "0x7f.1", "::ffff:127.0.0.1"):
        assert isinstance(told.value, BadAddress)


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_a_private_address_is_refused(address: str) -> None:
    async with asking(allows_private=False, names={"in.test": [[address]]}) as http:
        with pytest.raises(BadAddress, match=r"^in\.test: its address is not a public one$"):
            await http.ask("GET", "http://in.test/", limits=SHORT)


async def test_one_private_address_among_others_is_one_too_many() -> None:
    names = {"in.test": [["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"]]}
    async with serving() as place, asking(allows_private=False, names=names) as http:
        for _ in range(2):
            with pytest.raises(BadAddress):
                await http.ask("GET", f"http://in.test:{place.port}/", limits=SHORT)
    assert place.connections == 0


def stage(address: IP) -> bool:
    """127.0.0.1 plays a public address here, and the rest is what it is."""
    return str(address) != "127.0.0.1" and is_private(address)


async def test_what_was_looked_at_is_what_is_connected_to() -> None:
    """A name that turns from a public to a private address between two look-ups gains nothing."""
    names = {"turns.test": [["127.0.0.1"], ["127.0.0.2"]]}
    async with (
        serving(last=True) as place,
        asking(allows_private=False, names=names, private=stage) as http,
    ):
        url = f"http://turns.test:{place.port}/"
        assert (await http.ask("GET", url)).status == 200
        assert names["turns.test"] == [["127.0.0.2"]]  # looked up once for one connection
        await asyncio.sleep(0.05)
        with pytest.raises(BadAddress):
            await http.ask("GET", url)
    assert place.connections == 1


async def test_a_kept_connection_serves_its_own_name_only() -> None:
    names = {"one.test": [["127.0.0.1"]], "two.test": [["127.0.0.2"]]}
    async with (
        serving() as place,
        asking(allows_private=False, names=names, private=stage) as http,
    ):
        for _ in range(3):
            await http.ask("GET", f"http://one.test:{place.port}/")
        with pytest.raises(BadAddress):
            await http.ask("GET", f"http://two.test:{place.port}/")
    assert (place.connections, len(place.requests)) == (1, 3)


async def test_private_addresses_are_asked_where_that_is_allowed() -> None:
    async with serving() as place, asking() as http:
        assert (await http.ask("GET", f"http://localhost:{place.port}/")).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "/a", "//example.com/", "ftp://example.com/", "file:///etc/passwd",
        "gopher://127.0.0.1/", "http://", "http:///a", "https://:443/", "http://example.com:0/",
        "http://example.com:99999/", "http://example.com:x/", "http://[::1/", "http://[zz::1]/",
        "http://example.com\\@127.0.0.1/", "http://example.com/\r\nX: y", "http://exa\nmple.com/",
        "mailto:a@example.com", "javascript:alert(1)", "data:,x",
    ],
)  # fmt: skip
async def test_what_is_no_url_to_ask_is_refused(url: str) -> None:
    async with asking(names={}) as http:
        with pytest.raises(BadAddress):
            await http.ask("GET", url)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hidden@127.0.0.1:{port}/hidden?key=hidden#hidden",
        "https://user:hidden@127.0.0.1:{port}/hidden?key=hidden#hidden",
        "http://user:hidden@none.invalid:{port}/hidden?key=hidden",
        "http://user:hidden@127.0.0.1:hidden/",
        "ftp://user:hidden@127.0.0.1/hidden",
        "http://user:hidden@2130706433/?hidden",
    ],
)
@pytest.mark.parametrize("allowed", [True, False])
async def test_errors_hold_no_secrets(url: str, allowed: bool) -> None:
    async with serving(reset) as place, asking(allowed) as http:
        with pytest.raises((SendError, BadAddress)) as told:
            await http.ask("POST", url.format(port=place.port), body=b"hidden", limits=SHORT)
    assert "hidden" not in f"{told.value} {told.value!r}"
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__ or told.value.__context__ is None
