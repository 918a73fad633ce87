"""`senders` and `connections`: what messages leave from, and what carries them."""

import subprocess
import sys
import time

import pytest

from tests import forked
from tests.cli.conftest import asked, refused
from tests.conftest import RECIPIENT, Server


def test_a_fresh_home_has_the_senders_of_every_example(home: Server) -> None:
    found = [
        (item["channel"], item["address"], item["ref"]) for item in asked(home, "senders")["items"]
    ]
    assert found[:3] == [
        ("sms", "+15017122661", ""),
        ("sms", "+15005550006", ""),
        ("whatsapp", "+15550783881", "106540352242922"),
    ]


def test_a_sender_is_added_and_set(home: Server) -> None:
    done = home.run("senders", "add", "+14155550120", "--max-per-second", "5", "--in-order")
    assert done.stdout == "sms +14155550120 is a sender\n"
    home.run("senders", "set", "+14155550120", "--max-per-second", "0", "--window", "3")
    (found,) = (i for i in asked(home, "senders")["items"] if i["address"] == "+14155550120")
    assert (found["max_per_second"], found["window"], found["in_order"]) == (0, 3, True)
    assert "no limit        in order" in home.run("senders").stdout


def test_a_sender_has_the_pace_that_its_carrier_takes_unless_another_is_given(
    home: Server,
) -> None:
    settings = ("account_sid=AC" + "7" * 32, "auth_token=hidden-word")
    home.run("connections", "add", "upstream", "twilio", *settings)
    listed = home.run("connections").stdout
    assert "hidden-word" not in listed
    (known,) = (i for i in asked(home, "connections")["items"] if i["name"] == "upstream")
    assert known["settings"] == {"account_sid": "AC" + "7" * 32, "auth_token": "…"}
    add = ("senders", "add", "--connection", "upstream")
    assert home.run(*add, "+14155550140").stdout == "sms +14155550140 is a sender, 1 a second\n"
    assert home.run(*add, "+18885550140").stdout == "sms +18885550140 is a sender, 3 a second\n"
    done = home.run(*add, "+14155550141", "--max-per-second", "0")
    assert done.stdout == "sms +14155550141 is a sender\n"
    paces = {i["address"]: i["max_per_second"] for i in asked(home, "senders")["items"]}
    assert (paces["+14155550140"], paces["+14155550141"]) == (1, 0)


def test_a_sender_may_be_a_name(home: Server) -> None:
    assert home.run("senders", "add", "ACME").stdout == "sms ACME is a sender\n"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("add", "+15017122661"), (1, "sms +15017122661 is a sender already")),
        (("add", "a-name-of-12x"), (2, "a-name-of-12x is not an address on sms")),
        (("add", "+14155550121", "--connection", "nope"), (1, "no connection nope")),
        (("set", "+14155550199", "--window", "1"), (1, "no sender +14155550199 on sms")),
        (
            ("set", "+15017122661"),
            (2, "there is nothing to change: see `estafette senders set --help`"),
        ),
    ],
)
def test_senders_say_in_one_line_what_they_do_not_take(
    home: Server, command: tuple[str, ...], told: tuple[int, str]
) -> None:
    assert refused(home, "senders", *command) == told


def test_a_connection_carries_with_its_own_settings(server: Server) -> None:
    server.run("connections", "add", "quick", "sandbox", "delay=0.01")
    server.run("senders", "add", "+14155550130", "--connection", "quick")
    done = server.run(
        "send", "--from", "+14155550130", "--to", RECIPIENT, "--body", "x", "--follow"
    )
    assert done.stdout.rstrip().endswith("delivered")


def test_a_secret_setting_comes_by_standard_input_and_is_never_shown(home: Server) -> None:
    command = [sys.executable, "-m", "estafette", "connections", "add", "sealed", "sandbox"]
    subprocess.run(
        [*command, "token=-", "--receipt-wait", "7"],
        env=home.env,
        input="a secret of mine\n",
        text=True,
        check=True,
    )
    (found,) = (i for i in asked(home, "connections")["items"] if i["name"] == "sealed")
    assert found["settings"] == {"token": "…"}
    assert "a secret of mine" not in home.run("connections").stdout
    home.run("connections", "set", "sealed", "delay=2", "--on-unclear", "resend")
    (found,) = (i for i in asked(home, "connections")["items"] if i["name"] == "sealed")
    assert found["settings"] == {"delay": 2.0}
    assert (found["on_unclear"], found["receipt_wait"]) == ("resend", 7)
    warned = home.run("connections", "set", "sealed", "token=typed").stderr
    assert "warning: token is seen in lists of processes" in warned
    assert "typed" not in warned


