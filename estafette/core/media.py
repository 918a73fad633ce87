"""The media of messages: fetched once, kept, given to whoever may have them, and deleted."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from msgspec.structs import replace

from estafette.core.blobs import Blobs, Draft
from estafette.core.bucket import NotKept
from estafette.core.clock import Clock
from estafette.core.fetch import Fetched, fetch, locate, refused
from estafette.core.uploads import copy
from estafette.http import Http, Sink
from estafette.model import Direction, MediaItem, Message, Refused, SendError, Unknown, Unreached
from estafette.model.ids import instant
from estafette.model.media import Fault, is_too_much
from estafette.model.upload import UPLOAD
from estafette.providers import Located, Provider
from estafette.store import Store, uploads
from estafette.store import media as rows
from estafette.store.callbacks import host_of

_MOST_AT_ONCE = 64  # fetches of this process
_MOST_EACH = 16  # of these, from one host: one that hangs keeps no other waiting
#: The path at which a door gives the bytes of one.
Link = Callable[[MediaItem], str]
_KEPT_WITHIN = 900_000_000  # microseconds in which what is fetched is written down, or is removed


class Media:
    """What goes with messages. Safe when several processes do the same at once."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        http: Http,
        clock: Clock,
        *,
        needs_credentials: bool = False,
    ) -> None:
        """`http` asks the addresses that customers and carriers give. `needs_credentials` says
        whether the bytes are for who owns them alone.
        """
        self.needs_credentials = needs_credentials
        self._store = store
        self._blobs = blobs
        self._http = http
        self._clock = clock
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._address: Callable[[MediaItem], str] | None = None

    def show_at(self, address: Callable[[MediaItem], str]) -> None:
        """Where those are shown whose own URL only a carrier, or we, can read."""
        self._address = address

    async def shown(self, messages: Sequence[Message]) -> list[Message]:
        """These messages with URLs of ours where one of their media has no address that others can
        follow, such as what was uploaded, as far as it was fetched by now.
        """
        strange = [message.id for message in messages if not all(map(is_followed, message.media))]
        address = self._address
        if not strange or address is None:
            return list(messages)
        items = await self._store.read(lambda conn: rows.of_messages(conn, strange))
        ours = {
            (item.message, item.url): address(item)
            for item in items
            if item.place and not is_followed(item.url)
        }
        return [
            replace(one, media=tuple(ours.get((one.id, url), url) for url in one.media))
            for one in messages
        ]

    def linked(self, message: Message, items: Iterable[MediaItem]) -> Message:
        """The message with its media at URLs of ours, as far as they were fetched by now."""
        return addressed(message, items, self._address) if self._address else message

    async def of_message(self, message: Message) -> list[MediaItem]:
        """The media of a message that were fetched and are there, in their order."""
        return [item for item in await self.known(message) if item.place]

    async def known(self, message: Message) -> list[MediaItem]:
        """As `of_message`, with those that are gone: these have no place."""
        return await self._store.read(lambda conn: rows.of_message(conn, message.id))

    async def find(self, account: str, message: str, id: str) -> MediaItem:
        """One that is there, by the ids of all three. Raises Unknown."""
        item = await self._store.read(lambda conn: rows.find(conn, id))
        if item is None or (item.account, item.message) != (account, message):
            raise Unknown(f"no media {id}")
        return item

    async def pour(self, item: MediaItem, sink: Sink) -> None:
        """Give the bytes of one piece by piece.

        Raises Unknown where they are gone, NotKept where they cannot be had right now.
        """
        await self._blobs.pour(item.place, sink)

    async def remove(self, message: Message, item: MediaItem) -> None:
        """Delete one. Its bytes go soon after. Raises Unknown if it is gone already."""
        now = instant(self._clock())
        if not await self._store.write(lambda conn: rows.remove(conn, item, message.lane, now)):
            raise Unknown(f"no media {item.id}")

    async def is_settled(self, message: Message, provider: Provider | None) -> bool:
        """Whether each of its media that we fetch was, or will never be: only then is it offered.

        Of what a carrier that nobody knows any more would fetch by itself, none need be there.
        """
        wanted = _fetched_here(message, provider is None or provider.fetches_media)
        return not wanted or not await self._missing(message, wanted)

    async def ensure(self, message: Message, provider: Provider | None = None) -> list[MediaItem]:
        """Fetch what is not there yet; all that is there. `provider` is who carries it, or brought it.

        Raises Refused where one cannot be had, and Unreached where it may be later. What could
        be fetched is kept all the same.
        """
        wanted = _fetched_here(message, provider is not None and provider.fetches_media)
        if not wanted:
            return []
        missing = await self._missing(message, wanted)
        results = await asyncio.gather(
            *(self._fetch(message, number, url, provider) for number, url in missing),
            return_exceptions=True,
        )
        if errors := [result for result in results if isinstance(result, BaseException)]:
            raise min(errors, key=_hope)
        items = await self.of_message(message)
        if is_too_much((item.size for item in items), message.channel, message.direction):
            raise refused(message, Fault.SIZE, "together they are")
        return items

    async def _missing(
        self, message: Message, wanted: list[tuple[int, str]]
    ) -> list[tuple[int, str]]:
        there = {item.number for item in await self.known(message)}
        return [one for one in wanted if one[0] not in there]

    async def filenames(self, items: Iterable[MediaItem]) -> dict[str, str]:
        """What these files were called when they were uploaded, by URL."""
        urls = {item.url for item in items if item.url.startswith(UPLOAD)}
        ids = [url.removeprefix(UPLOAD) for url in urls]
        found = await self._store.read(lambda conn: uploads.filenames(conn, ids))
        return {UPLOAD + id: name for id, name in found.items()}

    async def give_up(self, message: Message) -> None:
        """Fetch no more of a message: what is not there will not be."""
        there = {item.number for item in await self.known(message)}
        for number, url in enumerate(message.media):
            if number not in there:
                await self._add(message, self._item(message, number, url, place=""))

    async def probe(self) -> None:
        """See whether new ones could be kept. Raises NotKept."""
        await self._blobs.probe()

    async def drop(self, id: str, place: str) -> int | None:
        """Remove bytes that nobody names; else when to look again, in microseconds. Raises NotKept."""
        now = self._clock()
        later = await self._store.write(lambda conn: uploads.keep_until(conn, id, now))
        if later is None:
            item = await self._store.read(lambda conn: rows.find(conn, id))
            if item is None or item.place != place:
                await self._blobs.drop(place)
        return later

    async def _fetch(
        self, message: Message, number: int, url: str, provider: Provider | None
    ) -> None:
        id = secrets.token_hex(16)
        item = self._item(message, number, url, id=id, place=self._blobs.place(id))
        host = self._hosts.setdefault(host_of(url), asyncio.Semaphore(_MOST_EACH))
        async with host, self._turns, self._drafted(message, item) as draft:
            try:
                found = await self._bring(message, url, provider, draft)
                await self._blobs.keep(draft, item.place)
            except NotKept as error:
                raise Unreached(str(error)) from None
            item = replace(
                item, content_type=found.content_type, size=found.size, sha256=draft.digest
            )
            await self._add(message, item)

    async def _bring(
        self, message: Message, url: str, provider: Provider | None, draft: Draft
    ) -> Fetched:
        if url.startswith(UPLOAD):
            return await copy(self._store, self._blobs, message, url, draft)
        if message.direction is not Direction.INBOUND:
            return await fetch(self._http, message, Located(url), draft)
        found = await locate(provider, message, url)
        is_told = found != Located(url)
        return await fetch(self._http, message, found, draft, is_told=is_told)

    def _item(
        self, message: Message, number: int, url: str, *, place: str, id: str = ""
    ) -> MediaItem:
        now = self._clock()
        return MediaItem(
            id=id or secrets.token_hex(16),
            account=message.account,
            message=message.id,
            number=number,
            url=url,
            content_type="",
            size=0,
            place=place,
            created_at=now,
            updated_at=now,
        )

    @asynccontextmanager
    async def _drafted(self, message: Message, item: MediaItem) -> AsyncIterator[Draft]:
        """A draft whose bytes are removed unless they are written down, whatever becomes of us."""
        late = instant(item.created_at) + _KEPT_WITHIN
        await self._expect(message, item, late)
        try:
            draft = self._blobs.drafted(item.place)
        except NotKept as error:
            await self._store.write(lambda conn: rows.expect_no_more(conn, item.id))
            raise Unreached(str(error)) from None
        try:
            with draft.file:
                yield draft
        except SendError:
            await self._expect(message, item, instant(self._clock()))
            raise

    async def _expect(self, message: Message, item: MediaItem, due_at: int) -> None:
        await self._store.write(
            lambda conn: rows.expect(conn, item.id, item.place, message.lane, due_at)
        )

    async def _add(self, message: Message, item: MediaItem) -> None:
        now = instant(self._clock())
        await self._store.write(lambda conn: rows.add(conn, item, message.lane, now))


