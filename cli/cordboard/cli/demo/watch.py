"""Watching a call through the public door, as a vertical app does: `CallService.WatchCall`, resumed when it breaks."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from cordboard.call.v1.call_service_pb2 import WatchCallRequest
from cordboard.cli.demo.story import Beat, Story
from cordboard.core.errors import UnavailableError
from cordboard.runtime.error_table import translate_errors

if TYPE_CHECKING:  # the name exists in the stub file only
    from cordboard.call.v1.call_service_pb2_grpc import CallServiceAsyncStub

_PAUSE_S = 0.3
_LATE_FACTS_S = 10.0
_QUIET_POLLS = 4


class CallWatch:
    """Feeds one call's events to its story."""

    def __init__(self, stub: "CallServiceAsyncStub", call_id: str, tell: Callable[[float, Beat, Story], None]) -> None:
        """Watch through `stub`, whose token needs the scopes `calls:read` and `phi`."""
        self._stub = stub
        self._call_id = call_id
        self._tell = tell
        self.story = Story()

    async def until_over(self) -> Story:
        """Follow the call to its final phase, however often the stream breaks."""
        while not self.story.is_over:
            try:
                await self._follow()
            except UnavailableError:
                await asyncio.sleep(_PAUSE_S)
        return self.story

    async def late_facts(self) -> Story:
        """Read what nodes and voice agents put on record after the end, until nothing more comes.

        Facts are shipped in the background, so the last of them may stand behind the call's final decision.
        """
        loop = asyncio.get_running_loop()
        until, quiet = loop.time() + _LATE_FACTS_S, 0
        while quiet < _QUIET_POLLS and loop.time() < until:
            before = self.story.events
            with contextlib.suppress(UnavailableError):
                await self._follow()
            # Segments go to the object store before their facts go to the log.
            quiet = quiet + 1 if self.story.events == before and self.story.is_captured else 0
            await asyncio.sleep(_PAUSE_S)
        return self.story

    async def _follow(self) -> None:
        request = WatchCallRequest(call_id=self._call_id, after_seq=self.story.last_seq)
        async with translate_errors():
            async for response in self._stub.WatchCall(request):
                at = self.story.seconds(response.event)
                for beat in self.story.take(response.event):
                    self._tell(at, beat, self.story)
