"""SENDMESSAGE over HTTP, through real servers: to a recorded upstream, and to another Estafette."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from tests.actions.upstream import SID, TOKEN, Upstream, refusal, upstream
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, RECIPIENT, SENDER, Server
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api, basic, new_number
from tests.patience import PATIENCE

NEAR_SID = "AC" + "a1" * 16
NEAR_TOKEN = "the token of who asks"
FROM = "+14155550199"


@dataclass(frozen=True)
class Near:
    """A server, whose first account runs steps and looks at what became of them."""

    own: Own

    def step(self, key: str = "", **inputs: str) -> tuple[int, dict[str, str]]:
        """The status and the outputs of a step."""
        said = {"BODY": "Your parcel is here", "TO": RECIPIENT, **inputs}
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        connection = http.client.HTTPConnection("127.0.0.1", self.own.server.port, timeout=PATIENCE)
        try:
            shown = {"Authorization": self.own.authorization, **headers}
            connection.request("POST", "/v1/actions/SENDMESSAGE", json.dumps(said), shown)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def sid(self, **asked: str) -> str:
        status, outputs = self.step(**asked)
        assert (status, outputs["ERROR_CODE"], outputs["ERROR_MESSAGE"]) == (200, "", ""), outputs
        return outputs["MESSAGE_SID"]

    def error(self, **asked: str) -> tuple[str, str]:
        status, outputs = self.step(**asked)
        assert (status, outputs["MESSAGE_SID"]) == (200, ""), outputs
        return outputs["ERROR_CODE"], outputs["ERROR_MESSAGE"]

    def panel(self, **values: str) -> None:
        asked = {"base_url": "", "account_sid": "", "auth_token": "", "from": "", **values}
        answer = self.own.call("PUT", "/settings/messaging", asked)
        assert answer.status == 200, answer.body

    def shown(self, sid: str) -> Any:
        return self.own.get(f"/messages/{sid}")


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Near]:
    environment = {
        "ESTAFETTE_ACCOUNT_SID": NEAR_SID,
        "ESTAFETTE_AUTH_TOKEN": NEAR_TOKEN,
        "ESTAFETTE_ACTION_WAIT": "6",
    }
    server = Server(tmp_path_factory.mktemp("near") / "home", environment=environment)
    try:
        yield Near(Own(server.start(), basic(NEAR_SID, NEAR_TOKEN)))
    finally:
        server.close()


@pytest.fixture
def far() -> Iterator[Upstream]:
    with upstream() as found:
        yield found


def test_a_step_goes_where_the_panel_says(near: Near, far: Upstream) -> None:
    near.panel(base_url=far.url, account_sid=SID, auth_token=TOKEN, **{"from": FROM})
    sid = near.sid()
    assert sid == far.made[0]
    assert (far.last.user, far.last.password) == (SID, TOKEN)
    shown = near.shown(sid)
    assert (shown["ref"], shown["status"], shown["from"]) == (sid, "sent", FROM)
    assert shown["content"]["layers"] == dict.fromkeys(
        ("account_sid", "auth_token", "from"), "panel"
    )
    assert far.tell(far.last, sid, "delivered") == 200
    assert near.shown(sid)["status"] == "delivered"
    assert [event["what"] for event in near.shown(sid)["timeline"]] == [
        "accepted", "attempt", "receipt"
    ]  # fmt: skip
    # The connection and the sender that were made for it are in no list.
    assert [item["name"] for item in near.own.all_of("/connections")] == ["sandbox"]
    assert FROM not in [item["address"] for item in near.own.all_of("/senders")]
    assert TOKEN not in near.own.server.log


def test_what_an_upstream_refuses_is_an_output(near: Near, far: Upstream) -> None:
    near.panel(base_url=far.url, account_sid=SID, auth_token=TOKEN, **{"from": FROM})
    far.says = [refusal(400, 21211, "says the far one")]
    assert near.error() == ("21211", "says the far one")
    far.says = [refusal(401, 20003, "Authenticate, says the far one")]
    assert near.error(key="one") == ("20003", "Authenticate, says the far one")
    assert near.error(key="one") == ("20003", "Authenticate, says the far one")
    status, _ = near.step(key="one", TO="+14155550111")
    assert status == 409
    assert len(far.creates) == 2
    far.says = []
    assert near.sid() == far.made[0]  # the connection that was held goes on


def test_a_service_outside_is_shown_as_one(near: Near, far: Upstream) -> None:
    near.panel(base_url=far.url, account_sid=SID, auth_token=TOKEN)
    sid = near.sid(FROM="MG" + "b" * 32)
    there = Api(near.own.server, NEAR_SID, NEAR_TOKEN).fetch(sid)
    assert (there["from"], there["messaging_service_sid"]) == (None, "MG" + "b" * 32)


def test_the_command_and_python_give_the_same(near: Near, far: Upstream) -> None:
    near.panel(base_url=far.url, account_sid=SID, auth_token=TOKEN, **{"from": FROM})
    said = near.own.server.run("action", "run", "SENDMESSAGE", "BODY=Hi", f"TO={RECIPIENT}")
    assert json.loads(said.stdout)["MESSAGE_SID"] == far.made[0]
    script = (
        "from estafette import actions;"
        f"print(actions.run('SENDMESSAGE', BODY='Hi', TO='{RECIPIENT}').MESSAGE_SID)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env=near.own.server.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.strip() == far.made[1]
    assert [create.form["From"] for create in far.creates] == [FROM, FROM]


def test_nothing_is_sent_after_a_crash(own_server: Server, far: Upstream) -> None:
    """The step was written down, and its server killed before anything was offered."""
    own_server.environment["ESTAFETTE_ACTION_WAIT"] = "3"
    own_server.options = ("--no-carry",)
    waiting = Near(Own(own_server.start()))
    waiting.panel(base_url=far.url, account_sid=SID, auth_token=TOKEN, **{"from": FROM})
    step = threading.Thread(target=lambda: suppressed(waiting), daemon=True)
    step.start()
    while not (found := waiting.own.all_of("/messages")):
        time.sleep(0.05)
    own_server.kill()
    step.join(PATIENCE)
    time.sleep(3)  # longer than somebody would have waited
    own_server.options = ()
    own_server.start()
    end = time.monotonic() + PATIENCE
    while (shown := waiting.shown(found[0]["id"]))["status"] == "queued":
        assert time.monotonic() < end
        time.sleep(0.1)
    assert (shown["status"], shown["error"]["reason"]) == ("failed", "expired")
    assert not far.creates


def suppressed(near: Near) -> None:
    with suppress(OSError, http.client.HTTPException, ValueError):
        near.step()


def test_own_credentials_in_the_body_prove_who_asks(near: Near) -> None:
    near.panel()
    nobody = Near(Own(near.own.server, ""))
    status, _ = nobody.step()
    assert status == 401
    sid = nobody.sid(ACCOUNT_SID=NEAR_SID, AUTH_TOKEN=NEAR_TOKEN)
    assert near.shown(sid)["from"] == SENDER


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    server = Server(tmp_path_factory.mktemp("peer") / "home")
    try:
        yield Api(server.start())
    finally:
        server.close()


def test_through_another_estafette(near: Near, peer: Api) -> None:
    url = peer.server.url
    near.panel(base_url=url, account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, **{"from": SENDER})
    to = new_number()
    sid = near.sid(TO=to, BODY="Through two: Ü 👍")
    assert peer.until(sid, "delivered")["body"] == "Through two: Ü 👍"
    assert Api(near.own.server, NEAR_SID, NEAR_TOKEN).until(sid, "delivered")["to"] == to
    assert near.error(TO="+15005550009", FROM="+15005550006")[0] == "21614"
    assert near.error(FROM="+14155550100")[0] == "21606"
    near.panel(base_url=url, account_sid=ACCOUNT_SID, auth_token="a wrong one", **{"from": SENDER})
    assert near.error()[0] == "20003"
    wrong = {"base_url": url, "account_sid": ACCOUNT_SID, "from": SENDER, "auth_token": NEAR_TOKEN}
    near.panel(**wrong)  # the caller's own
    newest = peer.newest()
    assert near.error() == ("20003", "Authenticate")
    assert peer.newest() == newest
