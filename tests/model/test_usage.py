"""The word under which a message counts."""

import pytest

from estafette.model import Channel
from estafette.model.usage import Use, category


@pytest.mark.parametrize(
    ("channel", "has_media", "is_inbound", "address", "name"),
    [
        (Channel.SMS, False, False, "+14155550100", "sms-outbound-longcode"),
        (Channel.SMS, True, False, "+14155550100", "mms-outbound-longcode"),
        (Channel.SMS, False, True, "+18005550100", "sms-inbound-tollfree"),
        (Channel.SMS, False, False, "12345", "sms-outbound-shortcode"),
        (Channel.SMS, False, False, "ACME", "sms-outbound-alphanumeric"),
        (Channel.WHATSAPP, True, False, "+14155550100", "whatsapp-outbound"),
        (Channel.WHATSAPP, False, True, "+14155550100", "whatsapp-inbound"),
    ],
)
def test_a_message_counts_by_what_it_went_through(
    channel: Channel, has_media: bool, is_inbound: bool, address: str, name: str
) -> None:
    found = category(channel, has_media=has_media, is_inbound=is_inbound, address=address)
    assert found == name


def test_uses_add_up() -> None:
    assert Use(1, 2) + Use(3, 4) == Use(4, 6)
