"""Conversations by their ids: in a list, read, answered and looked after."""

import pytest
from msgspec.structs import replace

from estafette.core.talks import Conversations, Reply
from estafette.model import BadValue, Channel, Conflict, Incoming, Message, Unknown
from estafette.model.contact import Card, Note, TalkFilter
from tests.conftest import SENDER
from tests.core.conftest import House

ANN, BOB, CAROL = "+14155550311", "+14155560312", "+14155550313"
OURS = "+15550783881"


@pytest.fixture
def talks(house: House) -> Conversations:
    return house.app.core.conversations


async def said(house: House, person: str, body: str = "Hello", **more: object) -> None:
    """Somebody writes to a sender of ours."""
    asked = {"channel": Channel.SMS, "sender": person, "recipient": SENDER, "body": body, **more}
    await house.app.core.inbound.receive("sandbox", Incoming(**asked))  # type: ignore[arg-type]


async def listed(house: House, **asked: object) -> list[str]:
    page = await house.app.core.conversations.page(
        house.account.sid,
        TalkFilter(**asked),  # type: ignore[arg-type]
    )
    return [item.card.contact.address for item in page.items]


async def of(house: House, person: str) -> str:
    (found,) = (
        await house.app.core.conversations.page(house.account.sid, TalkFilter(search=person))
    ).items
    assert found.card.conversation
    return found.card.conversation.id


async def test_a_list_shows_whom_was_spoken_to_last_and_who_waits(
    house: House, talks: Conversations
) -> None:
    for person in (ANN, BOB, CAROL):
        await said(house, person, f"I am {person}")
    assert await listed(house) == [CAROL, BOB, ANN]
    id = await of(house, ANN)
    await talks.reply(house.account, id, Reply(body="Hello Ann"))
    page = await talks.page(house.account.sid, TalkFilter())
    waits = {one.card.contact.address: one.card.conversation.is_waiting for one in page.items}  # type: ignore[union-attr]
    assert list(waits.items()) == [(ANN, False), (CAROL, True), (BOB, True)]
    assert [one.last.body for one in page.items if one.last] == [
        "Hello Ann", f"I am {CAROL}", f"I am {BOB}",
    ]  # fmt: skip


async def test_a_list_is_narrowed_and_goes_on_page_by_page(
    house: House, talks: Conversations
) -> None:
    account = house.account.sid
    for person in (ANN, BOB, CAROL):
        await said(house, person)
    user = await house.app.core.desk.add_user(account, email="joe@example.com", name="Joe")
    (team, *_) = await house.app.core.desk.teams(account)
    ann, bob = await of(house, ANN), await of(house, BOB)
    await talks.change(account, ann, assignee=user.id, team=team.id)
    await talks.close(account, bob, "solved")
    await said(house, "+14155550314", channel=Channel.WHATSAPP, recipient=OURS)
    assert await listed(house) == ["+14155550314", CAROL, ANN]
    assert await listed(house, state="closed") == [BOB]
    assert await listed(house, state="all") == ["+14155550314", CAROL, BOB, ANN]
    assert await listed(house, assignee=user.id) == [ANN]
    assert await listed(house, assignee="") == ["+14155550314", CAROL]
    assert await listed(house, team=team.id) == [ANN]
    assert await listed(house, channel=Channel.WHATSAPP) == ["+14155550314"]
    first = await talks.page(account, TalkFilter(state="all"), limit=2)
    assert first.next
    second = await talks.page(account, TalkFilter(state="all"), limit=2, after=first.next)
    assert [one.card.contact.address for one in (*first.items, *second.items)] == [
        "+14155550314", CAROL, BOB, ANN,
    ]  # fmt: skip
    assert second.next is None
    with pytest.raises(BadValue):
        await talks.page(account, TalkFilter(state="lost"))
    with pytest.raises(Unknown):
        await talks.page(account, TalkFilter(), after="nowhere")


