"""What a caller hears who waits: music on hold and in the queue, ringing while a human agent is rung."""

from typing import Final

from cordboard.call.v1.call_pb2 import PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED, PHASE_QUEUED
from cordboard.call.v1.commands_pb2 import SendMediaCommand
from cordboard.core import phases
from cordboard.core.call_state import CallState, Leg
from cordboard.media.v1.command_pb2 import Command, Flush, Play
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_CALLER,
    LEG_ROLE_HUMAN_AGENT,
    LEG_TRANSPORT_CHAT,
    LEG_TRANSPORT_PCM,
)
from cordboard.workflows.call_loop import CallLoop

HOLD_MUSIC: Final = "hold_music"
RING_BACK: Final = "ring_back"

_SOUND_OF_WAITING: Final = {
    PHASE_QUEUED: HOLD_MUSIC,
    PHASE_AGENT_ALERTING: RING_BACK,
    # Nobody is there for the caller: the agent's connection broke, and may come back.
    PHASE_AGENT_CONNECTED: HOLD_MUSIC,
}
_DEAF: Final = frozenset({LEG_TRANSPORT_PCM, LEG_TRANSPORT_CHAT})


class WaitingSounds:
    """Has the media node play to legs that hear nobody, until they hear somebody.

    The node lets a sound be heard only where nothing else is, so the order of this and a new matrix does not matter. A
    node that has no such sound refuses it; then it is silent.
    """

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop
        self._playing: dict[str, tuple[str, str]] = {}
        """Sound and play by leg."""
        self._ordinal = 0

    def apply(self) -> None:
        """Decide what the state asks for; runs in each round of the loop, after all that changes who hears whom."""
        state = self._loop.state
        if state.phase not in phases.OPEN or not state.placement_epoch:
            # The room is closed with all that is played in it.
            return
        wanted = sounds_of(state)
        for leg_id, (sound, play_id) in list(self._playing.items()):
            if wanted.get(leg_id) != sound:
                del self._playing[leg_id]
                self._send(Command(flush=Flush(play_id=play_id)))
        for leg_id, sound in wanted.items():
            if leg_id not in self._playing:
                self._ordinal += 1
                play_id = f"wait-{self._ordinal}"
                self._playing[leg_id] = (sound, play_id)
                self._send(Command(play=Play(play_id=play_id, leg_ids=[leg_id], sound=sound, loop=True)))

    def _send(self, command: Command) -> None:
        self._loop.decide(SendMediaCommand(command=command))


def sounds_of(state: CallState) -> dict[str, str]:
    """Give the sound that each leg is to hear which would hear nothing."""
    sounds: dict[str, str] = {}
    for leg in state.living_legs():
        if not leg.connected or leg.transport in _DEAF:
            continue
        if leg.held and leg.role in (LEG_ROLE_CALLER, LEG_ROLE_HUMAN_AGENT):
            sounds[leg.leg_id] = HOLD_MUSIC
        elif leg == state.transferring_leg and not _hears_somebody(state, leg):
            sounds[leg.leg_id] = RING_BACK
        elif leg.role == LEG_ROLE_CALLER and state.phase in _SOUND_OF_WAITING and not _hears_somebody(state, leg):
            sounds[leg.leg_id] = _SOUND_OF_WAITING[state.phase]
    return sounds


def _hears_somebody(state: CallState, listener: Leg) -> bool:
    heard = next((row.hears for row in state.routing if row.leg_id == listener.leg_id), ())
    return any(leg is not None and leg.connected for leg in map(state.leg, heard))