def test_a_parked_connection_says_why_and_goes_on_when_it_is_set(server: Server) -> None:
    server.run("connections", "add", "wrong", "sandbox", "token=wrong")
    server.run("senders", "add", "+14155550131", "--connection", "wrong")
    sent = asked(server, "send", "--from", "+14155550131", "--to", RECIPIENT, "--body", "x")
    follow = subprocess.Popen(
        [sys.executable, "-m", "estafette", "messages", "follow", sent["id"]],
        env=server.env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    for _ in range(100):
        shown = forked.run(server.env, ("connections",)).stdout
        if "parked: the sandbox takes only the token" in shown:
            break
        time.sleep(0.2)
    else:
        pytest.fail("it is not parked")
    server.run("connections", "set", "wrong", "token=sandbox")
    printed, _ = follow.communicate(timeout=30)
    assert (follow.returncode, printed.split()[-1]) == (0, "delivered")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("add", "sandbox", "sandbox"), (1, "a connection is named sandbox already")),
        (("add", "x", "nope"), (2, "no provider is named 'nope'; there are: sandbox")),
        (("add", "x", "sandbox", "token"), (2, "token: settings are NAME=VALUE")),
        (("add", "x", "sandbox", "bogus=1"), (2, "sandbox has no setting bogus: delay, token")),
        (("add", "x", "sandbox", "delay=soon"), (2, "delay: Expected `float`, got `str`")),
        (("add", "x", "twilio"), (2, "twilio needs account_sid, auth_token")),
        (
            ("add", "x", "twilio", "account_sid=SK1", "auth_token=hidden"),
            (2, "twilio: account_sid must be AC and 32 hex digits"),
        ),
        (
            ("add", "x", "twilio", "token=hidden"),
            (
                2,
                "twilio has no setting token: account_sid, auth_token, base_url, key_secret, key_sid",
            ),
        ),
        (
            ("add", "x", "sandbox", "--on-unclear", "hope"),
            (2, "--on-unclear must be fail or resend"),
        ),
        (("resume", "nope"), (1, "no connection nope")),
    ],
)
def test_connections_say_in_one_line_what_they_do_not_take(
    home: Server, command: tuple[str, ...], told: tuple[int, str]
) -> None:
    code, line = refused(home, "connections", *command)
    assert (code, line) == told or line.startswith("no provider is named 'nope'; there are: ")


def test_what_carries_a_connection_is_asked(home: Server) -> None:
    assert (
        "the carrier of sandbox takes its settings"
        in home.run("connections", "test", "sandbox").stdout
    )
    assert asked(home, "connections", "test", "sandbox") == {
        "ok": True, "facts": [{"name": "name", "text": "Sandbox"}],
    }  # fmt: skip
    home.run("connections", "add", "wrong", "sandbox", "token=other")
    code, line = refused(home, "connections", "test", "wrong")
    assert (code, line) == (2, "the sandbox takes only the token 'sandbox'")
    nowhere = ("token=hidden-word", "base_url=http://127.0.0.1:9")
    home.run("connections", "add", "nowhere", "meta", *nowhere)
    code, line = refused(home, "connections", "test", "nowhere")
    assert (code, "Connection refused" in line) == (3, True)
    listed = {item["name"]: item for item in asked(home, "connections", "providers")["items"]}
    assert [one["name"] for one in listed["sandbox"]["settings"]] == ["delay", "token"]
    assert "WhatsApp business account" in str(listed["meta"])
    assert "AC and 32 hex digits" in home.run("connections", "providers").stdout


def test_what_a_sender_is_called_and_carried_by_is_changed(home: Server) -> None:
    home.run("senders", "add", "+14155550129")
    home.run("connections", "add", "second", "sandbox")
    home.run("senders", "set", "+14155550129", "--title", "Desk", "--connection", "second")
    (found,) = (i for i in asked(home, "senders")["items"] if i["address"] == "+14155550129")
    assert (found["title"], found["connection"]) == ("Desk", "second")
    assert refused(home, "senders", "set", "+14155550129", "--connection", "none") == (
        1, "no connection none",
    )  # fmt: skip
