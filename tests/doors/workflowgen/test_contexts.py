"""Contexts in and out: JSON and DataSets, what is read of them, and what is answered."""

import json
import re
from urllib.parse import quote, urlencode

import pytest
from defusedxml.ElementTree import fromstring, tostring

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER
from tests.doors.workflowgen.conftest import (
    BODY,
    OUTPUTS,
    SESSION,
    TO,
    Flow,
    context,
    data_set,
    out,
    text_of,
    values,
)

SID = re.compile(r"SM[0-9a-f]{32}")
NOT_A_NUMBER = {"MESSAGE_SID": "", "ERROR_CODE": "21211"}
SCHEMA = """<xs:schema id="NewDataSet" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="NewDataSet"><xs:complexType><xs:choice>
  <xs:element name="parameter"><xs:complexType><xs:sequence>
  <xs:element name="name" type="xs:string" minOccurs="0"/>
  </xs:sequence></xs:complexType></xs:element></xs:choice></xs:complexType></xs:element></xs:schema>
"""


def is_sent(found: dict[str, str]) -> bool:
    assert list(found) == list(OUTPUTS)
    return bool(SID.fullmatch(found["MESSAGE_SID"])) and not found["ERROR_CODE"]


# The two formats --------------------------------------------------------------------------------


def test_a_context_in_json_is_answered_with_its_outputs_alone(flow: Flow) -> None:
    answer = flow.call(context())
    assert is_sent(answer.values)
    assert answer.json == {
        "parameters": [
            {**out("MESSAGE_SID"), "textValue": answer.values["MESSAGE_SID"]},
            {**out("ERROR_MESSAGE"), "textValue": ""},
            {**out("ERROR_CODE"), "textValue": ""},
        ]
    }


def test_a_data_set_is_answered_with_its_outputs_and_its_session(flow: Flow) -> None:
    session = SESSION.replace("1234", "a first one")
    session = session.replace("<culture>", '<unknown kind="x"><inner/> &amp; </unknown><culture>')
    answer = flow.call(data_set(session=session))
    assert is_sent(answer.values)
    root = answer.xml
    assert [child.tag for child in root] == ["parameter"] * 3 + ["session"]
    came = fromstring(session)
    assert tostring(root[3]).strip() == tostring(came).strip()
    assert [part.tag for part in root[0]] == ["name", "dataType", "direction", "textValue"]


def test_the_reply_is_laid_out_as_an_engine_writes_it(flow: Flow) -> None:
    answer = flow.call(data_set(session=SESSION.replace("1234", "a layout")))
    sid = answer.values["MESSAGE_SID"]
    first, *_, last = answer.body.decode().split("  </parameter>\n")
    assert first == (
        '<?xml version="1.0" encoding="utf-8"?>\n<NewDataSet>\n  <parameter>\n'
        "    <name>MESSAGE_SID</name>\n    <dataType>TEXT</dataType>\n"
        f"    <direction>OUT</direction>\n    <textValue>{sid}</textValue>\n"
    )
    assert last == f"  {SESSION.replace('1234', 'a layout')}\n</NewDataSet>\n"


def test_a_schema_before_the_parameters_is_skipped(flow: Flow) -> None:
    answer = flow.call(data_set(schema=SCHEMA))
    assert is_sent(answer.values)
    assert b"schema" not in answer.body


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_data_set_may_be_in_any_unicode(flow: Flow, encoding: str) -> None:
    text = data_set(BODY="Votre colis est là").replace('"utf-8"', f'"{encoding[:6].rstrip("-")}"')
    found = flow.call(text.encode(encoding), kind="application/xml").values
    assert is_sent(found)


# What goes in -----------------------------------------------------------------------------------


def test_equal_failures_in_both(flow: Flow) -> None:
    ways = (context(TO="1555"), data_set(TO="1555"))
    answers = [flow.call(document) for document in ways]
    assert answers[0].values == answers[1].values
    assert NOT_A_NUMBER.items() <= answers[0].values.items()
    assert "1555" in answers[0].values["ERROR_MESSAGE"]
    assert [answer.headers["x-action-outcome"] for answer in answers] == ["failed", "failed"]


@pytest.mark.parametrize(
    "number", [15551230001, 15551230001.0, "15551230001.00", "1.5551230001e10"]
)
def test_a_number_is_a_text_without_a_fraction(flow: Flow, number: object) -> None:
    to = {"name": "TO", "dataType": "NUMERIC", "direction": "IN", "numericValue": number}
    for ask in (
        {"parameters": [text_of("BODY", BODY), text_of("FROM", SENDER), to, *map(out, OUTPUTS)]},
        data_set(to).replace(
            f"<name>TO</name>\n    <dataType>TEXT</dataType>\n    <direction>IN</direction>\n"
            f"    <textValue>{TO}</textValue>",
            "<name>APP_X</name>\n<dataType>TEXT</dataType><direction>IN</direction>",
        ),
    ):
        assert is_sent(flow.call(ask).values)
    assert flow.messages("+15551230001")


