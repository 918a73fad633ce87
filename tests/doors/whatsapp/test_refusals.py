"""What is refused, and in which words: Meta's shape whatever goes wrong; and that nothing breaks."""

import contextlib
import json
import socket
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estafette.doors.whatsapp.declined import of_declined, of_refused
from estafette.model import (
    Declined,
    Misconfigured,
    Reason,
    Refused,
    SendError,
    Throttled,
    Unreached,
    meta,
)
from estafette.model.whatsapp.declined import DETAILS
from tests.doors.own.conftest import Own
from tests.doors.whatsapp.conftest import PHONE, SENDER, WABA, Api
from tests.doors.whatsapp.said import OBJECTS, TO, bodies, hello
from tests.patience import PATIENCE

PATH = f"/v23.0/{PHONE}/messages"
TEXT: dict[str, Any] = {"messaging_product": "whatsapp", "to": TO, "text": {"body": "Hello"}}
_numbers = count(16505550700)


def new_person() -> str:
    return f"+{next(_numbers)}"


# Who asks, and for what


def test_a_wrong_token_opens_nothing(api: Api) -> None:
    wrong = "SK" + "0" * 32 + ".wrong"
    for shown, query in (
        (f"Bearer {wrong}", ""),
        ("Bearer EAAnobodys", ""),
        ("Basic eDp5", ""),
        ("Nonsense", ""),
        ("", f"?access_token={wrong}"),
    ):
        answer = api.call("POST", f"{PATH}{query}", TEXT, {"Authorization": shown})
        assert answer.refusal == (401, 190)
        assert answer.error["error_subcode"] == 463
        assert answer.error["type"] == "OAuthException"
        assert "error_data" not in answer.error
        assert wrong not in json.dumps(answer.error)
    assert wrong not in api.server.log


def test_no_token_opens_nothing_either(api: Api) -> None:
    for query in ("", "?access_token="):
        answer = api.call("POST", f"{PATH}{query}", TEXT, {"Authorization": ""})
        assert answer.refusal == (401, 190)
        assert "error_subcode" not in answer.error


def test_a_number_that_is_not_there_is_an_unknown_object(api: Api, other: Api) -> None:
    for phone in ("1", other.phone, "0" * 90):
        for path in ("messages", "marketing_messages"):
            answer = api.post(f"/{phone}/{path}", TEXT)
            assert answer.refusal == (400, 100)
            assert answer.error["error_subcode"] == 33
            assert answer.error["type"] == "GraphMethodException"
            assert f"Object with ID '{phone[:64]}' does not exist" in answer.error["message"]


@pytest.mark.parametrize(
    "path",
    ["/v23.0", "/v23.0/", f"{PATH}/more", "/v23.0/1/2/3", "/v23.0/a%00b", f"/{PHONE}/nothing"],
)
def test_an_unknown_path_is_told_as_such(path: str, api: Api) -> None:
    answer = api.call("POST", path, TEXT)
    assert answer.refusal in ((404, 2500), (400, 100))
    assert answer.refusal[0] == 404 or answer.error["error_subcode"] == 33


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_is_told_what_is_taken(method: str, api: Api) -> None:
    answer = api.call(method, PATH)
    assert answer.refusal == (405, 100)
    assert answer.headers["allow"] == "POST"


