"""The provider meta: whom it believes, and what it understands."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.model import Approval, Channel, Incoming, Inward, Reason, Receipt, Status
from estafette.model.webhook import Note, Told, read
from estafette.providers.meta import Meta
from tests.providers.meta_hooks import (
    AT,
    BODIES,
    NUMBER,
    OURS,
    PHONE,
    SHOWN,
    THEIRS,
    USER_ID,
    WRITTEN,
    body,
    error,
    status,
    template,
    value,
    written,
)

OUR_ID = "0" * 31 + "7"
MEDIA = {"image": "501", "video": "502", "voice": "503", "document": "504", "sticker": "505"}
META = Meta(token="a-token", app_secret="a-secret-for-tests", verify_token="a-word-for-tests")
PLAIN = Meta(token="a-token")

both_forms = pytest.mark.parametrize("is_new", [True, False], ids=["2026", "before"])


def told(of: dict[str, Any]) -> Told:
    return read(json.dumps(of).encode())


def one_of(of: dict[str, Any]) -> Any:
    """The one fact that a body tells."""
    found = told(of)
    (fact,) = found.facts
    assert not found.notes
    return fact


def inward(method: str = "POST", *, query: str = "", sent: bytes = b"", **headers: str) -> Inward:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Inward(
        method=method, url="http://x/in/meta/meta", tail="", query=query, headers=named, body=sent
    )


# Whom it believes


def test_a_challenge_is_answered_to_who_knows_the_word() -> None:
    asked = "hub.mode=subscribe&hub.challenge=4711&hub.verify_token="
    assert META.greet(inward("GET", query=f"{asked}a-word-for-tests")) == b"4711"
    for query in (f"{asked}another", asked, "", asked.replace("subscribe", "x") + "a-word-for-tests",
                  f"{asked}%ff%00", "hub.challenge=4711&hub.verify_token=a-word-for-tests"):  # fmt: skip
        assert META.greet(inward("GET", query=query)) is None
        assert not META.verify(inward("GET", query=query))
    assert META.greet(inward(query=f"{asked}a-word-for-tests")) is None
    assert META.greet(inward("GET", query="a=1&" * 1000 + asked + "a-word-for-tests")) is None
    assert PLAIN.greet(inward("GET", query=asked)) is None


def test_a_signature_is_made_over_the_body_as_it_came() -> None:
    sent = (
        b'{"object":"whatsapp_business_account","entry":[{"id":"300000000000031","changes":'
        b'[{"value":{"metadata":{"phone_number_id":"200000000000014"},"messages":[]},'
        b'"field":"messages"}]}]}'
    )
    signature = "sha256=2da3d79899ba3c4681f85d3ef6631e6e3bcdbe59e2db913402ff7bcaaf08d4fe"
    assert META.verify(inward(sent=sent, x_hub_signature_256=signature))
    assert not META.verify(inward(sent=sent + b" ", x_hub_signature_256=signature))
    assert not PLAIN.verify(inward(sent=sent, x_hub_signature_256=signature))
    for wrong in ("", "sha256=", signature[7:], signature.upper(), "é" + signature):
        assert not META.verify(inward(sent=sent, x_hub_signature_256=wrong))
    assert not META.verify(inward(sent=sent))
    assert META.parse(inward(sent=sent)) == []


# What people write


@both_forms
@pytest.mark.parametrize("kind", WRITTEN)
def test_what_people_write(kind: str, is_new: bool) -> None:
    said = WRITTEN[kind]
    found = one_of(written(kind, is_new=is_new))
    assert isinstance(found, Incoming)
    assert (found.channel, found.sender, found.recipient) == (
        Channel.WHATSAPP, f"+{NUMBER}", PHONE,
    )  # fmt: skip
    assert (found.ref, found.name) == (THEIRS, "Bea")
    assert found.at == datetime.fromtimestamp(AT, UTC)
    assert found.user_id == (USER_ID if is_new else "")
    assert found.body == BODIES.get(kind, "")
    expected = {name: part for name, part in said.items() if name not in ("text", "type")}
    if said["type"] != "text":
        expected["type"] = said["type"]
    if is_new:
        expected["user_id"] = USER_ID
    if kind in MEDIA:
        assert found.media == (f"meta:{MEDIA[kind]}",)
        expected["media_types"] = [said[said["type"]]["mime_type"].partition(";")[0]]
    else:
        assert found.media == ()
    assert found.content == expected


def test_who_hides_their_number_is_known_by_another_name() -> None:
    parts = value(is_new=True, messages=[
        {"from_user_id": USER_ID, "id": THEIRS, "timestamp": str(AT), **WRITTEN["text"]}])  # fmt: skip
    parts["contacts"] = [{"profile": {"name": "Bea", "username": "bea.b"}, "user_id": USER_ID}]
    found = one_of(body(("messages", parts)))
    assert (found.sender, found.user_id) == (USER_ID, USER_ID)
    assert found.content == {"user_id": USER_ID, "username": "bea.b"}


@both_forms
def test_who_has_another_number_now(is_new: bool) -> None:
    system = {"type": "user_changed_number", "wa_id": "14155550178", "body": "Bea has another"}
    message = {"from": NUMBER, "id": THEIRS, "timestamp": str(AT), "type": "system"}
    parts = value(is_new=is_new, messages=[{**message, "system": system}])
    parts.pop("contacts", None)
    found = one_of(body(("messages", parts)))
    assert (found.sender, found.body) == (f"+{NUMBER}", "Bea has another")
    assert found.content == {"type": "system", "system": system}


def test_each_of_several_people_has_their_own_name() -> None:
    messages = [
        {"from": number, "id": f"wamid.{number}", "timestamp": str(AT), **WRITTEN["text"]}
        for number in ("14155550181", "14155550182", "14155550183")
    ]
    parts = value(is_new=True, messages=messages)
    parts["contacts"] = [
        {"wa_id": "14155550182", "profile": {"name": "Cem"}, "user_id": "US.2"},
        {"wa_id": "14155550181", "profile": {"name": "Dot"}},
    ]
    found = told(body(("messages", parts))).facts
    named = [(one.name, one.user_id) for one in found if isinstance(one, Incoming)]
    assert named == [("Dot", ""), ("Cem", "US.2"), ("", "")]


# What became of messages


@both_forms
@pytest.mark.parametrize(
    ("word", "comes_to"),
    [
        ("sent", Status.SENT),
        ("delivered", Status.DELIVERED),
        ("read", Status.READ),
        ("played", Status.READ),
    ],
)
def test_what_became_of_messages(word: str, comes_to: Status, is_new: bool) -> None:
    found = one_of(status(word, is_new=is_new, pricing={"billable": True}))
    assert found == Receipt(status=comes_to, ref=OURS, at=datetime.fromtimestamp(AT, UTC))
    named = one_of(status(word, is_new=is_new, biz_opaque_callback_data=OUR_ID))
    assert (named.message, named.ref) == (OUR_ID, OURS)
    theirs = one_of(status(word, is_new=is_new, biz_opaque_callback_data="order-42"))
    assert theirs.message == ""


@both_forms
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (131047, Reason.OUTSIDE_WINDOW),
        (131026, Reason.UNREACHABLE),
        (131049, Reason.BLOCKED),
        (131053, Reason.BAD_MEDIA),
        (131050, Reason.OPTED_OUT),
        (132015, Reason.OTHER),
        (999999, Reason.OTHER),
    ],
)
def test_what_failed(code: int, reason: Reason, is_new: bool) -> None:
    found = one_of(status("failed", is_new=is_new, errors=[error(code)]))
    assert (found.status, found.reason) == (Status.FAILED, reason)
    assert (found.code, found.text) == (str(code), "Something: Because.")


def test_what_failed_without_a_word() -> None:
    found = one_of(status("failed", is_new=True))
    assert (found.status, found.reason, found.code) == (Status.FAILED, Reason.OTHER, "")


def test_groups() -> None:
    group = {"recipient_type": "group", "recipient_participant_id": NUMBER}
    assert one_of(status("delivered", is_new=True, **group)).status is Status.DELIVERED
    assert told(status("failed", is_new=True, **group, errors=[error(131026)])).facts == []
    found = one_of(status("failed", is_new=True, recipient_type="group", errors=[error(131026)]))
    assert found.status is Status.FAILED


def test_batches_are_told_in_their_order() -> None:
    several = value(is_new=True, statuses=[
        {"id": f"wamid.{number}", "status": "sent", "timestamp": str(AT)} for number in range(3)
    ], messages=[{"from": NUMBER, "id": THEIRS, "timestamp": str(AT), **WRITTEN["image"]}],
        errors=[error(130429)])  # fmt: skip
    first = body(("messages", several), ("messages", several))
    second = template("message_template_status_update", event="APPROVED")
    found = told({**first, "entry": [*first["entry"], *second["entry"]]})
    one = [Receipt, Receipt, Receipt, Incoming]
    assert [type(fact) for fact in found.facts] == [*one, *one, Approval]
    assert found.notes == [Note("errors", "130429")] * 2


# Templates, and what nobody acts upon


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"event": "APPROVED", "reason": "NONE", "message_template_category": "UTILITY"},
            ("approved", "UTILITY", ""),
        ),
        (
            {"event": "REJECTED", "reason": "INVALID_FORMAT", "rejection_info": {"reason": "A {{"}},
            ("rejected", "", "INVALID_FORMAT: A {{"),
        ),
        ({"event": "PAUSED"}, ("paused", "", "")),
        ({"event": "REINSTATED"}, ("approved", "", "")),
        ({"event": "DISABLED", "message_template_category": "new"}, ("disabled", "", "")),
    ],
)
def test_templates(said: dict[str, Any], expected: tuple[str, str, str]) -> None:
    found = one_of(template("message_template_status_update", **said))
    assert (found.name, found.language) == ("ready", "en_US")
    assert (found.status, found.category, found.reason) == expected


def test_a_template_of_another_category() -> None:
    changed = {"previous_category": "UTILITY", "new_category": "MARKETING"}
    found = one_of(template("template_category_update", **changed))
    assert (found.name, found.status, found.category) == ("ready", "", "MARKETING")


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        (template("message_template_status_update", event="FLAGGED"), "FLAGGED"),
        (template("message_template_quality_update", new_quality_score="RED"), ""),
        (body(("phone_number_quality_update", {"event": "THROUGHPUT_UPGRADE"})), None),
        (body(("business_capability_update", {"max_phone_numbers_per_business": 9})), ""),
        (body(("account_update", {"event": "ACCOUNT_VIOLATION"})), "ACCOUNT_VIOLATION"),
        (body(("user_preferences", {"user_preferences": [{"value": "stop"}]})), ""),
        (body(("messages", value(is_new=True, errors=[error(130429)]))), "130429"),
        (body(("what_comes_next", {"event": "NEW"})), "NEW"),
    ],
)
def test_what_nobody_acts_upon(asked: dict[str, Any], note: str | None) -> None:
    found = told(asked)
    assert found.facts == []
    (only,) = found.notes
    if note is not None:
        assert only.event == note


# Whatever it is


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5000, b"1" * 9000,
        b'{"object":"page","entry":[{"changes":[{"field":"messages","value":{}}]}]}',
        b'{"object":"whatsapp_business_account","entry":{"changes":1}}',
        b'{"object":"whatsapp_business_account","entry":[null,1,{"changes":[null,{"value":[]}]}]}',
    ],
)  # fmt: skip
def test_what_is_none_of_metas_tells_nothing(sent: bytes) -> None:
    assert read(sent).facts == []


def test_half_a_character_loses_nothing() -> None:
    said = json.dumps(written("text", is_new=True)).replace("Are you", r"\ud83d you")
    (found,) = read(said.encode()).facts
    assert isinstance(found, Incoming)
    assert found.body == "? you open?"
    assert read(json.dumps(written("text", is_new=True)).replace("Are", r"\u0000").encode()).facts


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_parts_of_the_wrong_type_break_nothing(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([*WRITTEN]))
    whole = data.draw(
        st.sampled_from(
            [
                written(kind, is_new=True),
                status("failed", is_new=True, errors=[error(131047)]),
                template("message_template_status_update", event="APPROVED"),
            ]
        )
    )
    whole = json.loads(json.dumps(whole))
    place: Any = whole
    while True:  # to some part of it, however deep
        key = data.draw(st.sampled_from([*place] if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(anything)
    read(json.dumps(whole).encode())


def test_our_number_may_be_all_that_is_told() -> None:
    parts = value(is_new=True, messages=[{"from": NUMBER, "id": THEIRS, **WRITTEN["text"]}])
    del parts["metadata"]["phone_number_id"]
    assert one_of(body(("messages", parts))).recipient == f"+{SHOWN}"
    assert one_of(body(("messages", parts))).at is None
    del parts["metadata"]
    assert told(body(("messages", parts))).facts == []
