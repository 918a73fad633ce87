"""What the tests of this door share: plain HTTP, and one action asked in every form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors import exchange
from tests.doors.twilio.conftest import basic

RUN = "/v1/actions/SENDMESSAGE"
JSON = "application/json"
XML = "application/xml"
FORM = "application/x-www-form-urlencoded"
TO = "+14155550190"


class Answer(exchange.Answer):
    @property
    def outcome(self) -> str:
        return self.headers.get("x-action-outcome", "")

    @property
    def members(self) -> dict[str, Any]:
        """The body, from JSON or XML: texts from both, and numbers from JSON."""
        kind = self.headers["content-type"]
        if kind == JSON:
            return dict(json.loads(self.body))
        assert kind in (XML, "text/xml")
        return {child.tag: child.text or "" for child in ElementTree.fromstring(self.body)}

    @property
    def refusal(self) -> tuple[int, int]:
        """Status and code, once the whole has the shape of an error."""
        said = self.members
        assert list(said) == ["code", "message", "more_info", "status"]
        assert said["message"]
        assert self.status == int(said["status"])
        assert said["more_info"].endswith(f"/{said['code']}")
        return self.status, int(said["code"])


@dataclass(frozen=True)
class Caller:
    """The door as one caller sees it."""

    server: Server
    authorization: str = basic(ACCOUNT_SID, AUTH_TOKEN)

    def call(
        self,
        method: str = "POST",
        path: str = RUN,
        body: str | bytes | None = None,
        **headers: str,
    ) -> Answer:
        """One request; headers are named with `_` for `-`."""
        sent = {"Authorization": self.authorization}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body.encode() if isinstance(body, str) else body
        return exchange.exchange(Answer, self.server.port, method, path, raw, sent)

    def run(self, query: str = "", /, **inputs: Any) -> Answer:
        """SENDMESSAGE in JSON."""
        path = f"{RUN}?{query}" if query else RUN
        return self.call("POST", path, json.dumps(inputs), Content_Type=JSON)


def given(**inputs: str) -> dict[str, str]:
    """The inputs of a message that is accepted."""
    return {"BODY": "Your parcel is here", "TO": TO, "FROM": SENDER, **inputs}


def xml_of(inputs: Mapping[str, str], root: str = "SENDMESSAGE") -> bytes:
    element = ElementTree.Element(root)
    for name, value in inputs.items():
        ElementTree.SubElement(element, name).text = value
    return bytes(ElementTree.tostring(element))


def multipart(inputs: Mapping[str, str], boundary: str = "xyz") -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in inputs.items()
    ]
    return f"{''.join(parts)}--{boundary}--\r\n".encode()


def in_every_form(inputs: Mapping[str, str]) -> dict[str, tuple[bytes, str]]:
    """The same request in every form that is taken: the body and its Content-Type."""
    text = json.dumps(inputs)
    return {
        "json": (text.encode(), JSON),
        "json, said so otherwise": (text.encode(), "application/vnd.acme+json; charset=utf-8"),
        "json, said to be a form": (text.encode(), FORM),
        "json, with a mark": (b"\xef\xbb\xbf" + text.encode(), ""),
        "xml": (xml_of(inputs), XML),
        "xml as text": (xml_of(inputs), "text/xml; charset=utf-8"),
        "xml in UTF-16": (xml_of(inputs).decode().encode("utf-16"), ""),
        "xml in lower case": (xml_of(inputs, "sendmessage"), ""),
        "form": (urlencode(inputs).encode(), FORM),
        "form, not said": (urlencode(inputs).encode(), ""),
        "form, said strangely": (urlencode(inputs).encode(), "text/plain"),
        "multipart": (multipart(inputs), "multipart/form-data; boundary=xyz"),
        "payload": (urlencode({"payload": text}).encode(), FORM),
        "payload, encoded twice": (
            urlencode({"payload": urlencode({"": text})[1:]}).encode(),
            FORM,
        ),
        "payload in parts": (multipart({"payload": text}), 'multipart/form-data; boundary="xyz"'),
    }


@pytest.fixture
def caller(server: Server) -> Caller:
    return Caller(server)


@pytest.fixture
def stranger(server: Server) -> Caller:
    """Who shows no header."""
    return Caller(server, "")
