"""docs/how-to/workflows: each recipe does what it says, against a real server.

Apprise is run itself. For the other engines the request is made that the block of the page describes:
their own words (`{{ ti.task_id }}` and the like) are filled in here as the engine would.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import quote

import apprise
import pytest
import requests
import yaml

from tests import forked
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, RECIPIENT, Server
from tests.doors.twilio.conftest import Api, new_number
from tests.patience import PATIENCE
from tests.tables import ROOT

PAGES = ROOT / "docs/how-to/workflows"
NODE = ROOT / "tests/node"
ACCOUNT = {"ESTAFETTE_ACCOUNT_SID": ACCOUNT_SID, "ESTAFETTE_AUTH_TOKEN": AUTH_TOKEN}
BASIC = (ACCOUNT_SID, AUTH_TOKEN)
NO_NUMBER = "+1555"  # refused with 21211


class Page:
    """The blocks of a page, for this server and a recipient of its own."""

    def __init__(self, name: str, server: Server, to: str) -> None:
        text = (PAGES / f"{name}.md").read_text()
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        self.blocks = re.findall(
            r"```(\w+)\n(.*?)```", text.replace(RECIPIENT[1:], to[1:]), re.DOTALL
        )

    def __call__(self, language: str, has: str = "") -> str:
        (text,) = (text for named, text in self.blocks if named == language and has in text)
        return str(text)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is prepared as the first page says."""
    server = Server(tmp_path_factory.mktemp("recipes") / "home").start()
    try:
        for line in Page("README", server, RECIPIENT)("sh").splitlines():
            done = forked.run(server.env, tuple(shlex.split(line)[1:]))
            assert done.returncode == 0, done.stderr
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def key(server: Server) -> dict[str, str]:
    made = forked.run(server.env, ("keys", "create", "--label", "An engine", "--json"))
    return dict(json.loads(made.stdout))


@pytest.fixture
def to() -> str:
    return new_number()


@pytest.fixture
def read(server: Server, to: str) -> Callable[..., Page]:
    return lambda name, recipient=to: Page(name, server, recipient)


@pytest.fixture
def api(server: Server) -> Api:
    return Api(server)


def filled(value: Any, words: Mapping[str, str]) -> Any:
    """A value of a configuration with what stands in `{{ }}` replaced; all of it must be known."""
    if isinstance(value, dict):
        return {name: filled(item, words) for name, item in value.items()}
    if isinstance(value, str):
        return re.sub(r"\{\{\s*(.+?)\s*\}\}", lambda found: words[found[1]], value)
    return value


def only_message(api: Api, to: str) -> dict[str, Any]:
    (message,) = api.page(To=to)["messages"]
    return message


def sent(answer: requests.Response) -> str:
    """The SID of a message that an action accepted."""
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["ERROR_CODE"], said["ERROR_MESSAGE"]) == ("", "")
    return str(said["MESSAGE_SID"])


