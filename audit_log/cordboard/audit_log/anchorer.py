"""Makes anchors: follows the log, and every few seconds states how far its streams have come."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from cordboard.audit_log.anchors import Anchor, AnchoredHead, AnchorStore, merkle_root, next_number
from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.record import Row, StreamKey, instant, microseconds
from cordboard.core.errors import UnavailableError

EVERY_SECONDS = 5.0
# Often enough to find the rows in memory.
GATHER_SECONDS = 0.25
PAGE_ROWS = 8192
MAX_HEADS = 10_000
RETRY_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Signer(Protocol):
    """Signs in the name of the ledger; ServiceIdentity is one."""

    def sign(self, content: bytes) -> bytes:
        """Give an Ed25519 signature."""
        ...


class Witness(Protocol):
    """Keeps copies of anchors elsewhere."""

    def keep(self, anchor: Anchor) -> None:
        """Keep a copy. Raises OSError."""
        ...


class Anchorer:
    """Anchors the log of the ledger that leads."""

    def __init__(
        self,
        store: EventStore,
        anchors: AnchorStore,
        signer: Signer,
        clock: Callable[[], datetime],
        witness: Witness | None = None,
        *,
        every: float = EVERY_SECONDS,
    ) -> None:
        """Make an anchorer; `every` is in seconds, and nothing is anchored while nothing happens."""
        self._store = store
        self._anchors = anchors
        self._signer = signer
        self._clock = clock
        self._witness = witness
        self._every = every
        self._before: Anchor | None = None
        self._position = 0
        self._heads: dict[tuple[str, str], Row] = {}

    async def run(self) -> None:
        """Anchor for ever; while the database is away it waits."""
        while True:
            try:
                await self._begin()
                while True:
                    await self._store.wait_beyond(self._position)
                    until = time.monotonic() + self._every
                    while time.monotonic() < until and len(self._heads) < MAX_HEADS:
                        await self._gather()
                        await asyncio.sleep(min(GATHER_SECONDS, self._every))
                    await self._gather()
                    if not await self._write():
                        break
            except UnavailableError:
                await asyncio.sleep(RETRY_SECONDS)

    async def anchor_now(self) -> None:
        """Anchor all that is on the log. Raises UnavailableError."""
        await self._begin()
        while True:
            before = self._position
            await self._gather()
            if not await self._write() or self._position == before:
                return

    async def _begin(self) -> None:
        self._before = await self._anchors.last()
        self._position = self._before.position if self._before is not None else 0
        self._heads = {}

    async def _gather(self) -> None:
        while len(self._heads) < MAX_HEADS:
            rows, considered = await self._store.follow(self._position, PAGE_ROWS)
            # Kind and id stand first in a row; this is done for every one of them.
            self._heads |= {row[:2]: row for row in rows}
            moved, self._position = considered > self._position, considered
            if len(rows) < PAGE_ROWS or not moved:
                return

    async def _write(self) -> bool:
        """Make an anchor of what was gathered, if anything was; False when another ledger has made one meanwhile."""
        if not self._heads:
            return True
        heads = [AnchoredHead(StreamKey(*key), row.seq, row.hash) for key, row in sorted(self._heads.items())]
        number, previous = next_number(self._before)
        # To the microsecond, as it is kept.
        now = instant(microseconds(self._clock()))
        unsigned = Anchor(number, now, self._position, len(heads), merkle_root(heads), previous)
        anchor = replace(unsigned, signature=self._signer.sign(unsigned.content()))
        if not await self._anchors.add(anchor, heads):
            _log.warning("another ledger has anchored", extra={"number": number})
            return False
        self._before, self._heads = anchor, {}
        if self._witness is not None:
            try:
                self._witness.keep(anchor)
            except OSError as error:
                _log.error("an anchor has no copy outside of the database", extra={"kind": type(error).__name__})
        return True
