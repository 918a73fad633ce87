"""SENDMESSAGE: by own senders, and through the account that is named; what is wrong with a step."""

import pytest

from estafette.actions import find
from estafette.actions.sendmessage import Inputs
from estafette.core.clock import utc_now
from estafette.core.connections import public_id
from estafette.model import AccountKind, Channel, Connection, Filter, Status, Suppression
from tests.actions.conftest import FROM, Steps
from tests.actions.upstream import (
    NAMED_SID,
    NAMED_TOKEN,
    SID,
    STEP_SID,
    STEP_TOKEN,
    TOKEN,
    Upstream,
)
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, RECIPIENT, SENDER

STEP = {"ACCOUNT_SID": STEP_SID, "AUTH_TOKEN": STEP_TOKEN, "FROM": "14155550188"}
OTHER_FROM = "+14155550188"


@pytest.mark.parametrize("to", ["15551234567", RECIPIENT, "+1 (555) 867-5310", "1.555.867.5310"])
async def test_an_empty_panel_goes_by_the_accounts_own_senders(steps: Steps, to: str) -> None:
    message = await steps.message(await steps.sid(TO=to))
    assert message.recipient in ("+15551234567", RECIPIENT)
    assert message.sender == SENDER  # the first, since none is the main one
    assert message.door == "actions"
    assert message.content["layers"] == {
        "account_sid": "none",
        "auth_token": "none",
        "from": "none",
    }
    assert (await steps.house.until(message)).status is Status.DELIVERED


async def test_the_main_sender_is_the_one_where_none_is_named(steps: Steps) -> None:
    account, senders = steps.house.account.sid, steps.house.app.core.senders
    other = await senders.find(account, (await senders.list(account))[1].channel, "+15005550006")
    await senders.change(account, other.id, main=True)
    assert (await steps.message(await steps.sid())).sender == "+15005550006"


@pytest.mark.parametrize(
    ("given", "kept"),
    [(SENDER, SENDER), ("15017122661", SENDER), ("1 (501) 712-2661", SENDER), ("  ", SENDER)],
)
async def test_from_with_and_without_a_plus(steps: Steps, given: str, kept: str) -> None:
    assert (await steps.message(await steps.sid(FROM=given))).sender == kept


async def test_whatsapp_by_either_side(steps: Steps) -> None:
    by_sender = await steps.message(await steps.sid(FROM="whatsapp:+15550783881"))
    by_recipient = await steps.message(await steps.sid(TO=f"whatsapp:{RECIPIENT}"))
    for message in (by_sender, by_recipient):
        assert (message.channel, message.sender) == ("whatsapp", "+15550783881")
    assert await steps.code(TO=f"whatsapp:{RECIPIENT}", FROM=SENDER) == "21910"


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"TO": " "}, "21604"),
        ({"TO": "1555"}, "21211"),
        ({"TO": "+0155512345"}, "21211"),
        ({"TO": "nobody"}, "21211"),
        ({"TO": "1555", "BODY": ""}, "21211"),  # TO comes first
        ({"BODY": " \n"}, "21602"),
        ({"BODY": "x" * 1601}, "21617"),
        ({"BODY": "x" * 1601, "ACCOUNT_SID": STEP_SID}, "21617"),  # before credentials
        ({"ACCOUNT_SID": STEP_SID}, "20003"),
        ({"AUTH_TOKEN": STEP_TOKEN}, "20003"),
        ({"ACCOUNT_SID": STEP_SID, "FROM": "???"}, "20003"),  # before FROM
        ({"FROM": "???"}, "21212"),
        ({"FROM": "+1"}, "21212"),
        ({"FROM": "whatsapp:nobody"}, "21212"),
        ({"FROM": "+15005550001"}, "21212"),
        ({"FROM": "+14155550100"}, "21606"),
        ({"FROM": "12345"}, "21606"),
        ({"FROM": "A shop"}, "21606"),
        ({"FROM": "whatsapp:+14155550100"}, "63007"),
        ({"FROM": "MG" + "0" * 32}, "21701"),
        ({"TO": "+15005550009", "FROM": "+15005550006"}, "21614"),
    ],
)
async def test_what_is_wrong_has_twilios_code(
    steps: Steps, inputs: dict[str, str], code: str
) -> None:
    assert await steps.code(**inputs) == code


async def test_a_refusal_repeats_what_was_given(steps: Steps) -> None:
    said = await steps.error(TO="1555")
    assert said == ("21211", "The 'To' number 1555 is not a valid phone number.", 400)
    assert (await steps.error(ACCOUNT_SID="AC1"))[2] == 401


async def test_who_opted_out_is_not_written_to(steps: Steps) -> None:
    core = steps.house.app.core
    for channel in Channel:
        await core.suppressions.add(
            Suppression(
                account=ACCOUNT_SID,
                recipient="+14155550142",
                channel=channel,
                source="test",
                created_at=utc_now(),
            )
        )
    assert await steps.code(TO="+14155550142") == "21610"


