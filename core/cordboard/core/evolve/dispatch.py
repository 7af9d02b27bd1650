"""Chooses what an event does, and keeps what all events share: the phase, its times, the count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1.call_pb2 import PHASE_INTAKE, PHASE_QUEUED, PHASE_WRAPPING_UP, Phase
from cordboard.core import phases
from cordboard.core.call_state import CallState
from cordboard.core.evolve import conversation, gathering, legs, lifecycle, queueing, script, transfer

Effect = Callable[[CallState, Any], CallState]

EFFECTS: Final[Mapping[type[Message], Effect]] = {
    **lifecycle.EFFECTS,
    **legs.EFFECTS,
    **conversation.EFFECTS,
    **queueing.EFFECTS,
    **gathering.EFFECTS,
    **transfer.EFFECTS,
    **script.EFFECTS,
}


def evolve(state: CallState | None, event: Message, at_us: int = 0) -> CallState:
    """The state after `event`, which occurred at `at_us` (microseconds since the Unix epoch).

    An event of a type that this build does not know, or that means nothing to the state, is counted and no more.
    """
    before = state if state is not None else CallState()
    after = before
    effect = EFFECTS.get(type(event))
    if effect is not None:
        after = effect(before, event)
    phase = phases.PHASE_AFTER.get(type(event))
    if phase is not None:
        after = _enter(after, phase, at_us)
    return replace(after, decisions=before.decisions + 1)


def _enter(state: CallState, phase: Phase.ValueType, at_us: int) -> CallState:
    seen = state.phases if state.phases[-1:] == (phase,) else (*state.phases, phase)
    state = replace(state, phase=phase, phases=seen)
    if not state.offered_at_us:
        state = replace(state, offered_at_us=at_us)
    if phase == PHASE_QUEUED and not state.queued_at_us:
        state = replace(state, queued_at_us=at_us)
    if phase == PHASE_INTAKE and not state.answered_at_us:
        state = replace(state, answered_at_us=at_us)
    if phase == PHASE_WRAPPING_UP or phase in phases.FINAL:
        state = lifecycle.without_media(state, final=phase in phases.FINAL)
        if not state.ended_at_us:
            state = replace(state, ended_at_us=at_us)
    return state
