"""Contacts and conversations: made, changed, listed, removed."""

from datetime import timedelta

import pytest

from estafette.core.clock import utc_now
from estafette.core.contacts import MOST
from estafette.model import Channel, Conflict, Declined, Sender, Unknown
from estafette.model.contact import Card, Conversation
from tests.conftest import SENDER
from tests.core.conftest import House

ANN, BOB, CARL = "+14155550301", "+14155550302", "+14155550303"


async def sender_of(house: House, channel: Channel = Channel.SMS) -> Sender:
    found = await house.app.core.senders.list(house.account.sid, channel)
    return found[0]


async def touched(house: House, address: str = ANN, **more: object) -> Card:
    """Whom somebody has sent something."""
    ours = await sender_of(house)
    at = utc_now()
    return await house.app.core.contacts.touch(
        house.account.sid,
        Channel.SMS,
        address,
        ours.id,
        at=at,
        **more,  # type: ignore[arg-type]
    )


def talk_of(card: Card) -> Conversation:
    assert card.conversation
    return card.conversation


async def test_who_is_sent_something_is_a_contact_with_an_open_conversation(house: House) -> None:
    card = await touched(house)
    talk = talk_of(card)
    assert (card.contact.channel, card.contact.address) == (Channel.SMS, ANN)
    assert card.sender
    assert card.sender.address == SENDER
    assert talk.closed_at is None
    assert talk.last_inbound_at is None
    assert talk.last_message_at
    again = await touched(house)
    assert again.contact.id == card.contact.id
    assert talk_of(again).id == talk.id
    assert talk_of(again).last_message_at > talk.last_message_at  # type: ignore[operator]
    found = await house.app.core.contacts.conversation(
        house.account.sid, card.sender.id, Channel.SMS, ANN
    )
    assert found == talk_of(again)


async def test_an_agreement_is_kept_with_its_time_and_its_source(house: House) -> None:
    before = utc_now()
    card = await touched(house, opt_in="callbell")
    assert card.contact.opt_in_at
    assert before <= card.contact.opt_in_at <= utc_now()
    assert card.contact.opt_in_source == "callbell"
    assert (await touched(house)).contact.opt_in_at == card.contact.opt_in_at


