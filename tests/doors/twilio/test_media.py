"""Media through the door: by Twilio's own clients, by plain HTTP, and across a crash."""

import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.buckets import SECRET, storing
from tests.conftest import ACCOUNT_SID, SENDER, Server
from tests.core.test_media import kept_in
from tests.doors.twilio.conftest import Answer, Api, Form, new_number
from tests.doors.twilio.test_npm import Npm, npm
from tests.doors.twilio.test_sdk import client, create, until
from tests.patience import PATIENCE
from tests.pictures import PNG, Pictures, body, showing

__all__ = ["client", "npm"]

NOBODY: dict[str, str | bytes] = {"Authorization": b""}
MEGA = 1 << 20
SVG = b"<svg onload='alert(1)'/>"
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    with showing() as found:
        yield found


def with_media(api: Api, *urls: str) -> dict[str, Any]:
    """A message that has arrived with these."""
    form: Form = [("To", new_number()), ("From", SENDER), *[("MediaUrl", url) for url in urls]]
    answer = api.post(form)
    assert answer.status == 201, answer.body
    return api.until(answer.json["sid"], "delivered")


def listed(api: Api, sid: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/Messages/{sid}/Media.json{query}")["media_list"]
    return found


def bare(uri: str) -> str:
    return uri.removesuffix(".json")


def show(api: Api, uri: str, method: str = "GET", **headers: str) -> Answer:
    """What somebody without credentials is given at a path without a suffix."""
    return api.call(method, bare(uri), headers={**NOBODY, **headers})


# Through Twilio's clients


def test_twilio_python_lists_fetches_and_deletes_media(
    client: Client, api: Api, pictures: Pictures
) -> None:
    urls = [pictures.url(), pictures.url(type="application/pdf", size=4000)]
    message = create(client, new_number(), body=None, media_url=urls)
    assert message.num_media == "2"
    found = until(client, message.sid).media.list()
    assert [one.content_type for one in found] == ["image/png", "application/pdf"]
    for one in found:
        assert one.sid.startswith("ME")
        assert (one.account_sid, one.parent_sid) == (ACCOUNT_SID, message.sid)
        assert abs((one.date_created - message.date_created).total_seconds()) < 10
        assert one.date_updated >= one.date_created
        assert (
            one.uri
            == f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message.sid}/Media/{one.sid}.json"
        )
        fetched = client.messages(message.sid).media(one.sid).fetch()
        assert vars(fetched)["uri"] == one.uri
    assert [show(api, one.uri).body for one in found] == [PNG, body(4000)]
    assert client.messages(message.sid).media(found[0].sid).delete()
    with pytest.raises(TwilioRestException) as raised:
        client.messages(message.sid).media(found[0].sid).fetch()
    assert (raised.value.status, raised.value.code) == (404, 20404)
    (left,) = client.messages(message.sid).media.list()
    assert left.sid == found[1].sid
    assert client.messages(message.sid).fetch().num_media == "2"


def test_twilio_python_pages_and_filters_media(client: Client, pictures: Pictures) -> None:
    urls = [pictures.url() for _ in range(5)]
    message = create(client, new_number(), media_url=urls)
    media = client.messages(message.sid).media
    until(client, message.sid)
    sids = [one.sid for one in media.list()]
    assert len(sids) == 5
    assert [one.sid for one in media.list(page_size=2)] == sids
    assert [one.sid for one in media.stream(limit=3)] == sids[:3]
    day = message.date_created.date()
    assert len(media.list(date_created=day)) == 5
    assert len(media.list(date_created_after=day)) == 5
    assert media.list(date_created_before=day) == []
    assert media.list(date_created=day - timedelta(days=1)) == []
    assert media.list(date_created_after=date(2999, 1, 1)) == []


def test_npm_lists_fetches_and_removes_media(npm: Npm, api: Api, pictures: Pictures) -> None:
    message = npm.create(new_number(), mediaUrl=[pictures.url(), pictures.url()])
    assert (message["sid"][:2], message["numMedia"]) == ("MM", "2")
    api.until(message["sid"], "delivered")
    found = npm.tell("media", {"sid": message["sid"]})
    assert [one["contentType"] for one in found] == ["image/png"] * 2
    one = npm.tell("fetchMedia", {"sid": message["sid"], "media": found[0]["sid"]})
    assert one == found[0]
    assert one["parentSid"] == message["sid"]
    assert npm.tell("removeMedia", {"sid": message["sid"], "media": one["sid"]}) is True
    assert npm.tell("media", {"sid": message["sid"]}) == found[1:]


