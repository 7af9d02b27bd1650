"""Objects that only a holder of a call's key can read."""

import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cordboard.core.errors import InternalError

FORMAT: Final = b"\x01"
NONCE_BYTES: Final = 12
MEDIA_TYPE: Final = "application/octet-stream"


def seal(data: bytes, key: bytes, object_key: str) -> bytes:
    """Seal bytes with AES-256-GCM; the object's key is bound to them.

    The nonce is a keyed digest of what is sealed and where, so that a repeat gives the same bytes, and no two
    contents share a nonce.
    """
    name = object_key.encode()
    nonce = hmac.digest(key, hashlib.sha256(name).digest() + hashlib.sha256(data).digest(), "sha256")[:NONCE_BYTES]
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, data, name)


def unseal(sealed: bytes, key: bytes, object_key: str) -> bytes:
    """Open sealed bytes. Raises InternalError(OBJECT_DAMAGED) when key, place or bytes are not what they were."""
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, object_key.encode())
    except (InvalidTag, ValueError) as error:
        raise InternalError("OBJECT_DAMAGED", "a sealed object cannot be opened") from error
