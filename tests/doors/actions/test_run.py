"""A run over HTTP: every form gives equal outputs, and failures show where they are asked to."""

import json
import socket
from urllib.parse import urlencode

import pytest

from estafette import actions
from tests.conftest import AUTH_TOKEN, RECIPIENT, SENDER, Server
from tests.doors.actions.conftest import (
    FORM,
    JSON,
    RUN,
    TO,
    XML,
    Caller,
    given,
    in_every_form,
    multipart,
    xml_of,
)
from tests.doors.twilio.conftest import Api, basic
from tests.patience import PATIENCE

FORMS = in_every_form(given())
BAD = in_every_form(given(TO="1555"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_sends(caller: Caller, server: Server, form: str) -> None:
    body, content_type = FORMS[form]
    answer = caller.call(body=body, Content_Type=content_type)
    assert (answer.status, answer.outcome) == (200, "done")
    assert answer.headers["content-type"] == (XML if "xml" in form else JSON)
    said = answer.members
    assert list(said) == ["MESSAGE_SID", "ERROR_MESSAGE", "ERROR_CODE"]
    assert (said["ERROR_MESSAGE"], said["ERROR_CODE"]) == ("", "")
    sent = Api(server).get(f"/Messages/{said['MESSAGE_SID']}.json")
    assert (sent["to"], sent["from"], sent["body"]) == (TO, SENDER, "Your parcel is here")


@pytest.mark.parametrize("form", BAD)
@pytest.mark.parametrize("accept", ["", JSON, XML])
def test_every_form_fails_alike(caller: Caller, form: str, accept: str) -> None:
    body, content_type = BAD[form]
    answer = caller.call(body=body, Content_Type=content_type, Accept=accept)
    assert (answer.status, answer.outcome) == (200, "failed")
    assert answer.headers["content-type"] == accept or not accept
    said = answer.members
    assert said.pop("ERROR_MESSAGE").startswith("The 'To' number")
    assert said == {"MESSAGE_SID": "", "ERROR_CODE": "21211"}


@pytest.mark.parametrize("name", ["SENDMESSAGE", "sendmessage", "SendMessage"])
def test_the_name_may_be_in_any_case(caller: Caller, name: str) -> None:
    answer = caller.call("POST", f"/v1/actions/{name}", xml_of(given()), Content_Type=XML)
    assert b"<SENDMESSAGE><MESSAGE_SID>SM" in answer.body


def test_what_xml_cannot_hold_is_replaced(caller: Caller) -> None:
    answer = caller.call(body=json.dumps(given(TO="1\x01<&")), Accept=XML)
    assert "\ufffd" in answer.members["ERROR_MESSAGE"]
    assert caller.call(body=b"<SENDMESSAGE><TO>\x01</TO></SENDMESSAGE>").refusal == (400, 20001)


def test_whole_text_arrives_in_every_form(caller: Caller, server: Server) -> None:
    text = 'é €  😀 + & < > " %7B {}\ttab\nline'
    for body, content_type in in_every_form(given(BODY=text)).values():
        sid = caller.call(body=body, Content_Type=content_type).members["MESSAGE_SID"]
        assert Api(server).get(f"/Messages/{sid}.json")["body"] == text, content_type


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", XML), ("application/*", XML), ("text/*", "text/xml"), ("text/xml", "text/xml"),
        ("application/json, application/xml", XML), ("application/json, application/xml;q=0.5", JSON),
        ("text/html, */*;q=0.1", XML), ("text/html", XML), ("application/json;q=0", XML),
        ("application/json;q=x", XML), ("APPLICATION/JSON", JSON),
    ],
)  # fmt: skip
def test_accept_says_what_is_answered(caller: Caller, accept: str, kind: str) -> None:
    answer = caller.call(body=xml_of(given(TO="")), Content_Type=XML, Accept=accept)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert answer.members["ERROR_CODE"] == "21604"


# Failures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [JSON, XML])
def test_a_failure_may_be_an_error_of_http(caller: Caller, accept: str) -> None:
    body = json.dumps(given(TO="1555"))
    answer = caller.call("POST", f"{RUN}?on_error=http", body, Accept=accept)
    assert answer.refusal == (400, 21211)
    assert answer.outcome == "failed"
    allowed = caller.call("POST", f"{RUN}?on_error=http&allow_failure=true", body, Accept=accept)
    assert (allowed.status, allowed.outcome, allowed.body) == (200, "failed", answer.body)
    plain = caller.call("POST", f"{RUN}?on_error=outputs&allow_failure=TRUE", body, Accept=accept)
    assert (plain.status, plain.outcome) == (200, "failed")
    assert plain.members["ERROR_CODE"] == "21211"


