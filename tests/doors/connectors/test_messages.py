"""Sending, finding and listing over plain HTTP: notations, pages, and what is refused."""

import itertools
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from tests.conftest import ACCOUNT_SID, RECIPIENT, SENDER
from tests.doors.connectors.conftest import Plain
from tests.doors.twilio.conftest import Api, basic, new_number
from tests.patience import PATIENCE
from tests.receiver import receiving

SEND = "/Messages.json"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
XML = {"Content-Type": "application/xml"}


def test_members_of_the_first_version_mean_the_same(plain: Plain) -> None:
    to = new_number()
    answer = plain.call("POST", SEND, {"From": SENDER, "To": to, "Body": "Hi", "MediaUrl": None})
    assert answer.status == 200
    assert answer.json["to"] == to
    url = "http://127.0.0.1:1/a.png"
    sent = plain.call("POST", SEND, {"From": SENDER, "To": to, "MediaUrl": url}).json
    assert (sent["num_media"], sent["body"]) == ("1", "")
    raw = (
        f"<SendMessageRequest><From>{SENDER}</From><To>{to}</To><Body>Hi</Body><MediaUrl><url>{url}"
    )
    answer = plain.call("POST", SEND, f"{raw}</url></MediaUrl></SendMessageRequest>".encode(), XML)
    assert answer.xml.findtext("num_media") == "1"
    raw = f"From={quote(SENDER)}&To={quote(to)}&Body=Hi&MediaUrl={quote(url)}&StatusCallback="
    answer = plain.call("POST", SEND, raw.encode(), FORM)
    assert answer.json["num_media"] == "1"


def test_a_service_stands_for_the_sender(plain: Plain) -> None:
    twilio = Api(plain.server)
    made = twilio.call("POST", "/v1/Services", {"FriendlyName": "Pool"}).json
    (number,) = plain.get("/IncomingPhoneNumbers.json", PhoneNumber=SENDER)[
        "incoming_phone_numbers"
    ]
    path = f"/v1/Services/{made['sid']}/PhoneNumbers"
    assert twilio.call("POST", path, {"PhoneNumberSid": number["sid"]}).status in (200, 201)
    asked = {"messaging_service_sid": made["sid"], "to": new_number(), "body": "Hi"}
    sent = plain.call("POST", SEND, asked).json
    assert (sent["status"], sent["messaging_service_sid"]) == ("accepted", made["sid"])
    assert "from" not in sent
    asked["messaging_service_sid"] = "MG" + "0" * 32
    assert plain.call("POST", SEND, asked).code == (400, 21701)
    asked["messaging_service_sid"] = "nothing"
    assert plain.call("POST", SEND, asked).code == (400, 21705)


def test_a_status_callback_is_told_as_twilio_does(plain: Plain) -> None:
    with receiving() as receiver:
        sent = plain.send(new_number(), status_callback=f"{receiver.url}/status")
        heard = receiver.wait(2, sent["sid"])
    assert heard[-1].form["MessageStatus"] in ("sent", "delivered")
    assert "x-twilio-signature" in heard[0].headers


def test_whatsapp_addresses_have_their_prefix(plain: Plain) -> None:
    to = f"whatsapp:{new_number()}"
    asked = {"from": "whatsapp:+15550783881", "to": to, "body": "Hi"}
    sent = plain.call("POST", SEND, asked).json
    assert (sent["from"], sent["to"]) == ("whatsapp:+15550783881", to)
    assert plain.get(SEND, To=to)["total"] == 1
    assert plain.call("POST", SEND, {**asked, "from": SENDER}).code == (400, 21910)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": None}, 21604),
        ({"to": " "}, 21604),
        ({"to": "15558675310"}, 21211),
        ({"to": "5558675310"}, 21211),
        ({"to": "+1 555 867 5310"}, 21211),
        ({"from": None}, 21603),
        ({"from": "+1"}, 21212),
        ({"from": "+14155550199"}, 21606),
        ({"from": "whatsapp:+14155550199", "to": f"whatsapp:{RECIPIENT}"}, 63007),
        ({"body": None}, 21602),
        ({"body": "  "}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"body": "a\0b"}, 20001),
        ({"media_url": ["ftp://127.0.0.1/a"]}, 21620),
        ({"media_url": [f"http://127.0.0.1/{n}" for n in range(11)]}, 21623),
        ({"status_callback": "nowhere"}, 21609),
        ({"max_price": "cheap"}, 21627),
        ({"application_sid": "AP" + "0" * 32}, 20001),
        ({"colour": "red"}, 20001),
        ({"From": SENDER}, 20001),
        ({"body": {"text": "Hi"}}, 20001),
        ({"media_url": [1]}, 20001),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_code(
    plain: Plain, change: dict[str, object], code: int
) -> None:
    asked = {"from": SENDER, "to": RECIPIENT, "body": "Hi", **change}
    assert plain.call("POST", SEND, asked).code == (400, code)


