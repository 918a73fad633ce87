"""`contacts`: added, changed, listed, shown, closed, forgotten."""

from tests.cli.conftest import asked, refused
from tests.conftest import Server

ANN, BOB = "+14155550601", "+14155550602"


def test_one_is_added_changed_listed_and_shown(shared_home: Server) -> None:
    home = shared_home
    made = asked(
        home, "contacts", "add", ANN, "--name", "Ann", "--tag", "VIP", "--field", "age=30",
        "--field", "city=Oslo", "--note", "Likes tea", "--json",
    )  # fmt: skip
    assert (made["address"], made["fields"]) == (ANN, {"age": 30, "city": "Oslo"})
    said = home.run("contacts", "change", ANN, "--name", "Anna", "--no-tags", "--field", "age=")
    assert said.stdout == f"sms {ANN} is changed\n"
    home.run("contacts", "add", BOB, "--tag", "cli")
    assert [one["address"] for one in asked(home, "contacts", "list", "--tag", "CLI")["items"]] == [
        BOB
    ]
    page = asked(home, "contacts", "list", "--limit", "1")
    assert len(page["items"]) == 1
    assert len(asked(home, "contacts", "list", "--after", page["next"])["items"]) >= 1
    home.run("contacts", "note", ANN, "Call back", "--author", "Joe")
    shown = asked(home, "contacts", "show", made["id"])
    assert (shown["name"], shown["tags"], shown["fields"]) == ("Anna", [], {"city": "Oslo"})
    assert [note["text"] for note in shown["notes"]] == ["Call back"]
    said = home.run("contacts", "show", ANN).stdout
    for text in ("Anna", "city=Oslo", "Call back", "Likes tea"):
        assert text in said
    assert ANN in home.run("contacts").stdout


def test_a_conversation_is_closed_and_opened_and_a_contact_forgotten(shared_home: Server) -> None:
    home, address = shared_home, "+14155550603"
    home.run("contacts", "add", address)
    said = home.run("contacts", "close", address, "--reason", "solved").stdout
    assert said == f"the conversation with {address} is closed\n"
    assert asked(home, "contacts", "show", address)["conversation"]["closing_reason"] == "solved"
    home.run("contacts", "open", address)
    assert asked(home, "contacts", "show", address)["conversation"]["closed_at"] is None
    assert home.run("contacts", "remove", address).stdout == f"sms {address} is forgotten\n"
    code, text = refused(home, "contacts", "show", address)
    assert (code, text) == (1, f"no contact {address} on sms")


def test_what_cannot_be_done_says_why(shared_home: Server) -> None:
    home = shared_home
    home.run("contacts", "add", "+14155550604")
    for code, *command in (
        (2, "add", "nobody"),
        (2, "change", "+14155550604"),
        (2, "change", "+14155550604", "--field", "nonsense"),
        (2, "change", "+14155550604", "--assignee", "who@example.com"),
        (1, "change", "+14155550604", "--team", "nowhere"),
        (2, "list", "--after", "nowhere"),
        (1, "remove", "+14155550699"),
    ):
        assert refused(home, "contacts", *map(str, command))[0] == code
