"""Phone numbers and business accounts, through pywa and as they stand on the wire."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from pywa import WhatsApp
from pywa.errors import WhatsAppError
from pywa.types import Command, Industry
from pywa.types.others import StorageConfiguration, StorageStatus

from tests.doors.own.conftest import Own
from tests.doors.whatsapp.conftest import PHONE, WABA, Answer, Api, pywa_of

SHOWN = "+1 555-078-3881"
numbers = itertools.count(1)


@dataclass(frozen=True)
class Line:
    """A number of one test's own."""

    id: str
    address: str
    api: Api
    pywa: WhatsApp

    def post(self, path: str, body: Any) -> Answer:
        """A request about it, as it stands."""
        return self.api.post(f"/{self.id}{path}", body)

    def get(self, path: str, **query: Any) -> Any:
        return self.api.get(f"/{self.id}{path}", **query)


@pytest.fixture
def line(own: Own, api: Api, token: str) -> Iterator[Line]:
    number = next(numbers)
    sender = {"channel": "whatsapp", "address": f"+1415555{2000 + number}", "ref": f"77{number}"}
    made = own.post("/senders", {**sender, "connection": "sandbox", "title": "Line"})
    client = pywa_of(api.server, token, phone_id=made["ref"])
    yield Line(made["ref"], made["address"], api, client)
    client.api._session.close()
    own.call("DELETE", f"/senders/{made['id']}")


STRANGE = [
    None, 0, -1, 10**40, 1.5, True, [], {}, [None], {"a": []}, "\0", "", " ", "x" * 5000, ["\0"],
]  # fmt: skip


def test_pywa_reads_a_number(pywa_client: WhatsApp) -> None:
    found = pywa_client.get_business_phone_number()
    assert (found.id, found.display_phone_number) == (PHONE, SHOWN)
    assert (found.status, found.quality_rating) == ("CONNECTED", "GREEN")
    assert found.throughput == {"level": "STANDARD"}
    assert found.health_status
    assert found.health_status["can_send_message"] == "AVAILABLE"
    assert (found.country_code, found.country_dial_code) == ("US", "1")


def test_only_what_is_asked_for_is_told(api: Api) -> None:
    assert api.get(f"/{PHONE}", fields="display_phone_number") == {
        "display_phone_number": SHOWN,
        "id": PHONE,
    }
    asked = "id, throughput{level},quality_rating"
    assert set(api.get(f"/{PHONE}", fields=asked)) == {"id", "throughput", "quality_rating"}
    usual = api.get(f"/{PHONE}")
    assert {"verified_name", "code_verification_status", "platform_type", "id"} <= set(usual)
    assert "status" not in usual
    answer = api.call("GET", f"/v23.0/{PHONE}?fields=colour")
    assert answer.refusal == (400, 100)
    assert "(colour)" in answer.error["message"]
    assert api.call("GET", f"/{PHONE}/?fields=").json == usual


def test_pywa_lists_the_numbers_of_a_business_account(line: Line, api: Api) -> None:
    found = line.pywa.get_business_phone_numbers(waba_id=WABA)
    assert [phone.id for phone in found] == [PHONE, line.id]
    assert found[1].verified_name == "Line"
    first = api.get(f"/{WABA}/phone_numbers", limit=1, fields="id")
    assert first["data"] == [{"id": PHONE}]
    assert "access_token" not in first["paging"]["next"]
    path = first["paging"]["next"].removeprefix(api.server.url)
    second = api.call("GET", path).json
    assert (second["data"], "next" in second["paging"]) == ([{"id": line.id}], False)
    before = second["paging"]["previous"].removeprefix(api.server.url)
    assert api.call("GET", before).json["data"] == first["data"]


def test_a_page_has_a_limit_and_a_cursor_that_can_be_read(api: Api) -> None:
    for query in ("limit=0", "limit=x", "limit=-1", "limit=99999999999", "after=%00", "before=!"):
        assert api.call("GET", f"/v23.0/{WABA}/phone_numbers?{query}").refusal == (400, 100)


