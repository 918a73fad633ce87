"""Secrets at rest: sealed with the key of this installation, opened only where they are used."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from estafette.model import GatewayError

_NONCE = 12  # bytes: what AES-GCM is defined for (NIST SP 800-38D §5.2.1.1)


class WrongKey(GatewayError):
    """A secret was sealed with another key than ESTAFETTE_SECRET_KEY."""


class Vault:
    """Seals and opens with one key of 32 bytes: AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.key_id = sha256(b"estafette key id" + key).hexdigest()[:8]

    def seal(self, plain: str, about: str) -> str:
        """Sealed text that opens only with this key and the same `about`: what it belongs to."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, plain.encode(), about.encode())
        return f"{self.key_id}.{urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, about: str) -> str:
        """What was sealed. Raises WrongKey."""
        key_id, _, rest = sealed.partition(".")
        if key_id != self.key_id:
            raise WrongKey
        raw = urlsafe_b64decode(rest)
        try:
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], about.encode()).decode()
        except InvalidTag:
            raise WrongKey from None
