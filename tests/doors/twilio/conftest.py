"""What the tests of this door share: plain HTTP to it, numbers of their own, a second account."""

import base64
import itertools
import json
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors import exchange
from tests.patience import PATIENCE

OTHER_SENDER = "+14155550100"
#: No carrier is ever reached for it: such a message waits until it is called back.
NEVER_REACHED = "+15005520599"

Form = Mapping[str, str] | Iterable[tuple[str, str]]


_numbers = itertools.count(random.SystemRandom().randrange(8_000))


def new_number() -> str:
    """A number that no other test writes to."""
    return f"+1415555{1000 + next(_numbers) % 9_000}"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Answer(exchange.Answer):
    @property
    def refusal(self) -> tuple[int, int, str]:
        """Status, code and text, once the whole has the shape of an error."""
        said = self.json
        keys = [key for key in said if key != "detail" or self.status == 401]
        assert keys == ["code", *keys[1:-3], "message", "more_info", "status"]
        assert said["status"] == self.status
        assert isinstance(said["code"], int)
        assert said["more_info"] == f"https://www.twilio.com/docs/errors/{said['code']}"
        assert said["message"]
        return self.status, said["code"], said["message"]


@dataclass(frozen=True)
class Api:
    """The door as one caller sees it, over plain HTTP."""

    server: Server
    sid: str = ACCOUNT_SID
    token: str = AUTH_TOKEN

    def path(self, tail: str) -> str:
        return f"/2010-04-01/Accounts/{self.sid}{tail}"

    def call(
        self,
        method: str,
        path: str,
        form: Form | bytes = b"",
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Answer:
        """One request; `path` is whole, or begins after the account."""
        body = form if isinstance(form, bytes) else urlencode(list(_pairs(form))).encode()
        sent = {"Authorization": basic(self.sid, self.token), **(headers or {})}
        if body:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        is_whole = path.startswith(("/2010", "/v1", "/messaging", "/content"))
        whole = path if is_whole else self.path(path)
        return exchange.exchange(Answer, self.server.port, method, whole, body or None, sent)

    def post(self, form: Form | bytes, **headers: str) -> Answer:
        """A create, as it stands."""
        return self.call("POST", "/Messages.json", form, headers)

    def create(self, to: str, **more: str) -> dict[str, Any]:
        """A message that is accepted."""
        answer = self.post({"To": to, "From": SENDER, "Body": "Hi there", **more})
        assert answer.status == 201, answer.body
        return answer.json

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status == 200, answer.body
        return answer.json

    def fetch(self, sid: str) -> dict[str, Any]:
        return self.get(f"/Messages/{sid}.json")

    def page(self, **query: str) -> dict[str, Any]:
        return self.get(f"/Messages.json?{urlencode(query)}")

    def until(self, sid: str, *statuses: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The message once it has come to one of these statuses."""
        end = time.monotonic() + seconds
        while (found := self.fetch(sid))["status"] not in statuses:
            assert time.monotonic() < end, found
            time.sleep(0.02)
        return found

    def delivered(self, to: str, **more: str) -> dict[str, Any]:
        """A message that has arrived."""
        return self.until(self.create(to, **more)["sid"], "delivered")

    def cancel(self, sid: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """Call a message back that is offered now and then: between two offers it can be."""
        end = time.monotonic() + seconds
        while (answer := self.call("POST", f"/Messages/{sid}.json", {"Status": "canceled"})).status:
            if answer.status == 200:
                return answer.json
            assert answer.refusal[:2] == (409, 30409)
            assert time.monotonic() < end
            time.sleep(0.02)
        raise AssertionError

    def newest(self) -> str | None:
        """The SID of the account's newest message: the same one means that nothing was stored."""
        found = self.page(PageSize="1")["messages"]
        return found[0]["sid"] if found else None


def _pairs(form: Form) -> Iterable[tuple[str, str]]:
    return form.items() if isinstance(form, Mapping) else form


@pytest.fixture
def api(server: Server) -> Api:
    return Api(server)


@pytest.fixture(scope="session")
def other_account(shared_server: Server) -> Api:
    """A second account on the shared server, with a sender of its own."""
    made = json.loads(shared_server.run("accounts", "create", "Another", "--json").stdout)
    shared_server.run("senders", "add", OTHER_SENDER, "--account", made["sid"])
    return Api(shared_server, made["sid"], made["auth_token"])


@pytest.fixture(scope="session")
def key(shared_server: Server) -> tuple[str, str]:
    """The SID and the secret of a key of the first account."""
    answer = Api(shared_server).call("POST", "/Keys.json", {"FriendlyName": "for tests"})
    assert answer.status == 201, answer.body
    return answer.json["sid"], answer.json["secret"]
