"""The one way out: one request, once.

It asks a URL and gives the answer, or raises what became of the request: `Unreached` while nothing
of it can have left us, `Unclear` from then on. It looks up names itself, refuses addresses that are
not public unless it is told that it may use them, and connects to the very address it looked at.

It never asks again, follows no redirect (a 3xx is an answer), keeps no cookie, takes no proxy or
password from the environment, and unpacks nothing: it asks for plain answers, and one that is packed
all the same is given as it came, with its `content-encoding`. Certificates are verified.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import os
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from estafette.model import BadAddress, Unclear, Unreached
from estafette.model.networks import IP, is_private

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.abc import AbstractResolver, ResolveResult
else:

    class _Later:
        """The library, loaded when it is first asked for: most commands never ask anything."""

        def __getattr__(self, name: str) -> Any:
            return getattr(importlib.import_module("aiohttp"), name)

    aiohttp = _Later()

T = TypeVar("T")

#: A name to the addresses that it has now. Raises OSError where it has none.
LookUp = Callable[[str], Awaitable[list[str]]]

#: Seconds that a connection may lie idle. Many servers close theirs after 5: a request that meets
#: such an end is Unclear, since nobody knows whether it was read.
_IDLE_IN = 4.0
#: Open connections at most; who asks beyond them waits, for `connect_in` seconds at most.
_MOST_CONNECTIONS = 512
#: Names that are looked up at the same time. A look-up may hang for half a minute.
_MOST_LOOK_UPS = 32

#: Bytes from which on a body is sent in pieces, so that others get their turn in between.
_LONG = 1 << 20

_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Estafette"}


class Answer(Struct, frozen=True):
    """What came back."""

    status: int
    headers: Mapping[
        str, str
    ]  #: names in lower case; what is there more than once is joined by ", "
    body: bytes
    cut: bool = False  #: the body went on beyond `Limits.most`; the rest was not read


#: Takes the pieces of a body as they come.
Sink = Callable[[bytes], Awaitable[None]]
#: Given an answer without its body: who takes that, or None where nobody wants it.
Into = Callable[[Answer], Awaitable[Sink | None]]


class Limits(Struct, frozen=True):
    """How long one request may take, and how much of its answer is read."""

    connect_in: float = 5.0  #: seconds for the name, the connection and TLS together
    read_in: float = 15.0  #: seconds of silence while an answer is awaited or read
    total_in: float = 15.0  #: seconds for everything
    most: int = 1 << 20  #: bytes of the answer's body


LIMITS = Limits()


class Http:
    """Asks URLs, over connections that are kept for the next request to the same place."""

    def __init__(
        self,
        *,
        allows_private: bool,
        look_up: LookUp | None = None,
        is_private: Callable[[IP], bool] = is_private,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._refuses = (lambda _: False) if allows_private else is_private
        self._look_up = look_up
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | BinaryIO = b"",
        limits: Limits = LIMITS,
        into: Into | None = None,
    ) -> Answer:
        """The answer to one request, whatever its status.

        A body that is a file is sent piece by piece. With `into` the answer's body is not kept,
        but handed on as it comes, up to `limits.most`; what a sink raises ends the reading, and is
        raised here.

        A user and password in the URL are sent as HTTP Basic, unless `headers` hold an
        Authorization. Raises BadAddress where the URL is none that may be asked, Unreached where
        nothing of the request can have left us, and Unclear where something may have. What they
        say names the host, and nothing else of the URL.
        """
        target = _target(url)
        sent = {**_HEADERS, **(headers or {})}
        if any(name.lower() == "authorization" for name in sent):
            target = target.with_user(None)
        place = _place(target)
        progress = SimpleNamespace(connected=False)
        try:
            async with asyncio.timeout(limits.total_in):
                return await self._ask(method, target, sent, body, limits, progress, into)
        except _Spilt as spilt:
            raise spilt.error from None
        except aiohttp.InvalidURL:
            raise BadAddress(f"{place}: not a host that can be asked") from None
        except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
            failure = Unclear if progress.connected else Unreached
            raise failure(
                f"{place}: {_after(error) if progress.connected else _before(error)}"
            ) from None

    async def _ask(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes | BinaryIO,
        limits: Limits,
        progress: SimpleNamespace,
        into: Into | None,
    ) -> Answer:
        if "aiohttp" not in sys.modules:  # it takes its time, which others shall have meanwhile
            await asyncio.to_thread(importlib.import_module, "aiohttp")
        is_long = isinstance(body, bytes) and len(body) > _LONG
        request = self._opened().request(
            method,
            url,
            data=io.BytesIO(body) if is_long else body or None,  # type: ignore[arg-type]
            headers=headers,
            skip_auto_headers=("Content-Type",),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=None, connect=limits.connect_in, sock_read=limits.read_in
            ),
            trace_request_ctx=progress,
        )
        async with request as response:
            found = Answer(response.status, _headers(response), b"")
            if into:
                return replace(found, cut=await _pour(response, found, into, limits.most))
            read, cut = await _read(response, limits.most)
            return replace(found, body=read, cut=cut)

    def _opened(self) -> aiohttp.ClientSession:
        """The session. It is made by the first request, since it belongs to a running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._tls or True,
                    limit=_MOST_CONNECTIONS,
                    keepalive_timeout=_IDLE_IN,
                    use_dns_cache=False,  # what was looked at is what is connected to
                    resolver=cast("AbstractResolver", _Names(self._look_up, self._check)),
                    socket_factory=self._socket,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                middlewares=(_once,),
                trace_configs=[_connected()],
            )
        return self._session

    def _check(self, host: str, address: str) -> None:
        """Raises BadAddress where the address must not be connected to."""
        try:
            refused = self._refuses(ip_address(address))
        except ValueError:
            raise BadAddress(f"{host}: not a host that can be asked") from None
        if refused:
            raise BadAddress(f"{host}: its address is not a public one")

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for the address that is connected to next: the last gate for each of them.

        Addresses that stand in the URL itself come here without having been looked up.
        """
        family, kind, protocol, _, (address, *_) = info
        self._check(address, address)
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


class _Names:
    """Names to addresses, every one of them checked: an `AbstractResolver` in all but name."""

    def __init__(self, look_up: LookUp | None, check: Callable[[str, str], None]) -> None:
        # Its own threads: names that hang must not hold up others who want the loop's.
        self._threads = ThreadPoolExecutor(_MOST_LOOK_UPS, "names")
        self._look_up = look_up or self._ask_system
        self._check = check

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises BadAddress where one of them may not be asked."""
        addresses = await self._look_up(host)
        if not addresses:
            raise OSError(f"{host} has no address")
        for address in addresses:
            self._check(host, address)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in addresses
        ]

    async def _ask_system(self, host: str) -> list[str]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _addresses, host)

    async def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str) -> list[str]:
    """What the system knows of a name. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:  # a part of the name is empty or too long
        raise OSError("no such name") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from asking again, as it does for GET, PUT and DELETE on a kept connection."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # this it does not do again
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientPayloadError(type(error).__name__) from error


def _connected() -> aiohttp.TraceConfig:
    """Notes on a request that it has a connection: from then on, something may have left us."""

    async def note(_: Any, context: SimpleNamespace, __: Any) -> None:
        context.trace_request_ctx.connected = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(note)
    trace.on_connection_reuseconn.append(note)
    return trace


async def _read(response: aiohttp.ClientResponse, most: int) -> tuple[bytes, bool]:
    """The first `most` bytes of a body, and whether there are more. Then the connection is closed."""
    found = bytearray()
    async for chunk in response.content.iter_any():
        found += chunk
        if len(found) > most:
            response.close()
            return bytes(found[:most]), True
    return bytes(found), False


class _Spilt(Exception):
    """A sink raised something: that is no failure of the connection."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


