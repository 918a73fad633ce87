"""The question whether an address wants to be told."""

from urllib.parse import parse_qs, urlsplit

import pytest

from estafette.core.challenge import Challenge, Unanswered
from estafette.http import Http
from tests.receiver import Heard, Said, receiving


def repeated(heard: Heard) -> Said:
    return Said(parse_qs(urlsplit(heard.path).query)["hub.challenge"][0] + "\n", "text/plain")


async def test_it_repeats_what_it_was_asked_to() -> None:
    with receiving() as address:
        address.answers = repeated
        http = Http(allows_private=True)
        await Challenge(http).ask(f"{address.url}/hook?a=1&b#part", "a token & more")
        await http.close()
    (heard,) = address.heard
    asked = parse_qs(urlsplit(heard.path).query, keep_blank_values=True)
    assert (heard.method, urlsplit(heard.path).path) == ("GET", "/hook")
    assert (asked["a"], asked["b"], asked["hub.mode"]) == (["1"], [""], ["subscribe"])
    assert asked["hub.verify_token"] == ["a token & more"]
    assert asked["hub.challenge"][0].isdigit()


async def test_addresses_inside_are_not_asked_unless_they_may_be() -> None:
    with receiving() as address:
        address.answers = repeated
        http = Http(allows_private=False)
        with pytest.raises(Unanswered) as told:
            await Challenge(http).ask(address.url, "hidden-token")
        await http.close()
    assert not address.heard
    assert "hidden-token" not in str(told.value)
