"""What people do with their telephones, through our own API."""

import base64
import time
import urllib.request

from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import until
from tests.doors.twilio.conftest import new_number
from tests.patience import PATIENCE
from tests.pictures import PNG

OURS = "+15550783881"


def test_a_message_is_read_once_it_was_delivered(own: Own) -> None:
    person = new_number()
    sent = own.send(person, channel="whatsapp", **{"from": OURS})
    until(own, sent["id"], "delivered")
    for _ in range(2):
        read = own.post("/sandbox/read", {"message": f"SM{sent['id']}"}, status=200)
        assert read["status"] == "read"
    heard = own.write(person, "Hi", to=OURS, channel="whatsapp")
    refused = own.call("POST", "/sandbox/read", {"message": heard["id"]})
    assert refused.refusal == (409, "conflict", None)
    assert own.call("POST", "/sandbox/read", {"message": "0a" * 16}).status == 404


def test_nobody_reads_in_the_place_of_a_real_carrier(own: Own) -> None:
    settings = {"base_url": "http://127.0.0.1:9", "account_sid": "AC1", "auth_token": "t"}
    name, address = f"real{new_number()[1:]}", new_number()
    own.post("/connections", {"name": name, "provider": "twilio", "settings": settings})
    own.post("/senders", {"channel": "sms", "address": address, "connection": name})
    sent = own.send(new_number(), **{"from": address})
    assert own.call("POST", "/sandbox/read", {"message": sent["id"]}).status == 409


def test_a_file_is_kept_and_sent(own: Own) -> None:
    asked = {"type": "image/png", "data": base64.b64encode(PNG).decode(), "filename": "a.png"}
    kept = own.post("/sandbox/media", asked)
    assert (kept["type"], kept["size"]) == ("image/png", len(PNG))
    heard = own.write(new_number(), "Look", media=[kept["url"]])
    assert len(heard["media"]) == 1
    limit = time.monotonic() + PATIENCE  # it is fetched as what carriers bring is, and told as that
    while not (url := own.get(f"/messages/{heard['id']}")["media"][0]).startswith("http"):
        assert time.monotonic() < limit
        time.sleep(0.02)
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == PNG
    for media in ("upload:" + "0a" * 16, "upload:", "upload:x y"):
        asked = {"from": new_number(), "to": OURS, "channel": "whatsapp", "media": [media]}
        assert own.call("POST", "/sandbox/inbound", asked).refusal == (400, "bad_request", "media")
    for wrong in ({"type": "text/html"}, {"type": ""}, {"data": ""}, {"data": "%"}, {"data": 1}):
        assert own.call("POST", "/sandbox/media", {**asked, **wrong}).status == 400
