"""Opt-outs in the console: listed, added, removed, brought in and taken out."""

import pytest

from tests.browser import needs_chromium, violations
from tests.conftest import SENDER
from tests.console.conftest import Guest, Look
from tests.doors.own.conftest import Own

LIST = "/console/opt-outs"


def test_they_are_added_found_and_removed(owner: Guest, own: Own) -> None:
    assert "Nobody like that" in owner.get(LIST, q="+14155550171").text
    done = owner.follow(owner.post(LIST, recipient="+1 (415) 555-0171", channel="sms", scope=""))
    assert "+14155550171 is written to no more" in done.text
    again = owner.follow(owner.post(LIST, recipient="+14155550171", channel="sms"))
    assert "was opted out already" in again.text
    (kept,) = own.suppressions("+14155550171")
    assert kept["source"] == "console"
    for query in ("+1 415 555-0171", "+1415555017", "0014155550171", "(1415) 5550171"):
        assert "+1 415-555-0171" in owner.get(LIST, q=query).text
    assert "Nobody like that" in owner.get(LIST, q="+33").text
    assert "Nobody like that" in owner.get(LIST, q="+1415", channel="whatsapp").text
    removal = {"recipient": "+14155550171", "channel": "sms", "scope": ""}
    assert "may be written to again" in owner.follow(owner.post(f"{LIST}/remove", **removal)).text
    assert "gone already" in owner.follow(owner.post(f"{LIST}/remove", **removal)).text
    owner.post(f"{LIST}/remove", recipient="\0", channel="x", scope="\0")


def test_who_wrote_stop_is_there_with_their_message(owner: Guest, own: Own) -> None:
    message = own.write("+14155550172", "STOP")["id"]
    found = owner.get(LIST, q="+14155550172")
    assert f"/console/messages/{message}" in found.html
    assert SENDER in found.text


@pytest.mark.parametrize(
    "bad",
    [
        {"recipient": "nobody"}, {"recipient": ""}, {"recipient": "+1\0"}, {"recipient": "9" * 5000},
        {"channel": "pigeon"}, {"scope": "f" * 32}, {"scope": "\0"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_at_its_field(owner: Guest, bad: dict[str, str]) -> None:
    wrong = owner.post(
        LIST, 400, **{"recipient": "+14155550173", "channel": "sms", "scope": "", **bad}
    )
    assert 'class="error"' in wrong.html


def test_pages_of_the_list_follow_one_another(owner: Guest, own: Own) -> None:
    items = [{"recipient": f"+1650555{n:04}"} for n in range(100, 160)]
    own.post("/suppressions/import", {"items": items}, 200)
    first = owner.get(LIST, q="+1650")
    assert first.html.count("<tr>") == 51
    following = first.html.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert owner.get(following).html.count("<tr>") == 11
    owner.get(LIST, after="nonsense", q="\0", scope="\0")
    found = own.get("/suppressions", begins="+16505550", limit=100)["items"]
    assert len(found) == 60


def test_a_file_is_shown_before_it_is_brought_in(owner: Guest, own: Own) -> None:
    text = "recipient;channel;created_at\n+14155550181;sms;2026-05-04\n\nnobody;sms;\n+14155550182;pigeon;\n" \
        "+14155550183;sms;yesterday\n+14155550184\n"  # fmt: skip
    seen = owner.post(f"{LIST}/import", 200, text=text, channel="sms")
    assert "2 recipients can be added. 3 lines are not understood." in seen.text
    assert "There is no such channel." in seen.text
    assert own.suppressions("+14155550181") == []
    done = owner.follow(owner.post(f"{LIST}/import", text=text, channel="sms", confirm="yes"))
    assert "2 added, 0 known already, 3 not understood." in done.text
    (kept,) = own.suppressions("+14155550181")
    assert kept["created_at"].startswith("2026-05-04T00:00:00")


@pytest.mark.parametrize(
    "text", ["", "nobody", "\0", "x" * 300, '"', "recipient\n", 'a,b\n"c\nd,e']
)
def test_what_says_nothing_adds_nothing(owner: Guest, own: Own, text: str) -> None:
    before = len(own.all_of("/suppressions", limit=1000))
    wanted = 200 if text.strip() else 400
    owner.post(f"{LIST}/import", wanted, text=text, channel="sms", confirm="yes")
    assert len(own.all_of("/suppressions", limit=1000)) == before


def test_a_file_can_be_uploaded(owner: Guest) -> None:
    body = (
        f'--x\r\ncontent-disposition: form-data; name="csrf"\r\n\r\n{owner.csrf}\r\n'
        '--x\r\ncontent-disposition: form-data; name="channel"\r\n\r\nsms\r\n'
        '--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n'
        "content-type: text/csv\r\n\r\n\ufeff+14155550191\r\n+14155550192\r\n--x--\r\n"
    ).encode()
    sent = {"content-type": "multipart/form-data; boundary=x"}
    assert "2 recipients can be added" in owner.ask("POST", f"{LIST}/import", body, sent).text


def test_all_are_exported_as_they_can_be_brought_in(owner: Guest, own: Own) -> None:
    owner.post(LIST, recipient="+14155550195", channel="sms", scope="")
    file = owner.get(f"{LIST}/export")
    assert file.headers["content-disposition"] == 'attachment; filename="opt-outs.csv"'
    lines = file.html.splitlines()
    assert lines[0] == "recipient,channel,scope,source,created_at"
    assert len(lines) == 1 + len(own.all_of("/suppressions", limit=1000))
    seen = owner.post(f"{LIST}/import", 200, text=file.html, channel="sms")
    assert "not understood" not in seen.text.lower()


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_the_pages_can_be_used_by_everybody(look: Look) -> None:
    for path in (LIST, f"{LIST}/import"):
        async with look(path, language="fr", is_dark=True) as page:
            assert await violations(page) == []
