"""Where customers and carriers have their media: an HTTP server that gives what a path asks for."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(255, -1, -1)) * 4
NO_PICTURE = "http://127.0.0.1:9/a.png"  # nobody listens there
PIECE = 1 << 16


@dataclass
class Pictures:
    """A server of a test. `/any.png?…` gives what its query asks for:

    `size` bytes (of a PNG unless `begins` says otherwise) as `type`, after `status` answers that
    are separated by commas; `to` redirects (`itself` in a circle), `hang` seconds pass, `breaks` ends it halfway, `unsized`
    tells no length.
    """

    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)  # bytes of bodies, by path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, **asked: object) -> str:
        """An address that no other test asks."""
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        return f"http://127.0.0.1:{self.port}/{next(self._numbers)}.png?{query}"

    def times(self, url: str) -> int:
        """How often it was asked."""
        return self.asked[urlsplit(url).path]


def body(size: int, begins: bytes = PNG) -> bytes:
    return (begins + bytes(size))[:size]


@contextmanager
def showing() -> Iterator[Pictures]:
    """A server that listens."""
    pictures = Pictures()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {
                name: values[-1]
                for name, values in parse_qs(parts.query, keep_blank_values=True).items()
            }
            statuses = [int(word) for word in asked.get("status", "200").split(",")]
            time_ = pictures.asked[parts.path]
            pictures.asked[parts.path] += 1
            time.sleep(float(asked.get("hang", 0)))
            status = statuses[min(time_, len(statuses) - 1)]
            self.send_response(status)
            if "to" in asked:
                to = self.path if asked["to"] == "itself" else asked["to"]
                self.send_header("Location", to)
            found = body(int(asked.get("size", len(PNG))), asked.get("begins", "").encode() or PNG)
            if status != 200:
                found = b"<p>no picture</p>"
            self.send_header("Content-Type", asked.get("type", "image/png"))
            if "packed" in asked:
                self.send_header("Content-Encoding", "gzip")
            if "unsized" in asked:
                self.send_header("Connection", "close")
                self.close_connection = True
            else:
                self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            if "breaks" in asked:
                found = found[: len(found) // 2]
                self.close_connection = True
            for start in range(0, len(found), PIECE):
                self.wfile.write(found[start : start + PIECE])
                pictures.written[parts.path] += len(found[start : start + PIECE])

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # whoever has enough goes away

    with Quiet(("127.0.0.1", 0), Handler) as server:
        pictures.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield pictures
        finally:
            server.shutdown()
            thread.join()
