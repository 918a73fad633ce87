"""`send` and `messages`: a message written down, carried by a server, and seen."""

import json
import signal
import subprocess
import sys

import pytest

from tests.cli.conftest import asked, refused
from tests.conftest import RECIPIENT, SENDER, Server


def test_send_prints_the_id_and_the_status(home: Server) -> None:
    done = home.run("send", "--to", RECIPIENT, "--body", "Hi there")
    sid, status = done.stdout.split()
    assert (sid[:2], len(sid), status) == ("SM", 34, "queued")
    assert done.stderr == ""


def test_send_tells_programs_everything(home: Server) -> None:
    sent = asked(home, "send", "--to", RECIPIENT, "--body", "Hé")
    assert (sent["to"], sent["from"], sent["body"]) == (RECIPIENT, SENDER, "Hé")
    assert (sent["status"], sent["segments"], sent["error"]) == ("queued", 1, None)
    assert sent["created_at"].endswith("Z")


def test_send_takes_the_sender_of_the_channel(home: Server) -> None:
    sent = asked(home, "send", "--to", RECIPIENT, "--body", "x", "--channel", "whatsapp")
    assert (sent["channel"], sent["from"]) == ("whatsapp", "+15550783881")


def test_send_carries_media(home: Server) -> None:
    urls = ["https://example.com/a.png", "https://example.com/b.png"]
    sent = asked(home, "send", "--to", RECIPIENT, "--media", urls[0], "--media", urls[1])
    assert sent["media"] == urls
    assert " ".join(urls) in home.run("messages", "show", sent["id"]).stdout


def test_send_follow_prints_each_status_on_its_line(server: Server) -> None:
    done = server.run("send", "--to", RECIPIENT, "--body", "Hi", "--follow")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0][-1] == "queued"
    assert lines[-1][-1] == "delivered"
    assert {line[2] for line in lines} == {RECIPIENT}


def test_send_follow_prints_json_on_lines(server: Server) -> None:
    done = server.run("send", "--to", "+15005520207", "--body", "Hi", "--follow", "--json")
    statuses = [json.loads(line)["status"] for line in done.stdout.splitlines()]
    assert statuses[0] == "queued"
    assert statuses[-1] in ("delivered", "read")


@pytest.mark.parametrize(
    ("recipient", "end"), [("+15005520400", "failed 30007"), ("+15005530003", "undelivered 30003")]
)
def test_send_follow_exits_1_when_it_is_not_delivered(
    server: Server, recipient: str, end: str
) -> None:
    done = server.run("send", "--to", recipient, "--body", "Hi", "--follow", check=False)
    assert done.returncode == 1
    assert done.stdout.rstrip().endswith(end)


REFUSED = {
    ("--to", "5310", "--body", "x"): (2, "--to 5310: a number such as +15558675310"),
    ("--to", RECIPIENT): (2, "there is nothing to say: give --body, --media or both"),
    ("--to", RECIPIENT, "--media", "x"): (
        2, "--media x: a URL such as https://example.com/picture.png",
    ),
    ("--to", RECIPIENT, "--body", "\udcff"): (2, "--body is not UTF-8"),
    ("--to", RECIPIENT, "--body", "x" * 1601): (1, "the text has 1601 UTF-16 units, 1600 are the most in an SMS, and 4096 elsewhere"),
    ("--to", RECIPIENT, "--body", "x", "--from", "+14155550199"): (
        1, "+14155550199 is not a sender of this account on that channel: see `estafette senders`",
    ),
    ("--to", "+15005550009", "--body", "x", "--from", "+15005550006"): (
        1, "+15005550009 cannot take a text",
    ),
    ("--to", RECIPIENT, "--body", "x", "--account", "AC00"): (1, "no account AC00"),
}  # fmt: skip


@pytest.mark.parametrize("words", REFUSED)
def test_send_says_in_one_line_what_it_does_not_take(home: Server, words: tuple[str, ...]) -> None:
    assert refused(home, "send", *words) == REFUSED[words]


@pytest.fixture(scope="module")
def three(shared_home: Server) -> list[str]:
    """The ids of three messages to one recipient, the oldest first."""
    words = ("send", "--to", THEIRS, "--body")
    return [asked(shared_home, *words, str(n))["id"] for n in range(3)]


THEIRS = "+14155550111"


def test_lists_are_newest_first_and_page_on(home: Server, three: list[str]) -> None:
    of = ("messages", "list", "--to", THEIRS, "--limit", "2")
    first = asked(home, *of)
    assert [item["id"] for item in first["items"]] == [three[2], three[1]]
    rest = asked(home, *of, "--after", first["next"])
    assert ([item["id"] for item in rest["items"]], rest["next"]) == ([three[0]], None)


def test_lists_narrow_by_status_channel_and_sender(home: Server, three: list[str]) -> None:
    of = ("messages", "list", "--to", THEIRS, "--from", SENDER)
    assert len(asked(home, *of, "--status", "queued")["items"]) == len(three)
    assert asked(home, *of, "--status", "sent")["items"] == []


