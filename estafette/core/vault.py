"""Secrets at rest: each sealed alone with a key of this installation, opened where it is used."""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from estafette.core.keyring import Keyring
from estafette.model import GatewayError

_NONCE = 12  # bytes: what AES-GCM is defined for (NIST SP 800-38D §5.2.1.1)
_PRINT = 16  # hex digits of a fingerprint

#: What stands in place of a secret that is set.
HIDDEN = "…"


class WrongKey(GatewayError):
    """A secret was sealed with a key that is not among ours, or for another place."""


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values as they are written down: what is no secret, and each secret sealed alone."""

    plain: dict[str, Any] = {}
    sealed: dict[str, str] = {}


class Vault:
    """Seals with the newest key of a keyring and opens with each of them: AES-256-GCM.

    What is sealed begins with the id of its key. A key id that is not known has the keyring looked
    at again: another process may have a new key since.
    """

    def __init__(self, keys: Keyring | bytes) -> None:
        """`keys` may be one key of 32 bytes."""
        self.keyring = keys if isinstance(keys, Keyring) else Keyring([keys])
        self._known: tuple[bytes, ...] = ()
        self._ciphers: dict[str, AESGCM] = {}  # by key id; a key once seen stays
        self._print_key = hmac.digest(self._look(), b"estafette fingerprints", "sha256")

    @property
    def key_id(self) -> str:
        """The id of the key that seals now."""
        return key_id(self._look())

    def _look(self) -> bytes:
        keys = self.keyring.look()
        if keys != self._known:
            self._ciphers.update({key_id(key): AESGCM(key) for key in keys})
            self._known = keys
        return keys[0]

    def seal(self, plain: str, about: str) -> str:
        """Sealed text that opens only with this key and the same `about`: what it belongs to."""
        name = self.key_id
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._ciphers[name].encrypt(nonce, plain.encode(), about.encode())
        return f"{name}.{urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, about: str) -> str:
        """What was sealed. Raises WrongKey."""
        name, _, rest = sealed.partition(".")
        if name not in self._ciphers:
            self._look()
        if name not in self._ciphers:
            raise WrongKey(
                f"it was sealed with the key {name[:8]}, which is neither in secret.key nor in"
                " ESTAFETTE_SECRET_KEY"
            )
        try:
            raw = urlsafe_b64decode(rest)
            plain = self._ciphers[name].decrypt(raw[:_NONCE], raw[_NONCE:], about.encode())
        except (InvalidTag, ValueError):
            raise WrongKey("it was sealed for another place, or was changed since") from None
        return plain.decode()

    def keep(self, about: str, plain: Mapping[str, Any], secret: Mapping[str, str]) -> str:
        """Values to write down, as JSON: each secret is sealed for `about` and its own name."""
        sealed = {name: self.seal(value, f"{about}/{name}") for name, value in secret.items()}
        return msgspec.json.encode(Kept(plain=dict(plain), sealed=sealed)).decode()

    def kept(self, about: str, text: str) -> dict[str, Any]:
        """The values that `keep` wrote, opened. Raises WrongKey."""
        found = read_kept(text)
        opened = {name: self.open(value, f"{about}/{name}") for name, value in found.sealed.items()}
        return {**found.plain, **opened}

    def print_with(self, key: bytes) -> None:
        """Make fingerprints with this key: the same in all processes, whatever key seals."""
        self._print_key = key

    def fingerprint(self, text: str) -> str:
        """16 hex digits that tell one secret from another, and nothing of it.

        The same secret has the same one everywhere in a database, also after the key that seals
        was changed: fingerprints have a key of their own, which is kept sealed.
        """
        return hmac.new(self._print_key, text.encode(), sha256).hexdigest()[:_PRINT]


def key_id(key: bytes) -> str:
    """What names a key without telling it."""
    return sha256(b"estafette key id" + key).hexdigest()[:8]


def key_of(sealed: str) -> str:
    """The id of the key that something was sealed with."""
    return sealed.partition(".")[0]


def read_kept(text: str) -> Kept:
    """What `Vault.keep` wrote, still sealed. Raises WrongKey where it is something else."""
    try:
        return msgspec.json.decode(text, type=Kept)
    except msgspec.DecodeError:
        raise WrongKey("what is kept is not what was written") from None
