"""What a message may leave from and be made of, as the console offers it."""

from collections.abc import Sequence

from estafette.console.statuses import LABELS
from estafette.console.visit import Visit
from estafette.model import Channel, Unknown
from estafette.model.address import shown
from estafette.model.ids import read_id
from estafette.model.template import Template, TemplateStatus

_MOST = 200  # templates and services that are offered

Options = list[tuple[str, str]]


def channel_of(text: str) -> Channel:
    """The channel of a field; SMS where it is none."""
    return Channel(text) if text in tuple(Channel) else Channel.SMS


async def channels(visit: Visit) -> Options:
    """The channels that the account has senders on; SMS and WhatsApp always."""
    found = {sender.channel for sender in await visit.core.senders.list(visit.account.sid)}
    kept = [one for one in Channel if one in found | {Channel.SMS, Channel.WHATSAPP}]
    return [(str(one), visit.say(LABELS[one])) for one in kept]


async def origins(visit: Visit, channel: Channel) -> Options:
    """What a message may leave from: senders of the channel by their address, services by MG…."""
    usual = await visit.core.senders.choose(visit.account.sid, channel)
    first = visit.say("The usual sender")
    if usual:
        first = visit.say("Usual: %(address)s", address=shown(usual.address))
    found = [("", first)]
    for sender in await visit.core.senders.list(visit.account.sid, channel):
        title = f" · {sender.title}" if sender.title else ""
        found.append((sender.address, f"{shown(sender.address)}{title}"))
    services = await visit.core.pools.page(visit.account, limit=_MOST, cursor=None)
    word = visit.say("Service")
    found += [(f"MG{item.id}", f"{word} · {item.name}") for item in services.items]
    return found


def service_of(text: str) -> str:
    """The id of a service where that was chosen."""
    return (read_id(text[2:]) or "") if text.startswith("MG") else ""


async def approved(visit: Visit) -> Sequence[Template]:
    """The templates that may be sent."""
    found = await visit.core.templates.page(
        visit.account, limit=_MOST, status=TemplateStatus.APPROVED
    )
    return found.items


async def template_of(visit: Visit, id: str) -> Template | None:
    """The template that was chosen; None where there is none."""
    if not id:
        return None
    try:
        return await visit.core.templates.get(visit.account, read_id(id) or "")
    except Unknown:
        return None
