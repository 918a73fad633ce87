"""IncomingPhoneNumbers and AvailablePhoneNumbers: numbers are looked for, taken, set, given back."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from urllib.parse import quote, urlencode

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.conftest import SENDER, Server
from tests.doors.twilio.accounts import new_account
from tests.doors.twilio.conftest import NEVER_REACHED, Api, new_number
from tests.patience import PATIENCE

NUMBERS = "/IncomingPhoneNumbers"
FREE = "/AvailablePhoneNumbers"


@pytest.fixture(scope="module")
def mine(shared_server: Server) -> Api:
    """An account with two senders: a number, and a name."""
    return new_account(shared_server, "full", "+14155550190", "ACME")


@pytest.fixture(scope="module")
def client(shared_server: Server, mine: Api) -> Iterator[Client]:
    made = Client(mine.sid, mine.token)
    made.api.base_url = shared_server.url
    yield made
    made.http_client.session.close()


def taken(api: Api, number: str, **more: str) -> dict[str, object]:
    answer = api.call("POST", f"{NUMBERS}.json", {"PhoneNumber": number, **more})
    assert answer.status == 201, answer.body
    found: dict[str, object] = answer.json
    return found


# Looked for ---------------------------------------------------------------------------------------


def test_numbers_are_looked_for_as_in_the_guides(client: Client) -> None:
    found = client.available_phone_numbers("US").local.list(
        area_code=512, sms_enabled=True, voice_enabled=True, limit=3
    )
    assert [item.phone_number for item in found] == ["+15125550100", "+15125550101", "+15125550102"]
    first = found[0]
    assert (first.friendly_name, first.locality, first.region) == ("(512) 555-0100", "Austin", "TX")
    assert (first.iso_country, first.postal_code, first.lata) == ("US", "78701", "558")
    assert (first.latitude, first.longitude) == (Decimal("30.27"), Decimal("-97.74"))
    assert first.capabilities == {"voice": True, "sms": True, "mms": True, "fax": False}
    assert (first.address_requirements, first.beta) == ("none", False)


def test_every_kind_of_a_country_has_its_list(client: Client) -> None:
    country = client.available_phone_numbers("GB").fetch()
    assert (country.country, country.country_code, country.beta) == ("United Kingdom", "GB", False)
    assert set(country.subresource_uris) == {"local", "mobile", "toll_free"}
    kinds = client.available_phone_numbers("GB")
    assert kinds.mobile.list(limit=1)[0].phone_number == "+447700900000"
    assert kinds.toll_free.list(limit=1)[0].phone_number.startswith("+44808")
    for empty in (kinds.national, kinds.voip, kinds.shared_cost, kinds.machine_to_machine):
        assert empty.list(limit=1) == []
    names = [item.country_code for item in client.available_phone_numbers.list()]
    assert {"CA", "DE", "FR", "GB", "US"} <= set(names)
    assert names == sorted(names)


def test_the_lists_of_what_is_free_have_no_paging(mine: Api) -> None:
    found = mine.get(f"{FREE}/US/Local.json?PageSize=1")
    assert list(found) == ["available_phone_numbers", "uri"]
    assert found["uri"] == mine.path(f"{FREE}/US/Local.json")
    assert list(mine.get(f"{FREE}.json")) == ["countries", "uri"]
    second = mine.get(f"{FREE}/US/Local.json?PageSize=1&Page=1")
    assert second["available_phone_numbers"] != found["available_phone_numbers"]
    assert len(second["available_phone_numbers"]) == 1


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({"AreaCode": "206"}, {"206"}),
        ({"Contains": "5125550***"}, {"512"}),
        ({"Contains": "+1212%"}, {"212"}),
        ({"Contains": "%0142$"}, {"206", "212", "305", "312", "415", "512"}),
        ({"Contains": "+1JJ2*5"}, set()),
        ({"InRegion": "TX"}, {"512"}),
        ({"InRegion": "+13055550100"}, {"305"}),
        ({"InLocality": "san francisco"}, {"415"}),
        ({"InPostalCode": "60601"}, {"312"}),
        ({"InRateCenter": "SEATTLE", "InLata": "674"}, {"206"}),
        ({"NearLatLong": "40.7,-74.0"}, {"212"}),
        ({"NearLatLong": "37.3,-121.9", "Distance": "100"}, {"415"}),
        ({"NearLatLong": "37.3,-121.9", "Distance": "5"}, set()),
        ({"NearNumber": "+15125559999"}, {"512"}),
        ({"NearNumber": "+12025550100"}, set()),
        ({"MmsEnabled": "true", "AreaCode": "312"}, {"312"}),
        ({"MmsEnabled": "false"}, set()),
        ({"FaxEnabled": "true"}, set()),
        ({"Beta": "false", "ExcludeAllAddressRequired": "true", "AreaCode": "305"}, {"305"}),
    ],
)
def test_what_is_free_is_narrowed(mine: Api, query: dict[str, str], codes: set[str]) -> None:
    found = mine.get(f"{FREE}/US/Local.json?{urlencode({**query, 'PageSize': '1000'})}")
    assert {item["phone_number"][2:5] for item in found["available_phone_numbers"]} == codes


@pytest.mark.parametrize(
    ("tail", "refusal"),
    [
        ("/ZZ/Local.json", (404, 20404)),
        ("/USA.json", (404, 20404)),
        ("/US/Nothing.json", (404, 20404)),
        ("/US/Local.json?AreaCode=41", (400, 21451)),
        ("/US/Local.json?Contains=1", (400, 20001)),
        ("/US/Local.json?Contains=(((", (400, 20001)),
        ("/US/Local.json?SmsEnabled=perhaps", (400, 20001)),
        ("/US/Local.json?NearLatLong=here", (400, 20001)),
        ("/US/Local.json?NearLatLong=99,0", (400, 20001)),
        ("/US/Local.json?NearNumber=12", (400, 20001)),
        ("/US/Local.json?NearLatLong=1,1&Distance=501", (400, 20001)),
        ("/US/Local.json?InRateCenter=SEATTLE", (400, 20001)),
        ("/US/Local.json?PageSize=0", (400, 20001)),
    ],
)
def test_nonsense_about_what_is_free_is_refused(
    mine: Api, tail: str, refusal: tuple[int, int]
) -> None:
    assert mine.call("GET", f"{FREE}{tail}").refusal[:2] == refusal


def test_the_inventory_is_offered_and_runs_out(shared_server: Server, mine: Api) -> None:
    number = "+17875550100"
    shared_server.run("numbers", "add", number, "--kind", "local", "--locality", "San Juan")
    (free,) = mine.get(f"{FREE}/PR/Local.json")["available_phone_numbers"]
    assert (free["phone_number"], free["locality"]) == (number, "San Juan")
    assert free["capabilities"] == {"voice": False, "sms": True, "mms": True, "fax": False}
    taken(mine, number)
    assert mine.get(f"{FREE}/PR/Local.json")["available_phone_numbers"] == []
    assert mine.get(f"{FREE}/PR.json")["country"] == "Puerto Rico"


# Taken --------------------------------------------------------------------------------------------


def test_a_number_is_taken_used_set_and_given_back(client: Client, mine: Api) -> None:
    free = client.available_phone_numbers("US").local.list(area_code=212, limit=1)[0]
    made = client.incoming_phone_numbers.create(
        phone_number=free.phone_number,
        friendly_name="Reception",
        sms_url="https://example.com/sms",
        sms_method="GET",
    )
    assert made.sid.startswith("PN")
    assert (made.phone_number, made.friendly_name) == (free.phone_number, "Reception")
    assert (made.sms_url, made.sms_method) == ("https://example.com/sms", "GET")
    assert (made.sms_fallback_url, made.sms_fallback_method) == ("", "POST")
    assert (made.status, made.type, made.origin, made.beta) == ("in-use", "local", "twilio", False)
    assert made.capabilities == {"voice": True, "sms": True, "mms": True, "fax": False}
    assert made.date_created == made.date_updated
    assert (made.trunk_sid, made.voice_url, made.sms_application_sid) == (None, None, "")
    assert made.voice_caller_id_lookup is False
    assert free.phone_number not in {
        item.phone_number for item in client.available_phone_numbers("US").local.list(limit=5)
    }

    message = mine.create(new_number(), From=free.phone_number)
    assert mine.until(message["sid"], "delivered")["from"] == free.phone_number

    changed = client.incoming_phone_numbers(made.sid).update(
        sms_url="", sms_fallback_url="https://example.com/else", voice_url="https://example.com/v"
    )
    assert (changed.sms_url, changed.sms_method, changed.friendly_name) == ("", "GET", "Reception")
    assert changed.sms_fallback_url == "https://example.com/else"
    assert client.incoming_phone_numbers(made.sid).fetch().voice_url == "https://example.com/v"
    assert changed.update(friendly_name="").friendly_name == "(212) 555-0100"

    assert changed.delete()
    with pytest.raises(TwilioRestException) as refused:
        changed.fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)
    again = client.incoming_phone_numbers.create(phone_number=free.phone_number)
    assert again.sid != made.sid
    assert mine.fetch(message["sid"])["status"] == "delivered"


def test_a_number_that_is_given_back_sends_nothing_from_that_moment(mine: Api) -> None:
    number = "+12065550150"
    sid = taken(mine, number)["sid"]
    waits = mine.create(NEVER_REACHED, From=number)
    goes = mine.create(new_number(), From=number)
    assert mine.call("DELETE", f"{NUMBERS}/{sid}.json").status == 204
    refused = mine.post({"To": new_number(), "From": number, "Body": "x"}).refusal
    assert refused[:2] == (400, 21606)
    assert mine.until(goes["sid"], "delivered")
    assert mine.cancel(waits["sid"])["status"] == "canceled"
    taken(mine, number)
    mine.delivered(new_number(), From=number)


def test_the_next_free_number_of_an_area_is_taken(client: Client) -> None:
    one, two = (client.incoming_phone_numbers.create(area_code="305") for _ in range(2))
    assert one.phone_number != two.phone_number
    assert {one.phone_number[:5], two.phone_number[:5]} == {"+1305"}


def test_many_who_ask_for_an_area_at_once_get_a_number_each(mine: Api) -> None:
    def take(_: int) -> tuple[int, str]:
        answer = mine.call("POST", f"{NUMBERS}.json", {"AreaCode": "416"})
        return answer.status, answer.json.get("phone_number", "")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(take, range(8)))
    assert {status for status, _ in found} == {201}
    assert len({number for _, number in found}) == 8


def test_each_kind_has_its_own_list(client: Client) -> None:
    mobile = client.incoming_phone_numbers.mobile.create(phone_number="+447700900042")
    free = client.incoming_phone_numbers.toll_free.create(phone_number="+18005550142")
    local = client.incoming_phone_numbers.local.create(phone_number="+15145550142")
    lists = client.incoming_phone_numbers
    assert [item.sid for item in lists.mobile.list()] == [mobile.sid]
    assert [item.sid for item in lists.toll_free.list()] == [free.sid]
    sids = [item.sid for item in lists.local.list()]
    assert sids[0] == local.sid
    assert not {mobile.sid, free.sid} & set(sids)
    types = [lists(item.sid).fetch().type for item in (mobile, free, local)]
    assert types == ["mobile", "toll-free", "local"]
    with pytest.raises(TwilioRestException) as refused:
        lists.mobile.create(phone_number="+15145550143")
    assert refused.value.code == 21422


def test_two_callers_never_get_the_same_number(mine: Api, api: Api) -> None:
    taken(mine, "+13125550177")
    refused = api.call("POST", f"{NUMBERS}.json", {"PhoneNumber": "+13125550177"}).refusal
    assert refused == (400, 21422, "The phone number +13125550177 is not available.")


@pytest.mark.parametrize(
    ("path", "form", "refusal"),
    [
        ("", {}, (400, 21421)),
        ("", {"PhoneNumber": "call me"}, (400, 21421)),
        ("", {"PhoneNumber": "+14155559999"}, (400, 21422)),
        ("", {"AreaCode": "999"}, (400, 21452)),
        ("", {"AreaCode": "12"}, (400, 21451)),
        ("/Local", {"AreaCode": "415"}, (400, 21457)),
        ("/TollFree", {}, (400, 21421)),
        ("", {"PhoneNumber": "+15125550180", "SmsUrl": "nowhere"}, (400, 21402)),
        ("", {"PhoneNumber": "+15125550180", "VoiceFallbackUrl": "ftp://a.b"}, (400, 21402)),
        ("", {"PhoneNumber": "+15125550180", "SmsMethod": "PUT"}, (400, 21403)),
        ("", {"PhoneNumber": "+15125550180", "SmsApplicationSid": "AP1"}, (400, 20001)),
        ("", {"PhoneNumber": "+15125550180", "EmergencyStatus": "Maybe"}, (400, 20001)),
        ("", {"PhoneNumber": "+15125550180", "FriendlyName": "x" * 65}, (400, 20001)),
    ],
)
def test_what_cannot_be_taken_is_said_and_stays_free(
    mine: Api, path: str, form: dict[str, str], refusal: tuple[int, int]
) -> None:
    assert mine.call("POST", f"{NUMBERS}{path}.json", form).refusal[:2] == refusal
    free = mine.get(f"{FREE}/US/Local.json?Contains=5125550180")["available_phone_numbers"]
    assert len(free) == 1


def test_every_parameter_is_kept_and_shown(client: Client) -> None:
    sids = {name: prefix + "0a" * 16 for name, prefix in {
        "sms_application_sid": "AP", "voice_application_sid": "AP", "trunk_sid": "TK",
        "address_sid": "AD", "identity_sid": "RI", "bundle_sid": "BU",
        "emergency_address_sid": "AD",
    }.items()}  # fmt: skip
    said = {
        **sids,
        "api_version": "2010-04-01",
        "friendly_name": "All of it",
        "sms_fallback_method": "GET",
        "sms_fallback_url": "https://example.com/1",
        "sms_method": "GET",
        "sms_url": "https://example.com/2",
        "status_callback": "https://example.com/3",
        "status_callback_method": "GET",
        "voice_caller_id_lookup": True,
        "voice_fallback_method": "GET",
        "voice_fallback_url": "https://example.com/4",
        "voice_method": "GET",
        "voice_url": "https://example.com/5",
        "voice_receive_mode": "fax",
        "emergency_status": "Active",
    }
    made = client.incoming_phone_numbers.create(phone_number="+14165550111", **said)
    found = client.incoming_phone_numbers(made.sid).fetch()
    assert {name: getattr(found, name) for name in said} == said


def test_the_numbers_of_an_account_are_paged_newest_first_and_narrowed(
    shared_server: Server,
) -> None:
    api = new_account(shared_server, "full", "ACME", "12345")
    made = [taken(api, f"+1512555013{end}", FriendlyName=f"No {end}")["sid"] for end in range(5)]
    first = api.get(f"{NUMBERS}.json?PageSize=2")
    sids = [item["sid"] for item in first["incoming_phone_numbers"]]
    second = api.get(first["next_page_uri"])
    sids += [item["sid"] for item in second["incoming_phone_numbers"]]
    third = api.get(second["next_page_uri"])
    sids += [item["sid"] for item in third["incoming_phone_numbers"]]
    assert sids == made[::-1]
    assert third["next_page_uri"] is None
    back = api.get(third["previous_page_uri"])
    assert back["incoming_phone_numbers"] == second["incoming_phone_numbers"]

    def found(**query: str) -> list[str]:
        listed = api.get(f"{NUMBERS}.json?{urlencode(query)}")["incoming_phone_numbers"]
        return [item["sid"] for item in listed]

    assert found(FriendlyName="No 3") == [made[3]]
    assert found(PhoneNumber="+15125550134") == [made[4]]
    assert found(PhoneNumber="512***0132") == [made[2]]
    assert found(PhoneNumber="5550133") == [made[3]]
    assert found(PhoneNumber="9999") == found(Origin="hosted") == []
    assert len(found(Origin="twilio", Beta="false")) == 5
    narrowed = api.get(f"{NUMBERS}.json?{urlencode({'PhoneNumber': '+1512', 'PageSize': '2'})}")
    assert f"PhoneNumber={quote('+1512')}&PageSize=2&Page=1" in narrowed["next_page_uri"]
    for query in ("Origin=moon", "Beta=2", "PhoneNumber=((!", "PageToken=PA1"):
        assert api.call("GET", f"{NUMBERS}.json?{query}").refusal[:2] == (400, 20001)


def test_the_numbers_of_another_account_are_unknown(mine: Api, api: Api) -> None:
    sid = taken(mine, "+15125550155")["sid"]
    for method in ("GET", "POST", "DELETE"):
        for name in (sid, "PN" + "0" * 32, "PN1", "SM" + "0" * 32):
            answer = api.call(method, f"{NUMBERS}/{name}.json")
            assert answer.refusal[:2] == (404, 20404)
    moved = mine.call("POST", f"{NUMBERS}/{sid}.json", {"AccountSid": api.sid})
    assert moved.refusal[:2] == (400, 20001)
    assert mine.call("POST", f"{NUMBERS}/{sid}.json", {"AccountSid": mine.sid}).status == 200


def test_a_sender_that_was_there_before_is_a_number_too(api: Api) -> None:
    (found,) = api.get(f"{NUMBERS}.json?PhoneNumber={quote(SENDER)}")["incoming_phone_numbers"]
    assert (found["phone_number"], found["friendly_name"]) == (SENDER, "Sandbox")
    assert found["capabilities"] == {"voice": False, "sms": True, "mms": True, "fax": False}


def test_numbers_speak_xml_and_csv(mine: Api) -> None:
    taken(mine, "+15145550199", FriendlyName="Last")
    xml = mine.call("GET", f"{NUMBERS}?FriendlyName=Last").body.decode()
    assert "<IncomingPhoneNumbers end=" in xml
    assert "<Capabilities><Voice>true</Voice><SMS>true</SMS><MMS>true</MMS><Fax>false</Fax>" in xml
    csv = mine.call("GET", f"{NUMBERS}.csv?FriendlyName=Last").body.decode()
    assert "voice sms mms" in csv
    xml = mine.call("GET", f"{FREE}/US/TollFree?PageSize=1").body.decode()
    assert "<AvailablePhoneNumbers uri=" in xml
    assert "<AvailablePhoneNumber><FriendlyName>(800) 555-0100</FriendlyName>" in xml
    assert "<Countries uri=" in mine.call("GET", FREE).body.decode()


def test_addresses_inside_are_not_asked_where_that_is_not_allowed(own_server: Server) -> None:
    own_server.environment = {"ESTAFETTE_ALLOW_PRIVATE_ADDRESSES": "false"}
    api = Api(own_server.start())
    form = {"PhoneNumber": "+14155550111", "SmsUrl": "http://127.0.0.1/sms"}
    assert api.call("POST", f"{NUMBERS}.json", form).refusal[:2] == (400, 21402)
    sid = taken(api, "+14155550111", SmsUrl="https://example.com/sms")["sid"]
    inside = {"SmsFallbackUrl": "http://10.0.0.1/"}
    assert api.call("POST", f"{NUMBERS}/{sid}.json", inside).refusal[:2] == (400, 21402)
    assert api.get(f"{NUMBERS}/{sid}.json")["sms_fallback_url"] == ""


def test_a_number_taken_by_a_command_is_there_within_two_seconds(
    shared_server: Server, mine: Api
) -> None:
    number = "+13125550142"
    shared_server.run("numbers", "take", number, "--account", mine.sid, "--title", "By hand")
    (found,) = mine.get(f"{NUMBERS}.json?FriendlyName={quote('By hand')}")["incoming_phone_numbers"]
    assert found["phone_number"] == number
    mine.delivered(new_number(), From=number)
    shared_server.run("numbers", "release", number, "--account", mine.sid)
    end = time.monotonic() + PATIENCE
    form = {"To": new_number(), "From": number, "Body": "x"}
    while mine.post(form).status == 201:
        assert time.monotonic() < end
        time.sleep(0.2)
