"""Signatures of requests to S3-compatible stores: AWS Signature Version 4, of headers."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlsplit

_METHOD = "AWS4-HMAC-SHA256"
_SERVICE = "s3"
NOTHING = hashlib.sha256(b"").hexdigest()  #: the digest of a request without a body


def signed(
    method: str, url: str, *, key: str, secret: str, region: str, digest: str, at: datetime
) -> dict[str, str]:
    """The headers that make a request believed; `digest` is SHA-256 of its body, in hex.

    The path of `url` is what `path` made, and it has no query.
    """
    time, day = f"{at:%Y%m%dT%H%M%SZ}", f"{at:%Y%m%d}"
    parts = urlsplit(url)
    headers = {"host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": time}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join((method, parts.path, "", lines, names, digest))
    scope = f"{day}/{region}/{_SERVICE}/aws4_request"
    said = "\n".join((_METHOD, time, scope, hashlib.sha256(request.encode()).hexdigest()))
    found = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        found = hmac.digest(found, part.encode(), hashlib.sha256)
    proof = hmac.new(found, said.encode(), hashlib.sha256).hexdigest()
    credential = f"Credential={key}/{scope}, SignedHeaders={names}, Signature={proof}"
    return {**_told(headers), "authorization": f"{_METHOD} {credential}"}


def _told(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that are not sent all the same."""
    return {name: value for name, value in headers.items() if name != "host"}


def path(*parts: str) -> str:
    """A path as it is signed and asked for: each part encoded once, its slashes kept."""
    return "/" + "/".join(quote(part, safe="/-_.~") for part in parts if part)
