"""What the tests of this door share: JSON over plain HTTP with a bearer key, errors held against
their shape.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import Server
from tests.doors import exchange
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.twilio.conftest import basic
from tests.patience import PATIENCE

WHATSAPP_SENDER = "+15550783881"


class Answer(exchange.Answer):
    @property
    def refusal(self) -> tuple[int, Any]:
        """Status and error, once the whole has the shape of one; see `code` for the third part."""
        said = self.json
        assert list(said) in (["error"], ["error", "code"])
        error = said["error"]
        if isinstance(error, dict):
            assert error
            for texts in error.values():
                assert texts
                assert all(isinstance(text, str) and text for text in texts)
        else:
            assert isinstance(error, str)
            assert error
        return self.status, error

    @property
    def code(self) -> str:
        """The word for programs that came with an error."""
        assert self.refusal
        return str(self.json["code"])


@dataclass(frozen=True)
class Api:
    """The door as one caller sees it."""

    server: Server
    authorization: str

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; `path` begins after `/v1`. Bytes are sent as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": self.authorization, "Content-Type": "application/json"}
        sent |= headers or {}
        whole = raw if body is not None else None
        answer = exchange.exchange(Answer, self.server.port, method, f"/v1{path}", whole, sent)
        if answer.status >= 400 and method != "HEAD":
            assert answer.refusal
        return answer

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", f"{path}?{urlencode(query)}" if query else path)
        assert answer.status == 200, answer.body
        return answer.json

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What is answered to a request that succeeds."""
        answer = self.call(method, path, body)
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, body: Any, **headers: str) -> Answer:
        """A send, as it stands."""
        return self.call("POST", "/messages/send", body, headers)

    def send(self, to: str, **more: Any) -> dict[str, Any]:
        """A message that is accepted; its `message` part."""
        usual = {"from": "whatsapp", "type": "text", "content": {"text": "Hello!"}}
        answer = self.post({"to": to, **usual, **more})
        assert answer.status == 200, answer.body
        assert list(answer.json) == ["message"]
        found: dict[str, Any] = answer.json["message"]
        return found

    def status(self, uuid: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/messages/status/{uuid}")["message"]
        return found

    def until(self, uuid: str, *statuses: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The status call's message once it has come to one of these."""
        end = time.monotonic() + seconds
        while (found := self.status(uuid))["status"] not in statuses:
            assert time.monotonic() < end, found
            time.sleep(0.02)
        return found


def bearer(own: Own) -> str:
    """What to show as Authorization: a new key of that account."""
    return f"Bearer {own.post('/keys', {'label': 'for tests'})['bearer']}"


def account_of(server: Server, name: str, whatsapp: str) -> Own:
    """Another account with a WhatsApp sender of its own, through our own API."""
    made = json.loads(server.run("accounts", "create", name, "--json").stdout)
    own = Own(server, basic(made["sid"], made["auth_token"]))
    sender = {"channel": "whatsapp", "address": whatsapp, "connection": "sandbox", "main": True}
    own.post("/senders", sender)
    return own


@pytest.fixture(scope="session")
def key(shared_server: Server) -> str:
    """What to show as Authorization for the first account."""
    return bearer(Own(shared_server))


@pytest.fixture
def api(server: Server, key: str) -> Api:
    return Api(server, key)


@pytest.fixture
def own(server: Server) -> Own:
    """The same account through our own API."""
    return Own(server)


@pytest.fixture
def twilio(server: Server) -> TwilioApi:
    """The same account through another door."""
    return TwilioApi(server)


@pytest.fixture(scope="session")
def other_own(shared_server: Server) -> Own:
    """A second account on the shared server, through our own API."""
    return account_of(shared_server, "Other callbell", "+14155550171")


@pytest.fixture(scope="session")
def other(other_own: Own) -> Api:
    """The same through this door."""
    return Api(other_own.server, bearer(other_own))
