"""`receive`, and who is told what is received: `senders set`."""

import pytest

from tests.cli.conftest import asked, refused
from tests.conftest import RECIPIENT, SENDER, Server
from tests.pictures import PNG

URL = "https://customer.example/sms"


def test_what_a_person_writes_is_written_down(home: Server) -> None:
    done = home.run("receive", RECIPIENT, SENDER, "Hi there", "--media", "https://example.com/a")
    sid, status = done.stdout.split()
    assert (sid[:2], status) == ("MM", "received")
    shown = asked(home, "messages", "show", sid)
    assert (shown["from"], shown["to"], shown["direction"]) == (RECIPIENT, SENDER, "inbound")
    assert [event["what"] for event in shown["timeline"]] == ["received"]
    whatsapp = ("receive", RECIPIENT, "+15550783881", "Hi", "--channel", "whatsapp")
    named = asked(home, *whatsapp, "--name", "Ann", "--ref", "R1")
    assert asked(home, *whatsapp, "--ref", "R1")["id"] == named["id"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ((RECIPIENT, "+14155550198", "Hi"), (1, "no sender +14155550198 on sms")),
        (("nobody at all", SENDER, "Hi"), (2, "nobody at all is not an address on sms")),
        (
            (RECIPIENT, SENDER),
            (2, "there is nothing to say: give a text, --media or both"),
        ),
        (
            (RECIPIENT, SENDER, "--media", "a.png"),
            (2, "--media a.png: a URL such as https://example.com/picture.png"),
        ),
    ],
)
def test_it_says_in_one_line_what_it_does_not_take(
    home: Server, command: tuple[str, ...], told: tuple[int, str]
) -> None:
    assert refused(home, "receive", *command) == told


def test_who_is_told_is_set_and_cleared(home: Server) -> None:
    home.run("senders", "add", "+14155550149")
    options = ("--inbound-url", URL, "--inbound-method", "get", "--fallback-url", f"{URL}/2")
    home.run("senders", "set", "+14155550149", *options)
    assert hooks(home) == ({"url": URL, "method": "GET"}, {"url": f"{URL}/2", "method": "POST"})
    home.run("senders", "set", "+14155550149", "--fallback-url", "", "--inbound-method", "POST")
    assert hooks(home) == ({"url": URL, "method": "POST"}, {"url": "", "method": "POST"})
    sid = home.run("receive", RECIPIENT, "+14155550149", "Hi").stdout.split()[0]
    (listed,) = (i for i in asked(home, "callbacks")["items"] if f"SM{i['message']}" == sid)
    assert (listed["url"], listed["method"], listed["told"]) == (URL, "POST", "waiting")


def hooks(home: Server) -> tuple[object, object]:
    (found,) = (i for i in asked(home, "senders")["items"] if i["address"] == "+14155550149")
    return (
        {"url": found["inbound_url"], "method": found["inbound_method"]},
        {"url": found["fallback_url"], "method": found["fallback_method"]},
    )


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (
            ("--inbound-url", "customer.example"),
            "--inbound-url customer.example: a URL such as https://example.com/inbound",
        ),
        (("--fallback-method", "PUT"), "--fallback-method PUT: GET or POST"),
    ],
)
def test_a_hook_is_a_url_and_a_method(home: Server, option: tuple[str, ...], told: str) -> None:
    assert refused(home, "senders", "set", SENDER, *option) == (2, told)


def test_a_file_of_this_machine_is_sent_and_a_message_read(home: Server) -> None:
    picture = home.home / "picture.png"
    picture.write_bytes(PNG)
    person, ours = RECIPIENT, "+15550783881"
    whatsapp = ("receive", person, ours, "Look", "--channel", "whatsapp")
    assert len(asked(home, *whatsapp, "--file", str(picture))["media"]) == 1
    assert refused(home, *whatsapp, "--file", f"{picture}x")[0] == 2
    assert refused(home, *whatsapp, "--file", str(home.home / "estafette.db"))[0] != 0
    assert refused(home, "read", "0a" * 16)[0] == 1
