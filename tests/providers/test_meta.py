"""The provider meta: what it asks, and what answers come to."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace

from estafette.http import Http
from estafette.model import (
    Accepted,
    Channel,
    Declined,
    Misconfigured,
    Offer,
    Outcome,
    Reason,
    Refused,
    Send,
    SendError,
    Throttled,
    Unclear,
    Unknown,
    Unreached,
)
from estafette.model.attempt import Enclosed
from estafette.model.ids import digits
from estafette.model.meta import CODES, OF_NUMBER, REASON, outcome_of, wait_of
from estafette.providers import Place, Provider, make
from estafette.providers.meta import Meta
from tests.conftest import RECIPIENT, SENDER, free_port
from tests.providers import cases, meta_stub
from tests.providers.cases import NODE, Case, Provides, answer
from tests.providers.meta_stub import (
    ANSWERS,
    OTHER_PHONE,
    PHONE,
    TOKEN,
    Says,
    Stub,
    of_code,
    refused,
)

PUBLIC = "http://127.0.0.1:8080"
COMES_TO = {
    Outcome.REFUSED: Refused,
    Outcome.THROTTLED: Throttled,
    Outcome.MISCONFIGURED: Misconfigured,
}


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with meta_stub.meta() as found:
        yield found


@asynccontextmanager
async def opened(stub: Stub, **settings: Any) -> AsyncIterator[Provider]:
    http = Http(allows_private=True)
    provider = make("meta", {"base_url": stub.url, "token": TOKEN, **settings})
    await provider.open(Place(Path(), NODE, http, PUBLIC, "meta"))
    try:
        yield provider
    finally:
        await provider.close()
        await http.close()


def offer(recipient: str = RECIPIENT, *, number: int = 1, **parts: Any) -> Offer:
    """An offer of a WhatsApp message, as the worker makes it."""
    one = cases.offer(recipient, number=number)
    message = replace(one.message, **{"channel": Channel.WHATSAPP, **parts})
    return replace(one, message=message, sender_ref=PHONE)


class TestMeta(Provides):
    """The cases that every provider must pass, and each code of Meta's."""

    name = "meta"
    settings: ClassVar[dict[str, Any]] = {
        "token": TOKEN, "app_secret": "a-secret-of-the-app", "verify_token": "a-word-to-verify",
    }  # fmt: skip
    wrong_secret: ClassVar[dict[str, Any]] = {"token": "hidden-word"}
    cases: ClassVar[dict[str, Case]] = {
        "anybody": Case(),
        "names no message": Case("+14155550200", 1, Unclear),
        "is no answer of Meta's": Case("+14155550201", 1, Unclear),
        "says nothing": Case("+14155550202", 1, Unclear),
        "has an id that is none": Case("+14155550203", 1, Unclear),
        "has no list of messages": Case("+14155550204", 1, Unclear),
        "is a list": Case("+14155550205", 1, Unclear),
        "is an error with 200": Case("+14155550206", 1, Refused),
        "is sent elsewhere": Case("+14155550301", 1, Unclear),
        "finds a server that speaks otherwise": Case("+14155550400", 1, Misconfigured),
        "finds a gate": Case("+14155550401", 1, Misconfigured),
        "finds nothing there": Case("+14155550404", 1, Misconfigured),
        "comes in too slowly": Case("+14155550408", 1, Unclear),
        "is too large": Case("+14155550413", 1, Refused),
        "comes too often": Case("+14155550429", 1, Throttled),
        "breaks it": Case("+14155550500", 1, Unclear),
        "meets a bad gateway": Case("+14155550502", 1, Unclear),
        "is not answered": Case("+14155550000", 1, Unclear),
        "has a code that is new": Case(of_code(99999), 1, Refused),
        "lacks one of the permissions": Case(of_code(250), 1, Misconfigured),
        **{f"code {code}": Case(of_code(code), 1, COMES_TO[outcome_of(code)]) for code in CODES},
        **{f"code {code} thrice": Case(of_code(code), 3, Refused) for code in (1, 131000)},
    }

    @pytest.fixture(autouse=True)
    def at_the_stub(self, stub: Stub) -> None:
        self.settings["base_url"] = stub.url
        TestMeta.stub = stub

    stub: ClassVar[Stub]

    def offer(self, recipient: str = RECIPIENT, **parts: Any) -> Offer:
        return offer(recipient, **parts)

    def requests(self, home: Path) -> int:
        return len(self.stub.asked)

    def test_every_answer_has_a_case(self) -> None:
        assert {*ANSWERS} <= {case.recipient for case in self.cases.values()}


