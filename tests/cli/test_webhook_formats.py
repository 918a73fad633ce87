"""`webhooks add --format whatsapp`: of one number or all, asked first with a token nobody sees."""

import json
import subprocess
import sys

from tests.cli.conftest import asked, refused
from tests.conftest import Server
from tests.receiver import Said, receiving

URL = "https://customer.example/hook"
CLOUD, PHONE = "+15550783881", "106540352242922"


def test_one_is_told_updates_of_a_number(shared_home: Server) -> None:
    made = asked(shared_home, "webhooks", "add", URL, "--format", "whatsapp", "--sender", PHONE)
    assert (made["format"], made["events"]) == ("whatsapp", ["received", "status"])
    senders = asked(shared_home, "senders", "list")["items"]
    assert [item["address"] for item in senders if item["id"] == made["sender"]] == [CLOUD]
    assert made["id"] in [item["id"] for item in asked(shared_home, "webhooks")["items"]]
    assert " whatsapp " in shared_home.run("webhooks", "list").stdout
    shared_home.run("webhooks", "remove", made["id"])
    told = refused(shared_home, "webhooks", "add", URL, "--format", "whatsapp", "--sender", "x")
    assert told == (2, "no sender x on whatsapp")
    told = refused(shared_home, "webhooks", "add", URL, "--sender", PHONE)
    assert told == (2, "sender goes with the format whatsapp only")


def test_it_is_asked_first_with_a_token_of_standard_input(shared_home: Server) -> None:
    with receiving() as receiver:
        receiver.answers = lambda heard: Said(heard.form["hub.challenge"], "text/plain")
        command = ["webhooks", "add", receiver.url, "--format", "whatsapp", "--secret"]
        done = subprocess.run(
            [sys.executable, "-m", "estafette", *command, "--verify-token", "--json"],
            env=shared_home.env, input="whsec_hush\nhush token\n", capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        (heard,) = receiver.heard
    assert heard.form["hub.verify_token"] == "hush token"
    assert json.loads(done.stdout)["has_secret"]
    assert "hush" not in done.stdout + done.stderr + json.dumps(asked(shared_home, "webhooks"))
    shared_home.run("webhooks", "remove", json.loads(done.stdout)["id"])
