"""What users sign in with: slow to try, and kept as digests that say how they were made."""

import asyncio
import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from typing import NamedTuple
from unicodedata import category, normalize

from estafette.model import BadValue

SHORTEST, LONGEST = 10, 200  # characters

_KIND = "scrypt"
_LENGTH = 32  # bytes of a digest
_MEMORY = 64 << 20  # bytes that one may take at the most


class Cost(NamedTuple):
    """How slow it is: 16 MB, and about a fifth of a second on the machines of 2026."""

    log_n: int = 14
    r: int = 8
    p: int = 5


COST = Cost()


class Passwords:
    """Makes and tries digests in threads, two at a time: each takes memory."""

    def __init__(self, cost: Cost = COST) -> None:
        self._cost = cost
        self._turns = asyncio.Semaphore(2)
        self._nobodys = _written(secrets.token_bytes(16), secrets.token_bytes(_LENGTH), cost)

    async def digest(self, password: str) -> str:
        """What is kept of a password. Raises BadValue for one that cannot be one."""
        given = check(password)
        salt = secrets.token_bytes(16)
        return _written(salt, await self._made(given, salt, self._cost), self._cost)

    async def fits(self, password: str, digest: str) -> bool:
        """Whether a digest is of this password. One of nobody, `""`, takes as long to say no."""
        cost, salt, kept = _read(digest or self._nobodys)
        made = await self._made(_bytes(password), salt, cost)
        return hmac.compare_digest(made, kept) and bool(digest)

    async def _made(self, password: bytes, salt: bytes, cost: Cost) -> bytes:
        async with self._turns:
            return await asyncio.to_thread(
                hashlib.scrypt, password, salt=salt, n=1 << cost.log_n, r=cost.r, p=cost.p,
                maxmem=_MEMORY, dklen=_LENGTH,
            )  # fmt: skip


def check(password: str) -> bytes:
    """A password as it is digested. Raises BadValue for one that cannot be one."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadValue("password", f"a password has {SHORTEST} to {LONGEST} characters")
    if any(category(char) in ("Cc", "Cs") for char in password):
        raise BadValue("password", "a password has no control characters")
    return _bytes(password)


def _bytes(password: str) -> bytes:
    # One letter may be written in several ways: keyboards differ in that.
    return normalize("NFKC", password[: 2 * LONGEST]).encode(errors="replace")


def _written(salt: bytes, made: bytes, cost: Cost) -> str:
    said = [str(number) for number in cost]
    return "$".join([_KIND, *said, b64encode(salt).decode(), b64encode(made).decode()])


def _read(digest: str) -> tuple[Cost, bytes, bytes]:
    _, log_n, r, p, salt, made = digest.split("$")
    return Cost(int(log_n), int(r), int(p)), b64decode(salt), b64decode(made)
