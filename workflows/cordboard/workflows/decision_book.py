"""A call's decisions: made by the call model, numbered, and folded into the state as they are made."""

from collections.abc import Sequence

from google.protobuf.message import Message

from cordboard.core.call_state import CallState
from cordboard.core.decide import decide
from cordboard.core.event_message import pack, unpack_any
from cordboard.core.evolve import evolve
from cordboard.core.fold import decision_source
from cordboard.core.timestamps import from_us, to_us
from cordboard.ledger.v1.envelope_pb2 import EventRef, NewEvent, Stream
from cordboard.workflows.follow_up import follow_up

ENGINE = "engine"


class DecisionBook:
    """The decisions of one call, from the first. Pure: times are given, nothing is sent."""

    def __init__(self, call_id: str) -> None:
        self.call_id = call_id
        self.state: CallState | None = None
        self._source_seq = 0

    def decide(
        self, *messages: Message, at_us: int, actor: str = ENGINE, cause: EventRef | None = None
    ) -> tuple[list[Message], list[NewEvent]]:
        """Decide on messages as one step, with the media commands that follow from it; all of it or nothing.

        Gives the events, and the same events as the ledger takes them. Raises CordboardError when one of the messages
        is not legal.
        """
        state = self.state
        events: list[Message] = []
        for message in messages:
            for event in decide(state, message):
                state = evolve(state, event, at_us)
                events.append(event)
        if state is not None:
            for command in follow_up(events, state):
                for event in decide(state, command):
                    state = evolve(state, event, at_us)
                    events.append(event)
        self.state = state
        return events, [self._number(event, at_us, actor, cause) for event in events]

    def check(self, *messages: Message) -> None:
        """Raise what `decide` would raise, and change nothing."""
        state = self.state
        for message in messages:
            for event in decide(state, message):
                state = evolve(state, event)

    def adopt(self, decisions: Sequence[NewEvent]) -> list[Message]:
        """Take over decisions that another book of the same call made, and give their events."""
        events: list[Message] = []
        for decision in decisions:
            event = unpack_any(decision.event)
            assert event is not None, "the admission writes events that this build knows"
            self.state = evolve(self.state, event, to_us(decision.occurred_at))
            self._source_seq = decision.source_seq
            events.append(event)
        return events

    def _number(self, event: Message, at_us: int, actor: str, cause: EventRef | None) -> NewEvent:
        self._source_seq += 1
        return NewEvent(
            stream=Stream(kind="call", id=self.call_id),
            event=pack(event),
            source=decision_source(self.call_id),
            source_seq=self._source_seq,
            occurred_at=from_us(at_us),
            causation=cause,
            leg_id=getattr(event, "leg_id", ""),
            turn_id=getattr(event, "turn_id", ""),
            actor=actor,
        )
