"""`templates`: made, shown, changed and deleted."""

import pytest

from tests.cli.conftest import asked, refused
from tests.conftest import Server


@pytest.mark.slow
def test_a_template_is_made_shown_changed_and_deleted(home: Server) -> None:
    sid = home.run(
        "templates", "add", "cli_news", "Hi {{1}}", "--status", "approved"
    ).stdout.strip()
    shown = asked(home, "templates", "show", sid)
    assert (shown["sid"], shown["name"], shown["places"]) == (sid, "cli_news", 1)
    assert shown["components"] == [{"type": "BODY", "text": "Hi {{1}}"}]
    lines = [
        line.split() for line in home.run("templates", "show", shown["id"]).stdout.splitlines()
    ]
    assert ["name", "cli_news"] in lines
    assert lines.count(["body", "Hi", "{{1}}"]) == 2  # the text, and the component
    told = home.run("templates", "change", sid, "--status", "paused", "--title", "News").stdout
    assert told == f"{sid} is changed\n"
    (found,) = asked(home, "templates", "list", "--name", "cli_news", "--status", "paused")["items"]
    assert (found["title"], found["status"]) == ("News", "paused")
    rows = [line.split() for line in home.run("templates").stdout.splitlines()]
    assert [sid, "cli_news", "en", "text", "paused", "Hi", "{{1}}"] in rows
    assert home.run("templates", "remove", sid).stdout == f"{sid} is deleted\n"
    assert refused(home, "templates", "show", sid) == (1, f"no template {shown['id']}")


def test_a_template_with_media_is_made(home: Server) -> None:
    url = "https://example.com/a.pdf"
    made = asked(
        home, "templates", "add", "cli_file", "Hi", "--kind", "document", "--media-url", url,
        "--language", "fr", "--category", "MARKETING",
    )  # fmt: skip
    assert (made["kind"], made["media_url"], made["language"]) == ("document", url, "fr")
    assert (made["category"], made["status"]) == ("MARKETING", "pending")
    assert refused(home, "templates", "add", "cli_file", "Hi", "--language", "fr") == (
        1, "there is a template cli_file in fr already",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("show", "HX1"), "HX1 is not the id of a template: HX… or 32 hex digits"),
        (("add", "n", ""), "body must be text of 1 to 1024 characters"),
        (("add", "n", "{{x}}"), "body has a hole x: holes are {{1}}, {{2}}, …"),
        (("add", "n", "Hi", "--language", "!"), "language must be a code such as en or pt_BR"),
        (
            ("add", "n", "Hi", "--media-url", "here"),
            "--media-url here: a URL such as https://example.com/picture.png",
        ),
        (
            ("add", "n", "Hi", "--media-url", "https://example.com/a.png"),
            "media_url is for other kinds than text",
        ),
        (
            ("change", "0a" * 16),
            "there is nothing to change: see `estafette templates change --help`",
        ),
    ],
)
def test_templates_say_in_one_line_what_they_do_not_take(
    home: Server, command: tuple[str, ...], told: str
) -> None:
    assert refused(home, "templates", *command) == (2, told)


def test_a_message_is_made_of_a_template(home: Server) -> None:
    send = ("send", "--to", "+14155550184", "--channel", "whatsapp", "--template", "hello_three")
    values = ("--value", "Ada", "--value", "b", "--value", "c")
    sent = asked(home, *send, *values)
    assert sent["body"].startswith("Hello Ada, here is a b ")
    assert sent["content"]["template"]["values"] == ["Ada", "b", "c"]
    assert refused(home, *send, "--value", "Ada") == (
        2, "--template hello_three: it takes 3 values, not 1",
    )  # fmt: skip
    assert refused(home, *send, "--body", "x")[0] == 2
    assert refused(home, *send[:-2], "--body", "x", "--value", "y")[0] == 2
    assert refused(home, *send[:-1], "none") == (1, "no template none")
    url = "https://example.com/a.png"
    assert refused(home, *send, *values, "--media", url) == (
        2, "--template hello_three: it shows a text alone, and no media",
    )  # fmt: skip
