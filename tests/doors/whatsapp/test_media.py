"""Files through the Cloud API: uploaded, looked up, read, sent and deleted."""

import http.client
import json
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pywa import WhatsApp
from pywa.errors import WhatsAppError

from tests.conftest import Server
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.whatsapp.conftest import PHONE, SENDER, VERSION, Answer, Api
from tests.patience import PATIENCE, until
from tests.pictures import JPEG, PNG, Pictures, body, showing

MEGA = 1 << 20
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8
TO = "+14155550123"
BOUNDARY = "edge"


def part(name: str, value: bytes | str, *lines: str, more: str = "") -> bytes:
    head = [f'Content-Disposition: form-data; name="{name}"{more}', *lines]
    raw = value.encode() if isinstance(value, str) else value
    return "\r\n".join([f"--{BOUNDARY}", *head, "", ""]).encode() + raw + b"\r\n"


def file(value: bytes, kind: str = "image/png", filename: str = '; filename="a.png"') -> bytes:
    lines = [f"Content-Type: {kind}"] if kind else []
    return part("file", value, *lines, more=filename)


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


WHATSAPP = part("messaging_product", "whatsapp")
KIND = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def upload(api: Api, *parts: bytes, phone: str = "") -> Answer:
    raw = form(*(parts or (WHATSAPP, file(PNG))))
    return api.post(f"/{phone or api.phone}/media", raw, **KIND)


