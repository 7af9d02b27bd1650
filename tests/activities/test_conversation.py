from collections.abc import AsyncIterator

from google.protobuf.message import Message

from cordboard.activities.conversation import conversation_of
from cordboard.call.v1.call_pb2 import CONSENT_ASKED, CONSENT_GIVEN
from cordboard.call.v1.facts_pb2 import ConsentAnswered, PlayoutStarted, ReplyHeard, ReplyPlanned, UtteranceHeard
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.voice.v1.voice_agent_service_pb2 import ConversationContext

GREETING = ReplyPlanned(play_id="p1", clauses=["Lakeside Clinic.", "May we record this call?"])


async def told(*events: Message) -> ConversationContext:
    async def log() -> AsyncIterator[Envelope]:
        for event in events:
            envelope = Envelope()
            envelope.event.event.Pack(event)
            yield envelope

    return await conversation_of(log(), CONSENT_ASKED)


def turns(context: ConversationContext) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in context.turns]


async def test_what_was_heard_counts_and_not_what_was_planned() -> None:
    context = await told(
        GREETING,
        PlayoutStarted(play_id="p1"),
        ReplyHeard(play_id="p1", text="Lakeside Clinic.", interrupted=True),
        UtteranceHeard(turn_id="t1", text="Yes."),
        ConsentAnswered(given=True),
    )
    assert turns(context) == [("agent", "Lakeside Clinic."), ("caller", "Yes.")]
    assert (context.turns_taken, context.consent) == (1, CONSENT_GIVEN)


async def test_a_line_that_an_agent_died_over_was_said() -> None:
    context = await told(GREETING, PlayoutStarted(play_id="p1"))
    assert turns(context) == [("agent", "Lakeside Clinic. May we record this call?")]


async def test_a_line_that_never_began_was_not_said() -> None:
    assert not turns(await told(GREETING))
    assert not turns(await told(GREETING, PlayoutStarted(play_id="p1"), ReplyHeard(play_id="p1", interrupted=True)))
