"""Who hears whom: the whole matrix, computed from a call's state.

Bridged legs hear each other. A held leg hears nobody and is heard by nobody. A supervisor hears the talk and is heard
by nobody (monitor), by the human agents (whisper) or by all (barge). A co-pilot hears the talk and is never heard.
"""

from __future__ import annotations

from collections.abc import Iterable

from cordboard.call.v1.call_pb2 import SUPERVISION_MODE_BARGE, SUPERVISION_MODE_WHISPER
from cordboard.core import phases
from cordboard.core.call_state import CallState, Leg, Listening
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_COPILOT,
    LEG_ROLE_HUMAN_AGENT,
    LEG_ROLE_SUPERVISOR,
    LEG_TRANSPORT_CHAT,
    RoutingMatrix,
)
from cordboard.media.v1.leg_pb2 import Listening as ListeningRow

Matrix = tuple[Listening, ...]


def is_audible(speaker: Leg, listener: Leg) -> bool:
    """Whether `listener` hears `speaker`; both are living legs with audio."""
    if speaker.leg_id == listener.leg_id or speaker.held or listener.held:
        return False
    if not (listener.bridged or listener.role in (LEG_ROLE_SUPERVISOR, LEG_ROLE_COPILOT)):
        return False
    if speaker.role == LEG_ROLE_COPILOT:
        return False
    if speaker.role == LEG_ROLE_SUPERVISOR:
        return may_speak_to(speaker, listener)
    return speaker.bridged


def may_speak_to(supervisor: Leg, listener: Leg) -> bool:
    """Whether a supervisor's mode lets `listener` hear them."""
    if supervisor.supervision == SUPERVISION_MODE_BARGE:
        return True
    return supervisor.supervision == SUPERVISION_MODE_WHISPER and listener.role == LEG_ROLE_HUMAN_AGENT


def matrix_of(legs: Iterable[Leg]) -> Matrix:
    """The matrix of these legs: one row per living leg with audio, in ascending order of leg_id."""
    audible = sorted(
        (leg for leg in legs if leg.living and leg.transport != LEG_TRANSPORT_CHAT), key=lambda leg: leg.leg_id
    )
    return tuple(
        Listening(listener.leg_id, tuple(speaker.leg_id for speaker in audible if is_audible(speaker, listener)))
        for listener in audible
    )


def due_routing(state: CallState) -> Matrix:
    """The matrix that the state asks for; no rows once media is over."""
    return matrix_of(state.legs) if state.phase in phases.OPEN else ()


def is_same(one: Matrix, other: Matrix) -> bool:
    """Whether two matrices sound the same: a leg without a row hears nobody, as a leg with an empty row does."""
    return tuple(row for row in one if row.hears) == tuple(row for row in other if row.hears)


def to_message(matrix: Matrix) -> RoutingMatrix:
    """The matrix as the contract's message."""
    return RoutingMatrix(rows=[ListeningRow(leg_id=row.leg_id, hears=row.hears) for row in matrix])