async def _ours(work: Awaitable[T]) -> T:
    try:
        return await work
    except Exception as error:
        raise _Spilt(error) from error


async def _pour(response: aiohttp.ClientResponse, head: Answer, into: Into, most: int) -> bool:
    """Hand the first `most` bytes of a body on; whether there are more, or nobody wants it.

    Unless all of it was read, the connection is closed.
    """
    is_whole = False
    try:
        sink = await _ours(into(head))
        if sink is None:
            return True
        left = most
        async for piece in response.content.iter_any():
            if left:
                await _ours(sink(piece[:left]))
            if len(piece) > left:
                return True
            left -= len(piece)
        is_whole = True
        return False
    finally:
        if not is_whole:
            response.close()


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    names = dict.fromkeys(name.lower() for name in response.headers)
    return {name: ", ".join(response.headers.getall(name)) for name in names}


def _target(url: str) -> URL:
    """A URL as it will be asked: to the letter, since signatures are made over it."""
    try:
        found = URL(url, encoded=url.isascii() and " " not in url)
        port = found.port
    except ValueError:  # its text may hold a password
        raise BadAddress("a URL that cannot be read") from None
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in url):
        raise BadAddress("a URL that holds a control character")
    if found.scheme not in ("http", "https"):
        raise BadAddress("a URL that is neither http nor https")
    if not found.raw_host or not port:
        raise BadAddress("a URL without a host to ask")
    return found


def _place(url: URL) -> str:
    """The host and port of a URL: what may be said of it in an error."""
    host = f"[{url.raw_host}]" if ":" in str(url.raw_host) else url.raw_host
    return f"{host}" if url.is_default_port() else f"{host}:{url.port}"


def _before(error: Exception) -> str:
    """Why there is no connection, without the words of errors that may hold a URL."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "its name has no address"
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLError() as refused):
            return f"its certificate is not to be trusted: {_reason(refused)}"
        case aiohttp.ClientConnectorSSLError():
            return "TLS could not be agreed on"
        case TimeoutError():
            return "no connection in time"
        case OSError(errno=int(number)):
            return os.strerror(number)
    return "it cannot be connected to"


def _after(error: Exception) -> str:
    """Why there is no answer, likewise."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return "the connection broke, or its answer cannot be read"


def _reason(error: ssl.SSLError) -> str:
    return str(getattr(error, "verify_message", "") or error.reason or "unknown")
