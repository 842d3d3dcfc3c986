"""Encryption of what must not be readable in the database: people's tokens, and the secrets of a sign-in.

Each secret is bound to its owner and its purpose: a row that is copied to another person opens for nobody.
ChaCha20-Poly1305 (RFC 8439) of the `cryptography` library, under keys derived (HKDF, RFC 5869) from those of the settings.
"""

import os
from base64 import urlsafe_b64decode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from spacebot.errors import SpacebotError

_BOUND = b"\x01"
"""The first byte of what this module seals; Fernet's begins with `g`."""

_NONCE_BYTES = 12


class VaultError(SpacebotError):
    """What is stored cannot be read with the keys that are set, or is not its reader's: it is as good as gone."""


def new_key() -> str:
    """A key that nobody else has: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode()


class Vault:
    """Encrypts and decrypts secrets. The first key encrypts; all of them decrypt, so that a key can be replaced."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """Take the keys.

        Args:
            keys: 32 bytes in URL-safe base64 each, as `new_key` makes them.

        Raises:
            ValueError: one of them is not a key.
        """
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])
        self._ciphers = [ChaCha20Poly1305(_derived(key)) for key in keys]

    def seal(self, secret: SecretStr, *, owner: int, purpose: str) -> bytes:
        """The secret, unreadable, and good for this owner and purpose alone."""
        nonce = os.urandom(_NONCE_BYTES)
        text = secret.get_secret_value().encode()
        return _BOUND + nonce + self._ciphers[0].encrypt(nonce, text, _bond(owner, purpose))

    def open(self, sealed: bytes, *, owner: int, purpose: str) -> SecretStr:
        """The secret again.

        Raises:
            VaultError: none of the keys sealed this, or not for this owner and purpose.
        """
        start = len(_BOUND) + _NONCE_BYTES
        for cipher in self._ciphers if sealed.startswith(_BOUND) else ():
            try:
                opened = cipher.decrypt(sealed[len(_BOUND) : start], sealed[start:], _bond(owner, purpose))
            except (InvalidTag, ValueError):
                continue
            return SecretStr(opened.decode())
        raise VaultError("What is stored cannot be read with SPACEBOT_ENCRYPTION_KEY.")

    def open_unbound(self, sealed: bytes) -> SecretStr:
        """A secret that a release before 0.2.0 has sealed (Fernet), for whomever: only to seal it anew for its owner.

        Raises:
            VaultError: none of the keys sealed this.
        """
        try:
            return SecretStr(self._fernet.decrypt(sealed).decode())
        except InvalidToken:
            raise VaultError("What is stored cannot be read with SPACEBOT_ENCRYPTION_KEY.") from None


def _derived(key: SecretStr) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"spacebot: secrets bound to their owner")
    return kdf.derive(urlsafe_b64decode(key.get_secret_value()))


def _bond(owner: int, purpose: str) -> bytes:
    return f"{owner} {purpose}".encode()
