"""What decisions ask of the media node: state and room are changed in one step."""

from collections.abc import Sequence

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.commands_pb2 import SendMediaCommand
from cordboard.core import phases
from cordboard.core.call_state import CallState
from cordboard.media.v1.command_pb2 import (
    Command,
    PauseRecording,
    ResumeRecording,
    SetRouting,
    StartRecording,
    StopRecording,
)


def follow_up(events: Sequence[Message], state: CallState) -> list[SendMediaCommand]:
    """Give the commands that carry out freshly decided events; `state` is the state after them.

    However often the routing changed, the last matrix is set once, after everything else.
    """
    if not state.placement_epoch:
        return []
    open_ = state.phase in phases.OPEN
    commands: list[Command] = []
    for event in events:
        if isinstance(event, decisions.RecordingStopped):
            commands.append(Command(stop_recording=StopRecording()))
        elif open_ and isinstance(event, decisions.RecordingStarted):
            commands.append(Command(start_recording=StartRecording()))
        elif open_ and isinstance(event, decisions.RecordingResumed):
            commands.append(Command(resume_recording=ResumeRecording()))
        elif open_ and isinstance(event, decisions.RecordingPaused):
            commands.append(Command(pause_recording=PauseRecording()))
    if open_ and any(isinstance(event, decisions.RoutingSet) for event in events):
        commands.append(Command(set_routing=SetRouting()))
    return [SendMediaCommand(command=command) for command in commands]