def refused(answer: requests.Response) -> str:
    """The code with which an action refused, in its outputs."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Action-Outcome"] == "failed"
    assert answer.json()["MESSAGE_SID"] == ""
    assert answer.json()["ERROR_MESSAGE"]
    return str(answer.json()["ERROR_CODE"])


def test_the_doors_answer_as_the_first_page_says(
    server: Server, api: Api, to: str, key: dict[str, str]
) -> None:
    url = f"{server.url}/v1/actions/SENDMESSAGE"

    def ask(name: str, recipient: str = to, query: str = "", **more: Any) -> requests.Response:
        given = {"TO": recipient, "BODY": "Hi there", **more.pop("inputs", {})}
        headers = {"Idempotency-Key": name}
        return requests.post(
            url + query, json=given, headers=headers, timeout=PATIENCE, **{"auth": BASIC, **more}
        )

    assert ask(f"{to}/1", auth=(ACCOUNT_SID, "wrong")).status_code == 401
    assert ask(f"{to}/1", inputs={"COLOUR": "red"}).status_code == 400
    assert refused(ask(f"{to}/1", NO_NUMBER)) == "21211"
    answer = ask(f"{to}/1", NO_NUMBER, "?on_error=http")
    assert (answer.status_code, answer.json()["code"]) == (400, 21211)
    sid = sent(ask(f"{to}/1"))  # what was refused left its key free
    assert sent(ask(f"{to}/1", auth=(key["sid"], key["secret"]))) == sid
    assert sid == only_message(api, to)["sid"]
    answer = ask(f"{to}/1", inputs={"BODY": "Another text"})
    assert (answer.status_code, answer.json()["code"]) == (409, 20409)
    form = {"TO": to, "BODY": "Hi there"}
    sent(requests.post(url, data=form, auth=BASIC, timeout=PATIENCE))
    xml = f"<SENDMESSAGE><TO>{to}</TO><BODY>Hi there</BODY></SENDMESSAGE>"
    answer = requests.post(
        url, data=xml, headers={"Content-Type": "application/xml"}, auth=BASIC, timeout=PATIENCE
    )
    assert (answer.status_code, "<MESSAGE_SID>SM" in answer.text) == (200, True)


# n8n


def ask_n8n(page: Page) -> tuple[requests.Response, dict[str, Any]]:
    workflow = json.loads(page("json"))
    nodes = {node["name"]: node for node in workflow["nodes"]}
    given = nodes["SENDMESSAGE"]["parameters"]
    assert (given["genericAuthType"], given["sendHeaders"], given["sendBody"]) == (
        "httpBasicAuth", True, True,
    )  # fmt: skip
    words = {"$execution.id": "231", "$itemIndex": "0"}
    pairs = {
        part: {
            item["name"]: filled(item["value"].removeprefix("="), words)
            for item in given[part]["parameters"]
        }
        for part in ("headerParameters", "bodyParameters")
    }
    answer = requests.request(
        given["method"], given["url"], auth=BASIC, timeout=PATIENCE,
        headers=pairs["headerParameters"], json=pairs["bodyParameters"],
    )  # fmt: skip
    return answer, workflow


def test_n8n(read: Callable[..., Page], api: Api, to: str) -> None:
    answer, workflow = ask_n8n(read("n8n"))
    sid = sent(answer)
    assert sent(ask_n8n(read("n8n"))[0]) == sid  # as Retry On Fail asks
    assert only_message(api, to)["body"] == "Your parcel is here"
    nodes = {node["name"]: node for node in workflow["nodes"]}
    (condition,) = nodes["Accepted?"]["parameters"]["conditions"]["conditions"]
    assert condition["operator"]["operation"] == "empty"
    assert filled(condition["leftValue"], {"$json.ERROR_CODE": answer.json()["ERROR_CODE"]}) == "="
    for name, ways in workflow["connections"].items():
        assert {name, *(step["node"] for way in ways["main"] for step in way)} <= set(nodes)


def test_n8n_is_told_what_was_refused(read: Callable[..., Page]) -> None:
    assert refused(ask_n8n(read("n8n", NO_NUMBER))[0]) == "21211"


# Node-RED


def ask_node_red(page: Page, message_id: str) -> requests.Response:
    flow = {node["name"]: node for node in json.loads(page("json")) if "name" in node}
    (said,) = flow["What to say"]["props"]
    message = {said["p"]: json.loads(said["v"]), "_msgid": message_id}
    node = flow["SENDMESSAGE"]
    assert (node["type"], node["authType"], node["ret"]) == ("http request", "basic", "obj")
    headers = {
        header["keyValue"]: message[header["valueValue"]]
        for header in node["headers"]
        if (header["keyType"], header["valueType"]) == ("other", "msg")
    }
    assert flow["Accepted?"]["property"] == "payload.ERROR_CODE"
    return requests.request(
        node["method"],
        node["url"],
        auth=BASIC,
        headers=headers,
        json=message["payload"],
        timeout=PATIENCE,
    )


def test_node_red(read: Callable[..., Page], api: Api, to: str) -> None:
    sid = sent(ask_node_red(read("node-red"), "6ab1"))
    assert sent(ask_node_red(read("node-red"), "6ab1")) == sid
    assert only_message(api, to)["body"] == "Your parcel is here"
    assert refused(ask_node_red(read("node-red", NO_NUMBER), "6ab2")) == "21211"
    ids = [node["id"] for node in json.loads(read("node-red")("json"))]
    wired = [
        target
        for node in json.loads(read("node-red")("json"))
        for way in node.get("wires", [])
        for target in way
    ]
    assert set(wired) <= set(ids)


@pytest.mark.skipif(
    not (shutil.which("node") and (NODE / "node_modules/twilio").exists()),
    reason="node or npm's twilio is not here",
)
@pytest.mark.parametrize("is_number", [True, False])
def test_the_function_node_of_node_red(
    read: Callable[..., Page], api: Api, to: str, is_number: bool
) -> None:
    message = {"payload": {"to": to if is_number else NO_NUMBER, "body": "Your parcel is here"}}
    script = f"""
        const twilio = require("twilio"), env = {{ get: (name) => process.env[name] }};
        (async (msg) => {{ {read("node-red")("js")} }})({json.dumps(message)})
            .then((msg) => console.log(JSON.stringify(msg.payload)));
    """
    done = subprocess.run(
        ["node", "-e", script], cwd=NODE, env={**os.environ, **ACCOUNT}, check=True,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    said = json.loads(done.stdout)
    if is_number:
        assert said == {"sid": only_message(api, to)["sid"], "status": "queued"}
    else:
        assert said["code"] == 21211


# Airflow and Prefect: the page's Python runs, and stand-ins keep what it gives to the engine.


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def put(name: str, **members: Any) -> None:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            whole = ".".join(parts[:end])
            if whole not in sys.modules:
                monkeypatch.setitem(sys.modules, whole, ModuleType(whole))
        for member, value in members.items():
            monkeypatch.setattr(sys.modules[name], member, value, raising=False)

    return put


class Dag:
    """Airflow's DAG, as far as the page names it."""

    def __init__(self, dag_id: str, **_: Any) -> None:
        self.dag_id = dag_id

    def __enter__(self) -> "Dag":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def ask_airflow(page: Page, stand_in: Callable[..., None]) -> tuple[requests.Response, Any]:
    (line,) = page("sh").splitlines()
    connection = json.loads(line.removeprefix("export AIRFLOW_CONN_ESTAFETTE=").strip("'"))
    assert (connection["conn_type"], connection["login"]) == ("http", "AC…")
    made: list[SimpleNamespace] = []
    stand_in("airflow.sdk", DAG=Dag)
    stand_in(
        "airflow.providers.http.operators.http",
        HttpOperator=lambda **given: made.append(SimpleNamespace(**given)),
    )
    exec(compile(page("python", "DAG("), "airflow.md", "exec"), {})
    (task,) = made
    assert task.http_conn_id == "estafette"
    words = {
        "ti.dag_id": "parcel", "run_id": "manual__2026-11-21T10:04:01.704800+00:00",
        "ti.task_id": task.task_id, "ti.map_index": "-1",
    }  # fmt: skip
    answer = requests.request(
        task.method, f"{connection['host']}/{task.endpoint}", auth=BASIC,
        headers=filled(task.headers, words), data=filled(task.data, words), **task.extra_options,
    )  # fmt: skip
    return answer, task


