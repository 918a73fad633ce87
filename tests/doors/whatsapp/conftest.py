"""What the tests of this door share: one server for each module, JSON over plain HTTP with a bearer
key, errors held against Meta's shape, and pywa pointed here as its users would.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from pywa import WhatsApp

from tests.conftest import Server
from tests.doors import exchange
from tests.doors.callbell.conftest import account_of, bearer
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.patience import PATIENCE

PHONE = "106540352242922"  # the phone number id of a fresh home
SENDER = "+15550783881"  # the number that goes with it
WABA = "102290129340398"  # the business account of a fresh home's account
VERSION = "/v23.0"

_ERROR = {
    "message": str,
    "type": str,
    "code": int,
    "error_subcode": int,
    "error_data": dict,
    "error_user_title": str,
    "error_user_msg": str,
    "is_transient": bool,
    "fbtrace_id": str,
}


class Answer(exchange.Answer):
    @property
    def error(self) -> dict[str, Any]:
        """The error, once the whole has the shape of one."""
        said = self.json
        # Where people could not be blocked, it is said beside the error who they are.
        assert [name for name in said if name not in ("messaging_product", "block_users")] == [
            "error"
        ]
        error: dict[str, Any] = said["error"]
        assert {"message", "type", "code", "fbtrace_id"} <= set(error)
        assert all(isinstance(value, _ERROR[name]) for name, value in error.items()), error
        assert error["message"]
        assert error["fbtrace_id"] == self.headers["x-fb-trace-id"]
        return error

    @property
    def refusal(self) -> tuple[int, int]:
        """HTTP's status and Meta's code."""
        return self.status, self.error["code"]

    @property
    def details(self) -> str:
        """What is said of an error beside its title."""
        return str(self.error["error_data"]["details"])

    @property
    def wamid(self) -> str:
        """The id of the one message that this answer to a send is about."""
        assert self.status == 200, self.body
        (message,) = self.json["messages"]
        return str(message["id"])


@dataclass(frozen=True)
class Api:
    """The door as one caller sees it."""

    server: Server
    token: str  # SK….secret
    phone: str = PHONE

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; `path` is whole. Bytes are sent as they are, an iterable of them in chunks."""
        is_raw = body is None or isinstance(body, bytes) or hasattr(body, "__next__")
        raw = body if is_raw else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent |= headers or {}
        answer = exchange.exchange(Answer, self.server.port, method, path, raw, sent)
        if answer.status >= 400 and method != "HEAD":
            assert answer.error
        return answer

    def get(self, path: str, **query: Any) -> Any:
        """What is answered to a question that is taken; `path` begins after the version."""
        answer = self.call("GET", f"{VERSION}{path}" + (f"?{urlencode(query)}" if query else ""))
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """A request as it stands; `path` begins after the version."""
        return self.call("POST", f"{VERSION}{path}", body, headers)

    def delete(self, path: str, body: Any = None) -> Answer:
        """The same."""
        return self.call("DELETE", f"{VERSION}{path}", body)

    def send(self, to: str = "", **more: Any) -> Answer:
        """A message, a text where nothing else is said: `send(to, type="image", image={…})`."""
        usual: dict[str, Any] = {"messaging_product": "whatsapp"}
        usual |= {"to": to} if to else {}
        usual |= {} if "type" in more or "text" in more else {"text": {"body": "Hello"}}
        return self.post(f"/{self.phone}/messages", {**usual, **more})

    def until(self, id: str, *statuses: str, seconds: float = PATIENCE) -> Any:
        """A message as our own API shows it, once it has come to one of these."""
        own = Own(self.server, f"Bearer {self.token}")
        end = time.monotonic() + seconds
        while (found := own.get(f"/messages/{id}"))["status"] not in statuses:
            assert time.monotonic() < end, found
            time.sleep(0.02)
        return found


class ToGateway(httpx.HTTPTransport):
    """Sends here what is meant for Meta; no connection is kept, so that none has to be closed."""

    def __init__(self, base: str) -> None:
        super().__init__(limits=httpx.Limits(max_keepalive_connections=0))
        self._base = urlsplit(base)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "graph.facebook.com":
            scheme, host, port = self._base.scheme, self._base.hostname, self._base.port
            request.url = request.url.copy_with(scheme=scheme, host=host, port=port)
            request.headers["Host"] = self._base.netloc
        return super().handle_request(request)


def pywa_of(server: Server, token: str, /, **more: Any) -> WhatsApp:
    """A client of pywa's, pointed at a server; `more` are arguments of its own."""
    session = httpx.Client(transport=ToGateway(server.url), timeout=30)
    usual = {"phone_id": PHONE, "token": token, "session": session}
    return WhatsApp(**{**usual, **more})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own, on a fresh home."""
    server = Server(tmp_path_factory.mktemp("whatsapp") / "home").start()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    """A key of the first account, as one text: `SK….secret`."""
    return bearer(Own(server)).removeprefix("Bearer ")


@pytest.fixture
def api(server: Server, token: str) -> Api:
    return Api(server, token)


@pytest.fixture
def own(server: Server) -> Own:
    """The same account through our own API."""
    return Own(server)


@pytest.fixture
def twilio(server: Server) -> TwilioApi:
    """The same account through another door."""
    return TwilioApi(server)


@pytest.fixture
def pywa_client(server: Server, token: str) -> Iterator[WhatsApp]:
    """pywa, pointed here."""
    client = pywa_of(server, token)
    yield client
    client.api._session.close()


@pytest.fixture(scope="module")
def other_own(server: Server) -> Own:
    """A second account with a WhatsApp sender on the same server, through our own API."""
    return account_of(server, "Other whatsapp", "+14155550172")


@pytest.fixture(scope="module")
def other(other_own: Own) -> Api:
    """The same through this door."""
    (sender,) = other_own.all_of("/senders")
    token = bearer(other_own).removeprefix("Bearer ")
    return Api(other_own.server, token, sender["ref"])
