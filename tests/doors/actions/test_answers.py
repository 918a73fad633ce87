"""Bodies and answers of actions that no file declares yet: lists, other types, other failures."""

import json
from contextlib import suppress
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct, to_builtins

from estafette import actions
from estafette.actions import Action, Asked, BadInputs, Failed, Ran
from estafette.doors.actions import answers, bodies
from estafette.doors.actions.answers import Options
from estafette.doors.actions.errors import Refusal
from tests.doors.actions.conftest import FORM, JSON, XML, multipart


class Part(Struct, frozen=True):
    name: str


class Inputs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    urls: list[Annotated[str, Meta(extra_json_schema={"xml": {"name": "url"}})]] = []
    parts: list[Part] = []
    size: int | None = None
    is_urgent: bool = False
    note: str | None = None


class Outputs(Struct, frozen=True, kw_only=True):
    urls: list[Annotated[str, Meta(extra_json_schema={"xml": {"name": "url"}})]] = []
    parts: list[Part] = []
    size: int | None = None
    is_urgent: bool = False


async def work(asked: Asked) -> Outputs:
    inputs: Inputs = asked.inputs
    if inputs.note:
        raise Failed(inputs.note, "it was refused", 429, retry_after=1.2)
    return Outputs(urls=inputs.urls, parts=inputs.parts, size=inputs.size)


ACTION = Action(
    name="TEST.Echo", title="Echo", summary="Says it again.", inputs=Inputs, outputs=Outputs,
    run=work, errors="http",
)  # fmt: skip
WANTED = Inputs(urls=["a", "b"], parts=[Part("x")], size=5, is_urgent=True)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"urls": ["a", "b"], "parts": [{"name": "x"}], "size": 5, "is_urgent": true}', JSON),
        (b"<TEST.Echo><urls><url>a</url><url>b</url></urls><parts><Part><name>x</name></Part></parts>"
         b"<size>5</size><is_urgent>true</is_urgent></TEST.Echo>", XML),
        (b"<TEST.Echo><urls>a</urls><urls>b</urls><parts><name>x</name></parts><size>5</size>"
         b"<is_urgent>1</is_urgent></TEST.Echo>", XML),
    ],
)  # fmt: skip
def test_lists_and_other_types_are_read(body: bytes, content_type: str) -> None:
    kind = bodies.kind_of(content_type, body)
    assert actions.read(ACTION, bodies.read(ACTION, kind, body, content_type)) == WANTED


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"urls=a&urls=b&size=&is_urgent=&note=", FORM),
        (multipart({"urls": "a", "size": ""}).replace(b"--xyz--\r\n", b"")
         + multipart({"urls": "b", "note": ""}), "multipart/form-data; boundary=xyz"),
        (b"<TEST.Echo><urls><url>a</url><url>b</url></urls><size/><is_urgent/><note/></TEST.Echo>", XML),
    ],
)  # fmt: skip
def test_what_is_empty_is_left_out_where_it_is_no_text(body: bytes, content_type: str) -> None:
    kind = bodies.kind_of(content_type, body)
    found = actions.read(ACTION, bodies.read(ACTION, kind, body, content_type))
    assert found == Inputs(urls=["a", "b"], note="")


@pytest.mark.parametrize(
    "body",
    [b"<TEST.Echo><size>x</size></TEST.Echo>", b'{"size": []}', b'{"urls": "a"}', b'{"size": 1e3}',
     b'{"parts": [{"name": 5}]}', b'{"note": "\\u0000"}', b'{"parts": [{"name": "\\ud83d"}]}'],
)  # fmt: skip
def test_what_is_of_another_type_is_refused(body: bytes) -> None:
    kind = bodies.kind_of("", body)
    if body == b'{"size": 1e3}':  # a thousand, written so
        assert actions.read(ACTION, bodies.read(ACTION, kind, body, "")).size == 1000
        return
    with pytest.raises((BadInputs, Refusal)):
        actions.read(ACTION, bodies.read(ACTION, kind, body, ""))


@given(
    st.sampled_from(
        ["", JSON, XML, FORM, "multipart/form-data; boundary=b", "text/plain", "\xff;="]
    ),
    st.one_of(
        st.binary(),
        st.text().map(str.encode),
        st.text(alphabet='{}[]":,\\\\u0d8eENaTO<>/=&%7b-\r\n').map(str.encode),
        st.text(alphabet="-b\r\n :;name=\"'").map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(lambda value: json.dumps({"urls": value, "size": value, "note": value}).encode()),
    ),
)
def test_whatever_comes_is_read_or_refused(content_type: str, body: bytes) -> None:
    with suppress(BadInputs, Refusal):
        kind = bodies.kind_of(content_type, body)
        actions.read(ACTION, bodies.read(ACTION, kind, body, content_type))


def test_lists_are_written_with_the_names_of_their_items() -> None:
    found = answers.answer(ACTION, Ran(Outputs(urls=["a"], parts=[Part("x")])), Options())
    assert answers.in_xml(found).endswith(
        b"<TEST.Echo><urls><url>a</url></urls><parts><Part><name>x</name></Part></parts>"
        b"<is_urgent>false</is_urgent></TEST.Echo>"
    )
    assert found.shape == to_builtins(Outputs(urls=["a"], parts=[Part("x")]))


def told(failure: Failed, **options: Any) -> tuple[int, Any, dict[str, str]]:
    found = answers.answer(ACTION, Ran(None, failure), Options(**options))
    return found.status, found.shape["code"], found.headers


def test_failures_have_their_status() -> None:
    failed = {"x-action-outcome": "failed"}
    assert told(Failed("21211", "no", 400)) == (400, 21211, failed)
    assert told(Failed("131047", "no", 502), allow_failure=True) == (200, 131047, failed)
    assert told(Failed("no-such-thing", "no", 404)) == (404, "no-such-thing", failed)
    assert told(Failed("20429", "later", 429, retry_after=1.2)) == (
        429, 20429, {**failed, "retry-after": "2"},
    )  # fmt: skip


def test_a_key_of_another_request_stays_an_error_whatever_the_mode() -> None:
    send = actions.find("SENDMESSAGE")
    assert send.failed
    failure = Failed("20409", "no", 409)
    for options in (Options(), Options(on_error="outputs", allow_failure=True)):
        found = answers.answer(send, Ran(send.failed(failure), failure), options)
        assert (found.status, found.shape["code"]) == (409, 20409)


def test_a_full_queue_is_an_output_unless_http_is_asked_for() -> None:
    send = actions.find("SENDMESSAGE")
    assert send.failed
    failure = Failed("21611", "SMS queue is full.", 429)
    ran = Ran(send.failed(failure), failure)
    assert answers.answer(send, ran, Options()).status == 200
    assert answers.answer(send, ran, Options(on_error="http")).status == 429


def test_an_action_without_outputs_of_a_failure_has_no_such_mode() -> None:
    with pytest.raises(BadInputs, match="allow_failure"):
        answers.check(ACTION, Options(on_error="outputs"))
    answers.check(ACTION, Options(on_error="http"))
