"""What workflow, routing and voice agent put on the log while an agent works, told by a test."""

import time
from collections import Counter
from typing import Any

from gateway_house import TENANT, VERTICAL, House
from google.protobuf.message import Message

from cordboard.call.v1.agent_facts_pb2 import AgentState, AgentStateChanged
from cordboard.call.v1.call_pb2 import TALK_OUTCOME_RED_LINE, URGENCY_SOON, Slots
from cordboard.call.v1.decisions_pb2 import (
    AgentAccepted,
    AgentAlerted,
    AgentConnected,
    AiEngaged,
    AiReleased,
    CallAnswered,
    CallOffered,
    CallQueued,
    ConsentRecorded,
    EscalationDecided,
    LegAdded,
    LegStateTaken,
    RecordingStarted,
    SlotsTaken,
)
from cordboard.call.v1.facts_pb2 import ReplyHeard, ReplyPlanned, UtteranceHeard
from cordboard.gateway.memory_call_control import CALLER_LEG
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.media.v1 import leg_pb2
from cordboard.runtime.ledger_client import agent_stream, call_stream

MARIA = "maria"
VOICE = "voice-agent/voice-agent-1/b0"
ROUTING = "worker/worker-1/b0"

TALK = (
    ("ai", "Northgate Family Health, may we record this call?"),
    ("caller", "Yes, that is fine. My name is Elena Marsh."),
    ("ai", "Thank you Elena. What can I do for you?"),
    ("caller", "I have been dizzy since my lisinopril was raised on Friday."),
)


class DeskStory:
    """Writes events in order, with each source's own numbers."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._numbers: Counter[tuple[str, str, str]] = Counter()
        self._clock = int(time.time() * 1000) - 60_000
        self._changes = 0

    async def log(self, stream: Stream, source: str, *messages: Message, **fields: Any) -> None:
        """Put events on the log."""
        events = []
        for message in messages:
            key = (source, stream.kind, stream.id)
            self._numbers[key] += 1
            self._clock += 1000
            event = NewEvent(stream=stream, source=source, source_seq=self._numbers[key], **fields)
            event.event.Pack(message)
            event.occurred_at.FromMilliseconds(self._clock)
            events.append(event)
        await self.house.ledger.append(events)

    async def decide(self, call_id: str, *messages: Message) -> None:
        """Put decisions of the call's workflow on the log."""
        await self.log(call_stream(call_id), f"workflow/{call_id}", *messages)

    async def state(
        self, state: AgentState.ValueType, *, reason: str = "", call_id: str = "", agent_id: str = MARIA
    ) -> None:
        """Let routing say what an agent does."""
        self._changes += 1
        fact = AgentStateChanged(agent_id=agent_id, state=state, reason=reason, call_id=call_id, change=self._changes)
        await self.log(agent_stream(TENANT, agent_id), ROUTING, fact)

    async def say(self, call_id: str, who: str, text: str) -> None:
        """Let caller or AI agent speak."""
        turn = str(self._clock)
        messages: tuple[Message, ...] = (UtteranceHeard(turn_id=turn, leg_id=CALLER_LEG, text=text, confidence=0.9),)
        if who == "ai":
            messages = (
                ReplyPlanned(turn_id=turn, play_id=turn, clauses=[text]),
                ReplyHeard(turn_id=turn, play_id=turn, text=text),
            )
        await self.log(call_stream(call_id), VOICE, *messages, turn_id=turn)

    async def waiting_call(self) -> str:
        """A call whose caller talked with the AI agent and waits for a human."""
        call_id = await self.house.started()
        leg = leg_pb2.LEG_TRANSPORT_WEBRTC
        await self.decide(
            call_id,
            CallOffered(call_id=call_id, tenant=TENANT, vertical=VERTICAL),
            CallAnswered(),
            LegAdded(leg_id=CALLER_LEG, role=leg_pb2.LEG_ROLE_CALLER, transport=leg),
            LegStateTaken(leg_id=CALLER_LEG, state=leg_pb2.LEG_STATE_CONNECTED),
            LegAdded(leg_id="ai", role=leg_pb2.LEG_ROLE_AI_AGENT, transport=leg_pb2.LEG_TRANSPORT_PCM),
            AiEngaged(leg_id="ai", profile="front-desk"),
            ConsentRecorded(given=True, means="spoken"),
            RecordingStarted(),
        )
        for who, text in TALK:
            await self.say(call_id, who, text)
        slots = Slots(
            name="Elena Marsh",
            callback_number="+15035550142",
            reason="Dizzy since the lisinopril dose was raised",
            urgency=URGENCY_SOON,
        )
        summary = "Dizzy since Saturday, lisinopril dose raised Friday. Wants to be seen soon."
        await self.decide(
            call_id,
            SlotsTaken(slots=slots),
            AiReleased(outcome=TALK_OUTCOME_RED_LINE, urgency=URGENCY_SOON, summary=summary),
            LegStateTaken(leg_id="ai", state=leg_pb2.LEG_STATE_ENDED, reason="RELEASED"),
            EscalationDecided(reason="RED_LINE"),
            CallQueued(queue="front-desk", skills=["clinical"], priority=1),
        )
        return call_id

    async def ring(self, call_id: str, epoch: int = 1, agent_id: str = MARIA) -> None:
        """Ring an agent for the call."""
        await self.decide(call_id, AgentAlerted(agent_id=agent_id, reservation_epoch=epoch))

    async def connect(self, call_id: str, epoch: int = 1, agent_id: str = MARIA, leg_id: str = "leg-2") -> None:
        """Let the agent who was rung be in the call."""
        await self.decide(
            call_id,
            AgentAccepted(agent_id=agent_id, reservation_epoch=epoch),
            LegAdded(
                leg_id=leg_id,
                role=leg_pb2.LEG_ROLE_HUMAN_AGENT,
                transport=leg_pb2.LEG_TRANSPORT_WEBRTC,
                party_id=agent_id,
            ),
            LegStateTaken(leg_id=leg_id, state=leg_pb2.LEG_STATE_CONNECTED),
            AgentConnected(agent_id=agent_id, leg_id=leg_id),
        )
