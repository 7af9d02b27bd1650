"""The keyring in memory."""

import contextlib
import os
from collections.abc import Callable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cordboard.audit_log.keyring import WrappedKey, in_use, owner
from cordboard.core.errors import InternalError, NotFoundError

KEY_BYTES = 32
PREFIX = "local/"
_NONCE_BYTES = 12


class MemoryKeyring:
    """Versions of tenants' keys, `local/{tenant}/{number}`, that are gone with the process."""

    def __init__(self, randomness: Callable[[int], bytes] = os.urandom) -> None:
        """Begin without keys; `randomness` gives keys and nonces."""
        self._randomness = randomness
        self._keys: dict[str, bytes] = {}

    async def wrap(self, tenant: str, call_id: str, data_key: bytes) -> WrappedKey:
        """Encrypt a call's data key; see KeyWrapper.wrap."""
        kek_id = await self.current(tenant)
        nonce = self._randomness(_NONCE_BYTES)
        sealed = AESGCM(self._keys[kek_id]).encrypt(nonce, data_key, owner(tenant, call_id))
        return WrappedKey(kek_id, nonce + sealed)

    async def unwrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> bytes:
        """Decrypt a call's data key; see KeyWrapper.unwrap."""
        self._refresh()
        key = self._keys.get(wrapped.kek_id)
        if key is None:
            raise InternalError("KEK_MISSING", "the keyring lacks a tenant's key", key=wrapped.kek_id)
        nonce, sealed = wrapped.ciphertext[:_NONCE_BYTES], wrapped.ciphertext[_NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, sealed, owner(tenant, call_id))
        except InvalidTag as error:
            raise InternalError("KEY_DAMAGED", "a wrapped key does not open", call_id=call_id) from error

    async def rewrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> WrappedKey:
        """Encrypt under the newest version; see KeyWrapper.rewrap."""
        return await self.wrap(tenant, call_id, await self.unwrap(tenant, call_id, wrapped))

    async def current(self, tenant: str) -> str:
        """Name the tenant's newest version; see KeyWrapper.current."""
        self._refresh()
        newest = self._newest(tenant)
        if not newest:
            with self._changing():
                # Another process may have been faster.
                newest = self._newest(tenant) or self._make(tenant, 1)
        return _name(tenant, newest)

    async def rotate(self, tenant: str) -> str:
        """Make a new version; see KeyWrapper.rotate."""
        with self._changing():
            return _name(tenant, self._make(tenant, self._newest(tenant) + 1))

    async def retire(self, tenant: str, kek_id: str) -> None:
        """Destroy an older version; see KeyWrapper.retire."""
        with self._changing():
            if not kek_id.startswith(f"{PREFIX}{tenant}/"):
                raise NotFoundError("KEK_MISSING", "the tenant has no such key", kek_id=kek_id)
            if kek_id == _name(tenant, self._newest(tenant)):
                raise in_use(kek_id)
            self._keys.pop(kek_id, None)

    async def close(self) -> None:
        """Nothing is open."""

    def _newest(self, tenant: str) -> int:
        start = f"{PREFIX}{tenant}/"
        return max((int(kek_id.removeprefix(start)) for kek_id in self._keys if kek_id.startswith(start)), default=0)

    def _make(self, tenant: str, number: int) -> int:
        self._keys[_name(tenant, number)] = self._randomness(KEY_BYTES)
        return number

    def _refresh(self) -> None:
        """Learn what other processes did."""

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Keep what is changed inside the block."""
        yield


def _name(tenant: str, number: int) -> str:
    return f"{PREFIX}{tenant}/{number}"
