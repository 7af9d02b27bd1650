"""What every stage of wrap-up shares: heartbeats, names of objects, and what becomes of errors that nobody foresaw."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol

from google.protobuf.message import Message
from temporalio import activity

from cordboard.activities.wrap_up.call_record import CallRecord, read_call
from cordboard.activities.wrap_up.object_seal import MEDIA_TYPE, seal, unseal
from cordboard.activities.wrap_up.record_store import RecordStore
from cordboard.call.v1 import wrap_up_facts_pb2 as facts
from cordboard.core.errors import ConflictError, CordboardError, InternalError, NotFoundError
from cordboard.ledger.v1.facts_pb2 import CallErased
from cordboard.runtime.ledger_client import Ledger, call_stream

_log = logging.getLogger(__name__)

RECORDING: Final = "recording"
TRANSCRIPT: Final = "transcript"

_ERASURE: Final = CallErased.DESCRIPTOR.full_name

BEAT_SECONDS: Final = 5.0
TRIES_OF_A_BUG: Final = 5
"""An error that nobody foresaw may be a passing one; one that comes so often is not."""

_NAMES: Final = {
    facts.OBJECT_KIND_RECORDING_SEALED: "recording.sealed",
    facts.OBJECT_KIND_RECORDING_MUTED: "recording.ogg",
    facts.OBJECT_KIND_TRANSCRIPT_SEALED: "transcript.sealed",
    facts.OBJECT_KIND_TRANSCRIPT_REDACTED: "transcript.json",
    facts.OBJECT_KIND_TRANSCRIPT_TEXT: "transcript.txt",
    facts.OBJECT_KIND_REDACTIONS_SEALED: "redactions.sealed",
    facts.OBJECT_KIND_HISTORY: "history.json",
}

RETAINED: Final = frozenset(
    {
        facts.OBJECT_KIND_RECORDING_SEALED,
        facts.OBJECT_KIND_TRANSCRIPT_SEALED,
        facts.OBJECT_KIND_REDACTIONS_SEALED,
        facts.OBJECT_KIND_HISTORY,
    }
)
"""What must not change. It is readable with the call's key only, so erasing that erases it; what is published stays
removable, for redaction may have missed something."""


class KeySource(Protocol):
    """Gives subkeys of calls."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give 32 bytes. Raises CordboardError; UnavailableError when asking again is right."""
        ...


@dataclass(frozen=True, slots=True)
class Workshop:
    """What stages work with."""

    ledger: Ledger
    keys: KeySource
    store: RecordStore

    async def read(self, call_id: str) -> CallRecord:
        """Read a call's log."""
        envelopes = [one async for one in self.ledger.read(call_stream(call_id), with_phi=True)]
        if not envelopes:
            raise NotFoundError("CALL_NOT_FOUND", "there is no such call", call_id=call_id)
        return read_call(call_id, envelopes)

    async def is_erased(self, call_id: str) -> bool:
        """Whether the call's key was destroyed, by its log; what is in memory may be older than that."""
        log = self.ledger.read(call_stream(call_id))
        return bool([one async for one in log if one.event.event.TypeName() == _ERASURE])

    async def keep(
        self, place: "Place", kind: facts.ObjectKind.ValueType, data: bytes, media_type: str
    ) -> facts.StoredObject:
        """Keep an object as it is."""
        key = place.key(kind)
        kept = await self.store.put_once(key, data, media_type, retain=kind in RETAINED)
        stored = facts.StoredObject(
            kind=kind,
            uri=f"s3://{self.store.bucket}/{key}",
            sha256=kept.sha256,
            size=kept.size,
            media_type=media_type,
        )
        if kept.retained_until is not None:
            stored.retained_until.FromDatetime(kept.retained_until)
        return stored

    async def keep_sealed(
        self, place: "Place", kind: facts.ObjectKind.ValueType, data: bytes, purpose: str
    ) -> facts.StoredObject:
        """Keep an object sealed under a subkey of the call."""
        key = await self.keys.subkey(place.call_id, purpose)
        try:
            return await self.keep(place, kind, seal(data, key, place.key(kind)), MEDIA_TYPE)
        except ConflictError:
            # An earlier try made another one, as a segment came between or an engine is not exact: the first holds,
            # if it is this call's at all.
            there = await self.store.get(place.key(kind))
            if there is None:
                raise
            unseal(there, key, place.key(kind))
            return await self.keep(place, kind, there, MEDIA_TYPE)

    async def open_sealed(self, place: "Place", kind: facts.ObjectKind.ValueType, purpose: str) -> bytes | None:
        """Open what was kept sealed; None when it is not there."""
        sealed = await self.store.get(place.key(kind))
        if sealed is None:
            return None
        return unseal(sealed, await self.keys.subkey(place.call_id, purpose), place.key(kind))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call's objects are."""

    tenant: str
    call_id: str

    def key(self, kind: facts.ObjectKind.ValueType) -> str:
        """Name the object of a kind."""
        return f"{self.tenant}/{self.call_id}/{_NAMES[kind]}"


class Progress:
    """How far a stage is, told with its heartbeats."""

    def __init__(self) -> None:
        """Be at the beginning."""
        self.done = 0

    def __call__(self, done: int) -> None:
        """Note how much is done."""
        self.done = done


@contextlib.asynccontextmanager
async def working(message: Message) -> AsyncIterator[Progress]:
    """Work on a stage: send heartbeats meanwhile, and let errors out in a form that says whether to try again."""
    progress = Progress()
    beating = asyncio.create_task(_beat(progress))
    try:
        yield progress
    except CordboardError:
        raise
    except Exception as error:
        attempt = activity.info().attempt
        _log.exception("a stage of wrap-up failed", extra={"call_id": getattr(message, "call_id", "")})
        if attempt >= TRIES_OF_A_BUG:
            raise InternalError("WRAP_UP_FAILED", "a stage cannot be done", kind=type(error).__name__) from None
        raise
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def _beat(progress: Progress) -> None:
    while True:
        activity.heartbeat(progress.done)
        await asyncio.sleep(BEAT_SECONDS)
