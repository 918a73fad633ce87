"""Every error of the door: its status, its code, its text, in Twilio's shape."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.twilio.conftest import NEVER_REACHED, Api, basic, new_number

MAGIC = "+15005550006"
WHATSAPP = "whatsapp:+15550783881"
SERVICE = "MG" + "0a" * 16
CONTENT = "HX" + "0a" * 16
NOBODY = "SM" + "0" * 32

GOOD = {"To": "+14155550199", "From": SENDER, "Body": "Hi there"}

#: What is sent, `None` for what is left out: the status, the code, the text.
CREATES = {
    "no recipient": ({"To": None}, 400, 21604, "A 'To' phone number is required."),
    "an empty recipient": ({"To": ""}, 400, 21604, "A 'To' phone number is required."),
    "a recipient that is no number": (
        {"To": "123"}, 400, 21211, "The 'To' number 123 is not a valid phone number.",
    ),
    "a recipient without a plus": (
        {"To": "14155550199"}, 400, 21211,
        "The 'To' number 14155550199 is not a valid phone number.",
    ),
    "a WhatsApp recipient that is no number": (
        {"To": "whatsapp:hello", "From": WHATSAPP}, 400, 21211,
        "The 'To' number whatsapp:hello is not a valid phone number.",
    ),
    "no sender": ({"From": None}, 400, 21603, "A 'From' phone number is required."),
    "a sender that is no address": (
        {"From": "+1"}, 400, 21212,
        "The 'From' number +1 is not a valid phone number, shortcode, or alphanumeric sender ID.",
    ),
    "a sender of somebody else": (
        {"From": "+14155550198"}, 400, 21606,
        "The From phone number +14155550198 is not a valid, SMS-capable inbound phone number or"
        " short code for your account.",
    ),
    "a name that is no sender": (
        {"From": "Estafette"}, 400, 21606,
        "The From phone number Estafette is not a valid, SMS-capable inbound phone number or"
        " short code for your account.",
    ),
    "a WhatsApp sender of somebody else": (
        {"From": "whatsapp:+14155550198", "To": "whatsapp:+14155550199"}, 400, 63007,
        "Twilio could not find a Channel with the specified From address",
    ),
    "a WhatsApp sender that is no number": (
        {"From": "whatsapp:me", "To": "whatsapp:+14155550199"}, 400, 63007,
        "Twilio could not find a Channel with the specified From address",
    ),
    "two channels": (
        {"From": WHATSAPP}, 400, 21910,
        "Invalid From and To pair. From and To should be of the same channel",
    ),
    "no body": (
        {"Body": None}, 400, 21619,
        "A text message body, media URLs or a ContentSid must be specified.",
    ),
    "an empty body": ({"Body": ""}, 400, 21602, "Message body is required."),
    "a body that is too long": (
        {"Body": "a" * 1601}, 400, 21617,
        "The concatenated message body exceeds the 1600 character limit",
    ),
    "emoji count twice": (
        {"Body": "\N{GRINNING FACE}" * 801}, 400, 21617,
        "The concatenated message body exceeds the 1600 character limit",
    ),
    "a body that is no text": (
        {"Body": "a\0b"}, 400, 21618, "The message body cannot be sent: U+0000",
    ),
    "a callback that is no URL": (
        {"StatusCallback": "example.com"}, 400, 21609,
        "The 'StatusCallback' URL example.com is not a valid URL.",
    ),
    "a callback with an underscore in its host": (
        {"StatusCallback": "https://a_b.example.com/"}, 400, 21609,
        "The 'StatusCallback' URL https://a_b.example.com/ is not a valid URL.",
    ),
    "media that is no URL": (
        {"MediaUrl": "ftp://example.com/a.png"}, 400, 21620,
        "Invalid media URL(s): ftp://example.com/a.png",
    ),
    "no validity": (
        {"ValidityPeriod": "0"}, 400, 21624,
        "The ValidityPeriod 0 is not a whole number of seconds from 1 to 36000",
    ),
    "too much validity": (
        {"ValidityPeriod": "36001"}, 400, 21624,
        "The ValidityPeriod 36001 is not a whole number of seconds from 1 to 36000",
    ),
    "a validity in words": (
        {"ValidityPeriod": "an hour"}, 400, 21624,
        "The ValidityPeriod an hour is not a whole number of seconds from 1 to 36000",
    ),
    "a price that is no number": (
        {"MaxPrice": "cheap"}, 400, 21627, "The MaxPrice cheap is not a number",
    ),
    "variables without a content": ({"ContentVariables": "{}"}, 400, 21654, "ContentSid Required"),
    "variables that are no JSON": (
        {"ContentSid": CONTENT, "ContentVariables": "{"}, 400, 21656,
        "The ContentVariables parameter is invalid",
    ),
    "a content": (
        {"ContentSid": CONTENT}, 400, 21655, f"The ContentSid {CONTENT} is invalid",
    ),
    "a service that is none": (
        {"From": None, "MessagingServiceSid": "MG1"}, 400, 21705,
        "The MessagingServiceSid MG1 is invalid",
    ),
    "a service": (
        {"From": None, "MessagingServiceSid": SERVICE}, 400, 21701,
        f"The Messaging Service {SERVICE} does not exist",
    ),
    "a service in the sender's place": (
        {"From": SERVICE}, 400, 21701, f"The Messaging Service {SERVICE} does not exist",
    ),
    "a retention of another word": (
        {"ContentRetention": "keep"}, 400, 30029,
        "Invalid ContentRetention keep: it must be retain or discard",
    ),
    "an obfuscation of another word": (
        {"AddressRetention": "hide"}, 400, 30030,
        "Invalid AddressRetention hide: it must be retain or obfuscate",
    ),
    "a schedule without a time": (
        {"ScheduleType": "fixed"}, 400, 35111, "The SendAt parameter is missing",
    ),
    "a schedule without a service": (
        {"ScheduleType": "fixed", "SendAt": "2030-01-02T03:04:05Z"}, 400, 35118,
        "A MessagingServiceSid is required to schedule a message",
    ),
    "the sender before the body": (
        {"From": "+14155550198", "Body": ""}, 400, 21606,
        "The From phone number +14155550198 is not a valid, SMS-capable inbound phone number or"
        " short code for your account.",
    ),
    "magic: no valid sender": (
        {"From": "+15005550001"}, 400, 21212,
        "The 'From' number +15005550001 is not a valid phone number, shortcode, or alphanumeric"
        " sender ID.",
    ),
    "magic: a sender of nobody": (
        {"From": "+15005550007", "Body": ""}, 400, 21606,
        "The From phone number +15005550007 is not a valid, SMS-capable inbound phone number or"
        " short code for your account.",
    ),
    "magic: a full queue": (
        {"From": "+15005550008", "Body": ""}, 429, 21611, "SMS queue is full.",
    ),
    "magic: no valid recipient": (
        {"From": MAGIC, "To": "+15005550001"}, 400, 21211,
        "The 'To' number +15005550001 is not a valid phone number.",
    ),
    "magic: no way to the recipient": (
        {"From": MAGIC, "To": "+15005550002"}, 400, 21612,
        "The 'To' phone number: +15005550002, is not currently reachable using the 'From' phone"
        " number via SMS.",
    ),
    "magic: a region that is not allowed": (
        {"From": MAGIC, "To": "+15005550003"}, 400, 21408,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To'"
        " number: +15005550003.",
    ),
    "magic: a recipient who opted out": (
        {"From": MAGIC, "To": "+15005550004"}, 400, 21610,
        "Attempt to send to unsubscribed recipient",
    ),
    "magic: not a mobile number": (
        {"From": MAGIC, "To": "+15005550009"}, 400, 21614,
        "To number: +15005550009, is not a mobile number",
    ),
}  # fmt: skip

#: Method, path after the account, form: the status, the code, the text.
REQUESTS = {
    "an unknown message": ("GET", f"/Messages/{NOBODY}.json", {}, 404, 20404, "not found"),
    "no message SID": ("GET", "/Messages/hello.json", {}, 404, 20404, "not found"),
    "redacting an unknown message": (
        "POST", f"/Messages/{NOBODY}.json", {"Body": ""}, 404, 20404, "not found",
    ),
    "deleting an unknown message": (
        "DELETE", f"/Messages/{NOBODY}.json", {}, 404, 20404, "not found",
    ),
    "an unknown resource": ("GET", "/Calls.json", {}, 404, 20404, "not found"),
    "the media of a message": (
        "GET", f"/Messages/{NOBODY}/Media.json", {}, 404, 20404, "not found",
    ),
    "an unknown key": ("GET", f"/Keys/SK{'0' * 32}.json", {}, 404, 20404, "not found"),
    "no key SID": ("DELETE", "/Keys/hello.json", {}, 404, 20404, "not found"),
    "a slash at the end": ("GET", "/Messages.json/", {}, 404, 20404, "not found"),
}  # fmt: skip

#: Method and path after the account: what the answer names as allowed.
METHODS = {
    ("PUT", "/Messages.json"): "GET, POST",
    ("DELETE", "/Messages.json"): "GET, POST",
    ("PATCH", f"/Messages/{NOBODY}.json"): "DELETE, GET, POST",
    ("POST", ".json"): "GET",
    ("PUT", "/Keys.json"): "GET, POST",
}

#: The queries of a list that are refused: the code, the text.
QUERIES = {
    "PageSize=0": (20001, "PageSize must be a whole number from 1"),
    "PageSize=-1": (20001, "PageSize must be a whole number from 1"),
    "PageSize=many": (20001, "PageSize must be a whole number from 1"),
    "Page=first": (20001, "Page must be a whole number from 0"),
    "Page=1": (70002, "Paged requests must include a PageToken"),
    "Page=1&PageToken=next": (20001, "The PageToken is not one of this list"),
    "DateSent=yesterday": (20001, "'yesterday' is not a date such as 2009-07-06"),
    "DateSent%3C=2009-13-01": (20001, "'2009-13-01' is not a date such as 2009-07-06"),
    "DateSent%3E=": None,
    "Status=lost": (20001, "Status 'lost' is not a message status"),
    "To=%00": (20001, "U+0000 is not text"),
    "To=%FF": (20001, "The request is not valid UTF-8"),
}


@pytest.mark.parametrize("case", CREATES)
def test_a_create_is_refused_with_twilios_code_and_text(api: Api, case: str) -> None:
    changes, *refusal = CREATES[case]
    before = api.newest()
    form = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    assert list(api.post(form).refusal) == refusal
    assert api.newest() == before


def test_more_than_ten_media_urls_are_refused(api: Api) -> None:
    form = [*GOOD.items(), *[("MediaUrl", "https://example.com/a.png")] * 11]
    text = "Number of media files exceeds allowed limit: 10"
    assert api.post(form).refusal == (400, 21623, text)


@pytest.mark.parametrize("case", REQUESTS)
def test_what_is_not_there_is_not_found(api: Api, case: str) -> None:
    method, path, form, status, code, _ = REQUESTS[case]
    text = f"The requested resource {api.path(path)} was not found"
    assert api.call(method, path, form).refusal == (status, code, text)


@pytest.mark.parametrize("query", QUERIES)
def test_a_list_refuses_a_query_that_makes_no_sense(api: Api, query: str) -> None:
    answer = api.call("GET", f"/Messages.json?{query}")
    if refusal := QUERIES[query]:
        assert answer.refusal == (400, *refusal)
    else:
        assert answer.status == 200


@pytest.mark.parametrize(("method", "path"), METHODS)
def test_another_method_is_not_allowed(api: Api, method: str, path: str) -> None:
    answer = api.call(method, path)
    assert answer.refusal == (405, 20004, "Method not allowed")
    assert answer.headers["allow"] == METHODS[method, path]


@pytest.mark.parametrize("path", ["/SMS/Messages.json", "/SMS/Messages/SM1.json"])
def test_the_path_before_messages_is_gone(api: Api, path: str) -> None:
    text = f"The requested resource {api.path(path)} is gone: send to Messages instead"
    assert api.call("POST", path, GOOD).refusal == (410, 20410, text)


def test_an_error_is_the_very_bytes_that_twilio_sends(api: Api) -> None:
    answer = api.post({**GOOD, "To": "123"})
    assert answer.body == (
        b'{"code":21211,"message":"The \'To\' number 123 is not a valid phone number.",'
        b'"more_info":"https://www.twilio.com/docs/errors/21211","status":400}'
    )


def test_a_long_value_is_not_repeated_whole(api: Api) -> None:
    text = f"The 'To' number {'9' * 200}… is not a valid phone number."
    assert api.post({**GOOD, "To": "9" * 5000}).refusal == (400, 21211, text)


WRONG = "Your AccountSid or AuthToken was incorrect."
NOTHING = "Authentication Error - No credentials provided"
NO_SUCH_USER = "Authentication Error - invalid username"

#: The Authorization header: the text, and the detail, where there is one.
CREDENTIALS = {
    "none": ("", NOTHING, None),
    "a wrong token": (basic(ACCOUNT_SID, "wrong"), "Authenticate", WRONG),
    "an empty token": (basic(ACCOUNT_SID, ""), "Authenticate", WRONG),
    "an unknown account": (basic("AC" + "0" * 32, AUTH_TOKEN), NO_SUCH_USER, None),
    "an unknown key": (basic("SK" + "0" * 32, AUTH_TOKEN), NO_SUCH_USER, None),
    "a user that is no SID": (basic("me@example.com", AUTH_TOKEN), NO_SUCH_USER, None),
    "no colon": ("Basic " + "QUM=", NOTHING, None),
    "no base64": ("Basic ????", NOTHING, None),
    "bytes that are no text": ("Basic /////w==", NOTHING, None),
    "no value": ("Basic", NOTHING, None),
    "another scheme": ("Bearer SK.secret", NOTHING, None),
}


@pytest.mark.parametrize("case", CREDENTIALS)
def test_wrong_credentials_are_challenged_and_nothing_is_stored(api: Api, case: str) -> None:
    header, text, detail = CREDENTIALS[case]
    before = api.newest()
    answer = api.post(GOOD, Authorization=header)
    assert answer.refusal == (401, 20003, text)
    assert answer.json.get("detail") == detail
    assert list(answer.json) == [
        "code", *(["detail"] if detail else []), "message", "more_info", "status",
    ]  # fmt: skip
    assert answer.headers["www-authenticate"] == 'Basic realm="Twilio API"'
    assert api.newest() == before


@pytest.mark.parametrize("sid", ["AC123", "hello", "AC" + "g" * 32, "SK" + "0" * 32])
def test_a_malformed_account_is_not_found_before_anybody_is_asked_who_they_are(
    api: Api, sid: str
) -> None:
    path = f"/2010-04-01/Accounts/{sid}/Messages.json"
    answer = api.call("POST", path, GOOD, {"Authorization": ""})
    assert answer.refusal == (404, 20404, f"The requested resource {path} was not found")


def test_another_account_is_closed_to_who_has_credentials_of_their_own(
    api: Api, other_account: Api
) -> None:
    before = other_account.newest()
    path = other_account.path("/Messages.json")
    answer = api.call("GET", path)
    assert answer.refusal == (401, 20003, "Authenticate")
    assert api.call("POST", path, GOOD).status == 401
    assert other_account.newest() == before


def test_a_message_of_another_account_is_not_found(api: Api, other_account: Api) -> None:
    sid = api.create(new_number())["sid"]
    for method, form in (("GET", {}), ("POST", {"Body": ""}), ("DELETE", {})):
        answer = other_account.call(method, f"/Messages/{sid}.json", form)
        assert answer.refusal[:2] == (404, 20404)
    assert api.fetch(sid)["body"] == "Hi there"


def test_a_key_opens_messages_but_neither_accounts_nor_keys(api: Api, key: tuple[str, str]) -> None:
    shown = {"Authorization": basic(*key)}
    assert api.call("GET", "/Messages.json", headers=shown).status == 200
    for path in (".json", "/Keys.json", f"/Keys/{key[0]}.json", "/2010-04-01/Accounts.json"):
        assert api.call("GET", path, headers=shown).refusal[:2] == (401, 20003)


def test_a_key_opens_no_other_account(other_account: Api, key: tuple[str, str]) -> None:
    shown = {"Authorization": basic(*key)}
    assert other_account.call("GET", "/Messages.json", headers=shown).status == 401


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"Body": "another text"},
        {"Status": "sent"},
        {"Body": "", "Status": "canceled"},
        [("Body", ""), ("Body", "")],
        {"Something": "else"},
    ],
    ids=str,
)
def test_an_update_is_a_redaction_or_a_cancellation_and_nothing_else(
    api: Api, form: dict[str, str]
) -> None:
    sid = api.create(new_number())["sid"]
    answer = api.call("POST", f"/Messages/{sid}.json", form)
    assert answer.refusal == (400, 30400, "Parameters are not valid")
    assert api.fetch(sid)["body"] == "Hi there"


def test_a_message_that_has_arrived_cannot_be_canceled(api: Api) -> None:
    sid = api.delivered(new_number())["sid"]
    answer = api.call("POST", f"/Messages/{sid}.json", {"Status": "canceled"})
    assert answer.refusal == (409, 30409, "This message cannot be canceled")


def test_a_message_under_way_cannot_be_deleted(api: Api) -> None:
    sid = api.create(NEVER_REACHED)["sid"]
    answer = api.call("DELETE", f"/Messages/{sid}.json")
    text = "Cannot delete message because delivery has not been completed."
    assert answer.refusal == (409, 20009, text)
    api.cancel(sid)
    assert api.call("DELETE", f"/Messages/{sid}.json").status == 204


def test_many_who_delete_and_redact_one_message_at_once_all_get_an_answer(api: Api) -> None:
    sid = api.delivered(new_number())["sid"]
    calls = [("DELETE", b""), ("POST", b"Body=")] * 8
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda call: api.call(call[0], f"/Messages/{sid}.json", call[1]), calls)
        )
    assert {answer.status for answer in answers} <= {200, 204, 404}
    assert api.call("GET", f"/Messages/{sid}.json").status == 404


def test_a_body_of_more_than_two_megabytes_is_too_large(api: Api) -> None:
    answer = api.post(b"Body=" + b"a" * (2 << 20))
    assert answer.refusal == (413, 20413, "The request body is larger than 2097152 bytes.")


@pytest.mark.parametrize("label", ["x" * 65, "\0"])
def test_a_key_is_not_made_with_a_name_that_cannot_be_kept(api: Api, label: str) -> None:
    before = api.get("/Keys.json")["keys"]
    answer = api.call("POST", "/Keys.json", {"FriendlyName": label})
    assert answer.refusal == (400, 20001, "FriendlyName must be at most 64 characters of text")
    assert api.get("/Keys.json")["keys"] == before


def test_outside_the_api_nothing_pretends_to_be_twilio(server: Server) -> None:
    answer = Api(server).call("GET", "/2010-04-01x/Accounts.json")
    assert answer.status == 404
    assert "code" not in json.loads(answer.body)
