"""A call's state: what its decision events amount to. Plain frozen values; only `evolve` makes new ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from cordboard.call.v1.call_pb2 import (
    CONSENT_UNSPECIFIED,
    DIRECTION_UNSPECIFIED,
    PHASE_UNSPECIFIED,
    RECORDING_STATE_UNSPECIFIED,
    SUPERVISION_MODE_UNSPECIFIED,
    TALK_OUTCOME_UNSPECIFIED,
    URGENCY_UNSPECIFIED,
    Consent,
    Direction,
    Phase,
    RecordingState,
    SupervisionMode,
    TalkOutcome,
    Urgency,
)
from cordboard.call.v1.transfer_pb2 import TRANSFER_STAGE_RINGING, TransferStage
from cordboard.core import phases
from cordboard.core.ids import (
    NO_AGENT,
    NO_CALL,
    NO_LEG,
    NO_NODE,
    NO_TURN,
    AgentId,
    CallId,
    LegId,
    NodeId,
    TimerId,
    ToolCallId,
    TurnId,
)
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_CALLER,
    LEG_STATE_CONNECTED,
    LEG_STATE_ENDED,
    LEG_STATE_FAILED,
    LEG_STATE_INITIATED,
    LegRole,
    LegState,
    LegTransport,
)

PENDING = "pending"
OK = "ok"
FAILED = "failed"
UNKNOWN = "unknown"

PHI = {"phi": True}
"""Metadata of a field that may hold protected health information."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One party's connection with the call."""

    leg_id: LegId
    role: LegRole.ValueType
    transport: LegTransport.ValueType
    party_id: str = ""
    state: LegState.ValueType = LEG_STATE_INITIATED
    reason: str = ""
    held: bool = False
    bridged: bool = False
    """Takes part in the talk: hears the others who do, and is heard by them."""
    supervision: SupervisionMode.ValueType = SUPERVISION_MODE_UNSPECIFIED
    replaced_by: LegId = NO_LEG
    was_connected: bool = False

    @property
    def living(self) -> bool:
        """Neither ended nor failed."""
        return self.state not in (LEG_STATE_ENDED, LEG_STATE_FAILED)

    @property
    def connected(self) -> bool:
        """Media can flow."""
        return self.state == LEG_STATE_CONNECTED


@dataclass(frozen=True, slots=True)
class Listening:
    """One row of the routing matrix: who a leg hears, in ascending order."""

    leg_id: LegId
    hears: tuple[LegId, ...]


@dataclass(frozen=True, slots=True)
class Slots:
    """What the AI agent learnt from the caller."""

    name: str = field(default="", metadata=PHI)
    callback_number: str = field(default="", metadata=PHI)
    reason: str = field(default="", metadata=PHI)
    urgency: Urgency.ValueType = URGENCY_UNSPECIFIED
    extra: tuple[tuple[str, str], ...] = field(default=(), metadata=PHI)


