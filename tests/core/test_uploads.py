"""Uploads go with their messages, and go away when their time has come; carriers say where what people
sent is.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from estafette.core.baggage import Baggage
from estafette.core.blobs import Blobs
from estafette.core.media import Media
from estafette.core.uploads import Uploads
from estafette.core.worker import Worker
from estafette.model import (
    Accepted,
    Attempt,
    Channel,
    Message,
    Misconfigured,
    Offer,
    Reason,
    Refused,
    Sender,
    SendError,
    Status,
    Throttled,
    Unknown,
    Unreached,
)
from estafette.model.ids import digits
from estafette.model.upload import UPLOAD, Unfit, Upload
from estafette.providers import Located
from estafette.store import senders
from tests.core.carriers import Answer, Asked, Clock, carrying_by, open_gate, put_in, until
from tests.core.conftest import House
from tests.core.test_media import (
    attempts_of,
    carrying_until_killed,
    items_of,
    kept,
    read,
    waits,
    written,
)
from tests.databases import emptied
from tests.listening import listening
from tests.pictures import PNG, Pictures, showing

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 400
WHATSAPP = {"channel": Channel.WHATSAPP, "sender": "+15550783881"}


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    request.param = "sqlite"
    return emptied(request, tmp_path)


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    with showing() as found:
        yield found


@dataclass(kw_only=True)
class Fetching(Asked):
    """A carrier that fetches links by itself, and reads what is enclosed."""

    fetches_media = True
    bytes_read: list[bytes] = field(default_factory=list)

    async def send(self, offer: Offer) -> Accepted:
        for one in offer.enclosed:
            pieces: list[bytes] = []

            async def sink(piece: bytes, pieces: list[bytes] = pieces) -> None:
                pieces.append(piece)

            await one.pour(sink)
            self.bytes_read.append(b"".join(pieces))
        return await super().send(offer)


async def sender_of(house: House) -> Sender:
    everyone = await house.app.store.read(senders.all_of)
    return next(one for one in everyone if one.channel is Channel.WHATSAPP)


async def pieces_of(raw: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), 10_000):
        yield raw[start : start + 10_000]


async def upload(
    house: House,
    raw: bytes = PDF,
    kind: str = "application/pdf",
    name: str = "bill.pdf",
    uploads: Uploads | None = None,
) -> Upload:
    return await (uploads or house.app.core.uploads).add(
        house.account,
        sender=await sender_of(house),
        content_type=kind,
        filename=name,
        body=pieces_of(raw),
    )


def at(house: House, clock: Clock) -> Uploads:
    """Uploads by a clock of the test's own."""
    return Uploads(house.app.store, Blobs(house.app.settings.home / "media", None), clock)


# On the way out


async def test_an_upload_goes_with_its_message_whatever_becomes_of_it(house: House) -> None:
    carrier, clock = Asked(), Clock()
    await put_in(house, carrier)
    one = await upload(house)
    assert (one.size, one.sha256) == (len(PDF), sha256(PDF).hexdigest())
    assert await house.app.core.uploads.get(house.account, one.id) == one
    assert await house.app.core.uploads.named(house.account, digits(one.id)) == one.url
    message = await house.send(media=(one.url,), **WHATSAPP)
    other = await house.send("+14155550100", media=(one.url,), **WHATSAPP)
    await house.app.core.uploads.remove(house.account, one.id)
    with pytest.raises(Unknown):
        await house.app.core.uploads.get(house.account, one.id)
    with pytest.raises(Unknown):
        await house.app.core.uploads.remove(house.account, one.id)
    assert await house.app.core.uploads.named(house.account, digits(one.id)) is None
    open_gate(carrier)
    clock.forward(1200)  # its removal is due, and is put off as long as one of both waits
    async with carrying_by(house, clock) as worker:
        for sent in (message, other):
            await house.until(sent, Status.SENT)
        clock.forward(4000)
        worker.wake()
        await until(lambda: len(kept(house)) == 2)
    for sent in (message, other):
        (item,) = await items_of(house, sent)
        assert (item.url, item.content_type, item.size) == (one.url, one.content_type, one.size)
        assert item.sha256 == one.sha256
        assert await read(house, item) == PDF


