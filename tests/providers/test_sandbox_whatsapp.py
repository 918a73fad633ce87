"""The sandbox on WhatsApp: people for whom every code of Meta's can be had, and who read and listen."""

from typing import Any

import pytest
from msgspec.structs import replace

from estafette.model import (
    Accepted,
    Channel,
    Declined,
    Offer,
    Reason,
    Refused,
    Send,
    SendError,
    Status,
    Throttled,
    meta,
)
from estafette.model.meta import CODES, When
from estafette.providers.sandbox import PEOPLE, Sandbox
from tests.providers.cases import answer, offer

OURS = "+15550783881"
REACHED = {code for code in CODES if code < 1_000_000}  # six digits have no room for the others


def on_whatsapp(recipient: str, number: int = 1, **content: Any) -> Offer:
    one = offer(recipient, number=number)
    said = replace(one.message, channel=Channel.WHATSAPP, sender=OURS, content=content)
    return replace(one, message=said)


def vet(recipient: str, channel: Channel = Channel.WHATSAPP) -> Declined | None:
    """What is declined at once."""
    try:
        Sandbox().vet(Send(channel=channel, sender=OURS, recipient=recipient, body="Hi"))
    except Declined as error:
        return error
    return None


async def told(recipient: str, number: int = 1, **content: Any) -> list[tuple[Status, str, str]]:
    """What is told later of a message that was taken."""
    found = await answer(Sandbox(delay=1), on_whatsapp(recipient, number, **content))
    assert isinstance(found, Accepted)
    receipts = [later.receipt for later in found.later]
    assert {receipt.ref for receipt in receipts} <= {found.ref}
    return [(receipt.status, receipt.code, receipt.text) for receipt in receipts]


async def asked(recipient: str, number: int = 1) -> Accepted | SendError:
    return await answer(Sandbox(), on_whatsapp(recipient, number))


@pytest.mark.parametrize("code", sorted(REACHED))
async def test_every_code_can_be_had_at_once_and_later(code: int) -> None:
    words = meta.title_of(code)
    is_at_once = CODES[code].when is not When.LATER
    for way, declines in (("0", is_at_once), ("1", True), ("2", False)):
        recipient = f"+1650{way}{code:06}"
        error = vet(recipient)
        assert bool(error) is declines
        if error:
            assert (error.code, error.text, error.value) == (str(code), words, recipient)
            assert error.reason is meta.REASON.get(code, Reason.OTHER)
        else:
            assert await told(recipient) == [(Status.FAILED, str(code), words)]


async def test_codes_that_pass_are_told_to_the_gateway_once() -> None:
    assert vet("+16503130429") is None
    found = await asked("+16503130429")
    assert isinstance(found, Throttled)
    assert (found.code, found.retry_after, str(found)) == ("130429", 1, "Rate limit hit")
    assert await told("+16503130429", 2) == [(Status.DELIVERED, "", "")]


async def test_codes_that_do_not_pass_are_told_to_the_gateway() -> None:
    found = await asked("+16503131047")
    assert isinstance(found, Refused)
    assert (found.code, found.reason) == ("131047", Reason.OUTSIDE_WINDOW)


@pytest.mark.parametrize(
    "recipient", ["+16500999999", "+16504131047", "+16505550101", "+1650013104"]
)
async def test_other_numbers_are_reached(recipient: str) -> None:
    assert vet(recipient) is None
    assert await told(recipient) == [(Status.DELIVERED, "", "")]


async def test_codes_are_had_on_whatsapp_alone() -> None:
    assert vet("+16501131047", Channel.SMS) is None
    found = await answer(Sandbox(), offer("+16500131047"))
    assert isinstance(found, Accepted)
    assert [later.receipt.status for later in found.later] == [Status.DELIVERED]


async def test_people_read_and_listen_and_block() -> None:
    read = [(Status.DELIVERED, "", ""), (Status.READ, "", "")]
    played = [(Status.DELIVERED, "", ""), (Status.READ, "", "played")]
    voice = {"type": "audio", "audio": {"voice": True}}
    found = {
        "+16505550207": (await told("+16505550207", **voice), read),
        "+16505550208": (await told("+16505550208", **voice), played),
        "+16505550403": (
            await told("+16505550403"),
            [(Status.FAILED, "130403", meta.title_of(130403))],
        ),
    }
    assert set(found) == set(PEOPLE)
    for seen, meant in found.values():
        assert seen == meant
    assert await told("+16505550208") == read


async def test_an_offer_comes_to_the_same_when_it_is_asked_again() -> None:
    for recipient in ("+16500131047", "+16503130429", "+16505550207"):
        one = on_whatsapp(recipient)
        first, again = await answer(Sandbox(), one), await answer(Sandbox(), one)
        assert type(first) is type(again)
        if isinstance(first, Accepted):
            assert first == again