def test_an_error_in_xml_has_a_root_of_its_own(caller: Caller) -> None:
    answer = caller.call("POST", f"{RUN}?on_error=http", xml_of(given(TO="")))
    assert answer.body.startswith(
        b"<?xml version='1.0' encoding='UTF-8'?>\n<Failure><code>21604</code><message>"
    )


@pytest.mark.parametrize(
    "query",
    ["on_error=", "on_error=HTTP", "on_error=raise", "allow_failure=yes", "allow_failure=",
     "mask_output=1", "colour=red", "on_error=http&on_error=http", "connection=%00",
     f"connection={'x' * 201}", "on_error=%ff"],
)  # fmt: skip
def test_an_option_that_is_wrong_is_refused(caller: Caller, query: str) -> None:
    answer = caller.run(query, **given())
    assert answer.refusal == (400, 20001)
    assert answer.outcome == ""


@pytest.mark.parametrize("name", ["Idempotency-Key", "I-Twilio-Idempotency-Token"])
def test_a_key_makes_a_repeated_run_safe(caller: Caller, name: str) -> None:
    key = {name: f"4711/{name}"}
    first = caller.call(body=json.dumps(given()), **key)
    again = caller.call(body=xml_of(given()), **key)
    assert again.members == first.members
    for query in ("", "?on_error=http", "?on_error=outputs&allow_failure=true"):
        other = caller.call("POST", RUN + query, json.dumps(given(BODY="Another")), **key)
        assert other.refusal == (409, 20409)
        assert other.outcome == "failed"


@pytest.mark.parametrize("key", ["x" * 256, "caf\xe9", "a\tb"])
def test_a_key_that_is_none_is_refused(caller: Caller, key: str) -> None:
    assert caller.call(body=json.dumps(given()), Idempotency_Key=key).refusal == (400, 20001)


# What cannot be read -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("", "", 200),  # nothing is given: what is needed is missing, says the action
        ("{}", JSON, 200),
        ("{", JSON, 400),
        ("[]", JSON, 400),
        ('"x"', JSON, 400),
        ('{"TO": "1", "TO": "2"}', JSON, 400),
        ('{"TO": NaN}', JSON, 400),
        ('{"TO": 1e999}', JSON, 400),
        ('{"TO": ' + "9" * 5000 + "}", JSON, 400),
        ('{"TO": {"a": 1}}', JSON, 400),
        ('{"TO": true}', JSON, 400),
        ('{"TO": "\\u0000"}', JSON, 400),
        ('{"TO": "\\ud800"}', JSON, 400),
        ('{"\\ud800": "x"}', JSON, 400),
        ('{"COLOUR": "red"}', JSON, 400),
        ('{"to": "+14155550190"}', JSON, 400),
        ('{"x": ' + "[" * 100_000, JSON, 400),
        ('{"TO": ' + "[" * 900 + "]" * 900 + "}", JSON, 400),
        ("{" + ",".join(f'"a{n}":1' for n in range(60_000)) + "}", JSON, 400),
        ("{" + ",".join(f'"a{n}":1' for n in [*range(60_000), 59_999]) + "}", JSON, 400),
        (b"\xff", JSON, 400),
        (b"\xff", "", 415),
        ("hello", "", 415),
        ("hello", "text/plain", 415),
        ("hello world = {", "application/octet-stream", 415),
        ("<OTHER/>", XML, 400),
        ("<SENDMESSAGE>", XML, 400),
        ("", XML, 400),
        ("<SENDMESSAGE>text</SENDMESSAGE>", XML, 400),
        ("<SENDMESSAGE><TO>1</TO><TO>2</TO></SENDMESSAGE>", XML, 400),
        ("<SENDMESSAGE><TO><a/></TO></SENDMESSAGE>", XML, 400),
        ("<SENDMESSAGE TO='1'/>", XML, 400),
        ("<SENDMESSAGE><COLOUR/></SENDMESSAGE>", XML, 400),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><SENDMESSAGE><TO>&b;</TO></SENDMESSAGE>',
         XML, 400),
        ("<SENDMESSAGE>" + "<a>" * 50 + "</a>" * 50 + "</SENDMESSAGE>", XML, 400),
        ("<?xml version='1.0' encoding='iso-8859-1'?><SENDMESSAGE/>", XML, 400),
        (b"TO=%ff", FORM, 400),
        ("TO=%00", FORM, 400),
        ("TO=1&TO=2", FORM, 400),
        ("COLOUR=red", FORM, 400),
        ("&".join(f"a{n}=" for n in range(1001)), FORM, 400),
        ("payload=hello", FORM, 400),
        ("payload=[]", FORM, 400),
        ("payload=%257B", FORM, 400),
        ("payload={}&TO=1", FORM, 400),
        ("--xyz\r\n", "multipart/form-data; boundary=xyz", 400),
        (multipart({"TO": "1"}), "multipart/form-data", 400),
        (multipart({"TO": "1"}), "multipart/form-data; boundary=abc", 400),
        (b"--xyz\r\nX: y\r\n\r\nz\r\n--xyz--", "multipart/form-data; boundary=xyz", 400),
        (multipart({"TO": "1"}).replace(b"1\r\n", b"\xff\r\n"), "multipart/form-data; boundary=xyz", 400),
        (b" " * (1 << 20) + b"{}", JSON, 413),
        (b"<SENDMESSAGE>" + b" " * (1 << 20) + b"</SENDMESSAGE>", XML, 413),
    ],
)  # fmt: skip
def test_a_body_that_is_wrong_says_so(
    caller: Caller, stranger: Caller, body: str | bytes, content_type: str, status: int
) -> None:
    answer = caller.call(body=body, Content_Type=content_type)
    assert answer.status == status
    if status != 200:
        assert answer.refusal == (status, 20413 if status == 413 else 20001)
        assert answer.outcome == ""
        assert answer.headers["content-type"] == (XML if content_type == XML else JSON)
    assert stranger.call(body=body, Content_Type=content_type).refusal == (401, 20003)


