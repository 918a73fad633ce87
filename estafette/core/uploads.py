"""Files that customers upload, to be sent in messages to come."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from estafette.core.blobs import Blobs, Draft
from estafette.core.clock import Clock
from estafette.core.fetch import Fetched, refused
from estafette.http import Sink
from estafette.model import Account, Busy, Channel, MediaItem, Message, Sender, Unknown
from estafette.model.ids import instant, read_digits
from estafette.model.media import Fault, largest
from estafette.model.upload import (
    BEGINNING,
    DAYS,
    UPLOAD,
    Unfit,
    Upload,
    check_size,
    type_of,
    type_shown,
)
from estafette.store import Store
from estafette.store import media as rows
from estafette.store import uploads as table
from estafette.store.words import plain

_TAKES = 600.0  # seconds that an upload may take
_KEPT_WITHIN = 900_000_000  # microseconds in which it is written down, or its bytes are removed
_LONGEST_NAME = 255


class Uploads:
    """What accounts have uploaded. An upload is there, whole and durable, or not at all."""

    def __init__(self, store: Store, blobs: Blobs, clock: Clock) -> None:
        self._store = store
        self._blobs = blobs
        self._clock = clock

    async def add(
        self,
        account: Account,
        *,
        sender: Sender,
        content_type: str,
        filename: str = "",
        body: AsyncIterator[bytes],
    ) -> Upload:
        """Keep a file, of which no more than a piece is ever in memory.

        Raises Unfit (a BadValue) where it is not taken, Busy where it cannot be kept right now.
        """
        async with self.begun(account, sender) as loading:
            async for piece in body:
                await loading.write(piece, content_type)
            return await loading.end(content_type, filename)

    @asynccontextmanager
    async def begun(self, account: Account, sender: Sender) -> AsyncIterator["Loading"]:
        """A file whose pieces are written one by one; nothing of it stays but what was ended.

        Raises Unfit after ten minutes, and Busy where it cannot be kept right now.
        """
        id, now = secrets.token_hex(16), self._clock()
        place = self._blobs.place(id)

        async def expect(due_at: int) -> None:
            await self._store.write(lambda conn: rows.expect(conn, id, place, sender.id, due_at))

        await expect(instant(now) + _KEPT_WITHIN)
        limit = asyncio.timeout(_TAKES)
        try:
            draft = self._blobs.drafted(place)
            with draft.file:
                async with limit:
                    yield Loading(self, draft, _Birth(id, account.sid, sender.id, place, now))
        except BaseException:
            with contextlib.suppress(Busy):  # then it is removed later
                await expect(instant(self._clock()))
            if limit.expired():
                raise Unfit(f"did not arrive within {_TAKES:g} seconds") from None
            raise

    async def keep(self, draft: Draft, upload: Upload) -> None:
        """Put an upload where it belongs, and write it down."""
        await self._blobs.keep(draft, upload.place)
        await self._store.write(lambda conn: table.add(conn, upload))

    async def get(self, account: Account, id: str) -> Upload:
        """One by its 32 hex digits. Raises Unknown, also where it has expired."""
        now = self._clock()
        found = await self._store.read(lambda conn: table.find(conn, account.sid, id, now))
        if found is None:
            raise Unknown(f"no upload {id}")
        return found

    async def find(self, account: Account, id: str) -> Upload | MediaItem:
        """An upload, or one of the media of a message, by its 32 hex digits. Raises Unknown."""
        with contextlib.suppress(Unknown):
            return await self.get(account, id)
        item = await self._store.read(lambda conn: rows.find(conn, id))
        if item is None or item.account != account.sid:
            raise Unknown(f"no file {id}")
        return item

    async def named(self, account: Account, digits: str) -> str | None:
        """What stands for a file among the media of a message, by the id that was told; None where it
        is none of this account's.
        """
        id = read_digits(digits)
        if id is None:
            return None
        try:
            return UPLOAD + (await self.find(account, id)).id
        except Unknown:
            return None

    async def remove(self, account: Account, id: str) -> None:
        """Delete one. Messages that name it already are carried all the same. Raises Unknown."""
        found, now = await self.get(account, id), self._clock()
        if not await self._store.write(lambda conn: table.remove(conn, found, now)):
            raise Unknown(f"no upload {id}")

    async def pour(self, file: Upload | MediaItem, sink: Sink) -> None:
        """Give the bytes piece by piece.

        Raises Unknown where they are gone, NotKept where they cannot be had right now.
        """
        await self._blobs.pour(file.place, sink)


class _Birth:
    """What is known of an upload before its bytes are."""

    def __init__(self, id: str, account: str, sender: str, place: str, now: datetime) -> None:
        self.parts = {"id": id, "account": account, "sender": sender, "place": place}
        self.now = now


class Loading:
    """A file as it comes, judged by its type, its first bytes and its length."""

    def __init__(self, uploads: Uploads, draft: Draft, birth: _Birth) -> None:
        self._uploads = uploads
        self._draft = draft
        self._birth = birth
        self._beginning = b""

    async def write(self, piece: bytes, content_type: str = "") -> None:
        """Add a piece of a file of this type, if that is known by now. Raises Unfit, NotKept."""
        kind = type_of(content_type) if content_type else ""
        check_size(self._draft.size + len(piece), kind)
        if len(self._beginning) < BEGINNING:
            self._beginning += piece[: BEGINNING - len(self._beginning)]
        await self._draft.write(piece)

    async def end(self, content_type: str, filename: str = "") -> Upload:
        """All of it is written: keep it. Raises Unfit, Busy."""
        if not self._draft.size:
            raise Unfit("is empty")
        kind = type_shown(type_of(content_type), self._beginning)
        check_size(self._draft.size, kind, self._beginning)
        now = self._birth.now
        upload = Upload(
            **self._birth.parts,
            content_type=kind,
            filename=plain(filename[:_LONGEST_NAME]),
            size=self._draft.size,
            sha256=self._draft.digest,
            created_at=now,
            expires_at=now + timedelta(days=DAYS),
        )
        await self._uploads.keep(self._draft, upload)
        return upload


async def copy(store: Store, blobs: Blobs, message: Message, url: str, draft: Draft) -> Fetched:
    """Write what a message names as one of its media into a draft: a file that was uploaded, or came
    with another message.

    Raises Refused where it is not to be had, and NotKept.
    """
    found = await store.read(lambda conn: table.source(conn, url.removeprefix(UPLOAD)))
    if found is None or found.account != message.account:
        raise refused(message, Fault.FETCH, "there is no such upload")
    is_sms = message.channel is Channel.SMS
    if is_sms and found.size > largest(found.content_type, message.channel, message.direction):
        raise refused(message, Fault.SIZE, f"{found.content_type} of {found.size} bytes")
    try:
        await blobs.pour(found.place, draft.write)
    except Unknown as error:
        raise refused(message, Fault.FETCH, str(error)) from None
    return Fetched(found.content_type, found.size)
