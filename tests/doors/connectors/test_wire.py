"""Failures as they are answered, and times as they are read, without a server."""

from datetime import UTC, datetime

import pytest
from defusedxml import ElementTree

from estafette.actions import Failed
from estafette.actions.twilio import dates
from estafette.actions.twilio.failures import failed
from estafette.doors.connectors import wire


@pytest.mark.parametrize(
    ("code", "status"), [(21611, 429), (14107, 429), (20503, 503), (20001, 400)]
)
def test_who_comes_too_fast_is_told_when_to_come_again(code: int, status: int) -> None:
    answer = wire.refusal(failed(code, "x"), as_xml=False)
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) == (status == 429)


def test_a_failure_in_xml_has_the_name_of_its_model() -> None:
    answer = wire.refusal(failed(21211, "\x01<&>"), as_xml=True)
    root = ElementTree.fromstring(answer.body)
    assert (root.tag, [child.tag for child in root]) == (
        "Failure",
        ["code", "message", "more_info", "status"],
    )
    assert root.findtext("message") == "The 'To' number \ufffd<&> is not a valid phone number."


def test_conditions_on_a_time_hold_together() -> None:
    first, last = dates.bounds(">=2026-11-01 <=2026-11-30, <2026-11-10T12:00:00+02:00")
    assert first == datetime(2026, 11, 1, tzinfo=UTC)
    assert last == datetime(2026, 11, 10, 10, 0, 0, 999999, tzinfo=UTC)
    assert dates.bounds("") == (None, None)
    assert dates.bounds(">=2026-11-01T00:00:00 02:00")[0] == datetime(2026, 10, 31, 22, tzinfo=UTC)
    with pytest.raises(Failed):
        dates.bounds("9999-12-31")
