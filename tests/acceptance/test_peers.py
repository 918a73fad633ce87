"""One Estafette sends through another: two servers, joined by nothing but Twilio's API.

`near` is asked, and has a connection `upstream` to `far`, whose sandbox carries.
"""

import json
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from twilio.rest import Client

from estafette.http import Http
from estafette.model import Accepted, Offer, Unclear
from estafette.providers import Place, make
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.doors.twilio.conftest import NEVER_REACHED, Api, new_number
from tests.patience import PATIENCE
from tests.pictures import showing
from tests.providers.cases import answer, offer
from tests.receiver import receiving

pytestmark = pytest.mark.slow

NEAR_SID = "AC" + "a1" * 16
NEAR_TOKEN = "the token of who asks"
UPSTREAM = "+14155550160"
STRANGER = "+14155550161"  # a sender of the near one that the far one does not have
UNDELIVERED = "+15005530003"


@dataclass(frozen=True)
class Pair:
    """The two, as their accounts see them."""

    near: Api
    far: Api

    def join(self, token: str = AUTH_TOKEN) -> None:
        """Let the near one send through the far one."""
        self.near.server.run("connections", "add", "upstream", "twilio", *self.settings(token))
        add = ("--connection", "upstream", "--max-per-second", "0")
        for address in (UPSTREAM, STRANGER):
            self.near.server.run("senders", "add", address, *add)
        self.far.server.run("senders", "add", UPSTREAM)

    def given(self, token: str) -> dict[str, str]:
        url = self.far.server.url
        return {"base_url": url, "account_sid": ACCOUNT_SID, "auth_token": token}

    def settings(self, token: str) -> tuple[str, ...]:
        return tuple(f"{name}={value}" for name, value in self.given(token).items())

    def send(self, to: str, **more: str) -> str:
        """The SID of a message that the near one accepted."""
        return str(self.near.create(to, **{"From": UPSTREAM, **more})["sid"])

    def ref(self, sid: str) -> str:
        """The far one's SID of a message of the near one."""
        shown = self.near.server.run("messages", "show", sid, "--json").stdout
        return str(json.loads(shown)["ref"])

    def events(self, sid: str, what: str) -> list[dict[str, str]]:
        shown = json.loads(self.near.server.run("messages", "show", sid, "--json").stdout)
        return [event for event in shown["timeline"] if event["what"] == what]


def servers(folder: object) -> Pair:
    of_near = {"ESTAFETTE_ACCOUNT_SID": NEAR_SID, "ESTAFETTE_AUTH_TOKEN": NEAR_TOKEN}
    near = Server(folder / "near", environment=of_near)  # type: ignore[operator]
    far = Server(folder / "far")  # type: ignore[operator]
    return Pair(Api(near, NEAR_SID, NEAR_TOKEN), Api(far))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    found = servers(tmp_path_factory.mktemp("peers"))
    try:
        found.near.server.start()
        found.far.server.start()
        found.join()
        yield found
    finally:
        found.near.server.close()
        found.far.server.close()