# Bodies


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"7", "application/json"),
        (b'"text"', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"to": "\\ud800"}', "application/json"),
        (b'{"to": 1e999}', "application/json"),
        (b'{"to": ' + b"[" * 40_000 + b"]" * 40_000 + b"}", "application/json"),
        (b'{"to": ' + b"[" * 40 + b"]" * 40 + b',"x":"' + b"[" * 60 + b'"}', "application/json"),
        (json.dumps({**TEXT, "text": {"body": "a\0b"}}).encode(), "application/json"),
        (b"to=%ff%fe", "application/x-www-form-urlencoded"),
        (b"to=%00", "application/x-www-form-urlencoded"),
        (b"text={%22body%22:%22\\u0000%22}", "application/x-www-form-urlencoded"),
        (b"no parts", "multipart/form-data; boundary=b7"),
        (b"no boundary", "multipart/form-data"),
        (b'--b7\r\nContent-Disposition: form-data; name="to"\r\n\r\n\xff\r\n--b7--\r\n',
         "multipart/form-data; boundary=b7"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_an_invalid_parameter(
    raw: bytes, content_type: str, api: Api
) -> None:
    answer = api.call("POST", PATH, raw, {"Content-Type": content_type})
    assert answer.refusal == (400, 100)


def test_a_body_is_of_a_kind_and_a_size(api: Api) -> None:
    for content_type in ("application/xml", "image/png", "x"):
        answer = api.call("POST", PATH, b"<to/>", {"Content-Type": content_type})
        assert answer.refusal == (415, 100)
    assert api.call("POST", PATH, b" " * 1_000_001).refusal == (413, 100)


@pytest.mark.parametrize(
    ("change", "code", "details"),
    [
        ({"messaging_product": None}, 100, "messaging_product"),
        ({"messaging_product": "sms"}, 100, "messaging_product"),
        ({"to": None}, 131008, "to"),
        ({"to": ""}, 131008, "to"),
        ({"to": True}, 131009, "to"),
        ({"to": ["+16505550142"]}, 131009, "to"),
        ({"to": None, "recipient": "Grace"}, 131009, "recipient"),
        ({"to": "two words", "recipient_type": "group"}, 131009, "to"),
        ({"recipient_type": "crowd"}, 131009, "recipient_type"),
        ({"type": "poll"}, 131051, "type"),
        ({"type": 7}, 131051, "type"),
        ({"text": None}, 131008, "text"),
        ({"text": {}}, 131008, "text"),
        ({"text": "Hello"}, 131009, "text"),
        ({"text": {"body": ""}}, 131008, "text.body"),
        ({"text": {"body": "x" * 4097}}, 131009, "text.body"),
        ({"type": "image", "image": {}}, 131008, "image"),
        ({"type": "image", "image": {"link": "ftp://x"}}, 131009, "image.link"),
        ({"biz_opaque_callback_data": "x" * 513}, 131009, "biz_opaque_callback_data"),
        ({"context": {"message_id": [7]}}, 131009, "context.message_id"),
        ({"type": "template", "template": hello(name="nobodys")}, 132001, ""),
        ({"type": "template", "template": hello()}, 132000, ""),
    ],
)
def test_what_is_wrong_with_a_request_is_told(
    change: dict[str, Any], code: int, details: str, api: Api
) -> None:
    answer = api.post(f"/{PHONE}/messages", {**TEXT, **change})
    assert answer.refusal == (meta.status_of(code), code)
    assert answer.details.startswith(details)


# What is refused as things are


def test_after_a_day_only_templates_go(api: Api, own: Own) -> None:
    person = new_person()
    at = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    own.post(
        "/sandbox/inbound",
        {"channel": "whatsapp", "from": person, "to": SENDER, "body": "Hello", "at": at},
    )
    answer = api.send(person)
    assert answer.refusal == (400, 131047)
    assert answer.error["message"] == "(#131047) Re-engagement message"
    assert person in answer.details
    filled = {"type": "body", "parameters": [{"type": "text", "text": "Grace"}]}
    assert api.send(person, type="template", template=hello(filled)).wamid


def test_who_does_not_want_to_hear_is_not_written_to(api: Api, own: Own) -> None:
    person = new_person()
    own.post("/suppressions", {"recipient": person, "channel": "whatsapp"})
    assert api.send(person).refusal == (400, 131050)


def test_a_number_does_not_write_to_itself(api: Api) -> None:
    assert api.send(SENDER).refusal == (400, 131021)


def test_who_has_no_number_is_sent_no_code(api: Api) -> None:
    component = {"type": "BODY", "add_security_recommendation": False}
    otp = {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}
    named = {"name": "log_in_here", "language": "en", "category": "AUTHENTICATION"}
    made = api.post(f"/{WABA}/message_templates", {**named, "components": [component, otp]})
    assert made.status == 200, made.body
    own = Own(api.server)
    filled = [
        {"type": "body", "parameters": [{"type": "text", "text": "314159"}]},
        {
            "type": "button",
            "sub_type": "url",
            "index": "0",
            "parameters": [{"type": "text", "text": "314159"}],
        },
    ]
    code = {"type": "template", "template": hello(*filled, name="log_in_here")}
    (one,) = [one for one in own.all_of("/templates") if one["name"] == "log_in_here"]
    assert own.call("PATCH", f"/templates/{one['id']}", {"status": "approved"}).status == 200
    assert api.send(TO, **code).wamid
    assert api.send(recipient="US.1906120919920101", **code).refusal == (400, 131062)


def test_the_sandbox_refuses_as_it_is_asked_to(api: Api) -> None:
    for code in (131021, 130429, 131056):
        answer = api.send(f"+16501{code:06d}")
        assert answer.refusal == (meta.status_of(code), code)
    assert api.send("+16501130429").error["is_transient"] is True


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_code_and_words(reason: Reason) -> None:
    refusal = of_declined(Declined(reason, "+16505550142"))
    error = refusal.shape("A1")["error"]
    assert error["code"] in meta.CODES
    assert refusal.status < 500
    assert "{" not in error["error_data"]["details"]
    assert reason in DETAILS
    own = of_declined(Declined(reason, code="131049", text="Not now"))
    error = own.shape("A1")["error"]
    assert (error["code"], error["error_data"]["details"]) == (131049, "Not now")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refused("no such message", code="131009", reason=Reason.BAD_BODY), 400, 131009),
        (Refused("no", code="131000"), 500, 131000),
        (Refused("no", code="7"), 500, 131016),
        (Throttled("later"), 400, 130429),
        (Throttled("later", code="80007"), 400, 80007),
        (Unreached("nobody is there"), 500, 131016),
        (Misconfigured("token abc", code="190"), 500, 131016),
    ],
)
def test_what_a_carrier_refuses_is_told_in_its_code(
    error: SendError, status: int, code: int
) -> None:
    refusal = of_refused(error)
    assert (refusal.status, refusal.shape("A1")["error"]["code"]) == (status, code)
    assert "abc" not in json.dumps(refusal.shape("A1"))