def test_a_body_that_is_compressed_is_refused(caller: Caller) -> None:
    assert caller.call(body=b"{}", Content_Encoding="gzip").refusal == (415, 20001)


def test_what_engines_send_along_is_passed_over(caller: Caller) -> None:
    inputs = given(APP_URL="x", MESSAGE_SID="", ERROR_CODE="y")
    for body, content_type in in_every_form(inputs).values():
        assert caller.call(body=body, Content_Type=content_type).outcome == "done"


def test_a_number_may_stand_for_a_text_and_null_for_nothing(caller: Caller) -> None:
    number = int(RECIPIENT.removeprefix("+"))
    answer = caller.run(TO=number, BODY=5, FROM=SENDER, ACCOUNT_SID=None)
    assert answer.outcome == "done"


# Who asks ----------------------------------------------------------------------------------------


def test_the_inputs_prove_who_asks_where_no_header_does(stranger: Caller) -> None:
    proof = {"ACCOUNT_SID": Api(stranger.server).sid, "AUTH_TOKEN": AUTH_TOKEN}
    for body, content_type in in_every_form(given(**proof)).values():
        answer = stranger.call(body=body, Content_Type=content_type)
        assert (answer.status, answer.outcome) == (200, "done")
        assert AUTH_TOKEN.encode() not in answer.body


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"ACCOUNT_SID": "AC" + "5e" * 16},
        {"AUTH_TOKEN": AUTH_TOKEN},
        {"ACCOUNT_SID": "AC" + "5e" * 16, "AUTH_TOKEN": ""},
        {"ACCOUNT_SID": "AC" + "5e" * 16, "AUTH_TOKEN": "wrong"},
        {"ACCOUNT_SID": "AC" + "00" * 16, "AUTH_TOKEN": AUTH_TOKEN},
        {"ACCOUNT_SID": "AC", "AUTH_TOKEN": AUTH_TOKEN},
        {"ACCOUNT_SID": ["AC" + "5e" * 16], "AUTH_TOKEN": {}},
        {"ACCOUNT_SID": "AC" + "5e" * 16, "AUTH_TOKEN": "\ud800"},
    ],
)
def test_nobody_runs_anything_without_proof(stranger: Caller, proof: dict[str, object]) -> None:
    for accept in (JSON, XML):
        answer = stranger.call(body=json.dumps({**given(), **proof}), Accept=accept)
        assert answer.refusal == (401, 20003)
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert answer.outcome == ""


@pytest.mark.parametrize("shown", ["Basic", "Basic !!", "Bearer x", "Digest x", "Basic QUM6eA=="])
def test_a_wrong_header_is_wrong_whatever_the_inputs_prove(server: Server, shown: str) -> None:
    proof = {"ACCOUNT_SID": Api(server).sid, "AUTH_TOKEN": AUTH_TOKEN}
    assert Caller(server, shown).run(**given(**proof)).refusal == (401, 20003)


def test_a_key_opens_it_too(caller: Caller) -> None:
    done = caller.server.run("keys", "create", "--json").stdout
    key = json.loads(done)
    bearer = Caller(caller.server, f"Bearer {key['bearer']}")
    assert bearer.run(**given()).outcome == "done"


