"""Which address is told what happens in a business account, or in all that an app has."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.whatsapp.accounts import Accounts
from estafette.doors.whatsapp.auth import app_secret
from estafette.doors.whatsapp.errors import Refusal, unknown, wrong
from estafette.doors.whatsapp.fields import list_of, text_of
from estafette.doors.whatsapp.overrides import (
    DOOR,
    EVENTS,
    MESSAGES,
    NOTHING,
    Overrides,
    read_callback,
)
from estafette.doors.whatsapp.requests import SUCCESS, VERSION, Call
from estafette.model import Subscription
from estafette.model.meta import VERSION as CURRENT
from estafette.model.subscription import ANY_SENDER

OBJECT = "whatsapp_business_account"
_APP = re.compile(r"[0-9]{1,32}")
_FIELD = re.compile(r"[a-z0-9_]{1,64}")
_MOST_FIELDS = 100


class Subscriptions:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/{waba}/subscribed_apps", "apps"),
        ("POST", "/{waba}/subscribed_apps", "override"),
        ("DELETE", "/{waba}/subscribed_apps", "restore"),
        ("GET", "/{app}/subscriptions", "app"),
        ("POST", "/{app}/subscriptions", "subscribe"),
        ("DELETE", "/{app}/subscriptions", "unsubscribe"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._accounts = Accounts(core)
        self._overrides = Overrides(core)

    async def apps(self, call: Call) -> dict[str, Any]:
        """The app that is told of a business account, and the address that comes before its own."""
        await self._waba(call)
        return {"data": await self._overrides.apps(call.account)}

    async def override(self, call: Call) -> dict[str, Any]:
        """Have an address told of a business account before that of the app; without one, the app's."""
        waba = await self._waba(call)
        await self._overrides.put_waba(call.account, waba, {**call.query, **call.body})
        return SUCCESS

    async def restore(self, call: Call) -> dict[str, Any]:
        """Take away the address that came before the app's."""
        await self._waba(call)
        await self._overrides.remove(call.account, ANY_SENDER)
        return SUCCESS

    async def app(self, call: Call) -> dict[str, Any]:
        """The address of the app, and what it is told."""
        _app(call)
        found = (await self._overrides.every(call.account.sid)).get("")
        if found is None:
            return {"data": []}
        matched = VERSION.match(call.request.scope["path"])
        version = matched[0][1:] if matched else CURRENT
        fields = [{"name": name, "version": version} for name in _fields_of(found)]
        shape = {"object": OBJECT, "callback_url": found.url, "active": found.disabled_at is None}
        return {"data": [{**shape, "fields": fields}]}

    async def subscribe(self, call: Call) -> dict[str, Any]:
        """Have the address of an app told of whatever has no address of its own."""
        app, body = _app(call), {**call.query, **call.body}
        if _object(body) is None:
            raise Refusal(100, message="(#100) The parameter object is required.")
        fields = _fields(body) or [MESSAGES]
        asked = read_callback(body)
        secret = app_secret(call.request) if call.credential.key else ""
        await self._overrides.put_app(call.account, app, asked, fields, secret)
        return SUCCESS

    async def unsubscribe(self, call: Call) -> dict[str, Any]:
        """Tell the address of an app nothing more, or nothing more of some fields."""
        body = {**call.query, **call.body}
        _app(call)
        _object(body)
        gone = _fields(body)
        found = (await self._overrides.every(call.account.sid)).get("")
        if found is None:
            return SUCCESS
        left = [name for name in _fields_of(found) if name not in gone] if gone else []
        if left:
            await self._core.subscriptions.change(
                call.account.sid,
                found.id,
                door=DOOR,
                event=EVENTS if MESSAGES in left else NOTHING,
                details={**found.details, "fields": left},
            )
        else:
            await self._overrides.remove(call.account, "")
        return SUCCESS

    async def _waba(self, call: Call) -> str:
        """The business account that the path names. Raises Refusal."""
        id = call.holes["waba"]
        if not await self._accounts.has(call, id):
            raise unknown(id, call.request.method.lower())
        return id


def _app(call: Call) -> str:
    """The app that the path names: an account has one, by any number that it calls it."""
    id = call.holes["app"]
    if not _APP.fullmatch(id):
        raise unknown(id, call.request.method.lower())
    return id


def _object(body: Mapping[str, Any]) -> str | None:
    """What it is about; None where that is not said. Raises Refusal for anything else than ours."""
    said = text_of(body, "object", 64)
    if said and said != OBJECT:
        raise Refusal(100, message=f"(#100) Param object must be {OBJECT}.")
    return said or None


def _fields(body: Mapping[str, Any]) -> list[str]:
    """The fields that a request names: with commas between them, or a list. Raises Refusal."""
    value = body.get("fields")
    if isinstance(value, str) and not value.lstrip().startswith("["):
        names: list[Any] = [part.strip() for part in value.split(",") if part.strip()]
    else:
        names = list_of(body, "fields", _MOST_FIELDS) or []
    if len(names) > _MOST_FIELDS:
        raise wrong("fields", f"must have at most {_MOST_FIELDS} names")
    if not all(isinstance(name, str) and _FIELD.fullmatch(name) for name in names):
        raise wrong("fields", "must be names of webhook fields")
    return list(dict.fromkeys(names))


def _fields_of(found: Subscription) -> list[str]:
    """The fields that a subscription was made for."""
    return [str(name) for name in found.details.get("fields") or [MESSAGES]]
