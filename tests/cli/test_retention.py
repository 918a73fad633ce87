"""`settings retention`: shown, set, and what is left out stays."""

import pytest

from tests import forked
from tests.cli.conftest import asked, refused
from tests.conftest import Server

EVER = {"redact_after_days": None, "delete_after_days": None, "audit_after_days": None}


def test_it_is_shown_and_set(home: Server) -> None:
    mine = ("--account", asked(home, "accounts", "create", "Retention")["sid"])
    retention = ("settings", "retention", *mine)
    assert asked(home, *retention) == EVER
    assert asked(home, *retention, "--delete-after", "365")["delete_after_days"] == 365
    found = asked(home, *retention, "--redact-after", "30", "--audit-after", "90")
    assert found == {"redact_after_days": 30, "delete_after_days": 365, "audit_after_days": 90}
    shown = forked.run(home.env, (*retention, "--delete-after", "")).stdout
    assert "for ever" in shown
    assert asked(home, *retention)["delete_after_days"] is None


@pytest.mark.parametrize("days", ["0", "36501", "-1", "1.5", "soon", "9" * 30])
def test_only_whole_days_are_taken(home: Server, days: str) -> None:
    code, _ = refused(home, "settings", "retention", f"--delete-after={days}")
    assert code == 2
