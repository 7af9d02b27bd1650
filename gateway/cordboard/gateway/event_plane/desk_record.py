"""Puts on the log what a desk says, under the gateway's name."""

import asyncio

from google.protobuf.message import Message

from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_NOT_READY, AgentState, AgentStateChanged
from cordboard.core import reasons
from cordboard.core.errors import UnavailableError
from cordboard.gateway.access import actor_of
from cordboard.ledger.v1.envelope_pb2 import Stream
from cordboard.runtime.identity import UserClaims
from cordboard.runtime.ledger_client import EventProducer, agent_stream


class DeskRecord:
    """One session of an agent's desk, as a writer."""

    def __init__(self, producer: EventProducer, claims: UserClaims, session_id: str, patience: float) -> None:
        """Make a record; `patience` in seconds bounds the wait for the ledger's word."""
        self.session_id = session_id
        self._producer = producer
        self._claims = claims
        self._patience = patience
        self._stream = agent_stream(claims.tenant, claims.subject)

    def begin(self, state: AgentState.ValueType, reason: str) -> None:
        """Say that this session speaks for the agent from now on."""
        self._say(self._fact(state, reason), self._stream)

    def lose(self) -> None:
        """Say that this session is gone."""
        self._say(self._fact(AGENT_STATE_NOT_READY, reasons.SESSION_LOST), self._stream)

    async def state(self, state: AgentState.ValueType, reason: str) -> None:
        """Say what the agent wants. Raises UnavailableError(LEDGER_AWAY)."""
        await self.durably(self._stream, self._fact(state, reason))

    async def durably(self, stream: Stream, fact: Message, *, trace_id: str = "") -> None:
        """Put a fact on the log and wait until it is there. Raises UnavailableError(LEDGER_AWAY)."""
        if self._producer.report().ledger_away:
            raise UnavailableError("LEDGER_AWAY", "the record cannot be reached; try again")
        try:
            async with asyncio.timeout(self._patience):
                await self._producer.record_durably(stream, fact, actor=actor_of(self._claims), trace_id=trace_id)
        except TimeoutError:
            raise UnavailableError("LEDGER_AWAY", "the record is away; the command counts once it is back") from None

    def _say(self, fact: Message, stream: Stream) -> None:
        self._producer.record_nowait(stream, fact, actor=actor_of(self._claims))

    def _fact(self, state: AgentState.ValueType, reason: str) -> AgentStateChanged:
        return AgentStateChanged(
            agent_id=self._claims.subject,
            state=state,
            reason=reason,
            skills=sorted(self._claims.skills),
            session_id=self.session_id,
        )