def id_of(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    assert list(answer.json) == ["id"]
    id = answer.json["id"]
    assert id.isdecimal()
    return str(id)


def below(server: Server, url: str) -> str:
    assert url.startswith(f"{server.url}/")
    return url.removeprefix(server.url)


def shown(api: Api, id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/{id}")
    return found


def read(api: Api, id: str, method: str = "GET", **headers: str) -> Answer:
    """The bytes of a file, from the address that is told of it."""
    return api.call(method, below(api.server, shown(api, id)["url"]), None, headers)


def files(server: Server) -> set[Path]:
    return {path for path in (server.home / "media").rglob("*") if path.is_file()}


# Through clients


def test_pywa_uploads_reads_sends_and_deletes(
    pywa_client: WhatsApp, api: Api, tmp_path: Path
) -> None:
    media = pywa_client.upload_media(PNG, mime_type="image/png", filename="pic.png")
    told = pywa_client.get_media_url(media.id)
    assert (told.id, told.mime_type, told.file_size) == (media.id, "image/png", len(PNG))
    assert told.sha256 == sha256(PNG).hexdigest()
    assert pywa_client.get_media_bytes(url=told.url) == PNG
    saved = pywa_client.download_media(url=told.url, path=tmp_path, filename="again.png")
    assert Path(saved).read_bytes() == PNG
    sent = pywa_client.send_image(TO, image=media.id, caption="Look")
    message = api.until(sent.id, "delivered", "read")
    assert len(message["media"]) == 1
    assert message["body"] == "Look"
    assert pywa_client.delete_media(media.id)
    with pytest.raises(WhatsAppError) as raised:
        pywa_client.get_media_url(media.id)
    assert raised.value.code == 100


def test_pywa_sends_what_it_uploads_by_itself(
    pywa_client: WhatsApp, api: Api, tmp_path: Path
) -> None:
    paper = tmp_path / "bill.pdf"
    paper.write_bytes(PDF)
    sent = pywa_client.send_document(TO, document=paper, filename="Bill.pdf", caption="Yours")
    assert api.until(sent.id, "delivered", "read")["body"] == "Yours"
    pieces = (PDF[start : start + 99] for start in range(0, len(PDF), 99))
    media = pywa_client.upload_media(pieces, mime_type="application/pdf", filename="b.pdf")
    assert read(api, media.id).body == PDF


def test_npm_uploads_reads_sends_and_deletes(api: Api) -> None:
    node = Path(__file__).parents[2] / "node"
    if not (shutil.which("node") and (node / "node_modules/@kapso").is_dir()):
        pytest.skip("run `npm ci` in tests/node")
    driver = [node / "whatsapp-media-driver.js", api.server.url, api.token, PHONE, TO]
    done = subprocess.run(
        ["node", *driver, b64encode(PNG).decode()], capture_output=True, check=True, timeout=60
    )
    told = json.loads(done.stdout)
    assert told["shown"]["mimeType"] == "image/png"
    assert told["shown"]["sha256"] == sha256(PNG).hexdigest()
    assert b64decode(told["read"]) == PNG
    assert told["deleted"]["success"] is True
    assert told["gone"] == {"isTheirs": True, "code": 100}
    api.until(told["sent"]["messages"][0]["id"], "delivered", "read")


# What is told of a file


def test_a_file_is_shown_as_meta_shows_it(api: Api) -> None:
    id = id_of(upload(api))
    known = shown(api, id)
    assert known == {
        "messaging_product": "whatsapp",
        "url": known["url"],
        "mime_type": "image/png",
        "sha256": sha256(PNG).hexdigest(),
        "file_size": len(PNG),
        "id": id,
    }
    assert next(iter(known)) == "messaging_product"
    told = api.call("GET", f"/{id}", headers={"Host": "evil.example"}).json["url"]
    assert told == known["url"]
    assert told.startswith(api.server.url)  # whatever the request says that we are called


def test_the_bytes_come_with_their_type_and_length(api: Api) -> None:
    id = id_of(upload(api, WHATSAPP, file(PDF, "application/pdf", '; filename="a.pdf"')))
    for method, found in (("GET", PDF), ("HEAD", b"")):
        answer = read(api, id, method)
        assert (answer.status, answer.body) == (200, found)
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-length"] == str(len(PDF))
        assert answer.headers["x-content-type-options"] == "nosniff"
    tag = read(api, id).headers["etag"]
    assert read(api, id, **{"If-None-Match": tag}).status == 304


def test_the_bytes_are_for_who_shows_the_token(api: Api, other: Api) -> None:
    path = below(api.server, shown(api, id_of(upload(api)))["url"])
    assert api.call("GET", path, headers={"Authorization": ""}).refusal == (401, 190)
    assert api.call("GET", path, headers={"Authorization": "Bearer x"}).refusal == (401, 190)
    assert other.call("GET", path).refusal == (404, 100)
    asked = f"{path}?access_token={quote(api.token)}"
    assert api.call("GET", asked, headers={"Authorization": ""}).body == PNG
    assert api.token not in api.server.log


def test_what_is_deleted_is_gone(api: Api) -> None:
    id = id_of(upload(api))
    path = below(api.server, shown(api, id)["url"])
    assert api.delete(f"/{id}").json == {"success": True}
    for answer in (api.call("GET", f"{VERSION}/{id}"), api.delete(f"/{id}")):
        assert answer.refusal == (400, 100)
        assert answer.error["error_subcode"] == 33
    assert api.call("GET", path).refusal == (404, 100)
    assert api.call("HEAD", path).status == 404


def test_a_file_is_its_accounts_own(api: Api, other: Api) -> None:
    id = id_of(upload(api))
    assert other.call("GET", f"/{id}").refusal == (400, 100)
    assert other.delete(f"/{id}").refusal == (400, 100)
    assert upload(other, phone=PHONE).refusal == (400, 100)
    assert shown(api, id)


def test_a_file_belongs_to_the_number_that_it_was_uploaded_for(api: Api, own: Own) -> None:
    second = own.post("/senders", {"channel": "whatsapp", "address": "+14155550188"})
    id = id_of(upload(api))
    for method in ("GET", "DELETE"):
        for phone in (second["ref"], "1", "x" * 500, "%00", "%ED%A0%80"):
            answer = api.call(method, f"/{id}?phone_number_id={phone}")
            assert answer.refusal == (400, 100), phone
    assert api.get(f"/{id}", phone_number_id=PHONE)["id"] == id
    assert api.call("DELETE", f"/{id}?phone_number_id={PHONE}").json == {"success": True}


@pytest.mark.parametrize(
    "id", ["0", "1", "00", "9" * 39, "9" * 40, "9" * 400, "1013859600285441", "abc", "%00", "٣"]
)
def test_ids_that_are_none(api: Api, id: str) -> None:
    for method in ("GET", "DELETE", "POST"):
        assert api.call(method, f"{VERSION}/{quote(id, safe='%')}").refusal[1] in (100, 2500)
    assert api.call("GET", f"{VERSION}/{quote(id, safe='%')}/content").refusal[0] == 404


# How a file may come


def chunks(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[start : start + size] for start in range(0, len(raw), size))


@pytest.mark.parametrize(
    "parts",
    [
        (WHATSAPP, part("type", "image/png"), file(PNG)),
        (file(PNG), part("type", "image/png"), WHATSAPP),
        (part("type", "image/png"), file(PNG), WHATSAPP),
        (WHATSAPP, file(PNG, kind=""), part("type", "image/png")),
        (WHATSAPP, part("type", "image/png"), file(PNG, filename="", kind="")),
        (WHATSAPP, file(PNG), part("type", "image")),
        (WHATSAPP, file(PNG), part("type", "application/pdf")),  # the part knows better
        (WHATSAPP, file(PNG, "Image/PNG; charset=binary")),
        (WHATSAPP, file(PNG, "image/jpeg")),  # the picture knows best
        (WHATSAPP, file(PNG), part("ttl_minutes", "60"), part("x", "y" * 5000)),
        (part("messaging_product", " WhatsApp "), file(PNG)),
        (WHATSAPP.replace(b"Content-Disposition", b"content-disposition"), file(PNG)),
    ],
    ids=lambda parts: str(len(b"".join(parts))),
)
def test_parts_come_in_any_order_and_manner(api: Api, parts: tuple[bytes, ...]) -> None:
    id = id_of(upload(api, *parts))
    assert shown(api, id)["mime_type"] == "image/png"
    assert read(api, id).body == PNG


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_body_without_a_length_comes_in_pieces(api: Api, size: int) -> None:
    raw = form(file(PNG[: 40 * size]), WHATSAPP)
    answer = api.call("POST", f"/{PHONE}/media", chunks(raw, size), KIND)
    assert read(api, id_of(answer)).body == PNG[: 40 * size]


def test_bytes_that_look_like_boundaries_are_kept(api: Api) -> None:
    raw = PNG + b"\r\n--edg\r\n--\r\n\r\r\n--edge".replace(b"--edge", b"--Edge") + b"\r\n"
    id = id_of(api.call("POST", f"/{PHONE}/media", chunks(form(WHATSAPP, file(raw)), 5), KIND))
    assert read(api, id).body == raw


def test_a_boundary_may_be_quoted(api: Api) -> None:
    quoted = {"Content-Type": f'Multipart/Form-Data; charset=utf-8; boundary="{BOUNDARY}"'}
    assert id_of(api.post(f"/{PHONE}/media", form(WHATSAPP, file(PNG)), **quoted))


@pytest.mark.parametrize(
    ("told", "kind", "shown_as"),
    [
        ("image/jpg", JPEG, "image/jpeg"),
        ("audio/ogg; codecs=opus", b"OggS", "audio/ogg"),
        ("audio/mp3", b"ID3", "audio/mpeg"),
        ("video/3gp", b"0000ftyp", "video/3gpp"),
        ("text/plain; charset=utf-8", "naïve".encode(), "text/plain"),
        ("image/webp", b"RIFF\x01\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
def test_types_have_one_name(api: Api, told: str, kind: bytes, shown_as: str) -> None:
    id = id_of(upload(api, WHATSAPP, file(kind, told)))
    assert shown(api, id)["mime_type"] == shown_as
    assert read(api, id).body == kind


# What is not taken


def refused(answer: Answer, code: int, *words: str) -> None:
    assert answer.refusal == (400, code), answer.body
    assert all(word in answer.details for word in words), answer.details


@pytest.mark.parametrize(
    ("parts", "code", "word"),
    [
        ((file(PNG),), 100, "messaging_product"),
        ((part("messaging_product", "signal"), file(PNG)), 100, "messaging_product"),
        ((WHATSAPP,), 100, "file"),
        ((WHATSAPP, part("type", "image/png")), 100, "file"),
        ((WHATSAPP, file(PNG), file(PNG)), 100, "more than one"),
        ((WHATSAPP, file(b"")), 131053, "empty"),
        ((WHATSAPP, file(PNG, "application/zip")), 100, "application/zip"),
        ((WHATSAPP, file(PNG, kind="")), 100, "types"),
        ((WHATSAPP, file(PNG, "nonsense")), 100, "types"),
        ((WHATSAPP, file(PNG, kind=""), part("type", "image")), 100, "types"),
        ((WHATSAPP, file(b"no picture at all")), 131053, "no picture"),
        ((WHATSAPP, file(b"no picture at all", "image/webp")), 131053, "no picture"),
        ((WHATSAPP, file(b"GIF89a" + bytes(99), "image/gif")), 100, "image/gif"),
        ((WHATSAPP, file(b"GIF89a" + bytes(99))), 131053, "image/gif"),
        ((WHATSAPP, part("file", PNG, "Content-Transfer-Encoding: base64")), 100, "packed"),
        ((WHATSAPP, *[part(str(n), "x") for n in range(40)], file(PNG)), 100, "too many"),
        ((WHATSAPP, part("x", "y" * (MEGA + 9)), file(PNG)), 100, "too much"),
        ((WHATSAPP, part("x" * 9000, "y"), file(PNG)), 100, "multipart"),
    ],
)
def test_what_is_wrong_is_refused(api: Api, parts: tuple[bytes, ...], code: int, word: str) -> None:
    refused(upload(api, *parts), code, word)


@pytest.mark.parametrize(
    ("begins", "kind", "most"),
    [
        (PNG, "image/png", 5 * MEGA),
        (b"RIFF\x01\x00\x00\x00WEBPVP8 " + bytes(9), "image/webp", 100 << 10),
        (b"RIFF\x01\x00\x00\x00WEBPVP8X" + bytes(4) + b"\x02", "image/webp", 500 << 10),
        (b"ID3", "audio/mpeg", 16 * MEGA),
    ],
)
def test_each_type_has_its_size(api: Api, begins: bytes, kind: str, most: int) -> None:
    id = id_of(upload(api, WHATSAPP, file(body(most, begins), kind)))
    assert shown(api, id)["file_size"] == most
    answer = upload(api, WHATSAPP, file(body(most + 1, begins), kind))
    refused(answer, 131053, "too large", str(most))


@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        (b"", KIND),
        (b"--edge", KIND),
        (form(WHATSAPP, file(PNG))[:-6], KIND),  # cut off: its file may be, too
        (form(WHATSAPP, file(PNG))[:200], KIND),
        (b"\x00" * 500, KIND),
        (b"--edge\r\n: x\r\n\r\n--edge--", KIND),
        (form(WHATSAPP, file(PNG)), {"Content-Type": "multipart/form-data"}),
        (form(WHATSAPP, file(PNG)), {"Content-Type": f"multipart/form-data; boundary={'b' * 999}"}),
        (form(WHATSAPP, file(PNG)), {"Content-Type": "multipart/mixed; boundary=edge"}),
        (form(WHATSAPP, file(PNG)), {"Content-Type": "multipart/form-data; boundary=other"}),
        (b'{"messaging_product":"whatsapp"}', {"Content-Type": "application/json"}),
        (PNG, {"Content-Type": "image/png"}),
        (PNG, {"Content-Type": ""}),
    ],
    ids=range(13),
)
def test_what_is_no_form_is_refused(api: Api, raw: bytes, headers: dict[str, str]) -> None:
    refused(api.post(f"/{PHONE}/media", raw, **headers), 100)


def test_strange_bytes_never_break_it(api: Api) -> None:
    names = ["", '""', "a\x00b", "\ud800", "../../etc/passwd", "é" * 300, "a\r\nX: y", '"'] * 1
    for name in names:
        told = f'; filename="{name}"'.encode(errors="surrogatepass")
        one = file(PNG, filename="@").replace(b"@", told)
        answer = upload(api, WHATSAPP, one)
        assert answer.status in (200, 400), name
    for one in (b"\xff\xfe", b"file\x00", b"\r"):
        assert upload(api, WHATSAPP, file(PNG).replace(b"file", one)).status == 400
    log = api.server.log
    assert "Traceback" not in log


def test_names_are_kept_without_their_folders(api: Api, own: Own) -> None:
    for told, name in (
        ('; filename="naïve \\"one\\".pdf"', 'naïve "one".pdf'),
        ('; filename="C:\\\\papers\\\\two.pdf"', "two.pdf"),
        ("; filename*=UTF-8''na%C3%AFve.pdf", "naïve.pdf"),
        ("; filename=three.pdf", "three.pdf"),
    ):
        assert (
            name_of(api, id_of(upload(api, WHATSAPP, file(PDF, "application/pdf", told)))) == name
        )


def name_of(api: Api, id: str) -> str:
    """What is written down of a file, as no answer tells it."""
    import sqlite3

    with sqlite3.connect(api.server.home / "estafette.db") as conn:
        rows = conn.execute("SELECT filename FROM uploads WHERE id = ?", (f"{int(id):032x}",))
        return str(rows.fetchone()[0])


# On their way


def test_a_message_keeps_its_file_though_the_upload_is_deleted(api: Api, twilio: TwilioApi) -> None:
    id = id_of(upload(api))
    sent = api.send(TO, type="image", image={"id": id, "caption": "Look"})
    assert api.delete(f"/{id}").json == {"success": True}
    message = api.until(sent.wamid, "delivered", "read")
    sid = f"MM{message['id']}"
    (item,) = twilio.get(f"/Messages/{sid}/Media.json")["media_list"]
    # Where others know media by their URLs, it has one.
    assert message["media"] == [api.server.url + item["uri"].removesuffix(".json")]
    listed = Own(api.server).get(f"/messages?to={quote(TO)}")["items"]
    assert message["media"] in [one["media"] for one in listed]
    assert item["content_type"] == "image/png"
    bytes_at = item["uri"].removesuffix(".json")
    assert twilio.call("GET", bytes_at).body == PNG
    own_id = str(int(item["sid"][2:], 16))
    assert shown(api, own_id)["sha256"] == sha256(PNG).hexdigest()


def test_ids_of_other_systems_and_accounts_are_left_to_the_carrier(api: Api, other: Api) -> None:
    for id in ("1013859600285441", id_of(upload(other))):
        sent = api.send(TO, type="image", image={"id": id})
        assert api.until(sent.wamid, "delivered", "read")["media"] == []


@pytest.fixture(scope="module")
def pictures() -> Iterator[Pictures]:
    with showing() as found:
        yield found


def received(api: Api, own: Own, pictures: Pictures) -> str:
    """The id of a picture that somebody sent to us."""
    told = {
        "channel": "whatsapp", "from": TO, "to": SENDER, "type": "image", "media": [pictures.url()]
    }  # fmt: skip
    message = own.post("/sandbox/inbound", told)["id"]
    twilio = TwilioApi(api.server)
    listed: list[Any] = []
    until(
        lambda: (
            listed.extend(twilio.get(f"/Messages/MM{message}/Media.json")["media_list"]) or listed
        )
    )
    return str(int(listed[0]["sid"][2:], 16))


def test_what_people_sent_is_looked_up_read_sent_and_deleted_likewise(
    api: Api, other: Api, own: Own, pictures: Pictures
) -> None:
    id = received(api, own, pictures)
    known = api.get(f"/{id}", phone_number_id=PHONE)
    assert (known["mime_type"], known["file_size"]) == ("image/png", len(PNG))
    assert known["sha256"] == sha256(PNG).hexdigest()
    assert read(api, id).body == PNG
    assert other.call("GET", f"/{id}").refusal == (400, 100)
    assert api.call("GET", f"/{id}?phone_number_id=1").refusal == (400, 100)
    sent = api.send(TO, type="image", image={"id": id})
    assert len(api.until(sent.wamid, "delivered", "read")["media"]) == 1
    assert api.delete(f"/{id}").json == {"success": True}
    assert api.call("GET", f"/{id}").refusal == (400, 100)
    assert api.call("GET", f"/{id}/content").refusal == (404, 100)


def test_other_doors_show_an_upload_by_an_address_that_can_be_followed(api: Api) -> None:
    person = "+14155550137"
    sent = api.send(person, type="image", image={"id": id_of(upload(api))})
    api.until(sent.wamid, "delivered", "read")
    own = Own(api.server)
    found: list[Any] = []
    until(lambda: found.extend(own.get(f"/contacts?address={quote(person)}")["items"]) or found)
    path = f"/v1/contacts/{found[0]['id']}/messages"
    told = api.call("GET", path).json["messages"][0]
    (address,) = told["attachments"]
    assert api.call("GET", below(api.server, address)).body == PNG


# Nothing is left behind


def test_what_was_refused_or_cut_off_leaves_no_bytes(api: Api) -> None:
    before = files(api.server)
    refused(upload(api, WHATSAPP, file(PNG), file(PNG)), 100)
    refused(upload(api, WHATSAPP, file(b"no picture")), 131053)
    raw = form(WHATSAPP, file(body(MEGA)))
    connection = http.client.HTTPConnection("127.0.0.1", api.server.port, timeout=PATIENCE)
    connection.putrequest("POST", f"/{PHONE}/media")
    for name, value in {**KIND, "Authorization": f"Bearer {api.token}"}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(raw)))
    connection.endheaders(raw[: MEGA // 2])
    until(lambda: not files(api.server) <= before)
    connection.close()
    until(lambda: files(api.server) <= before)
