"""Templates as WhatsApp has them: what carriers tell of them, and what goes to carriers that know better."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from estafette.model import Approval, Channel, Connection, Sender, Unknown
from estafette.model.template import Category, TemplateStatus
from estafette.model.whatsapp import Unsaid
from tests.core.conftest import House, opened_house

SENDER = "+15550783881"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    """A house on SQLite: what is asked of the database is tested on both where it is asked."""
    async with opened_house(f"sqlite:///{tmp_path}/estafette.db", tmp_path / "home") as found:
        yield found


async def sender_of(house: House) -> Sender:
    return await house.app.core.senders.find(house.account.sid, Channel.WHATSAPP, SENDER)


async def made(house: House, name: str, **more: Any) -> str:
    usual = {"body": "Hi {{1}}, there", "status": "pending", "language": "en_US"}
    found = await house.app.core.templates.create(house.account, name=name, **{**usual, **more})
    return found.id


async def test_a_carrier_tells_of_approval(here: House) -> None:
    templates, account = here.app.core.templates, here.account
    id = await made(here, "news")
    other = await made(here, "news", language="fr")
    rejected = Approval(
        name="news", language="en_US", status="rejected", category="MARKETING", reason="FORMAT"
    )
    await templates.told("nobody", rejected)
    assert (await templates.get(account, id)).status is TemplateStatus.PENDING
    await templates.told("sandbox", rejected)
    found = await templates.get(account, id)
    assert (found.status, found.category) == (TemplateStatus.REJECTED, Category.MARKETING)
    assert found.approval == {
        "name": "news", "category": "MARKETING", "previous": "UTILITY", "reason": "FORMAT",
    }  # fmt: skip
    assert (await templates.get(account, other)).status is TemplateStatus.PENDING
    await templates.told("sandbox", Approval(name="news", language="en_US", status="approved"))
    found = await templates.get(account, id)
    assert found.status is TemplateStatus.APPROVED
    assert "reason" not in found.approval
    await templates.told("sandbox", Approval(name="unknown", language="en", status="approved"))


async def test_an_approval_without_a_status_leaves_it(here: House) -> None:
    templates = here.app.core.templates
    id = await made(here, "news")
    told = Approval(name="news", language="en_US", status="", category="MARKETING")
    await templates.told("sandbox", told)
    await templates.told("sandbox", replace(told, status="green", category="CHATTER"))
    found = await templates.get(here.account, id)
    assert (found.status, found.category) == (TemplateStatus.PENDING, Category.MARKETING)


def asked(name: str, *values: str, **more: Any) -> Mapping[str, Any]:
    parameters = [{"type": "text", "text": value} for value in values]
    components = [{"type": "BODY", "parameters": parameters}] if values else []
    return {"name": name, "language": {"code": "en_US"}, "components": components, **more}


async def test_what_is_said_keeps_what_was_asked_for(here: House) -> None:
    id = await made(here, "news", status="approved")
    templates, sender = here.app.core.templates, await sender_of(here)
    said = await templates.said(here.account, sender, asked("news", "Ada"))
    assert (said.kind, said.body, said.media) == ("template", "Hi Ada, there", ())
    assert said.content == {
        "type": "template",
        "template": {
            "id": id,
            "name": "news",
            "language": "en_US",
            "kind": "text",
            "values": ["Ada"],
            "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ada"}]}],
        },
    }
    with pytest.raises(Unsaid) as caught:
        await templates.said(here.account, sender, asked("other"))
    assert caught.value.code == 132001
    with pytest.raises(Unknown):
        await templates.find(here.account, "other")


async def over(house: House, provider: str, **settings: str) -> Sender:
    """A number that a connection of another provider carries for."""
    core = house.app.core
    line = Connection(name=f"line-{provider}", provider=provider, settings=settings)
    await core.connections.add(line)
    return await core.senders.add(
        house.account.sid, Channel.WHATSAPP, "+14155550177", connection=line.name, ref="200"
    )


async def test_meta_knows_what_we_do_not(here: House) -> None:
    templates = here.app.core.templates
    sender = await over(here, "meta", base_url="http://127.0.0.1:1", token="t")
    await made(here, "paused", status="paused")
    header = {"type": "header", "parameters": [
        {"type": "image", "image": {"link": "https://example.com/a.png"}},
    ]}  # fmt: skip
    for name, values, body in (
        ("unheard_of", ("Ada", "42"), "unheard_of: Ada, 42"),
        ("order_ready", (), "order_ready"),
        ("paused", ("Ada",), "Hi Ada, there"),
        ("paused", ("Ada", "42"), "paused: Ada, 42"),  # it may have been changed there
    ):
        said = await templates.said(here.account, sender, asked(name, *values))
        kept = said.content["template"]
        assert (said.body, kept["values"], kept["name"]) == (body, [*values], name)
        assert "is_sample" not in kept
    parts = {"components": [header]}
    shown = await templates.said(here.account, sender, asked("unheard_of", **parts))
    assert (shown.media, shown.content["template"]["kind"]) == (
        ("https://example.com/a.png",), "image",
    )  # fmt: skip
    with pytest.raises(Unsaid):
        await templates.said(here.account, sender, {"name": "x"})


async def test_another_carrier_is_given_no_names(here: House) -> None:
    sender = await over(here, "twilio", account_sid="AC" + "1" * 32, auth_token="t")
    with pytest.raises(Unsaid) as caught:
        await here.app.core.templates.said(here.account, sender, asked("order_ready"))
    assert caught.value.code == 132001
