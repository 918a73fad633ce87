"""Whatever comes in is read or refused, and what goes out can be read again."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from estafette import actions
from estafette.actions import BadInputs
from estafette.doors.workflowgen import bodies, contexts, wire
from estafette.doors.workflowgen.contexts import BadContext
from estafette.doors.workflowgen.errors import Refusal
from tests.doors.workflowgen.conftest import Flow, context, data_set, values

ACTION = actions.find("SENDMESSAGE")
MEMBERS = ("name", "dataType", "direction", *contexts.MEMBER.values(), "filePath", "url", "other")
NAMES = ("BODY", "to", "FROM", "MESSAGE_SID", "ERROR_CODE", "APP_X", "Other", "")

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
parameters = st.dictionaries(
    st.sampled_from(MEMBERS),
    st.sampled_from((*NAMES, *contexts.MEMBER, *contexts.DIRECTIONS, "7", "2026-01-01")) | anything,
    max_size=7,
)
well_formed = st.builds(
    lambda name, kind, way, value: {
        "name": name, "dataType": kind, "direction": way, contexts.MEMBER[kind]: value
    },
    st.sampled_from(NAMES), st.sampled_from(sorted(contexts.MEMBER)),
    st.sampled_from(contexts.DIRECTIONS), anything,
)  # fmt: skip


def answered(raw: bytes, kind: str = "") -> bytes | None:
    """The answer that a body gets where the action says all it can; None where it is refused."""
    try:
        body = bodies.read(raw, kind, contexts.inputs_of(ACTION))
        found = wire.read(body.document, is_xml=body.is_xml)
        if found.context is None:
            return None
        actions.read(ACTION, contexts.members_of(ACTION, found.context))
    except (Refusal, BadContext, BadInputs):
        return None
    outcome = {"MESSAGE_SID": "SM", "ERROR_MESSAGE": "\x00<&>\ud800\r\n]]>", "ERROR_CODE": "21211"}
    if not body.is_xml:
        outcome["ERROR_MESSAGE"] = "\x00<&>"
    return wire.write(found, contexts.answered(ACTION, found.context, outcome))


@settings(max_examples=300, deadline=None)
@given(st.lists(parameters | well_formed, max_size=4))
def test_any_parameters_in_json(listed: list[Any]) -> None:
    document = json.dumps({"parameters": listed}).encode()
    answer = answered(document)
    if answer is not None:
        known = [item["name"] for item in json.loads(answer)["parameters"]]
        waited = [item for item in listed if item["direction"] != "IN"]
        assert known == [item["name"].strip() for item in waited]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.sampled_from(
    ["", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data"]
))  # fmt: skip
def test_any_bytes(raw: bytes, kind: str) -> None:
    assert answered(raw, kind) is None or raw.lstrip()[:1] in (b"{", b"<")


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20))
def test_any_text_in_a_data_set(text: str) -> None:
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if {"\ufffe", "\uffff"} & set(text):
        return
    answer = answered(data_set(BODY=shown).encode())
    assert answer is not None
    assert values(answer)["ERROR_MESSAGE"] == "\ufffd<&>\ufffd\r\n]]>"


def test_a_request_without_a_sender_has_one_side_filled(flow: Flow) -> None:
    """The account's own sender is taken, or it is said that there is none."""
    asked = context()
    asked["parameters"] = [item for item in asked["parameters"] if item["name"] != "FROM"]
    found = flow.call(asked).values
    assert bool(found["MESSAGE_SID"]) != bool(found["ERROR_CODE"])
    assert found["ERROR_CODE"] in ("", "21603")


def test_a_client_that_waits_for_a_challenge_is_given_one(nobody: Flow, flow: Flow) -> None:
    """It asks without credentials first, and with them once they are asked for."""
    for document in (context(ACCOUNT_SID="", AUTH_TOKEN=" "), data_set()):
        answer = nobody.call(document)
        assert answer.refusal == (401, 20003)
        assert answer.headers["www-authenticate"].lower().startswith("basic realm=")
        assert flow.call(document).values["MESSAGE_SID"]
