"""One Estafette sends WhatsApp through another, which is Meta to it: joined by the Cloud API alone.

`near` has a connection to `far`, whose sandbox carries; `far` tells it by its webhooks.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from estafette.http import Http
from estafette.model import Channel
from estafette.providers import Place, make
from tests.conftest import AUTH_TOKEN, Server
from tests.doors.callbell.conftest import bearer
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.twilio.conftest import basic
from tests.doors.whatsapp.conftest import Api
from tests.patience import PATIENCE
from tests.pictures import PNG, showing
from tests.providers.cases import offer

pytestmark = pytest.mark.slow

NEAR_SID, NEAR_TOKEN = "AC" + "a1" * 16, "the token of who asks"
OURS = "+14155550116"
THERE, PHONE = "+14155550117", "200000000000017"  # the number and its id on the far one
VERIFY = "a-word-to-verify"


@dataclass(frozen=True)
class Pair:
    """The two, as their accounts see them."""

    near: Api  # through the Cloud API
    own: Own  # the same through our own
    far: Own
    settings: dict[str, str]  # by which the near one asks the far one

    def until(self, id: str, *statuses: str) -> Any:
        return self.near.until(id, *statuses)

    def heard(self, seconds: float = PATIENCE, **by: Any) -> list[Any]:
        """What people wrote, as the near one knows it, once there is some."""
        end = time.monotonic() + seconds
        while not (found := self.own.get("/messages", **by)["items"]):
            assert time.monotonic() < end
            time.sleep(0.02)
        return list(found)


def joined(near: Server, far: Server) -> Pair:
    """Let the near one send through the far one, and the far one tell what becomes of it."""
    of_near = Own(near, basic(NEAR_SID, NEAR_TOKEN))
    of_far = Own(far)
    token = bearer(of_far).removeprefix("Bearer ")
    settings = {
        "base_url": far.url, "token": token, "app_secret": AUTH_TOKEN, "verify_token": VERIFY,
    }  # fmt: skip
    number = {"channel": "whatsapp", "address": THERE, "connection": "sandbox", "ref": PHONE}
    of_far.post("/senders", number)
    of_near.post("/connections", {"name": "far", "provider": "meta", "settings": settings})
    sender = {"channel": "whatsapp", "address": OURS, "connection": "far", "ref": PHONE}
    of_near.post("/senders", sender)
    told = {"override_callback_uri": f"{near.url}/in/meta/far", "verify_token": VERIFY}
    said = Api(far, token).post(f"/{PHONE}", {"webhook_configuration": told})
    assert said.status == 200, said.body
    key = bearer(of_near).removeprefix("Bearer ")
    return Pair(Api(near, key, PHONE), of_near, of_far, settings)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("peers")
    named = {"ESTAFETTE_ACCOUNT_SID": NEAR_SID, "ESTAFETTE_AUTH_TOKEN": NEAR_TOKEN}
    near, far = Server(folder / "near", environment=named), Server(folder / "far")
    try:
        near.start()
        far.start()
        yield joined(near, far)
    finally:
        near.close()
        far.close()


def sent(pair: Pair, to: str, body: str = "Hello", **more: Any) -> str:
    asked = {"channel": "whatsapp", "from": OURS, "to": to, "body": body, **more}
    return str(pair.own.post("/messages", asked)["id"])


def test_a_message_goes_through_the_other_and_what_becomes_of_it_comes_back(pair: Pair) -> None:
    found = pair.until(sent(pair, "+14155550130", "Through two: Ü 👍"), "read", "delivered")
    there = pair.far.get(f"/messages/{found['ref']}")
    assert (there["to"], there["from"], there["body"]) == (
        "+14155550130", THERE, "Through two: Ü 👍",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("to", "code"),
    [("+16500131026", "131026"), ("+16502131047", "131047"), ("+16501132000", "132000")],
)
def test_what_fails_there_fails_here_with_the_same_code(pair: Pair, to: str, code: str) -> None:
    found = pair.until(sent(pair, to), "failed", "undelivered")
    assert found["error"]["code"] == code


def test_a_rate_limit_there_is_waited_out_here(pair: Pair) -> None:
    id = sent(pair, "+16501131056")
    end = time.monotonic() + PATIENCE
    while True:
        outcomes = [one.get("outcome") for one in pair.own.get(f"/messages/{id}")["timeline"]]
        if outcomes.count("throttled") > 1:
            break
        assert time.monotonic() < end
        time.sleep(0.05)
    assert pair.own.get(f"/messages/{id}")["status"] in ("queued", "sending")


def test_every_kind_goes_through(pair: Pair) -> None:
    said: list[dict[str, Any]] = [
        {"type": "text", "text": {"body": "See https://shop.example", "preview_url": True}},
        {"type": "location", "location": {"latitude": 45.5, "longitude": -73.6, "name": "Here"}},
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "Bea", "first_name": "B"}}]},
        {"type": "interactive", "interactive": {
            "type": "button",
            "body": {"text": "Well?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
        }},
    ]  # fmt: skip
    made = [pair.near.send("+14155550131", **one).wamid for one in said]
    for one, id in zip(said, made, strict=True):
        there = pair.far.get(f"/messages/{pair.until(id, 'read', 'delivered')['ref']}")
        if one["type"] != "text":
            assert there["content"][one["type"]] == one[one["type"]]
    reaction = {"message_id": made[0], "emoji": "🙂"}
    id = pair.near.send("+14155550131", type="reaction", reaction=reaction).wamid
    there = pair.far.get(f"/messages/{pair.until(id, 'sent', 'read', 'delivered')['ref']}")
    about = pair.far.get(f"/messages/{there['content']['reaction']['message_id']}")
    assert about["body"] == "See https://shop.example"


def test_an_upload_goes_through(pair: Pair) -> None:
    form = (
        b'--x\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + PNG + b"\r\n--x--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    file = pair.near.call("POST", f"/v23.0/{PHONE}/media", form, kind).json["id"]
    made = pair.near.send("+14155550132", type="image", image={"id": file, "caption": "Roof"}).wamid
    there = pair.far.get(f"/messages/{pair.until(made, 'read', 'delivered')['ref']}")
    assert there["content"]["image"]["caption"] == "Roof"
    assert there["content"]["image"]["id"] != file


def test_what_people_write_there_comes_here(pair: Pair) -> None:
    asked = {"channel": "whatsapp", "from": "+14155550133", "to": THERE, "name": "Bea"}
    pair.far.post("/sandbox/inbound", {**asked, "body": "Are you open?"})
    (found,) = pair.heard(**{"from": "+14155550133"})
    assert (found["body"], found["to"], found["status"]) == ("Are you open?", OURS, "received")
    place = {"latitude": 1.5, "longitude": 2.5}
    person = {**asked, "from": "+14155550134"}
    pair.far.post("/sandbox/inbound", {**person, "type": "location", "location": place})
    (found,) = pair.heard(**{"from": "+14155550134"})
    assert found["content"]["location"] == place


def test_no_token_is_in_a_log(pair: Pair) -> None:
    for server in (pair.own.server, pair.far.server):
        assert AUTH_TOKEN not in server.log
        assert pair.near.token not in server.log
        assert VERIFY not in server.log


def test_pictures_that_people_send_there_are_here_too(pair: Pair) -> None:
    with showing() as pictures:
        asked = {"channel": "whatsapp", "from": "+14155550135", "to": THERE, "type": "image"}
        url = pictures.url(type="image/png", size=2000)
        pair.far.post("/sandbox/inbound", {**asked, "media": [url], "body": "Roof"})
        (found,) = pair.heard(**{"from": "+14155550135"})
        here = TwilioApi(pair.own.server, NEAR_SID, NEAR_TOKEN)
        end = time.monotonic() + PATIENCE
        while not (listed := here.get(f"/Messages/MM{found['id']}/Media.json")["media_list"]):
            assert time.monotonic() < end
            time.sleep(0.02)
    assert found["body"] == "Roof"
    assert listed[0]["content_type"] == "image/png"
    item = pair.near.get(f"/{int(listed[0]['sid'][2:], 16)}")
    assert item["file_size"] == 2000


def test_what_is_read_here_is_read_there(pair: Pair) -> None:
    asked = {"channel": "whatsapp", "from": "+14155550136", "to": THERE, "body": "Hello?"}
    pair.far.post("/sandbox/inbound", asked)
    (found,) = pair.heard(**{"from": "+14155550136"})
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": found["id"]}
    said = pair.near.post(f"/{PHONE}/messages", {**body, "typing_indicator": {"type": "text"}})
    assert said.json == {"success": True}


async def test_what_is_offered_again_is_taken_once(pair: Pair, tmp_path: Path) -> None:
    """So that a lost answer may be followed by another offer, where the connection is set to that."""
    provider, http = make("meta", pair.settings), Http(allows_private=True)
    await provider.open(Place(tmp_path, "node-1", http))
    try:
        one = offer("+14155550137", body="Twice")
        message = replace(one.message, channel=Channel.WHATSAPP)
        one = replace(one, message=message, sender_ref=PHONE)
        first, second = await provider.send(one), await provider.send(one)
    finally:
        await http.close()
    assert first.ref == second.ref
    assert len(pair.far.get("/messages", to="+14155550137")["items"]) == 1
