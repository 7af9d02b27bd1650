"""Those who watch a call from outside: a vertical app over gRPC and a page over a WebSocket. Both come back."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import aiohttp

from cordboard.call.v1.call_service_pb2 import WatchCallRequest
from cordboard.core.errors import CordboardError
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.error_table import translate_errors

if TYPE_CHECKING:  # the name exists in the stub file only
    from cordboard.call.v1.call_service_pb2_grpc import CallServiceAsyncStub

PROTOCOL = "cordboard.events.v1"
_PAUSE_S = 0.1


class AppWatcher:
    """Follows `WatchCall` to the end of the call, from the event after the last one whenever the stream breaks."""

    def __init__(self, stub: "CallServiceAsyncStub", call_id: str, see: Callable[[Envelope], None]) -> None:
        self._stub = stub
        self._call_id = call_id
        self._see = see
        self.seqs: list[int] = []
        self.breaks: list[float] = []
        """When the stream broke, by the monotonic clock."""

    async def run(self) -> None:
        """Watch until the call is over."""
        while True:
            request = WatchCallRequest(call_id=self._call_id, after_seq=self.seqs[-1] if self.seqs else 0)
            try:
                async with translate_errors():
                    async for response in self._stub.WatchCall(request):
                        self.seqs.append(response.event.seq)
                        self._see(response.event)
            except CordboardError as error:
                if not error.retryable:
                    raise
                self.breaks.append(time.monotonic())
                await asyncio.sleep(_PAUSE_S)
            else:
                return


class PageWatcher:
    """Follows the event plane's socket of a call, resuming from its cursor."""

    def __init__(self, address: Callable[[], str], call_id: str, token: str) -> None:
        self._address = address
        self._call_id = call_id
        self._token = token
        self.seqs: list[int] = []
        self.breaks: list[float] = []
        """When the socket broke, by the monotonic clock."""

    async def run(self) -> None:
        """Watch until cancelled."""
        cursor = 0
        async with aiohttp.ClientSession() as session:
            while True:
                url = f"{self._address()}/v1/calls/{self._call_id}/events?after={cursor}"
                try:
                    async with session.ws_connect(url, protocols=[PROTOCOL, f"bearer.{self._token}"]) as socket:
                        async for message in socket:
                            frame = json.loads(message.data)
                            if frame["type"] == "event":
                                cursor = int(frame["cursor"])
                                self.seqs.append(int(frame["event"]["seq"]))
                except aiohttp.ClientError:
                    pass
                self.breaks.append(time.monotonic())
                await asyncio.sleep(_PAUSE_S)
