"""Who is told what people write to a sender: its own hooks, its application's, or its service's."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from estafette.model import Hook, Sender
from estafette.store.schema import applications, members, services


class Route(NamedTuple):
    """Who is told, who is told where that fails, and the pool that it came through."""

    hook: Hook
    fallback: Hook
    service: str = ""


def of(conn: Connection, sender: Sender) -> Route:
    """Who is told what is written to this sender; a hook without a URL for nobody.

    A service that does not leave it to its senders comes first, then an application, then the
    sender itself.
    """
    service, settings = _service(conn, sender.id)
    if service and not settings.get("use_inbound_webhook_on_number"):
        hook = _hook(settings, "inbound_request_url", "inbound_method")
        return Route(hook, _hook(settings, "fallback_url", "fallback_method"), service)
    shared = _application(conn, sender)
    if shared is None:
        return Route(sender.inbound, sender.fallback, service)
    hook = _hook(shared, "sms_url", "sms_method")
    return Route(hook, _hook(shared, "sms_fallback_url", "sms_fallback_method"), service)


def _service(conn: Connection, sender: str) -> tuple[str, Mapping[str, Any]]:
    """The pool that a sender is in, with its settings; empty where it is in none."""
    found = conn.execute(
        select(services.c.id, services.c.settings)
        .join(members, members.c.service == services.c.id)
        .where(members.c.sender == sender)
        .order_by(services.c.id)
    ).first()
    return (found[0], _read(found[1])) if found else ("", {})


def _application(conn: Connection, sender: Sender) -> Mapping[str, Any] | None:
    """The settings of a sender's application; None where it has none, or it is gone."""
    if not sender.application:
        return None
    mine = (applications.c.id == sender.application) & (applications.c.account == sender.account)
    found = conn.execute(select(applications.c.settings).where(mine)).first()
    return _read(found[0]) if found else None


def _read(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _hook(settings: Mapping[str, Any], url: str, method: str) -> Hook:
    asked = str(settings.get(method) or "POST").upper()
    return Hook(str(settings.get(url) or ""), "GET" if asked == "GET" else "POST")
