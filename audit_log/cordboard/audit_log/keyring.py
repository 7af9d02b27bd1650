"""Tenant keys, which wrap the calls' data keys."""

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cordboard.core.errors import InternalError

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key, encrypted under the key-encryption key `kek_id`."""

    kek_id: str
    ciphertext: bytes


class KeyWrapper(Protocol):
    """Wraps and unwraps data keys. The local keyring does it with a file; a KMS would do it far away."""

    async def wrap(self, tenant: str, call_id: str, data_key: bytes) -> WrappedKey:
        """Encrypt a call's data key under the tenant's newest key."""
        ...

    async def unwrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> bytes:
        """Decrypt a call's data key. Raises InternalError (KEK_MISSING, KEY_DAMAGED)."""
        ...


class LocalKeyring:
    """Tenant keys in one file that only its user can read; a tenant's first call makes its key.

    Losing the file loses the PHI of every call: it belongs into the backup, apart from the database's.
    """

    def __init__(self, path: Path, randomness: Callable[[int], bytes] = os.urandom) -> None:
        """Read the keyring, or begin an empty one."""
        self._path = path
        self._randomness = randomness
        self._keys = self._load()

    async def wrap(self, tenant: str, call_id: str, data_key: bytes) -> WrappedKey:
        """Encrypt a call's data key; see KeyWrapper.wrap."""
        kek_id = f"local/{tenant}/1"
        key = self._find(kek_id)
        if key is None:
            key = self._keys[kek_id] = self._randomness(32)
            self._save()
        nonce = self._randomness(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, data_key, _owner(tenant, call_id))
        return WrappedKey(kek_id, nonce + sealed)

    async def unwrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> bytes:
        """Decrypt a call's data key; see KeyWrapper.unwrap."""
        key = self._find(wrapped.kek_id)
        if key is None:
            raise InternalError("KEK_MISSING", "the keyring lacks a tenant's key", key=wrapped.kek_id)
        nonce, sealed = wrapped.ciphertext[:_NONCE_BYTES], wrapped.ciphertext[_NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, sealed, _owner(tenant, call_id))
        except InvalidTag as error:
            raise InternalError("KEY_DAMAGED", "a wrapped key does not open", call_id=call_id) from error

    def _find(self, kek_id: str) -> bytes | None:
        if kek_id not in self._keys:
            # Another ledger process may have led meanwhile and made it.
            self._keys = self._load()
        return self._keys.get(kek_id)

    def _load(self) -> dict[str, bytes]:
        kept: dict[str, str] = json.loads(self._path.read_text()) if self._path.exists() else {}
        return {kek_id: base64.b64decode(key) for kek_id, key in kept.items()}

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({kek_id: base64.b64encode(key).decode() for kek_id, key in self._keys.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        # A crash leaves the old file or the new one, never half of one.
        fresh.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _owner(tenant: str, call_id: str) -> bytes:
    return f"cordboard.ledger.key.v1\0{tenant}\0{call_id}".encode()
