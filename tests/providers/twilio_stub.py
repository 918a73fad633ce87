"""A server that answers as Twilio's API does, and behaves by recipient."""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from tests.listening import listening

SID = "AC" + "7" * 32
TOKEN = "a-token-of-twilio"


class Says(NamedTuple):
    """An answer. A text as `said` is sent as it stands."""

    status: int
    said: Any = None
    headers: Mapping[str, str] = {}


def refused(status: int, code: int, text: str = "it said no", **headers: str) -> Says:
    said = {"code": code, "message": text, "more_info": "", "status": status}
    return Says(status, said, {name.replace("_", "-"): value for name, value in headers.items()})


#: What is answered, by the last five digits of a recipient +14155_____.
ANSWERS: dict[str, Says | None] = {
    "50201": Says(201, {"status": "queued"}),
    "50202": Says(201, "{}"),
    "50203": Says(201, "<html>welcome</html>"),
    "50204": Says(204, ""),
    "50205": Says(201, {"sid": "not an id", "status": "queued"}),
    "50206": Says(201, [{"sid": "SM1"}]),
    "50301": Says(307, "", {"Location": "/elsewhere"}),
    "50400": refused(400, 21211, "The 'To' number +1 is not a valid phone number."),
    "50401": refused(400, 21610, "Attempt to send to unsubscribed recipient"),
    "50402": refused(400, 99999, "nobody knows this code"),
    "50403": refused(403, 20005, "Account not active"),
    "50404": refused(404, 20404, "The requested resource was not found"),
    "50405": Says(405, "<html>no</html>"),
    "50406": Says(400, "<html>The plain HTTP request was sent to HTTPS port</html>"),
    "50407": refused(403, 21408, "not enabled for the region"),
    "50408": Says(408, ""),
    "50409": refused(409, 20409, "This idempotency key was used with another request."),
    "50410": refused(400, 21609, "The 'StatusCallback' URL is not a valid URL."),
    "50413": Says(413, "<html>too large</html>"),
    "50429": refused(429, 20429, "Too Many Requests", Retry_After="7"),
    "50430": refused(429, 21611, "SMS queue is full."),
    "50470": refused(400, 63016, "Outside the allowed window."),
    "50431": refused(400, 63038, "Account exceeded the 9 daily messages limit"),
    "50432": Says(429, "slow down", {"Retry-After": "99999999"}),
    "50433": Says(429, "slow down", {"Retry-After": "soon"}),
    "50500": refused(500, 20500, "An internal server error has occurred"),
    "50502": Says(502, "<html>bad gateway</html>"),
    "50503": refused(503, 20503, "Service unavailable"),
    "50504": Says(504, ""),
    "50000": None,  # it ends the connection
}


@dataclass
class Stub:
    """What it was asked, and where it stands."""

    port: int = 0
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, form: dict[str, list[str]], shown: str) -> Says | None:
        """What is answered to a create."""
        if shown != "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode():
            return Says(401, {"code": 20003, "message": "Authenticate", "detail": "Wrong."})
        sid = {"sid": "SM" + secrets.token_hex(16), "status": "queued"}
        found = ANSWERS.get(form["To"][0][-5:], Says(201, sid))
        if found and isinstance(found.said, dict) and found.said.get("status") == "queued":
            return found._replace(said={**sid, **found.said})
        return found


@contextmanager
def twilio() -> Iterator[Stub]:
    """One that listens."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            form = parse_qs(body.decode(), keep_blank_values=True, strict_parsing=True)
            stub.asked.append(form)
            stub.headers.append({name.lower(): value for name, value in self.headers.items()})
            stub.paths.append(self.path)
            found = stub.answer(form, self.headers.get("authorization", ""))
            if found is None:
                self.close_connection = True
                return
            said = found.said if isinstance(found.said, str) else json.dumps(found.said)
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.encode())))
            self.end_headers()
            self.wfile.write(said.encode() if found.status != 204 else b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with listening(Handler) as stub.port:
        yield stub
