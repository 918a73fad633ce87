"""Test credentials: requests are answered as if, and nothing is kept, sent or told.

The numbers that decide are Twilio's magic ones; they mean this to test accounts only.
"""

from starlette.responses import Response

from estafette.core.gateway import Gateway
from estafette.doors.twilio import wire
from estafette.doors.twilio.errors import TwilioError, of_declined
from estafette.doors.twilio.requests import answer
from estafette.model import Account, Declined
from estafette.model.twilio import TEST_RECIPIENTS, TEST_SENDER, TEST_SENDERS

NUMBER = "+15005550006"  #: the one number that can be taken
NUMBERS = {"+15005550000": 21422}  #: any other: 21421
AREA_CODE = "500"  #: the one in which there are numbers


def message(gateway: Gateway, account: Account, said: wire.Form) -> Response:
    """The answer to a create. Raises TwilioError."""
    to, sender = wire.one(said, "To"), wire.one(said, "From")
    if wire.one(said, "MessagingServiceSid") or sender.startswith("MG"):
        raise TwilioError(20008)
    if not to:
        raise TwilioError(21604)
    if not sender:
        raise TwilioError(21603)
    if sender != TEST_SENDER:
        raise TwilioError(TEST_SENDERS.get(sender, 21606), sender)
    if to in TEST_RECIPIENTS:
        raise TwilioError(TEST_RECIPIENTS[to], to)
    send = wire.read_send(said)
    try:
        drafted = gateway.draft(account, send)
    except Declined as error:
        raise of_declined(error, send, has_body="Body" in said) from None
    return answer(wire.message(drafted, created=True), 201, id=drafted.id)


def number(address: str, area: str) -> str:
    """The number that would be taken. Raises TwilioError."""
    if address:
        if address != NUMBER:
            raise TwilioError(NUMBERS.get(address, 21421), address)
    elif area != AREA_CODE:
        raise TwilioError(21452, area)
    return NUMBER