async def test_what_is_closed_is_opened_by_hand_and_by_the_next_send(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    card = await touched(house)
    closed = talk_of(await contacts.close(account, card.contact.id, "solved"))
    assert closed.closed_at
    assert closed.closing_reason == "solved"
    assert talk_of(await contacts.close(account, card.contact.id)).closing_reason == "solved"
    opened = talk_of(await contacts.open(account, card.contact.id))
    assert opened.closed_at is None
    assert opened.closing_reason == ""
    assert opened.opened_at > closed.opened_at
    await contacts.close(account, card.contact.id)
    assert talk_of(await touched(house)).closed_at is None


async def test_what_was_sent_before_it_was_closed_does_not_open_it(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    message = await house.send(ANN)
    card = await touched(house)
    await contacts.close(account, card.contact.id)
    await house.app.store.file()
    assert message.created_at
    assert talk_of(await contacts.get(account, card.contact.id)).closed_at


async def test_a_contact_is_added_and_changed(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    made = await contacts.add(
        account, channel=Channel.SMS, address=ANN, name="Ann", tags=["VIP", "vip", "New"],
        fields={"city": "Oslo", "age": 30}, note="Likes tea", email="ann@example.com",
    )  # fmt: skip
    assert made.conversation is None
    assert made.contact.tags == ("VIP", "New")
    id = made.contact.id
    changed = await contacts.change(
        account, id, name="", tags=[], fields={"age": None, "shoe": 41}, blocked=True, email=""
    )
    contact = changed.contact
    assert (contact.name, contact.email, contact.tags, contact.note) == ("", "", (), "Likes tea")
    assert contact.fields == {"city": "Oslo", "shoe": 41}
    assert contact.blocked_at
    assert contact.updated_at > made.contact.updated_at
    unblocked = await contacts.change(account, id, blocked=False)
    assert unblocked.contact.blocked_at is None
    again = await contacts.add(account, channel=Channel.SMS, address="+1 415 555 0301", name="Anna")
    assert again.contact.id == id
    assert (again.contact.name, again.contact.note) == ("Anna", "Likes tea")
    with pytest.raises(Declined):
        await contacts.add(account, channel=Channel.SMS, address="nobody")
    for call in (contacts.get, contacts.remove, contacts.open, contacts.notes):
        with pytest.raises(Unknown):
            await call("AC" + "9" * 32, id)  # type: ignore[operator]


async def test_who_looks_after_a_contact_looks_after_its_conversation(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    user, team, funnel = "1" * 32, "2" * 32, "3" * 32
    card = await touched(house, assignee=user)
    assert talk_of(card).assignee == user
    card = await contacts.change(account, card.contact.id, assignee="", team=team)
    assert (talk_of(card).assignee, talk_of(card).team) == ("", team)
    assert talk_of(await contacts.funnel(account, card.contact.id, funnel)).funnel == funnel
    bot = talk_of(await contacts.bot(account, card.contact.id, "bot_start"))
    assert bot.bot_status == "bot_start"
    assert bot.bot_started_at
    assert talk_of(await touched(house)).team == team
    assert talk_of(await touched(house)).funnel == funnel


async def test_a_contact_of_no_conversation_gets_one_with_the_main_sender(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    first, second = await house.app.core.senders.list(account, Channel.SMS)
    added = await contacts.add(account, channel=Channel.SMS, address=ANN)
    opened = await contacts.open(account, added.contact.id)
    assert opened.sender
    assert opened.sender.id == first.id
    await house.app.core.senders.change(account, second.id, main=True)
    added = await contacts.add(account, channel=Channel.SMS, address=BOB, team="2" * 32)
    assert added.sender
    assert added.sender.id == second.id
    added = await contacts.add(account, channel=Channel.TELEGRAM, address="ann")
    with pytest.raises(Conflict):
        await contacts.open(account, added.contact.id)


async def test_lists_begin_with_whom_something_was_exchanged_last(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    for address in (ANN, BOB, CARL, ANN):
        await touched(house, address)
    page = await contacts.page(account)
    assert [card.contact.address for card in page.items] == [ANN, CARL, BOB]
    assert (page.count, page.next) == (3, None)
    first = await contacts.page(account, limit=2)
    assert first.next
    await touched(house, "+14155550304")  # what comes meanwhile shifts no page
    rest = await contacts.page(account, limit=2, after=first.next)
    assert [card.contact.address for card in rest.items] == [BOB]
    assert rest.next is None
    second = await contacts.page(account, number=2, limit=2)
    assert [card.contact.address for card in second.items] == [CARL, BOB]
    assert second.count == 4
    for number in (3, MOST + 1, 0, -5):
        beyond = await contacts.page(account, number=number, limit=2)
        assert (beyond.items, beyond.count, beyond.next) == ([], 4, None)
    with pytest.raises(Unknown):
        await contacts.page(account, after="nowhere")


async def test_lists_are_narrowed_by_channel_tags_and_team(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    team = "2" * 32
    for number, address in enumerate((ANN, BOB, CARL)):
        card = await touched(house, address)
        tags = (["Straße"], ["vip", "new"], [])[number]
        await contacts.change(account, card.contact.id, tags=tags, team=team if number else "")
    await contacts.add(account, channel=Channel.WHATSAPP, address=ANN, tags=["VIP"])

    async def asked(**narrow: object) -> set[tuple[str, str]]:
        page = await contacts.page(account, **narrow)  # type: ignore[arg-type]
        assert page.count == len(page.items)
        return {(card.contact.channel.value, card.contact.address) for card in page.items}

    assert await asked(channel=Channel.WHATSAPP) == {("whatsapp", ANN)}
    assert await asked(tags=["VIP"]) == {("sms", BOB), ("whatsapp", ANN)}
    assert await asked(tags=["STRASSE", "New"]) == {("sms", ANN), ("sms", BOB)}
    assert await asked(team=team) == {("sms", BOB), ("sms", CARL)}
    assert await asked(team=team, tags=["vip"]) == {("sms", BOB)}
    assert await asked(team=team, tags=["vip"], channel=Channel.WHATSAPP) == set()


async def test_who_is_removed_is_made_anew_by_the_next_send_only(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    await house.send(ANN)
    card = await touched(house)
    await contacts.change(account, card.contact.id, tags=["vip"])
    await contacts.note(account, card.contact.id, "Call back")
    await contacts.remove(account, card.contact.id)
    await house.app.store.file()
    await house.app.store.file()
    assert (await contacts.page(account)).items == []
    assert (await contacts.page(account, tags=["vip"])).count == 0
    with pytest.raises(Unknown):
        await contacts.get(account, card.contact.id)
    await house.send(ANN)
    await house.app.store.file()
    (new,) = (await contacts.page(account)).items
    assert new.contact.id != card.contact.id
    assert new.contact.tags == ()
    items, count = await contacts.messages(account, new.contact.id)
    assert len(items) == count == 2  # messages stay


async def test_messages_and_notes_stand_together_newest_first(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    sent = [await house.send(ANN, body=str(number)) for number in range(3)]
    card = await touched(house)
    note = await contacts.note(account, card.contact.id, "Wants a table", "joe@example.com")
    sent.append(await house.send(ANN, body="3"))
    await house.send(BOB)
    items, count = await contacts.messages(account, card.contact.id, limit=10)
    assert count == 5
    assert [item.id for item in items] == [sent[3].id, note.id, sent[2].id, sent[1].id, sent[0].id]
    second, count = await contacts.messages(account, card.contact.id, number=2, limit=2)
    assert [item.id for item in second] == [sent[2].id, sent[1].id]
    assert count == 5
    for number in (4, 0, MOST + 1):
        assert (await contacts.messages(account, card.contact.id, number=number, limit=2))[0] == []
    assert [one.text for one in await contacts.notes(account, card.contact.id)] == ["Wants a table"]


async def test_a_contact_may_have_a_conversation_with_each_sender(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    ours = await house.app.core.senders.list(account, Channel.SMS)
    now = utc_now()
    for number, one in enumerate(ours):
        at = now + timedelta(seconds=number)
        card = await contacts.touch(account, Channel.SMS, ANN, one.id, at=at)
        assert card.sender
        assert card.sender.id == one.id
    card = await contacts.get(account, card.contact.id)
    assert talk_of(card).sender == ours[-1].id
    card = await contacts.find(account, Channel.SMS, ANN, sender=ours[0].id)
    assert talk_of(card).sender == ours[0].id
    with pytest.raises(Unknown):
        await contacts.find(account, Channel.SMS, ANN, sender="0" * 32)
    with pytest.raises(Unknown):
        await contacts.find(account, Channel.SMS, BOB)
    assert (await contacts.page(account)).count == 1
