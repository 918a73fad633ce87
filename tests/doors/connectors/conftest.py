"""What the tests of this door share: a client made of nothing but the definition that is served."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors import exchange
from tests.doors.connectors.rules import mismatches
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import basic

PREFIX = "/connectors/twilio"
Definition = Mapping[str, Any]


class Answer(exchange.Answer):
    @property
    def xml(self) -> Element:
        assert self.headers["content-type"] == "application/xml; charset=utf-8"
        return ElementTree.fromstring(self.body)

    @property
    def code(self) -> tuple[int, int]:
        """Status and code of a failure, once the whole has its shape."""
        said = self.json
        assert list(said) == ["code", "message", "more_info", "status"]
        assert said["status"] == self.status
        assert said["message"]
        return self.status, said["code"]


@dataclass(frozen=True)
class Plain:
    """The door over plain HTTP."""

    server: Server
    authorization: str = basic(ACCOUNT_SID, AUTH_TOKEN)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; `path` begins after the prefix, or is whole. Bytes are sent as they are."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        said = {} if body is None else {"Content-Type": "application/json"}
        sent = {"Authorization": self.authorization, **said, **(headers or {})}
        whole = path if path.startswith(PREFIX) else f"{PREFIX}{path}"
        return exchange.exchange(Answer, self.server.port, method, whole, raw, sent)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", f"{path}?{urlencode(query)}" if query else path)
        assert answer.status == 200, answer.body
        return answer.json

    def send(self, to: str, body: str = "Hi there", **more: Any) -> Any:
        """A message that is accepted."""
        answer = self.call(
            "POST", "/Messages.json", {"from": SENDER, "to": to, "body": body, **more}
        )
        assert answer.status == 200, answer.body
        return answer.json


class Generated:
    """A client that knows the definition and nothing else: each answer is held against its model."""

    def __init__(self, plain: Plain, definition: Definition) -> None:
        self.plain = plain
        self.definition = definition
        self.operations = {
            operation["operationId"]: (method, path, operation)
            for path, item in definition["paths"].items()
            for method, operation in item.items()
            if method in ("get", "post", "delete")
        }

    def call(self, id: str, *, xml: bool = False, **said: Any) -> tuple[Answer, Any]:
        """Run an operation; give the answer and what it says, which is of the promised type."""
        method, path, operation = self.operations[id]
        query, body = {}, None
        for parameter in operation["parameters"]:
            name = parameter["name"]
            if parameter["in"] == "body":
                body = self._body(parameter["schema"], said, xml=xml)
            elif name in said:
                value = said.pop(name)
                text = str(value).lower() if isinstance(value, bool) else str(value)
                if parameter["in"] == "path":
                    path = path.replace(f"{{{name}}}", quote(text, safe=""))
                else:
                    query[name] = text
            else:
                assert not parameter["required"], name
        kind = "application/xml" if xml else "application/json"
        headers = {"Accept": kind, **({"Content-Type": kind} if body is not None else {})}
        whole = f"{self.definition['basePath']}{path}"
        whole += f"?{urlencode(query)}" if query else ""
        answer = self.plain.call(method.upper(), whole, body, headers)
        return answer, self._read(operation, answer, xml=xml)

    def done(self, id: str, *, xml: bool = False, **said: Any) -> Any:
        """What an operation says that succeeds."""
        answer, shape = self.call(id, xml=xml, **said)
        assert answer.status in (200, 201, 204), answer.body
        return shape

    def _body(self, schema: Any, said: Mapping[str, Any], *, xml: bool) -> bytes:
        if not xml:
            return json.dumps(said).encode()
        model = self._resolved(schema)
        return self._written(model["xml"]["name"], model, said).encode()

    def _written(self, name: str, schema: Any, value: Any) -> str:
        model = self._resolved(schema)
        if model["type"] == "object":
            inner = "".join(
                self._written(key, model["properties"][key], part) for key, part in value.items()
            )
        elif model["type"] == "array":
            assert model["xml"]["wrapped"]
            inner = "".join(
                self._written(self._item(model["items"]), model["items"], part) for part in value
            )
        else:
            inner = str(value).replace("&", "&amp;").replace("<", "&lt;")
        return f"<{name}>{inner}</{name}>"

    def _read(self, operation: Any, answer: Answer, *, xml: bool) -> Any:
        responses = operation["responses"]
        schema = responses.get(str(answer.status), responses["default"]).get("schema")
        if schema is None:
            assert answer.body == b""
            return None
        if xml:
            root = answer.xml
            assert root.tag == self._resolved(schema)["xml"]["name"]
            shape = self._of(root, schema)
        else:
            shape = answer.json
        assert mismatches(shape, schema, self.definition["definitions"]) == []
        return shape

    def _of(self, element: Element, schema: Any) -> Any:
        """What an element says, read as the `xml` objects of the models have it."""
        model = self._resolved(schema)
        match model["type"]:
            case "object":
                return {
                    child.tag: self._of(child, model["properties"][child.tag]) for child in element
                }
            case "array":
                assert {child.tag for child in element} <= {self._item(model["items"])}
                return [self._of(child, model["items"]) for child in element]
            case "integer":
                return int(element.text or "")
            case "number":
                return float(element.text or "")
            case "boolean":
                return {"true": True, "false": False}[element.text or ""]
            case _:
                return element.text or ""

    def _item(self, schema: Any) -> str:
        return str(self._resolved(schema)["xml"]["name"])

    def _resolved(self, schema: Any) -> Any:
        if "$ref" in schema:
            return self.definition["definitions"][schema["$ref"].rpartition("/")[2]]
        return schema


@pytest.fixture
def plain(server: Server) -> Plain:
    return Plain(server)


@pytest.fixture
def own(server: Server) -> Own:
    """The same account through our own door, which plays the person."""
    return Own(server)


@pytest.fixture(scope="session")
def definition(shared_server: Server) -> Definition:
    answer = Plain(shared_server, "").call("GET", "/swagger.json")
    assert answer.status == 200
    found: Definition = answer.json
    assert (found["host"], found["schemes"]) == (urlsplit(shared_server.url).netloc, ["http"])
    return found


@pytest.fixture
def generated(plain: Plain, definition: Definition) -> Generated:
    return Generated(plain, definition)


@pytest.fixture(scope="session")
def other(shared_server: Server) -> Plain:
    """A second account on the shared server."""
    made = json.loads(shared_server.run("accounts", "create", "Other flows", "--json").stdout)
    return Plain(shared_server, basic(made["sid"], made["auth_token"]))
