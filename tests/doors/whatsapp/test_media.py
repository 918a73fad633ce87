"""Files through the Cloud API: uploaded, looked up, read, sent and deleted."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pywa import WhatsApp
from pywa.errors import WhatsAppError

from tests.conftest import Server
from tests.doors.whatsapp.conftest import Answer, Api
from tests.pictures import PNG

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


def files(server: Server) -> list[Path]:
    return [path for path in (server.home / "media").rglob("*") if path.is_file()]


# Through clients


def test_pywa_uploads_reads_sends_and_deletes(
    pywa_client: WhatsApp, api: Api, tmp_path: Path
) -> None:
    media = pywa_client.upload_media(PNG, mime_type="image/png", filename="pic.png")
    told = pywa_client.get_media_url(media.id)
    assert (told.id, told.mime_type, told.file_size) == (media.id, "image/png", len(PNG))
    assert told.sha256 == sha256(PNG).hexdigest()
    assert pywa_client.get_media_bytes(told.url) == PNG
    saved = pywa_client.download_media(told.url, path=tmp_path, filename="again.png")
    assert Path(saved).read_bytes() == PNG
    sent = pywa_client.send_image(TO, image=media.id, caption="Look", mime_type="image/png")
    message = api.until(sent.id, "delivered", "read")
    (url,) = message["media"]
    assert url.startswith("upload:")
    assert pywa_client.delete_media(media.id)
    with pytest.raises(WhatsAppError) as raised:
        pywa_client.get_media_url(media.id)
    assert raised.value.error_code == 100