@dataclass(frozen=True, slots=True)
class Talk:
    """The talk with an AI agent: the one that goes on, or the last one."""

    leg_id: LegId
    profile: str
    engaged: bool = True
    outcome: TalkOutcome.ValueType = TALK_OUTCOME_UNSPECIFIED
    urgency: Urgency.ValueType = URGENCY_UNSPECIFIED
    summary: str = field(default="", metadata=PHI)
    red_line: str = ""
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call by its intent and what became of it: `pending`, `ok`, `failed` or `unknown`."""

    tool_call_id: ToolCallId
    name: str
    turn_id: TurnId = NO_TURN
    outcome: str = PENDING
    attempts: int = 0
    reason: str = ""
    arguments: tuple[tuple[str, str], ...] = field(default=(), metadata=PHI)
    result: tuple[tuple[str, str], ...] = field(default=(), metadata=PHI)


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that runs."""

    timer_id: TimerId
    due_us: int
    """When it fires, microseconds since the Unix epoch."""


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A media command that was requested and not settled yet."""

    command_seq: int
    kind: str
    leg_id: LegId = NO_LEG


@dataclass(frozen=True, slots=True)
class Profile:
    """The agent profile that the call is pinned to."""

    name: str
    version: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Script:
    """The registered workflow that the call is pinned to."""

    name: str
    version: str
    digest: bytes
    abandoned: str = ""
    """Why the default script took over from it; empty when it did not."""


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """The queue that the call waits in, or was last taken from."""

    queue: str
    skills: tuple[str, ...] = ()
    priority: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class AgentOffer:
    """A human agent's reservation for this call, from ringing to the end of the bridge."""

    agent_id: AgentId
    reservation_epoch: int
    accepted: bool = False
    leg_id: LegId = NO_LEG


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback that was promised."""

    number: str = field(default="", metadata=PHI)
    at_us: int = 0


@dataclass(frozen=True, slots=True)
class Gather:
    """Keys that the caller presses: the collection that runs, or the last one."""

    most_digits: int = 0
    terminators: str = ""
    digits: str = field(default="", metadata=PHI)
    reason: str = ""
    """Why it ended; empty while it runs."""
    leg_id: LegId = NO_LEG
    press: int = 0
    """Number of the newest press that was taken, on that leg."""

    @property
    def running(self) -> bool:
        """Whether keys are still collected."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Voicemail:
    """The message that the caller leaves, or left last."""

    reason: str = ""
    """Why it ended; empty while it is being left."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """A human agent hands the caller on to another one, who is `offer` of the call meanwhile."""

    first: AgentOffer
    """The agent who asked; their leg may be over by now."""
    consult: bool = False
    target_agent_id: AgentId = NO_AGENT
    """The one agent who may take it; empty: any who serves the queue."""
    stage: TransferStage.ValueType = TRANSFER_STAGE_RINGING


@dataclass(frozen=True, slots=True)
class CallState:
    """A call as its decisions tell it. Times are microseconds since the Unix epoch, 0 when not there yet."""

    call_id: CallId = NO_CALL
    tenant: str = ""
    vertical: str = ""
    workflow: str = ""
    direction: Direction.ValueType = DIRECTION_UNSPECIFIED
    target: str = field(default="", metadata=PHI)
    related_call_id: CallId = NO_CALL
    party_called: bool = False
    """Outbound: whether it may ring at the party's line."""
    phase: Phase.ValueType = PHASE_UNSPECIFIED
    phases: tuple[Phase.ValueType, ...] = ()
    legs: tuple[Leg, ...] = ()
    routing: tuple[Listening, ...] = ()
    recording: RecordingState.ValueType = RECORDING_STATE_UNSPECIFIED
    consent: Consent.ValueType = CONSENT_UNSPECIFIED
    consent_means: str = ""
    slots: Slots = Slots()
    tool_calls: tuple[ToolCall, ...] = ()
    timers: tuple[Timer, ...] = ()
    node_id: NodeId = NO_NODE
    placement_epoch: int = 0
    command_seq: int = 0
    """Number of the newest media command within the placement epoch."""
    pending_commands: tuple[PendingCommand, ...] = ()
    profile: Profile | None = None
    script: Script | None = None
    engines: tuple[tuple[str, str], ...] = ()
    talk: Talk | None = None
    escalation_reason: str = ""
    queue: QueuePlace | None = None
    offer: AgentOffer | None = None
    callback: Callback | None = None
    gather: Gather | None = None
    voicemail: Voicemail | None = None
    transfer: Transfer | None = None
    handed_back: bool = False
    """Whether the human agent in the call gives the caller back to the AI agent, who has not come yet."""
    end_reason: str = ""
    cancelled_by: str = ""
    decisions: int = 0
    """How many decision events were folded in: the source_seq of the newest."""
    queued_at_us: int = 0
    """Since when the call waits, or waited first, for a human agent."""
    offered_at_us: int = 0
    answered_at_us: int = 0
    ended_at_us: int = 0

    def leg(self, leg_id: str) -> Leg | None:
        """The leg of that id, living or not."""
        return next((leg for leg in self.legs if leg.leg_id == leg_id), None)

    def living_legs(self, role: LegRole.ValueType | None = None) -> tuple[Leg, ...]:
        """Legs that neither ended nor failed, in order of joining, of one role or of any."""
        return tuple(leg for leg in self.legs if leg.living and role in (None, leg.role))

    def tool_call(self, tool_call_id: str) -> ToolCall | None:
        """The tool call of that id."""
        return next((call for call in self.tool_calls if call.tool_call_id == tool_call_id), None)

    def timer(self, timer_id: str) -> Timer | None:
        """The running timer of that id."""
        return next((timer for timer in self.timers if timer.timer_id == timer_id), None)

    @property
    def is_over(self) -> bool:
        """Whether the call is in a final phase."""
        return self.phase in phases.FINAL

    @property
    def ai_engaged(self) -> bool:
        """Whether an AI agent talks with the caller, whatever the phase."""
        return self.talk is not None and self.talk.engaged

    @property
    def talk_outcome(self) -> TalkOutcome.ValueType:
        """How the last talk with an AI agent ended; UNSPECIFIED while it goes on."""
        return self.talk.outcome if self.talk is not None else TALK_OUTCOME_UNSPECIFIED

    @property
    def transferring_leg(self) -> Leg | None:
        """The living leg of the agent who hands the caller on; None when there is no transfer, or they have left."""
        leg = self.leg(self.transfer.first.leg_id) if self.transfer is not None else None
        return leg if leg is not None and leg.living else None

    @property
    def caller_away(self) -> bool:
        """Whether a caller who was in the call has no living leg in it, and the call is still open.

        The caller may rejoin with a leg that replaces the lost one; after `Policy.rejoin` the workflow says HangUp.
        """
        mine = [leg for leg in self.legs if leg.role == LEG_ROLE_CALLER]
        return self.phase in phases.OPEN and bool(mine) and not any(leg.living for leg in mine)