def test_a_magic_recipient_is_refused_as_by_twilio(plain: Plain) -> None:
    asked = {"from": "+15005550006", "to": "+15005550001", "body": "Hi"}
    assert plain.call("POST", SEND, asked).code == (400, 21211)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{", {}),
        (b"[]", {}),
        (b'{"body": "\xff"}', {}),
        (b"[" * 100_000, {}),
        (b"<SendMessageRequest>", XML),
        (b"<Message><body>Hi</body></Message>", XML),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><SendMessageRequest/>', XML),
        (b"<SendMessageRequest>" + b"<a>" * 40 + b"</a>" * 40 + b"</SendMessageRequest>", XML),
        (b"To=%FF", FORM),
        (b"&".join([b"a=b"] * 1002), FORM),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    plain: Plain, body: bytes, headers: dict[str, str]
) -> None:
    answer = plain.call("POST", SEND, body, {**headers, "Accept": "application/json"})
    assert answer.code == (400, 20001)


def test_the_kind_and_the_size_of_a_body_count(plain: Plain) -> None:
    assert plain.call("POST", SEND, b"a,b", {"Content-Type": "text/csv"}).code == (415, 20415)
    long = b'{"body": "' + b"x" * (1 << 20) + b'"}'
    assert plain.call("POST", SEND, long).code == (413, 20413)
    answer = plain.call("PUT", SEND, {})
    assert answer.code == (405, 20004)
    assert answer.headers["allow"] == "GET, POST"
    assert plain.call("GET", "/Nothing.json").code == (404, 20404)
    assert plain.call("GET", "/Messages").code == (404, 20404)


def test_an_answer_is_as_accept_has_it_or_else_as_the_request(plain: Plain) -> None:
    path = "/Messages/SM0.json"
    xml = "application/xml; charset=utf-8"
    for accept, kind in {
        "application/xml": xml,
        "text/xml;q=0.9, application/json;q=0.8": xml,
        "application/json, application/xml;q=0.5": "application/json",
        "*/*": "application/json",
        "": "application/json",
    }.items():
        answer = plain.call("GET", path, headers={"Accept": accept})
        assert answer.headers["content-type"] == kind, accept
    assert plain.call("POST", SEND, b"<SendMessageRequest/>", XML).xml.findtext("code") == "21604"


def test_a_repeated_key_gives_the_message_again(plain: Plain) -> None:
    asked = {"from": SENDER, "to": new_number(), "body": "Once"}
    key = {"Idempotency-Key": f"run/{asked['to']}"}
    first, second = (plain.call("POST", SEND, asked, key).json["sid"] for _ in range(2))
    assert first == second
    assert plain.call("POST", SEND, {**asked, "body": "Twice"}, key).code == (409, 20409)
    assert plain.call("POST", SEND, asked, {"Idempotency-Key": "x" * 256}).code == (400, 20001)


def test_who_may_not_ask_is_told_how(plain: Plain, other: Plain) -> None:
    for authorization in ("", "Basic !", basic(ACCOUNT_SID, "wrong"), basic("AC" + "9" * 32, "x")):
        answer = Plain(plain.server, authorization).call("GET", SEND)
        assert answer.code == (401, 20003)
        assert answer.headers["www-authenticate"].startswith("Basic ")
    sid = plain.send(new_number())["sid"]
    assert plain.get(f"/Messages/{sid}.json")["sid"] == sid
    assert other.call("GET", f"/Messages/{sid}.json").code == (404, 20404)


def test_a_message_of_any_door_is_found_by_any_form_of_its_id(plain: Plain) -> None:
    sid = Api(plain.server).create(new_number())["sid"]
    for name in (sid, f"MM{sid[2:]}", sid[2:], sid.upper()):
        assert plain.get(f"/Messages/{name}.json")["sid"] == sid
    for name in ("SM1", "SM%00", "%E2%82%AC", "x" * 600):
        assert plain.call("GET", f"/Messages/{name}.json").code == (404, 20404)


# Lists -------------------------------------------------------------------------------------------


def test_pages_have_numbers_and_links_that_can_be_followed(plain: Plain) -> None:
    to = new_number()
    sent = [plain.send(to, f"number {n}")["sid"] for n in range(5)][::-1]
    end = time.monotonic() + PATIENCE
    while {item["status"] for item in plain.get(SEND, To=to)["messages"]} != {"delivered"}:
        assert time.monotonic() < end
        time.sleep(0.05)
    page = plain.get(SEND, To=to, PageSize=2)
    assert (page["total"], page["num_pages"], page["page_size"]) == (5, 3, 2)
    assert "previous_page_uri" not in page
    pages = [page]
    while following := pages[-1].get("next_page_uri"):
        pages.append(plain.get(following))
    assert [page["page"] for page in pages] == [0, 1, 2]
    listed = [item["sid"] for item in itertools.chain(*(page["messages"] for page in pages))]
    assert listed == sent
    assert plain.get(pages[2]["previous_page_uri"]) == plain.get(pages[1]["uri"])
    assert plain.get(pages[2]["first_page_uri"])["messages"] == page["messages"]
    assert plain.get(SEND, To=to, PageSize=2, Page=1)["messages"] == pages[1]["messages"]
    beyond = plain.get(SEND, To=to, PageSize=2, Page=7)
    assert (beyond["messages"], beyond["total"], beyond["num_pages"]) == ([], 5, 3)
    assert "next_page_uri" not in beyond
    assert plain.get(beyond["previous_page_uri"])["messages"] == pages[2]["messages"]


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "1e3", "9" * 19, "9" * 5000])
@pytest.mark.parametrize("name", ["PageSize", "Page"])
def test_a_size_or_a_number_that_is_none_is_refused(plain: Plain, name: str, value: str) -> None:
    if (name, value) != ("Page", "0"):
        assert plain.call("GET", f"{SEND}?{name}={value}").code == (400, 20001)


