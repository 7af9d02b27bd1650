"""The calls' data keys as they are kept: wrapped, until they are destroyed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cordboard.audit_log.keyring import WrappedKey


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Why a call may not be erased, who said so (`role/subject`) and when."""

    reason: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A call's key as it is kept; `wrapped` is None once it was destroyed."""

    call_id: str
    tenant: str
    wrapped: WrappedKey | None
    hold: LegalHold | None = None
    destroyed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Destruction:
    """A call's key is destroyed. Becomes durable together with the event that says so."""

    call_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HoldChange:
    """A call is put under a legal hold, or freed of it. Becomes durable together with the event that says so."""

    call_id: str
    hold: LegalHold | None


KeyChange = Destruction | HoldChange
"""A change of a key's state; see EventStore.append."""


class KeyStore(Protocol):
    """Keys of calls. They are made with a call's first event and changed with others (EventStore.append)."""

    async def key(self, call_id: str) -> StoredKey | None:
        """Give a call's key."""
        ...

    async def replace(self, call_id: str, old: WrappedKey, new: WrappedKey) -> bool:
        """Keep a key wrapped anew; False, and nothing done, when it is no longer wrapped as `old`."""
        ...

    async def wrapped_otherwise(self, tenant: str, kek_id: str, after: str, limit: int) -> list[StoredKey]:
        """Give keys of a tenant that another version than `kek_id` wraps, in order of call id, beyond `after`."""
        ...

    async def uses(self, tenant: str) -> dict[str, int]:
        """Count a tenant's keys by the version that wraps them; destroyed ones do not count."""
        ...

    async def destroyed(self, call_ids: Iterable[str]) -> frozenset[str]:
        """Tell which of the calls' keys were destroyed."""
        ...

    async def held(self, tenant: str, after: str, limit: int) -> list[StoredKey]:
        """Give keys of a tenant under a legal hold, in order of call id, beyond `after`."""
        ...
