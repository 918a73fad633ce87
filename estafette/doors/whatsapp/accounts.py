"""The business account of an account, and which of its numbers belong to which."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from estafette.core.core import Core
from estafette.doors.whatsapp.errors import Refusal, unknown
from estafette.doors.whatsapp.fields import wanted
from estafette.doors.whatsapp.overrides import Overrides
from estafette.doors.whatsapp.requests import Call
from estafette.model import Channel, Sender

NODE = "WhatsAppBusinessAccount"
USUAL = ("id", "name", "currency", "timezone_id", "message_template_namespace")
#: What may be asked for. Of some nothing is ever known here: they are left out of the answer.
KNOWN = frozenset(
    (
        *USUAL, "status", "account_review_status", "business_verification_status", "ownership_type",
        "health_status", "subscribed_apps", "country", "is_enabled_for_insights",
        "on_behalf_of_business_info", "owner_business_info", "owner_business", "creation_time",
        "marketing_messages_lite_api_status", "marketing_messages_onboarding_status",
        "disable_marketing_messages_on_cloud_api", "primary_funding_id", "purchase_order_number",
        "auth_international_rate_eligibility", "primary_business_location", "is_shared_with_partners",
        "linked_commerce_account", "timezone", "whatsapp_business_manager_messaging_limit",
    )
)  # fmt: skip
_TIMEZONE = "0"  # as Graph counts them: none that is known


class Accounts:
    """Business accounts, as far as a question comes from one of theirs."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._overrides = Overrides(core)

    async def senders(self, call: Call, id: str) -> Sequence[Sender]:
        """The numbers of a business account. Raises Refusal where it is not the account's."""
        every = await self._core.senders.list(call.account.sid, Channel.WHATSAPP)
        mine = [one for one in every if await self._core.business.of_sender(one) == id]
        if not mine and id != await self._core.business.of(call.account.sid):
            raise unknown(id, call.request.method.lower())
        return mine

    async def has(self, call: Call, id: str) -> bool:
        """Whether an id is that of a business account of the caller's."""
        every = await self._core.senders.list(call.account.sid, Channel.WHATSAPP)
        return id in await self._core.business.every(call.account.sid, every)

    async def show(self, call: Call, id: str) -> Any:
        """What is known of a business account; None where the id is of none."""
        if not await self.has(call, id):
            return None
        names = wanted(call.query, KNOWN, USUAL, NODE)
        entity = {"entity_type": "WABA", "id": id, "can_send_message": "AVAILABLE"}
        shape: dict[str, Any] = {
            "id": id,
            "name": call.account.name,
            "currency": "USD",
            "timezone_id": _TIMEZONE,
            "message_template_namespace": str(uuid5(NAMESPACE_URL, id)).replace("-", "_"),
            "status": "ACTIVE",
            "account_review_status": "APPROVED",
            "business_verification_status": "not_verified",
            "ownership_type": "SELF",
            "health_status": {"can_send_message": "AVAILABLE", "entities": [entity]},
            "is_enabled_for_insights": False,
            "whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED",
        }
        if "subscribed_apps" in names:
            shape["subscribed_apps"] = {"data": await self._overrides.apps(call.account)}
        return pick(shape, names)

    async def change(self, call: Call, id: str) -> Any:
        """Nothing of a business account can be changed here; None where the id is of none."""
        if not await self.has(call, id):
            return None
        raise Refusal(100, message="(#100) Nothing of a business account can be changed here.")


def pick(shape: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The fields of these names that have a value, and the id."""
    found = {name: shape[name] for name in names if shape.get(name) is not None}
    return {**found, "id": shape["id"]}
