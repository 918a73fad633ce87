"""What the tests of this door share: contexts as a workflow engine writes them, over plain HTTP."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors import exchange
from tests.doors.twilio.conftest import basic
from tests.patience import PATIENCE

BODY = "Your parcel is here"
TO = "15551234567"
OUTPUTS = ("MESSAGE_SID", "ERROR_MESSAGE", "ERROR_CODE")
REPLY_TO = "https://wfgen.example.org/wfgen/EngineProxy"
JSON, XML = "application/json", "application/xml"

SESSION = f"""<session>
    <replyTo>{REPLY_TO}</replyTo>
    <processInstanceId>1234</processInstanceId>
    <activityInstanceId>3</activityInstanceId>
    <culture>fr-CA</culture>
    <timeZone>-5</timeZone>
  </session>"""


def text_of(name: str, value: str, direction: str = "IN") -> dict[str, Any]:
    return {"name": name, "dataType": "TEXT", "direction": direction, "textValue": value}


def out(name: str, kind: str = "TEXT", direction: str = "OUT") -> dict[str, Any]:
    return {"name": name, "dataType": kind, "direction": direction}


def context(*more: Mapping[str, Any], reply_to: str = REPLY_TO, **inputs: str) -> dict[str, Any]:
    """A context as JSON has it, with the inputs of a text that can be sent."""
    said = {"BODY": BODY, "TO": TO, "FROM": SENDER, **inputs}
    return {
        "replyToUrl": reply_to,
        "parameters": [
            *(text_of(name, value) for name, value in said.items()),
            *more,
            *map(out, OUTPUTS),
        ],
    }


def data_set(*more: Mapping[str, Any], session: str = "", schema: str = "", **inputs: str) -> str:
    """The same as a DataSet."""
    parts = []
    for item in context(*more, **inputs)["parameters"]:
        inner = "".join(f"    <{name}>{value}</{name}>\n" for name, value in item.items())
        parts.append(f"  <parameter>\n{inner}  </parameter>\n")
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<NewDataSet>\n{schema}{''.join(parts)}  {session}\n</NewDataSet>\n"
    )


class Answer(exchange.Answer):
    @property
    def xml(self) -> Element:
        assert self.headers["content-type"].startswith(XML)
        root: Element = fromstring(self.body)
        return root

    @property
    def values(self) -> dict[str, Any]:
        """What a context that answers says: the values by name."""
        assert self.status == 200, self.body
        return values(self.body)

    @property
    def refusal(self) -> tuple[int, int]:
        """Status and code, once the whole has the shape of an error."""
        if self.headers["content-type"].startswith(XML):
            said = {child.tag: child.text for child in self.xml}
        else:
            said = self.json
        assert list(said) == ["code", "message", "more_info", "status"]
        assert said["message"]
        assert int(said["status"] or 0) == self.status
        assert str(said["code"]) in str(said["more_info"])
        return self.status, int(said["code"] or 0)


def values(document: bytes) -> dict[str, Any]:
    """The values of a context, by the names of the parameters."""
    members = ("textValue", "numericValue", "dateTimeValue", "fileValue")
    if document.lstrip().startswith(b"{"):
        listed = json.loads(document)["parameters"]
    else:
        found = fromstring(document).findall("parameter")
        listed = [{part.tag: part.text or "" for part in item} for item in found]
    return {
        item["name"]: next((item[name] for name in members if name in item), None)
        for item in listed
    }


@dataclass(frozen=True)
class Flow:
    """The door as one workflow engine sees it."""

    server: Server
    authorization: str = basic(ACCOUNT_SID, AUTH_TOKEN)

    def call(
        self,
        document: Any,
        path: str = "/SENDMESSAGE",
        *,
        method: str = "POST",
        kind: str = "",
        **headers: str,
    ) -> Answer:
        """One request; objects are sent as JSON, text as XML."""
        usual = XML if isinstance(document, str) else JSON
        raw = document if isinstance(document, bytes) else (
            document.encode() if isinstance(document, str) else json.dumps(document).encode()
        )  # fmt: skip
        sent = {"Authorization": self.authorization, "Content-Type": kind or usual}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        given = raw if method == "POST" else None
        whole = f"/v1/workflowgen{path}"
        return exchange.exchange(Answer, self.server.port, method, whole, given, sent)

    def messages(self, to: str) -> list[Any]:
        """What went to a recipient."""
        request = urllib.request.Request(f"{self.server.messages}?To=%2B{to.lstrip('+')}")
        request.add_header("Authorization", basic(ACCOUNT_SID, AUTH_TOKEN))
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            found: list[Any] = json.load(answer)["messages"]
        return found


@pytest.fixture
def flow(server: Server) -> Flow:
    return Flow(server)


@pytest.fixture
def nobody(server: Server) -> Flow:
    """Somebody who shows nothing in a header."""
    return Flow(server, "")
