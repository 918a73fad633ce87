"""What the tests of this door share: JSON over plain HTTP, every answer held against its type."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import pytest

from estafette.doors.own.errors import Problem
from estafette.doors.own.routes import TABLE
from estafette.doors.own.wire import Row
from estafette.doors.paths import Paths
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors import exchange
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.twilio.conftest import basic

PATHS: Paths[Row] = Paths((row.method, row.path, row) for row in TABLE)


class Answer(exchange.Answer):
    @property
    def refusal(self) -> tuple[int, str, str | None]:
        """Status, code and field, once the whole has the shape of an error."""
        said = self.json
        assert list(said) == ["error"]
        assert list(said["error"]) == ["code", "message", "field"]
        assert said["error"]["message"]
        return self.status, said["error"]["code"], said["error"]["field"]


def held(method: str, path: str, answer: Answer) -> Answer:
    """An answer, once it is found to be of the type that the table promises."""
    if answer.status >= 400:
        msgspec.json.decode(answer.body, type=Problem)
        return answer
    found = PATHS.find(urlsplit(path).path)
    if found and (row := found.by_method.get(method)):
        if row.gives != "application/json":
            assert answer.headers["content-type"].startswith(row.gives)
        elif row.answer is None:
            assert (answer.status, answer.body) == (204, b"")
        else:
            read = msgspec.json.decode(answer.body, type=row.answer)
            # Nothing is said beyond the type, and nothing of it is left out.
            assert json.loads(msgspec.json.encode(read)) == answer.json
            assert answer.status in (row.status, 200)
    return answer


@dataclass(frozen=True)
class Own:
    """The door as one caller sees it."""

    server: Server
    authorization: str = basic(ACCOUNT_SID, AUTH_TOKEN)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; `path` begins after `/api`, or is whole. Bytes are sent as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": self.authorization, **(headers or {})}
        whole = path if path.startswith("/api") else f"/api{path}"
        given = raw if body is not None else None
        answer = exchange.exchange(Answer, self.server.port, method, whole, given, sent)
        return held(method, whole, answer)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", f"{path}?{urlencode(query)}" if query else path)
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, path: str, body: Any = None, status: int = 201, **headers: str) -> Any:
        answer = self.call("POST", path, body, headers)
        assert answer.status == status, answer.body
        return answer.json

    def all_of(self, path: str, **query: Any) -> list[Any]:
        """Every item of a list, page after page."""
        page = self.get(path, **query)
        found = page["items"]
        while page["next"]:
            page = self.get(page["next"])
            assert page["items"]
            found += page["items"]
        return found

    def send(self, to: str, **more: Any) -> Any:
        """A message that is accepted."""
        return self.post("/messages", {"from": SENDER, "to": to, "body": "Hi there", **more})

    def write(self, person: str, body: str, to: str = SENDER, **more: Any) -> Any:
        """A person writes to a sender."""
        return self.post("/sandbox/inbound", {"from": person, "to": to, "body": body, **more})

    def suppressions(self, person: str) -> list[Any]:
        return self.all_of("/suppressions", recipient=person)

    def remove(self, person: str) -> Answer:
        return self.call("DELETE", f"/suppressions/{quote(person)}")


@pytest.fixture
def own(server: Server) -> Own:
    return Own(server)


@pytest.fixture
def twilio(server: Server) -> TwilioApi:
    """The same account through another door."""
    return TwilioApi(server)


@pytest.fixture(scope="session")
def other(shared_server: Server) -> Own:
    """A second account on the shared server, by a key of its own."""
    made = json.loads(shared_server.run("accounts", "create", "Other own", "--json").stdout)
    shared_server.run("senders", "add", "+14155550170", "--account", made["sid"])
    return Own(shared_server, basic(made["sid"], made["auth_token"]))
