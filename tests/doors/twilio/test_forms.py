"""The other forms of every answer: XML, which a path without suffix asks for, and CSV."""

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.doors.paths import Paths
from estafette.doors.twilio.forms import CONTENT_TYPE, RESOURCES, Answer, in_form, in_json
from estafette.doors.twilio.routes import TABLE
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.twilio import conftest
from tests.doors.twilio.conftest import Api, new_number

XML = ["", ".xml"]
SUFFIXES = [*XML, ".csv"]
NOBODY = "SM" + "0" * 32
DECLARATION = b"<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><"
MESSAGE = [
    "Sid", "DateCreated", "DateUpdated", "DateSent", "AccountSid", "To", "From",
    "MessagingServiceSid", "Body", "Status", "NumSegments", "NumMedia", "Direction", "ApiVersion",
    "Price", "PriceUnit", "ErrorCode", "ErrorMessage", "Uri",
]  # fmt: skip
PAGING = [
    "end", "firstpageuri", "nextpageuri", "page", "pagesize", "previouspageuri", "start", "uri",
]  # fmt: skip


def form(to: str, **more: str) -> dict[str, str]:
    return {"To": to, "From": SENDER, "Body": "Hi there", **more}


def element(answer: conftest.Answer) -> ET.Element:
    """What stands in the root of a document."""
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.body.startswith(DECLARATION)
    root = ET.fromstring(answer.body)
    assert (root.tag, root.attrib) == ("TwilioResponse", {})
    (found,) = root
    return found


def rows(answer: conftest.Answer) -> list[dict[str, str]]:
    """The rows below the names of the columns."""
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-length"] == str(len(answer.body))
    return list(csv.DictReader(io.StringIO(answer.body.decode(), newline=""), strict=True))


def values(found: ET.Element) -> dict[str, str]:
    """The text of each element that holds no others."""
    return {child.tag: child.text or "" for child in found if child.tag != "SubresourceUris"}


def links(answer: conftest.Answer) -> dict[str, str]:
    return {
        relation: uri
        for uri, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("link", ""))
    }


def camel(shape: dict[str, Any]) -> dict[str, str]:
    """The values of an answer in JSON as text, named as in XML."""
    return {
        "".join(word.capitalize() for word in key.split("_")): "" if value is None else str(value)
        for key, value in shape.items()
        if key != "subresource_uris"
    }


def in_xml(shape: dict[str, Any]) -> dict[str, str]:
    said = camel(shape)
    return {**said, "Uri": said["Uri"].removesuffix(".json")} if "Uri" in said else said


# -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", XML)
def test_a_create_is_answered_in_xml(api: Api, suffix: str) -> None:
    to = new_number()
    answer = api.call("POST", f"/Messages{suffix}", form(to, Body="<Hi> & there"))
    assert answer.status == 201
    found = element(answer)
    assert found.tag == "Message"
    assert [child.tag for child in found] == [*MESSAGE, "SubresourceUris"]
    said = values(found)
    sid = said["Sid"]
    assert answer.headers["twilio-request-id"] == f"RQ{sid[2:]}"
    assert (said["To"], said["Body"], said["Status"]) == (to, "<Hi> & there", "queued")
    assert b"<DateSent/>" in answer.body
    assert b"<Price/><PriceUnit>USD</PriceUnit><ErrorCode/><ErrorMessage/><Uri>" in answer.body
    assert said["Uri"] == api.path(f"/Messages/{sid}")
    under = [(child.tag, child.text) for child in found[-1]]
    assert under == [("Media", api.path(f"/Messages/{sid}/Media"))]
    assert api.until(sid, "delivered")["body"] == "<Hi> & there"


@pytest.mark.parametrize("suffix", XML)
def test_a_message_in_xml_says_what_it_says_in_json(api: Api, suffix: str) -> None:
    message = api.delivered(new_number())
    found = element(api.call("GET", f"/Messages/{message['sid']}{suffix}"))
    assert values(found) == in_xml(message)
    under = {child.tag: child.text for child in found.iter() if child.tag in ("Media", "Feedback")}
    uri = api.path(f"/Messages/{message['sid']}")
    assert under == {"Media": f"{uri}/Media", "Feedback": f"{uri}/Feedback"}


