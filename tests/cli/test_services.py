"""`services` and `templates`: pools of senders, and texts with holes."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import asked, refused
from tests.conftest import Server


@pytest.mark.slow
def test_a_service_is_made_filled_shown_and_deleted(home: Server) -> None:
    sid = home.run("services", "create", "Appointments", "--any-sender").stdout.strip()
    home.run("senders", "add", "+14155550180")
    home.run("senders", "add", "+14155550180", "--channel", "whatsapp")
    added = home.run("services", "add", sid, "+14155550180")
    assert added.stdout == f"sms +14155550180 is in {sid}\n"
    home.run("services", "add", sid, "+14155550180", "--channel", "whatsapp")
    shown = asked(home, "services", "show", sid)
    assert (shown["sid"], shown["name"]) == (sid, "Appointments")
    assert (shown["settings"]["sticky_sender"], shown["settings"]["validity_period"]) == (
        False,
        36000,
    )
    assert [(item["channel"], item["form"]) for item in shown["senders"]] == [
        ("sms", "number"), ("whatsapp", "channel"),
    ]  # fmt: skip
    assert "sticky_sender" in home.run("services", "show", sid).stdout
    listed = home.run("services").stdout
    assert f"{sid}  Appointments  2 " in listed
    removed = home.run("services", "remove", sid, "+14155550180").stdout
    assert removed == f"sms +14155550180 is not in {sid} any more\n"
    assert [item["channel"] for item in asked(home, "services", "show", sid)["senders"]] == [
        "whatsapp"
    ]
    assert home.run("services", "delete", sid).stdout == f"{sid} is deleted\n"
    assert sid not in home.run("services", "list").stdout


def test_services_go_on_page_by_page(home: Server) -> None:
    sids = [home.run("services", "create", f"page {n}").stdout.strip() for n in range(2)]
    page = asked(home, "services", "list", "--limit", "1")
    assert page["items"][0]["sid"] == sids[1]
    after = asked(home, "services", "list", "--limit", "1", "--after", page["next"])
    assert after["items"][0]["sid"] == sids[0]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("show", "MG1"), (2, "MG1 is not the id of a service: MG… or 32 hex digits")),
        (("show", "MG" + "0a" * 16), (1, f"no service {'0a' * 16}")),
        (("create", ""), (2, "a name has 1 to 64 characters")),
        (("create", "x", "--status-callback", "here"), (2, "--status-callback here: a URL")),
        (("add", "0a" * 16, "+14155550199"), (1, "no sender +14155550199 on sms")),
        (("delete", "0A" * 16), (1, f"no service {'0a' * 16}")),
    ],
)
def test_services_say_in_one_line_what_they_do_not_take(
    home: Server, command: tuple[str, ...], told: tuple[int, str]
) -> None:
    assert refused(home, "services", *command) == told


def test_a_sender_in_a_service_is_not_added_again(home: Server) -> None:
    first, second = (home.run("services", "create", name).stdout.strip() for name in "ab")
    home.run("senders", "add", "+14155550181")
    home.run("services", "add", first, "+14155550181")
    assert refused(home, "services", "add", first, "+14155550181") == (
        1, "the sender is in this service already",
    )  # fmt: skip
    assert refused(home, "services", "add", second, "+14155550181") == (
        1, "the sender is in another service",
    )  # fmt: skip


def test_templates_are_listed(home: Server) -> None:
    assert set(asked(home, "templates")) == {"items", "next"}
    assert refused(home, "templates", "list", "--after", "x")[0] == 2
    names = ["sid", "name", "language", "kind", "status", "body"]
    assert home.run("templates").stdout.split()[:6] == names


def test_a_message_is_sent_through_a_service_and_later(home: Server) -> None:
    sid = home.run("services", "create", "Later").stdout.strip()
    home.run("senders", "add", "+14155550182")
    send = ("send", "--to", "+14155550183", "--body", "Hi", "--service", sid)
    assert refused(home, *send) == (
        1, f"the service {sid} has no senders: see `estafette services add --help`",
    )  # fmt: skip
    home.run("services", "add", sid, "+14155550182")
    sent = asked(home, *send)
    assert (sent["from"], sent["service"], sent["status"]) == ("+14155550182", sid[2:], "queued")
    at = datetime.now(UTC) + timedelta(hours=1)
    later = asked(home, *send, "--at", f"{at:%Y-%m-%dT%H:%M:%S}")
    assert later["status"] == "scheduled"
    assert refused(home, *send, "--at", "soon") == (
        2, "--at soon: a time such as 2026-12-01T08:00:00Z",
    )  # fmt: skip
    code, text = refused(home, *send, "--at", f"{datetime.now(UTC).isoformat()}")
    assert (code, text[-46:]) == (1, "is not between five minutes and 35 days from now"[-46:])
    unknown = refused(home, *send[:-1], "0a" * 16)
    assert unknown == (1, f"there is no service MG{'0a' * 16}: see `estafette services`")


def test_a_service_is_set(home: Server) -> None:
    sid = home.run("services", "create", "To be set").stdout.strip()
    done = home.run(
        "services", "set", sid, "validity_period=60", "smart_encoding=false", "--name", "Set"
    )
    assert done.stdout == f"{sid} is set\n"
    found = asked(home, "services", "show", sid)
    assert found["name"] == "Set"
    assert (found["settings"]["validity_period"], found["settings"]["smart_encoding"]) == (
        60,
        False,
    )
    for words, told in (
        (("colour=red",), "a service has no setting colour"),
        (("sticky_sender=maybe",), "sticky_sender must be true or false"),
        (("validity_period",), "settings are NAME=VALUE"),
        ((), "there is nothing to change"),
    ):
        code, line = refused(home, "services", "set", sid, *words)
        assert (code, told in line) == (2, True)
