"""Tenant keys, which wrap the calls' data keys."""

from dataclasses import dataclass
from typing import Protocol

from cordboard.core.errors import WrongStateError


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key, encrypted under the version `kek_id` of its tenant's key."""

    kek_id: str
    ciphertext: bytes


class KeyWrapper(Protocol):
    """Wraps data keys under versions of tenants' keys. A file does it, AWS KMS does it far away, memory does in tests.

    What is far away raises UnavailableError (KMS_AWAY, KMS_THROTTLED) when asking again is right, and InternalError
    (KMS_DENIED, KEK_DISABLED, KEK_UNUSABLE, KMS_FAILED) when somebody has to mend it first.
    """

    async def wrap(self, tenant: str, call_id: str, data_key: bytes) -> WrappedKey:
        """Encrypt a call's data key under the tenant's newest version; a tenant's first call makes its first."""
        ...

    async def unwrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> bytes:
        """Decrypt a call's data key. Raises InternalError (KEK_MISSING, KEY_DAMAGED)."""
        ...

    async def rewrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> WrappedKey:
        """Encrypt under the newest version what an older one encrypted. Raises as unwrap."""
        ...

    async def current(self, tenant: str) -> str:
        """Name the tenant's newest version."""
        ...

    async def rotate(self, tenant: str) -> str:
        """Make a new version and name it. Raises WrongStateError(KEK_SHARED) when it is not this tenant's own."""
        ...

    async def retire(self, tenant: str, kek_id: str) -> None:
        """Destroy an older version for good; done before is fine. Raises WrongStateError(KEK_IN_USE) for the newest."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def owner(tenant: str, call_id: str) -> bytes:
    """Give what a wrapped key is bound to, so that one call's key cannot be passed off as another's."""
    return f"cordboard.ledger.key.v1\0{tenant}\0{call_id}".encode()


def in_use(kek_id: str) -> WrongStateError:
    """Make the error for a version that still wraps something."""
    return WrongStateError("KEK_IN_USE", "the key still wraps calls' keys", kek_id=kek_id)
