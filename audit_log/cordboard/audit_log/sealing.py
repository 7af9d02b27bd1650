"""Seals the PHI of a call's events under the call's own key."""

import hashlib
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cordboard.audit_log.record import StreamKey
from cordboard.core.errors import InternalError

KEY_BYTES = 32
_NONCE_BYTES = 12
_NONCES = 32
_SHA256_BLOCK = 64


def derive(data_key: bytes, purpose: str) -> bytes:
    """Derive the 32-byte subkey of a data key for a purpose."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"cordboard/{purpose}".encode()).derive(data_key)


class _Mac:
    """HMAC-SHA256 (RFC 2104) whose key is worked in once: the standard library's does so for each message."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(_SHA256_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def digest(self, content: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(content)
        outer.update(inner.digest())
        return outer.digest()


class CallKey:
    """A call's data key, unwrapped; lives in memory only."""

    __slots__ = ("_data_key", "_dedupe", "_nonces", "_randomness", "_sealed")

    def __init__(self, data_key: bytes, randomness: Callable[[int], bytes] = os.urandom) -> None:
        """Make a key; `randomness` gives the nonces."""
        self._data_key = data_key
        self._sealed = AESGCM(derive(data_key, "sealed"))
        self._dedupe = _Mac(derive(data_key, "dedupe"))
        self._randomness = randomness
        self._nonces: list[bytes] = []

    def subkey(self, purpose: str) -> bytes:
        """Derive the subkey that a service gets for a purpose."""
        return derive(self._data_key, purpose)

    def digest(self, content: bytes) -> bytes:
        """Give a digest that says nothing about the content to who lacks the key."""
        return self._dedupe.digest(content)

    def seal(self, stream: StreamKey, seq: int, plaintext: bytes) -> bytes:
        """Encrypt (AES-256-GCM, random nonce in front), bound to the row's place."""
        if not self._nonces:
            # Asking the kernel once for many costs less than the encryption does.
            random = self._randomness(_NONCE_BYTES * _NONCES)
            self._nonces = [random[at : at + _NONCE_BYTES] for at in range(0, len(random), _NONCE_BYTES)]
        nonce = self._nonces.pop()
        return nonce + self._sealed.encrypt(nonce, plaintext, _place(stream, seq))

    def open(self, stream: StreamKey, seq: int, sealed: bytes) -> bytes:
        """Decrypt. Raises InternalError(SEALED_DAMAGED) when the bytes or their place were changed."""
        try:
            return self._sealed.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _place(stream, seq))
        except InvalidTag as error:
            raise InternalError("SEALED_DAMAGED", "a sealed part does not open", stream=str(stream)) from error


def _place(stream: StreamKey, seq: int) -> bytes:
    return f"cordboard.ledger.sealed.v1\0{stream.kind}\0{stream.id}\0{seq}".encode()
