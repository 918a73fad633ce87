"""An application: webhooks that several senders and messages share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

#: What an application is set to where nobody says otherwise. Absent text is empty.
DEFAULTS: Mapping[str, Any] = {
    "sms_url": "",
    "sms_method": "POST",
    "sms_fallback_url": "",
    "sms_fallback_method": "POST",
    "sms_status_callback": "",
    "message_status_callback": "",
    "voice_url": "",
    "voice_method": "POST",
    "voice_fallback_url": "",
    "voice_fallback_method": "POST",
    "voice_caller_id_lookup": False,
    "status_callback": "",
    "status_callback_method": "POST",
    "public_application_connect_enabled": False,
}


class Application(Struct, frozen=True, kw_only=True):
    """Webhooks under one name. `settings` has every key of DEFAULTS."""

    id: str
    account: str
    name: str
    settings: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