async def test_the_panel_is_where_it_goes(paneled: Steps, far: Upstream) -> None:
    sid = await paneled.sid()
    (create,) = far.creates
    assert (create.account_sid, create.user, create.password) == (SID, SID, TOKEN)
    assert create.form["To"] == RECIPIENT
    assert create.form["From"] == FROM
    assert create.form["Body"] == "Your parcel is here"
    assert "ValidityPeriod" not in create.form  # how long we wait is our own affair
    message = await paneled.message(sid)
    assert sid == far.made[0] == message.ref
    assert message.status is Status.SENT
    assert message.content["layers"] == dict.fromkeys(
        ("account_sid", "auth_token", "from"), "panel"
    )


LAYERS = ("step", "panel", "none")


@pytest.mark.parametrize("sid_of", LAYERS)
@pytest.mark.parametrize("token_of", LAYERS)
@pytest.mark.parametrize("from_of", LAYERS)
@pytest.mark.parametrize("blank", ["", "left out"])
async def test_each_value_is_of_the_step_else_of_the_panel(
    steps: Steps, far: Upstream, sid_of: str, token_of: str, from_of: str, blank: str
) -> None:
    given = {"ACCOUNT_SID": sid_of, "AUTH_TOKEN": token_of, "FROM": from_of}
    in_panel = {"account_sid": SID, "auth_token": TOKEN, "sender": FROM}
    panel = {
        name: in_panel[name] if layer == "panel" else " "
        for name, layer in zip(in_panel, given.values(), strict=True)
    }
    # What the step gives stands before what the panel has.
    panel |= {
        name: in_panel[name]
        for name, layer in zip(in_panel, given.values(), strict=True)
        if layer == "step"
    }
    await steps.panel(base_url=far.url, **panel)
    inputs = {
        name: STEP[name] if layer == "step" else "  "
        for name, layer in given.items()
        if layer == "step" or not blank
    }
    sid = {"step": STEP_SID, "panel": SID, "none": ""}[sid_of]
    token = {"step": STEP_TOKEN, "panel": TOKEN, "none": ""}[token_of]
    sender = {"step": OTHER_FROM, "panel": FROM, "none": ""}[from_of]
    layers = {"account_sid": sid_of, "auth_token": token_of, "from": from_of}
    if bool(sid) != bool(token):
        assert await steps.code(**inputs) == "20003"
        assert not far.creates
    elif not sid:
        if sender:
            assert await steps.code(**inputs) == "21606"
        else:
            assert (await steps.message(await steps.sid(**inputs))).content["layers"] == layers
        assert not far.creates
    elif not sender:
        assert await steps.code(**inputs) == "21603"
        assert not far.creates
    else:
        message = await steps.message(await steps.sid(**inputs))
        assert message.content["layers"] == layers
        (create,) = far.creates
        assert (create.account_sid, create.password) == (sid, token)
        assert create.form["From"] == sender


@pytest.mark.parametrize("by_id", [False, True])
async def test_a_connection_stands_between_step_and_panel(
    steps: Steps, far: Upstream, by_id: bool
) -> None:
    await steps.panel(base_url="http://127.0.0.1:9", account_sid=SID, auth_token=TOKEN, sender=FROM)
    app = steps.house.app
    named = {"base_url": far.url, "account_sid": NAMED_SID, "auth_token": NAMED_TOKEN}
    await app.connections.add(Connection(name="branch", provider="twilio", settings=named))
    name = public_id(await app.connections.get("branch")) if by_id else "branch"
    message = await steps.message(await steps.sid(connection=name))
    assert message.content["layers"] == {
        "account_sid": "connection", "auth_token": "connection", "from": "panel"
    }  # fmt: skip
    assert (far.last.account_sid, far.last.password) == (NAMED_SID, NAMED_TOKEN)
    await steps.sid(connection=name, **STEP)
    assert (far.last.account_sid, far.last.password) == (STEP_SID, STEP_TOKEN)
    assert far.last.form["From"] == OTHER_FROM
    await steps.sid(connection=name, ACCOUNT_SID=STEP_SID)
    assert (far.last.account_sid, far.last.password) == (STEP_SID, NAMED_TOKEN)


async def test_only_a_connection_to_twilio_can_be_named(paneled: Steps, far: Upstream) -> None:
    assert (await paneled.error(connection="nowhere"))[::2] == ("20404", 404)
    assert await paneled.code(connection="sandbox") == "20001"
    await paneled.sid()
    connection = (await paneled.house.timeline(await paneled.last())).attempts[0].connection
    assert await paneled.code(connection=connection) == "20404"  # one of our own making
    listed = [item.name for item in await paneled.house.app.connections.list()]
    assert listed == ["sandbox"]