def test_a_failure_in_xml_and_csv_has_its_code_and_text(api: Api) -> None:
    message = api.until(api.create("+15005520400")["sid"], "failed")
    found = values(element(api.call("GET", f"/Messages/{message['sid']}")))
    assert (found["ErrorCode"], found["ErrorMessage"]) == ("30007", message["error_message"])
    assert rows(api.call("GET", f"/Messages/{message['sid']}.csv")) == [camel(message)]


def test_a_message_in_csv_is_one_row_under_the_names_of_its_columns(api: Api) -> None:
    answer = api.call("POST", "/Messages.csv", form(new_number(), Body='Hi, "you"\nthere'))
    assert answer.status == 201
    assert answer.body.startswith(",".join(MESSAGE).encode() + b"\r\n")
    (made,) = rows(answer)
    assert made["Body"] == 'Hi, "you"\nthere'
    assert answer.headers["twilio-request-id"] == f"RQ{made['Sid'][2:]}"
    assert "link" not in answer.headers
    message = api.until(made["Sid"], "delivered")
    assert rows(api.call("GET", f"/Messages/{made['Sid']}.csv")) == [camel(message)]
    assert made["Uri"] == message["uri"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_message_is_redacted_and_deleted_in_any_form(api: Api, suffix: str) -> None:
    path = f"/Messages/{api.delivered(new_number())['sid']}{suffix}"
    answer = api.call("POST", path, {"Body": ""})
    said = rows(answer)[0] if suffix == ".csv" else values(element(answer))
    assert (answer.status, said["Body"], said["Status"]) == (200, "", "delivered")
    answer = api.call("DELETE", path)
    assert (answer.status, answer.body) == (204, b"")
    assert "content-type" not in answer.headers
    assert api.call("GET", path).status == 404


@pytest.mark.parametrize("suffix", XML)
def test_keys_are_made_read_renamed_and_revoked_in_xml(api: Api, suffix: str) -> None:
    answer = api.call("POST", f"/Keys{suffix}", {"FriendlyName": "one & only"})
    made = element(answer)
    names = ["Sid", "FriendlyName", "DateCreated", "DateUpdated"]
    assert (answer.status, made.tag) == (201, "Key")
    assert [child.tag for child in made] == [*names, "Secret"]
    said = values(made)
    assert said.pop("Secret")
    path = f"/Keys/{said['Sid']}{suffix}"
    assert values(element(api.call("GET", path))) == said
    listed = element(api.call("GET", f"/Keys{suffix}"))
    assert (listed.tag, list(listed.attrib)) == ("Keys", PAGING)
    assert said in [values(key) for key in listed]
    renamed = element(api.call("POST", path, {"FriendlyName": "another"}))
    assert values(renamed)["FriendlyName"] == "another"
    assert api.call("DELETE", path).status == 204
    assert api.call("GET", path).status == 404


def test_keys_are_made_read_renamed_and_revoked_in_csv(api: Api) -> None:
    (made,) = rows(api.call("POST", "/Keys.csv", {"FriendlyName": "one, only"}))
    assert list(made) == ["Sid", "FriendlyName", "DateCreated", "DateUpdated", "Secret"]
    assert made.pop("Secret")
    path = f"/Keys/{made['Sid']}.csv"
    assert rows(api.call("GET", path)) == [made]
    assert made in rows(api.call("GET", "/Keys.csv"))
    assert rows(api.call("POST", path, {"FriendlyName": ""}))[0]["FriendlyName"] == ""
    assert api.call("DELETE", path).status == 204


def test_feedback_is_answered_in_every_form(api: Api) -> None:
    sid = api.create(new_number())["sid"]
    names = ["AccountSid", "MessageSid", "Outcome", "DateCreated", "DateUpdated", "Uri"]
    for suffix in XML:
        found = element(api.call("POST", f"/Messages/{sid}/Feedback{suffix}"))
        assert (found.tag, [child.tag for child in found]) == ("Feedback", names)
        said = values(found)
        assert (said["MessageSid"], said["Outcome"]) == (sid, "confirmed")
        assert said["Uri"] == api.path(f"/Messages/{sid}/Feedback")
    (row,) = rows(api.call("POST", f"/Messages/{sid}/Feedback.csv", {"Outcome": "unconfirmed"}))
    assert (list(row), row["Outcome"]) == (names, "unconfirmed")


def test_accounts_are_read_in_every_form(api: Api) -> None:
    account = api.get(".json")
    for suffix in XML:
        found = element(api.call("GET", suffix or api.path("")))
        assert (found.tag, values(found)) == ("Account", in_xml(account))
        under = {child.tag: child.text for child in found[-1]}
        assert under["Keys"] == api.path("/Keys")
        assert under["Messages"] == api.path("/Messages")
        assert under["Usage"] == api.path("/Usage/Records")
        listed = element(api.call("GET", f"/2010-04-01/Accounts{suffix}"))
        assert (listed.tag, list(listed.attrib)) == ("Accounts", PAGING)
        assert [values(item) for item in listed] == [in_xml(account)]
    assert rows(api.call("GET", ".csv")) == [camel(account)]
    assert rows(api.call("GET", "/2010-04-01/Accounts.csv")) == [camel(account)]


# -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", XML)
def test_pages_of_xml_lead_on_in_the_form_in_which_they_were_asked_for(
    api: Api, suffix: str
) -> None:
    to = new_number()
    sids = [api.create(to)["sid"] for _ in range(3)][::-1]
    uri = f"{api.path('/Messages')}{suffix}?To={quote(to)}&PageSize=2"
    first = element(api.call("GET", f"{uri}&Page=0"))
    assert first.tag == "Messages"
    assert first.attrib == {
        "end": "1",
        "firstpageuri": f"{uri}&Page=0",
        "nextpageuri": f"{uri}&Page=1&PageToken=PA{sids[1]}",
        "page": "0",
        "pagesize": "2",
        "previouspageuri": "",
        "start": "0",
        "uri": f"{uri}&Page=0",
    }
    second = element(api.call("GET", first.attrib["nextpageuri"]))
    assert second.attrib["nextpageuri"] == ""
    assert [item.findtext("Sid") for item in (*first, *second)] == sids
    assert {item.tag for item in (*first, *second)} == {"Message"}
    back = element(api.call("GET", second.attrib["previouspageuri"]))
    assert [item.findtext("Sid") for item in back] == sids[:2]
    api.until(sids[0], "delivered")
    item = element(api.call("GET", uri))[0]
    assert values(item) == in_xml(api.fetch(sids[0]))


def test_pages_of_csv_lead_on_by_link_headers(api: Api) -> None:
    to = new_number()
    sids = [api.create(to)["sid"] for _ in range(3)][::-1]
    uri = f"{api.path('/Messages.csv')}?To={quote(to)}&DateSent%3C=&PageSize=2"
    first = api.call("GET", uri)
    uri = uri.replace("&DateSent%3C=", "")
    assert links(first) == {
        "first": f"{uri}&Page=0", "next": f"{uri}&Page=1&PageToken=PA{sids[1]}",
    }  # fmt: skip
    second = api.call("GET", links(first)["next"])
    assert [row["Sid"] for row in (*rows(first), *rows(second))] == sids
    assert set(links(second)) == {"first", "prev"}
    back = api.call("GET", links(second)["prev"])
    assert [row["Sid"] for row in rows(back)] == sids[:2]


def test_inequalities_stay_what_they_are_in_links(api: Api) -> None:
    query = "DateSent%3C=2009-07-06&PageSize=1"
    found = element(api.call("GET", f"/Messages?{query}"))
    assert found.attrib["uri"] == f"{api.path('/Messages')}?{query}&Page=0"
    first = links(api.call("GET", f"/Messages.csv?{query}"))["first"]
    assert first == f"{api.path('/Messages.csv')}?{query}&Page=0"


def test_an_empty_list_is_an_empty_element_or_the_names_alone(api: Api) -> None:
    found = element(api.call("GET", f"/Messages?To={quote(new_number())}"))
    assert (found.tag, len(found), found.attrib["end"]) == ("Messages", 0, "0")
    answer = api.call("GET", f"/Messages.csv?To={quote(new_number())}")
    assert answer.body == ",".join(MESSAGE).encode() + b"\r\n"


# -------------------------------------------------------------------------------------------------

#: Method, path without suffix, form, headers: the status and the code.
REFUSALS: dict[str, tuple[str, str, dict[str, str], dict[str, str], int, int]] = {
    "a bad recipient": ("POST", "/Messages", form("\1<&>"), {}, 400, 21211),
    "a query without sense": ("GET", "/Messages@?PageSize=<0>", {}, {}, 400, 20001),
    "no such message": ("GET", f"/Messages/{NOBODY}", {}, {}, 404, 20404),
    "no such path": ("GET", "/Calls", {}, {}, 404, 20404),
    "no such account": ("GET", "/2010-04-01/Accounts/AC1/Messages", {}, {}, 404, 20404),
    "the path before Messages": ("POST", "/SMS/Messages", {}, {}, 410, 20410),
    "a wrong method": ("PUT", "/Messages", {}, {}, 405, 20004),
    "no credentials": ("GET", "/Messages", {}, {"Authorization": ""}, 401, 20003),
    "a wrong token": (
        "GET", "/Messages", {}, {"Authorization": conftest.basic(ACCOUNT_SID, "no")}, 401, 20003,
    ),
}  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_has_the_form_that_was_asked_for(api: Api, case: str, suffix: str) -> None:
    method, path, sent, headers, status, code = REFUSALS[case]
    path = path if "@" in path else f"{path}@"
    answer = api.call(method, path.replace("@", suffix), sent, headers)
    in_json = api.call(method, path.replace("@", ".json"), sent, headers)
    assert (in_json.status, in_json.json["code"]) == (status, code)
    expected = {
        name: text.replace(".json was", f"{suffix} was").replace(".json is", f"{suffix} is")
        for name, text in camel(in_json.json).items()
    }
    if suffix == ".csv":
        assert rows(answer) == [expected]
    else:
        found = element(answer)
        assert found.tag == "RestException"
        expected["Message"] = expected["Message"].replace("\1", "\ufffd")
        assert [(child.tag, child.text) for child in found] == list(expected.items())
    assert answer.status == status
    for header in ("allow", "www-authenticate"):
        assert answer.headers.get(header) == in_json.headers.get(header)


def test_a_refusal_in_xml_is_the_very_bytes_that_twilio_sends(api: Api) -> None:
    answer = api.call("POST", "/Messages", form("123"))
    assert answer.body == DECLARATION + (
        b"RestException><Code>21211</Code>"
        b"<Message>The 'To' number 123 is not a valid phone number.</Message>"
        b"<MoreInfo>https://www.twilio.com/docs/errors/21211</MoreInfo><Status>400</Status>"
        b"</RestException></TwilioResponse>"
    )


def test_a_slash_at_the_end_is_not_found_in_the_form_before_it(api: Api) -> None:
    assert element(api.call("GET", "/Messages/")).findtext("Code") == "20404"
    assert element(api.call("GET", "/Messages.xml/")).findtext("Code") == "20404"
    assert rows(api.call("GET", "/Messages.csv/"))[0]["Code"] == "20404"
    assert api.call("GET", "/Messages.json/").refusal[1] == 20404
    assert element(api.call("GET", "/2010-04-01/")).findtext("Code") == "20404"
    assert element(api.call("GET", "/2010-04-01")).findtext("Code") == "20404"


@pytest.mark.parametrize("path", ["/Messages.html", "/Messages.", "/Messages.json.csv", "/.xml"])
def test_another_suffix_is_not_found(api: Api, path: str) -> None:
    before = api.newest()
    answer = api.call("POST", path, form(new_number()))
    assert answer.status == 404
    said = rows(answer)[0] if path.endswith(".csv") else values(element(answer))
    assert said["Message"] == f"The requested resource {api.path(path)} was not found"
    assert api.newest() == before


# -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ref", ["a.b", "wamid.HBgL", "x.xml", "x.csv", "x.json", "..", ".a"])
def test_the_id_that_a_carrier_gave_may_have_dots(api: Api, ref: str) -> None:
    """What stands before the last suffix that names a form is the id, in every form."""
    paths = Paths(TABLE)
    for suffix in CONTENT_TYPE:
        path = api.path(f"/Messages/{ref}{suffix}")
        named = path if suffix or not ref.endswith((".xml", ".csv", ".json")) else f"{path}.json"
        found = paths.find(in_json(named))
        assert found
        assert found.holes == {"account": api.sid, "sid": ref}
        answer = api.call("GET", named)
        assert answer.status == 404
        assert f"resource {named} was not found".encode() in answer.body


def test_a_message_is_found_in_every_form_by_the_id_that_its_carrier_gave_it(api: Api) -> None:
    message = api.delivered(new_number())
    shown = api.server.run("messages", "show", message["sid"], "--account", api.sid, "--json")
    path = f"/Messages/{json.loads(shown.stdout)['ref']}"
    assert values(element(api.call("GET", path))) == in_xml(message)
    assert values(element(api.call("GET", f"{path}.xml"))) == in_xml(message)
    assert rows(api.call("GET", f"{path}.csv")) == [camel(message)]
    assert api.get(f"{path}.json") == message


def test_every_row_of_the_table_is_there_in_every_form(api: Api) -> None:
    for row in [row for _, row, _ in TABLE if row.startswith("/2010-04-01")]:
        assert row.removesuffix(".json").split("/")[2::2][-1] in RESOURCES
        path = row.format(account=api.sid, sid="anything", country="US")
        allowed = api.call("OPTIONS", path).headers["allow"]
        for suffix in SUFFIXES:
            answer = api.call("OPTIONS", f"{path.removesuffix('.json')}{suffix}")
            assert (answer.status, answer.headers["allow"]) == (405, allowed)
            assert answer.headers["content-type"] == CONTENT_TYPE[suffix]


def test_a_head_is_a_get_without_its_body(api: Api) -> None:
    for suffix in SUFFIXES:
        answer = api.call("HEAD", f"/2010-04-01/Accounts{suffix}")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["content-type"] == CONTENT_TYPE[suffix]


def test_truth_is_written_in_small_letters() -> None:
    path = "/2010-04-01/Accounts/AC1/Keys/SK1"
    shape = {"sid": "SK1", "first": True, "second": False}
    assert b"<First>true</First><Second>false</Second>" in in_form(Answer(shape), path).body
    assert in_form(Answer(shape), f"{path}.csv").body.endswith(b"\r\nSK1,true,false\r\n")


@pytest.fixture(scope="module")
def door(shared_server: Server) -> Iterator[Api]:
    """The door, none of whose requests may break while it is tried."""
    yield Api(shared_server)
    assert "a request broke" not in shared_server.log


@settings(max_examples=100, deadline=None)
@given(
    st.text(min_size=1, max_size=60)
    | st.text(
        st.sampled_from("\1\x08\t\n\x0b\r\x1f \x7f\x85\u2028\ufffe\uffff<&>'\",]"), min_size=1
    )
)
def test_any_body_makes_a_document_that_can_be_read(door: Api, body: str) -> None:
    made = door.call("POST", "/Messages", form("+14155550177", Body=body))
    found = element(made)
    if made.status != 201:
        assert found.tag == "RestException"
        return
    sid = found.findtext("Sid")
    exact = door.fetch(str(sid))["body"]
    no_xml = r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    for document in (made, door.call("GET", f"/Messages/{sid}.xml")):
        assert element(document).findtext("Body") == re.sub(no_xml, "\ufffd", exact)
    assert rows(door.call("GET", f"/Messages/{sid}.csv"))[0]["Body"] == exact
    listed = element(door.call("GET", "/Messages?PageSize=1"))
    assert listed[0].findtext("Body") == re.sub(no_xml, "\ufffd", exact)


@settings(max_examples=100, deadline=None)
@given(st.text(), st.sampled_from(SUFFIXES))
def test_any_path_is_answered_in_its_form(door: Api, text: str, suffix: str) -> None:
    path = door.path(f"/Messages/{quote(text, safe='')}{suffix}")
    answer = door.call("GET", path)
    if text.strip("/"):
        assert answer.status == 404
    kind = answer.headers["content-type"]
    if kind == "application/xml":
        element(answer)
    elif kind == "application/json":
        assert answer.json
    else:
        assert rows(answer)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_command_without_suffix_sends_a_message(server: Server, api: Api) -> None:
    url = f"{server.url}{api.path('/Messages')}"
    to = new_number()
    words = [
        *("-d", f"To=%2B{to[1:]}", "-d", f"From=%2B{SENDER[1:]}", "-d", "Body=Hello."),
        *("-u", f"{ACCOUNT_SID}:{AUTH_TOKEN}"),
    ]
    ran = subprocess.run(
        ["curl", "-s", "--fail-with-body", url, *words], capture_output=True, check=True, timeout=30
    )
    sid = ET.fromstring(ran.stdout).findtext("Message/Sid")
    assert api.until(str(sid), "delivered")["to"] == to
