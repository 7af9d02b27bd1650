"""What waiting for a human agent gave, and how such a wait is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cordboard.call.v1.call_pb2 import URGENCY_SOON, URGENCY_URGENT, Urgency
from cordboard.core import reasons
from cordboard.core.call_state import Leg
from cordboard.media.v1.leg_pb2 import LEG_STATE_FAILED


class BridgeOutcome(StrEnum):
    """How a bridge ended."""

    AGENT_HUNG_UP = "AGENT_HUNG_UP"
    """A human agent served the caller and ended the call."""
    AGENT_LOST = "AGENT_LOST"
    """The human agent's connection broke, and they did not come back; the caller is still there."""
    HANDED_BACK = "HANDED_BACK"
    """The human agent gave the caller back: an AI agent is to talk with them."""
    NOBODY = "NOBODY"
    """No human agent came in time."""


@dataclass(frozen=True, slots=True)
class Bridged:
    """What a bridge gave."""

    outcome: BridgeOutcome
    agent_id: str = ""


_UNINTENDED: Final = reasons.VANISHED | {reasons.CLIENT_CLOSED}
"""Why a connection ends that nobody meant to end. A desk that is loaded again closes its connection by itself; an agent
who means to leave says so, and the leg is removed."""


def is_lost(leg: Leg | None) -> bool:
    """Whether a human agent's leg is over without the agent having hung up."""
    return leg is None or leg.state == LEG_STATE_FAILED or (not leg.living and leg.reason in _UNINTENDED)


PRIORITY: Mapping[Urgency.ValueType, int] = MappingProxyType({URGENCY_SOON: 10, URGENCY_URGENT: 20})
"""Place in the queue by urgency; whatever is not named has 0."""

HEAD_OF_QUEUE: Final = 1000
"""Priority of a caller who was served already, and lost their agent."""


def priority_of(urgency: Urgency.ValueType) -> int:
    """Give the priority of a matter; higher is sooner."""
    return PRIORITY.get(urgency, 0)