def test_names_in_small_letters_are_known(flow: Flow) -> None:
    asked = [text_of("body", BODY), text_of("To", TO), text_of("from", SENDER), out("Message_Sid")]
    found = flow.call({"parameters": asked}).values
    assert SID.fullmatch(found["Message_Sid"])


def test_what_engines_send_along_is_passed_over(flow: Flow) -> None:
    more = (text_of("APP_NAME", "x"), text_of("ERROR_CODE", "7", "IN"), text_of("app_url", "y"))
    asked = context(*more)
    asked["parameters"] = asked["parameters"][:-1]
    found = flow.call(asked).values
    assert SID.fullmatch(found["MESSAGE_SID"])


def test_an_input_without_a_value_is_none(flow: Flow) -> None:
    asked = [
        out("BODY", direction="IN"),
        {**text_of("TO", TO), "textValue": None},
        out("ERROR_CODE"),
    ]
    found = flow.call({"parameters": asked}).values
    assert found["ERROR_CODE"] in ("21604", "21602")


@pytest.mark.parametrize(
    "more",
    [
        [text_of("COLOUR", "red")],
        [out("COLOUR", direction="IN")],
        [text_of("COLOUR", "red", "INOUT")],
        [text_of("BODY", "twice")],
        [text_of("body", "twice")],
        [out("MESSAGE_SID")],
        [{"dataType": "TEXT", "direction": "IN"}],
        [text_of(" ", "x")],
        [{**out("X"), "direction": "SIDEWAYS"}],
        [{**out("X"), "direction": None}],
        [{**out("X"), "dataType": "BLOB"}],
        [{"name": "X", "direction": "OUT"}],
        [{**out("APP_N", "NUMERIC", "IN"), "numericValue": "a lot"}],
        [{**out("APP_N", "NUMERIC", "IN"), "numericValue": True}],
        [{**out("APP_N", "NUMERIC", "IN"), "numericValue": "1e999999999"}],
        [{**out("APP_N", "NUMERIC", "IN"), "numericValue": "NaN"}],
        [{**out("APP_N", "NUMERIC", "IN"), "textValue": "7"}],
        [{**out("APP_D", "DATETIME", "IN"), "dateTimeValue": "soon"}],
        [{**out("APP_T", "TEXT", "IN"), "textValue": 7}],
        [text_of("AUTH_TOKEN", AUTH_TOKEN, "INOUT"), text_of("ACCOUNT_SID", ACCOUNT_SID)],
        [{**out("APP_F", "FILE", "IN"), "filePath": r"C:\wfgen\secret.txt"}],
        [{**out("APP_F", "FILE", "INOUT"), "fileOriginalPath": "/etc/passwd"}],
        [{**out("APP_F", "FILE", "IN"), "fileValue": {"filePath": "/etc/passwd"}}],
        [{**out("APP_F", "FILE", "IN"), "fileValue": {"url": "file:///etc/passwd"}}],
        [{**out("BODY_FILE", "FILE", "IN"), "fileValue": {"url": "https://example.com/a.txt"}}],
        [{**out("APP_F", "FILE", "IN"), "fileValue": {"url": "https://example.com/a.txt"}}],
        [out("A\ud800")],
        [out("A\0")],
        [text_of("APP_X", "\ud800", "INOUT")],
        [text_of("APP_X", "\0", "INOUT")],
        ["TO"],
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_sent(
    flow: Flow, more: list[object]
) -> None:
    to = "15551230002"
    answer = flow.call(context(*more, TO=to))  # type: ignore[arg-type]
    assert answer.refusal == (400, 20001)
    assert AUTH_TOKEN.encode() not in answer.body
    assert b"/etc/passwd" not in answer.body
    assert not flow.messages(to)


@pytest.mark.parametrize("path", ["filePath", "fileOriginalPath"])
def test_paths_are_refused_in_a_data_set_too(flow: Flow, path: str) -> None:
    more = {**out("APP_F", "FILE", "IN"), "fileName": "a.txt", path: "/etc/passwd"}
    answer = flow.call(data_set(more))
    assert answer.refusal == (400, 20001)
    assert answer.headers["content-type"].startswith("application/xml")


# What comes out ---------------------------------------------------------------------------------


def test_outputs_are_of_the_type_that_is_declared(flow: Flow) -> None:
    asked = context(TO="1555")
    asked["parameters"][-1] = out("ERROR_CODE", "NUMERIC")
    asked["parameters"] += [
        out("NONE"),
        out("NO_NUMBER", "NUMERIC"),
        out("NO_TIME", "DATETIME"),
        out("NO_FILE", "FILE"),
        {**out("APP_COUNT", "NUMERIC", "INOUT"), "numericValue": 7.5},
    ]
    answer = flow.call(asked)
    shown = {item.pop("name"): item for item in answer.json["parameters"]}
    assert shown["ERROR_CODE"] == {"dataType": "NUMERIC", "direction": "OUT", "numericValue": 21211}
    assert shown["NONE"] == {"dataType": "TEXT", "direction": "OUT", "textValue": ""}
    for name in ("NO_NUMBER", "NO_TIME", "NO_FILE"):
        assert set(shown[name]) == {"dataType", "direction"}
    assert shown["APP_COUNT"]["numericValue"] == 7.5


def test_a_number_that_is_not_there_is_left_out(flow: Flow) -> None:
    asked = context()
    asked["parameters"][-1] = out("ERROR_CODE", "NUMERIC")
    assert flow.call(asked).json["parameters"][-1] == out("ERROR_CODE", "NUMERIC")


def test_an_input_that_is_an_output_too_comes_back_as_it_was(flow: Flow) -> None:
    asked = context()
    asked["parameters"][0]["direction"] = "INOUT"
    found = flow.call(asked).values
    assert found["BODY"] == BODY
    assert SID.fullmatch(found["MESSAGE_SID"])


def test_a_context_that_waits_for_nothing_gets_nothing(flow: Flow) -> None:
    asked = context()
    asked["parameters"] = [item for item in asked["parameters"] if item["direction"] == "IN"]
    assert flow.call(asked).json == {"parameters": []}


def test_what_xml_cannot_hold_is_replaced(flow: Flow) -> None:
    # An address of Twilio's answers with a text that repeats what was asked for.
    found = flow.call(data_set(TO="15&lt;5 &amp; 5")).values
    assert found["ERROR_CODE"] == "21211"
    assert "15<5 & 5" in found["ERROR_MESSAGE"]


# Frames -----------------------------------------------------------------------------------------


def multipart(fields: dict[str, str]) -> bytes:
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, "--edge--\r\n"]).encode()


FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=edge"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/octet-stream", FORM, PARTS, "", "nonsense"]
)
def test_a_raw_body_may_be_called_anything(flow: Flow, kind: str) -> None:
    for document in (json.dumps(context()), "\ufeff" + data_set(), "\r\n " + data_set()[38:]):
        assert is_sent(flow.call(document.encode(), kind=kind).values)


@pytest.mark.parametrize("document", [json.dumps(context(BODY="1 + 1 = 2 & é")), data_set()])
def test_a_form_holds_the_context_in_one_field(flow: Flow, document: str) -> None:
    fields = {"mode": "x", "context": document}
    assert is_sent(flow.call(urlencode(fields).encode(), kind=FORM).values)
    assert is_sent(flow.call(multipart(fields), kind=PARTS).values)
    twice = urlencode({"payload": quote(document)}).encode()
    assert is_sent(flow.call(twice, kind=FORM).values)


def test_a_text_of_net_says_utf_16_in_a_form_of_utf_8(flow: Flow) -> None:
    document = data_set(BODY="é").replace('"utf-8"', '"utf-16"')
    assert is_sent(flow.call(urlencode({"x": document}).encode(), kind=FORM).values)


@pytest.mark.parametrize(
    "fields",
    [{}, {"a": "b"}, {"a": json.dumps(context()), "b": data_set()}],
    ids=["empty", "none", "two"],
)
def test_a_form_without_one_context_is_refused(flow: Flow, fields: dict[str, str]) -> None:
    assert flow.call(urlencode(fields).encode(), kind=FORM).refusal == (400, 20001)
    assert flow.call(multipart(fields), kind=PARTS).refusal == (400, 20001)


# Plain inputs -----------------------------------------------------------------------------------

INPUTS = {"BODY": BODY, "TO": TO, "FROM": SENDER}


def test_plain_inputs_are_answered_with_plain_outputs(flow: Flow) -> None:
    answer = flow.call(INPUTS)
    assert is_sent(answer.json)
    assert answer.headers["x-action-outcome"] == "done"
    answer = flow.call({**INPUTS, "TO": 1555})
    assert NOT_A_NUMBER.items() <= answer.json.items()
    assert answer.headers["x-action-outcome"] == "failed"


def test_a_payload_of_plain_inputs(nobody: Flow) -> None:
    said = {**INPUTS, "ACCOUNT_SID": ACCOUNT_SID, "AUTH_TOKEN": AUTH_TOKEN, "APP_TIMEOUT": "9"}
    body = urlencode({"payload": json.dumps(said)}).encode()
    assert is_sent(nobody.call(body, kind=FORM).json)


def test_a_form_of_plain_inputs_may_have_a_text_that_looks_like_one(flow: Flow) -> None:
    said = {**INPUTS, "BODY": "<3 {you}"}
    assert is_sent(flow.call(urlencode(said).encode(), kind=FORM).json)
    assert is_sent(flow.call(multipart(said), kind=PARTS).json)


def test_unknown_plain_inputs_are_refused(flow: Flow) -> None:
    assert flow.call({**INPUTS, "COLOUR": "red"}).refusal == (400, 20001)
    assert flow.call({**INPUTS, "ERROR_CODE": "", "APP_URL": "x"}).status == 200


def test_values_of_a_reply_are_read_as_the_engine_reads_them() -> None:
    assert values(json.dumps({"parameters": [text_of("A", "b", "OUT")]}).encode()) == {"A": "b"}
