"""curl, as Twilio's pages print it, with the host changed."""

import json
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.doors.twilio.conftest import Api, new_number

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

API = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


def curl(*words: str) -> tuple[int, str]:
    """The status and the body that a command comes to."""
    command = ["curl", "--silent", "--max-time", "20", "--write-out", "\n%{http_code}", *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    body, _, status = ran.stdout.rpartition("\n")
    return int(status), body


def test_the_command_of_the_tutorial_sends_a_message_that_arrives(server: Server, api: Api) -> None:
    status, body = curl(
        "-X", "POST", f"{server.url}{API}/Messages.json",
        "--data-urlencode", "Body=Join Earth's mightiest heroes. Like Kevin Bacon.",
        "--data-urlencode", "From=+15017122661",
        "--data-urlencode", "To=+15558675310",
        "-u", f"{ACCOUNT_SID}:{AUTH_TOKEN}",
    )  # fmt: skip
    message = json.loads(body)
    assert (status, message["status"]) == (201, "queued")
    assert message["body"] == "Join Earth's mightiest heroes. Like Kevin Bacon."
    assert api.until(message["sid"], "delivered")["error_code"] is None


def test_a_command_for_twilios_host_can_be_led_here(server: Server) -> None:
    here = urlsplit(server.url).netloc
    status, body = curl(
        "--connect-to", f"api.twilio.com:80:{here}",
        f"http://api.twilio.com{API}/Messages.json?PageSize=1",
        "-u", f"{ACCOUNT_SID}:{AUTH_TOKEN}",
    )  # fmt: skip
    assert status == 200
    # Links are paths: they hold on any host.
    assert json.loads(body)["uri"].startswith(f"{API}/Messages.json?")


def test_a_list_between_two_dates_is_asked_for_in_one_url(server: Server, api: Api) -> None:
    to = new_number()
    message = api.delivered(to)
    query = f"DateSent>=2009-07-06&DateSent<=9000-01-01&To=%2B{to[1:]}"
    user = f"{ACCOUNT_SID}:{AUTH_TOKEN}"
    status, body = curl("-g", f"{server.url}{API}/Messages.json?{query}", "-u", user)
    assert (status, json.loads(body)["messages"]) == (200, [message])


def test_a_message_is_redacted_and_deleted(server: Server, api: Api) -> None:
    message = api.delivered(new_number())
    url, user = f"{server.url}{message['uri']}", f"{ACCOUNT_SID}:{AUTH_TOKEN}"
    status, body = curl("-X", "POST", url, "--data-urlencode", "Body=", "-u", user)
    assert (status, json.loads(body)["body"]) == (200, "")
    assert curl("-X", "DELETE", url, "-u", user) == (204, "")
    status, body = curl("-X", "GET", url, "-u", user)
    assert (status, json.loads(body)["code"]) == (404, 20404)


def test_a_form_of_many_kilobytes_is_asked_for_with_100_continue(server: Server) -> None:
    status, body = curl(
        f"{server.url}{API}/Messages.json",
        "-H", "Expect: 100-continue",
        "--data-urlencode", f"Body={'a' * 100_000}",
        "--data-urlencode", "From=+15017122661",
        "--data-urlencode", "To=+15558675310",
        "-u", f"{ACCOUNT_SID}:{AUTH_TOKEN}",
    )  # fmt: skip
    assert (status, json.loads(body)["code"]) == (400, 21617)