# Codes


def test_codes_come_to_what_they_say_of_themselves() -> None:
    """By the word that is known of each: who must do something, and whether time alone helps."""
    for code, known in CODES.items():
        outcome = outcome_of(code)
        assert (outcome is Outcome.THROTTLED) == known.is_retryable, code
        if known.action == "new_token":
            assert outcome is Outcome.MISCONFIGURED, code
        if known.action in ("fix_request", "fix_template", "fix_media", "give_up", "use_template"):
            assert outcome is Outcome.REFUSED, code
        if code in OF_NUMBER:
            assert outcome is Outcome.THROTTLED, code
    assert [code for code in CODES if outcome_of(code) is Outcome.MISCONFIGURED] == [
        0, 3, 10, 104, 190, 200, 368, 131005, 131031,
    ]  # fmt: skip


async def test_waits(stub: Stub) -> None:
    assert [wait_of(131056, number) for number in (1, 2, 3, 4, 9)] == [1, 4, 16, 64, 3600]
    assert [wait_of(130429, number) for number in (1, 2, 9)] == [2, 4, 60]
    usage = json.dumps(
        {
            "1": [{"estimated_time_to_regain_access": 0}],
            "2": [{"type": "whatsapp", "estimated_time_to_regain_access": 19}, {"type": "other"}],
        }
    )
    told: list[tuple[Says, float | None, bool]] = [
        (refused(130429), 2, True),
        (refused(130429, 429), 2, True),
        (refused(131056), 1, False),
        (refused(131057), 60, True),
        (refused(131016), None, True),
        (refused(131000), None, False),
        (refused(80007, Retry_After="9"), 9, True),
        (refused(80007, X_Business_Use_Case_Usage=usage), 1140, True),
        (refused(130429, X_Business_Use_Case_Usage=usage), 2, True),
        (refused(4, X_Business_Use_Case_Usage="{"), None, True),
        (refused(4, X_Business_Use_Case_Usage='{"1":[{"estimated_time_to_regain_access":1e9}]}'),
         3600, True),
        (Says(429, "slow down", {"Retry-After": "soon"}), None, True),
        (Says(429, "slow down", {"Retry-After": "99999999"}), 3600, True),
    ]  # fmt: skip
    async with opened(stub) as provider:
        for says, wait, holds in told:
            stub.says = says
            found = await answer(provider, offer())
            assert isinstance(found, Throttled), says
            assert (found.retry_after, found.holds_lane) == (wait, holds), says


async def test_words_are_metas_own_and_without_the_token(stub: Stub) -> None:
    async with opened(stub) as provider:
        found = await answer(provider, offer(of_code(131009)))
        assert isinstance(found, Refused)
        assert (found.code, found.reason) == ("131009", REASON[131009])
        assert str(found) == "(#131009) Parameter value is not valid: Because."
        kept = json.loads(found.answer)
        assert (kept["status"], kept["headers"]) == (400, {"x-fb-trace-id": "AbCdEf"})
        assert kept["body"]["error"]["fbtrace_id"] == "AbCdEf"
        stub.says = Says(
            400, {"error": {"code": 100, "error_subcode": 33, "message": f"x {TOKEN}"}}
        )
        found = await answer(provider, offer())
        assert isinstance(found, Refused)
        assert found.reason is Reason.BAD_SENDER
        assert TOKEN not in f"{found} {found.answer}"
        stub.says = Says(500, "x" * 100_000, {"X-App-Usage": "y" * 9000})
        found = await answer(provider, offer())
        assert isinstance(found, Unclear)
        assert len(found.answer) < 8000
        taken = await answer(provider, offer())
        assert isinstance(taken, Accepted)
        assert json.loads(taken.answer)["body"]["messages"][0]["id"] == taken.ref
        assert TOKEN not in taken.answer


