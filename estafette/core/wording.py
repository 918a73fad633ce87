"""What sending a template says, as WhatsApp's own API asks for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from estafette.core.connections import PRETENDS, Connections
from estafette.model import Account, Sender, samples
from estafette.model.components import Part
from estafette.model.parameters import UNKNOWN, Filling, filled
from estafette.model.template import Template, TemplateKind, TemplateStatus
from estafette.model.whatsapp import Said, Unsaid, read
from estafette.store import Store, templates

_META = "meta"  # the provider whose carrier knows templates by itself
_TEMPLATE = "template"

#: Meta's codes for what may not be sent now; for any other status a template is unknown.
CODE = {
    TemplateStatus.PAUSED: 132015,
    TemplateStatus.DISABLED: 132016,
    TemplateStatus.DEACTIVATED: 132016,
}


class Wording:
    """What templates say."""

    def __init__(self, store: Store, connections: Connections) -> None:
        self._store = store
        self._connections = connections

    async def provider_of(self, sender: Sender) -> str:
        """Who carries for a sender."""
        return (await self._connections.find(sender.connection))[0].provider

    async def has(self, account: Account, name: str) -> bool:
        """Whether an account has made one of this name, in any language."""
        found = await self._store.read(lambda conn: templates.of_name(conn, account.sid, name))
        return bool(found)

    async def said(
        self, account: Account, sender: Sender, asked: Mapping[str, Any], found: Template | None
    ) -> Said:
        """What a sender says with the template that was found, or none. Raises Unsaid.

        Meta knows templates that we do not, and knows ours better: on its connections each goes out as
        it was asked for, whatever we think of it.
        """
        name, language = asked["name"], asked["language"]["code"]
        sent: Sequence[Part] = asked.get("components", ())
        provider = await self.provider_of(sender)
        if provider == _META:
            return _passed(asked, _told(found, sent), found)
        if found is None:
            is_sample = provider == PRETENDS and language in samples.LANGUAGES.get(name, ())
            if not is_sample or await self.has(account, name):
                raise Unsaid(UNKNOWN, "template.name", f"{name} does not exist in {language}")
            filling = samples.filled(name, sent)
            return _said(asked, filling, {"is_sample": True})
        if found.status is not TemplateStatus.APPROVED:
            code = CODE.get(found.status, UNKNOWN)
            raise Unsaid(code, "template.name", f"{name} is {found.status}, not approved")
        return _passed(asked, filled(found, sent), found)


def form(template: Mapping[str, Any]) -> dict[str, Any]:
    """The object of a template in the strict form. Raises Unsaid."""
    found: dict[str, Any] = read(_TEMPLATE, template).content[_TEMPLATE]
    return found


def _told(found: Template | None, sent: Sequence[Part]) -> Filling | None:
    """What it says as far as we know."""
    if found is None:
        return None
    try:
        return filled(found, sent)
    except Unsaid:
        return None


def _passed(asked: Mapping[str, Any], filling: Filling | None, found: Template | None) -> Said:
    if filling is None:
        filling = _guess(asked)
    known = {"id": found.id, "kind": str(found.kind)} if found else {}
    return _said(asked, filling, known)


def _guess(asked: Mapping[str, Any]) -> Filling:
    """What stands for a template that only its carrier knows: its name, and what fills it."""
    values, links = [], []
    for part in asked.get("components", ()):
        for item in part.get("parameters", ()):
            shown = item.get(item["type"])
            if part["type"] != "button" and isinstance(shown, str):
                values.append(shown)
            elif isinstance(shown, Mapping):
                values += [shown["fallback_value"]] if "fallback_value" in shown else []
                links += [shown["link"]] if isinstance(shown.get("link"), str) else []
    name = str(asked["name"])
    text = f"{name}: {', '.join(map(str, values))}" if values else name
    return Filling(text, tuple(links), tuple(map(str, values)))


def _said(asked: Mapping[str, Any], filling: Filling, more: Mapping[str, Any]) -> Said:
    """A message with what it was made of; what it answers to no template of ours has no id."""
    components = asked.get("components")
    kept = {
        "id": "",
        "name": asked["name"],
        "language": asked["language"]["code"],
        "kind": _kind(asked),
        "values": list(filling.values),
        **more,
        **({"components": components} if components else {}),
    }
    content = {"type": _TEMPLATE, _TEMPLATE: kept}
    return Said(kind=_TEMPLATE, body=filling.body, media=filling.media, content=content)


def _kind(asked: Mapping[str, Any]) -> str:
    """What the header of what is sent shows."""
    for part in asked.get("components", ()):
        for item in part.get("parameters", ()):
            if part["type"] == "header" and item["type"] in set(TemplateKind):
                return str(item["type"])
    return str(TemplateKind.TEXT)