@pytest.fixture
def own_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two of one test: it starts them, stops them and kills them."""
    found = servers(tmp_path_factory.mktemp("own-peers"))
    try:
        yield found
    finally:
        found.near.server.close()
        found.far.server.close()


def test_a_message_goes_through_the_other_and_what_becomes_of_it_comes_back(pair: Pair) -> None:
    client = Client(NEAR_SID, NEAR_TOKEN)
    client.api.base_url = pair.near.server.url
    to = new_number()
    with receiving() as receiver:
        made = client.messages.create(
            to=to, from_=UPSTREAM, body="Through two: Ü 👍", status_callback=receiver.url
        )
        receiver.wait(2, made.sid)
        assert receiver.statuses(made.sid) == ["sent", "delivered"]
    assert client.messages(made.sid).fetch().status == "delivered"
    there = pair.far.fetch(pair.ref(made.sid))
    assert (there["to"], there["from"], there["body"]) == (to, UPSTREAM, "Through two: Ü 👍")
    assert there["status"] == "delivered"
    assert len(pair.far.page(To=to)["messages"]) == 1
    assert pair.near.fetch(pair.ref(made.sid))["sid"] == made.sid  # by the other's id, too


def test_what_is_not_delivered_comes_back_with_its_code(pair: Pair) -> None:
    found = pair.near.until(pair.send(UNDELIVERED), "undelivered")
    assert found["error_code"] == 30003
    assert found["error_message"] == "Unreachable destination handset"


def test_what_the_other_refuses_fails_with_its_code_and_text(pair: Pair) -> None:
    made = pair.near.create(new_number(), From=STRANGER)
    found = pair.near.until(made["sid"], "failed")
    assert found["error_code"] == 21606
    assert "is not a valid, SMS-capable" in found["error_message"]
    (attempt,) = pair.events(made["sid"], "attempt")
    assert (attempt["outcome"], attempt["code"]) == ("refused", "21606")


def test_another_account_sends_through_it_too(pair: Pair) -> None:
    run = pair.near.server.run
    made = json.loads(run("accounts", "create", "Another", "--json").stdout)
    other = Api(pair.near.server, made["sid"], made["auth_token"])
    add = ("--account", other.sid, "--connection", "upstream", "--max-per-second", "0")
    run("senders", "add", "+15005550006", *add)
    run("senders", "add", "+15550783881", "--channel", "whatsapp", *add)
    opted_out = other.create("+15005550004", From="+15005550006")
    found = other.until(opted_out["sid"], "failed")
    assert (found["error_code"], found["error_message"]) == (
        21610, "Attempt to send to unsubscribed recipient",
    )  # fmt: skip
    read = other.create("whatsapp:+15005520207", From="whatsapp:+15550783881")
    assert other.until(read["sid"], "read")["to"] == "whatsapp:+15005520207"


def test_media_go_along(pair: Pair) -> None:
    to = new_number()
    with showing() as pictures:
        sid = pair.send(to, MediaUrl=pictures.url(), Body="Look")
        assert pair.near.until(sid, "delivered")["sid"] == sid
    (there,) = pair.far.page(To=to)["messages"]
    assert there["num_media"] == "1"
    assert there["sid"].startswith("MM")


def test_each_of_many_is_there_once(pair: Pair) -> None:
    to = [new_number() for _ in range(60)]
    sids = [pair.send(number, Body=f"one of many {n}") for n, number in enumerate(to)]
    for sid in sids:
        assert pair.near.until(sid, "delivered")["status"] == "delivered"
    there = [m["to"] for m in pair.far.page(PageSize="1000")["messages"] if "of many" in m["body"]]
    assert sorted(there) == sorted(to)


async def test_an_offer_that_is_repeated_is_taken_once(pair: Pair) -> None:
    """As `resend` does with an offer whose answer was lost: what is left of its validity may differ."""
    provider, http = make("twilio", pair.given(AUTH_TOKEN)), Http(allows_private=True)
    await provider.open(Place(Path(), "node", http))
    now = datetime.now(UTC)
    first, again, later = (changed(new_number(), now + timedelta(hours=h)) for h in (1, 1, 2))
    again = msgspec.structs.replace(again, message=first.message)
    later = msgspec.structs.replace(
        first, message=msgspec.structs.replace(first.message, expires_at=later.message.expires_at)
    )
    taken = await answer(provider, first)
    assert isinstance(taken, Accepted)
    for one in (again, later):
        found = await answer(provider, one)
        # The same form is the same message. Another is refused, and says that it was taken.
        is_same = isinstance(found, Accepted) and found.ref == taken.ref
        assert is_same or (isinstance(found, Unclear) and found.code == "20409")
    await http.close()
    assert len(pair.far.page(To=first.message.recipient)["messages"]) == 1


def changed(to: str, expires_at: datetime) -> Offer:
    """An offer from the sender that both have."""
    one = offer(to)
    message = msgspec.structs.replace(one.message, sender=UPSTREAM, expires_at=expires_at)
    return msgspec.structs.replace(one, message=message)


def test_what_was_not_answered_is_repeated_where_that_is_asked_for(own_pair: Pair) -> None:
    """The other one takes it and does not answer; nor can it tell what became of it."""
    with cut_once(own_pair.far.server.port) as port:
        near = own_pair.near.server
        near.environment["ESTAFETTE_PUBLIC_URL"] = "http://127.0.0.1:1"
        near.start()
        own_pair.far.server.start()
        own_pair.join()
        through = [f"base_url=http://127.0.0.1:{port}", *own_pair.settings(AUTH_TOKEN)[1:]]
        policy = ("--on-unclear", "resend", "--receipt-wait", "1")
        near.run("connections", "set", "upstream", *through, *policy)
        time.sleep(2)  # until the carrier knows
        to = new_number()
        sid = own_pair.send(to)
        end = time.monotonic() + PATIENCE
        while len(own_pair.events(sid, "attempt")) < 3:
            assert time.monotonic() < end
            time.sleep(0.2)
        first, second, *_ = own_pair.events(sid, "attempt")
        assert (first["outcome"], second["outcome"]) == ("unclear", "unclear")
        assert second["code"] == "20409"
    assert len(own_pair.far.page(To=to)["messages"]) == 1


@contextmanager
def cut_once(to: int) -> Iterator[int]:
    """A port that leads to another, and loses the first answer."""
    lost: list[bool] = []

    class Between(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", to)) as far:
                back = threading.Thread(target=self.answers, args=(far,), daemon=True)
                back.start()
                while asked := self.request.recv(65536):
                    far.sendall(asked)

        def answers(self, far: socket.socket) -> None:
            with suppress(OSError):
                while said := far.recv(65536):
                    if not lost:
                        lost.append(True)
                        self.request.shutdown(socket.SHUT_RDWR)
                        return
                    self.request.sendall(said)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Between) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_its_validity_is_over_there_too(pair: Pair) -> None:
    to = NEVER_REACHED
    sid = pair.send(to, ValidityPeriod="4")
    found = pair.near.until(sid, "failed")
    assert found["error_code"] == 30036
    assert pair.events(sid, "receipt")[-1]["code"] == "30036"


def test_a_wrong_token_holds_the_messages_until_it_is_right(own_pair: Pair) -> None:
    own_pair.near.server.start()
    own_pair.far.server.start()
    own_pair.join(token="another token")
    sid = own_pair.send(new_number())
    until_listed(own_pair, "parked: Authenticate")
    assert own_pair.near.fetch(sid)["status"] == "queued"
    assert own_pair.events(sid, "attempt")[-1]["outcome"] == "misconfigured"
    assert own_pair.far.newest() is None
    own_pair.near.server.run("connections", "set", "upstream", *own_pair.settings(AUTH_TOKEN))
    assert own_pair.near.until(sid, "delivered")["sid"] == sid
    assert "another token" not in own_pair.near.server.log


def until_listed(pair: Pair, text: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while text not in (shown := pair.near.server.run("connections").stdout):
        assert time.monotonic() < end, shown
        time.sleep(0.2)


def test_nobody_there_is_tried_again_until_somebody_is(own_pair: Pair) -> None:
    own_pair.near.server.start()
    own_pair.far.server.run("migrate")
    own_pair.join()
    sids = [own_pair.send(new_number()) for _ in range(3)]
    end = time.monotonic() + PATIENCE
    while not (tried := own_pair.events(sids[0], "attempt")) or not tried[0]["closed_at"]:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert tried[0]["outcome"] == "unreached"
    own_pair.far.server.start()
    for sid in sids:
        assert own_pair.near.until(sid, "delivered")["sid"] == sid
    assert len(own_pair.far.page()["messages"]) == 3


@pytest.mark.parametrize("killed", ["near", "far"])
def test_a_crash_of_either_loses_nothing_and_sends_nothing_twice(
    own_pair: Pair, killed: str
) -> None:
    """What was taken when one of them dies is told when it is there again."""
    own_pair.far.server.delay = 2.5  # what becomes of them is told once it is there again
    own_pair.near.server.start()
    own_pair.far.server.start()
    own_pair.join()
    to = [new_number() for _ in range(20)]
    sids = [own_pair.send(number) for number in to]
    for sid in sids:
        own_pair.near.until(sid, "sent", "delivered")
    server = getattr(own_pair, killed).server
    server.kill()
    server.start()
    for sid in sids:
        assert own_pair.near.until(sid, "delivered")["sid"] == sid
    assert sorted(m["to"] for m in own_pair.far.page()["messages"]) == sorted(to)


def test_what_was_under_way_when_it_died_is_never_sent_again(own_pair: Pair) -> None:
    """Of offers whose answer was lost nobody knows, until the other tells what became of them."""
    own_pair.near.server.start()
    own_pair.far.server.start()
    own_pair.join()
    sids = {(to := new_number()): own_pair.send(to) for _ in range(60)}
    while len(own_pair.far.page(PageSize="1000")["messages"]) < 10:
        time.sleep(0.01)
    own_pair.near.server.kill()
    own_pair.near.server.start()
    time.sleep(8)  # leases are over, what was open is settled, and callbacks came again
    there = [m["to"] for m in own_pair.far.page(PageSize="1000")["messages"]]
    assert len(there) == len(set(there))
    for to in there:
        assert own_pair.near.until(sids[to], "delivered")["to"] == to
