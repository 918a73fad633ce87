"""A server that answers as Meta's Graph API does, and behaves by recipient."""

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

from estafette.model.meta import CODES
from tests.listening import listening

TOKEN = "a-token-of-meta"
PHONE = "200000000000014"
OTHER_PHONE = "200000000000015"


class Says(NamedTuple):
    """An answer. A text as `said` is sent as it stands."""

    status: int
    said: Any = None
    headers: Mapping[str, str] = {}


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, tuple[str, bytes, str]]:
        """The parts of a form by name: type, bytes and file name."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        parts = message_from_bytes(head + self.body).get_payload()
        return {
            str(part.get_param("name", header="content-disposition")): (
                part.get_content_type(),
                part.get_payload(decode=True),
                part.get_filename() or "",
            )
            for part in parts  # type: ignore[union-attr]
        }


def refused(code: int, status: int = 0, details: str = "Because.", **headers: str) -> Says:
    """An error as Meta words it."""
    known = CODES.get(code)
    title = known.title if known else "Something new"
    error: dict[str, Any] = {
        "message": f"(#{code}) {title}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "AbCdEf",
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Says(status or (known.status if known else 400), {"error": error}, named)


def of_code(code: int) -> str:
    """A recipient who is answered with a code of Meta's."""
    return f"+1{code:010}"


#: What else is answered, by recipient.
ANSWERS: dict[str, Says | None] = {
    "+14155550200": Says(200, {"messages": []}),
    "+14155550201": Says(200, "<html>welcome</html>"),
    "+14155550202": Says(200, ""),
    "+14155550203": Says(200, {"messages": [{"id": "has a space"}]}),
    "+14155550204": Says(200, {"messages": "none"}),
    "+14155550205": Says(200, [{"messages": [{"id": "wamid.x"}]}]),
    "+14155550206": refused(131026, 200),
    "+14155550301": Says(307, "", {"Location": "/elsewhere"}),
    "+14155550400": Says(400, "<html>plain HTTP to an HTTPS port</html>"),
    "+14155550401": Says(401, "<html>no</html>"),
    "+14155550404": Says(404, {"error": "not found"}),
    "+14155550408": Says(408, ""),
    "+14155550413": Says(413, "<html>too large</html>"),
    "+14155550429": Says(429, "slow down", {"Retry-After": "7"}),
    "+14155550500": Says(500, {"error": {"message": "no code here"}}),
    "+14155550502": Says(502, "<html>bad gateway</html>"),
    "+14155550000": None,  # it ends the connection
}


def _open() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass
class Stub:
    """What it was asked, and where it stands."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    uploads: list[Asked] = field(default_factory=list)
    says: Says | None = None  #: to whatever is asked next, once
    token: str = TOKEN
    hold: threading.Event = field(default_factory=_open)  #: nothing is answered while it is not set

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bodies(self) -> list[Any]:
        """What was asked to be sent."""
        return [one.json for one in self.asked if one.path.endswith("/messages")]

    def answer(self, asked: Asked) -> Says | None:
        """What is answered to a request."""
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            shown = asked.headers.get("authorization", "").removeprefix("Bearer ")
            words = f"Malformed access token {shown}"
            return Says(401, {"error": {"message": words, "type": "OAuthException", "code": 190}})
        if self.says:
            found, self.says = self.says, None
            return found
        if asked.method == "GET":
            return self._given(asked.path)
        if asked.path.endswith("/media"):
            self.uploads.append(asked)
            return Says(200, {"id": f"70000000000{len(self.uploads)}"})
        body = asked.json
        is_sent = "status" not in body and "block_users" not in body
        return _by_recipient(body) if is_sent else Says(200, {"success": True})

    def _given(self, path: str) -> Says:
        """One of the media of a person, or where it is."""
        if path.startswith("/bytes/"):
            return Says(200, "no picture", {"Content-Type": "image/jpeg"})
        at = f"{self.url}/bytes/{path.rpartition('/')[2]}"
        return Says(200, {"messaging_product": "whatsapp", "url": at, "mime_type": "image/png"})


def _by_recipient(body: Any) -> Says | None:
    to = body.get("to") or body["recipient"]
    digits = to.removeprefix("+")
    made = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": to, "wa_id": digits}],
        "messages": [{"id": f"wamid.{secrets.token_hex(12)}"}],
    }
    if digits.startswith("1000") and int(digits[1:]) in (*CODES, 99999, 250):
        return refused(int(digits[1:]))
    return ANSWERS.get(to, Says(200, made))


@contextmanager
def meta() -> Iterator[Stub]:
    """One that listens."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body)
            stub.asked.append(asked)
            stub.hold.wait(30)
            found = stub.answer(asked)
            if found is None:
                self.close_connection = True
                return
            said = found.said if isinstance(found.said, str) else json.dumps(found.said)
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("X-FB-Trace-ID", "AbCdEf")
            self.send_header("Content-Length", str(len(said.encode())))
            self.end_headers()
            self.wfile.write(said.encode())

        def do_GET(self) -> None:
            self.do_POST()

        def do_DELETE(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with listening(Handler) as stub.port:
        yield stub
