"""An S3-compatible store that listens, and believes only who signs as botocore's own signer would."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.listening import listening

KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-3"


@dataclass
class Objects:
    """A store of a test: what it holds, and what it was asked."""

    port: int = 0
    held: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    status: int = 0  #: to answer everything with, if it is one

    def url(
        self, tail: str = "/media/below/here", secret: str = SECRET, region: str = REGION
    ) -> str:
        secret = secret.replace("/", "%2F").replace("+", "%2B")
        place = f"127.0.0.1:{self.port}{tail}"
        return f"s3://{KEY}:{secret}@{place}?region={region}&tls=false"


def is_signed(method: str, url: str, headers: dict[str, str]) -> bool:
    """Whether botocore would have signed this request, at its time, in the same way."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, "
        r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
        headers.get("authorization", ""),
    )
    if found is None or found[1] != KEY:
        return False
    names = found[4].split(";")
    if not {"host", "x-amz-content-sha256", "x-amz-date"} <= set(names):
        return False
    request = AWSRequest(method, url, headers={name: headers[name] for name in names})
    request.context["timestamp"] = headers["x-amz-date"]
    signer = S3SigV4Auth(Credentials(KEY, SECRET), "s3", found[3])
    said = signer.string_to_sign(request, signer.canonical_request(request))
    return bool(found[3] == REGION and signer.signature(said, request) == found[5])


class Handler(BaseHTTPRequestHandler):
    """Believes nobody who does not sign."""

    protocol_version = "HTTP/1.1"
    objects: Objects

    def answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.objects.asked.append((self.command, self.path))
        status, found = self.objects.status, b""
        if not is_signed(self.command, f"http://{headers['host']}{self.path}", headers):
            status = 403
        elif hashlib.sha256(sent).hexdigest() != headers["x-amz-content-sha256"]:
            status = 400
        elif not status:
            status, found = self.do(sent)
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    def do(self, sent: bytes) -> tuple[int, bytes]:
        held = self.objects.held
        if self.command == "PUT":
            held[self.path] = sent
            return 200, b""
        if self.path not in held:
            return 404, b"<Error/>"
        if self.command == "DELETE":
            del held[self.path]
            return 204, b""
        return 200, held[self.path]

    do_GET = do_PUT = do_DELETE = answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def storing() -> Iterator[Objects]:
    """A store that listens."""
    found = Objects()
    with listening(type("Ours", (Handler,), {"objects": found})) as found.port:
        yield found
