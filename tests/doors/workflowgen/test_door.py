"""Who may ask, what is refused and how, and what a repeated step comes to."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from estafette import actions, settings
from estafette.actions import Asked, perform, read
from estafette.app import opened
from estafette.doors.workflowgen import routes
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.twilio.conftest import basic
from tests.doors.workflowgen.conftest import (
    BODY,
    REPLY_TO,
    SESSION,
    Flow,
    context,
    data_set,
    out,
    text_of,
    values,
)

WHO = {"ACCOUNT_SID": ACCOUNT_SID, "AUTH_TOKEN": AUTH_TOKEN}
WRONG = {**WHO, "AUTH_TOKEN": "a guess that is wrong"}
CHALLENGE = 'Basic realm="Estafette"'


# Who asks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [context, data_set])
def test_nobody_sends_nothing(nobody: Flow, flow: Flow, build: Any) -> None:
    to = "15551230010"
    for more in ({}, {"ACCOUNT_SID": ACCOUNT_SID}, WRONG, {**WHO, "ACCOUNT_SID": "AC" + "0" * 32}):
        answer = nobody.call(build(TO=to, **more))
        assert answer.refusal == (401, 20003)
        assert answer.headers["www-authenticate"].startswith(CHALLENGE)
        assert b"a guess" not in answer.body
    assert not flow.messages(to)


@pytest.mark.parametrize("build", [context, data_set])
def test_the_inputs_may_prove_who_asks(nobody: Flow, build: Any) -> None:
    answer = nobody.call(build(**WHO))
    assert answer.values["MESSAGE_SID"].startswith("SM")
    assert AUTH_TOKEN.encode() not in answer.body


def test_names_of_proof_may_be_written_small(nobody: Flow) -> None:
    asked = context(text_of("account_sid", ACCOUNT_SID), text_of("auth_token", AUTH_TOKEN))
    assert nobody.call(asked).values["MESSAGE_SID"]


def test_a_header_counts_before_the_inputs(server: Server) -> None:
    wrong = Flow(server, basic(ACCOUNT_SID, "no token"))
    assert wrong.call(context(**WHO)).refusal == (401, 20003)
    assert Flow(server, "Digest x").call(context(**WHO)).refusal == (401, 20003)


def test_a_key_opens_it_as_basic_and_as_bearer(server: Server) -> None:
    made = json.loads(server.run("keys", "create", "--label", "flows", "--json").stdout)
    sid, secret = made["sid"], made["secret"]
    for shown in (basic(sid, secret), f"Bearer {sid}.{secret}"):
        assert Flow(server, shown).call(context()).values["MESSAGE_SID"]


# What is refused --------------------------------------------------------------------------------


def test_errors_are_written_as_the_request_was(flow: Flow) -> None:
    assert flow.call(context(), "/NOTHING").refusal == (404, 20404)
    answer = flow.call(data_set(), "/NOTHING")
    assert answer.refusal == (404, 20404)
    assert answer.xml.tag == "Failure"


def test_nobody_learns_first_that_nothing_was_shown(nobody: Flow) -> None:
    for document in ("<a", BOMB, {"parameters": 7}, b"nonsense"):
        answer = nobody.call(document)
        assert answer.refusal == (401, 20003)
        assert b"ACCOUNT_SID and AUTH_TOKEN" in answer.body


def test_plain_inputs_that_say_something_else_are_a_conflict(flow: Flow) -> None:
    said = {"BODY": BODY, "TO": "15551230060", "FROM": SENDER}
    assert flow.call(said, Idempotency_Key="plain conflict").status == 200
    answer = flow.call({**said, "BODY": "other"}, Idempotency_Key="plain conflict")
    assert answer.refusal == (409, 20409)


def test_an_action_is_known_in_small_letters(flow: Flow) -> None:
    assert flow.call(context(), "/sendmessage").values["MESSAGE_SID"]


def test_other_methods_and_paths(flow: Flow) -> None:
    answer = flow.call(None, method="DELETE")
    assert answer.refusal == (405, 20004)
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert flow.call(context(), "/SENDMESSAGE/more").refusal == (404, 20404)


@pytest.mark.parametrize(
    "document", [b"", b"   ", b"nonsense", b"{", b"[]", b"<", b"<a>", b"\xff", b'"x"']
)
def test_what_is_no_document_is_refused(flow: Flow, document: bytes) -> None:
    assert flow.call(document, kind="application/json").refusal == (400, 20001)


@pytest.mark.parametrize(
    "document",
    [
        {"parameters": {}},
        {"parameters": [1]},
        {"parameters": None},
        {"parameters": [], "replyToUrl": 7},
        "<Other/>",
        "<SENDMESSAGE><BODY>x</BODY></SENDMESSAGE>",
        f"<NewDataSet>{SESSION}{SESSION}</NewDataSet>",
        "<NewDataSet><parameter><name>A</name><name>B</name></parameter></NewDataSet>",
        "<NewDataSet><parameter/></NewDataSet>",
        b'{"parameters": [], "parameters": []}',
        b'{"BODY": "x", "TO": NaN}',
    ],
)
def test_what_is_no_context_is_refused(flow: Flow, document: Any) -> None:
    assert flow.call(document).refusal == (400, 20001)


def test_a_recordset_is_told_which_format_to_choose(flow: Flow) -> None:
    document = """<xml xmlns:s="uuid:BDC6E3F0-6DA3-11d1-A2A3-00AA00C14882" xmlns:rs="urn:rs" xmlns:z="#z">
      <s:Schema id="RowsetSchema"/><rs:data><z:row PARAM="BODY" DATATYPE="TEXT" DIRECTION="IN"
      VALUE_TEXT="x"/></rs:data></xml>"""
    answer = flow.call(document)
    assert answer.refusal == (415, 20415)
    assert b"XML ADO.NET DataSet" in answer.body


BOMB = """<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<NewDataSet><parameter><name>&b;</name></parameter></NewDataSet>"""
FILE = """<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>
<NewDataSet><parameter><name>&f;</name></parameter></NewDataSet>"""


@pytest.mark.parametrize(
    "document",
    [
        BOMB,
        FILE,
        "<!DOCTYPE NewDataSet><NewDataSet/>",
        f"<NewDataSet>{'<a>' * 33}{'</a>' * 33}</NewDataSet>",
    ],
    ids=["bomb", "file", "dtd", "depth"],
)
@pytest.mark.parametrize("kind", ["application/xml", "application/json"])
def test_bombs_do_not_go_off(flow: Flow, document: str, kind: str) -> None:
    answer = flow.call(document, kind=kind)
    assert answer.refusal == (400, 20001)
    assert (
        Path("/etc/hostname").read_text().strip() not in answer.body.decode()
        or not Path("/etc/hostname").read_text().strip()
    )


@pytest.mark.parametrize(
    "document", [context(BODY="x" * (1 << 20)), data_set(BODY="x" * (1 << 20))]
)
def test_what_is_too_long_is_not_read(flow: Flow, document: Any) -> None:
    assert flow.call(document).refusal == (413, 20413)


def test_json_in_depth_is_refused(flow: Flow) -> None:
    raw = b'{"parameters":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert flow.call(raw, kind="application/json").refusal == (400, 20001)


# A step that is run again -----------------------------------------------------------------------


def session(process: str, activity: str = "3", reply_to: str = REPLY_TO) -> str:
    made = SESSION.replace(">1234<", f">{process}<").replace(">3<", f">{activity}<")
    return made.replace(REPLY_TO, reply_to)


def test_a_step_that_is_run_again_sends_nothing_again(flow: Flow) -> None:
    to = "15551230020"
    step = data_set(session=session("again"), TO=to)
    first, second = flow.call(step).values, flow.call(step).values
    assert first == second
    assert len(flow.messages(to)) == 1
    other = flow.call(data_set(session=session("again", "4"), TO=to)).values
    elsewhere = session("again", reply_to="https://other.example.org/wfgen/EngineProxy")
    third = flow.call(data_set(session=elsewhere, TO=to)).values
    assert len({item["MESSAGE_SID"] for item in (first, other, third)}) == 3


def test_a_step_that_says_something_else_is_told_so(flow: Flow) -> None:
    flow.call(data_set(session=session("other")))
    answer = flow.call(data_set(session=session("other"), BODY="Something else"))
    assert answer.values["ERROR_CODE"] == "20409"
    assert answer.values["MESSAGE_SID"] == ""
    assert answer.headers["x-action-outcome"] == "failed"


def test_a_header_names_a_step_too_and_counts_more(flow: Flow) -> None:
    to = "15551230021"
    keyed = {"Idempotency_Key": "1234/3 of this test"}
    first = flow.call(context(TO=to), **keyed).values
    assert flow.call(context(TO=to), **keyed).values == first
    steps = [data_set(session=session("key", str(number)), TO=to) for number in range(2)]
    again = [flow.call(step, **keyed).values for step in steps]
    assert again == [first, first]
    assert len(flow.messages(to)) == 1


def test_in_json_each_time_is_another(flow: Flow) -> None:
    to = "15551230022"
    assert flow.call(context(TO=to)).values != flow.call(context(TO=to)).values
    assert len(flow.messages(to)) == 2


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"])
def test_a_key_that_is_none(flow: Flow, key: str) -> None:
    assert flow.call(context(), Idempotency_Key=key).refusal == (400, 20001)


# The same as everywhere -------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["15551230030", "1555", "+1 (555) 123-0030", ""])
async def test_equal_outputs_with_the_action_itself(flow: Flow, server: Server, to: str) -> None:
    """With one key, so that what is sent is one message too."""
    action = actions.find("SENDMESSAGE")
    key = f"equal {to}"
    said = {"BODY": BODY, "TO": to, "FROM": SENDER}
    async with opened(settings.read(server.env)) as app:
        account = await app.people.account(ACCOUNT_SID)
        asked = Asked(app.core, account, read(action, said), idempotency_key=key)
        ran = await perform(action, asked)
    expected = {
        "MESSAGE_SID": ran.outputs.message_sid,  # type: ignore[union-attr]
        "ERROR_MESSAGE": ran.outputs.error_message,  # type: ignore[union-attr]
        "ERROR_CODE": ran.outputs.error_code,  # type: ignore[union-attr]
    }
    for document in (context(TO=to), data_set(TO=to)):
        assert values(flow.call(document, Idempotency_Key=key).body) == expected
    assert flow.call(said, Idempotency_Key=key).json == expected


# What it looks like -----------------------------------------------------------------------------


def test_an_action_is_described_to_everybody(nobody: Flow, server: Server) -> None:
    listed = nobody.call(None, "", method="GET").json["actions"]
    (found,) = [item for item in listed if item["name"] == "SENDMESSAGE"]
    shown = nobody.call(None, method="GET").json
    assert shown["url"] == found["url"] == f"{server.url}/v1/workflowgen/SENDMESSAGE"
    assert [
        (item["name"], item["direction"], item["required"]) for item in shown["parameters"]
    ] == [
        ("BODY", "IN", True),
        ("TO", "IN", True),
        ("ACCOUNT_SID", "IN", False),
        ("AUTH_TOKEN", "IN", False),
        ("FROM", "IN", False),
        ("MESSAGE_SID", "OUT", False),
        ("ERROR_MESSAGE", "OUT", False),
        ("ERROR_CODE", "OUT", False),
    ]
    assert {item["data_type"] for item in shown["parameters"]} == {"TEXT"}
    assert nobody.call(None, "/NOTHING", method="GET").refusal == (404, 20404)


def test_the_page_of_the_door_lists_its_routes() -> None:
    page = (Path(routes.__file__).parent / "README.md").read_text()
    rows = re.findall(r"^\| (GET|POST) \| (\S+) \|", page, re.MULTILINE)
    assert set(rows) == {(method, path) for method, path, _ in routes.TABLE}


@pytest.mark.parametrize("path", ["", "/SENDMESSAGE"])
def test_browsers_get_a_page(nobody: Flow, path: str) -> None:
    answer = nobody.call(None, path, method="GET", Accept="text/html,*/*")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "SENDMESSAGE" in answer.body.decode()


def test_the_parameters_that_are_described_make_a_context(flow: Flow) -> None:
    listed = flow.call(None, method="GET").json["parameters"]
    said = {"BODY": BODY, "TO": "15551230040", "FROM": SENDER}
    asked = [
        {
            **out(item["name"], item["data_type"], item["direction"]),
            "textValue": said.get(item["name"]),
        }
        for item in listed
    ]
    assert flow.call({"parameters": asked}).values["MESSAGE_SID"]