# Whatever is sent

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["\0", "\ud800", "x" * 70_000, 10**40, -1, "whatsapp", "{", "[[]]", TO]),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
SOUND = [body for _, _, body in bodies()] + [
    {"messaging_product": "whatsapp", "to": TO, "type": kind, kind: value}
    for kind, value in OBJECTS.values()
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a body."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for name, part in items:
        found.append((*path, name))
        if isinstance(part, dict | list):
            found += places(part, (*path, name))
    return found


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The same with something else in one place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_value_breaks_it(data: st.DataObject, api: Api) -> None:
    body = data.draw(st.sampled_from(SOUND))
    place = data.draw(st.sampled_from(places(body)))
    body = changed(body, place, data.draw(ANYTHING))
    answer = api.call("POST", PATH, json.dumps(body).encode())
    assert answer.status < 500, (body, answer.body)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(raw=st.binary(max_size=200), content_type=st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]))  # fmt: skip
def test_no_bytes_break_it(raw: bytes, content_type: str, api: Api) -> None:
    for body in (raw, b'{"messaging_product":"whatsapp",' + raw, b"--x\r\n" + raw + b"\r\n--x--"):
        answer = api.call("POST", PATH, body, {"Content-Type": content_type})
        assert 400 <= answer.status < 500


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.binary(max_size=12).map(quote),
    query=st.binary(max_size=12).map(quote),
    shown=st.binary(max_size=20).map(lambda raw: raw.translate(None, b"\0\r\n")),
    key=st.sampled_from([b"", b"Idempotency-Key: \xff\r\n", b"Content-Encoding: gzip\r\n"]),
)
def test_no_request_breaks_it(path: str, query: str, shown: bytes, key: bytes, api: Api) -> None:
    line = f"POST /v23.0/{path}/messages?access_token={query}&{query} HTTP/1.1\r\nHost: x\r\n"
    head = line.encode() + b"Authorization: " + shown + b"\r\nConnection: close\r\n" + key
    with socket.create_connection(("127.0.0.1", api.server.port), timeout=PATIENCE) as wire:
        wire.sendall(head + b"Content-Length: 2\r\n\r\n{}")
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    status = int(answer.split(b" ", 2)[1])
    assert 400 <= status < 500, answer
    if b"x-fb-trace-id" in answer:
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["message"]


def test_who_hangs_up_breaks_nothing(api: Api) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\n"
    for rest in ("", "Content-Length: 90\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"):
        with socket.create_connection(("127.0.0.1", api.server.port)) as line:
            line.sendall((head + rest).encode())
            line.shutdown(socket.SHUT_WR)
            line.settimeout(5)
            with contextlib.suppress(OSError):
                line.recv(1000)
    assert api.send(TO).wamid
    assert "a request broke" not in api.server.log
