"""A call that stays up: a caller with a phone who says yes once and then listens, and an app that steers the call."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from cordboard.call.v1.call_pb2 import RECORDING_STATE_ON, RECORDING_STATE_PAUSED
from cordboard.call.v1.call_service_pb2 import EscalateCallRequest, SetRecordingRequest
from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub
from cordboard.cli.chaos.call_sight import CallSight
from cordboard.cli.chaos.call_watchers import AppWatcher
from cordboard.cli.chaos.rtp_gaps import Gap, gaps_of, less_own_stalls, packets_of
from cordboard.cli.chaos.until import until
from cordboard.cli.demo.phone import Phone
from cordboard.cli.demo.sound import Sound
from cordboard.cli.supervision.stack import Stack
from cordboard.core.errors import CordboardError, UnavailableError
from cordboard.runtime.error_table import translate_errors
from cordboard.runtime.grpc_channel import open_user_channel
from cordboard.runtime.identity import UserTokenIssuer

TENANT = "chaos"
VERTICAL = "healthcare"
YES = "Yes, that is fine."
_SCOPES = ("calls:read", "calls:steer", "calls:start", "phi")
_POLL_S = 0.05
_HUNG_UP_AFTER_S = 1.0
_TRY_S = 3.0
_MUTE_S = 2.0
_PATIENCE_S = 40.0
_TOLD_TWICE_AFTER_S = 6.0


class StandingCall:
    """One call, seen by its caller and by an app. Close it when it is over."""

    def __init__(self, stack: Stack, name: str, yes: Sound) -> None:
        """Be ready to call; `yes` is what the caller answers to the question for consent."""
        self.name = name
        self.call_id = ""
        self.leg_id = ""
        self.seen = CallSight(time.monotonic)
        self.hung_up = False
        self.answered = 0.0
        """By the monotonic clock, as all times here."""
        self.is_waiting = False
        self._paused = False
        self._stack = stack
        self._yes = yes
        self._issuer = UserTokenIssuer.load(stack.directory.keys)
        self._held = AsyncExitStack()

    async def call(self, patience_s: float = _PATIENCE_S) -> float:
        """Call, and be watched from here on; gives how long the answer took. Raises the gateway's refusal."""
        began = time.monotonic()
        caller = self._issuer.mint(role="caller", tenant=TENANT, vertical=VERTICAL, scopes=("calls:start",))
        self.phone = Phone(self._stack.gateway_http, caller, time.monotonic, patience_s=patience_s)
        self._held.push_async_callback(self.phone.close)
        answered = await self.phone.call()
        self.call_id, self.leg_id, self.answered = answered.call_id, answered.leg_id, time.monotonic()
        app = self._issuer.mint(role="app", tenant=TENANT, vertical=VERTICAL, scopes=_SCOPES)
        channel = open_user_channel(self._stack.gateway_grpc, app)
        self._held.push_async_callback(channel.close)
        self.stub = CallServiceStub(channel)
        self.app = AppWatcher(self.stub, self.call_id, self.seen.see)
        self._watching = asyncio.ensure_future(self.app.run())
        self._held.push_async_callback(_cancel, self._watching)
        return self.answered - began

    async def consent(self) -> None:
        """Say yes when the question has been asked, again when it was not heard. Raises UnavailableError."""
        async with _within("the consent was not recorded", self.name):
            while not self.seen.consented.is_set():
                await until(self.seen.has_finished_speaking)
                await self.phone.line_out.say(self._yes)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.seen.consented.wait(), _TOLD_TWICE_AFTER_S)

    async def wait_in_queue(self) -> None:
        """Have the app ask for a human, and return when music is heard. Raises UnavailableError."""
        request = EscalateCallRequest(request_id=str(uuid.uuid4()), call_id=self.call_id, reason="CHAOS")
        async with _within("no music was heard", self.name):
            await self._insist(lambda: self.stub.EscalateCall(request, timeout=_TRY_S))
            await until(self._hears_music)
        self.is_waiting = True

    async def steer(self) -> float:
        """Pause or resume the recording, however often it has to be asked; gives the moment at which it was done.

        The way there goes through every part: gateway, Temporal, worker, ledger, media node and back.
        """
        self._paused = not self._paused
        state = RECORDING_STATE_PAUSED if self._paused else RECORDING_STATE_ON
        request = SetRecordingRequest(request_id=str(uuid.uuid4()), call_id=self.call_id, state=state, reason="CHAOS")
        async with _within("the call cannot be steered", self.name):
            await self._insist(lambda: self.stub.SetRecording(request, timeout=_TRY_S))
        return time.monotonic()

    async def heard_after(self, moment: float) -> float:
        """Wait until an AI agent that attached after a moment is heard, and tell when."""
        async with _within("no AI agent came back", self.name):
            await until(lambda: self.seen.heard_after(moment) is not None)
        return self.seen.heard_after(moment) or moment

    async def hang_up(self) -> None:
        """Give the leg back, and wait until the call is over."""
        self.hung_up = True
        async with _within("the call does not end", self.name):
            while not self.seen.over.is_set():
                # A gateway that is away, or cannot see whose leg it is, is asked again.
                with contextlib.suppress(OSError, aiohttp.ClientError):
                    await self.phone.hang_up()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.seen.over.wait(), _HUNG_UP_AFTER_S)

    async def until_over(self) -> None:
        """Return when the call is over as its app sees it."""
        async with _within("the call does not end", self.name):
            await self.seen.over.wait()

    async def close(self) -> None:
        """Let go of everything; the call is left as it is."""
        await self._held.aclose()

    @property
    def node_id(self) -> str:
        """The media node on which it is."""
        return self.seen.node_id

    @property
    def ended_as(self) -> str:
        """Name of the decision that ended it; empty while it goes on."""
        return self.seen.ended_as

    @property
    def is_lost(self) -> bool:
        """Whether it ended though nobody hung up, or its sound has stopped."""
        if self.hung_up:
            return False
        frames = self.phone.sound_in.frames
        mute = self.is_waiting and (not frames or time.monotonic() - frames[-1].arrived > _MUTE_S)
        return bool(self.ended_as) or self.phone.closed.is_set() or mute

    def gaps(self) -> list[Gap]:
        """Give the gaps in what the caller received, less those that this process made itself."""
        received = [[frame.arrived, frame.pts, frame.level] for frame in self.phone.sound_in.frames]
        return less_own_stalls(gaps_of(packets_of(received)), self.phone.line_out.held_up)

    def watching_faults(self) -> list[str]:
        """Tell whether the app missed an event or saw one twice."""
        seqs = self.app.seqs
        wrong = not seqs or seqs != list(range(1, len(seqs) + 1))
        return [f"call {self.call_id}: its watcher missed events or saw some twice"] if wrong else []

    def _hears_music(self) -> bool:
        last = self.phone.sound_in.frames[-12:]
        return len(last) == 12 and all(frame.tonal for frame in last)

    async def _insist(self, ask: Any) -> None:
        """Ask until there is an answer; the same request each time."""
        while True:
            try:
                async with translate_errors():
                    await ask()
            except CordboardError as error:
                if not error.retryable:
                    raise
                await asyncio.sleep(_POLL_S)
            else:
                return


@contextlib.asynccontextmanager
async def _within(what: str, name: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            yield
    except TimeoutError:
        raise UnavailableError("NOT_IN_TIME", f"{what} within {_PATIENCE_S:.0f} s", call=name) from None


async def _cancel(task: "asyncio.Future[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
