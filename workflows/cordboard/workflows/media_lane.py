"""Commands to the media node: one after the other, in the order of their numbers."""

from collections import deque
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from temporalio.common import RetryPolicy

from cordboard.activity.v1.call_activities_pb2 import ApplyCommandsInput, ApplyCommandsResult, CommandOutcome
from cordboard.call.v1.commands_pb2 import FailCall, SettleMediaCommand
from cordboard.call.v1.decisions_pb2 import MediaCommandRequested
from cordboard.media.v1.command_pb2 import Command
from cordboard.workflows import activity_stubs
from cordboard.workflows.call_loop import CallLoop

MEDIA_LOST = "MEDIA_LOST"

PATIENCE = timedelta(seconds=5)
"""A node that does not answer for so long is lost."""


class MediaLane:
    """Sends requested commands and settles them. The node refuses a gap, so at most one batch is under way."""

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop
        self._queue: deque[Command] = deque()
        self._busy = False
        self.address = ""
        self.boot_id = ""
        self.lost = False
        self.room_open = False
        self.leg_token = ""
        """What the voice agent opens its port with."""
        self.joined: dict[str, CommandOutcome] = {}
        """What became of the command that adds a leg, by the leg."""

    @property
    def idle(self) -> bool:
        """Whether no command is waiting or under way."""
        return not self._busy and not self._queue

    def open(self, address: str, boot_id: str) -> None:
        """Take over the node on which the admission made the room."""
        self.address, self.boot_id, self.room_open = address, boot_id, True

    def react(self, event: Message) -> None:
        """Send a command that was requested."""
        if isinstance(event, MediaCommandRequested):
            self._queue.append(event.command)
            self._pump()

    def lose(self) -> None:
        """Note that the node is gone: nothing more is sent, and the call fails."""
        self.lost, self.room_open = True, False
        self._queue.clear()
        self._loop.decide(FailCall(reason=MEDIA_LOST))

    def settle(self, outcome: CommandOutcome) -> None:
        """Note what became of a command."""
        pending = self._loop.state.pending_commands
        for command in pending:
            if command.command_seq == outcome.command_seq and command.kind == "add_leg":
                self.joined[command.leg_id] = outcome
        self.leg_token = outcome.result.leg_token or self.leg_token
        self._loop.decide(
            SettleMediaCommand(command_seq=outcome.command_seq, applied=outcome.applied, reason=outcome.reason)
        )

    def _pump(self) -> None:
        if self._busy or not self._queue or self.lost:
            return
        batch, self._queue = list(self._queue), deque()
        self._busy = True
        if any(command.WhichOneof("command") == "close_room" for command in batch):
            self.room_open = False
        self._loop.start(
            activity_stubs.apply_commands,
            ApplyCommandsInput(node_address=self.address, commands=batch),
            self._finished,
            start_to_close_timeout=timedelta(seconds=3),
            schedule_to_close_timeout=PATIENCE,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(milliseconds=50), maximum_interval=timedelta(milliseconds=500)
            ),
        )

    def _finished(self, handle: Any) -> None:
        self._busy = False
        if handle.exception() is not None:
            if not self.lost:
                self.lose()
            return
        result: ApplyCommandsResult = handle.result()
        for outcome in result.outcomes:
            self.settle(outcome)
        self._pump()
