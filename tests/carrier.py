"""A carrier of a test: it answers as it is told to, and keeps what it was asked."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.listening import listening


@dataclass
class Carrier:
    """What it says to whatever it is asked, and where it stands."""

    port: int = 0
    status: int = 200
    said: Any = None  #: JSON, or a text as it stands
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  #: method, path, Authorization

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(self, status: int, said: Any = "", **headers: str) -> None:
        """From now on."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.status, self.said, self.headers = status, said, named


@contextmanager
def carrying() -> Iterator[Carrier]:
    """One that listens."""
    carrier = Carrier()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            shown = self.headers.get("authorization", "")
            carrier.asked.append((self.command, self.path, shown))
            text = carrier.said if isinstance(carrier.said, str) else json.dumps(carrier.said)
            self.send_response(carrier.status)
            for name, value in carrier.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with listening(Handler) as carrier.port:
        yield carrier
