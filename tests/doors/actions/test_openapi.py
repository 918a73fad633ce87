"""The description of all actions: whole, derived, and readable by everybody."""

import json
import re
from collections.abc import Iterator
from typing import Any

from estafette import actions
from estafette.actions import inputs_of, outputs_of
from estafette.doors.actions import openapi
from estafette.doors.actions.routes import TABLE, Application
from tests.doors.actions.conftest import Caller
from tests.tables import ROOT


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from parts(part)
    elif isinstance(value, list):
        for part in value:
            yield from parts(part)


def test_it_is_read_without_credentials(stranger: Caller) -> None:
    answer = stranger.call("GET", "/v1/actions/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    found = json.loads(answer.body)
    assert found == openapi.describe(actions.actions(), stranger.server.url)
    assert stranger.call("POST", "/v1/actions/openapi.json", b"{}").status in (404, 405)


def test_it_has_the_form_of_openapi() -> None:
    found = openapi.describe(actions.actions(), "")
    assert found["openapi"] == "3.1.0"
    assert set(found["info"]) >= {"title", "version"}
    schemas = found["components"]["schemas"]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in schemas)
    refs = {part["$ref"] for part in parts(found) if isinstance(part.get("$ref"), str)}
    assert refs
    assert {ref.removeprefix("#/components/schemas/") for ref in refs} <= set(schemas)
    assert not [part for part in parts(found) if "$defs" in part]
    operations = [item for path in found["paths"].values() for item in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    for operation in operations:
        assert operation["summary"]
        assert {"200", "default"} == set(operation["responses"])
        for parameter in operation.get("parameters", ()):
            assert {"name", "in", "schema"} <= set(parameter)
            assert parameter["in"] != "path" or parameter["required"] is True


def test_every_action_is_in_it_with_all_that_it_takes_and_gives() -> None:
    found = openapi.describe(actions.actions(), "")
    for action in actions.actions():
        operation = found["paths"][f"/v1/actions/{action.name}"]["post"]
        assert operation["operationId"] == action.name
        schemas = found["components"]["schemas"]
        inputs, outputs = (schemas[f"{action.name}.{part}"] for part in ("inputs", "outputs"))
        assert set(inputs["properties"]) == set(inputs_of(action))
        assert set(outputs["properties"]) == set(outputs_of(action))
        assert set(inputs.get("required", ())) >= set(action.needs)
        kinds = operation["requestBody"]["content"]
        assert {"application/json", "application/xml"} < set(kinds)
        assert kinds["application/xml"]["schema"]["xml"] == {"name": action.name}
        assert ({} in operation["security"]) == bool(action.proof)


def test_what_is_declared_can_be_kept() -> None:
    """Every action: what the faces are made of is there, and fits together."""
    for action in actions.actions():
        assert (action.errors == "http") or action.failed
        assert set(action.needs) <= set(inputs_of(action))
        assert set(action.proof or ()) <= set(inputs_of(action))
        assert action.title
        assert action.summary.endswith(".")


def test_the_page_of_the_door_lists_its_routes() -> None:
    text = (ROOT / "estafette/doors/actions/README.md").read_text()
    rows = re.findall(r"^\| (GET|POST) \| (\S+) \| (.+) \|$", text, re.MULTILINE)
    assert rows == [
        (method, path, getattr(Application, name).__doc__) for method, path, name in TABLE
    ]
