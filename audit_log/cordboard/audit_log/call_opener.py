"""Gives requests their call ids."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cordboard.audit_log.call_keys import CallKeys
from cordboard.audit_log.calls import CallStore, OpenedRequest
from cordboard.audit_log.draft import Opening
from cordboard.audit_log.event_codec import MAX_TEXT, to_draft
from cordboard.audit_log.event_store import EventStore
from cordboard.call.v1.facts_pb2 import CallOpened
from cordboard.core.errors import ConflictError, InvalidError
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.runtime.ledger_client.call_id import make_call_id
from cordboard.runtime.trace_context import current_trace_id


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A request for a call."""

    tenant: str
    request_id: str
    args_digest: bytes
    token_id: str
    vertical: str


class CallOpener:
    """Opens each requested call once: id, key and first event become durable together."""

    def __init__(
        self,
        store: EventStore,
        calls: CallStore,
        keys: CallKeys,
        source: str,
        clock: Callable[[], datetime],
        randomness: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Make an opener that writes as `source`."""
        self._store = store
        self._calls = calls
        self._keys = keys
        self._source = source
        self._clock = clock
        self._randomness = randomness
        self._under_way: dict[str, asyncio.Event] = {}

    async def open(self, request: CallRequest) -> tuple[str, bool]:
        """Give the call's id, and whether the request was seen before.

        Raises InvalidError(INVALID_REQUEST), ConflictError (REQUEST_ID_REUSED, TOKEN_USED), UnavailableError.
        """
        _check(request)
        names = [f"request/{request.tenant}/{request.request_id}"]
        if request.token_id:
            names.append(f"token/{request.token_id}")
        # The unique indexes are the guard; this only keeps twins of one request from failing a whole batch.
        while busy := next((self._under_way[name] for name in names if name in self._under_way), None):
            await busy.wait()
        done = asyncio.Event()
        self._under_way.update(dict.fromkeys(names, done))
        try:
            return await self._open(request)
        finally:
            for name in names:
                del self._under_way[name]
            done.set()

    async def _open(self, request: CallRequest) -> tuple[str, bool]:
        before = await self._calls.request(request.tenant, request.request_id)
        if before is not None:
            return _repeated(before, request), True
        if request.token_id and await self._calls.token(request.token_id) is not None:
            raise ConflictError("TOKEN_USED", "the token has paid for another call")
        now = self._clock()
        call_id = make_call_id(now, self._randomness(10))
        async with self._keys.create(request.tenant, call_id) as (key, wrapped):
            opening = Opening(
                call_id=call_id,
                tenant=request.tenant,
                request_id=request.request_id,
                token_id=request.token_id,
                args_digest=request.args_digest,
                vertical=request.vertical,
                kek_id=wrapped.kek_id,
                wrapped_key=wrapped.ciphertext,
                opened_at=now,
            )
            await self._store.append([to_draft(self._first_event(opening), key)], opening=opening)
        return call_id, False

    def _first_event(self, opening: Opening) -> NewEvent:
        event = NewEvent(
            stream=Stream(kind="call", id=opening.call_id), source=self._source, source_seq=1, actor="engine"
        )
        event.trace_id = current_trace_id()
        event.occurred_at.FromDatetime(opening.opened_at)
        event.event.Pack(
            CallOpened(
                tenant=opening.tenant,
                request_id=opening.request_id,
                args_digest=opening.args_digest,
                token_id=opening.token_id,
            )
        )
        return event


def _repeated(before: OpenedRequest, request: CallRequest) -> str:
    if before.args_digest != request.args_digest:
        raise ConflictError("REQUEST_ID_REUSED", "the request id was used with other arguments")
    return before.call_id


def _check(request: CallRequest) -> None:
    texts = (request.tenant, request.request_id, request.vertical)
    if not all(texts) or any(len(text) > MAX_TEXT or "\0" in text for text in (*texts, request.token_id)):
        raise InvalidError("INVALID_REQUEST", "tenant, request id or vertical is missing or too long")
    if len(request.args_digest) != 32:
        raise InvalidError("INVALID_REQUEST", "the digest of the arguments is not 32 bytes")
    if "/" in request.tenant:
        raise InvalidError("INVALID_REQUEST", "a tenant's name holds no slash")