def test_a_size_beyond_the_most_is_cut_and_the_rest_is_passed_over(plain: Plain) -> None:
    assert plain.get(SEND, PageSize=1001, To="+14155559997")["page_size"] == 1000
    assert plain.get(SEND, PageSize="", Page="", DateSent="")["page_size"] == 50
    assert plain.get(f"{SEND}?api-version=1&To=%2B14155559997")["total"] == 0


def test_senders_and_recipients_narrow_together(plain: Plain) -> None:
    to = new_number()
    plain.send(to)
    assert plain.get(SEND, To=to, From=SENDER)["total"] == 1
    assert plain.get(SEND, To=to, From="+15005550006")["total"] == 0
    assert plain.call("GET", f"{SEND}?To=%00").code == (400, 20001)


def test_both_notations_of_a_time_mean_the_same(plain: Plain) -> None:
    to = new_number()
    sid = plain.send(to)["sid"]
    end = time.monotonic() + PATIENCE
    while "date_sent" not in plain.get(f"/Messages/{sid}.json"):
        assert time.monotonic() < end
        time.sleep(0.05)
    now = datetime.now(UTC)
    today, yesterday, tomorrow = ((now + timedelta(days=n)).date() for n in (0, -1, 1))
    hour = timedelta(hours=1)
    before, after = ((now + n).strftime("%Y-%m-%dT%H:%M:%SZ") for n in (-hour, hour))
    zoned = f"{(now - hour):%Y-%m-%dT%H:%M:%S}+00:00"
    inside = [
        f"DateSent={today}", f"DateSent={quote(f'>={today}')}", f"DateSent={quote(f'<={today}')}",
        f"DateSent>={today}", f"DateSent<={today}", f"DateSent%3E={yesterday}",
        f"DateSent>={yesterday}&DateSent<={tomorrow}", f"DateSent={quote(f'>={yesterday} <={tomorrow}')}",
        f"DateSent={quote(f'>={before}')}", f"DateSent>={before}&DateSent<={after}",
        f"DateSent={quote(f'>{before},<{after}')}", f"DateSent>{yesterday}",
        f"DateSent={quote(f'>={zoned}')}", f"DateSent>={zoned}", f"DateSent={quote(f'={today}')}",
    ]  # fmt: skip
    outside = [
        f"DateSent={yesterday}", f"DateSent={quote(f'>={tomorrow}')}", f"DateSent<={yesterday}",
        f"DateSent={quote(f'<={before}')}", f"DateSent>={after}",
        f"DateSent>={tomorrow}&DateSent<={yesterday}",
    ]  # fmt: skip
    for query, wanted in [*((q, 1) for q in inside), *((q, 0) for q in outside)]:
        found = plain.get(f"{SEND}?To={quote(to)}&{query}")
        assert found["total"] == len(found["messages"]) == wanted, query
        assert plain.get(found["uri"])["total"] == wanted, found["uri"]


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "2026-13-01",
        "2026-11",
        ">=",
        "=>2026-11-01",
        "20261101",
        "<>2026-11-01",
        ">=2026-11-01 x",
    ],
)
def test_a_time_that_is_none_is_refused(plain: Plain, text: str) -> None:
    assert plain.call("GET", f"{SEND}?DateSent={quote(text)}").code == (400, 20001)


def test_a_subscription_needs_an_address_that_may_be_told(plain: Plain, other: Plain) -> None:
    for url in ("", "ftp://127.0.0.1/", "nowhere", "http://"):
        answer = plain.call("POST", "/Subscriptions.json", {"notification_url": url})
        assert answer.code == (400, 21402)
    assert plain.call("POST", "/Subscriptions.json", {}).code == (400, 21402)
    assert plain.call("POST", "/Subscriptions.json", {"url": "http://a.example/"}).code == (
        400,
        20001,
    )
    made = plain.call("POST", "/Subscriptions.json", {"notification_url": "http://127.0.0.1:1/"})
    path = f"/Subscriptions/{made.json['sid']}.json"
    assert other.call("DELETE", path).code == (404, 20404)
    assert plain.call("DELETE", path).status == 204
    assert plain.call("DELETE", "/Subscriptions/x.json").code == (404, 20404)
