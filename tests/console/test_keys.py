"""Keys and the account's token: shown once, renamed, revoked; and the trail of who did what."""

import json
import re
from urllib.parse import urlencode

from tests.conftest import Server
from tests.console.conftest import Guest
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import basic

_BEARER = re.compile(r"SK[0-9a-f]{32}\.[\w-]+")


def test_a_key_is_shown_once_renamed_and_revoked(home: Server, owner: Guest, own: Own) -> None:
    shown = owner.post("/console/keys", 200, label="Shop").html
    bearer = _BEARER.findall(shown)[0]
    sid, _, secret = bearer.partition(".")
    assert f"curl -H &#39;Authorization: Bearer {bearer}" in shown
    shop = Own(home, f"Bearer {bearer}")
    shop.get("/messages")
    assert secret not in owner.get("/console/keys").html + owner.get(f"/console/keys/{sid}").html
    assert "0 to 64 characters" in owner.post(f"/console/keys/{sid}", 400, label="x" * 65).text
    owner.post("/console/keys", 400, label="a\0b")
    owner.post(f"/console/keys/{sid}", label="<Shop>")
    assert "&lt;Shop&gt;" in owner.get("/console/keys").html
    shop.post("/tags", {"name": "of a key"})
    owner.post(f"/console/keys/{sid}/revoke")
    assert "&lt;Shop&gt;" not in owner.get("/console/keys").html
    owner.get(f"/console/keys/{sid}", 404)
    owner.post("/console/keys/SK" + "0" * 32, 404, label="x")
    trail = own.get("/audit")["items"]
    assert [(item["event"], item["about"]) for item in trail[:4] if item["via"] == "console"] == [
        ("key.revoked", sid),
        ("key.changed", sid),
        ("key.added", sid),
    ]
    of_key = next(item for item in trail if item["event"] == "tag.added")
    assert (of_key["actor"], of_key["name"], of_key["details"]) == (
        sid,
        "<Shop>",
        {"fields": ["name"]},
    )
    assert secret not in str(trail)


def test_activity_is_told_in_words_page_after_page(owner: Guest, own: Own) -> None:
    for number in range(60):
        own.post("/funnels", {"name": f"Stage {number}"})
    seen = owner.get("/console/activity", group="funnel")
    assert seen.text.count("Funnel was added") == 50
    older = re.search(r'rel="next" href="([^"]+)"', seen.html)
    assert older
    behind = owner.get(older[1].replace("&amp;", "&"))
    assert behind.text.count("Funnel was added") == 10
    assert 'rel="prev"' in behind.html
    assert "Signed in" not in seen.text
    french = Guest(owner.server, owner.cookies, "fr").get("/console/activity", group="session")
    assert "Session ouverte" in french.text
    for query in ({"group": "\0"}, {"after": "x\0"}, {"group": "nothing"}):
        owner.get("/console/activity", **query)


def test_a_new_token_is_shown_once_and_the_old_one_opens_nothing(home: Server) -> None:
    made = json.loads(home.run("accounts", "create", "Another", "--json").stdout)
    sid, before = made["sid"], made["auth_token"]
    guest = Guest(home)
    form = urlencode({"name": sid, "secret": before}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert guest.ask("POST", "/console/sign-in", form, kind).status == 303
    shown = guest.post("/console/keys/token", 200).html
    (token,) = set(re.findall(r"<code>([0-9a-f]{32})</code>", shown))
    assert Own(home, basic(sid, token)).get("/keys")["items"] == []
    assert Own(home, basic(sid, before)).call("GET", "/keys").status == 401
    assert token not in guest.get("/console/activity").html