# What it asks


async def asked_of(stub: Stub, one: Offer, **settings: Any) -> dict[str, Any]:
    """The body that an offer comes to."""
    async with opened(stub, **settings) as provider:
        assert isinstance(await answer(provider, one), Accepted)
    body: dict[str, Any] = stub.bodies[-1]
    return body


async def test_a_message_is_one_post(stub: Stub) -> None:
    one = offer()
    assert await asked_of(stub, one, version="v21.0") == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": RECIPIENT,
        "biz_opaque_callback_data": one.message.id,
        "type": "text",
        "text": {"body": "Hi there"},
    }
    asked = stub.asked[-1]
    assert (asked.method, asked.path) == ("POST", f"/v21.0/{PHONE}/messages")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["idempotency-key"] == one.message.id
    await asked_of(stub, offer(content={"phone_id": OTHER_PHONE}), version="")
    assert stub.asked[-1].path == f"/{OTHER_PHONE}/messages"


async def test_envelopes(stub: Stub) -> None:
    content = {
        "tracker": "order-42",
        "identity": "DF2lS5v2W6x=",
        "context": {"message_id": "wamid.ours", "ref": "wamid.theirs"},
        "preview_url": True,
    }
    one = offer("US.13491208655302741918", content=content)
    assert await asked_of(stub, one) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "recipient": "US.13491208655302741918",
        "biz_opaque_callback_data": one.message.id,
        "recipient_identity_key_hash": "DF2lS5v2W6x=",
        "context": {"message_id": "wamid.theirs"},
        "type": "text",
        "text": {"body": "Hi there", "preview_url": True},
    }
    found = await asked_of(stub, offer("R1JPVVA=", content={"recipient_type": "group"}))
    assert (found["recipient_type"], found["to"]) == ("group", "R1JPVVA=")
    found = await asked_of(stub, offer(content={"context": {"message_id": "wamid.unknown"}}))
    assert found["context"] == {"message_id": "wamid.unknown"}


async def test_kinds(stub: Stub) -> None:
    reaction = {"message_id": "wamid.ours", "emoji": "👍"}
    content = {"type": "reaction", "reaction": reaction}
    context = {"message_id": "wamid.ours", "ref": "wamid.theirs"}
    found = await asked_of(stub, offer(content={**content, "context": context}, body=""))
    assert found["reaction"] == {"message_id": "wamid.theirs", "emoji": "👍"}
    assert "context" not in found
    found = await asked_of(stub, offer(content=content, body=""))
    assert found["reaction"] == reaction
    image = {"link": "https://cdn.example/a.png", "caption": "A"}
    found = await asked_of(
        stub, offer(content={"type": "image", "image": image}, media=(image["link"],))
    )
    assert (found["type"], found["image"]) == ("image", image)
    template = {"name": "ready", "language": "en_US", "kind": "text", "values": ["Ada"]}
    found = await asked_of(stub, offer(content={"template": template}))
    assert found["template"] == {
        "name": "ready",
        "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ada"}]}],
    }


async def test_a_sender_without_an_id_is_refused_before_anything_leaves(stub: Stub) -> None:
    before = len(stub.asked)
    async with opened(stub) as provider:
        for ref in ("", "a/b", "200 1", "../x"):
            found = await answer(provider, replace(offer(), sender_ref=ref))
            assert isinstance(found, Refused)
            assert found.reason is Reason.BAD_SENDER
    assert len(stub.asked) == before


async def test_who_cannot_be_reached() -> None:
    async with opened(Stub(free_port())) as provider:
        assert isinstance(await answer(provider, offer()), Unreached)
        with pytest.raises(Unreached):
            await provider.locate("meta:1")


# Uploads

HEX = "0af1" * 8


def enclosed(number: int, pieces: Callable[[Any], Awaitable[None]], size: int = 5) -> Enclosed:
    return Enclosed(number, "image/png", 'a "b".png', size, pieces)


