"""What a number shows of the business behind it, and its settings: kept, and told to no carrier."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from estafette.core.core import Core
from estafette.core.phones import kept
from estafette.core.url import is_url
from estafette.doors.whatsapp.errors import Refusal, wrong
from estafette.doors.whatsapp.fields import (
    PRODUCT,
    check_product,
    list_of,
    object_of,
    text_of,
    wanted,
)
from estafette.doors.whatsapp.requests import SUCCESS, Call
from estafette.model import Channel, Sender

#: The texts of a profile, and how many characters each may have.
TEXTS = {"about": 139, "address": 256, "description": 512, "email": 128}
_FIELDS = (*TEXTS, "profile_picture_url", "websites", "vertical", "messaging_product")
_MOST_SITES, _LONGEST_SITE = 2, 256
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
#: What a business may be in, as people are shown it.
VERTICALS = frozenset(
    (
        "UNDEFINED", "OTHER", "AUTO", "BEAUTY", "APPAREL", "EDU", "ENTERTAIN", "EVENT_PLAN",
        "FINANCE", "GROCERY", "GOVT", "HOTEL", "HEALTH", "NONPROFIT", "PROF_SERVICES", "RETAIL",
        "TRAVEL", "RESTAURANT", "NOT_A_BIZ", "ALCOHOL", "ONLINE_GAMBLING", "PHYSICAL_GAMBLING",
        "OTC_DRUGS", "MATRIMONY_SERVICE",
    )
)  # fmt: skip
#: Settings, and what they are where nobody has set them.
SETTINGS: Mapping[str, Any] = {
    "calling": None,
    "storage_configuration": {"status": "DEFAULT"},
    "user_identity_change": {"enable_identity_key_check": False},
    "payload_encryption": None,
}
_LONGEST = 8192  # bytes of settings: they are read with every message


class Profiles:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/{phone}/whatsapp_business_profile", "show"),
        ("POST", "/{phone}/whatsapp_business_profile", "change"),
        ("GET", "/{phone}/settings", "settings"),
        ("POST", "/{phone}/settings", "set"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def show(self, call: Call) -> dict[str, Any]:
        """What is shown of the business."""
        sender = await self._phone(call)
        names = wanted(call.query, _FIELDS, _FIELDS, "WhatsAppBusinessProfile")
        usual = {"vertical": "UNDEFINED", "messaging_product": PRODUCT}
        known = {**usual, **(kept(sender).get("profile") or {})}
        return {"data": [{name: known[name] for name in names if known.get(name)}]}

    async def change(self, call: Call) -> dict[str, Any]:
        """Show something else of the business; what is not given stays, and an empty text goes."""
        sender = await self._phone(call)
        check_product(call.body)
        before = kept(sender).get("profile") or {}
        after = {**before, **_profile(call.body)}
        await self._core.phones.keep(
            sender, profile={name: value for name, value in after.items() if value}
        )
        return SUCCESS

    async def settings(self, call: Call) -> dict[str, Any]:
        """The settings of a number."""
        sender = await self._phone(call)
        names = wanted(call.query, SETTINGS, tuple(SETTINGS), "WhatsAppBusinessPhoneNumberSettings")
        known = {**SETTINGS, **(kept(sender).get("settings") or {})}
        return {name: known[name] for name in names if known[name] is not None}

    async def set(self, call: Call) -> dict[str, Any]:
        """Change settings, each as a whole. They are kept, and change nothing of what is sent; what has
        another name is left as it is.
        """
        sender = await self._phone(call)
        given = {name: object_of(call.body, name) for name in SETTINGS}
        after = {**(kept(sender).get("settings") or {})}
        after |= {name: value for name, value in given.items() if value is not None}
        if len(msgspec.json.encode(after)) > _LONGEST:
            raise Refusal(100, message=f"(#100) Settings have at most {_LONGEST} bytes.")
        await self._core.phones.keep(sender, settings=after)
        return SUCCESS

    async def _phone(self, call: Call) -> Sender:
        """The number that the path names. Raises Unknown."""
        ref = call.holes["phone"]
        return await self._core.senders.by_ref(call.account.sid, Channel.WHATSAPP, ref)


def _profile(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a body gives of a profile. Raises Refusal."""
    if body.get("profile_picture_handle"):
        text = "(#100) Param profile_picture_handle: pictures are not uploaded here."
        raise Refusal(100, message=text)
    found: dict[str, Any] = {name: text_of(body, name, most) for name, most in TEXTS.items()}
    if found["email"] and not _EMAIL.fullmatch(found["email"]):
        raise wrong("email", "must be an email address")
    found["vertical"] = (text_of(body, "vertical", 64) or "").upper() or None
    if found["vertical"] and found["vertical"] not in VERTICALS:
        raise wrong("vertical", f"must be one of: {', '.join(sorted(VERTICALS))}")
    found["websites"] = _websites(body)
    found["profile_picture_url"] = text_of(body, "profile_picture_url", 2048)
    if found["profile_picture_url"] and not is_url(found["profile_picture_url"]):
        raise wrong("profile_picture_url", "must begin with http:// or https://")
    return {name: value for name, value in found.items() if value is not None}


def _websites(body: Mapping[str, Any]) -> list[str] | None:
    sites = list_of(body, "websites", _MOST_SITES)
    if sites is None:
        return None
    read = [text_of({"websites": site}, "websites", _LONGEST_SITE) or "" for site in sites]
    for site in filter(None, read):
        if not is_url(site):
            raise wrong("websites", "must begin with http:// or https://")
    return [site for site in read if site]
