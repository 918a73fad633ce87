"""A customer's address: an HTTP server that keeps what it is told, and behaves as it is asked to."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.patience import PATIENCE


@dataclass(frozen=True)
class Heard:
    """One request."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    at: float  # seconds, by a clock that only goes forward
    method: str = "POST"

    @property
    def form(self) -> dict[str, str]:
        said = self.body.decode() if self.method == "POST" else urlsplit(self.path).query
        return dict(parse_qsl(said, keep_blank_values=True))


@dataclass(frozen=True)
class Said:
    """An answer with something in it."""

    body: str | bytes
    content_type: str = "text/xml"  # empty for none
    status: int = 200


#: What to answer, or only with which status; None ends the connection without an answer.
Behaviour = Callable[[Heard], int | Said | None]


@dataclass
class Receiver:
    """What was heard so far, and how it is answered."""

    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    answers: Behaviour = lambda _heard: 204

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of(self, sid: str) -> list[Heard]:
        """What was told of one message."""
        return [item for item in self.heard if item.form.get("MessageSid") == sid]

    def statuses(self, sid: str) -> list[str]:
        return [item.form["MessageStatus"] for item in self.of(sid)]

    def wait(self, count: int, sid: str = "", seconds: float = PATIENCE) -> list[Heard]:
        """What was heard, once it is so much."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.of(sid) if sid else list(self.heard)
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"only {len(found)} of {count} were told: {found}")


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            names = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.path, names, body, time.monotonic(), self.command)
            receiver.heard.append(heard)
            answer = receiver.answers(heard)
            if answer is None:
                self.close_connection = True
                return
            said = Said("", "", answer) if isinstance(answer, int) else answer
            content = said.body.encode() if isinstance(said.body, str) else said.body
            self.send_response(said.status)
            if said.status >= 300 and said.status < 400:
                self.send_header("Location", "/elsewhere")
            if said.content_type:
                self.send_header("Content-Type", said.content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # whoever is told less than it waited for goes away

    with Quiet(("127.0.0.1", port), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
