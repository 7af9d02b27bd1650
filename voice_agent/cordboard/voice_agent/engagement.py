"""One call that a voice agent was asked to join."""

from dataclasses import dataclass
from datetime import date

from cordboard.call.v1.call_pb2 import Consent
from cordboard.voice.v1.voice_agent_service_pb2 import ConversationContext, EngageRequest
from cordboard.voice_agent.dialogue import policy, rejoining
from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, Move, ToolOutcome
from cordboard.voice_agent.profile import Profile

AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Engagement:
    """Where to speak, with whom, as whom, and what was said before."""

    call_id: str
    leg_id: str
    peer_leg_id: str
    profile: Profile
    ask_consent: bool = False
    context: ConversationContext | None = None
    today: date | None = None
    announcement: tuple[str, ...] = ()
    """All that is to be said; empty for a talk."""

    @classmethod
    def of(cls, request: EngageRequest, today: date) -> "Engagement":
        """Read a request. Raises InvalidError(PROFILE_UNKNOWN)."""
        return cls(
            call_id=request.call_id,
            leg_id=request.leg_id,
            peer_leg_id=request.peer_leg_id,
            profile=Profile.parse(request.profile),
            ask_consent=request.ask_consent,
            context=request.context if request.HasField("context") else None,
            today=today,
            announcement=tuple(request.announcement),
        )

    @property
    def is_rejoin(self) -> bool:
        """True when another instance has talked with this caller before."""
        context = self.context
        return context is not None and bool(context.turns or context.turns_taken or context.tool_calls)

    def first_move(self) -> Move:
        """Greet, or go on where the other instance stopped, or say the one line that is to be said."""
        if self.announcement:
            return policy.announce(self.profile, self.call_id, self.announcement)
        if not self.is_rejoin:
            return policy.begin(self.profile, self.call_id, ask_consent=self.ask_consent, today=self.today)
        turns = self.context.turns if self.context is not None else []
        if self.context is not None and self.context.after_human:
            told = [turn.text for turn in turns if turn.speaker == AGENT]
            return rejoining.come_back(self.profile, self._state_so_far(), ask_consent=self.ask_consent, told=told)
        return rejoining.rejoin(
            self.profile,
            self._state_so_far(),
            ask_consent=self.ask_consent,
            told=[turn.text for turn in turns if turn.speaker == AGENT],
            last_said=turns[-1].text if turns and turns[-1].speaker == AGENT else "",
        )

    def _state_so_far(self) -> DialogueState:
        context = self.context or ConversationContext()
        slots = context.slots
        values = {
            "name": slots.name,
            "reason": slots.reason,
            "callback_number": slots.callback_number,
            **dict(slots.extra),
        }
        state = rejoining.resume(
            self.call_id,
            turn=context.turns_taken,
            values=values,
            urgency=slots.urgency,
            consent=context.consent or Consent.CONSENT_UNSPECIFIED,
            today=self.today,
        )
        for call in context.tool_calls:
            outcome = ToolOutcome(call.tool_call_id, call.outcome, dict(call.result), call.reason)
            state = rejoining.recall_tool(self.profile, state, call.name, dict(call.arguments), outcome)
        return state