def is_followed(url: str) -> bool:
    """Whether it is an address that others can follow: not what stands for a file of ours or a carrier's."""
    return url.startswith(("http://", "https://"))


def addressed(
    message: Message, items: Iterable[MediaItem], at: Callable[[MediaItem], str]
) -> Message:
    """The message with its media where we give them; what is not there stays where it was."""
    known = {item.number: item for item in items}
    ours = {number: at(item) for number, item in known.items()}
    urls = tuple(ours.get(number, url) for number, url in enumerate(message.media))
    told = dict(enumerate(message.content.get("media_types", [])))
    types = [
        known[number].content_type if number in known else told.get(number, "")
        for number in range(len(urls))
    ]
    return replace(message, media=urls, content={**message.content, "media_types": types})


def _fetched_here(message: Message, fetches: bool) -> list[tuple[int, str]]:
    """Which of its media we fetch, by number: a carrier that `fetches` leaves us what was uploaded."""
    leaves = fetches and message.direction is not Direction.INBOUND
    return [
        (number, url)
        for number, url in enumerate(message.media)
        if not leaves or url.startswith(UPLOAD)
    ]


def _hope(error: BaseException) -> int:
    """What is worse comes first: what breaks us, then what will never be had."""
    return 2 if isinstance(error, Unreached) else 1 if isinstance(error, Refused) else 0
