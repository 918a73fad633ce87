"""What a definition must keep to be taken as a custom connector: Swagger 2.0, and the rules beyond it.

`wrong` says what is not kept; `mismatches` says where a value is not of the type of a model.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Shape = Mapping[str, Any]

_TOP = {
    "swagger", "info", "host", "basePath", "schemes", "consumes", "produces", "paths",
    "definitions", "securityDefinitions", "security", "tags", "externalDocs",
}  # fmt: skip
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch"}
_OPERATION = {
    "summary", "description", "operationId", "parameters", "responses", "consumes", "produces",
    "security", "deprecated", "tags", "schemes", "externalDocs",
    "x-ms-visibility", "x-ms-trigger", "x-ms-pageable", "x-ms-api-annotation",
    "x-ms-trigger-hint", "x-ms-no-generic-test",
}  # fmt: skip
_VALUE = {
    "type", "format", "default", "enum", "items", "minimum", "maximum", "minLength", "maxLength",
    "pattern", "description", "maxItems", "minItems", "uniqueItems",
    "x-ms-summary", "x-ms-visibility", "x-ms-test-value", "x-ms-dynamic-values",
}  # fmt: skip
_PARAMETER = {"name", "in", "required", "x-ms-url-encoding", "collectionFormat", *_VALUE}
_SCHEMA = {
    "title", "properties", "required", "xml", "allOf", "additionalProperties", "readOnly",
    "x-ms-notification-url", *_VALUE,
}  # fmt: skip
_VISIBILITY = {"important", "advanced", "internal"}
_TYPES = {"string", "number", "integer", "boolean", "array", "object"}
_HOST = re.compile(r"[^{}/ :\\]+(?::\d+)?")
_HOLE = re.compile(r"\{(\w+)\}")


def wrong(definition: Shape) -> list[str]:
    """Every rule that a definition breaks, in a few words."""
    return [*_top(definition), *_operations(definition), *_models(definition), *_refs(definition)]


def _top(definition: Shape) -> Iterator[str]:
    yield from (f"unknown {key}" for key in definition if not _is_known(key, _TOP))
    if definition.get("swagger") != "2.0":
        yield "not Swagger 2.0"
    if not {"title", "version"} <= set(definition.get("info", {})):
        yield "info lacks a title or a version"
    if not _HOST.fullmatch(definition.get("host", "")):
        yield "host is no host"
    if not definition.get("basePath", "").startswith("/"):
        yield "basePath does not begin with /"
    if not set(definition.get("schemes", [])) <= {"http", "https", "ws", "wss"}:
        yield "unknown scheme"
    if [item["type"] for item in definition.get("securityDefinitions", {}).values()] != ["basic"]:
        yield "not secured as basic"


def _is_known(key: str, known: set[str]) -> bool:
    """Whether a key may stand there: one that is listed, or another vendor's."""
    return key in known or (key.startswith("x-") and not key.startswith("x-ms-"))


def _operations(definition: Shape) -> Iterator[str]:
    seen = set()
    for path, item in definition["paths"].items():
        if not path.startswith("/"):
            yield f"{path} does not begin with /"
        known = _METHODS | {"x-ms-notification-content", "parameters"}
        yield from (f"{path}: unknown {key}" for key in item if not _is_known(key, known))
        for method in _METHODS & set(item):
            operation = item[method]
            id = operation.get("operationId", "")
            where = f"{method} {path}"
            if not id or id in seen:
                yield f"{where}: operationId is missing, or another's"
            seen.add(id)
            yield from _operation(where, path, operation)
            if operation.get("x-ms-trigger"):
                yield from _trigger(where, item, operation, definition)


def _operation(where: str, path: str, operation: Shape) -> Iterator[str]:
    yield from (f"{where}: unknown {key}" for key in operation if not _is_known(key, _OPERATION))
    if not operation.get("summary"):
        yield f"{where}: no summary"
    yield from _visibility(where, operation)
    holes = set(_HOLE.findall(path))
    places = [(item["in"], item["name"]) for item in operation["parameters"]]
    if len(places) > len(set(places)):
        yield f"{where}: a parameter stands twice"
    if {name for place, name in places if place == "path"} != holes:
        yield f"{where}: the parameters are not the holes of the path"
    if sum(place == "body" for place, _ in places) > 1:
        yield f"{where}: two bodies"
    for item in operation["parameters"]:
        yield from _parameter(f"{where} {item['name']}", item)
    if not operation["responses"]:
        yield f"{where}: no responses"
    for status, response in operation["responses"].items():
        if not re.fullmatch(r"\d{3}|default", status) or not response.get("description"):
            yield f"{where} {status}: no such status, or no description"


