"""`send --fallback`: a second way, and what `messages show` says of it."""

from tests.cli.conftest import asked
from tests.conftest import RECIPIENT, SENDER, Server
from tests.doors.twilio.conftest import new_number

REFUSED = "+15005520400"
ON_WHATSAPP = ("send", "--channel", "whatsapp", "--body", "Hi there")


def test_a_message_goes_its_second_way_and_shows_both(server: Server) -> None:
    to = new_number()
    way = ("--fallback", "sms", "--fallback-after", "300", "--fallback-to", to)
    done = server.run(*ON_WHATSAPP, "--to", REFUSED, *way, "--fallback-body", "By SMS", "--follow")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert (lines[-1][2], lines[-1][-1]) == (to, "delivered")
    shown = server.run("messages", "show", lines[0][1]).stdout
    assert "attempt 1 whatsapp" in shown
    assert "attempt 1 sms" in shown
    assert f"sms {SENDER} {to}" in shown
    found = asked(server, "messages", "show", lines[0][1])
    assert (found["fallback"]["why"], found["body"]) == ("refused", "By SMS")


def test_a_second_way_that_cannot_be_gone_is_said(home: Server) -> None:
    on_sms = ("--to", RECIPIENT, "--fallback", "sms")
    bad = home.run(*ON_WHATSAPP, *on_sms, "--fallback-from", "+14155550999", check=False)
    assert bad.returncode == 1
    assert "--fallback-from must be a sender of this account on sms" in bad.stderr
    same = home.run(*ON_WHATSAPP, "--to", RECIPIENT, "--fallback", "whatsapp", check=False)
    assert "--fallback is the same way once more" in same.stderr
    alone = home.run(*ON_WHATSAPP, "--to", RECIPIENT, "--fallback-after", "5", check=False)
    assert alone.returncode == 2
    assert "--fallback is needed" in alone.stderr
