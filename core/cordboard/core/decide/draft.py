"""Events being decided, with the state as each of them leaves it."""

from __future__ import annotations

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.core import reasons, routing
from cordboard.core.call_state import CallState, Leg
from cordboard.core.errors import InvalidError, NotFoundError, WrongStateError
from cordboard.core.evolve import evolve
from cordboard.core.phases import phase_name


class Draft:
    """Collects the events of one decision; later steps of it see the state after the earlier ones."""

    def __init__(self, state: CallState) -> None:
        """Begin with the state before the decision."""
        self.state = state
        self._events: list[Message] = []

    def add(self, event: Message) -> None:
        """Decide on one more event."""
        self._events.append(event)
        self.state = evolve(self.state, event)

    def route(self) -> None:
        """Decide on a new routing matrix when the one in force is no longer what the state asks for."""
        due = routing.due_routing(self.state)
        if not routing.is_same(due, self.state.routing):
            self.add(decisions.RoutingSet(matrix=routing.to_message(due)))

    @property
    def events(self) -> tuple[Message, ...]:
        """What was decided, in order."""
        return tuple(self._events)


def require(value: object, field: str) -> None:
    """Refuse a message that lacks a required field."""
    if not value:
        raise InvalidError(reasons.FIELD_MISSING, f"{field} is required", field=field)


def require_leg(state: CallState, leg_id: str) -> Leg:
    """The living leg of that id, or LEG_NOT_FOUND, LEG_OVER."""
    require(leg_id, "leg_id")
    leg = state.leg(leg_id)
    if leg is None:
        raise NotFoundError(reasons.LEG_NOT_FOUND, "the call has no such leg", leg_id=leg_id)
    if not leg.living:
        raise WrongStateError(reasons.LEG_OVER, "the leg is over", leg_id=leg_id)
    return leg


def wrong_phase(state: CallState, what: str) -> WrongStateError:
    """The error for a message that the call's phase does not allow."""
    name = phase_name(state.phase)
    if state.is_over:
        return WrongStateError(reasons.CALL_OVER, f"{what} is too late, the call is over", phase=name)
    return WrongStateError(reasons.WRONG_PHASE, f"{what} is not legal in this phase", phase=name)