def test_pywa_reads_the_business_account(pywa_client: WhatsApp, api: Api) -> None:
    found = pywa_client.get_business_account(waba_id=WABA)
    assert (found.id, found.name, found.currency) == (WABA, "First account", "USD")
    assert found.subscribed_apps
    assert set(api.get(f"/{WABA}")) == {
        "id", "name", "currency", "timezone_id", "message_template_namespace",
    }  # fmt: skip
    assert api.post(f"/{WABA}", {"name": "Other"}).refusal == (400, 100)


def test_another_account_knows_neither(api: Api, other: Api) -> None:
    theirs = other.get(f"/{other.phone}", fields="id,verified_name")
    assert theirs["id"] == other.phone
    for path in (f"/{PHONE}", f"/{WABA}", f"/{WABA}/phone_numbers", f"/{PHONE}/settings"):
        answer = other.call("GET", f"/v23.0{path}")
        assert (answer.refusal, answer.error["error_subcode"]) == ((400, 100), 33)
    for path in ("register", "deregister", "whatsapp_business_profile", "settings"):
        assert other.post(f"/{PHONE}/{path}", {"pin": "123456"}).refusal == (400, 100)
    assert other.post(f"/{PHONE}", {"new_display_name": "Mine"}).refusal == (400, 100)
    assert api.call("DELETE", f"/v23.0/{PHONE}").refusal == (400, 100)


def test_a_number_is_registered_with_its_pin(line: Line, own: Own) -> None:
    assert line.pywa.register_phone_number(pin="123456")
    assert line.pywa.register_phone_number(pin=123456)
    with pytest.raises(WhatsAppError) as wrong:
        line.pywa.register_phone_number(pin="654321")
    assert wrong.value.code == 133005
    assert line.pywa.get_business_phone_number().is_pin_enabled
    body = {"messaging_product": "whatsapp"}
    for pin in ("12345", "abcdef", "1234567", None, [], {}):
        assert line.post("/register", {**body, "pin": pin}).status == 400
    assert line.post("/register", {"pin": "123456"}).refusal == (400, 100)
    assert line.post("", {"pin": "111222"}).json == {"success": True}
    assert line.post("/register", {**body, "pin": "123456"}).refusal == (400, 133005)
    assert line.post("/register", {**body, "pin": "111222"}).json == {"success": True}
    sender = next(one for one in own.all_of("/senders") if one["ref"] == line.id)
    assert "111222" not in str(sender)


def test_nothing_is_sent_from_a_number_that_is_deregistered(line: Line, own: Own) -> None:
    assert line.pywa.deregister_phone_number()
    assert line.pywa.get_business_phone_number().status == "DISCONNECTED"
    with pytest.raises(WhatsAppError) as refused:
        line.pywa.send_message("+14155550181", "Hello")
    assert refused.value.code == 133010
    said = {"channel": "whatsapp", "from": line.address, "to": "+14155550181", "body": "Hello"}
    assert own.call("POST", "/messages", said).status == 400
    assert line.pywa.register_phone_number(pin="123456")
    assert line.pywa.send_message("+14155550181", "Hello").id


def test_codes_are_asked_for_and_shown(pywa_client: WhatsApp, api: Api) -> None:
    assert pywa_client.api.request_verification_code(PHONE, "SMS", "en_US") == {"success": True}
    assert pywa_client.api.verify_phone_number(PHONE, "123456") == {"success": True}
    assert api.post(f"/{PHONE}/verify_code", {"code": "123-456"}).status == 200
    assert api.post(f"/{PHONE}/verify_code", {"code": "12"}).refusal == (400, 131009)
    assert api.post(f"/{PHONE}/request_code", {"code_method": "FAX"}).refusal == (400, 131009)
    assert api.post(f"/{PHONE}/request_code", {}).refusal == (400, 131008)


def test_pywa_changes_the_profile(line: Line) -> None:
    assert line.pywa.get_business_profile().industry is Industry.UNDEFINED
    assert line.pywa.update_business_profile(
        about="We send", address="1 Main Street", description="Messages", email="a@example.com",
        industry=Industry.RETAIL, websites=("https://example.com", "https://example.org"),
    )  # fmt: skip
    assert line.pywa.update_business_profile(address="")
    found = line.pywa.get_business_profile()
    assert (found.about, found.address, found.industry) == ("We send", None, Industry.RETAIL)
    assert found.websites == ("https://example.com", "https://example.org")
    (shape,) = line.get("/whatsapp_business_profile", fields="about,vertical")["data"]
    assert shape == {"about": "We send", "vertical": "RETAIL"}


