"""Where the bytes of media lie: in the home, or in an S3-compatible store."""

import asyncio
import os
import secrets
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from estafette.core.bucket import Bucket, NotKept
from estafette.http import Sink
from estafette.model import Unknown

_PIECE = 1 << 18  # bytes that are read at a time


class Draft:
    """Bytes on their way to where they will lie. Nothing of them is kept until `Blobs.keep`."""

    def __init__(self, file: BinaryIO, path: Path | None) -> None:
        self.file = file
        self.path = path  #: of the file, where it has a name
        self.size = 0
        self._digest = sha256()

    async def write(self, piece: bytes) -> None:
        """Add a piece. Raises NotKept."""
        try:
            await asyncio.to_thread(self._write, piece)
        except OSError as error:
            raise _not_kept(error) from None

    def _write(self, piece: bytes) -> None:
        self.file.write(piece)
        self._digest.update(piece)
        self.size += len(piece)

    @property
    def digest(self) -> str:
        """SHA-256 of what was written, in hex."""
        return self._digest.hexdigest()


class Folder:
    """A folder of this machine, or one that several share."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def place(self, id: str) -> str:
        """The first digits are a folder: no folder becomes large."""
        return f"{id[:2]}/{id}"

    def drafted(self, place: str) -> Draft:
        """A file beside the place, which `drop` removes, too."""
        path = self._draft(place)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return Draft(os.fdopen(descriptor, "wb"), path)

    async def keep(self, draft: Draft, place: str) -> None:
        """The draft gets its name once it is on disk."""
        await asyncio.to_thread(self._keep, draft, place)

    def _keep(self, draft: Draft, place: str) -> None:
        assert draft.path is not None  # noqa: S101 - it was made above
        draft.file.flush()
        os.fsync(draft.file.fileno())
        path = self._root / place
        draft.path.replace(path)
        for folder in (path.parent, self._root):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    async def pour(self, place: str, sink: Sink) -> None:
        """Read the file."""
        try:
            file = await asyncio.to_thread((self._root / place).open, "rb")
        except FileNotFoundError:
            raise Unknown("its bytes are not on this machine") from None
        except OSError as error:
            raise _not_kept(error) from None
        with file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                await sink(piece)

    async def drop(self, place: str) -> None:
        """The file, and what may be left of a draft."""
        await asyncio.to_thread(self._drop, place)

    def _drop(self, place: str) -> None:
        for path in (self._root / place, self._draft(place)):
            path.unlink(missing_ok=True)

    def _draft(self, place: str) -> Path:
        return self._root / f"{place}.part"


class Shelf:
    """A bucket of an S3-compatible store."""

    def __init__(self, bucket: Bucket, drafts: Path) -> None:
        """`drafts` is a folder for what is on its way."""
        self._bucket = bucket
        self._drafts = drafts

    def place(self, id: str) -> str:
        """The name of an object; it begins with the prefix that is set now."""
        return self._bucket.name(f"{id[:2]}/{id}")

    def drafted(self, place: str) -> Draft:
        """A file without a name: nothing of it is left when this process ends."""
        self._drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Draft(cast(BinaryIO, TemporaryFile(dir=self._drafts)), None)

    async def keep(self, draft: Draft, place: str) -> None:
        """Sent in one request, which the store takes whole or not at all."""
        draft.file.seek(0)
        await self._bucket.put(place, draft.file, draft.digest)

    async def pour(self, place: str, sink: Sink) -> None:
        """Hand on what the store gives."""
        await self._bucket.get(place, sink)

    async def drop(self, place: str) -> None:
        """Remove the object."""
        await self._bucket.delete(place)


class Blobs:
    """All bytes of media, each by a place that says where it is: what is kept somewhere is found
    there, too, when the setting is another by then.
    """

    def __init__(self, home: Path, bucket: Bucket | None) -> None:
        """New ones go to the bucket, or to the home where there is none."""
        self._stores: dict[str, Folder | Shelf] = {"home": Folder(home)}
        if bucket:
            self._stores["s3"] = Shelf(bucket, home)

    def place(self, id: str) -> str:
        """Where a new one will lie."""
        name, store = list(self._stores.items())[-1]
        return f"{name}:{store.place(id)}"

    def drafted(self, place: str) -> Draft:
        """A draft of what will lie there. Raises NotKept."""
        store, name = self._store(place)
        try:
            return store.drafted(name)
        except OSError as error:
            raise _not_kept(error) from None

    async def keep(self, draft: Draft, place: str) -> None:
        """Put a draft where it belongs: durable and whole, or not at all. Raises NotKept."""
        store, name = self._store(place)
        try:
            await store.keep(draft, name)
        except OSError as error:
            raise _not_kept(error) from None

    async def probe(self) -> None:
        """Keep and remove a few bytes where new ones go. Raises NotKept."""
        place = self.place(secrets.token_hex(16))
        draft = self.drafted(place)
        with draft.file:
            await draft.write(b"Estafette was here")
            await self.keep(draft, place)
        await self.drop(place)

    async def pour(self, place: str, sink: Sink) -> None:
        """Give the bytes piece by piece. Raises Unknown, NotKept, and what the sink raises."""
        store, name = self._store(place)
        await store.pour(name, sink)

    async def drop(self, place: str) -> None:
        """Remove the bytes, if they are there. Raises NotKept."""
        store, name = self._store(place)
        try:
            await store.drop(name)
        except OSError as error:
            raise _not_kept(error) from None

    def _store(self, place: str) -> tuple["Folder | Shelf", str]:
        scheme, _, name = place.partition(":")
        if scheme not in self._stores:
            raise NotKept("it is in a bucket, and none is set")
        return self._stores[scheme], name


def _not_kept(error: OSError) -> NotKept:
    return NotKept(f"media cannot be kept: {os.strerror(error.errno or 0)}")
