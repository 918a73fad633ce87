"""The files to import: valid, complete, and about this gateway, whoever asks for them."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from estafette.actions import actions
from estafette.doors.connectors import swagger
from tests.conftest import Server
from tests.doors.connectors.conftest import Definition, Plain
from tests.doors.connectors.rules import wrong

MODELS = {
    "SendMessageRequest": "from to body media_url status_callback messaging_service_sid"
    " application_sid max_price",
    "Message": "body from to status sid account_sid api_version num_segments num_media date_created"
    " date_sent date_updated direction error_code error_message price price_unit uri"
    " subresource_uris messaging_service_sid",
    "MessageList": "messages page page_size num_pages uri first_page_uri next_page_uri total"
    " previous_page_uri",
    "IncomingPhoneNumberList": "incoming_phone_numbers page page_size num_pages uri first_page_uri"
    " next_page_uri",
    "AddIncomingPhoneNumberRequest": "PhoneNumber AreaCode FriendlyName",
    "IncomingPhoneNumber": "phone_number friendly_name sid account_sid date_created date_updated"
    " status_callback status_callback_method api_version capabilities",
    "Capabilities": "mms sms voice",
    "AvailablePhoneNumbers": "phone_number friendly_name lata latitude longitude postal_code"
    " rate_center region MMS SMS voice",
    "UsageRecords": "category usage usage_unit description price_unit count count_unit start_date"
    " end_date price",
}
#: What is not text in them.
OTHER_TYPES = {
    "array": {"media_url", "subresource_uris", "messages", "incoming_phone_numbers"},
    "integer": {"page", "page_size", "num_pages", "total"},
    "boolean": {"mms", "sms", "voice", "MMS", "SMS"},
}


def test_the_definition_keeps_the_rules(definition: Definition) -> None:
    assert wrong(definition) == []


def _get(definition: Any) -> Any:
    return definition["paths"]["/Messages.json"]["get"]


def _trigger(definition: Any) -> Any:
    return definition["paths"]["/Subscriptions.json"]


MUTATIONS: list[Callable[[Any], Any]] = [
    lambda it: it.update(swagger="3.0.0"),
    lambda it: it.update(host="https://gateway.example.org"),
    lambda it: it.update(basePath="connectors"),
    lambda it: it.update({"x-ms-nonsense": 1}),
    lambda it: it["info"].pop("title"),
    lambda it: it["securityDefinitions"]["basic"].update(type="bearer"),
    lambda it: _get(it).update(operationId="SendMessage"),
    lambda it: _get(it).pop("summary"),
    lambda it: _get(it).update({"x-ms-nonsense": 1}),
    lambda it: _get(it)["parameters"][0].pop("x-ms-summary"),
    lambda it: _get(it)["parameters"][0].update({"x-ms-visibility": "internal", "required": True}),
    lambda it: _get(it)["parameters"][0].update({"x-ms-visibility": "visible"}),
    lambda it: _get(it)["responses"]["200"]["schema"].update({"$ref": "#/definitions/Nothing"}),
    lambda it: it["paths"]["/Messages/{MessageId}.json"]["get"].update(parameters=[]),
    lambda it: _trigger(it).pop("x-ms-notification-content"),
    lambda it: _trigger(it)["post"]["responses"]["201"].pop("headers"),
    lambda it: it["definitions"]["SubscriptionRequest"].update(properties={}),
    lambda it: it["definitions"]["Message"]["properties"]["body"].pop("title"),
    lambda it: it["definitions"]["Message"]["properties"]["body"].update(nullable=True),
    lambda it: it["definitions"]["Message"]["properties"]["subresource_uris"].pop("items"),
]


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_definition_that_breaks_a_rule_is_found_out(
    definition: Definition, mutation: Callable[[Any], Any]
) -> None:
    broken = copy.deepcopy(definition)
    mutation(broken)
    assert wrong(broken)


def test_the_models_have_the_members_that_workflows_rely_on(definition: Definition) -> None:
    for name, members in MODELS.items():
        properties = definition["definitions"][name]["properties"]
        assert set(properties) == set(members.split()), name
        for member, shape in properties.items():
            wanted = next((kind for kind, of in OTHER_TYPES.items() if member in of), "string")
            wanted = "number" if (name, member) == ("UsageRecords", "price") else wanted
            assert shape.get("type", "object") == ("object" if "$ref" in shape else wanted), member
    needed = {"SendMessageRequest": ["from", "to", "body"]}
    needed["AddIncomingPhoneNumberRequest"] = ["PhoneNumber"]
    for name, model in definition["definitions"].items():
        assert model.get("required", []) == needed.get(name, []), name


def test_every_action_of_the_connector_is_an_operation(definition: Definition) -> None:
    operations = {
        operation["operationId"]: {item["name"]: item for item in operation["parameters"]}
        for item in definition["paths"].values()
        for method, operation in item.items()
        if method in ("get", "post")
    }
    names = {item.name.removeprefix("TWILIO.") for item in actions() if item.name[:7] == "TWILIO."}
    assert set(operations) == names | {"WhenAMessageIsReceived"}
    assert len(names) == 10
    listed = operations["ListMessages"]
    assert list(listed) == ["To", "From", "DateSent", "PageSize", "Page"]
    assert (listed["PageSize"]["default"], listed["Page"]["default"]) == (50, 0)
    assert operations["SendMessage"]["sendMessageRequest"]["required"] is True


def test_the_properties_ask_for_an_account_and_its_token(plain: Plain) -> None:
    asked = Plain(plain.server, "").call("GET", "/apiProperties.json").json
    assert list(asked) == ["properties"]
    parameters = asked["properties"]["connectionParameters"]
    assert list(parameters) == ["username", "password"]
    for name, parameter in parameters.items():
        assert parameter["type"] == "securestring"
        shown = parameter["uiDefinition"]["constraints"]
        assert (shown["required"], shown["clearText"]) == ("true", name == "username")
    assert asked["properties"]["iconBrandColor"].startswith("#")


def test_the_host_is_that_of_the_settings_and_not_of_the_request(plain: Plain) -> None:
    said = plain.call("GET", "/swagger.json", headers={"Host": "evil.example"}).json
    assert said["host"] == f"127.0.0.1:{plain.server.port}"
    found = swagger.describe("https://sms.example.org/gateway")
    assert (found["host"], found["schemes"]) == ("sms.example.org", ["https"])
    assert found["basePath"] == "/gateway/connectors/twilio"
    assert wrong(json.loads(json.dumps(found))) == []


def test_only_get_reads_the_files(server: Server) -> None:
    answer = Plain(server, "").call("POST", "/swagger.json", {})
    assert answer.code == (405, 20004)
    assert answer.headers["allow"] == "GET"