async def test_a_carrier_that_fetches_is_given_what_was_uploaded_and_no_more(
    house: House, pictures: Pictures
) -> None:
    answers: list[Answer | SendError] = [Throttled(retry_after=0.01)]

    def answer(offer: Offer) -> Accepted:
        if answers:
            raise answers.pop()  # type: ignore[misc]
        return Accepted(ref="R1")

    carrier = open_gate(Fetching(answer=answer))
    await put_in(house, carrier)
    bill, nameless = await upload(house), await upload(house, PNG, "image/png", "")
    link = pictures.url()
    media = (bill.url, link, nameless.url)
    async with house.carrying():
        sent = await house.until(await house.send(media=media, **WHATSAPP), Status.SENT)
        plain = await house.until(await house.send(media=(link,), **WHATSAPP), Status.SENT)
    assert carrier.bytes_read == [PDF, PNG] * 2
    assert pictures.times(link) == 0
    first, again, last = carrier.offers
    assert (first.message.media, last.message.media, last.enclosed) == (media, (link,), ())
    assert [(one.number, one.content_type, one.size) for one in again.enclosed] == [
        (0, "application/pdf", len(PDF)), (2, "image/png", len(PNG)),
    ]  # fmt: skip
    assert again.enclosed[0].filename == "bill.pdf"
    assert again.enclosed[1].filename.endswith(".png")
    assert [item.number for item in await items_of(house, sent)] == [0, 2]
    assert await items_of(house, plain) == []


async def test_an_offer_to_one_that_fetches_which_was_cut_short_may_have_been_taken(
    house: House, pictures: Pictures
) -> None:
    @dataclass(kw_only=True)
    class Recalling(Fetching):
        async def recall(self, attempt: Attempt, message: Message) -> Accepted:
            return Accepted(ref=f"again {attempt.id}")

    carrier = Recalling()
    await put_in(house, carrier)
    message = await house.send(media=(pictures.url(), (await upload(house)).url), **WHATSAPP)
    async with carrying_until_killed(house):
        await until(lambda: carrier.offers)
    open_gate(carrier)
    async with house.carrying():
        await house.until(message, Status.SENT)
    (attempt,) = await attempts_of(house, message)
    assert attempt.ref == f"again {attempt.id}"
    assert len(carrier.offers) == 1


async def test_carriers_that_fetch_from_us_are_given_our_address(house: House) -> None:
    carrier = open_gate(Asked())
    await put_in(house, carrier)
    app = house.app
    baggage = Baggage(
        app.store,
        app.core.media,
        Clock(),
        public_url="https://sms.example.com",
        link=lambda item: f"/bytes/{item.id}",
    )
    worker = Worker(app.store, app.connections, Clock(), app.node, baggage)
    message = await house.send(media=((await upload(house)).url,))  # by SMS, too
    task = asyncio.create_task(worker.run())
    await house.until(message, Status.SENT)
    worker.stop()
    await task
    (item,) = await items_of(house, message)
    assert carrier.offers[0].message.media == (f"https://sms.example.com/bytes/{item.id}",)
    assert carrier.offers[0].enclosed == ()


async def test_a_carrier_that_needs_a_url_is_not_offered_what_has_none(
    house: House, pictures: Pictures
) -> None:
    @dataclass(kw_only=True)
    class Needing(Asked):
        needs_urls = True

    carrier = open_gate(Needing())
    await put_in(house, carrier)
    link = pictures.url()
    async with house.carrying():
        failed = await house.until(await house.send(media=((await upload(house)).url,)))
        await house.until(await house.send(media=(link,)), Status.SENT)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.BAD_MEDIA)
    assert "ESTAFETTE_PUBLIC_URL" in failed.text
    assert [offer.message.media for offer in carrier.offers] == [(link,)]


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
async def test_what_is_no_upload_of_the_account_fails_a_message(
    house: House, channel: Channel
) -> None:
    carrier = open_gate(Asked())
    await put_in(house, carrier)
    theirs, *_ = await house.app.people.add_account("Others")
    foreign = await house.app.core.uploads.add(
        theirs,
        sender=await sender_of(house),
        content_type="image/png",
        body=pieces_of(PNG),
    )
    assert await house.app.core.uploads.named(house.account, digits(foreign.id)) is None
    how = WHATSAPP if channel is Channel.WHATSAPP else {}
    urls = (foreign.url, f"{UPLOAD}{'0' * 32}", f"{UPLOAD}../../secret.key", UPLOAD)
    async with house.carrying():
        for url in urls:
            found = await house.until(await house.send(media=(url,), **how), Status.FAILED)
            assert found.reason is Reason.BAD_MEDIA
            assert found.code == ("21620" if channel is Channel.SMS else "63019")
    assert carrier.offers == []


# When their time has come


async def test_uploads_live_for_thirty_days(house: House) -> None:
    clock = Clock()
    uploads = at(house, clock)
    one = await upload(house, uploads=uploads)
    assert len(kept(house)) == 1
    clock.forward(30 * 86_400 - 60)
    assert await uploads.get(house.account, one.id)
    clock.forward(61)
    with pytest.raises(Unknown):
        await uploads.get(house.account, one.id)
    async with carrying_by(house, clock):
        await until(lambda: not kept(house))


