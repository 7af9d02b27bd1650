from collections.abc import AsyncIterator

import pytest
from google.protobuf.message import Message

from cordboard.activities.last_line import LastLine, last_line_of
from cordboard.call.v1.call_pb2 import TALK_OUTCOME_DONE, TALK_OUTCOME_WANTS_HUMAN
from cordboard.call.v1.facts_pb2 import PlayoutEnded, PlayoutStarted, ReplyHeard, ReplyPlanned, UtteranceHeard
from cordboard.ledger.v1.envelope_pb2 import Envelope

QUESTION = ReplyPlanned(play_id="p1", clauses=["Anything else?"])
GOODBYE = ReplyPlanned(play_id="p2", clauses=["Goodbye."], closes_with=TALK_OUTCOME_DONE)
HAND_OVER = ReplyPlanned(play_id="p2", clauses=["One moment."], closes_with=TALK_OUTCOME_WANTS_HUMAN)
NO = UtteranceHeard(turn_id="t1", text="No.")
BEGUN, ENDED = PlayoutStarted(play_id="p2"), PlayoutEnded(play_id="p2")
CUT = PlayoutEnded(play_id="p2", flushed=True)
HEARD = ReplyHeard(play_id="p2", text="Goodbye.")
NOTHING = LastLine()


@pytest.mark.parametrize(
    ("events", "line"),
    [
        ([QUESTION, NO, GOODBYE, BEGUN], LastLine(TALK_OUTCOME_DONE, is_over=False)),
        ([QUESTION, NO, GOODBYE, BEGUN, ENDED], LastLine(TALK_OUTCOME_DONE)),
        ([QUESTION, NO, BEGUN, GOODBYE, ENDED, HEARD], LastLine(TALK_OUTCOME_DONE)),
        ([QUESTION, NO, GOODBYE], NOTHING),
        ([QUESTION, NO, GOODBYE, BEGUN, CUT], NOTHING),
        ([QUESTION, NO, GOODBYE, BEGUN, ReplyHeard(play_id="p2", text="Good—", interrupted=True)], NOTHING),
        ([QUESTION, NO, GOODBYE, BEGUN, ENDED, NO], NOTHING),
        ([GOODBYE, BEGUN, ENDED, QUESTION], NOTHING),
        ([QUESTION, NO, HAND_OVER, BEGUN, ENDED], NOTHING),
        ([], NOTHING),
    ],
)
async def test_a_talk_has_ended_with_its_last_line_when_that_was_begun_and_nothing_came_after(
    events: list[Message], line: LastLine
) -> None:
    async def log() -> AsyncIterator[Envelope]:
        for event in events:
            envelope = Envelope()
            envelope.event.event.Pack(event)
            yield envelope

    assert await last_line_of(log()) == line
