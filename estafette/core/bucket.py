"""A bucket of an S3-compatible store: put, get and delete, by paths and signed headers."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from estafette.core import sigv4
from estafette.http import Answer, Http, Into, Limits, Sink
from estafette.model import BadAddress, Busy, GatewayError, Unclear, Unknown, Unreached

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9/_.-]*")
_LIMITS = Limits(connect_in=5.0, read_in=30.0, total_in=300.0, most=1 << 30)
_EXAMPLE = "s3://key:secret@host/bucket/prefix?region=us-east-1&tls=true"


class BadBucket(GatewayError):
    """A URL that names no bucket."""


class NotKept(Busy):
    """Media cannot be kept, or given, right now."""


class BucketUrl(Struct, frozen=True, kw_only=True):
    """Which bucket, and what opens it."""

    endpoint: str  #: scheme, host and port
    bucket: str
    prefix: str  #: what the names of objects begin with; no slash at either end
    key: str
    secret: str
    region: str

    def __repr__(self) -> str:
        """Without what opens it, for logs and tracebacks."""
        return f"BucketUrl({self.endpoint!r}, {self.bucket!r})"


def read_url(text: str) -> BucketUrl:
    """What `s3://…` says. Raises BadBucket, without repeating any of it."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
        options = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    except ValueError:
        raise BadBucket(f"it should be as {_EXAMPLE}") from None
    bucket, _, prefix = parts.path.strip("/").partition("/")
    region = options.pop("region", ["us-east-1"])[-1]
    tls = options.pop("tls", ["true"])[-1]
    is_whole = parts.scheme == "s3" and host and parts.username and parts.password
    is_plain = _NAME.fullmatch(bucket) and _PREFIX.fullmatch(prefix) and ".." not in prefix
    if not is_whole or not is_plain or options or tls not in ("true", "false") or parts.fragment:
        raise BadBucket(f"it should be as {_EXAMPLE}")
    place = f"[{host}]" if ":" in (host or "") else host
    place = f"{place}:{port}" if port else place
    return BucketUrl(
        endpoint=f"{'https' if tls == 'true' else 'http'}://{place}",
        bucket=bucket,
        prefix=prefix.strip("/"),
        key=unquote(parts.username or ""),
        secret=unquote(parts.password or ""),
        region=region,
    )


class Bucket:
    """The objects of a bucket. What goes wrong is NotKept, in words that hold no secret."""

    def __init__(self, url: BucketUrl, http: Http, clock: Callable[[], datetime]) -> None:
        self._url = url
        self._http = http
        self._clock = clock

    def name(self, tail: str) -> str:
        """The name of an object below the prefix."""
        return f"{self._url.prefix}/{tail}" if self._url.prefix else tail

    async def put(self, name: str, file: BinaryIO, digest: str) -> None:
        """Write an object from a file. `digest` is its SHA-256, in hex."""
        answer = await self._ask("PUT", name, file=file, digest=digest)
        if answer.status not in (200, 201, 204):
            raise _refused(answer)

    async def get(self, name: str, sink: Sink) -> None:
        """Give an object piece by piece. Raises Unknown, and what the sink does."""

        async def into(head: Answer) -> Sink | None:
            if head.status == 404:
                raise Unknown("its bytes are not in the bucket")
            if head.status != 200:
                raise _refused(head)
            return sink

        await self._ask("GET", name, into=into)

    async def delete(self, name: str) -> None:
        """Remove an object, if it is there."""
        answer = await self._ask("DELETE", name)
        if answer.status not in (200, 204, 404):
            raise _refused(answer)

    async def _ask(
        self,
        method: str,
        name: str,
        *,
        file: BinaryIO | None = None,
        digest: str = sigv4.NOTHING,
        into: Into | None = None,
    ) -> Answer:
        at = self._url
        url = at.endpoint + sigv4.path(at.bucket, name)
        headers = sigv4.signed(
            method, url, key=at.key, secret=at.secret, region=at.region, digest=digest,
            at=self._clock(),
        )  # fmt: skip
        try:
            return await self._http.ask(
                method, url, headers=headers, body=file or b"", limits=_LIMITS, into=into
            )
        except (BadAddress, Unreached, Unclear) as error:
            raise NotKept(f"the bucket for media: {error}") from None


def _refused(answer: Answer) -> NotKept:
    return NotKept(f"the bucket for media answered {answer.status}")
