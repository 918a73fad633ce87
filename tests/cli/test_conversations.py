"""`conversations`: listed, shown, answered, looked after, closed."""

from tests.cli.conftest import asked, refused
from tests.conftest import Server

ANN = "+14155550611"


def test_one_is_listed_answered_looked_after_and_closed(shared_home: Server) -> None:
    home = shared_home
    home.run("contacts", "add", ANN, "--name", "Ann Talks")
    home.run("contacts", "note", ANN, "First")
    (one,) = asked(home, "conversations", "list", "--search", "talks")["items"]
    assert one["address"] == ANN
    id = one["id"]
    said = home.run("conversations", "reply", id, "We open at nine").stdout
    assert said.endswith("is queued\n")
    home.run("conversations", "note", id, "Second", "--author", "Joe")
    shown = asked(home, "conversations", "show", id)
    texts = [
        item["message"]["body"] if item["message"] else item["note"]["text"]
        for item in shown["messages"]
    ]
    assert texts == ["Second", "We open at nine", "First"]
    assert "We open at nine" in home.run("conversations", "show", id).stdout
    home.run("users", "add", "talks@example.com")
    said = home.run("conversations", "assign", id, "--assignee", "talks@example.com").stdout
    assert said == f"the conversation with {ANN} is changed\n"
    assert "talks@example.com" in home.run("conversations").stdout
    home.run("conversations", "close", id, "--reason", "solved")
    assert asked(home, "conversations", "list", "--search", ANN)["items"] == []
    home.run("conversations", "open", id)
    found = asked(home, "conversations", "list", "--assignee", "talks@example.com")["items"]
    assert [item["id"] for item in found] == [id]
    for code, *command in (
        (2, "list", "--state", "lost"),
        (2, "list", "--after", "nowhere"),
        (2, "assign", id),
        (2, "reply", id, "x", "--template", "y"),
        (1, "reply", id, "--template", "nowhere"),
        (1, "reply", id),
        (1, "show", "nowhere"),
    ):
        assert refused(home, "conversations", *map(str, command))[0] == code, command