@pytest.mark.parametrize(
    "part",
    [
        {"about": "x" * 140},
        {"address": "x" * 257},
        {"description": "x" * 513},
        {"email": "nobody"},
        {"email": "a@" + "x" * 130 + ".com"},
        {"vertical": "ASTROLOGY"},
        {"websites": ["https://a.com", "https://b.com", "https://c.com"]},
        {"websites": ["example.com"]},
        {"websites": [f"https://example.com/{'x' * 256}"]},
        {"websites": "https://example.com"},
        {"profile_picture_handle": "4::aW"},
        {"profile_picture_url": "nowhere"},
    ],
)
def test_a_profile_has_limits(api: Api, part: dict[str, Any]) -> None:
    path = f"/{PHONE}/whatsapp_business_profile"
    body = {"messaging_product": "whatsapp", **part}
    assert api.post(path, body).status == 400


def test_settings_are_kept(line: Line) -> None:
    assert line.get("/settings")["storage_configuration"] == {"status": "DEFAULT"}
    assert line.pywa.update_business_phone_number_settings(
        storage_configuration=StorageConfiguration(
            status=StorageStatus.IN_COUNTRY_STORAGE_ENABLED, data_localization_region="DE"
        )
    )
    found = line.pywa.get_business_phone_number_settings()
    assert found.storage_configuration
    assert found.storage_configuration.data_localization_region == "DE"
    assert found.user_identity_change
    assert not found.user_identity_change.enable_identity_key_check
    assert line.post("/settings", {"colour": {}}).json == {"success": True}
    assert "colour" not in line.get("/settings")
    assert line.post("/settings", {"calling": {"x": "x" * 9000}}).refusal == (400, 100)


def test_names_and_what_newcomers_see(line: Line) -> None:
    assert line.pywa.update_display_name(new_display_name="Riders")
    commands = [Command(name="order", description="Order something")]
    assert line.pywa.update_conversational_automation(ice_breakers=["Help"], commands=commands)
    found = line.pywa.get_business_phone_number()
    assert found.verified_name == "Riders"
    assert found.conversational_automation
    assert found.conversational_automation.ice_breakers == ("Help",)
    assert found.conversational_automation.commands == tuple(commands)


def test_what_is_not_served_says_so(pywa_client: WhatsApp, api: Api) -> None:
    with pytest.raises(WhatsAppError) as refused:
        pywa_client.get_commerce_settings()
    assert refused.value.code == 2500
    assert api.call("GET", f"/v23.0/{PHONE}/message_qrdls").refusal == (404, 2500)


def test_no_value_breaks_anything(line: Line) -> None:
    names = {
        "": ("webhook_configuration", "new_display_name", "pin"),
        "/register": ("pin", "data_localization_region", "messaging_product"),
        "/request_code": ("code_method", "language"),
        "/verify_code": ("code",),
        "/whatsapp_business_profile": ("about", "email", "websites", "vertical"),
        "/settings": ("calling", "storage_configuration", "messaging_product"),
        "/conversational_automation": ("prompts", "commands"),
    }
    for path, parts in names.items():
        for name, value in itertools.product(parts, STRANGE):
            body = {"messaging_product": "whatsapp", name: value}
            assert line.post(path, body).status < 500, (path, name, value)
        assert line.api.call("GET", f"/v23.0/{line.id}").status == 200


def test_no_question_breaks_anything(api: Api) -> None:
    for text in ("{", "}", ",,", "(", "id{", "id)(", "\0", "\ud800", "x" * 5000, "id," * 900, "é"):
        raw = quote(text, errors="surrogatepass")
        for path in (PHONE, WABA, f"{WABA}/phone_numbers", f"{PHONE}/settings"):
            for name in ("fields", "limit", "after", "before"):
                assert api.call("GET", f"/v23.0/{path}?{name}={raw}").status < 500


def test_another_token_is_refused(api: Api) -> None:
    client = pywa_of(api.server, "EAAsecrettoken")
    with pytest.raises(WhatsAppError) as refused:
        client.get_business_phone_number()
    assert refused.value.code == 190
    client.api._session.close()
    assert "EAAsecrettoken" not in api.server.log
