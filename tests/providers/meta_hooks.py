"""What Meta tells, in the form of 2026 and in the one before, with numbers and ids of our own."""

from typing import Any

WABA, PHONE, SHOWN = "300000000000031", "200000000000014", "14155550114"
NUMBER, USER_ID = "14155550177", "US.70000000000000000077"
THEIRS, OURS = "wamid.HBgLAAA1", "wamid.HBgLBBB2"
AT = 1_790_000_000

#: What people send: the kind, and what stands beside who wrote it and when.
WRITTEN: dict[str, dict[str, Any]] = {
    "text": {"type": "text", "text": {"body": "Are you open?"}},
    "answer": {
        "type": "text",
        "text": {"body": "Yes"},
        "context": {"from": SHOWN, "id": OURS},
    },
    "forwarded": {"type": "text", "text": {"body": "See"}, "context": {"forwarded": True}},
    "often forwarded": {
        "type": "text",
        "text": {"body": "See"},
        "context": {"frequently_forwarded": True},
    },
    "product": {
        "type": "text",
        "text": {"body": "How much?"},
        "context": {"referred_product": {"catalog_id": "41", "product_retailer_id": "hat-2"}},
    },
    "ad": {
        "type": "text",
        "text": {"body": "More"},
        "referral": {"source_url": "https://shop.example", "source_type": "ad", "source_id": "5"},
    },
    "group": {"type": "text", "text": {"body": "All"}, "group_id": "R1JPVVAtNw=="},
    "image": {
        "type": "image",
        "image": {
            "id": "501",
            "mime_type": "image/jpeg",
            "sha256": "x",
            "caption": "Roof",
            "url": "https://cdn.example/501",
        },
    },
    "video": {"type": "video", "video": {"id": "502", "mime_type": "video/mp4", "sha256": "x"}},
    "voice": {
        "type": "audio",
        "audio": {"id": "503", "mime_type": "audio/ogg; codecs=opus", "voice": True},
    },
    "document": {
        "type": "document",
        "document": {"id": "504", "mime_type": "application/pdf", "filename": "a.pdf"},
    },
    "sticker": {
        "type": "sticker",
        "sticker": {"id": "505", "mime_type": "image/webp", "animated": False},
    },
    "location": {"type": "location", "location": {"latitude": 45.5, "longitude": -73.6}},
    "contacts": {"type": "contacts", "contacts": [{"name": {"formatted_name": "Bea"}}]},
    "reaction": {"type": "reaction", "reaction": {"message_id": OURS, "emoji": "🙂"}},
    "reaction removed": {"type": "reaction", "reaction": {"message_id": OURS}},
    "button reply": {
        "type": "interactive",
        "interactive": {"type": "button_reply", "button_reply": {"id": "y", "title": "Sure"}},
    },
    "list reply": {
        "type": "interactive",
        "interactive": {"type": "list_reply", "list_reply": {"id": "r", "title": "Second"}},
    },
    "flow reply": {
        "type": "interactive",
        "interactive": {
            "type": "nfm_reply",
            "nfm_reply": {"name": "flow", "body": "Sent", "response_json": '{"a": 1}'},
        },
    },
    "button": {"type": "button", "button": {"payload": "STOP-7", "text": "No more"}},
    "order": {"type": "order", "order": {"catalog_id": "41", "text": "Two", "product_items": []}},
    "edit": {
        "type": "edit",
        "edit": {
            "original_message_id": "wamid.HBgLCCC3",
            "message": {"type": "text", "text": {"body": "Are you closed?"}},
        },
    },
    "revoke": {"type": "revoke", "revoke": {"original_message_id": "wamid.HBgLCCC3"}},
    "unsupported": {
        "type": "unsupported",
        "unsupported": {"type": "poll"},
        "errors": [{"code": 131051, "title": "Unknown", "error_data": {"details": "A poll."}}],
    },
    "too large": {"type": "unsupported", "errors": [{"code": 131052, "title": "Too big"}]},
}

#: The texts that they come to.
BODIES = {
    "text": "Are you open?", "answer": "Yes", "forwarded": "See", "often forwarded": "See",
    "product": "How much?", "ad": "More", "group": "All", "image": "Roof", "reaction": "🙂",
    "button reply": "Sure", "list reply": "Second", "flow reply": "Sent", "button": "No more",
    "order": "Two", "edit": "Are you closed?",
}  # fmt: skip


def body(*changes: tuple[str, Any], **entry: Any) -> dict[str, Any]:
    """One POST of several changes: their fields and values."""
    made = [{"field": field, "value": value} for field, value in changes]
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": WABA, **entry, "changes": made}],
    }


def value(*, is_new: bool, **parts: Any) -> dict[str, Any]:
    """The value of a change of the field `messages`."""
    person: dict[str, Any] = {"profile": {"name": "Bea"}, "wa_id": NUMBER}
    people = {"contacts": [{**person, "user_id": USER_ID} if is_new else person]}
    metadata = {"display_phone_number": SHOWN, "phone_number_id": PHONE}
    return {
        "messaging_product": "whatsapp", "metadata": metadata,
        **(people if is_new or "messages" in parts else {}), **parts,
    }  # fmt: skip


def written(kind: str, *, is_new: bool, id: str = THEIRS, **more: Any) -> dict[str, Any]:
    """What somebody wrote, as one POST."""
    who = {"from": NUMBER, **({"from_user_id": USER_ID} if is_new else {})}
    message = {**who, "id": id, "timestamp": str(AT), **WRITTEN[kind], **more}
    return body(("messages", value(is_new=is_new, messages=[message])))


def status(word: str, *, is_new: bool, **more: Any) -> dict[str, Any]:
    """What became of a message, as one POST."""
    one = {"id": OURS, "status": word, "timestamp": str(AT), "recipient_id": NUMBER}
    who = {"recipient_user_id": USER_ID} if is_new else {}
    return body(("messages", value(is_new=is_new, statuses=[{**one, **who, **more}])))


def error(code: int, title: str = "Something", details: str = "Because.") -> dict[str, Any]:
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}}


def template(field: str, **more: Any) -> dict[str, Any]:
    """What became of a template, as one POST."""
    named = {
        "message_template_id": 61,
        "message_template_name": "ready",
        "message_template_language": "en_US",
    }
    return body((field, {**named, **more}), time=AT)
