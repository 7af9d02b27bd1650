"""The call's human agent: waited for, rung, bridged, given back.

Routing sets agents aside and tells the call by signals; the desk's answer and the agent's media come as facts. The link
turns them into decisions, and tells routing what became of its reservations once that is on the log.
"""

from datetime import timedelta
from functools import partial

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from cordboard.activity.v1.routing_activities_pb2 import (
    RoutingCancelInput,
    RoutingConfirmInput,
    RoutingEnqueueInput,
    RoutingReleaseInput,
)
from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_WRAP_UP,
    AgentState,
)
from cordboard.call.v1.call_pb2 import PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED, PHASE_QUEUED
from cordboard.call.v1.call_workflow_pb2 import AgentReservation, AgentWithdrawal, QueuePlace
from cordboard.call.v1.commands_pb2 import (
    AlertAgent,
    CancelTimer,
    ConnectAgent,
    MissAgent,
    NoteQueuePosition,
    SendMediaCommand,
)
from cordboard.call.v1.decisions_pb2 import (
    AgentAlerted,
    AgentConnected,
    AgentMissed,
    AiEngaged,
    CallAbandoned,
    CallbackBooked,
    CallCancelled,
    CallFailed,
    CallQueued,
    VoicemailStarted,
    WrapUpStarted,
)
from cordboard.call.v1.originate_pb2 import CallParty, PlaceKept
from cordboard.call.v1.transfer_pb2 import (
    TRANSFER_STEP_CANCEL,
    StepTransfer,
    TransferCompleted,
    TransferEnded,
    TransferReturned,
    TransferStarted,
)
from cordboard.core import phases, reasons
from cordboard.core.call_state import CallState
from cordboard.media.v1.command_pb2 import Command, CreateRoom
from cordboard.media.v1.leg_pb2 import LEG_ROLE_HUMAN_AGENT
from cordboard.workflows import routing_stubs
from cordboard.workflows.bridging import is_lost
from cordboard.workflows.call_log import log
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.failures import from_failure, may_pass
from cordboard.workflows.limits import POLICY
from cordboard.workflows.routing_lane import RoutingLane
from cordboard.workflows.timer_wheel import AGENT_JOIN, PATIENCE, RING, set_timer

_LEFT_QUEUE = (AiEngaged, CallbackBooked, VoicemailStarted)
_ENDS = (CallAbandoned, CallCancelled, CallFailed, WrapUpStarted)


