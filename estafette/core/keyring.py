"""The keys of this installation: of the environment, or of a file in the home, the newest first."""

import contextlib
import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import structlog

from estafette.model import GatewayError

log = structlog.get_logger()

_KEY = re.compile(r"[0-9a-fA-F]{64}")
_SEEN = tuple[int, int, int]  # what tells one content of a file from another


class BadKey(GatewayError):
    """The keys that seal cannot be used: they are missing, or are no keys."""


def read_keys(text: str) -> tuple[bytes, ...]:
    """Keys of 64 hex digits, between spaces, commas or line ends. Raises ValueError for others."""
    words = [word for word in re.split(r"[\s,]+", text) if word]
    if not words or not all(_KEY.fullmatch(word) for word in words):
        raise ValueError("keys are 64 hex digits each")
    return tuple(dict.fromkeys(bytes.fromhex(word) for word in words))


class Keyring:
    """Keys of 32 bytes. The first seals, all of them open.

    Those of a file follow it: whoever asks after it was replaced has the new ones.
    """

    def __init__(self, keys: Sequence[bytes], path: Path | None = None) -> None:
        """`path` is the file that the keys are in; without one they never change."""
        self.path = path
        self._keys = tuple(keys)
        self._seen: _SEEN | None = None

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The keys of a setting."""
        return cls(read_keys(text))

    @classmethod
    def of_file(cls, path: Path, *, may_make: bool) -> Self:
        """The keys of a file; it is made with one key where it is missing and that is allowed.

        Raises BadKey.
        """
        if not path.exists():
            if not may_make:
                raise BadKey(
                    f"{path} is missing: the database holds secrets that were sealed with it. Put"
                    " it back, or set ESTAFETTE_SECRET_KEY to what it held"
                )
            _make(path, secrets.token_bytes(32))
        found = cls((), path)
        found._read(path)
        return found

    def look(self) -> tuple[bytes, ...]:
        """The keys as they are now. A file that cannot be read leaves those that were known."""
        if self.path:
            try:
                self._read(self.path)
            except BadKey as error:
                log.error("the secret key cannot be read again", text=str(error))
        return self._keys

    def _read(self, path: Path) -> None:
        try:
            found = path.stat()
            seen = (found.st_ino, found.st_size, found.st_mtime_ns)
            if seen != self._seen:
                self._keys, self._seen = read_keys(path.read_text()), seen
        except OSError as error:
            raise BadKey(f"{path}: {error.strerror}") from None
        except ValueError:
            raise BadKey(f"{path} must hold keys of 64 hex digits, one a line") from None

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Only one process at a time has it: whoever replaces the file. Raises BadKey."""
        if self.path is None:
            yield
            return
        try:
            lock = os.open(f"{self.path}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise BadKey(f"{self.path}-turn: {error.strerror}") from None
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BadKey("another process is changing the secret keys just now") from None
            yield
        finally:
            os.close(lock)

    def replace(self, keys: Sequence[bytes]) -> None:
        """Have the file hold these keys, whole and on disk. Only in one's `turn`. Raises BadKey."""
        if self.path is None:
            raise BadKey("the keys of the environment are changed where they are set")
        draft = self.path.with_name(f"{self.path.name}-new")
        try:
            _write(draft, keys)
            draft.replace(self.path)
            _sync(self.path.parent)
        except OSError as error:
            raise BadKey(f"{self.path}: {error.strerror}") from None
        self._read(self.path)


def _make(path: Path, key: bytes) -> None:
    """Write a file whole or not at all; the first of several processes wins."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        _write(draft, [key])
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
        _sync(path.parent)
    except OSError as error:
        raise BadKey(f"{path}: {error.strerror}") from None


def _write(path: Path, keys: Sequence[bytes]) -> None:
    """Readable by its owner only, and on disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("".join(f"{key.hex()}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """What was renamed in a folder outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
