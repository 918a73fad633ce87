"""The numbers of a business account: what is known of them, their registration and their settings."""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any, ClassVar

from estafette.core.connections import PRETENDS
from estafette.core.core import Core
from estafette.core.phones import WrongPin, has_pin, is_registered, kept
from estafette.doors.whatsapp.accounts import Accounts, pick
from estafette.doors.whatsapp.errors import Refusal, unknown, wrong
from estafette.doors.whatsapp.fields import check_product, list_of, object_of, text_of, wanted
from estafette.doors.whatsapp.overrides import Overrides
from estafette.doors.whatsapp.paging import asked_of, page
from estafette.doors.whatsapp.requests import SUCCESS, Call
from estafette.model import Channel, Sender, Unknown
from estafette.model.address import shown
from estafette.model.number import country_of

NODE = "WhatsAppBusinessPhoneNumber"
#: What is told where nobody says what they want to know.
USUAL = (
    "verified_name", "code_verification_status", "display_phone_number", "quality_rating",
    "platform_type", "throughput", "last_onboarded_time", "webhook_configuration", "id",
)  # fmt: skip
#: What may be asked for. Of some nothing is ever known here: they are left out of the answer.
KNOWN = frozenset(
    (
        *USUAL, "status", "name_status", "new_name_status", "health_status", "account_mode",
        "whatsapp_business_manager_messaging_limit", "messaging_limit_tier", "is_pin_enabled",
        "is_official_business_account", "is_on_biz_app", "is_preverified_number", "quality_score",
        "conversational_automation", "country_code", "country_dial_code", "search_visibility",
        "eligibility_for_api_business_global_search", "certificate", "new_certificate", "username",
        "host_platform", "unified_cert_status", "new_display_name", "official_business_account",
        "last_onboarded", "display_name", "data_localization_region",
    )
)  # fmt: skip
_DIGITS = re.compile(r"[0-9]{6}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z]{2,4})?")
_METHODS = ("SMS", "VOICE")
_REGION = re.compile(r"[A-Za-z]{2}")
_STANDARD = 80  # messages a second of a number that was not raised
_PIN_MISMATCH = 133005
_LONGEST_NAME = 512  # characters


