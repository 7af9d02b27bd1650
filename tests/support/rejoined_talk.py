"""A talk that died at some point, and the context from which another instance takes it up."""

from collections.abc import Sequence
from dataclasses import replace

from voice_agent_call import PROFILE
from voice_agent_talk import MONDAY, Talk

from cordboard.call.v1.call_pb2 import Consent
from cordboard.voice.v1.voice_agent_service_pb2 import ContextToolCall, ContextTurn, ConversationContext
from cordboard.voice_agent.dialogue import policy
from cordboard.voice_agent.dialogue.dialogue_state import ToolOutcome
from cordboard.voice_agent.engagement import Engagement


def context_of(talk: Talk, *, told: Sequence[str] = (), settled: bool = True, reason: str = "") -> ConversationContext:
    """Give what the log knows of a talk; with `settled` each of its tools has ended, the newest one for that reason."""
    state = talk.move.state
    context = ConversationContext(
        turns=[ContextTurn(speaker="agent", text=text) for text in told],
        slots=state.slots(),
        consent=state.consent,
        turns_taken=state.turn,
    )
    for tool in talk.tools:
        call = ContextToolCall(tool_call_id=tool.tool_call_id, name=tool.name, arguments=dict(tool.arguments))
        if settled or tool is not talk.tools[-1]:
            failed = bool(reason) and tool is talk.tools[-1]
            call.outcome = {"": "ok", "UNKNOWN": "unknown"}.get(reason, "failed") if failed else "ok"
            call.reason = reason if failed else ""
            if not failed:
                call.result.update(talk.result_of(tool))
        context.tool_calls.append(call)
    return context


class TakenUpTalk(Talk):
    """The policy of the instance that took over."""

    def __init__(self, context: ConversationContext, *, ask_consent: bool | None = None) -> None:
        super().__init__(tools=False)
        self._context = context
        asks = context.consent not in (Consent.CONSENT_GIVEN, Consent.CONSENT_REFUSED)
        engagement = Engagement(
            "call-1", "leg-ai", "leg-caller", PROFILE, context=context, today=MONDAY,
            ask_consent=asks if ask_consent is None else ask_consent,
        )  # fmt: skip
        assert engagement.is_rejoin
        self.tools.clear()
        self.facts.clear()
        self.move = self._take(engagement.first_move())

    def settle_pending(self) -> str:
        """Let the tool that the other instance asked for end well, and give what is said then."""
        call = self._context.tool_calls[-1]
        result = self.offers if call.name.endswith("find_slot") else {"starts_at": "2026-03-04T14:30:00-05:00"}
        settled = ToolOutcome(self.move.state.pending, "ok", dict(result))
        self.move = self._take(policy.settle_tool(self.profile, self.move.state, settled))
        return self.said

    def hear_out(self, *, since_us: int = 0) -> None:
        """Let the caller hear the newest reply to its end; it began at that media time."""
        heard = policy.played(self.move.state, self.said, interrupted=False, since_us=since_us)
        self.move = replace(self.move, state=heard)

    def cut_off(self, heard: str = "") -> None:
        """Let the caller speak over the newest reply, of which so much was heard."""
        self.move = replace(self.move, state=policy.played(self.move.state, heard, interrupted=True))
