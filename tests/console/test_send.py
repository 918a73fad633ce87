"""Sending from the console: one message, and many from a file."""

import json
import re
import time
from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from tests.browser import needs_chromium, violations
from tests.conftest import SENDER, Server
from tests.console.conftest import Guest, Look, Seen
from tests.doors.own.conftest import Own
from tests.patience import PATIENCE

TO = "+14155550100"
FILES = "/console/send/batches"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489") + bytes(
    40
)


def upload(
    owner: Guest,
    text: bytes,
    status: int = 303,
    *,
    path: str = FILES,
    kind: str = "text/csv",
    **form: str,
) -> Seen:
    """Send a file with the form."""
    mark = "x" * 20
    fields = {"csrf": owner.csrf, "channel": "sms", **form}
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = 'Content-Disposition: form-data; name="file"; filename="people.csv"'
    head = f"--{mark}\r\n{head}\r\ncontent-type: {kind}\r\n\r\n"
    parts += [head.encode(), text, f"\r\n--{mark}--\r\n".encode()]
    whole = {"content-type": f"multipart/form-data; boundary={mark}"}
    found = owner.ask("POST", path, b"".join(parts), whole)
    assert found.status == status, found.text[:500]
    return found


def sent(owner: Guest, own: Own, **form: str) -> dict[str, object]:
    """The message that a form sends."""
    seen = owner.post("/console/send", to=TO, channel="sms", **form)
    return dict(own.get(f"/messages/{seen.headers['location'].rpartition('/')[2]}"))


def test_a_message_is_sent_once_however_often_its_button_is_pressed(owner: Guest, own: Own) -> None:
    form = {"to": "(0)1 415", "body": "x"}
    token = re.search(r'name="token" value="(\w+)"', owner.get("/console/send", **form).html)
    assert token
    first = sent(owner, own, body="Hi there", token=token[1])
    assert (first["body"], first["to"], first["from"]) == ("Hi there", TO, SENDER)
    assert sent(owner, own, body="Hi there", token=token[1])["id"] == first["id"]
    assert sent(owner, own, body="Hi again", token=token[1])["id"] != first["id"]


def test_a_link_fills_the_form(owner: Guest) -> None:
    html = owner.get("/console/send", to=TO, channel="whatsapp", body='"<b>').html
    assert f'value="{TO}"' in html
    assert "&#34;&lt;b&gt;</textarea>" in html
    assert '<option value="whatsapp" selected>' in html


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"to": ""}, "A recipient is needed."),
        ({"to": "\ud800"}, "A number with its country code"),
        ({"to": "nobody\0"}, "A number with its country code"),
        ({"body": ""}, "A text, media or a template are needed."),
        ({"body": "a\0"}, "characters that no carrier can take"),
        ({"body": "x" * 1601}, "too long"),
        ({"media": "x"}, "Addresses begin with https://"),
        ({"callback_url": "x"}, "The address for callbacks"),
        ({"send_at": "yesterday"}, "This is not a time."),
        ({"send_at": "2020-01-01T00:00"}, "too soon or too late"),
        ({"from": "+14155559999"}, "This account has no such sender"),
        ({"from": "MG" + "0" * 32}, "There is no such service."),
        ({"fallback": "fax"}, "A number of seconds"),
        ({"channel": "whatsapp", "template": "0" * 32, "body": ""}, "A text, media or a template"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    owner: Guest, form: dict[str, str], said: str
) -> None:
    whole = {"csrf": owner.csrf, "to": TO, "body": "kept & safe", "channel": "sms", **form}
    raw = urlencode(whole, errors="surrogatepass").encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    seen = owner.ask("POST", "/console/send", raw, kind)
    assert seen.status == 400
    assert said in seen.text
    if "body" not in form:
        assert "kept &amp; safe</textarea>" in seen.html


def test_a_template_is_filled_and_shown_before_it_goes(owner: Guest, own: Own) -> None:
    names = {item["places"]: item for item in own.all_of("/templates")}
    form = {"channel": "whatsapp", "template": names[1]["id"], "value-1": "Zoë"}
    assert "Zoë" in owner.post("/console/send/count", 200, **form).text
    seen = owner.post("/console/send", to=TO, **form)
    found = own.get(f"/messages/{seen.headers['location'].rpartition('/')[2]}")
    assert "Zoë" in found["body"]
    form["value-1"] = ""
    assert "hole of the template is empty" in owner.post("/console/send", 400, to=TO, **form).text


def test_a_file_goes_with_a_message_and_is_kept_when_something_else_is_wrong(
    owner: Guest, own: Own
) -> None:
    send = "/console/send"
    seen = upload(owner, PNG, 400, path=send, kind="image/png", to="nobody")
    (kept,) = re.findall(r'name="kept" value="(\w+)" checked', seen.html)
    seen = owner.post(send, to=TO, channel="sms", kept=kept)
    id = seen.headers["location"].rpartition("/")[2]
    end = time.monotonic() + PATIENCE
    while (found := own.get(f"/messages/{id}"))["status"] != "delivered":
        assert time.monotonic() < end, found
        time.sleep(0.05)
    assert len(found["media"]) == 1
    seen = upload(owner, b"x", 400, path=send, kind="application/x-evil", to=TO)
    assert "This file cannot be sent" in seen.text