async def five(take: Callable[[bytes], Awaitable[None]]) -> None:
    await take(b"\x89P")
    await take(b"NG\n")


def with_upload(image: dict[str, str], pour: Any = five, size: int = 5) -> Offer:
    one = offer(media=(f"upload:{HEX}",), content={"type": "image", "image": image})
    return replace(one, enclosed=(enclosed(0, pour, size),))


@pytest.mark.parametrize("image", [{"link": f"upload:{HEX}"}, {"id": digits(HEX)}])
async def test_an_upload_is_made_once_and_sent_by_its_id(stub: Stub, image: dict[str, str]) -> None:
    before = len(stub.uploads)
    async with opened(stub) as provider:
        one = with_upload({**image, "caption": "A"})
        found = await asyncio.gather(*(answer(provider, one) for _ in range(5)))
        assert all(isinstance(end, Accepted) for end in found)
        assert stub.bodies[-1]["image"] == {"id": f"70000000000{before + 1}", "caption": "A"}
        other = replace(one, sender_ref=OTHER_PHONE)
        assert isinstance(await answer(provider, other), Accepted)
    first, second = stub.uploads[before:]
    assert (first.path, second.path) == (f"/v23.0/{PHONE}/media", f"/v23.0/{OTHER_PHONE}/media")
    assert first.form == {
        "messaging_product": ("text/plain", b"whatsapp", ""),
        "type": ("text/plain", b"image/png", ""),
        "file": ("image/png", b"\x89PNG\n", "a _b_.png"),
    }
    assert first.headers["authorization"] == f"Bearer {TOKEN}"


async def test_what_meta_does_not_know_any_more_is_uploaded_again(stub: Stub) -> None:
    one = with_upload({"id": digits(HEX)})
    async with opened(stub) as provider:
        assert isinstance(await answer(provider, one), Accepted)
        before = len(stub.uploads)
        to = of_code(131009)
        refusing = replace(one, message=replace(one.message, recipient=to))
        assert isinstance(await answer(provider, refusing), Refused)
        assert len(stub.uploads) == before
        assert isinstance(await answer(provider, one), Accepted)
        assert len(stub.uploads) == before + 1


async def test_an_upload_deep_in_a_template_is_found(stub: Stub) -> None:
    header = {"type": "header", "parameters": [{"type": "image", "image": {"id": digits(HEX)}}]}
    template = {"name": "n", "language": {"code": "en"}, "components": [header]}
    one = offer(media=(f"upload:{HEX}",), content={"type": "template", "template": template})
    async with opened(stub) as provider:
        await answer(provider, replace(one, enclosed=(enclosed(0, five),)))
    id = stub.bodies[-1]["template"]["components"][0]["parameters"][0]["image"]["id"]
    assert id == f"70000000000{len(stub.uploads)}"


async def test_a_long_upload_goes_whole(stub: Stub) -> None:
    async def long(take: Callable[[bytes], Awaitable[None]]) -> None:
        for _ in range(48):
            await take(b"x" * 65536)

    async with opened(stub) as provider:
        await answer(provider, with_upload({"id": digits(HEX)}, long, 48 * 65536))
    assert len(stub.uploads[-1].form["file"][1]) == 48 * 65536


async def test_what_fails_while_it_is_uploaded_has_not_left_us(stub: Stub) -> None:
    async def gone(take: object) -> None:
        raise Unknown

    async def broken(take: object) -> None:
        raise Unreached("no disk")

    one = with_upload({"id": digits(HEX)})
    told: list[tuple[Says | None, Any, type[SendError]]] = [
        (Says(502, "<html>"), five, Unreached),
        (Says(200, "{}"), five, Unreached),
        (refused(131053), five, Refused),
        (refused(130429), five, Throttled),
        (refused(190), five, Misconfigured),
        (None, gone, Refused),
        (None, broken, Unreached),
    ]
    async with opened(stub) as provider:
        before = len(stub.bodies)
        for says, pour, comes_to in told:
            stub.says = says
            found = await answer(provider, replace(one, enclosed=(enclosed(0, pour),)))
            assert isinstance(found, comes_to), (says, pour, found)
        assert len(stub.bodies) == before
        assert isinstance(await answer(provider, one), Accepted)


