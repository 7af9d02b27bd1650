"""An agent's part in a call, folded from decisions; an agent's state, folded from their stream."""

import pytest
from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_BUSY,
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_RESERVED,
    AGENT_STATE_WRAP_UP,
    AgentStateChanged,
)
from cordboard.call.v1.transfer_pb2 import TransferCompleted, TransferReturned, TransferStarted
from cordboard.gateway.event_plane.presence import Presence
from cordboard.gateway.event_plane.seat import Seat, seat_after
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_ROLE_HUMAN_AGENT

RUNG = decisions.AgentAlerted(agent_id="maria", reservation_epoch=3)


def seat_of(*events: Message) -> Seat | None:
    seat: Seat | None = None
    for event in events:
        seat = seat_after(seat, event, "maria")
    return seat


def test_an_agent_has_a_seat_from_the_ring_on() -> None:
    assert seat_of(decisions.CallQueued(queue="q")) is None
    assert seat_of(RUNG) == Seat(3)
    connected = seat_of(
        RUNG,
        decisions.AgentAccepted(agent_id="maria", reservation_epoch=3),
        decisions.LegAdded(leg_id="leg-1", role=LEG_ROLE_CALLER, party_id="maria"),
        decisions.LegAdded(leg_id="leg-2", role=LEG_ROLE_HUMAN_AGENT, party_id="maria"),
        decisions.AgentConnected(agent_id="maria", leg_id="leg-2"),
        decisions.WrapUpStarted(reason="DONE"),
    )
    assert connected == Seat(3, accepted=True, connected=True, leg_id="leg-2")


@pytest.mark.parametrize(
    "event",
    [
        decisions.AgentMissed(agent_id="maria", reason="DECLINED"),
        decisions.AgentAlerted(agent_id="jon", reservation_epoch=1),
        decisions.AgentConnected(agent_id="jon", leg_id="leg-3"),
        decisions.CallQueued(queue="other"),
        decisions.AiEngaged(leg_id="ai"),
        decisions.CallCompleted(),
        decisions.CallAbandoned(reason="CALLER_HUNG_UP"),
        decisions.CallCancelled(by="app/x"),
        decisions.CallFailed(reason="NO_NODE"),
    ],
)
def test_the_seat_ends_when_somebody_else_has_the_call_or_nobody(event: Message) -> None:
    assert seat_of(RUNG, event) is None


def test_a_desks_wish_outlives_a_call_and_routings_no_answer_replaces_it() -> None:
    presence = Presence().after(AgentStateChanged(state=AGENT_STATE_READY, session_id="s1"))
    for state in (AGENT_STATE_RESERVED, AGENT_STATE_BUSY):
        presence = presence.after(AgentStateChanged(state=state, call_id="c", change=1))
    assert (presence.state, presence.call_id) == (AGENT_STATE_BUSY, "c")
    assert presence.readiness == (AGENT_STATE_READY, "")
    presence = presence.after(AgentStateChanged(state=AGENT_STATE_NOT_READY, reason="LUNCH", session_id="s1"))
    assert (presence.call_id, presence.readiness) == ("c", (AGENT_STATE_NOT_READY, "LUNCH"))
    presence = presence.after(AgentStateChanged(state=AGENT_STATE_WRAP_UP, call_id="c", change=2))
    assert presence.call_id == "c"
    presence = presence.after(AgentStateChanged(state=AGENT_STATE_READY, session_id="s2"))
    presence = presence.after(AgentStateChanged(state=AGENT_STATE_NOT_READY, reason="NO_ANSWER", change=3))
    assert (presence.call_id, presence.session_id) == ("", "s2")
    assert presence.readiness == (AGENT_STATE_NOT_READY, "NO_ANSWER")


CONNECTED = (
    RUNG,
    decisions.AgentAccepted(agent_id="maria", reservation_epoch=3),
    decisions.LegAdded(leg_id="leg-2", role=LEG_ROLE_HUMAN_AGENT, party_id="maria"),
    decisions.AgentConnected(agent_id="maria", leg_id="leg-2"),
)
HANDED_ON = (
    *CONNECTED,
    TransferStarted(agent_id="maria", leg_id="leg-2"),
    decisions.CallQueued(queue="billing"),
    decisions.AgentAlerted(agent_id="bob", reservation_epoch=1),
)


def test_an_agent_who_hands_the_caller_on_keeps_the_seat_until_somebody_else_has_them() -> None:
    waiting = seat_of(*HANDED_ON)
    assert waiting == Seat(3, accepted=True, connected=True, leg_id="leg-2", transferring=True)
    assert seat_of(*HANDED_ON, decisions.AgentMissed(agent_id="bob", reason="NO_ANSWER")) == waiting
    joined = (*HANDED_ON, decisions.AgentConnected(agent_id="bob", leg_id="leg-3"))
    assert seat_of(*joined) == waiting
    assert seat_of(*joined, TransferCompleted(agent_id="bob")) is None
    assert seat_of(*HANDED_ON, decisions.CallAbandoned(reason="CALLER_HUNG_UP")) is None


def test_an_agent_who_has_the_caller_back_is_in_the_call_as_before() -> None:
    back = TransferReturned(agent_id="maria", leg_id="leg-2", reason="DECLINED")
    assert seat_of(*HANDED_ON, back) == seat_of(*CONNECTED)


def test_the_second_agent_keeps_the_call_when_it_is_completed_and_loses_it_when_it_is_taken_back() -> None:
    taken = (
        TransferStarted(agent_id="bob", leg_id="leg-3"),
        decisions.CallQueued(queue="billing"),
        *CONNECTED,
    )
    assert seat_of(*taken, TransferCompleted(agent_id="maria")) == seat_of(*CONNECTED)
    assert seat_of(*taken, TransferReturned(agent_id="bob", leg_id="leg-3", reason="CANCELLED")) is None