class AgentLink:
    """Keeps the call's side of routing: at most one reservation is the call's at any time."""

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop
        self._lane = RoutingLane(loop)
        self._ordinal = 0
        self._waiting = False
        self._seen: set[tuple[str, int]] = set()
        self._offered: AgentReservation | None = None
        """Set aside, and not rung yet."""
        self._taken: AgentReservation | None = None
        """The agent who is rung, or in the call."""
        self._leg_id = ""
        """The leg of the agent who is in the call."""
        self.since: Timestamp | None = None
        """Since when the call waits, where that was before it began."""
        self._kept = False
        """Whether a place is kept for a party who is called once an agent is set aside."""
        self._first: AgentReservation | None = None
        """The agent who hands the caller on to another one; nothing else holds them."""
        self._first_leg_id = ""
        self.ring: timedelta = POLICY.ring
        """How long an agent is rung from now on."""
        self.closed = False
        """Whether no further agent is to be rung: patience is over, or there is no routing."""
        self.left = False
        """Whether the agent who was in the call said that they leave, however their connection ended."""
        loop.on_timer[RING] = partial(self._miss, reasons.NO_ANSWER)
        loop.on_timer[AGENT_JOIN] = self._join_over
        loop.on_timer[PATIENCE] = self._close

    @property
    def idle(self) -> bool:
        """Whether routing has been told everything."""
        return self._lane.idle

    def reserve(self, reservation: AgentReservation) -> None:
        """Take note that an agent is set aside for this call; a repeat changes nothing."""
        self._loop.post(partial(self._reserved, reservation))

    def withdraw(self, withdrawal: AgentWithdrawal) -> None:
        """Take note that a reservation ended by itself."""
        self._loop.post(partial(self._withdrawn, withdrawal))

    def move(self, place: QueuePlace) -> None:
        """Take note of the call's place in its queue."""
        self._loop.post(lambda: self._loop.decide(NoteQueuePosition(position=place.position)))

    def hang_up(self) -> None:
        """Take note that the agent who is in the call means to end their part of it."""

        def act() -> None:
            self.left = True

        self._loop.post(act)

    def reopen(self) -> None:
        """Wait in the queue again after patience was over; the queue itself is on the log already."""

        def act() -> None:
            if self.closed and self._loop.state.phase == PHASE_QUEUED:
                self._wait(self._loop.state)

        self._loop.post(act)

    def react(self, event: Message) -> None:
        """Tell routing what was decided."""
        if isinstance(event, TransferStarted):
            self._first, self._first_leg_id = self._taken, self._leg_id
            self._taken, self._leg_id = None, ""
        elif isinstance(event, TransferCompleted | TransferEnded):
            self._part_with_first()
        elif isinstance(event, TransferReturned):
            self._take_back()
        elif isinstance(event, PlaceKept):
            self._kept = True
            self._wait(self._loop.state)
        elif isinstance(event, CallQueued):
            self._kept = False
            self._part()
            self._wait(self._loop.state)
        elif isinstance(event, AgentAlerted):
            self._taken = AgentReservation(agent_id=event.agent_id, reservation_epoch=event.reservation_epoch)
        elif isinstance(event, AgentMissed):
            # Whoever is no longer needed has not missed anything.
            called_off = event.reason == reasons.CANCELLED
            self._release(AGENT_STATE_READY if called_off else AGENT_STATE_NOT_READY, event.reason)
        elif isinstance(event, AgentConnected):
            self.left = False
            self._confirm()
        elif isinstance(event, _LEFT_QUEUE + _ENDS):
            self._leave()
        if self.closed and self._waiting and self._taken is None and self._loop.state.phase == PHASE_QUEUED:
            self._cancel()

    def apply(self) -> None:
        """Decide what the state asks for; runs in each round of the loop."""
        state = self._loop.state
        if state.phase not in phases.OPEN:
            return
        if self._offered is not None:
            self._answer_offer(self._offered, state)
        self._connect()
        if self.closed and state.transfer is not None and self._loop.state.phase == PHASE_QUEUED:
            self._loop.decide(StepTransfer(step=TRANSFER_STEP_CANCEL, reason=reasons.NO_ANSWER))
        self._keep_time()
        offer = self._loop.state.offer
        if self._loop.state.phase == PHASE_AGENT_CONNECTED and offer is not None:
            self._leg_id = offer.leg_id

    def _reserved(self, reservation: AgentReservation) -> None:
        key = (reservation.agent_id, reservation.reservation_epoch)
        if key in self._seen:
            return
        self._seen.add(key)
        if self._loop.state.phase == PHASE_AGENT_ALERTING:
            # Routing has given the agent who is being rung to nobody else, but this call has another one.
            self._miss(reasons.NO_ANSWER)
        self._offered = reservation

    def _withdrawn(self, withdrawal: AgentWithdrawal) -> None:
        key = (withdrawal.agent_id, withdrawal.reservation_epoch)
        self._seen.add(key)
        offered, offer = self._offered, self._loop.state.offer
        if offered is not None and (offered.agent_id, offered.reservation_epoch) == key:
            self._offered = None
        elif offer is not None and (offer.agent_id, offer.reservation_epoch) == key:
            self._miss(withdrawal.reason)

    def _answer_offer(self, offered: AgentReservation, state: CallState) -> None:
        """Ring the agent, or give them back; while the caller is away they are kept."""
        if self._kept and not self.closed:
            # Set aside for the party, who is on the way from here on.
            if not state.party_called:
                # The node has closed a room in which nobody was for so long.
                room = SendMediaCommand(command=Command(create_room=CreateRoom()))
                self._loop.decide(CallParty(), room)
        elif state.phase != PHASE_QUEUED or self.closed:
            self._offered = None
            self._give_back(offered, AGENT_STATE_READY, reasons.CALL_ENDED)
        elif not state.caller_away:
            self._offered = None
            alert = AlertAgent(agent_id=offered.agent_id, reservation_epoch=offered.reservation_epoch)
            self._loop.decide(alert, set_timer(RING, self.ring))

    def _connect(self) -> None:
        """Bridge the agent who is ready for it; one who finds the caller away waits for the end of that."""
        state = self._loop.state
        leg_id = self._joined()
        if leg_id and state.offer is not None and state.offer.accepted and not state.caller_away:
            self._loop.decide(ConnectAgent(leg_id=leg_id))

    def _joined(self) -> str:
        """Give the connected leg of the agent who is being rung; empty for none."""
        state = self._loop.state
        if state.phase != PHASE_AGENT_ALERTING or state.offer is None:
            return ""
        legs = (leg for leg in state.living_legs(LEG_ROLE_HUMAN_AGENT) if leg.connected)
        return next((leg.leg_id for leg in legs if leg.party_id == state.offer.agent_id), "")

    def _join_over(self) -> None:
        if not self._joined():
            self._miss(reasons.NO_ANSWER)

    def _keep_time(self) -> None:
        state = self._loop.state
        alerting = state.phase == PHASE_AGENT_ALERTING
        accepted = alerting and state.offer is not None and state.offer.accepted
        if accepted and state.timer(AGENT_JOIN) is None:
            self._loop.decide(set_timer(AGENT_JOIN, POLICY.connect))
        waits = {
            RING: alerting and not accepted,
            AGENT_JOIN: accepted,
            PATIENCE: alerting or state.phase == PHASE_QUEUED,
        }
        for timer_id, wanted in waits.items():
            if not wanted and state.timer(timer_id) is not None:
                self._loop.decide(CancelTimer(timer_id=timer_id))

    def _miss(self, reason: str) -> None:
        if self._loop.state.phase == PHASE_AGENT_ALERTING:
            self._loop.decide(MissAgent(reason=reason))

    def _close(self) -> None:
        self.closed = True

    def _wait(self, state: CallState) -> None:
        if state.queue is None:
            return
        self._ordinal += 1
        self.closed, self._waiting = False, True
        wait = RoutingEnqueueInput(
            call_id=state.call_id,
            tenant=state.tenant,
            queue=state.queue.queue,
            skills=state.queue.skills,
            priority=state.queue.priority,
            ordinal=self._ordinal,
            since=self.since,
        )
        self._lane.send(routing_stubs.routing_enqueue, wait, partial(self._enqueued, wait))

    def _enqueued(self, wait: RoutingEnqueueInput, failure: BaseException | None) -> None:
        if failure is None or wait.ordinal != self._ordinal or not self._waiting:
            return
        if may_pass(failure):
            self._lane.send(routing_stubs.routing_enqueue, wait, partial(self._enqueued, wait))
        else:
            log.error("there is no routing", extra={"reason": from_failure(failure).reason})
            self.closed, self._waiting = True, False

    def _confirm(self) -> None:
        self._waiting = False
        taken = self._taken
        if taken is None:
            return
        state = self._loop.state
        confirmed = RoutingConfirmInput(
            call_id=state.call_id,
            tenant=state.tenant,
            agent_id=taken.agent_id,
            reservation_epoch=taken.reservation_epoch,
        )
        self._lane.send(routing_stubs.routing_confirm, confirmed, self._confirmed)

    def _confirmed(self, failure: BaseException | None) -> None:
        # Two people are talking. Whatever routing makes of it, the agent is not ready for others: it has said so.
        if failure is not None:
            log.warning("an agent was not confirmed", extra={"reason": from_failure(failure).reason})

    def _leave(self) -> None:
        """Leave the queue, with whoever was set aside; an agent who was in the call has work to finish."""
        if self._waiting:
            # An agent who is only being rung is ready again by this.
            self._cancel()
            self._taken = None
        self._offered = None
        self._part()
        self._part_with_first()

    def _part_with_first(self) -> None:
        """Give back the agent who handed the caller on."""
        present = self._taken, self._leg_id
        self._taken, self._leg_id = self._first, self._first_leg_id
        self._first, self._first_leg_id = None, ""
        self._part()
        self._taken, self._leg_id = present

    def _take_back(self) -> None:
        """Have the first agent again in place of the second, who is rung no more, or was in the call."""
        if self._waiting:
            self._cancel()
            self._taken = None
        self._offered = None
        self._part()
        self.left = False
        self._taken, self._leg_id = self._first, self._first_leg_id
        self._first, self._first_leg_id = None, ""

    def _part(self) -> None:
        """Give back the agent who was in the call: they have work to finish, unless their connection broke."""
        if is_lost(self._loop.state.leg(self._leg_id)) and not self.left:
            self._release(AGENT_STATE_NOT_READY, reasons.SESSION_LOST)
        else:
            self._release(AGENT_STATE_WRAP_UP, "")
        self._leg_id = ""

    def _cancel(self) -> None:
        self._waiting = False
        state = self._loop.state
        over = RoutingCancelInput(call_id=state.call_id, tenant=state.tenant, ordinal=self._ordinal)
        self._lane.send(routing_stubs.routing_cancel, over)

    def _release(self, next_state: AgentState.ValueType, reason: str) -> None:
        taken, self._taken = self._taken, None
        if taken is not None:
            self._give_back(taken, next_state, reason)

    def _give_back(self, reservation: AgentReservation, next_state: AgentState.ValueType, reason: str) -> None:
        state = self._loop.state
        left = RoutingReleaseInput(
            call_id=state.call_id,
            tenant=state.tenant,
            agent_id=reservation.agent_id,
            reservation_epoch=reservation.reservation_epoch,
            next_state=next_state,
            reason=reason,
        )
        self._lane.send(routing_stubs.routing_release, left)
