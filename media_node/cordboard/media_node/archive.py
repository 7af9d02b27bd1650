"""Brings captured segments into the object store: sealed at once, on disk until the store has them."""

import asyncio
import base64
import contextlib
import hashlib
import json
import logging
import os
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cordboard.call.v1.facts_pb2 import CaptureEnded, CaptureSegmentStored
from cordboard.core.errors import CordboardError, UnavailableError
from cordboard.media.v1.capture_pb2 import CaptureSegment
from cordboard.media_node.facts import CallFact, FactLog
from cordboard.media_node.object_store import ObjectStore

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

FORMAT = b"\x01"
NONCE_BYTES = 12
_PURPOSE = "recording"
_SUFFIX = ".capture"
_RETRY_SECONDS = 1.0


class KeySource(Protocol):
    """Gives subkeys of calls."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give 32 bytes. Raises CordboardError; UnavailableError when asking again is right."""
        ...


def seal(segment: CaptureSegment, key: bytes, object_key: str, nonce: bytes) -> bytes:
    """Seal a segment; its object key is bound to it, so that objects cannot be exchanged unnoticed."""
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, segment.SerializeToString(), object_key.encode())


def unseal(data: bytes, key: bytes, object_key: str) -> CaptureSegment:
    """Open a sealed segment. Raises cryptography's InvalidTag when key, object key or data are not what they were."""
    nonce, body = data[1 : 1 + NONCE_BYTES], data[1 + NONCE_BYTES :]
    return CaptureSegment.FromString(AESGCM(key).decrypt(nonce, body, object_key.encode()))


def object_key_of(tenant: str, segment: CaptureSegment) -> str:
    """Name the object of a segment."""
    place = f"captures/{tenant}/{segment.call_id}/{segment.placement_epoch}/{segment.leg_id}"
    return f"{place}/{segment.segment:06d}"


class CaptureArchive:
    """Seals segments, spools them, uploads them, and tells that they are stored.

    While the key service or the store is away it tries again each second. What a process leaves in the spool the
    next one uploads.
    """

    def __init__(
        self,
        store: ObjectStore,
        keys: KeySource,
        facts: FactLog,
        spool: Path,
        nonce: Callable[[], bytes] = lambda: os.urandom(NONCE_BYTES),
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        """Make an archive with its spool directory; `start` begins to upload."""
        self._store = store
        self._keys = keys
        self._facts = facts
        self._spool = spool
        self._nonce = nonce
        self._retry_seconds = retry_seconds
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Upload what an earlier process left."""
        self._spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in sorted(self._spool.glob(f"*{_SUFFIX}")):
            self._run(self._upload_left_over(path))

    def store(self, tenant: str, segment: CaptureSegment) -> None:
        """Take a segment."""
        self._run(self._keep(object_key_of(tenant, segment), segment))

    def end(self, call_id: str, ended: CaptureEnded, media_us: int) -> None:
        """Tell how many segments there are, stored or on their way."""
        self._facts.record(CallFact(call_id, ended, media_us))

    async def close(self, grace_seconds: float = 3.0) -> None:
        """Wait for uploads under way; what is not done then stays in the spool."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def flush(self) -> None:
        """Return when all segments so far are stored (or lost for good)."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, object_key: str, segment: CaptureSegment) -> None:
        about = {"call_id": segment.call_id, "leg_id": segment.leg_id, "segment": segment.segment}
        try:
            key = await self._persist(lambda: self._keys.subkey(segment.call_id, _PURPOSE))
        except CordboardError as error:
            _log.error("a segment cannot be sealed and is dropped", extra={**about, "reason": error.reason})
            return
        sealed = seal(segment, key, object_key, self._nonce())
        stored = CaptureSegmentStored(
            leg_id=segment.leg_id,
            segment=segment.segment,
            object_key=object_key,
            sha256=hashlib.sha256(sealed).digest(),
            size=len(sealed),
            packets=len(segment.packets),
            started_us=segment.started_us,
            ended_us=segment.ended_us,
        )
        path = self._spool / f"{uuid.uuid4().hex}{_SUFFIX}"
        try:
            await asyncio.to_thread(_write, path, segment.call_id, stored, sealed)
        except OSError:
            # A full disk costs durability, not the segment: it goes up from memory.
            _log.exception("a segment cannot be spooled", extra=about)
        await self._upload(path, segment.call_id, stored, sealed)

    async def _upload_left_over(self, path: Path) -> None:
        try:
            call_id, stored, sealed = await asyncio.to_thread(_read, path)
        except (ValueError, KeyError):
            _log.exception("a spooled segment is damaged and is left where it is", extra={"path": path.name})
            return
        await self._upload(path, call_id, stored, sealed)

    async def _upload(self, path: Path, call_id: str, stored: CaptureSegmentStored, sealed: bytes) -> None:
        await self._persist(lambda: self._store.put(stored.object_key, sealed))
        self._facts.record(CallFact(call_id, stored, stored.ended_us, stored.leg_id))
        with contextlib.suppress(FileNotFoundError):
            await asyncio.to_thread(path.unlink)

    async def _persist(self, attempt: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Try until it works; raises what trying again does not help."""
        while True:
            try:
                return await attempt()
            except UnavailableError as error:
                _log.warning("storing a segment waits", extra={"reason": error.reason})
                await asyncio.sleep(self._retry_seconds)


def _write(path: Path, call_id: str, stored: CaptureSegmentStored, sealed: bytes) -> None:
    head = {"call_id": call_id, "stored": base64.b64encode(stored.SerializeToString()).decode()}
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            file.write(json.dumps(head).encode() + b"\n" + sealed)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError:
        # What is left of it would keep a full disk full.
        partial.unlink(missing_ok=True)
        raise


def _read(path: Path) -> tuple[str, CaptureSegmentStored, bytes]:
    head, _, sealed = path.read_bytes().partition(b"\n")
    fields = json.loads(head)
    stored = CaptureSegmentStored.FromString(base64.b64decode(fields["stored"]))
    if hashlib.sha256(sealed).digest() != stored.sha256:
        raise ValueError("the sealed bytes do not match their digest")
    return fields["call_id"], stored, sealed
