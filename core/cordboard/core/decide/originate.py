"""Reaching a party: it rings there, they take the call by joining it, or they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import PHASE_ALERTING, PHASE_ORIGINATING, Phase
from cordboard.call.v1.originate_pb2 import CallParty, KeepPlace, PartyAlerted, PartyCalled, PartyDeclined, PlaceKept
from cordboard.core import reasons
from cordboard.core.call_state import QueuePlace
from cordboard.core.decide.draft import Draft, require
from cordboard.core.decide.ending import hang_up
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER

REFUSALS: Final = frozenset({reasons.DECLINED, reasons.BUSY})


def _alerted(draft: Draft, _: PartyAlerted) -> None:
    if draft.state.phase == PHASE_ORIGINATING and draft.state.party_called:
        draft.add(decisions.CallAlerted())


def _declined(draft: Draft, fact: PartyDeclined) -> None:
    # Whoever has joined has taken the call, whatever another window of theirs says.
    joined = any(leg.role == LEG_ROLE_CALLER for leg in draft.state.legs)
    if draft.state.phase in (PHASE_ORIGINATING, PHASE_ALERTING) and not joined:
        hang_up(draft, fact.reason if fact.reason in REFUSALS else reasons.DECLINED)


def _keep_place(draft: Draft, command: KeepPlace) -> None:
    require(command.queue, "queue")
    asked = QueuePlace(command.queue, tuple(command.skills), command.priority)
    if draft.state.queue != asked:
        draft.add(PlaceKept(queue=command.queue, skills=command.skills, priority=command.priority))


def _call(draft: Draft, _: CallParty) -> None:
    if not draft.state.party_called:
        draft.add(PartyCalled(target=draft.state.target, vertical=draft.state.vertical))


COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    KeepPlace: (frozenset({PHASE_ORIGINATING}), _keep_place),
    CallParty: (frozenset({PHASE_ORIGINATING, PHASE_ALERTING}), _call),
}

FACTS: Final[Mapping[type[Message], Callable[[Draft, Any], None]]] = {
    PartyAlerted: _alerted,
    PartyDeclined: _declined,
}
