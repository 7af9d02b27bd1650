"""Timers of a call: on the log when they are set, when they fire and when they are cancelled."""

import asyncio
from datetime import timedelta

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio import workflow

from cordboard.call.v1.commands_pb2 import SetTimer
from cordboard.call.v1.decisions_pb2 import TimerCancelled, TimerFired, TimerSet
from cordboard.core.timestamps import from_us, to_us
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.journal import now_us

CONNECT = "connect"
JOIN = "join"
DIAL = "dial"
CONSENT = "consent"
TALK = "talk"
CALL = "call"
REJOIN = "rejoin"
VOICE_ATTACH = "voice_attach"
FAREWELL = "farewell"
RING = "ring"
AGENT_JOIN = "agent_join"
AGENT_REJOIN = "agent_rejoin"
PATIENCE = "patience"
GATHER = "gather"
VOICEMAIL = "voicemail"


def due_in(delay: timedelta) -> Timestamp:
    """Give the time that is `delay` from now, by the workflow's clock."""
    return from_us(now_us() + round(delay.total_seconds() * 1_000_000))


def set_timer(timer_id: str, delay: timedelta) -> SetTimer:
    """Make the command that starts a timer."""
    return SetTimer(timer_id=timer_id, due_at=due_in(delay))


class TimerWheel:
    """Turns TimerSet and TimerCancelled into Temporal timers."""

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop
        self._running: dict[str, asyncio.Task[None]] = {}

    def react(self, event: Message) -> None:
        """Start, or stop, the timer that the event names."""
        if isinstance(event, TimerSet):
            self._stop(event.timer_id)
            due_us = to_us(event.due_at)
            self._running[event.timer_id] = asyncio.create_task(self._wait(event.timer_id, due_us))
        elif isinstance(event, TimerCancelled | TimerFired):
            self._stop(event.timer_id)

    def _stop(self, timer_id: str) -> None:
        task = self._running.pop(timer_id, None)
        if task is not None:
            task.cancel()

    async def _wait(self, timer_id: str, due_us: int) -> None:
        delay = max(0, due_us - now_us()) / 1_000_000
        await workflow.sleep(delay, summary=timer_id)
        self._loop.fire(timer_id, due_us)