class Phones:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/{waba}/phone_numbers", "phones"),
        ("POST", "/{phone}/register", "register"),
        ("POST", "/{phone}/deregister", "deregister"),
        ("POST", "/{phone}/request_code", "request_code"),
        ("POST", "/{phone}/verify_code", "verify_code"),
        ("GET", "/{phone}/conversational_automation", "automation"),
        ("POST", "/{phone}/conversational_automation", "automate"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._accounts = Accounts(core)
        self._overrides = Overrides(core)

    async def show(self, call: Call, id: str) -> Any:
        """What is known of a number or of a business account; None where the id is of neither."""
        sender = await self._find(call, id)
        if sender is None:
            return await self._accounts.show(call, id)
        names = wanted(call.query, KNOWN, USUAL, NODE)
        return pick(await self._shape(sender), names)

    async def change(self, call: Call, id: str) -> Any:
        """Change what is told where of a number, its name, or its PIN; what else is asked for is left as
        it is. None where there is no such number.
        """
        sender = await self._find(call, id)
        if sender is None:
            return await self._accounts.change(call, id)
        body = {**call.query, **call.body}
        told = object_of(body, "webhook_configuration")
        name = text_of(body, "new_display_name", _LONGEST_NAME)
        pin = _pin(body) if body.get("pin") is not None else ""
        if told is not None:
            await self._overrides.put_phone(call.account, sender, told)
        if name:
            await self._core.senders.change(call.account.sid, sender.id, title=name)
        if pin:
            await self._core.phones.set_pin(sender, pin)
        return SUCCESS

    async def remove(self, call: Call, id: str) -> Any:
        """A number cannot be deleted here; None where the id is of none."""
        if await self._find(call, id) is None:
            return None
        text = "(#100) A phone number is given back with DELETE /api/senders/{id}, not here."
        raise Refusal(100, message=text)

    async def phones(self, call: Call) -> dict[str, Any]:
        """The numbers of a business account, in the order of their addition."""
        names = wanted(call.query, KNOWN, USUAL, NODE)
        every = await self._accounts.senders(call, call.holes["waba"])
        asked = asked_of(call)
        refs = [sender.ref for sender in every]
        start = refs.index(asked.after) + 1 if asked.after in refs else 0
        end = min(start + asked.limit, len(every))
        if asked.before in refs:
            end = refs.index(asked.before)
            start = max(0, end - asked.limit)
        data = [pick(await self._shape(sender), names) for sender in every[start:end]]
        return page(
            call,
            self._core.public_url,
            data,
            refs[start:end],
            has_next=end < len(every),
            has_previous=start > 0,
        )

    async def register(self, call: Call) -> dict[str, Any]:
        """Let messages be sent from a number; the first PIN that is given becomes its own."""
        sender = await self._phone(call)
        check_product(call.body)
        region = text_of(call.body, "data_localization_region", 2)
        if region and not _REGION.fullmatch(region):
            raise wrong("data_localization_region", "must be a country of two letters")
        try:
            await self._core.phones.register(sender, _pin(call.body))
        except WrongPin:
            raise Refusal(_PIN_MISMATCH, "it is not the PIN of this number") from None
        return SUCCESS

    async def deregister(self, call: Call) -> dict[str, Any]:
        """Let nothing be sent from a number until it is registered again."""
        await self._core.phones.deregister(await self._phone(call))
        return SUCCESS

    async def request_code(self, call: Call) -> dict[str, Any]:
        """Have a code sent to prove whose number it is. None is: here the number is proved already."""
        await self._phone(call)
        asked = {**call.query, **call.body}
        method = text_of(asked, "code_method", 16, needed=True) or ""
        if method.upper() not in _METHODS:
            raise wrong("code_method", "must be SMS or VOICE")
        language = text_of(asked, "language", 16, needed=True) or ""
        if not _LANGUAGE.fullmatch(language):
            raise wrong("language", "must be the code of a language, such as en_US")
        return SUCCESS

    async def verify_code(self, call: Call) -> dict[str, Any]:
        """Prove whose number it is: any six digits do."""
        await self._phone(call)
        code = text_of({**call.query, **call.body}, "code", 16, needed=True) or ""
        if not _DIGITS.fullmatch(code.replace("-", "")):
            raise wrong("code", "must be six digits")
        return SUCCESS

    async def automation(self, call: Call) -> dict[str, Any]:
        """What people are shown who have not written yet, and the commands that they can choose."""
        sender = await self._phone(call)
        return {"data": [_automation(sender)]}

    async def automate(self, call: Call) -> dict[str, Any]:
        """Set that; what is not given stays."""
        sender = await self._phone(call)
        body = {**call.query, **call.body}
        kept_before = kept(sender).get("automation") or {}
        parts: dict[str, Any] = {}
        if (prompts := list_of(body, "prompts", 4)) is not None:
            parts["prompts"] = [text_of({"prompts": one}, "prompts", 80) or "" for one in prompts]
        if (commands := list_of(body, "commands", 30)) is not None:
            parts["commands"] = [_command(one) for one in commands]
        if (welcome := body.get("enable_welcome_message")) is not None:
            parts["enable_welcome_message"] = str(welcome).lower() == "true"
        await self._core.phones.keep(sender, automation={**kept_before, **parts})
        return SUCCESS

    async def _find(self, call: Call, id: str) -> Sender | None:
        """The number of this id; None where the account has none."""
        try:
            return await self._core.senders.by_ref(call.account.sid, Channel.WHATSAPP, id)
        except Unknown:
            return None

    async def _phone(self, call: Call) -> Sender:
        """The number that the path names. Raises Refusal."""
        found = await self._find(call, call.holes["phone"])
        if found is None:
            raise unknown(call.holes["phone"], call.request.method.lower())
        return found

    async def _shape(self, sender: Sender) -> dict[str, Any]:
        """All that is known of a number."""
        waba = await self._core.business.of_sender(sender)
        connection, _ = await self._core.connections.find(sender.connection)
        is_there = is_registered(sender)
        state = "AVAILABLE" if is_there and not connection.parked_at else "BLOCKED"
        is_raised = sender.max_per_second > _STANDARD
        account = await self._core.people.account(sender.account)
        number = shown(sender.address)
        return {
            "id": sender.ref,
            "display_phone_number": number,
            "verified_name": sender.title or account.name,
            "quality_rating": "GREEN",
            "quality_score": {"score": "GREEN"},
            "status": "CONNECTED" if is_there else "DISCONNECTED",
            "throughput": {"level": "HIGH" if is_raised else "STANDARD"},
            "name_status": "APPROVED",
            "new_name_status": "NONE",
            "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API" if is_there else "NOT_APPLICABLE",
            "account_mode": "SANDBOX" if connection.provider == PRETENDS else "LIVE",
            "is_official_business_account": False,
            "is_on_biz_app": False,
            "is_preverified_number": False,
            "is_pin_enabled": has_pin(sender),
            "messaging_limit_tier": "TIER_UNLIMITED",
            "whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED",
            "country_code": country_of(sender.address) or None,
            "country_dial_code": number.partition(" ")[0].lstrip("+"),
            "last_onboarded_time": f"{sender.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000",
            "health_status": _health(sender, waba, state),
            "conversational_automation": _automation(sender),
            "webhook_configuration": await self._overrides.shape(sender),
        }


def _pin(body: Mapping[str, Any]) -> str:
    pin = text_of(body, "pin", 64, needed=True) or ""
    if not _DIGITS.fullmatch(pin):
        raise wrong("pin", "must be six digits")
    return pin


def _health(sender: Sender, waba: str, state: str) -> dict[str, Any]:
    """Whether messages can be sent, and what stands in their way."""
    entities = [
        {"entity_type": "PHONE_NUMBER", "id": sender.ref, "can_send_message": state},
        {"entity_type": "WABA", "id": waba, "can_send_message": "AVAILABLE"},
    ]
    return {"can_send_message": state, "entities": entities}


def _automation(sender: Sender) -> dict[str, Any]:
    usual = {"enable_welcome_message": False, "prompts": [], "commands": []}
    return {**usual, **(kept(sender).get("automation") or {}), "id": sender.ref}


def _command(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise wrong("commands", "must be objects with command_name and command_description")
    return {
        "command_name": text_of(value, "command_name", 32, needed=True) or "",
        "command_description": text_of(value, "command_description", 256, needed=True) or "",
    }
