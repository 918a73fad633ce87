"""The media of messages in the console: shown to who may see them, and never run."""

import json
import time
from collections.abc import Iterator

import pytest

from estafette.console.streams import span
from tests.conftest import Server
from tests.console.conftest import Guest
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import basic
from tests.patience import PATIENCE
from tests.pictures import NO_PICTURE, Pictures, showing

PERSON = "+14155550111"


@pytest.fixture(scope="module")
def pictures() -> Iterator[Pictures]:
    with showing() as found:
        yield found


def fetched(owner: Guest, path: str) -> None:
    """Wait until the file was."""
    until = time.monotonic() + PATIENCE
    while owner.ask("GET", path).status != 200:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_picture_is_shown_and_a_part_of_it(own: Own, owner: Guest, pictures: Pictures) -> None:
    url = pictures.url()
    kept = own.write(PERSON, "", media=[url])
    path = f"/console/media/{kept['id']}/0"
    fetched(owner, path)
    seen = owner.get(path)
    assert seen.headers["content-type"] == "image/png"
    assert seen.headers["content-disposition"].startswith("inline")
    assert "sandbox" in seen.headers["content-security-policy"]
    assert owner.ask("HEAD", path).headers["content-length"] == str(len(seen.body))
    part = owner.ask("GET", path, headers={"range": "bytes=3-9"})
    assert (part.status, part.body) == (206, seen.body[3:10])
    assert part.headers["content-range"] == f"bytes 3-9/{len(seen.body)}"


def test_only_who_owns_the_message_sees_them(
    home: Server, own: Own, owner: Guest, pictures: Pictures
) -> None:
    made = json.loads(home.run("accounts", "create", "Other", "--json").stdout)
    home.run("senders", "add", "+14155550171", "--account", made["sid"])
    other = Own(home, basic(made["sid"], made["auth_token"]))
    kept = other.write(PERSON, "", to="+14155550171", media=[pictures.url()])
    path = f"/console/media/{kept['id']}/0"
    owner.get(path, 404)
    assert Guest(home).get(path, 303).headers["location"].startswith("/console/sign-in")


def test_what_a_browser_could_run_is_given_as_a_file(
    own: Own, owner: Guest, pictures: Pictures
) -> None:
    url = pictures.url(size=50, begins="%3Csvg", type="image/svg%2Bxml")
    path = f"/console/media/{own.write(PERSON, '', media=[url])['id']}/0"
    fetched(owner, path)
    assert owner.get(path).headers["content-disposition"].startswith("attachment")


def test_where_none_is_a_page_has_no_hole(own: Own, owner: Guest) -> None:
    path = f"/console/media/{own.write(PERSON, '', media=[NO_PICTURE])['id']}/0"
    assert "not fetched" in owner.get(path, 404).text
    shown = owner.ask("GET", path, headers={"sec-fetch-dest": "image"})
    assert (shown.status, shown.headers["content-type"]) == (200, "image/svg+xml")
    owner.get(path.replace("/0", "/7"), 404)
    owner.get(f"/console/media/{'0a' * 16}/0", 404)
    owner.get("/console/media/x%00y/99999999999999999999", 404)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bytes=0-", (0, 9)),
        ("bytes=2-3", (2, 3)),
        ("bytes=-4", (6, 9)),
        ("bytes=8-99", (8, 9)),
        ("bytes=10-", None),
        ("bytes=3-2", None),
        ("bytes=-0", None),
        ("bytes=0-1,3-4", None),
        ("", None),
    ],
)
def test_a_part_of_ten_bytes(asked: str, found: tuple[int, int] | None) -> None:
    assert span(asked, 10) == found
