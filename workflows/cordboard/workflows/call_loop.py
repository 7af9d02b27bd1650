"""The one place where a call acts.

Handlers, timers, finished activities and the script only put steps into the inbox. The loop takes them in order:
decide, put the decisions on the log, then let their effects happen. So every effect has its decision on record before
it, and no two things act on the state at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.message import Message
from temporalio import workflow

from cordboard.call.v1.commands_pb2 import FireTimer
from cordboard.call.v1.decisions_pb2 import MediaCommandRequested
from cordboard.core import reasons
from cordboard.core.call_state import CallState
from cordboard.core.errors import CordboardError, InternalError, WrongStateError
from cordboard.core.event_message import unpack
from cordboard.ledger.v1.envelope_pb2 import Envelope, EventRef
from cordboard.workflows.call_log import log
from cordboard.workflows.decision_book import ENGINE
from cordboard.workflows.journal import Journal


class Reactor(Protocol):
    """Lets effects happen. A reactor never waits: it starts activities and timers whose ends are steps again."""

    def react(self, event: Message) -> None:
        """Carry out what follows from one decision event."""
        ...


@dataclass(slots=True)
class Ticket:
    """A step that somebody waits for."""

    error: CordboardError | None = None
    settled: bool = False


@dataclass(slots=True)
class _Step:
    act: Callable[[], None]
    pressing: bool
    ticket: Ticket | None


class CallLoop:
    """The inbox of a call and the loop that empties it."""

    def __init__(self, call_id: str) -> None:
        self.call_id = call_id
        self.journal = Journal(call_id)
        self.reactors: list[Reactor] = []
        self.rules: list[Callable[[], None]] = []
        """Run in each round after its steps, to decide what the new state asks for by itself."""
        self.on_timer: dict[str, Callable[[], None]] = {}
        """What to decide when the timer of that name fires, in the same step."""
        self.fact_listeners: list[Callable[[Message], None]] = []
        self._inbox: deque[_Step] = deque()
        self._unsettled: list[Ticket] = []
        self._seen: set[int] = set()
        self._in_flight = 0
        self._finishing = False
        self._ended = False

    @property
    def is_quiet(self) -> bool:
        """Whether every decision is on the log, its effects have begun, and no activity is under way."""
        level = self.journal.on_record.decisions == self.journal.state.decisions
        return level and not self._in_flight

    @property
    def state(self) -> CallState:
        """The call's state after every decision so far."""
        return self.journal.state

    def post(self, act: Callable[[], None], *, pressing: bool = False, ticket: Ticket | None = None) -> None:
        """Have the loop run `act`. A pressing step does not wait for a ledger that is away."""
        if not self._ended:
            self._inbox.append(_Step(act, pressing, ticket))
        elif ticket is not None:
            ticket.error = WrongStateError(reasons.CALL_OVER, "the call is over")
            ticket.settled = True

    def decide(self, *messages: Message, actor: str = ENGINE, cause: EventRef | None = None) -> None:
        """Decide within a step. Raises CordboardError."""
        self.journal.decide(*messages, actor=actor, cause=cause)

    async def ask(self, *messages: Message, actor: str = ENGINE, pressing: bool = False) -> None:
        """Have messages decided as one step; returns once the decisions are on the log.

        Raises CordboardError when one of them is not legal; then none of them was decided.
        """
        ticket = Ticket()
        self.post(lambda: self.decide(*messages, actor=actor), pressing=pressing, ticket=ticket)
        await workflow.wait_condition(lambda: ticket.settled)
        if ticket.error is not None:
            raise ticket.error

    def start(self, activity: Any, argument: Message, then: Callable[[Any], None], **options: Any) -> None:
        """Start a regular activity; its finished handle is given to `then` as a step."""
        handle: Any = workflow.start_activity(activity, argument, **options)
        self._in_flight += 1

        def finished(done: Any) -> None:
            self._in_flight -= 1
            self.post(lambda: then(done), pressing=True)

        handle.add_done_callback(finished)

    def take_fact(self, envelope: Envelope) -> None:
        """Have a fact consumed, once, whatever the order and however often it comes."""
        if envelope.seq in self._seen:
            return
        self._seen.add(envelope.seq)
        fact = unpack(envelope)
        if fact is None:
            return
        cause = EventRef(stream=envelope.event.stream, seq=envelope.seq)

        def act() -> None:
            self.decide(fact, cause=cause)
            for listener in self.fact_listeners:
                listener(fact)

        self.post(act)

    def fire(self, timer_id: str, due_us: int) -> None:
        """Have a timer fire, unless it was cancelled or set anew while it ran out."""

        def act() -> None:
            running = self.state.timer(timer_id)
            if running is not None and running.due_us == due_us:
                self.decide(FireTimer(timer_id=timer_id))
                self.on_timer.get(timer_id, _nothing)()

        self.post(act)

    def finish(self) -> None:
        """Let the loop end once its inbox is empty and everything is on the log."""
        self._finishing = True

    async def run(self) -> None:
        """Act until told to finish."""
        while not (self._finishing and not self._inbox):
            await workflow.wait_condition(lambda: bool(self._inbox) or self._finishing)
            while self._inbox:
                self._take(self._inbox.popleft())
            for rule in self.rules:
                rule()
            for event in await self.journal.commit(self._is_pressed, self._press_on):
                self._react(event)
            self._settle()
        self._ended = True

    def _take(self, step: _Step) -> None:
        try:
            step.act()
        except CordboardError as error:
            if step.ticket is None:
                # A fact or an outcome that fits no longer is no reason to end a call.
                log.warning("a step was refused", extra={"reason": error.reason})
            else:
                step.ticket.error = error
        except Exception as error:  # noqa: BLE001  # a bug in one step must not end the call for its people
            log.exception("a step failed")
            if step.ticket is not None:
                step.ticket.error = InternalError("INTERNAL", "the call could not do that", kind=type(error).__name__)
        if step.ticket is not None:
            self._unsettled.append(step.ticket)

    def _is_pressed(self) -> bool:
        return any(step.pressing for step in self._inbox)

    def _press_on(self) -> None:
        """Decide what cannot wait for the ledger and send its media commands now; the log gets it all later."""
        pressing = [step for step in self._inbox if step.pressing]
        self._inbox = deque(step for step in self._inbox if not step.pressing)
        for step in pressing:
            self._take(step)
        for event in self.journal.take_ahead(MediaCommandRequested):
            self._react(event)
        for step in pressing:
            if step.ticket is not None:
                step.ticket.settled = True

    def _react(self, event: Message) -> None:
        for reactor in self.reactors:
            reactor.react(event)

    def _settle(self) -> None:
        for ticket in self._unsettled:
            ticket.settled = True
        self._unsettled.clear()


async def after_signals() -> None:
    """Let the signals that a call finds together with a request be taken first; each request begins with it.

    A worker that has the call in its cache may be given the request before the signals, and one that replays the call
    is given the signals before the request, whatever came first. The steps of both are in the inbox before the loop
    looks at it, so all that is needed is that theirs are always in the same order.
    """
    await asyncio.sleep(0)


def _nothing() -> None:
    """Whoever waits for such a timer looks at the state."""
