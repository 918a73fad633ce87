"""Pages in French say nothing in English: neither what stands in a catalog, nor what should."""

import re
from functools import cache
from html import unescape

import pytest

from estafette.console import nav
from estafette.console.words import words
from tests import words as catalogs
from tests.conftest import Server
from tests.console.conftest import Guest
from tests.doors.own.conftest import Own

PERSON = "+14155550142"
_SEEN = re.compile(
    r">([^<>]+)<|(?:aria-label|placeholder|title|data-confirm|hx-confirm)=\"([^\"]*)\""
)
#: What stays as it is: names of data that the first start made.
_DATA = {"Sandbox", "General"}


@cache
def english() -> frozenset[str]:
    """Whatever the console says in English, and otherwise in French."""
    spoken = words("fr")
    texts = {text for page in catalogs.said().values() for text in page if isinstance(text, str)}
    french = {spoken.say(text) for text in texts}
    return frozenset(text for text in texts if spoken.say(text) != text) - french - _DATA


@pytest.fixture(scope="module")
def reader(owner: Guest) -> Guest:
    return Guest(owner.server, dict(owner.cookies), "fr")


@pytest.fixture(scope="module")
def paths(own: Own, home: Server) -> list[str]:
    """Every page of the menu, and one of each thing."""
    own.send("+15005520400", callback_url=f"{home.url}/nowhere")
    own.write(PERSON, "Hello", "+15550783881", channel="whatsapp")
    sent = own.post("/messages", {"to": PERSON, "from": "+15017122661", "body": "Hi"})
    user = own.post("/users", {"email": "desk@example.com"})
    found = [
        f"/console/messages/{sent['id']}",
        f"/console/conversations/{own.get('/conversations')['items'][0]['id']}",
        f"/console/contacts/{own.get('/contacts')['items'][0]['id']}",
        f"/console/templates/{own.get('/templates')['items'][0]['id']}",
        f"/console/senders/{own.get('/senders')['items'][0]['id']}",
        f"/console/users/{user['id']}",
        "/console/users/me",
        "/console/connections/sandbox",
        "/console/connections/-/add?provider=twilio",
        "/console/connections/-/add?provider=meta",
        "/console/callbacks/webhooks",
        "/console/contacts/words",
        "/console/contacts/new",
        "/console/send/batches",
        "/console/settings/opt-out",
        f"/console/phone?person=%2B{PERSON[1:]}&channel=whatsapp",
    ]
    for group in nav.MENU:
        for place in group.places:
            found += [place.path, *(part.path for part in place.parts)]
    return found


def test_no_page_says_anything_in_english(reader: Guest, paths: list[str]) -> None:
    said: dict[str, list[str]] = {}
    for path in paths:
        answer = reader.ask("GET", path)
        if answer.status == 303:
            answer = reader.follow(answer)
        assert answer.status == 200, (path, answer.status)
        assert '<html lang="fr">' in answer.html
        seen = {unescape(one or other).strip() for one, other in _SEEN.findall(answer.html)}
        if found := sorted(" ".join(text.split()) for text in seen if text in english()):
            said[path] = found
    assert not said, said
