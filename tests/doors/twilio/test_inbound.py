"""What people write: told to a number's webhook in a form that twilio-python believes."""

import itertools
import re
import uuid
from collections.abc import Iterator

import pytest

from tests.conftest import ACCOUNT_SID, Server
from tests.doors.twilio.conftest import new_number
from tests.doors.twilio.lines import Line, is_signed, line
from tests.receiver import Said

GEO = {f"{who}{what}" for who in ("To", "From") for what in ("Country", "State", "City", "Zip")}
KEYS = GEO | {
    "SmsMessageSid", "NumMedia", "SmsSid", "SmsStatus", "Body", "To", "NumSegments", "MessageSid",
    "AccountSid", "From", "ApiVersion",
}  # fmt: skip


@pytest.fixture
def sms(server: Server) -> Iterator[Line]:
    with line(server) as found:
        yield found


def test_a_text_is_told_in_twilios_form_signed_for_the_sdk(sms: Line) -> None:
    sms.set(inbound_url=f"{sms.url}?a=1&b=%20")
    by = new_number()
    sid = sms.write("Hi é €", by=by)
    (heard,) = sms.receiver.wait(1)
    assert heard.path == "/sms?a=1&b=%20"
    assert set(heard.form) == KEYS
    assert {name for name in GEO if heard.form[name]} == {"ToCountry", "FromCountry"}
    assert heard.form == {
        **dict.fromkeys(GEO, ""), "ToCountry": "US", "FromCountry": "US",
        "SmsMessageSid": sid, "NumMedia": "0", "SmsSid": sid, "SmsStatus": "received",
        "Body": "Hi é €", "To": sms.number, "NumSegments": "1", "MessageSid": sid,
        "AccountSid": ACCOUNT_SID, "From": by, "ApiVersion": "2010-04-01",
    }  # fmt: skip
    assert is_signed(heard, sms.url)
    assert not is_signed(heard, sms.url, "another token")
    assert heard.headers["user-agent"] == "TwilioProxy/1.1"
    assert heard.headers["content-type"].startswith("application/x-www-form-urlencoded")
    uuid.UUID(heard.headers["i-twilio-idempotency-token"])
    assert sms.told(sid) == "204"


def test_it_is_told_by_get_with_the_form_in_the_query(sms: Line) -> None:
    sms.set(inbound_url=f"{sms.url}?a=1", inbound_method="get")
    sid = sms.write("Hi & bye")
    (heard,) = sms.receiver.wait(1)
    assert (heard.method, heard.body) == ("GET", b"")
    assert set(heard.form) == KEYS | {"a"}
    assert (heard.form["Body"], heard.form["MessageSid"]) == ("Hi & bye", sid)
    assert is_signed(heard, sms.url)
    sms.set(inbound_url=sms.receiver.url)
    sms.write("Hi")
    *_, heard = sms.receiver.wait(2)
    assert heard.path.startswith("/?")
    assert is_signed(heard, sms.url)


def test_media_are_told_by_number(sms: Line) -> None:
    urls = [f"https://example.com/{number}.png" for number in range(2)]
    sid = sms.write("", "--media", urls[0], "--media", urls[1])
    (heard,) = sms.receiver.wait(1)
    assert re.fullmatch("MM[0-9a-f]{32}", sid)
    assert (heard.form["MessageSid"], heard.form["NumMedia"]) == (sid, "2")
    assert [heard.form[f"MediaUrl{number}"] for number in range(2)] == urls
    assert heard.form["MediaContentType1"] == "application/octet-stream"


def test_it_is_a_message_like_any_other(sms: Line) -> None:
    by = new_number()
    sid = sms.write("x" * 161, "--ref", f"ref-of-{by}", by=by)
    found = sms.api.fetch(sid)
    assert (found["direction"], found["status"]) == ("inbound", "received")
    assert (found["from"], found["to"], found["num_segments"]) == (by, sms.number, "2")
    assert found["date_sent"] is not None
    assert found["error_code"] is None
    for query in ({"To": sms.number}, {"From": by}):
        assert [item["sid"] for item in sms.api.page(**query)["messages"]] == [sid]
    assert sms.api.fetch(f"ref-of-{by}")["sid"] == sid
    answer = sms.api.call("POST", f"/Messages/{sid}.json", {"Status": "canceled"})
    assert answer.refusal[:2] == (409, 30409)
    assert sms.api.call("POST", f"/Messages/{sid}.json", {"Body": ""}).json["body"] == ""
    assert sms.api.call("DELETE", f"/Messages/{sid}.json").status == 204
    assert sms.api.page(To=sms.number)["messages"] == []


