"""Keeps PHI out of the spool: what holds any is encrypted under a subkey of its call before it touches the disk."""

import asyncio
import logging
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cordboard.core import phi
from cordboard.core.errors import CordboardError
from cordboard.core.event_message import unpack_any
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.runtime.ledger_client.shipper import FINAL

PURPOSE = "spool"
SEALED = "cordboard.spool.sealed.v1"
"""Stands in place of the event's type; what follows is the nonce and the whole event, encrypted."""
KEEP_KEYS = 256
# A call that says nothing for so long is over: its key is forgotten, as everywhere else.
KEEP_SECONDS = 600.0
RETRY_SECONDS = 0.5
_NONCE_BYTES = 12
_CALL = "call"

_log = logging.getLogger(__name__)


class KeySource(Protocol):
    """Gives subkeys of calls; `KeyClient` is one."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give the 32-byte subkey of a call for a purpose. Raises CordboardError."""
        ...


class SpoolSeal:
    """Turns events into records of the spool and back.

    A call's key is asked for when the call is announced, at the latest when its first event comes, for the ledger may
    be away when it is needed. It is kept in memory for the calls that spoke last, so that an outage longer than any
    cache writes nothing in clear, and until a call has been silent for ten minutes, so that an erased call is
    forgotten. An event with PHI whose key is not there yet (or that is on no call) gets no record and stays in memory.
    """

    def __init__(
        self,
        keys: KeySource | None,
        randomness: Callable[[int], bytes] = os.urandom,
        *,
        keep_seconds: float = KEEP_SECONDS,
    ) -> None:
        """Make a seal; without `keys` events with PHI never reach the disk."""
        self._keys = keys
        self._randomness = randomness
        self._keep_seconds = keep_seconds
        self._kept: OrderedDict[str, AESGCM | None] = OrderedDict()
        self._used: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    def prepare(self, stream: Stream, ready: Callable[[], None]) -> None:
        """Ask for the key of the stream's call unless it is here; `ready` is called when it has come."""
        call_id = stream.id
        if self._keys is None or stream.kind != _CALL or call_id in self._asking:
            return
        if call_id in self._kept:
            self._kept.move_to_end(call_id)
            self._used[call_id] = asyncio.get_running_loop().time()
            return
        task = asyncio.create_task(self._ask(self._keys, call_id, ready), name="spool-key")
        self._asking[call_id] = task
        task.add_done_callback(lambda _: self._asking.pop(call_id, None))

    def record(self, event: NewEvent) -> bytes | None:
        """Give the record of an event; None when it may not be written now."""
        message = unpack_any(event.event)
        if message is not None and not phi.phi_fields(phi.descriptor_of(message)):
            return event.SerializeToString()
        key = self._kept.get(event.stream.id) if event.stream.kind == _CALL else None
        if key is None:
            return None
        header = NewEvent(stream=event.stream, source=event.source, source_seq=event.source_seq)
        nonce = self._randomness(_NONCE_BYTES)
        header.event.type_url = SEALED
        header.event.value = nonce + key.encrypt(nonce, event.SerializeToString(), _place(event))
        return header.SerializeToString()

    async def open(self, record: bytes) -> NewEvent | None:
        """Give the event of a record; waits for its key as long as the ledger is away.

        None when it cannot be read any more: its key is destroyed, or the record is damaged. Raises DecodeError.
        """
        event = NewEvent.FromString(record)
        if event.event.type_url != SEALED:
            return event
        key = await self._key(event.stream.id)
        sealed = event.event.value
        try:
            opened = key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _place(event)) if key else None
        except InvalidTag:
            opened = None
        return None if opened is None else NewEvent.FromString(opened)

    def forget(self, call_id: str) -> None:
        """Forget a call's key; whoever needs it asks anew."""
        self._kept.pop(call_id, None)

    def close(self) -> None:
        """Ask for no more keys and forget those that are here."""
        for task in self._asking.values():
            task.cancel()
        self._kept.clear()

    async def _ask(self, keys: KeySource, call_id: str, ready: Callable[[], None]) -> None:
        if await self._fetch(keys, call_id) is not None:
            ready()

    async def _key(self, call_id: str) -> AESGCM | None:
        if call_id in self._kept or self._keys is None:
            return self._kept.get(call_id)
        return await self._fetch(self._keys, call_id)

    async def _fetch(self, keys: KeySource, call_id: str) -> AESGCM | None:
        """Ask until there is an answer; None when there is no key and will be none."""
        while True:
            try:
                return self._keep(call_id, AESGCM(await keys.subkey(call_id, PURPOSE)))
            except FINAL as error:
                _log.warning("a call's PHI is not spooled", extra={"reason": error.reason, "call_id": call_id})
                return self._keep(call_id, None)
            except CordboardError:
                await asyncio.sleep(RETRY_SECONDS)

    def _keep(self, call_id: str, key: AESGCM | None) -> AESGCM | None:
        self._kept[call_id] = key
        loop = asyncio.get_running_loop()
        if call_id not in self._used:
            loop.call_later(self._keep_seconds, self._forget_silent, call_id)
        self._used[call_id] = loop.time()
        while len(self._kept) > KEEP_KEYS:
            self._kept.popitem(last=False)
        return key

    def _forget_silent(self, call_id: str) -> None:
        loop = asyncio.get_running_loop()
        left = self._used[call_id] + self._keep_seconds - loop.time()
        if left > 0:
            loop.call_later(left, self._forget_silent, call_id)
            return
        self._used.pop(call_id)
        self._kept.pop(call_id, None)


def _place(event: NewEvent) -> bytes:
    return f"{SEALED}\0{event.stream.kind}\0{event.stream.id}\0{event.source}\0{event.source_seq}".encode()
