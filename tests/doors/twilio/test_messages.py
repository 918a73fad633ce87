"""What happens to a message, seen over plain HTTP."""

import json

import pytest

from tests.conftest import SENDER
from tests.doors.twilio.conftest import NEVER_REACHED, Api, new_number

KEYS = [
    "account_sid", "api_version", "body", "date_created", "date_sent", "date_updated", "direction",
    "error_code", "error_message", "from", "messaging_service_sid", "num_media", "num_segments",
    "price", "price_unit", "sid", "status", "subresource_uris", "to", "uri",
]  # fmt: skip

#: Recipients of the sandbox: the status that a message to them comes to, its code and text.
STORIES = {
    "+15005520202": ("delivered", None, None),
    "+15005520205": ("delivered", None, None),
    "+15005520207": ("read", None, None),
    "+15005520408": ("delivered", None, None),
    "+15005520429": ("delivered", None, None),
    "+15005520400": ("failed", 30007, "Message filtered"),
    "+15005530004": ("undelivered", 30004, "Message blocked"),
    "+15005530008": ("undelivered", 30008, "Unknown error"),
}


def test_a_create_answers_with_the_whole_message_and_names_its_request(api: Api) -> None:
    answer = api.post({"To": new_number(), "From": SENDER, "Body": "Hi there"})
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json) == KEYS
    assert answer.headers["twilio-request-id"] == f"RQ{answer.json['sid'][2:]}"


@pytest.mark.parametrize("recipient", STORIES)
def test_a_recipient_of_the_sandbox_tells_its_story(api: Api, recipient: str) -> None:
    status, code, text = STORIES[recipient]
    found = api.until(api.create(recipient)["sid"], status)
    assert (found["error_code"], found["error_message"]) == (code, text)


def test_a_message_is_found_by_either_prefix_and_in_capitals(api: Api) -> None:
    sid = api.create(new_number())["sid"]
    for other in (f"MM{sid[2:]}", f"SM{sid[2:].upper()}"):
        assert api.fetch(other)["sid"] == sid


def test_a_message_is_found_by_the_id_that_its_carrier_gave_it(
    api: Api, other_account: Api
) -> None:
    sid = api.delivered(new_number())["sid"]
    shown = api.server.run("messages", "show", sid, "--account", api.sid, "--json")
    ref = json.loads(shown.stdout)["ref"]
    assert ref != sid
    assert api.fetch(ref)["sid"] == sid
    answer = other_account.call("GET", f"/Messages/{ref}.json")
    assert answer.refusal[:2] == (404, 20404)
    assert api.call("DELETE", f"/Messages/{ref}.json").status == 204
    assert api.call("GET", f"/Messages/{sid}.json").status == 404


def test_a_discarded_text_is_forgotten_once_a_carrier_has_it(api: Api) -> None:
    made = api.create(new_number(), ContentRetention="discard")
    assert made["body"] == "Hi there"
    assert api.until(made["sid"], "delivered")["body"] == ""


def test_a_redaction_shows_at_once_and_the_message_still_arrives(api: Api) -> None:
    sid = api.create("+15005520429")["sid"]
    for _ in range(2):
        answer = api.call("POST", f"/Messages/{sid}.json", {"Body": ""})
        assert (answer.status, answer.json["body"]) == (200, "")
    assert api.until(sid, "delivered")["body"] == ""


def test_a_canceled_message_can_be_redacted_and_deleted(api: Api) -> None:
    sid = api.create(NEVER_REACHED)["sid"]
    canceled = api.cancel(sid)
    assert (canceled["status"], canceled["date_sent"]) == ("canceled", None)
    assert canceled["subresource_uris"].keys() == {"media", "feedback"}
    answer = api.call("POST", f"/Messages/{sid}.json", {"Body": ""})
    assert (answer.json["status"], answer.json["body"]) == ("canceled", "")
    answer = api.call("DELETE", f"/Messages/{sid}.json")
    assert (answer.status, answer.body) == (204, b"")


def test_feedback_is_told_in_the_timeline_and_goes_with_its_message(
    api: Api, other_account: Api
) -> None:
    sid = api.delivered(new_number())["sid"]
    path = f"/Messages/{sid}/Feedback.json"
    answer = api.call("POST", path)
    assert answer.status == 200
    assert (answer.json["outcome"], answer.json["message_sid"]) == ("confirmed", sid)
    assert api.call("POST", path, {"Outcome": "unconfirmed"}).json["outcome"] == "unconfirmed"
    refused = api.call("POST", path, {"Outcome": "perhaps"})
    assert refused.refusal == (400, 20001, "Outcome must be confirmed or unconfirmed")
    shown = api.server.run("messages", "show", sid, "--account", api.sid, "--json")
    told = [event for event in json.loads(shown.stdout)["timeline"] if event["what"] == "feedback"]
    assert [event["outcome"] for event in told] == ["unconfirmed"]
    other = other_account.call("POST", path, {"Outcome": "confirmed"})
    assert other.refusal[:2] == (404, 20404)
    assert api.call("GET", path).refusal[:2] == (405, 20004)
    assert api.call("DELETE", f"/Messages/{sid}.json").status == 204
    assert api.call("POST", path).refusal[:2] == (404, 20404)


def test_a_text_of_which_smart_encoding_leaves_nothing_is_empty(api: Api) -> None:
    form = {"To": new_number(), "From": SENDER, "Body": "\u200b\u2060", "SmartEncoded": "true"}
    assert api.post(form).refusal[:2] == (400, 21602)


def test_the_longest_text_is_measured_after_smart_encoding(api: Api) -> None:
    for body, code in (("\u2026" * 533 + "a", 201), ("\u2026" * 534, 400)):
        form = {"To": new_number(), "From": SENDER, "Body": body, "SmartEncoded": "true"}
        assert api.post(form).status == code


def test_a_head_is_a_get_without_its_body(api: Api) -> None:
    answer = api.call("HEAD", "/Messages.json")
    assert (answer.status, answer.body) == (200, b"")
