"""A dialogue without sound: the caller's words go in, the agent's words come out."""

from datetime import date

from google.protobuf.message import Message
from voice_agent_call import PROFILE, TWO_OFFERS

from cordboard.call.v1.facts_pb2 import ConversationEnded, ToolCallRequested
from cordboard.voice_agent.dialogue import policy
from cordboard.voice_agent.dialogue.dialogue_state import Move, ToolOutcome, Utterance
from cordboard.voice_agent.profile import Profile

MONDAY = date(2026, 3, 2)


class Talk:
    """Drives the policy, and answers its tools unless told otherwise."""

    def __init__(self, *, ask_consent: bool = True, tools: bool = True, profile: Profile = PROFILE) -> None:
        self.profile = profile
        self.facts: list[Message] = []
        self.tools: list[ToolCallRequested] = []
        self.ending: ConversationEnded | None = None
        self.offers = dict(TWO_OFFERS)
        self.now_us = 0
        """Media time at which the caller begins to speak."""
        self._settles = tools
        self.move = self._take(policy.begin(profile, "call-1", ask_consent=ask_consent, today=MONDAY))

    @property
    def said(self) -> str:
        return " ".join(self.move.clauses)

    def value(self, name: str) -> str:
        return self.move.state.value(name)

    def say(self, text: str, confidence: float = 1.0) -> str:
        """Say a turn, and give the agent's reply, that to a tool's result included."""
        reply = self._take(policy.hear(self.profile, self.move.state, Utterance(text, confidence, self.now_us)))
        self.move = reply
        said = [self.said]
        while self._settles and self.move.tools:
            said.append(self.settle())
        return " ".join(part for part in said if part)

    def say_all(self, *texts: str) -> str:
        reply = ""
        for text in texts:
            reply = self.say(text)
        return reply

    def settle(self, outcome: str = "ok", reason: str = "") -> str:
        """Answer the newest tool call."""
        tool = self.tools[-1]
        result = self.result_of(tool) if outcome == "ok" else {}
        settled = ToolOutcome(tool.tool_call_id, outcome, result, reason)
        self.move = self._take(policy.settle_tool(self.profile, self.move.state, settled))
        return self.said

    def result_of(self, tool: ToolCallRequested) -> dict[str, str]:
        """Give what a tool answers when all is well."""
        if tool.name.endswith("find_slot"):
            return self.offers
        chosen = self.move.state.chosen
        return {"appointment_id": "a-1", "starts_at": chosen.starts_at.isoformat() if chosen else ""}

    def fall_silent(self) -> str:
        self.move = self._take(policy.fall_silent(self.profile, self.move.state))
        return self.said

    def _take(self, move: Move) -> Move:
        self.facts.extend(move.facts)
        self.tools.extend(move.tools)
        self.ending = move.ending or self.ending
        return move
