"""Meta from end to end: what is sent goes to a server that answers as its API does, and what that
tells, signed, comes in.
"""

import hashlib
import hmac
import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Server
from tests.doors.callbell.conftest import bearer
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.whatsapp.conftest import Api
from tests.patience import PATIENCE, until
from tests.pictures import PNG
from tests.providers import meta_hooks as hooks
from tests.providers.meta_stub import TOKEN, Says, Stub, meta, of_code

pytestmark = pytest.mark.slow

AT = "/in/meta/meta"
OURS, PHONE = "+14155550114", hooks.PHONE
APP_SECRET, VERIFY = "a-secret-of-the-app", "a-word-to-verify"
LOST = "+14155550000"  # the answer to who writes to them is lost


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with meta() as found:
        yield found


def joined(
    server: Server, stub: Stub, name: str = "meta", address: str = OURS, **more: str
) -> Server:
    """A server with a connection that speaks to the stub, and a sender on it."""
    settings = {"base_url": stub.url, "token": TOKEN, "app_secret": APP_SECRET}
    settings |= {"verify_token": VERIFY, **more}
    own = Own(server)
    own.post("/connections", {"name": name, "provider": "meta", "settings": settings})
    sender = {"channel": "whatsapp", "address": address, "connection": name}
    made = own.post("/senders", {**sender, "ref": PHONE if name == "meta" else "200000000000016"})
    assert made["max_per_second"] == 80
    return server


@pytest.fixture(scope="module")
def house(stub: Stub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("meta") / "home").start()
    try:
        yield joined(server, stub)
    finally:
        server.close()


@pytest.fixture
def own(house: Server) -> Own:
    return Own(house)