async def test_people_are_found_by_name_and_by_address(house: House) -> None:
    contacts, account = house.app.core.contacts, house.account.sid
    await said(house, ANN)
    await said(house, BOB)
    ann = (await contacts.find(account, Channel.SMS, ANN)).contact
    await contacts.change(account, ann.id, name="Ann-Marie Dupont-Éclair")
    for search in (
        "dup",
        "ANN",
        "ann dup",
        "  Ann-marie ",
        ANN,
        ANN[:11],
        ANN[1:],
        "+1 415 555 0311",
    ):
        assert await listed(house, search=search) == [ANN], search
        found = await contacts.page(account, search=search)
        assert [card.contact.address for card in found.items] == [ANN]
        assert found.count == 1
    for search in ("x", "ann bob", "+1650", "%", "_nn", "\0", "\ud800"):
        assert await listed(house, search=search) == ([BOB, ANN] if search == "\0" else []), search
    await contacts.change(account, ann.id, name="Zoe")
    assert await listed(house, search="ann") == []
    assert await listed(house, search="zo") == [ANN]
    await contacts.remove(account, ann.id)
    assert (await contacts.page(account, search="zo")).items == []


async def test_what_people_call_themselves_is_found_too(house: House) -> None:
    name = "Bea Smith"
    await said(house, BOB, channel=Channel.WHATSAPP, recipient=OURS, name=name)
    assert await listed(house, search="smi") == [BOB]
    name = "Bea Miller"
    await said(house, BOB, channel=Channel.WHATSAPP, recipient=OURS, name=name)
    assert await listed(house, search="smi") == []
    assert await listed(house, search="mill be") == [BOB]


async def test_a_thread_is_read_backwards_in_parts(house: House, talks: Conversations) -> None:
    account = house.account.sid
    for number in range(3):
        await said(house, ANN, f"in {number}")
        id = await of(house, ANN)
        await talks.reply(house.account, id, Reply(body=f"out {number}"))
        await talks.note(account, id, f"note {number}", "Joe")
    whole: list[str] = []
    after = ""
    while True:
        part = await talks.thread(account, id, limit=4, after=after)
        whole += [one.text if isinstance(one, Note) else one.body for one in part.items]
        if not part.has_earlier:
            break
        after = part.items[-1].id
    assert whole == [f"{kind} {number}" for number in (2, 1, 0) for kind in ("note", "out", "in")]
    newest = await talks.thread(account, id, limit=2)
    since = await talks.thread(account, id, limit=50, since=newest.items[-1].id)
    assert [one.id for one in since.items] == [one.id for one in newest.items]
    assert since.has_earlier


async def test_a_reply_goes_once_under_its_key(house: House, talks: Conversations) -> None:
    await said(house, ANN)
    id = await of(house, ANN)
    first = await talks.reply(house.account, id, Reply(body="Once", key="k1"))
    again = await talks.reply(house.account, id, Reply(body="Once", key="k1"))
    assert first.id == again.id
    with pytest.raises(Conflict):
        await talks.reply(house.account, id, Reply(body="Twice", key="k1"))
    assert (first.sender, first.recipient, first.channel) == (SENDER, ANN, Channel.SMS)


async def test_a_conversation_is_opened_closed_and_another_accounts_is_unknown(
    house: House, talks: Conversations
) -> None:
    account = house.account.sid
    await said(house, ANN)
    id = await of(house, ANN)
    closed = await talks.close(account, id, "done")
    assert _talk(closed).closing_reason == "done"
    assert not _talk(closed).is_waiting
    assert _talk(await talks.open(account, id)).closed_at is None
    other, _ = await house.app.core.people.add_account("Other")
    for act in (
        talks.get(other.sid, id),
        talks.thread(other.sid, id),
        talks.close(other.sid, id),
        talks.note(other.sid, id, "x"),
        talks.change(other.sid, id, team=""),
        talks.reply(other, id, Reply(body="x")),
        talks.get(account, "\0"),
    ):
        with pytest.raises(Unknown):
            await act


def _talk(card: Card):  # type: ignore[no-untyped-def]
    assert card.conversation
    return card.conversation


async def test_templates_answer_where_the_window_is_closed(
    house: House, talks: Conversations
) -> None:
    account = house.account
    await said(house, ANN, channel=Channel.WHATSAPP, recipient=OURS)
    id = await of(house, ANN)
    opening = await talks.opening(await talks.get(account.sid, id))
    assert opening.has_window
    assert opening.lets
    assert opening.until
    templates = (await house.app.core.templates.page(account, limit=10)).items
    one = next(item for item in templates if "{{2}}" not in item.body)
    sent = await talks.reply(account, id, Reply(template=one.id, values=("Ann",)))
    assert isinstance(sent, Message)
    assert "Ann" in sent.body
    assert "template" in sent.content
    with pytest.raises(BadValue):
        await talks.reply(account, id, replace(Reply(body="x"), files=("f" * 32,)))