async def test_what_was_not_ended_leaves_nothing(house: House) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield PDF
        raise ConnectionError

    clock = Clock()
    uploads, sender = at(house, clock), await sender_of(house)
    how = {"sender": sender, "content_type": "application/pdf"}
    with pytest.raises(ConnectionError):
        await uploads.add(house.account, **how, body=breaking())  # type: ignore[arg-type]
    for kind, raw in (("application/pdf", b""), ("application/zip", PDF), ("image/png", PDF)):
        with pytest.raises(Unfit):
            await upload(house, raw, kind, uploads=uploads)
    before = kept(house)
    left = uploads.begun(house.account, sender)
    loading = await left.__aenter__()
    await loading.write(PDF)  # and its process is killed: nothing is tidied up
    (draft,) = [path for path in kept(house) if path not in before]
    assert draft.suffix == ".part"
    async with carrying_by(house, clock) as worker:
        await until(lambda: kept(house) == [draft])
        clock.forward(1000)
        worker.wake()
        await until(lambda: not kept(house))
    with contextlib.suppress(KeyboardInterrupt):
        await left.__aexit__(KeyboardInterrupt, KeyboardInterrupt(), None)


# What people send


@dataclass
class Shelf:
    """Where a carrier has what people sent: bytes for who shows the right header."""

    port: int = 0
    shown: list[tuple[str, str]] = field(default_factory=list)  # paths, and the headers with them
    answers: dict[str, tuple[int, Mapping[str, str]]] = field(default_factory=dict)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shelf.shown.append((self.path, self.headers.get("Authorization", "")))
            status, headers = shelf.answers.get(self.path, (200, {}))
            self.send_response(status)
            for name, value in {"Content-Type": "image/png", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(PNG if status == 200 else b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with listening(Handler) as shelf.port:
        yield shelf


@dataclass(kw_only=True)
class Keeping(Asked):
    """A carrier that keeps what people send under ids of its own."""

    fetches_media = True  # what goes out: what comes in is ours to fetch
    places: list[Located | Exception] = field(default_factory=list)
    located: list[str] = field(default_factory=list)

    async def locate(self, url: str) -> Located:
        self.located.append(url)
        place = self.places.pop(0) if len(self.places) > 1 else self.places[0]
        if isinstance(place, Exception):
            raise place
        return place


KEY = {"Authorization": "Bearer secret"}


async def test_a_carrier_says_where_what_people_sent_is(house: House, shelf: Shelf) -> None:
    shelf.answers["/old"] = (404, {})
    shelf.answers["/moved"] = (302, {"Location": "/here"})
    shelf.answers["/away"] = (302, {"Location": shelf.url("/there", "localhost")})
    carrier = Keeping(
        places=[
            Unreached("not now"),
            Located(shelf.url("/old"), KEY),  # it was good for minutes only
            Located(shelf.url("/moved"), KEY),
            Located(shelf.url("/away"), KEY),
        ]
    )
    await put_in(house, carrier)
    first = await written(house, "kept:1", callback_url="http://127.0.0.1:9/in")
    clock = Clock()
    async with carrying_by(house, clock) as worker:
        while not await items_of(house, first):
            clock.forward(1)
            worker.wake()
            await asyncio.sleep(0.02)
        while await waits(house, first):  # it is told right after
            await asyncio.sleep(0.02)
        second = await written(house, "kept:2")
        while not await items_of(house, second):
            await asyncio.sleep(0.02)
    assert carrier.located == ["kept:1"] * 3 + ["kept:2"]
    assert shelf.shown == [
        ("/old", "Bearer secret"),
        ("/moved", "Bearer secret"),
        ("/here", "Bearer secret"),
        ("/away", "Bearer secret"),
        ("/there", ""),  # another host learns no secret
    ]
    for message in (first, second):
        (item,) = await items_of(house, message)
        assert item.url in message.media
        assert item.sha256 == sha256(PNG).hexdigest()
        assert await read(house, item) == PNG


@pytest.mark.parametrize(
    ("error", "is_last"),
    [
        (Refused("there is none", code="100"), True),
        (Unreached("no way there"), False),
        (Misconfigured("the token is wrong"), False),
        (ValueError("a provider broke"), False),
    ],
)
async def test_what_a_carrier_cannot_give_is_given_up_or_asked_for_again(
    house: House, error: Exception, is_last: bool
) -> None:
    carrier = Keeping(places=[error])
    await put_in(house, carrier)
    message = await written(house, "kept:1", callback_url="http://127.0.0.1:9/in")
    clock = Clock()
    async with carrying_by(house, clock) as worker:
        await until(lambda: carrier.located)
        if is_last:
            while await waits(house, message):
                await asyncio.sleep(0.02)
        else:
            carrier.located.clear()
            clock.forward(2)
            worker.wake()
            await until(lambda: carrier.located)
            assert await waits(house, message)


async def test_what_nobody_can_locate_now_waits_for_its_connection(house: House) -> None:
    media = Media(
        house.app.store,
        Blobs(house.app.settings.home / "media", None),
        house.app.http,
        Clock(),
    )
    message = await written(house, "kept:1")
    with pytest.raises(Unreached) as raised:
        await media.ensure(message, None)
    assert raised.value.code == ""  # not the fault of who wrote: it is waited for
