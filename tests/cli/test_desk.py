"""`users`, `teams`, `tags`, `fields`, `funnels` and `statuses`: by names that people know."""

import pytest

from tests import forked
from tests.cli.conftest import asked, refused
from tests.conftest import Server


def said(home: Server, *command: str) -> str:
    """What a command that succeeds prints."""
    done = forked.run(home.env, command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_users_and_their_teams(home: Server) -> None:
    made = asked(home, "users", "add", "Jo@Example.com", "--name", "Jo")
    assert (made["email"], made["name"], made["available"]) == ("jo@example.com", "Jo", True)
    assert said(home, "users", "add", "ann@example.com", "--away").startswith("ann@example.com is")
    team = asked(home, "teams", "add", "Support", "--member", "JO@example.com")
    assert team["members"] == ["jo@example.com"]
    change = (
        "teams",
        "change",
        "support",
        "--add",
        "ann@example.com",
        "--remove",
        "jo@example.com",
    )
    assert asked(home, *change)["members"] == ["ann@example.com"]
    assert said(home, "statuses", "add", "Lunch", "--emoji", "🍙").startswith("Lunch is a status: ")
    changed = asked(home, "users", "change", "JO@example.com", "--status", "lunch", "--away")
    assert changed["status"]
    listed = said(home, "users")
    assert "🍙 Lunch" in listed
    assert "ann@example.com" in said(home, "teams")
    assert asked(home, "users", "change", made["id"], "--status", "")["status"] is None
    assert said(home, "users", "remove", "ann@example.com") == "ann@example.com is a user no more\n"
    assert said(home, "teams", "remove", team["id"]) == "Support is a team no more\n"
    assert [item["name"] for item in asked(home, "teams")["items"]] == ["General"]


def test_the_words_of_a_desk(home: Server) -> None:
    tag = asked(home, "tags", "add", "VIP")
    assert said(home, "tags", "change", "vip", "--name", "Vip") == "Vip is changed\n"
    assert asked(home, "tags")["items"][0]["id"] == tag["id"]
    options = ("--kind", "dropdown", "--option", "S", "--option", "M")
    assert asked(home, "fields", "add", "Size", *options)["options"] == ["S", "M"]
    assert "S, M" in said(home, "fields")
    said(home, "fields", "change", "size", "--option", "L")
    assert asked(home, "fields")["items"][0]["options"] == ["L"]
    assert asked(home, "funnels", "add", "Interest", "--position", "3")["position"] == 3
    said(home, "funnels", "change", "interest", "--emoji", "✨")
    assert asked(home, "funnels")["items"][0]["emoji"] == "✨"
    said(home, "statuses", "add", "Away")
    said(home, "statuses", "change", "away", "--name", "Gone")
    for noun, name in (
        ("tags", "vip"),
        ("fields", "size"),
        ("funnels", "interest"),
        ("statuses", "gone"),
    ):
        assert said(home, noun, "remove", name).endswith(" no more\n")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("users", "add", "nobody"), (2, "'nobody' is not an e-mail address")),
        (("users", "remove", "no@body.com"), (1, "no user no@body.com")),
        (
            ("users", "change", "no@body.com"),
            (2, "there is nothing to change: see `estafette users change --help`"),
        ),
        (("teams", "remove", "general"), (1, "the default team cannot be removed")),
        (("teams", "remove", "nope"), (1, "no team nope")),
        (
            ("teams", "add", "x", "--member", "no@body.com"),
            (2, "no user has the e-mail address no@body.com"),
        ),
        (
            ("teams", "change", "general", "--remove", "no@body.com"),
            (2, "--remove no@body.com: it is not in the team"),
        ),
        (("fields", "add", "x", "--option", "a"), (2, "a text has no options")),
        (("funnels", "add", "x", "--position", "-1"), (2, "a position is 0 to 1000000")),
        (
            ("tags", "change", "x"),
            (2, "there is nothing to change: see `estafette tags change --help`"),
        ),
    ],
)
def test_they_say_in_one_line_what_they_do_not_take(
    home: Server, command: tuple[str, ...], told: tuple[int, str]
) -> None:
    assert refused(home, *command) == told