def test_airflow(
    read: Callable[..., Page], stand_in: Callable[..., None], api: Api, to: str
) -> None:
    sids = []
    for _ in range(2):  # as a task that is tried again asks
        answer, task = ask_airflow(read("airflow"), stand_in)
        answer.raise_for_status()  # as the operator does
        sids.append(task.response_filter(answer))
    message = only_message(api, to)
    assert sids == [message["sid"]] * 2
    assert message["body"] == "Your parcel is here"
    answer, _ = ask_airflow(read("airflow", NO_NUMBER), stand_in)
    assert (answer.status_code, answer.json()["code"]) == (400, 21211)


class Webhook:
    """Prefect's custom webhook, as far as the page names it: it asks as the block's source does."""

    saved: "dict[str, Webhook]" = {}  # noqa: RUF012 - what is saved is kept for all

    def __init__(self, **given: Any) -> None:
        self.given = given

    def save(self, name: str, *, overwrite: bool) -> None:
        assert overwrite
        self.saved[name] = self

    @classmethod
    def load(cls, name: str) -> "Webhook":
        return cls.saved[name]

    def notify(self, body: str, subject: str | None = None) -> None:
        words = {**self.given["secrets"], "body": body, "subject": subject or "null"}
        given = filled({k: v for k, v in self.given.items() if k != "secrets"}, words)
        requests.request(
            given["method"], given["url"], params=given["params"], headers=given["headers"],
            json=given["json_data"], timeout=given["timeout"],
        ).raise_for_status()  # fmt: skip


