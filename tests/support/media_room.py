"""A room of memory legs on a virtual clock."""

from cordboard.call.v1.facts_pb2 import LegStateChanged
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_CALLER,
    LEG_ROLE_COPILOT,
    LEG_TRANSPORT_MEMORY,
    LegState,
    Listening,
    RoutingMatrix,
)
from cordboard.media_node.clock import VirtualClock
from cordboard.media_node.egress import OutStream
from cordboard.media_node.facts import ListedFacts
from cordboard.media_node.forwarding import ForwardingPlane
from cordboard.media_node.leg import LegIdentity
from cordboard.media_node.memory_leg import MemoryLeg
from cordboard.media_node.room import Room


def matrix(**hears: list[str]) -> RoutingMatrix:
    """Write a matrix: who hears whom."""
    return RoutingMatrix(rows=[Listening(leg_id=leg, hears=sources) for leg, sources in sorted(hears.items())])


class RoomHouse:
    """One room; `add` puts memory legs into it."""

    def __init__(self) -> None:
        self.clock = VirtualClock(77_000_000)
        self.facts = ListedFacts()
        self.room = Room("call-1", "clinic", 3, ForwardingPlane(), self.facts, self.clock)

    def add(self, leg_id: str, *, passive: bool = False, replaces: str = "") -> MemoryLeg:
        role = LEG_ROLE_COPILOT if passive else LEG_ROLE_CALLER
        identity = LegIdentity(leg_id, role, LEG_TRANSPORT_MEMORY, passive)
        leg = MemoryLeg(identity, self.room, self.clock, [OutStream(1, 111), OutStream(2, 111)])
        self.room.add(leg, replaces=replaces)
        return leg

    def route(self, **hears: list[str]) -> None:
        self.room.set_routing(matrix(**hears))

    def states(self) -> list[tuple[str, "LegState.ValueType", str]]:
        """The leg states that were told, in order."""
        events = [fact.event for fact in self.facts.facts]
        return [(event.leg_id, event.state, event.reason) for event in events if isinstance(event, LegStateChanged)]
