"""A move in the making."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from google.protobuf.message import Message

from cordboard.call.v1.call_pb2 import TalkOutcome
from cordboard.call.v1.facts_pb2 import ConversationEnded, SlotsFilled, ToolCallRequested
from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, Move, Stage
from cordboard.voice_agent.dialogue.expectation import Answer, Expectation
from cordboard.voice_agent.dialogue.offer import listed
from cordboard.voice_agent.dialogue.person_name import first_name
from cordboard.voice_agent.dialogue.spoken_digits import say_digits
from cordboard.voice_agent.profile import Profile, SlotKind, SlotRule

_ANSWERS = {
    SlotKind.PERSON_NAME: Answer.NAME,
    SlotKind.PHONE_NUMBER: Answer.NUMBER,
    SlotKind.FREE_TEXT: Answer.REASON,
    SlotKind.URGENCY: Answer.URGENCY,
    SlotKind.YES_NO: Answer.YES_NO,
    SlotKind.CHOICE: Answer.CHOICE,
}


class Draft:
    """Collects what one move says, logs and asks for."""

    def __init__(self, profile: Profile, state: DialogueState) -> None:
        """Begin a move from a state."""
        self.profile = profile
        self.state = state
        self._known = state.values
        self._clauses: list[str] = []
        self._question: tuple[str, ...] = ()
        self._facts: list[Message] = []
        self._tools: list[ToolCallRequested] = []
        self._ending: ConversationEnded | None = None
        self._ends_after_speech = False

    def update(self, **changes: Any) -> None:
        """Change the state."""
        self.state = replace(self.state, **changes)

    def say(self, clauses: Iterable[str]) -> tuple[str, ...]:
        """Add clauses with their blanks filled, and give them."""
        said = tuple(clause.format_map(self._blanks()) for clause in clauses)
        self._clauses.extend(said)
        return said

    def ask(self, clauses: Iterable[str]) -> None:
        """Add clauses that ask something; they are said again when the caller stays silent."""
        self._question = self.say(clauses)

    def line(self, name: str) -> None:
        """Add one of the profile's fixed lines."""
        self.say(self.profile.line(name))

    def record(self, fact: Message) -> None:
        """Add a fact."""
        self._facts.append(fact)

    def request(self, tool: str, arguments: Mapping[str, str]) -> None:
        """Ask for a tool; its id is derived from call, turn and ordinal, so asking again is no second call."""
        ordinal = self.state.ordinal + 1
        tool_call_id = f"{self.state.call_id}/{self.state.turn}/{ordinal}"
        self.update(ordinal=ordinal, pending=tool_call_id)
        given = {name: value for name, value in arguments.items() if value}
        self._tools.append(
            ToolCallRequested(tool_call_id=tool_call_id, turn_id=self.state.turn_id, name=tool, arguments=given)
        )

    def end(
        self,
        outcome: TalkOutcome.ValueType,
        *,
        because: str = "",
        red_line: str = "",
        skills: Iterable[str] = (),
        after_speech: bool = True,
    ) -> None:
        """Close the conversation. `because` ends the summary for a human.

        It is told once the last line was played: with the talk over, the caller no longer hears the agent.
        """
        self.update(stage=Stage.CLOSED, outcome=outcome, pending="")
        self._ends_after_speech = after_speech
        self._ending = ConversationEnded(
            outcome=outcome,
            urgency=self.state.urgency(),
            summary=self._summary(because),
            red_line=red_line,
            skills=skills,
        )

    def move(self) -> Move:
        """Give the finished move."""
        clauses = tuple(self._clauses)
        if clauses:
            self.update(last_said=clauses, last_question=self._question or self.state.last_question)
        if self.state.values != self._known:
            self._facts.append(SlotsFilled(slots=self.state.slots(), turn_id=self.state.turn_id))
        return Move(
            state=self.state,
            clauses=clauses,
            facts=tuple(self._facts),
            tools=tuple(self._tools),
            ending=self._ending,
            ends_after_speech=self._ends_after_speech and bool(clauses),
            expects=expectation(self.profile, self.state),
        )

    def _blanks(self) -> dict[str, str]:
        values = dict(self.state.values)
        when = self.state.chosen.spoken(self.state.today) if self.state.chosen else ""
        return {
            **self.profile.persona,
            **values,
            "name": values.get("name", ""),
            "first_name": first_name(values.get("name", "")),
            "callback_number": say_digits(values.get("callback_number", "")),
            "offers": listed(self.state.offers, self.state.today),
            "when": when,
        }

    def _summary(self, because: str) -> str:
        values = dict(self.state.values)
        who = values.get("name", "") or "The caller"
        sentences = [f"{who}, call back on {values['callback_number']}" if "callback_number" in values else who]
        if "reason" in values:
            sentences.append(f"Reason: {values['reason']}")
        if "urgency" in values:
            sentences.append(f"Urgency: {values['urgency']}")
        if self.state.booked:
            sentences.append(f"Booked for {self.state.booked}")
        if because:
            sentences.append(because)
        return ". ".join(sentences) + "."


def expectation(profile: Profile, state: DialogueState) -> Expectation:
    """Tell what kind of answer a state waits for."""
    if state.stage is Stage.CONSENT or state.stage is Stage.ANYTHING_ELSE:
        return Expectation(Answer.YES_NO)
    if state.stage is Stage.OFFER:
        return Expectation(Answer.CHOICE)
    rule = rule_of(profile, state.slot) if state.stage is Stage.SLOT else None
    if rule is None:
        return Expectation()
    return Expectation(_ANSWERS[rule.kind], len(state.digits_held), rule.lengths)


def rule_of(profile: Profile, name: str) -> SlotRule | None:
    """Give the rule of a slot."""
    return next((rule for rule in profile.slots if rule.name == name), None)