def test_prefect(
    read: Callable[..., Page], stand_in: Callable[..., None], api: Api, to: str, key: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("ESTAFETTE_API_KEY", key["bearer"])
    stand_in("prefect", task=lambda **_: lambda function: function)
    stand_in("prefect.blocks.notifications", CustomWebhookNotificationBlock=Webhook)
    stand_in("prefect.runtime", task_run=SimpleNamespace(id="0193-1"))

    def told(page: Page) -> Callable[[str], None]:
        exec(compile(page("python", "save"), "prefect.md", "exec"), {})
        names: dict[str, Any] = {}
        exec(compile(page("python", "def tell"), "prefect.md", "exec"), names)
        return names["tell"]

    tell = told(read("prefect"))
    for _ in range(2):
        tell("Your parcel is here")
    assert only_message(api, to)["body"] == "Your parcel is here"
    with pytest.raises(requests.HTTPError, match="409"):
        tell("Another text under the same key")
    with pytest.raises(requests.HTTPError, match="400"):
        told(read("prefect", NO_NUMBER))("Your parcel is here")


# Temporal


def test_temporal(
    read: Callable[..., Page], stand_in: Callable[..., None], api: Api, to: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    class ApplicationError(Exception):
        def __init__(self, text: str, *, type: str, non_retryable: bool) -> None:
            super().__init__(text)
            self.type, self.non_retryable = type, non_retryable

    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
    info = SimpleNamespace(workflow_id="parcel-1234", activity_id="1")
    stand_in(
        "temporalio",
        activity=SimpleNamespace(defn=lambda function: function, info=lambda: info),
    )
    stand_in("temporalio.exceptions", ApplicationError=ApplicationError)
    sms: dict[str, Any] = {"__name__": "sms"}
    exec(compile(read("temporal")("python", "urlopen"), "sms.py", "exec"), sms)
    stand_in("sms", Refused=sms["Refused"], send=sms["send"])
    names: dict[str, Any] = {}
    exec(compile(read("temporal")("python", "activity"), "temporal.md", "exec"), names)
    sids = [names["send_sms"](to, "Your parcel is here") for _ in range(2)]
    message = only_message(api, to)
    assert sids == [message["sid"]] * 2
    assert message["body"] == "Your parcel is here"
    info.activity_id = "2"
    with pytest.raises(ApplicationError) as raised:
        names["send_sms"](NO_NUMBER, "Your parcel is here")
    assert (raised.value.type, raised.value.non_retryable) == ("21211", True)


# Apprise


@pytest.mark.filterwarnings(
    "ignore:'imghdr' is deprecated:DeprecationWarning"
)  # it loads all it has
@pytest.mark.parametrize("scheme", ["json://", "form://"])
def test_apprise(
    read: Callable[..., Page], api: Api, to: str, scheme: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, quote(value, safe=""))

    def line(recipient: str) -> str:
        return read("apprise", recipient)("sh", scheme).replace("order-", f"order-{to[1:]}-")

    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "HOME": str(tmp_path)}
    subprocess.run(["sh", "-ec", line(to)], env=env, check=True, capture_output=True, timeout=60)

    # And again from Python, which does not need seconds to start.
    def notify(recipient: str) -> bool:
        *_, body, url = shlex.split(os.path.expandvars(line(recipient)))
        sender = apprise.Apprise()
        assert sender.add(url)
        return bool(sender.notify(body=body))

    assert notify(to)
    assert only_message(api, to)["body"] == "Your parcel is here"
    assert not notify(NO_NUMBER)


# Kestra


def words_of_kestra(run: str) -> dict[str, str]:
    secrets = {f"secret('{name}')": value for name, value in ACCOUNT.items()}
    return {**secrets, "taskrun.id": run}


def test_the_http_task_of_kestra(read: Callable[..., Page], api: Api, to: str) -> None:
    def ask(page: Page) -> requests.Response:
        task, then = yaml.safe_load(page("yaml", "http.Request"))["tasks"]
        assert "fromJson(outputs.tell.body).ERROR_CODE" in then["runIf"]
        given = filled(task, words_of_kestra("5eXbPzkHXSK3bUrCPyTFkT"))
        auth = given["options"]["auth"]
        assert auth["type"] == "BASIC"
        return requests.request(
            given["method"], given["uri"], data=given["body"], timeout=PATIENCE,
            auth=(auth["username"], auth["password"]),
            headers={"Content-Type": given["contentType"], **given["headers"]},
        )  # fmt: skip

    sid = sent(ask(read("kestra")))
    assert sent(ask(read("kestra"))) == sid == only_message(api, to)["sid"]
    assert refused(ask(read("kestra", NO_NUMBER))) == "21211"


def test_the_alert_of_kestra(read: Callable[..., Page], api: Api, to: str) -> None:
    def ask(page: Page) -> requests.Response:
        (task,) = yaml.safe_load(page("yaml", "TwilioAlert"))["errors"]
        given = filled(task, words_of_kestra("2lUpMcZqO6i9tYnQxBvKwE"))
        return requests.post(
            given["url"], data=json.loads(given["payload"]), timeout=PATIENCE,
            auth=(given["accountSID"], given["authToken"]), headers=given["options"]["headers"],
        )  # fmt: skip

    answers = [ask(read("kestra")) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert {answer.json()["sid"] for answer in answers} == {only_message(api, to)["sid"]}
    answer = ask(read("kestra", NO_NUMBER))
    assert (answer.status_code, answer.json()["code"]) == (400, 21211)
