"""The record, asked for over gRPC."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import grpc

from cordboard.core.errors import UnavailableError
from cordboard.ledger.v1.anchor_pb2 import Anchor
from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent, Stream
from cordboard.ledger.v1.ledger_service_pb2 import (
    AppendRequest,
    CommitCursorRequest,
    LeaseCursorRequest,
    ListAnchorsRequest,
    ListStreamsRequest,
    ListStreamsResponse,
    OpenCallRequest,
    ReadRequest,
    SubscribeRequest,
    SubscribeResponse,
    VerifyRequest,
    VerifyResponse,
)
from cordboard.ledger.v1.ledger_service_pb2_grpc import LedgerServiceStub
from cordboard.runtime.grpc_channel import translate_errors
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client.ledger import CursorLease, OpenedCall
from cordboard.runtime.recovery import SUBSCRIPTION, Outage

FIRST_BACK_OFF = 0.05
LAST_BACK_OFF = 1.0


class LedgerClient:
    """The ledger process, reached over a channel that shows this process's identity."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        deadline: float = 5.0,
        keys: KeyClient | None = None,
        key_purpose: str = "",
    ) -> None:
        """Make a client; `deadline` in seconds bounds each single request (not reads and subscriptions).

        With `keys` and `key_purpose` each call that is opened brings its subkey for that purpose along, for `keys`.
        """
        self._stub = LedgerServiceStub(channel)
        self._deadline = deadline
        self._keys = keys
        self._key_purpose = key_purpose

    async def open_call(
        self, *, tenant: str, request_id: str, args_digest: bytes, vertical: str, token_id: str = ""
    ) -> OpenedCall:
        """Give a request its call id; see Ledger.open_call."""
        request = OpenCallRequest(
            tenant=tenant,
            request_id=request_id,
            args_digest=args_digest,
            token_id=token_id,
            vertical=vertical,
            key_purpose=self._key_purpose,
        )
        async with translate_errors():
            response = await self._stub.OpenCall(request, timeout=self._deadline)
        if self._keys is not None and response.subkey:
            self._keys.keep(response.call_id, self._key_purpose, response.subkey)
        return OpenedCall(call_id=response.call_id, repeated=response.repeated)

    async def append(self, events: Sequence[NewEvent]) -> list[int]:
        """Append all events or none; see Ledger.append."""
        async with translate_errors():
            response = await self._stub.Append(AppendRequest(events=events), timeout=self._deadline)
        return list(response.seqs)

    async def read(
        self, stream: Stream, *, after_seq: int = 0, with_phi: bool = False, on_behalf_of: str = ""
    ) -> AsyncIterator[Envelope]:
        """Go through a stream in order, page by page; see Ledger.read."""
        while True:
            request = ReadRequest(stream=stream, after_seq=after_seq, with_phi=with_phi, on_behalf_of=on_behalf_of)
            async with translate_errors():
                page = await self._stub.Read(request, timeout=self._deadline)
            for envelope in page.events:
                yield envelope
            if not page.next_after_seq:
                return
            after_seq = page.next_after_seq

    async def subscribe(
        self,
        *,
        after_position: int = 0,
        from_now: bool = False,
        stream: Stream | None = None,
        types: Sequence[str] = (),
        with_phi: bool = False,
        on_behalf_of: str = "",
    ) -> AsyncGenerator[SubscribeResponse, None]:
        """Follow the log, across restarts of the ledger; see Ledger.subscribe."""
        request = SubscribeRequest(
            after_position=after_position,
            stream=stream,
            types=types,
            with_phi=with_phi,
            from_now=from_now,
            on_behalf_of=on_behalf_of,
        )
        back_off, outage = FIRST_BACK_OFF, Outage(SUBSCRIPTION)
        while True:
            call = self._stub.Subscribe(request)
            with contextlib.ExitStack() as stack, contextlib.suppress(UnavailableError):
                stack.callback(call.cancel)
                async with translate_errors():
                    async for response in call:
                        # Resuming from what was handed over makes a broken stream invisible to the reader.
                        request.after_position, request.from_now = response.position, False
                        back_off = FIRST_BACK_OFF
                        outage.works()
                        yield response
            outage.failed()
            await asyncio.sleep(back_off)
            back_off = min(back_off * 2, LAST_BACK_OFF)

    async def list_streams(
        self, kind: str, *, tenant: str = "", page_size: int = 50, page_token: str = ""
    ) -> ListStreamsResponse:
        """List the streams of a kind, newest first."""
        request = ListStreamsRequest(kind=kind, tenant=tenant, page_size=page_size, page_token=page_token)
        async with translate_errors():
            return await self._stub.ListStreams(request, timeout=self._deadline)

    async def lease_cursor(self, name: str, owner: str) -> CursorLease:
        """Take or renew a cursor's lease; see Ledger.lease_cursor."""
        async with translate_errors():
            response = await self._stub.LeaseCursor(LeaseCursorRequest(name=name, owner=owner), timeout=self._deadline)
        seconds = response.lease.ToTimedelta().total_seconds()
        return CursorLease(lease_epoch=response.lease_epoch, position=response.position, lease_seconds=seconds)

    async def commit_cursor(self, name: str, lease_epoch: int, position: int) -> None:
        """Move a leased cursor forward; see Ledger.commit_cursor."""
        request = CommitCursorRequest(name=name, lease_epoch=lease_epoch, position=position)
        async with translate_errors():
            await self._stub.CommitCursor(request, timeout=self._deadline)

    async def verify(self, stream: Stream | None = None) -> AsyncIterator[VerifyResponse]:
        """Have the chain of a stream, or of all, recomputed; gives progress and faults as they are found."""
        async with translate_errors():
            async for response in self._stub.Verify(VerifyRequest(stream=stream)):
                yield response

    async def anchors(self, after_number: int = 0) -> AsyncIterator[Anchor]:
        """Go through the anchors in order, page by page."""
        while True:
            async with translate_errors():
                page = await self._stub.ListAnchors(
                    ListAnchorsRequest(after_number=after_number), timeout=self._deadline
                )
            for anchor in page.anchors:
                yield anchor
            if not page.next_after_number:
                return
            after_number = page.next_after_number