def test_segments_are_counted(owner: Guest) -> None:
    count = owner.post("/console/send/count", 200, channel="sms", body="x" * 161).text
    assert "161 characters · GSM-7 · 2 segments" in count
    assert "because of é" not in count
    count = owner.post("/console/send/count", 200, channel="sms", body="Zoë").text
    assert "UCS-2 because of ë · 1 segment" in count


@pytest.mark.parametrize(
    ("raw", "said"),
    [(b"", "The file is empty."), (b"to\n", "Nothing stands below"), (b"\xff\xfe\0", "not text"),
     (b"+14155550100\n", "must name the columns"), (b"to\n" + b"x" * 200_000, "Line 2")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(owner: Guest, raw: bytes, said: str) -> None:
    seen = upload(owner, raw, 400, body="kept")
    assert said in seen.text
    assert "kept</textarea>" in seen.html


def test_a_thousand_rows_are_read_looked_through_and_sent(owner: Guest, own: Own) -> None:
    rows = "".join(f"+1415555{n:04},N{n}\n" for n in range(1000)) + "nobody,<b>\n"
    began = time.monotonic()
    seen = upload(owner, b"Phone,Name\n" + rows.encode(), body="Hello {name}")
    assert time.monotonic() - began < 5
    path = seen.headers["location"]
    page = owner.follow(seen)
    assert "1,001 rows" in page.text
    assert "Send 1,000 messages" in page.text.replace("1000", "1,000")
    assert "Hello N9" in page.text
    assert "<b>" not in page.html
    owner.post(path, channel="sms", body="Hi {name}", **{"column-to": "Phone"})
    assert "Hi N9" in owner.get(path).text
    assert "text has at most" in owner.post(path, 400, channel="sms", body="x" * 5000).text
    owner.post(f"{path}/start")
    id = path.rpartition("/")[2]
    until_done(own, id)
    assert "1,000 messages sent" in owner.get(path).text
    assert "1 row skipped" in owner.get(f"{path}/progress").text
    lines = owner.get(f"{path}/result.csv", bom="yes").body.decode().splitlines()
    assert lines[0] == "\ufeffPhone,Name,message_id,status,error_code,error_text"
    assert len(lines) == 1002
    assert "people.csv" in owner.get(FILES).text
    owner.post(f"{path}/start")  # somebody was faster: nothing happens
    owner.post(f"{path}/remove")
    owner.get(path, 404)


def until_done(own: Own, id: str) -> None:
    end = time.monotonic() + PATIENCE
    while own.get(f"/batches/{id}")["status"] != "done":
        assert time.monotonic() < end
        time.sleep(0.1)


def test_another_accounts_file_is_unknown(owner: Guest, home: Server) -> None:
    made = json.loads(home.run("accounts", "create", "Other", "--json").stdout)
    guest = Guest(home)
    form = urlencode({"name": made["sid"], "secret": made["auth_token"]}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert guest.ask("POST", "/console/sign-in", form, kind).status == 303
    path = upload(owner, b"to,body\n+14155550100,Hi\n").headers["location"]
    guest.get(path, 404)
    guest.get(f"{path}/result.csv", 404)
    for word in ("start", "pause", "cancel", "remove"):
        guest.post(f"{path}/{word}", 404)
    owner.get(f"{FILES}/nothing", 404)


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_one_message_is_written_and_sent(look: Look) -> None:
    async with look("/console/send", is_dark=True) as page:
        assert await violations(page) == []
        await page.get_by_role("textbox", name="To", exact=True).fill(TO)
        await page.get_by_role("textbox", name="Text").fill("Hello €")
        await expect(page.get_by_text("7 characters")).to_be_visible()
        await page.get_by_label("Channel").select_option("whatsapp")
        await expect(page.get_by_label("Template")).to_be_visible()
        await expect(page.get_by_role("textbox", name="Text")).to_have_value("Hello €")
        await page.get_by_label("Template").select_option(index=1)
        await page.get_by_label("Hole 1").fill("Zoë")
        await expect(page.locator("#count")).to_contain_text("Zoë")
        assert await violations(page) == []
        await page.get_by_role("button", name="Send").click()
        await page.wait_for_url("**/console/messages/*")


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_a_file_is_sent_in_french(look: Look) -> None:
    text = "téléphone;prénom\n" + "".join(f"+1415556{n:04};P{n}\n" for n in range(600))
    async with look(FILES, language="fr") as page:
        assert await violations(page) == []
        file = {"name": "clients.csv", "mimeType": "text/csv", "buffer": text.encode("cp1252")}
        await page.get_by_label("Fichier CSV").set_input_files(file)  # type: ignore[arg-type]
        await page.get_by_role("textbox", name="Texte", exact=True).fill("Bonjour {prénom}")
        await page.get_by_role("button", name="Vérifier le fichier").click()
        await expect(page.get_by_text("Bonjour P9", exact=True)).to_be_visible()
        assert await violations(page) == []
        page.on("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name=re.compile("Envoyer 600 messages")).click()
        await expect(page.get_by_text("terminé")).to_be_visible(timeout=30_000)
        await expect(page.locator("#progress")).to_contain_text("600")
        assert await violations(page) == []
