"""Whether a carrier takes the settings of a connection, through `/api`: another Estafette is the carrier."""

from typing import Any

import pytest

from tests.carrier import carrying
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN
from tests.doors.callbell.conftest import bearer
from tests.doors.own.conftest import Own

NOT_THERE = "http://127.0.0.1:9"


def through(own: Own, **more: Any) -> dict[str, Any]:
    """Settings by which a server asks itself as Twilio."""
    known = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "base_url": own.server.url}
    return {**known, **more}


def tried(own: Own, path: str, **settings: Any) -> Any:
    return own.post(f"{path}/test", {"settings": settings}, 200)


def test_providers_say_what_they_want(own: Own) -> None:
    found = {item["name"]: item for item in own.get("/providers")["items"]}
    assert set(found) == {"meta", "sandbox", "twilio"}
    settings = {one["name"]: one for one in found["twilio"]["settings"]}
    assert (settings["auth_token"]["type"], settings["auth_token"]["needed"]) == ("secret", True)
    assert settings["base_url"]["default"] == "https://api.twilio.com"
    assert found["meta"]["channels"] == ["whatsapp"]


def test_settings_are_tried_before_they_are_kept(own: Own) -> None:
    before = own.all_of("/connections")
    found = tried(own, "/providers/twilio", **through(own))
    assert found["ok"] is True
    assert {"name": "account", "text": ACCOUNT_SID} in found["facts"]
    wrong = tried(own, "/providers/twilio", **through(own, auth_token="another word"))
    assert (wrong["ok"], wrong["outcome"], wrong["code"]) == (False, "misconfigured", "20003")
    gone = tried(own, "/providers/twilio", **through(own, base_url=NOT_THERE))
    assert (gone["ok"], gone["outcome"]) == (False, "unreached")
    short = tried(own, "/providers/twilio", account_sid=ACCOUNT_SID)
    assert (short["outcome"], short["message"]) == ("misconfigured", "twilio needs auth_token")
    assert own.all_of("/connections") == before


def test_the_other_doors_are_carriers_too(own: Own) -> None:
    token = bearer(own).removeprefix("Bearer ")
    known = {"token": token, "base_url": own.server.url}
    assert tried(own, "/providers/meta", **known)["ok"] is True
    (waba,) = {
        item["id"] for item in [{"id": own.get("/senders", channel="whatsapp")["items"][0]["ref"]}]
    }
    assert tried(own, "/providers/meta", **known, waba_id=waba)["outcome"] == "refused"
    wrong = tried(own, "/providers/meta", **{**known, "token": "SK.wrong-word"})
    assert (wrong["ok"], wrong["outcome"]) == (False, "misconfigured")
    assert "wrong-word" not in wrong["message"]
    key, _, secret = token.partition(".")
    as_key = through(own, key_sid=key, key_secret=secret)
    assert tried(own, "/providers/twilio", **as_key)["ok"] is True


def test_a_connection_is_tried_as_it_is_and_as_it_might_be(own: Own) -> None:
    asked = {"name": "tried", "provider": "twilio", "settings": through(own)}
    own.post("/connections", asked)
    assert own.post("/connections/tried/test", None, 200)["ok"] is True
    assert tried(own, "/connections/tried", auth_token="another word")["ok"] is False
    assert tried(own, "/connections/tried", auth_token="…")["ok"] is True
    assert own.post("/connections/tried/test", None, 200)["ok"] is True
    assert own.call("DELETE", "/connections/tried").status == 204


def test_secrets_that_are_kept_are_shown_to_nobody_else(own: Own) -> None:
    asked = {"name": "kept", "provider": "twilio", "settings": through(own)}
    own.post("/connections", asked)
    with carrying() as elsewhere:
        body = {"settings": {"base_url": elsewhere.url}}
        answer = own.call("POST", "/connections/kept/test", body)
        assert answer.refusal == (400, "bad_request", "auth_token")
        assert elsewhere.asked == []
        again = {"settings": {"base_url": elsewhere.url, "auth_token": "told again"}}
        assert own.call("POST", "/connections/kept/test", again).json["outcome"] == "unclear"
        assert len(elsewhere.asked) == 1
    assert own.call("DELETE", "/connections/kept").status == 204


def test_what_a_carrier_repeats_of_a_secret_is_struck_out(own: Own) -> None:
    with carrying() as carrier:
        carrier.says(401, {"code": 20003, "message": "no token hidden-word here"})
        settings = through(own, base_url=carrier.url, auth_token="hidden-word")
        found = tried(own, "/providers/twilio", **settings)
    assert found["message"] == "no token … here"
    assert "hidden-word" not in own.server.log


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        ("/providers/nobody/test", {}, (404, "not_found", None)),
        ("/connections/nobody/test", {}, (404, "not_found", None)),
        ("/providers/twilio/test", {"colour": 1}, (400, "bad_request", "colour")),
        ("/providers/twilio/test", {"settings": []}, (400, "bad_request", "settings")),
    ],
)
def test_what_cannot_be_tried(own: Own, path: str, body: Any, refusal: Any) -> None:
    assert own.call("POST", path, body).refusal == refusal


def test_settings_of_wrong_types_are_misconfigured(own: Own) -> None:
    for odd in ({"delay": "soon"}, {"delay": [1]}, {"token": 7}, {"nope": 1}, {"token": "\ud800"}):
        answer = own.call("POST", "/providers/sandbox/test", {"settings": odd})
        assert answer.status in (200, 400)
        assert answer.status == 400 or answer.json["outcome"] == "misconfigured"


def test_other_accounts_try_nothing(other: Own) -> None:
    for path in ("/connections/sandbox/test", "/providers/sandbox/test"):
        assert other.call("POST", path, {}).refusal[:2] == (403, "forbidden")
