"""docs/how-to/workflowgen.md runs as it is printed: a program does what WorkflowGen's clients do."""

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from defusedxml.ElementTree import fromstring

from tests import forked
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.doors.twilio.conftest import basic
from tests.doors.workflowgen.conftest import values
from tests.patience import PATIENCE
from tests.receiver import receiving
from tests.tables import ROOT

PAGE = (ROOT / "docs/how-to/workflowgen.md").read_text()
EXAMPLES = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
CONTEXTS = [text for _, text in EXAMPLES if "MESSAGE_SID" in text and "replyTo" in text]
URL = "https://gw.example.com"
ENGINE = "https://wfgen.example.org"


def rows(text: str) -> dict[str, tuple[str, ...]]:
    """The table that follows, by its first column; values are those between backticks, if any."""
    lines = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert lines
    cells = [line.strip("|").split("|") for line in lines[0].split("\n")]
    bare = [[_bare(cell) for cell in line] for line in cells[2:]]
    return {line[0]: tuple(line[1:]) for line in bare if line[0]}


def _bare(cell: str) -> str:
    cell = cell.strip()
    found = re.match(r"`([^`]*)`", cell)
    return found[1] if found else cell


@pytest.fixture(scope="module")
def key(shared_server: Server) -> str:
    """What the first command of the page prints."""
    first = next(text for language, text in EXAMPLES if language == "sh")
    shown = forked.run(shared_server.env, tuple(first.split()[1:])).stdout
    found = re.search(r"SK[0-9a-f]{32}\.\S+", shown)
    assert found, shown
    return found[0]


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.status, answer.read()


def parameters(name: str, server: Server, key: str) -> dict[str, str]:
    """The IN parameters that the page gives to an application."""
    found = rows(PAGE.partition(f"<!-- request: {name} -->")[2])
    said = {
        name: value.replace(URL, server.url).replace("SK….secret", key)
        for name, (direction, value) in found.items()
        if direction == "IN"
    }
    proof = {"AC…": ACCOUNT_SID, "token": AUTH_TOKEN}
    return {name: proof.get(value, value) for name, value in said.items()}


def is_sent(found: dict[str, str]) -> bool:
    return found["MESSAGE_SID"].startswith("SM") and not found["ERROR_CODE"]


def test_restapiclient(server: Server, key: str) -> None:
    said = parameters("RESTAPICLIENT", server, key)
    assert said.pop("APP_METHOD") == "POST"
    assert said.pop("APP_REQUEST_CONTENT_TYPE") == "json"
    headers = {
        name.removeprefix("APP_HEADER_"): said.pop(name)
        for name in list(said)
        if name.startswith("APP_HEADER_")
    }
    url, content = said.pop("APP_URL"), said.pop("APP_REQUEST_CONTENT")
    assert not said
    status, body = post(url, content.encode(), {**headers, "Content-Type": "application/json"})
    assert status < 300  # from there on, it raises
    assert is_sent(json.loads(body))


@pytest.mark.parametrize("is_form", [False, True])
@pytest.mark.parametrize("path", ["/v1/actions", "/v1/workflowgen"])
def test_sendhttppost(server: Server, key: str, path: str, is_form: bool) -> None:
    said = parameters("SENDHTTPPOST", server, key)
    url = said.pop("APP_URL").replace("/v1/actions", path)
    body, kind = json.dumps(said), "application/json"
    if is_form:
        body, kind = urlencode({"payload": quote(body)}), "application/x-www-form-urlencoded"
    status, answer = post(url, body.encode(), {"Content-Type": kind})
    assert status == 200
    assert is_sent(json.loads(answer))


def application() -> dict[str, str]:
    found = rows(PAGE[PAGE.index("| Field | Value |") :])
    return {name: value for name, (value,) in found.items()}


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_web_procedure(server: Server, key: str, context: str) -> None:
    said = application()
    assert said["Type"] == "Web Procedure"
    sid, _, secret = key.partition(".")
    assert (said["Username"], said["Password"]) == ("SK…", "secret")
    headers = {"Authorization": basic(sid, secret), "Content-Type": "application/json"}
    status, answer = post(said["URL"].replace(URL, server.url), context.encode(), headers)
    assert status == 200
    found = values(answer)
    assert list(found) == ["MESSAGE_SID", "ERROR_MESSAGE", "ERROR_CODE"]
    assert is_sent(found)


def test_the_parameters_are_those_of_the_action(server: Server) -> None:
    declared = rows(PAGE)
    with urllib.request.urlopen(application()["URL"].replace(URL, server.url)) as answer:
        listed = json.load(answer)["parameters"]
    assert [(name, kind, way, needed) for name, (kind, way, needed, _) in declared.items()] == [
        (item["name"], item["data_type"], item["direction"], "yes" if item["required"] else "")
        for item in listed
    ]
    (snippet,) = [text for _, text in EXAMPLES if text.startswith("<Application")]
    formal = [
        (item.get("Id"), item.get("Mode"), item.get("Index"))
        for item in fromstring(snippet).iter("FormalParameter")
    ]
    assert formal == [
        (item["name"], item["direction"], str(number)) for number, item in enumerate(listed, 1)
    ]
    assert len(application()["Name"]) <= 30  # more, WorkflowGen does not take


@pytest.fixture
def asynchronous(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "home")
    try:
        yield server
    finally:
        server.close()


def test_an_asynchronous_web_procedure(asynchronous: Server) -> None:
    (line,) = [text for _, text in EXAMPLES if "ESTAFETTE_REPLY_ORIGINS" in text]
    name, _, value = line.removeprefix("export ").strip().partition("=")
    (path,) = re.findall(rf"`{URL}(/\S+async)`", PAGE)
    with receiving() as engine:
        asynchronous.environment[name] = value.replace(ENGINE, engine.url)
        asynchronous.start()
        for number, context in enumerate(CONTEXTS, 1):
            document = context.replace(ENGINE, engine.url).encode()
            headers = {"Authorization": basic(ACCOUNT_SID, AUTH_TOKEN)}
            assert post(asynchronous.url + path, document, headers) == (202, b"")
            assert is_sent(values(engine.wait(number)[-1].body))
    (command,) = [text for _, text in EXAMPLES if "errands list" in text]
    done = forked.run(asynchronous.env, tuple(command.split()[1:]))
    assert done.returncode == 0, done.stderr
