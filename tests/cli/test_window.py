"""`settings window`, and what commands tell of the 24-hour window."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import forked
from tests.cli.conftest import asked, refused
from tests.conftest import Server

OURS = "+15550783881"  # the WhatsApp sender of a fresh home
PERSON, OTHER = "+14155550177", "+14155550178"


def account(home: Server) -> tuple[str, str]:
    """Another account, whose policy is nobody else's."""
    made = asked(home, "accounts", "create", "Window")
    return ("--account", made["sid"])


def test_the_policy_is_shown_and_set(home: Server) -> None:
    mine = account(home)
    assert asked(home, "settings", "window", *mine) == {"policy": "known"}
    for policy in ("strict", "off", "known"):
        done = forked.run(home.env, ("settings", "window", policy, *mine))
        assert (done.returncode, done.stdout) == (0, f"{policy}\n")
        assert asked(home, "settings", "window", *mine) == {"policy": policy}
    strange = forked.run(home.env, ("settings", "window", "sometimes", *mine))
    assert strange.returncode == 2
    env = {**home.env, "ESTAFETTE_WINDOW_POLICY": "strict"}
    assert forked.run(env, ("settings", "window", *mine)).stdout == "known\n"
    assert forked.run(env, ("settings", "window", *account(home))).stdout == "strict\n"


def test_until_when_it_is_open(home: Server) -> None:
    written = ("receive", PERSON, OURS, "Hi", "--channel", "whatsapp")
    send = ("send", "--channel", "whatsapp", "--to", PERSON, "--body", "Hello")
    asked(home, *written, "--at", "2026-01-02T03:04:05Z")
    code, told = refused(home, *send)
    assert (code, told.partition(" did ")[0]) == (1, PERSON)
    at = (datetime.now(UTC) - timedelta(hours=23)).replace(microsecond=0, tzinfo=None)
    kept = asked(home, *written, "--at", at.isoformat())
    until = datetime.fromisoformat(kept["window_open_until"])
    assert until == at.replace(tzinfo=UTC) + timedelta(hours=24)
    sent = asked(home, *send)
    shown = asked(home, "messages", "show", sent["id"])
    assert kept["window_open_until"] == sent["window_open_until"] == shown["window_open_until"]
    listed = asked(home, "messages", "list", "--to", PERSON)["items"]
    assert [item.get("window_open_until", "") for item in listed] == [""]


@pytest.mark.parametrize("at", ["soon", "", "2999-01-01T00:00:00Z", "2026-13-01"])
def test_nobody_has_written_at_another_time(home: Server, at: str) -> None:
    command = ("receive", OTHER, OURS, "Hi", "--channel", "whatsapp", "--at", at)
    if not at:
        assert asked(home, *command)["window_open_until"]
    else:
        assert refused(home, *command)[0] == 2