# By plain HTTP


def test_one_of_the_media_is_what_the_docs_show(api: Api, pictures: Pictures) -> None:
    message = with_media(api, pictures.url())
    (one,) = listed(api, message["sid"])
    assert list(one) == [
        "account_sid", "content_type", "date_created", "date_updated", "parent_sid", "sid", "uri",
    ]  # fmt: skip
    assert api.get(one["uri"]) == one
    assert api.get(message["subresource_uris"]["media"])["media_list"] == [one]


def test_the_bytes_are_for_everybody_and_harm_nobody(api: Api, pictures: Pictures) -> None:
    svg = pictures.url(type="image/svg%2Bxml", begins=quote(SVG))
    message = with_media(api, pictures.url(), svg)
    first, second = listed(api, message["sid"])
    for one, data in ((first, PNG), (second, body(len(PNG), SVG))):
        found = show(api, one["uri"])
        assert (found.status, found.body) == (200, data)
        assert found.headers["content-type"] == one["content_type"]
        assert found.headers["content-length"] == str(len(data))
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert found.headers["content-disposition"].startswith(f'inline; filename="{one["sid"]}.')
    assert first["content_type"] == "image/png"
    assert second["content_type"] == "image/svg+xml"


def test_head_and_what_is_known_already_cost_no_bytes(api: Api, pictures: Pictures) -> None:
    message = with_media(api, pictures.url())
    (one,) = listed(api, message["sid"])
    head = show(api, one["uri"], "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(PNG))
    tag = head.headers["etag"]
    for known in (tag, f'"other", W/{tag}'):
        again = show(api, one["uri"], **{"If-None-Match": known})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert show(api, one["uri"], **{"If-None-Match": '"other"'}).body == PNG


def test_large_ones_are_given_whole(api: Api, pictures: Pictures) -> None:
    message = with_media(api, pictures.url(size=5 * MEGA))
    (one,) = listed(api, message["sid"])
    assert show(api, one["uri"]).body == body(5 * MEGA)


def test_lists_and_items_come_in_every_form(api: Api, pictures: Pictures) -> None:
    message = with_media(api, pictures.url(), pictures.url())
    first, _ = listed(api, message["sid"])
    under = f"/Messages/{message['sid']}/Media"
    for suffix in ("", ".xml"):
        found = api.call("GET", under + suffix)
        assert found.headers["content-type"] == "application/xml"
        (media,) = ET.fromstring(found.body)
        assert (media.tag, [item.tag for item in media]) == ("MediaList", ["Media", "Media"])
        assert media[0].findtext("Sid") == first["sid"]
    found = api.call("GET", f"{bare(first['uri'])}.xml")
    (item,) = ET.fromstring(found.body)
    assert [child.tag for child in item] == [
        "Sid", "AccountSid", "ParentSid", "ContentType", "DateCreated", "DateUpdated", "Uri",
    ]  # fmt: skip
    assert item.findtext("Uri") == bare(first["uri"])  # which is that of the bytes, as at Twilio
    found = api.call("GET", f"{under}.csv")
    rows = found.body.decode().splitlines()
    assert rows[0] == "Sid,AccountSid,ParentSid,ContentType,DateCreated,DateUpdated,Uri"
    assert len(rows) == 3


@pytest.mark.parametrize("suffix", ["", ".json", ".xml", ".csv"])
def test_a_deleted_one_is_gone_in_every_form(api: Api, pictures: Pictures, suffix: str) -> None:
    message = with_media(api, pictures.url())
    (one,) = listed(api, message["sid"])
    path = bare(one["uri"]) + suffix
    assert api.call("DELETE", path).status == 204
    assert api.call("DELETE", path).status == 404
    assert api.call("GET", one["uri"]).refusal[:2] == (404, 20404)
    assert show(api, one["uri"]).status == 404
    assert listed(api, message["sid"]) == []
    assert api.fetch(message["sid"])["num_media"] == "1"


def test_pages_lead_on_and_back_even_from_one_that_is_gone(api: Api, pictures: Pictures) -> None:
    message = with_media(api, *(pictures.url() for _ in range(5)))
    sids = [one["sid"] for one in listed(api, message["sid"])]
    first = api.get(f"/Messages/{message['sid']}/Media.json?PageSize=2")
    assert [one["sid"] for one in first["media_list"]] == sids[:2]
    assert (first["page"], first["page_size"], first["start"], first["end"]) == (0, 2, 0, 1)
    assert first["previous_page_uri"] is None
    second = api.get(first["next_page_uri"])
    assert [one["sid"] for one in second["media_list"]] == sids[2:4]
    assert api.get(second["previous_page_uri"])["media_list"] == first["media_list"]
    assert api.call("DELETE", second["media_list"][1]["uri"]).status == 204
    third = api.get(second["next_page_uri"])
    assert [one["sid"] for one in third["media_list"]] == sids[4:]
    assert third["next_page_uri"] is None
    strange = f"/Messages/{message['sid']}/Media.json?PageToken=PAME{'0' * 32}&Page=1"
    assert api.call("GET", strange).refusal[:2] == (400, 20001)


def test_filters_by_time_stay_in_the_links(api: Api, pictures: Pictures) -> None:
    message = with_media(api, pictures.url(), pictures.url())
    found = api.get(f"/Messages/{message['sid']}/Media.json?DateCreated%3E=2020-01-01&PageSize=1")
    assert "DateCreated%3E=2020-01-01" in found["next_page_uri"]
    assert len(api.get(found["next_page_uri"])["media_list"]) == 1
    answer = api.call("GET", f"/Messages/{message['sid']}/Media.json?DateCreated=soon")
    assert answer.refusal[:2] == (400, 20001)


def test_media_are_those_of_their_message_and_account(
    api: Api, other_account: Api, pictures: Pictures
) -> None:
    message, another = with_media(api, pictures.url()), with_media(api, pictures.url())
    (one,) = listed(api, message["sid"])
    for path in (
        f"/Messages/{another['sid']}/Media/{one['sid']}",
        f"/Messages/{message['sid']}/Media/ME{'0' * 32}",
        f"/Messages/{message['sid']}/Media/{one['sid']}0",
        f"/Messages/{message['sid']}/Media/nothing",
        f"/Messages/MM{'0' * 32}/Media/{one['sid']}",
        f"/Messages/nothing/Media/{one['sid']}",
    ):
        assert api.call("GET", f"{path}.json").refusal[:2] == (404, 20404)
        assert api.call("DELETE", f"{path}.json").refusal[:2] == (404, 20404)
        assert show(api, api.path(path)).status == 404
    elsewhere = one["uri"].replace(api.sid, other_account.sid)
    assert other_account.call("GET", elsewhere).refusal[:2] == (404, 20404)
    assert other_account.call("DELETE", elsewhere).refusal[:2] == (404, 20404)
    assert show(api, elsewhere).status == 404
    assert other_account.call("DELETE", one["uri"]).refusal[:2] == (401, 20003)
    assert api.call("GET", one["uri"], headers=NOBODY).refusal[:2] == (401, 20003)
    assert api.call("POST", one["uri"]).refusal[:2] == (405, 20004)
    assert show(api, one["uri"]).status == 200


def test_media_that_cannot_be_had_are_the_error_of_the_message(
    api: Api, pictures: Pictures
) -> None:
    for asked, code in (({"status": 404}, 21620), ({"type": "text/html"}, 12300)):
        made = api.create(new_number(), MediaUrl=pictures.url(**asked))
        found = api.until(made["sid"], "failed")
        assert found["error_code"] == code
        assert "Media" in found["error_message"]
        assert listed(api, made["sid"]) == []


# Servers of their own


def test_bytes_can_be_for_those_with_credentials(own_server: Server, pictures: Pictures) -> None:
    own_server.environment["ESTAFETTE_MEDIA_NEEDS_CREDENTIALS"] = "true"
    api = Api(own_server.start())
    message = with_media(api, pictures.url())
    (one,) = listed(api, message["sid"])
    refused = show(api, one["uri"])
    assert refused.status == 401
    assert refused.headers["www-authenticate"] == 'Basic realm="Twilio API"'
    assert b"<Code>20003</Code>" in refused.body
    assert api.call("GET", bare(one["uri"])).body == PNG


def test_bytes_go_with_their_message(own_server: Server, pictures: Pictures) -> None:
    api = Api(own_server.start())
    message = with_media(api, pictures.url(), pictures.url())
    first, second = listed(api, message["sid"])
    shown = own_server.run("messages", "show", message["sid"]).stdout
    assert first["sid"][2:] in shown
    assert f"image/png  {len(PNG)}" in shown
    shown_as_json = json.loads(own_server.run("messages", "show", message["sid"], "--json").stdout)
    assert [(one["id"], one["size"]) for one in shown_as_json["kept_media"]] == [
        (first["sid"][2:], len(PNG)), (second["sid"][2:], len(PNG)),
    ]  # fmt: skip
    assert len(kept_in(own_server.home)) == 2
    assert api.call("DELETE", f"/Messages/{message['sid']}.json").status == 204
    end = time.monotonic() + PATIENCE
    while kept_in(own_server.home):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert show(api, second["uri"]).status == 404
    assert "media" not in own_server.log.lower()


def test_bytes_that_are_lost_are_not_found(own_server: Server, pictures: Pictures) -> None:
    api = Api(own_server.start())
    message = with_media(api, pictures.url())
    (one,) = listed(api, message["sid"])
    (file,) = kept_in(own_server.home)
    for lose in (lambda: file.write_bytes(b""), lambda: shutil.rmtree(own_server.home / "media")):
        lose()
        lost = show(api, one["uri"])
        assert lost.status == 404
        assert b"<Code>20404</Code>" in lost.body


def test_bytes_in_a_bucket_come_and_go_as_those_in_the_home(
    own_server: Server, pictures: Pictures
) -> None:
    with storing() as objects:
        own_server.environment["ESTAFETTE_MEDIA_URL"] = objects.url()
        api = Api(own_server.start())
        message = with_media(api, pictures.url(size=3 * MEGA), pictures.url())
        first, second = listed(api, message["sid"])
        assert sorted(map(len, objects.held.values())) == [len(PNG), 3 * MEGA]
        assert kept_in(own_server.home) == []
        assert show(api, first["uri"]).body == body(3 * MEGA)
        assert show(api, second["uri"]).body == PNG
        looked_at = own_server.run("doctor", "--port", str(own_server.port)).stdout
        assert "the bucket keeps what it is given" in looked_at
        assert len(objects.held) == 2
        objects.status = 500
        assert show(api, first["uri"]).status == 503
        done = own_server.run("doctor", "--port", str(own_server.port), check=False)
        assert (done.returncode, "the bucket for media answered 500" in done.stdout) == (3, True)
        objects.status = 0
        assert api.call("DELETE", f"/Messages/{message['sid']}.json").status == 204
        end = time.monotonic() + PATIENCE
        while objects.held:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert SECRET not in own_server.log


def test_a_bucket_that_cannot_be_named_stops_the_start(own_server: Server) -> None:
    own_server.environment["ESTAFETTE_MEDIA_URL"] = "s3://key:hush@host/"
    done = own_server.run("serve", check=False)
    assert done.returncode == 2
    assert "ESTAFETTE_MEDIA_URL: it should be as s3://" in done.stderr
    assert "hush" not in done.stderr


def test_a_crash_while_media_come_sends_the_message_once(
    own_server: Server, pictures: Pictures
) -> None:
    api = Api(own_server.start())
    url = pictures.url(hang=1.5)
    sid = api.create(new_number(), MediaUrl=url)["sid"]
    end = time.monotonic() + PATIENCE
    while not pictures.times(url):
        assert time.monotonic() < end
        time.sleep(0.01)
    own_server.kill()
    own_server.start()
    assert api.until(sid, "delivered")["num_media"] == "1"
    (one,) = listed(api, sid)
    assert show(api, one["uri"]).body == PNG
    assert pictures.times(url) == 2
    offers = [line for file in (own_server.home / "sandbox").glob("*.log") for line in _lines(file)]
    assert len(offers) == 1


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()
