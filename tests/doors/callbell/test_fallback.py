"""The second way as clients of the Callbell-style door name it."""

from typing import Any

import pytest

from estafette.core.fallbacks import PART
from estafette.doors.callbell.errors import Refusal
from estafette.doors.callbell.fallback import read_fallback, refused
from estafette.model import BadFallback, Channel, Fallback, Reason


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"channel": "sms"}, Fallback(channel=Channel.SMS)),
        ({"channel": "sms", "after": None, "from": None}, Fallback(channel=Channel.SMS)),
        ({"channel": "sms", "after": 1}, Fallback(channel=Channel.SMS, after=1)),
        (
            {"channel": "sms", "after": 86400, "from": "+1", "to": "+2", "body": "x"},
            Fallback(channel=Channel.SMS, after=86400, sender="+1", recipient="+2", body="x"),
        ),
        (None, None),
    ],
)
def test_it_is_read(said: Any, read: Fallback | None) -> None:
    assert read_fallback({"to": "1", "fallback": said}) == read


def test_most_sends_name_none() -> None:
    assert read_fallback({}) is None


@pytest.mark.parametrize(
    "said",
    [
        *("sms", 5, True, [], [{"channel": "sms"}], {}),
        *({"channel": value} for value in (None, "", 5, [], {}, "SMS", "pigeon", "s" * 9999)),
        *(
            {"channel": "sms", "after": value}
            for value in (0, -1, 86401, 1.5, "300", True, [], 10**30)
        ),
        *(
            {"channel": "sms", name: value}
            for name in ("from", "to", "body")
            for value in (0, 5, False, [], ["x"], {}, "\0")
        ),
        {"channel": "sms", "wait": 5},
        {"channel": "sms", "x" * 9999: 5},
    ],
)
def test_what_makes_no_sense_is_refused(said: Any) -> None:
    with pytest.raises(Refusal) as caught:
        read_fallback({"fallback": said})
    assert caught.value.status == 400
    (name, texts), *_ = caught.value.shape["error"].items()  # type: ignore[attr-defined]
    assert name == "fallback"
    assert texts
    assert all(isinstance(text, str) and len(text) <= 200 for text in texts)


def test_what_the_core_refuses_is_told_of_the_same_parameter() -> None:
    error = BadFallback("to", "must be an address on sms", reason=Reason.BAD_RECIPIENT)
    assert refused(error).shape == {"error": {"fallback": ["to must be an address on sms"]}}
    whole = refused(BadFallback("", "is the same way once more"))
    assert whole.shape == {"error": {"fallback": ["is the same way once more"]}}
    assert set(PART.values()) == {"from", "to", "body"}