def _parameter(where: str, item: Shape) -> Iterator[str]:
    if item["in"] == "body":
        known = {"name", "in", "required", "description", "schema", "x-ms-summary"}
        yield from (f"{where}: unknown {key}" for key in item if not _is_known(key, known))
        return
    yield from (f"{where}: unknown {key}" for key in item if not _is_known(key, _PARAMETER))
    if item.get("type") not in _TYPES - {"object"}:
        yield f"{where}: no type"
    if not item.get("x-ms-summary"):
        yield f"{where}: no x-ms-summary"
    if item["in"] == "path" and item.get("required") is not True:
        yield f"{where}: a hole of the path is not required"
    if item.get("x-ms-url-encoding", "single") not in ("single", "double"):
        yield f"{where}: unknown encoding"
    yield from _visibility(where, item, required=item.get("required", False))


def _visibility(where: str, item: Shape, *, required: bool = False) -> Iterator[str]:
    found = item.get("x-ms-visibility")
    if found is not None and found not in _VISIBILITY:
        yield f"{where}: unknown visibility"
    if found == "internal" and required and "default" not in item:
        yield f"{where}: internal and required, without a default"


def _trigger(where: str, item: Shape, operation: Shape, definition: Shape) -> Iterator[str]:
    if operation["x-ms-trigger"] not in ("single", "batch"):
        yield f"{where}: unknown trigger"
    if "schema" not in item.get("x-ms-notification-content", {}):
        yield f"{where}: nothing says what is told"
    (body,) = (part for part in operation["parameters"] if part["in"] == "body")
    properties = _resolved(body["schema"], definition)["properties"].values()
    if [part["type"] for part in properties if part.get("x-ms-notification-url")] != ["string"]:
        yield f"{where}: not one text is the URL to tell"
    if "Location" not in operation["responses"].get("201", {}).get("headers", {}):
        yield f"{where}: no Location"


def _models(definition: Shape) -> Iterator[str]:
    for name, model in definition["definitions"].items():
        if model.get("type") != "object" or not model.get("title"):
            yield f"{name}: no object, or no title"
        if not set(model.get("required", [])) <= set(model["properties"]):
            yield f"{name}: what is required is no property"
        yield from _schema(name, model)


def _schema(where: str, schema: Shape, *, required: bool = False) -> Iterator[str]:
    if "$ref" in schema:
        if len(schema) > 1:
            yield f"{where}: something stands beside $ref"
        return
    yield from (f"{where}: unknown {key}" for key in schema if not _is_known(key, _SCHEMA))
    if schema.get("type") not in _TYPES:
        yield f"{where}: no type"
    if schema.get("required") == []:
        yield f"{where}: required is empty"
    yield from _visibility(where, schema, required=required)
    if schema.get("type") == "array":
        if "items" not in schema:
            yield f"{where}: no items"
        else:
            yield from _item(where, schema["items"])
    for key, part in schema.get("properties", {}).items():
        if "$ref" not in part and not part.get("title"):
            yield f"{where}.{key}: no title"
        yield from _schema(f"{where}.{key}", part, required=key in schema.get("required", ()))


def _item(where: str, schema: Shape) -> Iterator[str]:
    yield from _schema(f"{where}[]", schema)


def _refs(definition: Shape) -> Iterator[str]:
    def walk(shape: Any) -> Iterator[str]:
        if isinstance(shape, dict):
            if isinstance(found := shape.get("$ref"), str):
                yield found
            for part in shape.values():
                yield from walk(part)
        elif isinstance(shape, list):
            for part in shape:
                yield from walk(part)

    known = {f"#/definitions/{name}" for name in definition["definitions"]}
    yield from (f"{ref} leads nowhere" for ref in walk(definition) if ref not in known)


def _resolved(schema: Shape, definition: Shape) -> Any:
    return definition["definitions"][schema["$ref"].rpartition("/")[2]]


def mismatches(value: Any, schema: Any, models: Shape, where: str = "$") -> list[str]:
    """Where a value is not of the type of a schema; what the schema does not name is one, too."""
    if "$ref" in schema:
        schema = models[schema["$ref"].rpartition("/")[2]]
    kinds: dict[str, Any] = {
        "object": dict, "array": list, "string": str, "boolean": bool,
        "integer": int, "number": (int, float),
    }  # fmt: skip
    if not isinstance(value, kinds[schema["type"]]) or (
        isinstance(value, bool) and schema["type"] != "boolean"
    ):
        return [f"{where}: {value!r} is no {schema['type']}"]
    found = []
    if isinstance(value, list):
        for place, part in enumerate(value):
            found += mismatches(part, schema["items"], models, f"{where}[{place}]")
    if isinstance(value, dict):
        found += [
            f"{where}: {key} is missing" for key in schema.get("required", []) if key not in value
        ]
        for key, part in value.items():
            if key in schema["properties"]:
                found += mismatches(part, schema["properties"][key], models, f"{where}.{key}")
            else:
                found.append(f"{where}: {key} is not in the model")
    return found
