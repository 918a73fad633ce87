"""The frame of the door: who may ask, what is there, and errors in Meta's shape whatever goes wrong."""

from tests.doors.whatsapp.conftest import Api


def test_an_unknown_number_is_an_unknown_object(api: Api, other: Api) -> None:
    print(api.call("GET", "/v23.0/1").body, other.phone)
    assert api.post("/1/messages", {}).status in (400, 404)