def test_what_is_told_twice_is_kept_once(sms: Line) -> None:
    by = new_number()
    sids = {sms.write("Hi", "--ref", f"again-{by}", by=by) for _ in range(3)}
    (sid,) = sids
    assert sms.told(sid) == "204"
    assert len(sms.receiver.heard) == 1


def test_a_number_without_a_webhook_keeps_what_is_written(sms: Line) -> None:
    sms.set(inbound_url="")
    sid = sms.write("Hi")
    assert sms.api.fetch(sid)["status"] == "received"
    assert "callback" not in sms.command("messages", "show", sid)
    sms.set(inbound_url=sms.url)
    sms.write("Hi again")
    (heard,) = sms.receiver.wait(1)
    assert heard.form["Body"] == "Hi again"


def test_a_failing_webhook_is_told_again_under_the_same_name(sms: Line) -> None:
    count = itertools.count()
    sms.receiver.answers = lambda heard: 503 if next(count) == 0 else Said("<Response/>")
    sid = sms.write("Hi")
    first, second = sms.receiver.wait(2)
    assert 3 < second.at - first.at < 9
    name = "i-twilio-idempotency-token"
    assert first.headers[name] == second.headers[name]
    assert sms.told(sid) == "200"


def test_a_failing_webhook_gives_way_to_its_fallback_at_once(sms: Line) -> None:
    sms.set(fallback_url=f"{sms.receiver.url}/spare?x=1", fallback_method="GET")
    sms.receiver.answers = lambda heard: 500 if heard.path == "/sms" else 204
    sid = sms.write("Hi")
    first, second = sms.receiver.wait(2)
    assert second.at - first.at < 3
    assert second.method == "GET"
    assert set(second.form) == KEYS | {"ErrorCode", "ErrorUrl", "x"}
    assert (second.form["ErrorCode"], second.form["ErrorUrl"]) == ("11200", sms.url)
    assert is_signed(first, sms.url)
    assert is_signed(second, sms.url)
    assert sms.told(sid) == "500, then the fallback: 204"
    name = "i-twilio-idempotency-token"
    assert first.headers[name] != second.headers[name]


def test_a_webhook_that_breaks_off_is_another_error(sms: Line) -> None:
    sms.set(fallback_url=f"{sms.receiver.url}/spare")
    sms.receiver.answers = lambda heard: None if heard.path == "/sms" else 204
    sms.write("Hi")
    *_, spare = sms.receiver.wait(2)
    assert spare.form["ErrorCode"] == "11205"


def test_where_both_fail_both_are_told_again(sms: Line) -> None:
    sms.set(fallback_url=f"{sms.receiver.url}/spare")
    count = itertools.count()
    sms.receiver.answers = lambda heard: 500 if next(count) < 2 else 200
    sid = sms.write("Hi")
    heard = sms.receiver.wait(3)
    assert [item.path for item in heard] == ["/sms", "/spare", "/sms"]
    assert sms.told(sid) == "200"


@pytest.fixture
def whatsapp(server: Server) -> Iterator[Line]:
    with line(server, "whatsapp") as found:
        yield found


def test_whatsapp_is_told_with_its_own_fields(whatsapp: Line) -> None:
    by = new_number()
    sid = whatsapp.write("x" * 300, "--name", "Ann", by=by)
    (heard,) = whatsapp.receiver.wait(1)
    assert heard.form == {
        "SmsMessageSid": sid, "NumMedia": "0", "SmsSid": sid, "SmsStatus": "received",
        "Body": "x" * 300, "To": f"whatsapp:{whatsapp.number}", "NumSegments": "1",
        "MessageSid": sid, "AccountSid": ACCOUNT_SID, "From": f"whatsapp:{by}",
        "ApiVersion": "2010-04-01", "ProfileName": "Ann", "WaId": by[1:], "MessageType": "text",
    }  # fmt: skip
    assert is_signed(heard, whatsapp.url)


def test_whatsapp_replies_go_back_on_whatsapp(whatsapp: Line) -> None:
    answer, replies, by = whatsapp.ask("<Response><Message>Hello!</Message></Response>")
    assert (answer, replies) == ("200", ["Hello!"])
    (reply,) = whatsapp.replies(by)
    assert (reply["from"], reply["to"]) == (f"whatsapp:{whatsapp.number}", f"whatsapp:{by}")
