"""A call's decisions: made by the call model, numbered, and folded into the state as they are made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Page:
    """Where a book stands: the state after the decision of that number."""

    state: CallState | None = None
    source_seq: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision event, as the ledger takes it, and the page after it."""

    event: Message
    numbered: NewEvent
    page: Page


class DecisionBook:
    """The decisions of one call, from the first. Pure: times are given, nothing is sent."""

    def __init__(self, call_id: str) -> None:
        self.call_id = call_id
        self.page = Page()

    @property
    def state(self) -> CallState | None:
        """The state after every decision so far; None before the first."""
        return self.page.state

    def decide(
        self, *messages: Message, at_us: int, actor: str = ENGINE, cause: EventRef | None = None
    ) -> list[Decision]:
        """Decide on messages as one step, with the media commands that follow from it; all of it or nothing.

        Raises CordboardError when one of the messages is not legal.
        """
        state = self.page.state
        events: list[tuple[Message, CallState]] = []
        for message in messages:
            for event in decide(state, message):
                state = evolve(state, event, at_us)
                events.append((event, state))
        if state is not None:
            for command in follow_up([event for event, _ in events], state):
                for event in decide(state, command):
                    state = evolve(state, event, at_us)
                    events.append((event, state))
        return [self._write(event, after, at_us, actor, cause) for event, after in events]

    def check(self, *messages: Message) -> None:
        """Raise what `decide` would raise, and change nothing."""
        state = self.page.state
        for message in messages:
            for event in decide(state, message):
                state = evolve(state, event)

    def adopt(self, decisions: Sequence[NewEvent]) -> list[Message]:
        """Take over decisions that stand on the log, and give their events."""
        events: list[Message] = []
        for decision in decisions:
            event = unpack_any(decision.event)
            # A type of a newer build means nothing here, and is counted as the fold counts it.
            known = event if event is not None else decision
            self.page = Page(evolve(self.page.state, known, to_us(decision.occurred_at)), decision.source_seq)
            events.append(known)
        return events

    def rewrite(self, decisions: Iterable[Decision]) -> list[Decision]:
        """Write decisions that were made before on the present page, with their numbers."""
        written: list[Decision] = []
        for decision in decisions:
            state = evolve(self.page.state, decision.event, to_us(decision.numbered.occurred_at))
            self.page = Page(state, decision.numbered.source_seq)
            written.append(Decision(decision.event, decision.numbered, self.page))
        return written

    def _write(self, event: Message, state: CallState, at_us: int, actor: str, cause: EventRef | None) -> Decision:
        numbered = NewEvent(
            stream=Stream(kind="call", id=self.call_id),
            event=pack(event),
            source=decision_source(self.call_id),
            source_seq=self.page.source_seq + 1,
            occurred_at=from_us(at_us),
            causation=cause,
            leg_id=getattr(event, "leg_id", ""),
            turn_id=getattr(event, "turn_id", ""),
            actor=actor,
        )
        self.page = Page(state, numbered.source_seq)
        return Decision(event, numbered, self.page)
