"""Whatever is thrown at the door: it answers in Twilio's shape and keeps nothing that it refuses."""

import http.client
import json
import socket
from collections.abc import Iterator
from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.twilio.conftest import Answer, Api, basic, new_number
from tests.patience import PATIENCE

MEGABYTE = 1 << 20
LIST = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
GOOD = {"To": "+14155550199", "From": SENDER, "Body": "Hi there"}

anything = settings(max_examples=100, deadline=None)


@pytest.fixture(scope="module")
def door(shared_server: Server) -> Iterator[Api]:
    """The door, none of whose requests may break while it is tried."""
    yield Api(shared_server)
    assert "a request broke" not in shared_server.log


def check(door: Api, answer: Answer, before: str | None, *, fine: int = 201) -> None:
    """It is a success, or a refusal after which the newest message is the one from before."""
    if answer.status == fine:
        if fine == 201:
            assert door.newest() == answer.json["sid"]
        return
    status, code, _ = answer.refusal
    assert 400 <= status < 500
    assert 20000 <= code < 80000
    assert door.newest() == before


def raw(server: Server, request: bytes) -> Answer:
    """What comes back for exactly these bytes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


# -------------------------------------------------------------------------------------------------

NAMES = [
    "To", "From", "Body", "MediaUrl", "MessagingServiceSid", "StatusCallback", "ValidityPeriod",
    "MaxPrice", "ContentSid", "ContentVariables", "ContentRetention", "AddressRetention",
    "ScheduleType", "SendAt", "Attempt", "SmartEncoded", "PersistentAction", "Status", "to", "",
]  # fmt: skip
VALUES = [
    "", "+14155550199", SENDER, "whatsapp:+14155550199", "whatsapp:+15550783881", "whatsapp:",
    "MG" + "0a" * 16, "HX" + "0a" * 16, "+15005550001", "Estafette", "12345", "hello", "null",
    "-1", "1e9", "NaN", "true", "[]", "{", '{"1": "x"}', "[" * 5000, "\0", "\x7f", "\N{PILE OF POO}",
    "https://example.com/a.png", "http://", "http://[", "https://example.com:70000/", "a" * 1600,
    "a" * 1601, "\N{GRINNING FACE}" * 801, "٣", "retain", "fixed", "2030-01-02T03:04:05Z",
]  # fmt: skip
values = st.sampled_from(VALUES) | st.text() | st.integers().map(str) | st.floats().map(str)
forms = st.lists(st.tuples(st.sampled_from(NAMES) | st.text(), values), max_size=8)


@anything
@given(base=st.sampled_from([{}, GOOD]), pairs=forms, without=st.sets(st.sampled_from(NAMES)))
def test_any_form(
    door: Api, base: dict[str, str], pairs: list[tuple[str, str]], without: set[str]
) -> None:
    before = door.newest()
    kept = [(name, value) for name, value in base.items() if name not in without]
    check(door, door.post([*kept, *pairs]), before)


@anything
@given(st.binary(max_size=300) | st.lists(st.sampled_from(
    [b"To=", b"&", b"=", b"%2B14155550199", b"From=%2B15017122661", b"Body=", b"%", b"%FF", b"\xff",
     b"%00", b"+", b";", b"\r\n", b"%u0041", b"[]", b"Body[]=a", b"{\"To\": 1}"]
), max_size=12).map(b"".join))  # fmt: skip
def test_any_bytes_as_a_form(door: Api, body: bytes) -> None:
    before = door.newest()
    check(door, door.post(body), before)


@anything
@given(st.binary(min_size=1, max_size=60))
def test_a_body_that_is_not_utf_8(door: Api, tail: bytes) -> None:
    before = door.newest()
    form = b"To=%2B14155550199&From=%2B15017122661&Body="
    answer = door.post(form + quote_from_bytes(tail, safe=b"").encode())
    check(door, answer, before)
    try:
        tail.decode()
    except UnicodeDecodeError:
        assert answer.refusal == (400, 20001, "The request is not valid UTF-8")


#: All that may stand in a header.
header_bytes = st.binary(max_size=80).map(
    lambda said: bytes(byte for byte in said if byte == 9 or (byte >= 32 and byte != 127))
)
encoded = st.binary(max_size=60).map(lambda said: basic(said.decode("latin-1"), "x").encode())


@anything
@given(
    header_bytes
    | encoded
    | st.binary(max_size=60).map(lambda said: b"Basic " + header_bytes_of(said))
    | st.text(max_size=40).map(lambda said: basic(ACCOUNT_SID, said).encode())
    | st.text(max_size=40).map(lambda said: basic(said, AUTH_TOKEN).encode())
)
def test_any_credentials(door: Api, header: bytes) -> None:
    answer = raw(
        door.server,
        b"GET " + LIST.encode() + b" HTTP/1.1\r\nHost: a\r\nAuthorization: " + header + b"\r\n\r\n",
    )
    status, code, _ = answer.refusal
    assert (status, code) == (401, 20003)
    assert answer.headers["www-authenticate"] == 'Basic realm="Twilio API"'


def header_bytes_of(said: bytes) -> bytes:
    return bytes(32 + byte % 95 for byte in said)


@anything
@given(
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    sid=st.text() | st.from_regex(r"\A(SM|MM|SK|AC|XX)[0-9a-fA-F]{30,34}\Z"),
    place=st.sampled_from(["Messages", "Keys", "Calls"]),
)
def test_any_sid(door: Api, method: str, sid: str, place: str) -> None:
    before = door.newest()
    path = door.path(f"/{place}/{quote(sid, safe='')}.json")
    answer = door.call(method, path, {"Body": ""} if method == "POST" else b"")
    assert answer.refusal[:2] == (404, 20404)
    assert door.newest() == before


@anything
@given(st.text(min_size=1) | st.from_regex(r"\AAC[0-9a-fA-F]{30,34}\Z"))
def test_any_account(door: Api, sid: str) -> None:
    answer = door.call("POST", f"/2010-04-01/Accounts/{quote(sid, safe='')}/Messages.json", GOOD)
    assert answer.refusal[:2] in ((404, 20404), (401, 20003))


QUERIES = [
    "To", "From", "DateSent", "DateSent<", "DateSent>", "Status", "PageSize", "Page", "PageToken",
]  # fmt: skip
queries = st.lists(
    st.tuples(
        st.sampled_from(QUERIES) | st.text(),
        values
        | st.sampled_from(["PASM" + "0a" * 16, "PBSM" + "0a" * 16, "0", "1", "50", "2009-07-06"])
        | st.dates().map(str)
        | st.datetimes().map(str),
    ),
    max_size=5,
)


@anything
@given(queries)
def test_any_query_of_a_list(door: Api, pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{quote(name)}={quote(value[:2000])}" for name, value in pairs)
    answer = door.call("GET", f"{LIST}?{query}")
    if answer.status == 200:
        assert isinstance(answer.json["messages"], list)
    else:
        assert answer.refusal[0] == 400


@anything
@given(st.binary(max_size=100))
def test_any_bytes_as_a_query(door: Api, said: bytes) -> None:
    # Others make it no HTTP request: the answer to that comes from below the door.
    legal = bytes(byte for byte in said if 32 < byte < 127 and byte != 35)
    request = b"GET " + LIST.encode() + b"?" + legal + b" HTTP/1.1\r\nHost: a\r\nAuthorization: "
    answer = raw(door.server, request + basic(ACCOUNT_SID, AUTH_TOKEN).encode() + b"\r\n\r\n")
    if answer.status != 200:
        assert answer.refusal[0] == 400


@anything
@given(
    form=st.lists(st.tuples(st.sampled_from(["Body", "Status"]), values), max_size=3),
)
def test_any_update(door: Api, form: list[tuple[str, str]]) -> None:
    sid = door.newest() or door.create(new_number())["sid"]
    answer = door.call("POST", f"/Messages/{sid}.json", form)
    if answer.status != 200:
        assert answer.refusal[:2] in ((400, 30400), (409, 30409), (400, 20001))


@anything
@given(values)
def test_any_name_of_a_key(door: Api, name: str) -> None:
    answer = door.call("POST", "/Keys.json", {"FriendlyName": name})
    if answer.status == 201:
        assert answer.json["friendly_name"] == name
        assert door.call("DELETE", f"/Keys/{answer.json['sid']}.json").status == 204
    else:
        assert answer.refusal[:2] == (400, 20001)


# -------------------------------------------------------------------------------------------------

#: Forms of a megabyte: the code of the refusal, None where one is taken.
LARGE = {
    "body": ({**GOOD, "Body": "a" * MEGABYTE}, 21617),
    "recipient": ({**GOOD, "To": "9" * MEGABYTE}, 21211),
    "sender": ({**GOOD, "From": "9" * MEGABYTE}, 21212),
    "callback": ({**GOOD, "StatusCallback": "https://example.com/" + "a" * MEGABYTE}, 21609),
    "media": ({**GOOD, "MediaUrl": "https://example.com/" + "a" * MEGABYTE}, 21620),
    "variables": ({**GOOD, "ContentSid": "HX", "ContentVariables": "1" * MEGABYTE}, 21656),
    "variables in brackets": (
        {**GOOD, "ContentSid": "HX", "ContentVariables": "[" * 600_000},
        21656,
    ),
    "something unknown": ({**GOOD, "Something": "a" * MEGABYTE}, None),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_form_of_a_megabyte(door: Api, name: str) -> None:
    form, code = LARGE[name]
    before = door.newest()
    answer = door.post(form)
    check(door, answer, before)
    assert (answer.json["code"] if answer.status == 400 else None) == code
    assert len(answer.body) < 2000


def test_a_megabyte_of_parameters(door: Api) -> None:
    before = door.newest()
    answer = door.post(b"&".join([b"a=b"] * (MEGABYTE // 4)))
    assert answer.refusal == (400, 20001, "The request has more than 1000 parameters")
    assert door.newest() == before


@pytest.mark.parametrize("size", [2 * MEGABYTE + 1, 8 * MEGABYTE])
def test_a_form_of_more_than_two_megabytes(door: Api, size: int) -> None:
    before = door.newest()
    assert door.post(b"Body=".ljust(size, b"a")).refusal[:2] == (413, 20413)
    assert door.newest() == before


def test_a_form_in_chunks_is_a_form(door: Api) -> None:
    to = new_number()
    body = f"To=%2B{to[1:]}&From=%2B{SENDER[1:]}&Body=Hi".encode()
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, body[n : n + 1]) for n in range(len(body)))
    answer = raw(door.server, head("POST", "Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n")
    assert answer.status == 201
    assert [message["body"] for message in door.page(To=to)["messages"]] == ["Hi"]


def test_chunks_without_end_are_too_large(door: Api) -> None:
    before = door.newest()
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    answer = raw(door.server, head("POST", "Transfer-Encoding: chunked") + chunk * 33)
    assert answer.refusal[:2] == (413, 20413)
    assert door.newest() == before


def test_a_form_that_breaks_off_is_not_stored(door: Api) -> None:
    before = door.newest()
    with socket.create_connection(("127.0.0.1", door.server.port), timeout=PATIENCE) as connection:
        body = f"To=%2B14155550199&From=%2B{SENDER[1:]}&Body=Hi".encode()
        connection.sendall(head("POST", f"Content-Length: {len(body) + 1}") + body)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000) == b""
    assert door.newest() == before


def head(method: str, *headers: str) -> bytes:
    lines = [f"{method} {LIST} HTTP/1.1", "Host: a", *headers]
    lines.append(f"Authorization: {basic(ACCOUNT_SID, AUTH_TOKEN)}")
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps(GOOD).encode()),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n--x--"),
        ("text/plain", b"Hi there"),
        ("application/xml", b"<Body>Hi there</Body>"),
    ],
)
def test_a_body_that_is_no_form_has_no_recipient(door: Api, kind: str, body: bytes) -> None:
    before = door.newest()
    answer = door.call("POST", "/Messages.json", body, {"Content-Type": kind})
    assert answer.refusal == (400, 21604, "A 'To' phone number is required.")
    assert door.newest() == before
