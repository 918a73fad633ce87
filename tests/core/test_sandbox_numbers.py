"""What the documented recipients of the sandbox make of a message, from accept to the end."""

import pytest

from estafette.model import Outcome, Reason, Status
from tests.core.conftest import House

ACCEPTED, UNCLEAR = Outcome.ACCEPTED, Outcome.UNCLEAR

#: Recipient: the status it comes to, the outcomes of the attempts, the receipts told.
STORIES = {
    "+15558675310": (Status.DELIVERED, [ACCEPTED], ["delivered"]),
    "+15005520202": (Status.DELIVERED, [ACCEPTED], ["delivered", "delivered"]),
    "+15005520207": (Status.READ, [ACCEPTED], ["delivered", "read"]),
    "+15005520408": (Status.DELIVERED, [UNCLEAR], ["delivered"]),
    "+15005520429": (Status.DELIVERED, [Outcome.THROTTLED, ACCEPTED], ["delivered"]),
    "+15005520400": (Status.FAILED, [Outcome.REFUSED], []),
    "+15005530003": (Status.UNDELIVERED, [ACCEPTED], ["undelivered"]),
    "+15005530008": (Status.UNDELIVERED, [ACCEPTED], ["undelivered"]),
}


@pytest.mark.parametrize("recipient", STORIES)
async def test_a_recipient_of_the_sandbox_tells_its_story(house: House, recipient: str) -> None:
    status, outcomes, told = STORIES[recipient]
    async with house.carrying():
        message = await house.until(await house.send(recipient), status)
        timeline = await house.timeline(message)
    assert [attempt.outcome for attempt in timeline.attempts] == outcomes
    assert [receipt.status for receipt, _ in timeline.receipts] == told


async def test_a_code_of_the_carrier_is_kept_verbatim_beside_our_reason(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send("+15005530003"))
    assert (message.reason, message.code) == (Reason.UNREACHABLE, "30003")
    assert message.text == "Unreachable destination handset"
