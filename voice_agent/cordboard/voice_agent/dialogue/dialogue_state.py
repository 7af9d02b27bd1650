"""Where a dialogue stands: all that the policy remembers from one turn to the next."""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum

from google.protobuf.message import Message

from cordboard.call.v1.call_pb2 import Consent, Slots, TalkOutcome, Urgency
from cordboard.call.v1.facts_pb2 import ConversationEnded, ToolCallRequested
from cordboard.voice_agent.dialogue.expectation import Answer, Expectation
from cordboard.voice_agent.dialogue.offer import Offer
from cordboard.voice_agent.dialogue.offer_choice import Wish


class Stage(Enum):
    """What the agent is about."""

    CONSENT = "consent"
    SLOT = "slot"
    FINDING = "finding"
    OFFER = "offer"
    BOOKING = "booking"
    ANYTHING_ELSE = "anything_else"
    CLOSED = "closed"


URGENCIES = {"routine": Urgency.URGENCY_ROUTINE, "soon": Urgency.URGENCY_SOON, "urgent": Urgency.URGENCY_URGENT}
OWN_FIELDS = frozenset({"name", "callback_number", "reason"})


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """How a tool call ended: `ok`, `failed` or `unknown`, with its result or the reason of the failure."""

    tool_call_id: str
    outcome: str
    result: dict[str, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DialogueState:
    """The memory of the policy. `values` holds the slots by name, urgency as its lower-case word."""

    call_id: str
    today: date | None = None
    turn: int = 0
    ordinal: int = 0
    stage: Stage = Stage.SLOT
    slot: str = ""
    consent: Consent.ValueType = Consent.CONSENT_UNSPECIFIED
    values: tuple[tuple[str, str], ...] = ()
    learnt_last: str = ""
    digits_held: str = ""
    tries: int = 0
    misunderstandings: int = 0
    silences: int = 0
    question_heard: bool = True
    catching_up: bool = False
    """True from taking a call over until the caller has heard a question: what they say was meant for another."""
    cut_ins: int = 0
    asked_us: int = 0
    """Media time at which the first question that was heard began; speech from before it answers nothing."""
    offers: tuple[Offer, ...] = ()
    chosen: Offer | None = None
    wish: Wish = field(default=Wish())
    pending: str = ""
    untold: ToolOutcome | None = None
    """A result of which nobody knows whether another instance got to tell it."""
    booked: str = ""
    last_said: tuple[str, ...] = ()
    last_question: tuple[str, ...] = ()
    outcome: TalkOutcome.ValueType = TalkOutcome.TALK_OUTCOME_UNSPECIFIED

    @property
    def turn_id(self) -> str:
        """Name of the turn that is answered, empty before the first."""
        return f"t{self.turn}" if self.turn else ""

    @property
    def is_over(self) -> bool:
        """True when the conversation has ended."""
        return self.stage is Stage.CLOSED

    def value(self, name: str) -> str:
        """Give the value of a slot, empty when it is not known."""
        return dict(self.values).get(name, "")

    def with_value(self, name: str, value: str) -> "DialogueState":
        """Give the state with a slot filled."""
        return replace(self, values=tuple({**dict(self.values), name: value}.items()), learnt_last=name)

    def slots(self) -> Slots:
        """Give all that is known, as it goes onto the log."""
        values = dict(self.values)
        return Slots(
            name=values.get("name", ""),
            callback_number=values.get("callback_number", ""),
            reason=values.get("reason", ""),
            urgency=self.urgency(),
            extra={name: value for name, value in values.items() if name not in OWN_FIELDS | {"urgency"}},
        )

    def urgency(self) -> Urgency.ValueType:
        """Give how urgent the matter is."""
        return URGENCIES.get(self.value("urgency"), Urgency.URGENCY_UNSPECIFIED)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One turn of the caller as it was understood; confidence is between 0 and 1, the beginning in media time."""

    text: str
    confidence: float = 1.0
    started_us: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """What the policy decided: the new state, what to say, what to log, which tools to ask for.

    `ending` is logged at once, or after the clauses were played when `ends_after_speech` is true.
    """

    state: DialogueState
    clauses: tuple[str, ...] = ()
    facts: tuple[Message, ...] = ()
    tools: tuple[ToolCallRequested, ...] = ()
    ending: ConversationEnded | None = None
    ends_after_speech: bool = False
    expects: Expectation = field(default=Expectation(Answer.ANYTHING))