def test_another_account_sends_from_its_own_senders_only(server: Server) -> None:
    made = json.loads(server.run("accounts", "create", "Other for actions", "--json").stdout)
    other = Caller(server, basic(made["sid"], made["auth_token"]))
    answer = other.run(**given())
    assert (answer.status, answer.outcome) == (200, "failed")
    assert answer.members["ERROR_CODE"] == "21606"


# Paths -------------------------------------------------------------------------------------------


def test_an_unknown_action_is_unknown_to_everybody(caller: Caller, stranger: Caller) -> None:
    for who in (caller, stranger):
        for method in ("GET", "POST", "PUT", "OPTIONS"):
            assert who.call(method, "/v1/actions/NOTHING", b"{").refusal == (404, 20404)
        assert who.call("GET", "/v1/actions/").refusal == (404, 20404)
        assert who.call("GET", "/v1/actions/SENDMESSAGE/runs").refusal == (404, 20404)
        assert who.call("GET", "/v1/actions/%00").refusal == (404, 20404)


def test_methods(caller: Caller) -> None:
    allowed = "GET, HEAD, OPTIONS, POST"
    for path in (RUN, "/v1/actions"):
        answer = caller.call("PUT", path, b"{}")
        assert answer.refusal == (405, 20004)
        assert answer.headers["allow"] == allowed
        told = caller.call("OPTIONS", path)
        assert (told.status, told.headers["allow"], told.body) == (204, allowed, b"")
        head = caller.call("HEAD", path)
        assert (head.status, head.body) == (200, b"")


def test_the_list_and_one_action(caller: Caller, stranger: Caller) -> None:
    listed = json.loads(caller.call("GET", "/v1/actions").body)
    assert [item["name"] for item in listed["items"]] == [a.name for a in actions.actions()]
    assert listed["next"] is None
    (found,) = (item for item in listed["items"] if item["name"] == "SENDMESSAGE")
    assert json.loads(caller.call("GET", "/v1/actions/sendmessage", Accept=XML).body) == found
    assert (found["error_mode"], found["idempotency"]) == ("outputs", True)
    assert found["credentials"] == ["ACCOUNT_SID", "AUTH_TOKEN"]
    assert found["inputs"]["required"] == ["BODY", "TO"]
    assert found["inputs"]["properties"]["AUTH_TOKEN"]["x-secret"] is True
    assert set(found["outputs"]["properties"]) == {"MESSAGE_SID", "ERROR_MESSAGE", "ERROR_CODE"}
    assert set(found["options"]) == {"on_error", "allow_failure", "mask_output", "connection"}
    for path in ("/v1/actions", RUN):
        assert stranger.call("GET", path).refusal == (401, 20003)


def test_a_test_account_sends_nothing(server: Server) -> None:
    made = json.loads(
        server.run("accounts", "create", "Test for actions", "--kind", "test", "--json").stdout
    )
    tester = Caller(server, basic(made["sid"], made["auth_token"]))
    answer = tester.run(**given())
    assert (answer.status, answer.outcome) == (200, "failed")
    assert tester.call("GET", RUN).status == 200


def test_who_hangs_up_leaves_nothing_behind(caller: Caller, server: Server) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as half:
            half.sendall(f"POST {RUN} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n".encode())
            half.sendall(f"Authorization: {caller.authorization}\r\n\r\n{{".encode())
    assert caller.run(**given()).outcome == "done"
    assert "Traceback" not in server.log


# The log -----------------------------------------------------------------------------------------


def test_a_run_leaves_a_line_without_what_was_said(own_server: Server) -> None:
    own_server.environment["ESTAFETTE_LOG_LEVEL"] = "debug"
    caller = Caller(own_server.start())
    proof = {"ACCOUNT_SID": Api(own_server).sid, "AUTH_TOKEN": AUTH_TOKEN}
    shown = caller.run(**given(BODY="a very private text", **proof)).members["MESSAGE_SID"]
    hidden = caller.run("mask_output=true", **given(BODY="a very private text")).members
    Caller(own_server, "").call(body=urlencode(given(TO="1", **proof)))
    Caller(own_server, "").call(body=json.dumps(given(AUTH_TOKEN="not the token")))
    log = own_server.log
    lines = [json.loads(line) for line in log.splitlines() if '"action": "SENDMESSAGE"' in line]
    runs = [line for line in lines if line["event"] == "an action ran"]
    assert [(run["outcome"], run.get("code")) for run in runs] == [
        ("done", None), ("done", None), ("failed", "21211"),
    ]  # fmt: skip
    assert {run["account"] for run in runs} == {Api(own_server).sid}
    assert shown in log
    assert hidden["MESSAGE_SID"] not in "".join(map(str, lines))
    for secret in ("a very private text", AUTH_TOKEN, "not the token"):
        assert secret not in log
