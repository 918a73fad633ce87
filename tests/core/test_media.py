"""Media are fetched before an offer leaves, kept once, and removed with what they belong to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from estafette.core.baggage import Baggage
from estafette.core.blobs import Blobs
from estafette.core.media import Media
from estafette.core.worker import Worker
from estafette.http import Http
from estafette.model import (
    Attempt,
    Channel,
    Direction,
    MediaItem,
    Message,
    Offer,
    Outcome,
    Reason,
    Refused,
    SendError,
    Status,
    Unknown,
    Unreached,
)
from estafette.model.ids import instant
from estafette.model.networks import IP
from estafette.providers import Provider
from estafette.store import callbacks, jobs, media, messages
from estafette.store.messages import Accept
from tests.core.carriers import Asked, Clock, carrying_by, open_gate, put_in, until
from tests.core.conftest import House
from tests.patience import PATIENCE
from tests.pictures import PNG, Pictures, body, showing

MEGA = 1 << 20
WHATSAPP_SENDER = "+15550783881"


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    with showing() as found:
        yield found


def kept(house: House) -> list[Path]:
    """The files of all media of a house, drafts included."""
    return kept_in(house.app.settings.home)


def kept_in(home: Path) -> list[Path]:
    """As `kept`."""
    return [path for path in (home / "media").rglob("*") if path.is_file()]


async def read(house: House, item: MediaItem) -> bytes:
    pieces = []

    async def sink(piece: bytes) -> None:
        pieces.append(piece)

    await house.app.core.media.pour(item, sink)
    return b"".join(pieces)


async def items_of(house: House, message: Message) -> list[MediaItem]:
    return await house.app.core.media.of_message(message)


async def attempts_of(house: House, message: Message) -> list[Attempt]:
    return (await house.timeline(message)).attempts


async def jobs_of(house: House, kind: str = media.KIND) -> list[jobs.Job]:
    rows = await house.app.store.read(
        lambda conn: conn.execute(media.jobs_table.select()).fetchall()
    )
    return [job for job in (jobs.Job(*row) for row in rows) if job.kind == kind]


async def until_kept(house: House, count: int) -> None:
    """So many files are there, and nothing is to be removed any more."""
    async with asyncio.timeout(PATIENCE):
        while len(kept(house)) != count or await jobs_of(house):
            await asyncio.sleep(0.02)


# On the way out


async def test_media_are_there_before_a_carrier_is_asked(house: House, pictures: Pictures) -> None:
    carrier = Asked()
    await put_in(house, carrier)
    urls = (pictures.url(), pictures.url(type="image/jpg", begins="", size=900), pictures.url())
    async with house.carrying():
        message = await house.send(media=urls)
        await until(lambda: carrier.offers)
        items = await items_of(house, message)
        assert [(item.number, item.url) for item in items] == list(enumerate(urls))
        assert [item.content_type for item in items] == ["image/png"] * 3  # as they begin
        assert [item.size for item in items] == [len(PNG), 900, len(PNG)]
        assert [await read(house, item) for item in items] == [PNG, PNG[:900], PNG]
        assert len({item.id for item in items}) == 3
        assert carrier.offers[0].message.media == urls  # this machine is not one to fetch from
        open_gate(carrier)
        await house.until(message, Status.SENT)
    assert [pictures.times(url) for url in urls] == [1, 1, 1]
    await until_kept(house, 3)


async def test_a_carrier_is_given_our_address_if_it_can_reach_us(
    house: House, pictures: Pictures
) -> None:
    carrier = open_gate(Asked())
    await put_in(house, carrier)
    app = house.app

    def worker(public_url: str, kept: Media) -> Worker:
        baggage = Baggage(
            app.store, kept, Clock(), public_url=public_url, link=lambda item: f"/bytes/{item.id}"
        )
        return Worker(app.store, app.connections, Clock(), app.node, baggage)

    shut = Media(
        app.store, Blobs(app.settings.home, None), app.http, Clock(), needs_credentials=True
    )
    for public_url, kept, is_ours in (
        ("https://sms.example.com/a", app.core.media, True),
        ("http://10.1.2.3", app.core.media, True),  # a carrier of the house
        ("http://localhost:8080", app.core.media, False),
        ("http://[::1]:8080", app.core.media, False),
        ("", app.core.media, False),
        ("https://sms.example.com", shut, False),  # nobody could get it without credentials
    ):
        url = pictures.url()
        message = await house.send(media=(url,))
        working = worker(public_url, kept)
        task = asyncio.create_task(working.run())
        await house.until(message, Status.SENT)
        working.stop()
        await task
        (item,) = await items_of(house, message)
        given = f"{public_url}/bytes/{item.id}" if is_ours else url
        assert carrier.offers[-1].message.media == (given,)
        assert (await house.find(message)).media == (url,)


async def test_plain_messages_have_none(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send())
    assert await items_of(house, message) == []
    assert not kept(house)


Asking = Callable[[Pictures], str]

REFUSED: dict[str, tuple[dict[str, object], str, str]] = {
    "what is not there": ({"status": 404}, "21620", "answered 404"),
    "what is not ours": ({"status": 403}, "21620", "answered 403"),
    "a web page": ({"type": "text/html"}, "12300", "text/html"),
    "anything": ({"type": "application/octet-stream"}, "12300", "application/octet-stream"),
    "no type": ({"type": ""}, "12300", "no type"),
    "a picture that is none": ({"begins": "<html>", "size": 6}, "12300", "no image/png"),
    "a picture that is too large": ({"size": 5 * MEGA + 1}, "30019", "more than 5242880 bytes"),
    "one that does not say so": ({"size": 20 * MEGA, "unsized": 1}, "30019", "5242880"),
    "a film that is too large": (
        {"size": 600_000, "type": "video/mp4"}, "30019", "more than 512000 bytes",
    ),
    "nothing": ({"size": 0}, "21620", "gives nothing"),
    "what is packed": ({"packed": 1}, "21620", "packed"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
async def test_a_message_fails_with_media_that_cannot_be_had(
    house: House, pictures: Pictures, what: str
) -> None:
    asked, code, text = REFUSED[what]
    carrier = open_gate(Asked())
    await put_in(house, carrier)
    url = pictures.url(**asked)
    async with house.carrying():
        message = await house.until(await house.send(media=(url,)))
        await until_kept(house, 0)
    assert (message.status, message.reason) == (Status.FAILED, Reason.BAD_MEDIA)
    assert message.code == code
    assert text in message.text
    assert url not in message.text
    (attempt,) = await attempts_of(house, message)
    assert attempt.outcome is Outcome.REFUSED
    assert not carrier.offers
    assert pictures.times(url) == 1
    assert sum(pictures.written.values()) < 32 * MEGA  # it was cut early: the socket holds some


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"status": 404}, "63019"), ({"type": "text/html"}, "63021"), ({"size": 17 * MEGA}, "63021")],
)
async def test_whatsapp_has_codes_of_its_own(
    house: House, pictures: Pictures, asked: dict[str, object], code: str
) -> None:
    parts = {"channel": Channel.WHATSAPP, "sender": WHATSAPP_SENDER}
    async with house.carrying():
        message = await house.send(media=(pictures.url(**asked),), **parts)
        assert (await house.until(message)).code == code
        taken = await house.send(media=(pictures.url(size=6 * MEGA),), **parts)
        assert (await house.until(taken)).status is Status.DELIVERED


async def test_media_may_not_be_too_large_together(house: House, pictures: Pictures) -> None:
    urls = tuple(pictures.url(size=3 * MEGA) for _ in range(2))
    async with house.carrying():
        message = await house.until(await house.send(media=urls))
    assert (message.status, message.code) == (Status.FAILED, "30019")


async def test_what_fails_for_now_is_tried_again(house: House, pictures: Pictures) -> None:
    carrier, clock = open_gate(Asked()), Clock()
    await put_in(house, carrier)
    good, bad = pictures.url(), pictures.url(status="500,200")
    async with carrying_by(house, clock) as worker:
        message = await house.send(media=(good, bad))
        async with asyncio.timeout(PATIENCE):
            while not [one for one in await attempts_of(house, message) if one.closed_at]:
                await asyncio.sleep(0.02)
        (first,) = await attempts_of(house, message)
        assert (first.outcome, first.code) == (Outcome.UNREACHED, "21620")
        assert "answered 500" in first.text
        clock.forward(6)
        worker.wake()
        await house.until(message, Status.SENT)
        await until_kept(house, 2)
    assert (pictures.times(good), pictures.times(bad)) == (
        1,
        2,
    )  # what is there is not fetched again
    assert len(carrier.offers) == 1


@pytest.mark.parametrize("asked", [{"status": 503}, {"status": 429}, {"breaks": 1, "size": MEGA}])
async def test_three_tries_are_enough(
    house: House, pictures: Pictures, asked: dict[str, object]
) -> None:
    clock, url = Clock(), pictures.url(**asked)
    async with carrying_by(house, clock) as worker:
        message = await house.send(media=(url,))
        async with asyncio.timeout(PATIENCE):
            while (found := await house.find(message)).status is not Status.FAILED:
                clock.forward(5)
                worker.wake()
                await asyncio.sleep(0.1)
        await until_kept(house, 0)
    assert (found.code, found.reason) == ("21620", Reason.BAD_MEDIA)
    outcomes = [one.outcome for one in await attempts_of(house, message)]
    assert outcomes == [Outcome.UNREACHED, Outcome.UNREACHED, Outcome.REFUSED]
    assert pictures.times(url) == 3


async def test_an_address_that_hangs_is_not_waited_for(
    house: House, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    from estafette.core import fetch

    monkeypatch.setattr(fetch, "_LIMITS", replace(fetch._LIMITS, read_in=0.2))
    message = await house.send(media=(pictures.url(hang=3),))
    with pytest.raises(Unreached, match="did not answer in time"):
        await house.app.core.media.ensure(message)


async def test_a_home_that_takes_nothing_is_no_fault_of_the_message(
    house: House, pictures: Pictures
) -> None:
    (house.app.settings.home / "media").write_text("in the way")
    clock = Clock()
    async with carrying_by(house, clock) as worker:
        message = await house.send(media=(pictures.url(),))
        async with asyncio.timeout(PATIENCE):
            while len(found := await attempts_of(house, message)) < 5 or not found[-1].closed_at:
                clock.forward(60 if len(found) < 5 else 0)
                worker.wake()
                await asyncio.sleep(0.05)
        assert {one.outcome for one in found} == {Outcome.UNREACHED}
        assert await jobs_of(house) == []  # nothing was written
        (house.app.settings.home / "media").unlink()
        clock.forward(3600)
        worker.wake()
        await house.until(message)


# Where from


@contextlib.asynccontextmanager
async def guarded(house: House, places: dict[str, str]) -> AsyncIterator[Media]:
    """Media of a house that may ask 127.0.0.1 by name, and nothing else of this machine."""

    async def look_up(name: str) -> list[str]:
        return [places[name]]

    def private(address: IP) -> bool:
        return str(address) != "127.0.0.1"

    http = Http(allows_private=False, look_up=look_up, is_private=private)
    app = house.app
    try:
        yield Media(app.store, Blobs(app.settings.home / "media", None), http, Clock())
    finally:
        await http.close()


async def test_redirects_are_followed_each_looked_at_anew(house: House, pictures: Pictures) -> None:
    async with guarded(house, {"inside.example": "10.0.0.1"}) as found:
        with showing() as elsewhere:
            last = elsewhere.url()
            hops = pictures.url(
                status=301, to=pictures.url(status=302, to=pictures.url(status=307, to=last))
            )
            (item,) = await found.ensure(await house.send(media=(hops,)))
            assert await read(house, item) == PNG
            assert item.url == hops
            assert elsewhere.times(last) == 1
        refused = {
            "to a private address": (
                pictures.url(status=302, to="http://127.0.0.2:9/a.png"),
                "public",
            ),
            "to a private name": (
                pictures.url(status=302, to="http://inside.example/a.png"),
                "public",
            ),
            "to a file": (pictures.url(status=302, to="file:///etc/passwd"), "http"),
            "in a circle": (pictures.url(status=302, to="itself"), "redirects"),
            "nowhere": (pictures.url(status=302), "answered 302"),
            "a private address": ("http://127.0.0.3:9/a.png", "public"),
        }
        for what, (url, text) in refused.items():
            with pytest.raises(Refused, match=text) as raised:
                await found.ensure(await house.send(media=(url,)))
            assert raised.value.code == "21620", what


# Once


async def test_what_is_there_is_not_fetched_again(house: House, pictures: Pictures) -> None:
    url = pictures.url()
    message = await house.send(media=(url,))
    first = await house.app.core.media.ensure(message)
    assert await house.app.core.media.ensure(message) == first
    assert pictures.times(url) == 1


async def test_two_that_fetch_at_once_keep_one(house: House, pictures: Pictures) -> None:
    urls = tuple(pictures.url() for _ in range(3))
    message = await house.send(media=urls)
    ensure = house.app.core.media.ensure
    found = await asyncio.gather(*(ensure(message) for _ in range(4)))
    assert [item.number for item in found[0]] == [0, 1, 2]
    assert all(items == found[0] for items in found)
    async with house.carrying():
        await house.until(message)
        await until_kept(house, 3)
    assert [await read(house, item) for item in found[0]] == [PNG] * 3


async def test_a_deleted_one_is_gone_with_its_bytes_for_good(
    house: House, pictures: Pictures
) -> None:
    url, other = pictures.url(), pictures.url()
    message = await house.send(media=(url, other))
    first, second = await house.app.core.media.ensure(message)
    await house.app.core.media.remove(message, first)
    with pytest.raises(Unknown):
        await house.app.core.media.find(message.account, message.id, first.id)
    with pytest.raises(Unknown):
        await house.app.core.media.remove(message, first)
    async with house.carrying():
        await house.until(message)
        await until_kept(house, 1)
    assert await items_of(house, message) == [second]
    assert len((await house.find(message)).media) == 2
    assert pictures.times(url) == 1


async def test_with_a_message_its_bytes_go(house: House, pictures: Pictures) -> None:
    async with house.carrying():
        message = await house.until(await house.send(media=(pictures.url(), pictures.url())))
        (item, _) = await items_of(house, message)
        assert len(kept(house)) == 2
        await house.app.gateway.delete(house.account, message.id)
        await until_kept(house, 0)
    with pytest.raises(Unknown):
        await read(house, item)


async def test_bytes_that_a_dead_process_left_are_removed(house: House, pictures: Pictures) -> None:
    clock = Clock()
    message = await house.send(media=(pictures.url(size=MEGA, hang=20),))
    found = Media(
        house.app.store, Blobs(house.app.settings.home / "media", None), house.app.http, clock
    )
    task = asyncio.create_task(found.ensure(message))
    await until(lambda: kept(house))
    task.cancel()  # as if it were killed: nothing is tidied up
    with contextlib.suppress(asyncio.CancelledError):
        await task
    (draft,) = kept(house)
    assert draft.suffix == ".part"
    assert draft.stat().st_mode & 0o777 == 0o600
    clock.forward(1000)
    async with carrying_by(house, clock):
        await until(lambda: draft not in kept(house))


# A process that ends


@contextlib.asynccontextmanager
async def carrying_until_killed(house: House) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(house.app.worker().run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_offer_that_was_cut_short_while_its_media_came_never_left_us(
    house: House, pictures: Pictures
) -> None:
    carrier, clock = open_gate(Asked()), Clock()
    await put_in(house, carrier)
    url = pictures.url(hang=1.5)
    message = await house.send(media=(url,))
    async with carrying_until_killed(house):
        await until(lambda: pictures.times(url))
    (attempt,) = await attempts_of(house, message)
    assert attempt.closed_at is None
    async with carrying_by(house, clock) as worker:
        async with asyncio.timeout(PATIENCE):
            while not (await attempts_of(house, message))[0].closed_at:
                await asyncio.sleep(0.02)
        (attempt,) = await attempts_of(house, message)
        assert attempt.outcome is Outcome.UNREACHED
        clock.forward(6)
        worker.wake()
        await house.until(message, Status.SENT)
    assert len(carrier.offers) == 1


class Halting(Baggage):
    """Ends with its process when everything is ready, before a carrier is asked."""

    async def ready(self, offer: Offer, provider: Provider | None = None) -> Offer | SendError:
        await super().ready(offer, provider)
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_crash_between_fetch_and_offer_costs_neither_a_fetch_nor_a_message(
    house: House, pictures: Pictures
) -> None:
    url, clock, app = pictures.url(), Clock(), house.app
    message = await house.send(media=(url,))
    halting = Halting(app.store, app.core.media, clock)
    worker = Worker(app.store, app.connections, clock, app.node, halting)
    task = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE):
        while not await items_of(house, message):
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    (attempt,) = await attempts_of(house, message)
    assert attempt.closed_at is None
    async with carrying_by(house, clock) as worker:
        async with asyncio.timeout(PATIENCE):
            while not (await attempts_of(house, message))[0].closed_at:
                await asyncio.sleep(0.02)
        clock.forward(6)
        worker.wake()
        found = await house.until(message)
    assert found.status is Status.DELIVERED
    outcomes = [one.outcome for one in await attempts_of(house, message)]
    assert outcomes == [Outcome.UNREACHED, Outcome.ACCEPTED]  # the sandbox never saw the first
    assert pictures.times(url) == 1


# What people send


async def written(house: House, *urls: str, callback_url: str = "") -> Message:
    """A message that a person wrote, as it is written down."""
    asked = await house.send("+14155550199")
    await house.app.gateway.cancel(house.account, asked.id)
    now = Clock()()
    message = replace(
        asked, id="f" + asked.id[1:], direction=Direction.INBOUND, status=Status.RECEIVED,
        media=urls, callback_url=callback_url, created_at=now, updated_at=now,
    )  # fmt: skip

    def write(conn: object) -> None:
        messages.accept(conn, [Accept(message, now)])  # type: ignore[arg-type]
        jobs.put(conn, [media.fetch_job(message.id, message.lane, instant(now))])  # type: ignore[arg-type]
        if callback_url:
            fact = callbacks.of(message, Status.RECEIVED, instant(now))
            callbacks.owe(conn, [fact])  # type: ignore[arg-type]

    await house.app.store.write(write)
    return message


async def waits(house: House, message: Message) -> bool:
    """Whether it is not yet to be told that a message was received."""
    (callback,) = (await house.timeline(message)).callbacks
    return callback.due_at is not None and callback.due_at.year > 9000


async def test_what_a_person_sent_is_fetched_before_it_is_told(
    house: House, pictures: Pictures
) -> None:
    urls = (pictures.url(size=6 * MEGA, hang=0.3), pictures.url(type="application/pdf"))
    message = await written(house, *urls, callback_url="http://127.0.0.1:9/in")
    assert await waits(house, message)
    async with house.carrying():
        await until(lambda: pictures.times(urls[1]))
        assert await waits(house, message)
        await until_kept(house, 2)
    items = await items_of(house, message)
    assert [item.content_type for item in items] == ["image/png", "application/pdf"]
    assert await read(house, items[0]) == body(6 * MEGA)
    assert not await waits(house, message)


async def test_what_cannot_be_had_is_given_up_and_then_told(
    house: House, pictures: Pictures
) -> None:
    clock = Clock()
    good, gone, ill = pictures.url(), pictures.url(status=404), pictures.url(status=500)
    lost = await written(house, good, gone, callback_url="http://127.0.0.1:9/in")
    poor = await written(house, ill, callback_url="http://127.0.0.1:9/in")
    async with carrying_by(house, clock) as worker:
        async with asyncio.timeout(PATIENCE):
            while await jobs_of(house):
                clock.forward(1)
                worker.wake()
                await asyncio.sleep(0.1)
    assert [item.url for item in await items_of(house, lost)] == [good]
    assert await items_of(house, poor) == []
    assert not await waits(house, lost)
    assert not await waits(house, poor)
    assert (pictures.times(gone), pictures.times(ill)) == (1, 5)
    known = await house.app.core.media.known(poor)
    assert [(item.number, item.place) for item in known] == [(0, "")]
    assert await house.app.core.media.ensure(poor) == []  # never again
    assert pictures.times(ill) == 5


async def test_a_home_that_takes_nothing_costs_no_person_a_picture(
    house: House, pictures: Pictures
) -> None:
    clock, url = Clock(), pictures.url()
    message = await written(house, url, callback_url="http://127.0.0.1:9/in")
    (house.app.settings.home / "media").write_text("in the way")
    async with carrying_by(house, clock) as worker:
        async with asyncio.timeout(PATIENCE):
            while max(job.tries for job in await jobs_of(house)) < 8:
                clock.forward(5)
                worker.wake()
                await asyncio.sleep(0.05)
        assert await waits(house, message)
        (house.app.settings.home / "media").unlink()
        async with asyncio.timeout(PATIENCE):
            while not await items_of(house, message):
                clock.forward(5)
                worker.wake()
                await asyncio.sleep(0.05)
    assert pictures.times(url) == 1


async def test_a_fetch_that_died_with_its_process_is_done_by_another(
    house: House, pictures: Pictures
) -> None:
    url = pictures.url(hang=1)
    message = await written(house, url)
    async with carrying_until_killed(house):
        await until(lambda: pictures.times(url))
    clock = Clock()
    clock.forward(61)
    async with carrying_by(house, clock):
        async with asyncio.timeout(PATIENCE):
            while not await items_of(house, message):
                await asyncio.sleep(0.02)


async def test_what_is_deleted_meanwhile_is_not_fetched(house: House, pictures: Pictures) -> None:
    url = pictures.url()
    message = await written(house, url)
    await house.app.gateway.delete(house.account, message.id)
    jobs_left = await jobs_of(house)
    assert jobs_left == []
    job = media.fetch_job(message.id, message.lane, 0)
    await house.app.store.write(lambda conn: jobs.put(conn, [job]))
    async with house.carrying(), asyncio.timeout(PATIENCE):
        while await jobs_of(house):
            await asyncio.sleep(0.02)
    assert not pictures.times(url)


async def test_an_offer_is_handed_on_as_it_is_without_media(house: House) -> None:
    message = await house.send()
    offer = Offer("a" * 32, 1, message)
    baggage = Baggage(house.app.store, house.app.core.media, Clock())
    assert await baggage.ready(offer) is offer
    assert await baggage.not_ready(message) is None
