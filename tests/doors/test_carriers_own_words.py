"""What a carrier declines with a code of its own, through every door: never a 5xx, and
always with the code or what it stands for there.
"""

import json

import pytest

from tests.conftest import Server
from tests.doors.actions.conftest import RUN, Caller
from tests.doors.callbell.conftest import Api as Callbell
from tests.doors.callbell.conftest import bearer
from tests.doors.connectors.conftest import Plain
from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import until
from tests.doors.twilio.conftest import Api as Twilio

OURS = "+15550783881"

#: Meta's code, and how it is answered by Twilio's API, by the Callbell-style one and by our own.
CODES: dict[str, tuple[tuple[int, int], int, tuple[int, str]]] = {
    "131047": ((400, 63016), 422, (400, "outside_window")),
    "130429": ((429, 21611), 429, (429, "queue_full")),
    "131056": ((429, 21611), 429, (429, "queue_full")),
    "131000": ((400, 20001), 422, (400, "other")),
    "131016": ((400, 20001), 422, (400, "other")),
    "000002": ((400, 20001), 422, (400, "other")),
    "000190": ((400, 20001), 422, (400, "other")),
    "131026": ((400, 20001), 422, (400, "unreachable")),
    "131009": ((400, 21618), 400, (400, "bad_body")),
    "131050": ((400, 21610), 422, (400, "opted_out")),
    "131053": ((400, 21620), 400, (400, "bad_media")),
    "133010": ((400, 21212), 422, (400, "bad_sender")),
}


@pytest.fixture(scope="module")
def callbell(shared_server: Server) -> Callbell:
    return Callbell(shared_server, bearer(Own(shared_server)))


@pytest.mark.parametrize("code", CODES)
def test_every_door_answers_in_its_own_words(server: Server, callbell: Callbell, code: str) -> None:
    to = f"+16501{code}"
    twilio, blamed, ours = CODES[code]

    answer = Twilio(server).post({"To": f"whatsapp:{to}", "From": f"whatsapp:{OURS}", "Body": "a"})
    assert (answer.status, answer.json["code"]) == twilio
    if twilio[1] == 20001:
        assert f"({int(code)})" in answer.json["message"]

    said = callbell.post({"to": to, "from": "whatsapp", "type": "text", "content": {"text": "a"}})
    assert said.status == blamed
    assert f"({int(code)})" in said.body.decode()

    told = Own(server).call(
        "POST", "/messages", {"channel": "whatsapp", "from": OURS, "to": to, "body": "a"}
    )
    assert told.refusal[:2] == ours
    assert f"({int(code)})" in told.json["error"]["message"]

    inputs = {"TO": to, "FROM": f"whatsapp:{OURS}", "BODY": "a"}
    ran = Caller(server).call("POST", RUN, json.dumps(inputs), content_type="application/json")
    assert ran.status < 500
    assert ran.members["ERROR_CODE"] == str(twilio[1])


def test_the_connector_says_it_too(server: Server) -> None:
    asked = {"to": "whatsapp:+16501131042", "from": f"whatsapp:{OURS}", "body": "a"}
    answer = Plain(server).call("POST", "/Messages.json", asked)
    assert answer.code == (400, 20001)
    assert "(131042)" in answer.json["message"]


def test_what_is_told_later_is_kept_as_it_was_told(server: Server, callbell: Callbell) -> None:
    own, twilio = Own(server), Twilio(server)
    to = "+16500131047"
    sent = callbell.send(to)
    found = until(own, sent["uuid"], "failed")
    told = {"reason": "outside_window", "code": "131047", "text": "Re-engagement message"}
    assert found["error"] == told
    assert twilio.fetch(f"SM{sent['uuid'].replace('-', '')}")["error_code"] == 63016
    assert "131047" in str(callbell.status(sent["uuid"]))
