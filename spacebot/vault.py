"""Encryption of what must not be readable in the database: people's tokens, and the secrets of a sign-in.

Fernet (AES-128-CBC with HMAC-SHA256) of the `cryptography` library, under keys from the settings.
"""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from spacebot.errors import SpacebotError


class VaultError(SpacebotError):
    """What is stored cannot be read with the keys that are set: it is as good as gone."""


def new_key() -> str:
    """A key that nobody else has."""
    return Fernet.generate_key().decode()


class Vault:
    """Encrypts and decrypts secrets. The first key encrypts; all of them decrypt, so that a key can be replaced."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """Take the keys.

        Args:
            keys: Fernet keys: 32 bytes in URL-safe base64 each.

        Raises:
            ValueError: one of them is not a key.
        """
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])

    def seal(self, secret: SecretStr) -> bytes:
        """Encrypt the secret."""
        return self._fernet.encrypt(secret.get_secret_value().encode())

    def open(self, sealed: bytes) -> SecretStr:
        """Decrypt what was sealed.

        Raises:
            VaultError: it was sealed with none of the keys.
        """
        try:
            return SecretStr(self._fernet.decrypt(sealed).decode())
        except InvalidToken:
            raise VaultError("What is stored cannot be read with SPACEBOT_ENCRYPTION_KEY.") from None