async def test_an_account_of_ours_goes_by_its_own_senders(paneled: Steps, far: Upstream) -> None:
    app = paneled.house.app
    other, token = await app.people.add_account("Other")
    await app.core.senders.add(other.sid, Channel.SMS, "+14155550170", connection="sandbox")
    message = await paneled.sid(ACCOUNT_SID=other.sid, AUTH_TOKEN=token, FROM="14155550170")
    assert (await app.gateway.find_named(other, message)).sender == "+14155550170"
    key, secret = await app.people.add_key(other.sid, "one")
    asked = {"ACCOUNT_SID": key.sid, "AUTH_TOKEN": secret, "FROM": "+14155550170"}
    assert await app.gateway.find_named(other, await paneled.sid(**asked))
    own = {"ACCOUNT_SID": ACCOUNT_SID, "AUTH_TOKEN": AUTH_TOKEN}
    assert (await paneled.message(await paneled.sid(**own, FROM=SENDER))).sender == SENDER
    # The panel's sender is none of that account's.
    assert await paneled.code(**own) == "21606"
    assert not far.creates


async def test_our_own_secrets_never_leave(paneled: Steps, far: Upstream) -> None:
    app = paneled.house.app
    other, token = await app.people.add_account("Other")
    key, secret = await app.people.add_key(other.sid, "one")
    for sid, shown in (
        (STEP_SID, AUTH_TOKEN),
        (STEP_SID, token),
        (STEP_SID, secret),
        (STEP_SID, f"{key.sid}.{secret}"),
        (ACCOUNT_SID, "a wrong one"),
        (ACCOUNT_SID, TOKEN),
        (key.sid, "a wrong one"),
        ("SK" + "0" * 32, STEP_TOKEN),
        ("not a sid", STEP_TOKEN),
    ):
        said = await paneled.error(ACCOUNT_SID=sid, AUTH_TOKEN=shown)
        assert said == ("20003", "Authenticate", 401)
    assert await paneled.code(ACCOUNT_SID=ACCOUNT_SID) == "20003"  # with the token of the panel
    assert await paneled.code(AUTH_TOKEN=AUTH_TOKEN) == "20003"  # with the SID of the panel
    assert not far.creates


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ("MG" + "a" * 32, "MessagingServiceSid", "MG" + "a" * 32),
        ("12345", "From", "12345"),
        ("Shop-7", "From", "Shop-7"),
        ("whatsapp:+14155550188", "From", "whatsapp:+14155550188"),
    ],
)
async def test_other_kinds_of_senders_outside(
    paneled: Steps, far: Upstream, given: str, name: str, value: str
) -> None:
    await paneled.sid(FROM=given)
    assert far.last.form[name] == value
    assert ("From" in far.last.form) is (name == "From")
    to = f"whatsapp:{RECIPIENT}" if given.startswith("whatsapp") else RECIPIENT
    assert far.last.form["To"] == to


async def test_a_trial_account_writes_to_who_is_verified(paneled: Steps, far: Upstream) -> None:
    app = paneled.house.app
    trial = await app.people.change(ACCOUNT_SID, kind=AccountKind.TRIAL)
    assert (await paneled.error(account=trial))[::2] == ("21608", 400)
    assert not far.creates
    await app.core.verified.add(ACCOUNT_SID, RECIPIENT)
    await paneled.sid(account=trial)
    assert far.last.form["Body"].endswith("trial account - Your parcel is here")


async def test_a_test_account_only_asks(steps: Steps) -> None:
    test = await steps.house.app.people.change(ACCOUNT_SID, kind=AccountKind.TEST)
    assert (await steps.run(account=test, FROM="+15005550006")).ok
    for inputs, code in (
        ({}, "21603"),
        ({"FROM": SENDER}, "21606"),
        ({"FROM": "+15005550008"}, "21611"),
        ({"FROM": "+15005550006", "TO": "+15005550004"}, "21610"),
        ({"FROM": "MG" + "0" * 32}, "20008"),
    ):
        assert await steps.code(account=test, **inputs) == code
    page = await steps.house.app.gateway.page(steps.house.account, Filter(), limit=1)
    assert not page.items


async def test_the_same_key_is_the_same_message(steps: Steps) -> None:
    first = await steps.sid(key="1234/3")
    assert await steps.sid(key="1234/3") == first
    assert await steps.sid(key="1234/4") != first
    assert (await steps.error(key="1234/3", BODY="Another"))[::2] == ("20409", 409)


async def test_the_same_key_outside_is_asked_once(paneled: Steps, far: Upstream) -> None:
    first = await paneled.sid(key="1234/3")
    assert await paneled.sid(key="1234/3") == first
    assert len(far.creates) == 1
    assert (await paneled.error(key="1234/3", FROM=OTHER_FROM))[::2] == ("20409", 409)
    await paneled.panel()  # whatever the panel says by now
    assert await paneled.sid(key="1234/3") == first


def test_nothing_shows_the_token() -> None:
    asked = Inputs(body="x", to=RECIPIENT, account_sid=STEP_SID, auth_token=STEP_TOKEN)
    assert STEP_TOKEN not in repr(asked)
    assert STEP_TOKEN not in repr(find("SENDMESSAGE"))
