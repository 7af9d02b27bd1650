"""A conversation, rebuilt from the log for the voice agent that takes it up."""

from collections.abc import AsyncIterable

from google.protobuf.message import Message

from cordboard.call.v1.call_pb2 import CONSENT_GIVEN, CONSENT_REFUSED, Consent
from cordboard.call.v1.decisions_pb2 import ToolCallIntended, ToolCallSettled
from cordboard.call.v1.facts_pb2 import (
    ConsentAnswered,
    PlayoutStarted,
    ReplyHeard,
    ReplyPlanned,
    SlotsFilled,
    UtteranceHeard,
)
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.voice.v1.voice_agent_service_pb2 import ContextToolCall, ContextTurn, ConversationContext

_KINDS: dict[str, type[Message]] = {
    kind.DESCRIPTOR.full_name: kind
    for kind in (
        ConsentAnswered,
        PlayoutStarted,
        ReplyHeard,
        ReplyPlanned,
        SlotsFilled,
        ToolCallIntended,
        ToolCallSettled,
        UtteranceHeard,
    )
}


async def conversation_of(events: AsyncIterable[Envelope], consent: Consent.ValueType) -> ConversationContext:
    """Rebuild what was said, heard, learnt and asked of tools from a call's events in order.

    What the AI agent said counts as far as it went onto the wire. Of a line that it died over nobody can tell how far
    that was: the node plays what it has, so a line that was begun counts whole. `consent` is the workflow's
    word, which a consent that was answered but not yet consumed overrides.
    """
    context = ConversationContext(consent=consent)
    turns: set[str] = set()
    lines = _Lines()
    tools: dict[str, ContextToolCall] = {}
    async for envelope in events:
        kind = _KINDS.get(envelope.event.event.TypeName())
        if kind is None:
            continue
        event = kind()
        envelope.event.event.Unpack(event)
        if isinstance(event, UtteranceHeard):
            turns.add(event.turn_id)
            context.turns.append(ContextTurn(speaker="caller", text=event.text))
        elif isinstance(event, ReplyPlanned | PlayoutStarted | ReplyHeard):
            lines.note(event)
            if isinstance(event, ReplyHeard) and event.text:
                context.turns.append(ContextTurn(speaker="agent", text=event.text))
        elif isinstance(event, SlotsFilled):
            context.slots.CopyFrom(event.slots)
        elif isinstance(event, ConsentAnswered):
            context.consent = CONSENT_GIVEN if event.given else CONSENT_REFUSED
        else:
            _note_tool(tools, event)
    context.turns.extend(ContextTurn(speaker="agent", text=text) for text in lines.died_over())
    context.turns_taken = len(turns)
    context.tool_calls.extend(tools.values())
    return context


class _Lines:
    """The AI agent's lines, and which of them were begun and not reported as heard."""

    def __init__(self) -> None:
        self._planned: dict[str, str] = {}
        self._begun: set[str] = set()

    def note(self, event: ReplyPlanned | PlayoutStarted | ReplyHeard) -> None:
        if isinstance(event, ReplyPlanned):
            self._planned[event.play_id] = " ".join(event.clauses)
        elif isinstance(event, PlayoutStarted):
            self._begun.add(event.play_id)
        else:
            self._planned.pop(event.play_id, None)

    def died_over(self) -> list[str]:
        return [text for play_id, text in self._planned.items() if play_id in self._begun]


def _note_tool(tools: dict[str, ContextToolCall], event: Message) -> None:
    if isinstance(event, ToolCallIntended):
        tools[event.tool_call_id] = ContextToolCall(
            tool_call_id=event.tool_call_id, name=event.name, arguments=event.arguments
        )
    elif isinstance(event, ToolCallSettled) and event.tool_call_id in tools:
        call = tools[event.tool_call_id]
        call.outcome, call.reason = event.outcome, event.reason
        call.result.update(event.result)
