"""A recorded upstream: an HTTP server that answers a create as Twilio does, and keeps what it heard."""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.patience import PATIENCE

SID = "AC" + "7" * 32
TOKEN = "the token of the panel"
STEP_SID = "AC" + "8" * 32
STEP_TOKEN = "the token of the step"
NAMED_SID = "AC" + "9" * 32
NAMED_TOKEN = "the token of the connection"


class Create(NamedTuple):
    """One request to send a message."""

    account_sid: str
    user: str
    password: str
    form: dict[str, str]


class Says(NamedTuple):
    """An answer; a text is sent as it stands."""

    status: int
    said: Any
    headers: tuple[tuple[str, str], ...] = ()


def refusal(status: int, code: int, text: str, **headers: str) -> Says:
    said = {"code": code, "message": text, "more_info": "", "status": status}
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Says(status, said, named)


@dataclass
class Upstream:
    """What it was asked, and how it answers: `says` to each, or 201."""

    port: int = 0
    creates: list[Create] = field(default_factory=list)
    says: list[Says | None] = field(default_factory=list)  # in turn; the last one stays
    made: list[str] = field(default_factory=list)
    hangs: threading.Event | None = None  # no answer until it is set

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def last(self) -> Create:
        return self.creates[-1]

    def answer(self) -> Says | None:
        if self.says:
            return self.says.pop(0) if len(self.says) > 1 else self.says[0]
        self.made.append("SM" + secrets.token_hex(16))
        return Says(201, {"sid": self.made[-1], "status": "queued"})

    def callback(self, create: Create, sid: str, status: str) -> tuple[str, bytes, str]:
        """Address, body and signature of a status callback."""
        url = create.form["StatusCallback"]
        said = {"MessageSid": sid, "MessageStatus": status, "AccountSid": create.account_sid}
        signed = url + "".join(name + said[name] for name in sorted(said))
        digest = hmac.digest(create.password.encode(), signed.encode(), hashlib.sha1)
        return url, urlencode(said).encode(), base64.b64encode(digest).decode()

    def tell(self, create: Create, sid: str, status: str) -> int:
        """Post a status callback, signed with the token that the message was sent with."""
        url, body, signature = self.callback(create, sid, status)
        form = "application/x-www-form-urlencoded"
        headers = {"Content-Type": form, "X-Twilio-Signature": signature}
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        try:
            connection.request("POST", parts.path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


@contextmanager
def upstream() -> Iterator[Upstream]:
    """One that listens."""
    found = Upstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            user, _, password = (
                base64.b64decode(self.headers["authorization"].removeprefix("Basic "))
                .decode()
                .partition(":")
            )
            form = dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True))
            found.creates.append(Create(self.path.split("/")[3], user, password, form))
            if found.hangs:
                found.hangs.wait(40)
            says = found.answer()
            if says is None:
                self.close_connection = True
                return
            raw = (says.said if isinstance(says.said, str) else json.dumps(says.said)).encode()
            self.send_response(says.status)
            for name, value in says.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # whoever waited is gone

    with Quiet(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield found
        finally:
            if found.hangs:
                found.hangs.set()
            server.shutdown()
            thread.join()