# Media of people, reading and typing


async def test_media_are_where_meta_says(stub: Stub) -> None:
    async with opened(stub) as provider:
        found = await provider.locate("meta:300000000000021")
        assert stub.asked[-1].path == "/v23.0/300000000000021"
        assert found.url == f"{stub.url}/bytes/300000000000021"
        assert found.headers["Authorization"] == f"Bearer {TOKEN}"
        assert found.headers["User-Agent"]
        assert (await provider.locate("https://cdn.example/a")).headers == {}
        for says, comes_to in (
            (refused(100), Refused),
            (Says(404, ""), Refused),
            (refused(131000), Throttled),
            (refused(190), Misconfigured),
            (Says(502, ""), Unreached),
            (Says(200, {"url": "file:///etc/passwd"}), Unreached),
        ):
            stub.says = says
            with pytest.raises(comes_to):
                await provider.locate("meta:1/2?x")
    assert stub.asked[-1].path == "/v23.0/1%2F2%3Fx"


async def test_people_see_that_they_are_read_and_answered(stub: Stub) -> None:
    async with opened(stub) as provider:
        await provider.heed(PHONE, "wamid.theirs")
        read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.theirs"}
        assert stub.asked[-1].json == read
        await provider.heed(PHONE, "wamid.theirs", is_typing=True)
        assert stub.asked[-1].json == {**read, "typing_indicator": {"type": "text"}}
        stub.says = refused(100)
        with pytest.raises(Refused, match="Invalid parameter"):
            await provider.heed(PHONE, "wamid.theirs")
        with pytest.raises(Refused):
            await provider.heed("", "wamid.theirs")


async def test_people_are_blocked_and_let_in_again(stub: Stub) -> None:
    async with opened(stub) as provider:
        for method, blocks in (("POST", True), ("DELETE", False)):
            await provider.block(PHONE, [RECIPIENT, "US.13491208655302741918"], blocks=blocks)
            asked = stub.asked[-1]
            assert (asked.method, asked.path) == (method, f"/v23.0/{PHONE}/block_users")
            assert asked.json == {
                "messaging_product": "whatsapp",
                "block_users": [{"user": RECIPIENT}, {"user_id": "US.13491208655302741918"}],
            }
        before = len(stub.asked)
        await provider.block(PHONE, [], blocks=True)
        assert len(stub.asked) == before
        stub.says = refused(10)
        with pytest.raises(Misconfigured):
            await provider.block(PHONE, [RECIPIENT], blocks=True)


# Settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "graph.facebook.com"},
        {"base_url": "https://graph.facebook.com?x=1"},
        {"base_url": "https://user:word@graph.facebook.com"},
        {"base_url": "ftp://graph.facebook.com"},
        {"base_url": "https://[::1"},
        {"token": ""},
        {"token": "two words"},
        {"token": "a\r\nX: y"},
        {"version": "23"},
        {"version": "v23.0/x"},
    ],
)
def test_settings_that_can_never_work(wrong: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as told:
        make("meta", {"token": "a-word", **wrong})
    assert "word" not in str(told.value).replace("text", "")


def test_what_is_known_of_it() -> None:
    provider = Meta(token="a-word")
    assert (provider.base_url, provider.version) == ("https://graph.facebook.com", "v23.0")
    assert provider.pace(Channel.WHATSAPP, SENDER) == 80
    assert provider.fetches_media
    send = Send(channel=Channel.WHATSAPP, sender=SENDER, recipient=SENDER, body="Hi")
    with pytest.raises(Declined) as told:
        provider.vet(send)
    assert (told.value.reason, told.value.code) == (Reason.UNROUTABLE, "131021")
    two = Send(channel=Channel.WHATSAPP, sender=SENDER, recipient=RECIPIENT, media=("a", "b"))
    with pytest.raises(Declined) as told:
        provider.vet(two)
    assert told.value.reason is Reason.TOO_MANY_MEDIA
    provider.vet(replace(two, content={"type": "interactive"}))