def test_lists_narrow_by_text_time_and_who(home: Server, three: list[str]) -> None:
    of = ("messages", "list", "--with", THEIRS, "--direction", "outbound")
    assert len(asked(home, *of, "--since", "2026-01-01")["items"]) == len(three)
    for none in (
        ("--until", "2026-01-01"),
        ("--text", "nobody wrote this"),
        ("--since", "2199-01-01"),
    ):
        assert asked(home, *of, *none) == {"items": [], "next": None}
    assert refused(home, *of, "--text", "x" * 201)[0] == 2


@pytest.mark.usefixtures("three")
def test_the_last_hours_are_counted(home: Server) -> None:
    hours = asked(home, "messages", "counts")["hours"]
    assert len(hours) == 24
    assert sum(hour["counts"].get("queued", 0) for hour in hours) >= 3
    assert "queued" in home.run("messages", "counts").stdout.splitlines()[0]


@pytest.mark.usefixtures("three")
def test_messages_alone_lists_the_newest_for_people(home: Server) -> None:
    printed = home.run("messages").stdout.splitlines()
    assert printed[0].split()[:3] == ["created", "id", "channel"]
    assert any(THEIRS in line for line in printed[1:])


HOSTILE = "[/red] [bold]x[/bold]\x1b[31m\r\n\u202eback"


def test_what_a_text_says_is_shown_and_not_obeyed(home: Server) -> None:
    sent = asked(home, "send", "--to", RECIPIENT, "--body", HOSTILE)
    assert sent["body"] == HOSTILE
    printed = home.run("messages", "show", sent["id"]).stdout
    assert r"[/red] [bold]x[/bold]\x1b[31m\r\n\u202eback" in printed
    listed = home.run("messages", "list", "--limit", "1").stdout
    assert r"[/red] [bold]x[/bold]\x1b[31m \u202eback" in listed


@pytest.mark.parametrize("form", ["SM{}", "MM{}"])
def test_show_takes_every_form_of_an_id(home: Server, three: list[str], form: str) -> None:
    assert asked(home, "messages", "show", form.format(three[0].upper()))["id"] == three[0]


def test_show_tells_the_story_of_a_message(server: Server) -> None:
    done = server.run("send", "--to", "+15005520429", "--body", "Hi", "--follow", "--json")
    id = json.loads(done.stdout.splitlines()[-1])["id"]
    shown = asked(server, "messages", "show", id)
    what = [
        (event["what"], event.get("outcome") or event.get("status")) for event in shown["timeline"]
    ]
    assert what == [
        ("accepted", None), ("attempt", "throttled"), ("attempt", "accepted"),
        ("receipt", "delivered"),
    ]  # fmt: skip
    assert asked(server, "messages", "show", shown["ref"])["id"] == id
    printed = server.run("messages", "show", id).stdout
    assert "429 slow down" in printed


@pytest.mark.parametrize(
    "command", [("show", "SM" + "0" * 32), ("show", ""), ("follow", "zzz")], ids=str
)
def test_an_unknown_message_is_named(home: Server, command: tuple[str, str]) -> None:
    assert refused(home, "messages", *command) == (1, f"no message {command[1]}")


def test_a_cursor_that_is_no_id_is_bad_input(home: Server) -> None:
    code, line = refused(home, "messages", "list", "--after", "zzz")
    assert (code, line) == (2, "zzz is not the id of a message: SM… or 32 hex digits")


def test_follow_shows_what_changes_until_it_is_interrupted(server: Server) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "estafette", "messages", "follow"],
        env=server.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert process.stderr.readline() == "following; Ctrl-C ends it\n"
        sid = server.run("send", "--to", RECIPIENT, "--body", "Hi").stdout.split()[0]
        for line in process.stdout:
            if sid in line and line.rstrip().endswith("delivered"):
                break
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130


def test_a_message_is_sent_again_called_back_and_forgotten(home: Server) -> None:
    id = home.run("send", "--to", "+14155550129", "--body", "Tea").stdout.split()[0]
    again = [
        asked(home, "messages", "resend", id, "--idempotency-key", "a")["id"] for _ in range(2)
    ]
    assert again[0] == again[1]
    assert asked(home, "messages", "show", id)["resent_as"] == again[:1]
    assert asked(home, "messages", "cancel", again[0])["status"] == "canceled"
    assert refused(home, "messages", "cancel", again[0])[0] == 1
    assert refused(home, "messages", "redact", again[0]) == (2, "nothing was done: say --yes")
    assert asked(home, "messages", "redact", again[0], "--yes")["body"] == ""
    assert refused(home, "messages", "resend", again[0]) == (1, "its text is forgotten")
    assert "is deleted" in home.run("messages", "delete", again[0], "--yes").stdout
    assert "POST" not in home.run("messages", "show", id, "--wire").stdout
