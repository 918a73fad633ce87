"""One request to a server of ours, over plain HTTP, and its answer as it came."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.patience import PATIENCE


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)


A = TypeVar("A", bound=Answer)


def exchange(
    kind: type[A],
    port: int,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str | bytes],
) -> A:
    """Headers without a value are left out, as is the body where it is None."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        sent = {name: value for name, value in headers.items() if value}
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return kind(response.status, found, response.read())
    finally:
        connection.close()
