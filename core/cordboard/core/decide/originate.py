"""Reaching a party: it rings there, they take the call by joining it, or they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import PHASE_ALERTING, PHASE_ORIGINATING
from cordboard.call.v1.originate_pb2 import PartyAlerted, PartyDeclined
from cordboard.core import reasons
from cordboard.core.decide.draft import Draft
from cordboard.core.decide.ending import hang_up
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER

REFUSALS: Final = frozenset({reasons.DECLINED, reasons.BUSY})


def _alerted(draft: Draft, _: PartyAlerted) -> None:
    if draft.state.phase == PHASE_ORIGINATING:
        draft.add(decisions.CallAlerted())


def _declined(draft: Draft, fact: PartyDeclined) -> None:
    # Whoever has joined has taken the call, whatever another window of theirs says.
    joined = any(leg.role == LEG_ROLE_CALLER for leg in draft.state.legs)
    if draft.state.phase in (PHASE_ORIGINATING, PHASE_ALERTING) and not joined:
        hang_up(draft, fact.reason if fact.reason in REFUSALS else reasons.DECLINED)


FACTS: Final[Mapping[type[Message], Callable[[Draft, Any], None]]] = {
    PartyAlerted: _alerted,
    PartyDeclined: _declined,
}