def call(server: Server, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    """One request as it stands: HTTP's status, type and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        return response.status, response.getheader("content-type"), response.read()
    finally:
        connection.close()


def tell(server: Server, said: dict[str, Any], secret: str = APP_SECRET) -> int:
    """What Meta tells, signed; HTTP's status."""
    body = json.dumps(said).encode()
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    status, _, answer = call(server, "POST", AT, body, X_Hub_Signature_256=f"sha256={signed}")
    if status == 200:
        assert answer == b"EVENT_RECEIVED"
    return int(status)


def shown(own: Own, id: str, status: str) -> Any:
    """A message once it has come to a status."""
    return until(lambda: (found := own.get(f"/messages/{id}"))["status"] == status and found)


def sent(own: Own, to: str, body: str = "Hello") -> str:
    asked = {"channel": "whatsapp", "from": OURS, "to": to, "body": body}
    return str(own.post("/messages", asked)["id"])


def became(word: str, message: str, **more: Any) -> dict[str, Any]:
    return hooks.status(word, is_new=True, biz_opaque_callback_data=message, **more)


def test_a_message_goes_out_and_what_becomes_of_it_comes_in(own: Own, stub: Stub) -> None:
    id = sent(own, "+14155550120")
    found = shown(own, id, "sent")
    assert found["ref"].startswith("wamid.")
    assert stub.bodies[-1]["biz_opaque_callback_data"] == id
    assert stub.bodies[-1]["text"] == {"body": "Hello"}
    for word in ("delivered", "read"):
        assert tell(own.server, became(word, id)) == 200
        assert own.get(f"/messages/{id}")["status"] == word
    assert tell(own.server, became("delivered", id)) == 200  # late, and again
    assert own.get(f"/messages/{id}")["status"] == "read"
    by_ref = hooks.status("failed", is_new=True, id=found["ref"], errors=[hooks.error(131026)])
    assert tell(own.server, by_ref) == 200
    assert own.get(f"/messages/{id}")["status"] == "read"


def test_what_fails_later_has_metas_words(own: Own) -> None:
    id = sent(own, "+14155550121")
    ref = shown(own, id, "sent")["ref"]
    told = hooks.status("failed", is_new=False, id=ref, errors=[hooks.error(131047, "Too late")])
    assert tell(own.server, told) == 200
    found = own.get(f"/messages/{id}")
    assert (found["status"], found["error"]["code"]) == ("failed", "131047")
    assert found["error"]["text"] == "Too late: Because."


def test_what_is_refused_at_once_has_them_too(own: Own) -> None:
    found = shown(own, sent(own, of_code(131008)), "failed")
    assert found["error"]["code"] == "131008"
    assert found["error"]["text"] == "(#131008) Required parameter is missing: Because."


def test_an_answer_that_is_lost_is_made_up_for_by_what_is_told(own: Own) -> None:
    id = sent(own, LOST)
    attempt = until(lambda: [e for e in own.get(f"/messages/{id}")["timeline"] if e.get("outcome")])
    assert attempt[0]["outcome"] == "unclear"
    assert own.get(f"/messages/{id}")["status"] == "sending"
    assert tell(own.server, became("sent", id, id="wamid.lost1")) == 200
    found = own.get("/messages/wamid.lost1")  # by Meta's id, which only the status told
    assert (found["id"], found["status"], found["ref"]) == (id, "sent", "wamid.lost1")
    assert tell(own.server, became("delivered", id)) == 200
    assert own.get(f"/messages/{id}")["status"] == "delivered"


def test_nobody_tells_of_what_meta_was_not_offered(own: Own) -> None:
    asked = {"channel": "whatsapp", "from": "+15550783881", "to": "+14155550122", "body": "Hi"}
    id = own.post("/messages", asked)["id"]
    shown(own, id, "delivered")
    assert tell(own.server, became("read", id)) == 200
    assert own.get(f"/messages/{id}")["status"] == "delivered"


def test_what_people_write_comes_in_once(own: Own) -> None:
    for _ in range(2):
        assert tell(own.server, hooks.written("location", is_new=True, id="wamid.in1")) == 200
    found = own.get("/messages", **{"from": f"+{hooks.NUMBER}", "channel": "whatsapp"})["items"]
    (message,) = [one for one in found if one["ref"] == "wamid.in1"]
    assert (message["to"], message["status"]) == (OURS, "received")
    assert message["content"]["location"] == hooks.WRITTEN["location"]["location"]
    assert "window_open_until" in own.get(f"/messages/{message['id']}")


def test_pictures_of_people_are_fetched_with_the_token(own: Own, stub: Stub) -> None:
    assert tell(own.server, hooks.written("image", is_new=True, id="wamid.in2")) == 200
    until(lambda: [one for one in stub.asked if one.path == "/v23.0/501"])
    asked = until(lambda: [one for one in stub.asked if one.path == "/bytes/501"])
    assert asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert asked[0].headers["user-agent"] == "Estafette"


def test_uploads_go_to_meta_once(own: Own, stub: Stub) -> None:
    api = Api(own.server, bearer(own).removeprefix("Bearer "), PHONE)
    form = (
        b'--x\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + PNG + b"\r\n--x--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    id = api.call("POST", f"/v23.0/{PHONE}/media", form, kind).json["id"]
    before = len(stub.uploads)
    for person in ("+14155550123", "+14155550124"):
        made = api.send(person, type="image", image={"id": id, "caption": "Roof"}).wamid
        api.until(made, "sent")
    (upload,) = stub.uploads[before:]
    assert upload.form["file"] == ("image/png", PNG, "a.png")
    assert stub.bodies[-1]["image"] == {"id": f"70000000000{len(stub.uploads)}", "caption": "Roof"}


def test_other_doors_send_through_meta(own: Own, stub: Stub) -> None:
    twilio = TwilioApi(own.server)
    more = {"From": f"whatsapp:{OURS}", "MediaUrl": "http://127.0.0.1:1/roof.png"}
    made = twilio.create("whatsapp:+14155550125", **more)
    twilio.until(made["sid"], "sent")
    assert stub.bodies[-1]["image"]["link"] == "http://127.0.0.1:1/roof.png"


def test_templates_hear_of_their_approval(own: Own) -> None:
    asked = {"name": "roof", "language": "en_US", "channel": "whatsapp", "body": "Hi {{1}}"}
    id = own.post("/templates", {**asked, "status": "pending"})["id"]
    changed = hooks.template("message_template_status_update", event="PAUSED")
    changed["entry"][0]["changes"][0]["value"]["message_template_name"] = "roof"
    assert tell(own.server, changed) == 200
    assert own.get(f"/templates/{id}")["status"] == "paused"


def test_a_wrong_token_parks_the_connection_until_it_is_mended(own: Own, stub: Stub) -> None:
    joined(own.server, stub, "expired", "+14155550115", token="a-wrong-token")
    asked = {"channel": "whatsapp", "from": "+14155550115", "to": "+14155550126", "body": "Hello"}
    id = own.post("/messages", asked)["id"]
    found = until(lambda: (one := own.get("/connections/expired"))["parked_at"] and one)
    assert found["parked_text"] == "Malformed access token …"
    assert found["settings"]["token"] == found["settings"]["app_secret"] == "…"
    shown(own, id, "queued")
    own.call("PATCH", "/connections/expired", {"settings": {"token": TOKEN}})
    shown(own, id, "sent")


def test_who_rests_goes_on(own: Own, stub: Stub) -> None:
    stub.says = Says(400, {"error": {"code": 131056, "message": "(#131056) Pair rate limit hit"}})
    id = sent(own, "+14155550127")
    shown(own, id, "sent")
    outcomes = [one.get("outcome") for one in own.get(f"/messages/{id}")["timeline"]]
    assert [one for one in outcomes if one] == ["throttled", "accepted"]


def test_who_is_believed(own: Own) -> None:
    server = own.server
    asked = f"{AT}?hub.mode=subscribe&hub.challenge=1158&hub.verify_token="
    status, kind, body = call(server, "GET", asked + VERIFY)
    assert (status, body) == (200, b"1158")
    assert kind.startswith("text/plain")
    assert call(server, "GET", f"{asked}another-word")[0] == 403
    assert call(server, "GET", AT)[0] == 403
    said = hooks.written("text", is_new=True, id="wamid.in9")
    assert tell(server, said, "another-secret") == 403
    assert call(server, "POST", AT, json.dumps(said).encode())[0] == 403
    assert not [one for one in own.all_of("/messages") if one["ref"] == "wamid.in9"]
    large = {"object": "whatsapp_business_account", "entry": [], "more": "x" * 2_900_000}
    assert tell(server, large) == 200
    assert tell(server, {**large, "more": "x" * 3_200_000}) == 413
    assert not [word for word in (TOKEN, APP_SECRET, VERIFY, "another-word") if word in server.log]


def test_it_is_added_by_a_command_that_asks_for_what_is_secret(own: Own, stub: Stub) -> None:
    run = own.server.run
    run("connections", "add", "second", "meta", f"base_url={stub.url}", f"token={TOKEN}")
    found = own.get("/connections/second")
    assert found["settings"] == {"base_url": stub.url, "token": "…"}
    assert "v22.0" not in json.dumps(found)
    changed = own.call("PATCH", "/connections/second", {"settings": {"version": "v22.0"}}).json
    assert changed["settings"]["version"] == "v22.0"
    wrong = own.call("PATCH", "/connections/second", {"settings": {"version": "22"}})
    assert wrong.status == 400
    assert call(own.server, "GET", "/in/meta/second?hub.mode=subscribe&hub.verify_token=")[0] == 403


def test_a_crash_before_the_answer_is_made_up_for_by_what_is_told(own: Own, stub: Stub) -> None:
    server = own.server
    before = len(stub.asked)
    stub.hold.clear()
    try:
        id = sent(own, "+14155550128")
        until(lambda: len(stub.asked) > before)
        server.kill()
    finally:
        stub.hold.set()
    server.start()
    assert own.get(f"/messages/{id}")["status"] == "sending"
    assert tell(server, became("delivered", id)) == 200
    assert own.get(f"/messages/{id}")["status"] == "delivered"
    assert len([one for one in stub.bodies if one.get("to") == "+14155550128"]) == 1
