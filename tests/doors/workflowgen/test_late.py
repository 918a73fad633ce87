"""Outcomes that are posted later: to allowed origins alone, once they can be, whatever happens."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.doors.workflowgen.conftest import OUTPUTS, SESSION, Flow, context, data_set, values
from tests.patience import PATIENCE
from tests.receiver import Receiver, Said, receiving

ASYNC = "/SENDMESSAGE?reply=async"


@pytest.fixture(scope="module")
def engine() -> Iterator[Receiver]:
    """A workflow engine that waits to be told."""
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def told_server(tmp_path_factory: pytest.TempPathFactory, engine: Receiver) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("late") / "home")
    server.environment["ESTAFETTE_REPLY_ORIGINS"] = f"https://wfgen.example.org, {engine.url}"
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def late(told_server: Server, engine: Receiver) -> Flow:
    engine.heard.clear()
    engine.answers = lambda _heard: 204
    return Flow(told_server)


def asked(is_xml: bool, url: str, **inputs: str) -> Any:
    if not is_xml:
        return context(reply_to=url, **inputs)
    session = SESSION.replace("https://wfgen.example.org/wfgen/EngineProxy", url)
    return data_set(session=session.replace("1234", f"late {time.time_ns()}"), **inputs)


def settled(server: Server, *words: str) -> list[Any]:
    """The errands that there are, by the command."""
    done = forked.run(server.env, ("errands", "list", "--json", *words))
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)["items"]
    return found


def wait_until_nothing_is_owed(server: Server) -> None:
    end = time.monotonic() + PATIENCE
    while settled(server):
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.parametrize("is_xml", [False, True])
def test_the_outcome_is_posted_to_the_reply_address(
    late: Flow, engine: Receiver, is_xml: bool
) -> None:
    answer = late.call(asked(is_xml, f"{engine.url}/wfgen/Proxy?id=7"), ASYNC)
    assert (answer.status, answer.body) == (202, b"")
    (heard,) = engine.wait(1)
    assert (heard.method, heard.path) == ("POST", "/wfgen/Proxy?id=7")
    kind = "application/xml; charset=utf-8" if is_xml else "application/json"
    assert heard.headers["content-type"] == kind
    found = values(heard.body)
    assert list(found) == list(OUTPUTS)
    assert found["MESSAGE_SID"].startswith("SM")
    assert (b"<session>" in heard.body) == is_xml
    wait_until_nothing_is_owed(late.server)
    assert len(engine.heard) == 1


def test_a_failure_is_posted_too(late: Flow, engine: Receiver) -> None:
    assert late.call(asked(True, engine.url, TO="1555"), ASYNC).status == 202
    (heard,) = engine.wait(1)
    assert values(heard.body)["ERROR_CODE"] == "21211"


def test_who_asks_may_be_proved_by_the_inputs(
    told_server: Server, late: Flow, engine: Receiver
) -> None:
    nobody = Flow(told_server, "")
    wrong = asked(False, engine.url, ACCOUNT_SID=ACCOUNT_SID, AUTH_TOKEN="a guess")
    assert nobody.call(wrong, ASYNC).refusal == (401, 20003)
    right = asked(False, engine.url, ACCOUNT_SID=ACCOUNT_SID, AUTH_TOKEN=AUTH_TOKEN)
    assert nobody.call(right, ASYNC).status == 202
    (heard,) = engine.wait(1)
    assert values(heard.body)["MESSAGE_SID"]
    assert AUTH_TOKEN.encode() not in heard.body


def test_an_address_alone_makes_nothing_late(late: Flow, engine: Receiver) -> None:
    for path in ("/SENDMESSAGE", "/SENDMESSAGE?reply=sync"):
        assert late.call(asked(True, engine.url), path).values["MESSAGE_SID"]
    assert late.call(asked(True, engine.url), "/SENDMESSAGE?reply=soon").refusal == (400, 20001)
    assert not engine.heard


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/",
        "http://localhost:{port}/",
        "https://127.0.0.1:{port}/",
        "https://wfgen.example.org.evil.example/",
        "https://wfgen.example.org@127.0.0.1:{other}/",
        "https://wfgen.example.org:8443/",
        "http://wfgen.example.org/",
        "https://wfgen.example.org\\@127.0.0.1/",
        "ftp://wfgen.example.org/",
        "file:///etc/passwd",
        "//wfgen.example.org/",
        "wfgen.example.org",
        "https://",
    ],
)
@pytest.mark.parametrize("is_xml", [False, True])
def test_other_origins_are_refused_and_nothing_is_done(
    late: Flow, engine: Receiver, url: str, is_xml: bool
) -> None:
    to = "15551230050"
    with receiving() as other:
        whole = url.format(port=engine.port, other=other.port)
        answer = late.call(asked(is_xml, whole, TO=to), ASYNC)
        assert answer.refusal == (403, 20403)
        assert not other.heard
    assert not engine.heard
    assert not late.messages(to)


def test_where_no_origin_is_allowed_none_is(flow: Flow, engine: Receiver) -> None:
    answer = flow.call(asked(False, engine.url), ASYNC)
    assert answer.refusal == (403, 20403)
    assert b"ESTAFETTE_REPLY_ORIGINS" in answer.body


def test_private_networks_are_closed_where_callbacks_may_not_go_there(
    own_server: Server, engine: Receiver
) -> None:
    own_server.environment["ESTAFETTE_REPLY_ORIGINS"] = engine.url
    own_server.environment["ESTAFETTE_ALLOW_PRIVATE_ADDRESSES"] = "false"
    engine.heard.clear()
    flow = Flow(own_server.start())
    answer = flow.call(asked(True, engine.url, TO="15551230053"), ASYNC)
    assert answer.refusal == (403, 20403)
    assert b"private network" in answer.body
    assert not engine.heard
    assert not flow.messages("15551230053")


def test_without_an_address_there_is_no_later(late: Flow) -> None:
    for document in (context(reply_to=""), data_set(), {"BODY": "x", "TO": "15551234567"}):
        assert late.call(document, ASYNC).refusal == (400, 20001)


def test_what_is_wrong_is_said_at_once(late: Flow, engine: Receiver) -> None:
    assert late.call(asked(False, engine.url, COLOUR="red"), ASYNC).refusal == (400, 20001)
    assert not settled(late.server)


def test_redirects_are_not_followed(late: Flow, engine: Receiver) -> None:
    engine.answers = lambda _heard: 302 if len(engine.heard) == 1 else 204
    assert late.call(asked(False, f"{engine.url}/here"), ASYNC).status == 202
    assert [heard.path for heard in engine.wait(2)] == ["/here", "/here"]


@pytest.mark.parametrize("first", [500, 404, None])
def test_it_is_posted_until_it_is_taken(late: Flow, engine: Receiver, first: int | None) -> None:
    engine.answers = lambda _heard: first if len(engine.heard) == 1 else Said("<ok/>")
    assert late.call(asked(True, engine.url), ASYNC).status == 202
    one, two = engine.wait(2)
    assert one.body == two.body
    assert two.at - one.at > 1
    wait_until_nothing_is_owed(late.server)


def test_a_step_that_is_asked_for_twice_sends_one_message(late: Flow, engine: Receiver) -> None:
    to = "15551230051"
    document = asked(True, engine.url, TO=to)
    assert [late.call(document, ASYNC).status for _ in range(2)] == [202, 202]
    one, two = engine.wait(2)
    assert one.body == two.body
    assert len(late.messages(to)) == 1


def test_nothing_is_kept_in_the_clear(own_server: Server) -> None:
    """What waits to be told holds the words of the request."""
    with receiving() as closed:
        url = closed.url
    own_server.environment["ESTAFETTE_REPLY_ORIGINS"] = url
    flow = Flow(own_server.start(), "")
    hidden = {"ACCOUNT_SID": ACCOUNT_SID, "AUTH_TOKEN": AUTH_TOKEN}
    secret = url.replace("://", "://engine:hush-hush@") + "/wfgen?secret=murmur"
    assert flow.call(asked(False, secret, **hidden), ASYNC).status == 202
    (item,) = settled(own_server)
    assert item["to"] == url
    own_server.kill()
    for path in own_server.home.glob("estafette.db*"):
        for word in (AUTH_TOKEN, "hush-hush", "murmur"):
            assert word.encode() not in path.read_bytes(), path
    assert "hush-hush" not in own_server.log
    assert "murmur" not in own_server.log


def test_a_promise_survives_kill_9(tmp_path: Path, url: str) -> None:
    """Killed at once after the answer: whatever was under way, the outcome arrives, of one message."""
    to = "15551230052"
    with receiving() as engine:
        server = Server(tmp_path / "home", database_url=url)
        server.environment["ESTAFETTE_REPLY_ORIGINS"] = engine.url
        engine.answers = lambda _heard: 503
        try:
            flow = Flow(server.start())
            documents = [
                asked(bool(number % 2), f"{engine.url}/{number}", TO=to) for number in range(3)
            ]
            assert [flow.call(document, ASYNC).status for document in documents] == [202] * 3
            server.kill()
            engine.answers = lambda _heard: 204
            engine.heard.clear()
            server.start()
            told = engine.wait(3, seconds=90)
            found = {heard.path: values(heard.body)["MESSAGE_SID"] for heard in told}
            assert set(found) == {"/0", "/1", "/2"}
            assert len(set(found.values())) == 3
            assert {item["sid"] for item in flow.messages(to)} == set(found.values())
        finally:
            server.close()


def test_what_was_given_up_is_told_when_somebody_says_so(own_server: Server) -> None:
    """An origin that is allowed no longer is not asked, until it is again."""
    with receiving() as engine:
        engine.answers = lambda _heard: 503
        own_server.environment["ESTAFETTE_REPLY_ORIGINS"] = engine.url
        flow = Flow(own_server.start())
        assert flow.call(asked(False, f"{engine.url}/x"), ASYNC).status == 202
        engine.wait(1)
        own_server.stop()
        own_server.environment["ESTAFETTE_REPLY_ORIGINS"] = ""
        engine.heard.clear()
        engine.answers = lambda _heard: 204
        own_server.start()
        end = time.monotonic() + PATIENCE
        while not (given_up := settled(own_server, "--given-up")):
            assert time.monotonic() < end
            time.sleep(0.3)
        assert "ESTAFETTE_REPLY_ORIGINS" in given_up[0]["answer"]
        assert not engine.heard
        own_server.stop()
        own_server.environment["ESTAFETTE_REPLY_ORIGINS"] = engine.url
        own_server.start()
        done = forked.run(own_server.env, ("errands", "again", given_up[0]["id"]))
        assert done.returncode == 0, done.stderr
        engine.wait(1)
        assert forked.run(own_server.env, ("errands", "again", "0" * 32)).returncode == 1
